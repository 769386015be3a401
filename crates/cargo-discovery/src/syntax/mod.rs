//! A Rust text as the few items that matter here: modules, functions, `use`, macro calls and macro definitions.
//!
//! This is the only place that parses files; `attribute`, `generated` and `macro_rules` read arguments with the same
//! parser. Bodies are not read, so a mistake inside one goes unnoticed here. [`file`] empties them and parses what is
//! left; [`item`] tells what each item is, and hands it to the module that reads its kind.

mod file;
mod function;
mod include;
mod item;
mod macro_call;
mod macro_definition;
mod use_declaration;

use std::sync::Arc;

use proc_macro2::{Group, TokenStream};
use syn::parse::Parser;
use test_catalog::Position;

pub(crate) use self::file::{SourceFile, parse};
pub(crate) use self::function::Parameter;
pub(crate) use self::include::Included;
pub(crate) use self::item::{Item, ItemKind, skip_item};
pub(crate) use self::macro_call::MacroCall;
pub(crate) use self::macro_definition::MacroDefinition;
use crate::macro_rules::opaque;

/// Why a text is no Rust.
#[derive(Debug, Clone)]
pub(crate) struct SyntaxError {
    pub message: String,
    pub at: Position,
}

impl From<syn::Error> for SyntaxError {
    fn from(error: syn::Error) -> Self {
        Self { message: error.to_string(), at: position(error.span()) }
    }
}

/// Reads the items that a macro expanded to.
pub(crate) fn parse_expansion(tokens: TokenStream) -> Result<Vec<Item>, SyntaxError> {
    Ok(item::items.parse2(opaque::opened(tokens))?)
}

/// The text of a string literal.
pub(crate) fn text_literal(text: &str) -> Result<String, SyntaxError> {
    Ok(syn::parse_str::<syn::LitStr>(text)?.value())
}

pub(crate) fn position(span: proc_macro2::Span) -> Position {
    let start = span.start();
    let count = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Position { line: count(start.line.max(1)), column: count(start.column.saturating_add(1)) }
}

/// What stands between the brackets of a group, as its source has it.
fn text(group: &Group) -> Arc<str> {
    let source = group.span().source_text();
    let inside = source.as_deref().and_then(|source| source.get(1..source.len().checked_sub(1)?));
    inside.map_or_else(|| opaque::written(group.stream()).into(), Into::into)
}
