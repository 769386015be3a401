//! Words of a POSIX shell line, to the letter of Python's `shlex.split`.
//!
//! The `shlex` crate differs where `addopts` shows it: it drops what follows `#`, and takes a backslash before a
//! line break for a continuation.

/// Why a text has no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShellWordsError {
    /// A quotation mark without its partner.
    #[error("no closing quotation mark")]
    OpenQuote,
    /// A backslash at the end.
    #[error("nothing follows the backslash at the end")]
    OpenEscape,
}

/// The words of a text, quotation marks and backslashes taken out: those of `addopts` and of `PYTEST_ADDOPTS`.
///
/// # Errors
/// Where a quotation mark has no partner, or nothing follows a backslash.
pub fn split(text: &str) -> Result<Vec<String>, ShellWordsError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next().ok_or(ShellWordsError::OpenQuote)? {
                        '\'' => break,
                        inside => word.push(inside),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next().ok_or(ShellWordsError::OpenQuote)? {
                        '"' => break,
                        '\\' => {
                            let escaped = letters.next().ok_or(ShellWordsError::OpenEscape)?;
                            if !matches!(escaped, '"' | '\\') {
                                word.push('\\');
                            }
                            word.push(escaped);
                        }
                        inside => word.push(inside),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(letters.next().ok_or(ShellWordsError::OpenEscape)?),
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Vec<String>, ShellWordsError> {
        split(text)
    }

    #[test]
    fn a_hash_is_a_word_like_any_other() {
        assert_eq!(words("-k X # note"), Ok(["-k", "X", "#", "note"].map(String::from).to_vec()));
    }

    #[test]
    fn quotes_join_and_may_be_empty() {
        assert_eq!(words(r#"a'b c'"d" ''"#), Ok(["ab cd", ""].map(String::from).to_vec()));
    }

    #[test]
    fn a_backslash_escapes_anything_outside_and_little_inside_quotes() {
        assert_eq!(words(r#"a\ b "c\d\"" 'e\f'"#), Ok(["a b", r#"c\d""#, r"e\f"].map(String::from).to_vec()));
    }

    #[test]
    fn what_is_left_open_is_an_error() {
        assert_eq!(words("a 'b"), Err(ShellWordsError::OpenQuote));
        assert_eq!(words(r#""a\"#), Err(ShellWordsError::OpenEscape));
        assert_eq!(words("a\\"), Err(ShellWordsError::OpenEscape));
    }
}
