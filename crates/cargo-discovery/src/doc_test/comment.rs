//! The text of documentation, as Markdown is made of it: without the stars of block comments, and without the
//! indentation that all lines share.
//!
//! The rules are rustc's: `beautify_doc_string`, `unindent_doc_fragments` and `add_doc_fragment`.

/// A comment's or a literal's text without a frame of stars.
pub(super) fn plain(text: &str, is_block: bool) -> String {
    if !text.contains('\n') {
        return text.to_owned();
    }
    let all: Vec<&str> = text.lines().collect();
    let mut lines = all.as_slice();
    let is_stars = |line: &str| line.chars().all(|c| c == '*');
    if lines.first().is_some_and(|line| is_stars(line)) {
        lines = &lines[1..];
    }
    if lines.last().is_some_and(|line| !line.is_empty() && is_stars(line)) {
        lines = &lines[..lines.len() - 1];
    }
    let Some(frame) = frame(lines, is_block) else {
        return if lines.len() == all.len() { text.to_owned() } else { lines.join("\n") };
    };
    let without = lines.iter().map(|line| {
        let Some(rest) = line.strip_prefix(frame) else { return *line };
        let has_star = rest == "*" || rest.starts_with("* ") || rest.starts_with("**");
        if is_block && has_star { &rest[1..] } else { rest }
    });
    without.collect::<Vec<_>>().join("\n")
}

/// What stands before the stars, where each line has one in the same column.
fn frame<'t>(lines: &[&'t str], is_block: bool) -> Option<&'t str> {
    let looked_at = if is_block {
        let from = usize::from(lines.first().is_some_and(|line| !line.trim_start().starts_with('*')));
        let is_blank = |line: &&&str| line.trim().is_empty();
        let from = from + lines.get(from..)?.iter().take_while(is_blank).count();
        let to = lines.len() - lines[from..].iter().rev().take_while(is_blank).count();
        &lines[from..to]
    } else {
        lines
    };
    let mut column = None;
    for line in looked_at {
        for (index, c) in line.chars().enumerate() {
            if column.is_some_and(|column| index > column) || !matches!(c, '*' | ' ' | '\t') {
                return None;
            }
            if c == '*' {
                if *column.get_or_insert(index) != index {
                    return None;
                }
                break;
            }
        }
        if column.is_none_or(|column| column >= line.len()) {
            return None;
        }
    }
    looked_at.first()?.get(..column?)
}

/// Parts of one item's documentation, of which the one or the other may be a comment, as one text.
pub(super) fn join(parts: &[(&str, bool)]) -> String {
    let is_mixed = parts.windows(2).any(|pair| pair[0].1 != pair[1].1);
    let added = usize::from(is_mixed && parts.iter().any(|(_, is_comment)| *is_comment));
    let indent_of = |(text, is_comment): &(&str, bool)| {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let least = lines.map(|line| line.chars().take_while(|c| matches!(c, ' ' | '\t')).count()).min();
        least.map(|least| least + if *is_comment { 0 } else { added })
    };
    let least = parts.iter().filter_map(indent_of).min().unwrap_or(usize::MAX);
    let mut joined = String::new();
    for (text, is_comment) in parts {
        if text.is_empty() {
            joined.push('\n');
            continue;
        }
        let indent = if *is_comment { least } else { least.saturating_sub(added) };
        for line in text.lines() {
            let is_blank = line.trim().is_empty();
            joined.push_str(if is_blank { line } else { line.get(indent..).unwrap_or(line) });
            joined.push('\n');
        }
    }
    joined.pop();
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_stars_is_no_documentation() {
        assert_eq!(plain("\n * a\n *\n *   b\n ", true), " a\n\n   b\n");
        assert_eq!(plain("*\n a\n***", true), " a");
        assert_eq!(plain("a\n b\n", true), "a\n b\n");
        assert_eq!(plain(" * x\n  * y\n", true), " * x\n  * y\n", "a list that is not in one column");
    }

    #[test]
    fn the_indentation_that_all_share_goes() {
        assert_eq!(join(&[(" a", true), ("", true), ("   b", true)]), "a\n\n  b");
        assert_eq!(join(&[("a", true), (" b", true)]), "a\n b");
        assert_eq!(join(&[(" a", true), ("b\nc", false)]), "a\nb\nc");
    }
}
