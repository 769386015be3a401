//! What a value may be that is not known.
//!
//! `found = l0 if UNKNOWN else l1` leaves `found` unknown, and `found.append(1)` changes one of two lists that both are
//! known by other names. So a doubt keeps what can be changed of all that the value may be, or be a part of: where the value is
//! changed, none of that is known any more.

use std::rc::Rc;

use foldhash::HashSet;

use super::iterator::Feed;
use super::value::{Doubt, Value};

/// Of more than so many, none is known any more at once.
pub(super) const MOST: usize = 64;

/// Those of all candidates that can be changed, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates(Option<Rc<[Value]>>);

impl Candidates {
    pub(super) fn as_slice(&self) -> &[Value] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Those and these. Where they become too many they are tainted, under that doubt.
    pub(super) fn and<'v>(&self, values: impl IntoIterator<Item = &'v Value>, doubt: &Doubt) -> Self {
        let (mut more, mut names) = (Vec::new(), Vec::new());
        let is_known = |more: &[Value], value: &Value| {
            let is_same = |other: &Value| identity(other).is_some_and(|one| Some(one) == identity(value));
            self.as_slice().iter().chain(more).any(is_same)
        };
        for value in values {
            let found = match value {
                Value::Unknown(doubt) => doubt.candidates(),
                value if can_change(value) => std::slice::from_ref(value),
                _ => continue,
            };
            if found.len() > MOST {
                names.extend_from_slice(found);
                continue;
            }
            for value in found {
                if !is_known(&more, value) {
                    more.push(value.clone());
                }
            }
            if self.narrow() + more.len() > MOST {
                let doubt = doubt.apart();
                more.drain(..).for_each(|value| taint(&value, &doubt));
            }
        }
        if !names.is_empty() {
            return self.and_all(more.iter().chain(&names));
        }
        if more.is_empty() {
            return self.clone();
        }
        Self(Some(self.as_slice().iter().cloned().chain(more).collect()))
    }

    /// Those and all these, however many: whoever reads one name of many gives none of them up.
    pub(super) fn and_all<'v>(&self, values: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut places: HashSet<*const ()> = self.as_slice().iter().filter_map(identity).collect();
        let mut all = self.as_slice().to_vec();
        for value in values {
            let found = match value {
                Value::Unknown(doubt) => doubt.candidates(),
                value if can_change(value) => std::slice::from_ref(value),
                _ => continue,
            };
            all.extend(found.iter().filter(|one| identity(one).is_some_and(|place| places.insert(place))).cloned());
        }
        if all.len() == self.as_slice().len() { self.clone() } else { Self(Some(all.into())) }
    }

    /// How many they are, where they are not the names of something large.
    fn narrow(&self) -> usize {
        Some(self.as_slice().len()).filter(|&count| count <= MOST).unwrap_or_default()
    }
}

/// Where a value lies: two that lie at one place are one.
pub(super) fn identity(value: &Value) -> Option<*const ()> {
    Some(match value {
        Value::List(list) | Value::Set(list) => Rc::as_ptr(list).cast(),
        Value::Dict(dict) | Value::View(dict, _) => Rc::as_ptr(dict).cast(),
        Value::Tuple(items) | Value::FrozenSet(items) => items.as_ptr().cast(),
        Value::Iterator(iterator) => Rc::as_ptr(iterator).cast(),
        Value::Function(function) => Rc::as_ptr(function).cast(),
        Value::BuiltinMethod(method) => Rc::as_ptr(method).cast(),
        Value::Method(method) => Rc::as_ptr(method).cast(),
        Value::Partial(partial) => Rc::as_ptr(partial).cast(),
        Value::Class(class) => Rc::as_ptr(class).cast(),
        Value::Instance(instance) => Rc::as_ptr(instance).cast(),
        Value::Fixture(fixture) => Rc::as_ptr(fixture).cast(),
        Value::Object(object) => Rc::as_ptr(object).cast(),
        _ => return None,
    })
}

/// Whether a value, or a part of it, can be changed.
fn can_change(value: &Value) -> bool {
    match value {
        Value::Tuple(items) | Value::FrozenSet(items) => {
            items.iter().any(|item| matches!(item, Value::Tuple(_) | Value::Unknown(_)) || can_change(item))
        }
        Value::Instance(instance) => instance.member.is_none(),
        other => identity(other).is_some(),
    }
}

/// A value that something unknown may have changed, and all that can be reached from it, is not known any more.
pub(super) fn taint(value: &Value, doubt: &Doubt) {
    taint_all([value], doubt);
}

/// The same of several: what is reached from many of them is looked at once.
pub(super) fn taint_all<'v>(values: impl IntoIterator<Item = &'v Value>, doubt: &Doubt) {
    let mut reached = Reached::default();
    reached.extend(values);
    while let Some(value) = reached.left.pop() {
        match &value {
            Value::List(list) | Value::Set(list) => match list.0.replace(Err(doubt.clone())) {
                Ok(items) => reached.extend(&items),
                Err(before) => reached.extend(before.candidates()),
            },
            Value::Dict(dict) | Value::View(dict, _) => match dict.0.replace(Err(doubt.clone())) {
                Ok(items) => reached.extend(items.iter().map(|(_, item)| item)),
                Err(before) => reached.extend(before.candidates()),
            },
            Value::Tuple(items) | Value::FrozenSet(items) => reached.extend(items.iter()),
            Value::Iterator(iterator) => match iterator.0.replace(Feed::Unknown(doubt.clone())) {
                Feed::Items(items) | Feed::File(items) | Feed::Cycle(items) => reached.extend(&items),
                Feed::Repeat(item) => reached.push(&item),
                Feed::Unknown(before) => reached.extend(before.candidates()),
                Feed::List(list, _) | Feed::Backwards(list, _) => reached.push(&Value::List(list)),
                Feed::Groups(groups) => reached.extend(groups.values()),
                Feed::Lazy(lazy) => lazy.sources.into_iter().for_each(|one| reached.push(&Value::Iterator(one))),
                // Whoever may have asked it has had it run: see `may_call`.
                Feed::Count(..) | Feed::Waiting(..) | Feed::One(..) => {}
            },
            Value::Function(function) => {
                function.may_have_marks(doubt);
                function.may_have_parameters(doubt);
            }
            Value::Method(method) => reached.push(&method.0),
            Value::BuiltinMethod(method) => reached.push(&method.0),
            Value::Partial(partial) => reached.extend(partial.arguments.values()),
            // Who is handed a class may mark it; that it is given other bases or methods is not to be expected.
            Value::Class(class) if !class.is_enum => {
                class.open.borrow_mut().get_or_insert_with(|| doubt.clone());
            }
            Value::Instance(instance) if instance.member.is_none() => {
                instance.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
                reached.push(&instance.value);
                reached.extend(instance.attributes.borrow().values().map(|one| &one.value));
            }
            Value::Object(object) => object.taint(doubt),
            _ => {}
        }
    }
}

/// What can be reached from a value, each once: much of it is reached in many ways.
#[derive(Default)]
struct Reached {
    seen: HashSet<*const ()>,
    left: Vec<Value>,
}

impl Reached {
    fn push(&mut self, value: &Value) {
        if let Value::Unknown(unknown) = value {
            let candidates = unknown.candidates();
            // One doubt is that of many values.
            if !candidates.is_empty() && self.seen.insert(candidates.as_ptr().cast()) {
                self.extend(candidates);
            }
        } else if identity(value).is_some_and(|place| self.seen.insert(place)) {
            self.left.push(value.clone());
        }
    }

    fn extend<'v>(&mut self, values: impl IntoIterator<Item = &'v Value>) {
        values.into_iter().for_each(|value| self.push(value));
    }
}
