//! GitHub's documented examples and exceptions, each with paths that a line has and paths that it has not.

use marker_policy::code_owners::CodeOwners;

/// The example file of GitHub's documentation, without its comments.
const EXAMPLE: &str = "\
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
";

#[test]
fn the_documented_example_has_the_documented_owners() {
    let owners = CodeOwners::parse(EXAMPLE);
    assert_eq!(owners.problems(), []);
    for (path, expected) in [
        ("README.md", &["@global-owner1", "@global-owner2"][..]),
        ("src/main.js", &["@js-owner"]),
        ("cmd/main.go", &["docs@example.com"]),
        ("notes/a.txt", &["@octo-org/octocats"]),
        // `/docs/` stands below `docs/*`.
        ("docs/getting-started.md", &["@doctocat"]),
        ("docs/build-app/troubleshooting.md", &["@doctocat"]),
        // `**/logs` stands below `/build/logs/`.
        ("build/logs/today.log", &["@octocat"]),
        ("deeply/nested/logs/today.log", &["@octocat"]),
        ("tools/apps/one.c", &["@octocat"]),
        ("scripts/run.sh", &["@doctocat", "@octocat"]),
        ("apps/one.c", &["@octocat"]),
        ("apps/github", &[]),
        ("apps/github/action.yml", &[]),
    ] {
        assert_eq!(owners.of(path), expected, "{path}");
    }
}

/// A pattern, paths that it has, and paths that it has not.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

const PATTERNS: &[Row] = &[
    ("*", &["a", "a/b/c"], &[]),
    ("/*", &["a"], &["a/b"]),
    ("*.js", &["a.js", "x/a.js", "x.js/y"], &["a.jsx", "js"]),
    ("/build/logs/", &["build/logs/a", "build/logs/a/b"], &["build/logs", "x/build/logs/a"]),
    ("docs/*", &["docs/a.md"], &["docs/a/b.md", "x/docs/a.md", "docs"]),
    ("docs/*/", &["docs/a/b.md", "docs/a/b/c.md"], &["docs/a.md"]),
    ("docs/*.md", &["docs/a.md"], &["docs/a/b.md", "docs/a.txt"]),
    ("docs/**", &["docs/a.md", "docs/a/b.md"], &["docs", "x/docs/a.md"]),
    ("docs/**/", &["docs/a/b.md"], &["docs/a.md"]),
    ("apps/", &["apps/a", "x/apps/a"], &["apps", "x/apps"]),
    ("/docs/", &["docs/a", "docs/a/b"], &["x/docs/a"]),
    ("**/logs", &["logs", "logs/a", "x/y/logs", "x/logs/a"], &["logs2", "x/logs.txt"]),
    ("a/**/b", &["a/b", "a/x/b", "a/x/y/b/c"], &["a/xb", "x/a/b"]),
    ("lib", &["lib", "lib/a", "x/lib", "x/lib/a"], &["libs", "x/libs/a"]),
    ("/lib", &["lib", "lib/a"], &["x/lib"]),
    ("src/lib", &["src/lib", "src/lib/a"], &["x/src/lib"]),
    ("te?t.py", &["test.py", "x/text.py"], &["tet.py", "te/t.py"]),
    // Upper and lower case differ.
    ("README.md", &["README.md"], &["readme.md"]),
    // Braces are characters like any other; a backslash takes the meaning of what follows.
    ("{a,b}.py", &["{a,b}.py"], &["a.py", "b.py"]),
    ("a\\*b", &["a*b"], &["axb"]),
    ("my\\ docs/", &["my docs/a"], &["my/docs/a"]),
    ("a**b", &["ab", "axxb"], &["a/b"]),
];

#[test]
fn a_pattern_has_what_is_documented() {
    for (pattern, has, has_not) in PATTERNS {
        let owners = CodeOwners::parse(&format!("{pattern} @o"));
        assert_eq!(owners.problems(), [], "{pattern}");
        for path in *has {
            assert_eq!(owners.of(path), ["@o"], "{pattern} has {path}");
        }
        for path in *has_not {
            assert!(owners.rule_of(path).is_none(), "{pattern} has {path}");
        }
    }
}

#[test]
fn a_line_that_github_skips_counts_for_nothing() {
    let skipped = [
        "!*.md @b",
        "[ab].md @b",
        "\\#a.md @b",
        "a.md b",
        "a.md @",
        "a.md @b/",
        "a.md @b @b/c/d",
        "a.md @b someone@",
        "/ @b",
        "a.md\\",
        "***.md @b",
    ];
    for line in skipped {
        let owners = CodeOwners::parse(&format!("* @a\n\n{line}\n"));
        let lines: Vec<u32> = owners.problems().iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [3], "{line}");
        assert_eq!(owners.of("a.md"), ["@a"], "{line}");
    }
}

#[test]
fn the_last_line_decides_even_without_owners() {
    let owners = CodeOwners::parse("*.py @a\r\n/tests/ @b @c\r\n/tests/gen/ # nobody\r\n");
    assert_eq!(owners.problems(), []);
    assert_eq!(owners.of("tests/test_a.py"), ["@b", "@c"]);
    assert_eq!(owners.rule_of("tests/gen/test_a.py").map(|rule| (rule.line, rule.owners.len())), Some((3, 0)));
    assert!(owners.rule_of("src/lib.rs").is_none());
}
