"""Read listings to their last page; progress is kept between runs, and coverage grows only at the end.

Amazon refuses a joint listing whole if it refuses one of its marketplaces. A refused marketplace is therefore
remembered and asked for alone, once a run, until Amazon lists it again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.search import Listing, Page, PagingLoop, Search, read_pages
from orderferry.domain.spans import Spans
from orderferry.domain.window import Cell, cells_of, observed_span
from orderferry.errors import MarketplaceRefused, PaginationExpired
from orderferry.run.doubtful_answers import UnreadableSpans
from orderferry.run.report import Report
from orderferry.run.stop import QuotaWait

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource
    from orderferry.ledger.ledger import Ledger

log = logging.getLogger(__name__)

TOKEN_LIFETIME = timedelta(hours=24)  # searchOrders paginationToken


@dataclass(frozen=True, slots=True)
class ListingReader:
    """Reads searches page by page and hands the orders on.

    `take` brings the orders of a page to their results. `credit` says whether a search's span may count as coverage.
    `refusals` is what becomes of marketplaces that Amazon refuses, `unreadable` of spans with orders without an id.
    `resumable`: what is left unread is kept for the next run.
    """

    source: AmazonSource
    ledger: Ledger
    report: Report
    refusals: Refusals
    unreadable: UnreadableSpans
    quota_wait: QuotaWait
    take: Callable[[Sequence[Order | UnreadableOrder]], None]
    credit: Callable[[Search], bool]
    overlap: timedelta
    now: Callable[[], datetime]
    resumable: bool = True

    def unfinished(self) -> list[Listing]:
        """Return the listings that an earlier run of this command left and whose tokens are still good."""
        if not self.resumable:
            return []
        usable = []
        for listing in self.ledger.listing(self.report.command):
            if self.source.now() - listing.started < TOKEN_LIFETIME:
                usable.append(listing)
            else:
                self.ledger.drop_listing(listing)
        return usable

    def read(self, searches: Sequence[Search]) -> None:
        """Read each search to its end; unfinished listings of the same searches go on where they stopped.

        Raise what the source, the shop and the ledger raise; what was read until then is kept.
        """
        for search in searches:
            self._read_search(search)

    def _read_search(self, wanted: Search) -> None:
        search = self.refusals.without_refused(wanted)
        if search is None:
            return
        try:
            self._read_listing(self._begun(search))
        except MarketplaceRefused as refused:
            self._read_alone(search, refused)
        else:
            self.refusals.listed(search.marketplaces)

    def _read_alone(self, search: Search, refused: MarketplaceRefused) -> None:
        if len(search.marketplaces) == 1:
            self.refusals.note(refused)
            return
        log.warning("the joint listing was refused; each marketplace is tried alone")
        for marketplace in search.marketplaces:
            self._read_search(replace(search, marketplaces=(marketplace,)))

    def resume(self, listing: Listing) -> Listing:
        """Go on with a listing that an earlier run left; return it."""
        log.info("going on with page %d of a listing that an earlier run left", listing.pages + 1)
        try:
            self._read_listing(listing)
        except MarketplaceRefused as refused:
            self.ledger.drop_listing(listing)
            self._read_alone(listing.search, refused)
        return listing

    def _read_listing(self, listing: Listing) -> None:
        try:
            finished = self._read_pages(listing)
        except PaginationExpired:
            # Once: should that reading's token be refused too, the next run begins with the first page again.
            log.warning("Amazon no longer takes the pagination token: the span is read from its first page")
            self._drop(listing)
            finished = self._read_pages(self._begun(listing.search, again=listing.again))
        except PagingLoop:
            self._drop(listing)  # going on with that token would only lead into the loop again
            raise
        slow = self.source.now() - finished.started > self.overlap
        if slow and not finished.again and self.credit(finished.search):
            # Orders that change while one pages move between pages: what took long is read once more.
            log.info("the listing took longer than the overlap: it is read a second time before it counts")
            self._drop(finished)
            self._read_listing(self._begun(listing.search, again=True))
            return
        self._cover(finished)

    def _begun(self, search: Search, *, again: bool = False) -> Listing:
        return Listing(self.report.command, search, self.source.now(), again=again)

    def _read_pages(self, listing: Listing) -> Listing:
        search = listing.search

        def fetch(token: str | None) -> Page:
            return self.quota_wait.call(lambda: self.source.search(search, token))

        for page in read_pages(fetch, listing.token):
            self.take(page.orders)
            cut_offs = [moment for moment in (listing.observed_until, page.observed_until) if moment]
            nameless = [order for order in page.orders if isinstance(order, UnreadableOrder) and order.order_id is None]
            listing = replace(
                listing,
                token=page.next_token,
                pages=listing.pages + 1,
                observed_until=min(cut_offs, default=None),
                unreadable=listing.unreadable + len(nameless),
            )
            if page.next_token and self.resumable:
                self.ledger.save_listing(listing)
        return listing

    def _cover(self, listing: Listing) -> None:
        search = listing.search
        span = observed_span(search, (listing.observed_until, self.source.now()))
        self._drop(listing)
        if listing.unreadable:
            self.unreadable.found(search, span or search.span, listing.unreadable)
        if span is None:
            return
        cells = cells_of(search)
        self.report.add_observed(search.basis, cells, span)
        if self.report.dry_run or listing.unreadable:
            return
        self.unreadable.read_clean(search, span)
        if self.credit(search):
            self.ledger.cover(cells, search.basis, span, self.now())

    def _drop(self, listing: Listing) -> None:
        if self.resumable:
            self.ledger.drop_listing(listing)


_REMEMBERED = "marketplaces refused"


@dataclass(slots=True)
class Refusals:
    """The refused marketplaces of one run, and those that earlier runs have left. A dry run leaves nothing."""

    ledger: Ledger
    report: Report
    _now: set[str] = field(default_factory=set)

    def groups(self, due: Mapping[Cell, Spans]) -> list[Mapping[Cell, Spans]]:
        """Return what each cell needs in the parts that are asked for together: first all marketplaces that Amazon
        lists, then each of the refused ones alone."""
        doubtful = self._left()
        groups = [{cell for cell in due if cell[0] not in doubtful}]
        groups += [{cell for cell in due if cell[0] == one} for one in sorted(doubtful)]
        return [{cell: due[cell] for cell in due if cell in group} for group in groups if group]

    def without_refused(self, search: Search) -> Search | None:
        """Return the search without the marketplaces that this run was refused already; None when nothing is left of
        it.
        """
        left = tuple(one for one in search.marketplaces if one not in self._now)
        return replace(search, marketplaces=left) if left else None

    def note(self, refused: MarketplaceRefused) -> None:
        """Report the refusal, and remember its marketplaces."""
        self._now |= set(refused.marketplaces)
        self.report.errors.append(refused)
        self._remember(self._left() | set(refused.marketplaces))

    def listed(self, marketplaces: Iterable[str]) -> None:
        """Note that Amazon has listed these marketplaces: they are asked for with the others again."""
        left = self._left()
        if left & set(marketplaces):
            self._remember(left - set(marketplaces))

    def _left(self) -> frozenset[str]:
        return frozenset(json.loads(self.ledger.recall(_REMEMBERED) or "[]"))

    def _remember(self, marketplaces: frozenset[str]) -> None:
        if not self.report.dry_run and marketplaces != self._left():
            self.ledger.remember(_REMEMBERED, json.dumps(sorted(marketplaces)))
