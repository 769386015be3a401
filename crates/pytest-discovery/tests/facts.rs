//! What the catalog tells of pytest's configuration.
#![allow(clippy::unwrap_used)]

use camino::Utf8PathBuf;
use pytest_discovery::{Settings, discover};

#[test]
fn a_time_out_of_the_configuration_is_told() {
    let has_timeout = |ini: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pytest.ini"), format!("[pytest]\n{ini}\n")).unwrap();
        let tree = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
        discover(&Settings::new(tree)).unwrap().pytest.unwrap().has_timeout
    };
    assert!(has_timeout("timeout = 60"));
    assert!(has_timeout("addopts = -q --timeout=60"));
    assert!(has_timeout("addopts = --timeout 60"));
    assert!(!has_timeout("timeout = 0"));
    assert!(!has_timeout("addopts = --timeout-method=thread"));
    assert!(!has_timeout(""));
}

#[test]
fn imports_are_told_that_nothing_but_an_exception_prevents() {
    let text = "\
import vllm, a.b as c
from sglang.srt import server, tool as t
from . import sibling
from ..common import base
from torch import *
try:
    import tensorrt_llm
except ImportError:
    import fallback
if TYPE_CHECKING:
    import never
with quiet():
    import noisy
pytest.importorskip('dynamo.vllm', reason='it is not there')
planner = pytest.importorskip('dynamo.planner')
pytest.importorskip(NAME)
def test_a():
    import inside
class TestA:
    import of_class
";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("test_a.py"), text).unwrap();
    // Of what is no test file, nothing is told.
    std::fs::write(folder.path().join("conftest.py"), "import elsewhere\n").unwrap();
    let tree = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
    let catalog = discover(&Settings::new(tree)).unwrap();
    let found: Vec<_> = catalog.imports.iter().map(|one| format!("{} {}", one.at.start.line, one.name)).collect();
    let expected = [
        "1 vllm",
        "1 a.b",
        "2 sglang.srt.server",
        "2 sglang.srt.tool",
        "5 torch",
        "7 tensorrt_llm",
        "13 noisy",
        "14 dynamo.vllm",
        "15 dynamo.planner",
    ];
    assert_eq!(found, expected);
    assert!(catalog.imports.iter().all(|one| one.at.file.as_str() == "test_a.py"));
}
