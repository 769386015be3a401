//! Which texts and docstrings are doctests.
//!
//! Source of the rules: `DocTestParser` of Python's `doctest`, and the options that pytest's plugin adds to it.

/// Options that `# doctest: +NAME` may set: those of `doctest`, and the three of pytest.
const OPTIONS: [&str; 14] = [
    "ALLOW_BYTES",
    "ALLOW_UNICODE",
    "DONT_ACCEPT_BLANKLINE",
    "DONT_ACCEPT_TRUE_FOR_1",
    "ELLIPSIS",
    "FAIL_FAST",
    "IGNORE_EXCEPTION_DETAIL",
    "NORMALIZE_WHITESPACE",
    "NUMBER",
    "REPORT_CDIFF",
    "REPORT_NDIFF",
    "REPORT_ONLY_FIRST_FAILURE",
    "REPORT_UDIFF",
    "SKIP",
];
const PROMPT: &str = ">>>";
const GOES_ON: &str = "...";
/// Tabs reach to the next multiple of it.
const TAB: usize = 8;

/// Why `doctest` refuses a text: the whole file has no doctest then.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) String);

/// Whether a text has an example: a prompt with a statement, which a comment is not.
///
/// # Errors
/// An example that `doctest` refuses.
pub(crate) fn has_example(text: &str) -> Result<bool, Refused> {
    if !text.contains(PROMPT) {
        return Ok(false);
    }
    let text = without_tabs(text);
    let lines: Vec<&str> = text.split('\n').collect();
    let margin = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(line)).min().unwrap_or(0);
    let lines: Vec<&str> = lines.into_iter().map(|line| line.get(margin..).unwrap_or_default()).collect();
    let mut has = false;
    let mut rest = &lines[..];
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if !is_prompt(first) {
            continue;
        }
        let indent = indent(first);
        let more = behind.iter().take_while(|line| line[self::indent(line)..].starts_with(GOES_ON)).count();
        let (more, behind) = behind.split_at(more);
        let wanted = behind.iter().take_while(|line| !line.trim_matches(' ').is_empty() && !is_prompt(line)).count();
        let (wanted, behind) = behind.split_at(wanted);
        rest = behind;
        has |= is_example(first, more, wanted, indent)?;
    }
    Ok(has)
}

/// One example: its first line, those that go on with it, and what it is to print.
fn is_example(first: &str, more: &[&str], wanted: &[&str], indent: usize) -> Result<bool, Refused> {
    let mut source = Vec::with_capacity(1 + more.len());
    for line in std::iter::once(&first).chain(more) {
        if line.as_bytes().get(indent + PROMPT.len()).is_some_and(|byte| *byte != b' ') {
            return Err(Refused(format!("lacks a blank behind the prompt: `{}`", line.trim())));
        }
        source.push(line.get(indent + PROMPT.len() + 1..).unwrap_or_default());
    }
    let is_inside =
        |line: &&str, mark: &str| line.is_empty() || self::indent(line) >= indent && line[indent..].starts_with(mark);
    let outside = more.iter().find(|line| !is_inside(line, ".")).or(wanted.iter().find(|line| !is_inside(line, "")));
    if let Some(line) = outside {
        return Err(Refused(format!("is not indented like its prompt: `{}`", line.trim())));
    }
    let is_statement =
        !(source.len() == 1 && matches!(source[0].trim_start_matches(' ').chars().next(), None | Some('#')));
    let options = source.iter().flat_map(|line| options(line));
    let mut has_options = false;
    for option in options {
        has_options = true;
        if !option.strip_prefix(['+', '-']).is_some_and(|name| OPTIONS.contains(&name)) {
            return Err(Refused(format!("sets an option that `doctest` does not have: `{option}`")));
        }
    }
    if has_options && !is_statement {
        return Err(Refused(format!("sets an option where there is no statement: `{}`", first.trim())));
    }
    Ok(is_statement)
}

/// What `# doctest: ...` sets at the end of a line.
fn options(line: &str) -> impl Iterator<Item = &str> {
    let directives = line.match_indices('#').filter_map(move |(at, _)| {
        let said = line[at + 1..].trim_start().strip_prefix("doctest:")?;
        (!said.contains(['\'', '"'])).then_some(said)
    });
    directives.take(1).flat_map(|said| said.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()))
}

fn is_prompt(line: &str) -> bool {
    line[indent(line)..].starts_with(PROMPT)
}

/// How many blanks a line begins with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Python's `str.expandtabs`.
fn without_tabs(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut column = 0;
    for character in text.chars() {
        match character {
            '\t' => {
                let blanks = TAB - column % TAB;
                plain.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            '\n' | '\r' => {
                plain.push(character);
                column = 0;
            }
            _ => {
                plain.push(character);
                column += 1;
            }
        }
    }
    plain
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_a_prompt_with_a_statement() {
        for text in [">>> 1", "x\n    >>> f()\n    1\n", "\t>>> 1\n\t1", ">>> # why\n... f()", ">>> 1 # doctest: +SKIP"]
        {
            assert_eq!(has_example(text), Ok(true), "{text}");
        }
        for text in ["", "no prompt", ">> 1", ">>>", ">>> ", ">>> # a comment", "text >>> 1"] {
            assert_eq!(has_example(text), Ok(false), "{text}");
        }
    }

    #[test]
    fn what_doctest_refuses_is_told() {
        for text in [
            ">>>1",
            "  >>> 1\n 1",
            "  >>> if x:\n ... 1",
            ">>> 1 # doctest: +NOTHING",
            ">>> 1 # doctest: SKIP",
            ">>> # doctest: +SKIP",
        ] {
            assert!(has_example(&format!("top\n{text}")).is_err(), "{text}");
        }
    }
}
