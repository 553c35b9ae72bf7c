"""What several jobs need of shop and ledger. Each job's own file names what only that job needs.

Of the ledger (ledger.ledger.Ledger) each call is a short transaction of its own, and raises LedgerUnusable. Times are
aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult, OrderSnapshot
from orderferry.domain.search import Basis
from orderferry.domain.spans import Spans
from orderferry.domain.window import Cell


class HoldsConnection(Protocol):
    """What has to be given back before a wait: the shop, written or audited, and a ledger on a server."""

    def release(self) -> None:
        """Give the connection back while nobody needs it; the next call opens another."""


class Memory(Protocol):
    """Small values that the ledger keeps between runs."""

    def remember(self, key: str, value: str) -> None:
        """Keep a value; the one before is replaced."""

    def recall(self, key: str) -> str | None:
        """Return the value that was kept under this key; None if there is none."""


class RunBook(Protocol):
    """The ledger's record of runs."""

    def begin_run(self, command: str, now: datetime, dry_run: bool = False) -> int:
        """Note that a run begins; return its number. A dry run leaves no trace: its number is 0."""

    def finish_run(self, run: int, now: datetime, exit_code: int, report: Mapping[str, Any]) -> None:
        """Note how a run ended, and its report, which holds no personal data. Number 0 leaves no trace."""


class OrderBook(Protocol):
    """The ledger's record of orders, as it is written."""

    def note_seen(self, sightings: Sequence[OrderSnapshot], run: int, now: datetime) -> Mapping[str, Entry]:
        """Note orders as seen, before they are judged; return their entries by order id."""

    def settle(self, verdicts: Sequence[OrderResult], run: int, now: datetime) -> None:
        """Set what became of orders that were seen; claims on them end."""


class OpenOrders(Protocol):
    """The ledger's orders that somebody still waits for."""

    def entries(self, states: Iterable[EntryState], limit: int | None = None) -> Sequence[Entry]:
        """Return the orders in these states, those that stand there longest first; at most `limit`."""

    def given_up(self) -> Sequence[Entry]:
        """Return the waiting orders that have waited longer than orders.give_up."""


class CoverageBook(Protocol):
    """The ledger's record of what was observed."""

    def coverage(self, basis: Basis) -> Mapping[Cell, Spans]:
        """Return the spans that finished runs have read by this kind of date, per marketplace id and channel."""
