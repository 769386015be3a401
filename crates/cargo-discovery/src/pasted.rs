//! `paste!`: names that a macro puts together, such as `[<parses_ $name>]`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// The tokens with each `[< ... >]` made the identifier that it stands for; `None` where one is not understood.
pub(crate) fn pasted(tokens: TokenStream) -> Option<TokenStream> {
    tokens.into_iter().map(token).collect()
}

fn token(token: TokenTree) -> Option<TokenTree> {
    let TokenTree::Group(group) = &token else { return Some(token) };
    if let Some(segments) = segments(group) {
        return Some(TokenTree::Ident(identifier(&segments)?));
    }
    Some(TokenTree::Group(Group::new(group.delimiter(), pasted(group.stream())?)))
}

/// What stands within `[<` and `>]`.
fn segments(group: &Group) -> Option<Vec<TokenTree>> {
    let is = |token: Option<&TokenTree>, character| matches!(token, Some(TokenTree::Punct(one)) if one.as_char() == character);
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let is_pasted = group.delimiter() == Delimiter::Bracket && is(tokens.first(), '<') && is(tokens.last(), '>');
    is_pasted.then(|| tokens[1..tokens.len().max(2) - 1].to_vec())
}

fn identifier(segments: &[TokenTree]) -> Option<Ident> {
    let mut parts: Vec<String> = Vec::new();
    let mut tokens = flat(segments).into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) => parts.push(word.to_string().trim_start_matches("r#").to_owned()),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let plain = |quote| text.strip_prefix(quote).and_then(|text: &str| text.strip_suffix(quote));
                parts.push(plain('"').or_else(|| plain('\'')).unwrap_or(&text).replace('-', "_"));
            }
            TokenTree::Punct(colon) if colon.as_char() == ':' => {
                let TokenTree::Ident(modifier) = tokens.next()? else { return None };
                let last = parts.pop()?;
                parts.push(modified(&last, &modifier.to_string())?);
            }
            _ => return None,
        }
    }
    syn::parse_str::<Ident>(&parts.concat()).ok().map(|name| Ident::new(&name.to_string(), Span::call_site()))
}

/// A fragment that a macro put in may stand in a group without brackets.
fn flat(tokens: &[TokenTree]) -> Vec<TokenTree> {
    tokens
        .iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                flat(&group.stream().into_iter().collect::<Vec<_>>())
            }
            token => vec![token.clone()],
        })
        .collect()
}

fn modified(text: &str, modifier: &str) -> Option<String> {
    Some(match modifier {
        "lower" => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        "snake" => {
            let mut snake = String::new();
            let mut before = '_';
            for character in text.chars() {
                if character.is_uppercase() && before != '_' {
                    snake.push('_');
                }
                snake.push(character);
                before = character;
            }
            snake.to_lowercase()
        }
        "camel" => {
            let mut camel = String::new();
            let mut before = '_';
            for character in text.chars() {
                match character {
                    '_' => {}
                    _ if before == '_' => camel.extend(character.to_uppercase()),
                    _ if before.is_uppercase() => camel.extend(character.to_lowercase()),
                    _ => camel.push(character),
                }
                before = character;
            }
            camel
        }
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let text = pasted(text.parse().unwrap())?.to_string();
        Some(text.chars().filter(|one| !one.is_whitespace()).collect())
    }

    #[test]
    fn segments_make_one_identifier() {
        assert_eq!(shown("fn [<test_ a _ 1 \"x-y\">]() {}").unwrap(), "fntest_a_1x_y(){}");
        assert_eq!(shown("mod m { fn [<a B:lower>]() { [1] } }").unwrap(), "modm{fnab(){[1]}}");
    }

    #[test]
    fn modifiers_change_the_segment_before_them() {
        assert_eq!(shown("[<HttpServer:snake _ a:upper>]").unwrap(), "http_server_A");
        assert_eq!(shown("[<my_name:camel>]").unwrap(), "MyName");
    }

    #[test]
    fn what_is_no_identifier_is_not_understood() {
        assert_eq!(shown("[<a b:unheard>]"), None);
        assert_eq!(shown("[<>]"), None);
        assert_eq!(shown("[<1 2>]"), None);
    }
}
