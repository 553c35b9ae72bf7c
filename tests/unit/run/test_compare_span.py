"""What is compared: spans by hand, months by the shop's calendar, slices of a report, what replaces one that fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from orderferry.amazon.reports import AmazonReports
from orderferry.amazon.source import AmazonSource
from orderferry.domain.compared_orders import OrderReport, ReportedOrder, ReportEnd
from orderferry.domain.orders import UnreadableOrder
from orderferry.domain.search import Basis, Page, Search
from orderferry.domain.spans import Span
from orderferry.errors import UsageError
from orderferry.run.compare.amazon_side import SLICE, read_amazon, slices
from orderferry.run.compare.compare import CompareOptions, span_of
from support.compared import DAY, DE, ID, IT, NOW, reported

ROME = ZoneInfo("Europe/Rome")
HOURS = timedelta(hours=1)


@pytest.mark.parametrize(
    ("options", "start", "end"),
    [
        (CompareOptions(), NOW - 2 * HOURS - 30 * DAY, NOW - 2 * HOURS),
        (CompareOptions(since=NOW - 5 * DAY), NOW - 5 * DAY, NOW - 2 * HOURS),
        (CompareOptions(until=NOW - 5 * DAY), NOW - 35 * DAY, NOW - 5 * DAY),
        (CompareOptions(since=NOW - 5 * DAY, until=NOW + DAY), NOW - 5 * DAY, NOW - timedelta(minutes=3)),
        (
            CompareOptions(month=(2026, 10)),
            datetime(2026, 9, 30, 22, tzinfo=UTC),
            datetime(2026, 10, 31, 23, tzinfo=UTC),  # summer time has ended in between
        ),
        (
            CompareOptions(month=(2025, 12)),
            datetime(2025, 11, 30, 23, tzinfo=UTC),
            datetime(2025, 12, 31, 23, tzinfo=UTC),
        ),
        (CompareOptions(month=(2026, 11)), datetime(2026, 10, 31, 23, tzinfo=UTC), NOW - 2 * HOURS),
    ],
)
def test_spans(options: CompareOptions, start: datetime, end: datetime) -> None:
    assert span_of(options, ROME, NOW) == Span(start, end)


@pytest.mark.parametrize(
    "options", [CompareOptions(month=(2026, 12)), CompareOptions(since=NOW), CompareOptions(since=NOW - HOURS)]
)
def test_a_span_that_has_not_begun_is_refused(options: CompareOptions) -> None:
    with pytest.raises(UsageError, match="nothing to compare"):
        span_of(options, ROME, NOW)


@pytest.mark.parametrize("days", [1, 30, 31, 60, 61, 100])
def test_slices_are_a_report_long_at_most_and_leave_nothing_out(days: int) -> None:
    whole = Span(NOW - days * DAY, NOW)
    found = list(slices(whole))
    assert (found[0].start, found[-1].end) == (whole.start, whole.end)
    assert all(first.end == second.start for first, second in pairwise(found))
    assert all(timedelta(0) < part.length <= SLICE for part in found)


class Reports:
    """Gives these reports, one after the other."""

    def __init__(self, *given: OrderReport) -> None:
        self.given = list(given)
        self.asked: list[Span] = []

    def orders(self, span: Span, marketplaces: object) -> OrderReport:
        self.asked.append(span)
        return self.given.pop(0)


class Listing:
    """searchOrders with one page of nothing that can be read."""

    def __init__(self) -> None:
        self.asked: list[Search] = []

    def search(self, search: Search, token: str | None = None) -> Page:
        self.asked.append(search)
        return Page((UnreadableOrder(None, ()),))

    def get(self, order_id: str) -> None:
        raise AssertionError("nobody asks for single orders here")


def read(
    listing: Listing, reports: Reports | None, whole: Span, shop_has: Callable[[Span], bool]
) -> tuple[dict[str, ReportedOrder], list[str]]:
    source, made = cast("AmazonSource", listing), cast("AmazonReports | None", reports)
    return read_amazon(source, made, whole, [IT, DE], shop_has)


def test_two_slices_are_two_reports() -> None:
    whole = Span(NOW - 31 * DAY, NOW)
    reports = Reports(OrderReport(ReportEnd.DONE, (reported(),)), OrderReport(ReportEnd.DONE, (), 3))
    orders, notes = read(Listing(), reports, whole, lambda _: True)
    assert list(orders) == [ID]
    assert len(reports.asked) == 2
    assert notes == ["3 lines of Amazon's report could not be used."]


@pytest.mark.parametrize(
    ("end", "shop_has", "listed"),
    [(ReportEnd.FATAL, False, True), (ReportEnd.CANCELLED, True, True), (ReportEnd.CANCELLED, False, False)],
)
def test_a_report_that_fails_is_replaced_by_a_listing_and_one_without_data_is_believed(
    end: ReportEnd, shop_has: bool, listed: bool
) -> None:
    listing, whole = Listing(), Span(NOW - 3 * DAY, NOW)
    _, notes = read(listing, Reports(OrderReport(end)), whole, lambda _: shop_has)
    assert bool(listing.asked) is listed
    assert bool(notes) is listed
    if listed:
        assert listing.asked == [Search((DE, IT), Basis.CREATED, whole)]
        assert f"ended as {end}" in notes[0]


def test_by_search_no_report_is_asked_for() -> None:
    listing = Listing()
    _, notes = read(listing, None, Span(NOW - 3 * DAY, NOW), lambda _: True)
    assert len(listing.asked) == 1
    assert notes == []
