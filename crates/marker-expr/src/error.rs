//! Why a text is no expression.

use unicode_width::UnicodeWidthChar;

use crate::characters::is_control;

/// A text that is no expression, with pytest's words and pytest's column.
///
/// `Display` is one line, what pytest prints after "Wrong expression passed to '-m': ". Control characters of the
/// text, which pytest prints as they are, are escaped.
///
/// ```
/// let error = marker_expr::Expr::parse("gpu_1 gpu_2").unwrap_err();
/// assert_eq!(error.to_string(), "gpu_1 gpu_2: at column 7: expected end of input; got identifier");
/// assert_eq!(error.render(), "gpu_1 gpu_2\n      ^ expected end of input; got identifier");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: at column {column}: {}", self.printed_text(), escape(.message))]
pub struct ParseError {
    text: String,
    column: usize,
    message: String,
    kind: ErrorKind,
}

/// How pytest takes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// pytest's own parser refuses it.
    Syntax,
    /// It fits the grammar and Python's compiler refuses it: a call parameter is repeated, or named `__debug__`.
    /// pytest prints `None` for the text, and column 1 wherever the fault is.
    Compiler,
    /// pytest stops with an internal error (exit code 3) instead of a message: on a digit that is no decimal, such as
    /// `²`, on an integer of more than 4300 digits, or on deep nesting. The words and the column are this crate's own.
    Crash,
}

impl ParseError {
    pub(crate) fn new(text: &str, column: usize, message: impl Into<String>, kind: ErrorKind) -> Self {
        Self { text: text.to_owned(), column, message: message.into(), kind }
    }

    /// The text that was read. For `-k` it is without the white space before it, as the column counts.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where in the text the error is, in characters (not bytes, not screen cells), from 1. The end of the text is one
    /// more than its length.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, in pytest's words. It may quote a control character of the text as it is.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How pytest takes the text.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Two lines for people: the text, and below it a caret under the column, with the message.
    ///
    /// The caret stands right under wide characters and after tabs too, as long as both lines get the same
    /// indentation. Control characters are escaped.
    #[must_use]
    pub fn render(&self) -> String {
        let before: String = self.text.chars().take(self.column - 1).collect();
        let padding: String = escape(&before)
            .chars()
            .flat_map(|c| match c {
                '\t' => std::iter::repeat_n('\t', 1),
                _ => std::iter::repeat_n(' ', c.width().unwrap_or(0)),
            })
            .collect();
        format!("{}\n{padding}^ {}", escape(&self.text), escape(&self.message))
    }

    fn printed_text(&self) -> String {
        match self.kind {
            ErrorKind::Compiler => "None".to_owned(),
            ErrorKind::Syntax | ErrorKind::Crash => escape(&self.text),
        }
    }
}

/// The text with nothing in it that a terminal would obey.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_control(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::Expr;

    fn rendered(text: &str) -> String {
        Expr::parse(text).unwrap_err().render()
    }

    #[test]
    fn the_caret_stands_under_the_column() {
        assert_eq!(rendered("a b"), "a b\n  ^ expected end of input; got identifier");
        assert_eq!(rendered("(a"), "(a\n  ^ expected right parenthesis; got end of input");
    }

    #[test]
    fn the_caret_stands_under_the_column_after_wide_and_combining_characters_and_tabs() {
        assert_eq!(rendered("日本 ;"), "日本 ;\n     ^ unexpected character \";\"");
        assert_eq!(rendered("a(b='e\u{301}') ;"), "a(b='e\u{301}') ;\n         ^ unexpected character \";\"");
        assert_eq!(rendered("a\tor\t;"), "a\tor\t;\n \t  \t^ unexpected character \";\"");
    }

    #[test]
    fn a_control_character_is_shown_and_not_obeyed() {
        assert_eq!(rendered("a or \u{1b}[2J"), "a or \\u{1b}[2J\n     ^ unexpected character \"\\u{1b}\"");
        assert_eq!(rendered("a\nb"), "a\\nb\n ^ unexpected character \"\\n\"");
        assert_eq!(rendered("a(b='\u{202e}') ;"), "a(b='\\u{202e}') ;\n                ^ unexpected character \";\"");
        assert_eq!(
            Expr::parse("\u{7f}").unwrap_err().to_string(),
            "\\u{7f}: at column 1: unexpected character \"\\u{7f}\""
        );
    }
}
