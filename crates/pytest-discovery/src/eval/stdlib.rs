//! What is known of the standard library, and of some others, without reading them: names by their dotted paths.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::builtin_names::{BUILTINS, DICT, INT, LIST, SET, STR, TUPLE};
use super::value::Value;

/// Classes that give a subclass neither a constructor nor anything that makes it a string or a number.
pub(crate) fn is_plain_base(path: &str) -> bool {
    matches!(path, "builtins.object" | "abc.ABC" | "typing.Generic" | "typing.Protocol" | "collections.abc.Iterable")
}

/// Bases of libraries whose instances have no `__name__` and are no strings or numbers; their attributes are unknown.
pub(super) fn is_nameless_base(path: &str) -> bool {
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

/// Whether a library's class has no attribute of that name that a class of the tree would inherit.
pub(super) fn has_no_such(path: &str, name: &str) -> bool {
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

/// Whether a value of a built-in type has a method of that name.
pub(super) fn has_method(value: &Value, name: &str) -> Option<bool> {
    if name == "to_bytes" || (name.starts_with("__") && name.ends_with("__")) {
        return if matches!(name, "__name__" | "__wrapped__" | "__call__" | "__next__")
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
            return Some(DICT.contains(&name) || !matches!(dict.1, super::value::DictKind::Plain));
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
        file if super::library::is_file(file) => return None,
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

/// Constructors whose instances have no name and are no numbers or strings.
pub(crate) fn is_opaque_constructor(path: &str) -> bool {
    matches!(
        path,
        "zoneinfo.ZoneInfo"
            | "ipaddress.ip_address"
            | "ipaddress.ip_network"
            | "ipaddress.ip_interface"
            | "ipaddress.IPv4Address"
            | "ipaddress.IPv6Address"
            | "ipaddress.IPv4Network"
            | "ipaddress.IPv6Network"
            | "ipaddress.IPv4Interface"
            | "ipaddress.IPv6Interface"
            | "array.array"
            | "threading.Condition"
            | "threading.Semaphore"
            | "threading.BoundedSemaphore"
            | "threading.Barrier"
            | "threading.local"
            | "weakref.WeakSet"
            | "weakref.WeakKeyDictionary"
            | "weakref.WeakValueDictionary"
            | "email.message.Message"
            | "email.message.EmailMessage"
            | "pathlib.PureWindowsPath"
            | "uuid.uuid3"
            | "uuid.uuid5"
            | "random.SystemRandom"
            | "http.cookies.SimpleCookie"
            | "decimal.Decimal"
            | "fractions.Fraction"
            | "uuid.UUID"
            | "uuid.uuid4"
            | "uuid.uuid1"
            | "collections.deque"
            | "collections.ChainMap"
            | "unittest.mock.Mock"
            | "unittest.mock.MagicMock"
            | "unittest.mock.AsyncMock"
            | "unittest.mock.NonCallableMock"
            | "unittest.mock.PropertyMock"
            | "io.BytesIO"
            | "io.StringIO"
            | "threading.Event"
            | "threading.Lock"
            | "threading.RLock"
            | "asyncio.Event"
            | "asyncio.Lock"
            | "asyncio.Queue"
            | "asyncio.Semaphore"
            | "queue.Queue"
            | "builtins.object"
            | "builtins.bytearray"
            | "builtins.memoryview"
            | "warnings.catch_warnings"
            | "pytest.approx"
            | "pytest.raises"
            | "pytest.warns"
            | "pytest.StashKey"
            | "contextlib.nullcontext"
            | "contextlib.ExitStack"
            | "torch.tensor"
            | "torch.zeros"
            | "torch.ones"
            | "torch.empty"
            | "torch.arange"
            | "torch.rand"
            | "torch.randn"
            | "torch.randint"
            | "torch.full"
            | "torch.device"
            | "torch.Size"
            | "numpy.array"
            | "numpy.zeros"
            | "numpy.ones"
            | "numpy.empty"
            | "numpy.arange"
            | "numpy.full"
            | "numpy.asarray"
            | "argparse.Namespace"
            | "argparse.ArgumentParser"
            | "random.Random"
            | "struct.Struct"
            | "string.Template"
    )
}

/// A logger, of whichever name.
pub(super) const LOGGER: &str = "logging.Logger()";

/// Calls for what they write: they give nothing and change nothing that a test is made of.
pub(super) fn gives_none(path: &str) -> bool {
    match path.rsplit_once('.') {
        Some(("logging" | LOGGER, name)) => {
            matches!(
                name,
                "debug"
                    | "info"
                    | "warning"
                    | "error"
                    | "exception"
                    | "critical"
                    | "log"
                    | "setLevel"
                    | "basicConfig"
                    | "disable"
            )
        }
        Some(("warnings", name)) => matches!(name, "warn" | "simplefilter" | "filterwarnings" | "resetwarnings"),
        _ => path == "time.sleep",
    }
}

/// Values of libraries that are no strings or numbers and have no name: `torch.float16`.
pub(crate) fn is_opaque_value(path: &str) -> bool {
    path.strip_prefix("torch.").is_some_and(|name| {
        matches!(
            name,
            "float16"
                | "float32"
                | "float64"
                | "bfloat16"
                | "half"
                | "float"
                | "double"
                | "int8"
                | "int16"
                | "int32"
                | "int64"
                | "uint8"
                | "bool"
                | "int"
                | "long"
                | "short"
                | "float8_e4m3fn"
                | "float8_e5m2"
                | "complex64"
        )
    }) || matches!(
        path,
        "sys.stdout"
            | "sys.stderr"
            | "sys.stdin"
            | "builtins.NotImplemented"
            | LOGGER
            | "importlib.machinery.SPEC"
            | "unittest.mock.ANY"
            | "unittest.mock.DEFAULT"
    )
}

/// A built-in exception whose `__name__` is this name.
pub(crate) fn is_exception(name: &str) -> bool {
    (name.ends_with("Error")
        && !matches!(name, "IOError" | "EnvironmentError" | "WindowsError")
        && is_any_builtin(name))
        || matches!(
            name,
            "Exception"
                | "BaseException"
                | "KeyboardInterrupt"
                | "SystemExit"
                | "StopIteration"
                | "GeneratorExit"
                | "StopAsyncIteration"
                | "Warning"
                | "UserWarning"
                | "DeprecationWarning"
                | "PendingDeprecationWarning"
                | "RuntimeWarning"
                | "SyntaxWarning"
                | "FutureWarning"
                | "ImportWarning"
                | "UnicodeWarning"
                | "BytesWarning"
                | "ResourceWarning"
                | "EncodingWarning"
        )
}

/// The `__name__` of a built-in or of a well-known class of the standard library.
pub(crate) fn name_of(path: &str) -> Option<&str> {
    let alias = path.ends_with("[]");
    let path = path.trim_end_matches("[]");
    if let Some(name) = path.strip_prefix("builtins.") {
        if let Some((class, method)) = name.split_once('.') {
            let known = match class {
                "str" => STR.contains(&method),
                "list" => LIST.contains(&method),
                "dict" => DICT.contains(&method),
                "set" => SET.contains(&method),
                _ => false,
            };
            return known.then_some(method);
        }
        return (is_any_builtin(name) && !name.contains('.')).then_some(name).filter(|name| {
            !matches!(
                *name,
                "NotImplemented"
                    | "__name__"
                    | "IOError"
                    | "EnvironmentError"
                    | "copyright"
                    | "credits"
                    | "exit"
                    | "quit"
                    | "license"
                    | "help"
                    | "__debug__"
            )
        });
    }
    if path == "os.path" {
        return Some("posixpath");
    }
    let Some((module, name)) = path.rsplit_once('.') else {
        // A module that was imported by its own name.
        return (!alias && !matches!(path, "typing" | "mock")).then_some(path);
    };
    if !alias && is_named_function(module, name) {
        return Some(name);
    }
    let camel = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.contains(|letter: char| letter.is_ascii_lowercase());
    let class = matches!(
        module,
        "pathlib"
            | "decimal"
            | "fractions"
            | "json"
            | "subprocess"
            | "uuid"
            | "collections"
            | "collections.abc"
            | "queue"
            | "datetime"
            | "io"
            | "ipaddress"
            | "zoneinfo"
            | "numbers"
            | "enum"
            | "argparse"
            | "http"
    ) && camel;
    let typing = module == "typing"
        && matches!(
            name,
            "Any"
                | "List"
                | "Dict"
                | "Tuple"
                | "Set"
                | "FrozenSet"
                | "Type"
                | "Callable"
                | "Iterable"
                | "Iterator"
                | "Sequence"
                | "Mapping"
                | "Hashable"
                | "Sized"
                | "Container"
                | "Collection"
                | "Reversible"
                | "Generator"
                | "MutableMapping"
                | "MutableSequence"
                | "MutableSet"
                | "AbstractSet"
                | "KeysView"
                | "ItemsView"
                | "ValuesView"
                | "MappingView"
                | "Deque"
                | "DefaultDict"
                | "OrderedDict"
                | "Counter"
                | "ChainMap"
                | "Awaitable"
                | "Coroutine"
                | "AsyncIterable"
                | "AsyncIterator"
                | "AsyncGenerator"
                | "Literal"
        );
    let known = class && !matches!(name, "JSONEncoder" | "EnumMeta" | "Path" | "UserDict" | "UserList" | "UserString")
        || path == "pathlib.Path"
        || (typing && (name != "Any"))
        || (alias && path == "typing.Optional")
        || matches!(
            path,
            "datetime.datetime"
                | "datetime.date"
                | "datetime.timedelta"
                | "asyncio.TimeoutError"
                | "asyncio.CancelledError"
                | "numpy.float16"
                | "numpy.float32"
                | "numpy.float64"
                | "numpy.int8"
                | "numpy.int16"
                | "numpy.int32"
                | "numpy.int64"
                | "numpy.uint8"
        );
    // Before 3.11 `asyncio.TimeoutError` was a class of its own, of the same name.
    known.then_some(name)
}

/// Whether a module of the standard library has a function whose `__name__` is what it is found by.
fn is_named_function(module: &str, name: &str) -> bool {
    match module {
        "operator" => matches!(
            name,
            "lt" | "le"
                | "eq"
                | "ne"
                | "gt"
                | "ge"
                | "not_"
                | "truth"
                | "is_"
                | "is_not"
                | "abs"
                | "add"
                | "and_"
                | "floordiv"
                | "index"
                | "inv"
                | "invert"
                | "lshift"
                | "mod"
                | "mul"
                | "matmul"
                | "neg"
                | "or_"
                | "pos"
                | "pow"
                | "rshift"
                | "sub"
                | "truediv"
                | "xor"
                | "concat"
                | "contains"
                | "countOf"
                | "delitem"
                | "getitem"
                | "indexOf"
                | "setitem"
                | "length_hint"
                | "iadd"
                | "iand"
                | "iconcat"
                | "ifloordiv"
                | "ilshift"
                | "imod"
                | "imul"
                | "imatmul"
                | "ior"
                | "ipow"
                | "irshift"
                | "isub"
                | "itruediv"
                | "ixor"
                | "itemgetter"
                | "attrgetter"
                | "methodcaller"
        ),
        "math" => matches!(
            name,
            "sqrt"
                | "floor"
                | "ceil"
                | "trunc"
                | "sin"
                | "cos"
                | "tan"
                | "exp"
                | "log"
                | "log2"
                | "log10"
                | "gcd"
                | "isnan"
                | "isinf"
                | "isfinite"
                | "fabs"
                | "factorial"
                | "prod"
                | "hypot"
                | "atan2"
                | "copysign"
        ),
        "json" => matches!(name, "dumps" | "loads" | "dump" | "load"),
        "pickle" => matches!(name, "dumps" | "loads" | "dump" | "load"),
        "copy" => matches!(name, "copy" | "deepcopy"),
        "os.path" => matches!(
            name,
            "join"
                | "exists"
                | "basename"
                | "dirname"
                | "abspath"
                | "normpath"
                | "splitext"
                | "split"
                | "isfile"
                | "isdir"
                | "realpath"
                | "relpath"
                | "isabs"
                | "expanduser"
        ),
        "functools" => matches!(name, "partial" | "reduce" | "lru_cache" | "wraps" | "cmp_to_key"),
        "itertools" => matches!(
            name,
            "chain"
                | "count"
                | "cycle"
                | "repeat"
                | "product"
                | "permutations"
                | "combinations"
                | "islice"
                | "groupby"
                | "starmap"
                | "takewhile"
                | "dropwhile"
                | "accumulate"
                | "zip_longest"
                | "tee"
                | "compress"
        ),
        "collections" => matches!(name, "deque" | "defaultdict" | "namedtuple"),
        "asyncio" => matches!(name, "sleep" | "gather" | "wait_for" | "run" | "wait" | "create_task"),
        "time" => matches!(name, "time" | "sleep" | "monotonic" | "perf_counter"),
        _ => false,
    }
}

/// The dotted name of a built-in.
pub(super) fn builtin(name: &str) -> Option<Rc<str>> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Rc<str>>> = RefCell::default();
    }
    if !is_any_builtin(name) {
        return None;
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(path) = known.get(name) {
            return Some(path.clone());
        }
        // One exception under three names.
        let path: Rc<str> = match name {
            "IOError" | "EnvironmentError" => "builtins.OSError".into(),
            name => format!("builtins.{name}").into(),
        };
        known.insert(name.into(), path.clone());
        Some(path)
    })
}

/// The names of `builtins`.
pub(super) fn is_any_builtin(name: &str) -> bool {
    BUILTINS.binary_search(&name).is_ok()
}

/// Whether a built-in name is a class.
pub(super) fn is_builtin_class(name: &str) -> bool {
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

/// Whether something of a library is a module, class or function for certain: never `None`, and true.
pub(super) fn is_solid(path: &str) -> bool {
    let path = path.trim_end_matches("[]");
    if let Some(name) = path.strip_prefix("builtins.") {
        return !name.contains('.') && name != "NotImplemented";
    }
    if path == "importlib.machinery.SPEC" || path == super::enums::AUTO {
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
pub(super) fn is_type(path: &str) -> bool {
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
pub(super) fn is_generic(path: &str) -> bool {
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

/// One name for what has several.
pub(super) fn canonical(dotted: &str) -> Rc<str> {
    for (from, to) in [
        ("typing_extensions.", "typing."),
        ("posixpath.", "os.path."),
        ("unittest.case.", "unittest."),
        ("unittest.async_case.", "unittest."),
        ("mock.", "unittest.mock."),
        ("_pytest.mark.structures.", "pytest."),
        ("_pytest.fixtures.", "pytest."),
        ("_pytest.outcomes.", "pytest."),
        ("hypothesis.core.", "hypothesis."),
        ("freezegun.api.", "freezegun."),
    ] {
        if let Some(rest) = dotted.strip_prefix(from) {
            return format!("{to}{rest}").into();
        }
    }
    match dotted {
        "typing_extensions" => "typing".into(),
        "mock" => "unittest.mock".into(),
        "builtins.IOError" | "builtins.EnvironmentError" => "builtins.OSError".into(),
        _ => dotted.into(),
    }
}

/// Functions that change none of their arguments.
pub(crate) fn is_pure(path: &str) -> bool {
    if let Some(name) = path.strip_prefix("builtins.") {
        return !matches!(
            name,
            "setattr" | "exec" | "eval" | "vars" | "globals" | "map" | "filter" | "next" | "delattr"
        );
    }
    let modules = [
        "logging.",
        "os.",
        "typing.",
        "json.",
        "pytest.",
        "re.",
        "math.",
        "pathlib.",
        "time.",
        "datetime.",
        "textwrap.",
        "importlib.",
        "shutil.",
        "sys.",
        "inspect.",
        "string.",
        "uuid.",
        "hashlib.",
        "base64.",
        "yaml.",
        "torch.",
        "platform.",
        "subprocess.",
        "socket.",
        "tempfile.",
        "warnings.",
        "decimal.",
        "fractions.",
        "urllib.",
        "types.",
        "numpy.array",
        "numpy.zeros",
        "numpy.ones",
        "packaging.",
        "signal.",
        "faulthandler.",
    ];
    modules.iter().any(|module| path.starts_with(module)) || is_opaque_constructor(path) || path == "dataclasses.fields"
}

/// Functions that raise nothing that import-time code would wait for.
pub(super) fn is_safe(path: &str) -> bool {
    ["logging.", "typing.", "time.", "pytest.", "warnings.", "sys.path.", "os.path.", "datetime.", "faulthandler."]
        .iter()
        .any(|module| path.starts_with(module))
        || matches!(
            path,
            "builtins.print"
                | "builtins.isinstance"
                | "builtins.repr"
                | "builtins.hash"
                | "builtins.id"
                | "os.getcwd"
                | "os.getpid"
                | "platform.machine"
                | "os.cpu_count"
                | "importlib.util.find_spec"
                | "types.ModuleType"
                | "importlib.util.module_from_spec"
        )
        || is_opaque_constructor(path)
}

/// Methods of built-in values that change nothing, whether they are followed or not.
pub(super) fn is_pure_method(value: &Value, name: &str) -> bool {
    match value {
        Value::List(_) => matches!(name, "copy" | "count" | "index"),
        Value::Dict(_) => matches!(name, "get" | "items" | "keys" | "values" | "copy"),
        Value::Set(_) => !matches!(name, "add" | "discard" | "remove" | "pop" | "clear") && !name.ends_with("update"),
        Value::Iterator(_) | Value::Instance(_) | Value::Object(_) => false,
        _ => true,
    }
}

/// Decorators that keep a function with its name, marks and parameters, as far as collection can tell.
pub(crate) fn is_transparent(path: &str) -> bool {
    matches!(
        path,
        "contextlib.contextmanager"
            | "contextlib.asynccontextmanager"
            | "functools.lru_cache"
            | "functools.cache"
            | "abc.abstractmethod"
            | "typing.override"
            | "typing.final"
            | "typing.overload"
            | "typing.no_type_check"
            | "typing.runtime_checkable"
            | "pytest.hookimpl"
            | "functools.total_ordering"
            | "unittest.skip"
            | "unittest.skipIf"
            | "unittest.skipUnless"
            | "unittest.expectedFailure"
            | "enum.unique"
            | "enum.verify"
            | "enum.nonmember"
            | "atexit.register"
            | "flaky.flaky"
            | "hypothesis.settings"
            | "hypothesis.example"
            | "hypothesis.seed"
            | "hypothesis.reproduce_failure"
            | "time_machine.travel"
            | "freezegun.freeze_time"
            | "responses.activate"
            | "respx.mock"
    )
}

/// The fixtures that pytest itself brings.
pub(crate) fn is_builtin_fixture(name: &str) -> bool {
    matches!(
        name,
        "cache"
            | "capfd"
            | "capfdbinary"
            | "caplog"
            | "capsys"
            | "capsysbinary"
            | "capteesys"
            | "config"
            | "doctest_namespace"
            | "monkeypatch"
            | "pytestconfig"
            | "record_property"
            | "record_testsuite_property"
            | "record_xml_attribute"
            | "recwarn"
            | "request"
            | "subtests"
            | "testdir"
            | "tmp_path"
            | "tmp_path_factory"
            | "tmpdir"
            | "tmpdir_factory"
    )
}

/// The markers that pytest itself and widespread plugins register.
pub(crate) fn is_plugin_marker(name: &str) -> bool {
    matches!(
        name,
        "filterwarnings"
            | "skip"
            | "skipif"
            | "xfail"
            | "parametrize"
            | "usefixtures"
            | "tryfirst"
            | "trylast"
            | "anyio"
            | "asyncio"
            | "timeout"
            | "xdist_group"
            | "flaky"
            | "forked"
            | "hypothesis"
            | "benchmark"
            | "django_db"
            | "trio"
            | "order"
            | "repeat"
            | "mypy"
    )
}

/// What makes a class of its fields, as attrs does: called on a class, or called before.
pub(super) fn is_attrs(path: &str) -> bool {
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
