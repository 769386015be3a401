//! Both front ends make one tree of what both accept, whether bodies are read at once or on demand.
//!
//! The corpus is this repository's Python, the standard library of the oracle's interpreter, and what is generated. The
//! Python below any folder can be added by hand: `PYTHON_CORPUS=/path/to/checkout cargo test -p pytest-discovery`.

mod generator;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use generator::Generator;

use super::ast::Stmt;
use super::text::SourceText;
use super::{STACK_BYTES, nesting, plain, ruff, rustpython};

/// Files of the standard library: enough to meet all of the grammar, few enough for every run.
const MOST_FILES: usize = 600;

/// How many files were held against what.
#[derive(Debug, Default)]
struct Count {
    files: usize,
    both: usize,
    only_ruff: usize,
    only_rustpython: usize,
    neither: usize,
    /// Functions that were hidden, or their bodies.
    hidden: usize,
    /// Texts of which trees differ.
    differ: Vec<String>,
}

impl Count {
    /// Holds the trees of one text against each other.
    fn hold(&mut self, name: &str, text: &str) {
        let text: Arc<str> = text.into();
        if nesting::check(&text).is_err() {
            return;
        }
        self.files += 1;
        let other = rustpython::parse(&text);
        let full = ruff::parse(&text);
        self.hide(name, &text, &full);
        match (full, &other) {
            (Ok(full), other) => {
                if let Ok(other) = other {
                    self.both += 1;
                    self.note(name, "ruff and rustpython", &full, other);
                } else {
                    self.only_ruff += 1;
                    eprintln!("only ruff reads {name}");
                }
            }
            (Err(_), Ok(_)) => {
                self.only_rustpython += 1;
                eprintln!("only rustpython reads {name}");
            }
            (Err(_), Err(_)) => self.neither += 1,
        }
    }

    /// Holds the tree of a text whose functions are hidden from the parser against that of all of it.
    fn hide(&mut self, name: &str, text: &Arc<str>, full: &Result<Vec<Stmt>, ruff::Rejected>) {
        let hidden = plain::hide(text, String::new());
        self.hidden += hidden.count();
        let again = Arc::new(SourceText::held(text));
        match (ruff::parse_without(&hidden, text, &again, crate::PythonVersion::LATEST), full) {
            (Ok(later), Ok(full)) => self.note(name, "hidden functions", &later, full),
            (Err(_), Err(_)) => {}
            (Ok(_), Err(rejected)) => {
                let line = text[..rejected.offset as usize].lines().count();
                eprintln!(
                    "{name}:{line}: {} is hidden:\n{}",
                    rejected.message,
                    text.lines().nth(line.max(1) - 1).unwrap_or("")
                );
                self.differ.push(format!("{name}: a hidden error"));
            }
            (Err(rejected), Ok(_)) => {
                eprintln!("{name}: {} is made by hiding", rejected.message);
                self.differ.push(format!("{name}: an error made by hiding"));
            }
        }
    }

    fn note(&mut self, name: &str, what: &str, one: &[Stmt], other: &[Stmt]) {
        if let Some(difference) = difference(one, other) {
            self.differ.push(format!("{name}: {what}"));
            if self.differ.len() < 4 {
                eprintln!("{name}: {what} differ:\n{difference}");
            }
        }
    }
}

/// Where two trees of one text differ.
fn difference(one: &[Stmt], other: &[Stmt]) -> Option<String> {
    if one == other {
        return None;
    }
    let differs = |(left, right): &(&Stmt, &Stmt)| left != right;
    let Some((left, right)) = one.iter().zip(other).find(differs) else {
        return Some(format!("{} and {} statements", one.len(), other.len()));
    };
    let (left, right) = (format!("{left:#?}"), format!("{right:#?}"));
    let at = left.lines().zip(right.lines()).position(|(left, right)| left != right).unwrap_or(0);
    let around = |text: &str| text.lines().skip(at.saturating_sub(8)).take(20).collect::<Vec<_>>().join("\n");
    Some(format!("{}\n---- and ----\n{}", around(&left), around(&right)))
}

/// Python files below a folder, in order.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.is_symlink() {
            if path.file_name().is_none_or(|name| name != "site-packages" && name != "target") {
                files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            found.push(path);
        }
    }
}

fn hold_files(count: &mut Count, paths: &[PathBuf]) {
    for path in paths {
        // What is not UTF-8 does not come to a parser.
        let Ok(text) = fs::read_to_string(path) else { continue };
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        count.hold(&path.display().to_string(), text.strip_prefix('\u{feff}').unwrap_or(&text));
    }
}

/// Runs on a stack as large as discovery's.
fn on_large_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(test).expect("a thread starts");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn both_parsers_make_one_tree_of_this_repository() {
    on_large_stack(|| {
        let mut paths = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), &mut paths);
        let mut count = Count::default();
        hold_files(&mut count, &paths);
        assert!(count.both > 50 && count.only_rustpython == 0 && count.differ.is_empty(), "{count:?}");
    });
}

#[test]
fn both_parsers_make_one_tree_of_the_standard_library() {
    on_large_stack(|| {
        let print = "import sysconfig; print(sysconfig.get_path('stdlib'))";
        let output = Command::new(oracle::python()).args(["-c", print]).output().expect("the oracle answers");
        let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        let mut paths = Vec::new();
        files(&library, &mut paths);
        // Spread over all of it: `test` is by far the largest part.
        let step = paths.len().div_ceil(MOST_FILES).max(1);
        let paths: Vec<PathBuf> = paths.into_iter().step_by(step).collect();
        let mut count = Count::default();
        hold_files(&mut count, &paths);
        assert!(count.both > 100 && count.hidden > 1_000 && count.differ.is_empty(), "{count:?}");
    });
}

/// A body with a mistake is never hidden. Mistakes are made by moving, doubling and taking out tokens.
#[test]
fn no_mistake_is_hidden() {
    on_large_stack(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut paths = Vec::new();
        files(&root.join("fixtures"), &mut paths);
        let mut texts: Vec<String> = paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
        texts.extend((0..300).map(|seed| {
            let body = Generator(fastrand::Rng::with_seed(seed)).block(2, " ");
            format!("async def all():\n{body}")
        }));
        let mut random = fastrand::Rng::with_seed(1);
        let mut count = Count::default();
        let (mut rejected, mut mistakes) = (0, 0);
        for text in texts.iter().filter(|text| text.contains("def ")) {
            for _ in 0..12 {
                let text: Arc<str> = mistaken(text, &mut random).into();
                if nesting::check(&text).is_ok() {
                    let full = ruff::parse(&text);
                    rejected += usize::from(full.is_err());
                    mistakes += 1;
                    count.hide("a text with a mistake", &text, &full);
                }
            }
        }
        eprintln!("{rejected} of {mistakes} texts are rejected; {} functions were hidden", count.hidden);
        assert!(rejected > 1_000 && count.hidden > 1_000 && count.differ.is_empty(), "{:?}", count.differ);
    });
}

/// The text with one token moved, doubled, exchanged or taken out.
fn mistaken(text: &str, random: &mut fastrand::Rng) -> String {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |one: char| one == '_' || one.is_alphanumeric();
        let length = match first {
            ' ' => rest.len() - rest.trim_start_matches(' ').len(),
            one if word(one) => rest.find(|one| !word(one)).unwrap_or(rest.len()),
            one => one.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        tokens.push(token);
        rest = behind;
    }
    let at = random.usize(..tokens.len());
    let other = random.usize(..tokens.len());
    match random.u8(..5) {
        0 => drop(tokens.remove(at)),
        1 => tokens.insert(at, tokens[at]),
        2 => tokens[at] = tokens[other],
        3 => tokens.swap(at, other),
        _ => {
            let odd =
                ["yield", "await", "*", "=", ":", "(", ")", "\n", "    ", "else", "in", "lambda", "def", ",", "'", "{"];
            tokens.insert(at, odd[random.usize(..odd.len())]);
        }
    }
    tokens.concat()
}

#[test]
fn both_parsers_make_one_tree_of_generated_programs() {
    on_large_stack(|| {
        let mut count = Count::default();
        for seed in 0..1_500 {
            let mut generator = Generator(fastrand::Rng::with_seed(seed));
            let body = generator.block(2, " ");
            count.hold(&format!("seed {seed}"), &format!("def all():\n{body}"));
        }
        assert!(count.both > 1_000 && count.differ.is_empty(), "{count:?}");
    });
}

#[test]
fn both_parsers_make_one_tree_of_a_corpus_given_by_hand() {
    let Some(folder) = env::var_os("PYTHON_CORPUS") else { return };
    on_large_stack(move || {
        let mut paths = Vec::new();
        files(Path::new(&folder), &mut paths);
        let mut count = Count::default();
        hold_files(&mut count, &paths);
        eprintln!("{count:?}");
        assert_eq!(count.differ, Vec::<String>::new());
    });
}
