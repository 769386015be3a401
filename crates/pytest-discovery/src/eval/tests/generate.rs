//! Random programs: statements over a few names, each guarded, so that exceptions are a part of what is compared.

use fastrand::Rng;

/// A program of about thirty statements, whose results are `v0`, `v1`, ...
pub(super) fn program(random: &mut Rng) -> String {
    let mut text = String::from(PRELUDE);
    for index in 0..30 {
        let value = expression(random, 3, index);
        match random.u8(0..10) {
            0 => {
                let more = expression(random, 2, index);
                text.push_str(&format!(
                    "v{index} = []\nfor i in {}:\n    if {}:\n        v{index}.append({more})\n    else:\n        continue\n",
                    ["range(4)", "'abc'", "[1, 2, 'x']", "(None, 5)", "{'k': 1, 'l': 2}"][random.usize(0..5)],
                    ["i", "i != 2", "i in (1, 'a', 'k')", "isinstance(i, int)"][random.usize(0..4)],
                ));
                // What may raise is guarded as a whole.
                let lines: Vec<String> = text
                    .rsplit_once(&format!("v{index} = []"))
                    .map_or_else(Vec::new, |(_, rest)| rest.lines().map(|line| format!("    {line}\n")).collect());
                let at = text.rfind(&format!("v{index} = []")).unwrap_or(0);
                text.truncate(at);
                text.push_str(&format!("try:\n    v{index} = []\n{}", lines[1..].concat()));
                text.push_str(&format!(
                    "except Exception as e:\n    v{index} = ('raised', v{index}, type(e).__name__)\n"
                ));
            }
            1 => {
                let test = expression(random, 2, index);
                let other = expression(random, 2, index);
                text.push_str(&format!(
                    "try:\n    if {test}:\n        v{index} = {value}\n    else:\n        v{index} = {other}\n"
                ));
                text.push_str(&format!("except Exception as e:\n    v{index} = type(e).__name__\n"));
            }
            2 => {
                text.push_str(&format!(
                    "try:\n    v{index} = f({value}, {})\nexcept Exception as e:\n    v{index} = type(e).__name__\n",
                    expression(random, 1, index)
                ));
            }
            _ => {
                text.push_str(&format!(
                    "try:\n    v{index} = {value}\nexcept Exception as e:\n    v{index} = type(e).__name__\n"
                ));
            }
        }
    }
    text
}

const PRELUDE: &str = "\
import itertools
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
@dataclass(frozen=True)
class P:
    a: int = 1
    b: str = 'b'
class C:
    base = [1]
    def __init__(self, x, y=None):
        self.x = x
        self.y = y
    def m(self, k=1):
        return (self.x, k)
class E(Enum):
    A = 1
    B = 'b'
class N(IntEnum):
    ONE = 1
    TWO = 2
def f(x, y=2, *rest, z=3):
    if x:
        return [x, y, rest, z]
    for i in range(3):
        if i == y:
            return i
    return None
def g(n):
    for i in range(n):
        yield i * 2
i = 0
";

fn expression(random: &mut Rng, depth: u32, known: usize) -> String {
    if depth == 0 {
        return atom(random, known);
    }
    let mut part = || expression(random, depth - 1, known);
    let (one, other, third) = (part(), part(), part());
    let forms = [
        format!("({one} + {other})"),
        format!("({one} * {other})"),
        format!("({one} - {other})"),
        format!("({one} / {other})"),
        format!("({one} // {other})"),
        format!("({one} % {other})"),
        format!("({one} == {other})"),
        format!("({one} < {other})"),
        format!("({one} in {other})"),
        format!("({one} and {other})"),
        format!("({one} or {other})"),
        format!("(not {one})"),
        format!("({one} if {other} else {third})"),
        format!("[{one}, {other}]"),
        format!("({one}, {other})"),
        format!("{{'a': {one}, 'b': {other}}}"),
        format!("{one}[{other}]"),
        format!("{one}[{}:{}]", random.i8(-3..4), random.i8(-3..4)),
        format!("{one}[::{}]", [-1, 2, 3, -2][random.usize(0..4)]),
        format!("len({one})"),
        format!("str({one})"),
        format!("repr({one})"),
        format!("list({one})"),
        format!("tuple({one})"),
        format!("sorted({one})"),
        format!("sorted({one}, key=str, reverse=True)"),
        format!("max({one})"),
        format!("min({one}, {other})"),
        format!("sum({one})"),
        format!("int({one})"),
        format!("float({one})"),
        format!("bool({one})"),
        format!("abs({one})"),
        format!("f'{{{one}}}-{{{other}}}'").replace("'a'", "\"a\"").replace("{'", "{ '"),
        format!("'%s|%r' % ({one}, {other})"),
        format!("'{{}}:{{!r}}'.format({one}, {other})"),
        format!("[j for j in {one}]"),
        format!("[str(j) for j in {one} if j]"),
        format!("{{str(j): j for j in {one}}}"),
        format!("list(zip({one}, {other}))"),
        format!("list(enumerate({one}))"),
        format!("list(itertools.product({one}, {other}))"),
        format!("list(itertools.chain({one}, {other}))"),
        format!("list(map(str, {one}))"),
        format!("any(j for j in {one})"),
        format!("all({one})"),
        format!("isinstance({one}, (int, str))"),
        format!("type({one}).__name__"),
        format!("C({one}, y={other}).m({third})"),
        format!("C({one}).y"),
        format!("P({one})"),
        format!("replace(P(), b={one})"),
        format!("getattr({one}, 'x', {other})"),
        format!("hasattr({one}, 'upper')"),
        format!("{one}.upper()"),
        format!("{one}.join({other})"),
        format!("{one}.split('a')"),
        format!("{one}.get('a', {other})"),
        format!("{one}.count({other})"),
        format!("{one}.index({other})"),
        format!("{one}.name"),
        format!("{one}.value"),
        format!("E({one})"),
        format!("list(g({one}))"),
        format!("(lambda q, r=1: (q, r))({one})"),
        format!("f(*{one})"),
        format!("[*{one}, {other}]"),
        format!("{{**{one}, 'z': {other}}}"),
        format!("divmod({one}, {other})"),
        format!("round({one}, 1)"),
        format!("format({one}, '>5')"),
        format!("f'{{{one}!r:>8}}'").replace("'a'", "\"a\"").replace("{'", "{ '"),
        format!("dict({one})"),
        format!("(set({one}) == set({other}))"),
        format!("({one} is None)"),
        format!("list(reversed({one}))"),
        format!("(-{one})"),
        format!("(hash({one}) and 1)"),
    ];
    // Quotes within f-strings nest from 3.12 on only: such forms are left out.
    loop {
        let form = &forms[random.usize(0..forms.len())];
        let nested = form.starts_with("f'")
            && (one.contains(['\'', '"', '\\', '{', '!', ':']) || other.contains(['\'', '"', '\\', '{', '!', ':']));
        if !nested {
            return form.clone();
        }
    }
}

fn atom(random: &mut Rng, known: usize) -> String {
    let atoms = [
        "(0)",
        "(1)",
        "(2)",
        "(-3)",
        "(7)",
        "(10)",
        "(2.5)",
        "(-0.5)",
        "(1e16)",
        "(0.1)",
        "True",
        "False",
        "None",
        "''",
        "'a'",
        "'abc'",
        "'12'",
        "'a,b'",
        "b'ab'",
        "[]",
        "[1, 2]",
        "['b', 'a']",
        "()",
        "(1,)",
        "{}",
        "{'a': 1}",
        "{3}",
        "range(3)",
        "E.A",
        "E.B",
        "N.ONE",
        "N.TWO",
        "P()",
        "P(2, 'c')",
        "C.base",
        "'x y'",
        "'%d'",
        "[3, 1, 2]",
        "[[1], [2]]",
        "'é'",
        "(10**20)",
        "float('inf')",
        "(1j)",
        "E",
        "C",
        "f",
        "(...)",
    ];
    if known > 0 && random.u8(0..3) == 0 {
        return format!("v{}", random.usize(0..known));
    }
    atoms[random.usize(0..atoms.len())].to_owned()
}
