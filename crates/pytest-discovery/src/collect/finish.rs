//! What happens to all tests at the end of collection: hooks of the tree change the list, and parameters of wider
//! scopes its order.
//!
//! Source of the rules: the order of `pytest_collection_modifyitems` among pytest's own plugins and conftests.

use std::rc::Rc;

use foldhash::HashMap;
use test_catalog::{Condition, Problem, ProblemKind, Reason, SourceSpan};

use super::config_object::{ConfigObject, Session};
use super::item::Item;
use super::plugins::{Hook, Plugins, Turn};
use super::shadow;
use crate::PytestVersion;
use crate::eval::value::{Doubt, Value};
use crate::eval::{Interpreter, elements};

const MODIFY: &str = "pytest_collection_modifyitems";
/// Meant to look at the list only; what it does to it counts all the same.
const FINISH: &str = "pytest_collection_finish";

/// The tests as pytest would run them.
pub(crate) fn finish(
    mut items: Vec<Rc<Item>>,
    plugins: &Plugins,
    config: &Rc<ConfigObject>,
    interpreter: &mut Interpreter<'_>,
    pytest: PytestVersion,
) -> Vec<Rc<Item>> {
    let (early, late): (Vec<Hook>, Vec<Hook>) = plugins
        .hooks(MODIFY, None)
        .into_iter()
        .partition(|hook| hook.turn == Turn::First || (hook.turn == Turn::Normal && !hook.initial));
    for hook in early {
        items = modify(items, MODIFY, &hook, config, interpreter);
    }
    items = shadow::regrouped(items, pytest);
    for hook in late {
        items = modify(items, MODIFY, &hook, config, interpreter);
    }
    for hook in plugins.hooks(FINISH, None) {
        items = modify(items, FINISH, &hook, config, interpreter);
    }
    for condition in &*config.narrowed.borrow() {
        items.iter().for_each(|item| item.add_condition(condition.clone()));
    }
    if let Some(reason) = &*config.unfollowed.borrow() {
        let doubt = Doubt::from(reason.clone());
        items.iter().for_each(|item| item.doubt(&doubt));
    }
    if let Some(doubt) = &*config.doubts.borrow() {
        let doubt = Doubt::from(doubt.clone());
        items.iter().for_each(|item| item.more_marks_by_hook(&doubt));
    }
    items
}

/// Lets one hook change the list. A test that it takes out stays, under the condition that the hook keeps it: whether
/// it is deselected may depend on how pytest is called.
fn modify(
    items: Vec<Rc<Item>>,
    name: &str,
    hook: &Hook,
    config: &Rc<ConfigObject>,
    interpreter: &mut Interpreter<'_>,
) -> Vec<Rc<Item>> {
    let doubt_all = |reason: Reason| {
        let doubt = Doubt::from(reason);
        items.iter().for_each(|item| item.doubt(&doubt));
    };
    if hook.wraps && hook.doubt.is_none() {
        doubt_all(hook.not_followed(name));
        return items;
    }
    config.deselected.borrow_mut().take();
    let list = Value::list(items.iter().map(|item| Value::Object(item.clone())).collect());
    let session = Session::new(config, list.clone());
    let arguments =
        [("items", list), ("config", Value::Object(config.clone())), ("session", Value::Object(session.clone()))];
    hook.call(interpreter, &arguments);
    if hook.wraps {
        doubt_all(hook.not_followed(name));
        return items;
    }
    if interpreter.has_failed() {
        let text = format!("the hook `{name}` raises an exception, as far as it can be followed");
        let message = format!("{text}: pytest ends, and runs nothing");
        let at = SourceSpan::at(hook.at.file.clone(), hook.at.start);
        config.ended.borrow_mut().get_or_insert(Problem { kind: ProblemKind::Collection, message, at });
        doubt_all(Reason { text, at: hook.at.clone() });
        return items;
    }
    let is_same = |(value, item): (&Value, &Rc<Item>)| value.downcast().is_some_and(|one| std::ptr::eq(one, &**item));
    // Most hooks leave the list as it is, and it may be long: it is not copied for that.
    if let Value::List(list) = &*session.items.borrow()
        && let Ok(kept) = &*list.0.borrow()
        && kept.len() == items.len()
        && kept.iter().zip(&items).all(is_same)
    {
        return items;
    }
    let kept = match elements(&session.items.borrow()) {
        Ok(kept) => kept,
        Err(doubt) => {
            let reason = doubt.map_or_else(|| hook.not_followed(name), |doubt| (*doubt).clone());
            doubt_all(Reason { text: format!("{} in the hook `{name}`", reason.text), at: reason.at });
            return items;
        }
    };
    let place: HashMap<*const Item, usize> =
        items.iter().enumerate().map(|(index, item)| (Rc::as_ptr(item), index)).collect();
    let order: Option<Vec<usize>> =
        kept.iter().map(|value| place.get(&std::ptr::from_ref(value.downcast::<Item>()?)).copied()).collect();
    let Some(mut order) = order else {
        doubt_all(hook.not_followed(name));
        return items;
    };
    let mut is_kept = vec![false; items.len()];
    order.iter().for_each(|index| is_kept[*index] = true);
    let removed: Vec<usize> = (0..items.len()).filter(|index| !is_kept[*index]).collect();
    if !removed.is_empty() {
        let at = config.deselected.borrow().clone().unwrap_or_else(|| hook.at.clone());
        // Each goes back behind the test that it stood behind.
        let mut behind: HashMap<usize, Vec<usize>> = HashMap::default();
        let mut first = Vec::new();
        for index in removed {
            let condition = Condition { text: format!("kept by the hook `{name}`"), at: at.clone() };
            items[index].add_condition(condition);
            match (0..index).rev().find(|before| is_kept[*before]) {
                Some(before) => behind.entry(before).or_default().push(index),
                None => first.push(index),
            }
        }
        order = first
            .into_iter()
            .chain(
                order
                    .into_iter()
                    .flat_map(|index| std::iter::once(index).chain(behind.remove(&index).unwrap_or_default())),
            )
            .collect();
    }
    order.into_iter().map(|index| items[index].clone()).collect()
}
