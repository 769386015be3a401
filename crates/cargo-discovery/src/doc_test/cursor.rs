//! Moves over a Rust text, token by token, and knows documentation when it sees it.

use crate::skim::{comment_end, is_word, token_end};

/// A stretch of the text that is documentation, or any attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw {
    pub start: usize,
    pub end: usize,
    pub form: Form,
    /// `//!`, `/*!` and `#![...]`: it belongs to the item around it.
    pub is_inner: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Line,
    Block,
    Attribute,
}

pub(super) struct Cursor<'t> {
    pub text: &'t str,
    bytes: &'t [u8],
    pub at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'t [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn is_at_comment(&self) -> bool {
        self.rest().starts_with(b"//") || self.rest().starts_with(b"/*")
    }

    /// Skips blanks and comments that document nothing.
    pub(super) fn skip_blank(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'/' if self.is_at_comment() && self.documentation().is_none() => {
                    self.at = comment_end(self.bytes, self.at);
                }
                _ => return,
            }
        }
    }

    /// Skips blanks and all comments, where documentation is nobody's.
    pub(super) fn skip_comments(&mut self) {
        self.skip_blank();
        while let Some(raw) = self.documentation() {
            self.at = raw.end;
            self.skip_blank();
        }
    }

    /// The documentation comment that begins here.
    pub(super) fn documentation(&self) -> Option<Raw> {
        let rest = self.rest();
        let (form, is_inner) = match rest.get(..3)? {
            b"///" if rest.get(3) != Some(&b'/') => (Form::Line, false),
            b"//!" => (Form::Line, true),
            b"/**" if !matches!(rest.get(3), Some(b'*' | b'/')) => (Form::Block, false),
            b"/*!" => (Form::Block, true),
            _ => return None,
        };
        Some(Raw { start: self.at, end: comment_end(self.bytes, self.at), form, is_inner })
    }

    /// Passes over the attribute that begins at the `#` here.
    pub(super) fn attribute(&mut self) -> Option<Raw> {
        let start = self.at;
        self.at += 1;
        self.skip_comments();
        let is_inner = self.peek() == Some(b'!');
        if is_inner {
            self.at += 1;
            self.skip_comments();
        }
        if self.peek() != Some(b'[') {
            self.at = start;
            return None;
        }
        self.skip_group();
        Some(Raw { start, end: self.at, form: Form::Attribute, is_inner })
    }

    /// Passes over a group without looking for anything in it.
    pub(super) fn skip_group(&mut self) {
        self.skip_group_before(usize::MAX);
    }

    /// Passes over a group that ends before a place; stays where it is if it does not.
    pub(super) fn skip_group_before(&mut self, limit: usize) -> bool {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {
                    self.skip_token();
                    continue;
                }
            }
            if self.at >= limit {
                self.at = start;
                return false;
            }
            self.at += 1;
            if depth == 0 {
                return true;
            }
        }
        true
    }

    /// Passes over what is here: a comment, a word, a literal, a sign.
    pub(super) fn skip_token(&mut self) {
        self.at = match self.peek() {
            Some(b'/') if self.is_at_comment() => comment_end(self.bytes, self.at),
            Some(byte) if is_word(byte) || byte == b'"' || byte == b'\'' => {
                // A character that is no ASCII may stand after a backslash of a broken literal.
                let end = token_end(self.bytes, self.at);
                (end..=self.bytes.len()).find(|&end| self.text.is_char_boundary(end)).unwrap_or(end)
            }
            _ => self.at + 1,
        };
    }

    /// Passes over the word here, if there is one; `r#` stays only where the word is reserved.
    pub(super) fn word(&mut self) -> Option<&'t str> {
        let start = self.at;
        let raw = self.rest().starts_with(b"r#") && self.bytes.get(start + 2).is_some_and(|&byte| is_word(byte));
        let begin = if raw { start + 2 } else { start };
        let first = *self.bytes.get(begin)?;
        let length = self.bytes[begin..].iter().take_while(|&&byte| is_word(byte)).count();
        // A number is no word, nor is the prefix of a string.
        if length == 0 || first.is_ascii_digit() || token_end(self.bytes, begin) != begin + length {
            return None;
        }
        self.at = begin + length;
        let plain = &self.text[begin..self.at];
        Some(if raw && is_reserved(plain) { &self.text[start..self.at] } else { plain })
    }

    /// The next word, left where it is.
    pub(super) fn next_word(&mut self) -> Option<&'t str> {
        self.ahead(|cursor| {
            cursor.skip_comments();
            cursor.word()
        })
    }

    /// The next byte that is neither blank nor comment, left where it is.
    pub(super) fn next_byte(&mut self) -> Option<u8> {
        self.ahead(|cursor| {
            cursor.skip_comments();
            cursor.peek()
        })
    }

    /// Looks ahead, and comes back.
    pub(super) fn ahead<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let at = self.at;
        let seen = look(self);
        self.at = at;
        seen
    }
}

pub(super) fn is_reserved(word: &str) -> bool {
    syn::parse_str::<syn::Ident>(word).is_err()
}
