//! `macro_rules!`: expands a call as rustc does, so that the tests in it have their names.
//!
//! The rules are the Rust reference's, "Macros By Example". Hygiene does not matter here: items have none.

mod fragment;
mod matcher;
pub(crate) mod opaque;
mod token;
mod transcriber;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use matcher::Matcher;
use transcriber::Transcriber;

/// More than any macro of a program expands to; what repeats itself without end stops here.
const MOST_TOKENS: usize = 500_000;
/// What reads an expansion recurses: deeper brackets are not followed.
const DEEPEST: usize = 256;

/// The rules of one macro.
#[derive(Debug)]
pub(crate) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    matcher: Vec<Matcher>,
    transcriber: Vec<Transcriber>,
}

/// Why a macro cannot be expanded here. rustc may well be able to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unclear(pub(crate) String);

impl Rules {
    /// Reads what stands between the brackets of `macro_rules! name { ... }`.
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self, Unclear> {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = &tokens[..];
        let mut rules = Vec::new();
        while let [first, more @ ..] = rest {
            let (TokenTree::Group(from), [TokenTree::Punct(_), TokenTree::Punct(_), TokenTree::Group(to), more @ ..]) =
                (first, more)
            else {
                return Err(Unclear("its rules are not of the form `(...) => {...}`".into()));
            };
            rules.push(Rule { matcher: matcher::parse(from.stream())?, transcriber: transcriber::parse(to.stream())? });
            rest = match more {
                [TokenTree::Punct(end), more @ ..] if end.as_char() == ';' => more,
                more => more,
            };
        }
        Ok(Self(rules))
    }

    /// What a call with these arguments becomes: the first rule that matches decides.
    ///
    /// With it comes how many tokens it is.
    pub(crate) fn expand(&self, arguments: TokenStream) -> Result<(TokenStream, usize), Unclear> {
        let arguments: Vec<TokenTree> = arguments.into_iter().collect();
        for rule in &self.0 {
            if let Some(bindings) = matcher::match_all(&rule.matcher, &arguments)? {
                let mut left = MOST_TOKENS;
                let expanded = transcriber::transcribe(&rule.transcriber, &bindings, &mut left)?;
                return match token::size(expanded.clone()) {
                    size if size.depth > DEEPEST => Err(Unclear("it nests deeper than is followed".into())),
                    size => Ok((expanded, size.tokens)),
                };
            }
        }
        Err(Unclear("none of its rules takes these arguments".into()))
    }
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

/// How often a repetition may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `*`
    Any,
    /// `+`
    AtLeastOne,
    /// `?`
    AtMostOne,
}

impl Operator {
    fn of(token: Option<&TokenTree>) -> Option<Self> {
        let Some(TokenTree::Punct(punct)) = token else { return None };
        match punct.as_char() {
            '*' => Some(Self::Any),
            '+' => Some(Self::AtLeastOne),
            '?' => Some(Self::AtMostOne),
            _ => None,
        }
    }
}

/// `$(...)`, a separator and an operator.
struct Repetition {
    inside: TokenStream,
    separator: Vec<TokenTree>,
    operator: Operator,
    /// How many tokens it takes behind the `$`.
    length: usize,
}

impl Repetition {
    /// Reads one from behind its `$`; `None` where these tokens are something else.
    fn read(tokens: &[TokenTree]) -> Result<Option<Self>, Unclear> {
        let Some(TokenTree::Group(group)) = tokens.first() else { return Ok(None) };
        if group.delimiter() != Delimiter::Parenthesis {
            return Ok(None);
        }
        let inside = group.stream();
        if let Some(operator) = Operator::of(tokens.get(1)) {
            return Ok(Some(Self { inside, separator: Vec::new(), operator, length: 2 }));
        }
        let length = token::length(&tokens[1..]);
        let separator = tokens[1..=length].to_vec();
        match Operator::of(tokens.get(1 + length)) {
            Some(operator) => Ok(Some(Self { inside, separator, operator, length: 2 + length })),
            None => Err(Unclear("a repetition without `*`, `+` or `?`".into())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn expand(rules: &str, arguments: &str) -> Result<String, String> {
        let rules = Rules::parse(rules.parse().unwrap()).map_err(|why| why.0)?;
        let (expanded, _) = rules.expand(arguments.parse().unwrap()).map_err(|why| why.0)?;
        // Both sides go through the same printer, so that spaces do not matter.
        Ok(expanded.to_string().chars().filter(|one| !one.is_whitespace()).collect())
    }

    #[test]
    fn a_metavariable_stands_for_what_it_matched() {
        assert_eq!(expand("($n:ident) => { fn $n() {} }", "a").unwrap(), "fna(){}");
        assert_eq!(expand("($n:ident, $e:expr) => { $n = $e; }", "a, b + f(1, 2)").unwrap(), "a=b+f(1,2);");
        assert_eq!(expand("($t:ty => $n:ident) => { $n: $t }", "HashMap<K, V> => a").unwrap(), "a:HashMap<K,V>");
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rules = "() => { none }; (a) => { a } ; ($t:tt) => { one $t } ; ($($t:tt)*) => { many $($t)* }";
        for (arguments, expected) in [("", "none"), ("a", "a"), ("=>", "one=>"), ("{ x }", "one{x}"), ("x y", "manyxy")]
        {
            assert_eq!(expand(rules, arguments).unwrap(), expected, "{arguments}");
        }
        assert!(expand("(a) => {}", "b").is_err());
    }

    #[test]
    fn repetitions_nest_and_have_separators() {
        let rules = "($($n:ident => [$($v:literal),* $(,)?]);+) => { $(fn $n() { $($v;)* })+ }";
        assert_eq!(expand(rules, "a => [1, -2,]; b => []").unwrap(), "fna(){1;-2;}fnb(){}");
        assert_eq!(expand("($($n:ident)?) => { x $(y $n)? }", "").unwrap(), "x");
        assert!(expand("($($n:ident),+) => { }", "").is_err());
    }

    #[test]
    fn an_outer_metavariable_repeats_with_an_inner_one() {
        let rules = "($m:ident: $($n:ident)*) => { $($m::$n)* }";
        assert_eq!(expand(rules, "a: b c").unwrap(), "a::ba::c");
    }

    #[test]
    fn attributes_visibilities_items_and_blocks_are_passed_on() {
        let rules = "($(#[$m:meta])* $v:vis fn $n:ident() $b:block) => { $(#[$m])* $v fn $n() $b }";
        let text = "#[test] #[ignore = \"why\"] pub(crate) fn a() { b }";
        assert_eq!(expand(rules, text).unwrap(), "#[test]#[ignore=\"why\"]pub(crate)fna(){b}");
        assert_eq!(expand(rules, "fn a() {}").unwrap(), "fna(){}");
        let rules = "($($i:item)*) => { mod x { $($i)* } }";
        assert_eq!(
            expand(rules, "#[test] fn a() { b } struct C; use d::{e, f};").unwrap(),
            "modx{#[test]fna(){b}structC;used::{e,f};}"
        );
    }

    #[test]
    fn what_cannot_be_followed_says_so() {
        for (rules, arguments) in [
            ("($e:expr) => { $e }", "let"),
            ("($($a:ident)*; $($b:ident)*) => { $($a $b)* }", "x y; z"),
            ("($x:unheard) => { $x }", "a"),
            ("broken", "a"),
            ("($(a)) => {}", "a"),
        ] {
            assert!(expand(rules, arguments).is_err(), "{rules}");
        }
    }

    #[test]
    fn an_expansion_that_grows_without_end_is_given_up() {
        let ten = "$($x)*".repeat(10);
        let rules = format!("($($x:tt)*) => {{ {ten} }}");
        assert!(expand(&rules, &"a ".repeat(100_000)).is_err());
    }
}
