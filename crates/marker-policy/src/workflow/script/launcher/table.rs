//! The programs that run the program behind them, and their options: the one place that lists them.
//!
//! Options are those of their manuals: GNU coreutils 9, util-linux 2.39, sudo 1.9, uv 0.9, Poetry 2, pipx 1.7, PDM 2, Hatch
//! 1, Pipenv 2024, conda 24, coverage 7, Docker 28 (podman and nerdctl take the same), kubectl 1.33, Python 3.14.

use super::long_options::{CONTAINER, UV};

/// A program that runs another.
pub(super) struct Launcher {
    /// Its name, and the subcommand that runs something.
    pub(super) name: &'static [&'static str],
    /// Its options of one letter, as `getopt` takes them: a colon stands behind those with a value.
    pub(super) short: &'static str,
    /// Its long options: `=` stands behind those with a value.
    pub(super) long: &'static [&'static str],
    /// Those of its options that name the folder in which the program runs.
    pub(super) directory: &'static [&'static str],
    /// What stands behind its options.
    pub(super) then: Then,
}

/// What stands behind the options of a launcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The program, which the shell itself runs.
    Here,
    /// The program.
    Program,
    /// So many words of its own, then the program.
    Behind(usize),
    /// Variables, then the program.
    Variables,
    /// With `-m` the module of Python that it runs, else a program or a file of Python.
    Module,
    /// The same without a program: a file of Python is none that is looked for.
    ModuleOnly,
    /// An image or a container, then the program, which runs in it.
    Container,
    /// With `-c` a text that is a script.
    Shell,
}

const fn launcher(name: &'static [&'static str], short: &'static str, then: Then) -> Launcher {
    Launcher { name, short, long: &[], directory: &[], then }
}

/// The short options of containers.
const CONTAINER_SHORT: &str = "a:c:de:h:il:m:p:Pqtu:v:w:T";

const fn container(name: &'static [&'static str]) -> Launcher {
    Launcher { name, short: CONTAINER_SHORT, long: CONTAINER, directory: &[], then: Then::Container }
}

const fn python(name: &'static [&'static str]) -> Launcher {
    Launcher {
        name,
        short: "bBdEhiIm:OPqRsSuvVW:xX:c:",
        long: &["check-hash-based-pycs=", "help", "version"],
        directory: &[],
        then: Then::ModuleOnly,
    }
}

const fn shell(name: &'static [&'static str]) -> Launcher {
    Launcher {
        name,
        short: "abcefhiklmnprstuvxBCDEHPTo:O:",
        long: &["login", "noprofile", "norc", "posix", "rcfile=", "init-file=", "verbose"],
        directory: &[],
        then: Then::Shell,
    }
}

/// All of them. Python with its version behind its name is `python` here.
pub(super) const LAUNCHERS: &[Launcher] = &[
    launcher(&["command"], "pvV", Then::Here),
    launcher(&["builtin"], "", Then::Here),
    launcher(&["exec"], "cla:", Then::Here),
    launcher(&["nohup"], "", Then::Program),
    Launcher { long: &["fork", "wait", "ctty"], ..launcher(&["setsid"], "fcw", Then::Program) },
    Launcher { long: &["adjustment="], ..launcher(&["nice"], "n:", Then::Program) },
    Launcher { long: &["class=", "classdata=", "ignore"], ..launcher(&["ionice"], "c:n:t", Then::Program) },
    Launcher { long: &["input=", "output=", "error="], ..launcher(&["stdbuf"], "i:o:e:", Then::Program) },
    Launcher {
        long: &["kill-after=", "signal=", "foreground", "preserve-status", "verbose"],
        ..launcher(&["timeout"], "k:s:fpv", Then::Behind(1))
    },
    Launcher {
        long: &["format=", "output=", "append", "portability", "quiet", "verbose"],
        ..launcher(&["time"], "f:o:apqv", Then::Program)
    },
    Launcher { long: &["all-tasks", "pid", "cpu-list"], ..launcher(&["taskset"], "ac", Then::Behind(1)) },
    Launcher {
        long: &["cpunodebind=", "physcpubind=", "membind=", "interleave=", "localalloc", "preferred=", "all"],
        ..launcher(&["numactl"], "N:C:m:i:lp:a", Then::Program)
    },
    Launcher {
        long: &[
            "block-signal",
            "chdir=",
            "debug",
            "default-signal",
            "ignore-environment",
            "ignore-signal",
            "null",
            "split-string=",
            "unset=",
        ],
        directory: &["C", "chdir"],
        ..launcher(&["env"], "iu:C:S:0v", Then::Variables)
    },
    Launcher {
        long: &[
            "askpass",
            "background",
            "bell",
            "chdir=",
            "chroot=",
            "close-from=",
            "group=",
            "host=",
            "login",
            "non-interactive",
            "preserve-env",
            "preserve-groups",
            "prompt=",
            "set-home",
            "stdin",
            "user=",
        ],
        directory: &["D", "chdir"],
        ..launcher(&["sudo"], "ABbC:D:Eg:Hh:inp:PR:r:ST:t:Uu:", Then::Variables)
    },
    Launcher {
        long: &["auto-servernum", "auto-display", "error-file=", "server-num=", "server-args=", "wait=", "listen-tcp"],
        ..launcher(&["xvfb-run"], "ade:f:ln:p:s:w:", Then::Program)
    },
    Launcher { long: &["separate-stderr"], ..launcher(&["unbuffer"], "p", Then::Program) },
    python(&["python"]),
    python(&["pypy"]),
    shell(&["bash"]),
    shell(&["sh"]),
    shell(&["dash"]),
    shell(&["zsh"]),
    Launcher {
        long: &[
            "append",
            "branch",
            "concurrency=",
            "context=",
            "data-file=",
            "debug=",
            "include=",
            "module",
            "omit=",
            "parallel-mode",
            "pylib",
            "rcfile=",
            "save-signal=",
            "source=",
            "timid",
        ],
        ..launcher(&["coverage", "run"], "apmL", Then::Module)
    },
    Launcher { long: UV, directory: &["directory"], ..launcher(&["uv", "run"], "C:P:f:i:mnp:qsvUw:", Then::Module) },
    Launcher { long: UV, directory: &["directory"], ..launcher(&["uvx"], "C:P:f:i:np:qvUw:", Then::Program) },
    Launcher {
        long: UV,
        directory: &["directory"],
        ..launcher(&["uv", "tool", "run"], "C:P:f:i:np:qvUw:", Then::Program)
    },
    Launcher {
        long: &[
            "directory=",
            "project=",
            "quiet",
            "verbose",
            "no-interaction",
            "no-plugins",
            "no-cache",
            "ansi",
            "no-ansi",
        ],
        directory: &["C", "directory"],
        ..launcher(&["poetry", "run"], "C:P:qvn", Then::Program)
    },
    Launcher {
        long: &[
            "fetch-missing-python",
            "index-url=",
            "no-cache",
            "path",
            "pip-args=",
            "pypackages",
            "python=",
            "quiet",
            "spec=",
            "system-site-packages",
            "verbose",
            "with=",
            "backend=",
        ],
        ..launcher(&["pipx", "run"], "i:qv", Then::Program)
    },
    Launcher {
        long: &["project=", "quiet", "recreate", "site-packages", "skip=", "venv=", "verbose"],
        ..launcher(&["pdm", "run"], "p:qsvk:", Then::Program)
    },
    launcher(&["rye", "run"], "", Then::Program),
    launcher(&["pixi", "run"], "", Then::Program),
    launcher(&["hatch", "run"], "", Then::Program),
    launcher(&["pipenv", "run"], "", Then::Program),
    Launcher {
        long: &[
            "cwd=",
            "dev",
            "live-stream",
            "name=",
            "no-capture-output",
            "prefix=",
            "verbose",
            "debug-wrapper-scripts",
        ],
        directory: &["cwd"],
        ..launcher(&["conda", "run"], "n:p:v", Then::Program)
    },
    Launcher {
        long: &["attach=", "cwd=", "name=", "prefix=", "env=", "root-prefix="],
        directory: &["cwd"],
        ..launcher(&["micromamba", "run"], "a:n:p:r:e:", Then::Program)
    },
    container(&["docker", "run"]),
    container(&["docker", "exec"]),
    container(&["docker", "container", "run"]),
    container(&["docker", "container", "exec"]),
    container(&["docker", "compose", "run"]),
    container(&["docker", "compose", "exec"]),
    container(&["docker-compose", "run"]),
    container(&["docker-compose", "exec"]),
    container(&["podman", "run"]),
    container(&["podman", "exec"]),
    container(&["nerdctl", "run"]),
    container(&["nerdctl", "exec"]),
    Launcher {
        long: &[
            "container=",
            "context=",
            "filename=",
            "kubeconfig=",
            "namespace=",
            "pod-running-timeout=",
            "quiet",
            "stdin",
            "tty",
        ],
        ..launcher(&["kubectl", "exec"], "c:f:in:qt", Then::Container)
    },
];
