//! Reads words: quotes, expansions, and what stands in them.

use super::parser::{Parsed, Parser, is_name};
use super::syntax::{Piece, PieceKind, Word};

/// Collects the pieces of a word.
#[derive(Default)]
struct Pieces {
    pieces: Vec<Piece>,
}

impl Pieces {
    fn text(&mut self, text: &str, quoted: bool, start: usize, end: usize) {
        if let Some(Piece { kind: PieceKind::Text(before), quoted: same, end: last, .. }) = self.pieces.last_mut()
            && *same == quoted
        {
            before.push_str(text);
            *last = end;
            return;
        }
        self.add(PieceKind::Text(text.to_owned()), quoted, start, end);
    }

    fn add(&mut self, kind: PieceKind, quoted: bool, start: usize, end: usize) {
        self.pieces.push(Piece { kind, quoted, start, end });
    }
}

impl<'a> Parser<'a> {
    /// A word, if one begins here.
    pub(super) fn word(&mut self) -> Parsed<Option<Word>> {
        self.word_until(|byte| {
            matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
        })
    }

    /// A word within `[[ ]]`, where operators and patterns are not told from other words.
    pub(super) fn word_of_test(&mut self) -> Parsed<Option<Word>> {
        self.word_until(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
    }

    fn word_until(&mut self, ends: fn(u8) -> bool) -> Parsed<Option<Word>> {
        let start = self.at;
        let mut pieces = Pieces::default();
        while let Some(byte) = self.peek() {
            if self.starts("<(") || self.starts(">(") {
                // Between commands and files; in a test, a comparison.
                if pieces.pieces.is_empty() && ends(b'<') {
                    let open = self.at;
                    self.at += 2;
                    self.commands(&mut pieces, false, open)?;
                    continue;
                }
            }
            if ends(byte) && self.source.hole(self.at).is_none() {
                break;
            }
            self.piece(&mut pieces)?;
        }
        if self.at == start {
            return Ok(None);
        }
        Ok(Some(Word { pieces: pieces.pieces, start, end: self.at }))
    }

    /// What stands next in a word, outside of double quotes.
    fn piece(&mut self, pieces: &mut Pieces) -> Parsed<()> {
        let start = self.at;
        if self.hole(pieces, false) {
            return Ok(());
        }
        match self.peek() {
            Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
            Some(b'\\') => {
                self.at += 1;
                let escaped = self.character().unwrap_or("\\");
                pieces.text(escaped, true, start, self.at);
            }
            Some(b'\'') => {
                self.at += 1;
                self.single_quotes(pieces, start)?;
            }
            Some(b'"') => self.nested(|parser| parser.double_quotes(pieces))?,
            Some(b'$') => self.dollar(pieces, false)?,
            Some(b'`') => self.backquotes(pieces, false)?,
            _ => {
                let text = self.character().unwrap_or_default();
                pieces.text(text, false, start, self.at);
            }
        }
        Ok(())
    }

    /// One character, which is read.
    fn character(&mut self) -> Option<&'a str> {
        let rest = self.source.text.get(self.at..self.end)?;
        let length = rest.chars().next()?.len_utf8();
        self.at += length;
        rest.get(..length)
    }

    /// What is not known, if it stands here.
    fn hole(&mut self, pieces: &mut Pieces, quoted: bool) -> bool {
        let Some((part, length)) = self.source.hole(self.at) else { return false };
        let part = part.clone();
        let start = self.at;
        self.at += length;
        pieces.add(PieceKind::Hole(part), quoted, start, self.at);
        true
    }

    /// What stands in single quotes, behind the first.
    fn single_quotes(&mut self, pieces: &mut Pieces, open: usize) -> Parsed<()> {
        // Quotes around nothing are a word too.
        pieces.add(PieceKind::Text(String::new()), true, open, self.at);
        loop {
            let start = self.at;
            if self.hole(pieces, true) {
                continue;
            }
            match self.character() {
                Some("'") => return Ok(()),
                Some(text) => pieces.text(text, true, start, self.at),
                None => {
                    self.at = open;
                    return Err(self.error("a quote is not closed"));
                }
            }
        }
    }

    fn double_quotes(&mut self, pieces: &mut Pieces) -> Parsed<()> {
        let open = self.at;
        self.at += 1;
        // Quotes around nothing are a word too.
        pieces.add(PieceKind::Text(String::new()), true, open, self.at);
        loop {
            let start = self.at;
            if self.hole(pieces, true) {
                continue;
            }
            match self.peek() {
                None => {
                    self.at = open;
                    return Err(self.error("a quote is not closed"));
                }
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => match self.peek_at(1) {
                    Some(b'\n') => self.at += 2,
                    Some(b'$' | b'`' | b'"' | b'\\') => {
                        self.at += 1;
                        let escaped = self.character().unwrap_or_default();
                        pieces.text(escaped, true, start, self.at);
                    }
                    _ => {
                        self.at += 1;
                        pieces.text("\\", true, start, self.at);
                    }
                },
                Some(b'$') => self.dollar(pieces, true)?,
                Some(b'`') => self.backquotes(pieces, true)?,
                Some(_) => {
                    let text = self.character().unwrap_or_default();
                    pieces.text(text, true, start, self.at);
                }
            }
        }
    }

    fn dollar(&mut self, pieces: &mut Pieces, quoted: bool) -> Parsed<()> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'(') if self.peek_at(1) == Some(b'(') => match self.arithmetic(2) {
                Some(_) => pieces.add(PieceKind::Opaque, quoted, start, self.at),
                None => return Err(self.error("`$((` may be arithmetic, or a subshell: put a space between")),
            },
            Some(b'(') => {
                self.at += 1;
                self.commands(pieces, quoted, start)?;
            }
            Some(b'{') => self.nested(|parser| parser.braces(pieces, quoted, start))?,
            Some(b'\'') if !quoted => {
                self.at += 1;
                self.escaped_string(pieces, start)?;
            }
            Some(b'"') if !quoted => self.nested(|parser| parser.double_quotes(pieces))?,
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = self.name();
                pieces.add(PieceKind::Parameter(name), quoted, start, self.at);
            }
            Some(byte @ (b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-')) => {
                self.at += 1;
                pieces.add(PieceKind::Parameter(char::from(byte).to_string()), quoted, start, self.at);
            }
            _ => pieces.text("$", quoted, start, self.at),
        }
        Ok(())
    }

    fn name(&mut self) -> String {
        let rest = self.source.text.get(self.at..self.end).unwrap_or_default();
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        self.at += length;
        rest[..length].to_owned()
    }

    /// Commands up to a closing parenthesis.
    fn commands(&mut self, pieces: &mut Pieces, quoted: bool, start: usize) -> Parsed<()> {
        let body = self.nested(Self::body)?;
        if !self.eat(")") {
            return Err(self.error("a command substitution is not closed"));
        }
        pieces.add(PieceKind::Commands(body), quoted, start, self.at);
        Ok(())
    }

    /// `${ }`, with the brace next.
    fn braces(&mut self, pieces: &mut Pieces, quoted: bool, start: usize) -> Parsed<()> {
        self.at += 1;
        let prefixed = matches!(self.peek(), Some(b'#' | b'!')) && self.peek_at(1) != Some(b'}');
        if prefixed {
            self.at += 1;
        }
        let mut name = self.name();
        if name.is_empty() && self.peek().is_some_and(|byte| b"@*#?$!-".contains(&byte)) {
            name = self.character().unwrap_or_default().to_owned();
        }
        if !prefixed && !name.is_empty() && self.eat("}") {
            pieces.add(PieceKind::Parameter(name), quoted, start, self.at);
            return Ok(());
        }
        if !prefixed && is_name(&name) && self.eat("[@]}") {
            pieces.add(PieceKind::Elements(name), quoted, start, self.at);
            return Ok(());
        }
        let word_at = self.at;
        // In double quotes, single ones quote in a pattern, and stand for themselves in a word.
        let operator =
            self.source.text.get(self.at..self.end).unwrap_or_default().trim_start_matches(':').bytes().next();
        let literal_quotes = quoted && matches!(operator, Some(b'-' | b'+' | b'=' | b'?'));
        let sets = (operator == Some(b'=') && is_name(&name)).then(|| name.clone());
        let mut inner = Pieces::default();
        loop {
            let at = self.at;
            match self.peek() {
                None => {
                    self.at = start;
                    return Err(self.error("`${` is not closed"));
                }
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b'\'') if literal_quotes => {
                    self.at += 1;
                    inner.text("'", true, at, self.at);
                }
                Some(_) => self.piece(&mut inner)?,
            }
        }
        let word = Word { pieces: inner.pieces, start: word_at, end: self.at - 1 };
        pieces.add(PieceKind::Expansion(sets, word), quoted, start, self.at);
        Ok(())
    }

    /// `$' '`, behind its first quote.
    fn escaped_string(&mut self, pieces: &mut Pieces, start: usize) -> Parsed<()> {
        let from = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'\'' => {
                    let text = self.source.text.get(from..self.at).unwrap_or_default().to_owned();
                    self.at += 1;
                    let known = !text.contains('\\') && !self.source.has_hole(from, self.at);
                    let kind = if known { PieceKind::Text(text) } else { PieceKind::Opaque };
                    pieces.add(kind, true, start, self.at);
                    return Ok(());
                }
                b'\\' => self.at = (self.at + 2).min(self.end),
                _ => self.at += 1,
            }
        }
        self.at = start;
        Err(self.error("a quote is not closed"))
    }

    fn backquotes(&mut self, pieces: &mut Pieces, quoted: bool) -> Parsed<()> {
        let start = self.at;
        self.at += 1;
        let rest = self.source.text.get(self.at..self.end).unwrap_or_default();
        let Some(length) = rest.find(['`', '\\']) else { return Err(self.error("a back quote is not closed")) };
        if rest.as_bytes()[length] == b'\\' {
            return Err(self.error("a back slash within back quotes is not followed: write `$( )`"));
        }
        let outer = std::mem::replace(&mut self.end, self.at + length);
        let body = self.nested(Self::body);
        let complete = self.at == self.end;
        self.end = outer;
        let body = body?;
        if !complete {
            return Err(self.error("what stands in back quotes is not closed"));
        }
        self.at += 1;
        pieces.add(PieceKind::Commands(body), quoted, start, self.at);
        Ok(())
    }
}
