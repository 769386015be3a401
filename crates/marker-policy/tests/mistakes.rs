//! A policy file with mistakes: all of them at once, each with its line.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use marker_policy::Policy;
use proptest::collection::vec;
use proptest::prelude::proptest;
use proptest::test_runner::Config;

fn mistakes(text: &str) -> Vec<String> {
    Policy::parse("test-policy.toml", text).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

#[test]
fn all_mistakes_are_reported_with_their_lines() {
    let text = r#"extends = "dynamo-2025-10"
heading = "x"

[categories.type]
add = ["multimodal", "unit", "multimodal"]
requird = "always"

[rust]
unit = ["pre_merge", "unitt"]
doc = "unit"

[[budgets]]
stage = "premerge"
limit = "15"

[planning]
headroom = 15

[rules]
missing-typ = "off"
file-name = "quiet"
"#;
    assert_eq!(
        mistakes(text),
        [
            "test-policy.toml:2:1: unknown key `heading`; known here: aliases, audit, budgets, categories, ci, coexist, \
             companions, conflicts, container, defaults, engine-caps, exclusive, exemptions, extends, files, gpus, hardware, imports, lanes, locations, markers, name, \
             planning, plugin-markers, ports, retry, rules, rust, timeouts, tree, version",
            "test-policy.toml:5:22: `unit` is in type already",
            "test-policy.toml:5:30: `multimodal` stands twice in `add`",
            "test-policy.toml:6:1: unknown key `requird` in `categories.type`; did you mean `required`?",
            "test-policy.toml:9:22: `unitt` is no marker that this policy defines; did you mean `unit`?",
            "test-policy.toml:10:7: `doc` in `rust` is the string \"unit\", expected a list of markers: write `[\"unit\"]`",
            "test-policy.toml:13:9: `premerge` is no lifecycle marker of this policy; did you mean `pre_merge`?",
            "test-policy.toml:14:9: `limit` in `budgets` is `15`, which is no duration; write `15 s`, `5 min` or `2 h`",
            "test-policy.toml:17:12: `headroom` in `planning` is 15, expected a share from 0 to below 1, such as 0.15",
            "test-policy.toml:20:1: unknown key `missing-typ` in `rules`; did you mean `missing-type`?",
            "test-policy.toml:21:13: `file-name` in `rules` is `quiet`, expected `error`, `warning` or `off`",
        ]
    );
}

/// Each file of `mistakes/` with all that is said of it: a case is a file. `RECORD=1` writes what is said, to be looked at.
#[test]
fn every_mistake_is_told_at_once_with_its_line_and_what_was_probably_meant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut cases = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        cases += 1;
        let errors = Policy::parse("p", &fs::read_to_string(&file).unwrap()).unwrap_err();
        let places: Vec<_> = errors.mistakes.iter().map(|mistake| (mistake.line, mistake.column)).collect();
        assert!(places.is_sorted(), "{file:?}: {places:?}");
        let said: String =
            errors.to_string().lines().map(|line| format!("{}\n", line.trim_start_matches("p:"))).collect();
        let recorded = file.with_extension("txt");
        if std::env::var_os("RECORD").is_some() {
            fs::write(&recorded, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(recorded).unwrap(), "{file:?}");
    }
    assert!(cases > 10, "{cases}");
}

#[test]
fn a_file_of_any_size_is_answered_soon_and_in_few_lines() {
    let too_large = "#".repeat(Policy::LARGEST_FILE + 1);
    assert_eq!(
        mistakes(&too_large),
        ["test-policy.toml:1:1: the file has more than 256 KiB, the most that is read of a policy"]
    );
    let keys: String = (0..20_000).map(|index| format!("k{index} = 1\n")).collect();
    let names: String = (0..20_000).map(|index| format!("\"m{index}\",")).collect();
    let same = "\"unti\",".repeat(30_000);
    for text in [keys, format!("[conflicts]\nx = [{names}]\n"), format!("[rust]\nunit = [{same}]\n")] {
        let text = format!("extends = \"dynamo-2025-10\"\n{text}");
        let errors = Policy::parse("p", &text).unwrap_err();
        assert!(errors.mistakes.len() > 19_000, "{}", errors.mistakes.len());
        let said = errors.to_string();
        assert_eq!(said.lines().count(), 201);
        assert!(said.ends_with(" more"), "{said}");
    }
}

#[test]
fn a_key_that_stands_twice_does_not_hide_other_mistakes() {
    let found = mistakes("extends = \"dynamo-2025-10\"\nname = \"a\"\nname = \"b\"\ncolour = 1\n");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("test-policy.toml:3:1: `name` stands twice, and TOML takes a key once"), "{found:?}");
    assert!(found[1].starts_with("test-policy.toml:4:1: unknown key `colour`"), "{found:?}");
}

#[test]
fn what_is_not_toml_says_where() {
    let found = mistakes("extends = \"dynamo-2025-10\"\n[categories\n");
    assert!(found[0].starts_with("test-policy.toml:2:"), "{found:?}");
}

#[test]
fn a_name_in_two_categories_has_to_be_meant() {
    let shared = "extends = \"dynamo-2025-10\"\n[categories]\nshared = [\"unit\"]\ncomponent.add = [\"unit\"]\n";
    assert!(Policy::parse("p", shared).is_ok());
    let found = mistakes(&shared.replace("shared = [\"unit\"]\n", ""));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains(":3:18: `unit` is in type and in component"), "{found:?}");
}

#[test]
fn hardware_has_to_say_what_it_asks_for() {
    let found =
        mistakes("extends = \"dynamo-2025-10\"\n[categories.hardware]\nadd = [\"tpu_1\"]\n[hardware]\ngpu_9 = {}\n");
    assert!(found.iter().any(|line| line.contains("`tpu_1` has no entry in `[hardware]`")), "{found:?}");
    assert!(found.iter().any(|line| line.contains(":5:1: `gpu_9` asks for nothing")), "{found:?}");
    assert!(found.iter().any(|line| line.contains(":5:1: `gpu_9` is no hardware marker")), "{found:?}");
}

#[test]
fn an_unknown_preset_names_the_known_ones() {
    let found = mistakes("extends = \"dynamo-2026-8\"\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("did you mean `dynamo-2026-08`"), "{found:?}");
}

#[test]
fn a_policy_without_categories_is_told_how_to_start() {
    assert!(mistakes("name = \"x\"\n")[0].contains("extends = \"dynamo-2025-10\""));
}

#[test]
fn a_required_category_has_members() {
    let found = mistakes("extends = \"dynamo-2025-10\"\n[categories.type]\nmarkers = []\n[locations]\n");
    assert_eq!(found, ["test-policy.toml:2:1: every test needs a type marker, and there is none"]);
}

#[test]
fn a_policy_of_another_version_is_refused() {
    let found = mistakes("extends = \"dynamo-2025-10\"\nversion = 2\n");
    assert_eq!(found, ["test-policy.toml:2:11: this is not a policy of version 1, the only one known here"]);
}

#[test]
fn no_input_panics() {
    for text in
        ["\0", "=", "[[[[", "a = 9999999999999999999999", "\u{feff}", "categories = 1", "[categories]\nlifecycle=[]"]
    {
        assert!(Policy::parse("p", text).is_err(), "{text:?}");
    }
    let deep = format!("x = {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Policy::parse("p", &deep).is_err());
}

#[test]
fn lanes_say_what_they_run_and_where() {
    let text = r#"extends = "dynamo-2025-10"

[ci]
workflows = [".github/workflows/ci.yml", "../other"]

[[lanes]]
name = "gpu"
folder = "/lib"
run = "cargo test"

[[lanes]]
name = "gpu"
run = "cargo test --features gpu"

[[lanes]]
nam = "cpu"
"#;
    assert_eq!(
        mistakes(text),
        [
            "test-policy.toml:4:42: `workflows` in `ci` has `../other`: `..` is no folder of the tree",
            "test-policy.toml:8:10: `folder` in `lanes` is `/lib`: a folder is written as `a/b`, relative to the tree",
            "test-policy.toml:12:8: there are two lanes `gpu`",
            "test-policy.toml:15:1: `name` in `lanes` is missing",
            "test-policy.toml:15:1: `run` in `lanes` is missing",
            "test-policy.toml:16:1: unknown key `nam` in `lanes`; did you mean `name`?",
        ]
    );
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    /// A policy with parts taken out, doubled or moved is answered: by a policy, or by mistakes in the order of the file.
    #[test]
    fn no_damage_panics(preset in 0..3_usize, cuts in vec((0..8_000_usize, 0..60_usize, 0..8_000_usize), 1..6)) {
        let name = Policy::preset_names().nth(preset).unwrap();
        let mut text: Vec<char> = Policy::preset_text(name).unwrap().chars().collect();
        for (from, length, to) in cuts {
            let from = from % text.len();
            let end = (from + length).min(text.len());
            let part: Vec<char> = text[from..end].to_vec();
            if length % 2 == 0 {
                text.drain(from..end);
            }
            let to = to % (text.len() + 1);
            text.splice(to..to, part);
        }
        let text: String = text.into_iter().collect();
        if let Err(errors) = Policy::parse("p", &text) {
            assert!(!errors.mistakes.is_empty());
            assert!(errors.mistakes.iter().map(|mistake| (mistake.line, mistake.column)).is_sorted(), "{errors}");
        }
    }
}
