//! Regrouping beside tests whose parameters are not known.
//!
//! Parameters of wider scopes bring tests together, and those of an inexact test may move the exact ones around it. Such
//! a test takes part with what is known of its calls (its shadow); a call that is not known has two values that nobody
//! else has. What stands elsewhere with them than without, and what has a parameter that is also one of them, has no
//! place that is known. Nor has what stands elsewhere without a test that may not be there.

use foldhash::HashMap;
use std::rc::Rc;

use test_catalog::Reason;

use super::callspec::{Parameter, ParameterKey};
use super::item::Item;
use super::regroup::{Test, regroup};
use super::scope::Scope;
use crate::PytestVersion;

/// The scopes that a call may have whose scope is not known either.
const GUESSES: [Scope; 2] = [Scope::Session, Scope::Module];

/// So many tests that may not be there are left out one by one.
const MOST_ALONE: usize = 8;

/// The tests in the order that their parameters give. Exact ones that may stand elsewhere become inexact.
pub(super) fn regrouped(items: Vec<Rc<Item>>, pytest: PytestVersion) -> Vec<Rc<Item>> {
    let order = order(&items, &[], None, pytest);
    let is_exact: Vec<bool> = items.iter().map(|item| item.doubt.borrow().is_none()).collect();
    let exact = |order: Vec<usize>| -> Vec<usize> { order.into_iter().filter(|index| is_exact[*index]).collect() };
    let known = exact(order.clone());
    let hidden: Vec<&Item> = items.iter().map(Rc::as_ref).filter(|item| hidden(item).next().is_some()).collect();
    if !hidden.is_empty() {
        for guess in GUESSES {
            let other = exact(self::order(&items, &[], Some(guess), pytest));
            doubt_moved(&items, &known, &other, &hidden);
        }
        doubt_those_that_share(&items, &hidden, pytest);
    }
    for absent in absent(&items, &is_exact) {
        let other = exact(self::order(&items, &absent, None, pytest));
        doubt_moved(&items, &known, &other, &absent);
    }
    order.into_iter().map(|index| items[index].clone()).collect()
}

/// Those that stand elsewhere in another order have no place that is known, because of one of the causes.
fn doubt_moved(items: &[Rc<Item>], known: &[usize], other: &[usize], causes: &[&Item]) {
    for (one, other) in known.iter().zip(other).filter(|(one, other)| one != other) {
        for item in [&items[*one], &items[*other]] {
            let near = causes.iter().find(|test| test.module.path == item.module.path);
            near.or(causes.first()).into_iter().for_each(|cause| doubt(item, cause));
        }
    }
}

/// Which of those that may not be there at all are left out together: all of them, and each alone.
fn absent<'t>(items: &'t [Rc<Item>], is_exact: &[bool]) -> Vec<Vec<&'t Item>> {
    let may_be_absent = |item: &&Item| !item.shadow.iter().all(Vec::is_empty) && hidden(item).next().is_none();
    let doubtful = items.iter().zip(is_exact).filter(|(_, is_exact)| !**is_exact).map(|(item, _)| &**item);
    let all: Vec<&Item> = doubtful.filter(may_be_absent).collect();
    let alone: Vec<Vec<&Item>> = all.iter().take(MOST_ALONE).map(|item| vec![*item]).collect();
    if all.len() > 1 { std::iter::once(all).chain(alone).collect() } else { alone }
}

fn hidden(item: &Item) -> impl Iterator<Item = &Parameter> {
    item.shadow.iter().flatten().filter(|one| is_hidden(one))
}

fn is_hidden(parameter: &Parameter) -> bool {
    matches!(parameter.key, ParameterKey::Hidden(..))
}

fn doubt(item: &Item, cause: &Item) {
    if item.doubt.borrow().is_none() {
        let text = format!("its place depends on parameters of `{}`, which are not known", cause.name);
        item.doubt(&Reason { text, at: cause.span.clone() }.into());
    }
}

/// Tests with a parameter whose values an unknown call may give others too have no place that is known.
fn doubt_those_that_share(items: &[Rc<Item>], unknown: &[&Item], pytest: PytestVersion) {
    let mut by_name: HashMap<&str, Vec<(Option<Scope>, &Item)>> = HashMap::default();
    for other in unknown {
        for one in hidden(other) {
            let held = by_name.entry(&one.name).or_default();
            if !held.iter().any(|(scope, item)| *scope == one.scope && std::ptr::eq(*item, *other)) {
                held.push((one.scope, other));
            }
        }
    }
    for item in items {
        for one in &item.parameters {
            let Some(scope) = one.scope.filter(|scope| *scope != Scope::Function) else { continue };
            let place = |item: &Item| test(item, item.class_path().as_deref()).place(scope, pytest);
            let others = by_name.get(&*one.name).map(Vec::as_slice).unwrap_or_default();
            let mut alike = others.iter().filter(|(own, _)| own.is_none_or(|own| own == scope));
            if let Some((_, other)) = alike.find(|(_, other)| place(item) == place(other)) {
                doubt(item, other);
            }
        }
    }
}

/// The order of all but the absent ones, with the calls that are not known, those without a scope in that one; or without
/// them.
fn order(items: &[Rc<Item>], absent: &[&Item], guess: Option<Scope>, pytest: PytestVersion) -> Vec<usize> {
    // Only of parameters is it asked where they stand.
    let has_some = |item: &Item| !item.parameters.is_empty() || !item.shadow.is_empty();
    let classes: Vec<Option<String>> =
        items.iter().map(|item| if has_some(item) { item.class_path() } else { None }).collect();
    let shadows: Vec<Vec<Vec<Parameter>>> = items.iter().map(|item| shadow(item, guess)).collect();
    let is_there = |item: &Item| !absent.iter().any(|one| std::ptr::eq(*one, item));
    let mut of_item = Vec::new();
    let mut tests = Vec::new();
    for (index, (item, class)) in items.iter().zip(&classes).enumerate().filter(|(_, (item, _))| is_there(item)) {
        let whole = test(item, class.as_deref());
        if shadows[index].is_empty() {
            of_item.push(index);
            tests.push(whole);
            continue;
        }
        for parameters in &shadows[index] {
            of_item.push(index);
            tests.push(Test { parameters, ..whole });
        }
    }
    let mut is_placed = vec![false; items.len()];
    let indices = regroup(&tests, pytest).into_iter().map(|test| of_item[test]);
    indices.filter(|index| !std::mem::replace(&mut is_placed[*index], true)).collect()
}

fn shadow(item: &Item, guess: Option<Scope>) -> Vec<Vec<Parameter>> {
    let guessed = |one: &Parameter| Parameter { scope: one.scope.or(guess), ..one.clone() };
    let kept = |parameters: &Vec<Parameter>| {
        parameters.iter().filter(|one| guess.is_some() || !is_hidden(one)).map(guessed).collect()
    };
    item.shadow.iter().map(kept).collect()
}

fn test<'t>(item: &'t Item, class: Option<&'t str>) -> Test<'t> {
    Test { parameters: &item.parameters, file: item.module.path.as_str(), class }
}
