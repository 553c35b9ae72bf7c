"""The ledger's word on one Amazon order, as the rules read it. No personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode

# How far ahead of the clock a stored time of Amazon's may lie: what lies further ahead is no time to go by.
_AHEAD = timedelta(hours=1)


class EntryState(StrEnum):
    """Where an order stands. SEEN is only between being seen and being judged (or after a kill between the two)."""

    SEEN = "seen"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    IGNORED = "ignored"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """One order as an answer of Amazon's showed it: what the ledger keeps of it before it is judged."""

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
    looked: bool = False  # it came from getOrder: counts as a look
    on: Entry | None = None  # the entry as it was when this was reached
    detail: str = ""  # for the history: what was written (`created order 123`, `state 4, tracking`)


def believable(moment: datetime | None, now: datetime) -> datetime | None:
    """Given a stored time of Amazon's, return it; None for a time of the future, which an older version may have stored
    and which would outrank all news until then."""
    return moment if moment is not None and moment <= now + _AHEAD else None


def problem_of(entry: Entry) -> Problem:
    """Given an entry that is held, failed or given up, return its problem as it was stored."""
    known = entry.code in set(ProblemCode) and not entry.given_up
    code = ProblemCode(entry.code) if known else ProblemCode.GIVEN_UP
    return Problem(code, entry.message or f"order {entry.order_id}", entry.order_id, entry.subject)
