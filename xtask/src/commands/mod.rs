//! One module a command.

pub mod audit_markers;
pub mod ci;
pub mod gpus;
pub mod list;
pub mod plan;
pub mod policy;
pub mod test;
pub mod why;
