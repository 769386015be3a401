mod files;

use proptest::prelude::*;
use test_catalog::{Position, SourceSpan, TreePath};

use super::super::directory::Directory;
use super::super::expression::{Contexts, Value, object};
use super::super::template::{Template, workspace};
use super::super::text::{Part, Text};
use super::super::yaml::Scalar;
use super::*;

/// The commands of a script that run `p`.
fn commands_of(script: &str, environment: &[(&str, &str)]) -> Result<Vec<Command>, Reason> {
    let at = Position { line: 1, column: 1 };
    let scalar = Scalar { text: script.into(), plain: false, first_line: Some(1) };
    let mut contexts = Contexts::default();
    contexts.set("matrix", object([("dir".into(), Value::text("lib/x")), ("two".into(), Value::text("1\np 2"))]));
    contexts.set("github", object([("workspace".into(), workspace())]));
    let run = Run {
        shell: Shell::Posix,
        directory: Directory::tree(),
        container: [].into(),
        environment: environment.iter().map(|(name, value)| ((*name).into(), Value::text(*value))).collect(),
        script: Template::new(at, scalar).into(),
        contexts: contexts.into(),
    };
    let scripts = Scripts::new(&["p"], &[], &|_| None);
    commands(&run, &TreePath::new("ci.yml"), &scripts).map(|found| found.commands)
}

/// `line [folder] command / branches`, a line for each.
fn shown(script: &str) -> String {
    let shown = |command: &Command| {
        let branches: String =
            command.branches.iter().map(|branch| format!(" / {:?} {}", branch.kind, branch.text)).collect();
        let split = if command.words.iter().any(Text::splits) { "*" } else { "" };
        let doubt = command.doubt.as_ref().map(|doubt| format!(" ?{doubt}")).unwrap_or_default();
        format!("{} [{}] {command}{split}{branches}{doubt}", command.at.start.line, command.directory)
    };
    match commands_of(script, &[("FROM_ENV", "x y")]) {
        Ok(commands) => commands.iter().map(shown).collect::<Vec<_>>().join("\n"),
        Err(reason) => format!("{}: {}", reason.at.start.line, reason.text),
    }
}

#[test]
fn scripts_are_followed() {
    let cases = [
        // Words.
        ("p 'a b' \"c\"d e\\ f ''", "1 [.] p 'a b' cd 'e f' ''"),
        ("p one \\\n  two # three\np four", "1 [.] p one two\n3 [.] p four"),
        ("p $UNSET \"$UNSET\" x${UNSET}", "1 [.] p <$UNSET> <$UNSET> x<${UNSET}>*"),
        ("p \"$UNSET\"", "1 [.] p <$UNSET>"),
        ("p $FROM_ENV \"$FROM_ENV\"", "1 [.] p x y 'x y'"),
        ("p *.rs {a,b} ~/x --opt={a}", "1 [.] p <*.rs> <{a,b}> <~/x> --opt={a}*"),
        ("p a#b $((1 + 2)) `q` $'x' $'\\n'", "1 [.] p a#b <$((1 + 2))> <`q`> x <$'\\n'>*"),
        ("p ${X:-a} ${#X} ${X/'}'/b}", "1 [.] p <${X:-a}> <${#X}> <${X/'}'/b}>*"),
        ("p a 2>&1 >out <in &>all 3<>x <<< word b", "1 [.] p a b"),
        ("/usr/bin/p a; p.exe; pp", "1 [.] /usr/bin/p a"),
        // What `${{ }}` gives.
        ("p ${{ matrix.dir }}/y \"${{ inputs.x }}\" ${{ inputs.y }}", "1 [.] p lib/x/y <inputs.x> <inputs.y>*"),
        ("p '${{ inputs.x }} ${{ matrix.dir }}'", "1 [.] p <inputs.x> lib/x"),
        ("p ${{ github.workspace }}/a $GITHUB_WORKSPACE", "1 [.] p <github.workspace>/a <github.workspace>"),
        ("p ${{ matrix.two }}\np 3", "1 [.] p 1\n1 [.] p 2\n2 [.] p 3"),
        // Variables.
        ("X=a; p $X; X=\"b c\"; p $X; p \"$X\"", "1 [.] p a\n1 [.] p b c\n1 [.] p 'b c'"),
        ("X=a Y=$UNSET p b", "1 [.] X=a Y=<$UNSET> p b"),
        ("X=a p $X", "1 [.] X=a p <$X>*"),
        ("export X=a Y='b c'; p \"$X$Y\"", "1 [.] p 'ab c'"),
        ("X=a; if q; then X=b; fi; p $X", "1 [.] p <$X>*"),
        ("X=a; (X=b); p $X; X=c | q; p $X; X=d & p $X", "1 [.] p a\n1 [.] p a\n1 [.] p a"),
        ("X=a; read X; p $X", "1 [.] p <$X>*"),
        ("X=a; IFS=,; p $X", "1 [.] p <$X>*"),
        ("X=(a b); p ${X[@]}; X=1; ((X++)); p $X", "1 [.] p a b\n1 [.] p <$X>*"),
        ("X=(p 'a b'); X+=(\"c\"); \"${X[@]}\" d; q ${X[0]}; p ${X[@]}", "1 [.] p 'a b' c d\n1 [.] p <${X[@]}>*"),
        (
            "X=(); p \"${X[@]}\" ${Y[@]}; X=(\"$(q)\"); p \"${X[@]}\"; X=(*); p \"${X[@]}\"",
            "1 [.] p <${Y[@]}>*\n1 [.] p <$(q)>\n1 [.] p <\"${X[@]}\">*",
        ),
        (
            "X=a; X+=\" b\"; p $X; Y+=c; p $Y; p \"$PWD/x\" $(pwd)",
            "1 [.] p a b\n1 [.] p <$Y>*\n1 [.] p <github.workspace>/x <github.workspace>",
        ),
        ("X=a; p ${Y:=1}$X; Y=2; q ${Y:=3}; p $Y", "1 [.] p <${Y:=1}>a*\n1 [.] p <$Y>*"),
        ("set -- a 'b c'; p \"$@\" $2; shift; p $1", "1 [.] p a 'b c' b c\n1 [.] p b c"),
        // Folders.
        ("cd a && p 1\np 2\ncd ../b; p 3", "1 [a] p 1 / AfterSuccess cd a\n2 [a] p 2\n3 [b] p 3"),
        ("(cd a; p 1); p 2; { cd b; }; p 3; cd c | q; p 4", "1 [a] p 1\n1 [.] p 2\n1 [b] p 3\n1 [b] p 4"),
        (
            "cd $UNSET; p 1; cd; p 2; cd -; p 3; cd /x; p 4",
            "1 [<$UNSET>] p 1\n1 [<$HOME>] p 2\n1 [<->] p 3\n1 [/x] p 4",
        ),
        ("cd \"$GITHUB_WORKSPACE/a\"; p; cd ${{ github.workspace }}; p", "1 [a] p\n1 [.] p"),
        ("if q; then cd a; fi; p", "1 [<. or a>] p"),
        ("pushd a; p; popd; p", "1 [a] p\n1 [<popd>] p"),
        ("cd a || exit 1; p", "1 [a] p"),
        ("cd a || p", "1 [<a or .>] p / AfterFailure cd a"),
        ("for d in a b; do (cd $d && p $d); done", "1 [a] p a / AfterSuccess cd $d\n1 [b] p b / AfterSuccess cd $d"),
        ("for d in a b; do cd $d; done; p", "1 [a/b] p"),
        ("while q; do cd a; p; done; p", "1 [<. or a/a>] p / Loop while q; do cd a; p; done; p\n1 [<. or a>] p"),
        // What decides.
        ("p 1 && p 2 || p 3; p 4", "1 [.] p 1\n1 [.] p 2 / AfterSuccess p 1\n1 [.] p 3 / AfterFailure p 2\n1 [.] p 4"),
        (
            "if p 1; then p 2; elif p 3; then p 4; else p 5; fi",
            "1 [.] p 1\n1 [.] p 2 / If if p 1; then p 2; elif p 3; then p 4; else p 5; fi\n1 [.] p 3 / If if p 1; then p 2; elif p 3; then p 4; else p 5; fi\n1 [.] p 4 / If if p 1; then p 2; elif p 3; then p 4; else p 5; fi\n1 [.] p 5 / If if p 1; then p 2; elif p 3; then p 4; else p 5; fi",
        ),
        ("case $X in\na|b) p 1 ;;\n(*) p 2\nesac", "2 [.] p 1 / Case case $X in\n3 [.] p 2 / Case case $X in"),
        ("until q\ndo p 1\ndone", "2 [.] p 1 / Loop until q"),
        ("for x in $(q)\ndo p $x\ndone", "2 [.] p <$x>* / Loop for x in $(q)"),
        ("for ((i = 0; i < 3; i++))\ndo p\ndone", "2 [.] p / Loop for ((i = 0; i < 3; i++))"),
        ("[[ $X =~ ^(a|b)$ && -d /x ]]; p", "1 [.] p"),
        ("if [[ -d \"x\" ]]; then q; fi; p", "1 [.] p"),
        ("! p 1; time -p p 2", "1 [.] p 1\n1 [.] p 2"),
        ("p 1; exit; p 2", "1 [.] p 1"),
        ("if q; then exit 0; fi\np", "2 [.] p / AfterExit if q; then exit 0; fi"),
        ("q || exit 1; p", "1 [.] p"),
        ("q && exit 0; p", "1 [.] p / AfterExit q"),
        ("q && exit; r && exit 3; p", "1 [.] p / AfterExit q"),
        ("if q; then exit 1; else exit 2; fi; p", ""),
        (
            "eval $(q); p; . ./x; p",
            "1 [.] p / AfterEval eval <$(q)>\n1 [.] p / AfterEval eval <$(q)> / AfterEval . ./x",
        ),
        (
            "eval 'cd a; p' '1'; p 2; eval \"p $X; f() { p 3; }\"; f",
            "1 [a] p 1\n1 [a] p 2\n1 [a] p <$X>*\n1 [a] p 3 / Uncalled f",
        ),
        ("exec p 1; p 2", "1 [.] exec p 1"),
        // Functions.
        (
            "f() {\n  p \"$1\" $2\n  shift\n  p \"$@\"\n}\nf a 'b c'\nf d",
            "2 [.] p a b c\n4 [.] p 'b c'\n2 [.] p d <$2>*\n4 [.] p",
        ),
        ("function f { cd a; }\nf; p; (f; p); p", "2 [a] p\n2 [a/a] p\n2 [a] p"),
        ("f() { return; p 1; }; f; p 2", "1 [.] p 2"),
        ("f() { p 1; }; trap f EXIT; p 2", "1 [.] p 2\n1 [.] p 1 / Uncalled f"),
        ("f() { f; p; }; f", "1 [<what f does>] p / AfterEval f\n1 [<what f does>] p / Uncalled f / AfterEval f"),
        ("X=a; f() { local X=b; p $X; }; f; p $X", "1 [.] p b\n1 [.] p <$X>*"),
        ("X=a; f() { p $X; }; X=b f; p $X", "1 [.] p b\n1 [.] p <$X>*"),
        ("X=a; f() { local X; p $X; }; f", "1 [.] p <$X>*"),
        (
            "X=a; export Y=$Z; p $X; export $Z=1; p $X; X=a; export $(q); p $X",
            "1 [.] p a\n1 [.] p <$X>*\n1 [.] p <$X>*",
        ),
        ("break; p", "1 [.] p"),
        ("{ p 1; } 2>&1 | q; for x in 1; do p $x; done >&2 2>/dev/null", "1 [.] p 1\n1 [.] p 1"),
        (
            "if cd a; then p; else p; fi",
            "1 [a] p / If if cd a; then p; else p; fi\n1 [<a or .>] p / If if cd a; then p; else p; fi",
        ),
        ("if q; then q; else f() { p; }; fi; f", "1 [.] p / Uncalled f"),
        ("f() { p 1; }; cd a; trap f EXIT", "1 [<where f is called>] p 1 / Uncalled f"),
        ("if q; then f() { cd a; }; fi; f; p", "1 [<what f does>] p / AfterEval f"),
        (
            "f() { p; }; f; if q; then f() { p 1; }; fi; cd a; f",
            "1 [.] p\n1 [<where f is called>] p / Uncalled f\n1 [<where f is called>] p 1 / Uncalled f",
        ),
        // Programs that run programs.
        (
            "sudo p a; env X=1 timeout 60 p b; nohup p c",
            "1 [.] sudo p a\n1 [.] env X=1 timeout 60 p b\n1 [.] nohup p c",
        ),
        (
            "sudo -Eu x p a; nice -n 3 q p",
            "1 [.] sudo -Eu x p a\n1 [.] nice -n 3 q p ?what `q` does with `p` is not known",
        ),
        ("command cd a; p; sudo cd b; p", "1 [a] p\n1 [a] p"),
        (
            "bash -c 'cd a; p 1'; sh -ec \"p $FROM_ENV\"; bash -c \"$UNSET p\"",
            "1 [a] p 1\n1 [.] p x y\n1 [.] <$UNSET> p ?what `<$UNSET>` does with `p` is not known",
        ),
        ("echo p; X=p; $X a", "1 [.] p a"),
        // Where commands hide.
        ("X=$(p 1); q \"$(p 2)\" `p 3` <(p 4) ${X:-$(p 5)}", "1 [.] p 1\n1 [.] p 2\n1 [.] p 3\n1 [.] p 4\n1 [.] p 5"),
        ("q <<EOF && p 1\np no\nEOF\np 2", "1 [.] p 1 / AfterSuccess q <<EOF\n4 [.] p 2"),
        ("q <<A <<-'B'; p 1\np no\nA\np no\n\tB\np 2", "1 [.] p 1\n6 [.] p 2"),
        ("# p no\nq '# p no' #p no\np yes", "3 [.] p yes"),
        ("q \"\np no\n\"; p yes", "3 [.] p yes"),
        // What is not followed.
        ("p 1\nq 'a", "2: this script is not followed: a quote is not closed"),
        ("p 1\n(q", "2: this script is not followed: it ends too early"),
        ("p 1; fi", "1: this script is not followed: `fi` is out of place"),
        ("p 1\nq (x)", "2: this script is not followed: a `(` stands within a command"),
        ("p; coproc q", "1: this script is not followed: `coproc` is not followed"),
    ];
    let mut wrong = Vec::new();
    for (script, expected) in cases {
        let found = shown(script);
        if found != expected {
            wrong.push(format!("{script}\n--- expected\n{expected}\n--- found\n{found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `[folder] command`, with what is not known of it, for each that names one of two programs.
fn launched(script: &str) -> String {
    let at = SourceSpan::line(TreePath::new("ci.yml"), 1);
    let scripts = Scripts::new(&["pytest", "cargo"], &[], &|_| None);
    let commands = scripts.commands_of(script, &at, Directory::tree(), &[]).expect("is followed").commands;
    let shown = |command: &Command| {
        let program = command.words[0].as_known().unwrap_or_default();
        let before = command.prefix.iter().map(|word| format!("{word} ")).collect::<String>();
        let rest = command.words[1..].iter().map(|word| format!(" {word}")).collect::<String>();
        let doubt = command.doubt.as_ref().map(|doubt| format!(" ?{doubt}")).unwrap_or_default();
        format!("[{}] {before}({program}){rest}{doubt}", command.directory)
    };
    commands.iter().map(shown).collect::<Vec<_>>().join("\n")
}

#[test]
fn programs_that_run_others_are_seen_through() {
    let cases = [
        ("python -m pytest a", "[.] python -m (pytest) a"),
        ("python3.11 -Xdev -W error -m pytest a", "[.] python3.11 -Xdev -W error -m (pytest) a"),
        ("python -mpytest a", "[.] python -mpytest (pytest) a"),
        ("python -Bsm pytest a; python run.py; python -c 'import pytest'", "[.] python -Bsm (pytest) a"),
        ("python -m pip install pytest; uv pip install pytest; pip install cargo", ""),
        ("command -v pytest || which cargo; type pytest; docker rm -f pytest; echo pytest cargo test", ""),
        (
            "uv run --frozen --extra dev --with pytest pytest -x",
            "[.] uv run --frozen --extra dev --with pytest (pytest) -x",
        ),
        (
            "uv --directory lib run pytest; uv run --directory=lib -m pytest",
            "[lib] uv --directory lib run (pytest)\n[lib] uv run --directory=lib -m (pytest)",
        ),
        ("uvx --from pytest pytest; uv tool run pytest", "[.] uvx --from pytest (pytest)\n[.] uv tool run (pytest)"),
        (
            "poetry -C lib run pytest; pipx run pytest a; pdm run pytest",
            "[lib] poetry -C lib run (pytest)\n[.] pipx run (pytest) a\n[.] pdm run (pytest)",
        ),
        ("coverage run --source=src -p -m pytest a", "[.] coverage run --source=src -p -m (pytest) a"),
        ("python -m coverage run --rcfile x -m pytest", "[.] python -m coverage run --rcfile x -m (pytest)"),
        (
            "xvfb-run -a -s '-screen 0' pytest; timeout -k 5 60 pytest; timeout --foreground $T pytest",
            "[.] xvfb-run -a -s -screen 0 (pytest)\n[.] timeout -k 5 60 (pytest)\n[.] timeout --foreground <$T> (pytest)",
        ),
        (
            "env -u X -- A=b pytest; env -C lib cargo test; nice -n 5 cargo test",
            "[.] env -u X -- A=b (pytest)\n[lib] env -C lib (cargo) test\n[.] nice -n 5 (cargo) test",
        ),
        (
            "bash -euo pipefail -c 'cd a && pytest b'; sh -ec \"cargo test\"; sudo -E bash -lc pytest",
            "[a] (pytest) b\n[.] (cargo) test\n[.] (pytest)",
        ),
        ("CMD=(uv run pytest); CMD+=(-x); \"${CMD[@]}\" a", "[.] uv run (pytest) -x a"),
        (
            "CMD='pytest -m x'; if q; then CMD='pytest -m y'; fi; bash -c \"cd a; $CMD\"",
            "[a] (pytest) -m x ?what `<$CMD>` comes to is not known\n[a] (pytest) -m y ?what `<$CMD>` comes to is not known",
        ),
        ("CMD='pytest -m x'; eval \"$CMD\"; $CMD; echo $CMD", "[.] (pytest) -m x\n[.] (pytest) -m x"),
        // Containers.
        (
            "docker run --rm -it -v $PWD:/mnt -w /mnt/lib image:1 pytest a",
            "[lib] docker run --rm -it -v <github.workspace>:/mnt -w /mnt/lib image:1 (pytest) a",
        ),
        (
            "docker run -v $X/y:/mnt -w/mnt \"$IMAGE\" pytest",
            "[<<$X>/y>] docker run -v <$X>/y:/mnt -w/mnt <$IMAGE> (pytest)",
        ),
        (
            "cd lib; docker run --mount type=bind,src=$(pwd),dst=/w --workdir=/w image cargo test",
            "[lib] docker run --mount type=bind,src=<github.workspace>/lib,dst=/w --workdir=/w image (cargo) test",
        ),
        (
            "docker run image pytest; docker run -w /elsewhere image pytest",
            "[<the folder that the image sets>] docker run image (pytest)\n[/elsewhere] docker run -w /elsewhere image (pytest)",
        ),
        (
            "docker run -v .:/w -w /w $OPTIONS image pytest",
            "[<what <$OPTIONS> says of the container>] docker run -v .:/w -w /w <$OPTIONS> image (pytest) ?what `image` does with `pytest` is not known",
        ),
        ("docker run -v .:/w image bash -c 'cd /w/lib && pytest'", "[lib] (pytest)"),
        (
            "docker run --entrypoint pytest -v .:/w -w /w image -x",
            "[.] docker run --entrypoint pytest -v .:/w -w /w image (pytest) -x",
        ),
        (
            "docker exec -t -w /work name pytest; docker compose run --rm app pytest",
            "[/work] docker exec -t -w /work name (pytest)\n[<the folder that the image sets>] docker compose run --rm app (pytest)",
        ),
        (
            "kubectl -n x exec pod -c y -- pytest",
            "[<the folder that the image sets>] kubectl -n x exec pod -c y -- (pytest)",
        ),
        (
            "docker run --name pytest -e A image cargo test",
            "[<the folder that the image sets>] docker run --name pytest -e A image (cargo) test",
        ),
        // What cannot be told.
        (
            "make pytest; ssh host cargo test",
            "[.] make (pytest) ?what `make` does with `pytest` is not known\n[.] ssh host (cargo) test ?what `ssh` does with `cargo` is not known",
        ),
        (
            "uv run --mystery x pytest",
            "[.] uv run --mystery x (pytest) ?whether the option `--mystery` of `uv run` takes a value is not known",
        ),
        (
            "uv --mystery run pytest",
            "[.] uv --mystery run (pytest) ?whether the option `--mystery` of `uv run` takes a value is not known",
        ),
        ("uv run $OPTIONS pytest", "[.] uv run <$OPTIONS> (pytest) ?what `<$OPTIONS>` stands for is not known"),
        ("$UNSET pytest", "[.] <$UNSET> (pytest) ?what `<$UNSET>` does with `pytest` is not known"),
    ];
    let wrong: String = cases
        .iter()
        .map(|(script, expected)| (script, expected, launched(script)))
        .filter(|(_, expected, found)| expected != &found)
        .map(|(script, expected, found)| format!("{script}\n--- expected\n{expected}\n--- found\n{found}\n"))
        .collect();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn commands_are_given_what_the_script_exports() {
    let cases = [
        ("p", "FROM_ENV=x y"),
        ("X=a; p", "FROM_ENV=x y"),
        ("export X=a Y; Y=b; p", "FROM_ENV=x y, X=a, Y=b"),
        ("declare -x X=a; set -a; Y=b; set +a; Z=c; p", "FROM_ENV=x y, X=a, Y=b"),
        ("set -euo pipefail; set -o allexport; X=$(q); p", "FROM_ENV=x y, X=<$(q)>"),
        ("if q; then export X=a; fi; p", "FROM_ENV=x y, X=<$X>"),
        ("unset FROM_ENV; X=a p", "X=a"),
        ("X=a; bash -c 'p $X'; export X; bash -c 'p'", "FROM_ENV=x y; FROM_ENV=x y, X=a"),
        ("env X=a FROM_ENV=b p; env -i p", "X=a, FROM_ENV=b; "),
        ("docker run -e FROM_ENV -e X=a image p", "FROM_ENV=x y, X=a"),
        ("(export X=a); p", "FROM_ENV=x y"),
    ];
    for (script, expected) in cases {
        let commands = commands_of(script, &[("FROM_ENV", "x y")]).expect("is followed");
        let one = |command: &Command| {
            command.environment.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
        };
        let found = commands.iter().map(one).collect::<Vec<_>>().join("; ");
        assert_eq!(found, expected, "{script}");
    }
}

#[test]
fn hostile_scripts_end() {
    let parts = [
        "(",
        "((",
        "{ ",
        "$(",
        "`",
        "\"",
        "\"$(",
        "'",
        "${a:-",
        "if q; then\n",
        "while q; do\n",
        "case x in\n x) ",
        "f() { ",
        "[[ ",
        "q && ",
        "q | ",
        "! ",
        "time ",
        "<<E ",
        "<(",
        "$((",
        "a=(",
        "for x in a b; do\n",
        "\\",
        "${{ ",
        "${{ x }}",
        "\n",
        "x=$x$x;",
        "elif q; then\n",
        "for x in 1 2 3 4 5 6 7 8; do p;",
        "f() { g; g; }; g() { h; h; };",
    ];
    let closing = [
        ")", "))", "}", ")", "`", "\"", ")\"", "'", "}", "fi\n", "done\n", "esac\n", ";}\n", " ]]", "q", "q", "q", "q",
        "\nE\n", ")", "))", ")", "done\n", "\\", "}}", "", "\n", "p $x", "fi", "done\n", "f",
    ];
    for (part, close) in parts.into_iter().zip(closing) {
        for count in [3, 30, 300, 100_000 / part.len()] {
            let _ = commands_of(&format!("p\n{}", part.repeat(count)), &[]);
            let _ = commands_of(&format!("p\n{}p{}", part.repeat(count), close.repeat(count)), &[]);
        }
    }
}

#[test]
fn what_costs_much_is_given_up_and_said() {
    let variables: String = (0..900).map(|index| format!("export X{index}={}\n", "x".repeat(4000))).collect();
    let commands = commands_of(&format!("{variables}{}", "p\n".repeat(200)), &[]).expect("is followed");
    assert_eq!((commands.len(), commands[0].doubt.as_deref()), (200, None));
    assert_eq!(commands[199].doubt.as_deref(), Some("the script has more variables than are followed"));
    let commands = commands_of(&format!("{}p", "nohup ".repeat(100_000)), &[]).expect("is followed");
    assert!(commands[0].doubt.is_some());
}

/// Whether the words may become these.
fn may_be(words: &[Text], arguments: &[&str]) -> bool {
    let Some((word, rest)) = words.split_first() else { return arguments.is_empty() };
    if word.splits() {
        return (0..=arguments.len()).any(|taken| may_be(rest, &arguments[taken..]));
    }
    arguments.split_first().is_some_and(|(argument, left)| fits(word.parts(), argument) && may_be(rest, left))
}

fn fits(parts: &[Part], text: &str) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((Part::Known(known), rest)) => text.strip_prefix(&**known).is_some_and(|text| fits(rest, text)),
        Some((_, rest)) => (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| fits(rest, &text[at..])),
    }
}

proptest! {
    #[test]
    fn any_text_is_followed_or_refused(script in "(p |[ab$({})'\"`\\\\;&|<>\\[\\]#!=*~\n -]|if |then |fi|do |done|case |in |esac|cd |\\$\\{\\{ x \\}\\}){0,40}") {
        let _ = commands_of(&script, &[]);
    }
}

/// Scripts that are run by bash, and what they ran held against what was read.
#[cfg(unix)]
mod against_bash {
    use std::path::Path;
    use std::process::Command as Process;

    use proptest::test_runner::TestRunner;

    use super::*;

    fn word() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "a",
            "b",
            "'a b'",
            "\"x$X\"",
            "$X",
            "\"$X\"b",
            "$Y",
            "$UNSET",
            "\"$UNSET\"",
            "${X:-d}",
            "${Y}",
            "\\$X",
            "\"\"",
            "\"$@\"",
            "$1",
            "*",
            "{a,b}",
            "[ab]",
            "\"a\nb\"",
            "a#b",
            "$(p in)",
            "\"$(echo out)\"",
            "`echo a b`",
            "$((1+1))",
            "-x",
            "a\\\n",
            "$#",
            "$'t'",
            "x$X$Y",
            "'#'",
        ])
        .prop_map(str::to_owned)
    }

    fn simple() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec!["X", "Y"]);
        prop_oneof![
            6 => prop::collection::vec(word(), 0..4).prop_map(|words| format!("p {}", words.join(" "))),
            3 => (name.clone(), word()).prop_map(|(name, word)| format!("{name}={word}")),
            3 => prop::sample::select(vec!["cd a", "cd b", "cd ..", "cd .", "cd \"$PWD\"", "cd a/../b", "cd \"$X\"", "pushd a"])
                .prop_map(str::to_owned),
            1 => (name, word()).prop_map(|(name, word)| format!("export {name}={word}")),
            3 => prop::collection::vec(word(), 0..3).prop_map(|words| format!("f {}", words.join(" "))),
            3 => prop::sample::select(vec![
                "true", "false", "set -- a 'b c' d", "shift", "unset X", "read X <<< b", "X+=c", "eval cd a", "eval X=q", "exit 0", "break",
                "X=c p $X", "X=c f", "(p 2) 2>&1", "p 1 | p 2", "p 1 >/dev/null 2>&1", "cat <<E >/dev/null\np no $X\nE\n", "bash -c 'true'", "[ \"$X\" = a ]",
                "[[ $X == a* ]]", "! true", "IFS=b", "command cd a", ": ${Y:=b}", "(( N = 1 ))", "{ p g; }", "X=(a b)",
            ])
            .prop_map(str::to_owned),
        ]
    }

    fn statements() -> impl Strategy<Value = String> {
        let body = |inner: BoxedStrategy<String>| prop::collection::vec(inner, 1..4).prop_map(|all| all.join("\n"));
        let statement = simple().boxed().prop_recursive(3, 24, 3, move |inner| {
            let body = move || body(inner.clone()).boxed();
            prop_oneof![
                4 => body(),
                1 => body().prop_map(|body| format!("(\n{body}\n)")),
                1 => body().prop_map(|body| format!("{{ {body}\n}}")),
                1 => body().prop_map(|body| format!("(\n{body}\n) &\nwait")),
                2 => (simple(), body(), body())
                    .prop_map(|(condition, one, two)| format!("if {condition}\nthen\n{one}\nelse\n{two}\nfi")),
                1 => (simple(), body()).prop_map(|(condition, one)| format!("if {condition}\nthen {one}\nfi")),
                2 => (simple(), simple()).prop_map(|(one, two)| format!("{one} && {two}").replace("\n\n", "\n")),
                2 => (simple(), simple()).prop_map(|(one, two)| format!("{one} || {two}")),
                2 => (prop::collection::vec(word(), 0..3), body())
                    .prop_map(|(words, body)| format!("for X in {}\ndo\n{body}\ndone", words.join(" "))),
                1 => body().prop_map(|body| format!("until false\ndo\n{body}\nbreak\ndone")),
                1 => (word(), body(), body())
                    .prop_map(|(word, one, two)| format!("case {word} in\na|b) {one}\n;;\n*) {two}\nesac")),
                2 => body().prop_map(|body| format!("f() {{\n{body}\n}}")),
                1 => body().prop_map(|body| format!("f() {{\nlocal X=b Y\n{body}\n}}")),
                1 => body().prop_map(|body| format!("p $(\n{body}\n)")),
            ]
        });
        prop::collection::vec(statement, 1..6).prop_map(|all| all.join("\n"))
    }

    /// What bash ran: folder and arguments of each `p`. `None` where it failed.
    fn ran(script: &str, tree: &Path) -> Option<Vec<(String, Vec<String>)>> {
        let log = tree.parent()?.join("log");
        std::fs::write(&log, "").ok()?;
        // One write each, since several may run at once.
        let prelude = "p() { printf '%s\\2' \"$PWD\" \"$@\" $'\\1' >> \"$LOG\"; }\nf() { :; }\n";
        let variables = [("PATH", std::env::var("PATH").ok()?), ("LOG", log.to_str()?.to_owned())];
        bash(&format!("{prelude}{script}\n"), tree, variables, &log)
    }

    /// Runs bash in a folder with these variables alone: what its commands wrote to the log, each its folder and its
    /// arguments. `None` where it complained.
    pub(super) fn bash(
        script: &str,
        tree: &Path,
        variables: impl IntoIterator<Item = (&'static str, String)>,
        log: &Path,
    ) -> Option<Vec<(String, Vec<String>)>> {
        let output = Process::new("timeout")
            .args(["5", "bash", "-c", script])
            .current_dir(tree)
            .env_clear()
            .envs(variables)
            .output()
            .ok()?;
        // What never ends, or ends bash itself, runs nothing that could be told.
        if !output.stderr.is_empty() || output.status.code().is_none_or(|code| code >= 124) {
            return None;
        }
        let text = std::fs::read_to_string(log).ok()?;
        let calls = text.split("\u{1}\u{2}").filter(|call| !call.is_empty());
        calls
            .map(|call| {
                let mut texts = call.split_terminator('\u{2}').map(str::to_owned);
                let folder = Path::new(&texts.next()?).strip_prefix(tree).ok()?.to_str()?.to_owned();
                Some((folder, texts.collect()))
            })
            .collect()
    }

    /// Whether this is what was read of that.
    fn matches(command: &Command, (folder, arguments): &(String, Vec<String>)) -> bool {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let changed = command.branches.iter().any(|branch| branch.kind == BranchKind::AfterEval);
        let there = match &command.directory {
            Directory::Tree(path) => path == folder || changed,
            Directory::Outside(_) => false,
            Directory::Unknown(_) => true,
        };
        there && may_be(&command.words[1..], &arguments)
    }

    /// Whatever bash runs was read, and what was read to run without a condition does.
    #[test]
    fn what_runs_is_what_was_read() {
        let place = tempfile::tempdir().expect("a folder");
        let tree = place.path().canonicalize().expect("a path").join("tree");
        let mut folders = vec![tree.clone()];
        for _ in 0..5 {
            folders = folders.iter().flat_map(|folder| [folder.join("a"), folder.join("b")]).collect();
        }
        folders.iter().for_each(|folder| std::fs::create_dir_all(folder).expect("can be made"));
        let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60);
        let config = ProptestConfig { cases, max_global_rejects: 100_000, ..ProptestConfig::default() };
        let result = TestRunner::new(config).run(&statements(), |script| {
            let (Some(ran), Ok(read)) = (ran(&script, &tree), commands_of(&script, &[])) else {
                return Err(TestCaseError::reject("bash or the reader refused it"));
            };
            for call in &ran {
                let was_read = read.iter().any(|command| matches(command, call));
                prop_assert!(was_read, "{script}\n{call:?}\n{read:#?}");
            }
            for command in read.iter().filter(|command| command.branches.is_empty()) {
                prop_assert!(ran.iter().any(|call| matches(command, call)), "{script}\n{command:#?}\n{ran:?}");
            }
            Ok(())
        });
        if let Err(error) = result {
            panic!("{error}");
        }
    }
}
