"""Trying a transaction again: bounded, and only in ways that can't write an order twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from orderferry.prestashop.database.database_errors import ConnectionLost, DuplicateKey, TransientTrouble
from orderferry.prestashop.database.own_tables import MARKER_TABLE

T = TypeVar("T")
PAUSES = (0.1, 0.5, 2.0)  # seconds before the second, third and fourth attempt


@dataclass(frozen=True, slots=True)
class Attempted(Generic[T]):
    """What an action gave, and whether an attempt before it ended in the unknown: the connection broke off, and its
    COMMIT may have taken place."""

    result: T
    unknown_before: bool


def attempt(action: Callable[[], T], exists: Callable[[], T | None], sleep: Callable[[float], None]) -> Attempted[T]:
    """Given a transaction, a look for what it would have made, and a way to sleep, return its result.

    A deadlock and the like is tried again. A duplicate key of the marker means that somebody was faster with the order
    (then `exists` gives it); another one, that somebody was faster with a shared row: that is tried once more, since
    the next try sees their row. A connection that broke off is followed by the
    same transaction, whose marker the database refuses if the first one got through. Raise the last error.
    """
    unknown = shared = False
    for pause in (*PAUSES, None):
        try:
            return Attempted(action(), unknown)
        except DuplicateKey as taken:
            of_marker = taken.table.endswith(MARKER_TABLE) or not taken.table
            found = exists() if of_marker else None
            if found is not None:
                return Attempted(found, unknown)
            if pause is None or shared:
                raise
            shared = not of_marker
        except ConnectionLost:
            unknown = True
            if pause is None:
                raise
        except TransientTrouble:
            if pause is None:
                raise
        sleep(pause)
    raise AssertionError("the last attempt returns or raises")
