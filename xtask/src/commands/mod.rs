//! One module a command.

pub(crate) mod audit_markers;
pub(crate) mod ci;
pub(crate) mod division;
pub(crate) mod doctor;
pub(crate) mod gpus;
pub(crate) mod history;
pub(crate) mod lanes;
pub(crate) mod list;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod report;
pub(crate) mod test;
mod told;
pub(crate) mod verify;
pub(crate) mod why;
