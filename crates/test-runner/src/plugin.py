"""Runs only the planned tests and reports each as it happens, as JSON lines over an inherited socket.

Files are claimed from the runner one by one: another process may have taken over what was collected here.
"""

import collections
import faulthandler
import io
import json
import os
import resource
import signal

import pytest
from _pytest._io import TerminalWriter
from _pytest.capture import FDCapture

LIMIT = 65536
KEPT = 1 << 20
FOLDER = os.environ["TEST_RUNNER_FOLDER"]
FD = int(os.environ["TEST_RUNNER_EVENTS_FD"])
os.set_inheritable(FD, False)
PROCESS = os.getpid()
# Where a test hangs is written here, by its number: the file stays open.
STACKS = open(os.path.join(FOLDER, "stacks.txt"), "w", encoding="utf-8")
collect_reports = {}
numbers = {}
tests = {}
with open(os.path.join(FOLDER, "plan.json"), encoding="utf-8") as _file:
    PLAN = json.load(_file)


def text(value):
    """Text that any reader can decode: lone surrogates as escapes, bounded in size."""
    value = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return value if len(value) <= LIMIT else value[: LIMIT // 2] + "\n...\n" + value[-LIMIT // 2 :]


def end_if_forked():
    """A process that a test forked and that comes back into pytest would run all other tests once more."""
    if os.getpid() != PROCESS:
        os._exit(1)


def tell(**event):
    end_if_forked()
    data = (json.dumps(event) + "\n").encode()
    while data:
        data = data[os.write(FD, data) :]


def ask(**event):
    """The number that the runner answers with; 0 where it is gone."""
    tell(**event)
    answer = b""
    while not answer.endswith(b"\n"):
        data = os.read(FD, 1)
        if not data:
            return 0
        answer += data
    return int(answer)


def end_in_order(signum, frame):
    raise KeyboardInterrupt


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config, parser, args):
    args.extend(PLAN["files"])
    early_config.known_args_namespace.file_or_dir.extend(PLAN["files"])
    signal.signal(signal.SIGTERM, end_in_order)
    faulthandler.register(signal.SIGUSR1, file=STACKS, all_threads=True)
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    """Keeps pytest-xdist from starting processes of its own, whose tests nobody here would hear of."""
    if hasattr(config.option, "numprocesses"):
        config.option.numprocesses, config.option.dist, config.option.tx = None, "no", []
    yield


def pytest_configure(config):
    capturing = getattr(config.pluginmanager.getplugin("capturemanager"), "_global_capturing", None)
    numbers = {}
    for name in ("out", "err"):
        stream = getattr(capturing, name, None)
        if isinstance(stream, FDCapture):
            stream.snap = Snap(stream)
            numbers[name] = stream.tmpfile.fileno()
    if numbers:
        tell(event="capturing", process=PROCESS, **numbers)


class Snap:
    """What pytest captured, with the middle left out of what would fill the memory: it is read from a file."""

    def __init__(self, stream):
        self.file, self.snap = stream.tmpfile, stream.snap

    def __call__(self):
        try:
            descriptor = self.file.fileno()
            size = os.fstat(descriptor).st_size
        except (OSError, ValueError):
            size = 0
        if size <= 2 * KEPT:
            return self.snap()
        data = both_ends(os.pread(descriptor, KEPT, 0), os.pread(descriptor, KEPT, size - KEPT), size)
        self.file.seek(0)
        self.file.truncate()
        return data.decode("utf-8", "replace")


def both_ends(head, tail, size):
    return head + f"\n... {size - len(head) - len(tail)} bytes left out ...\n".encode() + tail


def pytest_collectreport(report):
    if report.outcome != "passed":
        collect_reports[text(report.nodeid)] = report


def skip_reason(report):
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    return text(reason).removeprefix("Skipped: ")


def absent(planned):
    """Why pytest has no such test."""
    for node, report in collect_reports.items():
        if not node or planned == node or planned.startswith((node + "::", node + "/")):
            if report.skipped:
                return "skipped", skip_reason(report)
            return "collection", text(report.longreprtext)
    return "missing", "pytest did not collect it"


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_collection_modifyitems(session, config, items):
    seen, keys, before = {}, {}, set()
    for item in items:
        name = text(item.nodeid)
        keys[item] = (name, seen.get(name, 0))
        seen[name] = seen.get(name, 0) + 1
        before.add(keys[item])
    yield
    exact, functions = {}, {}
    for number, case in enumerate(PLAN["cases"]):
        if case["exact"]:
            exact[(case["id"], case["occurrence"])] = number
        else:
            functions[case["id"]] = number
    done = {tuple(key) for key in PLAN["done"]}
    chosen, undecided = [], []
    # A hook may have put one in twice.
    for item in dict.fromkeys(items):
        name, occurrence = keys.setdefault(item, (text(item.nodeid), 0))
        path, separator, rest = name.partition("::")
        planned = exact.get((name, occurrence), functions.get(path + separator + rest.split("[")[0]))
        if planned is None or (name, occurrence) in done:
            continue
        numbers[item] = planned
        chosen.append(item)
        if PLAN["cases"][planned]["undecided"]:
            undecided.append(item)
    kept = list(undecided)
    if undecided and (PLAN["mark"] or PLAN["keyword"]):
        saved = config.option.markexpr, config.option.keyword
        config.option.markexpr, config.option.keyword = PLAN["mark"], PLAN["keyword"]
        config.pluginmanager.get_plugin("mark").pytest_collection_modifyitems(items=kept, config=config)
        config.option.markexpr, config.option.keyword = saved
    dropped = set(undecided) - set(kept)
    found = {numbers[item] for item in chosen}
    for number, case in enumerate(PLAN["cases"]):
        if number in found or any(key[0].split("[")[0] == case["id"] for key in done):
            continue
        hidden = (case["id"], case["occurrence"]) in before
        cause, reason = ("deselected", "a hook of the tree left it out") if hidden else absent(case["id"])
        tell(event="absent", planned=number, cause=cause, reason=reason)
    gone = {numbers[item] for item in dropped} - {numbers[item] for item in chosen if item not in dropped}
    for number in gone:
        tell(event="absent", planned=number, cause="deselected", reason="pytest's own -m and -k leave it out")
    items[:] = [item for item in chosen if item not in dropped]
    for item in items:
        tests[item.nodeid, id(item)] = len(tests)
        name, occurrence = keys[item]
        tell(event="item", planned=numbers[item], id=name, occurrence=occurrence)
    tell(event="collected")


class Queue:
    """The items of the session, of which those are run whose files can be claimed."""

    def __init__(self, items):
        self.items = collections.deque(items)
        self.claimed = {}

    def is_mine(self, item):
        file = PLAN["cases"][numbers[item]]["file"]
        if file not in self.claimed:
            self.claimed[file] = bool(ask(event="claim", file=file))
        return self.claimed[file]

    def first(self):
        """The next item; None at the end."""
        while self.items and not self.is_mine(self.items[0]):
            self.items.popleft()
        return self.items[0] if self.items else None

    def following(self):
        """What follows the test that runs, as its teardown has to know it."""
        if not self.items:
            return None
        is_claimed = self.claimed.get(PLAN["cases"][numbers[self.items[0]]]["file"])
        return self.items[0] if is_claimed else Following(self)


class Following:
    """Stands for the next test until the teardown of the one before asks which it is: no file is claimed while a test
    may still run for long."""

    def __init__(self, queue):
        self.queue = queue

    def listchain(self):
        item = self.queue.first()
        return [] if item is None else item.listchain()

    def __getattr__(self, name):
        return getattr(self.queue.first(), name)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    if session.config.option.collectonly:
        return True
    # A hook that wraps the one above, such as that of `--lf`, may leave out what was told.
    told = {numbers[item] for item in numbers if (item.nodeid, id(item)) in tests}
    for number in told - {numbers[item] for item in session.items if item in numbers}:
        tell(event="absent", planned=number, cause="deselected", reason="a hook of the tree left it out")
    queue = Queue(session.items)
    while (item := queue.first()) is not None:
        queue.items.popleft()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=queue.following())
        if session.shouldfail or session.shouldstop:
            tell(event="stopping", reason=text(session.shouldfail or session.shouldstop))
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
    return True


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_timeout_set_timer(item, settings):
    """pytest-timeout has no say where the runner ends the test no later: of two limits at one moment chance would choose."""
    limit = PLAN["cases"][numbers[item]]["timeout"] if item in numbers else None
    return True if limit is not None and settings.timeout >= limit else None


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    index = tests[item.nodeid, id(item)]
    tell(event="start", item=index)
    item.config.stash[REPORTS] = []
    before, processor = new_peak(), processor_time()
    yield
    usage = {"cpu": processor_time() - processor, "memory": None if before is None else peak(), "before": before}
    *before_last, reports = tries(item.config.stash[REPORTS])
    for once in before_last:
        failures = [report for report in once if report.outcome == "rerun" or report.failed]
        # A plugin may run what passed again, too.
        if failures:
            message = "".join(text(said(report)) + "\n" for report in failures)
            tell(event="retried", item=index, message=text(message), output=text(sections(once[-1])))
    if any(report.when == "teardown" for report in reports):
        tell(event="end", item=index, **usage, **verdict(index, reports))


def processor_time():
    """Seconds, of this process and of those that it waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def peak():
    """The most memory that this process held since it was asked to begin anew, in bytes; None where nobody tells."""
    try:
        with open("/proc/self/status", "rb") as file:
            line = next(line for line in file if line.startswith(b"VmHWM:"))
        return int(line.split()[1]) << 10
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def new_peak():
    """Begins anew, and tells what the peak was; None where the kernel cannot."""
    before = peak()
    try:
        # Whatever descriptors a test has closed or opened, this one is new each time.
        with open("/proc/self/clear_refs", "wb") as file:
            file.write(b"5")
    except OSError:
        return None
    return before


REPORTS = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    # Before fixtures are torn down, which are those of the test as well.
    end_if_forked()
    result = yield
    report = result.get_result()
    item.config.stash[REPORTS].append(report)
    # Who is ended in the next phase tells of this one no more.
    if report.sections and report.when != "teardown":
        tell(event="said", output=text(sections(report)))


def said(report):
    """What pytest shows of a failure. Its `longreprtext` is that without the first line's indentation."""
    shown = io.StringIO()
    writer = TerminalWriter(shown)
    writer.hasmarkup = False
    report.toterminal(writer)
    return shown.getvalue().strip("\n")


def tries(reports):
    """The reports of each time that a plugin, such as pytest-rerunfailures, ran the test."""
    each = [[]]
    for report in reports:
        if report.when == "setup" and each[-1]:
            each.append([])
        each[-1].append(report)
    return each


def sections(report):
    """What was captured of the test until then."""
    return "".join(f"--- {name} ---\n{content}\n" for name, content in report.sections)


def verdict(index, reports):
    outcome, reason, message = "passed", "", ""
    for report in reports:
        wasxfail = getattr(report, "wasxfail", None)
        if report.failed:
            outcome = "failed"
            message += text(said(report)) + "\n"
        elif report.skipped and outcome == "passed":
            outcome = "skipped" if wasxfail is None else "xfailed"
            reason = wasxfail
            if reason is None:
                reason = skip_reason(report)
        elif wasxfail is not None and report.when == "call" and outcome == "passed":
            outcome = "xpassed"
    if outcome == "passed" and all(report.when != "call" for report in reports):
        # As with --setup-only.
        outcome, reason = "skipped", "pytest did not call it"
    output = sections(reports[-1])
    if outcome == "failed" and output:
        keep(index, output)
    return {"outcome": outcome, "reason": text(reason or ""), "message": text(message), "output": text(output)}


def keep(index, output):
    """What a failed test printed, in a file; the result tells of it as well, so a full disk costs little."""
    data = output.encode("utf-8", "backslashreplace")
    # Of one that was cut when it was read, the note of that and the name are more than that.
    if len(data) > 2 * KEPT + LIMIT:
        data = both_ends(data[:KEPT], data[-KEPT:], len(data))
    try:
        with open(os.path.join(FOLDER, "outputs", f"{index}.txt"), "wb") as file:
            file.write(data)
    except OSError:
        pass


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    tell(event="finished")
