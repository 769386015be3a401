//! Objects that may stand for none, or for several, of what there is when the tree runs: a test of which the parameters are
//! not known is one item here. Where they are in a sequence, the places of the others are not known.

use super::value::{Doubt, Value};

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
