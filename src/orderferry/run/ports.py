"""What the engine needs of the outside world. Adapters satisfy these by shape; they do not import them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from orderferry.domain.entry import Entry, EntryState, Sighting, Verdict
from orderferry.domain.listing import Listing
from orderferry.domain.marker import Marker
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.problems import Problem
from orderferry.domain.search import Basis, Page, Search
from orderferry.domain.shopwork import Applied, Intent, Plan, ShopView
from orderferry.domain.spans import Span, Spans
from orderferry.domain.window import Cell


class OrderSource(Protocol):
    """Amazon. Raise AmazonUnavailable, QuotaExhausted, PaginationExpired, AmazonRefused or MarketplaceRefused."""

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests made so far, by operation."""

    @property
    def clock_offset(self) -> timedelta | None:
        """How far Amazon's clock is ahead of this machine's; None before the first answer."""

    def now(self) -> datetime:
        """Amazon's clock (the Date header of its token answer, kept up with every answer since)."""

    def search(self, search: Search, token: str | None = None) -> Page:
        """One page of a listing; `token` from the page before it. Spends one searchOrders token."""

    def get(self, order_id: str) -> Order | UnreadableOrder | None:
        """One order; None when Amazon does not know it. Spends one getOrder token."""

    def close(self) -> None: ...


class Shop(Protocol):
    """PrestaShop. Raise ShopUnavailable or ShopUnfit; what concerns one order only comes back as a Problem."""

    def prepare(self, *, write: bool) -> None:
        """Connect, read the live schema and settings once, refuse an unfit shop; with `write`, create our tables."""

    def look(self, orders: Sequence[Order]) -> ShopView:
        """All look-ups for a page of orders, a bounded number of statements."""

    def markers(self, order_ids: Iterable[str]) -> Mapping[str, Marker]:
        """The markers of these orders."""

    def foreign(self, order_ids: Iterable[str]) -> Mapping[str, int]:
        """Orders that another importer has put into the shop: Amazon id to id_order."""

    def plan(self, order: Order, intent: Intent, view: ShopView, now: datetime) -> Plan | Problem:
        """Everything that would be written for this order, or why it can't be. Writes nothing."""

    def apply(self, plan: Plan, now: datetime, meanwhile: Callable[[], None] | None = None) -> Applied | Problem:
        """Write the plan in one transaction, the marker first; a Problem if this one order can't be written.

        `meanwhile` may be called, once, while the database is at work: it takes a moment, and raises nothing.
        """

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        """For each stored problem of a held order, whether the shop could take the order now."""

    def shared_invoice_numbers(self) -> Sequence[Problem]:
        """A problem for each order of ours whose invoice number another invoice bears too."""

    def marker_pages(self) -> Iterator[list[Marker]]:
        """All markers, a few hundred at a time."""

    def keep(self, name: str, value: str) -> None:
        """Keep a text in the shop (`<prefix>orderferry_state`)."""

    def kept(self, name: str) -> str:
        """A text that was kept there; '' if there is none."""

    def release(self) -> None:
        """Give the connection back (before waiting for Amazon)."""

    def close(self) -> None: ...


class RunLedger(Protocol):
    """The ledger as a run uses it. Each call is a short transaction of its own. Raise LedgerUnusable."""

    def release(self) -> None:
        """Give a server's connection back (before waiting for Amazon)."""

    def note_seen(self, sightings: Sequence[Sighting], run: int, now: datetime) -> Mapping[str, Entry]: ...

    def settle(self, verdicts: Sequence[Verdict], run: int, now: datetime) -> None: ...

    def entry(self, order_id: str) -> Entry | None: ...

    def entries(self, states: Iterable[EntryState], limit: int | None = None) -> Sequence[Entry]: ...

    def given_up(self) -> Sequence[Entry]: ...

    def purchases(self, since: datetime) -> Mapping[tuple[str, date], int]: ...

    def due(self, now: datetime, states: Iterable[EntryState], limit: int) -> Sequence[Entry]: ...

    def claim(self, order_ids: Sequence[str], run: int, now: datetime, for_: timedelta) -> Sequence[str]: ...

    def open_counts(self, now: datetime) -> Mapping[str, int]: ...

    def coverage(self, basis: Basis) -> Mapping[Cell, Spans]: ...

    def cover(self, cells: Iterable[Cell], basis: Basis, span: Span, now: datetime) -> None: ...

    def rereading(self, cells: Iterable[Cell]) -> Mapping[Cell, tuple[datetime, datetime]]: ...

    def note_rereading(self, cells: Iterable[Cell], when: datetime, until: datetime) -> None: ...

    def save_listing(self, listing: Listing) -> None: ...

    def listing(self, command: str) -> Sequence[Listing]: ...

    def drop_listing(self, listing: Listing) -> None: ...

    def begin_run(self, command: str, now: datetime, dry_run: bool = False) -> int: ...

    def finish_run(self, run: int, now: datetime, exit_code: int, report: dict[str, Any]) -> None: ...

    def remember(self, key: str, value: str) -> None: ...

    def recall(self, key: str) -> str | None: ...
