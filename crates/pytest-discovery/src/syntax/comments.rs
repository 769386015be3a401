//! Comments, as the parser's tokens have them.

use std::ops::RangeInclusive;

use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;
use test_catalog::Comment;

use super::lines::Lines;
use super::nesting;

/// The comments of a text that parses. Its line ends are line feeds.
pub(crate) fn comments(text: &str) -> Vec<Comment> {
    if nesting::check(text).is_err() {
        return Vec::new();
    }
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    if !parsed.errors().is_empty() {
        return Vec::new();
    }
    let reader = Reader { text, tokens: parsed.tokens(), lines: Lines::of(text) };
    let mut comments: Vec<Comment> = (0..reader.tokens.len()).filter_map(|index| reader.comment(index)).collect();
    let first_code = reader.tokens.iter().find(|token| !is_blank(token)).map(|token| reader.line(token));
    for comment in &mut comments {
        comment.at_top = first_code.is_none_or(|line| comment.at.line < line);
    }
    comments
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    lines: Lines,
}

impl Reader<'_> {
    fn line(&self, token: &Token) -> u32 {
        self.lines.line(token.start().to_u32())
    }

    fn comment(&self, index: usize) -> Option<Comment> {
        let token = self.tokens.get(index).filter(|token| token.kind() == TokenKind::Comment)?;
        let at = self.lines.position(token.start().to_u32());
        let start = self.lines.start(at.line);
        let before = self.text.get(start as usize..token.start().to_usize()).unwrap_or_default();
        let lines = if before.trim().is_empty() { self.code_below(index, at.line) } else { at.line..=at.line };
        let text = self.text.get(token.range().to_std_range()).unwrap_or_default();
        Some(Comment { at, text: text.trim_start_matches('#').trim().to_owned(), at_top: false, lines })
    }

    /// The code that begins right below the comment, or the comments that follow it without a blank line: from its
    /// decorators to the first line behind them.
    fn code_below(&self, index: usize, mut above: u32) -> RangeInclusive<u32> {
        let mut rest = &self.tokens[index + 1..];
        let mut first = None;
        while let [token, behind @ ..] = rest {
            match token.kind() {
                TokenKind::Comment if self.line(token) == above + 1 => above += 1,
                _ if is_blank(token) => {}
                _ => {
                    first = Some(self.line(token)).filter(|line| *line == above + 1);
                    break;
                }
            }
            rest = behind;
        }
        match (first, behind_decorators(rest)) {
            (Some(first), Some(head)) => first..=self.line(head),
            _ => empty(),
        }
    }
}

/// The first token of the first statement that is no decorator.
fn behind_decorators(tokens: &[Token]) -> Option<&Token> {
    let statements = tokens.split(|token| token.kind() == TokenKind::Newline);
    let first_tokens = statements.filter_map(|statement| statement.iter().find(|token| !is_blank(token)));
    first_tokens.into_iter().find(|token| token.kind() != TokenKind::At)
}

/// What is no code.
fn is_blank(token: &Token) -> bool {
    matches!(
        token.kind(),
        TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::Newline
            | TokenKind::Indent
            | TokenKind::Dedent
            | TokenKind::EndOfFile
    )
}

#[expect(clippy::reversed_empty_ranges, reason = "a comment at the end is about no line")]
fn empty() -> RangeInclusive<u32> {
    1..=0
}
