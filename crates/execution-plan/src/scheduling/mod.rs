//! When and where each job runs: one procedure of decision, told what ends, that says what starts. The planner plays it
//! through.
//!
//! ```text
//!   Problem          jobs with what they hold, and the machine           (no tests, no processes)
//!     Dispatch       what starts now: the first job in order that fits   (room: the GPUs; waiting: the jobs)
//!       linked       which GPUs alike it has: those that are linked      (changes no time)
//!       simulate     the same played through to the end                  (a schedule)
//!     Packing        jobs put into time in an order, each as early as it fits   (taken, timeline: what is taken over time)
//!       Incumbent    the same again, from where an order was changed on
//!         Chain      from one schedule to the next: a job moved within the order
//!           search   chains begun and dropped, for the shortest schedule
//!     bounds         what no schedule can beat                       (lifted: what weights of jobs give)
//! ```
//!
//! The problem is that of rigid jobs which take several GPUs at once and a part of the memory of each (the
//! resource-constrained project scheduling problem, Pritsker et al. 1969). How far lists of jobs that are started as soon
//! as they fit are from the best depends on the order: `benches/planning` measures it. All is pure, but for the clock that
//! ends a search.

mod bounds;
mod chain;
mod check;
mod dispatch;
mod incumbent;
mod linked;
mod order;
mod packing;
mod problem;
mod room;
mod search;
mod simulate;
mod taken;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod timeline;
mod waiting;

pub use bounds::bounds;
pub use check::ProblemError;
pub use dispatch::{Dispatch, Start};
pub use order::{by_area, by_duration};
pub use problem::{Job, Pool, Problem};
pub use search::{Effort, search};
pub use simulate::{Placement, Schedule, simulate};
