//! Module-level programs that change a state of numbers, lists, dictionaries and objects in branches, loops and functions.

use fastrand::Rng;

use crate::flow::{DECIDED, Place, Words, block, statements};
use crate::program::{Program, Source, chance, pick};

/// What every module begins with.
const PRELUDE: &str = "\
import contextlib
import functools
import pytest

class Holder:
    shared = []

    def __init__(self, value):
        self.value = value
        self.items = []

    def add(self, item):
        self.items.append(item)
        return self

    def set(self, value):
        self.value = value

n0, n1 = 0, 1
l0, l1 = ['a'], ['b', 'c']
d0, d1 = {}, {'a': 1}
o0, o1 = Holder('a'), Holder('b')
pair = [l0, l1]
by_name = {'a': l0, 'b': l1}

def first(): l0.append('first')
def second(): l1.append('second'); o1.value = 'second'
def stream(items):
    global n1
    try:
        for one in items: n1 += 1; l1.append(f's{n1}'); yield one
    finally: l0.append('over')
@functools.lru_cache(maxsize=None)
def remembered(key): l0.append(key); return [key]
calls = {'a': first, 'b': second}
";

/// Who calls functions and opens contexts: the module itself.
const CALLED_HERE: &str = "\
def call(function): function()
class around:
    def __init__(self, items): self.items = items
    def __enter__(self): self.items.append('enter')
    def __exit__(self, *args): self.items.append('exit')";

/// And a library.
const CALLED_ELSEWHERE: &str = "\
import contextlib, threading
def call(function): one = threading.Thread(target=function); one.start(); one.join()
@contextlib.contextmanager
def around(items): items.append('enter'); yield; items.append('exit')";

/// What the tests show of the state behind the program, a test for each part of it.
const PARTS: [(&str, &str); 12] = [
    ("n0", "[n0]"),
    ("n1", "[n1]"),
    ("l0", "l0"),
    ("l1", "l1"),
    ("d0", "[f'{k}={v}' for k, v in d0.items()]"),
    ("d1", "list(d1)"),
    ("value_of_o0", "[o0.value]"),
    ("value_of_o1", "[o1.value]"),
    ("items_of_o0", "o0.items"),
    ("shared", "Holder.shared + o1.items"),
    ("pair", "[z for part in pair for z in part]"),
    ("by_name", "[f'{k}={len(v)}' for k, v in by_name.items()]"),
];

const VALUES: [&str; 4] = ["'a'", "'b'", "'c'", "'d'"];

const KNOWN: [&str; 8] =
    ["n0 > 1", "n1 % 2", "'a' in l0", "len(l1) > 2", "'b' in d0", "o0.value == 'a'", "not o1.items", "l0 is l1"];

const UNDECIDED: [&str; 8] =
    ["yes", "no", "not yes", "yes and n0 > 0", "l0 and no", "times > n1", "no or 'b' in l1", "times > n0"];

const LISTS: [&str; 6] = ["l0", "l0", "l1", "o0.items", "o1.items", "Holder.shared"];

pub(crate) fn program(rng: &mut Rng, conditions: &str) -> Program {
    of_words(rng, conditions, &PLAIN)
}

/// The same with generators that change the state as well, turn by turn with what asks them.
pub(crate) fn with_generators(rng: &mut Rng) -> Program {
    of_words(rng, DECIDED, &State { generators: true })
}

fn of_words(rng: &mut Rng, conditions: &str, words: &State) -> Program {
    let mut source = Source::default();
    source.line(conditions);
    source.line(if conditions == DECIDED { CALLED_HERE } else { CALLED_ELSEWHERE });
    source.line(PRELUDE);
    for name in ["change", "fill"] {
        let mut place = Place::in_function(name);
        source.block(format!("def {name}(items, item='x'):"), |source| {
            source.line("global n0, n1, l0, l1, d0, d1, o0, o1");
            block(words, rng, source, &mut place, 3);
            if chance(rng, 60) {
                source.line(format!("return {}", pick(rng, &["item", "len(items)", "items", "n0"])));
            }
        });
    }
    choice(rng, &mut source);
    statements(words, rng, &mut source, &mut Place::default(), 4);
    for (name, values) in PARTS {
        source.line(format!("@pytest.mark.parametrize('x', {values})"));
        source.line(format!("def test_{name}(x): pass"));
    }
    let mut program = Program::default();
    program.file("test_module.py", source.into_text());
    program
}

/// A function of which it may not be known what it gives.
fn choice(rng: &mut Rng, source: &mut Source) {
    source.block("def choose(one, other):", |source| match rng.u8(..3) {
        0 => {
            source.block(format!("if {}:", PLAIN.condition(rng)), |source| source.line("return one"));
            source.line("return other");
        }
        1 => {
            source.block("for found in (one, other):", |source| {
                source.block(format!("if {}:", PLAIN.condition(rng)), |source| source.line("continue"));
                source.block(format!("if {}:", PLAIN.condition(rng)), |source| source.line("return found"));
            });
            source.line("return one");
        }
        _ => {
            source.block(format!("if {}:", PLAIN.condition(rng)), |source| source.line("one = other"));
            source.line("return one");
        }
    });
}

/// The names of the prelude.
struct State {
    /// Whether loops run over generators that change others.
    generators: bool,
}

const PLAIN: State = State { generators: false };

impl Words for State {
    fn condition(&self, rng: &mut Rng) -> &'static str {
        if chance(rng, 55) { pick(rng, &UNDECIDED) } else { pick(rng, &KNOWN) }
    }

    fn elements(&self, rng: &mut Rng) -> &'static str {
        let elements = [
            "range(2)",
            "('a', 'b', 'c')",
            "('a', 'b', 'c')",
            "l0[:3]",
            "l1[-2:]",
            "list(d1)",
            "range(times)",
            "l0[:times]",
            "o0.items[:2]",
        ];
        let generators =
            ["stream('ab')", "stream(l0[:2])", "map(str, stream('ab'))", "(z for z in stream('abc') if z != 'b')"];
        if self.generators && chance(rng, 40) { pick(rng, &generators) } else { pick(rng, &elements) }
    }

    fn turn(&self, rng: &mut Rng, element: &str) -> String {
        format!("{}.append({element})", pick(rng, &["l0", "l1", "o0.items", "Holder.shared"]))
    }

    fn change(&self, rng: &mut Rng, place: &Place) -> String {
        match rng.u8(..18) {
            0..5 => change_of_list(rng, place),
            5..7 => change_of_dict(rng),
            7..9 => change_of_object(rng),
            9 => pick(rng, &["n0 += 1", "n1 = n0 + 1", "n1 = len(l0)", "n0 = n1 * 2 % 7"]).to_owned(),
            10 => binding(rng, place),
            11 => {
                let (list, value, test) = (list(rng, place), value(rng), self.condition(rng));
                match rng.u8(..3) {
                    0 => format!("{list}.append({value}) if {test} else None"),
                    1 => format!("{test} and {list}.append({value})"),
                    _ => format!("({test}) or {list}.append({value})"),
                }
            }
            12 => {
                let (list, over, test) = (list(rng, place), self.elements(rng), self.condition(rng));
                match rng.u8(..4) {
                    0 => format!("[{list}.append(z) for z in {over} if {test}]"),
                    1 => format!("{list}.extend(z for z in {over} if {test})"),
                    2 => format!("{list}[:] = [z for z in {over} if {test} and z != 'a']"),
                    _ => format!("any({list}.append(z) for z in {over} if {test})"),
                }
            }
            13 if place.function != Some("change") => {
                // The second function calls the first one and no other: nothing calls itself.
                let name = if place.function.is_some() { "change" } else { pick(rng, &["change", "fill"]) };
                format!("{name}({}, {})", list(rng, place), value(rng))
            }
            14 if self.generators && chance(rng, 50) => generator(rng, place),
            14 => call(rng, place),
            _ => change_of_either(rng, place),
        }
    }
}

/// What somebody else runs, or runs once.
fn call(rng: &mut Rng, place: &Place) -> String {
    let (list, value) = (list(rng, place), value(rng));
    match rng.u8(..6) {
        0 => format!("remembered({value})"),
        1 => format!("remembered({value}).append(n0)"),
        2 => format!("{list}.extend(remembered('a'))"),
        3 => "call(first)".to_owned(),
        4 => format!("call(lambda: {list}.append({value}))"),
        _ => format!("with around({list}): l1.append('within')"),
    }
}

/// What asks a generator.
fn generator(rng: &mut Rng, place: &Place) -> String {
    let (list, value) = (list(rng, place), value(rng));
    match rng.u8(..4) {
        0 => format!("next(stream({list}[:2]), None)"),
        1 => format!("if any(z == {value} for z in stream('abc')): {list}.append('any')"),
        2 => format!("{list}.extend(stream('ab'))"),
        _ => format!("for i, z in enumerate(stream('ab')): {list}.append(f'{{i}}{{z}}')"),
    }
}

fn list(rng: &mut Rng, place: &Place) -> &'static str {
    if place.function.is_some() && chance(rng, 40) { "items" } else { pick(rng, &LISTS) }
}

fn value(rng: &mut Rng) -> String {
    match rng.u8(..10) {
        0 => "f'{n0}'".to_owned(),
        1 => "str(n1)".to_owned(),
        2 => "o0.value".to_owned(),
        3 => "str(len(l0))".to_owned(),
        4 => format!("({} if {} else {})", pick(rng, &VALUES), PLAIN.condition(rng), pick(rng, &VALUES)),
        _ => pick(rng, &VALUES).to_owned(),
    }
}

fn change_of_list(rng: &mut Rng, place: &Place) -> String {
    let (list, value) = (list(rng, place), value(rng));
    match rng.u8(..14) {
        0..4 => format!("{list}.append({value})"),
        4 => format!("{list} += [{value}]"),
        5 => format!("{list}.insert(0, {value})"),
        6 => format!("{list}[:1] = [{value}, 'n']"),
        7 => format!("del {list}[:1]"),
        8 => format!("if {list}: {list}.pop()"),
        9 => format!("if {value} in {list}: {list}.remove({value})"),
        10 => format!("{list}.sort(key=str)"),
        11 => format!("{list}.reverse()"),
        12 => format!("{list}.extend({})", PLAIN.elements(rng)),
        _ => format!("{list}.clear()"),
    }
}

fn change_of_dict(rng: &mut Rng) -> String {
    let (dict, key, value) = (pick(rng, &["d0", "d1"]), pick(rng, &VALUES), value(rng));
    match rng.u8(..8) {
        0..3 => format!("{dict}[{key}] = {value}"),
        3 => format!("{dict}.update({{{key}: {value}}})"),
        4 => format!("{dict}.pop({key}, None)"),
        5 => format!("if {key} in {dict}: del {dict}[{key}]"),
        6 => format!("{dict}.setdefault({key}, {value})"),
        _ => format!("{dict} |= {{{key}: {value}}}"),
    }
}

fn change_of_object(rng: &mut Rng) -> String {
    let (object, value) = (pick(rng, &["o0", "o1"]), value(rng));
    match rng.u8(..6) {
        0 | 1 => format!("{object}.value = {value}"),
        2 => format!("{object}.set({value})"),
        3 => format!("{object}.add({value})"),
        4 => format!("setattr({object}, 'value', {value})"),
        _ => format!("{object}.add({value}).set('e')"),
    }
}

/// A change of something of which it may not be known what it is.
fn change_of_either(rng: &mut Rng, place: &Place) -> String {
    let (test, value) = (PLAIN.condition(rng), value(rng));
    let (one, other) = (list(rng, place), list(rng, place));
    let list = match rng.u8(..12) {
        0 => format!("({one} if {test} else {other})"),
        1 => format!("({one} or {other})"),
        2 => format!("choose({one}, {other})"),
        3 => "pair[times - 1]".to_owned(),
        4 => "by_name['a' if yes else 'b']".to_owned(),
        5 => "by_name.get('b' if no else 'a')".to_owned(),
        6 => format!("max({one}, {other}, key=lambda z: len(z) * times)"),
        7 => "choose(o0, o1).items".to_owned(),
        8 => return format!("choose(o0, o1).value = {value}"),
        9 => return format!("choose(o0, o1).add({value})"),
        10 => return format!("for z in pair[:times]: z.append({value})"),
        _ => {
            let key = pick(rng, &["'a' if yes else 'b'", "'ab'[times - 1]", "'a'"]);
            return match rng.u8(..3) {
                0 => format!("calls[{key}]()"),
                1 => format!("(first if {test} else second)()"),
                _ => "choose(first, second)()".to_owned(),
            };
        }
    };
    match rng.u8(..6) {
        0 => format!("{list}.clear()"),
        1 => format!("{list}[:1] = [{value}]"),
        2 => format!("del {list}[:1]"),
        _ => format!("{list}.append({value})"),
    }
}

/// A name that is bound again.
fn binding(rng: &mut Rng, place: &Place) -> String {
    if place.function.is_some() && chance(rng, 50) {
        let own = ["l1 = items", "l1 = list(items)", "n0 = len(items)", "items = list(items)", "items = l0"];
        return pick(rng, &own).to_owned();
    }
    let value = value(rng);
    match rng.u8(..14) {
        0 => "l0 = l1".to_owned(),
        1 => format!("l1 = [{value}]"),
        2 => "l0 = list(l0) + ['k']".to_owned(),
        3 => "o1 = o0".to_owned(),
        4 => format!("o0 = Holder({value})"),
        5 => "d0 = dict(d1)".to_owned(),
        6 => "l1, l0 = l0, l1".to_owned(),
        7 => "o0.items = l0".to_owned(),
        8 => "pair[0] = o0.items".to_owned(),
        9 => "pair.append(l1)".to_owned(),
        10 => "by_name['a'] = l1".to_owned(),
        11 => "by_name.setdefault('c', o1.items).append('f')".to_owned(),
        12 => "l0 = choose(l0, l1)".to_owned(),
        _ => "o0 = choose(o0, o1)".to_owned(),
    }
}
