//! `macro_rules!`: the name, the text of the rules, and what that text can make.

use std::sync::Arc;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Token;
use syn::parse::ParseStream;

use super::item::{ItemKind, ident};
use super::text;
use crate::attribute;

#[derive(Debug)]
pub(crate) struct MacroDefinition {
    pub name: String,
    /// What stands between its brackets.
    pub rules: Arc<str>,
    /// Whether its text has an attribute that makes a test.
    pub makes_tests: bool,
    /// Whether its text has a word that declares a module or a macro, or includes a file, or calls a macro that it is
    /// given.
    pub makes_modules: bool,
    /// Macros that its text calls.
    pub calls: Vec<String>,
}

pub(super) fn definition(input: ParseStream<'_>) -> syn::Result<ItemKind> {
    input.parse::<Token![!]>()?;
    let name = ident(input)?;
    let TokenTree::Group(group) = input.parse()? else { return Err(input.error("expected the macro's rules")) };
    let mut definition =
        MacroDefinition { name, rules: text(&group), makes_tests: false, makes_modules: false, calls: Vec::new() };
    survey(group.stream(), &mut definition);
    Ok(ItemKind::Definition(definition))
}

fn survey(tokens: TokenStream, definition: &mut MacroDefinition) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match (token, tokens.get(index + 1)) {
            (TokenTree::Punct(hash), Some(TokenTree::Group(group)))
                if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
            {
                definition.makes_tests |= attribute::tokens_make_a_test(group.stream());
            }
            (TokenTree::Ident(name), Some(TokenTree::Punct(bang))) if bang.as_char() == '!' => {
                let is_argument = matches!(index.checked_sub(1).map(|before| &tokens[before]),
                    Some(TokenTree::Punct(dollar)) if dollar.as_char() == '$');
                definition.makes_modules |= is_argument || name == "macro_rules" || name == "include";
                definition.calls.push(name.to_string());
            }
            // A word that another macro may put into an attribute: `with!(test, $name)`.
            (TokenTree::Ident(word), _) if word == "mod" || word == "test" || word == "rstest" => {
                definition.makes_modules = true;
            }
            _ => {}
        }
        if let TokenTree::Group(group) = token {
            survey(group.stream(), definition);
        }
    }
}
