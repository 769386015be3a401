//! The statements of one body, and which names are surely bound behind each.

use std::ops::Range;

use fastrand::Rng;

use super::marks::{decorator, mark, pytestmark};
use crate::program::{Source, chance, pick};

/// Few, so that they meet: most are a test's, some are not.
const FUNCTIONS: [&str; 6] = ["test_a", "test_b", "test_c", "test", "helper", "testing"];
const CLASSES: [&str; 5] = ["TestA", "TestB", "Testament", "Base", "Mixin"];

/// Conditions that can be known without running anything, but for `yes` and `no` where a program leaves them undecided.
const CONDITIONS: [&str; 12] = [
    "True",
    "False",
    "1 == 2",
    "not []",
    "word == 'word'",
    "len(word) > 9",
    "typing.TYPE_CHECKING",
    "__name__ == '__main__'",
    "word and not None",
    "yes",
    "no or word == ''",
    "not yes",
];

/// Classes that pytest takes, or not, for what they are.
const PECULIAR: [(&str, &str, &str); 9] = [
    ("@dataclasses.dataclass\n", "", "x: int = 0"),
    ("", "(enum.Enum)", "X = 1"),
    ("", "(typing.NamedTuple)", "x: int = 0"),
    ("", "(Exception)", "x = 0"),
    ("", "(abc.ABC)", "x = 0"),
    ("", "(abc.ABC)", "needed = abc.abstractmethod(lambda self: 0)"),
    ("", "", "def __init__(self): pass"),
    ("", "(metaclass=abc.ABCMeta)", "x = 0"),
    ("", "(typing.Generic[typing.TypeVar('T')])", "x = 0"),
];

/// A body of a module or class while it is written.
pub(crate) struct Body {
    in_class: bool,
    depth: usize,
    /// Functions that are surely bound.
    functions: Vec<String>,
    /// Classes that are surely bound and can be bases, in the order of their definition.
    classes: Vec<String>,
}

impl Body {
    pub(crate) fn of_module() -> Self {
        Self { in_class: false, depth: 0, functions: Vec::new(), classes: Vec::new() }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.functions.iter().chain(&self.classes)
    }

    /// Imports some or all of another module's body.
    pub(crate) fn import_from(&mut self, rng: &mut Rng, source: &mut Source, from: &Self) {
        match rng.u8(..4) {
            0 => {}
            1 => {
                source.line("from sibling import *");
                self.functions.extend(from.functions.iter().cloned());
                self.classes.extend(from.classes.iter().cloned());
            }
            2 => {
                let Some(name) = from.functions.first() else { return };
                let alias = pick(rng, &FUNCTIONS);
                source.line(format!("from sibling import {name} as {alias}"));
                self.bind_function(alias);
            }
            _ => {
                let Some(name) = from.classes.last() else { return };
                source.line(format!("from sibling import {name}"));
                self.classes.push(name.clone());
            }
        }
    }

    pub(crate) fn statements(&mut self, rng: &mut Rng, source: &mut Source, count: Range<usize>) {
        for _ in 0..rng.usize(count) {
            self.statement(rng, source);
        }
    }

    fn statement(&mut self, rng: &mut Rng, source: &mut Source) {
        match rng.u8(..30) {
            0..9 => self.function(rng, source),
            9..14 if self.depth < 2 => self.class(rng, source),
            14 if self.depth < 2 => self.unittest(rng, source),
            15 if self.depth < 2 => self.peculiar(rng, source),
            16..18 if self.depth < 3 => self.branches(rng, source),
            18..20 => self.binding(rng, source),
            20 => self.value(rng, source),
            21 => self.deletion(rng, source),
            22..25 => source.line(format!("pytestmark = {}", pytestmark(rng))),
            25..27 => self.change(rng, source),
            27 if chance(rng, 20) => source.line("__test__ = False"),
            _ => self.function(rng, source),
        }
    }

    fn function(&mut self, rng: &mut Rng, source: &mut Source) {
        let name = pick(rng, &FUNCTIONS);
        let first = if self.in_class { "self" } else { "" };
        let outermost = (self.in_class && chance(rng, 10)).then(|| {
            let (above, below) = (chance(rng, 40), chance(rng, 40));
            (above.then(|| mark(rng)), pick(rng, &["staticmethod", "classmethod"]), below.then(|| mark(rng)))
        });
        if let Some((above, kind, below)) = outermost {
            for line in [above, Some(kind), below].into_iter().flatten() {
                source.line(format!("@{line}"));
            }
            let first = if kind == "classmethod" { "cls" } else { "" };
            source.line(format!("def {name}({first}): pass"));
            // What a class body holds under that name is no function, and cannot be marked or aliased as one.
            self.functions.retain(|other| other != name);
            return;
        }
        match rng.u8(..15) {
            0 if !self.in_class => source.line(format!("{name} = lambda: None")),
            kind => {
                for _ in 0..[0, 0, 1, 1, 2][rng.usize(..5)] {
                    source.line(format!("@{}", decorator(rng)));
                }
                let word = if kind == 1 { "async def" } else { "def" };
                source.line(format!("{word} {name}({first}): pass"));
            }
        }
        self.bind_function(name);
    }

    fn class(&mut self, rng: &mut Rng, source: &mut Source) {
        let name = pick(rng, &CLASSES);
        for _ in 0..[0, 0, 1, 2][rng.usize(..4)] {
            source.line(format!("@{}", mark(rng)));
        }
        let bases = self.bases(rng, name);
        let mut body = Self { in_class: true, depth: self.depth + 1, functions: Vec::new(), classes: Vec::new() };
        source.block(format!("class {name}{bases}:"), |source| body.statements(rng, source, 1..5));
        self.functions.retain(|other| other != name);
        self.classes.retain(|other| other != name);
        self.classes.push(name.to_owned());
    }

    /// The newest first: then Python always finds an order of resolution.
    fn bases(&self, rng: &mut Rng, name: &str) -> String {
        let chosen: Vec<&str> =
            self.classes.iter().rev().map(String::as_str).filter(|_| chance(rng, 45)).take(2).collect();
        match chosen.as_slice() {
            [] => if name == "Base" { "(object)" } else { "" }.to_owned(),
            chosen => format!("({})", chosen.join(", ")),
        }
    }

    fn unittest(&mut self, rng: &mut Rng, source: &mut Source) {
        let name = pick(rng, &["Cases", "TestA", "TestUnit"]);
        if chance(rng, 30) {
            source.line(format!("@{}", mark(rng)));
        }
        let base = pick(rng, &["unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.case.TestCase"]);
        source.block(format!("class {name}({base}):"), |source| {
            for _ in 0..1 + rng.usize(..3) {
                if chance(rng, 25) {
                    source.line(format!("@{}", mark(rng)));
                }
                source.line(format!("def {}(self): pass", pick(rng, &["test_b", "test_a", "testC", "setUp", "check"])));
            }
            if chance(rng, 20) {
                source.line("test_a = None");
            }
        });
        // A base for no plain class here: what then counts is unittest's rule alone.
        self.classes.retain(|other| other != name);
    }

    fn peculiar(&mut self, rng: &mut Rng, source: &mut Source) {
        let (decorator, bases, member) = pick(rng, &PECULIAR);
        let name = pick(rng, &["TestA", "TestPeculiar"]);
        if !decorator.is_empty() {
            source.line(decorator.trim_end());
        }
        source.block(format!("class {name}{bases}:"), |source| {
            source.line(member);
            source.line("def test_in_it(self): pass");
        });
        self.classes.retain(|other| other != name);
    }

    /// A body whose names are surely bound in none of what follows.
    fn branch(&self, rng: &mut Rng, source: &mut Source, head: &str) -> Self {
        let mut body =
            Self { functions: self.functions.clone(), classes: self.classes.clone(), depth: self.depth + 1, ..*self };
        source.block(head, |source| body.statements(rng, source, 1..3));
        body
    }

    fn branches(&mut self, rng: &mut Rng, source: &mut Source) {
        let mut ends = Vec::new();
        match rng.u8(..5) {
            0 => {
                let condition = pick(rng, &CONDITIONS);
                ends.push(self.branch(rng, source, &format!("if {condition}:")));
                ends.push(self.branch(rng, source, "else:"));
            }
            1 => {
                let condition = pick(rng, &CONDITIONS);
                ends.push(self.branch(rng, source, &format!("if {condition}:")));
            }
            2 => {
                source.line("try:");
                source.line(format!("    {}", pick(rng, &["raise ImportError('x')", "{}['x']", "1 / 0", "pass"])));
                ends.push(self.branch(rng, source, "except (ImportError, LookupError, ArithmeticError):"));
                ends.push(self.branch(rng, source, "else:"));
                if chance(rng, 40) {
                    ends.push(self.branch(rng, source, "finally:"));
                }
            }
            3 => {
                let over = pick(rng, &["range(2)", "range(times)"]);
                ends.push(self.branch(rng, source, &format!("for number in {over}:")));
            }
            _ => ends.push(self.branch(rng, source, "with contextlib.nullcontext():")),
        }
        // Bound before, and by no branch deleted or made something else.
        self.functions.retain(|name| ends.iter().all(|end| end.functions.contains(name)));
        self.classes.retain(|name| ends.iter().all(|end| end.classes.contains(name)));
    }

    /// One function under another name, in each way to bind one.
    fn binding(&mut self, rng: &mut Rng, source: &mut Source) {
        let (Some(function), name) = (rng.choice(&self.functions).cloned(), pick(rng, &FUNCTIONS)) else {
            return self.function(rng, source);
        };
        match rng.u8(..7) {
            0 | 1 => source.line(format!("{name} = {function}")),
            2 => source.line(format!("{name}, unused = {function}, 1")),
            3 if !self.in_class => source.line(format!("({name} := {function})")),
            4 => source.block(format!("for {name} in [None, {function}]:"), |source| source.line("pass")),
            5 => source.block(format!("with contextlib.nullcontext({function}) as {name}:"), |source| {
                source.line("pass");
            }),
            _ => source.line(format!("{name} = {}({function})", mark(rng))),
        }
        self.bind_function(name);
    }

    fn value(&mut self, rng: &mut Rng, source: &mut Source) {
        let name = pick(rng, &FUNCTIONS);
        source.line(format!("{name} = {}", pick(rng, &["None", "3", "{}", "'text'", "object()", "len"])));
        self.functions.retain(|other| other != name);
    }

    fn deletion(&mut self, rng: &mut Rng, source: &mut Source) {
        // Where it is deleted in a loop, the second time fails.
        if self.depth > usize::from(self.in_class) {
            return self.function(rng, source);
        }
        let Some(name) = rng.choice(&self.functions).cloned() else { return self.function(rng, source) };
        source.line(format!("del {name}"));
        self.functions.retain(|other| *other != name);
    }

    /// A change of what is bound already.
    fn change(&mut self, rng: &mut Rng, source: &mut Source) {
        match (rng.u8(..5), rng.choice(&self.functions).cloned(), rng.choice(&self.classes).cloned()) {
            (0, Some(function), _) => source.line(format!("{function}.__test__ = False")),
            (1, _, Some(class)) => source.line(format!("{class}.__test__ = {}", pick(rng, &["False", "True"]))),
            (2, Some(function), Some(class)) => source.line(format!("{class}.test_set = {function}")),
            (3, Some(function), Some(class)) => source.line(format!("setattr({class}, 'test_set', {function})")),
            (_, Some(function), _) => source.line(format!("{}({function})", mark(rng))),
            _ => self.function(rng, source),
        }
    }

    fn bind_function(&mut self, name: &str) {
        self.classes.retain(|other| other != name);
        if !self.functions.iter().any(|other| other == name) {
            self.functions.push(name.to_owned());
        }
    }
}
