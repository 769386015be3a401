//! Why no test has a name: no such file, a file that is passed over, a class that is left out, or a slip of the pen.

use std::collections::BTreeSet;
use std::fmt::Write;

use camino::Utf8Path;
use marker_policy::nearest;
use test_catalog::{Catalog, ObservationKind, TestCase};

use super::named::Named;
use crate::cli::{Global, SelectionArgs};
use crate::error::Error;
use crate::subject::Subject;

/// How many names are offered where none is alike.
const OFFERED: usize = 5;

/// What to tell, a line for each reason.
pub(super) fn explain(
    named: &Named<'_>,
    global: &Global,
    subject: &Subject,
    catalog: &Catalog,
) -> Result<String, Error> {
    let mut text = format!("no test has the id `{}`", named.text());
    let file = named.file();
    let path = subject.tree.join(file);
    // Writing to a string cannot fail, here and below.
    if path.is_dir() {
        let _ = write!(text, "\n  {file} is a folder: `cargo xtask list {file}` shows its tests");
        return Ok(text);
    }
    if !path.is_file() {
        for near in near_files(named, catalog) {
            let _ = write!(text, "\n  the nearest: {near}");
        }
        if Utf8Path::new(file).extension().is_some_and(|extension| matches!(extension, "py" | "rs")) {
            let _ = write!(text, "\n  {file}: there is no such file in {}", subject.tree);
        }
        return Ok(text);
    }
    let of_file: Vec<&TestCase> = catalog.cases.iter().filter(|case| case.file().as_str() == file).collect();
    let mut known = false;
    for problem in catalog.problems.iter().filter(|problem| problem.at.file.as_str() == file) {
        let _ = write!(text, "\n  {}: {}", problem.at, problem.message);
        known = true;
    }
    let never_runs = |kind| {
        use ObservationKind::{BehindMain, ClassLeftOut, Nested, OtherFileName, Redefined, Shadowed};
        matches!(kind, BehindMain | ClassLeftOut | Nested | OtherFileName | Redefined | Shadowed)
    };
    for seen in catalog.observations.iter().filter(|seen| never_runs(seen.kind) && seen.at.file.as_str() == file) {
        let _ = match seen.kind {
            ObservationKind::OtherFileName => Ok(()),
            ObservationKind::Shadowed => {
                write!(text, "\n  {file} has the module name of {}: a run of both has the tests of one", seen.text)
            }
            _ => write!(text, "\n  {}: {}, and pytest does not run it", seen.at, seen.text),
        };
        known = true;
    }
    if !of_file.is_empty() {
        let _ =
            write!(text, "\n  {file} has {}:{}", test_report::count::tests(of_file.len()), near_names(named, &of_file));
        return Ok(text);
    }
    if Utf8Path::new(file).extension() == Some("py") {
        passed_over(&mut text, named, global, subject)?;
    } else if !known {
        let _ = write!(text, "\n  {file} has no tests");
    }
    Ok(text)
}

/// What pytest makes of a file that it does not come to, and of one that is named to it.
fn passed_over(text: &mut String, named: &Named<'_>, global: &Global, subject: &Subject) -> Result<(), Error> {
    let file = named.file();
    for seen in subject.sought(global, file)?.observations {
        if seen.kind == ObservationKind::PassedOver {
            let _ = write!(text, "\n  {} {}", seen.at.file, seen.text);
        }
    }
    let only = SelectionArgs { paths: vec![file.to_owned()], ..SelectionArgs::default() };
    let of_file = subject.catalog(global, &only)?.cases;
    let of_file: Vec<&TestCase> = of_file.iter().filter(|case| case.file().as_str() == file).collect();
    let _ = match (of_file.is_empty(), of_file.iter().any(|case| named.is(case))) {
        (true, _) => write!(text, "\n  pytest finds no tests in it, even where it is named"),
        (false, true) => write!(text, "\n  a run that names the file has this test: `pytest {file}`"),
        (false, false) => {
            let names = near_names(named, &of_file);
            write!(text, "\n  a run that names the file has {}:{names}", test_report::count::tests(of_file.len()))
        }
    };
    Ok(())
}

fn near_files(named: &Named<'_>, catalog: &Catalog) -> Vec<String> {
    let text = named.text();
    let near = nearest(&text, catalog.cases.iter().map(|case| case.id.as_str()));
    if !near.is_empty() {
        return near;
    }
    // Somebody may have left out the folder, or have another in mind.
    let same_name = |file: &&str| Utf8Path::new(file).file_name() == Utf8Path::new(named.file()).file_name();
    let files: BTreeSet<&str> = catalog.cases.iter().map(|case| case.file().as_str()).collect();
    let elsewhere: Vec<String> = files.iter().copied().filter(same_name).take(OFFERED).map(str::to_owned).collect();
    if elsewhere.is_empty() { nearest(named.file(), files) } else { elsewhere }
}

/// The ids of a file that are alike, those around the line that was asked for, or its first ones: each on a line of its own
/// where there are several.
fn near_names(named: &Named<'_>, of_file: &[&TestCase]) -> String {
    if let Named::Line { line, .. } = named {
        return around(*line, of_file);
    }
    let near = nearest(&named.text(), of_file.iter().map(|case| case.id.as_str()));
    if !near.is_empty() {
        return lines(near);
    }
    let mut functions: Vec<&str> = of_file.iter().map(|case| case.function.as_str()).collect();
    functions.dedup();
    let more = functions.len() > OFFERED;
    lines(functions.into_iter().take(OFFERED).map(str::to_owned).chain(more.then(|| "...".to_owned())).collect())
}

/// The last test above a line, and the first below.
fn around(line: u32, of_file: &[&TestCase]) -> String {
    let above = of_file.iter().filter(|case| case.span.end.line < line).max_by_key(|case| case.span.start.line);
    let below = of_file.iter().filter(|case| case.span.start.line > line).min_by_key(|case| case.span.start.line);
    let told = |case: &&TestCase| {
        format!("{} (lines {} to {})", case.function.as_str(), case.span.start.line, case.span.end.line)
    };
    lines(above.into_iter().chain(below).map(told).collect())
}

fn lines(names: Vec<String>) -> String {
    match &names[..] {
        [one] => format!(" {one}"),
        several => several.iter().map(|name| format!("\n    {name}")).collect(),
    }
}
