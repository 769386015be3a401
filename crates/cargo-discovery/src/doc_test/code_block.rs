//! The code blocks of a Markdown text that rustdoc tests.
//!
//! The Markdown is read by the library that rustdoc itself reads it with, and with the same extensions.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

use super::fence;

/// What rustdoc's `main_body_opts` turns on.
const EXTENSIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_SMART_PUNCTUATION);

/// A code block that is a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeBlock {
    /// Its line within the text, from 0.
    pub line: u32,
    pub ignore: Ignore,
}

/// Whether a code block says `ignore`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ignore {
    No,
    /// With what stands in parentheses behind it.
    Always(Option<String>),
    /// On targets whose name holds one of these.
    On(Vec<String>),
}

/// Whether the text may have code blocks. It errs to one side only.
pub(super) fn may_be_in(text: &str) -> bool {
    text.contains("```") || text.contains("~~~") || text.contains("    ") || text.contains('\t')
}

/// Finds them.
pub(super) fn find(text: &str) -> Vec<CodeBlock> {
    let mut blocks = Vec::new();
    let (mut line, mut before) = (0_usize, 0_usize);
    for (event, range) in Parser::new_ext(text, EXTENSIONS).into_offset_iter() {
        let Event::Start(Tag::CodeBlock(kind)) = event else { continue };
        let ignore = match kind {
            CodeBlockKind::Indented => Some(Ignore::No),
            CodeBlockKind::Fenced(info) => fence::read(&info),
        };
        let Some(ignore) = ignore else { continue };
        let between = text.get(before..range.start).unwrap_or_default();
        line += between.lines().count();
        // The block's own line counts where something stands before it.
        if line != 0 && !between.ends_with('\n') {
            line -= 1;
        }
        before = range.start;
        blocks.push(CodeBlock { line: u32::try_from(line).unwrap_or(u32::MAX), ignore });
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<u32> {
        find(text).iter().map(|block| block.line).collect()
    }

    #[test]
    fn fenced_and_indented_code_is_a_test() {
        assert_eq!(lines("```\na\n```\n\ntext\n\n    code\n\n~~~\nb"), [0, 6, 8]);
        assert_eq!(lines("text\n    no code\n\n```sh\na\n```"), [0; 0]);
    }

    #[test]
    fn code_in_lists_and_quotes_is_a_test() {
        assert_eq!(lines("- a\n\n  ```\n  x\n  ```\n\n> ```\n> y\n> ```\n\n2. ```\n   z\n   ```"), [2, 6, 10]);
        assert_eq!(lines("<!--\n```\na\n```\n-->\n"), [0; 0]);
    }
}
