//! The parameter sets of one call of `parametrize`, with their ids and marks.
//!
//! Source of the rules: pytest's `ParameterSet._for_parametrize` and `IdMaker`.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::HashMap;
use test_catalog::{Reason, SourceSpan};

use super::config_object::ConfigObject;
use super::ids;
use super::parametrize::{Call, Failure, cannot_be_iterated, listed};
use crate::PytestVersion;
use crate::config::{EmptyParameterSet, LongStringIds};
use crate::eval::value::{Argument, Doubt, Mark, Value};
use crate::eval::{Frame, Interpreter};

const NOTSET_ID: PytestVersion = PytestVersion::new(8, 4, 0);
const HIDDEN: PytestVersion = PytestVersion::new(8, 4, 0);
const STRICT_IDS: PytestVersion = PytestVersion::new(9, 0, 0);
const USEFIXTURES_REFUSED: PytestVersion = PytestVersion::new(8, 4, 0);
const LONG_STRINGS: PytestVersion = PytestVersion::new(9, 2, 0);
/// Strings and bytes up to this length are ids as they are.
const LONGEST: usize = 100;

/// One parameter set: its id, and the marks that it adds.
#[derive(Debug, Clone)]
pub(super) struct ParameterSet {
    pub(super) values: Vec<Value>,
    /// `None` for `HIDDEN_PARAM`.
    pub(super) id: Option<String>,
    pub(super) marks: Vec<Rc<Mark>>,
    /// Why its marks are not all known.
    pub(super) open: Option<Reason>,
    /// Where `pytest.param(...)` stands, if it is one.
    pub(super) at: Option<SourceSpan>,
}

/// What one call gives.
#[derive(Debug)]
pub(super) struct Sets {
    pub(super) names: Vec<Rc<str>>,
    pub(super) sets: Vec<ParameterSet>,
    /// Set for a call without values: the mark that pytest puts on the test instead.
    pub(super) empty: Option<Rc<Mark>>,
}

/// The configuration's word on parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdRules {
    /// Whether they keep characters that are not ASCII.
    pub(super) unescaped: bool,
    /// Whether it is an error that they repeat.
    pub(super) strict: bool,
    pub(super) long_strings: LongStringIds,
    pub(super) empty_set: EmptyParameterSet,
}

/// Makes the sets of one call.
pub(super) struct SetMaker<'m, 'i> {
    pub(super) interpreter: &'m mut Interpreter<'i>,
    pub(super) frame: &'m Frame,
    pub(super) pytest: PytestVersion,
    pub(super) rules: IdRules,
    /// `pytest_make_parametrize_id` of the tree's conftests, the one that is asked first in front.
    pub(super) id_hooks: &'m [Value],
    /// What those get as `config`.
    pub(super) config: &'m Rc<ConfigObject>,
    pub(super) made_ids: &'m MadeIds,
}

/// The ids that marks with `ids=` made, by the mark.
pub(super) type MadeIds = RefCell<HashMap<usize, Vec<Option<String>>>>;

/// What `ids=` gives.
enum GivenIds {
    None,
    Each(Vec<Value>),
    Callable(Value),
    /// What the same mark made before.
    Made(Vec<Option<String>>),
}

impl SetMaker<'_, '_> {
    pub(super) fn sets(&mut self, call: &Call) -> Result<Sets, Failure> {
        let (names, alone) = call.names(self.pytest)?;
        if names.iter().any(|name| &**name == "request") {
            return Err(Failure::Refused("`request` is pytest's own, and no argument to parametrize".to_owned()));
        }
        if let Some(name) = names.iter().enumerate().find_map(|(at, name)| names[..at].contains(name).then_some(name)) {
            return Err(Failure::Refused(format!("`{name}` is parametrized twice")));
        }
        self.interpreter.settled(&call.argvalues);
        let not_known = |doubt| Failure::unknown("the values of `parametrize` are not known", doubt);
        let values = listed(&call.argvalues, "what has its values", not_known)?;
        if values.is_empty() {
            let before = self.made_ids.borrow().get(&call.origin).map_or(0, Vec::len);
            if call.of_mark && before > 1 {
                return Err(Failure::Refused(format!("the mark made {before} ids, and has no values any more")));
            }
            let callable = call.ids.as_ref().map(|ids| self.interpreter.is_callable(ids));
            let is_asked = !self.id_hooks.is_empty() || callable.is_some_and(|callable| callable != Some(false));
            if self.pytest < NOTSET_ID && is_asked {
                let text = "what `ids` or a hook makes of a set without values is not known";
                return Err(Failure::unknown(text, None));
            }
            return self.empty(names, &call.at);
        }
        let plain = values.iter().all(|value| match value {
            Value::ParamSet(set) => set.doubt.is_none() && set.marks().as_ref().is_ok_and(Vec::is_empty),
            Value::Unknown(_) => false,
            _ => true,
        });
        let mark_known = |failure| match failure {
            Failure::Unknown { text, doubt, .. } => Failure::Unknown { text, doubt, bare: plain },
            refused @ Failure::Refused(_) => refused,
        };
        let given = self.given_ids(call, values.len()).map_err(mark_known)?;
        let mut sets = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            sets.push(self.set(value, &names, alone, &given, index).map_err(mark_known)?);
        }
        let mut ids: Vec<String> = sets.iter().filter_map(|set| set.id.clone()).collect();
        if sets.len() > ids.len() + 1 {
            return Err(Failure::Refused("more than one parameter set is hidden".to_owned()));
        }
        if self.rules.strict && self.pytest >= STRICT_IDS && !ids::are_distinct(&ids) {
            return Err(Failure::Refused("ids of parameter sets repeat, and pytest is strict".to_owned()));
        }
        ids::make_unique(&mut ids, self.pytest);
        sets.iter_mut().filter(|set| set.id.is_some()).zip(ids).for_each(|(set, id)| set.id = Some(id));
        if call.of_mark && call.ids.is_some() {
            let made = sets.iter().map(|set| set.id.clone()).collect();
            // Those that it made first are those that it has from then on.
            self.made_ids.borrow_mut().entry(call.origin).or_insert(made);
        }
        Ok(Sets { names, sets, empty: None })
    }

    /// A call without values gives one set that is skipped.
    fn empty(&self, names: Vec<Rc<str>>, at: &SourceSpan) -> Result<Sets, Failure> {
        let id = if self.pytest >= NOTSET_ID {
            "NOTSET".to_owned()
        } else {
            names.iter().map(|name| format!("{name}0")).collect::<Vec<_>>().join("-")
        };
        let listed = names.join(", ");
        // One and the same object in every empty set: tests are regrouped by it.
        let values = vec![Value::external("_pytest.compat.NOTSET"); names.len()];
        let set = ParameterSet { values, id: Some(id), marks: Vec::new(), open: None, at: None };
        let reason = Value::str(format!("got empty parameter set for ({listed})"));
        let keyword = |name: &str, value| (name.into(), Argument::made(value, &self.frame.module.file));
        let reason = keyword("reason", reason);
        let (name, kwargs) = match self.rules.empty_set {
            EmptyParameterSet::Skip => ("skip", vec![reason]),
            EmptyParameterSet::Xfail => ("xfail", vec![reason, keyword("run", Value::Bool(false))]),
            EmptyParameterSet::FailAtCollect => {
                return Err(Failure::Refused("is parametrized without values".to_owned()));
            }
        };
        let mark = Mark { name: name.into(), args: Vec::new(), kwargs, at: at.clone(), doubt: None };
        Ok(Sets { names, sets: vec![set], empty: Some(Rc::new(mark)) })
    }

    fn given_ids(&mut self, call: &Call, count: usize) -> Result<GivenIds, Failure> {
        let Some(value) = &call.ids else { return Ok(GivenIds::None) };
        if call.of_mark
            && let Some(made) = self.made_ids.borrow().get(&call.origin)
        {
            if made.len() != count {
                let text = format!("the mark made {} ids before, for {count} parameter sets", made.len());
                return Err(Failure::Refused(text));
            }
            return Ok(GivenIds::Made(made.clone()));
        }
        if self.interpreter.is_callable(value) == Some(true) {
            return Ok(GivenIds::Callable(value.clone()));
        }
        if cannot_be_iterated(value) {
            return Err(Failure::Refused("`ids` cannot be iterated".to_owned()));
        }
        let (ids, sized) = self
            .interpreter
            .first_elements(value, count)
            .map_err(|doubt| Failure::unknown("`ids` is not known", doubt))?;
        if ids.is_empty() && sized {
            return Ok(GivenIds::None);
        }
        if ids.len() != count && sized {
            return Err(Failure::Refused(format!("`ids` has {} entries for {count} parameter sets", ids.len())));
        }
        Ok(GivenIds::Each(ids))
    }

    fn set(
        &mut self,
        value: &Value,
        names: &[Rc<str>],
        alone: bool,
        given: &GivenIds,
        index: usize,
    ) -> Result<ParameterSet, Failure> {
        let of = |what: &str| format!("{what} of parameter set {index} is not known");
        let mut open = None;
        let (values, marks, own_id, at) = match value {
            Value::ParamSet(set) => {
                if let Some(doubt) = &set.doubt {
                    return Err(Failure::unknown(of("a part"), Some(doubt.clone())));
                }
                let marks = set.marks().unwrap_or_else(|doubt| {
                    let text = format!("{}: {}", of("a mark"), doubt.text);
                    open = Some(Reason { text, at: doubt.at.clone() });
                    Vec::new()
                });
                if self.pytest >= USEFIXTURES_REFUSED && marks.iter().any(|mark| &*mark.name == "usefixtures") {
                    return Err(Failure::Refused("a parameter set cannot have `usefixtures`".to_owned()));
                }
                (set.values.clone(), marks, Some(&set.id), Some(set.at.clone()))
            }
            // It might be a `pytest.param` with marks and an id of its own.
            Value::Unknown(doubt) => return Err(Failure::unknown(of("the value"), Some(doubt.clone()))),
            other if alone => (vec![other.clone()], Vec::new(), None, None),
            other => {
                let text = format!("parameter set {index}");
                let row = listed(other, &text, |doubt| Failure::unknown(of("the values"), doubt))?;
                (row, Vec::new(), None, None)
            }
        };
        if values.len() != names.len() {
            let (has, wants) = (values.len(), names.len());
            return Err(Failure::Refused(format!("parameter set {index} has {has} values for {wants} names")));
        }
        let id = match (own_id, given) {
            (Some(id), _) if !matches!(id, Value::None) => self.own_id(id, index)?,
            // pytest reads them like any list of ids: what was escaped is escaped again.
            (_, GivenIds::Made(ids)) => match ids.get(index).cloned().flatten() {
                Some(id) => self.listed_id(&Value::str(id), index)?,
                None => None,
            },
            (_, GivenIds::Each(ids)) if ids.get(index).is_some_and(|id| !matches!(id, Value::None)) => {
                self.listed_id(&ids[index], index)?
            }
            (_, given) => Some(self.made_id(&values, names, given, index)?),
        };
        Ok(ParameterSet { values, id, marks, open, at })
    }

    fn is_hidden(&self, id: &Value) -> bool {
        self.pytest >= HIDDEN && matches!(id, Value::External(path) if path.ends_with("HIDDEN_PARAM"))
    }

    /// `pytest.param(..., id=...)`: a text.
    fn own_id(&mut self, id: &Value, index: usize) -> Result<Option<String>, Failure> {
        match id {
            hidden if self.is_hidden(hidden) => Ok(None),
            Value::Str(text) if self.rules.unescaped && self.pytest >= HIDDEN => Ok(text.as_str().map(str::to_owned)),
            Value::Str(_) => ids::explicit(self.interpreter, id)
                .map(Some)
                .map_err(|doubt| Failure::unknown(format!("the id of parameter set {index} is not known"), doubt)),
            Value::Unknown(doubt) => {
                Err(Failure::unknown(format!("the id of parameter set {index} is not known"), Some(doubt.clone())))
            }
            Value::External(_) | Value::Opaque | Value::Time(_) | Value::Object(_) => {
                Err(Failure::unknown(format!("the id of parameter set {index} is not known"), None))
            }
            // A member of an enum of strings is one, as is whatever else derives from them.
            Value::Instance(instance) => match instance.class.payload_value(instance) {
                Some(text @ Value::Str(_)) => self.own_id(&text, index),
                _ if instance.may_be_text() => {
                    let doubt = instance.doubt.borrow().clone().or_else(|| instance.class.doubt.borrow().clone());
                    Err(Failure::unknown(format!("the id of parameter set {index} is not known"), doubt))
                }
                _ => Err(Failure::Refused(format!("the id of parameter set {index} is no string"))),
            },
            _ => Err(Failure::Refused(format!("the id of parameter set {index} is no string"))),
        }
    }

    /// An entry of `ids=[...]`: a text, a number, or what has a name.
    fn listed_id(&mut self, id: &Value, index: usize) -> Result<Option<String>, Failure> {
        if self.is_hidden(id) {
            return Ok(None);
        }
        match self.of_value(id) {
            Ok(Some(id)) => Ok(Some(id)),
            Ok(None) => Err(Failure::Refused(format!("the id of parameter set {index} is neither text nor number"))),
            Err(doubt) => Err(Failure::unknown(format!("the id of parameter set {index} is not known"), doubt)),
        }
    }

    /// The id that pytest makes of the values.
    fn made_id(
        &mut self,
        values: &[Value],
        names: &[Rc<str>],
        given: &GivenIds,
        index: usize,
    ) -> Result<String, Failure> {
        let mut parts = Vec::with_capacity(values.len());
        for (name, value) in names.iter().zip(values) {
            let not_known = |doubt| Failure::unknown(format!("the id of `{name}` is not known"), doubt);
            let mut part = None;
            if let GivenIds::Callable(callable) = given {
                let answer = self.interpreter.call_for_id(callable, value, self.frame);
                if !matches!(answer, Value::None) {
                    part = self.of_value(&answer).map_err(not_known)?;
                }
            }
            if part.is_none() {
                part = self.hooked(value, name).map_err(not_known)?;
            }
            parts.push(match part {
                Some(part) => part,
                None => {
                    self.check_length(value, name)?;
                    self.auto(value, name, index).map_err(not_known)?
                }
            });
        }
        Ok(parts.join("-"))
    }

    /// Strings that are too long for an id, and bytes that would have to stay as they are.
    fn check_length(&self, value: &Value, name: &str) -> Result<(), Failure> {
        if self.rules.unescaped && matches!(value, Value::Bytes(_)) {
            return Err(Failure::Refused(format!("the bytes of `{name}` cannot be an id without being escaped")));
        }
        let length = match value {
            Value::Str(text) => text.chars(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        if self.pytest < LONG_STRINGS || length <= LONGEST {
            return Ok(());
        }
        match self.rules.long_strings {
            LongStringIds::Short | LongStringIds::Legacy => Ok(()),
            LongStringIds::Sha256 => Err(Failure::unknown(format!("the id of `{name}` is a digest"), None)),
            LongStringIds::Disallow => {
                Err(Failure::Refused(format!("a value of `{name}` is longer than {LONGEST} characters")))
            }
        }
    }

    /// A value as an id of its own; `None` where it is of no kind that pytest makes one of.
    fn of_value(&mut self, value: &Value) -> Result<Option<String>, Option<Doubt>> {
        // No argument name starts like this: it shows that pytest would fall back to the name.
        const FALLBACK: &str = "\u{0}";
        if let Value::Str(text) = value {
            return match text.as_str() {
                Some(text) if self.rules.unescaped => Ok(Some(text.to_owned())),
                _ => ids::explicit(self.interpreter, value).map(Some),
            };
        }
        if let Value::Bytes(_) = value {
            return ids::explicit(self.interpreter, value).map(Some);
        }
        let id = self.auto(value, FALLBACK, 0)?;
        Ok(Some(id).filter(|id| !id.starts_with(FALLBACK)))
    }

    fn auto(&mut self, value: &Value, name: &str, index: usize) -> Result<String, Option<Doubt>> {
        if self.rules.long_strings == LongStringIds::Legacy && matches!(value, Value::Str(_) | Value::Bytes(_)) {
            return ids::explicit(self.interpreter, value);
        }
        let id = ids::auto(self.interpreter, value, name, index, self.pytest)?;
        match value {
            Value::Str(text) if self.rules.unescaped && id != format!("{name}{index}") => {
                text.as_str().map(str::to_owned).ok_or(None)
            }
            _ => Ok(id),
        }
    }

    fn hooked(&mut self, value: &Value, name: &str) -> Result<Option<String>, Option<Doubt>> {
        for hook in self.id_hooks {
            let arguments =
                [("config", Value::Object(self.config.clone())), ("val", value.clone()), ("argname", Value::str(name))];
            match self.interpreter.call_hook(hook, None, &arguments, self.frame) {
                Value::None => {}
                // It is the id as it is: pytest escapes values and the answers of `ids=` only.
                Value::Str(text) => return text.as_str().map(|text| Some(text.to_owned())).ok_or(None),
                other => return Err(other.doubt().cloned()),
            }
        }
        Ok(None)
    }
}
