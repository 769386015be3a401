//! What `$name:specifier` takes of the tokens.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};

use super::{Unclear, is_punct, token};
use crate::syntax;

/// A fragment specifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Specifier {
    Block,
    Expression,
    Identifier,
    Item,
    Lifetime,
    Literal,
    Meta,
    Path,
    Pattern,
    PatternParameter,
    Statement,
    TokenTree,
    Type,
    Visibility,
}

impl Specifier {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "block" => Self::Block,
            "expr" | "expr_2021" => Self::Expression,
            "ident" => Self::Identifier,
            "item" => Self::Item,
            "lifetime" => Self::Lifetime,
            "literal" => Self::Literal,
            "meta" => Self::Meta,
            "path" => Self::Path,
            "pat" => Self::Pattern,
            "pat_param" => Self::PatternParameter,
            "stmt" => Self::Statement,
            "tt" => Self::TokenTree,
            "ty" => Self::Type,
            "vis" => Self::Visibility,
            _ => return None,
        })
    }

    /// The fragment that the tokens begin with, and how many they are; `None` where they begin with none.
    ///
    /// Where rustc has begun to read a fragment, it goes through with it or the program is wrong. So what cannot be
    /// read here is unclear: another rule must not be taken instead.
    pub(super) fn take(self, tokens: &[TokenTree]) -> Result<Option<(usize, TokenStream)>, Unclear> {
        let length = match self {
            Self::TokenTree => Some(token::length(tokens)).filter(|_| !tokens.is_empty()),
            Self::Identifier => matches!(tokens.first(), Some(TokenTree::Ident(name)) if name != "_").then_some(1),
            Self::Lifetime => is_punct(tokens.first(), '\'').then_some(2),
            Self::Block => is_group(tokens.first(), Delimiter::Brace).then_some(1),
            Self::Literal => literal(tokens),
            Self::Visibility => Some(visibility(tokens)),
            _ if tokens.is_empty() || !self.may_begin(&tokens[0]) => None,
            _ => Some(self.read(tokens)?),
        };
        Ok(length.map(|length| {
            let fragment: TokenStream = tokens[..length].iter().cloned().collect();
            // These are one whole from here on: `$a * 2` with `1 + 2` for `$a` is `(1 + 2) * 2`.
            let is_whole = matches!(self, Self::Expression | Self::Type | Self::Pattern | Self::PatternParameter);
            let is_single = length == 1;
            if is_whole && !is_single {
                (length, TokenTree::Group(Group::new(Delimiter::None, fragment)).into())
            } else {
                (length, fragment)
            }
        }))
    }

    /// Whether rustc begins to read such a fragment at this token.
    fn may_begin(self, token: &TokenTree) -> bool {
        let TokenTree::Punct(punct) = token else { return true };
        let character = punct.as_char();
        match self {
            Self::Expression => "-!&*|<.'#".contains(character),
            Self::Type => "!&*<'".contains(character),
            Self::Pattern => "-&<.|".contains(character),
            Self::PatternParameter => "-&<.".contains(character),
            Self::Path | Self::Meta => "<:".contains(character),
            Self::Item => "#:".contains(character),
            Self::Statement => !",;=>".contains(character),
            _ => true,
        }
    }

    /// How many tokens the fragment takes that begins here.
    ///
    /// What follows most fragments is a comma, a semicolon or `=>`, so it is read up to the first of these; where that
    /// is within the fragment (`HashMap<K, V>`), up to the next.
    fn read(self, tokens: &[TokenTree]) -> Result<usize, Unclear> {
        let mut end = 0;
        loop {
            end = if self == Self::Item { tokens.len() } else { next_end(tokens, end) };
            let window: TokenStream = tokens[..end].iter().cloned().collect();
            let mut left = 0;
            let parser = |input: ParseStream<'_>| {
                self.parse(input)?;
                let mut cursor = input.cursor();
                while let Some((_, next)) = cursor.token_tree() {
                    left += 1;
                    cursor = next;
                }
                // The rest is not for this fragment.
                input.parse::<TokenStream>().map(drop)
            };
            match parser.parse2(window) {
                Ok(()) if end > left => return Ok(end - left),
                _ if end == tokens.len() => return Err(Unclear(format!("its arguments are no {}", self.noun()))),
                _ => end += 1,
            }
        }
    }

    fn parse(self, input: ParseStream<'_>) -> syn::Result<()> {
        match self {
            Self::Expression => input.parse::<syn::Expr>().map(drop),
            Self::Type => input.parse::<syn::Type>().map(drop),
            Self::Path => input.parse::<syn::Path>().map(drop),
            Self::Meta => input.parse::<syn::Meta>().map(drop),
            Self::Pattern => syn::Pat::parse_multi_with_leading_vert(input).map(drop),
            Self::PatternParameter => syn::Pat::parse_single(input).map(drop),
            Self::Item => syntax::skip_item(input),
            Self::Statement if input.peek(syn::Token![let]) => {
                input.parse::<syn::Token![let]>()?;
                syn::Pat::parse_single(input)?;
                while !input.is_empty() {
                    input.parse::<TokenTree>()?;
                }
                Ok(())
            }
            Self::Statement => input.parse::<syn::Expr>().map(drop),
            _ => Err(input.error("no fragment that is parsed")),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Expression => "expression",
            Self::Type => "type",
            Self::Path => "path",
            Self::Meta => "attribute",
            Self::Pattern | Self::PatternParameter => "pattern",
            Self::Item => "item",
            Self::Statement => "statement",
            _ => "fragment",
        }
    }
}

/// The next comma, semicolon or `=>` from `from` on, or the end.
fn next_end(tokens: &[TokenTree], from: usize) -> usize {
    let is_end = |at: &usize| {
        let token = tokens.get(*at);
        is_punct(token, ',')
            || is_punct(token, ';')
            || (is_punct(token, '=') && is_punct(tokens.get(at + 1), '>') && token::length(&tokens[*at..]) == 2)
    };
    (from.max(1)..tokens.len()).find(is_end).unwrap_or(tokens.len())
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

fn literal(tokens: &[TokenTree]) -> Option<usize> {
    let (sign, value) = if is_punct(tokens.first(), '-') { (1, tokens.get(1)) } else { (0, tokens.first()) };
    match value? {
        TokenTree::Literal(_) => Some(sign + 1),
        TokenTree::Ident(word) if sign == 0 && (word == "true" || word == "false") => Some(1),
        _ => None,
    }
}

fn visibility(tokens: &[TokenTree]) -> usize {
    match tokens {
        [TokenTree::Ident(word), rest @ ..] if word == "pub" => match rest.first() {
            Some(TokenTree::Group(group)) if is_restriction(group) => 2,
            _ => 1,
        },
        _ => 0,
    }
}

/// `(crate)`, `(super)`, `(self)` or `(in path)`: a tuple type may follow `pub` as well.
fn is_restriction(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Parenthesis
        && matches!(first, Some(TokenTree::Ident(word)) if ["crate", "super", "self", "in"].iter().any(|one| word == *one))
}
