//! Markers and where they come from.

use std::fmt;
use std::sync::Arc;

use crate::{Reason, Scope, SourceSpan, Value};

/// Where a marker comes from. The audit judges what authors wrote; selection, lanes and plan use all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Written in the tree: a decorator, `pytestmark`, `marks=`.
    Source(SourceSpan),
    /// Added by a conftest's hook, at this place.
    Hook(SourceSpan),
    /// Added by the policy: a default, or a marker derived from what a Rust test is.
    Policy {
        /// The entry of the policy that gives it, such as `defaults.lifecycle`.
        rule: String,
    },
}

impl Origin {
    /// Whether an author wrote it.
    #[must_use]
    pub fn is_authored(&self) -> bool {
        matches!(self, Self::Source(_))
    }
}

/// One of pytest's markers, with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// The name, such as `gpu_1`.
    pub name: String,
    /// Positional arguments.
    pub args: Vec<Value>,
    /// Keyword arguments, in the order written.
    pub kwargs: Vec<(String, Value)>,
    /// Where it comes from.
    pub origin: Origin,
    /// Whose it is, where an author wrote it for a parameter set, a function, a class or a module.
    pub scope: Option<Scope>,
}

impl Marker {
    /// A marker without arguments.
    #[must_use]
    pub fn bare(name: impl Into<String>, origin: Origin) -> Self {
        Self { name: name.into(), args: Vec::new(), kwargs: Vec::new(), origin, scope: None }
    }

    /// The keyword argument of that name.
    #[must_use]
    pub fn kwarg(&self, name: &str) -> Option<&Value> {
        self.kwargs.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// As an author would write it, without `pytest.mark.`: `timeout(120)`.
impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        if self.args.is_empty() && self.kwargs.is_empty() {
            return Ok(());
        }
        formatter.write_str("(")?;
        let mut separator = "";
        for argument in &self.args {
            write!(formatter, "{separator}{argument}")?;
            separator = ", ";
        }
        for (name, value) in &self.kwargs {
            write!(formatter, "{separator}{name}={value}")?;
            separator = ", ";
        }
        formatter.write_str(")")
    }
}

/// The markers of a case, in the order of pytest's `iter_markers` (closest first), and whether they are all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Markers {
    /// What is known to be there. The cases of a function, of a class and of a module share their markers.
    pub list: Vec<Arc<Marker>>,
    /// Set where there may be more than reading could see: a marker that is not in the list is then *unknown*,
    /// not absent.
    pub open: Option<Box<Reason>>,
    /// Set where a hook of the tree may add markers that are not in the list. What authors wrote is known all the
    /// same.
    pub hooks: Option<Box<Reason>>,
}

impl Markers {
    /// These and no others.
    #[must_use]
    pub fn known(list: impl IntoIterator<Item = Marker>) -> Self {
        Self { list: list.into_iter().map(Arc::new).collect(), open: None, hooks: None }
    }

    /// Why there may be more than the list has: in the source, or by a hook.
    #[must_use]
    pub fn doubt(&self) -> Option<&Reason> {
        self.open.as_deref().or(self.hooks.as_deref())
    }

    /// The closest marker of that name, as pytest's `get_closest_marker`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Marker> {
        self.list.iter().find(|marker| marker.name == name).map(|marker| &**marker)
    }

    /// What authors wrote.
    pub fn authored(&self) -> impl Iterator<Item = &Marker> {
        self.list.iter().filter(|marker| marker.origin.is_authored()).map(|marker| &**marker)
    }
}
