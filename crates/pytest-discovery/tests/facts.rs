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
