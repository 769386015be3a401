//! What a build script may set, as far as its text tells.

use std::collections::BTreeSet;

use crate::cfg::BuildScript;

/// Libraries for build scripts that print `cargo:rustc-cfg` themselves.
const PRINTERS: [&str; 6] =
    ["autocfg", "version_check", "cfg_aliases", "system_deps", "pyo3_build_config", "rustversion"];

/// Reads what `cargo:rustc-cfg=NAME` a build script prints.
///
/// Names that are written out are told. Where a name is put together, where a library prints it, or where other files
/// are part of the script, it may be any.
pub(crate) fn read(text: &str) -> BuildScript {
    let mut names = BTreeSet::new();
    for (place, _) in text.match_indices("rustc-cfg") {
        let (before, behind) = (&text[..place], &text[place + "rustc-cfg".len()..]);
        let is_instruction = before.ends_with("cargo:") || before.ends_with("cargo::");
        match behind.strip_prefix('=').filter(|_| is_instruction).and_then(written_name) {
            Some(name) => names.insert(name.to_owned()),
            None => return BuildScript::Anything,
        };
    }
    // `cargo:{}` or `cargo:rustc-{}` may come to be it.
    let is_put_together = ["cargo:{", "cargo::{", "cargo:rustc-{", "cargo::rustc-{", "cargo:\"", "cargo::\""];
    let other_files = ["include!", "mod "];
    let is_open = is_put_together.iter().any(|sign| text.contains(sign))
        || words(text).any(|word| PRINTERS.contains(&word) || is_about_cfg(word))
        || other_files.iter().any(|sign| text.contains(sign));
    if is_open { BuildScript::Anything } else { BuildScript::Names(names) }
}

/// Whether a build script writes tests into what it generates: an attribute that makes one stands in its text.
pub(crate) fn writes_tests(text: &str) -> bool {
    text.contains("test]") || text.contains("test(")
}

/// The name that stands at the beginning, when what follows it is no part of it.
fn written_name(text: &str) -> Option<&str> {
    let end = text.find(|one: char| !is_of_word(one)).unwrap_or(text.len());
    let (name, behind) = text.split_at(end);
    // The end of the string, an escape in it, or the value.
    let is_whole = behind.starts_with(['"', '\\', '=', '\n']);
    (!name.is_empty() && is_whole).then_some(name)
}

fn is_of_word(one: char) -> bool {
    one.is_alphanumeric() || one == '_'
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|one| !is_of_word(one)).filter(|word| !word.is_empty())
}

/// Whether a word is the name of something that may print it, such as `use_pyo3_cfgs`. The attributes are not, nor are
/// the variables of the environment, nor the words of `rustc-cfg` and `rustc-check-cfg`.
fn is_about_cfg(word: &str) -> bool {
    word.to_ascii_lowercase().contains("cfg")
        && !word.starts_with("CARGO_CFG_")
        && !["cfg", "cfg_attr", "CFG"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> BuildScript {
        BuildScript::Names(list.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn names_that_are_written_out_are_known() {
        let text = r##"fn main() {
            println!("cargo::rustc-check-cfg=cfg(fast, mode, values(\"a\"))");
            if std::env::var("CARGO_CFG_TARGET_OS").is_ok() { println!("cargo:rustc-cfg=fast"); }
            println!("cargo::rustc-cfg=mode=\"{}\"", mode());
            println!(r#"cargo:rustc-cfg=kind="x""#);
            print!("cargo:rustc-cfg=last\n");
            #[cfg(unix)] let cfg = cc::Build::new();
        }"##;
        assert_eq!(read(text), names(&["fast", "kind", "last", "mode"]));
        assert_eq!(read("fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); }"), names(&[]));
    }

    #[test]
    fn what_is_not_written_out_may_be_anything() {
        for text in [
            "println!(\"cargo:rustc-cfg={}\", name)",
            "println!(\"cargo:rustc-cfg=has_{name}\")",
            "const KEY: &str = \"rustc-cfg\";",
            "println!(\"cargo:{key}={value}\")",
            "autocfg::new().emit_has_path(\"std::fmt\");",
            "pyo3_build_config::use_pyo3_cfgs();",
            "system_deps::Config::new().probe()",
            "include!(\"build/more.rs\");",
        ] {
            assert_eq!(read(text), BuildScript::Anything, "{text}");
        }
    }
}
