//! Dictionaries: keys, hashes and insertion order.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use num_traits::ToPrimitive;

use super::compare::equal;
use super::value::{Dict, Value};

/// From how many keys on they are looked up by hash.
const LARGE: usize = 16;

/// A hash under which equal keys are equal; `None` for what cannot be a key, or may be equal to what it does not look
/// like.
pub(super) fn hash_of(value: &Value) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    feed(value, &mut hasher, 0)?;
    Some(hasher.finish())
}

fn feed(value: &Value, hasher: &mut DefaultHasher, depth: u32) -> Option<()> {
    if depth > 20 {
        return None;
    }
    let pointer = |hasher: &mut DefaultHasher, pointer: *const ()| {
        9_u8.hash(hasher);
        pointer.hash(hasher);
    };
    match value {
        Value::None => 1_u8.hash(hasher),
        Value::Ellipsis => 2_u8.hash(hasher),
        Value::Bool(_) | Value::Int(_) => {
            let number = super::compare::integer(value)?;
            3_u8.hash(hasher);
            match number.to_i64() {
                Some(small) => small.hash(hasher),
                None => number.hash(hasher),
            }
        }
        Value::Float(number) => {
            if number.is_nan() {
                return None;
            }
            if number.fract() == 0.0 && number.abs() < 9e15 {
                3_u8.hash(hasher);
                (*number as i64).hash(hasher);
            } else if number.fract() == 0.0 && number.is_finite() {
                return None;
            } else {
                4_u8.hash(hasher);
                number.to_bits().hash(hasher);
            }
        }
        Value::Str(text) => {
            5_u8.hash(hasher);
            text.hash(hasher);
        }
        Value::Bytes(bytes) => {
            6_u8.hash(hasher);
            bytes.hash(hasher);
        }
        Value::Tuple(items) => {
            7_u8.hash(hasher);
            items.len().hash(hasher);
            for item in items.iter() {
                feed(item, hasher, depth + 1)?;
            }
        }
        Value::FrozenSet(items) => {
            8_u8.hash(hasher);
            items.len().hash(hasher);
        }
        Value::Class(class) => pointer(hasher, Rc::as_ptr(class).cast()),
        Value::Function(function) => pointer(hasher, Rc::as_ptr(function).cast()),
        Value::Module(module) => pointer(hasher, Rc::as_ptr(module).cast()),
        Value::Path(path) => {
            10_u8.hash(hasher);
            path.hash(hasher);
        }
        Value::External(path) if path.starts_with("builtins.") => {
            11_u8.hash(hasher);
            path.hash(hasher);
        }
        Value::Instance(instance) => {
            let class = &instance.class;
            if class.in_tree("__eq__").is_some() || class.in_tree("__hash__").is_some() {
                return None;
            }
            match (&instance.member, class.payload()) {
                (
                    _,
                    Some(
                        super::class::Payload::Other
                        | super::class::Payload::List
                        | super::class::Payload::Dict
                        | super::class::Payload::Set,
                    ),
                ) => {
                    return None;
                }
                (_, Some(_)) => feed(&instance.value, hasher, depth + 1)?,
                (Some(member), None) => {
                    12_u8.hash(hasher);
                    Rc::as_ptr(class).hash(hasher);
                    member.hash(hasher);
                }
                (None, None) => {
                    let is_dataclass = class.dataclass.get()
                        || class.mro.iter().any(|base| matches!(base, Value::Class(base) if base.dataclass.get()));
                    if !class.is_plain() {
                        return None;
                    }
                    if is_dataclass && class.options.get().eq {
                        if !class.options.get().frozen || instance.doubt.borrow().is_some() {
                            return None;
                        }
                        13_u8.hash(hasher);
                        Rc::as_ptr(class).hash(hasher);
                        for field in super::dataclass::compared_fields(class)? {
                            feed(&field.held_by(instance)?, hasher, depth + 1)?;
                        }
                    } else {
                        pointer(hasher, Rc::as_ptr(instance).cast());
                    }
                }
            }
        }
        _ => return None,
    }
    Some(())
}

/// Whether a value can be a key, and be found again.
pub(super) fn is_key(value: &Value) -> bool {
    hash_of(value).is_some()
}

impl Dict {
    /// Where the key is; `None` where that is not known, `Some(None)` where it is not there.
    fn position(&self, key: &Value) -> Option<Option<usize>> {
        let pairs = self.0.borrow();
        let pairs = pairs.as_ref().ok()?;
        let hash = hash_of(key)?;
        if pairs.len() < LARGE {
            for (index, (one, _)) in pairs.iter().enumerate() {
                if equal(one, key)? {
                    return Some(Some(index));
                }
            }
            return Some(None);
        }
        let mut index = self.2.0.borrow_mut();
        let (known, places) = &mut *index;
        if *known > pairs.len() {
            places.clear();
            *known = 0;
        }
        for (at, (one, _)) in pairs.iter().enumerate().skip(*known) {
            places.entry(hash_of(one)?).or_default().push(at);
        }
        *known = pairs.len();
        for at in places.get(&hash).map(Vec::as_slice).unwrap_or_default() {
            if equal(&pairs.get(*at)?.0, key)? {
                return Some(Some(*at));
            }
        }
        Some(None)
    }

    /// The value of a key; `None` where that is not known, `Some(None)` where it is not there.
    pub(super) fn find(&self, key: &Value) -> Option<Option<Value>> {
        let at = self.position(key)?;
        Some(at.and_then(|at| {
            self.0.borrow().as_ref().ok().and_then(|pairs| pairs.get(at).map(|(_, value)| value.clone()))
        }))
    }

    /// `dict[key] = value`: a known key keeps its place. False where the key is not known.
    pub(super) fn insert(&self, key: Value, value: Value) -> bool {
        if self.0.borrow().is_err() {
            return true;
        }
        let Some(at) = self.position(&key) else { return false };
        if let Ok(pairs) = &mut *self.0.borrow_mut() {
            match at.and_then(|at| pairs.get_mut(at)) {
                Some((_, old)) => *old = value,
                None => pairs.push((key, value)),
            }
        }
        true
    }

    /// Takes a key out; `None` where that is not known.
    pub(super) fn remove(&self, key: &Value) -> Option<Option<Value>> {
        let Some(at) = self.position(key)? else { return Some(None) };
        self.2.0.borrow_mut().1.clear();
        self.2.0.borrow_mut().0 = 0;
        match &mut *self.0.borrow_mut() {
            Ok(pairs) if at < pairs.len() => Some(Some(pairs.remove(at).1)),
            _ => None,
        }
    }

    /// Its pairs, where they are known.
    pub(super) fn pairs(&self) -> Option<Vec<(Value, Value)>> {
        self.0.borrow().clone().ok()
    }
}
