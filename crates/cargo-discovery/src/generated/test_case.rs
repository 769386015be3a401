//! test-case: `#[test_case(...)]` and `#[test_matrix(...)]`.
//!
//! A case is named by its description, or by its arguments and what is expected of them; from 3.4 on, its number comes
//! first.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Token};
use test_catalog::Ignored;

use super::{Case, MOST_CASES, Tests};
use crate::applied::ignored;
use crate::attribute::Attribute;
use crate::cfg::Truth;
use crate::lock::Releases;

/// The first release that numbers its tests.
const NUMBERED: (u64, u64) = (3, 4);

/// The tests of a function with such attributes; the error is why they are not known.
pub(super) fn tests(list: &[(&Attribute, Truth)], is_async: bool, releases: Releases) -> Result<Tests, String> {
    let Some(release) = releases.test_case else {
        return Err("`#[test_case]` names its tests by its release, which no Cargo.lock tells".into());
    };
    let first = list.iter().position(|(attribute, _)| is_of_test_case(attribute)).unwrap_or(0);
    if list[..first].iter().any(|(attribute, _)| attribute.name() == Some("test")) {
        return Err("a test's attribute stands before `#[test_case]`".into());
    }
    let runs = !is_async || list.iter().any(|(attribute, _)| attribute.name() == Some("test"));
    let mut cases = Vec::new();
    for (attribute, truth) in list.iter().filter(|(attribute, _)| is_of_test_case(attribute)) {
        let arguments: TokenStream =
            attribute.arguments().parse().map_err(|_| "the arguments of `#[test_case]` cannot be read")?;
        if *truth != Truth::Yes {
            return Err("a `#[test_case]` stands under a condition".into());
        }
        let (values, outcome) =
            parse.parse2(arguments).map_err(|why| format!("the arguments of `#[test_case]` cannot be read: {why}"))?;
        let is_of_matrix = attribute.name() == Some("test_matrix");
        let rows = if is_of_matrix { product(&values)? } else { vec![values.iter().map(text).collect()] };
        cases.extend(rows.into_iter().map(|values| Arguments { values, is_of_matrix, outcome: outcome.clone() }));
        if cases.len() > MOST_CASES {
            return Err(format!("`#[test_case]` makes more than {MOST_CASES} tests"));
        }
    }
    if !runs {
        return Ok(Tests::None);
    }
    let of_all = ignored(list);
    let named = cases.into_iter().enumerate().map(|(index, arguments)| {
        let name = escaped(&arguments.text()?);
        let name = if release >= NUMBERED {
            let separator = if name.starts_with('_') { "" } else { "_" };
            format!("test_case_{}{separator}{name}", index + 1)
        } else {
            name
        };
        let own = arguments.outcome.ignored;
        let ignored = if own.is_some() { (own, Truth::Yes) } else { of_all.clone() };
        Ok(Case { name, ignored })
    });
    named.collect::<Result<Vec<_>, String>>().map(Tests::Cases)
}

fn is_of_test_case(attribute: &Attribute) -> bool {
    let Attribute::Other { path, .. } = attribute else { return false };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(path[..], ["test_case" | "case" | "test_matrix"] | ["test_case", "test_case" | "case" | "test_matrix"])
}

/// One case.
struct Arguments {
    /// Each as its text.
    values: Vec<String>,
    /// The description of a matrix stands before the name of each case.
    is_of_matrix: bool,
    outcome: Outcome,
}

/// What follows the values.
#[derive(Clone, Default)]
struct Outcome {
    expected: Option<Expected>,
    ignored: Option<Ignored>,
    description: Option<String>,
}

/// What is expected, as a name shows it.
#[derive(Clone)]
enum Expected {
    Text(String),
    /// `it` and `is`, whose words are not followed.
    Complex,
}

impl Arguments {
    fn text(&self) -> Result<String, String> {
        if let (Some(description), false) = (&self.outcome.description, self.is_of_matrix) {
            return Ok(description.clone());
        }
        let mut text: String = self.values.iter().map(|value| format!("{value}_")).collect();
        text.push_str("expects");
        match &self.outcome.expected {
            None => {}
            Some(Expected::Text(expected)) => {
                text.push(' ');
                text.push_str(expected);
            }
            Some(Expected::Complex) => return Err("`#[test_case]` with `it` or `is` and no description".into()),
        }
        Ok(match &self.outcome.description {
            Some(prefix) => format!("{prefix}_{text}"),
            None => text,
        })
    }
}

/// What stands between the parentheses.
fn parse(input: ParseStream<'_>) -> syn::Result<(Vec<Expr>, Outcome)> {
    let values = Punctuated::<Expr, Token![,]>::parse_separated_nonempty(input)?.into_iter().collect();
    Ok((values, outcome(input)?))
}

fn outcome(input: ParseStream<'_>) -> syn::Result<Outcome> {
    let mut outcome = Outcome::default();
    if input.peek(Token![=>]) {
        input.parse::<Token![=>]>()?;
        let mut modifiers = String::new();
        while let Some(ignored) = modifier(input)? {
            // However often it is said, a name shows it as often as it differs.
            if outcome.ignored.as_ref() != Some(&ignored) {
                modifiers.push_str("inconclusive");
            }
            outcome.ignored = Some(ignored);
        }
        outcome.expected = Some(match expected(input, !modifiers.is_empty())? {
            Expected::Text(text) => Expected::Text(format!("{modifiers}{text}")),
            Expected::Complex => Expected::Complex,
        });
    }
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        outcome.description = Some(input.parse::<syn::LitStr>()?.value());
    }
    Ok(outcome)
}

/// `ignore` or `inconclusive`, with a reason in brackets.
fn modifier(input: ParseStream<'_>) -> syn::Result<Option<Ignored>> {
    let ahead = input.fork();
    match ahead.parse::<Ident>() {
        Ok(word) if word == "ignore" || word == "inconclusive" => input.advance_to(&ahead),
        _ => return Ok(None),
    }
    if !input.peek(syn::token::Bracket) {
        return Ok(Some(Ignored { reason: None }));
    }
    let inside;
    syn::bracketed!(inside in input);
    Ok(Some(Ignored { reason: Some(inside.parse::<syn::LitStr>()?.value()) }))
}

fn expression(input: ParseStream<'_>) -> syn::Result<String> {
    Ok(text(&input.parse::<Expr>()?))
}

fn text(expression: &Expr) -> String {
    expression.to_token_stream().to_string()
}

fn expected(input: ParseStream<'_>, is_modified: bool) -> syn::Result<Expected> {
    let ahead = input.fork();
    let word = ahead.parse::<Ident>().map(|word| word.to_string()).unwrap_or_default();
    let shown = |value: &dyn Fn(ParseStream<'_>) -> syn::Result<String>| {
        input.advance_to(&ahead);
        value(input)
    };
    let text = match word.as_str() {
        "matches" => shown(&|input| {
            let pattern = syn::Pat::parse_single(input)?.to_token_stream().to_string();
            let guard = if input.peek(Token![if]) {
                input.parse::<Token![if]>()?;
                expression(input)?
            } else {
                String::new()
            };
            Ok(format!("matching {pattern} {guard}"))
        })?,
        "it" | "is" => {
            shown(&|input| {
                while !input.is_empty() && !input.peek(Token![;]) {
                    input.parse::<proc_macro2::TokenTree>()?;
                }
                Ok(String::new())
            })?;
            return Ok(Expected::Complex);
        }
        "using" => shown(&|input| Ok(format!("use {}", expression(input)?)))?,
        "with" => shown(&|input| Ok(format!("with {}", expression(input)?)))?,
        "panics" => shown(&|input| {
            let message = if input.is_empty() || input.peek(Token![;]) { None } else { Some(expression(input)?) };
            Ok(format!("panicking {message:?}"))
        })?,
        _ if is_modified && (input.is_empty() || input.peek(Token![;])) => "empty".to_owned(),
        _ => expression(input)?,
    };
    Ok(Expected::Text(text))
}

/// The cases of a matrix, the last argument changing first.
fn product(arguments: &[Expr]) -> Result<Vec<Vec<String>>, String> {
    let mut rows: Vec<Vec<String>> = vec![Vec::new()];
    for argument in arguments {
        let values: Vec<String> = match argument {
            Expr::Array(array) => array.elems.iter().map(text).collect(),
            Expr::Tuple(tuple) => tuple.elems.iter().map(text).collect(),
            Expr::Range(range) => numbers(range)?,
            other => vec![text(other)],
        };
        if rows.len().saturating_mul(values.len()) > MOST_CASES {
            return Err(format!("`#[test_matrix]` makes more than {MOST_CASES} tests"));
        }
        let longer = |row: &Vec<String>| -> Vec<Vec<String>> {
            values.iter().map(|value| row.iter().chain([value]).cloned().collect()).collect()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    Ok(rows)
}

fn numbers(range: &syn::ExprRange) -> Result<Vec<String>, String> {
    let bound = |bound: &Option<Box<Expr>>| match bound.as_deref() {
        Some(Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. })) => number.base10_parse::<i64>().ok(),
        _ => None,
    };
    let (Some(start), Some(end)) = (bound(&range.start), bound(&range.end)) else {
        return Err("a range of `#[test_matrix]` whose bounds are no numbers".into());
    };
    let end = if matches!(range.limits, syn::RangeLimits::Closed(_)) { end.saturating_add(1) } else { end };
    if end.saturating_sub(start) > i64::try_from(MOST_CASES).unwrap_or(i64::MAX) {
        return Err(format!("`#[test_matrix]` makes more than {MOST_CASES} tests"));
    }
    Ok((start..end).map(|number| number.to_string()).collect())
}

/// A text as the name of a function.
fn escaped(text: &str) -> String {
    if text.is_empty() {
        return "_empty".to_owned();
    }
    let mut name = String::new();
    for character in text.to_ascii_lowercase().chars() {
        if character.is_alphanumeric() {
            name.push(character);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    if !name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic()) {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::tests::{names, of};
    use super::*;

    #[test]
    fn a_description_names_a_case_and_its_number_comes_first() {
        let text = "#[test_case(1 ; \"is One!\")] #[test_case(2 => 3; \"\")] fn a(n: u8) {}";
        assert_eq!(names(text), ["test_case_1_is_one_", "test_case_2_empty"]);
    }

    #[test]
    fn arguments_and_what_is_expected_name_a_case() {
        for (arguments, expected) in [
            ("-2, -4", "test_case_1_2_4_expects"),
            ("\"a b\", x.y => 8", "test_case_1_a_b_x_y_expects_8"),
            ("1 => matches Ok(_) if true", "test_case_1_1_expects_matching_ok_true"),
            ("1 => panics \"no\"", "test_case_1_1_expects_panicking_some_no_"),
            ("1 => panics", "test_case_1_1_expects_panicking_none"),
            ("1 => using check", "test_case_1_1_expects_use_check"),
            ("1 => ignore[\"later\"] 4", "test_case_1_1_expects_inconclusive4 ignored"),
        ] {
            assert_eq!(names(&format!("#[test_case({arguments})] fn a(n: u8) {{}}")), [expected], "{arguments}");
        }
    }

    #[test]
    fn a_matrix_is_a_product() {
        let text = "#[test_matrix([1, 2], 3..=4)] fn a(n: u8, m: u8) {}";
        let expected = ["1_3", "1_4", "2_3", "2_4"].iter().enumerate();
        let expected: Vec<String> =
            expected.map(|(index, values)| format!("test_case_{}_{values}_expects", index + 1)).collect();
        assert_eq!(names(text), expected);
        let text = "#[test_matrix([1], [2]; \"of two\")] fn a(n: u8, m: u8) {}";
        assert_eq!(names(text), ["test_case_1_of_two_1_2_expects"]);
    }

    #[test]
    fn what_is_not_followed_is_unclear() {
        assert!(matches!(of("#[test_case(1 => it contains 2)] fn a(n: u8) {}"), Tests::Unclear(_)));
        assert_eq!(names("#[test_case(1 => it contains 2; \"named\")] fn a(n: u8) {}"), ["test_case_1_named"]);
        assert_eq!(of("#[test_case(1)] async fn a(n: u8) {}"), Tests::None);
    }
}
