//! A runner that is stopped lets no time pass. In a file of its own, since it stops the whole test process.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;

use support::{Tree, plan, python, result};
use test_runner::{Event, Interrupt, Outcome};

#[test]
fn a_limit_does_not_run_while_the_runner_is_stopped() {
    let tree = Tree::new(&[("test_a.py", "import time\ndef test_long(): time.sleep(7)\n")]);
    let this = std::process::id();
    // It sleeps 7 s and may take 5, of which the runner is away for 5.
    let stop = format!("kill -STOP {this}; sleep 5; kill -CONT {this}");
    let mut stopper = None;
    let plan = plan(vec![python("test_a.py", "test_long", 5)]);
    let outcome = test_runner::run(&plan, &tree.settings(), &Interrupt::new(), |event| {
        if let Event::CaseStarted { .. } = event {
            stopper = Some(Command::new("sh").args(["-c", &stop]).spawn().unwrap());
        }
    })
    .unwrap();
    stopper.unwrap().wait().unwrap();
    let result = result(&outcome, "test_long");
    assert_eq!(result.outcome, Outcome::Passed);
    assert!(result.duration.as_secs_f64() < 5.0, "{:?}", result.duration);
}
