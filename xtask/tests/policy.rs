//! `policy`: a file to begin with, what applies in the end, the schema; and what the audit makes of a policy file. The
//! real program on real trees.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Answer, answer, repository, xtask};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn on(tree: &Path, arguments: &[&str]) -> Answer {
    answer(xtask(arguments).args(["--tree", tree.to_str().unwrap()]).env_remove("GITHUB_STEP_SUMMARY"))
}

/// A tree with these files.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = folder();
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

const PYTEST_INI: &str =
    "[pytest]\nmarkers =\n    network: needs the network\n    unit: of one function\n    db(name): a database\n";
const TEST_A: &str = "import pytest\n@pytest.mark.unit\ndef test_1(): ...\n@pytest.mark.netwrk\ndef test_2(): ...\n";
const TEST_B: &str = "import pytest\npytestmark = [pytest.mark.network, pytest.mark.db('x')]\ndef test_1(): ...\n";
const WORKFLOW: &str = "on: pull_request\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: pytest tests\n";

fn marked() -> tempfile::TempDir {
    tree(&[
        ("pytest.ini", PYTEST_INI),
        ("tests/test_a.py", TEST_A),
        ("tests/api/test_b.py", TEST_B),
        ("test_c.py", "def test_x(): ...\n"),
        (".github/workflows/ci.yml", WORKFLOW),
    ])
}

#[test]
fn a_policy_for_a_tree_is_a_policy_and_the_audit_runs_with_it() {
    let fixture = folder();
    copy(&repository().join("fixtures/dynamo"), fixture.path());
    let schema = jsonschema::draft202012::new(&marker_policy::keys::schema()).unwrap();
    let empty = folder();
    let marked = marked();
    for (name, tree, code) in [("fixture", fixture.path(), 1), ("empty", empty.path(), 4), ("marked", marked.path(), 1)]
    {
        let wrote = on(tree, &["policy", "init"]);
        assert_eq!((wrote.code, &*wrote.stdout), (0, ""), "{name}: {}", wrote.stderr);
        let text = fs::read_to_string(tree.join("test-policy.toml")).unwrap();
        let policy = marker_policy::Policy::parse("test-policy.toml", &text).unwrap();
        assert!(policy.tree().is_none() && text.starts_with("# "), "{text}");
        let as_json: serde_json::Value = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
        assert!(schema.is_valid(&as_json), "{text}");
        let audit = on(tree, &["audit-markers"]);
        assert_eq!(audit.code, code, "{name}: {}{}", audit.stdout, audit.stderr);
        // Every line of the comments that is a proposal is a policy, too.
        let lines = text.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_toml(rest)).unwrap_or(line));
        let proposed: String = lines.map(|line| format!("{line}\n")).collect();
        marker_policy::Policy::parse("proposed", &proposed).unwrap_or_else(|mistakes| panic!("{mistakes}\n{proposed}"));
    }
}

fn is_toml(line: &str) -> bool {
    let is_key = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| is_key(key))
}

#[test]
fn what_was_found_stands_in_comments_with_the_evidence() {
    let tree = marked();
    let text = on(tree.path(), &["policy", "init", "--stdout"]).stdout;
    for expected in [
        "# found: 4 tests in 3 files, 0 of them of Rust\n",
        "# found: 4 markers are declared or used: dynamo-2025-10 knows 1, dynamo-2026-04 knows 1, dynamo-2026-08 knows 1\n",
        "\nextends = \"dynamo-2025-10\"\n",
        "unit (1), integration",
        "\ndb = {}  # found: declared at pytest.ini:5, 1 test has it\n",
        "\nnetwork = {}  # found: declared at pytest.ini:3, 1 test has it\n",
        "\n# found: nothing declares `netwrk`, 1 test has it; `network` may be meant\n",
        "\n# found: 0 of 3 files are named `test_{component}_{flow}.py`\n",
        "\n# found: tests of Python in . (1), tests (3)\n",
        "\n# found: .github/workflows/ci.yml: 1 command runs tests\n",
        "\n# pre_merge = [\"ci.yml\"]\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(!tree.path().join("test-policy.toml").exists());
    let other = on(tree.path(), &["policy", "init", "--stdout", "--preset", "dynamo-2026-08"]).stdout;
    assert!(other.contains("# found: this preset was asked for\n"), "{other}");
    // That preset asks for markers in folders that this tree does not all have its tests in.
    let outside = self::tree(&[("check/test_a.py", "def test_x(): ...\n")]);
    let text = on(outside.path(), &["policy", "init", "--stdout", "--preset", "dynamo-2026-08"]).stdout;
    assert!(text.contains("so that it would ask for no marker anywhere\n[audit]\nrequired-under = []\n"), "{text}");
}

#[test]
fn a_policy_that_is_there_is_left_alone_unless_it_is_forced() {
    let tree = marked();
    let file = tree.path().join("test-policy.toml");
    fs::write(&file, "mine\n").unwrap();
    let refused = on(tree.path(), &["policy", "init"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("test-policy.toml is there already") && refused.stderr.contains("--force"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine\n");

    let elsewhere = tree.path().join("other.toml");
    assert_eq!(on(tree.path(), &["policy", "init", "--output", elsewhere.to_str().unwrap()]).code, 0);
    assert!(fs::read_to_string(&elsewhere).unwrap().contains("extends"));
    assert_eq!(on(tree.path(), &["policy", "init", "--output", elsewhere.to_str().unwrap()]).code, 2);

    assert_eq!(on(tree.path(), &["policy", "init", "--force"]).code, 0);
    assert!(fs::read_to_string(&file).unwrap().contains("extends"));
    let unknown = on(tree.path(), &["policy", "init", "--stdout", "--preset", "dynamo-2026-8"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `dynamo-2026-08`"), "{}", unknown.stderr);
    let nowhere = on(tree.path(), &["policy", "init", "--output", "/no/such/folder/policy.toml"]);
    assert_eq!(nowhere.code, 2, "{}", nowhere.stderr);
    let left: Vec<PathBuf> = fs::read_dir(tree.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!left.iter().any(|path| path.file_name().unwrap().to_str().unwrap().starts_with(".audit-")), "{left:?}");
}

#[test]
fn no_name_of_a_tree_breaks_out_of_the_file() {
    let tree = tree(&[
        ("pytest.ini", "[pytest]\nmarkers =\n    a\"b: x\n    c\\d: x\n    é: x\n    1st: x\n    x]y: x\n"),
        ("te\"st\n[rules]\n/test_a.py", "import pytest\n@pytest.mark.é\n@pytest.mark.unit\ndef test_x(): ...\n"),
    ]);
    let written = on(tree.path(), &["policy", "init", "--stdout"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    marker_policy::Policy::parse("p", &written.stdout)
        .unwrap_or_else(|mistakes| panic!("{mistakes}\n{}", written.stdout));
    assert!(written.stdout.contains("\n\"é\" = {}  # found: declared at pytest.ini:5"), "{}", written.stdout);
}

#[test]
fn what_applies_is_shown_as_a_policy_with_where_it_comes_from() {
    let tree = tree(&[(
        "test-policy.toml",
        "extends = \"dynamo-2026-04\"\n\n[categories.type]\nadd = [\"smoke\"]\n\n[rules]\nfile-name = \"warning\"\n",
    )]);
    let shown = on(tree.path(), &["policy", "show"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let policy = marker_policy::Policy::parse("p", &shown.stdout).unwrap();
    assert!(policy.is_member(marker_policy::Category::Type, "smoke"));
    let part = on(tree.path(), &["policy", "show", "categories"]).stdout;
    let lines: Vec<Vec<&str>> = part.lines().map(|line| line.split("  # ").map(str::trim).collect()).collect();
    for expected in [
        ["\"unit\", \"integration\", \"e2e\", \"benchmark\", \"stress\",", "dynamo-2025-10:16"],
        ["\"multimodal\", \"performance\",", "dynamo-2026-04:7"],
        ["\"smoke\",", "test-policy.toml:4"],
        ["required = \"never\"", "dynamo-2025-10:28"],
        ["at-most-one = false", "built in"],
    ] {
        assert!(lines.iter().any(|line| line == &expected), "{expected:?} is not in\n{part}");
    }
    assert!(on(tree.path(), &["policy", "show", "rules"]).stdout.contains("\"warning\"  "), "{part}");
    let unknown = on(tree.path(), &["policy", "show", "rule"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `rules`?"), "{}", unknown.stderr);
}

#[test]
fn the_schema_and_the_page_of_keys_are_those_of_the_table() {
    for (command, file) in [("schema", "docs/test-policy.schema.json"), ("keys", "docs/guide/policy.md")] {
        let printed = answer(&mut xtask(&["policy", command]));
        assert_eq!(printed.code, 0, "{}", printed.stderr);
        let recorded = fs::read_to_string(repository().join(file)).unwrap();
        assert!(printed.stdout == recorded, "write it anew: cargo xtask policy {command} --output {file}");
    }
}

#[test]
fn a_policy_that_cannot_be_read_is_exit_2_and_nothing_else() {
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("empty", Vec::new(), "test-policy.toml:1:1: the policy has no categories"),
        (
            "not UTF-8",
            b"extends = \"dynamo-2025-10\"\nname = \"\xff\"\n".to_vec(),
            "test-policy.toml:2: this is not UTF-8",
        ),
        ("not TOML", b"extends = \n".to_vec(), "test-policy.toml:1:"),
        ("huge", vec![b'#'; 1 << 20], "the file has more than 256 KiB"),
        ("huge, of other characters", "é".repeat(1 << 20).into_bytes(), "the file has more than 256 KiB"),
        (
            "one mistake",
            b"extends = \"dynamo-2025-10\"\nnme = 1\n".to_vec(),
            "the policy has 1 mistake, nothing was done",
        ),
        (
            "a bad day",
            b"extends = \"dynamo-2025-10\"\n[[exemptions]]\nexpires = 2027-02-30\n".to_vec(),
            "test-policy.toml:3:",
        ),
    ];
    for (name, bytes, expected) in cases {
        let tree = tree(&[("test_a.py", "def test_x(): ...\n")]);
        fs::write(tree.path().join("test-policy.toml"), bytes).unwrap();
        for command in ["audit-markers", "list"] {
            let answer = on(tree.path(), &[command]);
            assert_eq!((answer.code, &*answer.stdout), (2, ""), "{name}: {}", answer.stderr);
            assert!(answer.stderr.contains(expected), "{name}: {}", answer.stderr);
        }
    }
    let folder = tree(&[("test_a.py", "def test_x(): ...\n"), ("policy/x", "")]);
    let policy = folder.path().join("policy");
    assert_eq!(on(folder.path(), &["list", "--policy", policy.to_str().unwrap()]).code, 2);
}

const EXEMPTION: &str = "extends = \"dynamo-2025-10\"\n\n[[exemptions]]\nrules = [\"missing-lifecycle\", \"missing-type\", \"missing-hardware\", \"file-name\"]\ntests = [\"test_a.py\"]\nowner = \"@ai-dynamo/planner\"\nreason = \"moves\"\nexpires = 2027-03-31\n";

#[test]
fn an_exemption_holds_until_its_last_day() {
    let tree = tree(&[("test_a.py", "def test_x(): ...\n"), ("test-policy.toml", EXEMPTION)]);
    let holds = on(tree.path(), &["audit-markers", "--today", "2027-03-31"]);
    assert_eq!(holds.code, 0, "{}{}", holds.stdout, holds.stderr);
    assert!(holds.stdout.contains("\nthe policy exempts 4 more findings\n"), "{}", holds.stdout);
    let sarif = on(tree.path(), &["audit-markers", "--today", "2027-03-31", "--format", "sarif"]).stdout;
    let document: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let suppression = &document["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppression["kind"], "external");
    assert_eq!(suppression["justification"], "moves (@ai-dynamo/planner, until 2027-03-31)");

    let over = on(tree.path(), &["audit-markers", "--today", "2027-04-01"]);
    assert_eq!(over.code, 1, "{}{}", over.stdout, over.stderr);
    assert!(
        over.stdout.contains("error[expired-exemption]: the exemption of `@ai-dynamo/planner` from"),
        "{}",
        over.stdout
    );
    assert!(
        over.stdout.contains("--> test-policy.toml:3:1\n") && over.stdout.contains("3 | [[exemptions]]"),
        "{}",
        over.stdout
    );
    assert!(over.stdout.contains("missing-lifecycle 1"), "{}", over.stdout);

    let wrong = on(tree.path(), &["audit-markers", "--today", "tomorrow"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("--today tomorrow: write a day such as 2027-03-31"), "{}", wrong.stderr);
}
