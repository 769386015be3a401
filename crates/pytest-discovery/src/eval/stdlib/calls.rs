//! What calls give and do, as far as nothing need be read for it.

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
pub(in crate::eval) const LOGGER: &str = "logging.Logger()";

/// Calls for what they write: they give nothing and change nothing that a test is made of.
pub(in crate::eval) fn gives_none(path: &str) -> bool {
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

/// Functions that change none of their arguments.
pub(crate) fn is_pure(path: &str) -> bool {
    if let Some(name) = path.strip_prefix("builtins.") {
        // `list.append(...)`.
        if let Some((_, method)) = name.split_once('.') {
            return !super::super::holder::is_changing(method);
        }
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

/// Whether a function that changes nothing may give back what it is passed, or something that holds it.
pub(in crate::eval) fn may_give(path: &str) -> bool {
    match path.strip_prefix("builtins.") {
        Some(name) => matches!(
            name,
            "dict"
                | "enumerate"
                | "frozenset"
                | "getattr"
                | "iter"
                | "list"
                | "max"
                | "min"
                | "reversed"
                | "set"
                | "sorted"
                | "tuple"
                | "zip"
        ),
        None => ["types.", "typing."].iter().any(|module| path.starts_with(module)) || is_opaque_constructor(path),
    }
}

/// Functions that raise nothing that import-time code would wait for.
pub(in crate::eval) fn is_safe(path: &str) -> bool {
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
