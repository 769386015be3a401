//! Plans which selected test runs where, as a graph of steps with resources.
//!
//! [`plan()`] turns chosen tests into [`Demand`]s, refuses with a [`NotRunReason`] what fits nowhere, and places the
//! rest: a [`Plan`] of [`Step`]s, each with what it waits for, what it holds, and when it is expected to run.
//! [`validate()`] judges a plan without trusting the planner. The crate starts nothing and knows nothing of processes.
//!
//! ```
//! use execution_plan::{Estimates, PlanSettings, StepKind, plan, validate};
//! use marker_policy::Policy;
//!
//! let plan = plan(&Policy::embedded(), &[], &[], &Estimates::none(), &PlanSettings::default());
//! assert!(plan.is_empty());
//! assert_eq!(plan.steps().last().unwrap().kind, StepKind::Report);
//! assert!(validate(&plan, &[]).is_empty());
//! ```

mod assemble;
mod bounds;
mod budget;
mod claims;
mod demand;
mod estimate;
mod fit;
mod headroom;
mod links;
mod plan;
mod refusal;
pub mod scheduling;
pub mod shard;
mod step;
pub mod timings;
mod validate;

pub use assemble::{PlanSettings, plan, plan_demands};
pub use bounds::{BoundKind, Bounds};
pub use budget::{BudgetForecast, KnownBy};
pub use demand::{Demand, demands, each_demand};
pub use estimate::{Estimate, EstimateSource, Estimates};
pub use links::Links;
pub use plan::{Capacity, Place, Plan, UnitCapacity};
pub use refusal::{NotRun, NotRunReason, Note};
pub use step::{
    CargoFeatures, Claim, GpuClaim, PlannedCase, PlannedRust, RustBuild, Share, Step, StepId, StepKind, Window,
};
pub use validate::{validate, validate_each};
