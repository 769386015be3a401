//! The comments of a Rust file.

use std::ops::RangeInclusive;

use test_catalog::{Comment, Position};

use crate::skim::{comment_end, is_documentation, is_word, token_end};

/// The line comments of a Rust text, in its order. Documentation is none, and a block comment is passed over.
///
/// ```
/// let text = "/// documentation\nconst X: &str = \"// no comment\"; // one\n";
/// let found = cargo_discovery::comments(text);
/// assert_eq!(found.len(), 1);
/// assert_eq!((found[0].text.as_str(), found[0].at.line), ("one", 2));
/// ```
#[must_use]
pub fn comments(text: &str) -> Vec<Comment> {
    let pieces = pieces(text);
    let is_code = |piece: &Piece| !matches!(piece.kind, Kind::Comment | Kind::Documentation);
    let first_code = pieces.iter().find(|piece| is_code(piece)).map_or(usize::MAX, |piece| piece.start);
    let mut found = Vec::new();
    for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.kind == Kind::Comment) {
        let is_behind = index > 0 && pieces[index - 1].last_line == piece.line;
        let lines = if is_behind { piece.line..=piece.line } else { code_below(&pieces[index + 1..], piece.last_line) };
        let comment = &text[piece.start..piece.end];
        // A block comment tells nothing, but what is behind it may be right below another.
        if comment.starts_with("//") {
            let line_start = text[..piece.start].rfind('\n').map_or(0, |newline| newline + 1);
            let column = text[line_start..piece.start].chars().count() + 1;
            found.push(Comment {
                at: Position { line: piece.line, column: u32::try_from(column).unwrap_or(u32::MAX) },
                text: comment.trim_start_matches('/').trim().to_owned(),
                at_top: piece.start < first_code,
                lines,
            });
        }
    }
    found
}

/// A stretch of the text that is not blank.
#[derive(Debug)]
struct Piece {
    kind: Kind,
    start: usize,
    end: usize,
    /// The lines of its first and its last character.
    line: u32,
    last_line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Comment,
    Documentation,
    Open,
    Close,
    /// The `#` of an attribute, or another.
    Hash,
    Code,
}

fn pieces(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let (mut at, mut line) = (0, 1_u32);
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_whitespace() {
            line += u32::from(byte == b'\n');
            at += 1;
            continue;
        }
        let (kind, end) = match byte {
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                let end = comment_end(bytes, at);
                (if is_documentation(&bytes[at..end]) { Kind::Documentation } else { Kind::Comment }, end)
            }
            b'(' | b'[' | b'{' => (Kind::Open, at + 1),
            b')' | b']' | b'}' => (Kind::Close, at + 1),
            b'#' => (Kind::Hash, at + 1),
            _ if is_word(byte) || byte == b'"' || byte == b'\'' => {
                (Kind::Code, token_end(bytes, at).clamp(at + 1, bytes.len()))
            }
            _ => (Kind::Code, at + 1),
        };
        let breaks = bytes[at..end].iter().filter(|&&byte| byte == b'\n').count();
        let last_line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        pieces.push(Piece { kind, start: at, end, line, last_line });
        (at, line) = (end, last_line);
    }
    pieces
}

/// The code that begins right below a line, or the comments that follow it without a blank line: from its attributes to
/// the first line behind them.
fn code_below(rest: &[Piece], mut above: u32) -> RangeInclusive<u32> {
    let mut rest = rest;
    while let [first, behind @ ..] = rest
        && first.kind == Kind::Comment
        && first.line == above + 1
    {
        above = first.last_line;
        rest = behind;
    }
    let first = rest.first().filter(|first| first.line == above + 1);
    match (first, behind_attributes(rest)) {
        (Some(first), Some(head)) => first.line..=head.line,
        _ => empty(),
    }
}

fn behind_attributes(pieces: &[Piece]) -> Option<&Piece> {
    let mut depth = 0_usize;
    let mut in_attribute = false;
    for piece in pieces {
        match (piece.kind, in_attribute) {
            (Kind::Comment | Kind::Documentation, _) => {}
            (Kind::Hash, false) => in_attribute = true,
            (_, false) => return Some(piece),
            (Kind::Open, true) => depth += 1,
            (Kind::Close, true) => {
                depth = depth.saturating_sub(1);
                in_attribute = depth > 0;
            }
            (Kind::Hash | Kind::Code, true) => {}
        }
    }
    None
}

#[expect(clippy::reversed_empty_ranges, reason = "a comment at the end is about no line")]
fn empty() -> RangeInclusive<u32> {
    1..=0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_about_its_line_or_the_code_right_below() {
        let text = "\
// licence
//! The module.
// still at the top

use std::fmt; // behind

// of the test
/* and so on */
/// What it tests.
#[test]
// between
#[cfg(all(
    unix, // within
))]
fn it_drains() {
    // below nothing

    assert!(true) // last of the body
}
// at the end
";
        let found: Vec<_> =
            comments(text).iter().map(|it| (it.text.clone(), it.at.line, it.at_top, it.lines.clone())).collect();
        let expected = [
            ("licence", 1, true, 2..=5),
            ("still at the top", 3, true, empty()),
            ("behind", 5, false, 5..=5),
            ("of the test", 7, false, 9..=15),
            ("between", 11, false, 12..=15),
            ("within", 13, false, 13..=13),
            ("below nothing", 16, false, empty()),
            ("last of the body", 18, false, 18..=18),
            ("at the end", 20, false, empty()),
        ];
        assert_eq!(found, expected.map(|(text, line, at_top, lines)| (text.to_owned(), line, at_top, lines)));
    }

    #[test]
    fn what_only_looks_like_a_comment_is_none() {
        for text in [
            "const A: &str = \"// a\";",
            "const A: &str = \"\\\" // a\";",
            "const A: &str = \"\\\n// a\n\";",
            "const A: &str = r#\"\" // a\"#;",
            "const A: &[u8] = br##\"\"# // a\"##;",
            "const A: &std::ffi::CStr = c\"// a\";",
            "const A: char = '\"'; const B: &str = \"// a\";",
            "fn a<'a>(x: &'a str) { \"// a\"; }",
            "/* /* */ // a */",
            "//! a",
            "/// a",
            "const A: &str = \"does not end // a",
        ] {
            assert_eq!(comments(text), [], "{text}");
        }
    }

    #[test]
    fn no_text_makes_it_fail() {
        for text in
            ["'\\é", "\"\\é", "r#\"é", "b'é", "#![é", "// é", "/", "/*", "#[a(]\n// b\n#", "\u{feff}// a\r\nfn x() {}"]
        {
            let _ = comments(text);
            for start in 0..text.len() {
                if let Some(part) = text.get(start..) {
                    let _ = comments(part);
                }
            }
        }
    }
}
