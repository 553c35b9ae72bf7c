"""Who reads the feed of changes, when a reader is late, and what became of the calls of the bridge.

The rows themselves are described in docs/events.md, for whoever reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderferry.domain.durations import format_duration, iso

BRIDGE = "bridge"  # the reader that PrestaShop's modules hear through
# What no cron leaves lying for so long.
UNREAD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads the feed. It has taken all events up to `position`, the last time at `taken`; `behind`:
    how many it has not, of which the oldest was written at `oldest`. `note`: its own words."""

    name: str
    position: int
    behind: int
    oldest: datetime | None
    taken: datetime | None
    note: str = ""

    def is_late(self, now: datetime) -> bool:
        """Return whether something has waited too long for it."""
        return self.oldest is not None and now - self.oldest > UNREAD_FOR


@dataclass(frozen=True, slots=True)
class Feed:
    """How the feed stands: its last event's number, when the oldest one kept was written, its readers by name."""

    last: int = 0
    oldest: datetime | None = None
    readers: Sequence[Reader] = ()

    def reader(self, name: str) -> Reader | None:
        """Return a reader by its name; None when it never reported its position."""
        return next((reader for reader in self.readers if reader.name == name), None)

    def complaints(self, now: datetime) -> list[str]:
        """Return a sentence for each reader that is late, or one if events lie there and nobody has ever read."""
        if not self.readers and self.oldest is not None and now - self.oldest > UNREAD_FOR:
            age = format_duration(now - self.oldest)
            return [f"No program has ever said that it reads the feed, whose oldest event is {age} old."]
        return [_late(reader, now) for reader in self.readers if reader.is_late(now)]


def _late(reader: Reader, now: datetime) -> str:
    age = format_duration(now - reader.oldest) if reader.oldest else ""
    events = "event" if reader.behind == 1 else "events"
    seen = f"it took something last at {iso(reader.taken)}" if reader.taken else "it has never taken any"
    return f"{reader.behind} {events} of the feed wait for {reader.name!r}, the oldest for {age}; {seen}."


@dataclass(frozen=True, slots=True)
class Calls:
    """What became of the bridge's calls of one module on one hook: how many `done`, `skipped`, `failed` (of which
    `given_up` are not tried again), `unknown` (the bridge ended during them). `first`: the first event of those that
    failed or are unknown; `message`: of one of them. No `module`: whole events."""

    module: str
    hook: str
    done: int = 0
    skipped: int = 0
    failed: int = 0
    given_up: int = 0
    unknown: int = 0
    first: int = 0
    message: str = ""
