//! One call of `parametrize`: its arguments, and what it names.
//!
//! Source of the rules: pytest's `Metafunc.parametrize` and `ParameterSet._parse_parametrize_args`.

use std::rc::Rc;

use test_catalog::SourceSpan;

use super::scope::Scope;
use crate::PytestVersion;
use crate::eval::value::{Arguments, Doubt, Mark, Value};
use crate::eval::{elements, truth};

const SCOPE_NOT_KNOWN: &str = "`scope` is not known";

const TRAILING_COMMA: PytestVersion = PytestVersion::new(9, 1, 0);
const KEYWORD_ONLY: PytestVersion = PytestVersion::new(9, 2, 0);
/// Of a call's names those are direct that `indirect` does not list; before, all or none.
const DIRECT_BY_NAME: PytestVersion = PytestVersion::new(9, 2, 0);

/// The arguments of one call, from a mark, a fixture or a hook.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) argnames: Value,
    pub(super) argvalues: Value,
    pub(super) indirect: Option<Value>,
    pub(super) ids: Option<Value>,
    pub(super) scope: Option<Value>,
    /// Where it stands.
    pub(super) at: SourceSpan,
    /// Whether a mark makes it: ids that it makes once are those of every test that has the mark.
    pub(super) of_mark: bool,
    /// What tells this call's values from another's, where values cannot be compared: the address of what holds them.
    pub(super) origin: usize,
}

/// Why a call gives no sets.
#[derive(Debug)]
pub(super) enum Failure {
    /// What it gives is not known.
    Unknown {
        text: String,
        doubt: Option<Doubt>,
        /// Whether its sets surely add no marks.
        bare: bool,
    },
    /// pytest refuses it, and loses what is collected around it.
    Refused(String),
}

impl Failure {
    /// What can be parametrized is not known.
    pub(super) fn names_not_known(doubt: Option<Doubt>) -> Self {
        Self::unknown("`metafunc.fixturenames` is not known", doubt)
    }

    pub(super) fn unknown(text: impl Into<String>, doubt: Option<Doubt>) -> Self {
        Self::Unknown { text: text.into(), doubt, bare: false }
    }

    /// Whether pytest may refuse what is not known: a text that is no scope.
    pub(super) fn may_be_refusal(&self) -> bool {
        matches!(self, Self::Unknown { text, .. } if text == SCOPE_NOT_KNOWN)
    }
}

impl Call {
    /// `@pytest.mark.parametrize(...)`, whose arguments are those of `Metafunc.parametrize`.
    pub(super) fn of_mark(mark: &Rc<Mark>, pytest: PytestVersion) -> Result<Self, Failure> {
        if let Some(doubt) = &mark.doubt {
            return Err(Failure::unknown("arguments of `parametrize` are not known", Some(doubt.clone())));
        }
        let arguments = Arguments { positional: mark.args.clone(), keywords: mark.kwargs.clone() };
        let call = Self::of_arguments(&arguments, mark.at.clone(), Rc::as_ptr(mark) as usize, pytest)?;
        Ok(Self { of_mark: true, ..call })
    }

    /// What a hook passes to `metafunc.parametrize`.
    pub(super) fn of_arguments(
        arguments: &Arguments,
        at: SourceSpan,
        origin: usize,
        pytest: PytestVersion,
    ) -> Result<Self, Failure> {
        let names = ["argnames", "argvalues", "indirect", "ids", "scope"];
        let most = if pytest >= KEYWORD_ONLY { 2 } else { names.len() };
        if arguments.positional.len() > most {
            return Err(Failure::Refused(format!("`parametrize` takes {most} arguments by position")));
        }
        if let Some((name, _)) = arguments.keywords.iter().find(|(name, _)| !names.contains(&&**name)) {
            return Err(Failure::Refused(format!("`parametrize` has no argument `{name}`")));
        }
        let required = |position, name: &str| {
            let value = arguments.get(position, name).cloned();
            value.ok_or_else(|| Failure::Refused(format!("`parametrize` without `{name}`")))
        };
        let given = |position, name| arguments.get(position, name).filter(|one| !matches!(one, Value::None)).cloned();
        Ok(Self {
            argnames: required(0, "argnames")?,
            argvalues: required(1, "argvalues")?,
            indirect: arguments.get(2, "indirect").cloned(),
            ids: given(3, "ids"),
            scope: given(4, "scope"),
            at,
            of_mark: false,
            origin,
        })
    }

    /// The names that it parametrizes, and whether each value stands alone for the one name.
    pub(super) fn names(&self, pytest: PytestVersion) -> Result<(Vec<Rc<str>>, bool), Failure> {
        let not_known = |doubt| Failure::unknown("argument names are not known", doubt);
        if let Value::Str(text) = &self.argnames {
            let text = text.as_str().ok_or_else(|| not_known(None))?;
            let names: Vec<Rc<str>> =
                text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Rc::from).collect();
            let alone = names.len() == 1 && !(text.trim_end().ends_with(',') && pytest >= TRAILING_COMMA);
            return Ok((names, alone));
        }
        let names = listed(&self.argnames, "its argument names", not_known)?;
        if names.iter().any(is_no_text) {
            return Err(Failure::Refused("an argument name is no string".to_owned()));
        }
        let names: Option<Vec<Rc<str>>> = names.iter().map(|name| name.as_str().map(Rc::from)).collect();
        Ok((names.ok_or_else(|| not_known(None))?, false))
    }

    /// Which of the names are sent through fixtures.
    pub(super) fn indirect(&self, names: &[Rc<str>]) -> Result<Vec<Rc<str>>, Failure> {
        let Some(value) = &self.indirect else { return Ok(Vec::new()) };
        match value {
            Value::Bool(true) => Ok(names.to_vec()),
            Value::Bool(false) => Ok(Vec::new()),
            Value::Set(_) | Value::FrozenSet(_) | Value::Dict(_) => {
                Err(Failure::Refused("`indirect` is no sequence".to_owned()))
            }
            value => {
                let not_known = |doubt| Failure::unknown("`indirect` is not known", doubt);
                let listed = listed(value, "`indirect`", not_known)?;
                let listed: Option<Vec<Rc<str>>> = listed.iter().map(|name| name.as_str().map(Rc::from)).collect();
                let listed = listed.ok_or_else(|| Failure::unknown("`indirect` is not known", None))?;
                match listed.iter().find(|name| !names.contains(name)) {
                    Some(name) => Err(Failure::Refused(format!("`indirect` names `{name}`, which is no argument"))),
                    None => Ok(listed),
                }
            }
        }
    }

    /// Those of its names that pytest, before it knows the fixtures, takes for direct parameters.
    pub(super) fn direct(&self, names: &[Rc<str>], pytest: PytestVersion) -> Result<Vec<Rc<str>>, Failure> {
        if pytest >= DIRECT_BY_NAME {
            let indirect = self.indirect(names)?;
            return Ok(names.iter().filter(|name| !indirect.contains(name)).cloned().collect());
        }
        match self.indirect.as_ref().map_or(Some(false), truth) {
            Some(true) => Ok(Vec::new()),
            Some(false) => Ok(names.to_vec()),
            None => Err(Failure::unknown("`indirect` is not known", None)),
        }
    }

    /// Its own scope, if it names one.
    pub(super) fn scope(&self) -> Result<Option<Scope>, Failure> {
        let Some(value) = &self.scope else { return Ok(None) };
        if is_no_text(value) {
            return Err(Failure::Refused("`scope` is no string".to_owned()));
        }
        let name = value.as_str().ok_or_else(|| Failure::unknown(SCOPE_NOT_KNOWN, value.doubt().cloned()))?;
        match Scope::from_name(name) {
            Some(scope) => Ok(Some(scope)),
            None => Err(Failure::Refused(format!("`{name}` is no scope"))),
        }
    }
}

/// The elements of what is iterated, where it is known; refused where it cannot be.
pub(super) fn listed(
    value: &Value,
    what: &str,
    not_known: impl FnOnce(Option<Doubt>) -> Failure,
) -> Result<Vec<Value>, Failure> {
    if cannot_be_iterated(value) {
        return Err(Failure::Refused(format!("{what} cannot be iterated")));
    }
    elements(value).map_err(not_known)
}

pub(super) fn cannot_be_iterated(value: &Value) -> bool {
    matches!(
        value,
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Complex(..) | Value::Function(_)
    )
}

pub(super) fn is_no_text(value: &Value) -> bool {
    cannot_be_iterated(value) || matches!(value, Value::Bytes(_) | Value::List(_) | Value::Tuple(_) | Value::Dict(_))
}
