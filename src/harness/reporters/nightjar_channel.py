"""The report channel of our Python reporters: one JSON object a line (src/harness/events.h).

Whoever imports this first takes the orders from standard input and the descriptor they name, and leaves neither to
the code under test: standard input becomes empty, the descriptor gets another number and is closed in children.
What is needed later is bound here, before any code under test is imported.
"""
import fcntl as _fcntl
import json as _json
import os as _os
import random as _random
import threading as _threading

_write, _getpid, _dumps = _os.write, _os.getpid, _json.dumps
_SystemRandom, _lock = _random.SystemRandom, _threading.Lock()


def take_orders():
    """The orders, and say(event, **members) for the answers."""
    with open(0, "rb", closefd=False) as stdin:
        orders = _json.loads(stdin.read())
    empty = _os.open(_os.devnull, _os.O_RDONLY)
    _os.dup2(empty, 0)
    _os.close(empty)
    given, nonce, owner = orders.pop("fd"), orders.pop("nonce"), _getpid()
    channel = _fcntl.fcntl(given, _fcntl.F_DUPFD_CLOEXEC, _SystemRandom().randrange(100, 200))
    _os.close(given)
    _os.register_at_fork(after_in_child=lambda: _os.close(channel))

    def say(event, **members):
        if _getpid() != owner:
            return  # A fork of a test went on into our code.
        line = _dumps({"n": nonce, "e": event, **members}).encode() + b"\n"
        with _lock:
            while line:
                line = line[_write(channel, line):]

    return orders, say
