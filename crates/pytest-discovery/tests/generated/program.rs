//! The text of a generated program, and the few words that every generator needs.

use std::fmt;

use camino::Utf8Path;
use fastrand::Rng;

/// Files by their paths, in the order in which they are to be read.
#[derive(Default)]
pub(crate) struct Program {
    pub(crate) files: Vec<(String, String)>,
    /// pytest's arguments.
    pub(crate) args: Vec<String>,
}

impl Program {
    pub(crate) fn file(&mut self, path: &str, text: impl Into<String>) {
        self.files.push((path.to_owned(), text.into()));
    }

    pub(crate) fn write(&self, tree: &Utf8Path) {
        std::fs::create_dir_all(tree).unwrap();
        for (path, text) in &self.files {
            let file = tree.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, text) in &self.files {
            writeln!(f, "  --- {path}")?;
            for line in text.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        writeln!(f, "  --- pytest {}", self.args.join(" "))
    }
}

/// Lines of Python at a depth of indentation.
#[derive(Default)]
pub(crate) struct Source {
    text: String,
    depth: usize,
}

impl Source {
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        for _ in 0..self.depth {
            self.text += "    ";
        }
        self.text += line.as_ref();
        self.text.push('\n');
    }

    /// `head`, and what `body` writes indented below it.
    pub(crate) fn block(&mut self, head: impl AsRef<str>, body: impl FnOnce(&mut Self)) {
        self.line(head);
        self.depth += 1;
        body(self);
        self.depth -= 1;
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

pub(crate) fn pick<T: Copy>(rng: &mut Rng, among: &[T]) -> T {
    among[rng.usize(..among.len())]
}

/// True in that many of a hundred cases.
pub(crate) fn chance(rng: &mut Rng, percent: u8) -> bool {
    rng.u8(..100) < percent
}

/// Each with the given chance, in an order of chance.
pub(crate) fn some<'a>(rng: &mut Rng, among: &[&'a str], percent: u8) -> Vec<&'a str> {
    let mut chosen: Vec<&str> = among.iter().copied().filter(|_| chance(rng, percent)).collect();
    rng.shuffle(&mut chosen);
    chosen
}
