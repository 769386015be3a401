//! `pytest.mark.parametrize`: from its arguments to ids and further marks.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::PytestVersion;
use crate::collect::ids;
use crate::eval::value::{Doubt, Mark, Value};
use crate::eval::{Frame, Interpreter, elements, truth};

const NOTSET_ID: PytestVersion = PytestVersion::new(8, 4, 0);
const TRAILING_COMMA: PytestVersion = PytestVersion::new(9, 1, 0);

/// One parameter set of a call: its id, and the marks that it adds.
#[derive(Debug, Clone)]
pub(crate) struct ParameterSet {
    pub(crate) id: String,
    pub(crate) marks: Vec<Rc<Mark>>,
    /// Where `pytest.param(...)` stands, if it is one.
    pub(crate) at: Option<test_catalog::SourceSpan>,
    /// Of a call without values: why pytest skips the test.
    pub(crate) empty: Option<String>,
}

/// Why a call's ids are not known.
#[derive(Debug)]
pub(crate) struct NotKnown {
    pub(crate) text: String,
    pub(crate) doubt: Option<Doubt>,
}

impl NotKnown {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), doubt: None }
    }

    fn because(text: impl Into<String>, doubt: Option<Doubt>) -> Self {
        Self { text: text.into(), doubt }
    }
}

/// The names that a call parametrizes, as far as they are known.
pub(crate) fn argnames(mark: &Mark, pytest: PytestVersion) -> Result<(Vec<String>, bool), NotKnown> {
    let value = argument(mark, 0, "argnames").ok_or_else(|| NotKnown::new("`parametrize` without argument names"))?;
    match value {
        Value::Str(text) => {
            let text = text.as_str().ok_or_else(|| NotKnown::new("argument names that are no text"))?;
            let names: Vec<String> =
                text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
            let single = names.len() == 1 && !(text.trim_end().ends_with(',') && pytest >= TRAILING_COMMA);
            Ok((names, single))
        }
        Value::List(_) | Value::Tuple(_) => {
            let names = elements(value).map_err(|doubt| NotKnown::because("argument names are not known", doubt))?;
            let names: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
            Ok((names.ok_or_else(|| NotKnown::new("argument names are not known"))?, false))
        }
        other => Err(NotKnown::because("argument names are not known", other.doubt().cloned())),
    }
}

/// Whether a call sends all, or some, of its values through fixtures; what cannot be known counts as all.
pub(crate) fn indirect(mark: &Mark, names: &[String]) -> BTreeSet<String> {
    match argument(mark, 2, "indirect") {
        None => BTreeSet::new(),
        Some(value) if truth(value) == Some(false) => BTreeSet::new(),
        Some(value @ (Value::List(_) | Value::Tuple(_))) => match elements(value) {
            Ok(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            Err(_) => names.iter().cloned().collect(),
        },
        Some(_) => names.iter().cloned().collect(),
    }
}

/// Whether a call has a scope of its own, which changes the order of tests.
pub(crate) fn has_scope(mark: &Mark) -> bool {
    argument(mark, 4, "scope").is_some_and(|scope| !matches!(scope, Value::None) && scope.as_str() != Some("function"))
}

fn argument<'m>(mark: &'m Mark, position: usize, name: &str) -> Option<&'m Value> {
    let by_name = mark.kwargs.iter().find(|(key, _)| &**key == name).map(|(_, argument)| &argument.value);
    mark.args.get(position).map(|argument| &argument.value).or(by_name)
}

/// The parameter sets of one call.
pub(crate) fn sets(
    interpreter: &mut Interpreter<'_>,
    mark: &Mark,
    frame: &Frame,
    pytest: PytestVersion,
) -> Result<Vec<ParameterSet>, NotKnown> {
    if let Some(doubt) = &mark.doubt {
        return Err(NotKnown::because("arguments of `parametrize` are not known", Some(doubt.clone())));
    }
    let (names, single) = argnames(mark, pytest)?;
    let values = argument(mark, 1, "argvalues").ok_or_else(|| NotKnown::new("`parametrize` without values"))?;
    let values =
        elements(values).map_err(|doubt| NotKnown::because("the values of `parametrize` are not known", doubt))?;
    if values.is_empty() {
        let id = if pytest >= NOTSET_ID {
            "NOTSET".to_owned()
        } else {
            names.iter().map(|name| format!("{name}0")).collect::<Vec<_>>().join("-")
        };
        let empty = Some(format!("got empty parameter set for ({})", names.join(", ")));
        return Ok(vec![ParameterSet { id, marks: Vec::new(), at: None, empty }]);
    }
    let given = given_ids(mark, values.len())?;
    let mut found = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        found.push(set(interpreter, value, &names, single, &given, index, frame, pytest)?);
    }
    let mut ids: Vec<String> = found.iter().map(|set| set.id.clone()).collect();
    ids::make_unique(&mut ids, pytest);
    found.iter_mut().zip(ids).for_each(|(set, id)| set.id = id);
    Ok(found)
}

/// What `ids=` gives.
enum GivenIds {
    None,
    Each(Vec<Value>),
    Callable(Value),
}

fn given_ids(mark: &Mark, count: usize) -> Result<GivenIds, NotKnown> {
    match argument(mark, 3, "ids") {
        None | Some(Value::None) => Ok(GivenIds::None),
        Some(
            value @ (Value::Function(_)
            | Value::External(_)
            | Value::Method(_)
            | Value::BuiltinMethod(_)
            | Value::Partial(_)
            | Value::Class(_)),
        ) => Ok(GivenIds::Callable(value.clone())),
        Some(value) => {
            let ids = elements(value).map_err(|doubt| NotKnown::because("`ids` is not known", doubt))?;
            if ids.is_empty() {
                return Ok(GivenIds::None);
            }
            if ids.len() != count {
                return Err(NotKnown::new(format!("`ids` has {} entries for {count} parameter sets", ids.len())));
            }
            Ok(GivenIds::Each(ids))
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "each is one input of pytest's rule for the id of a set")]
fn set(
    interpreter: &mut Interpreter<'_>,
    value: &Value,
    names: &[String],
    single: bool,
    given: &GivenIds,
    index: usize,
    frame: &Frame,
    pytest: PytestVersion,
) -> Result<ParameterSet, NotKnown> {
    let place = |what: &str| format!("{what} of parameter set {index} is not known");
    let (row, marks, own_id, at) = match value {
        Value::ParamSet(set) => {
            if let Some(doubt) = &set.doubt {
                return Err(NotKnown::because(place("a part"), Some(doubt.clone())));
            }
            let marks = set.marks.clone().map_err(|doubt| NotKnown::because(place("a mark"), Some(doubt)))?;
            (set.values.clone(), marks, Some(&set.id), Some(set.at.clone()))
        }
        // It might be a `pytest.param` with marks and an id of its own.
        Value::Unknown(doubt) => return Err(NotKnown::because(place("the value"), Some(doubt.clone()))),
        other if single => (vec![other.clone()], Vec::new(), None, None),
        other => {
            let row = elements(other).map_err(|doubt| NotKnown::because(place("the values"), doubt))?;
            (row, Vec::new(), None, None)
        }
    };
    if row.len() != names.len() {
        let (has, wants) = (row.len(), names.len());
        return Err(NotKnown::new(format!(
            "parameter set {index} has {has} values for {wants} names: pytest refuses it"
        )));
    }
    let id = match (own_id, given) {
        (Some(id), _) if !matches!(id, Value::None) => match id {
            Value::Str(_) => {
                ids::explicit(interpreter, id).map_err(|doubt| NotKnown::because(place("the id"), doubt))?
            }
            other => return Err(NotKnown::because(place("the id"), other.doubt().cloned())),
        },
        (_, GivenIds::Each(ids)) if !matches!(ids[index], Value::None) => {
            ids::explicit(interpreter, &ids[index]).map_err(|doubt| NotKnown::because(place("the id"), doubt))?
        }
        (_, given) => {
            let mut parts = Vec::with_capacity(row.len());
            for (name, value) in names.iter().zip(&row) {
                let mut part = None;
                if let GivenIds::Callable(callable) = given {
                    let answer = interpreter.call_for_id(callable, value, frame);
                    match answer {
                        // What could be no id leaves it to the value.
                        answer if matches!(answer, Value::None) || ids::is_nameless(&answer) => {}
                        answer => {
                            part = Some(
                                ids::explicit(interpreter, &answer)
                                    .map_err(|doubt| NotKnown::because(place("the id"), doubt))?,
                            );
                        }
                    }
                }
                parts.push(match part {
                    Some(part) => part,
                    None => ids::auto(interpreter, value, name, index, pytest)
                        .map_err(|doubt| NotKnown::because(format!("the id of `{name}` is not known"), doubt))?,
                });
            }
            parts.join("-")
        }
    };
    Ok(ParameterSet { id, marks, at, empty: None })
}
