//! GitHub's expressions: what stands between `${{` and `}}`, and in an `if`.
//!
//! Each has a value, or only CI knows it. Whatever an unknown part turns out to be, a value that is given stays right.

mod evaluate;
mod functions;
mod parse;
#[cfg(test)]
mod tests;
mod value;

#[cfg(test)]
pub(super) use evaluate::object;
pub(super) use evaluate::{Contexts, list};
pub(super) use parse::Expression;
pub(super) use value::{Object, Unknown, Value};
