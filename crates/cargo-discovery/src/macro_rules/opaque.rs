//! What a metavariable put in stays one whole where a macro passes it on to another: `u8` as a `$t:ty` is no `u8` to the
//! rules of the next. Such a fragment stands in a group without brackets, which text does not have.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// Names the braces that stand for a group without brackets in a text.
const MARK: &str = "__one_whole_fragment";

/// The tokens as text, fragments marked.
pub(crate) fn written(tokens: TokenStream) -> String {
    marked(tokens).to_string()
}

/// The tokens of a text, marked fragments whole again.
pub(crate) fn read(text: &str) -> Option<TokenStream> {
    let tokens: TokenStream = text.parse().ok()?;
    Some(if text.contains(MARK) { unmarked(tokens) } else { tokens })
}

/// The tokens with fragments opened, but for those in the arguments of macros.
pub(crate) fn opened(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    open(tokens, &mut out);
    out.into_iter().collect()
}

fn open(tokens: TokenStream, out: &mut Vec<TokenTree>) {
    // `name!(...)` or `macro_rules! name {...}`
    let (mut before, mut last_is_bang) = (false, false);
    for token in tokens {
        let is_bang = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!');
        let is_name = matches!(token, TokenTree::Ident(_));
        let is_of_macro = last_is_bang || before;
        before = last_is_bang && is_name;
        last_is_bang = is_bang;
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => open(group.stream(), out),
            TokenTree::Group(group) if !is_of_macro => {
                let inside = opened(group.stream());
                out.push(TokenTree::Group(Group::new(group.delimiter(), inside)));
            }
            token => out.push(token),
        }
    }
}

fn marked(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            out.push(token);
            continue;
        };
        let inside = marked(group.stream());
        if group.delimiter() == Delimiter::None {
            out.push(TokenTree::Ident(Ident::new(MARK, Span::call_site())));
            out.push(TokenTree::Group(Group::new(Delimiter::Brace, inside)));
        } else {
            out.push(TokenTree::Group(Group::new(group.delimiter(), inside)));
        }
    }
    out.into_iter().collect()
}

fn unmarked(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            out.push(token);
            continue;
        };
        let is_marked = matches!(out.last(), Some(TokenTree::Ident(name)) if name == MARK);
        if is_marked {
            out.pop();
        }
        let delimiter = if is_marked { Delimiter::None } else { group.delimiter() };
        out.push(TokenTree::Group(Group::new(delimiter, unmarked(group.stream()))));
    }
    out.into_iter().collect()
}
