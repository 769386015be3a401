//! Modules of the standard library that a tree cannot, or can hardly, put others in the place of.
//!
//! Source: `sys.modules` when pytest 7.4 to 9.2 begin to collect, and `sys.stdlib_module_names`, both of CPython 3.11 on
//! Linux.

/// What pytest has imported before it collects: an import gives these, whatever `sys.path` leads to. Sorted.
static LOADED: [&str; 99] = [
    "abc",
    "argparse",
    "ast",
    "asyncio",
    "atexit",
    "base64",
    "bdb",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "calendar",
    "codecs",
    "collections",
    "concurrent",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "dis",
    "email",
    "encodings",
    "enum",
    "errno",
    "fcntl",
    "fnmatch",
    "functools",
    "gc",
    "genericpath",
    "gettext",
    "glob",
    "heapq",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "marshal",
    "math",
    "ntpath",
    "numbers",
    "opcode",
    "operator",
    "os",
    "pathlib",
    "platform",
    "posix",
    "posixpath",
    "pprint",
    "pyexpat",
    "queue",
    "quopri",
    "random",
    "re",
    "reprlib",
    "runpy",
    "select",
    "selectors",
    "shlex",
    "shutil",
    "signal",
    "site",
    "socket",
    "ssl",
    "stat",
    "string",
    "struct",
    "subprocess",
    "sys",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "token",
    "tokenize",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uuid",
    "warnings",
    "weakref",
    "xml",
    "zipfile",
    "zipimport",
    "zlib",
];

/// The others, as far as every release that is followed has them. Sorted.
static OTHERS: [&str; 85] = [
    "antigravity",
    "array",
    "cProfile",
    "cmath",
    "cmd",
    "code",
    "codeop",
    "colorsys",
    "compileall",
    "configparser",
    "ctypes",
    "curses",
    "dbm",
    "doctest",
    "ensurepip",
    "faulthandler",
    "filecmp",
    "fileinput",
    "fractions",
    "ftplib",
    "getopt",
    "getpass",
    "graphlib",
    "grp",
    "gzip",
    "hashlib",
    "hmac",
    "html",
    "http",
    "idlelib",
    "imaplib",
    "mailbox",
    "mimetypes",
    "mmap",
    "modulefinder",
    "multiprocessing",
    "netrc",
    "optparse",
    "pdb",
    "pickle",
    "pickletools",
    "pkgutil",
    "plistlib",
    "poplib",
    "profile",
    "pstats",
    "pty",
    "pwd",
    "py_compile",
    "pyclbr",
    "pydoc",
    "pydoc_data",
    "readline",
    "resource",
    "rlcompleter",
    "sched",
    "secrets",
    "shelve",
    "smtplib",
    "socketserver",
    "sqlite3",
    "statistics",
    "stringprep",
    "symtable",
    "sysconfig",
    "syslog",
    "tabnanny",
    "tarfile",
    "termios",
    "this",
    "timeit",
    "tkinter",
    "tomllib",
    "trace",
    "tracemalloc",
    "tty",
    "turtle",
    "turtledemo",
    "venv",
    "wave",
    "webbrowser",
    "wsgiref",
    "xmlrpc",
    "zipapp",
    "zoneinfo",
];

/// Whether an import of this top-level name never reaches the tree.
pub(crate) fn is_loaded(top: &str) -> bool {
    LOADED.binary_search(&top).is_ok()
}

/// Of these, what only plugins import that are installed beside pytest: pytest-asyncio, anyio.
const LOADED_BY_PLUGINS: [&str; 5] = ["asyncio", "concurrent", "contextvars", "queue", "ssl"];

/// Whether it depends on the plugins that are installed whether such an import reaches the tree.
pub(crate) fn is_loaded_by_plugins(top: &str) -> bool {
    LOADED_BY_PLUGINS.contains(&top)
}

/// Whether Python brings a top-level module of the name: its own tests, which are not of the library, among them.
pub(crate) fn ships(top: &str) -> bool {
    has(top) || top == "test"
}

/// Whether the standard library has a module of this name: a folder of the tree without `__init__.py` is behind it.
pub(crate) fn has(top: &str) -> bool {
    is_loaded(top) || OTHERS.binary_search(&top).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        assert!(LOADED.is_sorted() && OTHERS.is_sorted());
    }
}
