//! The jobs that a matrix makes.
//!
//! Source: GitHub's "Running variations of jobs in a workflow": every combination of the axes, less what `exclude` names;
//! then each object of `include` is added to the combinations whose own values it does not change, or makes a new one.

use std::sync::Arc;

use super::definition::MatrixDefinition;
use super::expression::{Contexts, Object, Value};

/// GitHub makes no more jobs of one matrix.
const MOST_JOBS: usize = 256;

/// The values of a combination, by axis.
type Values = Vec<(Arc<str>, Value)>;

/// A combination of a matrix.
#[derive(Debug, Clone, Default)]
pub(super) struct Combination {
    pub(super) values: Object,
    /// An `exclude` may take it out: whether its values are the same is not known.
    pub(super) may_be_excluded: bool,
}

/// The combinations of a matrix, one with nothing known where what they are is not known. None for a matrix without any.
///
/// # Errors
///
/// Where there are more than GitHub makes.
pub(super) fn combinations(definition: &MatrixDefinition, contexts: &Contexts) -> Result<Vec<Combination>, String> {
    let parts = match definition {
        MatrixDefinition::Unknown => None,
        MatrixDefinition::Axes { axes, include, exclude } => {
            let axes = axes.iter().map(|(name, value)| (Arc::clone(name), value.value(contexts))).collect();
            let list = |value: &Option<_>| -> Option<Vec<Value>> {
                value
                    .as_ref()
                    .map_or(Some(Vec::new()), |value: &super::template::TemplateValue| elements(&value.value(contexts)))
            };
            list(include).zip(list(exclude)).map(|(include, exclude)| (axes, include, exclude))
        }
        MatrixDefinition::Whole(value) => of_value(&value.value(contexts)),
    };
    let Some((axes, include, exclude)) = parts else { return Ok(vec![unknown()]) };
    expand(axes, &include, &exclude)
}

/// The parts of a matrix that an expression gives.
fn of_value(value: &Value) -> Option<(Values, Vec<Value>, Vec<Value>)> {
    let Value::Object(object) = value else { return None };
    if object.more.is_some() {
        return None;
    }
    let list = |name| object.get(name).map_or(Some(Vec::new()), elements);
    let (include, exclude) = (list("include")?, list("exclude")?);
    let axes = object.entries.iter().filter(|(name, _)| !matches!(&**name, "include" | "exclude")).cloned().collect();
    Some((axes, include, exclude))
}

fn expand(axes: Values, include: &[Value], exclude: &[Value]) -> Result<Vec<Combination>, String> {
    let too_many = || Err(format!("its matrix has more than {MOST_JOBS} combinations, which GitHub refuses"));
    let Some(mut combinations) = product(&axes) else { return too_many() };
    for excluded in exclude {
        let Value::Object(excluded) = excluded else { return Ok(vec![unknown()]) };
        combinations.retain_mut(|combination| {
            let covered = covers(&combination.values.entries, excluded);
            combination.may_be_excluded |= covered.is_none();
            covered != Some(true)
        });
    }
    let is_axis = |name: &str| axes.iter().any(|(axis, _)| **axis == *name);
    let mut added = Vec::new();
    for included in include {
        let Value::Object(included) = included else { return Ok(vec![unknown()]) };
        let (own, new): (Values, Values) = included.entries.iter().cloned().partition(|(name, _)| is_axis(name));
        let own = Object { entries: own, more: None };
        let mut matched = false;
        for Combination { values, .. } in &mut combinations {
            match covers(&values.entries, &own) {
                Some(true) => {}
                Some(false) => continue,
                None => return Ok(vec![unknown()]),
            }
            matched = true;
            for (name, value) in &new {
                match values.entries.iter_mut().find(|(known, _)| known == name) {
                    Some((_, old)) => *old = value.clone(),
                    None => values.entries.push((Arc::clone(name), value.clone())),
                }
            }
        }
        if !matched {
            added.push(Combination { values: Object::clone(included), may_be_excluded: false });
        }
    }
    combinations.extend(added);
    if combinations.len() > MOST_JOBS { too_many() } else { Ok(combinations) }
}

/// Every combination of the axes; `None` where there are too many.
fn product(axes: &Values) -> Option<Vec<Combination>> {
    let mut combinations = if axes.is_empty() { Vec::new() } else { vec![Combination::default()] };
    for (name, values) in axes {
        // One value that is not known stands for however many there are.
        let values = elements(values).unwrap_or_else(|| vec![Value::unknown(format!("matrix.{name}"))]);
        if combinations.len() * values.len() > MOST_JOBS {
            return None;
        }
        combinations = combinations
            .iter()
            .flat_map(|before| {
                values.iter().map(|value| {
                    let mut combination = before.clone();
                    combination.values.entries.push((Arc::clone(name), value.clone()));
                    combination
                })
            })
            .collect();
    }
    Some(combinations)
}

/// Whether the combination has all of these values; `None` where only CI knows.
fn covers(combination: &Values, values: &Object) -> Option<bool> {
    let mut unknown = false;
    for (name, value) in &values.entries {
        match combination.iter().find(|(axis, _)| axis == name).map(|(_, own)| same(own, value)) {
            Some(Some(true)) => {}
            Some(None) => unknown = true,
            Some(Some(false)) | None => return Some(false),
        }
    }
    (!unknown).then_some(true)
}

/// Whether two values are one; `None` where only CI knows, and for values that some rule or other might take for one.
fn same(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::List(_) | Value::Object(_), Value::List(_) | Value::Object(_)) => {
            if left == right {
                Some(true)
            } else {
                None
            }
        }
        _ if left == right => Some(true),
        // `1` and `'1'`, `A` and `a`.
        _ => {
            let (left, right) = (left.to_text()?, right.to_text()?);
            if left.eq_ignore_ascii_case(&right) { None } else { Some(false) }
        }
    }
}

fn elements(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(elements) => Some(elements.to_vec()),
        Value::Null => Some(Vec::new()),
        Value::Unknown(_) | Value::Object(_) => None,
        // GitHub wants a list; one that gets it a value alone fails.
        one => Some(vec![one.clone()]),
    }
}

fn unknown() -> Combination {
    let values = Object { entries: Vec::new(), more: Some("matrix".into()) };
    Combination { values, may_be_excluded: false }
}
