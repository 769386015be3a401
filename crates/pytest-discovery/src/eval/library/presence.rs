//! Whether something has a name: `hasattr` and `getattr`, and which names modules of the standard library have, as CPython on Linux
//! has them.

use std::sync::LazyLock;

use foldhash::HashMap;

use super::super::attribute::Found;
use super::super::value::Value;
use super::super::{Frame, Interpreter};
use crate::PythonVersion;
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    /// `getattr(object, name, default)`.
    pub(super) fn attribute_or(
        &mut self,
        object: &Value,
        name: &str,
        default: &Value,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let (found, absence) = self.with_absence(|one| one.find_attribute(object, name, frame, range));
        match found {
            // A module of a library need not have it.
            Found::Value(_) if matches!(object, Value::External(path) if has(path, name, self.python) == Some(false)) => {
                Some(default.clone())
            }
            // What pytest's objects have besides is not known.
            Found::Value(Value::BuiltinMethod(_)) if matches!(object, Value::Object(_)) => None,
            Found::Value(_) if self.is_no_attribute() => Some(default.clone()),
            Found::Value(value) => match absence {
                Some(doubt) => Some(Value::Unknown(doubt.among([&value, default]))),
                None => Some(value),
            },
            Found::Missing => Some(default.clone()),
            Found::Unknown(doubt) => doubt.map(Value::Unknown),
        }
    }

    /// `hasattr(object, name)`.
    pub(super) fn has_attribute(&mut self, object: &Value, name: &str, frame: &Frame, range: Range) -> Option<bool> {
        let (found, absence) = self.with_absence(|one| one.find_attribute(object, name, frame, range));
        match found {
            Found::Value(_) if let Value::External(path) = object => has(path, name, self.python),
            Found::Value(Value::BuiltinMethod(_))
                if !matches!(
                    object,
                    Value::Str(_) | Value::List(_) | Value::Dict(_) | Value::Tuple(_) | Value::Set(_)
                ) =>
            {
                None
            }
            Found::Value(_) if self.is_no_attribute() => Some(false),
            Found::Value(_) => absence.is_none().then_some(true),
            Found::Missing => Some(false),
            Found::Unknown(_) => None,
        }
    }

    /// Whether what was asked for an attribute says that it has none; that is taken for an answer.
    fn is_no_attribute(&mut self) -> bool {
        let says_so = self.raised.as_ref().is_some_and(|raised| &*raised.class == "AttributeError");
        if says_so {
            self.raised = None;
        }
        says_so
    }
}

/// What modules of the standard library bind in one release, each in the order of its names. The text has a line for each
/// module: its name and theirs.
static NAMES: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let text = include_str!("names-of-3.11.txt");
    let modules = text.lines().filter_map(|line| line.split_once(' '));
    modules.map(|(module, names)| (module, names.split(' ').collect())).collect()
});
const RELEASE_OF_NAMES: PythonVersion = PythonVersion::new(3, 11);

/// Modules of Python 2: what imports them is ready for their not being there.
const OF_PYTHON_2: [&str; 18] = [
    "BaseHTTPServer",
    "ConfigParser",
    "Cookie",
    "HTMLParser",
    "Queue",
    "SocketServer",
    "StringIO",
    "Tkinter",
    "UserDict",
    "__builtin__",
    "cPickle",
    "cStringIO",
    "cookielib",
    "copy_reg",
    "httplib",
    "urllib2",
    "urlparse",
    "xmlrpclib",
];

/// Whether no library brings a module, and the standard library no longer.
pub(in crate::eval) fn is_of_python_2(dotted: &str) -> bool {
    OF_PYTHON_2.contains(&dotted.split('.').next().unwrap_or_default())
}

/// Whether a dotted name is below a module of the standard library that is no package.
pub(in crate::eval) fn is_below_plain_module(dotted: &str) -> bool {
    let Some((top, below)) = dotted.split_once('.') else { return false };
    let is_plain = matches!(
        top,
        "abc"
            | "contextlib"
            | "copy"
            | "enum"
            | "functools"
            | "io"
            | "itertools"
            | "math"
            | "operator"
            | "os"
            | "sys"
            | "time"
            | "types"
            | "warnings"
    );
    is_plain && (top, below) != ("os", "path")
}

/// Whether a dotted name is surely that of no module, in a package of the standard library. What a package is listed with has its modules
/// among it.
pub(in crate::eval) fn lacks_module(dotted: &str, python: PythonVersion) -> bool {
    steps(dotted).any(|(package, name)| lacks_name(package, name, python))
}

/// Whether it was that of none in another release.
pub(in crate::eval) fn may_lack_module(dotted: &str, python: PythonVersion) -> bool {
    steps(dotted).any(|(package, name)| may_lack_name(package, name, python))
}

/// The packages of a dotted name, each with the name that is looked for in it.
fn steps(dotted: &str) -> impl Iterator<Item = (&str, &str)> {
    dotted.match_indices('.').filter_map(|(at, _)| Some((dotted.get(..at)?, dotted.get(at + 1..)?.split('.').next()?)))
}

/// Whether a module of the standard library surely has no such name.
pub(in crate::eval) fn lacks_name(module: &str, name: &str, python: PythonVersion) -> bool {
    match has(module, name, python) {
        None => python == RELEASE_OF_NAMES && is_listed(module, name) == Some(false),
        known => known == Some(false),
    }
}

/// Whether it had none in another release, so that it may have none.
pub(in crate::eval) fn may_lack_name(module: &str, name: &str, python: PythonVersion) -> bool {
    has(module, name, python).is_none() && is_listed(module, name) == Some(false)
}

/// Whether a module is listed with a name; `None` where it is not listed at all.
fn is_listed(module: &str, name: &str) -> Option<bool> {
    let names = NAMES.get(module)?;
    (!name.starts_with('_')).then(|| names.binary_search(&name).is_ok())
}

/// `hasattr(MODULE, NAME)`; `None` where it is not known.
pub(super) fn has(module: &str, name: &str, python: PythonVersion) -> Option<bool> {
    let since = |minor: u16| Some(python >= PythonVersion { major: 3, minor });
    match (module, name) {
        (
            "sys",
            "pypy_version_info" | "pypy_translation_info" | "getwindowsversion" | "winver" | "gettotalrefcount",
        ) => Some(false),
        (
            "sys",
            "getandroidapilevel" | "_emscripten_info" | "subversion" | "maxint" | "setrefcount" | "getrefcounts",
        ) => Some(false),
        ("sys", "_is_gil_enabled") => since(13),
        // Backported to releases of the minor versions before 3.11.
        ("sys", "get_int_max_str_digits" | "set_int_max_str_digits") => {
            if python >= (PythonVersion { major: 3, minor: 11 }) { Some(true) } else { None }
        }
        ("sys", "activate_stack_trampoline" | "monitoring" | "last_exc") if since(12) == Some(false) => Some(false),
        ("sys", "monitoring" | "activate_stack_trampoline" | "deactivate_stack_trampoline") => since(12),
        ("sys", "exception") => since(11),
        ("sys", "stdlib_module_names" | "orig_argv") => since(10),
        (
            "sys",
            "getrefcount" | "getsizeof" | "settrace" | "gettrace" | "setprofile" | "getprofile" | "_getframe"
            | "intern" | "flags" | "float_info" | "implementation" | "version_info" | "maxsize" | "platform"
            | "unraisablehook" | "excepthook" | "getrecursionlimit" | "setrecursionlimit" | "executable" | "prefix"
            | "base_prefix" | "path" | "modules" | "argv" | "getswitchinterval" | "getdlopenflags" | "hexversion",
        ) => Some(true),
        (
            "os",
            "fork" | "forkpty" | "getuid" | "geteuid" | "getgid" | "kill" | "killpg" | "setsid" | "symlink" | "link"
            | "mkfifo" | "chown" | "chmod" | "pipe" | "pipe2" | "uname" | "nice" | "sched_getaffinity"
            | "sched_setaffinity" | "register_at_fork" | "posix_spawn" | "statvfs" | "getloadavg" | "O_NONBLOCK"
            | "O_CLOEXEC" | "O_DIRECTORY" | "O_NOFOLLOW" | "sendfile" | "waitpid" | "WNOHANG" | "getxattr" | "setxattr"
            | "openpty" | "get_blocking" | "set_blocking" | "scandir" | "fspath" | "PathLike" | "confstr" | "sysconf"
            | "readlink" | "mknod" | "umask" | "getpgid" | "setuid" | "setgid" | "sync" | "fdatasync" | "posix_fadvise"
            | "posix_fallocate" | "memfd_create" | "eventfd",
        ) => {
            if name == "eventfd" {
                since(10)
            } else {
                Some(true)
            }
        }
        (
            "os",
            "startfile" | "lchmod" | "chflags" | "lchflags" | "O_BINARY" | "O_TEMPORARY" | "O_SHLOCK" | "getlogin_r",
        ) => Some(false),
        ("os", "process_cpu_count") => since(13),
        (
            "signal",
            "SIGALRM" | "SIGUSR1" | "SIGUSR2" | "SIGHUP" | "SIGKILL" | "SIGQUIT" | "SIGCHLD" | "SIGPIPE" | "SIGTERM"
            | "SIGINT" | "SIGWINCH" | "alarm" | "setitimer" | "pthread_sigmask" | "pthread_kill" | "pause" | "sigwait"
            | "siginterrupt" | "set_wakeup_fd" | "raise_signal" | "valid_signals" | "SIGSTOP" | "SIGCONT" | "SIGTSTP",
        ) => Some(true),
        ("signal", "CTRL_C_EVENT" | "CTRL_BREAK_EVENT" | "SIGBREAK" | "SIGINFO" | "SIGEMT") => Some(false),
        (
            "socket",
            "AF_UNIX" | "AF_INET" | "AF_INET6" | "AF_NETLINK" | "AF_PACKET" | "SO_REUSEPORT" | "SO_REUSEADDR"
            | "IPV6_V6ONLY" | "IPPROTO_IPV6" | "socketpair" | "fromfd" | "TCP_NODELAY" | "TCP_KEEPIDLE"
            | "TCP_KEEPINTVL" | "TCP_KEEPCNT" | "TCP_FASTOPEN" | "MSG_NOSIGNAL" | "MSG_DONTWAIT" | "sethostname"
            | "if_nameindex" | "has_dualstack_ipv6" | "create_server" | "send_fds" | "recv_fds" | "SOCK_CLOEXEC"
            | "SOCK_NONBLOCK" | "CMSG_LEN" | "CMSG_SPACE",
        ) => Some(true),
        ("socket", "SO_EXCLUSIVEADDRUSE" | "SIO_RCVALL" | "fromshare" | "TCP_KEEPALIVE" | "SO_NOSIGPIPE") => {
            Some(false)
        }
        ("time", "tzset" | "clock_gettime" | "clock_settime" | "monotonic_ns" | "pthread_getcpuclockid") => Some(true),
        ("asyncio", "TaskGroup" | "timeout" | "timeout_at" | "Runner" | "Barrier") => since(11),
        ("asyncio", "eager_task_factory") => since(12),
        ("asyncio", "QueueShutDown") => since(13),
        ("asyncio", "to_thread") => since(9),
        ("asyncio", "coroutine") => since(11).map(|later| !later),
        ("asyncio", "ProactorEventLoop" | "WindowsSelectorEventLoopPolicy" | "WindowsProactorEventLoopPolicy") => {
            Some(false)
        }
        ("asyncio.AbstractEventLoop", "shutdown_default_executor") => since(9),
        ("builtins", "ExceptionGroup" | "BaseExceptionGroup") => since(11),
        ("builtins", "aiter" | "anext" | "EncodingWarning") => since(10),
        ("builtins", "PythonFinalizationError") => since(13),
        (
            "builtins",
            "unicode" | "xrange" | "long" | "basestring" | "unichr" | "raw_input" | "reduce" | "WindowsError",
        ) => Some(false),
        (
            "typing",
            "Self"
            | "Never"
            | "LiteralString"
            | "Required"
            | "NotRequired"
            | "Unpack"
            | "assert_never"
            | "reveal_type"
            | "dataclass_transform"
            | "TypeVarTuple",
        ) => since(11),
        ("typing", "ParamSpec" | "TypeGuard" | "Concatenate" | "TypeAlias" | "is_typeddict") => since(10),
        ("typing", "override" | "TypeAliasType") => since(12),
        ("typing", "TypeIs" | "ReadOnly" | "NoDefault") => since(13),
        ("abc", "update_abstractmethods") | ("types", "NoneType" | "EllipsisType" | "UnionType") => since(10),
        ("itertools", "pairwise") => since(10),
        ("itertools", "ifilter" | "ifilterfalse" | "imap" | "izip" | "izip_longest")
        | ("string", "join" | "letters" | "lowercase" | "maketrans" | "uppercase")
        | ("types", "ClassType" | "InstanceType" | "StringType" | "StringTypes" | "UnicodeType")
        | ("urllib", "quote" | "quote_plus" | "unquote" | "unquote_plus" | "urlencode" | "urlopen" | "urlretrieve")
        | ("os", "getcwdu" | "errno") => Some(false),
        (
            "collections",
            "Callable" | "Container" | "Hashable" | "Iterable" | "Iterator" | "Mapping" | "MutableMapping"
            | "MutableSequence" | "MutableSet" | "Sequence" | "Set" | "Sized",
        ) => since(10).map(|later| !later),
        (
            "enum",
            "StrEnum" | "EnumType" | "EnumCheck" | "FlagBoundary" | "global_enum" | "member" | "nonmember" | "verify",
        )
        | ("datetime", "UTC")
        | ("contextlib", "chdir") => since(11),
        ("warnings", "deprecated") | ("pathlib", "UnsupportedOperation") | ("queue", "ShutDown") => since(13),
        ("copy", "replace") => since(13),
        ("contextlib", "aclosing") | ("dataclasses", "KW_ONLY") => since(10),
        ("functools", "cache") | ("typing", "Annotated") => since(9),
        ("itertools", "batched") => since(12),
        ("inspect", "getargspec") => since(11).map(|later| !later),
        ("inspect", "markcoroutinefunction") => since(12),
        ("types", "GenericAlias") => since(9),
        ("math", "lcm" | "nextafter" | "ulp") => since(9),
        ("math", "cbrt" | "exp2") => since(11),
        ("math", "sumprod") => since(12),
        (
            "ssl",
            "HAS_ALPN" | "HAS_SNI" | "HAS_TLSv1_3" | "TLSVersion" | "PROTOCOL_TLS_CLIENT" | "PROTOCOL_TLS_SERVER",
        ) => Some(true),
        _ => None,
    }
}
