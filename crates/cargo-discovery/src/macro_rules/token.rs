//! Tokens as the language has them: `=>` is one, where a `TokenStream` has two.

use proc_macro2::{Spacing, TokenStream, TokenTree};

const OPERATORS: [&str; 24] = [
    "<<=", ">>=", "...", "..=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "%=",
    "^=", "&=", "|=", "<<", ">>", "..",
];

/// How many trees the first token takes; 0 where there is none.
pub(super) fn length(tokens: &[TokenTree]) -> usize {
    let mut text = String::new();
    for token in tokens.iter().take(3) {
        let TokenTree::Punct(punct) = token else { break };
        text.push(punct.as_char());
        if punct.spacing() == Spacing::Alone {
            break;
        }
    }
    // A lifetime is a quote and a name.
    if text.starts_with('\'') && matches!(tokens.get(1), Some(TokenTree::Ident(_))) {
        return 2;
    }
    let longest = OPERATORS.iter().find(|operator| text.starts_with(*operator));
    longest.map_or(1, |operator| operator.len()).min(tokens.len())
}

/// How many tokens there are, and how deep their brackets nest.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub tokens: usize,
    pub depth: usize,
}

pub(super) fn size(tokens: TokenStream) -> Size {
    let mut all = Size::default();
    for token in tokens {
        all.tokens += 1;
        if let TokenTree::Group(group) = token {
            let inside = size(group.stream());
            all.tokens += inside.tokens;
            all.depth = all.depth.max(inside.depth + 1);
        }
    }
    all
}

/// Whether the first token is one, tree by tree: `=>` does not begin with a `=`.
pub(super) fn is_first(one: &[TokenTree], tokens: &[TokenTree]) -> bool {
    tokens.len() >= one.len()
        && one.iter().zip(tokens).all(|(one, other)| same(one, other))
        && (!matches!(one.first(), Some(TokenTree::Punct(_))) || length(tokens) == one.len())
}

/// Whether two trees are the same, groups by what is in them.
fn same(one: &TokenTree, other: &TokenTree) -> bool {
    match (one, other) {
        (TokenTree::Ident(one), TokenTree::Ident(other)) => one == other,
        (TokenTree::Punct(one), TokenTree::Punct(other)) => one.as_char() == other.as_char(),
        (TokenTree::Literal(one), TokenTree::Literal(other)) => one.to_string() == other.to_string(),
        _ => false,
    }
}
