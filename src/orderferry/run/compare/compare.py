"""The daily comparison of Amazon's orders with the shop's, from the first request to the result.

It writes to the ledger only: the quota spent, the run, the findings, and that orders which are confirmed missing are
due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orderferry.config.model import Settings
from orderferry.domain.compared_orders import ShopOrders
from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.problems import HINTS, ProblemCode
from orderferry.domain.spans import Span
from orderferry.domain.unreadable_spans import is_mark
from orderferry.domain.window import SAFE_DISTANCE
from orderferry.errors import LedgerUnusable, OrderferryError, UsageError
from orderferry.run.compare.amazon_side import read_amazon
from orderferry.run.compare.findings import FindingCollector
from orderferry.run.compare.result import Comparison, OneSided
from orderferry.run.compare.rules import GRACE, CompareInput, MonthBasis, of_this_seller
from orderferry.run.conditions import announce_comparison
from orderferry.run.progress import SILENT, Progress, log_errors, log_run
from orderferry.run.seller import ask_whether_ours, check_seller
from orderferry.run.status import read_status
from orderferry.run.stop import QuotaWait, RightClock, StopSwitch
from orderferry.run.sweeps import rules_of

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource
    from orderferry.ledger.ledger import Ledger
    from orderferry.ledger.quota import QuotaBook
    from orderferry.prestashop.auditing import ShopAudit

COMMAND = "compare"
DEFAULT_LENGTH = timedelta(days=30)
LEAD = timedelta(days=60)  # how long before it was shipped or invoiced an order may have been bought
MOST_OPEN_ENTRIES = 500  # on the page


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What a person or crontab asked for. Times are aware UTC; `month` is (year, month) by the shop's calendar.

    `by_search`: listings instead of the report. `for_page`: gather what only the HTML page shows. `by`: which moment of
    an order the span is about.
    """

    since: datetime | None = None
    until: datetime | None = None
    month: tuple[int, int] | None = None
    by_search: bool = False
    for_page: bool = False
    by: MonthBasis = MonthBasis.PURCHASE

    @property
    def is_daily(self) -> bool:
        """Return whether it is the comparison that cron starts, not a person's question about a time of their own."""
        return self.since is None and self.until is None and self.month is None and self.by is MonthBasis.PURCHASE


@dataclass(frozen=True, slots=True)
class Comparer:
    """Everything a comparison needs, put together by bootstrap. `ledger` and `quota` None: an audit without one."""

    settings: Settings
    options: CompareOptions
    source: AmazonSource
    shop: ShopAudit
    ledger: Ledger | None
    quota: QuotaBook | None
    stop: StopSwitch
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    progress: Progress = SILENT

    def run(self) -> Comparison:
        """Compare, and return the result; only LedgerUnusable is raised, other errors are in the result."""
        result = Comparison(self.now())
        run = self.ledger.begin_run(COMMAND, result.now) if self.ledger else 0
        log_run(self.settings.name, COMMAND, run)
        try:
            self._work(result)
        except LedgerUnusable:
            raise
        except OrderferryError as error:
            result.errors.append(error)
        finally:
            self.shop.close()
            self.source.close()
        log_errors(result.errors)
        result.calls = dict(self.source.calls)
        result.announced = tuple((error.exit_code, error.message) for error in result.errors)
        if self.ledger:
            self.ledger.finish_run(run, self.now(), int(result.exit_code), result.in_short())
            result.announced = announce_comparison(self.ledger, COMMAND, result.errors, self.now())
            if self.options.for_page and self.quota:
                status = read_status(self.ledger, self.quota, self.settings, self.now())
                result.status = replace(status, zone=result.zone)
                states = [EntryState.HELD, EntryState.FAILED, EntryState.WAITING]
                result.open_entries = self.ledger.entries(states, MOST_OPEN_ENTRIES)
        return result

    def _work(self, result: Comparison) -> None:
        # The shop first: without it, asking Amazon would spend quota for nothing.
        self.progress.step("looking at the shop")
        result.zone, result.shop_name = self.shop.zone, self.shop.name
        self.shop.release()
        with self.stop.waiting():
            amazon_now = self.source.now().replace(microsecond=0)
        clock = RightClock(self.now)
        clock.set_right(self.source.clock_offset)
        quota_wait = QuotaWait(self.shop, self.stop, self.now, self.sleep, progress=self.progress, ledger=self.ledger)
        if self.ledger:
            is_ours = ask_whether_ours(lambda order_id: quota_wait.call(lambda: self.source.get(order_id)))
            check_seller(self.ledger, is_ours, self.settings)
        asked = span_of(self.options, self.shop.zone, amazon_now)
        result.span, result.by = asked, str(self.options.by)
        # What was shipped or invoiced in a month may have been bought before it.
        lead = timedelta(0) if self.options.by is MonthBasis.PURCHASE else LEAD
        span = Span(asked.start - lead, asked.end)
        marketplaces = [marketplace.id for marketplace in self.settings.amazon.marketplaces]
        with self.stop.waiting():
            reports = None if self.options.by_search else self.source.reports()
            orders, notes = read_amazon(
                self.source, reports, span, marketplaces, self._shop_has, progress=self.progress
            )
        result.notes += notes
        standing = self.ledger.findings() if self.ledger else ()
        earlier = [finding for finding in standing if not span.holds(finding.placed)]
        shop_side, known = self._read_shop(span, orders, [finding.order_id for finding in earlier], result)
        given = CompareInput(
            span,
            amazon_now,
            frozenset(marketplaces),
            rules_of(self.settings),
            shop_side,
            known,
            self.ledger is not None,
            self.options.by,
            asked,
        )
        collector = FindingCollector(given, orders, self.source, quota_wait, progress=self.progress)
        collector.collect(result, with_totals=self.options.month is not None)
        if self.ledger:
            found = result.to_remember()
            keys = {finding.key for finding in found}
            gone = [one for one in standing if span.holds(one.placed) and one.key not in keys]
            # A result by another moment than the purchase leaves orders out, so it can't end findings.
            over = [*gone, *collector.over(earlier)] if self.options.by is MonthBasis.PURCHASE else []
            self.ledger.note_findings(found, over)
            if collector.confirmed_missing:
                self.ledger.make_due(collector.confirmed_missing, clock())
            result.missing += tuple(_unreadable(self.ledger.entries([EntryState.FAILED])))

    def _read_shop(
        self, span: Span, orders: Iterable[str], earlier: Iterable[str], result: Comparison
    ) -> tuple[ShopOrders, Mapping[str, Entry]]:
        """Return this seller's orders in the shop, and the ledger's entries. `orders`: the ids at Amazon; `earlier`:
        those of findings outside of the span."""
        self.progress.step("reading the shop's orders")
        reported = frozenset(orders)
        everything = self.shop.sold(span.start, {*reported, *earlier})
        self.shop.release()
        known = self.ledger.known({*reported, *everything.orders}) if self.ledger else {}
        shop_side = of_this_seller(everything, self.settings.amazon.seller, known, reported)
        others = len(everything.orders) - len(shop_side.orders)
        if others:
            result.notes.append(
                f"{others} order{'s' if others > 1 else ''} of another Amazon account in this shop: left out here."
            )
        return shop_side, known

    def _shop_has(self, span: Span) -> bool:
        """Return whether the shop has Amazon orders of these days, which contradict a report without data."""
        found = of_this_seller(self.shop.sold(span.start, ()), self.settings.amazon.seller, {}, ())
        self.shop.release()
        return any(span.holds(order.placed) for orders in found.orders.values() for order in orders)


def _unreadable(entries: Iterable[Entry]) -> Iterator[OneSided]:
    """Yield the spans in which Amazon lists orders without an id: no comparison of ids finds those missing."""
    for entry in entries:
        if is_mark(entry.order_id):
            hint = HINTS[ProblemCode.UNREADABLE_ORDER].replace("{order_id}", entry.order_id)
            yield OneSided(entry.order_id, entry.message, hint)


def span_of(options: CompareOptions, zone: ZoneInfo, amazon_now: datetime) -> Span:
    """Return the span of purchase dates to compare, in UTC.

    By default 30 days, up to two hours ago; a month is a month of the shop's calendar. Raise UsageError for a span
    that is empty or has not begun.
    """
    if options.month is not None:
        year, month = options.month
        start = datetime(year, month, 1, tzinfo=zone)
        following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
        end = min(following, amazon_now - GRACE)
    else:
        end = min(options.until, amazon_now - SAFE_DISTANCE) if options.until else amazon_now - GRACE
        start = options.since or end - DEFAULT_LENGTH
    start, end = start.astimezone(amazon_now.tzinfo), end.astimezone(amazon_now.tzinfo)
    if start >= end:
        raise UsageError(
            f"There is nothing to compare from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC.",
            hint="The span has to begin before its end, and before two hours ago.",
        )
    return Span(start, end)
