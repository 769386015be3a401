//! The page around the document.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::data::Report;

const TEMPLATE: &str = include_str!("page/template.html");
const STYLE: &str = include_str!("page/style.css");

/// The modules of the script, each after those that it imports.
const MODULES: [(&str, &str); 17] = [
    ("document.js", include_str!("page/script/document.js")),
    ("elements.js", include_str!("page/script/elements.js")),
    ("words.js", include_str!("page/script/words.js")),
    ("expression.js", include_str!("page/script/expression.js")),
    ("model.js", include_str!("page/script/model.js")),
    ("view.js", include_str!("page/script/view.js")),
    ("headline.js", include_str!("page/script/headline.js")),
    ("matrix.js", include_str!("page/script/matrix.js")),
    ("coverage.js", include_str!("page/script/coverage.js")),
    ("findings.js", include_str!("page/script/findings.js")),
    ("trend.js", include_str!("page/script/trend.js")),
    ("timeline.js", include_str!("page/script/timeline.js")),
    ("run.js", include_str!("page/script/run.js")),
    ("plan.js", include_str!("page/script/plan.js")),
    ("detail.js", include_str!("page/script/detail.js")),
    ("tests.js", include_str!("page/script/tests.js")),
    ("main.js", include_str!("page/script/main.js")),
];

/// The page as one file.
///
/// Nothing runs in it but its own script, nothing is loaded and nothing is sent: the policy in its head names the script
/// and the style by their hashes and forbids all else.
///
/// # Errors
/// Where the document cannot be written as JSON, which no tree makes happen.
pub fn page(report: &Report) -> serde_json::Result<String> {
    let script = script();
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(STYLE)
    );
    let data = json(report)?;
    Ok(fill(TEMPLATE, |slot| match slot {
        "policy" => policy.clone(),
        "title" => escape(&report.title),
        "style" => STYLE.to_owned(),
        "data" => data.clone(),
        "script" => script.clone(),
        _ => String::new(),
    }))
}

/// The document so that HTML sees nothing in it: inside of strings, JSON lets any character be written by its number.
fn json(report: &Report) -> serde_json::Result<String> {
    let text = serde_json::to_string(report)?;
    let mut out = String::with_capacity(text.len() + text.len() / 64);
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    Ok(out)
}

/// The modules as one: with each after those that it imports, their names need no `import` and no `export`.
fn script() -> String {
    let mut script = String::new();
    for (_, text) in MODULES {
        for line in text.lines().filter(|line| !line.starts_with("import ")) {
            script.push_str(line.strip_prefix("export ").unwrap_or(line));
            script.push('\n');
        }
    }
    script
}

/// What the policy of a page calls a script or a style.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A template with its slots, `{{name}}`, filled. What is filled in is not looked at again.
fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        match behind.split_once("}}") {
            Some((name, after)) => {
                out.push_str(&value(name));
                rest = after;
            }
            None => rest = behind,
        }
    }
    out + rest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What joining the modules takes: an import is one line and names what an earlier module exports, an export begins a
    /// line, and no two modules export one name.
    #[test]
    fn modules_import_what_earlier_ones_export() {
        let mut exported: HashSet<(&str, &str)> = HashSet::new();
        let mut names: HashSet<&str> = HashSet::new();
        for (file, text) in MODULES {
            for line in text.lines() {
                if let Some(import) = line.strip_prefix("import ") {
                    let (list, from) = import.split_once(" from \"./").unwrap();
                    let from = from.strip_suffix("\";").unwrap();
                    for name in list.trim_matches(['{', '}', ' ']).split(", ") {
                        assert!(exported.contains(&(from, name)), "{file} imports {name} of {from}");
                    }
                }
                assert!(!line.trim_start().starts_with("import ") || line.starts_with("import "), "{file}: {line}");
            }
            for line in text.lines().filter_map(|line| line.strip_prefix("export ")) {
                let declared = line.strip_prefix("async ").unwrap_or(line).split_once(' ').unwrap().1;
                let is_part = |character: char| character.is_alphanumeric() || character == '_';
                let name = declared.split(|character| !is_part(character)).next().unwrap();
                assert!(exported.insert((file, name)) && names.insert(name), "{file} exports {name}");
            }
        }
    }

    #[test]
    fn nothing_of_the_script_or_style_ends_its_element() {
        assert!(!script().contains("</") && !script().contains("<!--"));
        assert!(!STYLE.contains("</"));
        assert!(!script().contains("export ") && !script().contains("import "));
    }

    #[test]
    fn slots_are_filled_once() {
        assert_eq!(fill("a{{b}}c{{d}}", |name| format!("[{name}{{{{x}}}}]")), "a[b{{x}}]c[d{{x}}]");
    }
}
