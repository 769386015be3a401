//! What pytest refuses is wrong usage, and no failed test.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{answer, xtask};

#[test]
fn an_option_that_pytest_refuses_is_wrong_usage_and_pytest_says_why() {
    let python = oracle::python();
    for (arguments, ini, conftest, code, said) in [
        (&["--nonsense"][..], "", "", 2, "unrecognized arguments: --nonsense"),
        (&["-p", "nonsense"], "", "", 2, "Error importing plugin \"nonsense\""),
        (&["-m", "a("], "", "", 2, "Wrong expression passed to '-m'"),
        (&[], "[pytest]\naddopts = --maxfail=x\n", "", 2, "argument --maxfail: invalid int value: 'x'"),
        (&["-x"], "", "", 0, "1 passed"),
        // The tree's own mistake, though pytest ends with the same code.
        (&[], "", "import nonsense\n", 1, "No module named 'nonsense'"),
    ] {
        let tree = tempfile::tempdir().unwrap();
        fs::write(tree.path().join("test_a.py"), "def test_a(): pass\n").unwrap();
        fs::write(tree.path().join("pytest.ini"), ini).unwrap();
        fs::write(tree.path().join("conftest.py"), conftest).unwrap();
        let junit = tree.path().join("junit.xml");
        let mut command = xtask(&["test", "--tree", tree.path().to_str().unwrap()]);
        command.arg("--python").arg(&python).arg("--junit").arg(&junit).arg("--").args(arguments);
        let found = answer(&mut command);
        let all = format!("{arguments:?} {ini} {conftest}: {} {}", found.stdout, found.stderr);
        assert_eq!(found.code, code, "{all}");
        assert!(found.stdout.contains(said), "{all}");
        let junit = fs::read_to_string(junit).unwrap();
        assert_eq!(junit.contains("type=\"usage\""), code == 2, "{all} {junit}");
    }
}
