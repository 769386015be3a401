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
    /// Whether a `cfg` stands between `#[rstest]` and a `#[case]`: it is that case's, not the item's.
    pub condition_on_case: bool,
}

/// Resolves `cfg_attr`, where `evaluate` knows the predicates.
pub(crate) fn resolve<'a>(attributes: &'a [Attribute], evaluate: &impl Fn(&Predicate) -> Truth) -> Resolved<'a> {
    let mut resolved = Resolved::default();
    let mut makers = Vec::new();
    add(attributes, Truth::Yes, None, evaluate, &mut resolved, &mut makers);
    add_makers(&mut resolved, makers, evaluate);
    let first = attributes.iter().position(|one| one.name() == Some("rstest"));
    let last = attributes.iter().rposition(|one| matches!(one, Attribute::Other { path, .. } if path[0] == "case"));
    if let (Some(first), Some(last)) = (first, last) {
        let between = attributes.get(first..last).unwrap_or_default();
        resolved.condition_on_case = between.iter().any(|one| matches!(one, Attribute::Cfg(_)));
    }
    resolved
}

/// An attribute under a condition that makes a test where it applies.
type ConditionalMaker<'a> = (&'a Attribute, Predicate);

fn add<'a>(
    attributes: &'a [Attribute],
    truth: Truth,
    under: Option<&Predicate>,
    evaluate: &impl Fn(&Predicate) -> Truth,
    resolved: &mut Resolved<'a>,
    makers: &mut Vec<ConditionalMaker<'a>>,
) {
    for attribute in attributes {
        match attribute {
            Attribute::Cfg(predicate) => resolved.cfg.push(match under {
                None => predicate.clone(),
                Some(under) => Predicate::Any(vec![Predicate::Not(Box::new(under.clone())), predicate.clone()]),
            }),
            Attribute::CfgAttr(predicate, inner) => {
                let both = Predicate::all(under.cloned().into_iter().chain([predicate.clone()]));
                add(inner, truth.and(evaluate(predicate)), Some(&both), evaluate, resolved, makers);
            }
            maker if speaks_of_tests(maker) && under.is_some() => {
                makers.extend(under.map(|under| (maker, under.clone())));
            }
            plain if truth != Truth::No => resolved.list.push((plain, truth)),
            _ => {}
        }
    }
}

/// A function exists as a test where one of the attributes that make it one applies. Where none does, its test is one of
/// another configuration, with all of them as its condition.
fn add_makers<'a>(
    resolved: &mut Resolved<'a>,
    makers: Vec<ConditionalMaker<'a>>,
    evaluate: &impl Fn(&Predicate) -> Truth,
) {
    if makers.is_empty() {
        return;
    }
    let is_unconditional = resolved.list.iter().any(|(one, _)| speaks_of_tests(one));
    let may_apply: Vec<_> = makers.iter().filter(|(_, under)| evaluate(under) != Truth::No).cloned().collect();
    if is_unconditional {
        resolved.list.extend(may_apply.iter().map(|(maker, under)| (*maker, evaluate(under))));
        return;
    }
    let chosen = if may_apply.is_empty() { makers } else { may_apply };
    resolved.list.extend(chosen.iter().map(|(maker, _)| (*maker, Truth::Yes)));
    let mut conditions: Vec<Predicate> = chosen.into_iter().map(|(_, under)| under).collect();
    resolved.cfg.push(if conditions.len() == 1 { conditions.remove(0) } else { Predicate::Any(conditions) });
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
}
