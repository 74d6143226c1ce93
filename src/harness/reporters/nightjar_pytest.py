"""Runs pytest and says what happens on the report channel: python3 nightjar_pytest.py ARGUMENTS… < orders

pytest is started from here, with the reporter as a plugin object: nothing in the project's folder can stand in for
pytest or for us. The project's own configuration is used; of its options, those that would hide, repeat, reorder or
spread tests are left out (DROPPED).

Three tests of our own, with random names, run beside the last one of the project: one passes, one fails, one cannot
be set up. A hook that turns results around turns theirs around as well.
"""
import os
import random
import sys

import nightjar_channel
import nightjar_limit
import nightjar_lines

ORDERS, say = nightjar_channel.take_orders()
_main = nightjar_channel.leave_no_trace()
try:
    import pytest
except ImportError as error:
    say("lacks", text=f"pytest is not installed for this Python ({error}): install it, or name the Python that has "
                      "it in the environment's PATH")
    os._exit(1)

_exit, _monotonic, _realpath = os._exit, __import__("time").monotonic, os.path.realpath

# Options of the project's configuration that are left out, and whether a value follows. Everything else of it holds:
# which tests there are, how they are imported, what is strict.
DROPPED = {
    "-x": 0, "--exitfirst": 0, "--maxfail": 1, "--lf": 0, "--last-failed": 0, "--ff": 0, "--failed-first": 0,
    "--nf": 0, "--new-first": 0, "--sw": 0, "--stepwise": 0, "--sw-skip": 0, "--stepwise-skip": 0, "--pdb": 0,
    "--trace": 0, "--co": 0, "--collect-only": 0, "--collectonly": 0, "--setup-only": 0, "--setup-plan": 0,
    "-n": 1, "--numprocesses": 1, "--dist": 1, "--tx": 1, "--maxprocesses": 1, "--max-worker-restart": 1,
    "--reruns": 1, "--reruns-delay": 1, "--only-rerun": 1, "--rerun-except": 1, "--flake-finder": 0,
    "--flake-runs": 1, "--count": 1, "--random-order": 0, "--random-order-bucket": 1, "--random-order-seed": 1,
    "--cov": "?", "--cov-report": 1, "--cov-config": 1, "--cov-fail-under": 1, "--cov-append": 0,
    "--cov-branch": 0, "--no-cov": 0, "--no-cov-on-fail": 0, "--cov-context": 1,
    "--junitxml": 1, "--junit-xml": 1, "--html": 1, "--self-contained-html": 0, "--css": 1, "--timeout": 1,
    "--timeout-method": 1, "--timeout_method": 1, "--session-timeout": 1, "--durations": 1, "--durations-min": 1,
    "--suppress-no-test-exit-code": 0, "--suppress-tests-failed-exit-code": 0, "--testmon": 0, "--picked": "?",
    "--snapshot-update": 0, "--force-regen": 0, "--regen-all": 0, "--inline-snapshot": 1,
}


def without_dropped(arguments):
    """The arguments without those of DROPPED, and the ones that were left out."""
    kept, dropped, rest = [], [], list(arguments)
    while rest:
        argument = rest.pop(0)
        name, glued, _ = argument.partition("=")
        if name == argument and argument[:2] == "-n" and argument[2:3].isalnum():
            name, glued = "-n", "="  # -nauto
        if name not in DROPPED:
            kept.append(argument)
            continue
        dropped.append(name)
        takes = DROPPED[name]
        if not glued and rest and (takes == 1 or (takes == "?" and not rest[0].startswith("-"))):
            rest.pop(0)
    return kept, dropped


class Canary:
    """Three tests whose outcomes are known, hung below the module of a real one."""

    def __init__(self):
        word = "%012x" % random.SystemRandom().getrandbits(48)
        self.expected = {}
        self.got = {}
        self._bodies = {f"test_{word[:6]}": (self._passes, "passed"), f"test_{word[3:9]}": (self._fails, "failed"),
                        f"test_{word[6:]}": (None, "error")}

    @staticmethod
    def _passes():
        assert 1 + 1 == 2

    @staticmethod
    def _fails():
        assert 1 + 1 == 3, "the canary"

    def plant(self, items):
        module = items[-1].getparent(pytest.Module) if items else None
        if module is None:
            return
        for name, (body, outcome) in self._bodies.items():
            item = pytest.Function.from_parent(module, name=name, callobj=body or self._passes)
            if body is None:
                item.setup = self._cannot
            self.expected[item.nodeid] = outcome
            items.append(item)

    @staticmethod
    def _cannot():
        raise KeyError("the canary")

    def judge(self):
        for nodeid, outcome in self.expected.items():
            got = self.got.get(nodeid, "nothing")
            if got == outcome:
                continue
            if outcome == "passed":
                # Fixtures for every test of the project may need what only its own tests have.
                say("note", text="a test that Nightjar plants and that passes elsewhere does not pass here: " + got)
            else:
                say("forged", text=f"a test that Nightjar plants has to end as {outcome} and was told as {got}")


class Reporter:
    def __init__(self):
        self.project = _realpath(ORDERS["project"])
        self.only = None if ORDERS["only"] is None else set(ORDERS["only"])
        self.lines = nightjar_lines.Lines(self.project, ORDERS["coverage"])
        self.limit = nightjar_limit.Limit(ORDERS["test_wall_ms"], pytest.fail.Exception)
        self.canary = Canary()
        self.said = 0
        self.current = None
        self.missing = ""
        self.troubled = False    # something could not be loaded
        self.skipped_files = []  # (node id, reason)
        self.to_start = set()    # node ids
        self.stopped = False     # by a test, so that the planted ones did not run

    # --- Before the tests ------------------------------------------------------------------------------------------
    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, args):
        kept, dropped = without_dropped(args)
        args[:] = kept
        if dropped:
            print("nightjar: left out of the project's options:", " ".join(dropped), file=sys.stderr)
        # As `python -m pytest` does; only here, when pytest and its plugins are loaded.
        sys.path.insert(0, os.getcwd())
        self.lines.start()

    def pytest_exception_interact(self, call, report):
        if isinstance(report, pytest.CollectReport):
            self.missing = nightjar_channel.missing_module(call.excinfo.value, self.project)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session):
        if self.only is None:
            return
        # Not as arguments: they would decide which folder pytest takes as the root, and with it the ids.
        root = str(session.config.rootpath)
        files = sorted({os.path.join(root, nodeid.partition("::")[0]) for nodeid in self.only})
        session.config.args = [file for file in files if os.path.exists(file)] or session.config.args

    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report):
        if report.outcome == "failed":
            say("trouble", id=report.nodeid or "(session)", message=self.message_of(report), missing=self.missing)
            self.missing = ""
            self.troubled = True
        elif report.outcome == "skipped":
            # A file that skips itself has no tests to list: it is one.
            self.skipped_files.append((report.nodeid, self.message_of(report)))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        yield  # The project's own hooks first: what they take away is not listed.
        items[:] = list(self.select(items))
        self.to_start = {item.nodeid for item in items}
        self.say_skipped_files()
        if ORDERS["reversed"]:
            items.reverse()
        self.canary.plant(items)

    def say_skipped_files(self):
        mine = [pair for pair in self.skipped_files if ORDERS["shard"] == 0 and (self.only is None or pair[0] in self.only)]
        for nodeid, _ in self.skipped_files:
            say("listed", id=nodeid, selected=nodeid in dict(mine))
        for nodeid, reason in mine:
            say("start", id=nodeid)
            self.say_result(nodeid, "skipped", reason, -1)

    def select(self, items):
        mine = self.files_of_this_shard(items)
        for item in items:
            path, line, _ = item.location
            file = os.path.relpath(_realpath(os.path.join(str(item.config.rootpath), path)), self.project)
            wanted = self.file_of(item) in mine and (self.only is None or item.nodeid in self.only)
            say("listed", id=item.nodeid, file=file, line=(line or 0) + 1, selected=wanted)
            if wanted:
                yield item

    @staticmethod
    def file_of(item):
        return item.nodeid.partition("::")[0]

    def files_of_this_shard(self, items):
        """The largest files first, each to the shard that has least: every shard comes to the same answer."""
        counts = {}
        for item in items:
            counts[self.file_of(item)] = counts.get(self.file_of(item), 0) + 1
        loads, mine = [0] * ORDERS["shards"], set()
        for file, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
            shard = loads.index(min(loads))
            loads[shard] += count
            if shard == ORDERS["shard"]:
                mine.add(file)
        return mine

    # --- The tests -------------------------------------------------------------------------------------------------
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self.current = {"outcome": "unknown", "message": "", "began": _monotonic(), "tries": set()}
        known = item.nodeid in self.canary.expected
        if not known:
            say("start", id=item.nodeid)
            self.to_start.discard(item.nodeid)
        with self.limit:
            done = yield
        self.lines.between_tests()
        seen, self.current = self.current, None
        if done.excinfo is not None:
            seen["outcome"], seen["message"] = "error", f"it ended the session: {done.excinfo[1]!r}"[:1900]
            self.stopped = True
        if known:
            self.canary.got[item.nodeid] = seen["outcome"]
            return
        if self.limit.reached and seen["outcome"] in ("failed", "error"):
            seen["outcome"], seen["message"] = "timed_out", self.limit.text
        self.say_result(item.nodeid, seen["outcome"], seen["message"], int((_monotonic() - seen["began"]) * 1000),
                        flaky=len(seen["tries"]) > 1)

    def say_result(self, nodeid, outcome, message, wall_ms, flaky=False):
        self.said += 1
        more = {"flaky": True} if flaky else {}
        say("finish", id=nodeid, outcome=outcome, message=message, ms=wall_ms, **more)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        seen = self.current
        if seen is None:
            return
        outcome, expected = report.outcome, hasattr(report, "wasxfail")
        if outcome == "rerun":
            seen["tries"] |= {"rerun", "last"}  # A plugin tries again: the tries disagreed.
        elif seen["outcome"] in ("failed", "error") and outcome != "failed":
            pass  # A part of it failed (a subtest), and that stands.
        elif outcome == "skipped":
            seen["outcome"] = "xfailed" if expected else "skipped"
            seen["message"] = report.wasxfail if expected else self.message_of(report)
        elif outcome == "failed":
            body = report.when == "call"
            if seen["outcome"] not in ("failed", "error"):
                seen["message"] = self.message_of(report)
            seen["outcome"] = "failed" if body and seen["outcome"] != "error" else "error"
        elif outcome == "passed" and report.when == "call":
            seen["outcome"] = "xpassed" if expected else "passed"

    @staticmethod
    def message_of(report):
        """The line that says what went wrong, and the end of the traceback."""
        why = report.longrepr
        if isinstance(why, tuple) and len(why) == 3:
            return str(why[2])
        crash = getattr(why, "reprcrash", None)
        text = str(why or "")
        if crash is not None:
            text = f"{crash.message}\n{text[-1200:]}"
        return text[:1900]

    # --- After the tests -------------------------------------------------------------------------------------------
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session):
        yield
        for file, executable, executed in self.lines.report():
            say("cover", file=file, executable=executable, executed=executed)
        if self.lines.lost():
            say("note", text="a test took the trace function: some lines that ran are not told")
        if self.to_start:
            return  # Stopped before its end: the rest has to run in another session.
        if self.stopped:
            say("end", tests=self.said)
            return
        self.canary.judge()
        status = 1 if self.canary.expected else None if self.said or self.troubled else 5
        say("end", tests=self.said, **({} if status is None else {"status": status}))


def main():
    project = ORDERS["project"]
    nightjar_channel.ignore_compiled_files(project)
    last_missing = nightjar_channel.LastMissing()
    sys.meta_path.append(last_missing)
    sys.argv[0] = "pytest"
    status = int(pytest.main(sys.argv[1:], plugins=[Reporter()]))
    if status == pytest.ExitCode.USAGE_ERROR and last_missing.name:
        name = nightjar_channel.foreign_module(last_missing.name, project)
        if name:
            say("trouble", id="conftest.py", message=f"No module named '{last_missing.name}'", missing=name)
    sys.stdout.flush()
    sys.stderr.flush()
    _exit(status)


main()
