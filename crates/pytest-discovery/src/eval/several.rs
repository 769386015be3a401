//! Objects that may stand for none, or for several, of what there is when the tree runs: a test of which the parameters are
//! not known is one item here. Where they are in a sequence, the places of the others are not known.

use foldhash::HashSet;

use super::candidates::identity;
use super::value::{Doubt, List, Value};

/// Why an element may be none or several.
pub(super) fn of(element: &Value) -> Option<Doubt> {
    match element {
        Value::Object(object) => object.stands_for_several(),
        _ => None,
    }
}

/// The same of an element that has it in it, as `enumerate` gives them.
pub(super) fn within(element: &Value) -> Option<(Doubt, Value)> {
    match element {
        Value::Tuple(parts) => parts.iter().find_map(|part| Some((of(part)?, part.clone()))),
        element => Some((of(element)?, element.clone())),
    }
}

/// Why places and length of a sequence are not known.
pub(super) fn among(items: &[Value]) -> Option<Doubt> {
    // Such objects have a sequence of their own: a look at one element is all that others pay.
    matches!(items.first(), Some(Value::Object(_))).then(|| items.iter().find_map(of)).flatten()
}

/// Whether there is any element: those that may stand for none do not tell.
pub(super) fn are_any(items: &[Value]) -> Option<bool> {
    let is_none_for_certain = items.is_empty();
    let is_one_for_certain = items.iter().any(|item| of(item).is_none());
    (is_none_for_certain || is_one_for_certain).then_some(is_one_for_certain)
}

/// Whether an element is one of which it is not even known what it stands for.
pub(super) fn is_vague(element: &Value) -> bool {
    matches!(element, Value::Object(object) if object.is_vague())
}

/// The elements in the opposite order.
pub(super) fn reversed(mut items: Vec<Value>) -> Vec<Value> {
    items.reverse();
    vague_first(items)
}

/// Elements whose order was changed: in front of the others, those whose places are not known keep the others' from being told.
pub(super) fn vague_first(mut items: Vec<Value>) -> Vec<Value> {
    if items.iter().any(is_vague) {
        items.sort_by_key(|item| !is_vague(item));
    }
    items
}

/// The elements of a list or set of which none need be there.
pub(super) fn alone(value: &Value) -> Vec<Value> {
    match value {
        Value::Tuple(items) | Value::FrozenSet(items) if items.iter().all(|item| of(item).is_some()) => items.to_vec(),
        Value::List(list) | Value::Set(list) => match &*list.0.borrow() {
            Ok(items) if items.iter().all(|item| of(item).is_some()) => items.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether two lists have the same objects in the same order, those left out.
pub(super) fn are_same_without(objects: &[Value], one: &List, other: &List) -> bool {
    let without: HashSet<_> = objects.iter().filter_map(identity).collect();
    let others = |list: &List| -> Option<Vec<*const ()>> {
        let items = list.0.borrow();
        let places: Option<Vec<_>> = items.as_ref().ok()?.iter().map(identity).collect();
        Some(places?.into_iter().filter(|place| !without.contains(place)).collect())
    };
    others(one).is_some_and(|places| others(other) == Some(places))
}
