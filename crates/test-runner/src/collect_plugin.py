"""Writes what pytest collects to a file, a JSON object a line. Nothing is run but collection."""

import json
import math
import os

# A bare descriptor: an open file would be a ResourceWarning, which some trees make an error.
FILE = os.open(os.environ["TEST_COLLECTION_FILE"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
INT64 = 1 << 63


def tell(**event):
    data = (json.dumps(event) + "\n").encode()
    while data:
        data = data[os.write(FILE, data) :]


def text(value):
    """Text that any reader can decode: lone surrogates as escapes."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def literal(value):
    """A literal as JSON: a tuple as {"tuple": [...]}, a dictionary as {"dict": [[key, value], ...]}."""
    kind = type(value)
    if value is None or kind is bool or (kind is float and math.isfinite(value)):
        return value
    if kind is int and -INT64 <= value < INT64:
        return value
    if kind is str and text(value) == value:
        return value
    if kind is list:
        return [literal(item) for item in value]
    if kind is tuple:
        return {"tuple": [literal(item) for item in value]}
    if kind is dict:
        return {"dict": [[literal(key), literal(item)] for key, item in value.items()]}
    try:
        return {"expr": text(repr(value))}
    except Exception:  # a broken __repr__ of the tree is no reason to end
        return {"expr": f"<{kind.__name__}>"}


def marker(mark):
    return {
        "name": text(mark.name),
        "args": [literal(value) for value in mark.args],
        "kwargs": [[text(name), literal(value)] for name, value in mark.kwargs.items()],
    }


def reason(report):
    """The line that says why; a traceback's last."""
    if isinstance(report.longrepr, tuple):
        return text(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = [line.strip() for line in text(report.longreprtext).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E ")]
    return text(crash.message).splitlines()[0] if crash else (errors or lines or ["no reason"])[-1].removeprefix("E ").strip()


def pytest_collectreport(report):
    if report.outcome != "passed":
        tell(event=report.outcome, node=text(report.nodeid), reason=reason(report))


def pytest_collection_finish(session):
    for item in session.items:
        tell(event="test", id=text(item.nodeid), markers=[marker(mark) for mark in item.iter_markers()])
    tell(event="collected")
