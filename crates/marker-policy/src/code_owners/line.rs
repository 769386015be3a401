//! A line of the file: a pattern and owners.

/// A line that says something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    pub(crate) pattern: &'t str,
    pub(crate) owners: Vec<&'t str>,
}

/// Reads a line; `None` for one that is empty or a comment.
///
/// # Errors
/// Why GitHub skips the line.
pub(crate) fn parse(line: &str) -> Result<Option<Line<'_>>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (pattern, rest) = line.split_at(end_of_pattern(line));
    // What follows a `#` at the beginning of a word is a comment.
    let owners: Vec<&str> = rest.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
    match owners.iter().find(|owner| !is_owner(owner)) {
        Some(wrong) => Err(format!("`{wrong}` is no owner: write @user, @org/team or an e-mail address")),
        None => Ok(Some(Line { pattern, owners })),
    }
}

/// A pattern ends at white space that no backslash stands before.
fn end_of_pattern(line: &str) -> usize {
    let mut escaped = false;
    for (place, character) in line.char_indices() {
        if character.is_whitespace() && !escaped {
            return place;
        }
        escaped = character == '\\' && !escaped;
    }
    line.len()
}

fn is_owner(word: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
    };
    match word.strip_prefix('@') {
        Some(name) => match name.split_once('/') {
            Some((organisation, team)) => is_name(organisation) && is_name(team),
            None => is_name(name),
        },
        None => word.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && is_name(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
        }),
    }
}
