"""One run of import, recheck or doublecheck, from the first request to the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from orderferry.config.model import Settings
from orderferry.domain.decide import Rules
from orderferry.domain.ledger_entry import EntryState, problem_of
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Listing, Search
from orderferry.domain.spans import Spans, subtract
from orderferry.domain.window import Cell, cells_of, counts_as_coverage, plan_searches, rereading_is_due, turns
from orderferry.errors import LedgerUnusable, OrderferryError, QuotaExhausted
from orderferry.run.doubtful_answers import UnreadableSpans, yesterdays_gaps
from orderferry.run.due import check_invoice_numbers, fetch_and_process, process_due, restore_lost
from orderferry.run.listings import ListingReader, Refusals
from orderferry.run.observation import (
    FirstImport,
    begin_of_window,
    end_of_observation,
    observed_cells,
    spans_by_hand,
    uncovered_spans,
)
from orderferry.run.process import Processor
from orderferry.run.progress import SILENT, Progress, log_errors, log_run
from orderferry.run.recover import Recovery
from orderferry.run.report import Report, withheld_problems
from orderferry.run.seller import WrongSeller, ask_whether_ours, check_seller
from orderferry.run.stop import Overdue, QuotaWait, RightClock, StopSwitch
from orderferry.run.sweeps import RunOptions, Sweep, give_up_of, rules_of

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource
    from orderferry.ledger.ledger import Ledger
    from orderferry.prestashop.shop import PrestashopShop

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything a run needs, put together by bootstrap. `now` is this machine's UTC clock."""

    sweep: Sweep
    settings: Settings
    options: RunOptions
    source: AmazonSource
    shop: PrestashopShop
    ledger: Ledger
    stop: StopSwitch
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    progress: Progress = SILENT

    def run(self) -> Report:
        """Run to the end, or as far as it goes, and return the report; only LedgerUnusable is raised, since nothing
        may be written to the shop that would then be forgotten.
        """
        started = self.now()
        report = Report(self.sweep.command, started, self.options.dry_run)
        report.run = self.ledger.begin_run(self.sweep.command, started, self.options.dry_run)
        log_run(self.settings.name, self.sweep.command, report.run)
        log.info("the run begins%s", " (dry)" if self.options.dry_run else "")
        if self.settings.exposed:
            report.add_problem(Problem(ProblemCode.EXPOSED_CONFIGURATION, self.settings.exposed))
        try:
            self._work(report, report.run)
        except WrongSeller as wrong:
            report.errors.append(wrong)
            self.ledger.finish_run(report.run, self.now(), int(report.exit_code), report.as_json())
            raise
        except LedgerUnusable:
            raise
        except OrderferryError as error:
            report.errors.append(error)
        except Overdue as overdue:
            report.errors.append(overdue.error)
        finally:
            self.shop.close()
            self.source.close()
        log_errors(report.errors)
        for problem in withheld_problems(self.source.withheld):
            report.add_problem(problem)
        report.calls = dict(self.source.calls)
        report.open = self.ledger.open_counts()
        report.finished = self.now()
        self.ledger.finish_run(report.run, report.finished, int(report.exit_code), report.as_json())
        self._add_open_problems(report)
        counts = ", ".join(f"{number} {word}" for word, number in report.counts.items() if number) or "no order seen"
        log.info("the run ends with exit code %d: %s", report.exit_code, counts)
        return report

    def _add_open_problems(self, report: Report) -> None:
        """Add what is still open from earlier runs: it is why the exit code is 1.

        This comes after the report was recorded: the ledger need not repeat it with every run.
        """
        open_entries = [*self.ledger.entries([EntryState.HELD, EntryState.FAILED]), *self.ledger.given_up()]
        for entry in open_entries:
            if entry.order_id not in report.outcomes:
                report.add_problem(problem_of(entry))

    def _work(self, report: Report, run: int) -> None:
        # The shop first: without it, asking Amazon would spend quota for nothing.
        self.shop.prepare(write=not self.options.dry_run)
        report.zone = self.shop.zone
        clock = self._right_clock(report)
        quota_wait = QuotaWait(self.shop, self.stop, self.now, self.sleep, progress=self.progress, ledger=self.ledger)
        processor = Processor(
            self.shop,
            self.ledger,
            report,
            self.stop,
            clock,
            partial(give_up_of, self.settings),
            run,
            self.progress,
        )
        try:
            self._import(processor, quota_wait)
        finally:
            processor.finish()

    def _import(self, processor: Processor, quota_wait: QuotaWait) -> None:
        def fetch(order_id: str) -> Order | UnreadableOrder | None:
            return quota_wait.call(lambda: self.source.get(order_id))

        report, clock = processor.report, processor.now
        is_ours = ask_whether_ours(fetch)
        check_seller(self.ledger, is_ours, self.settings)
        first_import = FirstImport(self.ledger, self.settings)
        recovery = Recovery(self.shop, self.ledger, report, clock, is_ours, first_import)
        recovery.rebuild_if_lost(processor.run)
        rules = rules_of(self.settings)
        if self.options.orders:
            fetch_and_process(fetch, processor, self.options.orders, Rules(forced=True))
            return
        if self.options.restore:
            restore_lost(fetch, processor)
            return
        try:
            self._observe(processor, quota_wait, recovery, rules)
        except QuotaExhausted as exhausted:
            # getOrder has a quota of its own: single orders can still be looked after.
            report.errors.append(exhausted)
        finally:
            self._note_first_import(report, first_import, clock())
        if self.sweep.processes_due:
            process_due(fetch, processor, self.options, rules)
        if not self.options.dry_run:
            check_invoice_numbers(self.shop, self.ledger, report, processor.run, clock())
        if self.sweep.incremental and not self.options.dry_run:
            self._after_import(report, recovery, clock())
        recovery.report_pending()

    def _note_first_import(self, report: Report, first_import: FirstImport, now: datetime) -> None:
        if self.sweep.incremental and not self.options.dry_run:
            coverage = self.ledger.coverage(self.sweep.basis)
            first_import.forget_covered(coverage)
            report.behind = first_import.progress(coverage, now)

    def _after_import(self, report: Report, recovery: Recovery, now: datetime) -> None:
        if all(isinstance(error, QuotaExhausted) for error in report.errors):
            recovery.leave_copy()  # coverage holds only what was read, so spent quota is no reason not to keep it
        if not report.errors:
            for problem in yesterdays_gaps(self.ledger, now):
                report.add_problem(problem)

    def _observe(self, processor: Processor, quota_wait: QuotaWait, recovery: Recovery, rules: Rules) -> None:
        """Read the listings that this run has to read, and process their orders."""
        with self.stop.waiting():
            amazon_now = self.source.now()
        self.ledger.forget_future(amazon_now)
        end = end_of_observation(amazon_now, self.options)
        cells = observed_cells(self.sweep, self.settings, self.options)
        if self.sweep.incremental:
            recovery.first_import.asked(cells)
        owed = recovery.first_import.starts
        counts_as_coverage = self._coverage_test(end, owed)
        reader = ListingReader(
            self.source,
            self.ledger,
            processor.report,
            Refusals(self.ledger, processor.report),
            UnreadableSpans(self.ledger, processor.report, processor.run, processor.now),
            quota_wait,
            take=lambda orders: self._take(orders, processor, rules),
            credit=lambda search: not processor.refused_writes.stops and counts_as_coverage(search),
            overlap=self.settings.observation.overlap,
            now=processor.now,
            resumable=not (self.options.spans_by_hand or self.options.dry_run),
        )
        left = [listing for listing in reader.unfinished() if set(cells_of(listing.search)) <= set(cells)]
        if self.sweep.incremental and not self.options.spans_by_hand:
            self._read_uncovered(reader, cells, end, owed, left)
        else:
            self._read_window(reader, recovery, cells, end, left)

    def _read_uncovered(
        self,
        reader: ListingReader,
        cells: Sequence[Cell],
        end: datetime,
        owed: Mapping[Cell, datetime],
        left: Sequence[Listing],
    ) -> None:
        """Read what coverage lacks. What is older than the window comes last, so that new orders never wait for it."""
        window = begin_of_window(self.sweep, self.settings, end)
        old = [listing for listing in left if listing.search.span.end <= window]
        for listing in left:
            if listing not in old:
                reader.resume(listing)
        reader.unreadable.apply_set_aside()
        coverage, rereadings = self.ledger.coverage(self.sweep.basis), self.ledger.rereading(cells)
        due = uncovered_spans(self.sweep, self.settings, cells, end, coverage, rereadings, owed)
        first, *older = turns(reader.unreadable.without_marked(due), coverage, window)
        self._read(reader, first)
        reader.read(reader.unreadable.due_again(cells))
        if not self.options.dry_run:
            read_again = [cell for cell in cells if rereading_is_due(rereadings.get(cell), end)]
            self.ledger.note_rereading(read_again, end, end)
        for listing in old:
            reader.resume(listing)
        for turn in older:
            covered = self.ledger.coverage(self.sweep.basis)
            self._read(reader, {cell: subtract(spans, covered.get(cell, ())) for cell, spans in turn.items()})

    def _read_window(
        self, reader: ListingReader, recovery: Recovery, cells: Sequence[Cell], end: datetime, left: Sequence[Listing]
    ) -> None:
        """Read a span that was asked for by hand, or a catch-up's whole window."""
        for listing in left:
            reader.resume(listing)
        if left:
            return  # an interrupted catch-up was finished; the next run reads a new window
        options = self._with_longer_window(recovery)
        self._read(reader, spans_by_hand(self.sweep, self.settings, options, cells, end))
        if not self.options.spans_by_hand and not self.options.dry_run:
            recovery.done(self.sweep.command)

    def _read(self, reader: ListingReader, due: Mapping[Cell, Spans]) -> None:
        for part in reader.refusals.groups(due):
            reader.read(plan_searches(part, self.sweep.basis, self.sweep.statuses))

    def _take(self, orders: Sequence[Order | UnreadableOrder], processor: Processor, rules: Rules) -> None:
        wanted = [order for order in orders if isinstance(order, UnreadableOrder) or self.sweep.wants(order)]
        self.progress.page_read(len(wanted))
        processor.process(wanted, rules)

    def _with_longer_window(self, recovery: Recovery) -> RunOptions:
        """Return the options of a catch-up. The first one after the ledger was lost reads back as far as
        orders.give_up, because waiting orders may be that old.
        """
        if self.options.spans_by_hand or not recovery.pending(self.sweep.command):
            return self.options
        own = max(self.sweep.lookback(channel, self.settings.observation) for channel in self.sweep.channels)
        return replace(self.options, window=max(own, self.settings.orders.give_up))

    def _coverage_test(self, end: datetime, owed: Mapping[Cell, datetime]) -> Callable[[Search], bool]:
        """Return which searches count as coverage: those by time of update, and by hand only where no gap would
        appear.
        """
        coverage = self.ledger.coverage(self.sweep.basis)

        def counts(search: Search) -> bool:
            return self.sweep.incremental and all(
                counts_as_coverage(
                    search.span,
                    coverage.get(cell, ()),
                    self.sweep.lookback(cell[1], self.settings.observation),
                    end,
                    owed.get(cell),
                )
                for cell in cells_of(search)
            )

        return counts

    def _right_clock(self, report: Report) -> RightClock:
        """Ask Amazon for the time, once a run and before anything is stored; report a machine's clock that is off."""
        clock = RightClock(self.now)
        with self.stop.waiting():
            self.source.now()
        offset = self.source.clock_offset
        clock.set_right(offset)
        if offset is not None and clock.off:
            seconds = int(offset.total_seconds())
            side = "behind" if seconds > 0 else "ahead of"
            report.add_problem(
                Problem(ProblemCode.CLOCK_OFF, f"this machine's clock is {abs(seconds)} seconds {side} Amazon's")
            )
        return clock
