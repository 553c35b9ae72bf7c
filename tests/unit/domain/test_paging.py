"""Paging ends: with the last page, or with the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.domain.orders import Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.search import Basis, Page, PagingLoop, Search, read_pages
from orderferry.domain.search import Listing as ListingInProgress
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable, ExitCode, PaginationExpired

WHEN = datetime(2026, 11, 23, tzinfo=UTC)


def order(number: int) -> Order:
    return Order(f"305-0000000-{number:07}", WHEN, WHEN, "A1PA6795UKMFR9", OrderStatus.UNSHIPPED, Channel.REGULAR, ())


def page(*numbers: int, token: str | None = None) -> Page:
    return Page(tuple(map(order, numbers)), next_token=token)


class Listing:
    """Answers with these pages in turn, whatever the token, and remembers the tokens."""

    def __init__(self, pages: Iterator[Page]) -> None:
        self.pages = pages
        self.tokens: list[str | None] = []

    def __call__(self, token: str | None) -> Page:
        self.tokens.append(token)
        return next(self.pages)


def test_pages_are_read_with_the_token_of_the_page_before() -> None:
    pages = [page(1, 2, token="a"), page(token="b"), page(3)]
    listing = Listing(iter(pages))
    assert list(read_pages(listing)) == pages
    assert listing.tokens == [None, "a", "b"]


def test_a_listing_goes_on_from_a_token() -> None:
    listing = Listing(iter([page(3, token="c"), page(4)]))
    assert len(list(read_pages(listing, "b"))) == 2
    assert listing.tokens == ["b", "c"]


def test_each_page_is_handed_on_before_the_next_is_asked_for() -> None:
    listing = Listing(iter([page(1, token="a"), page(2)]))
    reading = read_pages(listing)
    next(reading)
    assert listing.tokens == [None]


@pytest.mark.parametrize("start", [None, "a"])
def test_a_repeated_token_ends_the_listing_after_the_good_page(start: str | None) -> None:
    seen: list[Page] = []
    reading = read_pages(Listing(page(number, token="a") for number in count()), start)
    with pytest.raises(PagingLoop, match="token was repeated"):
        seen.extend(reading)
    assert len(seen) == (2 if start is None else 1)


def test_a_page_with_the_orders_of_the_page_before_is_no_page() -> None:
    listing = Listing(iter([page(1, 2, token="a"), page(2, 1, token="b"), page(3)]))
    seen: list[Page] = []
    with pytest.raises(PagingLoop, match="repeated the orders"):
        seen.extend(read_pages(listing))
    assert len(seen) == 1


def test_a_circle_of_pages_with_fresh_tokens_ends() -> None:
    listing = Listing(page(number % 2, token=str(number)) for number in count())
    with pytest.raises(PagingLoop, match="repeated orders of earlier pages"):
        list(read_pages(listing))
    assert len(listing.tokens) == 5


def test_an_order_that_moved_to_a_later_page_is_no_circle() -> None:
    pages = [page(1, 2, token="a"), page(3, 4, token="b"), page(1, token="c"), page(5)]
    assert list(read_pages(Listing(iter(pages)))) == pages


def test_pages_without_a_readable_id_are_not_compared() -> None:
    nameless = Page((UnreadableOrder(None, ()),), next_token="a")
    listing = Listing(iter([nameless, Page(nameless.orders, next_token="b"), page(1)]))
    assert len(list(read_pages(listing))) == 3


def test_empty_pages_with_tokens_end() -> None:
    listing = Listing(page(token=str(number)) for number in count())
    with pytest.raises(PagingLoop, match="empty"):
        list(read_pages(listing))
    assert len(listing.tokens) == 100


def test_the_number_of_pages_is_bounded() -> None:
    listing = Listing(page(number, token=str(number)) for number in count())
    with pytest.raises(PagingLoop, match="more than 7 pages"):
        list(read_pages(listing, max_pages=7))
    assert len(listing.tokens) == 7


def test_a_loop_heals_by_itself_for_the_exit_code() -> None:
    assert issubclass(PagingLoop, AmazonUnavailable)
    assert PagingLoop("x").exit_code is ExitCode.AMAZON_UNAVAILABLE


def test_errors_of_the_source_pass_through() -> None:
    def fetch(token: str | None) -> Page:
        raise PaginationExpired("expired")

    with pytest.raises(PaginationExpired):
        list(read_pages(fetch, "old"))


@given(st.lists(st.tuples(st.lists(st.integers(0, 5), max_size=4), st.sampled_from(["a", "b", "c", "d", None]))))
def test_whatever_amazon_answers_reading_ends(answers: list[tuple[list[int], str | None]]) -> None:
    cycle = [page(*numbers, token=token) for numbers, token in answers] or [page(token="x")]
    listing = Listing(cycle[number % len(cycle)] for number in count())
    try:
        pages = list(read_pages(listing))
    except PagingLoop:
        assert len(listing.tokens) <= 6
    else:
        assert pages[-1].next_token is None


def test_a_listing_without_end_is_left_after_a_million_orders() -> None:
    nameless = (UnreadableOrder(None, ()),)
    listing = Listing(Page(nameless, next_token=str(number)) for number in count())
    with pytest.raises(PagingLoop) as caught:
        list(read_pages(listing))
    assert len(listing.tokens) == 10_000
    assert caught.value.message == "Amazon's listing does not come to an end: it has more than 10000 pages"
    assert caught.value.hint == (
        "The span is read again by the next run; if it stays, report it to orderferry's issue tracker."
    )
    assert caught.value.code == "paging-loop"


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param(
            [page(1, token="a"), page(2, token="b"), page(1, token="c"), page(2)], id="three stale at the end"
        ),
        pytest.param(
            [page(1, token="a"), page(2, token="b"), page(1, token="c"), page(2, token="d"), page(3)], id="two stale"
        ),
        pytest.param([*(page(token=str(number)) for number in range(99)), page()], id="a hundred empty"),
        pytest.param(
            [
                *(page(token=str(number)) for number in range(99)),
                Page((UnreadableOrder(None, ()),), next_token="x"),
                *(page(token=f"y{number}") for number in range(99)),
                page(1),
            ],
            id="an order without an id between",
        ),
        pytest.param(
            [page(1, token="a"), page(1, 2, token="b"), page(2, token="c"), page(1), page(1)][:4], id="new ones between"
        ),
    ],
)
def test_a_listing_that_repeats_itself_a_little_is_read_to_its_end(pages: list[Page]) -> None:
    assert list(read_pages(Listing(iter(pages)))) == pages


def test_a_search_observes_its_channel_or_both() -> None:
    search = Search(("IT",), Basis.UPDATED, Span(WHEN, WHEN))
    assert (search.channels, search.statuses) == ((Channel.REGULAR, Channel.FBA), ())
    assert Search(("IT",), Basis.UPDATED, Span(WHEN, WHEN), Channel.FBA).channels == (Channel.FBA,)


def test_a_listing_begins_before_its_first_page() -> None:
    begun = ListingInProgress("import", Search(("IT",), Basis.UPDATED, Span(WHEN, WHEN)), WHEN)
    assert (begun.pages, begun.unreadable, begun.again) == (0, 0, False)
