//! Small trees with workflows, and the steps that are read of them: a file each in `tests/workflow`.
//!
//! A case is a tree, its files behind lines `=== path`, and behind `=== steps` what is read: a line for each step, with
//! what is known of it below.

use std::fmt::Write as _;
use std::path::Path;

use marker_policy::workflow::{self, Scripts, Shell, Step, Work};
use proptest::prelude::*;
use test_catalog::TreePath;

/// The files of a case by path, and what is expected.
fn parts(case: &str) -> (Vec<(&str, &str)>, &str) {
    let mut files = Vec::new();
    for part in case.split("=== ").skip(1) {
        let (path, text) = part.split_once('\n').expect("a path has a line of its own");
        if path == "steps" {
            return (files, text);
        }
        files.push((path, text));
    }
    panic!("a case ends in `=== steps`");
}

/// What is read of a tree, for people.
fn listing(files: &[(&str, &str)]) -> String {
    let entries: Vec<_> = files
        .iter()
        .filter(|(path, _)| path.starts_with(".github/workflows/"))
        .map(|(path, _)| TreePath::new(path))
        .collect();
    let read =
        |path: &TreePath| files.iter().find(|(known, _)| *known == path.as_str()).map(|(_, text)| (*text).to_owned());
    let found = workflow::read(&entries, &read);
    let scripts = Scripts::new(&["cargo"], &[], &read);
    let mut text = String::new();
    for step in &found.steps {
        show(step, &scripts, &mut text).expect("can be written");
    }
    for problem in &found.problems {
        writeln!(text, "problem {}: {}", problem.at, problem.text).expect("can be written");
    }
    text
}

fn show(step: &Step, scripts: &Scripts<'_>, text: &mut String) -> std::fmt::Result {
    write!(text, "{}", step.title())?;
    if let Some(timeout) = &step.timeout {
        write!(text, ", {timeout}")?;
    }
    writeln!(text)?;
    for condition in step.conditions.iter() {
        writeln!(text, "    if {} ({})", condition.text, condition.at)?;
    }
    match &step.work {
        Work::Run(run) => {
            if run.shell != Shell::Posix {
                writeln!(text, "    shell {:?}", run.shell)?;
            }
            for (name, value) in run.environment() {
                writeln!(text, "    env {name}={value}")?;
            }
        }
        Work::Action(call) => {
            for input in &call.inputs {
                writeln!(text, "    with {}={} ({})", input.name, input.value, input.at)?;
            }
        }
        Work::Elsewhere(action) => writeln!(text, "    uses {action}")?,
    }
    match step.commands(scripts) {
        Ok(found) => {
            for command in found.commands {
                match command.called_from.first() {
                    None => write!(text, "    {}", command.at.start.line)?,
                    Some(from) => write!(text, "    {}, from {from}", command.at)?,
                }
                writeln!(text, " [{}] {command}", command.directory)?;
            }
            for unseen in found.unseen {
                writeln!(text, "    {} {}", unseen.at.start.line, unseen.text)?;
            }
        }
        Err(reason) => writeln!(text, "    {}: {}", reason.at, reason.text)?,
    }
    Ok(())
}

#[test]
fn cases_are_read_as_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workflow");
    let mut wrong = String::new();
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let path = entry.expect("an entry").path();
        let case = std::fs::read_to_string(&path).expect("a case");
        let (files, expected) = parts(&case);
        let found = listing(&files);
        if found != expected {
            // Shown so that it can be put in place, after a look.
            write!(wrong, "{}\n--- expected\n{expected}--- found\n{found}\n", path.display()).expect("can be written");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_calls_itself_ends() {
    let workflow = "on: [push, workflow_call]\njobs:\n  a: {uses: ./.github/workflows/a.yml}\n  b: {uses: ./.github/workflows/a.yml}\n";
    let found = listing(&[(".github/workflows/a.yml", workflow)]);
    assert_eq!(found.lines().count(), 2, "{found}");
    assert!(found.contains("is called within itself"), "{found}");
}

/// Each of ten workflows calls the next a hundred times.
#[test]
fn what_multiplies_ends() {
    let names: Vec<_> = (0..9).map(|number| format!(".github/workflows/{number}.yml")).collect();
    let texts: Vec<_> = (1..10)
        .map(|next| {
            let jobs: String =
                (0..100).map(|job| format!("  j{job}: {{uses: ./.github/workflows/{next}.yml}}\n")).collect();
            format!("on: [push, workflow_call]\njobs:\n{jobs}")
        })
        .collect();
    let files: Vec<_> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let found = listing(&files);
    assert!(found.contains("more jobs and steps than are followed"), "{found}");
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "on: push", "on: {workflow_call: {inputs: {x: {type: boolean}}}, workflow_dispatch: }", "jobs:", "  a:", "  b: {needs: [a, b]}",
                "    if: ${{ inputs.x }}", "    uses: ./.github/workflows/a.yml", "    steps:", "    - run: cargo ${{ matrix.a }}", "    - uses: $/x",
                "      if: always(", "    strategy: {matrix: {a: [1, ${{ x }}], include: [{b: 1}], exclude: ${{ y }}}}", "    strategy: []",
                "    env: {A: ${{ env.B }}}", "    - &x {run: |", "    - *x", "      with: {a: {b: c}}", "    needs: a", "    runs-on: [a, [b]]", "\t", "env: 1",
            ]),
            0..20,
        ),
    ) {
        let text = lines.join("\n");
        listing(&[(".github/workflows/a.yml", &text), ("x/action.yml", &text)]);
    }
}
