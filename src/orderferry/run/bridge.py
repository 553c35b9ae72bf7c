"""`bridge status`: how far the readers of the feed are, what became of the bridge's calls, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderferry.domain.durations import counted, iso
from orderferry.domain.feed import BRIDGE, Calls, Feed, Reader
from orderferry.errors import ExitCode

_DOCS = "docs/bridge.md says how"


# Something that a person should look at: its code (docs/bridge.md), what it is, what to do.
Trouble = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class BridgeStatus:
    """Everything that `bridge status` shows of one shop at `now`. `enabled`: events.enabled; `feed`: None where its
    tables are not in the shop."""

    enabled: bool
    feed: Feed | None
    calls: Sequence[Calls]
    now: datetime

    @property
    def findings(self) -> tuple[Trouble, ...]:
        """Return what needs a person."""
        return tuple(_findings(self))

    @property
    def exit_code(self) -> ExitCode:
        """Return 0 if there is nothing to look at, else 1."""
        return ExitCode.NEEDS_A_PERSON if self.findings else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of `bridge status`."""
        feed = self.feed or Feed()
        return {
            "healthy": not self.findings,
            "enabled": self.enabled,
            "events": {"last": feed.last, "oldest": iso(feed.oldest) if feed.oldest else None},
            "consumers": [_reader_json(reader, self.now) for reader in feed.readers],
            "calls": [_calls_json(calls) for calls in self.calls],
            "problems": [
                {"order_id": "", "code": code, "message": message, "hint": hint}
                for code, message, hint in self.findings
            ],
            "exit_code": int(self.exit_code),
        }


def _findings(status: BridgeStatus) -> Iterator[Trouble]:
    feed = status.feed
    if not status.enabled:
        yield ("events-off", "No events are written: events.enabled is false.", "Set events.enabled = true.")
    elif feed is None:
        yield ("no-feed", "The feed's tables are not there yet.", "The first import creates them.")
    elif feed.last and feed.reader(BRIDGE) is None:
        hint = f"`orderferry bridge install FOLDER` puts it there and says what to write into the crontab ({_DOCS})."
        yield ("bridge-never-ran", "The bridge has never run.", hint)
    for complaint in feed.complaints(status.now) if status.enabled and feed and feed.readers else ():
        yield ("events-unread", complaint, "Is its cron still running? It prints why it can't work.")
    for calls in status.calls:
        yield from _of_calls(calls)


def _of_calls(calls: Calls) -> Iterator[Trouble]:
    who = f"{calls.module or 'A whole event'}{f' on {calls.hook}' if calls.hook else ''}"
    message = f" ({calls.message})" if calls.message else ""
    if calls.failed:
        last = f", {calls.given_up} of them for good" if calls.given_up else ", which is tried again"
        yield (
            "calls-failed",
            f"{who}: {counted(calls.failed, 'call')} failed{last}; first for event {calls.first}{message}.",
            "Ask the module's maker; `--replay failed` of the bridge tries again, modules_skip leaves the module out.",
        )
    if calls.unknown:
        yield (
            "calls-unknown",
            f"{who}: the bridge ended during {counted(calls.unknown, 'call')}, first for event {calls.first}: whether "
            "the module did its work is unknown.",
            "Look whether it did; if not, `--replay unknown` of the bridge fires again.",
        )


def _reader_json(reader: Reader, now: datetime) -> dict[str, Any]:
    return {
        "consumer": reader.name,
        "taken_up_to": reader.position,
        "behind": reader.behind,
        "oldest_waiting": iso(reader.oldest) if reader.oldest else None,
        "last_taken": iso(reader.taken) if reader.taken else None,
        "late": reader.is_late(now),
        "note": reader.note,
    }


def _calls_json(calls: Calls) -> dict[str, Any]:
    return {
        "module": calls.module,
        "hook": calls.hook,
        "done": calls.done,
        "skipped": calls.skipped,
        "failed": calls.failed,
        "given_up": calls.given_up,
        "unknown": calls.unknown,
        "first_event": calls.first or None,
        "message": calls.message,
    }
