//! The right side of a rule.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use super::matcher::{Bindings, Bound};
use super::{Repetition, Unclear, is_punct};

/// A part of a rule's right side.
#[derive(Debug)]
pub(super) enum Transcriber {
    Token(TokenTree),
    Group(Delimiter, Vec<Transcriber>),
    /// `$name`, with the two tokens for where nothing is bound to it.
    Metavariable(String, [TokenTree; 2]),
    /// `$(...)` and its separator.
    Repetition {
        inside: Vec<Transcriber>,
        separator: Vec<TokenTree>,
    },
}

pub(super) fn parse(tokens: TokenStream) -> Result<Vec<Transcriber>, Unclear> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        if !is_punct(Some(token), '$') {
            parts.push(match token {
                TokenTree::Group(group) => Transcriber::Group(group.delimiter(), parse(group.stream())?),
                token => Transcriber::Token(token.clone()),
            });
            continue;
        }
        if let Some(Repetition { inside, separator, length, .. }) = Repetition::read(&tokens[at..])? {
            parts.push(Transcriber::Repetition { inside: parse(inside)?, separator });
            at += length;
        } else if let Some(TokenTree::Ident(name)) = tokens.get(at) {
            at += 1;
            parts.push(if name == "crate" {
                Transcriber::Token(TokenTree::Ident(Ident::new("crate", Span::call_site())))
            } else {
                Transcriber::Metavariable(name.to_string(), [token.clone(), TokenTree::Ident(name.clone())])
            });
        } else {
            return Err(Unclear("a `$` that begins neither a repetition nor a metavariable".into()));
        }
    }
    Ok(parts)
}

/// Puts in what is bound. `left` is how many tokens may still come.
pub(super) fn transcribe(parts: &[Transcriber], bindings: &Bindings, left: &mut usize) -> Result<TokenStream, Unclear> {
    let mut out: Vec<TokenTree> = Vec::new();
    write(parts, bindings, left, &mut out)?;
    Ok(out.into_iter().collect())
}

fn write(
    parts: &[Transcriber],
    bindings: &Bindings,
    left: &mut usize,
    out: &mut Vec<TokenTree>,
) -> Result<(), Unclear> {
    for part in parts {
        let before = out.len();
        match part {
            Transcriber::Token(token) => out.push(token.clone()),
            Transcriber::Group(delimiter, inside) => {
                out.push(TokenTree::Group(Group::new(*delimiter, transcribe(inside, bindings, left)?)));
            }
            Transcriber::Metavariable(name, itself) => match bindings.get(name) {
                Some(Bound::Once(fragment)) => out.extend(fragment.clone()),
                Some(Bound::Repeated(_)) => return Err(Unclear(format!("`${name}` stands outside of its repetition"))),
                None => out.extend(itself.iter().cloned()),
            },
            Transcriber::Repetition { inside, separator } => {
                for (index, turn) in turns(inside, bindings)?.iter().enumerate() {
                    if index > 0 {
                        out.extend(separator.iter().cloned());
                    }
                    write(inside, turn, left, out)?;
                }
                continue;
            }
        }
        *left = left
            .checked_sub(out.len().saturating_sub(before))
            .ok_or_else(|| Unclear("it expands to more than is followed".into()))?;
    }
    Ok(())
}

/// The bindings for each turn of a repetition: those that it uses.
fn turns(inside: &[Transcriber], bindings: &Bindings) -> Result<Vec<Bindings>, Unclear> {
    let mut names = Vec::new();
    names_of(inside, &mut names);
    let used: Vec<(&str, &Bound)> = names.into_iter().filter_map(|name| Some((name, bindings.get(name)?))).collect();
    let mut lengths = used.iter().filter_map(|(_, bound)| match bound {
        Bound::Repeated(turns) => Some(turns.len()),
        Bound::Once(_) => None,
    });
    let Some(length) = lengths.next() else {
        return Err(Unclear("a repetition without a metavariable that repeats".into()));
    };
    if lengths.any(|other| other != length) {
        return Err(Unclear("metavariables of one repetition that repeat differently often".into()));
    }
    let turn = |index: usize| {
        let of_turn = used.iter().filter_map(|(name, bound)| {
            let bound = match bound {
                Bound::Repeated(turns) => turns.get(index)?,
                once @ Bound::Once(_) => once,
            };
            Some(((*name).to_owned(), bound.clone()))
        });
        of_turn.collect()
    };
    Ok((0..length).map(turn).collect())
}

fn names_of<'p>(parts: &'p [Transcriber], names: &mut Vec<&'p str>) {
    for part in parts {
        match part {
            Transcriber::Token(_) => {}
            Transcriber::Group(_, inside) | Transcriber::Repetition { inside, .. } => names_of(inside, names),
            Transcriber::Metavariable(name, _) => names.push(name),
        }
    }
}
