//! From a run to the markers that its times propose, and into the files.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{answer, xtask};

const MARKS: &str = "[pytest.mark.unit, pytest.mark.gpu_0, pytest.mark.pre_merge]";

#[test]
fn what_a_run_measured_is_proposed_and_written_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().to_str().unwrap();
    let file = folder.path().join("tests/test_a.py");
    fs::create_dir(folder.path().join("tests")).unwrap();
    fs::write(folder.path().join("test-policy.toml"), "extends = \"dynamo-2026-08\"\n").unwrap();
    let text = format!(
        "import pytest\npytestmark = {MARKS}\n@pytest.mark.slow\ndef test_slow(): pass\ndef test_small(): pass\n"
    );
    fs::write(&file, &text).unwrap();
    let on = |options: &[&str]| {
        let mut all = options.to_vec();
        all.extend(["--tree", tree]);
        answer(&mut xtask(&all))
    };
    let none = on(&["history", "markers"]);
    assert_eq!(none.code, 4, "{}", none.stderr);
    // Nothing was measured: nothing is written.
    on(&["audit-markers", "--measured", "--fix", "--unsafe"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    let python = oracle::python();
    let run = on(&["test", "--python", python.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let markers = on(&["history", "markers"]);
    for said in [&run.stdout, &markers.stdout] {
        assert!(said.contains("measured: 1 marker to add"), "{said}");
        assert!(said.contains("timeout(10)") && said.contains("3 times what"), "{said}");
    }
    on(&["audit-markers", "--measured", "--fix"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "a proposal is not written unasked");
    on(&["audit-markers", "--measured", "--fix", "--unsafe"]);
    let written = fs::read_to_string(&file).unwrap();
    assert_ne!(written, text);
    assert_eq!(written.replace("@pytest.mark.timeout(10)\n", "").replace(", pytest.mark.timeout(10)", ""), text);
    assert_eq!(on(&["history", "markers"]).stdout, "measured: no marker to add\n");
}
