//! The attributes of an item that apply to it.

use test_catalog::Ignored;

use crate::attribute::Attribute;
use crate::cfg::{Predicate, Truth};
use crate::generated::is_maker;

/// Attributes with `cfg_attr` resolved.
#[derive(Debug, Default)]
pub(crate) struct Resolved<'a> {
    /// Those that apply or may apply, in order.
    pub list: Vec<(&'a Attribute, Truth)>,
    /// The predicates under which the item exists.
    pub cfg: Vec<Predicate>,
}

/// Resolves `cfg_attr`, where `evaluate` knows the predicates.
///
/// rustc decides about every `cfg` and `cfg_attr` of an item before it hands the item to an attribute macro, wherever
/// they stand among its attributes.
pub(crate) fn resolve<'a>(attributes: &'a [Attribute], evaluate: &impl Fn(&Predicate) -> Truth) -> Resolved<'a> {
    let mut all = Vec::new();
    let mut cfg = Vec::new();
    flatten(attributes, None, &mut all, &mut cfg);
    let applies = |under: &Option<Predicate>| under.as_ref().map_or(Truth::Yes, evaluate);
    // A function exists as a test where one of the attributes that make it one applies. Where none does, its test is
    // one of another configuration, with all of them as its condition.
    let makers: Vec<&Option<Predicate>> =
        all.iter().filter(|(one, _)| speaks_of_tests(one)).map(|(_, under)| under).collect();
    let is_conditional = !makers.is_empty() && makers.iter().all(|under| under.is_some());
    let none_applies = is_conditional && makers.iter().all(|under| applies(under) == Truth::No);
    if is_conditional {
        let chosen = makers.into_iter().filter(|under| none_applies || applies(under) != Truth::No);
        let mut conditions: Vec<Predicate> = chosen.flatten().cloned().collect();
        cfg.push(if conditions.len() == 1 { conditions.remove(0) } else { Predicate::Any(conditions) });
    }
    let mut list = Vec::new();
    for (attribute, under) in all {
        let truth = match applies(&under) {
            Truth::No if !(none_applies && speaks_of_tests(attribute)) => continue,
            // What it depends on is the condition of the test.
            _ if is_conditional && speaks_of_tests(attribute) => Truth::Yes,
            truth => truth,
        };
        list.push((attribute, truth));
    }
    Resolved { list, cfg }
}

/// The attributes, each with the condition under which it applies.
fn flatten<'a>(
    attributes: &'a [Attribute],
    under: Option<&Predicate>,
    all: &mut Vec<(&'a Attribute, Option<Predicate>)>,
    cfg: &mut Vec<Predicate>,
) {
    for attribute in attributes {
        match attribute {
            Attribute::Cfg(predicate) => cfg.push(match under {
                None => predicate.clone(),
                Some(under) => Predicate::Any(vec![Predicate::Not(Box::new(under.clone())), predicate.clone()]),
            }),
            Attribute::CfgAttr(predicate, inner) => {
                let both = Predicate::all(under.cloned().into_iter().chain([predicate.clone()]));
                flatten(inner, Some(&both), all, cfg);
            }
            plain => all.push((plain, under.cloned())),
        }
    }
}

/// Whether an attribute makes a test, or may.
fn speaks_of_tests(attribute: &Attribute) -> bool {
    is_maker(attribute) || attribute.name().is_some_and(|name| name.contains("test"))
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
    use crate::syntax::parse;

    /// The attributes and conditions that are left on a Unix system.
    fn on_unix(text: &str) -> (Vec<String>, Vec<String>) {
        let file = parse(text).unwrap();
        let is_unix = |name: &str, _: Option<&str>| Truth::from(name == "unix");
        let resolved = resolve(&file.items[0].attributes, &|predicate| predicate.evaluate(&is_unix));
        let names = resolved.list.iter().filter_map(|(one, _)| one.name()).map(str::to_owned).collect();
        (names, resolved.cfg.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn of_attributes_that_make_a_test_under_a_condition_the_one_that_applies_does() {
        let both = "#[cfg_attr(windows, browser_test)] #[cfg_attr(unix, test)] fn a() {}";
        assert_eq!(on_unix(both), (vec!["test".to_owned()], vec!["unix".to_owned()]));
        let none = "#[cfg_attr(windows, test)] fn a() {}";
        assert_eq!(on_unix(none), (vec!["test".to_owned()], vec!["windows".to_owned()]));
    }

    #[test]
    fn an_attribute_under_a_condition_takes_nothing_from_a_test() {
        let text = "#[test] #[cfg_attr(windows, browser_test)] fn a() {}";
        assert_eq!(on_unix(text), (vec!["test".to_owned()], vec![]));
    }

    #[test]
    fn attributes_keep_their_order() {
        let text = "#[cfg_attr(unix, test_case(1))] #[test_case(2)] #[cfg_attr(windows, ignore)] fn a() {}";
        let file = parse(text).unwrap();
        let resolved = resolve(&file.items[0].attributes, &|predicate| {
            predicate.evaluate(&|name: &str, _: Option<&str>| Truth::from(name == "unix"))
        });
        let arguments: Vec<_> = resolved.list.iter().map(|(one, _)| one.arguments()).collect();
        assert_eq!((arguments, resolved.cfg), (vec!["1", "2"], vec![]));
    }
}
