"""What the ledger remembers beside the orders themselves: their history, the runs, open conditions, and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from orderferry.domain.entry import EntryState

ADOPTED = "adopted"  # so begins the detail of an order that was taken over from another importer


class HistoryEvent(StrEnum):
    """What a line of an order's history tells."""

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
        """What makes it the same finding in the next comparison."""
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
