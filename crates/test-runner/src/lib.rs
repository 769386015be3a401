//! Runs a plan of tests with real pytest and real cargo, and tells each result as it happens.

mod event;
mod python;
mod settings;

pub use event::{CaseResult, Event, NotRunCause, Outcome, RunOutcome, StepResult};
pub use python::PythonSettings;
pub use settings::{Capture, Interrupt, RunSettings};
