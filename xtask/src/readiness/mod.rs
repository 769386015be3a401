//! Whether this machine has what tests need: [`needs`] says what they do, [`found`] looks at the machine, [`checks()`] holds
//! one against the other.

mod checks;
mod found;
mod needs;

pub(crate) use checks::{Check, State, checks};
pub(crate) use found::Found;
pub(crate) use needs::Needs;
