//! Configuration predicates.

use std::collections::BTreeSet;
use std::fmt;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Truth;

/// What is set when rustdoc looks for tests: the library is not compiled as a test then.
const RUSTDOC: [(&str, bool); 3] = [("test", false), ("doc", true), ("doctest", true)];

/// How many sets of features are told apart.
const MOST_SETS: usize = 8;

/// A configuration predicate of the Rust reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Predicate {
    Literal(bool),
    /// `unix`
    Name(String),
    /// `feature = "integration"`
    Pair(String, String),
    Not(Box<Predicate>),
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    /// One that this crate does not know, as text.
    Other(String),
}

impl Predicate {
    /// Reads a predicate from the tokens between the parentheses of `cfg(...)`.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let text = tokens.to_string();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        match tokens.as_slice() {
            [TokenTree::Ident(name)] if name == "true" || name == "false" => Self::Literal(name == "true"),
            [TokenTree::Ident(name)] => Self::Name(name.to_string()),
            [TokenTree::Ident(name), TokenTree::Punct(equals), TokenTree::Literal(value)]
                if equals.as_char() == '=' =>
            {
                match syn::parse_str::<syn::LitStr>(&value.to_string()) {
                    Ok(value) => Self::Pair(name.to_string(), value.value()),
                    Err(_) => Self::Other(text),
                }
            }
            [TokenTree::Ident(name), TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
                let mut operands: Vec<_> = separated(group.stream()).into_iter().map(Self::parse).collect();
                match name.to_string().as_str() {
                    "all" => Self::All(operands),
                    "any" => Self::Any(operands),
                    "not" if operands.len() == 1 => {
                        operands.pop().map_or(Self::Other(text), |one| Self::Not(Box::new(one)))
                    }
                    _ => Self::Other(text),
                }
            }
            _ => Self::Other(text),
        }
    }

    /// What it comes to when `atom` answers for names and pairs.
    pub(crate) fn evaluate(&self, atom: &impl Fn(&str, Option<&str>) -> Truth) -> Truth {
        match self {
            Self::Literal(value) => (*value).into(),
            Self::Name(name) => atom(name, None),
            Self::Pair(name, value) => atom(name, Some(value)),
            Self::Not(operand) => operand.evaluate(atom).not(),
            Self::All(operands) => operands.iter().map(|one| one.evaluate(atom)).min().unwrap_or(Truth::Yes),
            Self::Any(operands) => operands.iter().map(|one| one.evaluate(atom)).max().unwrap_or(Truth::No),
            Self::Other(_) => Truth::Unknown,
        }
    }

    /// The same predicate where `test` is known to hold.
    pub(crate) fn under_test(&self) -> Self {
        self.knowing(&[("test", true)])
    }

    /// The same predicate where rustdoc looks for tests.
    pub(crate) fn under_rustdoc(&self) -> Self {
        self.knowing(&RUSTDOC)
    }

    /// The condition under which rustdoc tests an item with this one. It looks at conditions once more, without the names
    /// that it never shows: under `any(doc, feature = "a")` an item is tested only with the feature.
    pub(crate) fn of_tested_docs(&self) -> Self {
        Self::all([self.under_rustdoc()].into_iter().chain(self.without_hidden()))
    }

    fn without_hidden(&self) -> Option<Self> {
        match self {
            Self::Name(name) if RUSTDOC.iter().any(|(hidden, _)| hidden == name) => None,
            Self::Not(operand) => Some(Self::Not(Box::new(operand.without_hidden()?))),
            Self::All(operands) | Self::Any(operands) => {
                let mut left: Vec<_> = operands.iter().filter_map(Self::without_hidden).collect();
                match left.len() {
                    0 | 1 => left.pop(),
                    _ if matches!(self, Self::All(_)) => Some(Self::All(left)),
                    _ => Some(Self::Any(left)),
                }
            }
            other => Some(other.clone()),
        }
    }

    fn knowing(&self, known: &[(&str, bool)]) -> Self {
        match self {
            Self::Name(name) => match known.iter().find(|(one, _)| one == name) {
                Some((_, value)) => Self::Literal(*value),
                None => self.clone(),
            },
            Self::Not(operand) => match operand.knowing(known) {
                Self::Literal(value) => Self::Literal(!value),
                operand => Self::Not(Box::new(operand)),
            },
            Self::All(operands) => Self::all(operands.iter().map(|one| one.knowing(known))),
            Self::Any(operands) => {
                let mut left: Vec<_> = operands.iter().map(|one| one.knowing(known)).collect();
                if left.contains(&Self::Literal(true)) {
                    return Self::Literal(true);
                }
                left.retain(|one| *one != Self::Literal(false));
                match left.len() {
                    0 => Self::Literal(false),
                    1 => left.remove(0),
                    _ => Self::Any(left),
                }
            }
            other => other.clone(),
        }
    }

    /// The sets of features that have to be turned on for it to hold, whatever else holds: all of one of the sets. `is_off`
    /// tells of a feature that it is not on. Of too many sets only the first are given.
    pub(crate) fn missing_features(&self, is_off: &impl Fn(&str) -> bool) -> Vec<BTreeSet<&str>> {
        let mut sets = match self {
            Self::Pair(name, value) if name == "feature" && is_off(value) => vec![BTreeSet::from([value.as_str()])],
            Self::All(operands) => operands.iter().fold(vec![BTreeSet::new()], |sets, operand| {
                let more = operand.missing_features(is_off);
                let with = |set: &BTreeSet<_>| more.iter().map(|one| set | one).collect::<Vec<_>>();
                sets.iter().flat_map(with).take(MOST_SETS).collect()
            }),
            Self::Any(operands) => operands.iter().flat_map(|operand| operand.missing_features(is_off)).collect(),
            _ => vec![BTreeSet::new()],
        };
        sets.sort_by_key(BTreeSet::len);
        let mut least: Vec<BTreeSet<&str>> = Vec::new();
        for set in sets {
            if least.len() < MOST_SETS && !least.iter().any(|one| one.is_subset(&set)) {
                least.push(set);
            }
        }
        least
    }

    /// Whether it cannot hold without `test`.
    pub(crate) fn needs_test(&self) -> bool {
        match self {
            Self::Name(name) => name == "test",
            Self::All(operands) => operands.iter().any(Self::needs_test),
            Self::Any(operands) => !operands.is_empty() && operands.iter().all(Self::needs_test),
            _ => false,
        }
    }

    /// All of them at once, as short as can be.
    pub(crate) fn all(operands: impl IntoIterator<Item = Self>) -> Self {
        let mut left: Vec<Self> = Vec::new();
        for operand in operands {
            match operand {
                Self::Literal(true) => {}
                Self::Literal(false) => return Self::Literal(false),
                Self::All(inner) => left.extend(inner),
                operand => left.push(operand),
            }
        }
        let mut distinct: Vec<Self> = Vec::new();
        for operand in left {
            if !distinct.contains(&operand) {
                distinct.push(operand);
            }
        }
        match distinct.len() {
            0 => Self::Literal(true),
            1 => distinct.remove(0),
            _ => Self::All(distinct),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |formatter: &mut fmt::Formatter<'_>, name: &str, operands: &[Self]| {
            write!(formatter, "{name}(")?;
            for (index, operand) in operands.iter().enumerate() {
                write!(formatter, "{}{operand}", if index > 0 { ", " } else { "" })?;
            }
            formatter.write_str(")")
        };
        match self {
            Self::Literal(value) => write!(formatter, "{value}"),
            Self::Name(name) => formatter.write_str(name),
            Self::Pair(name, value) => write!(formatter, "{name} = {value:?}"),
            Self::Not(operand) => write!(formatter, "not({operand})"),
            Self::All(operands) => list(formatter, "all", operands),
            Self::Any(operands) => list(formatter, "any", operands),
            Self::Other(text) => formatter.write_str(text),
        }
    }
}

/// The stretches between top-level commas; an empty one behind the last comma is left out.
pub(crate) fn separated(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = Vec::new();
    let mut part = TokenStream::new();
    for token in tokens {
        if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',') {
            parts.push(std::mem::take(&mut part));
        } else {
            part.extend([token]);
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn predicate(text: &str) -> Predicate {
        Predicate::parse(text.parse().unwrap())
    }

    #[test]
    fn what_is_left_beside_test_is_the_condition_of_a_case() {
        let left = |text| predicate(text).under_test().to_string();
        assert_eq!(left("all(test, feature = \"a\")"), "feature = \"a\"");
        assert_eq!(left("any(test, feature = \"a\")"), "true");
        assert_eq!(left("not(test)"), "false");
        assert_eq!(left("any(all(test, unix), windows)"), "any(unix, windows)");
    }

    #[test]
    fn what_is_missing_are_the_least_sets_of_features() {
        let missing = |text| {
            let predicate = predicate(text);
            let sets = predicate.missing_features(&|feature| feature != "on");
            sets.into_iter().map(|set| set.into_iter().collect::<Vec<_>>().join("+")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(missing("feature = \"a\""), "a");
        assert_eq!(missing("all(unix, feature = \"a\", feature = \"b\", feature = \"on\")"), "a+b");
        assert_eq!(missing("any(feature = \"a\", feature = \"b\", all(feature = \"a\", feature = \"c\"))"), "a b");
        assert_eq!(missing("all(any(feature = \"a\", feature = \"b\"), feature = \"c\")"), "a+c b+c");
        assert_eq!(missing("any(feature = \"a\", feature = \"on\")"), "");
        assert_eq!(missing("all(feature = \"a\", not(feature = \"b\"))"), "a");
    }

    #[test]
    fn rustdoc_tests_nothing_for_the_sake_of_names_that_it_hides() {
        let left = |text| predicate(text).of_tested_docs().to_string();
        assert_eq!(left("any(doc, feature = \"a\")"), "feature = \"a\"");
        assert_eq!(left("any(doc, doctest)"), "true");
        assert_eq!(left("all(unix, doctest)"), "unix");
        assert_eq!(left("not(test)"), "true");
        assert_eq!(left("test"), "false");
    }

    fn predicates() -> impl Strategy<Value = Predicate> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Predicate::Literal),
            prop::sample::select(vec!["a", "b", "c", "test"]).prop_map(|name| Predicate::Name(name.into())),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|one| Predicate::Not(Box::new(one))),
                prop::collection::vec(inner.clone(), 0..3).prop_map(Predicate::All),
                prop::collection::vec(inner, 0..3).prop_map(Predicate::Any),
            ]
        })
    }

    proptest! {
        /// Kleene: what three values call known holds however the unknown name turns out.
        #[test]
        fn three_values_never_contradict_two(predicate in predicates(), a: bool, b: bool) {
            let with = |c: Truth| predicate.evaluate(&move |name, _| match name {
                "a" => a.into(), "b" => b.into(), "c" => c, _ => Truth::Yes,
            });
            match with(Truth::Unknown) {
                Truth::Unknown => {}
                known => prop_assert!(with(Truth::Yes) == known && with(Truth::No) == known),
            }
        }

        #[test]
        fn knowing_test_changes_no_value_and_printing_loses_nothing(predicate in predicates(), a: bool, b: bool, c: bool) {
            let value = |predicate: &Predicate| predicate.evaluate(&|name, _| match name {
                "a" => a.into(), "b" => b.into(), "c" => c.into(), _ => Truth::Yes,
            });
            prop_assert_eq!(value(&predicate), value(&predicate.under_test()));
            let read = Predicate::parse(predicate.to_string().parse().unwrap());
            prop_assert_eq!(value(&predicate), value(&read));
        }
    }
}
