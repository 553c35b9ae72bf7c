"""Python's garbage collector, told what it can't know: what a start makes stays until the end.

A start imports a thousand modules: hundreds of thousands of objects, none of them garbage. Looking through all of them
several times while it goes on, and once more at the end, costs a quarter of a run that finds nothing new.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
_STARTING = 1_000_000  # new objects before a look: more than a start makes


def starting() -> None:
    """The process begins: look rarely."""
    gc.set_threshold(_STARTING, *_USUAL[1:])


def started() -> None:
    """What is there now is left out from here on; what comes is looked after as usual. May be called again."""
    if gc.get_threshold()[0] == _STARTING:
        gc.freeze()
        gc.set_threshold(*_USUAL)


def ending() -> None:
    """The process ends, and everything with it: nothing is worth a last look."""
    gc.freeze()
