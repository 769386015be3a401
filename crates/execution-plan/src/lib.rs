//! Plans which selected test runs where, as a graph of steps with resources.

mod bounds;
mod estimate;
mod plan;
mod refusal;
mod step;

pub use bounds::Bounds;
pub use estimate::{Estimate, EstimateSource, Estimates};
pub use plan::{Capacity, Plan, UnitCapacity};
pub use refusal::{NotRun, NotRunReason, Note};
pub use step::{
    CargoFeatures, Claim, GpuClaim, PlannedCase, PlannedRust, RustBuild, Share, Step, StepId, StepKind, Window,
};
