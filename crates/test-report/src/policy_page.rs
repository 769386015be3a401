//! The reference of policy files, as Markdown: every key, from the table that the parser reads by.

use std::fmt::Write;

use marker_policy::Policy;
use marker_policy::keys::{DOCUMENT, Form, Key, Names, Table, Takes};

/// How wide a line of text is.
const WIDTH: usize = 120;

const HEAD: &str = "\
# The policy file

Written by `cargo xtask policy keys --output docs/guide/policy.md`.

`test-policy.toml` lies at the root of a tree, and says what its tests are held against. `cargo xtask policy init` writes
one for a tree, with comments on what it found there. A small one:

```toml
version = 1
extends = \"dynamo-2026-08\"

[categories.component]
add = [\"frontend\"]

[rules]
file-name = \"off\"
```

- A mistake in it stops every command with exit code 2. All mistakes are told at once, each with its line and what was
  probably meant.
- `cargo xtask policy show` prints what applies in the end, with the file and line that each value comes from.
- Editors complete and check it by its [JSON Schema](../test-policy.schema.json) (draft 2020-12), which
  `cargo xtask policy schema` prints: in taplo, and Even Better TOML for VS Code, a first line such as
  `#:schema ./test-policy.schema.json` names it.
- Below, `MARKER`, `NAME` and the like stand for a key of your own. Durations are `15 s`, `5 min`, `2 h`. Folders are
  relative to the tree, and mean all below them.

";

/// The page.
#[must_use]
pub fn page() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("| key | |\n|---|---|\n");
    for key in DOCUMENT.keys {
        let first = key.means.split_once(". ").map_or(key.means, |(first, _)| first).trim_end_matches('.');
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "| [`{0}`](#{0}) | {first} |", key.name);
    }
    for key in DOCUMENT.keys {
        let _ = write!(text, "\n## {}\n\n{}\n", key.name, wrapped(key.means));
        if let Some(table) = key.takes.table() {
            let _ = write!(text, "\n```toml\n{}```\n", written(key));
            self::table(&mut text, key.name, table, matches!(key.takes, Takes::Tables(_)));
        } else {
            let _ = write!(text, "\n```toml\n{} = {}\n```\n", key.name, key.example);
            words(&mut text, &key.takes);
        }
    }
    text
}

/// A table's example as people write it.
fn written(key: &Key) -> String {
    match key.takes {
        Takes::Tables(_) => format!("[[{}]]\n{}\n", key.name, entries(key.example, "[{ ", " }]").join("\n")),
        _ => format!("[{}]\n{}\n", key.name, entries(key.example, "{ ", " }").join("\n")),
    }
}

/// The entries of an inline table, which commas separate that stand in nothing else.
fn entries<'a>(example: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let inside = example.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).unwrap_or(example);
    let (mut depth, mut quoted, mut start) = (0_u32, false, 0);
    let mut entries = Vec::new();
    for (at, character) in inside.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                entries.extend(inside.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    entries.extend(inside.get(start..));
    entries.into_iter().map(str::trim).collect()
}

fn table(text: &mut String, path: &str, table: &Table, is_list: bool) {
    let header = if is_list { format!("[[{path}]]") } else { format!("[{path}]") };
    let _ = write!(text, "\n| in `{header}` | takes | |\n|---|---|---|\n");
    for key in table.keys {
        let required = if key.required { " (required)" } else { "" };
        row(text, &format!("`{}`{required}", key.name), &key.takes, key.means);
    }
    if let Some(Names { word, takes, means, example, .. }) = table.names {
        row(text, &format!("`{word}`"), takes, &format!("{means} `{example}`"));
    }
    let inside = |name: &str, takes: &Takes, text: &mut String| {
        if let Some(below) = takes.table() {
            let is_list = matches!(takes, Takes::Tables(_) | Takes::TextsOrTables(..));
            self::table(text, &format!("{path}.{name}"), below, is_list);
        }
    };
    let mut shown: Vec<*const Table> = Vec::new();
    for key in table.keys {
        // The categories have one table between them.
        let Some(below) = key.takes.table() else { continue };
        if !shown.contains(&std::ptr::from_ref(below)) {
            shown.push(below);
            inside(key.name, &key.takes, text);
        }
    }
    if let Some(names) = table.names {
        inside(names.word, &names.takes, text);
    }
}

fn row(text: &mut String, name: &str, takes: &Takes, means: &str) {
    let mut said = takes.described();
    let words = form(takes).map(Form::words).unwrap_or_default();
    // All rules are too many for a cell.
    if !words.is_empty() && words.len() <= 6 {
        said = words.iter().map(|(word, meaning)| format!("`\"{word}\"` {meaning}")).collect::<Vec<_>>().join("; ");
    } else if !words.is_empty() {
        said = format!("{said} ([the rules](../rules/README.md))");
    }
    let _ = writeln!(text, "| {name} | {} | {} |", cell(&said), cell(means));
}

fn words(text: &mut String, takes: &Takes) {
    let words = form(takes).map(Form::words).unwrap_or_default();
    if words.is_empty() {
        return;
    }
    text.push('\n');
    for (word, meaning) in words {
        let _ = writeln!(text, "- `{word}`: {meaning}");
    }
    // The presets are the only words of a key of the document.
    let _ = writeln!(text, "\nWithout a policy file, `{}` applies.", Policy::preset_names().next().unwrap_or_default());
}

fn form(takes: &Takes) -> Option<Form> {
    match takes {
        Takes::Text(form) | Takes::Texts(form) => Some(*form),
        _ => None,
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        if width > 0 && width + 1 + word.chars().count() > WIDTH {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.chars().count();
    }
    out
}
