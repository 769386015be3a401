//! What real pytest collects of a tree. This imports the tree's modules; no test is run.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::Value as Json;
use test_catalog::comparison::pytest::{Listed, ListedMarker};
use test_catalog::{NodeId, Value};

use crate::process::Launcher;
use crate::tool::run_outside;

const PLUGIN: &str = include_str!("collect_plugin.py");
/// How much of what pytest printed is shown where it gave nothing.
const LINES: usize = 12;
/// pytest's exit codes that come with what it collected: all well, tests failed, errors in modules, nothing collected.
const COLLECTED: [i32; 4] = [0, 1, INTERRUPTED, 5];
const INTERRUPTED: i32 = 2;
const USAGE_ERROR: i32 = 4;

/// A Python that has pytest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PytestPython {
    /// The interpreter.
    pub interpreter: Utf8PathBuf,
    /// Python's release: `3.11`.
    pub python: String,
    /// pytest's: `9.2.0`.
    pub pytest: String,
}

/// What pytest collected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Collection {
    /// The tests, in their final order.
    pub tests: Vec<Listed>,
    /// Nodes that could not be collected: folders, modules, classes.
    pub failed: Vec<Unseen>,
    /// Nodes that skipped themselves.
    pub skipped: Vec<Unseen>,
}

/// A node that has no tests because of an error or a skip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The node.
    pub node: NodeId,
    /// Why.
    pub reason: String,
}

/// Why pytest gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectionError {
    /// There is no such interpreter, or it does not start.
    #[error(
        "{interpreter} cannot be run: {why}\nname a Python that has pytest and the tree's packages with --python FILE"
    )]
    NoPython {
        /// Which.
        interpreter: Utf8PathBuf,
        /// Why.
        why: String,
    },
    /// It has no pytest.
    #[error(
        "{interpreter} has no pytest: {why}\ninstall it with `{interpreter} -m pip install pytest`, or name another \
         Python with --python FILE"
    )]
    NoPytest {
        /// Which.
        interpreter: Utf8PathBuf,
        /// Python's last line.
        why: String,
    },
    /// pytest says that it was called wrongly, or is configured wrongly.
    #[error("pytest was used or is configured wrongly (exit {USAGE_ERROR}):\n{output}")]
    Usage {
        /// The end of what it printed.
        output: String,
    },
    /// pytest ended without saying what it collected.
    #[error("pytest ended ({how}) without saying what it collected:\n{output}")]
    Ended {
        /// Its exit code or signal.
        how: String,
        /// The end of what it printed.
        output: String,
    },
    /// The plugin's file cannot be written or read.
    #[error("cannot use {path}: {why}")]
    File {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        why: String,
    },
}

/// The interpreter that is asked for, the tree's `.venv` or `venv`, or `python3`; and the releases that it has.
///
/// # Errors
/// Where it does not start or has no pytest.
pub fn python_with_pytest(asked_for: Option<&Utf8Path>, tree: &Utf8Path) -> Result<PytestPython, CollectionError> {
    let environments = [".venv/bin/python", "venv/bin/python"].map(|path| tree.join(path));
    // A path is this process's, not the tree's, where pytest is started; a bare name is looked for on the path.
    let absolute = |path: &Utf8Path| {
        let is_path = path.components().count() > 1;
        is_path.then(|| camino::absolute_utf8(path).ok()).flatten().unwrap_or_else(|| path.to_owned())
    };
    let interpreter = asked_for.map(absolute).or_else(|| environments.into_iter().find(|path| path.is_file()));
    let interpreter = interpreter.unwrap_or_else(|| "python3".into());
    let script = "import sys; print('%d.%d' % sys.version_info[:2]); import pytest; print(pytest.__version__)";
    let launcher = Launcher::of_this_program();
    let output = run_outside(&launcher, launcher.command(&interpreter).args(["-c", script]), false);
    let output = output.map_err(|error| no_python(&interpreter, &error))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = said.lines();
    match (lines.next(), lines.next()) {
        (Some(python), Some(pytest)) if output.status.success() => {
            Ok(PytestPython { interpreter, python: python.to_owned(), pytest: pytest.to_owned() })
        }
        (Some(_), _) => Err(CollectionError::NoPytest { interpreter, why: last_lines(&output.stderr, 1) }),
        (None, _) => Err(CollectionError::NoPython { interpreter, why: last_lines(&output.stderr, 1) }),
    }
}

/// Has pytest collect `arguments` (options, paths and ids; everything where no path is) in the tree, with `environment` on top
/// of this process's. `-m`, `-k` and `-x` of the configuration do not count, and nothing is written into the tree.
/// `folder` is an empty folder for what is written.
///
/// # Errors
/// Where pytest ends without saying what it collected. Modules that fail are part of the result.
pub fn collect(
    python: &PytestPython,
    tree: &Utf8Path,
    arguments: &[String],
    environment: &[(String, String)],
    folder: &Utf8Path,
) -> Result<Collection, CollectionError> {
    let file = |path: &Utf8Path, why: String| CollectionError::File { path: path.to_owned(), why };
    let plugin = folder.join("dynamo_test_collection.py");
    fs::write(&plugin, PLUGIN).map_err(|error| file(&plugin, error.to_string()))?;
    let result = folder.join("collection.jsonl");
    let inherited = std::env::var("PYTHONPATH").map(|path| format!(":{path}")).unwrap_or_default();
    let launcher = Launcher::of_this_program();
    let mut command = launcher.command(&python.interpreter);
    command.current_dir(tree).args(["-m", "pytest", "--collect-only", "-q", "-p", "dynamo_test_collection"]);
    command.args(["-m", "", "-k", "", "--maxfail=0"]).arg(format!("--override-ini=cache_dir={folder}/cache"));
    command.args(arguments).env_remove("PYTEST_ADDOPTS").env_remove("PYTEST_PLUGINS");
    command.env("PYTHONPATH", format!("{folder}{inherited}")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("TEST_COLLECTION_FILE", &result).envs(environment.iter().cloned());
    let output = run_outside(&launcher, &mut command, false).map_err(|error| no_python(&python.interpreter, &error))?;
    let said = || last_lines(&[&output.stdout[..], &output.stderr[..]].concat(), LINES);
    let ended = || CollectionError::Ended { how: output.status.to_string(), output: said() };
    match output.status.code() {
        Some(code) if COLLECTED.contains(&code) => {}
        Some(USAGE_ERROR) => return Err(CollectionError::Usage { output: said() }),
        _ => return Err(ended()),
    }
    // A pytest that ended before it loaded the plugin left no file.
    let lines = match fs::read_to_string(&result) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ended()),
        lines => lines.map_err(|error| file(&result, error.to_string()))?,
    };
    let (collection, complete) = read(&lines).map_err(|error| file(&result, error.to_string()))?;
    // Errors in modules interrupt pytest; without any, something else did.
    let interrupted = output.status.code() == Some(INTERRUPTED) && collection.failed.is_empty();
    if complete && !interrupted { Ok(collection) } else { Err(ended()) }
}

fn no_python(interpreter: &Utf8Path, error: &io::Error) -> CollectionError {
    CollectionError::NoPython { interpreter: interpreter.to_owned(), why: error.to_string() }
}

fn last_lines(text: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Test { id: String, markers: Vec<LineMarker> },
    Failed { node: String, reason: String },
    Skipped { node: String, reason: String },
    Collected,
}

#[derive(Deserialize)]
struct LineMarker {
    name: String,
    args: Vec<Json>,
    kwargs: Vec<(String, Json)>,
}

/// What the plugin wrote, and whether it came to its end.
fn read(text: &str) -> Result<(Collection, bool), serde_json::Error> {
    let mut collection = Collection::default();
    let mut complete = false;
    for line in text.lines() {
        match serde_json::from_str(line)? {
            Line::Test { id, markers } => {
                let markers = markers.into_iter().map(|marker| ListedMarker {
                    name: marker.name,
                    args: marker.args.iter().map(value).collect(),
                    kwargs: marker.kwargs.iter().map(|(name, json)| (name.clone(), value(json))).collect(),
                });
                collection.tests.push(Listed { id: NodeId::from_text(id), markers: markers.collect() });
            }
            Line::Failed { node, reason } => collection.failed.push(Unseen { node: NodeId::from_text(node), reason }),
            Line::Skipped { node, reason } => collection.skipped.push(Unseen { node: NodeId::from_text(node), reason }),
            Line::Collected => complete = true,
        }
    }
    Ok((collection, complete))
}

/// A literal as the plugin writes it.
fn value(json: &Json) -> Value {
    let items = |json: &Json| json.as_array().map(|items| items.iter().map(value).collect());
    match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => Value::Str(text.clone()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(real)) => Value::Float(real),
            (None, None) => Value::Expr(number.to_string()),
        },
        Json::Array(list) => Value::List(list.iter().map(value).collect()),
        Json::Object(form) => {
            let pair = |pair: &Json| Some((value(pair.get(0)?), value(pair.get(1)?)));
            if let Some(tuple) = form.get("tuple").and_then(items) {
                Value::Tuple(tuple)
            } else if let Some(dict) = form.get("dict").and_then(Json::as_array) {
                Value::Dict(dict.iter().filter_map(pair).collect())
            } else {
                Value::Expr(form.get("expr").and_then(Json::as_str).unwrap_or_default().to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_plugins_lines_are_tests_and_nodes_without_tests() {
        let (collection, complete) = read(concat!(
            r#"{"event":"failed","node":"a.py","reason":"ImportError: no"}"#,
            "\n",
            r#"{"event":"test","id":"b.py::t","markers":[{"name":"m","args":[1,{"tuple":[null]}],"kwargs":[["k",{"dict":[["x",2.5]]}],["e",{"expr":"f"}]]}]}"#,
            "\n",
            r#"{"event":"collected"}"#
        ))
        .unwrap();
        assert!(complete);
        assert_eq!(collection.failed[0].node.as_str(), "a.py");
        let marker = &collection.tests[0].markers[0];
        assert_eq!(marker.args, [Value::Int(1), Value::Tuple(vec![Value::None])]);
        let dict = Value::Dict(vec![(Value::Str("x".to_owned()), Value::Float(2.5))]);
        assert_eq!(marker.kwargs, [("k".to_owned(), dict), ("e".to_owned(), Value::Expr("f".to_owned()))]);
        assert!(!read("").unwrap().1);
    }
}
