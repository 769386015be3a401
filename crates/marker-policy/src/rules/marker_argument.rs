//! `marker-argument`: a marker's arguments are what the policy says that they are.

use test_catalog::{Marker, Value};

use super::{Rule, RuleCode, Severity};
use crate::argument::Argument;
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{by_cause, counted, ids};

pub(super) const RULE: Rule = Rule {
    code: RuleCode("marker-argument"),
    severity: Severity::Error,
    needs: &[],
    summary: "a marker has the arguments that it takes, each of its type",
    explanation: "A scheduler that reads `profiled_vram_gib(\"8\")` finds no number, and takes the test for one without a \
                  profile. `args` of `[markers]` says what a marker takes: the type of each argument, its unit and its \
                  limits. An argument whose value reading cannot know is left alone.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let causes = by_cause(audited.cases, |case| {
        case.written().find_map(|(marker, at)| {
            let known = audited.policy.marker(audited.policy.current_name(&marker.name))?;
            let wrong = mistake(marker, known.args.as_deref()?)?;
            Some((at, (marker.name.as_str(), wrong)))
        })
    });
    causes
        .into_iter()
        .map(|((at, (name, wrong)), cases)| {
            let args = audited.policy.marker(audited.policy.current_name(name)).and_then(|known| known.args.as_deref());
            let takes: Vec<String> =
                args.unwrap_or_default().iter().map(|argument| format!("`{}`: {argument}", argument.name)).collect();
            Finding {
                label: Some(format!("on {}", counted(cases.len(), "test", "tests"))),
                cases: ids(&cases),
                has: vec![name.to_owned()],
                needs: takes.clone(),
                help: match &*takes {
                    [] => "write it without arguments".to_owned(),
                    takes => format!("it takes {}", takes.join(", ")),
                },
                ..Finding::new(&RULE, format!("`{name}` {wrong}"), at.clone())
            }
        })
        .collect()
}

/// What is wrong with a marker's arguments, as the end of a sentence about it.
fn mistake(marker: &Marker, args: &[Argument]) -> Option<String> {
    let of_place = |index: usize| args.get(index).or_else(|| args.last().filter(|last| last.many));
    for (index, value) in marker.args.iter().enumerate() {
        let Some(argument) = of_place(index) else {
            let takes = counted(args.len(), "argument", "arguments");
            return Some(format!("has {} where it takes {takes}", marker.args.len()));
        };
        if let Some(wrong) = mistaken(argument, value) {
            return Some(wrong);
        }
    }
    for (name, value) in &marker.kwargs {
        if let Some(wrong) = args.iter().find(|one| one.name == *name).and_then(|one| mistaken(one, value)) {
            return Some(wrong);
        }
    }
    // A keyword that the policy does not name may be another name for it.
    let missing = args.get(marker.args.len()..).unwrap_or_default().iter().find(|argument| !argument.optional);
    let missing = missing.filter(|_| marker.kwargs.is_empty())?;
    Some(format!("has no `{}`", missing.name))
}

fn mistaken(argument: &Argument, value: &Value) -> Option<String> {
    (argument.takes(value) == Some(false)).then(|| format!("has `{value}` for `{}`", argument.name))
}

#[cfg(test)]
mod tests {
    use test_catalog::{Origin, SourceSpan};

    use super::*;
    use crate::argument::ArgumentKind;

    fn marker(args: Vec<Value>, kwargs: Vec<(String, Value)>) -> Marker {
        let at = SourceSpan::line("tests/test_a.py".into(), 1);
        Marker { args, kwargs, ..Marker::bare("timeout", Origin::Source(at)) }
    }

    #[test]
    fn each_argument_is_of_its_type_and_within_its_limits() {
        let seconds =
            Argument { kind: ArgumentKind::Number, min: Some(0.0), max: Some(10.0), ..Argument::named("seconds") };
        let of = |value: Value| mistake(&marker(vec![value], Vec::new()), std::slice::from_ref(&seconds));
        assert_eq!(of(Value::Int(10)), None);
        assert_eq!(of(Value::Float(0.5)), None);
        assert_eq!(of(Value::Expr("LIMIT".to_owned())), None, "what is not known is not judged");
        assert_eq!(of(Value::Str("5".to_owned())).as_deref(), Some("has `\"5\"` for `seconds`"));
        assert_eq!(of(Value::Bool(true)).as_deref(), Some("has `True` for `seconds`"));
        assert_eq!(of(Value::Int(-1)).as_deref(), Some("has `-1` for `seconds`"));
        assert_eq!(of(Value::Float(10.5)).as_deref(), Some("has `10.5` for `seconds`"));
        assert_eq!(of(Value::Float(f64::NAN)).as_deref(), Some("has `NaN` for `seconds`"));
    }

    #[test]
    fn an_integer_is_whole_and_text_is_text() {
        let of = |kind, value| {
            let argument = Argument { kind, ..Argument::named("x") };
            mistake(&marker(vec![value], Vec::new()), &[argument]).is_some()
        };
        assert!(of(ArgumentKind::Integer, Value::Float(1.0)) && !of(ArgumentKind::Integer, Value::Int(1)));
        assert!(of(ArgumentKind::String, Value::Int(1)) && !of(ArgumentKind::String, Value::Str("a".to_owned())));
        assert!(of(ArgumentKind::Boolean, Value::Int(1)) && !of(ArgumentKind::Boolean, Value::Bool(false)));
        assert!(!of(ArgumentKind::Any, Value::None));
    }

    #[test]
    fn as_many_as_it_takes() {
        let id = Argument::named("id");
        let optional = Argument { optional: true, ..Argument::named("size") };
        let values = |number| vec![Value::Int(1); number];
        let of = |number, args: &[Argument]| mistake(&marker(values(number), Vec::new()), args);
        let both = [id.clone(), optional];
        assert_eq!(of(0, &both).as_deref(), Some("has no `id`"));
        assert_eq!(of(1, &both), None);
        assert_eq!(of(2, &both), None);
        assert_eq!(of(3, &both).as_deref(), Some("has 3 where it takes 2 arguments"));
        assert_eq!(of(3, &[Argument { many: true, ..id.clone() }]), None);
        assert_eq!(of(1, &[]).as_deref(), Some("has 1 where it takes 0 arguments"));
        let keyword = |name: &str| {
            mistake(&marker(Vec::new(), vec![(name.to_owned(), Value::Int(1))]), std::slice::from_ref(&id))
        };
        assert_eq!(keyword("id"), None);
        assert_eq!(keyword("other"), None, "it may be another name for the same");
    }
}
