//! The variables that steps set for those behind them.

use std::sync::Arc;

use test_catalog::TreePath;

use super::expression::Value;
use super::script::written_variables;
use super::step::Run;
use super::template::workspace;
use super::text::{Part, Text};

/// What a step, or several, set for later ones.
#[derive(Debug, Default)]
pub(super) struct SetVariables {
    /// In order; the last of a name holds. `None` where it is not known, and where it may stay as it was.
    values: Vec<(Arc<str>, Option<Value>)>,
    /// Behind how many of `values` any variable may have been set, the last time.
    anything: Option<usize>,
}

impl SetVariables {
    /// What a script sets.
    pub(super) fn of_script(run: &Run, file: &TreePath) -> Self {
        let Some(written) = written_variables(run, file) else { return Self { values: Vec::new(), anything: Some(0) } };
        let values = written.into_iter().map(|one| {
            let value = Some(one.value).filter(|_| one.is_certain).and_then(|text| value(&text));
            (one.name.into(), value)
        });
        Self { values: values.collect(), anything: None }
    }

    /// The same, where it is not known whether it comes to that.
    pub(super) fn perhaps(mut self) -> Self {
        self.values.iter_mut().for_each(|(_, value)| *value = None);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.anything.is_none()
    }

    /// Adds what is set behind this.
    pub(super) fn extend(&mut self, later: Self) {
        self.anything = later.anything.map(|at| at + self.values.len()).or(self.anything);
        self.values.extend(later.values);
    }

    /// What `environment` becomes by it.
    pub(super) fn apply(&self, environment: &mut Vec<(Arc<str>, Value)>) {
        let (before, behind) = self.values.split_at(self.anything.unwrap_or(0));
        let set = |environment: &mut Vec<(Arc<str>, Value)>, values: &[(Arc<str>, Option<Value>)]| {
            for (name, value) in values {
                let value = value.clone().unwrap_or_else(|| unknown(name));
                match environment.iter_mut().find(|(known, _)| known == name) {
                    Some((_, old)) => *old = value,
                    None => environment.push((Arc::clone(name), value)),
                }
            }
        };
        set(environment, before);
        if self.anything.is_some() {
            environment.iter_mut().for_each(|(name, value)| *value = unknown(name));
        }
        set(environment, behind);
    }
}

/// A variable of which only CI knows what it is.
pub(super) fn unknown(name: &str) -> Value {
    Value::unknown(format!("env.{name}"))
}

fn value(text: &Text) -> Option<Value> {
    match text.parts() {
        [Part::Workspace] => Some(workspace()),
        _ => text.as_known().map(Value::text),
    }
}
