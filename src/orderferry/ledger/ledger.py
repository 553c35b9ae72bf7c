"""The ledger as the rest of the program uses it: each method is one short transaction of its own.

All raise LedgerUnusable when it can't be read or written, and leave nothing half-written. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from orderferry.domain.entry import Entry, EntryState, Sighting, Verdict
from orderferry.domain.listing import Listing
from orderferry.domain.records import Condition, HistoryLine, RunRecord, StandingFinding
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span, Spans
from orderferry.ledger import binding, conditions, coverage, findings, imports, listings, orders, runs
from orderferry.ledger.coverage import Cell
from orderferry.ledger.store import Store, again_after_conflict


class Ledger:
    """An open ledger. `is_new`: it was created just now. Made by `open_ledger`."""

    def __init__(self, store: Store, *, is_new: bool) -> None:
        self.store = store
        self.is_new = is_new

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, or the connection. May be called twice."""
        self.store.close()

    def release(self) -> None:
        """Give a server's connection back while nobody needs it; the next call opens another."""
        self.store.release()

    @contextmanager
    def dry(self) -> Iterator[None]:
        """Within, every method answers as ever and nothing is kept but the quota that is spent."""
        before, self.store.dry = self.store.dry, True
        try:
            yield
        finally:
            self.store.dry = before

    # Whose it is

    def seller(self) -> str:
        """The key of the seller that the coverage was read for; '' as long as none is noted."""
        with self.store.reading() as connection:
            return binding.seller_of(connection)

    @again_after_conflict
    def set_seller(self, seller: str) -> None:
        """Note whose coverage it is."""
        with self.store.writing() as connection:
            binding.set_seller(connection, seller)

    @again_after_conflict
    def forget_coverage(self) -> None:
        """Forget all that was observed, and listings in progress."""
        with self.store.writing() as connection:
            coverage.forget(connection)

    @again_after_conflict
    def forget_future(self, amazon_now: datetime) -> None:
        """Forget spans, re-readings and listings of a time after Amazon's now: a clock was wrong when they came."""
        with self.store.reading() as connection:
            found = coverage.has_future(connection, amazon_now)
        if found:
            with self.store.writing() as connection:
                coverage.forget_future(connection, amazon_now)

    # Orders

    def newest_orders(self, limit: int) -> list[str]:
        """The ids of the newest orders that Amazon has shown to runs of this ledger."""
        with self.store.reading() as connection:
            return orders.newest(connection, limit)

    @again_after_conflict
    def note_seen(self, sightings: Sequence[Sighting], run: int, now: datetime) -> dict[str, Entry]:
        """Note orders as seen, before they are judged; return their entries by order id.

        Older news never replace newer ones. An order that is not judged within a quarter of an hour becomes due.
        """
        with self.store.writing() as connection:
            return orders.note_seen(connection, sightings, run, now)

    @again_after_conflict
    def settle(self, verdicts: Sequence[Verdict], run: int, now: datetime) -> None:
        """Set what became of orders that were seen; claims on them end."""
        with self.store.writing() as connection:
            orders.settle(connection, verdicts, run, now)
            findings.brought(connection, verdicts)

    def entry(self, order_id: str) -> Entry | None:
        """The order's entry, or None if it was never seen."""
        with self.store.reading() as connection:
            return orders.find(connection, [order_id]).get(order_id)

    def known(self, order_ids: Iterable[str]) -> dict[str, Entry]:
        """The entries of those orders that were ever seen, by order id."""
        with self.store.reading() as connection:
            return orders.find(connection, order_ids)

    @again_after_conflict
    def make_due(self, sightings: Sequence[Sighting], now: datetime) -> None:
        """Let the next import look after orders that a comparison found missing in the shop, whatever was thought of
        them before; what a person set aside, and what was imported, stays as it is."""
        with self.store.writing() as connection:
            orders.make_due(connection, sightings, now)

    def history(self, order_id: str) -> list[HistoryLine]:
        """All that was seen and decided about an order, the oldest first."""
        with self.store.reading() as connection:
            return orders.history(connection, order_id)

    def entries(self, states: Iterable[EntryState], limit: int | None = None) -> list[Entry]:
        """The orders in these states, those that stand there longest first."""
        with self.store.reading() as connection:
            return orders.entries(connection, states, limit)

    def ignored_since(self, code: str, since: datetime) -> list[str]:
        """The ids of the orders that were ignored for this reason from `since` on, the first ones first."""
        with self.store.reading() as connection:
            return orders.ignored_since(connection, code, since)

    def purchases(self, since: datetime) -> dict[tuple[str, date], int]:
        """How many orders were placed from `since` on, by marketplace id and day (UTC). For once a day."""
        with self.store.reading() as connection:
            return orders.purchases(connection, since)

    def import_lags(self, since: datetime) -> list[timedelta]:
        """How long the orders that were written into the shop from `since` on had taken since their purchase."""
        with self.store.reading() as connection:
            return imports.import_lags(connection, since)

    def unshipped(self, ship_by: datetime) -> list[Entry]:
        """The imported regular orders that Amazon takes for unshipped and that have to be shipped by then."""
        with self.store.reading() as connection:
            return imports.unshipped(connection, ship_by)

    def given_up(self) -> list[Entry]:
        """The waiting orders that have waited longer than orders.give_up."""
        with self.store.reading() as connection:
            return orders.given_up(connection)

    def due(self, now: datetime, states: Iterable[EntryState], limit: int) -> list[Entry]:
        """The orders in these states whose next look has come, the longest unlooked-at first; none that is claimed."""
        with self.store.reading() as connection:
            return orders.due(connection, now, states, limit)

    @again_after_conflict
    def claim(self, order_ids: Sequence[str], run: int, now: datetime, for_: timedelta) -> tuple[str, ...]:
        """Take orders in hand until `now + for_`, a verdict or the run's end; return those that no other run has."""
        with self.store.writing() as connection:
            return orders.claim(connection, order_ids, run, now, for_)

    def open_counts(self, now: datetime) -> dict[str, int]:  # noqa: ARG002 — what is open at `now` is what is stored
        """How many orders are `waiting`, `held`, `failed`, `given_up`; each order counts once."""
        with self.store.reading() as connection:
            return orders.open_counts(connection)

    @again_after_conflict
    def ignore(self, order_id: str, reason: str, now: datetime) -> Entry:
        """Set an order (or the reported difference of an imported one) aside for a person; return its entry."""
        with self.store.writing() as connection:
            return orders.ignore(connection, order_id, reason, now)

    @again_after_conflict
    def unignore(self, order_id: str, now: datetime) -> Entry | None:
        """Take `ignore` back; return the entry, which is due at once, or None if the order is unknown."""
        with self.store.writing() as connection:
            return orders.unignore(connection, order_id, now)

    # What comparisons found

    def findings(self) -> list[StandingFinding]:
        """What comparisons found and nobody has settled or set aside, by kind, the oldest orders first."""
        with self.store.reading() as connection:
            return findings.find(connection)

    def note_findings(self, found: Sequence[StandingFinding], over: Iterable[StandingFinding]) -> None:
        """Keep what a comparison found, and forget what is over."""
        with self.store.writing() as connection:
            findings.note(connection, found, over)

    # Coverage

    def coverage(self, basis: Basis) -> dict[Cell, Spans]:
        """What was observed by this kind of date, per marketplace id and channel."""
        with self.store.reading() as connection:
            return coverage.covered(connection, basis)

    @again_after_conflict
    def cover(self, cells: Iterable[Cell], basis: Basis, span: Span, now: datetime) -> None:
        """Note a span that was read to its last page."""
        with self.store.writing() as connection:
            coverage.cover(connection, cells, basis, span, now)

    def rereading(self, cells: Iterable[Cell]) -> Mapping[Cell, tuple[datetime, datetime]]:
        """When the overlap of these cells was read again last, and up to where; a cell without is left out."""
        with self.store.reading() as connection:
            return coverage.last_rereading(connection, cells)

    @again_after_conflict
    def note_rereading(self, cells: Iterable[Cell], when: datetime, until: datetime) -> None:
        """Note a re-reading of the overlap."""
        with self.store.writing() as connection:
            coverage.note_rereading(connection, cells, when, until)

    # Listings in progress

    @again_after_conflict
    def save_listing(self, listing: Listing) -> None:
        """Keep how far a listing was read, by command and search."""
        with self.store.writing() as connection:
            listings.save(connection, listing)

    def listing(self, command: str) -> list[Listing]:
        """A command's listings in progress, the oldest first."""
        with self.store.reading() as connection:
            return listings.find(connection, command)

    @again_after_conflict
    def drop_listing(self, listing: Listing) -> None:
        """Forget a listing in progress."""
        with self.store.writing() as connection:
            listings.drop(connection, listing)

    # Runs

    @again_after_conflict
    def begin_run(self, command: str, now: datetime, dry_run: bool = False) -> int:
        """Note that a run begins; return its number. A dry run leaves no trace here: its number is 0."""
        if dry_run or self.store.dry:
            return 0
        with self.store.writing() as connection:
            return runs.begin(connection, command, now)

    @again_after_conflict
    def finish_run(self, run: int, now: datetime, exit_code: int, report: Mapping[str, Any]) -> None:
        """Note how a run ended and what it reported (without personal data)."""
        if run:
            with self.store.writing() as connection:
                runs.finish(connection, run, now, exit_code, report)

    def last_runs(self, command: str | None = None, limit: int = 10) -> list[RunRecord]:
        """The last runs (of a command), the newest first."""
        with self.store.reading() as connection:
            return runs.last(connection, command, limit)

    def last_success(self, command: str) -> RunRecord | None:
        """The last run of a command that did its work: exit code 0, or 1 (orders need a person)."""
        with self.store.reading() as connection:
            return runs.last_success(connection, command)

    # Conditions and memory

    def conditions(self) -> dict[str, Condition]:
        """The open conditions by key, the oldest first."""
        with self.store.reading() as connection:
            return conditions.find(connection)

    @again_after_conflict
    def put_condition(self, condition: Condition) -> None:
        """Keep a condition as it stands."""
        with self.store.writing() as connection:
            conditions.keep(connection, condition)

    @again_after_conflict
    def end_condition(self, key: str) -> None:
        """Forget a condition."""
        with self.store.writing() as connection:
            conditions.end(connection, key)

    @again_after_conflict
    def remember(self, key: str, value: str) -> None:
        """Keep a small value between runs."""
        with self.store.writing() as connection:
            conditions.remember(connection, key, value)

    def recall(self, key: str) -> str | None:
        """The value that was kept, or None."""
        with self.store.reading() as connection:
            return conditions.recall(connection, key)
