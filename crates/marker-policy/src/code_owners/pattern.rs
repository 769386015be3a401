//! Patterns: gitignore's, with GitHub's exceptions.

use globset::{Glob, GlobBuilder};

/// The longest path that Linux takes. No longer pattern can be meant.
const LONGEST: usize = 4096;

/// What a pattern matches, as globs of whole paths.
///
/// # Errors
/// Why GitHub does not take it.
pub(crate) fn globs(pattern: &str) -> Result<Vec<Glob>, String> {
    if pattern.len() > LONGEST {
        return Err(format!("the pattern has {} bytes: no path is that long", pattern.len()));
    }
    if pattern.starts_with('!') {
        return Err(format!("`{pattern}` is no pattern for GitHub: `!` takes nothing out again here"));
    }
    if pattern.starts_with("\\#") {
        return Err(format!("`{pattern}` is no pattern for GitHub: no backslash makes a file's name of a `#` here"));
    }
    if pattern.contains(['[', ']']) {
        return Err(format!("`{pattern}` is no pattern for GitHub: it has no ranges of characters"));
    }
    if pattern.contains("***") {
        return Err(format!(
            "`{pattern}` is no pattern that is documented: `*` is a part of a name, `**` are any folders"
        ));
    }
    // Only folders, and files only through them.
    let (body, of_folder) = match pattern.strip_suffix('/') {
        Some(body) => (body, true),
        None => (pattern, false),
    };
    let (body, anchored) = match body.strip_prefix('/') {
        Some(body) => (body, true),
        None => (body, body.contains('/')),
    };
    if body.is_empty() {
        return Err(format!("`{pattern}` names no file: `/*` are those of the root, `*` are all"));
    }
    let segments: Vec<String> = body.split('/').map(segment).collect::<Result<_, _>>()?;
    let joined = segments.join("/");
    let base = if anchored || joined == "**" { joined } else { format!("**/{joined}") };
    let last = segments.last().map(String::as_str);
    let globs = match (last, of_folder) {
        // All below is matched already.
        (Some("**"), false) => vec![base],
        (Some("**"), true) => vec![format!("{base}/*/*")],
        // The exception: `docs/*` has the files in docs, and none of the folders in it. A pattern without a slash has all.
        (Some("*"), false) if anchored => vec![base],
        (_, true) => vec![format!("{base}/**")],
        (_, false) => vec![format!("{base}/**"), base],
    };
    globs.iter().map(|text| glob(text)).collect()
}

/// A part between slashes as globset writes it. Several asterisks beside other characters are as good as one.
fn segment(text: &str) -> Result<String, String> {
    if text == "**" {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len() + 4);
    let mut characters = text.chars();
    let mut behind_asterisk = false;
    while let Some(character) = characters.next() {
        match character {
            '*' if behind_asterisk => {}
            '\\' => {
                let escaped = characters.next().ok_or("a pattern cannot end with a backslash")?;
                out.extend(['\\', escaped]);
            }
            '{' | '}' => out.extend(['\\', character]),
            _ => out.push(character),
        }
        behind_asterisk = character == '*';
    }
    Ok(out)
}

fn glob(text: &str) -> Result<Glob, String> {
    GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build().map_err(|error| error.to_string())
}
