//! Hooks of a conftest that change what was collected: marks, selection and order, under conditions that discovery can
//! decide and under others.

use fastrand::Rng;

use crate::flow::{Place, Words, block};
use crate::program::{Program, Source, chance, pick};

const PRELUDE: &str = "\
import contextlib
import pytest

values = ['a', 'b']
kept, dropped = [], []
count = 0

def choose(one, other):
    if yes:
        return one
    return other
";

const MODULE: &str = "\
import pytest

@pytest.mark.slow
def test_a(): pass
def test_b(p): pass
@pytest.mark.parametrize('q', [1, 2])
def test_c(q): pass
class TestC:
    pytestmark = pytest.mark.fast
    def test_a(self): pass
    def test_d(self, p): pass
    class TestInner:
        def test_f(self, p): pass
def test_e(p): pass
";

/// Of these, only the running process has the parameters.
const VAGUE: &str = "
import os
number = min(os.getpid(), 3)

@pytest.mark.parametrize('u', range(number))
def test_c_u(u): pass
@pytest.fixture(params=['a', 'b'][:number])
def f(request): return request.param
class TestU:
    def test_a(self, f): pass
    @pytest.mark.parametrize('u', [1, pytest.param(2, marks=pytest.mark.slow)][number - 2:])
    def test_u(self, u): pass
";

/// Of any items: of one, it is `x`.
const KNOWN: [&str; 13] = [
    "len(items) > 3",
    "items and 'a' in items[0].name",
    "not kept",
    "len(values) > 2",
    "dropped",
    "kept and dropped",
    "sum(1 for z in items) > 9",
    "len({z.name for z in items}) > 8",
    "any('[1]' in z.name for z in items)",
    "all(z.get_closest_marker('slow') for z in kept)",
    "len({z.nodeid: z for z in items}) % 2",
    "','.join(z.name for z in items).count('_a') > 2",
    "next((z for z in items if 'c' in z.name), items[0] if items else None) in kept",
];

const KNOWN_OF_ITEM: [&str; 12] = [
    "{}.name == 'test_c[1]'",
    "{}.name.startswith('test_c')",
    "'[a]' in {}.nodeid",
    "{}.name.endswith(']')",
    "hasattr({}, 'callspec')",
    "{}.originalname == 'test_a'",
    "'test_a' in {}.name",
    "{}.get_closest_marker('slow')",
    "'fast' in {}.keywords",
    "{}.nodeid.endswith('_b[a]')",
    "any(mark.name == 'm1' for mark in {}.iter_markers())",
    "{}.cls is None",
];

const UNDECIDED: [&str; 7] =
    ["yes", "no", "not yes", "yes and kept", "times > 1", "no or dropped", "times > len(items)"];

const MARKS: [&str; 6] = [
    "pytest.mark.m1",
    "pytest.mark.m2(1)",
    "'m3'",
    "f'c{count}'",
    "pytest.mark.m4(key='v')",
    "getattr(pytest.mark, f'm{len(values)}')",
];

pub(crate) fn program(rng: &mut Rng, conditions: &str) -> Program {
    of_module(rng, conditions, MODULE)
}

/// The same where some tests are among the others of which reading does not know the parameters.
pub(crate) fn among_vague(rng: &mut Rng) -> Program {
    let (first, rest) = MODULE.split_once("class").unwrap_or_default();
    of_module(rng, crate::flow::DECIDED, &format!("{first}{VAGUE}class{rest}"))
}

fn of_module(rng: &mut Rng, conditions: &str, module: &str) -> Program {
    let mut source = Source::default();
    source.line(conditions);
    source.line(PRELUDE);
    source.block("def helper(items, config):", |source| {
        let mut place = Place::in_function("helper");
        source.line("global count");
        block(&Items, rng, source, &mut place, 2);
    });
    source.block("def pytest_generate_tests(metafunc):", |source| {
        source.block("if 'p' in metafunc.fixturenames:", |source| {
            if chance(rng, 30) {
                let test = pick(rng, &["yes", "no", "len(values) > 1", "'d' in metafunc.function.__name__"]);
                source.line(format!("values.append('v') if {test} else None"));
            }
            source.line(pick(
                rng,
                &[
                    "metafunc.parametrize('p', values)",
                    "metafunc.parametrize('p', values[:2])",
                    "metafunc.parametrize('p', ['a'] if 'd' in metafunc.function.__name__ else list(values))",
                ],
            ));
        });
    });
    if chance(rng, 25) {
        source.block("def pytest_itemcollected(item):", |source| {
            let test = pick(rng, &["yes", "no", "'a' in item.name", "kept"]);
            let change = change_of_item(rng, "item");
            source.block(format!("if {test}:"), |source| source.line(change));
            source.line("kept.append(item)");
            if chance(rng, 50) {
                source.line("kept.clear()");
            }
        });
    }
    source.block("def pytest_collection_modifyitems(config, items):", |source| {
        let mut place = Place::in_function("hook");
        source.line("global count");
        block(&Items, rng, source, &mut place, 4);
    });
    let mut program = Program::default();
    program.file("conftest.py", source.into_text());
    program.file("test_module.py", module);
    if chance(rng, 40) {
        program.file("test_other.py", MODULE);
    }
    program
}

/// The items that a hook is passed.
struct Items;

impl Words for Items {
    fn condition(&self, rng: &mut Rng) -> &'static str {
        if chance(rng, 40) { pick(rng, &UNDECIDED) } else { pick(rng, &KNOWN) }
    }

    fn elements(&self, rng: &mut Rng) -> &'static str {
        let elements = [
            "list(items)",
            "list(items)",
            "items[:2]",
            "items[-3:]",
            "items[:times]",
            "reversed(list(items))",
            "[i for i in items if 'a' in i.name]",
            "[i for i in items if yes or 'a' in i.name]",
            "[i for i in items if i.get_closest_marker('m1')]",
            "sorted(items, key=lambda i: i.name)",
            "kept[:3]",
        ];
        pick(rng, &elements)
    }

    fn turn(&self, rng: &mut Rng, element: &str) -> String {
        let test = if chance(rng, 70) { of_item(rng, element) } else { self.condition(rng).to_owned() };
        format!("if {test}: {}", change_of_item(rng, element))
    }

    fn change(&self, rng: &mut Rng, place: &Place) -> String {
        let innermost = place.elements.iter().rev().find_map(|name| *name);
        match (rng.u8(..11), innermost) {
            (10, _) => "count += 1".to_owned(),
            (0..4, Some(element)) => change_of_item(rng, element),
            (4 | 5, Some(element)) => {
                let test = if chance(rng, 60) { of_item(rng, element) } else { self.condition(rng).to_owned() };
                let list = pick(rng, &["kept", "dropped", "kept"]);
                match rng.u8(..3) {
                    0 => format!("{list}.append({element}) if {test} else None"),
                    1 => format!("if {element} in items and ({test}): items.remove({element})"),
                    _ => format!("if {test}: {}", change_of_item(rng, element)),
                }
            }
            (6, _) if place.function == Some("hook") => {
                format!("helper({}, config)", pick(rng, &["items", "items[:2]", "kept", "choose(items, kept)"]))
            }
            (7, _) => {
                let (over, test) = (self.elements(rng), of_item(rng, "z"));
                match rng.u8(..3) {
                    0 => format!("items[:] = [z for z in {over} if {test}]"),
                    1 => format!("[z.add_marker({}) for z in {over} if {test}]", pick(rng, &MARKS)),
                    _ => format!("kept.extend(z for z in {over} if {test})"),
                }
            }
            (8, _) => {
                let one = pick(
                    rng,
                    &[
                        "items[times - 1]",
                        "choose(items[0], items[-1])",
                        "(items[0] if yes else items[-1])",
                        "next(z for z in items if yes)",
                        "max(items, key=lambda z: len(z.name) * times)",
                        "{'a': items[0], 'b': items[-1]}['a' if yes else 'b']",
                    ],
                );
                format!("if items: {}", change_of_item(rng, one))
            }
            _ => change_of_items(rng),
        }
    }
}

fn of_item(rng: &mut Rng, item: &str) -> String {
    let test = pick(rng, &KNOWN_OF_ITEM).replace("{}", item);
    match rng.u8(..4) {
        0 => format!("yes and {test}"),
        1 => format!("{test} or no"),
        _ => test,
    }
}

fn change_of_item(rng: &mut Rng, item: &str) -> String {
    let mark = pick(rng, &MARKS);
    match rng.u8(..8) {
        0..4 => format!("{item}.add_marker({mark})"),
        4 => format!("{item}.add_marker({mark}, append=False)"),
        5 => format!("{item}.own_markers.append(pytest.mark.m5.mark)"),
        6 => format!("if len({item}.own_markers) > 1: {item}.own_markers.pop()"),
        _ => format!("{item}.own_markers[:] = [m for m in {item}.own_markers if m.name != 'm1']"),
    }
}

fn change_of_items(rng: &mut Rng) -> String {
    let change = [
        "items.reverse()",
        "items.sort(key=lambda z: z.name)",
        "items.sort(key=lambda z: z.get_closest_marker('m1') is None)",
        "items[:] = items[1:] + items[:1]",
        "if items: items.insert(0, items.pop())",
        "if len(items) > 2: items.insert(1, items.pop(0))",
        "items[:] = [z for i, z in enumerate(items) if i % 2 == 0]",
        "items[1:] = items[::2]",
        "for i, z in enumerate(items): z.add_marker(f'i{i}')",
        "for z in items: count += 1; z.add_marker(f'c{count}')",
        "for z, v in zip(items, 'abcdefghijklmnop'): z.add_marker(v)",
        "if len(items) % 2: items.pop()",
        "if count > 3: items[:] = items[:count]",
        "if items: items.remove(items[0])",
        "del items[:1]",
        "if kept: items[:] = kept",
        "items[:] = [z for z in items if z not in dropped]",
        "config.hook.pytest_deselected(items=dropped)",
        "items[:] = choose(items[:2], items[2:])",
        "items[:] = sorted(items, key=lambda z: len(z.name))",
    ];
    pick(rng, &change).to_owned()
}
