//! rstest: cases, values and their matrix.
//!
//! Names are those of rstest's `render` module: `case_1_description` for a case, and for each list of values
//! `argument_1_expression` below it. They are the same since 0.16.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use test_catalog::Ignored;

use super::{Case, MOST_CASES, Tests};
use crate::applied::{Resolved, ignored};
use crate::attribute::Attribute;
use crate::cfg::{Truth, separated};
use crate::lock::Releases;
use crate::syntax::Parameter;

/// Attributes of parameters that leave the number of tests as it is.
const HARMLESS: [&str; 11] =
    ["case", "from", "with", "default", "future", "once", "context", "notrace", "by_ref", "ignore", "values"];
/// The first release whose names are followed.
const FIRST: (u64, u64) = (0, 16);
/// From this release on a documentation comment names a value.
const DOCUMENTED_VALUES: (u64, u64) = (0, 27);
/// How much of an expression a name shows.
const LONGEST_EXPRESSION: usize = 64;

/// What decides the names of a function's tests.
#[derive(Default)]
struct Data {
    cases: Vec<DescribedCase>,
    /// Arguments, and the expressions that each of them takes.
    values: Vec<(String, Vec<String>)>,
}

/// A case's description, and whether it is ignored.
type DescribedCase = (Option<String>, (Option<Ignored>, Truth));

/// The tests of a function with `#[rstest]`; the error is why they are not known.
pub(super) fn tests(
    attributes: &Resolved<'_>,
    parameters: Option<&[Parameter]>,
    releases: Releases,
) -> Result<Tests, String> {
    if releases.rstest.is_some_and(|release| release < FIRST) {
        return Err("`#[rstest]` is of a release whose names are not followed".into());
    }
    if attributes.condition_on_case {
        return Err("a `#[case]` stands under a condition".into());
    }
    let parameters = parameters.ok_or("the parameters of the `#[rstest]` function cannot be read")?;
    let mut data = Data::default();
    cases(&attributes.list, &mut data)?;
    values(parameters, releases, &mut data)?;
    let takes_case = parameters.iter().flat_map(|one| &one.attributes).any(|one| one.name() == Some("case"));
    if data.cases.is_empty() && takes_case {
        return Err("`#[case]` parameters without a `#[case(...)]`".into());
    }
    if data.cases.is_empty() && data.values.is_empty() {
        return Ok(Tests::One);
    }
    Ok(Tests::Cases(named(&data)?))
}

/// The cases of the attributes. What stands before a case belongs to it alone, and behind the last one to all.
fn cases(list: &[(&Attribute, Truth)], data: &mut Data) -> Result<(), String> {
    let mut before: Vec<(&Attribute, Truth)> = Vec::new();
    let mut rstest_seen = false;
    for (attribute, truth) in list {
        let Attribute::Other { path, .. } = attribute else {
            before.push((attribute, *truth));
            continue;
        };
        if path.last().is_some_and(|name| name == "rstest") {
            rstest_seen = true;
            arguments(attribute.arguments(), data)?;
        } else if path.first().is_some_and(|name| name == "case") {
            if *truth != Truth::Yes {
                return Err("a `#[case]` stands under a condition".into());
            }
            if !rstest_seen {
                return Err("a `#[case]` stands before `#[rstest]`".into());
            }
            data.cases.push((path.get(1).cloned(), ignored(&before)));
            before.clear();
        }
    }
    let of_all = ignored(&before);
    if of_all.0.is_some() {
        for (_, ignored) in &mut data.cases {
            if ignored.0.is_none() {
                ignored.clone_from(&of_all);
            }
        }
    }
    Ok(())
}

/// `#[rstest(a, b => [1, 2], case(3), case::four(4))]`
fn arguments(text: &str, data: &mut Data) -> Result<(), String> {
    let unclear = || "the arguments of `#[rstest(...)]` cannot be read".to_owned();
    let tokens: TokenStream = text.parse().map_err(|_| unclear())?;
    for part in separated(tokens) {
        let part: Vec<TokenTree> = part.into_iter().collect();
        let is = |at: usize, character: char| matches!(part.get(at), Some(TokenTree::Punct(one)) if one.as_char() == character);
        match &part[..] {
            [TokenTree::Ident(case), TokenTree::Group(_), rest @ ..] if case == "case" => {
                data.cases.push((None, (None, Truth::Yes)));
                if !rest.is_empty() {
                    return Ok(());
                }
            }
            [TokenTree::Ident(case), _, _, TokenTree::Ident(description), TokenTree::Group(_), rest @ ..]
                if case == "case" && is(1, ':') =>
            {
                data.cases.push((Some(description.to_string()), (None, Truth::Yes)));
                if !rest.is_empty() {
                    return Ok(());
                }
            }
            [TokenTree::Ident(argument), _, _, TokenTree::Group(list), rest @ ..]
                if is(1, '=') && is(2, '>') && list.delimiter() == Delimiter::Bracket =>
            {
                data.values.push((argument.to_string(), expressions(list.stream(), None)?));
                if !rest.is_empty() {
                    return Ok(());
                }
            }
            // Behind `::` come attributes of rstest's own.
            [TokenTree::Punct(_), ..] if is(0, ':') => return Ok(()),
            [TokenTree::Ident(_)] | [TokenTree::Ident(_), TokenTree::Group(_)] => {}
            _ => return Err(unclear()),
        }
    }
    Ok(())
}

/// `#[values(...)]` of the parameters.
fn values(parameters: &[Parameter], releases: Releases, data: &mut Data) -> Result<(), String> {
    for parameter in parameters {
        for attribute in &parameter.attributes {
            let Some(name) = attribute.name() else { continue };
            if !HARMLESS.contains(&name) {
                return Err(format!("`#[{name}]` on a parameter multiplies the cases of `#[rstest]`"));
            }
            if name == "values" {
                let argument = parameter.name.clone().ok_or("`#[values]` of a parameter that is a pattern")?;
                let tokens: TokenStream =
                    attribute.arguments().parse().map_err(|_| "its `#[values]` cannot be read")?;
                data.values.push((argument, expressions(tokens, releases.rstest)?));
            }
        }
    }
    Ok(())
}

/// What the names show of expressions.
fn expressions(tokens: TokenStream, release: Option<(u64, u64)>) -> Result<Vec<String>, String> {
    let parser = |input: ParseStream<'_>| Punctuated::<Value, syn::Token![,]>::parse_terminated(input);
    let list = parser.parse2(tokens).map_err(|_| "its values cannot be read")?;
    if list.is_empty() || list.len() > MOST_CASES {
        return Err(format!("it has {} values", list.len()));
    }
    let shown = |value: Value| match value.documentation {
        None => Ok(sanitized(&value.expression)),
        Some(text) if release.is_some_and(|release| release >= DOCUMENTED_VALUES) => {
            Ok(sanitized(&sanitized(&text.replace(' ', "_"))))
        }
        Some(_) => Err("a documentation comment may name one of its values".to_owned()),
    };
    list.into_iter().map(shown).collect()
}

struct Value {
    documentation: Option<String>,
    expression: String,
}

impl syn::parse::Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(syn::Attribute::parse_outer)?;
        let texts: Vec<String> = attributes.iter().filter_map(documentation).collect();
        let documentation = (!texts.is_empty()).then(|| texts.join(" "));
        Ok(Self { documentation, expression: input.parse::<syn::Expr>()?.to_token_stream().to_string() })
    }
}

fn documentation(attribute: &syn::Attribute) -> Option<String> {
    let meta = attribute.meta.require_name_value().ok().filter(|meta| meta.path.is_ident("doc"))?;
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &meta.value else { return None };
    Some(text.value().trim().to_owned()).filter(|text| !text.is_empty())
}

/// An expression as a part of a name.
fn sanitized(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars().filter(|character| !character.is_whitespace()) {
        match character {
            '"' | '\'' => name.push_str("__"),
            ':' | '(' | ')' | '{' | '}' | '[' | ']' | ',' | '.' | '*' | '+' | '/' | '-' | '%' | '^' | '!' | '&'
            | '|' => {
                name.push('_');
            }
            other if unicode_ident::is_xid_continue(other) => name.push(other),
            _ => {}
        }
    }
    name
}

/// Each case with each combination of values, the first list being the outermost.
fn named(data: &Data) -> Result<Vec<Case>, String> {
    let width = data.cases.len().to_string().len();
    let mut names: Vec<Case> = Vec::new();
    for (index, (description, ignored)) in data.cases.iter().enumerate() {
        let number = index + 1;
        let name = match description {
            Some(description) => format!("case_{number:0width$}_{description}"),
            None => format!("case_{number:0width$}"),
        };
        names.push(Case { name, ignored: ignored.clone() });
    }
    if names.is_empty() {
        names.push(Case { name: String::new(), ignored: (None, Truth::Yes) });
    }
    for (argument, expressions) in &data.values {
        if names.len().saturating_mul(expressions.len()) > MOST_CASES {
            return Err(format!("`#[rstest]` makes more than {MOST_CASES} tests"));
        }
        let width = expressions.len().to_string().len();
        let mut longer = Vec::with_capacity(names.len() * expressions.len());
        for case in &names {
            let before = if case.name.is_empty() { String::new() } else { format!("{}::", case.name) };
            for (index, expression) in expressions.iter().enumerate() {
                let number = index + 1;
                let name = format!("{before}{argument}_{number:0width$}_{expression:.LONGEST_EXPRESSION$}");
                longer.push(Case { name, ignored: case.ignored.clone() });
            }
        }
        names = longer;
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{names, of};
    use super::*;

    #[test]
    fn cases_are_numbered_to_one_width() {
        let text = "#[rstest] #[case(1)] #[case::two(2)] #[tokio::test] async fn a(#[case] n: u8) {}";
        assert_eq!(names(text), ["case_1", "case_2_two"]);
        let ten = names(&format!("#[rstest] {} fn a(#[case] n: u8) {{}}", "#[case(1)]".repeat(10)));
        assert_eq!((ten[0].as_str(), ten[9].as_str()), ("case_01", "case_10"));
    }

    #[test]
    fn values_multiply_and_show_their_expressions() {
        let text = "#[rstest] #[case(1)] fn a(#[case] n: u8, #[values(\"b\", 'c')] x: &str, #[values(-1.5, f(A::B), [1, 2])] y: u8) {}";
        let expected = [
            "case_1::x_1___b__::y_1__1_5",
            "case_1::x_1___b__::y_2_f_A__B_",
            "case_1::x_1___b__::y_3__1_2_",
            "case_1::x_2___c__::y_1__1_5",
            "case_1::x_2___c__::y_2_f_A__B_",
            "case_1::x_2___c__::y_3__1_2_",
        ];
        assert_eq!(names(text), expected);
    }

    #[test]
    fn the_arguments_of_the_attribute_hold_cases_and_values() {
        assert_eq!(names("#[rstest(n, case(1), case::b(2))] fn a(n: u8) {}"), ["case_1", "case_2_b"]);
        assert_eq!(names("#[rstest(n => [1, 2])] fn a(n: u8) {}"), ["n_1_1", "n_2_2"]);
        assert_eq!(of("#[rstest(fixture(3))] fn a(fixture: u8) {}"), Tests::One);
    }

    #[test]
    fn ignore_before_a_case_is_for_that_case_and_behind_the_last_for_all() {
        let text = "#[rstest] #[ignore] #[case(1)] #[case(2)] fn a(#[case] n: u8) {}";
        assert_eq!(names(text), ["case_1 ignored", "case_2"]);
        let text = "#[rstest] #[case(1)] #[case(2)] #[ignore] fn a(#[case] n: u8) {}";
        assert_eq!(names(text), ["case_1 ignored", "case_2 ignored"]);
    }

    #[test]
    fn a_documentation_comment_names_a_value() {
        assert_eq!(names("#[rstest] fn a(#[values(/// the first\n 1, 2)] n: u8) {}"), ["n_1_the_first", "n_2_2"]);
    }

    #[test]
    fn what_cannot_be_known_is_unclear() {
        for text in [
            "#[rstest] fn a(#[files(\"*.txt\")] n: PathBuf) {}",
            "#[rstest] #[cfg_attr(x, case(1))] fn a(#[case] n: u8) {}",
            "#[rstest] #[cfg(x)] #[case(1)] fn a(#[case] n: u8) {}",
            "#[rstest] fn a(#[case] n: u8) {}",
            "#[rstest] fn a(#[values(1, 2)] (n, m): (u8, u8)) {}",
        ] {
            assert!(matches!(of(text), Tests::Unclear(_)), "{text}: {:?}", of(text));
        }
    }
}
