//! Enums: members, aliases, flags, and the texts that they show.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::class::{Class, Instance, Members, Payload};
use super::compare::{equal, integer};
use super::value::{Arguments, Doubt, Names, Value};
use super::{Frame, Interpreter};
use crate::PythonVersion;
use crate::syntax::ast::{BinaryOp, Range};

/// What `enum.auto()` is until its member is made.
pub(super) const AUTO: &str = "enum.auto()";
/// The release that changed what members show.
const NEW_TEXTS: PythonVersion = PythonVersion::new(3, 11);

/// Names between single underscores that an enum's body may bind.
const OWN_NAMES: [&str; 10] = [
    "_order_",
    "_generate_next_value_",
    "_numeric_repr_",
    "_missing_",
    "_ignore_",
    "_iter_member_",
    "_iter_member_by_value_",
    "_iter_member_by_def_",
    "_add_alias_",
    "_add_value_alias_",
];

/// Whether a name stands between single underscores, which enums keep for themselves.
fn is_reserved(name: &str) -> bool {
    let inner = name.strip_prefix('_').and_then(|rest| rest.strip_suffix('_'));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.starts_with('_') && !inner.ends_with('_'))
}

/// Whether a name is a private one of the class.
fn is_private(class: &Class, name: &str) -> bool {
    let rest = name.strip_prefix('_').and_then(|rest| rest.strip_prefix(class.name.trim_start_matches('_')));
    rest.is_some_and(|rest| rest.starts_with("__"))
}

/// Whether a name of an enum's body becomes a member.
pub(super) fn is_member_binding(class: &Class, name: &str, value: &Value) -> bool {
    !name.starts_with("__")
        && !is_reserved(name)
        && !is_private(class, name)
        && !matches!(value, Value::Function(_) | Value::Property(_) | Value::StaticMethod(_) | Value::ClassMethod(_))
}

/// The enum's member of that name, an alias's own.
pub(super) fn member(class: &Class, name: &str) -> Option<Value> {
    class.members.borrow().as_ref().ok().and_then(|members| members.get(name).cloned())
}

/// The members in the order of their definition, aliases left out.
pub(super) fn members(class: &Class) -> Result<Vec<Value>, Option<Doubt>> {
    match &*class.members.borrow() {
        Ok(members) => {
            let canonical = |name: &str, value: &Value| matches!(value, Value::Instance(one) if one.member.as_deref() == Some(name));
            let mut found: Vec<Value> =
                members.iter().filter(|(name, value)| canonical(name, value)).map(|(_, value)| value.clone()).collect();
            if is_flag(class) {
                // From 3.11 on only those of one bit are listed.
                found.retain(|member| {
                    bits(member).is_some_and(|bits| {
                        let below: BigInt = bits.clone() - 1;
                        !bits.is_zero() && (bits & below).is_zero()
                    })
                });
            }
            Ok(found)
        }
        Err(doubt) => Err(doubt.clone()),
    }
}

pub(super) fn is_flag(class: &Class) -> bool {
    class.is_enum && class.has_external(|path| matches!(path, "enum.Flag" | "enum.IntFlag"))
}

fn bits(member: &Value) -> Option<BigInt> {
    match member {
        Value::Instance(instance) => integer(&instance.value),
        _ => None,
    }
}

/// Whether two names of an enum are known to be those of one member.
pub(super) fn has_alias(class: &Value) -> bool {
    let Value::Class(class) = class else { return false };
    let is_other = |(name, member): (&Rc<str>, &Value)| matches!(member, Value::Instance(one) if one.member.as_ref().is_some_and(|own| own != name));
    class.members.borrow().as_ref().is_ok_and(|members| members.iter().any(is_other))
}

impl Interpreter<'_> {
    /// Makes the members of an enum whose body was evaluated.
    pub(super) fn make_members(&mut self, class: &Rc<Class>, frame: &Frame, range: Range) {
        let refused = |name: &str| is_reserved(name) && !OWN_NAMES.contains(&name);
        if class.names.borrow().keys().any(|name| refused(name)) {
            self.fail("ValueError", "a name that enums keep for themselves".to_owned(), frame, range);
            return;
        }
        let found = self.members_from_body(class, frame, range);
        let failed = found.is_err();
        *class.members.borrow_mut() = found;
        if failed {
            return;
        }
        // `__init__` sees each member as it is made.
        if class.in_tree("__init__").is_some() {
            let made: Vec<Value> = members(class).unwrap_or_default();
            for member in made {
                let Value::Instance(instance) = &member else { continue };
                let args = match &instance.value {
                    Value::Tuple(items) => items.to_vec(),
                    other => vec![other.clone()],
                };
                if let Some(Value::Unknown(doubt)) = self.special(&member, "__init__", args, frame, range) {
                    instance.doubt.borrow_mut().get_or_insert(doubt);
                }
            }
        }
    }

    fn members_from_body(&mut self, class: &Rc<Class>, frame: &Frame, range: Range) -> Result<Members, Option<Doubt>> {
        if let Some(doubt) = &*class.doubt.borrow() {
            return Err(Some(doubt.clone()));
        }
        let is_odd = |name: &&str| class.in_tree(name).is_some();
        // Before that release private names were members.
        let odd = ["__new__", "_ignore_", "__prepare__"].iter().any(is_odd)
            || self.python < NEW_TEXTS && class.names.borrow().keys().any(|name| is_private(class, name));
        let foreign = class.mro.iter().any(|base| match base {
            Value::Class(base) => base.dataclass.get() || base.doubt.borrow().is_some(),
            Value::External(path) => !super::stdlib::is_value_base(path) && !super::stdlib::is_plain_base(path),
            _ => true,
        });
        if odd
            || foreign
            || matches!(
                class.payload(),
                Some(Payload::Float | Payload::Tuple | Payload::Other | Payload::List | Payload::Dict | Payload::Set)
            )
        {
            return Err(None);
        }
        let body: Vec<(Rc<str>, super::Binding)> =
            class.names.borrow().iter().map(|(name, binding)| (name.clone(), binding.clone())).collect();
        let mut made = Members::default();
        let mut values: Vec<Value> = Vec::new();
        // What each `auto()` got: `DEFAULT = A` is the same one.
        let mut given: Vec<(Rc<str>, Value)> = Vec::new();
        for (name, binding) in body {
            if !is_member_binding(class, &name, &binding.value) {
                continue;
            }
            if binding.doubt.is_some() {
                return Err(binding.doubt);
            }
            let value = match &binding.value {
                Value::Unknown(doubt) => return Err(Some(doubt.clone())),
                // Releases differ in whether these are members.
                Value::Class(_) | Value::Partial(_) => return Err(None),
                Value::External(path) if &**path == AUTO => match given.iter().find(|(one, _)| Rc::ptr_eq(one, path)) {
                    Some((_, value)) => value.clone(),
                    None => {
                        let value = self.automatic(class, &name, &values, frame, range).ok_or(None)?;
                        given.push((path.clone(), value.clone()));
                        value
                    }
                },
                Value::Tuple(items)
                    if items.iter().any(|one| matches!(one, Value::External(path) if &**path == AUTO)) =>
                {
                    return Err(None);
                }
                value => value.clone(),
            };
            let value = match (class.payload(), value) {
                (Some(Payload::Str), value @ Value::Str(_)) => value,
                // `str(1)` is what the member is.
                (Some(Payload::Str), Value::Int(number)) if !class.has_external(|path| path == "enum.StrEnum") => {
                    Value::str(number.to_string())
                }
                (Some(Payload::Int), value @ Value::Int(_)) => value,
                (Some(Payload::Int), Value::Bool(flag)) => Value::int(u8::from(flag)),
                (Some(Payload::Bytes), value @ Value::Bytes(_)) => value,
                (Some(_), _) => return Err(None),
                (None, value) => value,
            };
            let mut alias = None;
            for (one, known) in made.values().zip(&values) {
                match equal(known, &value) {
                    Some(true) => {
                        alias = Some(one.clone());
                        break;
                    }
                    Some(false) => {}
                    None => return Err(None),
                }
            }
            // The values stand beside the names, an alias's too.
            values.push(value.clone());
            let member =
                alias.unwrap_or_else(|| Value::Instance(Rc::new(Instance::new(class, Some(name.clone()), value))));
            made.insert(name, member);
        }
        Ok(made)
    }

    /// The value that `auto()` gets.
    fn automatic(
        &mut self,
        class: &Rc<Class>,
        name: &str,
        values: &[Value],
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if let Some(generate) = class.in_tree("_generate_next_value_") {
            let function = match &generate.value {
                Value::StaticMethod(inner) => (**inner).clone(),
                other => other.clone(),
            };
            let last = Value::list(values.to_vec());
            let args = vec![Value::str(name), Value::int(1), Value::int(values.len()), last];
            let value = self.call_plain(&function, args, frame, range);
            return (!value.is_unknown()).then_some(value);
        }
        if class.has_external(|path| path == "enum.StrEnum") {
            return name.is_ascii().then(|| Value::str(name.to_ascii_lowercase()));
        }
        let numbers: Option<Vec<BigInt>> = values.iter().map(integer).collect();
        // Mixed values are counted in ways that changed from release to release.
        let most = numbers?.into_iter().max();
        if is_flag(class) {
            return Some(Value::Int(match most {
                None => BigInt::from(1),
                Some(most) if most.is_negative() => return None,
                Some(most) => BigInt::from(1) << most.bits(),
            }));
        }
        Some(Value::Int(most.map_or_else(|| BigInt::from(1), |most| most + 1)))
    }

    /// `ENUM(value)`.
    pub(super) fn member_of_value(
        &mut self,
        class: &Rc<Class>,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let [value] = &arguments.plain()?[..] else { return None };
        if let Value::Instance(instance) = value
            && Rc::ptr_eq(&instance.class, class)
        {
            return Some((*value).clone());
        }
        let all = members(class).ok()?;
        let mut unknown = false;
        for member in &all {
            let Value::Instance(instance) = member else { continue };
            if instance.attributes.borrow().contains_key("_value_") {
                return None;
            }
            match equal(&instance.value, value) {
                Some(true) => return Some(member.clone()),
                Some(false) => {}
                None => unknown = true,
            }
        }
        if unknown || is_flag(class) {
            return None;
        }
        match class.in_tree("_missing_").map(|binding| binding.value) {
            None => Some(self.fail("ValueError", "no member has that value".to_owned(), frame, range)),
            Some(Value::ClassMethod(function)) => {
                let args = vec![Value::Class(class.clone()), (*value).clone()];
                match self.call_plain(&function, args, frame, range) {
                    Value::None if self.raised.is_none() => {
                        Some(self.fail("ValueError", "no member has that value".to_owned(), frame, range))
                    }
                    found => Some(found),
                }
            }
            Some(_) => None,
        }
    }

    /// `Enum("NAME", ...)`: the functional form.
    pub(super) fn enum_from_call(
        &mut self,
        base: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if !arguments.only(&[]) {
            return None;
        }
        let [name, given] = &arguments.plain()?[..] else { return None };
        let mut names = Names::default();
        let mut add = |name: &str, value: Value| {
            names.insert(name.into(), super::Binding { value, doubt: None });
        };
        match given {
            Value::Str(_) => {
                for name in given.as_str()?.replace(',', " ").split_whitespace() {
                    add(name, Value::external(AUTO));
                }
            }
            Value::Dict(dict) => {
                for (name, value) in dict.pairs()? {
                    add(name.as_str()?, value);
                }
            }
            other => {
                for item in super::elements(other).ok()? {
                    match &item {
                        Value::Str(_) => add(item.as_str()?, Value::external(AUTO)),
                        Value::Tuple(pair) => match &pair[..] {
                            [name, value] => add(name.as_str()?, value.clone()),
                            _ => return None,
                        },
                        _ => return None,
                    }
                }
            }
        }
        let class = self.made_class(name.as_str()?, &[Value::external(base)], names, Vec::new(), frame, range)?;
        Some(Value::Class(class))
    }

    /// What `str` shows of a member.
    pub(super) fn text_of_member(&mut self, instance: &Rc<Instance>, frame: &Frame, range: Range) -> Option<String> {
        let object = Value::Instance(instance.clone());
        if instance.class.text_method("__str__").is_some() {
            let answer = self.special(&object, "__str__", Vec::new(), frame, range)?;
            return answer.as_str().map(str::to_owned);
        }
        own_text(instance, self.python)
    }

    /// What `repr` shows of a member.
    pub(super) fn repr_of_member(&mut self, instance: &Rc<Instance>, frame: &Frame, range: Range) -> Option<String> {
        let object = Value::Instance(instance.clone());
        if instance.class.text_method("__repr__").is_some() {
            let answer = self.special(&object, "__repr__", Vec::new(), frame, range)?;
            return answer.as_str().map(str::to_owned);
        }
        let name = instance.member.as_deref()?;
        let value =
            instance.attributes.borrow().get("_value_").map_or_else(|| instance.value.clone(), |one| one.value.clone());
        let value = self.text(&value, true, frame, range)?;
        Some(format!("<{}.{name}: {value}>", instance.class.name))
    }

    /// What an f-string shows of a member.
    pub(super) fn format_member(
        &mut self,
        instance: &Rc<Instance>,
        spec: &str,
        frame: &Frame,
        range: Range,
    ) -> Option<String> {
        let by_value = instance.class.payload().is_some();
        let own = instance.class.text_method("__str__").is_some();
        if by_value && self.python < NEW_TEXTS && !own {
            return super::format::format(&instance.value, spec);
        }
        // A mixin's own format where `str` is the mixin's too; else that of the text.
        if by_value && !own && shows_value(&instance.class, self.python) {
            return super::format::format(&instance.value, spec);
        }
        let text = self.text_of_member(instance, frame, range)?;
        if spec.is_empty() { Some(text) } else { super::format::format(&Value::str(text), spec) }
    }
}

/// Whether `str` of a member is that of its value.
fn shows_value(class: &Class, python: PythonVersion) -> bool {
    python >= NEW_TEXTS && class.has_external(|path| matches!(path, "enum.StrEnum" | "enum.IntEnum" | "enum.IntFlag"))
        || class.has_external(|path| path == "enum.StrEnum")
}

/// What `str` shows of a member whose class leaves it at that.
pub(crate) fn own_text(instance: &Instance, python: PythonVersion) -> Option<String> {
    let class = &instance.class;
    if class.text_method("__str__").is_some() || class.doubt.borrow().is_some() {
        return None;
    }
    let member = instance.member.as_deref()?;
    if shows_value(class, python) {
        return match &instance.value {
            Value::Str(text) => text.as_str().map(str::to_owned),
            Value::Int(number) => Some(number.to_string()),
            _ => None,
        };
    }
    if member.contains('|') && python < NEW_TEXTS {
        return None;
    }
    Some(format!("{}.{member}", class.name))
}

/// `|`, `&` and `^` of a member of a flag and the value of another one, or a number.
pub(super) fn combine(one: &Instance, op: BinaryOp, other: &Value) -> Option<Value> {
    let (left, right) = (integer(&one.value)?, integer(other)?);
    let value = match op {
        BinaryOp::BitOr => left | right,
        BinaryOp::BitAnd => left & right,
        BinaryOp::BitXor => left ^ right,
        _ => return None,
    };
    let class = &one.class;
    let known = class.members.borrow();
    let known = known.as_ref().ok()?;
    if let Some(found) = known.values().find(|member| bits(member).is_some_and(|bits| bits == value)) {
        return Some(found.clone());
    }
    if value.is_zero() || value.is_negative() {
        return None;
    }
    let mut left = value.clone();
    let mut names = Vec::new();
    for member in members(class).ok()? {
        let bits = bits(&member)?;
        if !(&left & &bits).is_zero() {
            left -= &bits;
            if let Value::Instance(instance) = &member {
                names.push(instance.member.as_deref()?.to_owned());
            }
        }
    }
    if !left.is_zero() {
        return None;
    }
    Some(Value::Instance(Rc::new(Instance::new(class, Some(names.join("|").into()), Value::Int(value)))))
}
