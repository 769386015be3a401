//! Parts of a policy file as TOML writes them.

use std::fmt::Write;

/// What stands in a comment: a name of a tree may hold anything, and nothing ends the line.
pub(crate) fn comment(from: &str) -> String {
    from.replace(|character: char| character.is_control(), "?")
}

/// A key, in quotes where it needs them.
pub(crate) fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_bare { name.to_owned() } else { string(name) }
}

/// A string as TOML writes it, in one line.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A list of strings, in one line.
pub(crate) fn list(items: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| string(item.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}
