//! The tests that attributes make of functions, and what libtest calls them.
//!
//! Attribute macros name their tests themselves; those that are followed here are rstest's and test-case's, as their
//! releases do it.

mod rstest;
mod test_case;

use test_catalog::Ignored;

use crate::applied::Resolved;
use crate::attribute::Attribute;
use crate::cfg::Truth;
use crate::lock::Releases;
use crate::syntax::Parameter;

/// More cases than anybody writes.
const MOST_CASES: usize = 20_000;

/// The tests of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tests {
    None,
    /// One, by the function's own name.
    One,
    /// Several, in a module of the function's name.
    Cases(Vec<Case>),
    /// Some, and why their names are not known.
    Unclear(String),
}

/// A test in the module of its function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    /// What follows `function::`.
    pub name: String,
    /// `#[ignore]` on this case alone.
    pub ignored: (Option<Ignored>, Truth),
}

/// A function with its attributes, as far as they decide about tests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub attributes: &'a Resolved<'a>,
    /// `None` where they cannot be read.
    pub parameters: Option<&'a [Parameter]>,
    pub is_async: bool,
}

/// The tests that a function's attributes make.
pub(crate) fn tests(function: Candidate<'_>, releases: Releases) -> Tests {
    let list = &function.attributes.list;
    let has = |wanted: &str| list.iter().any(|(attribute, _)| attribute.name() == Some(wanted));
    if has("template") {
        return Tests::None;
    }
    if let Some(name) = ["parameterized", "bench"].into_iter().find(|name| has(name)) {
        return Tests::Unclear(format!("`#[{name}]` names its tests itself"));
    }
    if has("rstest") {
        return rstest::tests(function.attributes, function.parameters, releases).unwrap_or_else(Tests::Unclear);
    }
    let is_of_test_case = has("test_case") || has("test_matrix");
    if is_of_test_case || (has("case") && releases.test_case.is_some()) {
        return test_case::tests(list, function.is_async, releases).unwrap_or_else(Tests::Unclear);
    }
    if has("test") || has("quickcheck") || has("gtest") {
        return Tests::One;
    }
    match list.iter().filter_map(|(attribute, _)| attribute.name()).find(|name| name.contains("test")) {
        Some(name) => Tests::Unclear(format!("`#[{name}]` may make a test")),
        None => Tests::None,
    }
}

/// Attributes that make a function a test, or several.
pub(crate) const MAKERS: [&str; 9] =
    ["test", "rstest", "gtest", "quickcheck", "test_case", "test_matrix", "bench", "parameterized", "apply"];

/// Whether an attribute makes a function a test, or several.
pub(crate) fn is_maker(attribute: &Attribute) -> bool {
    attribute.name().is_some_and(|name| MAKERS.contains(&name))
}

/// The attributes of a function and before them those of its template, from its `#[rstest]` on.
pub(crate) fn with_template<'a>(template: &Resolved<'a>, function: &Resolved<'a>) -> Resolved<'a> {
    let of_template = template.list.iter().skip_while(|(one, _)| one.name() != Some("rstest"));
    let own = function.list.iter().filter(|(one, _)| one.name() != Some("apply"));
    Resolved { list: of_template.chain(own).copied().collect(), cfg: Vec::new() }
}

/// The parameters of a function with the attributes that its template has for those of the same name; `_name` of the
/// function is `name` of the template as well.
pub(crate) fn merged(function: &[Parameter], template: &[Parameter]) -> Vec<Parameter> {
    let of_template = |name: &str| template.iter().find(|one| one.name.as_deref() == Some(name));
    let merge = |own: &Parameter| {
        let name = own.name.as_deref().unwrap_or_default();
        let other = of_template(name).or_else(|| of_template(name.strip_prefix('_')?));
        let mut attributes = own.attributes.clone();
        let takes_case = attributes.iter().any(|one| one.name() == Some("case"));
        for attribute in other.into_iter().flat_map(|other| &other.attributes) {
            let is_said = (takes_case && attribute.name() == Some("case")) || attributes.contains(attribute);
            if !is_said {
                attributes.push(attribute.clone());
            }
        }
        Parameter { name: own.name.clone(), attributes }
    };
    function.iter().map(merge).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::applied::resolve;
    use crate::syntax::{ItemKind, parse};

    pub(super) fn of(text: &str) -> Tests {
        let file = parse(text).unwrap();
        let item = &file.items[0];
        let ItemKind::Function { parameters, is_async, .. } = &item.kind else { panic!("no function: {text}") };
        let attributes = resolve(&item.attributes, &|_| Truth::Unknown);
        let candidate = Candidate { attributes: &attributes, parameters: parameters.as_deref(), is_async: *is_async };
        tests(candidate, Releases { test_case: Some((3, 4)), rstest: Some((0, 29)) })
    }

    pub(super) fn names(text: &str) -> Vec<String> {
        match of(text) {
            Tests::Cases(cases) => cases
                .into_iter()
                .map(|case| if case.ignored.0.is_some() { format!("{} ignored", case.name) } else { case.name })
                .collect(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_attribute_whose_last_segment_is_test_makes_one() {
        assert_eq!(of("#[test] fn a() {}"), Tests::One);
        assert_eq!(of("#[tokio::test(flavor = \"multi_thread\")] async fn a() {}"), Tests::One);
        assert_eq!(of("#[inline] fn a() {}"), Tests::None);
        assert!(matches!(of("#[traced_test] fn a() {}"), Tests::Unclear(_)));
    }
}
