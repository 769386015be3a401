//! Which tests the attributes of a function make, and what libtest calls them.

use test_catalog::Ignored;

use crate::attribute::Attribute;
use crate::cfg::{Predicate, Truth};
use crate::syntax::Parameter;

/// Attributes with `cfg_attr` resolved.
#[derive(Debug, Default)]
pub(crate) struct Resolved<'a> {
    /// Those that apply or may apply, in order.
    pub list: Vec<(&'a Attribute, Truth)>,
    /// The predicates under which the item exists.
    pub cfg: Vec<Predicate>,
}

/// Resolves `cfg_attr`, where `evaluate` knows the predicates.
pub(crate) fn resolve<'a>(attributes: &'a [Attribute], evaluate: &impl Fn(&Predicate) -> Truth) -> Resolved<'a> {
    let mut resolved = Resolved::default();
    add(attributes, Truth::Yes, None, evaluate, &mut resolved);
    resolved
}

fn add<'a>(
    attributes: &'a [Attribute],
    truth: Truth,
    under: Option<&Predicate>,
    evaluate: &impl Fn(&Predicate) -> Truth,
    resolved: &mut Resolved<'a>,
) {
    for attribute in attributes {
        match attribute {
            Attribute::Cfg(predicate) => resolved.cfg.push(match under {
                None => predicate.clone(),
                Some(under) => Predicate::Any(vec![Predicate::Not(Box::new(under.clone())), predicate.clone()]),
            }),
            Attribute::CfgAttr(predicate, inner) => {
                let both = Predicate::all(under.cloned().into_iter().chain([predicate.clone()]));
                // An attribute that makes a test decides whether the test exists.
                if inner.iter().any(|one| one.name().is_some_and(|name| name.contains("test"))) {
                    resolved.cfg.push(both.clone());
                    add(inner, truth, Some(&both), evaluate, resolved);
                    continue;
                }
                add(inner, truth.and(evaluate(predicate)), Some(&both), evaluate, resolved);
            }
            plain if truth != Truth::No => resolved.list.push((plain, truth)),
            _ => {}
        }
    }
}

/// The tests of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tests {
    None,
    /// One, by the function's own name.
    One,
    /// What follows `name::`, in order.
    Cases(Vec<String>),
    /// Some, and why their names are not known.
    Unclear(String),
}

/// The tests that a function's attributes make.
pub(crate) fn made_by(list: &[(&Attribute, Truth)], parameters: Option<&[Parameter]>) -> Tests {
    let names: Vec<&str> = list.iter().filter_map(|(attribute, _)| attribute.name()).collect();
    if names.contains(&"template") {
        return Tests::None;
    }
    let generator = |name: &&&str| {
        matches!(**name, "apply" | "test_case" | "test_matrix" | "parameterized" | "quickcheck" | "gtest" | "bench")
    };
    if let Some(name) = names.iter().find(generator) {
        return Tests::Unclear(format!("`#[{name}]` names its tests itself"));
    }
    if names.contains(&"rstest") {
        return rstest(list, parameters);
    }
    if names.contains(&"test") {
        return Tests::One;
    }
    match names.iter().find(|name| name.contains("test")) {
        Some(name) => Tests::Unclear(format!("`#[{name}]` may make a test")),
        None => Tests::None,
    }
}

/// Attributes of rstest's parameters that leave the number of tests as it is.
const HARMLESS: [&str; 9] = ["case", "from", "with", "default", "future", "once", "context", "notrace", "by_ref"];

fn rstest(list: &[(&Attribute, Truth)], parameters: Option<&[Parameter]>) -> Tests {
    let Some(parameters) = parameters else {
        return Tests::Unclear("the parameters of the `#[rstest]` function cannot be read".to_owned());
    };
    let on_parameters: Vec<&str> = parameters
        .iter()
        .flat_map(|parameter| &parameter.attributes)
        .filter_map(|attribute| attribute.name())
        .collect();
    if let Some(name) = on_parameters.iter().find(|name| !HARMLESS.contains(*name)) {
        return Tests::Unclear(format!("`#[{name}]` on a parameter multiplies the cases of `#[rstest]`"));
    }
    let mut cases = Vec::new();
    let mut before_a_case = false;
    let mut pending = false;
    let mut rstest_seen = false;
    for (attribute, truth) in list {
        match attribute {
            Attribute::Other { path, arguments } if path.last().is_some_and(|name| name == "rstest") => {
                rstest_seen = true;
                if arguments.as_ref().is_some_and(|arguments| !arguments.is_empty()) {
                    return Tests::Unclear("arguments of `#[rstest(...)]` can hold cases".to_owned());
                }
            }
            Attribute::Other { path, .. } if path.first().is_some_and(|name| name == "case") => {
                if *truth != Truth::Yes {
                    return Tests::Unclear("a `#[case]` stands under a condition".to_owned());
                }
                before_a_case |= pending;
                cases.push(path.get(1).cloned());
            }
            Attribute::Ignore(_) => pending = true,
            _ => {}
        }
    }
    if before_a_case || !rstest_seen {
        return Tests::Unclear("`#[ignore]` before a `#[case]` is for that case alone".to_owned());
    }
    if cases.is_empty() {
        return if on_parameters.contains(&"case") {
            Tests::Unclear("`#[case]` parameters without a `#[case(...)]`".to_owned())
        } else {
            Tests::One
        };
    }
    let width = cases.len().to_string().len();
    let named = cases.iter().enumerate().map(|(index, description)| {
        let number = index + 1;
        match description {
            Some(description) => format!("case_{number:0width$}_{description}"),
            None => format!("case_{number:0width$}"),
        }
    });
    Tests::Cases(named.collect())
}

/// `#[ignore]`, and whether it is certain.
pub(crate) fn ignored(list: &[(&Attribute, Truth)]) -> (Option<Ignored>, Truth) {
    let ignores = list.iter().filter_map(|(attribute, truth)| match attribute {
        Attribute::Ignore(reason) => Some((Ignored { reason: reason.clone() }, *truth)),
        _ => None,
    });
    match ignores.max_by_key(|(_, truth)| *truth) {
        Some((ignored, truth)) => (Some(ignored), truth),
        None => (None, Truth::Yes),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::syntax::{ItemKind, parse};

    fn of(text: &str) -> Tests {
        let file = parse(text).unwrap();
        let item = &file.items[0];
        let ItemKind::Function { parameters, .. } = &item.kind else { panic!("no function: {text}") };
        made_by(&resolve(&item.attributes, &|_| Truth::Unknown).list, parameters.as_deref())
    }

    #[test]
    fn an_attribute_whose_last_segment_is_test_makes_one() {
        assert_eq!(of("#[test] fn a() {}"), Tests::One);
        assert_eq!(of("#[tokio::test(flavor = \"multi_thread\")] async fn a() {}"), Tests::One);
        assert_eq!(of("#[inline] fn a() {}"), Tests::None);
        assert!(matches!(of("#[traced_test] fn a() {}"), Tests::Unclear(_)));
    }

    #[test]
    fn rstest_numbers_its_cases_to_one_width() {
        let text = "#[rstest] #[case(1)] #[case::two(2)] #[tokio::test] async fn a(#[case] n: u8) {}";
        assert_eq!(of(text), Tests::Cases(vec!["case_1".to_owned(), "case_2_two".to_owned()]));
        let Tests::Cases(ten) = of(&format!("#[rstest] {} fn a(#[case] n: u8) {{}}", "#[case(1)]".repeat(10))) else {
            panic!("ten cases are cases")
        };
        assert_eq!((ten[0].as_str(), ten[9].as_str()), ("case_01", "case_10"));
    }

    #[test]
    fn what_multiplies_or_hides_cases_is_unclear() {
        for text in [
            "#[rstest] fn a(#[values(1, 2)] n: u8) {}",
            "#[rstest] #[ignore] #[case(1)] fn a(#[case] n: u8) {}",
            "#[apply(two)] fn a(#[case] n: u8) {}",
            "#[test_case(1)] fn a(n: u8) {}",
            "#[rstest] #[cfg_attr(x, case(1))] fn a(#[case] n: u8) {}",
        ] {
            assert!(matches!(of(text), Tests::Unclear(_)), "{text}");
        }
    }
}
