//! Items: what each one is, and where it ends.

use proc_macro2::{Delimiter, TokenTree};
use syn::parse::ParseStream;
use syn::{Ident, Token};
use test_catalog::Position;

use super::function::{Parameter, function};
use super::include::Included;
use super::macro_call::{MacroCall, call};
use super::macro_definition::{MacroDefinition, definition};
use super::position;
use super::use_declaration::aliases;
use crate::attribute::{self, Attribute};

#[derive(Debug)]
pub(crate) struct Item {
    pub attributes: Vec<Attribute>,
    pub at: Position,
    pub kind: ItemKind,
}

#[derive(Debug)]
pub(crate) enum ItemKind {
    Module {
        name: String,
        content: Option<Content>,
    },
    Function {
        name: String,
        /// `None` where they cannot be read.
        parameters: Option<Vec<Parameter>>,
        is_async: bool,
    },
    Call(MacroCall),
    Definition(MacroDefinition),
    Include(Included),
    /// `use path as name`
    Alias {
        name: String,
        path: Vec<String>,
    },
    /// Items that stand in the module around them, such as a branch of `cfg_if!`.
    Block(Vec<Item>),
}

/// What stands between the braces of an inline module.
#[derive(Debug)]
pub(crate) struct Content {
    pub attributes: Vec<Attribute>,
    pub items: Vec<Item>,
}

/// Goes over one item.
pub(crate) fn skip_item(input: ParseStream<'_>) -> syn::Result<()> {
    let mut items = Vec::new();
    item(input, &mut items)?;
    // The semicolon belongs to the call of a macro: `name!(...);`
    if let [Item { kind: ItemKind::Call(_) | ItemKind::Include(_), .. }] = items[..] {
        input.parse::<Option<Token![;]>>()?;
    }
    Ok(())
}

pub(super) fn items(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        item(input, &mut items)?;
    }
    Ok(items)
}

fn item(input: ParseStream<'_>, items: &mut Vec<Item>) -> syn::Result<()> {
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(());
    }
    let attributes = attribute::outer(input)?;
    input.parse::<syn::Visibility>()?;
    let at = position(input.span());
    let takes_template = attributes.iter().any(|one| one.name() == Some("apply"));
    let mut path = Vec::new();
    let mut is_async = false;
    loop {
        let token: TokenTree = input.parse().map_err(|error| syn::Error::new(error.span(), "expected an item"))?;
        let TokenTree::Ident(word) = &token else {
            return match &token {
                // `extern "C" fn`
                TokenTree::Literal(_) => continue,
                TokenTree::Punct(colon) if colon.as_char() == ':' && input.peek(Token![:]) => {
                    input.parse::<Token![:]>()?;
                    continue;
                }
                // `extern "C" { ... }`
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(()),
                _ => Err(syn::Error::new(token.span(), format!("expected an item, found `{token}`"))),
            };
        };
        let word_text = word.to_string();
        let is_call = input.peek(Token![!]) && word_text != "impl";
        match word_text.as_str() {
            "macro_rules" if is_call => {
                items.push(Item { attributes, at, kind: definition(input)? });
                return Ok(());
            }
            _ if is_call => {
                path.push(word_text);
                items.push(Item { attributes, at, kind: call(path, input)? });
                return Ok(());
            }
            _ if input.peek(Token![::]) && !matches!(word_text.as_str(), "use" | "impl") => {
                input.parse::<Token![::]>()?;
                path.push(word_text);
            }
            "mod" => {
                items.push(Item { attributes, at, kind: module(input)? });
                return Ok(());
            }
            "fn" => {
                let kind = function(input, is_async, takes_template)?;
                items.push(Item { attributes, at, kind });
                return Ok(());
            }
            "use" => {
                for (name, path) in aliases(input)? {
                    items.push(Item { attributes: attributes.clone(), at, kind: ItemKind::Alias { name, path } });
                }
                return Ok(());
            }
            "type" | "static" | "crate" => return skip_to_semicolon(input),
            "enum" | "struct" | "trait" | "impl" => return skip_block(input),
            "union" | "macro" if input.peek(Ident) => return skip_block(input),
            "const"
                if input.peek(Token![fn])
                    || input.peek(Token![unsafe])
                    || input.peek(Token![async])
                    || input.peek(Token![extern])
                    || input.peek(Token![trait])
                    || input.peek(Token![impl]) => {}
            "const" => return skip_to_semicolon(input),
            "async" => is_async = true,
            "unsafe" | "extern" | "safe" | "gen" | "default" | "auto" => {}
            _ => return Err(syn::Error::new(word.span(), format!("expected an item, found `{word}`"))),
        }
    }
}

fn skip_to_semicolon(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        if let TokenTree::Punct(punct) = input.parse()?
            && punct.as_char() == ';'
        {
            return Ok(());
        }
    }
    Err(input.error("expected `;`"))
}

/// Skips to the end of an item that ends with a block or a semicolon; braces among generic arguments are no block.
fn skip_block(input: ParseStream<'_>) -> syn::Result<()> {
    loop {
        if input.is_empty() {
            return Err(input.error("expected `{` or `;`"));
        }
        match input.parse()? {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return Ok(()),
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace && !input.peek(Token![>]) && !input.peek(Token![,]) =>
            {
                return Ok(());
            }
            _ => {}
        }
    }
}

pub(super) fn ident(input: ParseStream<'_>) -> syn::Result<String> {
    Ok(input.call(<Ident as syn::ext::IdentExt>::parse_any)?.to_string())
}

fn module(input: ParseStream<'_>) -> syn::Result<ItemKind> {
    let name = ident(input)?;
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(ItemKind::Module { name, content: None });
    }
    let inside;
    syn::braced!(inside in input);
    let attributes = attribute::inner(&inside)?;
    Ok(ItemKind::Module { name, content: Some(Content { attributes, items: items(&inside)? }) })
}
