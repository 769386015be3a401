//! A place in a text, and the tokens there.

use memchr::{memchr, memchr2, memchr3};

/// How deeply brackets and operands may nest.
const DEEPEST: u32 = 60;
/// Of a number: Python refuses decimal ones that are longer.
pub(in crate::syntax) const MOST_DIGITS: usize = 4_300;

/// Reads on from a place, as long as what stands there is plainly well-formed. `None` stands for all else, and leaves
/// the place anywhere. Otherwise the place is where a token begins, or the end of a line.
pub(super) struct Scan<'t> {
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    /// Brackets that are open: the ends of lines within are white space.
    pub(super) brackets: u32,
    pub(super) around: Around,
    /// Names that may not come twice: of parameters and keywords, the innermost last.
    pub(super) names: Vec<&'t [u8]>,
    /// Behind the last statement that was read.
    pub(super) end: usize,
    /// Whether an annotation was read that may do something.
    pub(super) annotated: bool,
    /// Whether the statement has had an asynchronous comprehension so far.
    pub(super) asynchronous: bool,
    depth: u32,
    /// The word that was read last: it is mostly looked at before it is read as a name.
    word: Word,
}

/// A run of letters, digits and `_`.
#[derive(Debug, Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
    ascii: bool,
}

impl Word {
    fn at(bytes: &[u8], start: usize) -> Self {
        // What ends a word is of ASCII.
        let rest = bytes.get(start..).unwrap_or_default();
        let mut beyond = 0;
        let length = rest.iter().position(|&byte| {
            beyond |= byte;
            !is_word(byte)
        });
        Self { start, end: start + length.unwrap_or(rest.len()), ascii: beyond < 0x80 }
    }
}

/// What a statement or an expression stands in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    pub(super) function: bool,
    pub(super) coroutine: bool,
    pub(super) looping: bool,
    /// A value in an f-string.
    pub(super) interpolation: bool,
    /// The clauses of a comprehension.
    pub(super) comprehension: bool,
    /// Whether the function has had a `yield` so far.
    pub(super) yields: bool,
    /// Whether it has had a `return` with a value.
    pub(super) gives: bool,
    /// How many blocks are around. Python refuses more than 20 loops and the like.
    pub(super) blocks: u32,
}

impl<'t> Scan<'t> {
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            brackets: 0,
            around: Around::default(),
            names: Vec::new(),
            end: 0,
            annotated: false,
            asynchronous: false,
            depth: 0,
            word: Word::at(bytes, 0),
        }
    }

    /// Goes on at a place, with nothing open.
    pub(super) fn restart(&mut self, at: usize) {
        (self.at, self.brackets, self.depth, self.around) = (at, 0, 0, Around::default());
        self.asynchronous = false;
        self.names.clear();
    }

    /// The byte there; 0, which no text has, behind the last.
    pub(super) fn peek(&self) -> u8 {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// One level deeper.
    pub(super) fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += 1;
        let read = if self.depth > DEEPEST { None } else { read(self) };
        self.depth -= 1;
        read
    }

    /// The same between brackets: behind the one that opens, up to the one that closes.
    pub(super) fn bracketed<T>(&mut self, close: u8, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.brackets += 1;
        self.pass(1);
        let read = self.within(read)?;
        self.brackets -= 1;
        self.expect(close)?;
        Some(read)
    }

    /// Over a token of that length, to the next one.
    pub(super) fn pass(&mut self, length: usize) {
        self.at += length;
        self.space();
    }

    /// Skips what stands between tokens.
    #[inline]
    pub(super) fn space(&mut self) {
        while self.peek() == b' ' {
            self.at += 1;
        }
        if matches!(self.peek(), b'\t' | b'\n' | b'\\' | b'#') {
            self.more_space();
        }
    }

    /// Apart, so that the blanks before it are skipped without a call.
    #[inline(never)]
    fn more_space(&mut self) {
        loop {
            match self.peek() {
                b' ' => {
                    let rest = &self.bytes[self.at..];
                    self.at += rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len());
                }
                b'\t' => self.at += 1,
                b'\\' if self.peek_at(1) == b'\n' => self.at += 2,
                b'\n' if self.brackets > 0 => self.at += 1,
                b'#' if self.brackets > 0 => self.comment(),
                _ => return,
            }
        }
    }

    /// Skips to the end of the line.
    pub(super) fn comment(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += memchr(b'\n', rest).unwrap_or(rest.len());
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == byte;
        if is_there {
            self.pass(1);
        }
        is_there
    }

    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// The word there; empty where none begins.
    pub(super) fn peek_word(&mut self) -> &'t [u8] {
        self.word_at(self.at)
    }

    pub(super) fn word_at(&mut self, at: usize) -> &'t [u8] {
        if self.word.start != at {
            self.word = Word::at(self.bytes, at);
        }
        match self.bytes.get(at..self.word.end) {
            Some(word) if !word.first().is_some_and(u8::is_ascii_digit) => word,
            _ => b"",
        }
    }

    /// Whether that word stands there.
    pub(super) fn is_at_word(&self, wanted: &[u8]) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(wanted)) && !is_word(self.peek_at(wanted.len()))
    }

    pub(super) fn eat_word(&mut self, wanted: &[u8]) -> bool {
        let is_there = self.is_at_word(wanted);
        if is_there {
            self.pass(wanted.len());
        }
        is_there
    }

    pub(super) fn expect_word(&mut self, wanted: &[u8]) -> Option<()> {
        self.eat_word(wanted).then_some(())
    }

    /// A name: no keyword, and of ASCII.
    pub(super) fn name(&mut self) -> Option<&'t [u8]> {
        let word = self.peek_word();
        let is_name = !word.is_empty() && self.word.ascii && !is_keyword(word) && word != b"__debug__";
        is_name.then(|| self.pass(word.len()))?;
        Some(word)
    }

    /// A number that no letter follows.
    pub(super) fn number(&mut self) -> Option<()> {
        let radix = match (self.peek(), self.peek_at(1)) {
            (b'0', b'x' | b'X') => 16,
            (b'0', b'o' | b'O') => 8,
            (b'0', b'b' | b'B') => 2,
            (b'0', b'0'..=b'9' | b'_') => return None,
            _ => 10,
        };
        if radix != 10 {
            self.at += 2;
            self.digits(radix)?;
        } else {
            if self.peek() != b'.' {
                self.digits(10)?;
            }
            if self.peek() == b'.' {
                self.at += 1;
                if self.peek().is_ascii_digit() {
                    self.digits(10)?;
                }
            }
            if matches!(self.peek(), b'e' | b'E') {
                self.at += 1 + usize::from(matches!(self.peek_at(1), b'+' | b'-'));
                self.digits(10)?;
            }
            self.at += usize::from(matches!(self.peek(), b'j' | b'J'));
        }
        (!is_word(self.peek())).then(|| self.space())
    }

    fn digits(&mut self, radix: u32) -> Option<()> {
        let start = self.at;
        while char::from(self.peek()).is_digit(radix) || (self.peek() == b'_' && self.at > start) {
            if self.peek() == b'_' && !char::from(self.peek_at(1)).is_digit(radix) {
                return None;
            }
            self.at += 1;
        }
        // Python refuses numbers that are too long.
        (self.at > start && self.at - start <= MOST_DIGITS).then_some(())
    }

    /// Strings side by side.
    pub(super) fn strings(&mut self) -> Option<()> {
        let is_bytes = self.string()?;
        loop {
            self.space();
            if self.quotes_ahead().is_none() {
                return Some(());
            }
            if self.string()? != is_bytes {
                return None;
            }
        }
    }

    /// How many letters stand before quotes, if a string begins.
    pub(super) fn quotes_ahead(&self) -> Option<usize> {
        (0..3).find(|ahead| !is_word(self.peek_at(*ahead))).filter(|ahead| matches!(self.peek_at(*ahead), b'"' | b'\''))
    }

    /// One string; whether it is of bytes.
    fn string(&mut self) -> Option<bool> {
        let prefix = self.bytes.get(self.at..self.at + self.quotes_ahead()?)?;
        let has = |letter: u8| prefix.iter().any(|byte| byte.to_ascii_lowercase() == letter);
        let (raw, bytes, formatted) = match prefix.to_ascii_lowercase().as_slice() {
            b"" | b"u" | b"r" | b"b" | b"f" | b"br" | b"rb" | b"fr" | b"rf" => (has(b'r'), has(b'b'), has(b'f')),
            _ => return None,
        };
        self.at += prefix.len();
        let quote = self.peek();
        let triple = self.peek_at(1) == quote && self.peek_at(2) == quote;
        self.at += if triple { 3 } else { 1 };
        let start = self.at;
        let kind = Literal { quote, triple, raw, bytes, formatted };
        if formatted {
            self.within(|scan| scan.text(kind))?
        } else {
            self.text(kind)?
        }
        (!bytes || self.bytes[start..self.at].is_ascii()).then_some(bytes)
    }

    /// The rest of a string.
    fn text(&mut self, kind: Literal) -> Option<()> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += if kind.formatted {
                rest.iter().position(|byte| matches!(byte, b'\\' | b'\n' | b'{' | b'}') || *byte == kind.quote)?
            } else if kind.triple {
                memchr2(kind.quote, b'\\', rest)?
            } else {
                memchr3(kind.quote, b'\\', b'\n', rest)?
            };
            match self.peek() {
                b'\\' => self.escape(kind)?,
                b'\n' if kind.triple => self.at += 1,
                b'\n' => return None,
                b'{' if self.peek_at(1) == b'{' => self.at += 2,
                b'{' => {
                    let start = self.at;
                    self.interpolation(false)?;
                    // Before Python 3.12 the string would end there.
                    memchr(kind.quote, &self.bytes[start..self.at]).is_none().then_some(())?;
                }
                b'}' if self.peek_at(1) == b'}' => self.at += 2,
                b'}' => return None,
                _ if !kind.triple => {
                    self.at += 1;
                    return Some(());
                }
                _ if self.peek_at(1) == kind.quote && self.peek_at(2) == kind.quote => {
                    self.at += 3;
                    return Some(());
                }
                _ => self.at += 1,
            }
        }
    }

    /// A backslash and what belongs to it.
    fn escape(&mut self, kind: Literal) -> Option<()> {
        let digits = match self.peek_at(1) {
            // A brace opens a value all the same.
            b'{' | b'}' if kind.formatted => {
                self.at += 1;
                return Some(());
            }
            b'x' if !kind.raw => 2,
            b'u' if !kind.raw && !kind.bytes => 4,
            // Up to 0xfffff: the highest are left.
            b'U' if !kind.raw && !kind.bytes => (2..5).all(|ahead| self.peek_at(ahead) == b'0').then_some(8)?,
            b'N' if !kind.raw && !kind.bytes => return None,
            _ => 0,
        };
        self.at += 2;
        let is_number = (0..digits).all(|ahead| self.peek_at(ahead).is_ascii_hexdigit());
        is_number.then(|| self.at += digits)
    }

    /// A value in an f-string, on one line.
    fn interpolation(&mut self, in_format: bool) -> Option<()> {
        let start = self.at;
        let outer = self.around;
        let brackets = self.brackets;
        self.around.interpolation = true;
        self.brackets += 1;
        self.pass(1);
        self.within(Self::list)?;
        self.eat(b'=');
        if self.peek() == b'!' {
            matches!(self.peek_at(1), b'r' | b's' | b'a').then(|| self.at += 2)?;
        }
        (self.around, self.brackets) = (outer, brackets);
        if self.peek() == b':' && !in_format {
            self.at += 1;
            while self.peek() != b'}' {
                match self.peek() {
                    b'{' if self.peek_at(1) != b'{' => self.interpolation(true)?,
                    0 | b'{' | b'\\' | b'\n' | b'"' | b'\'' => return None,
                    _ => self.at += 1,
                }
            }
        }
        (self.peek() == b'}').then(|| self.at += 1)?;
        memchr3(b'\n', b'\\', b'#', &self.bytes[start..self.at]).is_none().then_some(())
    }
}

/// How a string is written.
#[derive(Clone, Copy)]
struct Literal {
    quote: u8,
    triple: bool,
    raw: bool,
    bytes: bool,
    formatted: bool,
}

/// Letters of all kinds count: what is not of ASCII is refused where it matters.
pub(in crate::syntax) fn is_word(byte: u8) -> bool {
    WORD[usize::from(byte)]
}

static WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        // Every index is one of a byte.
        word[byte] = matches!(byte as u8, b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80..);
        byte += 1;
    }
    word
};

pub(super) fn is_keyword(word: &[u8]) -> bool {
    // Most names are told by their length or their first letter.
    if word.len() > 8
        || matches!(word.first(), Some(b'_' | b's' | b'h' | b'j' | b'k' | b'm' | b'q' | b'u' | b'v' | b'x' | b'z'))
    {
        return false;
    }
    #[rustfmt::skip]
    let is_one = matches!(
        word,
        b"False" | b"None" | b"True" | b"and" | b"as" | b"assert" | b"async" | b"await" | b"break" | b"class" | b"continue"
            | b"def" | b"del" | b"elif" | b"else" | b"except" | b"finally" | b"for" | b"from" | b"global" | b"if" | b"import"
            | b"in" | b"is" | b"lambda" | b"nonlocal" | b"not" | b"or" | b"pass" | b"raise" | b"return" | b"try" | b"while"
            | b"with" | b"yield"
    );
    is_one
}
