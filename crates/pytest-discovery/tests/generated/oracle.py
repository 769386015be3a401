"""What real pytest collects in many trees: a JSON list of `[folder, arguments]` on stdin, a JSON list of records on stdout.

Each record is as `fixtures/pytest/collector.py` makes it, whose folder is the argument. Every tree is collected in a
process of its own, forked from one that has pytest imported: no tree sees the modules of another, and none pays
for starting Python.
"""

import gc
import json
import os
import pickle
import sys

import pytest

gc.disable()
os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
sys.dont_write_bytecode = True
sys.path[0] = sys.argv[1]
from collector import Recorder, import_pytest  # noqa: E402

sys.path.pop(0)
import_pytest()

# These plugins of pytest's own cannot change what is collected here, and cost a third of the time.
WITHOUT = "cacheprovider terminal junitxml pastebin stepwise faulthandler logging".split()


def collect(tree, arguments):
    os.chdir(tree)
    recorder = Recorder()
    flags = [word for name in WITHOUT for word in ("-p", f"no:{name}")]
    try:
        code = int(pytest.main(["--collect-only", "--assert=plain", *flags, *arguments], plugins=[recorder]))
    except BaseException:  # what would end the `pytest` command with a traceback
        code = 1
    return recorder.result(code)


def collect_in_child(tree, arguments):
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        with open(writable, "wb") as stream:
            pickle.dump(collect(tree, arguments), stream)
            stream.flush()
            os._exit(0)
    os.close(writable)
    with open(readable, "rb") as stream:
        record = stream.read()
    os.waitpid(child, 0)
    return pickle.loads(record)


json.dump([collect_in_child(*case) for case in json.load(sys.stdin)], sys.stdout)
