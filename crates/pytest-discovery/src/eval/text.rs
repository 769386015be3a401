//! `str` and `repr`.

use std::fmt::Write;

use super::class::Payload;
use super::value::{Instance, Value};
use super::{Frame, Interpreter, MOST_TEXT};
use crate::syntax::ast::Range;

/// How deeply containers are shown.
const DEEPEST: u32 = 30;

/// Python's `str(value)` of what is neither a container nor of the tree.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => text.as_str().map(str::to_owned),
        // Python refuses to write more than 4,300 digits.
        Value::Int(number) => (number.bits() < 14_000).then(|| number.to_string()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::None => Some("None".to_owned()),
        Value::Ellipsis => Some("Ellipsis".to_owned()),
        Value::Float(number) => Some(crate::collect::ids::float_text(*number)),
        Value::Complex(real, imaginary) => Some(complex(*real, *imaginary)),
        Value::Path(path) => Some(path.to_string()),
        _ => None,
    }
}

/// Python's text of a complex number.
pub(crate) fn complex(real: f64, imaginary: f64) -> String {
    let part = |number: f64| {
        let text = crate::collect::ids::float_text(number);
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    };
    let sign = if imaginary.is_sign_negative() && !imaginary.is_nan() { "" } else { "+" };
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", part(imaginary));
    }
    format!("({}{sign}{}j)", part(real), part(imaginary))
}

/// Python's `repr` of a string; `None` where it is not known which of its characters are printable.
pub(crate) fn quoted(text: &str) -> Option<String> {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            one if one == quote => {
                out.push('\\');
                out.push(one);
            }
            ' '..='~' => out.push(character),
            '\u{0}'..='\u{ff}' if character.is_control() || character == '\u{a0}' || character == '\u{ad}' => {
                write!(out, "\\x{:02x}", u32::from(character)).ok()?;
            }
            '\u{a1}'..='\u{ff}' => out.push(character),
            one if one.is_alphanumeric() => out.push(one),
            _ => return None,
        }
    }
    out.push(quote);
    Some(out)
}

fn quoted_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            one if char::from(*one) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}

impl Interpreter<'_> {
    /// Python's `str(value)`, for collection; `None` where it is not known.
    pub(crate) fn text_for_id(&mut self, value: &Value) -> Option<String> {
        let Value::Instance(instance) = value else { return plain(value) };
        if let Some(text) = super::enums::own_text(instance, self.python).filter(|_| instance.member.is_some()) {
            return Some(text);
        }
        let str_of = Value::external("builtins.str");
        // A number's class has no `__str__`, and shows its `__repr__`.
        let own = ["__str__", "__repr__"].iter().find_map(|name| instance.class.text_method(name));
        let module = match own.map(|binding| binding.value) {
            Some(Value::Function(function)) => function.module.clone(),
            Some(_) => return None,
            None => return plain(&instance.value),
        };
        let frame = Frame { scope: module.scope.clone(), module };
        let text = self.call_value(&str_of, vec![value.clone()], Vec::new(), &frame, Range { start: 0, end: 0 });
        text.as_str().map(str::to_owned)
    }

    /// Python's `str(value)`, or `repr(value)`.
    pub(super) fn text(&mut self, value: &Value, repr: bool, frame: &Frame, range: Range) -> Option<String> {
        let mut out = String::new();
        self.show(value, repr, &mut out, 0, frame, range)?;
        Some(out)
    }

    fn show(
        &mut self,
        value: &Value,
        repr: bool,
        out: &mut String,
        depth: u32,
        frame: &Frame,
        range: Range,
    ) -> Option<()> {
        if depth > DEEPEST || out.len() > MOST_TEXT || !self.step() {
            return None;
        }
        match value {
            Value::Str(text) if repr => out.push_str(&quoted(text.as_str()?)?),
            Value::Path(path) if repr => {
                // They may be `PurePosixPath`.
                if self.has_pure_paths {
                    return None;
                }
                out.push_str("PosixPath(");
                out.push_str(&quoted(path)?);
                out.push(')');
            }
            Value::Bytes(bytes) => out.push_str(&quoted_bytes(bytes)),
            Value::Tuple(items) => {
                self.show_items(items, ["(", if items.len() == 1 { ",)" } else { ")" }], out, depth, frame, range)?;
            }
            Value::List(list) => {
                let items = list.0.borrow().clone().ok()?;
                self.show_items(&items, ["[", "]"], out, depth, frame, range)?;
            }
            // The order of more than one is not known.
            Value::Set(_) | Value::FrozenSet(_) => {
                let items = super::compare::set_items(value)?;
                let frozen = matches!(value, Value::FrozenSet(_));
                match (items.len(), frozen) {
                    (0, false) => out.push_str("set()"),
                    (0, true) => out.push_str("frozenset()"),
                    (1, false) => self.show_items(&items, ["{", "}"], out, depth, frame, range)?,
                    (1, true) => self.show_items(&items, ["frozenset({", "})"], out, depth, frame, range)?,
                    _ => return None,
                }
            }
            Value::Dict(dict) => {
                if !matches!(dict.1, super::value::DictKind::Plain) {
                    return None;
                }
                out.push('{');
                for (index, (key, value)) in dict.pairs()?.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    self.show(key, true, out, depth + 1, frame, range)?;
                    out.push_str(": ");
                    self.show(value, true, out, depth + 1, frame, range)?;
                }
                out.push('}');
            }
            Value::View(dict, kind) => {
                let name = match kind {
                    super::value::ViewKind::Keys => "dict_keys([",
                    super::value::ViewKind::Values => "dict_values([",
                    super::value::ViewKind::Items => "dict_items([",
                };
                let items = super::elements(&Value::View(dict.clone(), *kind)).ok()?;
                self.show_items(&items, [name, "])"], out, depth, frame, range)?;
            }
            Value::Range(bounds) => {
                let [start, stop, step] = **bounds;
                match step {
                    1 => write!(out, "range({start}, {stop})").ok()?,
                    _ => write!(out, "range({start}, {stop}, {step})").ok()?,
                }
            }
            Value::External(path) => {
                let name = path.strip_prefix("builtins.").filter(|name| super::stdlib::is_builtin_class(name))?;
                let name = if matches!(name, "IOError" | "EnvironmentError") { "OSError" } else { name };
                write!(out, "<class '{name}'>").ok()?;
            }
            Value::Exception(exception) => {
                self.show_exception(&exception.0.clone(), &exception.1, repr, out, depth, frame, range)?;
            }
            Value::Instance(instance) => self.show_instance(value, instance, repr, out, depth, frame, range)?,
            other => out.push_str(&plain(other)?),
        }
        (out.len() <= MOST_TEXT).then_some(())
    }

    #[expect(clippy::too_many_arguments, reason = "a recursive writer")]
    fn show_exception(
        &mut self,
        name: &str,
        args: &[Value],
        repr: bool,
        out: &mut String,
        depth: u32,
        frame: &Frame,
        range: Range,
    ) -> Option<()> {
        if repr {
            out.push_str(if matches!(name, "IOError" | "EnvironmentError") { "OSError" } else { name });
            return self.show_items(args, ["(", ")"], out, depth, frame, range);
        }
        match args {
            [] => Some(()),
            // A missing key is shown as it is written.
            [one] => self.show(one, name == "KeyError", out, depth + 1, frame, range),
            // Those of the operating system show a number and a text.
            _ if super::exceptions::is_kind_of(name, "OSError")
                || super::exceptions::is_kind_of(name, "UnicodeError") =>
            {
                None
            }
            many => self.show_items(many, ["(", ")"], out, depth, frame, range),
        }
    }

    fn show_items(
        &mut self,
        items: &[Value],
        ends: [&str; 2],
        out: &mut String,
        depth: u32,
        frame: &Frame,
        range: Range,
    ) -> Option<()> {
        out.push_str(ends[0]);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.show(item, true, out, depth + 1, frame, range)?;
        }
        out.push_str(ends[1]);
        Some(())
    }

    #[expect(clippy::too_many_arguments, reason = "a recursive writer")]
    fn show_instance(
        &mut self,
        value: &Value,
        instance: &std::rc::Rc<Instance>,
        repr: bool,
        out: &mut String,
        depth: u32,
        frame: &Frame,
        range: Range,
    ) -> Option<()> {
        let class = &instance.class;
        if instance.member.is_some() {
            let text = if repr {
                self.repr_of_member(instance, frame, range)
            } else {
                self.text_of_member(instance, frame, range)
            };
            out.push_str(&text?);
            return Some(());
        }
        for name in if repr { &["__repr__"][..] } else { &["__str__", "__repr__"][..] } {
            // An exception's or a string's own text comes before `__repr__` of the tree.
            let has_text = matches!(class.payload(), Some(Payload::Str | Payload::Bytes | Payload::Other));
            if *name == "__repr__" && !repr && (class.is_exception() || has_text) {
                break;
            }
            if class.text_method(name).is_some() {
                let answer = self.special(value, name, Vec::new(), frame, range)?;
                out.push_str(answer.as_str()?);
                return Some(());
            }
        }
        if instance.doubt.borrow().is_some() || class.doubt.borrow().is_some() {
            return None;
        }
        if class.is_exception() {
            let args = instance.attributes.borrow().get("args").map(|one| one.value.clone())?;
            let name = class.name.clone();
            let builtin = class.mro.iter().find_map(|base| match base {
                Value::External(path) => path.strip_prefix("builtins.").map(str::to_owned),
                _ => None,
            });
            let args = super::elements(&args).ok()?;
            if !repr
                && builtin
                    .as_deref()
                    .is_some_and(|base| base == "KeyError" || super::exceptions::is_kind_of(base, "OSError"))
            {
                return None;
            }
            return self.show_exception(&name, &args, repr, out, depth, frame, range);
        }
        if super::dataclass::is_dataclass(class) && class.payload().is_none() {
            let fields = super::dataclass::fields_as_defined(class.maker("__repr__")?)?;
            if class.qualname.is_empty() {
                return None;
            }
            out.push_str(&class.qualname);
            out.push('(');
            let mut first = true;
            for field in fields.iter().filter(|field| field.repr && !field.is_handed()) {
                let value = field.held_by(instance)?;
                if !first {
                    out.push_str(", ");
                }
                first = false;
                out.push_str(&field.name);
                out.push('=');
                self.show(&value, true, out, depth + 1, frame, range)?;
            }
            out.push(')');
            return Some(());
        }
        match class.payload() {
            Some(Payload::Tuple) if class.has_external(|path| path == "typing.NamedTuple") => {
                let items = super::elements(&instance.value).ok()?;
                out.push_str(&class.name);
                out.push('(');
                for (index, ((name, _), item)) in super::named_tuple::tuple_fields(class).iter().zip(&items).enumerate()
                {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(name);
                    out.push('=');
                    self.show(item, true, out, depth + 1, frame, range)?;
                }
                out.push(')');
                Some(())
            }
            Some(Payload::Other) | None => None,
            Some(_) => self.show(&instance.value.clone(), repr, out, depth + 1, frame, range),
        }
    }
}
