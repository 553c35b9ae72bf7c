"""What the ledger remembers: entries of orders and their history, runs, conditions and findings. Pure; no personal
data.

The functions say how an entry changes when its order is seen, has a result, is set aside by a person or taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode

# How far ahead of the clock a stored time of Amazon's may lie: what lies further ahead is no time to go by.
_AHEAD = timedelta(hours=1)


class EntryState(StrEnum):
    """The ledger's state of an order. SEEN: nothing is decided yet, or the run was killed before that."""

    SEEN = "seen"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    IGNORED = "ignored"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """What the ledger keeps of an order as an answer of Amazon's showed it."""

    order_id: str
    marketplace_id: str = ""
    channel: Channel | None = None
    amazon_status: str = ""
    purchased: datetime | None = None
    amazon_updated: datetime | None = None
    total: str = ""  # "12.34 EUR", for reports
    ship_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger's `orders`."""

    order_id: str
    state: EntryState
    marketplace_id: str
    channel: Channel | None
    amazon_status: str
    purchased: datetime | None
    amazon_updated: datetime | None
    first_seen: datetime
    last_seen: datetime
    state_since: datetime
    code: str = ""  # a ProblemCode, or a word for why it waits or is ignored
    subject: str = ""
    message: str = ""
    attempts: int = 0
    last_look: datetime | None = None  # when getOrder was asked last
    next_look: datetime | None = None
    id_order: int | None = None
    ignored_by_person: bool = False
    given_up: bool = False
    total: str = ""
    ship_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What became of an order that was seen: the ledger's row is set to this."""

    order_id: str
    state: EntryState
    code: str = ""
    subject: str = ""
    message: str = ""
    next_look: datetime | None = None
    id_order: int | None = None
    given_up: bool = False
    by_id: bool = False  # it came from getOrder: counts as a look
    on: Entry | None = None  # the entry as it was when this was reached
    detail: str = ""  # for the history: what was written (`created order 123`, `state 4, tracking`)


def believable(moment: datetime | None, now: datetime) -> datetime | None:
    """Return a stored time of Amazon's; None for a time of the future, which an older version may have stored and
    which would outrank all news until then."""
    return moment if moment is not None and moment <= now + _AHEAD else None


def problem_of(entry: Entry) -> Problem:
    """Return the stored problem of an entry that is held, failed or given up."""
    known = entry.code in set(ProblemCode) and not entry.given_up
    code = ProblemCode(entry.code) if known else ProblemCode.GIVEN_UP
    return Problem(code, entry.message or f"order {entry.order_id}", entry.order_id, entry.subject)


SET_ASIDE = "set-aside"  # the code of an order that a person ignores
# So long after being seen an order about which nothing was decided (its run was killed) becomes due.
UNDECIDED_FOR = timedelta(minutes=15)
# No look is put off for longer (decide.next_look); a time beyond that was written when the clock was wrong.
LONGEST_PAUSE = timedelta(days=2)
_TRIED = frozenset({EntryState.WAITING, EntryState.HELD, EntryState.FAILED})
_telling = attrgetter("state", "code", "amazon_status", "amazon_updated", "given_up", "ignored_by_person")


def first_entry(snapshot: OrderSnapshot, now: datetime) -> Entry:
    """Return the entry of an order seen for the first time: nothing is decided yet."""
    return Entry(
        order_id=snapshot.order_id,
        state=EntryState.SEEN,
        marketplace_id=snapshot.marketplace_id,
        channel=snapshot.channel,
        amazon_status=snapshot.amazon_status,
        purchased=_kept(snapshot.purchased),
        amazon_updated=believable(_kept(snapshot.amazon_updated), now),
        first_seen=now,
        last_seen=now,
        state_since=now,
        next_look=now + UNDECIDED_FOR,
        total=snapshot.total,
        ship_by=_kept(snapshot.ship_by),
    )


def seen_again(entry: Entry, snapshot: OrderSnapshot, now: datetime) -> Entry:
    """Return the entry with Amazon's news of the order, if they are news.

    Older news (by Amazon's update time) never replace newer ones, and what Amazon leaves out blanks nothing: pages
    are read while orders change, and data is withdrawn after a while.
    """
    known, new = believable(entry.amazon_updated, now), believable(_kept(snapshot.amazon_updated), now)
    seen = replace(entry, last_seen=max(entry.last_seen, now), amazon_updated=known)
    if known is not None and (new is None or new < known):
        return seen
    return replace(
        seen,
        marketplace_id=snapshot.marketplace_id or entry.marketplace_id,
        channel=snapshot.channel or entry.channel,
        amazon_status=snapshot.amazon_status or entry.amazon_status,
        purchased=_kept(snapshot.purchased) or entry.purchased,
        amazon_updated=new,
        total=snapshot.total or entry.total,
        ship_by=_kept(snapshot.ship_by) or entry.ship_by,
    )


def with_result(entry: Entry, result: OrderResult, now: datetime) -> Entry:
    """Return the entry with the result of its order.

    `attempts` counts the tries in this state; `state_since` moves only with state or code; an order's number in the
    shop is kept once known. What a person decided stands: an ignored order stays so until it is imported, and what was
    set aside of an imported one stays so until another difference shows up.

    Another run may have been faster since `result.on`: older news then changes nothing, and an order that was decided
    or written without the newer state is due at once.
    """
    checked = replace(entry, last_look=now) if result.by_id else entry
    if entry.ignored_by_person and entry.state is EntryState.IGNORED and result.state is not EntryState.IMPORTED:
        return replace(checked, next_look=None)
    if result.on is not None:
        then, news = result.on.amazon_updated, entry.amazon_updated
        if news is not None and (then is None or then < news):
            knows_it = result.id_order in (None, entry.id_order)
            return checked if knows_it else _due_at_once(checked, result.id_order, now)
        if result.id_order is None and result.on.id_order is None and entry.id_order is not None:
            return _due_at_once(checked, entry.id_order, now)
    stays_aside = (
        entry.ignored_by_person
        and entry.state is result.state is EntryState.IMPORTED
        and result.code in ("", entry.code)
    )
    code, subject, message = (
        (entry.code, entry.subject, entry.message) if stays_aside else (result.code, result.subject, result.message)
    )
    same = entry.state is result.state and entry.code == code
    before = entry.attempts if entry.state is result.state else 0
    return replace(
        checked,
        state=result.state,
        code=code,
        subject=subject,
        message=message,
        state_since=entry.state_since if same else now,
        attempts=before + 1 if result.state in _TRIED else 0,
        next_look=result.next_look,
        id_order=entry.id_order if result.id_order is None else result.id_order,
        given_up=result.given_up,
        ignored_by_person=stays_aside,
    )


def _due_at_once(entry: Entry, id_order: int | None, now: datetime) -> Entry:
    """Return the entry of an order that is in the shop and has to be compared with Amazon's newest state."""
    return replace(
        entry,
        state=EntryState.SEEN,
        code="",
        subject="",
        message="",
        state_since=now,
        attempts=0,
        next_look=now,
        id_order=id_order,
        given_up=False,
        ignored_by_person=False,
    )


def set_aside(entry: Entry, reason: str, now: datetime) -> Entry:
    """Return the entry of an order that a person ignores.

    An imported order stays imported (its rows are in the shop, or were): only the report of its difference, which
    its code names, ends.
    """
    if entry.state is EntryState.IMPORTED or entry.id_order is not None:
        since = entry.state_since if entry.state is EntryState.IMPORTED else now
        return replace(entry, state=EntryState.IMPORTED, state_since=since, next_look=None, ignored_by_person=True)
    return replace(
        entry,
        state=EntryState.IGNORED,
        code=SET_ASIDE,
        subject="",
        message=reason,
        state_since=entry.state_since if entry.state is EntryState.IGNORED else now,
        attempts=0,
        next_look=None,
        given_up=False,
        ignored_by_person=True,
    )


def taken_back(entry: Entry, now: datetime) -> Entry:
    """Return the entry of an order that a person no longer ignores: due at once; unchanged if nobody ignored it."""
    if not entry.ignored_by_person:
        return entry
    if entry.state is EntryState.IMPORTED and not entry.code:
        return replace(entry, ignored_by_person=False)
    return replace(
        entry,
        state=EntryState.SEEN,
        code="",
        message="",
        state_since=now,
        next_look=now,
        ignored_by_person=False,
    )


def found_missing(entry: Entry, now: datetime) -> Entry:
    """Return the entry of an order that a comparison found missing in the shop: due at once, if it is not already.

    What a person decided stands, and so does an import whose rows are gone: only a person can bring it back. An order
    that was ignored for another reason (cancelled, of another importer) is decided again.
    """
    if entry.ignored_by_person or entry.state is EntryState.IMPORTED:
        return entry
    if entry.state is EntryState.IGNORED:
        return replace(entry, state=EntryState.SEEN, code="", message="", state_since=now, next_look=now)
    return entry if is_due(entry, now) else replace(entry, next_look=now)


def is_due(entry: Entry, now: datetime) -> bool:
    """Return whether the order's next check has come."""
    return entry.next_look is not None and not now < entry.next_look <= now + LONGEST_PAUSE


def history_of(
    before: Entry | None, after: Entry, event: HistoryEvent, *, at: datetime, run: int | None, detail: str = ""
) -> HistoryLine | None:
    """Return the line to keep, or None, given an entry before (None: there was none) and after a change.

    Only what a person would want to read years later is kept: `detail` (rows of the shop were written, a person's
    reason), or a change of state, code, Amazon's status or update time, or of what is given up or set aside.
    """
    if before is not None and not detail and _telling(before) == _telling(after):
        return None
    return HistoryLine(
        order_id=after.order_id,
        at=at,
        run=run,
        event=event,
        state=after.state,
        code=after.code,
        amazon_status=after.amazon_status,
        amazon_updated=after.amazon_updated,
        message=after.message,
        detail=detail,
    )


def _kept(moment: datetime | None) -> datetime | None:
    """Return a time to the millisecond, as the ledger keeps it: a finer one would look like news at each snapshot."""
    return moment and moment - timedelta(microseconds=moment.microsecond % 1000)


ADOPTED = "adopted"  # so begins the detail of an order that was taken over from another importer


class HistoryEvent(StrEnum):
    """What happened in a line of an order's history."""

    SEEN = "seen"
    CHANGED_AT_AMAZON = "changed-at-amazon"
    JUDGED = "judged"
    SET_ASIDE = "set-aside"
    TAKEN_BACK = "taken-back"
    MISSED = "missed"  # a comparison found it missing in the shop


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """How an order stood after something changed. `run` is None for what a person did. No personal data."""

    order_id: str
    at: datetime
    run: int | None
    event: HistoryEvent
    state: EntryState
    code: str = ""
    amazon_status: str = ""
    amazon_updated: datetime | None = None
    message: str = ""
    detail: str = ""


class FindingKind(StrEnum):
    """What a comparison may find about an order; the names of the lists in its JSON."""

    MISSING = "missing"
    SURPLUS = "surplus"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class StandingFinding:
    """What a comparison found about one order, as long as it stands. No personal data.

    `field`, `amazon` and `shop` only where the sides differ. `placed`: by Amazon's date of purchase, else by the shop's
    date. `found`: when a comparison found it first.
    """

    order_id: str
    kind: FindingKind
    placed: datetime
    found: datetime
    reason: str
    hint: str
    field: str = ""
    amazon: str = ""
    shop: str = ""

    @property
    def key(self) -> tuple[str, FindingKind, str]:
        """Return what makes it the same finding in the next comparison."""
        return self.order_id, self.kind, self.field


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of a command. `finished` and `exit_code` are None while it runs, and for ever after a kill."""

    id: int
    command: str
    started: datetime
    pid: int
    finished: datetime | None = None
    exit_code: int | None = None
    report: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that needs a person, from its first appearance to its end. `count`: the runs that met it."""

    key: str
    text: str
    first_seen: datetime
    last_seen: datetime
    last_printed: datetime | None = None
    count: int = 1
    exit_code: int | None = None
