"""Which lines of some files run: by sys.monitoring where there is one (3.12), else by a trace function.

Only the files that were asked for are followed, and of those only code with lines that did not run yet; code in which
nothing new ran for IDLE_MAX lines is left alone as well. A test that installs a trace function of its own has it; then
lost() says so.
"""
import collections
import dis
import os
import sys
import threading
import types

IDLE_MAX = 1_000_000  # costs about half a second


def _lines_of_code(code):
    if hasattr(code, "co_lines"):
        return {line for _, _, line in code.co_lines() if line}
    return {line for _, line in dis.findlinestarts(code)}  # before Python 3.10


def executable_lines(path):
    """The lines that could run, as the compiler sees them; empty when it does not compile."""
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return []
    lines, todo = set(), [code]
    while todo:
        code = todo.pop()
        todo.extend(constant for constant in code.co_consts if isinstance(constant, types.CodeType))
        first = code.co_firstlineno  # The "resume" of a function says its def line, which is its parent's.
        found = _lines_of_code(code)
        lines |= found if code.co_name == "<module>" else found - {first}
    return sorted(lines)


class Lines:
    def __init__(self, project, files):
        paths = {file: os.path.realpath(os.path.join(project, file)) for file in files if file.endswith(".py")}
        self._wanted = {path: (file, set()) for file, path in paths.items() if os.path.isfile(path)}
        self._by_name = {}  # co_filename → the set of its lines, or None
        self._open = {}     # code → its lines that did not run yet
        self._idle = collections.Counter()  # code → lines since something new ran in it
        self._lost = False
        self._gettrace = sys.gettrace
        self._tracer = self._make_tracer()

    def start(self):
        if not self._wanted:
            return
        if hasattr(sys, "monitoring"):
            self._monitor()
            return
        threading.settrace(self._tracer)
        sys.settrace(self._tracer)

    def between_tests(self):
        """Notes whether a test took the tracing away; takes it up again where none is left."""
        if not self._wanted or hasattr(sys, "monitoring"):
            return
        if self._gettrace() is not self._tracer:
            self._lost = True
        if self._gettrace() is None:
            sys.settrace(self._tracer)

    def lost(self):
        return self._lost

    def report(self):
        """(file, executable lines, executed lines) of each file."""
        for path, (file, lines) in sorted(self._wanted.items()):
            yield file, executable_lines(path), sorted(lines)

    def _lines_of(self, name):
        if name not in self._by_name:
            found = self._wanted.get(os.path.realpath(name))
            self._by_name[name] = found[1] if found else None
        return self._by_name[name]

    def _make_tracer(self):
        """The function that sees every call of the program: what it does first decides how slow tests become."""
        waiting_of, begin = self._open.get, self._begin

        def trace(frame, event, _):
            waiting = waiting_of(frame.f_code)
            if waiting is None:
                waiting = begin(frame.f_code)
            return self._trace_lines(frame.f_code, waiting) if waiting else None

        return trace

    def _begin(self, code):
        followed = self._lines_of(code.co_filename) is not None
        self._open[code] = _lines_of_code(code) if followed else set()
        return self._open[code]

    def _trace_lines(self, code, waiting):
        add, idle = self._lines_of(code.co_filename).add, self._idle

        def trace_line(frame, event, _):
            if event == "line":
                line = frame.f_lineno
                if line in waiting:
                    add(line)
                    waiting.discard(line)
                    idle[code] = 0
                else:
                    idle[code] += 1
                    if idle[code] > IDLE_MAX:
                        waiting.clear()
                if not waiting:
                    frame.f_trace_lines = False
            return trace_line

        return trace_line

    def _monitor(self):
        monitoring = sys.monitoring
        tool = next((i for i in (monitoring.COVERAGE_ID, 3, 4) if monitoring.get_tool(i) is None), None)
        if tool is None:
            self._lost = True
            return

        def on_line(code, line):
            lines = self._lines_of(code.co_filename)
            if lines is not None:
                lines.add(line)
            return monitoring.DISABLE

        monitoring.use_tool_id(tool, "nightjar")
        monitoring.register_callback(tool, monitoring.events.LINE, on_line)
        monitoring.set_events(tool, monitoring.events.LINE)
