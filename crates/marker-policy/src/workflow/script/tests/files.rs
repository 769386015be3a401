//! Scripts that run files of a tree: what is read of them, and whether that is what bash runs.

use std::fmt::Write;

use super::*;

/// What a script runs with these files: `file:line [folder] command`, then what is not seen.
fn with_files(script: &str, files: &[(&str, &str)]) -> String {
    let read =
        |path: &TreePath| files.iter().find(|(name, _)| *name == path.as_str()).map(|(_, text)| text.to_string());
    let checkouts = ["/workspace".to_owned()];
    let scripts = Scripts::new(&["p"], &checkouts, &read);
    let at = SourceSpan::line(TreePath::new("ci.yml"), 1);
    let found = scripts.commands_of(script, &at, Directory::tree(), &[]).expect("is followed");
    let mut text = String::new();
    for command in &found.commands {
        let SourceSpan { file, start, .. } = &command.at;
        let from: String = command.called_from.iter().map(|at| format!("{}:{} > ", at.file, at.start.line)).collect();
        let branches: String =
            command.branches.iter().map(|branch| format!(" / {:?} {}", branch.kind, branch.text)).collect();
        writeln!(text, "{from}{file}:{} [{}] {command}{branches}", start.line, command.directory)
            .expect("can be written");
    }
    for unseen in &found.unseen {
        writeln!(text, "? {}:{} {}: {}", unseen.at.file, unseen.at.start.line, unseen.name, unseen.text)
            .expect("can be written");
    }
    text.trim_end().to_owned()
}

#[test]
fn files_that_scripts_run_are_followed() {
    let files = [
        ("ci/test.sh", "#!/usr/bin/env -S bash -e\ncd a\np \"$1\" \"$@\" \"$0\"\n"),
        ("ci/lib.sh", "f() {\n  p f \"$1\" $X\n  cd b\n}\nX=lib\np $1\n"),
        (
            "ci/own.sh",
            "cd \"$(dirname \"${BASH_SOURCE[0]}\")/..\"\np 1\ncd \"$(cd \"$(dirname \"$0\")\" && pwd)\"\np 2\n. ./lib.sh\nf x\n",
        ),
        (
            "ci/root.sh",
            "ROOT=$(git rev-parse --show-toplevel)\nbash \"$ROOT/ci/test.sh\" x\nHERE=\"$(realpath \"${0%/*}\")\"\ncd $HERE; p\n",
        ),
        ("ci/ends.sh", "p 1\nif q; then return; fi\np 2\n"),
        ("ci/exits.sh", "exit 0\n"),
        ("ci/loop.sh", "p\nbash ci/loop.sh again\n"),
        ("ci/run.py", "#!/usr/bin/env python3\nrun([\"p\", \"-x\"])\n"),
        ("ci/quiet.py", "import p\n"),
        (".venv/bin/p", "#!/usr/bin/env python\nrun('p')\n"),
        ("ci/all.sh", "\"$@\"\n"),
        ("ci/broken.sh", "p\nif q\n"),
        ("plain", "p 'no first line'\n"),
        ("Makefile", "test:\n\tp -x\n"),
        ("sub/Makefile", "lint:\n\truff\n"),
        ("sub/more.mk", "include ../Makefile\n"),
    ];
    let cases = [
        ("bash ci/test.sh a 'b c'; p", "ci.yml:1 > ci/test.sh:3 [a] p a a 'b c' ci/test.sh\nci.yml:1 [.] p"),
        ("./ci/test.sh a", "ci.yml:1 > ci/test.sh:3 [a] p a a ./ci/test.sh"),
        ("sh -e ci/test.sh", "ci.yml:1 > ci/test.sh:3 [a] p <$1> ci/test.sh"),
        ("cd ci; ./test.sh $(q)", "ci.yml:1 > ci/test.sh:3 [ci/a] p <$1> <\"$@\"> ./test.sh"),
        ("sudo timeout 5 /workspace/ci/test.sh a", "ci.yml:1 > ci/test.sh:3 [a] p a a /workspace/ci/test.sh"),
        ("docker run -v .:/w -w /w image bash /w/ci/test.sh a", "ci.yml:1 > ci/test.sh:3 [a] p a a /w/ci/test.sh"),
        ("bash plain", "ci.yml:1 > plain:1 [.] p 'no first line'"),
        (
            "source ci/lib.sh a\nf y\np $X",
            "ci.yml:1 > ci/lib.sh:6 [.] p a\nci.yml:1 > ci/lib.sh:2 [.] p f y lib\nci.yml:1 [b] p lib",
        ),
        (
            "cd x; bash ../ci/own.sh",
            "ci.yml:1 > ci/own.sh:2 [.] p 1\nci.yml:1 > ci/own.sh:4 [<$(cd \"$(dirname \"$0\")\" && pwd)>] p 2\n? ci/own.sh:5 ./lib.sh: reads `./lib.sh`, and which file that is is not known",
        ),
        (
            "bash \"$GITHUB_WORKSPACE/ci/own.sh\"",
            "ci.yml:1 > ci/own.sh:2 [.] p 1\nci.yml:1 > ci/own.sh:4 [ci] p 2\nci.yml:1 > ci/own.sh:5 > ci/lib.sh:6 [ci] p <$1>\nci.yml:1 > ci/own.sh:6 > ci/lib.sh:2 [ci] p f x lib",
        ),
        (
            "./ci/root.sh",
            "ci.yml:1 > ci/root.sh:2 > ci/test.sh:3 [a] p x x <github.workspace>/ci/test.sh\nci.yml:1 > ci/root.sh:4 [ci] p",
        ),
        (
            ". ci/ends.sh; p 3",
            "ci.yml:1 > ci/ends.sh:1 [.] p 1\nci.yml:1 > ci/ends.sh:3 [.] p 2 / AfterExit if q; then return; fi\nci.yml:1 [.] p 3 / AfterExit if q; then return; fi",
        ),
        ("bash ci/exits.sh; p 1; . ci/exits.sh; p 2", "ci.yml:1 [.] p 1"),
        ("exec ./plain; p", "ci.yml:1 > plain:1 [.] p 'no first line'"),
        ("if q; then ./plain; fi", "ci.yml:1 > plain:1 [.] p 'no first line' / If if q; then ./plain; fi"),
        (
            "for x in 1 2; do bash ci/test.sh $x; done",
            "ci.yml:1 > ci/test.sh:3 [a] p 1 1 ci/test.sh\nci.yml:1 > ci/test.sh:3 [a] p 2 2 ci/test.sh",
        ),
        ("exec bash plain; p", "ci.yml:1 > plain:1 [.] p 'no first line'"),
        (
            "bash ci/all.sh p -x; python ci/quiet.py p",
            "ci.yml:1 > ci/all.sh:1 [.] p -x\nci.yml:1 [.] python ci/quiet.py p",
        ),
        (".venv/bin/p a", "ci.yml:1 [.] .venv/bin/p a"),
        // What is told.
        (
            "bash ci/loop.sh",
            "ci.yml:1 > ci/loop.sh:1 [.] p\n? ci/loop.sh:2 ci/loop.sh: runs `ci/loop.sh` within itself, which is not followed",
        ),
        (
            "python3 ci/run.py; ci/run.py; python ci/quiet.py",
            "? ci.yml:1 ci/run.py: runs `ci/run.py`, which names `p` and is no script of a shell that is read",
        ),
        (
            "bash ci/broken.sh",
            "? ci.yml:1 ci/broken.sh: runs `ci/broken.sh`, which is not followed: it ends too early (ci/broken.sh:3)",
        ),
        (
            "bash ci/gone.sh",
            "? ci.yml:1 ci/gone.sh: runs `ci/gone.sh`, which this tree does not have as a file of text that is small enough to be read",
        ),
        ("/opt/x.sh; /opt/tool; ./target/built", "? ci.yml:1 /opt/x.sh: runs `/opt/x.sh`, which is not in this tree"),
        (
            "bash \"$X\"; ./$X/y.sh",
            "? ci.yml:1 <$X>: runs `<$X>`, and which file that is is not known\n? ci.yml:1 ./<$X>/y.sh: runs `./<$X>/y.sh`, and which file that is is not known",
        ),
        ("curl x | sh -s a", "? ci.yml:1 sh -s a: runs `sh -s a`, a shell whose commands are not known"),
        (
            ". venv/bin/activate; p",
            "ci.yml:1 [.] p / AfterEval . venv/bin/activate\n? ci.yml:1 venv/bin/activate: reads `venv/bin/activate`, which this tree does not have as a file of text that is small enough to be read",
        ),
        (
            "make test; make -C sub lint; make -f sub/more.mk",
            "? ci.yml:1 make test: runs `make test`, whose file is not read and names `p` (Makefile)\n? ci.yml:1 make -f sub/more.mk: runs `make -f sub/more.mk`, whose file is not read and leads to others (sub/more.mk)",
        ),
        (
            "cd sub; just unit; tox --version",
            "? ci.yml:1 just unit: runs `just unit`, whose file is not in this tree, or not known",
        ),
    ];
    let mut wrong = String::new();
    for (script, expected) in cases {
        let found = with_files(script, &files);
        if found != expected {
            let _ = write!(wrong, "{script}\n--- expected\n{expected}\n--- found\n{found}\n\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn hostile_files_end() {
    // Each of 20 files runs the next eight times over, one is large, and one is many commands.
    let chain: Vec<(String, String)> = (0..20)
        .map(|number| {
            (
                format!("{number}.sh"),
                format!("{}p\n", format!("bash {}.sh $x\n. ./{}.sh\n", number + 1, number + 1).repeat(8)),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = chain.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let read = |path: &TreePath| match path.as_str() {
        "large.sh" => Some("p\n".repeat(1 << 25)),
        path => files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.to_string()),
    };
    let scripts = Scripts::new(&["p"], &[], &read);
    let at = SourceSpan::line(TreePath::new("ci.yml"), 1);
    let found = scripts.commands_of("bash 0.sh", &at, Directory::tree(), &[]);
    assert!(found.is_err_and(|reason| reason.text.contains("more than 50000 commands")));
    let found = scripts.commands_of("bash large.sh", &at, Directory::tree(), &[]).expect("is followed");
    assert_eq!((found.commands.len(), found.unseen.len()), (0, 1));
}

/// Trees of scripts that are run by bash, and what they ran held against what was read.
#[cfg(unix)]
mod against_bash {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use proptest::test_runner::TestRunner;

    use super::super::against_bash::bash;
    use super::*;

    /// The files of a tree, in the order in which one may run those behind it.
    const FILES: [&str; 4] = ["ci/one.sh", "run", "a/two.sh", "lib/lib.sh"];

    fn word() -> impl Strategy<Value = String> {
        let words = [
            "a",
            "'b c'",
            "\"$@\"",
            "$1",
            "\"$2\"",
            "$X",
            "\"$X\"",
            "$0",
            "\"${BASH_SOURCE[0]}\"",
            "$(dirname \"$0\")",
            "\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\"",
            "\"$(dirname \"$(realpath \"$0\")\")\"",
            "\"$PWD\"",
            "${0%/*}",
            "$(cd a && pwd)",
            "\"$(cd \"$(dirname \"$0\")/..\" >/dev/null && pwd)\"",
            "$(realpath a/..)",
            "$#",
        ];
        prop::sample::select(words.to_vec()).prop_map(str::to_owned)
    }

    fn statement(place: usize) -> BoxedStrategy<String> {
        let words = || prop::collection::vec(word(), 0..3).prop_map(|words| words.join(" "));
        let plain = prop::sample::select(vec![
            "cd a",
            "cd ..",
            "cd \"$(dirname \"$0\")\"",
            "cd \"$(dirname \"${BASH_SOURCE[0]}\")/..\"",
            "cd \"$GITHUB_WORKSPACE\"",
            "X=a",
            "export X=b",
            "X=\"$1\"",
            "set -- q 'r s'",
            "shift",
            "[ \"$1\" = a ] && return",
            "exit 0",
            "true",
        ]);
        let function = prop::sample::select(vec!["f", "g"]);
        let mut all = vec![
            words().prop_map(|words| format!("p {words}")).boxed(),
            words().prop_map(|words| format!("p {words}")).boxed(),
            plain.prop_map(str::to_owned).boxed(),
            (function.clone(), words())
                .prop_map(|(name, words)| format!("{name}() {{\np {name} {words}\ncd b\n}}"))
                .boxed(),
            (function, words()).prop_map(|(name, words)| format!("{name} {words}")).boxed(),
        ];
        for file in FILES.into_iter().skip(place) {
            let ways = [
                format!("bash \"$GITHUB_WORKSPACE/{file}\""),
                format!("\"$GITHUB_WORKSPACE\"/{file}"),
                format!("./{file}"),
                format!(". \"$GITHUB_WORKSPACE/{file}\""),
                format!("source ./{file}"),
                format!("bash ../{file}"),
                format!("X=c bash \"$(dirname \"$0\")/../{file}\""),
                format!("(source \"$GITHUB_WORKSPACE/{file}\")"),
            ];
            let call =
                (prop::sample::select(ways.to_vec()), words()).prop_map(|(way, words)| match way.strip_suffix(')') {
                    Some(way) => format!("{way} {words})"),
                    None => format!("{way} {words}"),
                });
            let call = call.boxed();
            all.push(call.clone());
            all.push(call.clone().prop_map(|call| format!("if true; then {call}; fi")).boxed());
            all.push(call.prop_map(|call| format!("for X in 1 2; do {call}; done")).boxed());
        }
        prop::strategy::Union::new(all).boxed()
    }

    /// A script, then the files.
    fn scripts() -> impl Strategy<Value = Vec<String>> {
        let body = |place| prop::collection::vec(statement(place), 1..5).prop_map(|all| all.join("\n"));
        [body(0), body(1), body(2), body(3), body(4)].prop_map(|texts| texts.to_vec())
    }

    /// What bash ran: folder and arguments of each `p`. `None` where it failed.
    fn ran(script: &str, tree: &Path, stubs: &Path) -> Option<Vec<(String, Vec<String>)>> {
        let log = stubs.join("log");
        std::fs::write(&log, "").ok()?;
        let path = format!("{}:{}", stubs.display(), std::env::var("PATH").ok()?);
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let variables = [("PATH", path), ("GITHUB_WORKSPACE", text(tree)?), ("LOG", text(&log)?)];
        bash(script, tree, variables, &log)
    }

    /// Whether this is what was read of that.
    fn matches(command: &Command, (folder, arguments): &(String, Vec<String>), tree: &str) -> bool {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let in_place = |part: &Part| match part {
            Part::Workspace => Part::Known(tree.to_owned()),
            other => other.clone(),
        };
        let words: Vec<Text> = command.words.iter().map(|word| word.parts().iter().map(in_place).collect()).collect();
        let there = match &command.directory {
            Directory::Tree(path) => path == folder,
            Directory::Outside(_) => false,
            Directory::Unknown(_) => true,
        };
        there && may_be(&words[1..], &arguments)
    }

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("can be made");
        std::fs::write(path, text).expect("can be written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("can be set");
    }

    #[test]
    fn what_runs_of_files_is_what_was_read() {
        let place = tempfile::tempdir().expect("a folder");
        let place = place.path().canonicalize().expect("a path");
        let (tree, stubs) = (place.join("tree"), place.join("stubs"));
        for folder in ["a/a/b", "a/b/a", "b/a", "ci/a/b", "ci/b", "lib/a", "lib/b"] {
            std::fs::create_dir_all(tree.join(folder)).expect("can be made");
        }
        write(&stubs.join("p"), "#!/bin/bash\nprintf '%s\\2' \"$PWD\" \"$@\" $'\\1' >> \"$LOG\"\n");
        let root = tree.to_str().expect("a path").to_owned();
        let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(30);
        let config = ProptestConfig { cases, max_global_rejects: 100_000, ..ProptestConfig::default() };
        let result = TestRunner::new(config).run(&scripts(), |texts| {
            let Some((script, bodies)) = texts.split_first() else { return Ok(()) };
            let files: Vec<(&str, String)> =
                FILES.into_iter().zip(bodies).map(|(file, body)| (file, format!("#!/bin/bash\n{body}\n"))).collect();
            for (file, text) in &files {
                write(&tree.join(file), text);
            }
            let read =
                |path: &TreePath| files.iter().find(|(name, _)| *name == path.as_str()).map(|(_, text)| text.clone());
            let reader = Scripts::new(&["p"], &[], &read);
            let at = SourceSpan::line(TreePath::new("ci.yml"), 1);
            let Some(ran) = ran(script, &tree, &stubs) else { return Err(TestCaseError::reject("bash refused it")) };
            let found = reader.commands_of(script, &at, Directory::tree(), &[]);
            let found = found.map_err(|reason| TestCaseError::fail(reason.text))?;
            for call in &ran {
                let was_read = found.commands.iter().any(|command| matches(command, call, &root));
                prop_assert!(
                    was_read || !found.unseen.is_empty(),
                    "{script}\n{files:#?}\n{call:?}\n{:#?}",
                    found.commands
                );
            }
            for command in found.commands.iter().filter(|command| command.branches.is_empty()) {
                let did = ran.iter().any(|call| matches(command, call, &root));
                prop_assert!(did, "{script}\n{files:#?}\n{command:#?}\n{ran:?}");
            }
            Ok(())
        });
        if let Err(error) = result {
            panic!("{error}");
        }
    }
}
