//! Which cases a command takes, and why.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use marker_expr::{Atom, CallParameters, KeywordExpr, MarkExpr, Truth};
use test_catalog::{Language, Origin};

use crate::category::Category;
use crate::keywords;
use crate::nearest::{did_you_mean, nearest};
use crate::policy::Policy;
use crate::resolve::ResolvedCase;

/// What a command asks for. Everything that is set has to hold; nothing set takes all that would run.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// `--stage`: the stage's own marker, or that of any earlier stage.
    pub stage: Option<String>,
    /// `-m`.
    pub marks: Option<MarkExpr>,
    /// `-k`.
    pub keywords: Option<KeywordExpr>,
    /// `--component`: any of these markers.
    pub components: Vec<String>,
    /// `--type`: any of these markers.
    pub types: Vec<String>,
    /// `--language`.
    pub language: Option<Language>,
    /// `--ignored`: Rust tests with `#[ignore]` too.
    pub ignored: bool,
}

/// What a [`Selector`] takes of a tree's cases.
#[derive(Debug, Clone, Default)]
pub struct Selection<'r, 'a> {
    /// The cases, in the catalog's order.
    pub chosen: Vec<Chosen<'r, 'a>>,
    /// How many cases each filter left out, the first that does counting.
    pub left_out: BTreeMap<Filter, usize>,
    /// Words of `-m` that no policy entry, no declared marker and no test has. pytest takes them for markers that no
    /// test has, or refuses them where it is strict.
    pub unknown_marks: Vec<UnknownName>,
}

/// A case that is taken.
#[derive(Debug, Clone)]
pub struct Chosen<'r, 'a> {
    /// The case.
    pub case: &'r ResolvedCase<'a>,
    /// `Yes`, or `Unknown` where reading cannot tell: pytest's own `-m` and `-k` then decide when it runs.
    pub verdict: Truth,
    /// Why it is taken, shared by all that are taken for the same reason, such as ``stage nightly takes `pre_merge` (tests/test_a.py:3)``.
    pub why: Arc<str>,
}

/// What can leave a case out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Filter {
    /// The feature set that was asked for does not compile it.
    Disabled,
    /// `#[ignore]`, and not `--ignored`.
    Ignored,
    /// An option of the tree's own configuration, such as `--ignore-glob`: only naming the file reaches it.
    Configured,
    /// `--language`.
    Language,
    /// `--stage`.
    Stage,
    /// `--component`.
    Component,
    /// `--type`.
    Type,
    /// `-m`.
    Marks,
    /// `-k`.
    Keywords,
}

impl Filter {
    /// As a reader knows it: an option, or what the source says.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "not compiled with these features",
            Self::Ignored => "#[ignore]",
            Self::Configured => "the tree's own --ignore (name the file to run it)",
            Self::Language => "--language",
            Self::Stage => "--stage",
            Self::Component => "--component",
            Self::Type => "--type",
            Self::Marks => "-m",
            Self::Keywords => "-k",
        }
    }
}

/// A name that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The name as written.
    pub name: String,
    /// The option that it was given to.
    pub option: Filter,
    /// The column in the expression, in characters from 1; 1 for an option that is no expression.
    pub column: usize,
    /// What was probably meant, the likeliest first.
    pub nearest: Vec<String>,
    /// What the option knows; empty for `-m`, which any marker will do for.
    pub known: Vec<String>,
}

/// Why a [`Selector`] makes no sense for a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// Values of `--stage`, `--component` or `--type` that nothing has: all of them.
    #[error("{}", .0.iter().map(describe).collect::<Vec<_>>().join("\n"))]
    Unknown(Vec<UnknownName>),
    /// `-k` with call parameters.
    #[error(transparent)]
    Keywords(#[from] CallParameters),
}

fn describe(unknown: &UnknownName) -> String {
    let UnknownName { name, option, nearest, known, .. } = unknown;
    let what = match option {
        Filter::Stage => "stage",
        Filter::Component => "component",
        _ => "type",
    };
    let meant = did_you_mean(nearest);
    format!("unknown {what} `{name}`{meant} ({what}s: {})", known.join(", "))
}

/// Takes the cases that a selector asks for.
///
/// # Errors
/// A stage, component or type that does not exist; `-k` with call parameters.
pub fn select<'r, 'a>(
    policy: &Policy,
    cases: &'r [ResolvedCase<'a>],
    selector: &Selector,
) -> Result<Selection<'r, 'a>, SelectError> {
    let request = Request::new(policy, cases, selector)?;
    let mut selection = Selection { unknown_marks: unknown_marks(policy, cases, selector), ..Selection::default() };
    let mut reasons: HashSet<Arc<str>> = HashSet::new();
    for case in cases {
        match request.judge(case)? {
            Ok((verdict, why)) => {
                let known = reasons.get(why.as_str()).cloned();
                let why = known.unwrap_or_else(|| {
                    let why: Arc<str> = why.into();
                    reasons.insert(Arc::clone(&why));
                    why
                });
                selection.chosen.push(Chosen { case, verdict, why });
            }
            Err(filter) => *selection.left_out.entry(filter).or_default() += 1,
        }
    }
    Ok(selection)
}

/// A selector whose names are all known.
struct Request<'p> {
    selector: &'p Selector,
    stage: Option<(&'p str, &'p [String])>,
}

impl<'p> Request<'p> {
    fn new(policy: &'p Policy, cases: &[ResolvedCase<'_>], selector: &'p Selector) -> Result<Self, SelectError> {
        let mut unknown = Vec::new();
        let stage = selector.stage.as_deref().and_then(|stage| {
            let markers = policy.stage(stage);
            if markers.is_none() {
                unknown.push(unknown_name(stage, Filter::Stage, policy.members(Category::Lifecycle)));
            }
            markers.map(|markers| (stage, markers))
        });
        for name in &selector.types {
            if !policy.is_member(Category::Type, name) {
                unknown.push(unknown_name(name, Filter::Type, policy.members(Category::Type)));
            }
        }
        for name in &selector.components {
            // A component that the policy has not heard of yet may be marked in the tree.
            let marked = || policy.category_of(name).is_none() && cases.iter().any(|case| case.marker(name).is_some());
            if !policy.is_member(Category::Component, name) && !marked() {
                unknown.push(unknown_name(name, Filter::Component, policy.members(Category::Component)));
            }
        }
        if unknown.is_empty() { Ok(Self { selector, stage }) } else { Err(SelectError::Unknown(unknown)) }
    }

    /// The verdict and the reason for it, or what leaves the case out.
    fn judge(&self, case: &ResolvedCase<'_>) -> Result<Result<(Truth, String), Filter>, CallParameters> {
        let selector = self.selector;
        if let Some(rust) = case.case.as_rust() {
            if !rust.enabled {
                return Ok(Err(Filter::Disabled));
            }
            if rust.ignored.is_some() && !selector.ignored {
                return Ok(Err(Filter::Ignored));
            }
        }
        if case.case.ignored_by.is_some() {
            return Ok(Err(Filter::Configured));
        }
        if selector.language.is_some_and(|language| language != case.case.language()) {
            return Ok(Err(Filter::Language));
        }
        let mut verdict = Truth::Yes;
        let mut why = Vec::new();
        if let Some((stage, markers)) = self.stage {
            match any_marker(case, markers) {
                Truth::No => return Ok(Err(Filter::Stage)),
                truth => {
                    verdict = verdict.and(truth);
                    why.push(format!("stage {stage} takes {}", evidence(case, markers)));
                }
            }
        }
        for (filter, names) in [(Filter::Component, &selector.components), (Filter::Type, &selector.types)] {
            if names.is_empty() {
                continue;
            }
            match any_marker(case, names) {
                Truth::No => return Ok(Err(filter)),
                truth => {
                    verdict = verdict.and(truth);
                    why.push(format!("{} takes {}", filter.as_str(), evidence(case, names)));
                }
            }
        }
        if let Some(marks) = &selector.marks {
            match marks.evaluate(&mut |atom: &Atom| case.truth_of(atom)) {
                Truth::No => return Ok(Err(Filter::Marks)),
                truth => {
                    verdict = verdict.and(truth);
                    why.push(expression("-m", marks.text(), truth));
                }
            }
        }
        if let Some(words) = &selector.keywords {
            let names = keywords::names(case);
            match words.evaluate(&mut |word| names.truth_of(word))? {
                Truth::No => return Ok(Err(Filter::Keywords)),
                truth => {
                    verdict = verdict.and(truth);
                    why.push(expression("-k", words.text(), truth));
                }
            }
        }
        let why = if why.is_empty() { "nothing was asked for but all".to_owned() } else { why.join("; ") };
        Ok(Ok((verdict, why)))
    }
}

fn any_marker(case: &ResolvedCase<'_>, names: &[String]) -> Truth {
    names.iter().fold(Truth::No, |truth, name| truth.or(case.has(name)))
}

/// The first of the markers that the case has, and where it comes from.
fn evidence(case: &ResolvedCase<'_>, names: &[String]) -> String {
    let Some(marker) = names.iter().find_map(|name| case.marker(name)) else {
        let reason = case.case.markers.open.as_ref();
        let because = reason.map_or_else(String::new, |reason| format!(": {} ({})", reason.text, place(&reason.at)));
        return format!("it if it has the marker, which is not known{because}");
    };
    let from = match &marker.origin {
        Origin::Source(at) => place(at),
        Origin::Hook(at) => format!("added at {}", place(at)),
        Origin::Policy { rule } => format!("policy, `{rule}`"),
    };
    format!("`{}` ({from})", marker.name)
}

fn place(at: &test_catalog::SourceSpan) -> String {
    format!("{}:{}", at.file, at.start.line)
}

fn expression(option: &str, text: &str, truth: Truth) -> String {
    match truth {
        Truth::Yes => format!("{option} `{text}` holds"),
        _ => format!("{option} `{text}` may hold"),
    }
}

fn unknown_name(name: &str, option: Filter, known: &[String]) -> UnknownName {
    let nearest = nearest(name, known.iter().map(String::as_str));
    UnknownName { name: name.to_owned(), option, column: 1, nearest, known: known.to_vec() }
}

fn unknown_marks(policy: &Policy, cases: &[ResolvedCase<'_>], selector: &Selector) -> Vec<UnknownName> {
    let Some(marks) = &selector.marks else { return Vec::new() };
    let mut known: BTreeSet<&str> = policy.known_markers().into_iter().collect();
    known.extend(cases.iter().flat_map(|case| &*case.effective).map(|marker| &*marker.name));
    marks
        .atoms()
        .filter(|(_, atom)| !known.contains(&*atom.name))
        .map(|(column, atom)| UnknownName {
            name: atom.name.clone(),
            option: Filter::Marks,
            column,
            nearest: nearest(&atom.name, known.iter().copied()),
            known: Vec::new(),
        })
        .collect()
}
