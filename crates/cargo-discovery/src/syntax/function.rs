//! Functions: the name, and the attributes of parameters.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::Token;
use syn::parse::ParseStream;

use super::item::{ItemKind, ident};
use crate::attribute::{self, Attribute};

/// A signature that is longer than this is read for its name only.
const LONGEST_SIGNATURE: usize = 2_000;

/// A parameter, as far as its attributes.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name, where its pattern is one.
    pub name: Option<String>,
    pub attributes: Vec<Attribute>,
}

pub(super) fn function(input: ParseStream<'_>, is_async: bool, takes_template: bool) -> syn::Result<ItemKind> {
    let name = ident(input)?;
    let mut signature: TokenStream = TokenStream::new();
    let mut length = 0;
    loop {
        if input.is_empty() {
            return Err(input.error("expected the function's body"));
        }
        let token: TokenTree = input.parse()?;
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace && !input.peek(Token![>]) && !input.peek(Token![,]) =>
            {
                break;
            }
            TokenTree::Group(group) => length += size(group),
            _ => length += 1,
        }
        signature.extend([token]);
    }
    // Only parameters with attributes are of interest, and few functions have any; those of a template go by name.
    let has_attributes = takes_template || signature.clone().into_iter().any(|token| {
        matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis
            && group.stream().into_iter().any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#')))
    });
    let parameters = match (has_attributes, length <= LONGEST_SIGNATURE) {
        (false, _) => Some(Vec::new()),
        (true, true) => parameters(&name, signature),
        (true, false) => None,
    };
    Ok(ItemKind::Function { name, parameters, is_async })
}

fn size(group: &Group) -> usize {
    let inside = |token| if let TokenTree::Group(group) = token { size(&group) } else { 1 };
    group.stream().into_iter().map(inside).sum::<usize>() + 1
}

fn parameters(name: &str, rest: TokenStream) -> Option<Vec<Parameter>> {
    let mut tokens: TokenStream = format!("fn {name}").parse().ok()?;
    tokens.extend(rest);
    let signature: syn::Signature = syn::parse2(tokens).ok()?;
    let parameters = signature.inputs.into_iter().filter_map(|input| match input {
        syn::FnArg::Typed(typed) => Some(typed),
        syn::FnArg::Receiver(_) => None,
    });
    Some(
        parameters
            .map(|typed| Parameter {
                name: match typed.pat.as_ref() {
                    syn::Pat::Ident(name) => Some(name.ident.to_string()),
                    _ => None,
                },
                attributes: typed.attrs.iter().filter_map(attribute::of_parameter).collect(),
            })
            .collect(),
    )
}
