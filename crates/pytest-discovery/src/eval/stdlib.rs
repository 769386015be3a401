//! What is known of the standard library without reading it.

/// Classes that give a subclass neither a constructor nor anything that makes it a string or a number.
pub(crate) fn is_plain_base(path: &str) -> bool {
    matches!(path, "builtins.object" | "abc.ABC" | "typing.Generic" | "typing.Protocol" | "collections.abc.Iterable")
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
        "pathlib.Path"
            | "pathlib.PurePath"
            | "pathlib.PosixPath"
            | "pathlib.PurePosixPath"
            | "datetime.datetime"
            | "datetime.date"
            | "datetime.time"
            | "datetime.timedelta"
            | "datetime.timezone"
            | "decimal.Decimal"
            | "fractions.Fraction"
            | "uuid.UUID"
            | "uuid.uuid4"
            | "collections.deque"
            | "collections.Counter"
            | "collections.OrderedDict"
            | "collections.defaultdict"
            | "types.SimpleNamespace"
            | "unittest.mock.Mock"
            | "unittest.mock.MagicMock"
            | "unittest.mock.AsyncMock"
            | "io.BytesIO"
            | "io.StringIO"
            | "threading.Event"
            | "threading.Lock"
            | "asyncio.Event"
            | "asyncio.Lock"
            | "builtins.object"
            | "builtins.bytearray"
            | "builtins.memoryview"
            | "builtins.slice"
            | "logging.getLogger"
            | "pytest.approx"
            | "pytest.raises"
            | "contextlib.nullcontext"
            | "functools.partial"
    ) || path.strip_prefix("builtins.").is_some_and(is_exception)
}

/// A built-in exception whose `__name__` is this name.
pub(crate) fn is_exception(name: &str) -> bool {
    (name.ends_with("Error") && !matches!(name, "IOError" | "EnvironmentError" | "WindowsError"))
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
                | "RuntimeWarning"
        )
}

/// The `__name__` of a built-in or of a well-known class of the standard library.
pub(crate) fn name_of(path: &str) -> Option<&str> {
    if let Some(name) = path.strip_prefix("builtins.") {
        return is_builtin(name).then_some(name).filter(|name| !matches!(*name, "NotImplemented" | "__name__"));
    }
    let (module, name) = path.rsplit_once('.')?;
    let class = matches!(
        module,
        "pathlib" | "decimal" | "fractions" | "json" | "subprocess" | "uuid" | "collections" | "queue" | "datetime"
    ) && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.contains(|letter: char| letter.is_ascii_lowercase());
    let known = class && !matches!(name, "JSONEncoder")
        || matches!(
            path,
            "datetime.datetime"
                | "datetime.date"
                | "datetime.timedelta"
                | "asyncio.TimeoutError"
                | "asyncio.CancelledError"
        );
    known.then_some(name)
}

pub(crate) fn is_builtin(name: &str) -> bool {
    is_exception(name)
        || matches!(
            name,
            "abs"
                | "all"
                | "any"
                | "bool"
                | "bytearray"
                | "bytes"
                | "callable"
                | "chr"
                | "classmethod"
                | "complex"
                | "dict"
                | "dir"
                | "divmod"
                | "enumerate"
                | "exec"
                | "eval"
                | "filter"
                | "float"
                | "format"
                | "frozenset"
                | "getattr"
                | "globals"
                | "hasattr"
                | "hash"
                | "hex"
                | "id"
                | "int"
                | "isinstance"
                | "issubclass"
                | "iter"
                | "len"
                | "list"
                | "locals"
                | "map"
                | "max"
                | "memoryview"
                | "min"
                | "next"
                | "object"
                | "oct"
                | "open"
                | "ord"
                | "pow"
                | "print"
                | "property"
                | "range"
                | "repr"
                | "reversed"
                | "round"
                | "set"
                | "setattr"
                | "slice"
                | "sorted"
                | "staticmethod"
                | "str"
                | "sum"
                | "super"
                | "tuple"
                | "type"
                | "vars"
                | "zip"
                | "__import__"
                | "delattr"
                | "input"
                | "NotImplemented"
        )
}

/// Functions that change none of their arguments.
pub(crate) fn is_pure(path: &str) -> bool {
    path.starts_with("builtins.")
        && !matches!(
            path,
            "builtins.setattr"
                | "builtins.exec"
                | "builtins.eval"
                | "builtins.vars"
                | "builtins.globals"
                | "builtins.map"
                | "builtins.filter"
                | "builtins.next"
                | "builtins.delattr"
        )
        || path.starts_with("logging.")
        || path.starts_with("os.path.")
        || path.starts_with("typing.")
        || path.starts_with("json.")
        || path.starts_with("pytest.")
        || is_opaque_constructor(path)
}

/// Decorators that keep a function with its name, marks and parameters, as far as collection can tell.
pub(crate) fn is_transparent(path: &str) -> bool {
    path.starts_with("unittest.mock.patch")
        || matches!(
            path,
            "contextlib.contextmanager"
                | "contextlib.asynccontextmanager"
                | "functools.lru_cache"
                | "functools.cache"
                | "functools.wraps"
                | "abc.abstractmethod"
                | "typing.override"
                | "typing.final"
                | "typing.no_type_check"
                | "typing.runtime_checkable"
                | "pytest.hookimpl"
                | "functools.total_ordering"
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
            | "benchmark"
            | "django_db"
            | "trio"
            | "order"
            | "repeat"
            | "mypy"
    )
}
