//! Statements that decide what runs, around statements that change something: what both are about is left to the family.

use fastrand::Rng;

use crate::program::{Source, chance, pick};

/// The conditions of a program that discovery can decide.
pub(crate) const DECIDED: &str = "yes, no, times = True, False, 2";

/// The same to pytest, but they depend on what only a running process has: what they may change must not be told for
/// certain, and what they cannot change must still be known.
pub(crate) const UNDECIDED: &str = "\
import os
yes, no, times = os.getpid() > 0, os.getpid() < 0, min(os.getpid(), 2)";

/// What the statements of a family are about.
pub(crate) trait Words {
    /// A statement without a body.
    fn change(&self, rng: &mut Rng, place: &Place) -> String;

    /// A condition, which may be one that reading cannot decide.
    fn condition(&self, rng: &mut Rng) -> &'static str;

    /// What a loop runs over: few, and none that it changes, or it may never end.
    fn elements(&self, rng: &mut Rng) -> &'static str;

    /// What a turn of a loop may begin with.
    fn turn(&self, rng: &mut Rng, element: &str) -> String;
}

/// Where a statement stands.
#[derive(Default)]
pub(crate) struct Place {
    /// The function whose body it is in.
    pub(crate) function: Option<&'static str>,
    /// The loops around, the innermost last: the name of what a `for` takes, none of a `while`.
    pub(crate) elements: Vec<Option<&'static str>>,
    depth: usize,
    /// Every `while` has a counter of its own.
    counters: usize,
}

impl Place {
    pub(crate) fn in_function(name: &'static str) -> Self {
        Self { function: Some(name), ..Self::default() }
    }
}

/// Statements with such words, up to so many.
pub(crate) fn statements(words: &impl Words, rng: &mut Rng, source: &mut Source, place: &mut Place, most: usize) {
    for _ in 0..1 + rng.usize(..most) {
        statement(words, rng, source, place);
    }
}

/// The same as the body of something.
pub(crate) fn block(words: &impl Words, rng: &mut Rng, source: &mut Source, place: &mut Place, most: usize) {
    place.depth += 1;
    statements(words, rng, source, place, most);
    place.depth -= 1;
}

fn statement(words: &impl Words, rng: &mut Rng, source: &mut Source, place: &mut Place) {
    let is_deep = place.depth > 3;
    match rng.u8(..20) {
        0..5 if !is_deep => branch(words, rng, source, place),
        5..8 if !is_deep => repeat(words, rng, source, place),
        8 if !is_deep => repeat_while(words, rng, source, place),
        9 if !is_deep => attempt(words, rng, source, place),
        10 if !place.elements.is_empty() => {
            let how = pick(rng, &["break", "continue"]);
            source.block(format!("if {}:", words.condition(rng)), |source| source.line(how));
        }
        11 if place.function.is_some() => {
            source.block(format!("if {}:", words.condition(rng)), |source| source.line("return items"));
        }
        _ => source.line(words.change(rng, place)),
    }
}

fn branch(words: &impl Words, rng: &mut Rng, source: &mut Source, place: &mut Place) {
    source.block(format!("if {}:", words.condition(rng)), |source| block(words, rng, source, place, 2));
    if chance(rng, 20) {
        source.block(format!("elif {}:", words.condition(rng)), |source| block(words, rng, source, place, 2));
    }
    if chance(rng, 35) {
        source.block("else:", |source| block(words, rng, source, place, 2));
    }
}

fn repeat(words: &impl Words, rng: &mut Rng, source: &mut Source, place: &mut Place) {
    let (element, elements) = (pick(rng, &["x", "y"]), words.elements(rng));
    source.block(format!("for {element} in {elements}:"), |source| {
        place.elements.push(Some(element));
        if chance(rng, 50) {
            source.line(words.turn(rng, element));
        }
        block(words, rng, source, place, 2);
        place.elements.pop();
    });
    if chance(rng, 20) {
        source.block("else:", |source| block(words, rng, source, place, 1));
    }
}

fn repeat_while(words: &impl Words, rng: &mut Rng, source: &mut Source, place: &mut Place) {
    let counter = format!("i{}", place.counters);
    place.counters += 1;
    source.line(format!("{counter} = 0"));
    let more = if chance(rng, 50) { String::new() } else { format!(" and ({})", words.condition(rng)) };
    source.block(format!("while {counter} < 3{more}:"), |source| {
        source.line(format!("{counter} += 1"));
        place.elements.push(None);
        block(words, rng, source, place, 2);
        place.elements.pop();
    });
}

fn attempt(words: &impl Words, rng: &mut Rng, source: &mut Source, place: &mut Place) {
    if chance(rng, 30) {
        source.block("with contextlib.suppress(ValueError):", |source| raising(words, rng, source, place));
        return;
    }
    source.block("try:", |source| raising(words, rng, source, place));
    let handler = pick(rng, &["except ValueError:", "except Exception:", "except (KeyError, ValueError):"]);
    source.block(handler, |source| block(words, rng, source, place, 2));
    if chance(rng, 30) {
        source.block("else:", |source| block(words, rng, source, place, 1));
    }
    if chance(rng, 30) {
        source.block("finally:", |source| block(words, rng, source, place, 1));
    }
}

fn raising(words: &impl Words, rng: &mut Rng, source: &mut Source, place: &mut Place) {
    block(words, rng, source, place, 1);
    source.block(format!("if {}:", words.condition(rng)), |source| source.line("raise ValueError"));
    block(words, rng, source, place, 1);
}
