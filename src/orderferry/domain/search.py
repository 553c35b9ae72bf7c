"""What a listing of Amazon's is asked for, a page of its answer, and a listing in progress that another run can go on
with.

`read_pages` reads a listing page by page and detects every way in which it might not end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orderferry.domain.orders import Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable


class Basis(StrEnum):
    """Which of an order's times a span speaks of (searchOrders `lastUpdated…` or `created…`)."""

    UPDATED = "updated"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class Search:
    """One searchOrders listing: frozen before its first request and the same for each of its pages.

    `marketplaces` are marketplace ids, sorted; `channel` None asks for both; `statuses` empty asks for all.
    """

    marketplaces: tuple[str, ...]
    basis: Basis
    span: Span
    channel: Channel | None = None
    statuses: tuple[OrderStatus, ...] = ()

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Return the channels that this search observes."""
        return (self.channel,) if self.channel else tuple(Channel)


@dataclass(frozen=True, slots=True)
class Page:
    """One good page: status 200, a JSON body, and `orders` a list.

    `observed_until` is Amazon's own cut-off (`lastUpdatedBefore` or `createdBefore`).
    """

    orders: tuple[Order | UnreadableOrder, ...]
    next_token: str | None = None
    observed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """`search` is frozen; `token` asks for the next page (None: none read yet); valid for 24 hours from `started`.

    `observed_until` is the smallest cut-off that the pages named so far; `pages` how many were read; `again` says
    that this is the second reading of a span whose first took longer than the overlap; `unreadable` how many orders
    without an id the pages have shown.
    """

    command: str
    search: Search
    started: datetime
    token: str | None = None
    observed_until: datetime | None = None
    pages: int = 0
    again: bool = False
    unreadable: int = 0


MOST_PAGES = 10_000  # a million orders; searchOrders' quota would take three weeks for it
MOST_STALE_PAGES = 3  # pages in a row with orders, but none that the listing has not shown before
MOST_EMPTY_PAGES = 100  # Amazon may answer with an empty page and a token; not for ever


class PagingLoop(AmazonUnavailable):
    """The listing goes round in circles. What was read is good; to go on it has to begin anew, without its token."""

    code = "paging-loop"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Amazon's listing does not come to an end: {what}",
            hint="The span is read again by the next run; if it stays, report it to orderferry's issue tracker.",
        )


def read_pages(
    fetch: Callable[[str | None], Page], token: str | None = None, *, max_pages: int = MOST_PAGES
) -> Iterator[Page]:
    """Yield the pages of a listing from `token` to the last one. `fetch` gets the page of a token (None: the first).

    A page is yielded before the next one is asked for, so that the caller may keep the token for another run. Raise
    PagingLoop when a token or a page is repeated, when nothing new comes, or after `max_pages`; whatever `fetch`
    raises passes through.
    """
    tokens = {token} if token else set()
    shown: set[str] = set()  # the orders of all pages so far
    page_before: set[str] = set()
    stale = empty = 0  # pages in a row
    for _ in range(max_pages):
        page = fetch(token)
        on_page = {order.order_id for order in page.orders if order.order_id}
        if on_page and on_page == page_before:
            raise PagingLoop("a page repeated the orders of the page before it")
        stale = stale + 1 if on_page and on_page <= shown else 0
        empty = 0 if page.orders else empty + 1
        page_before = on_page
        shown |= on_page
        if page.next_token and stale >= MOST_STALE_PAGES:
            raise PagingLoop(f"{stale} pages in a row repeated orders of earlier pages")
        if page.next_token and empty >= MOST_EMPTY_PAGES:
            raise PagingLoop(f"{empty} pages in a row were empty")
        yield page
        token = page.next_token
        if not token:
            return
        if token in tokens:
            raise PagingLoop("a pagination token was repeated")
        tokens.add(token)
    raise PagingLoop(f"it has more than {max_pages} pages")
