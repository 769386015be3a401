"""Answers what pytest's own -m and -k do: a case a line on stdin, an answer a line on stdout, both JSON.

A case has the text of an option and the tests, with their names and marks. An answer is the list of the tests that are
selected, pytest's message, or the name of the exception that pytest does not catch.
"""

import json
import sys
from types import SimpleNamespace

from _pytest.config import UsageError
from _pytest.mark import deselect_by_keyword, deselect_by_mark
from _pytest.mark.structures import Mark


class Test:
    """As much of a pytest.Item as the selection asks."""

    def __init__(self, test):
        self.names = set(test["names"])
        self.marks = [Mark(name, (), kwargs, _ispytest=True) for name, kwargs in test["marks"]]

    def listchain(self):
        return []

    def listextrakeywords(self):
        return self.names

    def iter_markers(self):
        return iter(self.marks)


def answer(case):
    config = SimpleNamespace(
        option=SimpleNamespace(keyword=case["text"], markexpr=case["text"]),
        hook=SimpleNamespace(pytest_deselected=lambda items: None),
        getini=lambda name: False,
    )
    tests = [Test(test) for test in case["tests"]]
    selected = list(tests)
    try:
        {"-k": deselect_by_keyword, "-m": deselect_by_mark}[case["option"]](selected, config)
    except UsageError as error:
        return {"error": str(error)}
    except Exception as error:
        return {"crash": type(error).__name__}
    return {"selected": [test in selected for test in tests]}


for line in sys.stdin.buffer:
    print(json.dumps(answer(json.loads(line))))
