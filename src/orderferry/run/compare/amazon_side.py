"""Amazon's side of a comparison: the all-orders report in slices of 30 days, or listings by creation date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from orderferry.domain.compared_orders import ReportedOrder, ReportEnd, as_reported
from orderferry.domain.durations import counted
from orderferry.domain.orders import Order
from orderferry.domain.search import Basis, Search, read_pages
from orderferry.domain.spans import Span
from orderferry.run.progress import SILENT, Progress

if TYPE_CHECKING:
    from orderferry.amazon.reports import AmazonReports
    from orderferry.amazon.source import AmazonSource

SLICE = timedelta(days=30)  # the longest report


def read_amazon(
    source: AmazonSource,
    reports: AmazonReports | None,
    span: Span,
    marketplaces: Sequence[str],
    shop_has: Callable[[Span], bool],
    *,
    progress: Progress = SILENT,
) -> tuple[dict[str, ReportedOrder], list[str]]:
    """Return Amazon's orders of a span of purchase dates by id, and notes for people. `reports` None: by listings.

    A report that fails is replaced by a listing, and so is one that was cancelled, which means no data, although the
    shop has orders of those days. Raise the errors of both.
    """
    orders: dict[str, ReportedOrder] = {}
    notes: list[str] = []
    for part in slices(span):
        days = f"{part.start:%Y-%m-%d} to {part.end:%Y-%m-%d}"
        progress.step(f"Amazon prepares its report of {days}" if reports else f"listing Amazon's orders of {days}")
        report = reports.orders(part, marketplaces) if reports is not None else None
        if report is not None:
            if report.unreadable:
                notes.append(f"{counted(report.unreadable, 'line')} of Amazon's report could not be used.")
            if report.end is ReportEnd.DONE or (report.end is ReportEnd.CANCELLED and not shop_has(part)):
                orders |= {order.order_id: order for order in report.orders}
                continue
            notes.append(
                f"Amazon's report of {days} ended as {report.end}; "
                "these days were compared with a listing (searchOrders) instead."
            )
        orders |= {order.order_id: order for order in _listed(source, part, marketplaces)}
    return orders, notes


def slices(span: Span) -> Iterator[Span]:
    """Yield the span in pieces of 30 days at most."""
    start = span.start
    while start < span.end:
        end = min(start + SLICE, span.end)
        yield Span(start, end)
        start = end


def _listed(source: AmazonSource, span: Span, marketplaces: Sequence[str]) -> Iterator[ReportedOrder]:
    search = Search(tuple(sorted(marketplaces)), Basis.CREATED, span)
    for page in read_pages(lambda token: source.search(search, token)):
        for order in page.orders:
            if isinstance(order, Order) and span.holds(order.created):
                yield as_reported(order)
