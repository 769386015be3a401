//! Whether something has a name: `hasattr` and `getattr`, and which names modules of the standard library have, as CPython on Linux
//! has them.

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

/// Whether a module of the standard library surely has no such name.
pub(in crate::eval) fn lacks_name(module: &str, name: &str, python: PythonVersion) -> bool {
    has(module, name, python) == Some(false)
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
