//! The words of an expression.

use std::fmt;

use crate::characters::is_word;
use crate::error::{ErrorKind, ParseError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    LeftParenthesis,
    RightParenthesis,
    Or,
    And,
    Not,
    Identifier,
    End,
    Equal,
    String,
    Comma,
}

/// As pytest's messages have it.
impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeftParenthesis => "left parenthesis",
            Self::RightParenthesis => "right parenthesis",
            Self::Or => "or",
            Self::And => "and",
            Self::Not => "not",
            Self::Identifier => "identifier",
            Self::End => "end of input",
            Self::Equal => "=",
            Self::String => "string literal",
            Self::Comma => ",",
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'t> {
    pub(crate) kind: TokenKind,
    /// As written; a string with its quotes.
    pub(crate) text: &'t str,
    /// In characters, from 1.
    pub(crate) column: usize,
}

/// Reads token by token: what is wrong further right must not hide what is wrong further left.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    rest: &'t str,
    column: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, rest: text, column: 1 }
    }

    pub(crate) fn error(&self, column: usize, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, column, message, ErrorKind::Syntax)
    }

    pub(crate) fn crash(&self, column: usize, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, column, message, ErrorKind::Crash)
    }

    /// The fault of a text that fits the grammar.
    pub(crate) fn compiler_error(&self, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, 1, message, ErrorKind::Compiler)
    }

    pub(crate) fn next(&mut self) -> Result<Token<'t>, ParseError> {
        let trimmed = self.rest.trim_start_matches([' ', '\t']);
        self.column += self.rest.len() - trimmed.len();
        self.rest = trimmed;
        let Some(first) = trimmed.chars().next() else {
            return Ok(self.take(TokenKind::End, 0));
        };
        match first {
            '(' => Ok(self.take(TokenKind::LeftParenthesis, 1)),
            ')' => Ok(self.take(TokenKind::RightParenthesis, 1)),
            '=' => Ok(self.take(TokenKind::Equal, 1)),
            ',' => Ok(self.take(TokenKind::Comma, 1)),
            '\'' | '"' => self.string(first),
            c if is_word(c) => {
                let length = trimmed.find(|c| !is_word(c)).unwrap_or(trimmed.len());
                let kind = match &trimmed[..length] {
                    "or" => TokenKind::Or,
                    "and" => TokenKind::And,
                    "not" => TokenKind::Not,
                    _ => TokenKind::Identifier,
                };
                Ok(self.take(kind, length))
            }
            c => Err(self.error(self.column, format!("unexpected character \"{c}\""))),
        }
    }

    fn string(&mut self, quote: char) -> Result<Token<'t>, ParseError> {
        let Some(inner) = self.rest[1..].find(quote) else {
            let message = format!("closing quote \"{quote}\" is missing");
            return Err(self.error(self.column, message));
        };
        let literal = &self.rest[..inner + 2];
        if let Some(backslash) = literal.find('\\') {
            let column = self.column + literal[..backslash].chars().count();
            let message = r#"escaping with "\" not supported in marker expression"#;
            return Err(self.error(column, message));
        }
        Ok(self.take(TokenKind::String, literal.len()))
    }

    fn take(&mut self, kind: TokenKind, length: usize) -> Token<'t> {
        let (text, rest) = self.rest.split_at(length);
        let column = self.column;
        self.rest = rest;
        self.column += text.chars().count();
        Token { kind, text, column }
    }
}
