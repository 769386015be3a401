//! Which attributes built-in values have, and which of their methods change nothing.

use super::super::builtin_names::{DICT, INT, LIST, SET, STR, TUPLE};
use super::super::value::Value;
use super::classes::{is_exception, is_plain_base};

/// Whether a library's class has no attribute of that name that a class of the tree would inherit.
pub(in crate::eval) fn has_no_such(path: &str, name: &str) -> bool {
    if is_plain_base(path) {
        return true;
    }
    if let Some(class) = path.strip_prefix("builtins.")
        && is_exception(class)
    {
        return !name.starts_with("__")
            && !matches!(
                name,
                "args"
                    | "with_traceback"
                    | "add_note"
                    | "errno"
                    | "strerror"
                    | "filename"
                    | "name"
                    | "path"
                    | "msg"
                    | "value"
                    | "code"
                    | "reason"
                    | "object"
                    | "start"
                    | "end"
                    | "encoding"
                    | "characters_written"
                    | "text"
                    | "lineno"
                    | "offset"
                    | "obj"
            );
    }
    match path {
        "enum.Enum" | "enum.Flag" => !name.starts_with('_') && !matches!(name, "name" | "value"),
        "types.SimpleNamespace" => !name.starts_with("__"),
        "typing.NamedTuple" | "builtins.tuple" => !name.starts_with('_') && !TUPLE.contains(&name),
        "builtins.dict" => !name.starts_with("__") && !DICT.contains(&name),
        "builtins.list" => !name.starts_with("__") && !LIST.contains(&name),
        "builtins.str" | "enum.StrEnum" => {
            !name.starts_with('_') && !STR.contains(&name) && !matches!(name, "name" | "value")
        }
        "builtins.int" | "enum.IntEnum" | "enum.IntFlag" => {
            !name.starts_with('_') && !INT.contains(&name) && !matches!(name, "name" | "value")
        }
        _ => false,
    }
}

/// Special methods of lists and dictionaries that may be called by their names, those first that change nothing.
const OF_CONTAINERS: [&str; 14] = [
    "__contains__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__add__",
    "__mul__",
    "__or__",
    "__eq__",
    "__ne__",
    "__setitem__",
    "__delitem__",
    "__iadd__",
    "__imul__",
    "__ior__",
];
const PURE: usize = 9;

/// Whether it is one of those of a built-in class.
pub(in crate::eval) fn is_container_method(class: &str, name: &str) -> bool {
    matches!(class, "builtins.list" | "builtins.dict" | "builtins.set") && OF_CONTAINERS.contains(&name)
}

/// Whether a value of a built-in type has a method of that name.
pub(in crate::eval) fn has_method(value: &Value, name: &str) -> Option<bool> {
    if name == "to_bytes" || (name.starts_with("__") && name.ends_with("__")) {
        let is_container = matches!(value, Value::List(_) | Value::Dict(_) | Value::Set(_));
        return if is_container && OF_CONTAINERS.contains(&name) {
            Some(true)
        } else if matches!(name, "__name__" | "__wrapped__" | "__call__" | "__next__")
            && !matches!(value, Value::Iterator(_))
        {
            Some(false)
        } else {
            None
        };
    }
    let names: &[&str] = match value {
        Value::Str(_) => &STR,
        Value::List(_) => &LIST,
        Value::Tuple(_) => &TUPLE,
        Value::Dict(dict) => {
            return Some(DICT.contains(&name) || !matches!(dict.1, super::super::value::DictKind::Plain));
        }
        Value::Set(_) => &SET,
        Value::FrozenSet(_) => &[
            "copy",
            "difference",
            "intersection",
            "isdisjoint",
            "issubset",
            "issuperset",
            "symmetric_difference",
            "union",
        ],
        Value::Int(_) | Value::Bool(_) => &INT,
        Value::None => &[],
        Value::Float(_) => &["as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"],
        Value::Range(_) => &["count", "index", "start", "stop", "step"],
        Value::Bytes(_) => {
            let known = STR.contains(&name) && !matches!(name, "format" | "format_map" | "encode" | "casefold");
            return if known || matches!(name, "decode" | "hex" | "fromhex") { Some(true) } else { None };
        }
        file if super::super::library::is_file(file) => return None,
        // Iterators of several kinds, and views.
        _ => {
            return if matches!(name, "close" | "send" | "throw" | "mapping" | "isdisjoint") {
                Some(true)
            } else {
                None
            };
        }
    };
    Some(names.contains(&name))
}

/// Methods of built-in values that change nothing, whether they are followed or not.
pub(in crate::eval) fn is_pure_method(value: &Value, name: &str) -> bool {
    match value {
        Value::List(_) | Value::Dict(_) | Value::Set(_) if name.starts_with("__") => {
            OF_CONTAINERS[..PURE].contains(&name)
        }
        Value::List(_) => matches!(name, "copy" | "count" | "index"),
        Value::Dict(_) => matches!(name, "get" | "items" | "keys" | "values" | "copy"),
        Value::Set(_) => !matches!(name, "add" | "discard" | "remove" | "pop" | "clear") && !name.ends_with("update"),
        Value::Iterator(_) | Value::Instance(_) | Value::Object(_) => false,
        _ => true,
    }
}
