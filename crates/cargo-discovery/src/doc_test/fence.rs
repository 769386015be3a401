//! The words behind the fence of a code block: whether it is Rust, and whether it is ignored.
//!
//! The grammar is in the rustdoc book, "Documentation tests", and in the comment on rustdoc's `TagIterator`.

use std::iter::Peekable;
use std::str::CharIndices;

use super::code_block::Ignore;

/// What the words make of the block; `None` where it is no test.
pub(super) fn read(info: &str) -> Option<Ignore> {
    let mut words = Words { rest: info.char_indices().peekable(), info, in_braces: false, remark: None };
    let (mut is_rust, mut is_other, mut is_custom) = (false, false, false);
    let (mut is_ignored, mut targets) = (false, Vec::new());
    loop {
        match words.next() {
            Ok(None) => break,
            // rustdoc tests no block whose words it cannot read.
            Err(Unreadable) => return None,
            Ok(Some(Word::Class)) => {}
            Ok(Some(Word::Plain(word))) => match word {
                "rust" => is_rust = true,
                "custom" => is_custom = true,
                "should_panic" | "no_run" => is_rust = !is_other,
                "ignore" => {
                    is_ignored = true;
                    is_rust = !is_other;
                }
                "test_harness" | "compile_fail" | "standalone_crate" => is_rust |= !is_other,
                word if word.starts_with("edition") => {}
                word => match word.strip_prefix("ignore-") {
                    Some(target) => {
                        targets.push(target.to_owned());
                        is_rust = !is_other;
                    }
                    None => is_other = true,
                },
            },
        }
    }
    if is_custom || (is_other && !is_rust) {
        return None;
    }
    Some(match (targets.is_empty(), is_ignored) {
        (false, _) => Ignore::On(targets),
        (true, true) => Ignore::Always(words.remark),
        (true, false) => Ignore::No,
    })
}

#[derive(Debug)]
struct Unreadable;

enum Word<'t> {
    Plain(&'t str),
    /// `.class` or `key=value`
    Class,
}

struct Words<'t> {
    rest: Peekable<CharIndices<'t>>,
    info: &'t str,
    /// Whether `{` is open.
    in_braces: bool,
    /// The text in the last parentheses.
    remark: Option<String>,
}

fn may_begin(c: char) -> bool {
    matches!(c, '_' | '-' | ':') || c.is_ascii_alphanumeric()
}

fn may_follow(c: char) -> bool {
    may_begin(c) || ".!#$%&*+/;<>?@^|~".contains(c)
}

fn separates(c: char) -> bool {
    matches!(c, ' ' | ',' | '\t')
}

impl<'t> Words<'t> {
    fn next(&mut self) -> Result<Option<Word<'t>>, Unreadable> {
        loop {
            while self.rest.next_if(|&(_, c)| separates(c)).is_some() {}
            let Some((at, c)) = self.rest.next() else {
                return if self.in_braces { Err(Unreadable) } else { Ok(None) };
            };
            match c {
                '}' if self.in_braces => self.in_braces = false,
                '.' if self.in_braces => {
                    self.bare(at + 1)?;
                    return self.ended().map(|()| Some(Word::Class));
                }
                _ if self.in_braces => return self.pair(at, c).map(|()| Some(Word::Class)),
                '{' => self.in_braces = true,
                '(' => self.parentheses(at)?,
                '"' => {
                    let word = self.quoted(at)?;
                    return match self.rest.peek() {
                        Some(&(_, c)) if c != '{' && c != '(' && !separates(c) => Err(Unreadable),
                        _ => Ok(Some(Word::Plain(word))),
                    };
                }
                _ if may_begin(c) => return self.plain(at).map(|word| Some(Word::Plain(word))),
                _ => return Err(Unreadable),
            }
        }
    }

    /// A word outside braces; `{` and `(` end it as well.
    fn plain(&mut self, at: usize) -> Result<&'t str, Unreadable> {
        while self.rest.next_if(|&(_, c)| may_follow(c)).is_some() {}
        let end = self.rest.peek().map_or(self.info.len(), |&(end, _)| end);
        match self.rest.peek() {
            None | Some((_, '{')) => {}
            Some(&(open, '(')) => {
                self.rest.next();
                self.parentheses(open)?;
            }
            Some(&(_, c)) if separates(c) => {}
            Some(_) => return Err(Unreadable),
        }
        Ok(&self.info[at..end])
    }

    /// The rest of a word in braces, which may not be empty.
    fn bare(&mut self, at: usize) -> Result<(), Unreadable> {
        while self.rest.next_if(|&(_, c)| may_follow(c)).is_some() {}
        let end = self.rest.peek().map_or(self.info.len(), |&(end, _)| end);
        if end > at { Ok(()) } else { Err(Unreadable) }
    }

    /// `key=value` in braces.
    fn pair(&mut self, at: usize, first: char) -> Result<(), Unreadable> {
        match first {
            '"' if self.quoted(at)?.is_empty() => return Err(Unreadable),
            '"' => {}
            _ if may_begin(first) => self.bare(at)?,
            _ => return Err(Unreadable),
        }
        self.rest.next_if(|&(_, c)| c == '=').ok_or(Unreadable)?;
        match self.rest.next() {
            Some((at, '"')) if self.quoted(at)?.is_empty() => return Err(Unreadable),
            Some((_, '"')) => {}
            Some((at, c)) if may_follow(c) => self.bare(at)?,
            _ => return Err(Unreadable),
        }
        self.ended()
    }

    fn quoted(&mut self, at: usize) -> Result<&'t str, Unreadable> {
        let (end, _) = self.rest.find(|&(_, c)| c == '"').ok_or(Unreadable)?;
        Ok(&self.info[at + 1..end])
    }

    fn parentheses(&mut self, at: usize) -> Result<(), Unreadable> {
        let (end, _) = self.rest.find(|&(_, c)| c == ')').ok_or(Unreadable)?;
        self.remark = Some(self.info[at + 1..end].trim().to_owned());
        Ok(())
    }

    /// Behind a word in braces only this may stand.
    fn ended(&mut self) -> Result<(), Unreadable> {
        match self.rest.peek() {
            Some(&(_, c)) if c != '}' && c != '(' && !separates(c) => Err(Unreadable),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_rust_unless_it_says_another_language() {
        for info in [
            "",
            "rust",
            "no_run",
            "should_panic,foo",
            "compile_fail,E0277",
            "text,rust",
            "edition2021",
            "{.rust}",
            "\"rust\"",
        ] {
            assert_eq!(read(info), Some(Ignore::No), "{info}");
        }
        for info in [
            "text",
            "E0277,compile_fail",
            "foo,should_panic",
            "custom,rust",
            "Rust",
            "rust;no_run",
            "$",
            "ignore{",
            "rust(",
        ] {
            assert_eq!(read(info), None, "{info}");
        }
    }

    #[test]
    fn what_is_ignored_says_where_and_why() {
        assert_eq!(read("rust,ignore"), Some(Ignore::Always(None)));
        assert_eq!(read("ignore (needs a network)"), Some(Ignore::Always(Some("needs a network".to_owned()))));
        assert_eq!(read("ignore,ignore-arm"), Some(Ignore::On(vec!["arm".to_owned()])));
        assert_eq!(read("text,ignore"), None);
    }
}
