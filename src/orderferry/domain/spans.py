"""Half-open spans of time and their arithmetic: coverage and windows are made of them.

A span holds `start` and not `end`; both aware UTC. A set of spans is a sorted tuple without overlaps or touching
neighbours ("normal"). All functions take any iterable and return normal sets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """[start, end) in aware UTC. Raise ValueError if `end` is before `start` or a time is naive."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a span needs aware times")
        if self.end < self.start:
            raise ValueError(f"a span can't end ({self.end}) before it starts ({self.start})")

    @property
    def empty(self) -> bool:
        """Return whether it ends where it starts."""
        return self.end == self.start

    @property
    def length(self) -> timedelta:
        """Return the time from start to end."""
        return self.end - self.start

    def holds(self, moment: datetime) -> bool:
        """Return whether `moment` lies within."""
        return self.start <= moment < self.end


Spans = tuple[Span, ...]


def normal(spans: Iterable[Span]) -> Spans:
    """Return the same moments as a normal set."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if not span.empty):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def union(first: Iterable[Span], second: Iterable[Span]) -> Spans:
    """Return the moments that are in either."""
    return normal([*first, *second])


def subtract(whole: Iterable[Span], taken: Iterable[Span]) -> Spans:
    """Return the moments of `whole` that are not in `taken`."""
    rest = list(normal(whole))
    for cut in normal(taken):
        pieces: list[Span] = []
        for span in rest:
            # What is left before the cut, and what after it: each may be empty.
            pieces.append(Span(span.start, max(span.start, min(cut.start, span.end))))
            pieces.append(Span(min(span.end, max(cut.end, span.start)), span.end))
        rest = pieces
    return normal(rest)


def last_end(spans: Iterable[Span]) -> datetime | None:
    """Return the end of the newest span, or None for an empty set."""
    return max((span.end for span in spans), default=None)
