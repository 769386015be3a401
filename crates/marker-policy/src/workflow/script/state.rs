//! What is known of a shell at a point of a script.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use test_catalog::TreePath;

use super::super::directory::Directory;
use super::super::text::{Part, Text};
use super::command::{Branch, BranchKind};
use super::launcher::Mounts;
use super::source::Source;
use super::syntax;

/// More variables than this are not kept.
const MOST_VARIABLES: usize = 1_000;

/// Arrays with more elements are not kept.
const MOST_ELEMENTS: usize = 200;

/// Longer texts are not kept.
const MOST_BYTES: usize = 1 << 12;

/// What is known of a shell. Each branch of a script goes on with a copy, and few change anything of what is large.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) directory: Directory,
    /// The folders of the machine that are elsewhere here, in a container.
    pub(super) mounts: Mounts,
    /// The variables that programs are given.
    exported: Rc<BTreeSet<String>>,
    /// All that is set is exported: `set -a`.
    pub(super) exports_all: bool,
    /// Arrays whose elements are known.
    arrays: Rc<BTreeMap<String, Vec<Text>>>,
    /// The variables whose values are known, at least in part.
    variables: Rc<BTreeMap<String, Text>>,
    /// `IFS` has been set: what is not quoted is split elsewhere.
    pub(super) fields_changed: bool,
    /// `$1` and those behind it, where they are known.
    pub(super) parameters: Option<Vec<Text>>,
    /// Functions by name; `None` where it may be one or another, or none.
    pub(super) functions: Rc<BTreeMap<String, Option<Function>>>,
    /// How it ended, if it did.
    pub(super) ended: Option<End>,
    /// What happened before that decides whether the rest runs, and how.
    pub(super) branches: Vec<Branch>,
}

/// A function, and the text that it stands in.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) body: Rc<syntax::Command>,
    pub(super) source: Rc<Source>,
    pub(super) file: TreePath,
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
            mounts: Mounts::new(),
            exported: Rc::default(),
            exports_all: false,
            arrays: Rc::default(),
            variables: Rc::default(),
            fields_changed: false,
            parameters: None,
            functions: Rc::default(),
            ended: None,
            branches: Vec::new(),
        };
        state.set("GITHUB_WORKSPACE", Some(Text::from_iter([Part::Workspace])));
        for (name, value) in environment {
            state.set(name, Some(value.clone()));
            state.export(name);
        }
        state
    }

    /// Gives programs a variable from now on.
    pub(super) fn export(&mut self, name: &str) {
        if self.exported.len() < MOST_VARIABLES {
            Rc::make_mut(&mut self.exported).insert(name.to_owned());
        }
    }

    /// Sets a variable for programs.
    pub(super) fn set_exported(&mut self, name: &str, value: Option<Text>) {
        self.set(name, value);
        self.export(name);
    }

    /// The state of another shell, which this one starts with these variables too, or only these where it is `alone`.
    pub(super) fn apart(&self, environment: &[(String, Text)], alone: bool) -> Self {
        let mut apart = self.clone();
        apart.functions = Rc::default();
        apart.arrays = Rc::default();
        apart.parameters = None;
        apart.exports_all = false;
        if alone {
            apart.exported = Rc::default();
        }
        // What it is not given may be set all the same, by the shell itself.
        let exported = Rc::clone(&apart.exported);
        Rc::make_mut(&mut apart.variables)
            .retain(|name, _| exported.contains(name) || name == "GITHUB_WORKSPACE" && !alone);
        environment.iter().for_each(|(name, value)| apart.set_exported(name, Some(value.clone())));
        apart
    }

    /// Takes a variable away.
    pub(super) fn unset(&mut self, name: &str) {
        self.set(name, None);
        if self.exported.contains(name) {
            Rc::make_mut(&mut self.exported).remove(name);
        }
    }

    /// What programs are given, or may be given.
    pub(super) fn environment(&self) -> Vec<(String, Text)> {
        let value =
            |name: &String| self.variables.get(name).cloned().unwrap_or_else(|| Text::unknown(format!("${name}")));
        self.exported.iter().map(|name| (name.clone(), value(name))).collect()
    }

    /// The elements of an array.
    pub(super) fn array(&self, name: &str) -> Option<&[Text]> {
        self.arrays.get(name).map(Vec::as_slice)
    }

    /// Sets an array; to nothing known, where there are no elements.
    pub(super) fn set_array(&mut self, name: &str, elements: Option<Vec<Text>>) {
        self.set(name, None);
        let is_small = |elements: &Vec<Text>| {
            elements.len() <= MOST_ELEMENTS && elements.iter().map(length).sum::<usize>() <= MOST_BYTES
        };
        if let Some(elements) = elements.filter(is_small).filter(|_| self.arrays.len() < MOST_VARIABLES) {
            Rc::make_mut(&mut self.arrays).insert(name.to_owned(), elements);
        }
    }

    /// The value of a variable, or what is known of it.
    pub(super) fn variable(&self, name: &str) -> Option<&Text> {
        self.variables.get(name)
    }

    /// Sets a variable; to nothing known, where there is no value.
    pub(super) fn set(&mut self, name: &str, value: Option<Text>) {
        self.fields_changed |= name == "IFS";
        if self.arrays.contains_key(name) {
            Rc::make_mut(&mut self.arrays).remove(name);
        }
        if self.exports_all {
            self.export(name);
        }
        match value {
            Some(value) if length(&value) <= MOST_BYTES && self.variables.len() < MOST_VARIABLES => {
                Rc::make_mut(&mut self.variables).insert(name.to_owned(), value);
            }
            _ if self.variables.contains_key(name) => {
                Rc::make_mut(&mut self.variables).remove(name);
            }
            _ => {}
        }
    }

    /// Defines a function.
    pub(super) fn define(&mut self, name: &str, function: Function) {
        Rc::make_mut(&mut self.functions).insert(name.to_owned(), Some(function));
    }

    /// What the functions are is not known any more, only their names.
    pub(super) fn forget_functions(&mut self) {
        Rc::make_mut(&mut self.functions).values_mut().for_each(|function| *function = None);
    }

    /// Nothing is known of variables any more.
    pub(super) fn forget_variables(&mut self) {
        self.variables = Rc::default();
        self.arrays = Rc::default();
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
        keep_common(&mut state.variables, &other.variables);
        keep_common(&mut state.arrays, &other.arrays);
        if !Rc::ptr_eq(&state.exported, &other.exported) {
            Rc::make_mut(&mut state.exported).extend(other.exported.iter().cloned());
        }
        state.exports_all |= other.exports_all;
        state.fields_changed |= other.fields_changed;
        if state.parameters != other.parameters {
            state.parameters = None;
        }
        if !Rc::ptr_eq(&state.functions, &other.functions) {
            let functions = Rc::make_mut(&mut state.functions);
            for (name, function) in &mut *functions {
                if !same(function.as_ref(), other.functions.get(name).and_then(Option::as_ref)) {
                    *function = None;
                }
            }
            for name in other.functions.keys() {
                functions.entry(name.clone()).or_insert(None);
            }
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
            && self.functions.iter().zip(&*other.functions).all(|((one, function), (two, other))| {
                one == two && (function.is_none() && other.is_none() || same(function.as_ref(), other.as_ref()))
            });
        functions
            && self.directory == other.directory
            && self.variables == other.variables
            && self.arrays == other.arrays
            && self.exported == other.exported
            && self.fields_changed == other.fields_changed
            && self.parameters == other.parameters
    }
}

/// Leaves what both have.
fn keep_common<T: Clone + PartialEq>(map: &mut Rc<BTreeMap<String, T>>, other: &Rc<BTreeMap<String, T>>) {
    if !Rc::ptr_eq(map, other) {
        Rc::make_mut(map).retain(|name, value| other.get(name) == Some(value));
    }
}

pub(super) fn length(text: &Text) -> usize {
    text.parts().iter().map(|part| if let Part::Known(text) = part { text.len() } else { 16 }).sum()
}

/// Whether both are known to be one function.
fn same(one: Option<&Function>, two: Option<&Function>) -> bool {
    one.zip(two).is_some_and(|(one, two)| Rc::ptr_eq(&one.body, &two.body))
}
