//! A look at the syntax of a script, before it is followed: most scripts of CI run no file of the tree, and the jobs of many
//! matrices come to each.

use super::builtin::base_name;
use super::launcher::{enters_containers, is_silent, starts_others};
use super::parser::Parser;
use super::runner::is_runner;
use super::source::Source;
use super::syntax::{Body, Command, Form, Piece, PieceKind, Simple, Value, Word};

/// What reads files or text as a script.
const SHELLS: [&str; 8] = ["bash", "sh", "dash", "zsh", "ksh", "source", ".", "eval"];

/// Stands for what is not plain text.
const HOLE: char = '\u{fffd}';

/// Whether a script may run a file, or a program that runs what a file says. False only where it surely runs neither.
pub(super) fn may_run_files(source: &Source) -> bool {
    glance(source, 0)
}

/// Texts of `bash -c` within each other that are looked at.
const MOST_DEPTH: usize = 5;

fn glance(source: &Source, depth: usize) -> bool {
    Parser::new(source).script().map_or(true, |body| in_body(&body, depth))
}

fn in_body(body: &Body, depth: usize) -> bool {
    let pipelines =
        body.iter().flat_map(|list| std::iter::once(&list.first).chain(list.rest.iter().map(|(_, next)| next)));
    pipelines.flat_map(|pipeline| &pipeline.commands).any(|one| in_command(one, depth))
}

fn in_command(command: &Command, depth: usize) -> bool {
    command.redirections.iter().any(|one| in_word(one, depth))
        || match &command.form {
            Form::Simple(simple) => in_simple(simple, depth),
            Form::Subshell(body) | Form::Group(body) => in_body(body, depth),
            Form::If(branches, otherwise) => {
                branches.iter().any(|(condition, body)| in_body(condition, depth) || in_body(body, depth))
                    || otherwise.as_ref().is_some_and(|one| in_body(one, depth))
            }
            Form::While(condition, body) => in_body(condition, depth) || in_body(body, depth),
            Form::For(_, words, body) => words.iter().flatten().any(|one| in_word(one, depth)) || in_body(body, depth),
            Form::Case(subject, arms) => in_word(subject, depth) || arms.iter().any(|one| in_body(one, depth)),
            Form::Function(_, body) => in_command(body, depth),
            Form::Test(words) => words.iter().any(|one| in_word(one, depth)),
            Form::Arithmetic(_) => false,
        }
}

/// Commands within a word.
fn in_word(word: &Word, depth: usize) -> bool {
    word.pieces.iter().any(|piece| match &piece.kind {
        PieceKind::Commands(body) => in_body(body, depth),
        PieceKind::Expansion(_, inner) => in_word(inner, depth),
        _ => false,
    })
}

fn in_simple(simple: &Simple, depth: usize) -> bool {
    let in_value = |value: &Value| match value {
        Value::Set(word) | Value::Append(word) | Value::Element(word) => in_word(word, depth),
        Value::Array(words) | Value::MoreElements(words) => words.iter().any(|one| in_word(one, depth)),
    };
    if simple.assignments.iter().any(|assignment| in_value(&assignment.value))
        || simple.words.iter().any(|one| in_word(one, depth))
    {
        return true;
    }
    let words: Vec<String> = simple.words.iter().map(plain).collect();
    let Some((program, rest)) = words.split_first() else { return false };
    // `nohup bash -c 'text'`: what counts is the text.
    if let Some(at) = words.iter().position(|word| word == "-c")
        && at > 0
        && matches!(base_name(&words[at - 1]), "bash" | "sh")
        && let Some(text) = words.get(at + 1).filter(|text| !text.contains(HOLE) && depth < MOST_DEPTH)
    {
        return glance(&Source::on_line(text, 1), depth + 1);
    }
    // What a variable holds may be any of it.
    let reads = |word: &String| SHELLS.contains(&base_name(word)) || is_runner(base_name(word));
    if program.contains(['/', HOLE]) || reads(program) {
        return true;
    }
    // `sudo install file /usr/bin`
    let started = rest.iter().find(|word| !word.starts_with('-'));
    if started.is_some_and(|word| is_silent(word) && !starts_others(word) && !reads(word)) {
        return false;
    }
    let is_entered = |word: &String| matches!(word.as_str(), "run" | "exec");
    let starts = starts_others(program) && (!enters_containers(program) || rest.iter().any(is_entered));
    starts && rest.iter().any(|word| word.contains(['/', HOLE]) || word.ends_with(".py") || reads(word))
}

/// The text of a word, with a sign for what is not plain.
fn plain(word: &Word) -> String {
    let text = |piece: &Piece| match &piece.kind {
        PieceKind::Text(text) => text.clone(),
        _ => HOLE.to_string(),
    };
    word.pieces.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::text::{Part, Text};
    use super::*;

    #[test]
    fn only_what_runs_no_file_is_passed_over() {
        let runs = [
            "ci/test",
            "  ./x",
            "a; /workspace/run",
            "if ! ci/x; then q; fi",
            "X=$(tools/x)",
            "sudo -E ci/x",
            "timeout 5 ci/x",
            "uv run ci/x",
            "python3 tools/run.py",
            "python3 run.py",
            "\"$DIR\"/run",
            "\"$RUN\" a/b",
            ". lib",
            "source x",
            "cat x | bash",
            "bash -c \"$X\"",
            "make -C x",
            "sudo make",
            "command source x",
            "curl x | sh -s",
            "docker exec c run.sh bash",
            "docker run -v a:b image \\\n  ./run",
            "env A=b nox",
            "A=b ci/x",
            "nohup bash -c 'sleep 5; ./x' &",
            "sudo env X=1 ci/x",
            "f() { cd x && ./y; }",
            "case x in x) q >$(./y);; esac",
            "q 'a",
        ];
        for script in runs {
            assert!(may_run_files(&Source::on_line(script, 1)), "{script}");
        }
        let others = [
            "",
            "echo a/b './x.sh' # ./y",
            "mkdir -p a/b\ncp a/b c/d",
            "kubectl get x/y -n \"$X\" 2>/dev/null",
            "docker build -f a/b .",
            "if [ -f a/b ]; then exit 1; fi",
            "nohup bash -c 'sleep 5; cp a/b c' &",
            "sudo -E install -m 0755 \"$X\" /usr/bin/x",
            "curl https://a/b > \"$X/y\"",
            "X=a/b; for y in a/b; do echo $y; done",
            "cat <<E\n./x\nE\n",
        ];
        for script in others {
            assert!(!may_run_files(&Source::on_line(script, 1)), "{script}");
        }
        let hole = Text::from_iter([Part::Unknown { source: "x".to_owned(), splits: true }]);
        assert!(may_run_files(&Source::of_text(&hole, 1)));
    }
}
