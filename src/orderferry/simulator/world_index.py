"""Finding orders by time: sorted keys of a second and an order's number, in eight bytes each.

An index holds a key for every update that an order ever has, also for those still to come: whether a key is the
order's latest one at some moment is asked of the order. So nothing has to be rebuilt when the clock moves.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import datetime

_BITS = 24  # up to 16 million orders
_NUMBERS = (1 << _BITS) - 1
_FEW = 64


def key_of(moment: datetime, number: int) -> int:
    """The key of an order's number at the second of `moment`. Keys sort by time, then by number."""
    return int(moment.timestamp()) << _BITS | number


class TimeIndex:
    """Sorted keys."""

    def __init__(self) -> None:
        self._keys = array("q")

    def add_all(self, keys: Iterable[int]) -> None:
        """Add keys: few of them one by one, many by sorting all."""
        new = list(keys)
        if len(new) > _FEW:
            self._keys = array("q", sorted([*self._keys, *new]))
            return
        for key in new:
            insort(self._keys, key)

    def between(self, after: datetime, before: datetime, beyond: int | None = None) -> Iterator[tuple[int, int, int]]:
        """Given two times, return (key, second, number) from the second of `after` to that of `before`, each key
        once and in order; with `beyond`, only the keys after that one."""
        first = bisect_left(self._keys, key_of(after, 0))
        if beyond is not None:
            first = max(first, bisect_right(self._keys, beyond))
        last = bisect_right(self._keys, key_of(before, _NUMBERS))
        known = None
        for position in range(first, last):
            key = self._keys[position]
            if key != known:
                known = key
                yield key, key >> _BITS, key & _NUMBERS
