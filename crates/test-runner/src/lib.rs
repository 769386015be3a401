//! Runs a plan of tests with real pytest and real cargo, and tells each result as it happens.
//!
//! [`run()`] takes a [`Plan`](execution_plan::Plan) and [`RunSettings`], tells [`Event`]s, and hands over a
//! [`RunOutcome`]. An [`Interrupt`] ends it in order, raised twice at once. Linux first; the crate installs no signal
//! handlers.
//!
//! Inside, `dispatcher` decides what is started, refused and stopped, and knows no process. `run` carries that out and
//! keeps results. `pytest` and `rust_binary` own the processes of tests, `tool` those of builds and installations,
//! each under a shim of its own; they tell events and are told to stop, and share nothing else. A [`shim`] ends a process
//! with all that it started: `process` is what the others see of it.
//!
//! `pool` has the CPU tests that no pytest process has begun: a process that is done with its own takes over files of
//! others.
//!
//! [`history`] is the store of all runs of a tree, which each result reaches before it is told.
//!
//! [`coverage`] puts together what processes measured of the lines that they ran.
//!
//! [`recorded`] reads the results of an earlier run again.
//!
//! [`collection`] and [`cargo_listing`] are apart from all that: what real pytest collects and real cargo lists, to hold
//! a catalog against.
//!
//! ```
//! use test_runner::Interrupt;
//!
//! let interrupt = Interrupt::new();
//! interrupt.raise();
//! assert_eq!(interrupt.count(), 1);
//! ```

mod before;
mod captured;
mod cargo;
mod cargo_config;
pub mod cargo_listing;
mod cargo_messages;
mod cargo_package;
mod cargo_rustc;
mod clock;
pub mod collection;
pub mod coverage;
mod dispatcher;
mod encoded;
mod error;
mod event;
mod executor;
mod gpu_memory;
mod gpu_processes;
mod hiding;
pub mod history;
pub mod json;
mod libtest;
mod libtest_lines;
mod output;
mod paced;
mod pool;
mod ports;
mod process;
mod pytest;
mod pytest_command;
mod pytest_end;
mod pytest_events;
mod pytest_given;
mod python;
mod record;
pub mod recorded;
mod retry;
mod run;
mod rust_binary;
mod secrets;
mod settings;
pub mod shim;
mod stacks;
mod stop;
mod tool;

pub use error::RunError;
pub use event::{Both, CaseResult, CaseUsage, Event, NotRunCause, Outcome, RunOutcome, StepResult};
pub use gpu_memory::{GpuMemory, UnitMemory};
pub use gpu_processes::ProcessMemory;
pub use ports::PortSettings;
pub use python::{PythonSettings, prepare};
pub use retry::Retry;
pub use run::run;
pub use secrets::Secrets;
pub use settings::{Capture, Earlier, Interrupt, RunSettings, rounds};
