"""Real pytest's configuration of many trees: a JSON list of calls on stdin, a JSON list of answers on stdout."""

import contextlib
import io
import json
import os
import sys

import pytest

WORDS = ["python_files", "python_classes", "python_functions", "testpaths", "norecursedirs", "usefixtures"]
FLAGS = ["collect_imported_tests", "consider_namespace_packages", "strict_markers", "strict_parametrization_ids"]


class Recorder:
    """Records the configuration, and stops when the arguments are resolved and nothing is collected yet."""

    def __init__(self):
        self.answer = {}

    def pytest_load_initial_conftests(self, early_config):
        # Later, plugins add markers of their own.
        lines = early_config.getini("markers")
        self.answer["markers"] = [line.split(":")[0].split("(")[0].strip() for line in lines]

    def pytest_collectstart(self, collector):
        config = collector.config
        strict = config.getini("strict")
        self.answer |= {option: list(config.getini(option)) for option in WORDS}
        for option in FLAGS:
            value = config.getini(option)
            self.answer[option] = bool(strict if value is None else value)
        self.answer |= {
            "rootdir": str(config.rootpath),
            "file": str(config.inipath) if config.inipath else None,
            "pythonpath": [str(path) for path in config.getini("pythonpath")],
            "empty_parameter_set_mark": str(config.getini("empty_parameter_set_mark") or "skip"),
            "texts": config.args,
            "arguments": [
                [str(part.path), list(part.parts), part.parametrization] for part in collector._initial_parts
            ],
            "ignore": config.option.ignore or [],
            "ignore_glob": config.option.ignore_glob or [],
            "mark_expression": config.option.markexpr,
            "keyword_expression": config.option.keyword,
            "deselect": config.option.deselect or [],
            "import_mode": config.option.importmode,
        }
        # Unlike `pytest.exit`, this draws no traceback, which would take most of the time.
        raise pytest.Session.Failed("recorded")


def ask(call):
    os.chdir(call["tree"])
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.update(call["env"])
    recorder = Recorder()
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = pytest.main(["--collect-only", "-p", "no:cacheprovider", *call["args"]], plugins=[recorder])
        except BaseException as crash:  # what `pytest.fail` raises is no Exception
            code = repr(crash)
    return recorder.answer if "rootdir" in recorder.answer else {"error": f"{code}: {said.getvalue()[-400:]}"}


os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
json.dump([ask(call) for call in json.load(sys.stdin)], sys.stdout)
