//! The left side of a rule.

use std::collections::HashMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::fragment::Specifier;
use super::{Operator, Repetition, Unclear, is_punct, token};

/// A part of a rule's left side.
#[derive(Debug)]
pub(super) enum Matcher {
    /// A token that stands for itself: all its trees.
    Token(Vec<TokenTree>),
    Group(Delimiter, Vec<Matcher>),
    /// `$name:specifier`
    Metavariable(String, Specifier),
    /// `$(...)`, its separator and its operator.
    Repetition {
        inside: Vec<Matcher>,
        separator: Vec<TokenTree>,
        operator: Operator,
    },
}

/// What a metavariable stands for.
#[derive(Debug, Clone)]
pub(super) enum Bound {
    Once(TokenStream),
    /// Once for each turn of the repetition around it.
    Repeated(Vec<Bound>),
}

pub(super) type Bindings = HashMap<String, Bound>;

pub(super) fn parse(tokens: TokenStream) -> Result<Vec<Matcher>, Unclear> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut matchers = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        if !is_punct(Some(token), '$') {
            matchers.push(match token {
                TokenTree::Group(group) => Matcher::Group(group.delimiter(), parse(group.stream())?),
                _ => {
                    let begin = at - 1;
                    at = begin + token::length(&tokens[begin..]);
                    Matcher::Token(tokens[begin..at].to_vec())
                }
            });
            continue;
        }
        if let Some(Repetition { inside, separator, operator, length }) = Repetition::read(&tokens[at..])? {
            matchers.push(Matcher::Repetition { inside: parse(inside)?, separator, operator });
            at += length;
        } else if let [TokenTree::Ident(name), colon, TokenTree::Ident(specifier), ..] = &tokens[at..]
            && is_punct(Some(colon), ':')
        {
            let specifier = specifier.to_string();
            let known = Specifier::of(&specifier);
            let known = known.ok_or_else(|| Unclear(format!("`{specifier}` is no fragment that is known here")))?;
            matchers.push(Matcher::Metavariable(name.to_string(), known));
            at += 3;
        } else {
            return Err(Unclear("a `$` that begins neither a repetition nor `$name:fragment`".into()));
        }
    }
    Ok(matchers)
}

/// Matches all tokens; `None` where they are others.
pub(super) fn match_all(matchers: &[Matcher], tokens: &[TokenTree]) -> Result<Option<Bindings>, Unclear> {
    let mut bindings = Bindings::new();
    let end = match_some(matchers, tokens, &mut bindings)?;
    Ok(end.filter(|end| *end == tokens.len()).map(|_| bindings))
}

/// Matches the first tokens: how many.
///
/// A repetition takes as many turns as it can, and is not tried with fewer: rustc accepts no macro call in which both
/// another turn and what follows could begin with the same fragment. With tokens that stand for themselves it would be.
fn match_some(matchers: &[Matcher], tokens: &[TokenTree], bindings: &mut Bindings) -> Result<Option<usize>, Unclear> {
    let mut at = 0;
    for (index, matcher) in matchers.iter().enumerate() {
        let rest = &tokens[at..];
        match matcher {
            Matcher::Token(expected) if token::is_first(expected, rest) => at += expected.len(),
            Matcher::Token(_) => return Ok(None),
            Matcher::Group(delimiter, inside) => match rest.first() {
                Some(TokenTree::Group(group)) if group.delimiter() == *delimiter => {
                    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                    if match_some(inside, &tokens, bindings)? != Some(tokens.len()) {
                        return Ok(None);
                    }
                    at += 1;
                }
                _ => return Ok(None),
            },
            Matcher::Metavariable(name, specifier) => match specifier.take(rest)? {
                Some((length, fragment)) => {
                    bindings.insert(name.clone(), Bound::Once(fragment));
                    at += length;
                }
                None => return Ok(None),
            },
            Matcher::Repetition { inside, separator, operator } => {
                match match_turns(inside, separator, *operator, rest, bindings)? {
                    Some(length) => at += length,
                    None => return Ok(None),
                }
                if let (Some(Matcher::Token(turn)), Some(Matcher::Token(behind))) =
                    (inside.first(), matchers.get(index + 1))
                    && token::is_first(turn, behind)
                    && !token::is_first(behind, &tokens[at..])
                {
                    return Err(Unclear("a repetition may begin as what follows it".into()));
                }
            }
        }
    }
    Ok(Some(at))
}

fn match_turns(
    inside: &[Matcher],
    separator: &[TokenTree],
    operator: Operator,
    tokens: &[TokenTree],
    bindings: &mut Bindings,
) -> Result<Option<usize>, Unclear> {
    let mut turns: Vec<Bindings> = Vec::new();
    let mut at = 0;
    loop {
        if operator == Operator::AtMostOne && !turns.is_empty() {
            break;
        }
        let mut begin = at;
        if !turns.is_empty() {
            if !separator.is_empty() && !token::is_first(separator, &tokens[at..]) {
                break;
            }
            begin += separator.len();
        }
        let mut turn = Bindings::new();
        match match_some(inside, &tokens[begin..], &mut turn)? {
            // A turn that takes nothing would be taken for ever.
            Some(length) if begin + length > at => {
                at = begin + length;
                turns.push(turn);
            }
            _ => break,
        }
    }
    if turns.is_empty() && operator == Operator::AtLeastOne {
        return Ok(None);
    }
    let mut names = Vec::new();
    names_of(inside, &mut names);
    for name in names {
        let bound = turns.iter_mut().filter_map(|turn| turn.remove(name)).collect();
        bindings.insert(name.to_owned(), Bound::Repeated(bound));
    }
    Ok(Some(at))
}

fn names_of<'m>(matchers: &'m [Matcher], names: &mut Vec<&'m str>) {
    for matcher in matchers {
        match matcher {
            Matcher::Token(_) => {}
            Matcher::Group(_, inside) | Matcher::Repetition { inside, .. } => names_of(inside, names),
            Matcher::Metavariable(name, _) => names.push(name),
        }
    }
}
