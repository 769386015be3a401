//! The walk over small trees.

use std::fs;

use super::*;
use crate::config::Invocation;

/// Conftests that ignore what their text names, one path a line.
struct Lines;

impl Session for Lines {
    fn ignores(&mut self, conftest: &Utf8Path, _: &Kept) -> ConftestIgnores {
        let folder = conftest.parent().unwrap();
        let text = fs::read_to_string(conftest).unwrap();
        let entry = |line: &str| Entry { text: folder.join(line).into_string(), condition: None };
        ConftestIgnores { paths: Some(text.lines().map(entry).collect()), ..ConftestIgnores::default() }
    }

    fn ask_hook(&mut self, _: &Utf8Path, _: &Utf8Path) -> HookVerdict {
        HookVerdict::Silent
    }
}

struct Tree {
    path: Utf8PathBuf,
    _folder: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        for (path, text) in files {
            let path = tree.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { path: tree, _folder: folder }
    }

    fn walk(&self, args: &[&str], sought: &[&str]) -> Walked {
        let args = args.iter().map(ToString::to_string).collect();
        let config = Config::locate(&Invocation { tree: self.path.clone(), args, ..Invocation::default() }).unwrap();
        let sought: Vec<_> = sought.iter().map(|file| self.path.join(file)).collect();
        walk(&config, &self.path, &mut Lines, &Folders::default(), &sought)
    }
}

fn collected(files: &[(&str, &str)], args: &[&str]) -> Vec<String> {
    let tree = Tree::new(files);
    let walked = tree.walk(args, &[]);
    walked.modules.iter().map(|module| module.path.strip_prefix(&tree.path).unwrap().to_string()).collect()
}

#[test]
fn files_and_folders_come_mixed_by_name() {
    let files = ["b/test_x.py", "a/test_x.py", "a.d/test_x.py", "aa_test.py", "test_Z.py", "test_m.py", "no.py"];
    let files: Vec<_> = files.map(|file| (file, "")).to_vec();
    assert_eq!(
        collected(&files, &[]),
        ["a/test_x.py", "a.d/test_x.py", "aa_test.py", "b/test_x.py", "test_Z.py", "test_m.py"]
    );
}

#[test]
fn a_sought_file_is_told_why_it_is_passed_over() {
    let files = [
        "pytest.ini",
        "tests/test_found.py",
        "tests/checks.py",
        "tests/build/test_a.py",
        "tests/env/pyvenv.cfg",
        "tests/env/lib/test_b.py",
        "tests/old/test_c.py",
        "tests/listed/test_d.py",
        "other/test_e.py",
    ];
    let text = |file: &str| match file {
        "pytest.ini" => "[pytest]\ntestpaths = tests\nnorecursedirs = build\n",
        _ => "",
    };
    let mut files: Vec<_> = files.iter().map(|file| (*file, text(file))).collect();
    files.push(("tests/conftest.py", "listed"));
    let tree = Tree::new(&files);
    let cases = [
        ("tests/test_found.py", None),
        (
            "tests/checks.py",
            Some("tests/checks.py has a name that `python_files` does not look for (test_*.py *_test.py)"),
        ),
        ("tests/build/test_a.py", Some("tests/build is not entered: `norecursedirs` has `build`")),
        ("tests/env/lib/test_b.py", Some("tests/env is not entered: it is a virtual environment")),
        ("tests/old/test_c.py", Some("tests/old is left out by `--ignore=tests/old`")),
        ("tests/listed/test_d.py", Some("tests/listed is left out by `collect_ignore` of a conftest: tests/listed")),
        ("other/test_e.py", Some("other/test_e.py lies below none of the folders of `testpaths` (tests)")),
    ];
    for (file, why) in cases {
        let passed_over = tree.walk(&["--ignore=tests/old"], &[file]).passed_over;
        let said: Vec<_> =
            passed_over.iter().map(|(path, why)| format!("{} {why}", path.strip_prefix(&tree.path).unwrap())).collect();
        assert_eq!(said, why.into_iter().collect::<Vec<_>>(), "{file}");
    }
}

#[test]
fn an_explicit_argument_passes_every_rule_for_itself_only() {
    let files = [("build/test_a.py", ""), ("build/sub/test_b.py", ""), ("test_c.py", "")];
    assert_eq!(collected(&files, &[]), ["test_c.py"]);
    assert_eq!(collected(&files, &["build/sub"]), ["build/sub/test_b.py"]);
    // Taken in by `.`, which exempts nothing below it.
    assert_eq!(collected(&files, &[".", "build/sub/test_b.py"]), ["test_c.py"]);
}

#[test]
fn the_nearest_conftest_that_names_a_list_decides() {
    let files = [
        ("conftest.py", "a/test_one.py\na/test_two.py"),
        ("a/conftest.py", "test_two.py"),
        ("a/test_one.py", ""),
        ("a/test_two.py", ""),
    ];
    assert_eq!(collected(&files, &[]), ["a/test_one.py"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_above_is_reported_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
    fs::write(tree.join("test_a.py"), "").unwrap();
    std::os::unix::fs::symlink(&tree, tree.join("again")).unwrap();
    let config = Config::locate(&Invocation { tree: tree.clone(), ..Invocation::default() }).unwrap();
    let walked = walk(&config, &tree, &mut Lines, &Folders::default(), &[]);
    assert_eq!((walked.modules.len(), walked.problems.len()), (1, 1));
}
