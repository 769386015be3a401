//! `class-left-out`, `redefined-test`, `nested-test`, `test-behind-main`, `other-file-name`: code that looks like tests
//! and that pytest passes over without a word. A rule each, so that a policy can weigh each by itself; discovery finds
//! them, these report them.

use test_catalog::ObservationKind;

use super::observed::{Said, beside_tests};
use super::{Needs, Rule, RuleCode, Severity};

pub(super) const CLASS: Rule = Rule {
    code: RuleCode("class-left-out"),
    severity: Severity::Error,
    needs: &[],
    summary: "pytest can make an instance of every class with tests",
    explanation: "pytest leaves out a test class that has an `__init__` of its own, as dataclasses, enums and named tuples \
                  have. Its tests never run, and all that is left of them is a warning. A class that says \
                  `__test__ = False` is no test class, and none is said of it.",
    check: |audited| {
        let said = Said {
            message: "{}: pytest leaves its tests out",
            effect: "none of its tests ever runs",
            help: "make a fixture of what its `__init__` does, or say `__test__ = False`",
        };
        beside_tests(&CLASS, ObservationKind::ClassLeftOut, &said, audited)
    },
};

pub(super) const REDEFINED: Rule = Rule {
    code: RuleCode("redefined-test"),
    severity: Severity::Error,
    needs: &[Needs::Observations],
    summary: "no two tests of a module or class have one name",
    explanation: "Of two functions of one name the second takes the place of the first, which never runs. It comes of \
                  copying a test and of merging two branches.",
    check: |audited| {
        let said = Said {
            message: "{}, which takes the place of this one",
            effect: "it never runs",
            help: "give one of them another name, or delete one",
        };
        beside_tests(&REDEFINED, ObservationKind::Redefined, &said, audited)
    },
};

pub(super) const NESTED: Rule = Rule {
    code: RuleCode("nested-test"),
    severity: Severity::Error,
    needs: &[Needs::Observations],
    summary: "no test stands inside of another function",
    explanation: "pytest collects functions of modules and of classes. One that is indented too far is a part of the \
                  function above, and never runs; one that the function hands to something else is left alone.",
    check: |audited| {
        let said = Said {
            message: "{}",
            effect: "it never runs",
            help: "move it out of the function, or give it a name that is no test's",
        };
        beside_tests(&NESTED, ObservationKind::Nested, &said, audited)
    },
};

pub(super) const BEHIND_MAIN: Rule = Rule {
    code: RuleCode("test-behind-main"),
    severity: Severity::Error,
    needs: &[Needs::Observations],
    summary: "no test is defined only where its file is run as a program",
    explanation: "pytest imports test files, so that what stands under `if __name__ == \"__main__\":` is not there.",
    check: |audited| {
        let said = Said { message: "{}", effect: "pytest never runs it", help: "move it above the condition" };
        beside_tests(&BEHIND_MAIN, ObservationKind::BehindMain, &said, audited)
    },
};

pub(super) const OTHER_FILE_NAME: Rule = Rule {
    code: RuleCode("other-file-name"),
    severity: Severity::Error,
    needs: &[Needs::Observations],
    summary: "a file of tests has a name that pytest looks for",
    explanation: "`python_files` says which files pytest collects: `test_*.py` and `*_test.py`, unless the configuration \
                  says otherwise. `tests.py` and `planner_tests.py` are neither. A file that a module with tests imports \
                  is left alone.",
    check: |audited| {
        let said = Said {
            message: "{} has tests, and pytest looks for no file of that name",
            effect: "none of its tests ever runs",
            help: "rename it to `test_....py`",
        };
        beside_tests(&OTHER_FILE_NAME, ObservationKind::OtherFileName, &said, audited)
    },
};
