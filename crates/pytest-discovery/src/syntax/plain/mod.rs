//! Bodies of functions that are plainly well-formed, so that no parser need see them.
//!
//! A listing needs hardly any function's body, but a syntax error in one keeps the module from being imported. Parsing
//! all of them is more than half of what a listing costs. What is read here is a part of Python's grammar, written so
//! that whatever passes is well-formed for certain; the rest (a `match`, `:=`, names that are not of ASCII, ...) is
//! the parser's to judge. Nothing is built: a body either passes or does not.

mod expressions;
mod scan;
mod statements;

use memchr::memchr2;

use self::scan::Scan;
pub(super) use self::scan::is_word;
use super::ast::Range;

/// The shortest body that can be replaced: `(#`, the end of a line, `)`.
const SHORTEST: usize = 4;

/// A text in which bodies are replaced by something short to parse, byte for byte in the same place.
#[derive(Debug)]
pub(super) struct Hidden {
    pub(super) text: String,
    /// The replaced bodies in order.
    pub(super) bodies: Vec<HiddenBody>,
}

/// A body that was replaced.
#[derive(Debug, Clone, Copy)]
pub(super) struct HiddenBody {
    /// From the first statement to the last.
    range: Range,
    /// Whether it makes its function a generator.
    pub(super) yields: bool,
}

impl Hidden {
    /// The body that begins there, if it was replaced.
    pub(super) fn body(&self, start: u32) -> Option<HiddenBody> {
        self.bodies.binary_search_by_key(&start, |body| body.range.start).ok().map(|index| self.bodies[index])
    }
}

/// Replaces the bodies that pass; the text is made in `buffer`.
pub(super) fn hide(text: &str, buffer: Vec<u8>) -> Hidden {
    let bodies = find(text);
    let mut hidden = buffer;
    hidden.clear();
    hidden.extend_from_slice(text.as_bytes());
    for body in &bodies {
        // An empty tuple, with a comment in it: as long as the body, and quickly skipped.
        let (start, end) = (body.range.start as usize, body.range.end as usize);
        hidden[start..end].fill(b' ');
        hidden[start..start + 2].copy_from_slice(b"(#");
        hidden[end - 2..end].copy_from_slice(b"\n)");
    }
    // What was replaced begins and ends with whole characters.
    let text = String::from_utf8(hidden).unwrap_or_else(|_| text.to_owned());
    Hidden { text, bodies }
}

/// The bodies of functions that pass, of those at the top of the file and in classes and blocks, and in functions that do
/// not pass.
fn find(text: &str) -> Vec<HiddenBody> {
    let mut bodies = Vec::new();
    if memchr2(0, b'\r', text.as_bytes()).is_some() {
        return bodies;
    }
    let mut scan = Scan::new(text.as_bytes());
    // What is not understood between functions leaves the rest to the parser.
    let _ = walk(&mut scan, &mut bodies);
    bodies
}

fn walk(scan: &mut Scan<'_>, bodies: &mut Vec<HiddenBody>) -> Option<()> {
    loop {
        let indent = scan.indentation()?;
        let line = scan.at + indent;
        if line >= scan.bytes.len() {
            return Some(());
        }
        scan.restart(line);
        let coroutine = scan.eat_word(b"async");
        if scan.peek_word() == b"def" && scan.function_head().is_some() {
            let colon = scan.at;
            scan.pass(1);
            if let Some(body) = scan.body(indent, coroutine) {
                if body.len() >= SHORTEST {
                    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                    let range = Range { start: offset(body.start), end: offset(body.end) };
                    bodies.push(HiddenBody { range, yields: scan.around.yields });
                }
                continue;
            }
            scan.restart(colon);
        } else {
            scan.restart(line);
        }
        skip_line(scan)?;
    }
}

/// To the next line that begins a statement, over strings and brackets.
fn skip_line(scan: &mut Scan<'_>) -> Option<()> {
    loop {
        match scan.peek() {
            0 => return Some(()),
            b'\n' if scan.brackets == 0 => {
                scan.at += 1;
                return Some(());
            }
            b'#' => scan.comment(),
            b'\\' => scan.at += 2,
            b'(' | b'[' | b'{' => {
                scan.brackets += 1;
                scan.at += 1;
            }
            b')' | b']' | b'}' => {
                scan.brackets = scan.brackets.checked_sub(1)?;
                scan.at += 1;
            }
            b'"' | b'\'' => scan.strings()?,
            byte if is_word(byte) => {
                if scan.quotes_ahead().is_some() {
                    scan.strings()?;
                } else {
                    // A number is a word here as well.
                    scan.at += scan.bytes[scan.at..].iter().take_while(|byte| is_word(**byte)).count();
                }
            }
            _ => scan.at += 1,
        }
    }
}
