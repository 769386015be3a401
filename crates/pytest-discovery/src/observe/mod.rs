//! What test files show beside their tests: see [`ObservationKind`]. Read from the syntax alone, and only where it is
//! certain: a name that may be bound to something else is nobody's.
//!
//! It needs the bodies of functions, which a listing does not read.

mod clock;
mod environment;
mod names;
mod network;
mod never_run;
mod observer;
mod ports;
mod random;
mod sampling;

use std::sync::OnceLock;

use memchr::memmem::Finder;
use test_catalog::{Observation, ObservationKind, Position};

use crate::collect::NameFilters;
use crate::syntax::SourceFile;
use crate::syntax::ast::{Function, Range, Stmt, StmtKind};
use names::Names;
pub(crate) use observer::Observer;

/// What is observed of one file, in the order of the text. `is_seeded` tells whether a conftest may seed generators.
fn file(file: &SourceFile, filters: &NameFilters, is_seeded: bool) -> Vec<Observation> {
    let mut seen = Seen { file, list: Vec::new() };
    let names = Names::of(&file.body);
    never_run::block(&file.body, filters, &mut seen);
    let text = file.text().unwrap_or_default();
    if environment::may_be_in(text) {
        environment::at_import(&file.body, &names, &mut seen);
    }
    let is_seeded = is_seeded || may_seed(text);
    let draws = !is_seeded && random::may_be_in(text);
    functions(&file.body, &mut |def| {
        // Most functions show by their words alone that there is nothing to see, and their bodies are not read.
        let text = file.slice(def.range).unwrap_or_default();
        if never_run::may_be_nested(text, filters) {
            never_run::nested(def, filters, &mut seen);
        }
        let looks: [(bool, Look); 5] = [
            (draws, random::unseeded),
            (clock::may_be_in(text), clock::asserted),
            (ports::may_be_in(text), ports::literal),
            (network::may_be_in(text), network::called),
            (sampling::may_be_in(text), sampling::unseeded),
        ];
        if !filters.takes_function(&def.name) || looks.iter().all(|(may_be, _)| !may_be) {
            return;
        }
        let names = names.within(def);
        let mut body = Body { def, names: &names, seen: &mut seen };
        looks.iter().filter(|(may_be, _)| *may_be).for_each(|(_, look)| look(&mut body));
    });
    seen.list.sort_by(|one, other| one.at.cmp(&other.at));
    seen.list
}

/// Whether a file may seed a generator: any call of something like `random.seed(0)` or `seed_everything()`.
fn may_seed(text: &str) -> bool {
    static WORDS: Words<1> = Words::new(["seed"]);
    WORDS.any_in(text)
}

/// Words of which a text may have one. It is asked of every test there is, so what a search needs is made once.
struct Words<const N: usize> {
    words: [&'static str; N],
    finders: OnceLock<[Finder<'static>; N]>,
}

impl<const N: usize> Words<N> {
    const fn new(words: [&'static str; N]) -> Self {
        Self { words, finders: OnceLock::new() }
    }

    fn any_in(&self, text: &str) -> bool {
        let finders = self.finders.get_or_init(|| self.words.map(Finder::new));
        finders.iter().any(|finder| finder.find(text.as_bytes()).is_some())
    }
}

/// Whether a file has tests, by the names alone, and the first of them.
fn first_test<'a>(body: &'a [Stmt], filters: &NameFilters) -> Option<&'a Stmt> {
    body.iter().find(|statement| match &statement.kind {
        StmtKind::Function(def) => filters.takes_function(&def.name),
        StmtKind::Class(class) => {
            filters.takes_class(&class.name)
                && class
                    .body
                    .iter()
                    .any(|inner| matches!(&inner.kind, StmtKind::Function(def) if filters.takes_function(&def.name)))
        }
        _ => false,
    })
}

/// What was seen of a file so far.
struct Seen<'f> {
    file: &'f SourceFile,
    list: Vec<Observation>,
}

impl Seen<'_> {
    fn add(&mut self, kind: ObservationKind, text: String, at: Range, test: Option<Position>) {
        self.list.push(Observation { kind, text, at: self.file.span(at), test });
    }

    /// Source text on one line, such as `` `time.sleep(5)` ``.
    fn quoted(&self, range: Range) -> String {
        const LONGEST: usize = 60;
        let words = self.file.one_line(range);
        match words.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("`{}...`", &words[..end]),
            None => format!("`{words}`"),
        }
    }
}

/// What looks for one kind of thing in a test.
type Look = fn(&mut Body<'_, '_>);

/// The body of a test function, and what names mean in it.
struct Body<'b, 'f> {
    def: &'b Function,
    names: &'b Names<'b>,
    seen: &'b mut Seen<'f>,
}

impl Body<'_, '_> {
    fn add(&mut self, kind: ObservationKind, text: String, at: Range) {
        let test = self.seen.file.span(self.def.range).start;
        self.seen.add(kind, text, at, Some(test));
    }

    /// The source of the whole function.
    fn text(&self) -> &str {
        self.seen.file.slice(self.def.range).unwrap_or_default()
    }
}

/// The functions of a module and of its classes, under whatever condition.
fn functions<'a>(block: &'a [Stmt], see: &mut impl FnMut(&'a Function)) {
    for statement in block {
        match &statement.kind {
            StmtKind::Function(def) => see(def),
            StmtKind::Class(class) => functions(&class.body, see),
            StmtKind::If { body, orelse, .. } => [body, orelse].into_iter().for_each(|block| functions(block, see)),
            StmtKind::Try { body, handlers, orelse, finally } => {
                [body, orelse, finally].into_iter().for_each(|block| functions(block, see));
                handlers.iter().for_each(|handler| functions(&handler.body, see));
            }
            StmtKind::With { body, .. } => functions(body, see),
            _ => {}
        }
    }
}
