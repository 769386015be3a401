//! `unseeded-random`, `wall-clock-assert`, `fixed-port`, `network-in-unit-test`, `sleep-in-unit-test`,
//! `unseeded-sampling`, `environment-at-import`: what makes a test give another result without another cause. A rule
//! each, so that a policy can weigh each by itself.

use test_catalog::ObservationKind;

use super::observed::{Said, beside_tests, in_tests, is_unit};
use super::{Needs, Rule, RuleCode, Severity};

pub(super) const RANDOM: Rule = Rule {
    code: RuleCode("unseeded-random"),
    severity: Severity::Warning,
    needs: &[Needs::Observations],
    summary: "a test seeds the random numbers that it draws",
    explanation: "A test that draws other numbers each time fails once in a while, and nobody can make it fail again. \
                  Nothing is said of a file that speaks of a seed anywhere, nor of those below a conftest that does.",
    check: |audited| {
        let said = Said {
            message: "{} draws from a generator that nobody seeds",
            effect: "a failure cannot be repeated",
            help: "draw from `random.Random(0)` or `numpy.random.default_rng(0)`",
        };
        in_tests(&RANDOM, ObservationKind::UnseededRandom, &said, audited, |_| true)
    },
};

pub(super) const WALL_CLOCK: Rule = Rule {
    code: RuleCode("wall-clock-assert"),
    severity: Severity::Warning,
    needs: &[Needs::Observations],
    summary: "no test asserts that something took no longer than so",
    explanation: "How long something takes is up to everything else that the machine does. What must not take long has a \
                  time-out, which fails with a reason; what must not wait can be asked how often it waited.",
    check: |audited| {
        let said = Said {
            message: "{} asserts how long something took",
            effect: "it fails on a machine that is busy",
            help: "assert what was done and not how fast, or give it a clock that the test moves",
        };
        in_tests(&WALL_CLOCK, ObservationKind::WallClock, &said, audited, |_| true)
    },
};

pub(super) const FIXED_PORT: Rule = Rule {
    code: RuleCode("fixed-port"),
    severity: Severity::Warning,
    needs: &[Needs::Observations],
    summary: "no test listens on a port that is written down",
    explanation: "Two tests, or two runs on one machine, cannot listen on one port. Port 0 asks the system for a free one. \
                  Of unit tests only what listens itself is judged: a command line that they hold starts nothing.",
    check: |audited| {
        let said = Said {
            message: "{} names a port that is written down",
            effect: "it fails where anything else listens on that port",
            help: "ask for port 0 and read which one it became, or allocate one in a fixture",
        };
        let mut found = in_tests(&FIXED_PORT, ObservationKind::FixedPort, &said, audited, |_| true);
        found.extend(in_tests(&FIXED_PORT, ObservationKind::PortOption, &said, audited, |case| {
            case.is_judged() && !is_unit(case)
        }));
        found
    },
};

pub(super) const NETWORK: Rule = Rule {
    code: RuleCode("network-in-unit-test"),
    severity: Severity::Warning,
    needs: &[Needs::Observations],
    summary: "no unit test calls another machine",
    explanation: "A unit test runs wherever there is Python. Judged are calls whose address is written down, and downloads \
                  from a hub; nothing is said of a test that patches or mocks anything.",
    check: |audited| {
        let said = Said {
            message: "{} calls another machine from a unit test",
            effect: "it fails where there is no network, or no such machine",
            help: "give it what it would fetch, or mark it as an integration test",
        };
        in_tests(&NETWORK, ObservationKind::Network, &said, audited, is_unit)
    },
};

pub(super) const SLEEP: Rule = Rule {
    code: RuleCode("sleep-in-unit-test"),
    severity: Severity::Warning,
    needs: &[Needs::Observations],
    summary: "no unit test waits for time to pass",
    explanation: "A pause that is long enough today is too short on a busy machine, and too long everywhere else. Judged \
                  are pauses in the body of a unit test itself; a loop that waits for a condition is left alone, and so \
                  is what the test hands to others.",
    check: |audited| {
        let said = Said {
            message: "{} waits in a unit test",
            effect: "it is slow, and fails on a machine that is slower",
            help: "wait for what the test needs: an event, a condition, or a clock that the test moves",
        };
        in_tests(&SLEEP, ObservationKind::Sleep, &said, audited, is_unit)
    },
};

pub(super) const SAMPLING: Rule = Rule {
    code: RuleCode("unseeded-sampling"),
    severity: Severity::Warning,
    needs: &[Needs::Observations],
    summary: "a test that samples tokens gives a seed",
    explanation: "With a temperature above 0 an engine answers differently each time, and what the test asserts of the \
                  answer holds once in a while. Judged are requests that are written down as such; unit tests start no \
                  engine, and are left alone.",
    check: |audited| {
        let said = Said {
            message: "{} samples without a seed",
            effect: "the answer is another one each time",
            help: "set `temperature` to 0, or give a `seed`",
        };
        in_tests(&SAMPLING, ObservationKind::UnseededSampling, &said, audited, |case| {
            case.is_judged() && !is_unit(case)
        })
    },
};

pub(super) const ENVIRONMENT: Rule = Rule {
    code: RuleCode("environment-at-import"),
    severity: Severity::Warning,
    needs: &[Needs::Observations],
    summary: "no test file changes the environment when it is imported",
    explanation: "pytest imports all files before it runs the first test: what one of them puts into the environment is \
                  there for the tests of all others, in this run and not in the next. A fixture with `monkeypatch.setenv` \
                  takes it back.",
    check: |audited| {
        let said = Said {
            message: "{} changes the environment of every test of the run",
            effect: "other files' tests depend on whether this file was imported",
            help: "set it in a fixture, with `monkeypatch.setenv`",
        };
        beside_tests(&ENVIRONMENT, ObservationKind::EnvironmentAtImport, &said, audited)
    },
};
