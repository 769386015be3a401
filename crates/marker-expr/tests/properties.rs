//! Printing against parsing, and reasoning against every test there could be.

#![allow(clippy::unwrap_used)]

use marker_expr::reason::{Groups, TooHard, are_disjoint, implies, is_satisfiable};
use marker_expr::{Atom, Expr, MarkExpr, Truth, Value};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::None),
        "[^\"\\\\]{0,6}".prop_map(Value::Str),
        "[^'\\\\]{0,6}".prop_map(Value::Str),
    ]
}

fn written_atom() -> impl Strategy<Value = Atom> {
    let name = "[\\w&&[^\\p{M}\\p{Pc}\\p{Cf}\\p{So}]_:+.\\[\\]\\\\/-]{1,6}"
        .prop_filter("an operator", |word| !["and", "or", "not"].contains(&&**word));
    (name, btree_map("[a-z_]{4,5}0", value(), 0..3))
        .prop_map(|(name, kwargs)| Atom { name, kwargs: kwargs.into_iter().collect() })
}

fn expr(atom: impl Strategy<Value = Atom> + 'static) -> impl Strategy<Value = Expr> {
    atom.prop_map(Expr::Atom).prop_recursive(6, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|operand| Expr::Not(Box::new(operand))),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| left.and(right)),
            (inner.clone(), inner).prop_map(|(left, right)| left.or(right)),
        ]
    })
}

const ESCAPE: char = '\u{1b}';

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_is_printed_parses_to_the_same_expression(expr in expr(written_atom())) {
        let printed = expr.to_string();
        prop_assert_eq!(&Expr::parse(&printed).unwrap(), &expr);
        let option = MarkExpr::parse(&printed).unwrap();
        prop_assert_eq!(option.expr(), Some(&expr));
    }

    #[test]
    fn a_pair_of_parentheses_that_is_printed_is_needed(expr in expr(plain_atom())) {
        let printed = expr.to_string();
        for (open, _) in printed.match_indices('(') {
            let mut depth = 0;
            let close = printed[open..].find(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0
            });
            let close = open + close.unwrap();
            let without = format!("{}{}{}", &printed[..open], &printed[open + 1..close], &printed[close + 1..]);
            prop_assert_ne!(Expr::parse(&without).unwrap(), expr.clone());
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[ab(),= '\"\\\\²٣\u{1b}\t]{0,30}|(a|or|and|not|[(]|[)]| ){0,20}") {
        match Expr::parse(&text) {
            Ok(expr) => prop_assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr),
            Err(error) => {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.column()));
                prop_assert!(!error.render().contains(ESCAPE));
            }
        }
    }
}

fn plain_atom() -> impl Strategy<Value = Atom> {
    select(vec!["a", "b", "c"]).prop_map(|name| Atom { name: name.to_owned(), kwargs: Vec::new() })
}

/// The marks that a test may carry. Every atom of [`small_atom`] that any mark could satisfy is satisfied by one of
/// these, so the sets of them stand for all tests.
fn marks() -> Vec<Atom> {
    ["a(x=1, y=1)", "a(x=2, y=1)", "a(x=1)", "a(x=2)", "a(y=1)", "a", "b(x=1)", "b", "c", "d"]
        .into_iter()
        .map(atom)
        .collect()
}

fn small_atom() -> impl Strategy<Value = Atom> {
    select(vec!["a", "a(x=1)", "a(x=2)", "a(y=1)", "a(x=True, y=1)", "a(y=True, x=2)", "b", "b(x=1)", "c", "d"])
        .prop_map(atom)
}

fn atom(text: &str) -> Atom {
    let Expr::Atom(atom) = Expr::parse(text).unwrap() else {
        panic!("{text} is an atom");
    };
    atom
}

/// A group, as the question and the brute force take it: its names, and whether a test must have one.
type Group = (Vec<&'static str>, bool);

fn groups() -> impl Strategy<Value = Vec<Group>> {
    let names = btree_set(select(vec!["a", "b", "c", "d", "elsewhere"]), 0..5);
    vec((names.prop_map(|names| names.into_iter().collect()), any::<bool>()), 0..3)
}

fn as_groups(groups: &[Group]) -> Groups {
    groups.iter().fold(Groups::default(), |all, (names, required)| {
        if *required { all.exactly_one(names.iter().copied()) } else { all.at_most_one(names.iter().copied()) }
    })
}

/// Every test that the groups allow.
fn tests(groups: &[Group]) -> Vec<Vec<Atom>> {
    let mut marks = marks();
    marks.push(atom("elsewhere"));
    (0..1_u32 << marks.len())
        .map(|set| {
            let chosen = marks.iter().enumerate().filter(|(index, _)| set >> index & 1 == 1);
            chosen.map(|(_, mark)| mark.clone()).collect::<Vec<_>>()
        })
        .filter(|test| {
            groups.iter().all(|(names, required)| {
                let had = names.iter().filter(|name| test.iter().any(|mark| mark.name == **name)).count();
                had == 1 || had == 0 && !required
            })
        })
        .collect()
}

fn selects(expr: &Expr, test: &[Atom]) -> bool {
    let truth = expr.evaluate(&mut |atom| {
        let marks = test.iter().map(|mark| {
            atom.matches_mark(&mark.name, |key, value| {
                Truth::from(mark.kwargs.iter().any(|(k, v)| k == key && v.python_eq(value)))
            })
        });
        marks.fold(Truth::No, Truth::or)
    });
    truth == Truth::Yes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn reasoning_agrees_with_trying_every_test(
        left in expr(small_atom()),
        right in expr(small_atom()),
        groups in groups(),
    ) {
        let tests = tests(&groups);
        let groups = as_groups(&groups);
        let holds_for_all = |rule: &dyn Fn(bool, bool) -> bool| {
            tests.iter().all(|test| rule(selects(&left, test), selects(&right, test)))
        };
        prop_assert_eq!(is_satisfiable(&left, &groups), Ok(!holds_for_all(&|left, _| !left)));
        prop_assert_eq!(implies(&left, &right, &groups), Ok(holds_for_all(&|left, right| !left || right)));
        prop_assert_eq!(are_disjoint(&left, &right, &groups), Ok(holds_for_all(&|left, right| !(left && right))));
    }
}

/// An expression that is true for an odd number of the names.
fn parity(names: &[String]) -> Expr {
    if let [name] = names {
        return Expr::word(name);
    }
    let (left, right) = names.split_at(names.len() / 2);
    let (left, right) = (parity(left), parity(right));
    let not = |expr: &Expr| Expr::Not(Box::new(expr.clone()));
    left.clone().and(not(&right)).or(not(&left).and(right))
}

#[test]
fn a_hard_question_is_given_up() {
    let names: Vec<String> = (0..40).map(|index| format!("m{index}")).collect();
    let shuffled: Vec<String> = (0..40).map(|index| names[index * 7 % 40].clone()).collect();
    let groups = Groups::default();
    assert_eq!(implies(&parity(&names), &parity(&shuffled), &groups), Err(TooHard));
    // The same question of six names has its answer.
    let shuffled: Vec<String> = (0..6).map(|index| names[index * 5 % 6].clone()).collect();
    assert_eq!(implies(&parity(&names[..6]), &parity(&shuffled), &groups), Ok(true));
}

#[test]
fn large_groups_and_long_lists_are_no_hardship() {
    let names: Vec<String> = (0..2000).map(|index| format!("m{index}")).collect();
    let one = Groups::default().exactly_one(&names);
    let any = names.iter().map(Expr::word).fold(Expr::Never, Expr::or);
    let none = Expr::Not(Box::new(any.clone()));
    assert_eq!(is_satisfiable(&any, &one), Ok(true));
    assert_eq!(is_satisfiable(&none, &one), Ok(false));
    assert_eq!(are_disjoint(&Expr::word("m0"), &Expr::word("m1999"), &one), Ok(true));
    assert_eq!(implies(&Expr::word("elsewhere"), &any, &one), Ok(true));
}
