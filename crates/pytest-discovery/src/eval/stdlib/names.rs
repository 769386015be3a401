//! Which names there are, and what they stand for.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::HashMap;

use super::super::builtin_names::{BUILTINS, DICT, LIST, SET, STR};

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
pub(in crate::eval) fn builtin(name: &str) -> Option<Rc<str>> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Rc<str>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(path) = known.get(name) {
            return Some(path.clone());
        }
        if !is_any_builtin(name) {
            return None;
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
pub(in crate::eval) fn is_any_builtin(name: &str) -> bool {
    BUILTINS.binary_search(&name).is_ok()
}

/// One name for what has several.
pub(in crate::eval) fn canonical(dotted: &str) -> Rc<str> {
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
