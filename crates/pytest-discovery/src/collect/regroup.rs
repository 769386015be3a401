//! The order that parameters of wider scopes give the tests: those that share a value come together.
//!
//! Source of the rules: pytest's `reorder_items` and `reorder_items_atscope`, whose releases differ in how they tell
//! values apart, in the order of a test's parameters, and in what becomes of a group that was moved.

use std::collections::VecDeque;
use std::rc::Rc;

use super::callspec::{Parameter, ParameterKey};
use super::scope::Scope;
use crate::PytestVersion;
use foldhash::{HashMap, HashSet};

/// A test's parameters keep the order of its calls; before, they were sorted by name.
const CALL_ORDER: PytestVersion = PytestVersion::new(8, 1, 0);
/// Packages are told apart by their folder; from 8.0 on until then, by the file.
const PACKAGE_BY_FOLDER: PytestVersion = PytestVersion::new(8, 3, 0);
const PACKAGE_BY_FILE: PytestVersion = PytestVersion::new(8, 0, 0);
/// A group that is brought forward is moved in the lists of other values; before, it was put there once more.
const MOVED: PytestVersion = PytestVersion::new(8, 2, 2);

/// What regrouping asks of a test.
pub(super) struct Test<'t> {
    pub(super) parameters: &'t [Parameter],
    /// The file's path.
    pub(super) file: &'t str,
    /// The innermost class, as its node's id has it.
    pub(super) class: Option<&'t str>,
}

impl Test<'_> {
    /// Where a value of that scope is one: tests elsewhere have another.
    pub(super) fn place(&self, scope: Scope, pytest: PytestVersion) -> Option<String> {
        let folder = || self.file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        match scope {
            Scope::Session | Scope::Function => None,
            Scope::Package if (PACKAGE_BY_FILE..PACKAGE_BY_FOLDER).contains(&pytest) => Some(self.file.to_owned()),
            Scope::Package => Some(folder()),
            Scope::Module => Some(self.file.to_owned()),
            Scope::Class => Some(format!("{}::{}", self.file, self.class.unwrap_or_default())),
        }
    }
}

/// A value of one scope at one place: tests that have it want to stand together.
type Key = (Rc<str>, ParameterKey, Option<String>);

/// The order of the tests, by their indices.
pub(super) fn regroup(tests: &[Test<'_>], pytest: PytestVersion) -> Vec<usize> {
    let mut regrouping = Regrouping { keys: HashMap::default(), holders: HashMap::default(), copies: pytest < MOVED };
    for scope in Scope::HIGH {
        for (index, test) in tests.iter().enumerate() {
            let keys = keys(test, scope, pytest);
            for key in &keys {
                regrouping.holders.entry((scope, key.clone())).or_default().push_back(index);
            }
            if !keys.is_empty() {
                regrouping.keys.insert((scope, index), keys);
            }
        }
    }
    let all: Vec<usize> = (0..tests.len()).collect();
    if regrouping.keys.is_empty() { all } else { regrouping.arrange(all, Scope::Session) }
}

fn keys(test: &Test<'_>, scope: Scope, pytest: PytestVersion) -> Vec<Key> {
    let mut parameters: Vec<&Parameter> = test.parameters.iter().filter(|one| one.scope == Some(scope)).collect();
    // Most tests have none.
    if parameters.is_empty() {
        return Vec::new();
    }
    if pytest < CALL_ORDER {
        parameters.sort_by(|one, other| one.name.cmp(&other.name));
    }
    let place = test.place(scope, pytest);
    let mut keys: Vec<Key> = Vec::new();
    for one in parameters {
        let key = (one.name.clone(), one.key.clone(), place.clone());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

struct Regrouping {
    keys: HashMap<(Scope, usize), Vec<Key>>,
    /// The tests that have a value, in the order in which they are brought together.
    holders: HashMap<(Scope, Key), VecDeque<usize>>,
    copies: bool,
}

impl Regrouping {
    fn arrange(&mut self, group: Vec<usize>, scope: Scope) -> Vec<usize> {
        let Some(narrower) = scope.narrower() else { return group };
        if group.len() < 3 {
            return group;
        }
        // Nobody here has a value of this scope: the next one decides.
        if !group.iter().any(|test| self.keys.contains_key(&(scope, *test))) {
            return self.arrange(group, narrower);
        }
        let members: HashSet<usize> = group.iter().copied().collect();
        let mut queue: VecDeque<usize> = group.into();
        let mut done: Vec<usize> = Vec::new();
        let mut is_done: HashSet<usize> = HashSet::default();
        let mut spent: HashSet<Key> = HashSet::default();
        while !queue.is_empty() {
            let mut plain: Vec<usize> = Vec::new();
            let mut is_plain: HashSet<usize> = HashSet::default();
            let mut chosen = None;
            while let Some(test) = queue.pop_front() {
                if is_done.contains(&test) || is_plain.contains(&test) {
                    continue;
                }
                let live = self.keys.get(&(scope, test)).and_then(|keys| keys.iter().rfind(|key| !spent.contains(key)));
                match live.cloned() {
                    None => {
                        plain.push(test);
                        is_plain.insert(test);
                    }
                    Some(key) => {
                        self.bring_forward(&key, scope, &members, &mut queue);
                        chosen = Some(key);
                        break;
                    }
                }
            }
            if !plain.is_empty() {
                let arranged = self.arrange(plain, narrower);
                is_done.extend(&arranged);
                done.extend(arranged);
            }
            spent.extend(chosen);
        }
        done
    }

    /// All of the group that have the value go to the front, in their order; so they do in the lists of their other
    /// values.
    fn bring_forward(&mut self, key: &Key, scope: Scope, members: &HashSet<usize>, queue: &mut VecDeque<usize>) {
        let holders = &self.holders[&(scope, key.clone())];
        let matching: Vec<usize> = holders.iter().copied().filter(|test| members.contains(test)).collect();
        for test in matching.into_iter().rev() {
            queue.push_front(test);
            for scope in Scope::HIGH {
                for other in self.keys.get(&(scope, test)).into_iter().flatten() {
                    let Some(list) = self.holders.get_mut(&(scope, other.clone())) else { continue };
                    // It stands near the end, unless another group came between.
                    if !self.copies
                        && let Some(place) = list.iter().rposition(|one| *one == test)
                    {
                        list.remove(place);
                    }
                    list.push_front(test);
                }
            }
        }
    }
}
