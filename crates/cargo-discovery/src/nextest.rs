//! nextest's own configuration, as far as it decides which tests a run leaves out: `.config/nextest.toml` ("Configuration
//! reference" of nextest 0.9).

use camino::Utf8Path;
use toml::{Table, Value};

use crate::command::TestCommand;
use crate::sources;

/// Profiles may inherit from each other so many times.
const MOST_PROFILES: usize = 20;

/// Why the configuration may leave tests out of a command; `None` where it leaves none out.
///
/// A filter itself is not read.
pub(crate) fn default_filter(command: &TestCommand, tree: &Utf8Path, workspace: &Utf8Path) -> Option<String> {
    let nextest = command.nextest.as_ref().filter(|nextest| !nextest.is_ignored)?;
    let file = workspace.join(".config/nextest.toml");
    if !tree.join(&file).is_file() {
        return None;
    }
    let unreadable = || Some(format!("{file}, nextest's configuration, cannot be read"));
    let Ok(text) = sources::read(tree, &file) else { return unreadable() };
    let Ok(table) = toml::from_str::<Table>(&text) else { return unreadable() };
    let profiles = table.get("profile").and_then(Value::as_table);
    let mut filtered = profiles.into_iter().flatten().filter(|(_, profile)| leaves_out(profile));
    match nextest.profile.as_deref() {
        Some("") => {
            let (name, _) = filtered.next()?;
            Some(format!("the profile of nextest is not known, and `{name}` has a default filter ({file})"))
        }
        profile => {
            let name = filter_of(profiles?, profile.unwrap_or("default"))?;
            Some(format!("the default filter of nextest's profile `{name}` is not read ({file})"))
        }
    }
}

/// The profile whose filter holds in a profile, if it leaves tests out.
fn filter_of<'t>(profiles: &'t Table, name: &'t str) -> Option<&'t str> {
    let mut name = name;
    for _ in 0..MOST_PROFILES {
        let profile = profiles.get(name);
        if profile.and_then(|profile| profile.get("default-filter")).is_some() {
            return profile.is_some_and(leaves_out).then_some(name);
        }
        let inherited = profile.and_then(|profile| profile.get("inherits")).and_then(Value::as_str);
        name = match inherited {
            Some(other) => other,
            None if name == "default" => break,
            None => "default",
        };
    }
    None
}

fn leaves_out(profile: &Value) -> bool {
    // Platforms have filters too.
    let overrides = profile.get("overrides").and_then(Value::as_array).into_iter().flatten();
    let of_platforms = overrides.filter_map(|one| one.get("default-filter"));
    let own = profile.get("default-filter");
    own.into_iter().chain(of_platforms).any(|filter| filter.as_str().is_none_or(|filter| filter.trim() != "all()"))
}
