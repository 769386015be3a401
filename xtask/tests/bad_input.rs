//! What people and trees can give the program and should not: each case has its exit code, says where and what to do, and
//! leaves every file as it was.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{Answer, xtask};

const POLICY: &str = "extends = \"dynamo-2025-10\"\n[defaults]\nlifecycle = \"pre_merge\"\n[rules]\nfile-name = \"off\"\n\
                      misplaced-type = \"off\"\nundeclared-marker = \"off\"\n";
/// One test, which lacks what `--fix` can write.
const TEST: &str = "import pytest\n\npytestmark = [pytest.mark.unit, pytest.mark.gpu_0]\n\n\ndef test_a():\n    pass\n";
const WORKFLOW: &str = ".github/workflows/pr.yml";
/// No case is near it, unless it waits for what never comes.
const LONGEST: Duration = Duration::from_secs(60);

/// A folder with a tree in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.put("tree/tests/test_a.py", TEST);
        place.put("tree/test-policy.toml", POLICY);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn workflow(&self, text: impl AsRef<[u8]>) {
        self.put(&format!("tree/{WORKFLOW}"), text);
    }

    /// Makes a folder where a file belongs.
    fn folder(&self, name: &str) {
        let _ = fs::remove_file(self.path(name));
        fs::create_dir_all(self.path(name)).unwrap();
    }

    /// Puts what never ends where a file belongs.
    fn endless(&self, name: &str) {
        let _ = fs::remove_file(self.path(name));
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        symlink("/dev/zero", self.path(name)).unwrap();
    }

    /// Everything below it: the text of files, nothing for all else.
    fn contents(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let kind = path.symlink_metadata().unwrap().file_type();
                if kind.is_dir() {
                    folders.push(path.clone());
                }
                found.insert(path.clone(), kind.is_file().then(|| fs::read(&path).unwrap()));
            }
        }
        found
    }

    fn run(&self, arguments: &str) -> Answer {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let said = tempfile::tempdir().unwrap();
        let file = |name: &str| said.path().join(name);
        let mut command = xtask(&arguments);
        command.current_dir(self.0.path()).stdin(Stdio::null());
        // A repository around the temporary folder would be none of the case's.
        command.env("GIT_CEILING_DIRECTORIES", self.0.path());
        command.stdout(fs::File::create(file("out")).unwrap()).stderr(fs::File::create(file("err")).unwrap());
        let mut child = command.spawn().unwrap();
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > LONGEST {
                child.kill().unwrap();
                panic!("{arguments:?} does not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = |name| fs::read_to_string(file(name)).unwrap();
        Answer { code: status.code().expect("it crashed"), stdout: text("out"), stderr: text("err") }
    }
}

struct Case {
    name: &'static str,
    /// What is put where before.
    given: fn(&Place),
    arguments: &'static str,
    code: i32,
    /// What has to stand in what is said, each.
    says: &'static [&'static str],
}

/// Runs each, and tells of all that are wrong at once.
fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        let place = Place::new();
        (case.given)(&place);
        let before = place.contents();
        let answer = place.run(case.arguments);
        let said = format!("{}{}", answer.stdout, answer.stderr);
        if answer.code != case.code {
            wrong.push(format!("{}: exit {}, not {}\n{said}", case.name, answer.code, case.code));
        }
        for text in case.says {
            if !said.contains(text) {
                wrong.push(format!("{}: does not say {text:?}\n{said}", case.name));
            }
        }
        let after = place.contents();
        if after != before {
            let names = |files: &BTreeMap<PathBuf, _>| files.keys().cloned().collect::<Vec<_>>();
            wrong.push(format!("{}: something was written: {:?}, {:?}", case.name, names(&before), names(&after)));
        }
        // A temporary file's name tells people nothing. This test's own folder has such a name too.
        let said = said.replace(place.0.path().to_str().unwrap(), "");
        if said.contains(".audit-") || said.contains(".tmp") || said.contains("panicked") {
            wrong.push(format!("{}: says too much\n{said}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const AUDIT: &str = "audit-markers --tree tree";

#[test]
fn policies() {
    check(&[
        Case {
            name: "not there",
            given: |_| {},
            arguments: "audit-markers --tree tree --policy gone.toml",
            code: 2,
            says: &["`gone.toml` is neither a policy file nor a preset (dynamo-2025-10"],
        },
        Case {
            name: "a folder",
            given: |place| place.folder("p.toml"),
            arguments: "audit-markers --tree tree --policy p.toml",
            code: 2,
            says: &["`p.toml` is neither a policy file nor a preset"],
        },
        Case {
            name: "the tree's own is a folder",
            given: |place| place.folder("tree/test-policy.toml"),
            arguments: AUDIT,
            code: 2,
            says: &["tree/test-policy.toml", "a policy is a file: put one there, or name another with --policy"],
        },
        Case {
            name: "the tree's own never ends",
            given: |place| place.endless("tree/test-policy.toml"),
            arguments: AUDIT,
            code: 2,
            says: &["tree/test-policy.toml", "a policy is a file"],
        },
        Case {
            name: "the tree's own is a link to nothing",
            given: |place| {
                fs::remove_file(place.path("tree/test-policy.toml")).unwrap();
                symlink("gone", place.path("tree/test-policy.toml")).unwrap();
            },
            arguments: AUDIT,
            code: 2,
            says: &["cannot read", "tree/test-policy.toml", "No such file"],
        },
        Case {
            name: "not UTF-8",
            given: |place| place.put("p.toml", b"version = 1\nname = \"\xff\"\n"),
            arguments: "audit-markers --tree tree --policy p.toml",
            code: 2,
            says: &["p.toml:2: this is not UTF-8: save the file as UTF-8"],
        },
        Case {
            name: "not TOML",
            given: |place| place.put("p.toml", "version = = 1\n"),
            arguments: "audit-markers --tree tree --policy p.toml",
            code: 2,
            says: &["the policy has 2 mistakes, nothing was done:", "p.toml:1:11: not TOML"],
        },
        Case {
            name: "unknown keys",
            given: |place| {
                place.put("p.toml", "extends = \"dynamo-2025-10\"\n[rulez]\n[rules]\nmissing-typ = \"off\"\n");
            },
            arguments: "audit-markers --tree tree --policy p.toml",
            code: 2,
            says: &["p.toml:2:2: unknown key `rulez`; did you mean `rules`?", "p.toml:4:1: ", "missing-type"],
        },
        Case {
            name: "empty",
            given: |place| place.put("p.toml", ""),
            arguments: "audit-markers --tree tree --policy p.toml",
            code: 2,
            says: &["the policy has 1 mistake, nothing was done:", "p.toml:1:1: the policy has no categories"],
        },
        Case {
            name: "extends itself",
            given: |place| place.put("p.toml", "extends = \"p.toml\"\n"),
            arguments: "audit-markers --tree tree --policy p.toml",
            code: 2,
            says: &["p.toml:1:"],
        },
        Case {
            name: "nested without end",
            given: |place| place.put("p.toml", format!("a = {}\n", "[".repeat(100_000))),
            arguments: "audit-markers --tree tree --policy p.toml",
            code: 2,
            says: &["p.toml:1:", "not TOML"],
        },
    ]);
}

/// Its name, what is put where, and what is said.
type BadWorkflow = (&'static str, fn(&Place), &'static [&'static str]);

/// A workflow that cannot be read is no reason to keep the other findings back: it is one of them, and `lanes` warns of it. That
/// the answer is not all of it is exit 2.
#[test]
fn workflows() {
    let cases: [BadWorkflow; 12] = [
        ("broken", |place| place.workflow("on: [push\njobs:\n  a: {\n"), &["pr.yml:2:5", "this YAML cannot be read"]),
        (
            "an alias bomb",
            |place| {
                let level = |c: char| format!("{c}: &{c} [{}]\n", format!("*{},", (c as u8 - 1) as char).repeat(9));
                let levels: String = ('b'..='k').map(level).collect();
                place.workflow(format!("a: &a [x,x,x,x,x,x,x,x,x]\n{levels}on: push\njobs: *k\n"));
            },
            &["pr.yml:6:", "more than 200,000 values"],
        ),
        (
            "an alias within its anchor",
            |place| place.workflow("a: &a [*a]\non: push\n"),
            &["pr.yml:1:8", "an alias stands within its own anchor"],
        ),
        (
            "nested without end",
            |place| place.workflow(format!("on: push\njobs: {}{}\n", "[".repeat(100_000), "]".repeat(100_000))),
            &["pr.yml:2:", "recursion limit"],
        ),
        (
            "huge",
            |place| place.workflow(format!("on: push\n{}", "# nothing\n".repeat(200_000))),
            &["no more than 1048576 bytes"],
        ),
        ("not UTF-8", |place| place.workflow(b"\xff\xfe"), &["a file of UTF-8 text"]),
        ("a folder", |place| place.folder(&format!("tree/{WORKFLOW}")), &["it has to be a file"]),
        ("never ends", |place| place.endless(&format!("tree/{WORKFLOW}")), &["it has to be a file"]),
        (
            "calls what is not there",
            |place| place.workflow("on: push\njobs:\n  a:\n    uses: ./.github/workflows/gone.yml\n"),
            &["pr.yml:4:11", "`.github/workflows/gone.yml` cannot be read"],
        ),
        (
            "calls itself",
            |place| {
                let calls = |name: &str| {
                    format!("on: [push, workflow_call]\njobs:\n  a:\n    uses: ./.github/workflows/{name}.yml\n")
                };
                place.workflow(calls("b"));
                place.put("tree/.github/workflows/b.yml", calls("pr").replace("push, ", ""));
            },
            &["b.yml:4:11", "is called within itself"],
        ),
        (
            "an action that uses itself",
            |place| {
                place.workflow("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: ./act\n");
                place.put("tree/act/action.yml", "runs:\n  using: composite\n  steps:\n  - uses: ./act\n");
            },
            &["act/action.yml:4:11", "is used within itself"],
        ),
        (
            "a matrix of a hundred thousand jobs",
            |place| {
                let ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
                let matrix: String = ('a'..='e').map(|name| format!("        {name}: {ten}\n")).collect();
                place.workflow(format!(
                    "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n{matrix}    steps:\n    - run: pytest\n"
                ));
            },
            &["pr.yml:3:3", "more than 256 combinations"],
        ),
    ];
    for (name, given, says) in cases {
        let audited = Case { name, given, arguments: AUDIT, code: 2, says };
        check(&[
            Case { says: &["warning[workflow]", "help: repair it"], ..audited },
            audited,
            Case { name, given, arguments: "lanes --tree tree", code: 2, says },
        ]);
    }
}

#[test]
fn scripts_and_expressions_of_workflows() {
    let nested = |what: &str| format!("{}{what}{}", "(".repeat(20_000), ")".repeat(20_000));
    for run in [
        nested("pytest"),
        format!("pytest -m \"{}\"", nested("unit")),
        format!("pytest -k \"{}\"", nested("unit")),
        format!("pytest ${{{{ {} }}}}", nested("1")),
        format!("{}pytest{}", "$(".repeat(20_000), ")".repeat(20_000)),
        "if true; then pytest -m unit; fi; ".repeat(5_000),
    ] {
        let place = Place::new();
        place.workflow(format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: '{run}'\n"));
        let answer = place.run("lanes --tree tree");
        // Whether it is a lane, and all of them, depends on what of it can be understood.
        assert!([0, 2, 4].contains(&answer.code), "{}: {}", &run[..40], answer.stderr);
    }
}

/// A test on one GPU whose VRAM marker says this, on line 5.
fn vram(place: &Place, marker: &str) {
    let text = format!(
        "import pytest\n\n@pytest.mark.gpu_1\n@pytest.mark.profiled_vram_gib({marker})\ndef test_a():\n    pass\n"
    );
    place.put("tree/tests/test_a.py", text);
}

#[test]
fn machines_that_cannot_be() {
    let wrong = |description: &'static str, says: &'static str| (description, says);
    for (description, says) in [
        wrong("0xL4", "\"0xL4\" asks for 0 cards: give 1 to "),
        wrong("99999xL4", "\"99999xL4\" asks for 99999 cards: give 1 to "),
        wrong("-2xL4", "\"-2xL4\" asks for -2 cards: give 1 to "),
        wrong("2xL4+", "\"2xL4+\" has an empty part: write a card as 2xL4"),
        wrong("", "\"\" has an empty part"),
        wrong("2x", "\"2x\" has an empty part"),
        wrong("RTX9999", "\"RTX9999\" is not a known card (A10 "),
        wrong("1xL4:0GiB", "\"1xL4:0GiB\" gives \"0GiB\" as its memory: write it as 79GiB"),
        wrong("1xL4:-4GiB", "gives \"-4GiB\" as its memory"),
        wrong("1xL4:1e9GiB", "gives \"1e9GiB\" as its memory"),
        wrong("1xL4:999999999GiB", "gives \"999999999GiB\" as its memory"),
        wrong("1xL4:24GB", "gives \"24GB\" as its memory"),
        wrong("1xL4;rm", "\"L4;rm\" is not a card's name: use letters"),
    ] {
        for command in ["plan", "gpus"] {
            let place = Place::new();
            let before = place.contents();
            let gpus = format!("--gpus={description}");
            let arguments = [command, "--tree", "tree", gpus.as_str()];
            let answer = support::answer(xtask(&arguments).current_dir(place.0.path()));
            assert_eq!(answer.code, 2, "{command} {description:?}: {}{}", answer.stdout, answer.stderr);
            assert!(answer.stderr.contains(says), "{command} {description:?}: {}", answer.stderr);
            assert_eq!(answer.stderr.lines().count(), 1, "{command} {description:?}: {}", answer.stderr);
            assert_eq!(place.contents(), before, "{command} {description:?}");
        }
    }
}

#[test]
fn memory_that_no_test_takes() {
    check(&[
        Case {
            name: "less than nothing",
            given: |place| vram(place, "-1"),
            arguments: "plan --tree tree --gpus 1xL4",
            code: 0,
            says: &[
                "(tests/test_a.py:5",
                "profiled_vram_gib(-1) is no amount of memory in GiB: planned alone on its GPU",
                "GPU 0 (alone)",
            ],
        },
        Case {
            name: "no number",
            given: |place| vram(place, "'x'"),
            arguments: "plan --tree tree --gpus 1xL4",
            code: 0,
            says: &["(tests/test_a.py:5", "profiled_vram_gib(\"x\") is no amount of memory in GiB: planned alone"],
        },
        Case {
            name: "more than there is",
            given: |place| vram(place, "1e9"),
            arguments: "plan --tree tree --gpus 1xL4",
            code: 0,
            says: &[
                "(tests/test_a.py:5",
                "is more than any GPU has: the number is in GiB",
                "not run: 1: needs over a million GiB, the largest card has",
            ],
        },
        Case {
            name: "more than can be counted",
            given: |place| vram(place, "1e308"),
            arguments: "plan --tree tree --gpus 1xL4",
            code: 0,
            says: &["is more than any GPU has: the number is in GiB", "not run: 1: needs"],
        },
        Case {
            name: "and what the audit says of it",
            given: |place| vram(place, "'x'"),
            arguments: "audit-markers --tree tree --policy dynamo-2026-08",
            code: 1,
            says: &["error[marker-argument]", "tests/test_a.py:4", "profiled_vram_gib"],
        },
    ]);
}

#[test]
fn a_history_that_is_broken_costs_estimates_and_not_the_plan() {
    check(&[
        Case {
            name: "no database",
            given: |place| place.put("tree/target/xtask/history.sqlite", "broken".repeat(1000)),
            arguments: "plan --tree tree --gpus 1xL4",
            code: 0,
            says: &["warning: ", "history.sqlite", "times come from markers alone", "1 test"],
        },
        Case {
            name: "a folder",
            given: |place| place.folder("tree/target/xtask/history.sqlite"),
            arguments: "plan --tree tree --gpus 1xL4",
            code: 0,
            says: &["warning: ", "history.sqlite", "times come from markers alone", "1 test"],
        },
        Case {
            name: "nothing to take out of",
            given: |_| {},
            arguments: "history prune --keep 0 --tree tree",
            code: 4,
            says: &["no run was recorded in "],
        },
        Case {
            name: "asked for by itself",
            given: |place| place.put("tree/target/xtask/history.sqlite", "broken".repeat(1000)),
            arguments: "history --tree tree",
            code: 3,
            says: &["the history cannot be used: ", "history.sqlite"],
        },
    ]);
}

#[test]
fn baselines() {
    check(&[
        Case {
            name: "not there",
            given: |_| {},
            arguments: "audit-markers --tree tree --baseline gone.toml",
            code: 2,
            says: &["there is no baseline gone.toml: make one with --write-baseline gone.toml"],
        },
        Case {
            name: "not a baseline",
            given: |place| place.put("b.toml", "{\"findings\": []}"),
            arguments: "audit-markers --tree tree --baseline b.toml",
            code: 2,
            says: &["the baseline has 1 mistake, nothing was done:", "b.toml:1:1: not TOML"],
        },
        Case {
            name: "of another version",
            given: |place| place.put("b.toml", "version = 99\n"),
            arguments: "audit-markers --tree tree --baseline b.toml",
            code: 2,
            says: &["b.toml:1:11: this is not a baseline of version 1"],
        },
        Case {
            name: "a folder",
            given: |place| place.folder("b.toml"),
            arguments: "audit-markers --tree tree --baseline b.toml",
            code: 2,
            says: &["cannot read b.toml: it is a folder"],
        },
        Case {
            name: "not UTF-8",
            given: |place| place.put("b.toml", b"\xff"),
            arguments: "audit-markers --tree tree --baseline b.toml",
            code: 2,
            says: &["b.toml:1: this is not UTF-8"],
        },
        Case {
            name: "to be written into no folder",
            given: |_| {},
            arguments: "audit-markers --tree tree --write-baseline gone/b.toml",
            code: 2,
            says: &["nothing was written to gone/b.toml: there is no folder gone: make it first"],
        },
        Case {
            name: "to be written over what is no baseline",
            given: |place| place.put("b.toml", "[package]\n"),
            arguments: "audit-markers --tree tree --write-baseline b.toml",
            code: 2,
            says: &["b.toml:1:", "nothing was done"],
        },
        Case {
            name: "to be written over a folder",
            given: |place| place.folder("b.toml"),
            arguments: "audit-markers --tree tree --write-baseline b.toml",
            code: 2,
            says: &["b.toml: it is a folder"],
        },
    ]);
}

/// What is counted as known stands in a file.
#[test]
fn a_baseline_that_cannot_be_written_is_not_counted_with() {
    let answer = Place::new().run("audit-markers --tree tree --write-baseline gone/b.toml");
    assert_eq!((answer.code, &*answer.stdout), (2, ""), "{}", answer.stderr);
}

#[test]
fn lanes_of_the_policy() {
    for (run, says) in [
        ("pytest -m 'unit and ('", "the lane `quick`: pytest refuses `-m unit and (`: "),
        ("make test", "the lane `quick`: it runs no tests: write a command such as"),
    ] {
        let place = Place::new();
        place.put("tree/test-policy.toml", format!("{POLICY}[[lanes]]\nname = \"quick\"\nrun = \"{run}\"\n"));
        for command in ["lanes --tree tree", AUDIT] {
            let answer = place.run(command);
            assert_eq!(answer.code, 2, "{command}: {}{}", answer.stdout, answer.stderr);
            let expected = format!("test-policy.toml:8: {says}");
            assert!(answer.stderr.contains(&expected), "{command}: {}", answer.stderr);
        }
    }
}

/// As a variable leaves them that is not set.
#[test]
fn empty_names() {
    let file = "it is empty: name a file or a folder";
    for (arguments, option, says) in [
        ("audit-markers --tree=", "--tree <DIR>", file),
        ("audit-markers --output=", "--output <FILE>", file),
        ("audit-markers --baseline=", "--baseline <FILE>", file),
        ("audit-markers --write-baseline=", "--write-baseline <FILE>", file),
        ("audit-markers --results=", "--results <FILE>", file),
        ("audit-markers --since=", "--since <REV>", "it is empty: name a branch, a tag or a commit"),
        ("report --output=", "--output <FILE>", file),
        ("test --html=", "--html <FILE>", file),
        ("policy rules --write=", "--write <DIR>", file),
    ] {
        let place = Place::new();
        let before = place.contents();
        let answer = place.run(arguments);
        assert_eq!((answer.code, &*answer.stdout), (2, ""), "{arguments}: {}", answer.stderr);
        let expected = format!("invalid value '' for '{option}': {says}");
        assert!(answer.stderr.contains(&expected), "{arguments}: {}", answer.stderr);
        assert_eq!(place.contents(), before, "{arguments}");
    }
}

#[test]
fn targets_of_the_findings() {
    for format in ["sarif", "json", "junit", "github", "text"] {
        for (name, target, given, says) in [
            (
                "no folder",
                "gone/out",
                (|_| {}) as fn(&Place),
                "nothing was written to gone/out: there is no folder gone: make it first",
            ),
            ("a folder", "out", |place| place.folder("out"), "nothing was written to out: is a directory"),
            (
                "below a file",
                "file/out",
                |place| place.put("file", ""),
                "nothing was written to file/out: file is no folder: name another place",
            ),
            (
                "read-only",
                "out",
                |place| {
                    place.put("out", "before");
                    let mut permissions = fs::metadata(place.path("out")).unwrap().permissions();
                    permissions.set_readonly(true);
                    fs::set_permissions(place.path("out"), permissions).unwrap();
                },
                "nothing was written to out: it is read-only",
            ),
        ] {
            let place = Place::new();
            given(&place);
            let before = place.contents();
            let answer = place.run(&format!("{AUDIT} --format {format} --output {target}"));
            assert_eq!(answer.code, 2, "{format}, {name}: {}", answer.stderr);
            assert!(answer.stderr.contains(says), "{format}, {name}: {}", answer.stderr);
            assert_eq!(place.contents(), before, "{format}, {name}");
        }
    }
}

#[test]
fn trees_and_revisions() {
    check(&[
        Case {
            name: "no such tree",
            given: |_| {},
            arguments: "audit-markers --tree gone",
            code: 2,
            says: &["gone: there is no such folder"],
        },
        Case {
            name: "a file",
            given: |_| {},
            arguments: "audit-markers --tree tree/test-policy.toml",
            code: 2,
            says: &["tree/test-policy.toml: there is no such folder"],
        },
        Case {
            name: "no tests",
            given: |place| place.put("other/a.py", ""),
            arguments: "audit-markers --tree other",
            code: 4,
            says: &["other has no tests"],
        },
        Case {
            name: "no such path",
            given: |_| {},
            arguments: "audit-markers --tree tree tests/test_b.py",
            code: 2,
            says: &["tests/test_b.py"],
        },
        Case {
            name: "no such stage of a report",
            given: |_| {},
            arguments: "report --tree tree --stage nigthly",
            code: 2,
            says: &["unknown stage `nigthly`; did you mean `nightly`?"],
        },
        Case {
            name: "--since outside of a repository",
            given: |_| {},
            arguments: "audit-markers --tree tree --since HEAD",
            code: 2,
            says: &["--since asks git, which does not take", "for a part of a repository"],
        },
        Case {
            name: "lanes diff outside of a repository",
            given: |_| {},
            arguments: "lanes diff HEAD --tree tree",
            code: 2,
            says: &["the revision `HEAD` cannot be read"],
        },
    ]);
}

#[test]
fn a_revision_that_is_not_there() {
    for revision in ["nowhere", "--output=x", "-", "HEAD^99", "a..b"] {
        let place = Place::new();
        let made = Command::new("git").args(["init", "--quiet"]).current_dir(place.path("tree")).status().unwrap();
        assert!(made.success());
        let before = place.contents();
        let answer = place.run(&format!("{AUDIT} --since={revision}"));
        assert_eq!(answer.code, 2, "{revision}: {}", answer.stderr);
        assert!(answer.stderr.contains(&format!("--since {revision}: no such revision in ")), "{}", answer.stderr);
        assert_eq!(place.contents(), before, "{revision}");
    }
}

/// Files in a tree that are none: what never ends must not be waited for, wherever something reads.
#[test]
fn files_that_never_end() {
    for name in [
        "tests/test_b.py",
        "tests/conftest.py",
        "conftest.py",
        "pytest.ini",
        "pyproject.toml",
        "tox.ini",
        "setup.cfg",
        "uv.lock",
        "poetry.lock",
        "requirements.txt",
        "Cargo.toml",
        "src/lib.rs",
        ".gitignore",
    ] {
        let place = Place::new();
        if name == "src/lib.rs" {
            place.put("tree/Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        }
        place.endless(&format!("tree/{name}"));
        for command in [AUDIT, "list --tree tree", "lanes --tree tree", "audit-markers --tree tree --fix --unsafe"] {
            let answer = place.run(command);
            assert!([0, 1, 4].contains(&answer.code), "{name}, {command}: {}{}", answer.stdout, answer.stderr);
        }
    }
}

#[test]
fn a_file_that_cannot_be_fixed_stays_as_it_is() {
    let mut permissions = fs::metadata(Place::new().path("tree/tests/test_a.py")).unwrap().permissions();
    permissions.set_readonly(true);
    let place = Place::new();
    fs::set_permissions(place.path("tree/tests/test_a.py"), permissions).unwrap();
    let before = place.contents();
    let answer = place.run("audit-markers --tree tree --fix");
    assert_eq!(answer.code, 2, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stderr.contains("test_a.py cannot be written"), "{}", answer.stderr);
    assert!(answer.stderr.contains("is the tree read-only?"), "{}", answer.stderr);
    assert_eq!(place.contents(), before);
}

/// A time in the future stands for a file that an editor writes while the audit runs.
#[test]
fn a_file_that_changes_under_the_fix_is_left_alone() {
    let place = Place::new();
    let file = fs::File::options().write(true).open(place.path("tree/tests/test_a.py")).unwrap();
    file.set_modified(std::time::SystemTime::now() + Duration::from_secs(3600)).unwrap();
    let before = place.contents();
    let answer = place.run("audit-markers --tree tree --fix");
    assert_eq!(answer.code, 1, "{}{}", answer.stdout, answer.stderr);
    let said = "left alone: tests/test_a.py: it was written while the tree was audited: run again";
    assert!(answer.stderr.contains(said) || answer.stdout.contains(said), "{}{}", answer.stdout, answer.stderr);
    assert_eq!(place.contents(), before);
}

#[test]
fn a_full_disk_is_no_bug_of_the_program() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    for arguments in ["audit-markers --tree tree --format json", "list --tree tree", "policy rules"] {
        let place = Place::new();
        let mut command = xtask(&arguments.split_whitespace().collect::<Vec<_>>());
        command.current_dir(place.0.path()).stdout(fs::File::options().write(true).open("/dev/full").unwrap());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments}: {said}");
        assert!(said.contains("cannot write the output: No space left on device"), "{arguments}: {said}");
    }
}
