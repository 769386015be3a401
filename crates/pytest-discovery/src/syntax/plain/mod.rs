//! Functions that are plainly well-formed, so that no parser need see them.
//!
//! A listing needs hardly any function's body, but a syntax error in one keeps the module from being imported. Parsing
//! all of them is more than half of what a listing costs. What is read here is a part of Python's grammar, written so
//! that whatever passes is well-formed for certain; the rest (a `match`, `:=`, names that are not of ASCII, ...) is
//! the parser's to judge. Of what passes only names of functions and parameters are kept, and those only where they
//! are all that a head has: decorators and defaults are evaluated, so the parser has to see them.

mod expressions;
mod scan;
mod statements;

use memchr::memchr2;

use self::scan::Scan;
pub(super) use self::scan::{MOST_DIGITS, is_word};
use super::ast::{ParameterKind, Range};

/// The shortest text that can be replaced: `(#`, the end of a line, `)`.
const SHORTEST: usize = 4;

/// A text in which functions, or their bodies, are replaced by something short to parse, byte for byte in the same
/// place.
#[derive(Debug)]
pub(super) struct Hidden {
    pub(super) text: String,
    found: Found,
}

#[derive(Debug, Default)]
struct Found {
    /// In order.
    functions: Vec<HiddenFunction>,
    /// Those of all functions with a [`Head`], one function's after the other's.
    parameters: Vec<HiddenParameter>,
}

/// A function that was replaced, or its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct HiddenFunction {
    /// From `async`, `def` or the body's first statement to the last one.
    pub(super) range: Range,
    /// Whether the body makes it a generator.
    pub(super) yields: bool,
    /// `None` where only the body was replaced.
    pub(super) head: Option<Head>,
}

/// What stands before the body of a function that has neither decorators nor defaults, nor annotations that may do something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) is_async: bool,
    pub(super) name: Range,
    /// Where it ends.
    pub(super) colon: u32,
    /// The first of its parameters, and how many there are.
    parameters: (usize, usize),
}

/// A parameter without its annotation.
#[derive(Debug, Clone, Copy)]
pub(super) struct HiddenParameter {
    pub(super) name: Range,
    pub(super) kind: ParameterKind,
}

impl Hidden {
    /// How many functions were replaced, or their bodies.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.found.functions.len()
    }

    /// The function or body that was replaced from there on.
    pub(super) fn at(&self, start: u32) -> Option<&HiddenFunction> {
        let functions = &self.found.functions;
        functions.binary_search_by_key(&start, |function| function.range.start).ok().map(|index| &functions[index])
    }

    pub(super) fn parameters(&self, head: &Head) -> &[HiddenParameter] {
        let (first, count) = head.parameters;
        &self.found.parameters[first..first + count]
    }
}

/// Replaces what passes; the text is made in `buffer`.
pub(super) fn hide(text: &str, buffer: String) -> Hidden {
    let found = find(text);
    let mut hidden = buffer;
    hidden.clear();
    hidden.reserve(text.len());
    let mut shown = 0;
    for function in &found.functions {
        // An empty tuple, with a comment in it: as long as what it stands for, and quickly skipped. What it stands for begins and ends
        // with a token of ASCII.
        let (start, end) = (function.range.start as usize, function.range.end as usize);
        hidden.push_str(&text[shown..start]);
        hidden.push_str("(#");
        push_blanks(&mut hidden, end - start - SHORTEST);
        hidden.push_str("\n)");
        shown = end;
    }
    hidden.push_str(&text[shown..]);
    Hidden { text: hidden, found }
}

fn push_blanks(text: &mut String, mut count: usize) {
    const BLANKS: &str = "                                                                ";
    while count > 0 {
        let some = count.min(BLANKS.len());
        text.push_str(&BLANKS[..some]);
        count -= some;
    }
}

/// The functions that pass, of those at the top of the file and in classes and blocks, and in functions that do not pass.
fn find(text: &str) -> Found {
    let mut found = Found::default();
    if memchr2(0, b'\r', text.as_bytes()).is_some() {
        return found;
    }
    let mut scan = Scan::new(text.as_bytes());
    // What is not understood between functions leaves the rest to the parser.
    let _ = walk(&mut scan, &mut found);
    found
}

fn walk(scan: &mut Scan<'_>, found: &mut Found) -> Option<()> {
    let mut is_decorated = false;
    loop {
        let indent = scan.indentation()?;
        let line = scan.at + indent;
        if line >= scan.bytes.len() {
            return Some(());
        }
        scan.restart(line);
        let is_decorator = scan.peek() == b'@';
        let known = found.parameters.len();
        let function = function(scan, indent, is_decorated, &mut found.parameters);
        if function.is_none_or(|function| function.head.is_none()) {
            found.parameters.truncate(known);
        }
        if let Some(function) = function {
            found.functions.push(function);
        } else {
            scan.restart(line);
            skip_line(scan)?;
        }
        is_decorated = is_decorator;
    }
}

/// The function that begins there, if it passes.
fn function(
    scan: &mut Scan<'_>,
    indent: usize,
    is_decorated: bool,
    parameters: &mut Vec<HiddenParameter>,
) -> Option<HiddenFunction> {
    let start = scan.at;
    let first = parameters.len();
    let mut is_plain = !is_decorated;
    scan.annotated = false;
    let is_async = scan.eat_word(b"async");
    let name = scan.function_head(|parameter, has_default| {
        parameters.push(parameter);
        is_plain &= !has_default;
    })?;
    is_plain &= !scan.annotated;
    let colon = scan.at;
    scan.pass(1);
    let body = scan.body(indent, is_async)?;
    let head =
        is_plain.then(|| Head { is_async, name, colon: offset(colon), parameters: (first, parameters.len() - first) });
    let replaced = if is_plain { start..body.end } else { body };
    (replaced.len() >= SHORTEST).then_some(HiddenFunction {
        range: Range { start: offset(replaced.start), end: offset(replaced.end) },
        yields: scan.around.yields,
        head,
    })
}

fn range_of(start: usize, word: &[u8]) -> Range {
    Range { start: offset(start), end: offset(start + word.len()) }
}

/// A place in a text; texts that are longer are not read.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
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
