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
            Self::Block => tokens.first().is_some_and(is_block).then_some(1),
            Self::Literal => literal(tokens),
            // rustc takes no fragment where there is nothing, be it one that may be empty.
            Self::Visibility => Some(visibility(tokens)).filter(|_| !tokens.is_empty()),
            Self::Item | Self::Meta | Self::Pattern | Self::PatternParameter | Self::Statement
                if is_group(tokens.first(), Delimiter::None) =>
            {
                Some(1)
            }
            _ if tokens.is_empty() || !self.may_begin(&tokens[0]) => None,
            _ => Some(self.read(tokens)?),
        };
        Ok(length.map(|length| {
            let fragment: TokenStream = tokens[..length].iter().cloned().collect();
            // They are one whole from here on: `$a * 2` with `1 + 2` for `$a` is `(1 + 2) * 2`, and to the rules of
            // another macro `1` is an expression and no `1`.
            let is_plain = matches!(self, Self::TokenTree | Self::Identifier | Self::Lifetime);
            let is_whole = length == 1 && is_group(tokens.first(), Delimiter::None);
            if !is_plain && !is_whole && length > 0 {
                (length, TokenTree::Group(Group::new(Delimiter::None, fragment)).into())
            } else {
                (length, fragment)
            }
        }))
    }

    /// Whether rustc begins to read such a fragment at this token.
    fn may_begin(self, token: &TokenTree) -> bool {
        let character = match token {
            TokenTree::Punct(punct) => punct.as_char(),
            TokenTree::Ident(word) => {
                let word = word.to_string();
                return match self {
                    Self::Expression => !NO_EXPRESSION.contains(&word.as_str()),
                    Self::Type => !NO_TYPE.contains(&word.as_str()),
                    _ => true,
                };
            }
            TokenTree::Literal(_) => return self != Self::Type,
            TokenTree::Group(group) => {
                let is_brace = group.delimiter() == Delimiter::Brace;
                return !(is_brace && matches!(self, Self::Type | Self::Pattern | Self::PatternParameter));
            }
        };
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
        let is_of_edition = matches!(&tokens[0], TokenTree::Ident(word) if word == "_" || word == "const");
        if self == Self::Expression && is_of_edition {
            return Err(Unclear("whether `_` and `const` are expressions depends on the edition".into()));
        }
        let mut end = 0;
        loop {
            end = if self == Self::Item { next_item_end(tokens, end) } else { next_end(tokens, end) };
            if longest_run(&tokens[..end]) > LONGEST_RUN {
                return Err(Unclear(format!("its {} is longer than is followed", self.noun())));
            }
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

/// Behind the next block or semicolon from `from` on, and the token that tells whether an item ends there.
fn next_item_end(tokens: &[TokenTree], from: usize) -> usize {
    let is_end = |token: &TokenTree| is_punct(Some(token), ';') || is_group(Some(token), Delimiter::Brace);
    let end = (from.saturating_sub(1)..tokens.len()).find(|at| is_end(&tokens[*at]));
    end.map_or(tokens.len(), |at| tokens.len().min(at + 2).max(from))
}

/// How many tokens stand in a row without a comma or a semicolon, within brackets as well.
fn longest_run(tokens: &[TokenTree]) -> usize {
    let (mut longest, mut run) = (0, 0);
    for token in tokens {
        run = if is_punct(Some(token), ',') || is_punct(Some(token), ';') { 0 } else { run + 1 };
        longest = longest.max(run);
        if let TokenTree::Group(group) = token {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            longest = longest.max(longest_run(&inside));
        }
    }
    longest
}

/// What reads a fragment recurses: `!!!a`. More in a row is no program.
const LONGEST_RUN: usize = 2_000;
/// Keywords that no expression begins with.
const NO_EXPRESSION: [&str; 25] = [
    "abstract", "as", "else", "enum", "extern", "final", "fn", "impl", "in", "let", "macro", "mod", "mut", "override",
    "priv", "pub", "ref", "struct", "trait", "type", "typeof", "unsized", "use", "virtual", "where",
];
/// Keywords that no type begins with.
const NO_TYPE: [&str; 35] = [
    "abstract", "as", "become", "box", "break", "const", "continue", "do", "else", "enum", "false", "final", "if",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static",
    "struct", "trait", "true", "type", "use", "virtual", "where", "while",
];

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

/// A block, or one that a macro put in.
fn is_block(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let mut inside = group.stream().into_iter();
    match group.delimiter() {
        Delimiter::Brace => true,
        Delimiter::None => inside.next().is_some_and(|only| is_block(&only)) && inside.next().is_none(),
        _ => false,
    }
}

fn literal(tokens: &[TokenTree]) -> Option<usize> {
    let (sign, value) = if is_punct(tokens.first(), '-') { (1, tokens.get(1)) } else { (0, tokens.first()) };
    match value? {
        TokenTree::Literal(_) => Some(sign + 1),
        TokenTree::Group(group) if sign == 0 && group.delimiter() == Delimiter::None => {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            (literal(&inside) == Some(inside.len())).then_some(1)
        }
        TokenTree::Ident(word) if sign == 0 && (word == "true" || word == "false") => Some(1),
        _ => None,
    }
}

fn visibility(tokens: &[TokenTree]) -> usize {
    match tokens {
        [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::None => {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            usize::from(visibility(&inside) == inside.len())
        }
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
