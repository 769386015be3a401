//! Functions that remember what they gave: `functools.lru_cache`, `functools.cache` and `functools.cached_property`.
//!
//! Asked the same again they run no more, and give the very same object.

use std::rc::Rc;

use num_traits::ToPrimitive as _;

use super::candidates::identity;
use super::compare::{equal, integer, truth};
use super::value::{Arguments, Doubt, Function, Value};
use super::{Frame, Interpreter, wrapping};
use crate::syntax::ast::Range;

/// What a function gave so far.
#[derive(Debug)]
pub(crate) struct Memo {
    /// Objects that are equal are not the same to it.
    of_objects: bool,
    /// Of how many calls it remembers what it gave.
    most: usize,
    /// Whether `1` and `1.0` are two arguments to it; `None` where that is not known.
    typed: Option<bool>,
    calls: Vec<(Key, Value)>,
}

/// The arguments of a call.
#[derive(Debug, Default)]
struct Key {
    /// Those by name behind the others, each behind its name.
    values: Vec<Value>,
    positional: usize,
}

impl Key {
    fn of(arguments: &Arguments) -> Self {
        let by_name = arguments.keywords.iter().flat_map(|(name, one)| [Value::str(&**name), one.value.clone()]);
        let values = arguments.positional.iter().map(|one| one.value.clone()).chain(by_name).collect();
        Self { values, positional: arguments.positional.len() }
    }

    /// Whether it is one number or text, which is a key by itself and equal to none that is put in a tuple.
    fn is_bare(&self) -> bool {
        matches!((&self.values[..], self.positional), ([Value::Int(_) | Value::Str(_)], 1))
    }
}

impl Memo {
    /// That of `cached_property`: its objects remember it.
    pub(super) fn of_objects() -> Self {
        Self { of_objects: true, most: usize::MAX, typed: Some(false), calls: Vec::new() }
    }

    pub(super) fn is_of_objects(&self) -> bool {
        self.of_objects
    }

    /// That of `lru_cache`, with its `maxsize`; of 128 calls where it is not said. `None` where it remembers nothing.
    pub(super) fn of_calls(maxsize: Option<&Value>, typed: Option<&Value>) -> Option<Self> {
        let most = match maxsize {
            Some(Value::None) => usize::MAX,
            None => 128,
            Some(size) => match integer(size) {
                Some(size) => size.to_usize().filter(|size| *size > 0)?,
                // Any call may be remembered, then.
                None => 0,
            },
        };
        Some(Self { of_objects: false, most, typed: typed.map_or(Some(false), truth), calls: Vec::new() })
    }

    /// Whether a call was made before; `None` where it may have been.
    fn find(&self, key: &Key) -> Option<Option<&Value>> {
        let mut is_known = true;
        for (known, value) in &self.calls {
            let same = |(one, other): (&Value, &Value)| match identity(one) {
                Some(place) if self.of_objects => Some(identity(other) == Some(place)),
                _ if are_of_one_type(one, other) => equal(one, other),
                _ => match self.typed {
                    Some(true) => Some(false),
                    Some(false) => equal(one, other),
                    None => equal(one, other).filter(|same| !same),
                },
            };
            let is_alike = known.values.len() == key.values.len()
                && known.positional == key.positional
                && (self.typed == Some(true) || known.is_bare() == key.is_bare());
            let all = if is_alike {
                let mut pairs = known.values.iter().zip(&key.values);
                pairs.try_fold(true, |all, pair| same(pair).map(|same| all && same))
            } else {
                Some(false)
            };
            match all {
                Some(true) => return Some(Some(value)),
                Some(false) => {}
                None => is_known = false,
            }
        }
        (is_known && self.calls.len() < self.most).then_some(None)
    }
}

/// Whether two values are of one type, as far as `==` may take them for one.
fn are_of_one_type(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Instance(one), Value::Instance(other)) => Rc::ptr_eq(&one.class, &other.class),
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

/// The function remembers from now on what it gives.
pub(super) fn remember(value: &Value, memo: Memo) {
    if let Value::Function(function) = value {
        function.memo.replace(Some(Box::new(memo)));
    }
}

/// What `lru_cache` makes of a function: another that remembers what it gives, and has the first one as `__wrapped__`.
pub(super) fn remembering(value: &Value, memo: Option<Memo>) -> Value {
    let Value::Function(inner) = value else { return value.clone() };
    let (def, defaults) = (inner.def.clone(), inner.defaults.clone());
    let made = Rc::new(Function::new(def, inner.scope.clone(), inner.module.clone(), defaults));
    made.memo.replace(memo.map(Box::new));
    wrapping::wrap(&made, inner);
    Value::Function(made)
}

impl Interpreter<'_> {
    /// A call of a function that may remember what it gave.
    pub(super) fn remembered(
        &mut self,
        function: &Rc<Function>,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
        run: impl FnOnce(&mut Self) -> Option<Value>,
    ) -> Option<Value> {
        let (key, found) = match &*function.memo.borrow() {
            None => (Key::default(), None),
            Some(memo) => {
                let key = Key::of(arguments);
                let found = memo.find(&key).map(|found| found.cloned());
                (key, Some(found))
            }
        };
        match found {
            None => run(self),
            Some(Some(Some(value))) => Some(value),
            Some(Some(None)) => {
                let value = run(self)?;
                if self.raised.is_some() {
                    return Some(value);
                }
                // Under a doubt it may give another one later.
                let kept = match self.current_doubt() {
                    Some(doubt) => Value::Unknown(doubt.among([&value])),
                    None => value.clone(),
                };
                if let Some(memo) = &mut *function.memo.borrow_mut() {
                    memo.calls.push((key, kept));
                }
                Some(value)
            }
            Some(None) => {
                let doubt = self.doubt(frame, range, "a call that a function may remember");
                let value = self.perhaps(&doubt, run).flatten();
                let known = function.memo.borrow();
                let all = known.iter().flat_map(|memo| memo.calls.iter().map(|(_, value)| value));
                Some(Value::Unknown(doubt.among(all.chain(&value))))
            }
        }
    }

    /// `cache_clear` of a function that remembers.
    pub(super) fn forget_calls(&mut self, function: &Function) {
        let doubt: Option<Doubt> = self.current_doubt().cloned();
        if let Some(memo) = &mut *function.memo.borrow_mut() {
            match doubt {
                None => memo.calls.clear(),
                // It may remember them, or not.
                Some(doubt) => {
                    for (_, value) in &mut memo.calls {
                        *value = Value::Unknown(doubt.among([&*value]));
                    }
                }
            }
        }
    }
}
