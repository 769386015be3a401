//! What is known of a shell at a point of a script.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::directory::Directory;
use super::super::text::{Part, Text};
use super::command::{Branch, BranchKind};
use super::syntax;

/// More variables than this are not kept.
const MOST_VARIABLES: usize = 1_000;

/// Longer texts are not kept.
const MOST_BYTES: usize = 1 << 12;

/// What is known of a shell.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) directory: Directory,
    /// The variables whose values are known, at least in part.
    variables: BTreeMap<String, Text>,
    /// `IFS` has been set: what is not quoted is split elsewhere.
    pub(super) fields_changed: bool,
    /// `$1` and those behind it, where they are known.
    pub(super) parameters: Option<Vec<Text>>,
    /// Functions by name; `None` where it may be one or another, or none.
    pub(super) functions: BTreeMap<String, Option<Rc<syntax::Command>>>,
    /// How it ended, if it did.
    pub(super) ended: Option<End>,
    /// What happened before that decides whether the rest runs, and how.
    pub(super) branches: Vec<Branch>,
}

/// How a shell, a function or a pass of a loop came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// `exit` with an error.
    Failed,
    /// `exit`, `exec`.
    Exited,
    /// `return`.
    Returned,
    /// `break`, `continue`.
    Looped,
}

impl State {
    pub(super) fn new(directory: Directory, environment: &[(String, Text)]) -> Self {
        let mut state = Self {
            directory,
            variables: BTreeMap::new(),
            fields_changed: false,
            parameters: None,
            functions: BTreeMap::new(),
            ended: None,
            branches: Vec::new(),
        };
        state.set("GITHUB_WORKSPACE", Some(Text::from_iter([Part::Workspace])));
        for (name, value) in environment {
            state.set(name, Some(value.clone()));
        }
        state
    }

    /// The value of a variable, or what is known of it.
    pub(super) fn variable(&self, name: &str) -> Option<&Text> {
        self.variables.get(name)
    }

    /// Sets a variable; to nothing known, where there is no value.
    pub(super) fn set(&mut self, name: &str, value: Option<Text>) {
        self.fields_changed |= name == "IFS";
        let length = |text: &Text| -> usize {
            text.parts().iter().map(|part| if let Part::Known(text) = part { text.len() } else { 16 }).sum()
        };
        match value {
            Some(value) if length(&value) <= MOST_BYTES && self.variables.len() < MOST_VARIABLES => {
                self.variables.insert(name.to_owned(), value);
            }
            _ => {
                self.variables.remove(name);
            }
        }
    }

    /// Nothing is known of variables any more.
    pub(super) fn forget_variables(&mut self) {
        self.variables.clear();
        self.parameters = None;
    }

    /// What is sure where either this or `other` came to be. Where one of the two has ended, the other goes on.
    pub(super) fn join(self, other: Self, hangs_on: &Branch) -> Self {
        let (mut state, other) = match (self.ended, other.ended) {
            (Some(_), None) => (other, self),
            _ => (self, other),
        };
        match (state.ended, other.ended) {
            (None, Some(End::Failed)) => return state,
            (None, Some(_)) => {
                state.branches.push(Branch { kind: BranchKind::AfterExit, ..hangs_on.clone() });
                return state;
            }
            (Some(End::Failed), Some(_)) => return other,
            _ => {}
        }
        state.directory = match (state.directory, other.directory) {
            (unknown @ Directory::Unknown(_), _) | (_, unknown @ Directory::Unknown(_)) => unknown,
            (one, two) if one == two => one,
            (one, two) => Directory::Unknown(format!("{one} or {two}")),
        };
        state.variables.retain(|name, value| other.variables.get(name) == Some(value));
        state.fields_changed |= other.fields_changed;
        if state.parameters != other.parameters {
            state.parameters = None;
        }
        for (name, function) in &mut state.functions {
            if !same(function.as_ref(), other.functions.get(name).and_then(Option::as_ref)) {
                *function = None;
            }
        }
        for name in other.functions.into_keys() {
            state.functions.entry(name).or_insert(None);
        }
        for branch in other.branches {
            if !state.branches.contains(&branch) {
                state.branches.push(branch);
            }
        }
        state
    }

    /// Whether what is known is the same, but for how it was come to.
    pub(super) fn knows_as_much_as(&self, other: &Self) -> bool {
        let functions = self.functions.len() == other.functions.len()
            && self.functions.iter().zip(&other.functions).all(|((one, function), (two, other))| {
                one == two && (function.is_none() && other.is_none() || same(function.as_ref(), other.as_ref()))
            });
        functions
            && self.directory == other.directory
            && self.variables == other.variables
            && self.fields_changed == other.fields_changed
            && self.parameters == other.parameters
    }
}

/// Whether both are known to be one function.
fn same(one: Option<&Rc<syntax::Command>>, two: Option<&Rc<syntax::Command>>) -> bool {
    one.zip(two).is_some_and(|(one, two)| Rc::ptr_eq(one, two))
}
