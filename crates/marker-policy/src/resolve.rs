//! Authored and effective markers of each case.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;
use marker_expr::{Atom, Truth};
use test_catalog::{Catalog, Marker, Origin, RustCase, RustTestKind, SourceSpan, TestCase, Value};

use crate::category::Category;
use crate::cfg_predicate;
use crate::policy::Policy;

/// A case with the markers that it has in the end: what authors wrote, what hooks of the tree add, and what the policy
/// gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedCase<'a> {
    /// The case as the catalog has it.
    pub case: &'a TestCase,
    /// All its markers: the case's own in their order, then the policy's. Of most cases the policy adds none.
    pub effective: Cow<'a, [Arc<Marker>]>,
}

/// Gives every case its effective markers.
///
/// A Rust case gets the markers that the policy derives from what it is. A Python case gets the policy's defaults for
/// each category of which it has no marker, neither an author's nor a hook's, and only where all its markers are known.
#[must_use]
pub fn resolve<'a>(policy: &Policy, catalog: &'a Catalog) -> Vec<ResolvedCase<'a>> {
    resolve_cases(policy, &catalog.cases)
}

/// The same of some cases of a catalog.
#[must_use]
pub fn resolve_cases<'a>(policy: &Policy, cases: &'a [TestCase]) -> Vec<ResolvedCase<'a>> {
    let mut resolver = Resolver::new(policy);
    cases.iter().map(|case| ResolvedCase { case, effective: resolver.effective(case) }).collect()
}

/// The markers that a policy gives, made once and shared by all cases that get them.
struct Resolver<'p, 'c> {
    policy: &'p Policy,
    by_feature: Vec<(&'p str, Vec<Arc<Marker>>)>,
    by_kind: BTreeMap<RustTestKind, Vec<Arc<Marker>>>,
    ignored: Vec<Arc<Marker>>,
    defaults: Vec<(Category, Vec<Arc<Marker>>)>,
    tell: Vec<Arc<Marker>>,
    /// The features of the policy that each condition implies, as numbers of `by_feature`.
    implied: HashMap<&'c str, Vec<usize>>,
}

impl<'p, 'c> Resolver<'p, 'c> {
    fn new(policy: &'p Policy) -> Self {
        let given = |names: &[String], rule: String| -> Vec<Arc<Marker>> {
            names.iter().map(|name| Arc::new(Marker::bare(name, Origin::Policy { rule: rule.clone() }))).collect()
        };
        let rust = &policy.rust;
        let defaults = policy.defaults.as_ref();
        let by_feature = rust.by_feature.iter();
        let by_category = defaults.into_iter().flat_map(|defaults| &defaults.markers);
        Self {
            policy,
            by_feature: by_feature
                .map(|(feature, names)| (feature.as_str(), given(names, format!("rust.features.{feature}"))))
                .collect(),
            by_kind: RustTestKind::ALL
                .map(|kind| (kind, given(policy.rust_markers(kind), format!("rust.{}", kind.as_str()))))
                .into(),
            ignored: given(&rust.ignored, "rust.ignored".to_owned()),
            defaults: by_category
                .map(|(category, name)| (*category, given(std::slice::from_ref(name), format!("defaults.{category}"))))
                .collect(),
            tell: given(
                defaults.and_then(|defaults| defaults.tell.as_ref()).map_or(&[][..], std::slice::from_ref),
                "defaults.tell".to_owned(),
            ),
            implied: HashMap::default(),
        }
    }

    fn effective(&mut self, case: &'c TestCase) -> Cow<'c, [Arc<Marker>]> {
        let mut markers = Cow::Borrowed(&*case.markers.list);
        match case.as_rust() {
            Some(rust) => self.derive(rust, &mut markers),
            None if case.markers.open.is_none() => self.add_defaults(case, &mut markers),
            None => {}
        }
        markers
    }

    /// A feature says more than the kind does: its markers take the place of those of the same category.
    fn derive(&mut self, rust: &'c RustCase, markers: &mut Cow<'_, [Arc<Marker>]>) {
        let by_feature = &self.by_feature;
        let implied = rust.cfg.as_deref().map(|cfg| {
            &*self.implied.entry(cfg).or_insert_with(|| {
                let implies = |place: &usize| cfg_predicate::implies_feature(cfg, by_feature[*place].0);
                (0..by_feature.len()).filter(implies).collect()
            })
        });
        for (place, (feature, given)) in by_feature.iter().enumerate() {
            let is_implied = implied.is_some_and(|implied| implied.contains(&place));
            if is_implied || requires(rust, feature) {
                push_new(markers, given);
            }
        }
        let of: Vec<_> = markers.iter().filter_map(|marker| self.policy.category_of(&marker.name)).collect();
        for given in &self.by_kind[&rust.kind] {
            if self.policy.category_of(&given.name).is_none_or(|category| !of.contains(&category)) {
                push_new(markers, std::slice::from_ref(given));
            }
        }
        if rust.ignored.is_some() {
            push_new(markers, &self.ignored);
        }
    }

    fn add_defaults(&self, case: &TestCase, markers: &mut Cow<'_, [Arc<Marker>]>) {
        let Some(defaults) = &self.policy.defaults else { return };
        if defaults.not_under.iter().any(|folder| folder.contains(case.file().as_str())) {
            return;
        }
        let mut added = false;
        for (category, given) in &self.defaults {
            if !markers.iter().any(|marker| self.policy.is_member(*category, &marker.name)) {
                push_new(markers, given);
                added = true;
            }
        }
        if added {
            push_new(markers, &self.tell);
        }
    }
}

fn push_new(markers: &mut Cow<'_, [Arc<Marker>]>, given: &[Arc<Marker>]) {
    for given in given {
        if !markers.iter().any(|marker| marker.name == given.name) {
            markers.to_mut().push(Arc::clone(given));
        }
    }
}

/// Whether a case is compiled only with the feature.
pub(crate) fn needs_feature(rust: &RustCase, feature: &str) -> bool {
    requires(rust, feature) || rust.cfg.as_deref().is_some_and(|cfg| cfg_predicate::implies_feature(cfg, feature))
}

/// Whether its target is built only with the feature.
fn requires(rust: &RustCase, feature: &str) -> bool {
    rust.target.required_features.iter().any(|required| required == feature)
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
