"""Runs unittest and says what happens on the report channel: python3 nightjar_unittest.py START TOP PATTERN < orders

START may be "": the suite's folder, and tests/ or test/ where that holds none. As with pytest, three tests of our own
with known outcomes run last: whoever turns results around turns theirs around as well.
"""
import ast
import fnmatch
import os
import random
import re
import sys
import time
import unittest

import nightjar_channel
import nightjar_limit
import nightjar_lines

ORDERS, say = nightjar_channel.take_orders()
_main = nightjar_channel.leave_no_trace()

_exit, _monotonic, _realpath = os._exit, time.monotonic, os.path.realpath
_strclass = unittest.util.strclass
PROJECT = _realpath(ORDERS["project"])


class TimeLimit(BaseException):
    pass


def flat(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flat(item)
        else:
            yield item


def is_unloadable(test):
    return type(test).__name__ == "_FailedTest" and type(test).__module__ == "unittest.loader"


def id_of(test):
    text = test.id()
    skipped = "unittest.loader.ModuleSkipped."
    return text[len(skipped):] if text.startswith(skipped) else text


def place_of(test):
    """(file relative to the project, line)"""
    module = sys.modules.get(type(test).__module__)
    file = getattr(module, "__file__", None)
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    code = getattr(getattr(method, "__func__", None), "__code__", None)
    return (os.path.relpath(_realpath(file), PROJECT) if file else "", code.co_firstlineno if code else 0)


class Result(unittest.TestResult):
    def __init__(self, tests, canaries, lines):
        super().__init__()
        self.canaries, self.told = canaries, {}
        self.lines, self.limit = lines, nightjar_limit.Limit(ORDERS["test_wall_ms"], TimeLimit)
        self.waiting = {id(test): test for test in tests}
        self.said, self.current = 0, None

    def startTest(self, test):
        super().startTest(test)
        self.current = {"outcome": "unknown", "message": "", "began": _monotonic()}
        if test not in self.canaries:
            say("start", id=id_of(test))
        self.waiting.pop(id(test), None)
        self.limit.__enter__()

    def stopTest(self, test):
        self.limit.__exit__()
        self.lines.between_tests()
        seen, self.current = self.current, None
        super().stopTest(test)
        ending = sys.exc_info()[1]
        if ending is not None and seen["outcome"] == "unknown":
            seen["outcome"], seen["message"] = "error", f"it ended the session: {ending!r}"[:1900]
        if test in self.canaries:
            self.told[test] = seen["outcome"]
            return
        if self.limit.reached and seen["outcome"] in ("failed", "error"):
            seen["outcome"], seen["message"] = "timed_out", self.limit.text
        self.say_result(test, seen["outcome"], seen["message"], int((_monotonic() - seen["began"]) * 1000))

    def say_result(self, test, outcome, message, wall_ms):
        self.said += 1
        say("finish", id=id_of(test), outcome=outcome, message=message, ms=wall_ms)

    def out(self, outcome, message=""):
        seen = self.current
        if seen is not None and seen["outcome"] not in ("failed", "error"):
            seen["outcome"], seen["message"] = outcome, message[:1900]

    def text_of(self, test, err):
        return f"{err[0].__name__}: {err[1]}\n" + self._exc_info_to_string(err, test)[-1200:]

    def addSuccess(self, test):
        self.out("passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.out("failed", self.text_of(test, err))

    def addError(self, test, err):
        super().addError(test, err)
        if self.current is None:
            say("trouble", id=str(test), message=self.text_of(test, err)[:1900])
        else:
            self.out("error", self.text_of(test, err))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if self.current is None:
            self.skip_all_of(str(test), reason)
        else:
            self.out("skipped", str(reason))

    def skip_all_of(self, holder, reason):
        """A class or module that skips itself while it is set up: unittest says nothing of its tests."""
        owner = re.match(r"setUp(?:Class|Module) \((.*)\)$", holder)
        for test in list(self.waiting.values()):
            if not owner or owner[1] not in (_strclass(type(test)), type(test).__module__):
                continue
            del self.waiting[id(test)]
            say("start", id=id_of(test))
            self.say_result(test, "skipped", str(reason), 0)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.out("xfailed", str(err[1]))

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.out("xpassed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            failed = issubclass(err[0], test.failureException)
            self.out("failed" if failed else "error", f"{subtest}\n{self.text_of(test, err)}")


def canaries_beside(test):
    """{test: outcome}, in the module of `test`."""
    word = "%012x" % random.SystemRandom().getrandbits(48)
    names = {"passed": "test_" + word[:6], "failed": "test_" + word[3:9], "error": "test_" + word[6:]}

    def fails(self):
        self.assertEqual(1 + 1, 3)

    def breaks(self):
        raise KeyError("the canary")

    kind = type("T" + word, (unittest.TestCase,), {
        names["passed"]: lambda self: self.assertEqual(1 + 1, 2), names["failed"]: fails, names["error"]: breaks,
        "__module__": type(test).__module__})
    return {kind(name): outcome for outcome, name in names.items()}


def discovered(start, top, pattern):
    loader = unittest.TestLoader()
    for folder in [start] if start else [".", "tests", "test"]:
        if not os.path.isdir(folder):
            continue
        tests = list(flat(loader.discover(folder, pattern=pattern, top_level_dir=top or None)))
        if tests:
            return folder, tests
        loader = unittest.TestLoader()
    return start or ".", []


def say_unloadable(test):
    text = str(getattr(test, "_exception", ""))
    name = re.findall(r"ModuleNotFoundError: No module named '([\w.]+)'\s*$", text)
    missing = nightjar_channel.foreign_module(name[-1], PROJECT) if name else ""
    say("trouble", id=test.id().replace("unittest.loader._FailedTest.", ""), message=text[-1900:], missing=missing)


def defines_tests(path):
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return False
    return any(
        isinstance(node, ast.ClassDef)
        and any((getattr(base, "attr", "") or getattr(base, "id", "")).endswith("TestCase") for base in node.bases)
        and any(isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and item.name.startswith("test")
                for item in node.body)
        for node in ast.walk(tree))


def compare_with_files(folder, pattern, places):
    """load_tests and the like can make tests vanish; the files still show them."""
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if os.path.isfile(os.path.join(path, name, "__init__.py"))]
        for file in sorted(fnmatch.filter(files, pattern)):
            full = os.path.relpath(_realpath(os.path.join(path, file)), PROJECT)
            if full not in places and defines_tests(os.path.join(path, file)):
                say("note", text=f"{full} defines tests, and none of them is listed")


def mine_of(tests):
    """The tests of this shard: the largest modules first, each to the shard that has least."""
    counts = {}
    for test in tests:
        counts[type(test).__module__] = counts.get(type(test).__module__, 0) + 1
    loads, modules = [0] * ORDERS["shards"], set()
    for module, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        shard = loads.index(min(loads))
        loads[shard] += count
        if shard == ORDERS["shard"]:
            modules.add(module)
    only = None if ORDERS["only"] is None else set(ORDERS["only"])
    return [test for test in tests if type(test).__module__ in modules and (only is None or id_of(test) in only)]


def listed(folder, tests, pattern):
    """Says the listing; the tests that this session runs."""
    unloadable = [test for test in tests if is_unloadable(test)]
    tests = [test for test in tests if not is_unloadable(test)]
    for test in unloadable:
        say_unloadable(test)
    mine = mine_of(tests)
    chosen, places = set(map(id, mine)), set()
    for test in tests:
        file, line = place_of(test)
        places.add(file)
        say("listed", id=id_of(test), file=file, line=line, selected=id(test) in chosen)
    if not unloadable:
        compare_with_files(folder, pattern, places)
    return mine


def run(mine, lines):
    canaries = canaries_beside(mine[-1]) if mine else {}
    if ORDERS["reversed"]:
        mine.reverse()
    result = Result(mine, canaries, lines)
    try:
        unittest.TestSuite([*mine, *canaries]).run(result)
    except BaseException as error:  # KeyboardInterrupt of a test, for one
        print(f"nightjar: the session was ended by {error!r}", file=sys.stderr)
        if not result.waiting:
            say("end", tests=result.said)
        leave(1)  # What waits has to run in another session.
    for test, outcome in canaries.items():
        got = result.told.get(test, "nothing")
        if got != outcome:
            say("forged", text=f"a test that Nightjar plants has to end as {outcome} and was told as {got}")
    return result.said


def leave(status):
    sys.stdout.flush()
    sys.stderr.flush()
    _exit(status)  # No exit hook of theirs.


def main():
    start, top, pattern = sys.argv[1:4]
    sys.argv[:] = ["python3 -m unittest"]
    sys.path.insert(0, os.getcwd())
    nightjar_channel.ignore_compiled_files(PROJECT)
    lines = nightjar_lines.Lines(PROJECT, ORDERS["coverage"])
    lines.start()
    folder, tests = discovered(start, top, pattern)
    mine = listed(folder, tests, pattern)
    said = run(mine, lines)
    for file, executable, executed in lines.report():
        say("cover", file=file, executable=executable, executed=executed)
    if lines.lost():
        say("note", text="a test took the trace function: some lines that ran are not told")
    status = 1 if mine else 0  # The planted tests fail.
    say("end", tests=said, status=status)
    leave(status)


main()
