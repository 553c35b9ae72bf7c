"""What the engine needs of the outside world. Adapters satisfy these by shape; they do not import them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Protocol

from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.marker import Applied, Intent, Marker, Plan, ShopView
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.problems import Problem
from orderferry.domain.search import Basis, Listing, Page, Search
from orderferry.domain.spans import Span
from orderferry.domain.window import Cell
from orderferry.run.shared_ports import CoverageBook, HoldsConnection, Memory, OpenOrders, OrderBook, RunBook


class OrderSource(Protocol):
    """Amazon. Raise AmazonUnavailable, QuotaExhausted, PaginationExpired, AmazonRefused or MarketplaceRefused."""

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests made so far, by operation."""

    @property
    def clock_offset(self) -> timedelta | None:
        """Return how far Amazon's clock is ahead of this machine's; None before the first answer."""

    @property
    def withheld(self) -> Mapping[str, str]:
        """Return the sets of data that Amazon does not let this account ask for, with its own words."""

    def now(self) -> datetime:
        """Return Amazon's clock (the Date header of its token answer, kept up with every answer since)."""

    def search(self, search: Search, token: str | None = None) -> Page:
        """Return one page of a listing; `token` from the page before it. Spends one searchOrders token."""

    def get(self, order_id: str) -> Order | UnreadableOrder | None:
        """Return one order; None when Amazon does not know it. Spends one getOrder token."""

    def close(self) -> None:
        """Close the connections to Amazon."""


class Shop(HoldsConnection, Protocol):
    """PrestaShop. Raise ShopUnavailable or ShopUnfit; what concerns one order only comes back as a Problem."""

    def prepare(self, *, write: bool) -> None:
        """Connect, read the live schema and settings once, refuse an unfit shop; with `write`, create our tables."""

    def look(self, orders: Sequence[Order]) -> ShopView:
        """Return all look-ups for a page of orders, a bounded number of statements."""

    def markers(self, order_ids: Iterable[str]) -> Mapping[str, Marker]:
        """Return the markers of these orders."""

    def foreign(self, order_ids: Iterable[str]) -> Mapping[str, int]:
        """Return orders that another importer has put into the shop: Amazon id to id_order."""

    def plan(self, order: Order, intent: Intent, view: ShopView, now: datetime) -> Plan | Problem:
        """Return everything that would be written for this order, or why it can't be. Writes nothing."""

    def apply(self, plan: Plan, now: datetime) -> Applied | Problem:
        """Write the plan in one transaction, the marker first; a Problem if this one order can't be written."""

    @property
    def zone(self) -> tzinfo:
        """Return the shop's time zone (PS_TIMEZONE), once prepared."""

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        """For each stored problem of a held order, whether the shop could take the order now."""

    def shared_invoice_numbers(self) -> Sequence[Problem]:
        """Return a problem for each order of ours whose invoice number another invoice bears too."""

    def marker_pages(self) -> Iterator[list[Marker]]:
        """Return all markers, a few hundred at a time."""

    def keep(self, name: str, value: str) -> None:
        """Keep a text in the shop (`<prefix>orderferry_state`)."""

    def kept(self, name: str) -> str:
        """Return a text that was kept there; '' if there is none."""

    def kept_under(self, stem: str) -> Mapping[str, str]:
        """Return the texts that were kept there under names that begin so."""

    def close(self) -> None:
        """Give everything back, after the last call."""


class RunLedger(HoldsConnection, Memory, RunBook, OrderBook, OpenOrders, CoverageBook, Protocol):
    """The ledger as a run uses it. Each call is a short transaction of its own. Raise LedgerUnusable."""

    def seller(self) -> str:
        """Return the key of the seller that the coverage was read for; '' as long as none is noted."""

    def set_seller(self, seller: str) -> None:
        """Note whose coverage it is."""

    def newest_orders(self, limit: int) -> Sequence[str]:
        """Return the ids of the newest orders that Amazon has shown to runs of this ledger."""

    def forget_coverage(self) -> None:
        """Forget all that was observed, and listings in progress."""

    def forget_future(self, amazon_now: datetime) -> None:
        """Forget spans, re-readings and listings of a time after Amazon's now."""

    def entry(self, order_id: str) -> Entry | None:
        """Return the order's entry; None if it was never seen."""

    def purchases(self, since: datetime) -> Mapping[tuple[str, date], int]:
        """Return how many orders were placed from `since` on, by marketplace id and day (UTC)."""

    def due(self, now: datetime, states: Iterable[EntryState], limit: int) -> Sequence[Entry]:
        """Return the orders in these states whose next look has come, the longest unlooked-at first; none that is
        claimed.
        """

    def claim(self, order_ids: Sequence[str], run: int, now: datetime, for_: timedelta) -> Sequence[str]:
        """Take orders in hand until `now + for_`, a verdict or the run's end; return those that no other run has."""

    def open_counts(self, now: datetime) -> Mapping[str, int]:
        """Return how many orders are `waiting`, `held`, `failed`, `given_up`; each order counts once."""

    def cover(self, cells: Iterable[Cell], basis: Basis, span: Span, now: datetime) -> None:
        """Note a span that was read to its last page."""

    def rereading(self, cells: Iterable[Cell]) -> Mapping[Cell, tuple[datetime, datetime]]:
        """When the overlap of these cells was read again last, and up to where; a cell without is left out."""

    def note_rereading(self, cells: Iterable[Cell], when: datetime, until: datetime) -> None:
        """Note that the overlap of these cells was read again at `when`, up to `until`."""

    def save_listing(self, listing: Listing) -> None:
        """Keep how far a listing was read, by command and search, for the next run to go on from there."""

    def listing(self, command: str) -> Sequence[Listing]:
        """Return a command's listings in progress, the oldest first."""

    def drop_listing(self, listing: Listing) -> None:
        """Forget a listing in progress: it was read to its end, or has expired."""
