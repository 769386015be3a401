//! Stacked parametrizations with values of every kind, ids in every form, marks on sets, on classes and on modules.

use fastrand::Rng;

use crate::program::{Program, Source, chance, pick};

/// What the values below are made of.
const HEADER: &str = "\
import collections, datetime, decimal, enum, functools, itertools, math, operator, os.path, pathlib, re
import pytest

class Color(enum.Enum):
    RED = 1
    GREEN = \"green\"
    CRIMSON = 1

class Number(enum.IntEnum):
    ONE = 1
    TWO = 2

class Mixed(str, enum.Enum):
    A = \"a\"

class IntMixed(int, enum.Enum):
    THREE = 3

class Access(enum.Flag):
    R = 1
    W = 2

class Text(str):
    pass

class Plain:
    class Inner:
        pass
    def method(self): pass

class Named:
    def __init__(self, name):
        self.__name__ = name

Pair = collections.namedtuple(\"Pair\", \"left right\")

def function(): pass

N = 3
WORDS = [\"one\", \"two\"]
TABLE = {\"k1\": 1, \"k2\": [2]}
slow = pytest.mark.slow
";

/// Values whose ids are themselves.
const LITERALS: [&str; 34] = [
    "1",
    "-1",
    "0x10",
    "1_000",
    "10 ** 30",
    "True",
    "False",
    "None",
    "1.0",
    "-0.0",
    "1e16",
    "1e-5",
    "0.0001",
    "1e22",
    "math.inf",
    "1j",
    "-1j",
    "''",
    "'a'",
    "'a1'",
    "'a-b'",
    "'a b'",
    "'x::y[z]'",
    "'\\\\'",
    "'t\\tn\\n'",
    "'é日'",
    "'\\x00\\x7f'",
    "'\\ud800'",
    "'\\N{BULLET}'",
    "b'a'",
    "b'\\xff\\\\'",
    "'long' * 26",
    "'q' 'r'",
    "r'\\d'",
];

/// Values that have a name, and values that have nothing but a place.
const OBJECTS: [&str; 41] = [
    "Color.RED",
    "Color.GREEN",
    "Color.CRIMSON",
    "Color['RED']",
    "Number.ONE",
    "Number.TWO",
    "Mixed.A",
    "IntMixed.THREE",
    "Access.R",
    "Access.R | Access.W",
    "Text('t')",
    "Plain",
    "Plain.Inner",
    "Plain.method",
    "Plain()",
    "Plain().method",
    "Named('n')",
    "Pair(1, 2)",
    "function",
    "lambda: 1",
    "len",
    "int",
    "str.upper",
    "os.path",
    "list[int]",
    "type(None)",
    "operator.lt",
    "re.compile('p+')",
    "...",
    "[1]",
    "(1, 'a')",
    "{'k': 1}",
    "{1}",
    "set()",
    "dict(k=1)",
    "range(3)",
    "pathlib.Path('p')",
    "decimal.Decimal('1.5')",
    "datetime.timedelta(1)",
    "functools.partial(function)",
    "object()",
];

const EXPRESSIONS: [&str; 12] = [
    "N",
    "N + 1",
    "-N",
    "WORDS[0]",
    "TABLE['k1']",
    "f'{N}-x'",
    "'%s' % N",
    "'{}'.format(N)",
    "'-'.join(WORDS)",
    "'x'.upper()",
    "str(N)",
    "N if N > 2 else None",
];

/// Sets of one value that are not a display.
const ITERABLES: [&str; 15] = [
    "range(2)",
    "range(5, 0, -2)",
    "'ab'",
    "WORDS",
    "TABLE",
    "TABLE.values()",
    "sorted(TABLE)",
    "[x * 2 for x in WORDS]",
    "[x for x in range(4) if x % 2]",
    "(x for x in WORDS)",
    "list(WORDS) + ['three']",
    "[*WORDS, N]",
    "tuple(reversed(WORDS))",
    "WORDS * 2",
    "[pytest.param(x, id=f'w-{x}') for x in WORDS]",
];

/// Sets of two values that are not a display.
const PAIRED: [&str; 7] = [
    "enumerate(WORDS)",
    "zip(WORDS, range(2))",
    "TABLE.items()",
    "itertools.product('ab', range(2))",
    "itertools.combinations('abc', 2)",
    "[(x, y) for x in WORDS for y in range(2)]",
    "['xy', 'zw']",
];

const SET_MARKS: [&str; 4] = ["pytest.mark.p1", "[pytest.mark.p1, pytest.mark.p2(1)]", "slow('set')", "()"];

const IDS_OF_A_FUNCTION: [&str; 6] =
    ["str", "repr", "lambda v: None", "lambda v: f'<{v}>'", "lambda v: v if isinstance(v, str) else None", "type"];

pub(crate) fn program(rng: &mut Rng) -> Program {
    let mut source = Source::default();
    source.line(HEADER);
    if chance(rng, 15) {
        let marks = ["pytest.mark.module", "[pytest.mark.module, pytest.mark.slow(1)]"];
        source.line(format!("pytestmark = {}", pick(rng, &marks)));
    }
    if chance(rng, 15) {
        // One mark object of several functions: what it iterates over, and the ids it made, are shared.
        source.line(format!("shared = pytest.mark.{}", call(rng, "s")));
        for name in ["first", "second"] {
            source.line("@shared");
            source.line(format!("def test_shares_{name}(s): pass"));
        }
    }
    for number in 0..1 + rng.usize(..3) {
        function(rng, &mut source, &format!("test_{number}"), "", &[]);
    }
    if chance(rng, 60) {
        class(rng, &mut source);
    }
    let mut program = Program::default();
    program.file("test_values.py", source.into_text());
    program
}

fn class(rng: &mut Rng, source: &mut Source) {
    let of_class = call(rng, "c");
    let in_body = chance(rng, 40);
    if !in_body {
        source.line(format!("@pytest.mark.{of_class}"));
    }
    source.block("class TestC:", |source| {
        if in_body {
            source.line(format!("pytestmark = [pytest.mark.own, pytest.mark.{of_class}]"));
        }
        for number in 0..1 + rng.usize(..2) {
            function(rng, source, &format!("test_{number}"), "self, ", &["c"]);
        }
    });
    if chance(rng, 30) {
        source.line(format!("@pytest.mark.{}", call(rng, "d")));
        source.block("class TestD(TestC):", |source| {
            function(rng, source, "test_0", "self, ", &["c", "d"]);
            function(rng, source, "test_1", "self, ", &["c", "d"]);
        });
    }
}

/// A test that takes `given`, and what its own marks parametrize.
fn function(rng: &mut Rng, source: &mut Source, name: &str, first: &str, given: &[&str]) {
    let mut arguments: Vec<&str> = given.to_vec();
    for names in [["x"].as_slice(), &["y", "z"], &["w"]] {
        if !chance(rng, 60) {
            continue;
        }
        arguments.extend(names);
        let call = match names {
            [one] => call(rng, one),
            _ => call_of_two(rng, names),
        };
        source.line(format!("@pytest.mark.{call}"));
        if chance(rng, 20) {
            source.line(pick(rng, &["@slow", "@pytest.mark.m1(N, word='x')", "@slow(2)(3)"]));
        }
    }
    rng.shuffle(&mut arguments);
    source.line(format!("def {name}({first}{}): pass", arguments.join(", ")));
}

fn call(rng: &mut Rng, name: &str) -> String {
    let (sets, count) = match rng.u8(..10) {
        0..2 => (pick(rng, &ITERABLES).to_owned(), None),
        2 => ("[]".to_owned(), Some(0)),
        _ => {
            let count = 1 + rng.usize(..4);
            let sets: Vec<String> = (0..count).map(|_| set_of_one(rng)).collect();
            (format!("[{}]", sets.join(", ")), Some(count))
        }
    };
    let names = match rng.u8(..8) {
        0 => format!("' {name} '"),
        _ => format!("'{name}'"),
    };
    format!("parametrize({names}, {sets}{})", ids(rng, count))
}

fn call_of_two(rng: &mut Rng, names: &[&str]) -> String {
    let count = 1 + rng.usize(..3);
    let (sets, count) = if chance(rng, 25) {
        (pick(rng, &PAIRED).to_owned(), None)
    } else {
        let sets: Vec<String> = (0..count).map(|_| set_of_two(rng)).collect();
        (format!("[{}]", sets.join(", ")), Some(count))
    };
    let names = match rng.u8(..4) {
        0 => format!("['{}', '{}']", names[0], names[1]),
        1 => format!("('{}', '{}')", names[0], names[1]),
        2 => format!("'{},{},'", names[0], names[1]),
        _ => format!("'{}, {}'", names[0], names[1]),
    };
    format!("parametrize({names}, {sets}{})", ids(rng, count))
}

fn set_of_one(rng: &mut Rng) -> String {
    let value = value(rng);
    if chance(rng, 20) { format!("pytest.param({value}{})", set_options(rng)) } else { value }
}

fn set_of_two(rng: &mut Rng) -> String {
    let (left, right) = (value(rng), value(rng));
    match rng.u8(..5) {
        0 => format!("pytest.param({left}, {right}{})", set_options(rng)),
        1 => format!("[{left}, {right}]"),
        _ => format!("({left}, {right})"),
    }
}

fn set_options(rng: &mut Rng) -> String {
    let mut options = String::new();
    if chance(rng, 60) {
        options += &format!(", marks={}", pick(rng, &SET_MARKS));
    }
    if chance(rng, 50) {
        options += &format!(", id={}", pick(rng, &["'own'", "'é'", "''", "None", "WORDS[1]", "f'n{N}'"]));
    }
    options
}

fn value(rng: &mut Rng) -> String {
    let values: &[&str] = match rng.u8(..6) {
        0..3 => &LITERALS,
        3 => &EXPRESSIONS,
        _ => &OBJECTS,
    };
    (pick(rng, values)).to_owned()
}

/// The `ids` of a call of that many sets, of which some are wrong by their number.
fn ids(rng: &mut Rng, count: Option<usize>) -> String {
    const TEXTS: [&str; 9] = ["'i'", "'i'", "'j0'", "None", "1", "2.5", "True", "Color.RED", "'é'"];
    let explicit = match (rng.u8(..10), count) {
        (0, _) => return format!(", ids={}", pick(rng, &IDS_OF_A_FUNCTION)),
        (1..4, Some(count)) => count,
        (4, Some(count)) if chance(rng, 10) => count + 1,
        _ => return String::new(),
    };
    let texts: Vec<&str> = (0..explicit).map(|_| pick(rng, &TEXTS)).collect();
    match rng.u8(..4) {
        0 => format!(", ids=({}{})", texts.join(", "), if explicit == 1 { "," } else { "" }),
        1 => format!(", ids=iter([{}])", texts.join(", ")),
        _ => format!(", ids=[{}]", texts.join(", ")),
    }
}
