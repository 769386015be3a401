//! `use`: the other names that it gives.

use proc_macro2::TokenTree;
use syn::parse::ParseStream;

/// The names that a `use` gives to what has others, each with the path of what it names.
pub(super) fn aliases(input: ParseStream<'_>) -> syn::Result<Vec<(String, Vec<String>)>> {
    let mut tokens = Vec::new();
    loop {
        match input.parse().map_err(|error| syn::Error::new(error.span(), "expected `;`"))? {
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            token => tokens.push(token),
        }
    }
    let mut aliases = Vec::new();
    add_aliases(&tokens, &[], &mut aliases);
    Ok(aliases)
}

fn add_aliases(tokens: &[TokenTree], before: &[String], aliases: &mut Vec<(String, Vec<String>)>) {
    let mut path = before.to_vec();
    let mut tokens = tokens.iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                if let Some(TokenTree::Ident(name)) = tokens.next() {
                    aliases.push((name.to_string(), path.clone()));
                }
            }
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) => add_aliases(&group.stream().into_iter().collect::<Vec<_>>(), &path, aliases),
            TokenTree::Punct(punct) if punct.as_char() == ',' => path = before.to_vec(),
            _ => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::syntax::{Item, ItemKind, parse};

    #[test]
    fn other_names_of_uses_are_read_with_their_paths() {
        let file =
            parse("use a::b as c; use d::{e, f::{g as h}, self as i}; use j::*; pub(crate) use k as l;").unwrap();
        let shown = |item: &Item| match &item.kind {
            ItemKind::Alias { name, path } => format!("{name} = {}", path.join("::")),
            other => panic!("{other:?}"),
        };
        let shown: Vec<String> = file.items.iter().map(shown).collect();
        assert_eq!(shown, ["c = a::b", "h = d::f::g", "i = d::self", "l = k"]);
    }
}
