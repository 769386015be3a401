//! Calls of macros, as far as they can be told without the macro.

use std::sync::Arc;

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::Token;
use syn::parse::{ParseStream, Parser};

use super::include::included;
use super::item::{Item, ItemKind, items};
use super::{position, text};
use crate::attribute::{self, Attribute};
use crate::macro_rules::opaque;

#[derive(Debug)]
pub(crate) struct MacroCall {
    /// The segments of its path: `["crate", "check"]`.
    pub path: Vec<String>,
    /// What stands between its brackets.
    pub arguments: Arc<str>,
    /// Its arguments, where these are items.
    pub items: Option<Vec<Item>>,
    /// Whether a word with `test` in it is among its arguments.
    pub mentions_test: bool,
    /// Whether a word among its arguments may declare a module or a macro, or include a file.
    pub mentions_module: bool,
    /// Macros that its arguments call.
    pub calls: Vec<String>,
}

impl MacroCall {
    /// The last segment of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

pub(super) fn call(path: Vec<String>, input: ParseStream<'_>) -> syn::Result<ItemKind> {
    let group = arguments(input)?;
    let name = path.last().map_or("", String::as_str);
    Ok(match name {
        "include" => ItemKind::Include(included(group.stream())),
        "cfg_if" => match branches.parse2(group.stream()) {
            Ok(branches) => ItemKind::Block(branches),
            Err(_) => opaque_call(path, &group),
        },
        _ => opaque_call(path, &group),
    })
}

fn arguments(input: ParseStream<'_>) -> syn::Result<Group> {
    input.parse::<Token![!]>()?;
    if let TokenTree::Group(group) = input.parse()? {
        return Ok(group);
    }
    Err(input.error("expected the macro's arguments"))
}

fn opaque_call(path: Vec<String>, group: &Group) -> ItemKind {
    let (mut mentions_test, mut mentions_module) = (false, false);
    words(group.stream(), &mut |word| {
        mentions_test |= word.contains("test") || matches!(word, "quickcheck" | "parameterized" | "bench" | "apply");
        mentions_module |= matches!(word, "mod" | "macro_rules" | "include");
    });
    let mut calls = Vec::new();
    called(group.stream(), &mut calls);
    let parser = |input: ParseStream<'_>| {
        attribute::inner(input)?;
        items(input)
    };
    ItemKind::Call(MacroCall {
        path,
        arguments: text(group),
        items: parser.parse2(opaque::opened(group.stream())).ok(),
        mentions_test,
        mentions_module,
        calls,
    })
}

/// The names of the macros that the tokens call.
fn called(tokens: TokenStream, calls: &mut Vec<String>) {
    let mut last = None;
    for token in tokens {
        match token {
            TokenTree::Ident(word) => last = Some(word),
            TokenTree::Punct(bang) if bang.as_char() == '!' => {
                calls.extend(last.take().map(|name| name.to_string()).filter(|name| !calls.contains(name)));
            }
            TokenTree::Group(group) => {
                last = None;
                called(group.stream(), calls);
            }
            _ => last = None,
        }
    }
}

fn words(tokens: TokenStream, see: &mut impl FnMut(&str)) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => see(&word.to_string()),
            TokenTree::Group(group) => words(group.stream(), see),
            _ => {}
        }
    }
}

/// The branches of `cfg_if!`, each under its own predicate and the negation of those before it.
fn branches(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let mut before = Vec::new();
    let mut branches = Vec::new();
    loop {
        let at = position(input.span());
        let mut attributes: Vec<Attribute> = before.iter().cloned().map(Attribute::not).collect();
        let is_last = !input.peek(Token![if]);
        if !is_last {
            input.parse::<Token![if]>()?;
            for attribute in attribute::outer(input)? {
                before.push(attribute.clone());
                attributes.push(attribute);
            }
        }
        let inside;
        syn::braced!(inside in input);
        branches.push(Item { attributes, at, kind: ItemKind::Block(items(&inside)?) });
        if is_last || input.is_empty() {
            return Ok(branches);
        }
        input.parse::<Token![else]>()?;
    }
}
