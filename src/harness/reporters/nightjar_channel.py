"""The report channel of our Python reporters: one JSON object a line (src/harness/events.h).

Whoever imports this first takes the orders from standard input and the descriptor that they name, and leaves neither
to the code under test: standard input becomes empty, the descriptor gets another number and is closed in children.
What is needed later is bound here, before any code under test is imported.
"""
import fcntl
import importlib._bootstrap_external as _loaders
import json
import os
import random
import sys
import threading
import types

_write, _getpid, _dumps = os.write, os.getpid, json.dumps


def take_orders():
    """The orders, and say(event, **members) for the answers."""
    with open(0, "rb", closefd=False) as stdin:
        orders = json.loads(stdin.read())
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    given, nonce, owner, lock = orders.pop("fd"), orders.pop("nonce"), _getpid(), threading.Lock()
    channel = fcntl.fcntl(given, fcntl.F_DUPFD_CLOEXEC, random.SystemRandom().randrange(100, 200))
    os.close(given)
    close = os.close
    os.register_at_fork(after_in_child=lambda: close(channel))

    def say(event, **members):
        if _getpid() != owner:
            return  # A fork of a test went on into our code.
        line = _dumps({"n": nonce, "e": event, **members}).encode() + b"\n"
        try:
            with lock:
                while line:
                    line = line[_write(channel, line):]
        except OSError:
            pass  # Without its end, the report is not believed.

    return orders, say


def leave_no_trace():
    """Our modules cannot be imported by the code under test. After the reporter's own imports.

    The main module is an empty one then: neither does it lead to the reporter, nor does a process that multiprocessing
    spawns start the reporter once more. What is returned has to be kept.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or ".") != here]
    for name in [name for name in sys.modules if name.startswith("nightjar_")]:
        del sys.modules[name]
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    return main


def ignore_compiled_files(project):
    """A compiled file in the tree may say something else than its source: the project's are made anew, elsewhere.

    Those of installed packages are used as they are; compiling them again would double the start.
    """
    project = os.path.join(os.path.realpath(project), "")
    elsewhere = os.path.join(os.environ.get("TMPDIR") or "/tmp", "nightjar-pycache")
    path_of = _loaders.cache_from_source

    def cache_from_source(path, debug_override=None, *, optimization=None):
        text = os.fspath(path)
        ours = os.path.realpath(text).startswith(project)
        if ours and "site-packages" not in text and "dist-packages" not in text:
            return path_of(path, debug_override, optimization=optimization)
        sys.pycache_prefix = None
        try:
            return path_of(path, debug_override, optimization=optimization)
        finally:
            sys.pycache_prefix = elsewhere

    sys.pycache_prefix = elsewhere
    _loaders.cache_from_source = cache_from_source


def missing_module(error, project):
    """The name of the module whose absence is behind `error`, if the project has none of that name; else ""."""
    for _ in range(10):
        if error is None or isinstance(error, ModuleNotFoundError):
            break
        error = error.__cause__ or error.__context__
    return foreign_module(getattr(error, "name", None) or "", project)


def foreign_module(name, project):
    """The first part of `name`, unless the project holds a module called so."""
    name = name.partition(".")[0]
    seen = 0
    for _, folders, files in os.walk(project):
        folders[:] = [f for f in folders if not f.startswith(".") and f not in ("node_modules", "site-packages")]
        seen += len(files)
        modules = {file.partition(".")[0] for file in files if file.endswith((".py", ".so", ".pyx"))}
        if name in folders or name in modules or seen > 50_000:
            return ""
    return name


class LastMissing:
    """A finder behind all others: what it is asked for, nobody has."""

    name = ""

    def find_spec(self, name, path=None, target=None):
        self.name = name
