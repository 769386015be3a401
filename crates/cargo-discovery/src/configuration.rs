//! The tree's own configuration of cargo, as far as it decides what is compiled: flags for rustc, and the target.

use camino::Utf8Path;
use test_catalog::Problem;
use toml::{Table, Value};

use crate::cfg::{TargetCfg, Truth};
use crate::{manifest, sources};

/// What is set in a build in `folder`: the machine's, and what the files beside and above the folder say.
///
/// The Cargo book, "Configuration", "Hierarchical structure". Files above the tree are not looked at.
pub(crate) fn apply(tree: &Utf8Path, folder: &Utf8Path, target: &TargetCfg) -> (TargetCfg, Vec<Problem>) {
    let mut tables = Vec::new();
    let mut problems = Vec::new();
    for folder in folder.ancestors() {
        // Where both are, cargo takes the one without a suffix.
        let files = [".cargo/config", ".cargo/config.toml"].map(|name| folder.join(name));
        let Some(file) = files.into_iter().find(|file| tree.join(file).is_file()) else { continue };
        match sources::read(tree, &file) {
            Ok(text) => match toml::from_str::<Table>(&text) {
                Ok(table) => tables.push(table),
                Err(error) => {
                    let line = error.span().map_or(1, |span| manifest::line_of(&text, span.start));
                    let message = format!("the configuration of cargo cannot be understood: {}", error.message());
                    problems.push(manifest::problem(test_catalog::TreePath::new(&file), line, message));
                }
            },
            Err(problem) => problems.push(problem),
        }
    }
    (with_tables(target, &tables), problems)
}

/// `tables` from the nearest file to the farthest.
fn with_tables(target: &TargetCfg, tables: &[Table]) -> TargetCfg {
    let mut target = target.clone();
    let build = |key: &str| tables.iter().filter_map(|table| table.get("build")?.get(key)).collect::<Vec<_>>();
    if let Some(triple) = build("target").first().and_then(|value| value.as_str()) {
        target = target.for_triple(triple);
    }
    let mut of_target = Vec::new();
    let mut is_doubtful = false;
    for (key, value) in tables.iter().filter_map(|table| table.get("target")?.as_table()).flatten() {
        let Some(flags) = value.get("rustflags") else { continue };
        match target.takes(key) {
            Truth::Yes => of_target.extend(words(flags)),
            Truth::Unknown => is_doubtful = true,
            Truth::No => {}
        }
    }
    let of_build: Vec<&str> = build("rustflags").into_iter().flat_map(words).collect();
    // Flags of a target take the place of those of the build.
    let flags = if of_target.is_empty() { of_build } else { of_target };
    target = with_flags(target, &flags);
    if is_doubtful { target.with_unknown("target_feature") } else { target }
}

fn words(flags: &Value) -> Vec<&str> {
    match flags {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn with_flags(mut target: TargetCfg, flags: &[&str]) -> TargetCfg {
    let mut rest = flags.iter();
    while let Some(&flag) = rest.next() {
        let option = |long: &str, rest: &mut std::slice::Iter<'_, &str>| match flag.strip_prefix(long) {
            Some("") => rest.next().map(|value| (*value).to_owned()),
            Some(value) if !long.starts_with("--") => Some(value.to_owned()),
            Some(value) => value.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        if let Some(setting) = option("--cfg", &mut rest) {
            target = with_setting(target, &setting);
        } else if let Some(codegen) = option("--codegen", &mut rest).or_else(|| option("-C", &mut rest)) {
            target = with_codegen(target, &codegen);
        }
    }
    target
}

/// `name`, or `name="value"`.
fn with_setting(target: TargetCfg, setting: &str) -> TargetCfg {
    match setting.split_once('=') {
        Some((name, value)) => target.with_value(name.trim(), value.trim().trim_matches('"')).by_flag(name.trim()),
        None => target.with_name(setting.trim()).by_flag(setting.trim()),
    }
}

/// What `-C` changes of the target.
fn with_codegen(target: TargetCfg, option: &str) -> TargetCfg {
    match option.split('=').next().unwrap_or(option) {
        "target-cpu" | "target-feature" => target.with_unknown("target_feature"),
        "debug-assertions" => target.with_doubt("debug_assertions"),
        "panic" => target.with_unknown("panic"),
        _ => target,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn target(texts: &[&str]) -> TargetCfg {
        let tables: Vec<Table> = texts.iter().map(|text| toml::from_str(text).unwrap()).collect();
        with_tables(&TargetCfg::host(), &tables)
    }

    fn takes(target: &TargetCfg, key: &str) -> Truth {
        target.takes(&format!("cfg({key})"))
    }

    #[test]
    fn all_spellings_of_cfg_flags_are_read() {
        let target = target(&["build.rustflags = ['--cfg', 'a', '--cfg=b', '-C', 'x', '--cfg=c=\"1\"']"]);
        for key in ["a", "b", "c = \"1\""] {
            assert_eq!(takes(&target, key), Truth::Yes, "{key}");
        }
        assert_eq!(takes(&target, "x"), Truth::No);
    }

    #[test]
    fn flags_of_the_nearest_and_of_all_files_above_are_joined() {
        let target = target(&["build.rustflags = '--cfg a'", "build.rustflags = ['--cfg', 'b']"]);
        assert_eq!((takes(&target, "a"), takes(&target, "b")), (Truth::Yes, Truth::Yes));
    }

    #[test]
    fn flags_of_a_target_take_the_place_of_those_of_the_build() {
        let target = target(&["build.rustflags = '--cfg a'\ntarget.'cfg(all())'.rustflags = '--cfg b'"]);
        assert_eq!((takes(&target, "a"), takes(&target, "b")), (Truth::No, Truth::Yes));
    }

    #[test]
    fn flags_for_a_processor_leave_its_instructions_open() {
        let avx = "target_feature = \"avx2\"";
        let known = TargetCfg::host().takes("cfg(target_arch = \"x86_64\")") == Truth::Yes;
        assert!(!known || takes(&target(&[]), avx) == Truth::No);
        assert_eq!(takes(&target(&["build.rustflags = ['-Ctarget-cpu=native']"]), avx), Truth::Unknown);
    }
}
