//! Tests that misbehave, and what a run must make of them.

/// A file with one test that misbehaves.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// The file's text. `TOKEN` stands for a word that the command line of each process that it starts has.
    pub(crate) source: &'static str,
    pub(crate) outcome: &'static str,
}

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        name: "hangs",
        source: "@pytest.mark.timeout(1)\ndef test_fault(): time.sleep(600)\n",
        outcome: "timed-out",
    },
    Fault {
        name: "ignores TERM with grandchildren in sessions of their own",
        source: "@pytest.mark.timeout(1)\n\
                 def test_fault():\n    \
                     signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    \
                     for _ in range(2): subprocess.Popen(['setsid', 'sh', '-c', STUBBORN, 'TOKEN'])\n    \
                     time.sleep(600)\n",
        outcome: "timed-out",
    },
    Fault {
        name: "leaves children",
        source: "def test_fault():\n    \
                     for _ in range(3): subprocess.Popen(['sh', '-c', 'sleep 600; true', 'TOKEN'])\n",
        outcome: "passed",
    },
    Fault {
        name: "leaves a daemon without environment and descriptors",
        source: "def test_fault():\n    \
                     first = os.fork()\n    \
                     if first:\n        \
                         os.waitpid(first, 0)\n        \
                         return\n    \
                     os.setsid()\n    \
                     if os.fork(): os._exit(0)\n    \
                     os.closerange(0, 256)\n    \
                     os.chdir('/')\n    \
                     os.execve('/bin/sh', ['sh', '-c', STUBBORN, 'TOKEN'], {})\n",
        outcome: "passed",
    },
    Fault {
        name: "exits and leaves a daemon",
        source: "def test_fault():\n    \
                     subprocess.Popen(['setsid', 'sh', '-c', STUBBORN, 'TOKEN'])\n    \
                     os._exit(3)\n",
        outcome: "crashed",
    },
    Fault {
        name: "forks on and on",
        source: "def test_fault():\n    \
                     if os.fork(): return\n    \
                     os.setsid()\n    \
                     signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    \
                     for _ in range(100000):\n        \
                         if os.fork(): os._exit(0)\n        \
                         time.sleep(0.005)\n",
        outcome: "passed",
    },
    Fault {
        name: "forks and lets the child return",
        source: "def test_fault():\n    if os.fork() == 0: raise ValueError\n",
        outcome: "passed",
    },
    Fault {
        name: "floods what pytest captures",
        source: "def test_fault():\n    for _ in range(2000): print('x' * 99999)\n    assert 0\n",
        outcome: "failed",
    },
    Fault { name: "closes all descriptors", source: "def test_fault(): os.closerange(0, 256)\n", outcome: "crashed" },
    Fault {
        name: "becomes another program",
        source: "def test_fault(): os.execvp('sh', ['sh', '-c', 'exit 7', 'TOKEN'])\n",
        outcome: "crashed",
    },
    Fault {
        name: "becomes another program that hangs",
        source: "@pytest.mark.timeout(1)\n\
                 def test_fault(): os.execvp('sh', ['sh', '-c', STUBBORN, 'TOKEN'])\n",
        outcome: "timed-out",
    },
    Fault {
        name: "stops itself",
        source: "@pytest.mark.timeout(1)\ndef test_fault(): os.kill(os.getpid(), signal.SIGSTOP)\n",
        outcome: "timed-out",
    },
    Fault {
        name: "kills its shim",
        source: "def test_fault():\n    \
                     subprocess.Popen(['setsid', 'sh', '-c', STUBBORN, 'TOKEN'])\n    \
                     os.kill(os.getppid(), signal.SIGKILL)\n    \
                     time.sleep(600)\n",
        outcome: "crashed",
    },
    Fault {
        name: "floods its output",
        source: "def test_fault(capfd):\n    \
                     with capfd.disabled():\n        \
                         for _ in range(200): os.write(1, b'x' * 99999 + b'\\n')\n    \
                     assert 0\n",
        outcome: "failed",
    },
    Fault {
        name: "eats memory",
        source: "def test_fault():\n    \
                     resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n    \
                     kept = [bytearray(64 << 20) for _ in range(100)]\n",
        outcome: "failed",
    },
    Fault {
        name: "fills the disk",
        source: "def test_fault(tmp_path):\n    \
                     resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n    \
                     (tmp_path / 'full').write_bytes(bytes(2 << 20))\n",
        outcome: "failed",
    },
];

impl Fault {
    /// The file, with its word.
    pub(crate) fn text(&self, token: &str) -> String {
        let head = "import os, pytest, resource, signal, subprocess, time\n\
                    STUBBORN = 'trap \"\" TERM HUP INT; while :; do sleep 1; done'\n";
        format!("{head}{}", self.source.replace("TOKEN", token))
    }
}
