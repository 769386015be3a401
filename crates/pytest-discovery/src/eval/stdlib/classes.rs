//! What classes are, by their dotted paths.

use super::names::is_any_builtin;

/// Classes that give a subclass neither a constructor nor anything that makes it a string or a number.
pub(crate) fn is_plain_base(path: &str) -> bool {
    matches!(path, "builtins.object" | "abc.ABC" | "typing.Generic" | "typing.Protocol" | "collections.abc.Iterable")
}

/// Bases of libraries whose instances have no `__name__` and are no strings or numbers; their attributes are unknown.
pub(in crate::eval) fn is_nameless_base(path: &str) -> bool {
    matches!(
        path,
        "pydantic.BaseModel"
            | "threading.Thread"
            | "logging.Handler"
            | "logging.Filter"
            | "logging.Formatter"
            | "unittest.TestCase"
            | "http.server.BaseHTTPRequestHandler"
            | "json.JSONEncoder"
            | "collections.abc.Mapping"
            | "collections.abc.MutableMapping"
            | "collections.abc.Sequence"
            | "collections.abc.Iterator"
            | "collections.abc.AsyncIterator"
            | "unittest.mock.MagicMock"
            | "unittest.mock.Mock"
            | "collections.UserDict"
            | "collections.UserList"
            | "contextlib.AbstractContextManager"
            | "contextlib.ContextDecorator"
            | "types.SimpleNamespace"
    )
}

/// unittest's test classes.
pub(crate) fn is_test_case(path: &str) -> bool {
    matches!(
        path,
        "unittest.TestCase"
            | "unittest.IsolatedAsyncioTestCase"
            | "unittest.case.TestCase"
            | "unittest.async_case.IsolatedAsyncioTestCase"
    )
}

/// Enum bases.
pub(crate) fn is_enum(path: &str) -> bool {
    matches!(path, "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag")
}

/// Bases that make each instance a value with a text of its own.
pub(crate) fn is_value_base(path: &str) -> bool {
    matches!(path, "builtins.str" | "builtins.int" | "builtins.float" | "builtins.complex" | "builtins.bytes")
        || is_enum(path)
}

/// A built-in exception whose `__name__` is this name.
pub(crate) fn is_exception(name: &str) -> bool {
    let is_one = name.ends_with("Error") || name.ends_with("Warning");
    (is_one && !matches!(name, "IOError" | "EnvironmentError" | "WindowsError") && is_any_builtin(name))
        || matches!(
            name,
            "Exception"
                | "BaseException"
                | "KeyboardInterrupt"
                | "SystemExit"
                | "StopIteration"
                | "GeneratorExit"
                | "StopAsyncIteration"
        )
}

/// Whether something of a library is a module, class or function for certain: never `None`, and true.
pub(in crate::eval) fn is_solid(path: &str) -> bool {
    let path = path.trim_end_matches("[]");
    if let Some(name) = path.strip_prefix("builtins.") {
        return !name.contains('.') && name != "NotImplemented";
    }
    if path == "importlib.machinery.SPEC" || path == super::super::enums::AUTO {
        return true;
    }
    let Some((module, name)) = path.rsplit_once('.') else { return true };
    let camel = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.contains(|letter: char| letter.is_ascii_lowercase())
        && !name.contains('_');
    camel
        || matches!(
            path,
            "os.path"
                | "os.environ"
                | "importlib.util"
                | "unittest.mock"
                | "collections.abc"
                | "concurrent.futures"
                | "urllib.parse"
                | "urllib.request"
                | "xml.etree"
                | "xml.etree.ElementTree"
                | "logging.handlers"
                | "multiprocessing.spawn"
        )
        || (matches!(
            module,
            "os" | "shutil"
                | "subprocess"
                | "time"
                | "json"
                | "asyncio"
                | "pytest"
                | "math"
                | "itertools"
                | "functools"
                | "textwrap"
        ) && name.starts_with(|first: char| first.is_ascii_lowercase()))
}

/// Whether something of a library is a class, as `X | None` needs.
pub(in crate::eval) fn is_type(path: &str) -> bool {
    let path = path.trim_end_matches("[]");
    match path.strip_prefix("builtins.") {
        Some(name) => is_builtin_class(name),
        None => {
            path.starts_with("typing.")
                || path.rsplit('.').next().is_some_and(|name| {
                    name.starts_with(|first: char| first.is_ascii_uppercase())
                        && name.contains(|letter: char| letter.is_ascii_lowercase())
                        && !name.contains('_')
                })
        }
    }
}

/// Whether `X[...]` of it is a type with parameters.
pub(in crate::eval) fn is_generic(path: &str) -> bool {
    let path = path.trim_end_matches("[]");
    path.starts_with("typing.")
        || path.starts_with("collections.abc.")
        || matches!(
            path,
            "builtins.list"
                | "builtins.dict"
                | "builtins.tuple"
                | "builtins.set"
                | "builtins.frozenset"
                | "builtins.type"
                | "collections.OrderedDict"
                | "collections.defaultdict"
                | "collections.deque"
                | "collections.Counter"
                | "contextlib.AbstractContextManager"
                | "re.Pattern"
                | "os.PathLike"
                | "queue.Queue"
                | "asyncio.Queue"
                | "asyncio.Task"
                | "asyncio.Future"
                | "pytest.StashKey"
        )
}

/// Whether a built-in name is a class.
pub(in crate::eval) fn is_builtin_class(name: &str) -> bool {
    is_exception(name)
        || matches!(
            name,
            "bool"
                | "bytearray"
                | "bytes"
                | "classmethod"
                | "complex"
                | "dict"
                | "enumerate"
                | "filter"
                | "float"
                | "frozenset"
                | "int"
                | "list"
                | "map"
                | "memoryview"
                | "object"
                | "property"
                | "range"
                | "reversed"
                | "set"
                | "slice"
                | "staticmethod"
                | "str"
                | "super"
                | "tuple"
                | "type"
                | "zip"
        )
}

/// What makes a class of its fields, as attrs does: called on a class, or called before.
pub(in crate::eval) fn is_attrs(path: &str) -> bool {
    matches!(
        path,
        "attr.s"
            | "attr.attrs"
            | "attr.dataclass"
            | "attr.define"
            | "attr.frozen"
            | "attr.mutable"
            | "attrs.define"
            | "attrs.frozen"
            | "attrs.mutable"
            | "attrs.<class>"
    )
}

/// Whether something of a library is surely no function written in Python: a built-in, or a class by its name.
pub(crate) fn is_no_test(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    path.starts_with("builtins.")
        || (name.starts_with(|one: char| one.is_ascii_uppercase()) && name.contains(|one: char| one.is_lowercase()))
}
