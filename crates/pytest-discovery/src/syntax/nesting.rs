//! How deeply a text is nested, measured before a parser sees it.
//!
//! A parser builds, walks and drops its tree recursively: a hostile file of 5,000 brackets or a million minus signs
//! would exhaust its stack. Python itself gives up at 200 brackets and 100 indentations.

use super::ast::Range;

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
    let bytes = text.as_bytes();
    if bytes.len() > BYTES {
        return Err(TooDeep { what: "the file is larger than 8 MiB", offset: 0 });
    }
    let mut at = 0;
    let mut brackets = 0_usize;
    let mut chain = 0_usize;
    let mut elifs = 0_usize;
    let mut line_begins = true;
    let mut indents: Vec<usize> = vec![0];
    let too_deep = |what, offset| Err(TooDeep { what, offset: u32::try_from(offset).unwrap_or(u32::MAX) });
    while let Some(&byte) = bytes.get(at) {
        if line_begins && brackets == 0 {
            let width = bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            line_begins = false;
            if !matches!(bytes.get(at + width), None | Some(b'\n' | b'\r' | b'#')) {
                while indents.last().is_some_and(|indent| *indent > width) {
                    indents.pop();
                }
                if indents.last().is_some_and(|indent| *indent < width) {
                    indents.push(width);
                }
                if indents.len() > INDENTATIONS {
                    return too_deep("more than 100 levels of indentation", at);
                }
            }
            at += width;
            continue;
        }
        match byte {
            b'\n' => {
                line_begins = true;
                chain = if brackets == 0 { 0 } else { chain };
                at += 1;
            }
            b'#' => at += bytes[at..].iter().take_while(|byte| **byte != b'\n').count(),
            b'"' | b'\'' => at = behind_string(bytes, at),
            b'(' | b'[' | b'{' => {
                brackets += 1;
                chain += 1;
                if brackets > BRACKETS {
                    return too_deep("more than 200 nested brackets", at);
                }
                at += 1;
            }
            b')' | b']' | b'}' => {
                brackets = brackets.saturating_sub(1);
                at += 1;
            }
            b',' | b';' => {
                chain = 0;
                at += 1;
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' | b'.' | b'=' => {
                chain += 1;
                at += 1;
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => {
                let word = bytes[at..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80)
                    .count();
                match &bytes[at..at + word] {
                    b"not" | b"if" | b"lambda" | b"await" | b"yield" | b"for" | b"and" | b"or" | b"in" | b"is" => {
                        chain += 1
                    }
                    b"elif" => elifs += 1,
                    _ => {}
                }
                at += word;
            }
            _ => at += 1,
        }
        if chain > CHAIN || elifs > CHAIN {
            return too_deep("an expression or chain of more than 3,000 operators", at.min(bytes.len()));
        }
    }
    Ok(())
}

/// The offset behind the string that opens at `at`; behind its line where it is not closed.
fn behind_string(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let triple = bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote);
    let mut at = at + if triple { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' if !triple => return at,
            byte if byte == quote && !triple => return at + 1,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote) => {
                return at + 3;
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

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
        let text = format!("x = '{0}' # {0}\ny = \"\"\"{0}\n{0}\"\"\"\n", "(".repeat(300));
        assert_eq!(check(&text), Ok(()));
    }

    #[test]
    fn a_long_table_is_not_deep() {
        let rows = "    (-1, a.b + 2),\n".repeat(20_000);
        assert_eq!(check(&format!("x = [\n{rows}]\n")), Ok(()));
    }
}
