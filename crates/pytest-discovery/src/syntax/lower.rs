//! What both front ends do alike when they lower a parser's tree to ours.

use unicode_normalization::UnicodeNormalization;

use super::ast::{Constant, Expr, ExprKind, Interpolation, Range, Text};
use super::literal::decode;

/// A name as Python knows it: names that are the same under Unicode's NFKC are the same.
pub(super) fn identifier(name: &str) -> Box<str> {
    if name.is_ascii() { name.into() } else { name.nfkc().collect::<String>().into_boxed_str() }
}

/// Built-in types that annotations name most: whatever else those names are bound to, reading them does nothing.
const TYPES: [&str; 11] = ["bool", "bytes", "dict", "float", "int", "list", "object", "set", "str", "tuple", "type"];

/// Whether a word does nothing where it is an annotation.
pub(super) fn is_idle(word: &str) -> bool {
    word == "None" || TYPES.contains(&word)
}

/// The annotations that may do something when they are evaluated.
pub(super) fn telling(annotations: impl Iterator<Item = Expr>) -> Box<[Expr]> {
    let is_telling = |one: &Expr| match &one.kind {
        ExprKind::Constant(Constant::None | Constant::Str(_)) | ExprKind::Starred(_) => false,
        ExprKind::Name(name) => !is_idle(name),
        _ => true,
    };
    annotations.filter(is_telling).collect()
}

/// The range of a definition without its decorators and what stands behind them: parsers differ in what they count.
pub(super) fn behind(range: Range, text: &str, decorators: &[Expr]) -> Range {
    let Some(last) = decorators.last() else { return range };
    let start = last.range.end.max(range.start);
    let Some(between) = text.get(start as usize..range.end as usize) else { return range };
    Range { start: start.saturating_add(u32::try_from(closing(between)).unwrap_or(0)), end: range.end }
}

/// How much of a text belongs to the expression before it: the brackets around that, line breaks and comments.
pub(super) fn closing(text: &str) -> usize {
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '#' => at += text[at..].find('\n').unwrap_or(text.len() - at),
            character if character.is_whitespace() || matches!(character, ')' | '\\') => at += character.len_utf8(),
            _ => break,
        }
    }
    at
}

/// Adds text to an f-string's parts: adjacent texts are one, and an empty one is none.
pub(super) fn literal(parts: &mut Vec<Interpolation>, text: Text) {
    if text.chars() == 0 {
        return;
    }
    if let Some(Interpolation::Literal(last)) = parts.last_mut()
        && let (Some(before), Some(behind)) = (last.as_str(), text.as_str())
    {
        *last = Text::from(format!("{before}{behind}"));
        return;
    }
    parts.push(Interpolation::Literal(text));
}

/// A string's value. Parsers put the replacement character where a literal has a lone surrogate: such a literal is
/// read again.
pub(super) fn string(value: &str, text: &str, range: Range) -> Text {
    if !value.contains(char::REPLACEMENT_CHARACTER) {
        return value.into();
    }
    let source = text.get(range.start as usize..range.end as usize).unwrap_or_default();
    decode(source).unwrap_or_else(|| value.into())
}
