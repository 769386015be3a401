//! How deeply a text is nested, measured before a parser sees it.
//!
//! A parser builds, walks and drops its tree recursively: a hostile file of 5,000 brackets or a million minus signs
//! would exhaust its stack. Python itself gives up at 200 brackets and 100 indentations.

use memchr::{memchr, memchr2, memchr3};

use super::ast::Range;
use super::plain::is_word;

const BRACKETS: usize = 200;
const INDENTATIONS: usize = 100;
/// Operators in one expression, and `elif` and `else` in one file, which nest as well.
const CHAIN: usize = 3_000;
/// A source file of more is data, not a test.
const BYTES: usize = 8 << 20;

/// What is too deep, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooDeep {
    pub(super) what: &'static str,
    pub(super) offset: u32,
}

/// The first place at which `text` is nested more deeply than this crate follows.
pub(super) fn check(text: &str) -> Result<(), TooDeep> {
    if text.len() > BYTES {
        return Err(TooDeep { what: "the file is larger than 8 MiB", offset: 0 });
    }
    Scan { bytes: text.as_bytes(), at: 0, open: Vec::new(), chain: 0, elifs: 0, indents: vec![0] }.all()
}

/// What is open at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Bracket,
    /// The text of an f-string or t-string.
    Text(Quote),
    /// A value in one, between braces, until its format begins.
    Value,
    /// The format of a value: text again, in which values may stand.
    Format(Quote),
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Quote {
    byte: u8,
    triple: bool,
}

impl Quote {
    fn at(bytes: &[u8], at: usize) -> Self {
        let byte = bytes[at];
        Self { byte, triple: bytes.get(at + 1) == Some(&byte) && bytes.get(at + 2) == Some(&byte) }
    }

    fn length(self) -> usize {
        if self.triple { 3 } else { 1 }
    }

    fn closes(self, bytes: &[u8], at: usize) -> bool {
        bytes[at] == self.byte && (!self.triple || Self::at(bytes, at).triple)
    }
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    /// What is open, and how long the chain was there: what is within goes on from it.
    open: Vec<(Open, usize)>,
    chain: usize,
    elifs: usize,
    indents: Vec<usize>,
}

impl Scan<'_> {
    fn all(&mut self) -> Result<(), TooDeep> {
        self.indentation()?;
        while self.at < self.bytes.len() {
            match self.innermost() {
                Some(Open::Text(quote) | Open::Format(quote)) => self.text(quote)?,
                _ => self.code()?,
            }
        }
        Ok(())
    }

    fn innermost(&self) -> Option<Open> {
        self.open.last().map(|(open, _)| *open)
    }

    fn too_deep<T>(&self, what: &'static str) -> Result<T, TooDeep> {
        let offset = u32::try_from(self.at.min(self.bytes.len())).unwrap_or(u32::MAX);
        Err(TooDeep { what, offset })
    }

    /// At the beginning of a line.
    fn indentation(&mut self) -> Result<(), TooDeep> {
        let width = self.bytes[self.at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if !matches!(self.bytes.get(self.at + width), None | Some(b'\n' | b'\r' | b'#')) {
            while self.indents.last().is_some_and(|indent| *indent > width) {
                self.indents.pop();
            }
            if self.indents.last().is_some_and(|indent| *indent < width) {
                self.indents.push(width);
            }
            if self.indents.len() > INDENTATIONS {
                return self.too_deep("more than 100 levels of indentation");
            }
        }
        self.at += width;
        Ok(())
    }

    /// The tokens outside of strings, up to one that opens or closes something.
    fn code(&mut self) -> Result<(), TooDeep> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    if self.open.is_empty() {
                        self.chain = 0;
                        self.indentation()?;
                    }
                }
                b'#' => self.at += memchr(b'\n', &self.bytes[self.at..]).unwrap_or(self.bytes.len() - self.at),
                b',' | b';' => {
                    self.chain = self.open.last().map_or(0, |(_, chain)| *chain);
                    self.at += 1;
                }
                b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' | b'.' | b'=' => {
                    self.at += 1;
                    self.link()?;
                }
                b'"' | b'\'' => {
                    self.string(b"");
                    return Ok(());
                }
                b'(' | b'[' | b'{' => return self.open(Open::Bracket),
                b')' | b']' | b'}' => {
                    self.pop();
                    self.at += 1;
                    return Ok(());
                }
                b':' if self.innermost() == Some(Open::Value) => {
                    let quote = self.open.iter().rev().find_map(|(open, _)| match open {
                        Open::Text(quote) => Some(*quote),
                        _ => None,
                    });
                    self.pop();
                    self.at += 1;
                    self.open.extend(quote.map(|quote| (Open::Format(quote), self.chain)));
                    return Ok(());
                }
                _ if is_word(byte) => {
                    if self.word()? {
                        return Ok(());
                    }
                }
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// A word; whether it was the prefix of a string, which is then passed.
    fn word(&mut self) -> Result<bool, TooDeep> {
        let start = self.at;
        self.at += self.bytes[start..].iter().take_while(|byte| is_word(**byte)).count();
        match &self.bytes[start..self.at] {
            b"not" | b"if" | b"lambda" | b"await" | b"yield" | b"for" | b"and" | b"or" | b"in" | b"is" => {
                self.link()?;
            }
            b"elif" => {
                self.elifs += 1;
                if self.elifs > CHAIN {
                    return self.too_deep(LONG_CHAIN);
                }
            }
            prefix if prefix.len() <= 2 && matches!(self.bytes.get(self.at), Some(b'"' | b'\'')) => {
                self.string(prefix);
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    }

    /// One more operator in an expression.
    fn link(&mut self) -> Result<(), TooDeep> {
        self.chain += 1;
        if self.chain > CHAIN { self.too_deep(LONG_CHAIN) } else { Ok(()) }
    }

    fn open(&mut self, what: Open) -> Result<(), TooDeep> {
        self.link()?;
        self.open.push((what, self.chain));
        if self.open.len() > BRACKETS {
            return self.too_deep("more than 200 nested brackets");
        }
        self.at += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<Open> {
        let (open, chain) = self.open.pop()?;
        self.chain = chain;
        Some(open)
    }

    /// The quotes behind a prefix: into the text of a string with values, or behind any other.
    fn string(&mut self, prefix: &[u8]) {
        let quote = Quote::at(self.bytes, self.at);
        self.at += quote.length();
        if prefix.iter().any(|byte| matches!(byte, b'f' | b'F' | b't' | b'T')) {
            self.open.push((Open::Text(quote), self.chain));
            return;
        }
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'\n' if !quote.triple => return,
                _ if quote.closes(self.bytes, self.at) => {
                    self.at += quote.length();
                    return;
                }
                _ => {
                    let rest = &self.bytes[self.at + 1..];
                    let next = if quote.triple {
                        memchr2(quote.byte, b'\\', rest)
                    } else {
                        memchr3(quote.byte, b'\\', b'\n', rest)
                    };
                    self.at += 1 + next.unwrap_or(rest.len());
                }
            }
        }
    }

    /// The text of a string with values, up to a value or the end of the string or the format.
    fn text(&mut self, quote: Quote) -> Result<(), TooDeep> {
        let in_format = matches!(self.innermost(), Some(Open::Format(_)));
        match self.bytes[self.at] {
            // A brace opens a value behind a backslash as well.
            b'\\' => self.at += if self.bytes.get(self.at + 1) == Some(&b'{') { 1 } else { 2 },
            b'{' if !in_format && self.bytes.get(self.at + 1) == Some(&b'{') => self.at += 2,
            b'{' => self.open(Open::Value)?,
            b'}' if in_format => {
                self.pop();
                self.at += 1;
            }
            // A string of one line ends with it, and so do the values in it.
            b'\n' if !quote.triple => self.close(quote),
            _ if quote.closes(self.bytes, self.at) => {
                self.at += quote.length();
                self.close(quote);
            }
            _ => self.at += 1,
        }
        Ok(())
    }

    /// Leaves the string of these quotes and what is open in it.
    fn close(&mut self, quote: Quote) {
        while let Some(open) = self.pop() {
            if open == Open::Text(quote) {
                return;
            }
        }
    }
}

const LONG_CHAIN: &str = "an expression or chain of more than 3,000 operators";

impl TooDeep {
    pub(super) fn range(self) -> Range {
        Range { start: self.offset, end: self.offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pythons_own_limits_are_the_limits() {
        assert_eq!(check(&format!("x = {}{}", "(".repeat(200), ")".repeat(200))), Ok(()));
        assert!(check(&"(".repeat(201)).is_err());
        assert!(check(&format!("x = {}1", "-".repeat(1_000_000))).is_err());
    }

    #[test]
    fn what_strings_and_comments_hold_is_not_nesting() {
        let text = format!("x = '{0}' # {0}\ny = \"\"\"{0}\n{0}\"\"\"\nz = f'{0}{{{{x}}}}'\n", "(".repeat(300));
        assert_eq!(check(&text), Ok(()));
    }

    #[test]
    fn what_the_values_of_strings_hold_is_nesting() {
        for text in [
            format!("x = f'{{{}1}}'", "-".repeat(4_000)),
            format!("x = f'{{{}'", "(".repeat(300)),
            format!("x = f'{}'", "{x:".repeat(300)),
            "f\"{".repeat(300),
            "f'{f\"{".repeat(150),
            "f'''{".repeat(300),
        ] {
            assert!(check(&text).is_err(), "{}", &text[..20]);
        }
    }

    #[test]
    fn a_chain_goes_on_within_brackets() {
        assert!(check(&format!("x = {}", format!("{}(1,", "-".repeat(100)).repeat(100))).is_err());
        assert_eq!(check(&format!("x = f{}", "(-1)".repeat(1_000))), Ok(()));
    }

    #[test]
    fn what_follows_a_string_with_values_is_seen() {
        for string in [r#"f"{x!r:>{width}} {{}} {a['b']:%H:%M} {d["k"]}""#, "f'''{\n x}\n'''", "rf'\\{x}'"] {
            assert!(check(&format!("{string}\n{}", "(".repeat(201))).is_err(), "{string}");
            assert_eq!(check(&format!("{string}\n{}", "(".repeat(199))), Ok(()), "{string}");
        }
    }

    #[test]
    fn a_long_table_is_not_deep() {
        let rows = "    (-1, a.b + 2),\n".repeat(20_000);
        assert_eq!(check(&format!("x = [\n{rows}]\n")), Ok(()));
    }
}
