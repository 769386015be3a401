//! Marks in each form in which they are written.

use fastrand::Rng;

use crate::program::{chance, pick};

const MARKS: [&str; 12] = [
    "pytest.mark.plain",
    "pytest.mark.called()",
    "pytest.mark.args(1, 'a', None)",
    "pytest.mark.kwargs(1, key=[1, (2, 'b')], other={'k': 1.5})",
    "pytest.mark.computed(word, f'{word}-x', -1)",
    "pytest.mark.skipif(False, reason='never')",
    "mark.imported",
    "slow",
    "slow(1)",
    "slow(1)(2, key=3)",
    "slow.with_args('w')",
    "getattr(pytest.mark, 'by_name')",
];

const DECORATORS: [&str; 5] = ["both", "wrapping", "passing", "replacing", "mark.tagged('x')"];

pub(crate) fn mark(rng: &mut Rng) -> &'static str {
    pick(rng, &MARKS)
}

pub(crate) fn decorator(rng: &mut Rng) -> &'static str {
    if chance(rng, 75) { mark(rng) } else { pick(rng, &DECORATORS) }
}

/// What `pytestmark` is bound to; one in fifty is of a type that pytest refuses.
pub(crate) fn pytestmark(rng: &mut Rng) -> String {
    let (one, other) = (mark(rng), mark(rng));
    match rng.u8(..50) {
        0 => format!("({one}, {other})"),
        1..25 => one.to_owned(),
        25..42 => format!("[{one}, {other}]"),
        42..44 => "[]".to_owned(),
        44..47 => format!("[{one}] + [{other}]"),
        _ => format!("[getattr(mark, name) for name in ('c1', 'c2')] + [{one}]"),
    }
}
