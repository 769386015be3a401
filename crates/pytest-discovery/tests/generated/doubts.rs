//! Module-level programs whose branches and loops discovery cannot decide: what they may change must not be told for
//! certain, and what they cannot change must still be known.

use fastrand::Rng;

use crate::program::{Program, Source, chance, pick};

/// What every module begins with. The process id is what makes the difference: pytest finds one, discovery must not.
const PRELUDE: &str = "\
import contextlib, os
import pytest

yes = os.getpid() > 0
no = os.getpid() < 0
times = min(os.getpid(), 2)

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
calls = {'a': first, 'b': second}
";

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
    ["yes", "no", "not yes", "yes and n0 > 0", "l0 and no", "times > n1", "no or 'b' in l1", "os.getpid() > n0"];

pub(crate) fn program(rng: &mut Rng) -> Program {
    let mut source = Source::default();
    source.line(PRELUDE);
    let mut writer = Writer { rng, depth: 0, loops: 0, function: None, counters: 0 };
    for name in ["change", "fill"] {
        writer.function(&mut source, name);
    }
    writer.choice(&mut source);
    writer.statements(&mut source, 4);
    for (name, values) in PARTS {
        source.line(format!("@pytest.mark.parametrize('x', {values})"));
        source.line(format!("def test_{name}(x): pass"));
    }
    let mut program = Program::default();
    program.file("test_module.py", source.into_text());
    program
}

struct Writer<'a> {
    rng: &'a mut Rng,
    depth: usize,
    loops: usize,
    /// The name of the function whose body is written.
    function: Option<&'static str>,
    /// Every `while` has a counter of its own.
    counters: usize,
}

impl Writer<'_> {
    fn pick(&mut self, among: &[&'static str]) -> &'static str {
        pick(self.rng, among)
    }

    fn chance(&mut self, percent: u8) -> bool {
        chance(self.rng, percent)
    }

    fn function(&mut self, source: &mut Source, name: &'static str) {
        self.function = Some(name);
        source.block(format!("def {name}(items, item='x'):"), |source| {
            source.line("global n0, n1, l0, l1, d0, d1, o0, o1");
            self.block(source, 3);
            if self.chance(60) {
                let result = self.pick(&["item", "len(items)", "items", "n0"]);
                source.line(format!("return {result}"));
            }
        });
        self.function = None;
    }

    /// A function of which it may not be known what it gives.
    fn choice(&mut self, source: &mut Source) {
        source.block("def choose(one, other):", |source| match self.rng.u8(..3) {
            0 => {
                let test = self.condition();
                source.block(format!("if {test}:"), |source| source.line("return one"));
                source.line("return other");
            }
            1 => {
                let (outer, inner) = (self.condition(), self.condition());
                source.block(format!("for found in (one, other):"), |source| {
                    source.block(format!("if {outer}:"), |source| source.line("continue"));
                    source.block(format!("if {inner}:"), |source| source.line("return found"));
                });
                source.line("return one");
            }
            _ => {
                let test = self.condition();
                source.block(format!("if {test}:"), |source| source.line("one = other"));
                source.line("return one");
            }
        });
    }

    fn statements(&mut self, source: &mut Source, most: usize) {
        for _ in 0..1 + self.rng.usize(..most) {
            self.statement(source);
        }
    }

    fn block(&mut self, source: &mut Source, most: usize) {
        self.depth += 1;
        self.statements(source, most);
        self.depth -= 1;
    }

    fn statement(&mut self, source: &mut Source) {
        let deep = self.depth > 3;
        match self.rng.u8(..20) {
            0..5 if !deep => self.branch(source),
            5..8 if !deep => self.repeat(source),
            8 if !deep => self.repeat_while(source),
            9 if !deep => self.attempt(source),
            10 if self.loops > 0 => self.leave_loop(source),
            11 if self.function.is_some() => {
                let test = self.condition();
                source.block(format!("if {test}:"), |source| source.line("return items"));
            }
            _ => {
                let change = self.change();
                source.line(change);
            }
        }
    }

    fn branch(&mut self, source: &mut Source) {
        let test = self.condition();
        source.block(format!("if {test}:"), |source| self.block(source, 2));
        if self.chance(20) {
            let test = self.condition();
            source.block(format!("elif {test}:"), |source| self.block(source, 2));
        }
        if self.chance(35) {
            source.block("else:", |source| self.block(source, 2));
        }
    }

    fn repeat(&mut self, source: &mut Source) {
        let over = self.elements();
        let name = self.pick(&["x", "y"]);
        self.loops += 1;
        source.block(format!("for {name} in {over}:"), |source| {
            if self.chance(50) {
                source.line(format!("{}.append({name})", pick(self.rng, &["l0", "l1", "o0.items", "Holder.shared"])));
            }
            self.block(source, 2);
        });
        self.loops -= 1;
        if self.chance(20) {
            source.block("else:", |source| self.block(source, 1));
        }
    }

    fn repeat_while(&mut self, source: &mut Source) {
        let counter = format!("i{}", self.counters);
        self.counters += 1;
        source.line(format!("{counter} = 0"));
        let test = if self.chance(50) {
            format!("{counter} < 3")
        } else {
            format!("{counter} < 3 and ({})", self.condition())
        };
        self.loops += 1;
        source.block(format!("while {test}:"), |source| {
            source.line(format!("{counter} += 1"));
            self.block(source, 2);
        });
        self.loops -= 1;
    }

    fn leave_loop(&mut self, source: &mut Source) {
        let test = self.condition();
        let how = self.pick(&["break", "continue"]);
        source.block(format!("if {test}:"), |source| source.line(how));
    }

    fn attempt(&mut self, source: &mut Source) {
        if self.chance(30) {
            source.block("with contextlib.suppress(ValueError):", |source| self.raising(source));
            return;
        }
        source.block("try:", |source| self.raising(source));
        source.block(
            pick(self.rng, &["except ValueError:", "except Exception:", "except (KeyError, ValueError):"]),
            |source| {
                self.block(source, 2);
            },
        );
        if self.chance(30) {
            source.block("else:", |source| self.block(source, 1));
        }
        if self.chance(30) {
            source.block("finally:", |source| self.block(source, 1));
        }
    }

    fn raising(&mut self, source: &mut Source) {
        self.block(source, 1);
        let test = self.condition();
        source.block(format!("if {test}:"), |source| source.line("raise ValueError"));
        self.block(source, 1);
    }

    fn condition(&mut self) -> &'static str {
        if self.chance(55) { self.pick(&UNDECIDED) } else { self.pick(&KNOWN) }
    }

    /// What a loop runs over: a copy of a few, for what runs over what it changes may never end.
    fn elements(&mut self) -> &'static str {
        self.pick(&[
            "range(2)",
            "('a', 'b', 'c')",
            "('a', 'b', 'c')",
            "l0[:3]",
            "l1[-2:]",
            "list(d1)",
            "range(times)",
            "l0[:times]",
            "o0.items[:2]",
        ])
    }

    fn list(&mut self) -> &'static str {
        if self.function.is_some() && self.chance(40) {
            return "items";
        }
        self.pick(&["l0", "l0", "l1", "o0.items", "o1.items", "Holder.shared"])
    }

    fn value(&mut self) -> String {
        match self.rng.u8(..10) {
            0 => "f'{n0}'".to_owned(),
            1 => "str(n1)".to_owned(),
            2 => "o0.value".to_owned(),
            3 => "str(len(l0))".to_owned(),
            4 => format!("({} if {} else {})", pick(self.rng, &VALUES), self.condition(), pick(self.rng, &VALUES)),
            _ => self.pick(&VALUES).to_owned(),
        }
    }

    /// A statement without a body.
    fn change(&mut self) -> String {
        match self.rng.u8(..17) {
            0..5 => self.change_of_list(),
            14.. => self.change_of_either(),
            5..7 => self.change_of_dict(),
            7..9 => self.change_of_object(),
            9 => self.pick(&["n0 += 1", "n1 = n0 + 1", "n1 = len(l0)", "n0 = n1 * 2 % 7"]).to_owned(),
            10 => self.binding(),
            11 => {
                let (list, value, test) = (self.list(), self.value(), self.condition());
                match self.rng.u8(..3) {
                    0 => format!("{list}.append({value}) if {test} else None"),
                    1 => format!("{test} and {list}.append({value})"),
                    _ => format!("({test}) or {list}.append({value})"),
                }
            }
            12 => {
                let (list, over, test) = (self.list(), self.elements(), self.condition());
                match self.rng.u8(..4) {
                    0 => format!("[{list}.append(z) for z in {over} if {test}]"),
                    1 => format!("{list}.extend(z for z in {over} if {test})"),
                    2 => format!("{list}[:] = [z for z in {over} if {test} and z != 'a']"),
                    _ => format!("any({list}.append(z) for z in {over} if {test})"),
                }
            }
            _ if self.function == Some("change") => self.change_of_list(),
            _ => {
                // The second function calls the first one and no other: nothing calls itself.
                let name = if self.function.is_some() { "change" } else { self.pick(&["change", "fill"]) };
                let (list, value) = (self.list(), self.value());
                format!("{name}({list}, {value})")
            }
        }
    }

    fn change_of_list(&mut self) -> String {
        let list = self.list();
        let value = self.value();
        match self.rng.u8(..14) {
            0..4 => format!("{list}.append({value})"),
            4 => format!("{list} += [{value}]"),
            5 => format!("{list}.insert(0, {value})"),
            6 => format!("{list}[:1] = [{value}, 'n']"),
            7 => format!("del {list}[:1]"),
            8 => format!("if {list}: {list}.pop()"),
            9 => format!("if {value} in {list}: {list}.remove({value})"),
            10 => format!("{list}.sort(key=str)"),
            11 => format!("{list}.reverse()"),
            12 => format!("{list}.extend({})", self.elements()),
            _ => format!("{list}.clear()"),
        }
    }

    /// A change of something of which it may not be known what it is.
    fn change_of_either(&mut self) -> String {
        let (test, value) = (self.condition(), self.value());
        let (one, other) = (self.list(), self.list());
        let list = match self.rng.u8(..12) {
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
                let key = self.pick(&["'a' if yes else 'b'", "'ab'[times - 1]", "'a'"]);
                return match self.rng.u8(..3) {
                    0 => format!("calls[{key}]()"),
                    1 => format!("(first if {test} else second)()"),
                    _ => "choose(first, second)()".to_owned(),
                };
            }
        };
        match self.rng.u8(..6) {
            0 => format!("{list}.clear()"),
            1 => format!("{list}[:1] = [{value}]"),
            2 => format!("del {list}[:1]"),
            _ => format!("{list}.append({value})"),
        }
    }

    fn change_of_dict(&mut self) -> String {
        let dict = self.pick(&["d0", "d1"]);
        let (key, value) = (self.pick(&VALUES), self.value());
        match self.rng.u8(..8) {
            0..3 => format!("{dict}[{key}] = {value}"),
            3 => format!("{dict}.update({{{key}: {value}}})"),
            4 => format!("{dict}.pop({key}, None)"),
            5 => format!("if {key} in {dict}: del {dict}[{key}]"),
            6 => format!("{dict}.setdefault({key}, {value})"),
            _ => format!("{dict} |= {{{key}: {value}}}"),
        }
    }

    fn change_of_object(&mut self) -> String {
        let object = self.pick(&["o0", "o1"]);
        let value = self.value();
        match self.rng.u8(..6) {
            0 | 1 => format!("{object}.value = {value}"),
            2 => format!("{object}.set({value})"),
            3 => format!("{object}.add({value})"),
            4 => format!("setattr({object}, 'value', {value})"),
            _ => format!("{object}.add({value}).set('e')"),
        }
    }

    /// A name that is bound again.
    fn binding(&mut self) -> String {
        if self.function.is_some() && self.chance(50) {
            return self
                .pick(&["l1 = items", "l1 = list(items)", "n0 = len(items)", "items = list(items)", "items = l0"])
                .to_owned();
        }
        let value = self.value();
        match self.rng.u8(..14) {
            8 => "pair[0] = o0.items".to_owned(),
            9 => "pair.append(l1)".to_owned(),
            10 => "by_name['a'] = l1".to_owned(),
            11 => "by_name.setdefault('c', o1.items).append('f')".to_owned(),
            12 => format!("l0 = choose(l0, l1)"),
            13 => format!("o0 = choose(o0, o1)"),
            0 => "l0 = l1".to_owned(),
            1 => format!("l1 = [{value}]"),
            2 => "l0 = list(l0) + ['k']".to_owned(),
            3 => "o1 = o0".to_owned(),
            4 => format!("o0 = Holder({value})"),
            5 => "d0 = dict(d1)".to_owned(),
            6 => "l1, l0 = l0, l1".to_owned(),
            _ => "o0.items = l0".to_owned(),
        }
    }
}
