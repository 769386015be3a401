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
    environment::at_import(&file.body, &names, &mut seen);
    functions(&file.body, &mut |def| {
        let is_test = filters.takes_function(&def.name);
        never_run::nested(def, filters, &mut seen);
        if !is_test {
            return;
        }
        let names = names.within(def);
        let mut body = Body { def, names: &names, seen: &mut seen };
        ports::literal(&mut body);
        clock::asserted(&mut body);
        network::called(&mut body);
        sampling::unseeded(&mut body);
        if !is_seeded {
            random::unseeded(&mut body);
        }
    });
    seen.list.sort_by(|one, other| one.at.cmp(&other.at));
    seen.list
}

/// Whether a file may seed a generator: any call of something like `random.seed(0)` or `seed_everything()`.
fn may_seed(text: &str) -> bool {
    text.contains("seed")
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
        let words = self.file.slice(range).split_whitespace().collect::<Vec<_>>().join(" ");
        match words.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("`{}...`", &words[..end]),
            None => format!("`{words}`"),
        }
    }
}

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
        self.seen.file.slice(self.def.range)
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
