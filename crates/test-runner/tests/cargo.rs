//! Real cargo on tiny crates.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use execution_plan::Demand;
use support::{Tree, inexact, library, plan, result, run, run_interrupted, rust, target};
use test_catalog::{CargoTarget, TargetKind};
use test_runner::{Interrupt, NotRunCause, Outcome, RunOutcome, RunSettings};

const MANIFEST: &str =
    "[package]\nname = \"tiny\"\nversion = \"0.1.2\"\nedition = \"2021\"\ndescription = \"few words\"\n";

/// Runs, and keeps the tree until files have been looked at.
fn run_in(files: &[(&str, &str)], demands: Vec<Demand>) -> (Tree, RunOutcome) {
    let tree = Tree::new(&[&[("Cargo.toml", MANIFEST)], files].concat());
    let settings = RunSettings::new(tree.path.clone(), tree.path.join("target/xtask"));
    let outcome = run(demands, &settings);
    (tree, outcome)
}

fn is_missing(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::NotRun { cause: NotRunCause::Missing, .. })
}

#[test]
fn an_abort_costs_only_the_test_that_aborts() {
    let source = "#[test] fn passes() {}\n\
                  #[test] fn fails() { println!(\"some words\"); panic!(\"no luck\") }\n\
                  #[test] fn aborts() { println!(\"last words\"); std::process::abort() }\n\
                  #[test] fn exits() { std::process::exit(0) }\n";
    let demands = ["passes", "fails", "aborts", "exits", "is_not_there"].map(|name| rust(&library(), name)).to_vec();
    let (_tree, outcome) = run_in(&[("src/lib.rs", source)], demands);
    assert_eq!(outcome.results.len(), 5, "{:#?}", outcome.results);
    assert_eq!(result(&outcome, "passes").outcome, Outcome::Passed);
    let failed = result(&outcome, "fails");
    assert_eq!(failed.outcome, Outcome::Failed);
    assert!(failed.message.contains("no luck"));
    assert_eq!(std::fs::read_to_string(failed.output_file.as_ref().unwrap()).unwrap(), "some words");
    let aborted = result(&outcome, "aborts");
    assert_eq!(aborted.outcome, Outcome::Crashed { how: "signal 6 (SIGABRT)".to_owned() });
    assert!(aborted.message.contains("last words"), "{aborted:#?}");
    assert_eq!(result(&outcome, "exits").outcome, Outcome::Crashed { how: "exit code 0".to_owned() });
    assert!(is_missing(&result(&outcome, "is_not_there").outcome));
}

/// cargo is asked for what the manifest leaves to it, here a path that is inherited.
/// One by one, libtest prints a test's name before it runs, so that what it writes past the capture stands between name and word.
/// That a program that it starts writes there, too.
#[test]
fn results_are_told_whatever_tests_print_past_the_capture() {
    let source = "use std::io::Write;\n\
        fn raw(text: &[u8]) { std::io::stdout().write_all(text).unwrap(); std::io::stdout().flush().unwrap() }\n\
        #[test] fn plain() {}\n\
        #[test] fn line() { raw(b\"hello\\n\") }\n\
        #[test] fn part() { raw(b\"hello\") }\n\
        #[test] fn child() { std::process::Command::new(\"echo\").arg(\"ok\").status().unwrap(); }\n\
        #[test] fn odd() { raw(b\"\\xff\\xfe\\n\\n\") }\n\
        #[test] fn endless() { for _ in 0..3000 { raw(&[b'x'; 1000]) } }\n\
        #[test] fn fails() { raw(b\"before\\nok\\n\"); panic!(\"no luck\") }\n\
        #[test] fn fails_too() { panic!(\"no luck either\") }\n\
        #[test] #[should_panic] fn panics() { raw(b\"x\\n\"); panic!() }\n";
    let names = ["plain", "line", "part", "child", "odd", "endless", "fails", "fails_too", "panics"];
    let (threads, no_capture) = ("RUST_TEST_THREADS", "RUST_TEST_NOCAPTURE");
    for (variable, value) in [(threads, "1"), (threads, "4"), (no_capture, "1")] {
        let tree = Tree::new(&[("Cargo.toml", MANIFEST), ("src/lib.rs", source)]);
        let mut settings = tree.settings();
        settings.env = vec![(variable.to_owned(), value.to_owned())];
        let outcome = run(names.map(|name| rust(&library(), name)).to_vec(), &settings);
        for name in names {
            let result = result(&outcome, name);
            let expected = if name.starts_with("fails") { Outcome::Failed } else { Outcome::Passed };
            assert_eq!(result.outcome, expected, "{name}: {result:#?}");
            // Not captured, it may be cut by what others print.
            if result.outcome.is_failure() && variable == threads {
                let message = if name == "fails" { "no luck\n" } else { "no luck either\n" };
                assert!(result.message.contains(message), "{result:#?}");
            }
        }
    }
}

#[test]
fn a_package_that_only_cargo_knows_has_its_environment_too() {
    let manifest =
        format!("{MANIFEST}readme.workspace = true\n[workspace.package]\nreadme = \"docs/READ.md\"\n[workspace]\n");
    let source = "#[test] fn knows() { assert_eq!(std::env::var(\"CARGO_PKG_README\").unwrap(), \"docs/READ.md\") }\n";
    let tree = Tree::new(&[("Cargo.toml", manifest.as_str()), ("src/lib.rs", source)]);
    let outcome = run(vec![rust(&library(), "knows")], &tree.settings());
    assert_eq!(result(&outcome, "knows").outcome, Outcome::Passed);
}

#[test]
fn a_crate_that_does_not_compile_fails_its_tests_with_what_the_compiler_says() {
    let (_tree, outcome) = run_in(&[("src/lib.rs", "fn broken( {}\n")], vec![rust(&library(), "a")]);
    let result = result(&outcome, "a");
    assert!(result.outcome == Outcome::Failed && result.message.contains("error"), "{result:#?}");
}

#[test]
fn an_inexact_case_runs_what_the_binary_lists_within_it_and_no_more() {
    let source = "macro_rules! cases { ($($name:ident)*) => { $(#[test] fn $name() {})* } }\n\
                  mod sums { cases!(case_1 case_2); pub mod inner { cases!(case_3); } }\n\
                  mod sums_too { cases!(other); }\n\
                  #[test] fn itself() {}\n\
                  #[test] fn unplanned() {}\n";
    let library = library();
    let demands = vec![
        inexact(rust(&library, "sums")),
        rust(&library, "sums::case_2"),
        inexact(rust(&library, "sums::inner")),
        inexact(rust(&library, "itself")),
        inexact(rust(&library, "gives_nothing")),
    ];
    let (_tree, outcome) = run_in(&[("src/lib.rs", source)], demands);
    let mut told: Vec<_> = outcome.results.iter().map(|result| (result.id.as_str(), result.outcome.as_str())).collect();
    told.sort_unstable();
    let expected = [
        ("tiny gives_nothing", "not-run"),
        ("tiny itself", "passed"),
        ("tiny sums::case_1", "passed"),
        ("tiny sums::case_2", "passed"),
        ("tiny sums::inner::case_3", "passed"),
    ];
    assert_eq!(told, expected);
    assert!(is_missing(&result(&outcome, "gives_nothing").outcome));
}

#[test]
fn a_call_of_a_macro_runs_what_the_binary_lists_in_its_module_beside_what_has_a_case_of_its_own() {
    let source = "macro_rules! cases { ($($name:ident)*) => { $(#[test] fn $name() {})* } }\n\
                  mod calls { cases!(one two); #[test] fn known() {} #[test] #[ignore] fn slow() {} }\n\
                  mod empty { cases!(); }\n\
                  mod other { cases!(three); }\n";
    let library = library();
    let mut slow = rust(&library, "calls::slow");
    slow.case.rust.as_mut().unwrap().ignored = true;
    let demands = vec![
        inexact(rust(&library, "calls::cases!")),
        rust(&library, "calls::known"),
        slow,
        inexact(rust(&library, "empty::cases!")),
    ];
    let (_tree, outcome) = run_in(&[("src/lib.rs", source)], demands);
    let mut told: Vec<_> = outcome.results.iter().map(|result| (result.id.as_str(), result.outcome.as_str())).collect();
    told.sort_unstable();
    let expected = [
        ("tiny calls::known", "passed"),
        ("tiny calls::one", "passed"),
        ("tiny calls::slow", "passed"),
        ("tiny calls::two", "passed"),
        ("tiny empty::cases!", "not-run"),
    ];
    assert_eq!(told, expected);
    let Outcome::NotRun { cause, .. } = result(&outcome, "empty::cases!").outcome else { panic!("it ran") };
    assert_eq!(cause, NotRunCause::Deselected, "what a macro makes need not be tests");
    assert_eq!(outcome.not_kept, None);
}

#[test]
fn an_ignored_test_runs_only_where_it_was_asked_for() {
    let source = "#[test] #[ignore = \"too slow\"] fn asked_for() {}\n#[test] #[ignore = \"too slow\"] fn met() {}\n";
    let mut asked_for = rust(&library(), "asked_for");
    asked_for.case.rust.as_mut().unwrap().ignored = true;
    let (_tree, outcome) = run_in(&[("src/lib.rs", source)], vec![asked_for, rust(&library(), "met")]);
    assert_eq!(result(&outcome, "asked_for").outcome, Outcome::Passed);
    assert_eq!(result(&outcome, "met").outcome, Outcome::Skipped { reason: "too slow".to_owned() });
}

#[test]
fn a_test_binary_has_the_environment_that_cargo_gives_it() {
    let test = "use std::env::var;\n\
                #[test] fn package() {\n\
                    assert_eq!(var(\"CARGO_PKG_VERSION\").unwrap(), \"0.1.2\");\n\
                    assert_eq!(var(\"CARGO_PKG_VERSION_PATCH\").unwrap(), \"2\");\n\
                    assert_eq!(var(\"CARGO_PKG_DESCRIPTION\").unwrap(), \"few words\");\n\
                    assert!(std::path::Path::new(&var(\"CARGO_MANIFEST_DIR\").unwrap()).join(\"build.rs\").is_file());\n\
                }\n\
                #[test] fn program() {\n\
                    let status = std::process::Command::new(var(\"CARGO_BIN_EXE_tiny-tool\").unwrap()).status();\n\
                    assert_eq!(status.unwrap().code(), Some(7));\n\
                }\n\
                #[test] fn build_script() {\n\
                    let made = std::path::PathBuf::from(var(\"OUT_DIR\").unwrap()).join(\"made\");\n\
                    assert_eq!(std::fs::read_to_string(made).unwrap(), \"text\");\n\
                    assert_eq!(var(\"FROM_SCRIPT\").unwrap(), \"set\");\n\
                }\n\
                #[test] fn libraries() {\n\
                    let path = var(\"LD_LIBRARY_PATH\").unwrap();\n\
                    assert!(path.split(':').any(|folder| folder.ends_with(\"xtask/cargo/debug/deps\")), \"{path}\");\n\
                }\n";
    let build = "fn main() {\n\
                     let folder = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());\n\
                     std::fs::write(folder.join(\"made\"), \"text\").unwrap();\n\
                     println!(\"cargo:rustc-env=FROM_SCRIPT=set\");\n\
                 }\n";
    let files = [
        ("src/bin/tiny-tool.rs", "fn main() { std::process::exit(7) }\n"),
        ("tests/whole.rs", test),
        ("build.rs", build),
    ];
    let whole = target(TargetKind::Test, "whole", "tests/whole.rs");
    let demands = ["package", "program", "build_script", "libraries"].map(|name| rust(&whole, name)).to_vec();
    let (_tree, outcome) = run_in(&files, demands);
    assert_eq!(outcome.results.len(), 4);
    for result in &outcome.results {
        assert_eq!(result.outcome, Outcome::Passed, "{}", result.message);
    }
}

/// All that a test finds around it, but for what names the run.
fn found(tree: &Tree) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(tree.path.join("found")).unwrap();
    let variables: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    // cargo alone hides no GPU and names no run; the last two are how rustup counts its own calls.
    let of_run = ["CARGO_TARGET_DIR", "CUDA_VISIBLE_DEVICES", "RUSTUP_TOOLCHAIN_SOURCE", "RUST_RECURSION_COUNT"];
    let is_of_run = |name: &str| of_run.contains(&name) || name.starts_with("DYNAMO_TEST_KIT");
    variables.into_iter().filter(|(name, _)| !is_of_run(name)).collect()
}

/// What cargo gives a test is asked of cargo.
#[test]
fn a_test_finds_the_variables_that_cargo_gives_it() {
    let test = "#[test] fn look() {\n\
                    let all: Vec<String> = std::env::vars().map(|(name, value)| format!(\"{name:?}: {value:?}\")).collect();\n\
                    std::fs::write(\"found\", format!(\"{{{}}}\", all.join(\",\"))).unwrap();\n\
                }\n";
    let config = "[env]\nPLAIN = \"plain\"\nHOME = \"not forced\"\nLANG = { value = \"forced\", force = true }\n\
                  BESIDE = { value = \"data/file\", relative = true }\nCARGO_PKG_NAME = \"cargo's own\"\n";
    let of_macro = format!("{MANIFEST}[lib]\nproc-macro = true\n");
    for (manifest, file, target, option) in [
        (MANIFEST, "tests/whole.rs", target(TargetKind::Test, "whole", "tests/whole.rs"), "--test=whole"),
        (MANIFEST, "src/lib.rs", library(), "--lib"),
        (of_macro.as_str(), "src/lib.rs", library(), "--lib"),
    ] {
        let tree = Tree::new(&[("Cargo.toml", manifest), (file, test), (".cargo/config.toml", config)]);
        let settings = RunSettings::new(tree.path.clone(), tree.path.join("target/xtask"));
        let outcome = run(vec![rust(&target, "look")], &settings);
        assert_eq!(outcome.results[0].outcome, Outcome::Passed, "{}", outcome.results[0].message);
        let ours = found(&tree);
        let mut cargo = std::process::Command::new("cargo");
        cargo
            .args(["test", option])
            .current_dir(&tree.path)
            .env("CARGO_TARGET_DIR", tree.path.join("target/xtask/cargo"));
        assert!(cargo.output().unwrap().status.success());
        let theirs = found(&tree);
        let different: Vec<_> = ours.iter().filter(|(name, value)| theirs.get(*name) != Some(*value)).collect();
        assert_eq!(different, [], "{option} of {manifest}: cargo has {theirs:?}");
        let missing: Vec<_> = theirs.keys().filter(|name| !ours.contains_key(*name)).collect();
        assert_eq!(missing, [""; 0], "{option} of {manifest}");
        assert_eq!(ours["BESIDE"], tree.path.join("data/file").as_str());
    }
}

#[test]
fn doc_tests_run_by_name_and_others_of_the_file_are_not_reported() {
    let source = "/// ```\n/// assert!(true);\n/// ```\npub fn good() {}\n\n\
                  /// ```\n/// println!(\"some words\"); assert_eq!(1, 2);\n/// ```\npub fn bad() {}\n\n\
                  /// ```should_panic\n/// panic!();\n/// ```\npub fn unplanned() {}\n\n\
                  /// ```no_run\n/// loop {}\n/// ```\npub fn compiled() {}\n";
    let mut documentation = (*library()).clone();
    documentation.kind = TargetKind::Doc;
    let documentation = Arc::new(documentation);
    let demands = vec![
        rust(&documentation, "src/lib.rs - good (line 1)"),
        rust(&documentation, "src/lib.rs - bad (line 6)"),
        inexact(rust(&documentation, "src/lib.rs - compiled")),
        rust(&documentation, "src/lib.rs - good (line 2)"),
    ];
    let (_tree, outcome) = run_in(&[("src/lib.rs", source)], demands);
    assert_eq!(outcome.results.len(), 4, "{:#?}", outcome.results);
    assert_eq!(result(&outcome, "good (line 1)").outcome, Outcome::Passed);
    assert_eq!(result(&outcome, "compiled (line 16)").outcome, Outcome::Passed);
    assert!(is_missing(&result(&outcome, "good (line 2)").outcome));
    let bad = result(&outcome, "bad (line 6)");
    assert_eq!(bad.outcome, Outcome::Failed);
    assert!(bad.message.contains("left: 1"), "{}", bad.message);
}

#[test]
fn a_package_that_a_dependency_shares_its_name_with_is_built_and_its_documentation_tested() {
    let manifest = format!(
        "{MANIFEST}[dependencies]\nformer = {{ package = \"tiny\", path = \"former\" }}\n\
         [workspace]\nexclude = [\"former\"]\n"
    );
    let former = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let source = "//! ```\n//! assert_eq!(tiny::later(), 2);\n//! ```\n\
                  pub fn later() -> u32 { former::first() + 1 }\n#[test] fn is_later() { assert_eq!(later(), 2) }\n";
    let tree = Tree::new(&[
        ("Cargo.toml", manifest.as_str()),
        ("src/lib.rs", source),
        ("former/Cargo.toml", former),
        ("former/src/lib.rs", "pub fn first() -> u32 { 1 }\n#[test] fn is_first() {}\n"),
    ]);
    let documentation = Arc::new(CargoTarget { kind: TargetKind::Doc, ..(*library()).clone() });
    let demands = vec![rust(&library(), "is_later"), rust(&documentation, "src/lib.rs - (line 1)")];
    let outcome = run(demands, &tree.settings());
    assert_eq!(outcome.results.len(), 2, "{:#?}", outcome.results);
    for result in &outcome.results {
        assert_eq!(result.outcome, Outcome::Passed, "{}: {}", result.id, result.message);
    }
}

#[test]
fn a_program_without_a_harness_is_one_test() {
    let manifest = format!("{MANIFEST}[[test]]\nname = \"own\"\nharness = false\n");
    let files = [("src/lib.rs", ""), ("tests/own.rs", "fn main() { eprintln!(\"oh\"); std::process::exit(3) }\n")];
    let tree = Tree::new(&[&[("Cargo.toml", manifest.as_str())][..], &files].concat());
    let mut own = (*target(TargetKind::Test, "own", "tests/own.rs")).clone();
    own.harness = false;
    let settings = RunSettings::new(tree.path.clone(), tree.path.join("target/xtask"));
    let outcome = run(vec![rust(&Arc::new(own), "own")], &settings);
    let result = result(&outcome, "own");
    assert_eq!(result.outcome, Outcome::Failed);
    assert_eq!(result.output, "oh");
}

#[test]
fn a_test_that_hangs_is_told_from_those_that_ran_beside_it() {
    let source = "#[test] fn quick() {}\n\
                  #[test] fn hangs() {\n    println!(\"last words\");\n    \
                      std::thread::sleep(std::time::Duration::from_secs(60))\n}\n";
    let demands = ["quick", "hangs"].map(|name| rust(&library(), name)).map(|mut demand| {
        demand.case.timeout = Duration::from_secs(1);
        demand
    });
    let (_tree, outcome) = run_in(&[("src/lib.rs", source)], demands.to_vec());
    assert_eq!(result(&outcome, "quick").outcome, Outcome::Passed);
    let late = result(&outcome, "hangs");
    assert_eq!(late.outcome, Outcome::TimedOut { limit: Duration::from_secs(1) });
    assert!(late.message.contains("last words"), "{late:#?}");
}

#[test]
fn an_interrupt_ends_a_test_binary_and_labels_its_tests() {
    let source = "#[test] fn hangs() { std::thread::sleep(std::time::Duration::from_secs(60)) }\n";
    let tree = Tree::new(&[("Cargo.toml", MANIFEST), ("src/lib.rs", source)]);
    let mut demand = rust(&library(), "hangs");
    demand.case.timeout = Duration::from_secs(50);
    let began = Instant::now();
    let outcome = run_interrupted(vec![demand], &tree.settings(), "hangs", 1);
    assert!(began.elapsed() < Duration::from_secs(30));
    let outcome = &result(&outcome, "hangs").outcome;
    assert!(matches!(outcome, Outcome::NotRun { cause: NotRunCause::Interrupted, .. }), "{outcome}");
}

#[test]
fn an_interrupt_ends_a_build() {
    let build = "fn main() { std::thread::sleep(std::time::Duration::from_secs(60)) }\n";
    let tree = Tree::new(&[("Cargo.toml", MANIFEST), ("src/lib.rs", ""), ("build.rs", build)]);
    let interrupt = test_runner::Interrupt::new();
    let raised = interrupt.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        raised.raise();
    });
    let began = Instant::now();
    let plan = support::plan(vec![rust(&library(), "a")]);
    let outcome = test_runner::run(&plan, &tree.settings(), &interrupt, |_| {}).unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
    let outcome = &result(&outcome, "a").outcome;
    assert!(matches!(outcome, Outcome::NotRun { cause: NotRunCause::Interrupted, .. }), "{outcome}");
}

#[test]
fn each_round_gives_each_rust_test_a_result() {
    let tree = Tree::new(&[("Cargo.toml", MANIFEST), ("src/lib.rs", "#[test] fn a() {}\n#[test] fn b() {}\n")]);
    let mut settings = tree.settings();
    settings.repeat = 2;
    let outcome = run(["a", "b"].map(|name| rust(&library(), name)).to_vec(), &settings);
    let mut told: Vec<_> = outcome.results.iter().map(|result| (result.round, result.id.as_str())).collect();
    told.sort_unstable();
    assert_eq!(told, [(0, "tiny a"), (0, "tiny b"), (1, "tiny a"), (1, "tiny b")]);
}

#[test]
fn a_build_that_is_interrupted_did_not_fail() {
    let build = "fn main() { std::fs::write(\"begun\", \"\").unwrap(); std::thread::sleep(std::time::Duration::from_secs(60)) }\n";
    let files = [("Cargo.toml", MANIFEST), ("src/lib.rs", "#[test] fn a() {}\n"), ("build.rs", build)];
    let tree = Tree::new(&files);
    let interrupt = Interrupt::new();
    let (pauses, begun, began) = (interrupt.clone(), tree.path.join("begun"), Instant::now());
    std::thread::spawn(move || {
        while !begun.exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        pauses.raise();
    });
    let outcome = test_runner::run(&plan(vec![rust(&library(), "a")]), &tree.settings(), &interrupt, |_| {}).unwrap();
    assert!(began.elapsed() < Duration::from_secs(50));
    assert!(outcome.interrupted && outcome.steps.iter().all(|step| step.error.is_none()), "{:#?}", outcome.steps);
    let Outcome::NotRun { cause, .. } = result(&outcome, "a").outcome else { panic!("it ran") };
    assert_eq!(cause, NotRunCause::Interrupted);
}
