//! `audit-markers --fix` on files that begin in all kinds of ways, with real pytest as the judge of what they are then.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use fastrand::Rng;
use support::{answer, xtask};

const POLICY: &str = "extends = \"dynamo-2025-10\"\n\n[defaults]\nlifecycle = \"pre_merge\"\nhardware = \"gpu_0\"\n\n[rules]\n\
                      file-name = \"off\"\nmisplaced-type = \"off\"\nmissing-type = \"off\"\nundeclared-marker = \"off\"\n";
const FILES: u32 = 250;

/// Says of every test that was collected which markers it has.
const CONFTEST: &str = "import json\n\n\ndef pytest_collection_finish(session):\n    with open('collected.jsonl', 'w') as out:\n        \
                        for item in session.items:\n            \
                        print(json.dumps([item.nodeid, [mark.name for mark in item.iter_markers()]]), file=out)\n";

/// What may stand before the first import.
const TOPS: [&str; 11] = [
    "",
    "# SPDX-License-Identifier: X\n\n",
    "#!/usr/bin/env python3\n",
    "# -*- coding: utf-8 -*-\n# Copyright\n",
    "# of what follows\n",
    "\n\n# apart\n\n",
    "\"\"\"One line.\"\"\"\n",
    "\"\"\"Several.\n\nimport pytest\n\"\"\"\n\n",
    "# licence\n\n'doc'; Y = 1\n",
    "\"\"\"Doc.\"\"\"\nfrom __future__ import annotations\n",
    "from __future__ import annotations  # why\n\n",
];

/// Statements of a module, each with the name for `pytest.mark` that it gives, or takes away from all that give it.
const STATEMENTS: [(&str, Binds); 24] = [
    ("import os\n", Binds::Nothing),
    ("import sys\n", Binds::Nothing),
    ("\n", Binds::Nothing),
    ("# a comment\n", Binds::Nothing),
    ("import os; X = 1\n", Binds::Nothing),
    ("import os; TEXT = '''\nimport pytest\n'''\n", Binds::Nothing),
    ("import os\\\n\n", Binds::Nothing),
    ("from pathlib import (\n    Path,\n)\n", Binds::Nothing),
    ("X = [\n    1,\n]\n", Binds::Nothing),
    ("if True:\n    import pytest\n", Binds::Nothing),
    ("def helper():\n    import pytest\n    return pytest\n", Binds::Nothing),
    ("# import pytest\n", Binds::Nothing),
    ("import pytest\n", Binds::Name("pytest")),
    ("import os, pytest\n", Binds::Name("pytest")),
    ("import pytest as pt\n", Binds::Name("pt")),
    ("import sys, pytest as pt; Z = 1\n", Binds::Name("pt")),
    ("from pytest import mark\n", Binds::Name("mark")),
    ("from pytest import (\n    fixture,\n    mark as m,  # short\n)\n", Binds::Name("m")),
    ("try:\n    import pytest\nexcept ImportError:\n    pytest = None\n", Binds::Other("pytest")),
    ("def check(pt):\n    return pt\n", Binds::Other("pt")),
    ("MARKS = [mark for mark in ()]\n", Binds::Other("mark")),
    ("def check():\n    m = 1\n    return m\n", Binds::Other("m")),
    ("class pytest_like:\n    pytest = 1\n", Binds::Other("pytest")),
    ("class Own:\n    mark = 1\n", Binds::Other("mark")),
];

#[derive(Clone, Copy)]
enum Binds {
    Nothing,
    Name(&'static str),
    Other(&'static str),
}

struct File {
    text: String,
    /// Whether it has no name for `pytest.mark`, and `pytest` is something else.
    is_hopeless: bool,
}

fn file(random: &mut Rng) -> File {
    let mut text = if random.u8(0..8) == 0 { "\u{feff}" } else { "" }.to_owned();
    text.push_str(random.choice(TOPS).unwrap());
    let mut names = BTreeSet::new();
    let mut others = BTreeSet::new();
    for _ in 0..random.usize(0..6) {
        let (statement, binds) = random.choice(STATEMENTS).unwrap();
        text.push_str(statement);
        match binds {
            Binds::Nothing => {}
            Binds::Name(name) => drop(names.insert(name)),
            Binds::Other(name) => drop(others.insert(name)),
        }
    }
    names.retain(|name| !others.contains(name));
    if let (Some(name), true) = (random.choice(names.iter()), random.u8(0..3) == 0) {
        let mark = if matches!(*name, "pytest" | "pt") { format!("{name}.mark") } else { (*name).to_owned() };
        let list = if random.bool() { format!("[{mark}.slow]") } else { format!("{mark}.slow") };
        text.push_str(&format!("pytestmark = {list}\n"));
    }
    let blank = random.choice(["", "\n", "\n\n"]).unwrap();
    text.push_str(blank);
    for number in 0..random.usize(1..3) {
        match random.u8(0..3) {
            0 => text.push_str(&format!("def test_{number}(): pass\n")),
            1 => text.push_str(&format!("# about it\nasync def test_{number}():\n    import pytest\n    pass\n")),
            _ => text.push_str(&format!("class Test{number}:\n    # about it\n    def test_a(self): pass\n")),
        }
        text.push_str(blank);
    }
    if random.u8(0..4) == 0 {
        text.truncate(text.trim_end().len());
    }
    if random.u8(0..4) == 0 {
        text = text.replace('\n', "\r\n");
    }
    File { text, is_hopeless: names.is_empty() && others.contains("pytest") }
}

/// What real pytest collects, with markers.
fn collected(tree: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(oracle::python())
        .args(["-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"])
        .current_dir(tree)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let lines = fs::read_to_string(tree.join("collected.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str::<(String, BTreeSet<String>)>(line).unwrap()).collect()
}

/// The lines that were put in, where nothing else was done to a text.
fn put_in<'t>(before: &'t str, after: &'t str) -> Option<Vec<&'t str>> {
    let behind_mark = |text| str::strip_prefix(text, '\u{feff}').unwrap_or(text);
    let mut rest = behind_mark(before).split('\n').peekable();
    let mut lines = Vec::new();
    for line in behind_mark(after).split('\n') {
        // A last line may get an end.
        let is_kept = rest.peek().is_some_and(|kept| line.trim_end_matches('\r') == kept.trim_end_matches('\r'));
        if is_kept {
            rest.next();
        } else {
            lines.push(line.trim());
        }
    }
    rest.next().is_none().then_some(lines)
}

/// One tree of files; `FIX_HEADS=20` makes it a campaign.
#[test]
fn every_test_gets_its_markers_or_its_file_is_left_alone() {
    let trees = std::env::var("FIX_HEADS").map_or(1, |trees| trees.parse().unwrap());
    (0..trees).for_each(tree_of);
}

fn tree_of(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let files: BTreeMap<String, File> =
        (0..FILES).map(|number| (format!("test_{number}.py"), file(&mut random))).collect();
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("test-policy.toml"), POLICY).unwrap();
    fs::write(tree.path().join("conftest.py"), CONFTEST).unwrap();
    for (name, File { text, .. }) in &files {
        fs::write(tree.path().join(name), text).unwrap();
    }
    let before = collected(tree.path());
    let fix = || answer(xtask(&["audit-markers", "--fix", "--tree"]).arg(tree.path()));
    let said = fix().stderr;
    let after = collected(tree.path());
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());

    let mut left = 0;
    for (name, File { text, is_hopeless }) in &files {
        let written = fs::read_to_string(tree.path().join(name)).unwrap();
        let context = || format!("{name}:\n{text}\nbecame\n{written}\n{said}");
        assert_eq!(said.contains(&format!("{name}: line ")), *is_hopeless, "{}", context());
        left += u32::from(*is_hopeless);
        if *is_hopeless {
            assert_eq!(written, *text, "{}", context());
            continue;
        }
        for (id, markers) in after.iter().filter(|(id, _)| id.starts_with(&format!("{name}::"))) {
            let had = &before[id];
            let new: Vec<&str> = markers.difference(had).map(String::as_str).collect();
            assert_eq!(new, ["gpu_0", "pre_merge"], "{id}: {}", context());
        }
        if !text.contains("pytestmark") {
            let lines = put_in(text, &written);
            let lines = lines.unwrap_or_else(|| panic!("{}", context()));
            let is_ours = |line: &&str| {
                line.is_empty()
                    || *line == "import pytest"
                    || line.starts_with('@')
                    || line.starts_with("pytestmark = [")
            };
            assert!(lines.iter().all(is_ours), "{lines:?}: {}", context());
            assert!(lines.iter().filter(|line| **line == "import pytest").count() < 2, "{}", context());
        }
        assert_eq!(written.ends_with('\n'), text.ends_with('\n'), "{}", context());
        assert_eq!(written.starts_with('\u{feff}'), text.starts_with('\u{feff}'), "{}", context());
        let is_crlf = |text: &str| text.matches('\n').count() == text.matches("\r\n").count();
        assert!(!is_crlf(text) || is_crlf(&written), "{}", context());
    }
    assert!((1..FILES / 3).contains(&left), "{left} files were left alone");
    let written: Vec<String> = files.keys().map(|name| fs::read_to_string(tree.path().join(name)).unwrap()).collect();
    fix();
    let again: Vec<String> = files.keys().map(|name| fs::read_to_string(tree.path().join(name)).unwrap()).collect();
    assert_eq!(again, written);
}
