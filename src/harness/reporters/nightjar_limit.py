"""A limit in wall time for one test: an alarm that raises in it, again every five seconds until it ends.

In the main thread only; a test that sits in C code or sets an alarm of its own is left to the session's limit.
"""
import signal

_setitimer, _signal, _getsignal, _TIMER, _ALARM = (
    signal.setitimer, signal.signal, signal.getsignal, signal.ITIMER_REAL, signal.SIGALRM)


class Limit:
    def __init__(self, wall_ms, make_error):
        self._seconds = wall_ms / 1000
        self.text = f"it reached its limit of {self._seconds:g} s"
        self._make_error = make_error
        self._before = None
        self.reached = False

    def __enter__(self):
        self.reached = False
        if self._seconds:
            self._before = _getsignal(_ALARM)
            _signal(_ALARM, self._raise)
            _setitimer(_TIMER, self._seconds, 5)
        return self

    def __exit__(self, *_):
        if self._seconds:
            _setitimer(_TIMER, 0)
            _signal(_ALARM, self._before if self._before is not None else signal.SIG_DFL)

    def _raise(self, *_):
        self.reached = True
        raise self._make_error(self.text)
