//! The elements between two brackets of Python source, told from comments and strings.

use std::ops::Range;

use super::Insert;

/// What stands between two brackets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bracketed {
    /// Behind the opening bracket.
    start: usize,
    /// The closing bracket.
    close: usize,
    /// Without white space and comments around them.
    elements: Vec<Range<usize>>,
    trailing_comma: Option<usize>,
}

impl Bracketed {
    /// Reads a stretch that begins with `open` and ends with the bracket that closes it.
    pub(super) fn read(text: &str, at: Range<usize>, open: char) -> Option<Self> {
        let source = text.get(at.clone())?;
        source.starts_with(open).then_some(())?;
        let mut depth = 0_usize;
        let mut elements: Vec<Range<usize>> = Vec::new();
        let mut current: Option<Range<usize>> = None;
        let mut trailing_comma = None;
        let mut characters = source.char_indices().peekable();
        while let Some((offset, character)) = characters.next() {
            let place = at.start + offset;
            let mut end = place + character.len_utf8();
            match character {
                '[' | '(' | '{' => depth += 1,
                ']' | ')' | '}' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        elements.extend(current);
                        let is_whole = end == at.end;
                        return is_whole.then_some(Self {
                            start: at.start + 1,
                            close: place,
                            elements,
                            trailing_comma,
                        });
                    }
                }
                '#' => {
                    while characters.next_if(|(_, one)| *one != '\n').is_some() {}
                    continue;
                }
                '\'' | '"' => {
                    let length = string(&source[offset..])?;
                    end = place + length;
                    while characters.next_if(|(one, _)| at.start + one < end).is_some() {}
                }
                ',' if depth == 1 => {
                    elements.extend(current.take());
                    trailing_comma = Some(end);
                    continue;
                }
                one if one.is_whitespace() || one == '\\' => continue,
                _ => {}
            }
            // The opening bracket is no part of an element.
            if depth > 1 || (depth == 1 && offset > 0) {
                trailing_comma = None;
                current = Some(current.map_or(place, |range| range.start)..end);
            }
        }
        None
    }

    pub(super) fn elements(&self) -> &[Range<usize>] {
        &self.elements
    }

    pub(super) fn has_trailing_comma(&self) -> bool {
        self.trailing_comma.is_some()
    }

    /// Adds elements. Where the last one has a line of its own, they get one each; what stands behind it stays there.
    pub(super) fn add(&self, text: &str, elements: &[String], newline: &str) -> Vec<Insert> {
        let joined = elements.join(", ");
        let Some(last) = self.elements.last() else { return vec![Insert { at: self.start, text: joined }] };
        let line = line_start(text, last.start);
        let closing_line = line_start(text, self.close);
        let indentation = &text[line..last.start];
        let is_alone = indentation.trim().is_empty() && line >= self.start && closing_line > last.end;
        match (is_alone, self.trailing_comma) {
            (true, comma) => {
                let lines = elements.iter().map(|element| format!("{indentation}{element},{newline}")).collect();
                let separator = comma.is_none().then(|| Insert { at: last.end, text: ",".to_owned() });
                separator.into_iter().chain([Insert { at: closing_line, text: lines }]).collect()
            }
            (false, None) => vec![Insert { at: last.end, text: format!(", {joined}") }],
            (false, Some(comma)) => vec![Insert { at: comma, text: format!(" {joined},") }],
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// How long the string literal is that begins a text; its prefix stands before.
fn string(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let fence = if text.starts_with(&triple) { triple.len() } else { 1 };
    let end = &text[..fence];
    let mut at = fence;
    while at < text.len() {
        if text[at..].starts_with(end) {
            return Some(at + fence);
        }
        let step = text[at..].chars().next()?;
        // A backslash in a raw string keeps the next quote from ending it, too.
        at += step.len_utf8();
        if step == '\\' {
            at += text[at..].chars().next()?.len_utf8();
        }
    }
    None
}
