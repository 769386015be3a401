//! What calls pass, and where it stands.

use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use super::source::Source;
use super::value::Value;
use crate::syntax::SourceFile;
use crate::syntax::ast::Range;

/// Positional arguments: hardly any call has more.
type Plain<'a> = SmallVec<[&'a Value; 4]>;

/// What a call passes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    pub(crate) positional: Vec<Argument>,
    pub(crate) keywords: Vec<(Rc<str>, Argument)>,
}

impl Arguments {
    /// The argument that may be given by position or by name.
    pub(crate) fn get(&self, position: usize, name: &str) -> Option<&Value> {
        self.positional.get(position).map(|argument| &argument.value).or_else(|| self.keyword(name))
    }

    pub(crate) fn keyword(&self, name: &str) -> Option<&Value> {
        self.keywords.iter().find(|(key, _)| &**key == name).map(|(_, argument)| &argument.value)
    }

    /// The positional arguments alone, if there are no others.
    pub(crate) fn plain(&self) -> Option<Plain<'_>> {
        self.keywords.is_empty().then(|| self.positional.iter().map(|argument| &argument.value).collect())
    }

    /// Those given by position, then those given by name.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.positional.iter().chain(self.keywords.iter().map(|(_, argument)| argument)).map(|one| &one.value)
    }

    /// Whether no keyword is passed but those.
    pub(super) fn only(&self, names: &[&str]) -> bool {
        self.keywords.iter().all(|(key, _)| names.contains(&&**key))
    }
}

/// A mark's argument and its source.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) value: Value,
    pub(crate) source: Source,
}

impl Argument {
    /// One that nobody wrote.
    pub(crate) fn made(value: Value, file: &Arc<SourceFile>) -> Self {
        Self { value, source: Source::new(file, Range { start: 0, end: 0 }) }
    }
}
