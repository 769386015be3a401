use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Option<TestCommand> {
    let words: Vec<Argument<'_>> = text
        .split_whitespace()
        .map(|word| if word.contains('$') { Argument::Unknown(word) } else { Argument::Known(word) })
        .collect();
    TestCommand::parse(&words, Some(Utf8Path::new("lib")), &[])
}

#[test]
fn commands_that_run_no_tests_are_none() {
    for text in [
        "",
        "pytest -m unit",
        "cargo",
        "cargo build --tests",
        "cargo +nightly clippy --all-targets",
        "cargo test --no-run",
        "cargo test $FLAGS --no-run",
        "cargo test -- --list",
        "cargo test --help",
        "cargo nextest list",
        "cargo nextest archive --archive-file x",
        "cargo llvm-cov report --lcov",
        "cargo llvm-cov clean --workspace",
        "$CARGO test",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn packages_features_and_targets_are_read() {
    let command = parse("cargo +nightly -q --color never test --locked -p a --package=b -F x,y --features z").unwrap();
    assert_eq!(command.packages, PackageChoice::Named(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(command.features.features, ["x,y", "z"]);
    assert_eq!(command.targets, [TargetChoice::Tested, TargetChoice::Documentation]);
    assert_eq!((command.doubt(), command.has_other_cfg), (None, false));

    let command = parse("cargo nextest run --workspace --exclude a --all-features --lib --test t*").unwrap();
    assert_eq!(command.packages, PackageChoice::Workspace { without: vec!["a".to_owned()] });
    assert!(command.features.all);
    assert_eq!(command.targets, [TargetChoice::Library, TargetChoice::Test("t*".to_owned())]);

    // Its profile is not cargo's.
    let nextest = parse("cargo nextest run -P ci").unwrap();
    assert!(!nextest.has_other_cfg);
    assert_eq!(nextest.nextest.unwrap().profile.as_deref(), Some("ci"));
    for (text, profile) in [("cargo nextest run", Some("x")), ("cargo nextest run --profile y", Some("y"))] {
        let nextest = parse(text).unwrap().with_nextest_profile(Some("x")).nextest.unwrap();
        assert_eq!((nextest.profile.as_deref(), nextest.is_ignored), (profile, false), "{text}");
    }
    assert!(parse("cargo nextest run --ignore-default-filter").unwrap().nextest.unwrap().is_ignored);
    for text in ["cargo miri test -p a", "cargo +nightly careful test", "cargo insta test"] {
        let command = parse(text).unwrap();
        assert_eq!((command.has_other_cfg, command.doubt()), (true, None), "{text}");
    }
    for text in ["cargo hack --each-feature test", "cargo tarpaulin --workspace"] {
        assert!(parse(text).unwrap().doubt().is_some(), "{text}");
    }
    for other in ["cargo nextest run -r", "cargo test --profile ci", "cargo test --target x", "cargo llvm-cov"] {
        assert!(parse(other).unwrap().has_other_cfg, "{other}");
    }
    assert!(!parse("cargo test --profile test").unwrap().has_other_cfg);
    let flags = TestCommand::parse(&["cargo", "t"].map(Argument::Known), Some(Utf8Path::new("")), &["RUSTFLAGS"]);
    assert!(flags.unwrap().has_other_cfg);
    // The documentation is no part of what it measures.
    assert_eq!(parse("cargo llvm-cov --no-report").unwrap().targets, [TargetChoice::Tested]);
}

#[test]
fn tests_are_chosen_by_name_and_fate() {
    let chosen = |text| parse(text).unwrap().tests;
    let plain = chosen("cargo test pool -- --nocapture --skip slow --test-threads 4");
    assert_eq!(
        (plain.names, plain.skipped, plain.is_narrowed),
        (vec!["pool".to_owned()], vec!["slow".to_owned()], false)
    );
    assert_eq!(chosen("cargo test -- --ignored").ignored, Ignored::Only);
    assert_eq!(chosen("cargo nextest run --run-ignored all").ignored, Ignored::Included);
    for narrowed in ["cargo test -- $FILTER", "cargo nextest run -E test(a)", "cargo nextest run --partition hash:1/2"]
    {
        assert!(chosen(narrowed).is_narrowed, "{narrowed}");
    }
    let takes = |text, name| chosen(text).takes(name);
    assert_eq!(takes("cargo test pool", "a::pool::b"), Truth::Yes);
    assert_eq!(takes("cargo test pool -- --exact", "a::pool::b"), Truth::No);
    assert_eq!(takes("cargo test -- --skip pool", "a::pool::b"), Truth::No);
    assert_eq!(takes("cargo test pool -- $MORE", "a::pool::b"), Truth::Unknown);
    assert_eq!(takes("cargo test pool -- --skip b", "a::c"), Truth::No);
}

#[test]
fn what_is_not_known_is_a_doubt() {
    let doubt = |text| parse(text).unwrap().doubt().map(str::to_owned);
    assert_eq!(doubt("cargo test --features $FEATURES").unwrap(), "what `$FEATURES` stands for is not known");
    assert_eq!(doubt("cargo test $ARGS").unwrap(), "what `$ARGS` stands for is not known");
    assert_eq!(doubt("cargo test --config build.rustflags=x").unwrap(), "what the option `--config` does is not known");
    assert!(doubt("cargo test --manifest-path $X/Cargo.toml").is_some());
    assert!(doubt("cargo test -p").unwrap().starts_with("its options cannot be read"));
    // Nothing depends on these.
    assert_eq!(doubt("cargo test -j $JOBS --target-dir $DIR -- --test-threads $N"), None);
    let nowhere = TestCommand::parse(&["cargo", "test"].map(Argument::Known), None, &[]);
    assert!(nowhere.unwrap().doubt().is_some());
}

#[test]
fn a_manifest_is_found_from_the_folder() {
    assert_eq!(parse("cargo test --manifest-path ../x/Cargo.toml").unwrap().folder.unwrap(), "x");
    assert_eq!(parse("cargo test --manifest-path ../../x/Cargo.toml").unwrap().folder, None);
    assert_eq!(parse("cargo -C x test").unwrap().folder, None);
}

proptest! {
    #[test]
    fn no_command_panics(words in proptest::collection::vec("(--?[a-zA-Z-]{0,12}(=[a-z]{0,3})?|[a-z]{1,4}|\u{10ffff}|\\PC{0,4})", 0..8)) {
        let words = ["cargo", "test"].into_iter().chain(words.iter().map(String::as_str));
        let words: Vec<_> = words.map(Argument::Known).collect();
        let _ = TestCommand::parse(&words, Some(Utf8Path::new("")), &[]);
    }
}
