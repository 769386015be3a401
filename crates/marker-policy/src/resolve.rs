//! Authored and effective markers of each case.

use std::sync::Arc;

use marker_expr::{Atom, Truth};
use test_catalog::{Catalog, Marker, Origin, RustCase, SourceSpan, TestCase, Value};

use crate::cfg_predicate;
use crate::policy::Policy;

/// A case with the markers that it has in the end: what authors wrote, what hooks of the tree add, and what the policy
/// gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedCase<'a> {
    /// The case as the catalog has it.
    pub case: &'a TestCase,
    /// All its markers: the case's own in their order, then the policy's.
    pub effective: Vec<Arc<Marker>>,
}

/// Gives every case its effective markers.
///
/// A Rust case gets the markers that the policy derives from what it is. A Python case gets the policy's defaults for
/// each category of which it has no marker, neither an author's nor a hook's, and only where all its markers are known.
#[must_use]
pub fn resolve<'a>(policy: &Policy, catalog: &'a Catalog) -> Vec<ResolvedCase<'a>> {
    catalog.cases.iter().map(|case| ResolvedCase { case, effective: effective(policy, case) }).collect()
}

fn effective(policy: &Policy, case: &TestCase) -> Vec<Arc<Marker>> {
    let mut markers = case.markers.list.clone();
    match case.as_rust() {
        Some(rust) => derive(policy, rust, &mut markers),
        None if case.markers.open.is_none() => add_defaults(policy, case, &mut markers),
        None => {}
    }
    markers
}

/// A feature says more than the kind does: its markers take the place of those of the same category.
fn derive(policy: &Policy, rust: &RustCase, markers: &mut Vec<Arc<Marker>>) {
    let from_features = policy.rust.by_feature.iter().filter(|(feature, _)| needs_feature(rust, feature));
    for (feature, names) in from_features {
        push_new(markers, names, &format!("rust.features.{feature}"));
    }
    let given: Vec<_> = markers.iter().filter_map(|marker| policy.category_of(&marker.name)).collect();
    let by_kind = policy
        .rust_markers(rust.kind)
        .iter()
        .filter(|name| policy.category_of(name).is_none_or(|category| !given.contains(&category)));
    push_new(markers, by_kind, &format!("rust.{}", rust.kind.as_str()));
    if rust.ignored.is_some() {
        push_new(markers, &policy.rust.ignored, "rust.ignored");
    }
}

/// Whether a case is compiled only with the feature.
pub(crate) fn needs_feature(rust: &RustCase, feature: &str) -> bool {
    rust.target.required_features.iter().any(|required| required == feature)
        || rust.cfg.as_deref().is_some_and(|cfg| cfg_predicate::implies_feature(cfg, feature))
}

fn push_new<'p>(markers: &mut Vec<Arc<Marker>>, names: impl IntoIterator<Item = &'p String>, rule: &str) {
    for name in names {
        if !markers.iter().any(|marker| marker.name == *name) {
            markers.push(Arc::new(Marker::bare(name, Origin::Policy { rule: rule.to_owned() })));
        }
    }
}

fn add_defaults(policy: &Policy, case: &TestCase, markers: &mut Vec<Arc<Marker>>) {
    let Some(defaults) = &policy.defaults else { return };
    if defaults.not_under.iter().any(|folder| folder.contains(case.file().as_str())) {
        return;
    }
    let mut added = false;
    for (category, default) in &defaults.markers {
        if !markers.iter().any(|marker| policy.is_member(*category, &marker.name)) {
            push_new(markers, [default], &format!("defaults.{category}"));
            added = true;
        }
    }
    if added {
        push_new(markers, &defaults.tell, "defaults.tell");
    }
}

impl ResolvedCase<'_> {
    /// What authors wrote.
    pub fn authored(&self) -> impl Iterator<Item = &Marker> {
        self.case.markers.authored()
    }

    /// Whether what authors wrote of it is all known, so that a rule can say what is wrong with it. Rust tests have no
    /// markers of their own.
    pub(crate) fn is_judged(&self) -> bool {
        self.case.as_rust().is_none() && self.case.markers.open.is_none()
    }

    /// What authors wrote, each with its place.
    pub(crate) fn written(&self) -> impl Iterator<Item = (&Marker, &SourceSpan)> {
        self.case.markers.list.iter().filter_map(|marker| match &marker.origin {
            Origin::Source(at) => Some((&**marker, at)),
            Origin::Hook(_) | Origin::Policy { .. } => None,
        })
    }

    /// The closest marker of that name.
    #[must_use]
    pub fn marker(&self, name: &str) -> Option<&Marker> {
        self.effective.iter().find(|marker| marker.name == name).map(|marker| &**marker)
    }

    /// Whether `-m ATOM` selects it: a single marker of that name has every keyword argument with an equal value, in
    /// Python's sense (`True == 1 == 1.0`). Unknown where an argument's value is not known, or where no marker is seen
    /// to match and there may be more of them.
    #[must_use]
    pub fn truth_of(&self, atom: &Atom) -> Truth {
        let seen = self.effective.iter().fold(Truth::No, |truth, marker| {
            truth.or(atom.matches_mark(&marker.name, |key, wanted| match marker.kwarg(key) {
                Some(value) => equal(value, wanted),
                None => Truth::No,
            }))
        });
        if self.case.markers.open.is_some() { seen.or(Truth::Unknown) } else { seen }
    }

    /// Whether it has the marker, whatever its arguments.
    #[must_use]
    pub fn has(&self, name: &str) -> Truth {
        match self.marker(name) {
            Some(_) => Truth::Yes,
            None if self.case.markers.open.is_some() => Truth::Unknown,
            None => Truth::No,
        }
    }
}

/// Python's `==`. What an expression can say is a string, an integer, a Boolean or `None`.
fn equal(value: &Value, wanted: &marker_expr::Value) -> Truth {
    let equal = match value {
        Value::None => *wanted == marker_expr::Value::None,
        Value::Bool(value) => wanted.python_eq(&(*value).into()),
        Value::Int(value) => wanted.python_eq(&(*value).into()),
        Value::Float(value) => wanted.python_eq_float(*value),
        Value::Str(value) => wanted.python_eq(&(**value).into()),
        Value::List(_) | Value::Tuple(_) | Value::Dict(_) => false,
        Value::Expr(_) => return Truth::Unknown,
    };
    equal.into()
}
