"""Bring a page of orders to their results: note them in the ledger, look them up, decide, plan, write, record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orderferry.domain.decide import REASON_TEXTS, Reason, Rules, decide, newest_known
from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult, OrderSnapshot
from orderferry.domain.marker import WRITING, Action, Outcome
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import UPDATE_TIME, Order, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode, cause_of
from orderferry.prestashop.facts import Catalog
from orderferry.run.order_results import OrderResults, RefusedWrites
from orderferry.run.progress import SILENT, Progress, log_order
from orderferry.run.report import PlannedOrder, Report
from orderferry.run.stop import StopSwitch

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger
    from orderferry.prestashop.shop import PrestashopShop

log = logging.getLogger(__name__)

TRIES = 3  # how often a run plans an order while others keep changing it in the shop


class _Overtaken(Exception):
    """Marker or order have changed in the shop since they were read: plan again."""


@dataclass(slots=True)
class Processor:
    """Brings Amazon's orders to their results. A failing order never stops the others.

    `now` gives this machine's UTC time; `give_up` is orders.give_up of a marketplace, by its id.
    """

    shop: PrestashopShop
    ledger: Ledger
    report: Report
    stop: StopSwitch
    now: Callable[[], datetime]
    give_up: Callable[[str], timedelta]
    run: int
    progress: Progress = SILENT
    results: OrderResults = field(init=False)
    refused_writes: RefusedWrites = field(init=False)

    def __post_init__(self) -> None:
        self.results = OrderResults(self.report, self.now, self.give_up)
        self.refused_writes = RefusedWrites(self.ledger)

    def process(self, orders: Sequence[Order | UnreadableOrder], rules: Rules, *, by_id: bool = False) -> None:
        """Process the orders of one answer and record their results.

        Every order has a ledger row before anything is decided; results reached before an error or a stop are recorded.
        `by_id`: the orders come from getOrder. Raise ShopUnavailable, ShopUnfit, LedgerUnusable, Stopped.
        """
        readable = newest_of_each([order for order in orders if isinstance(order, Order)])
        unreadable = [order for order in orders if isinstance(order, UnreadableOrder) and order.order_id]
        snapshots = [snapshot_of(order) for order in readable]
        snapshots += [OrderSnapshot(order.order_id) for order in unreadable if order.order_id]
        entries = self.ledger.note_seen(snapshots, self.run, self.now())
        catalog = self.shop.prefetch(readable) if readable else Catalog()
        for notice in catalog.notices:
            log.info("%s", notice)
            self.report.notices[notice] = None
        results: list[OrderResult] = [self.results.unreadable(order, entries) for order in unreadable]
        for held in results if self.report.dry_run else ():
            self.report.planned[held.order_id] = PlannedOrder(held.order_id, Outcome.HELD, _cause(held))
        try:
            for order in readable:
                self.stop.check()
                with log_order(order.order_id):
                    result = self._process_order(order, entries.get(order.order_id), catalog, rules, by_id=by_id)
                if self.report.dry_run:
                    self._note_plan(order, result)
                if result is not None:
                    results.append(result)
                self.progress.order_done()
        finally:
            self.record(results)

    def record(self, results: Sequence[OrderResult]) -> None:
        """Record results in the ledger, unless the run is a dry one."""
        if results and not self.report.dry_run:
            self.ledger.record_results(results, self.run, self.now())

    def finish(self) -> None:
        """Record the orders that the database refused as failed. If it seems to refuse every order, report that error
        instead: the orders stay due."""
        refused, error = self.refused_writes.finish()
        for problem, entry, by_id in refused:
            self.record([replace(self.results.failed(problem, entry), on=entry, by_id=by_id)])
        if error is not None:
            self.report.errors.append(error)

    def _process_order(
        self, order: Order, entry: Entry | None, catalog: Catalog, rules: Rules, *, by_id: bool
    ) -> OrderResult | None:
        """Process one order and return its result; None where there is nothing to record.

        Others may change the order between reading and writing: then it is read and planned again.
        """
        for _ in range(TRIES):
            try:
                result = self._decide_and_write(order, entry, catalog, rules, by_id=by_id)
            except _Overtaken:
                catalog, entry = self.shop.prefetch([order]), self.ledger.entry(order.order_id)
            else:
                self._report_bad_time(order)
                return result and replace(result, on=entry, by_id=by_id)
        return replace(self.results.keeps_changing(order), on=entry, by_id=by_id)

    def _decide_and_write(
        self, order: Order, entry: Entry | None, catalog: Catalog, rules: Rules, *, by_id: bool
    ) -> OrderResult | None:
        now = self.now()
        marker, foreign = catalog.markers.get(order.order_id), catalog.foreign.get(order.order_id)
        order = _with_update_time(order, newest_known(marker, entry, now))
        decision = decide(order, marker=marker, foreign=foreign, entry=entry, rules=rules, now=now)
        log.debug("order %s (%s): %s", order.order_id, order.status, decision.action)
        if decision.action in WRITING:
            return self._write(order, entry, decision.action, catalog, by_id=by_id)
        return self.results.not_written(order, entry, decision, rules, by_id=by_id)

    def _write(
        self, order: Order, entry: Entry | None, action: Action, catalog: Catalog, *, by_id: bool
    ) -> OrderResult | None:
        now = self.now()
        plan = self.shop.plan(order, action, catalog, now)
        if isinstance(plan, Problem):
            return self.results.held_back(plan, order, entry)
        if self.report.dry_run:
            self.report.note(order.order_id, _outcome_of(action, plan.changes), plan.changes)
            return OrderResult(order.order_id, EntryState.SEEN)
        applied = self.shop.apply(plan, now)
        if applied is None:
            raise _Overtaken
        if isinstance(applied, Problem):
            if applied.code is not ProblemCode.WRITE_FAILED:
                return self.results.failed(applied, entry)
            log.warning("refused (%s): %s", applied.code, applied.message)
            self.report.note(order.order_id, Outcome.FAILED)
            self.refused_writes.refused(applied, entry, update=action is Action.UPDATE, by_id=by_id)
            return None
        if applied.outcome is not Outcome.UNCHANGED:
            self.refused_writes.written(order.order_id, update=action is Action.UPDATE)
            log.info("order %s: %s (%s)", order.order_id, applied.outcome, "; ".join(applied.changes))
        self.report.clear_problems(order.order_id)
        self.report.note(order.order_id, applied.outcome, applied.changes)
        return self.results.written(order, entry, applied)

    def _note_plan(self, order: Order, result: OrderResult | None) -> None:
        """Report what a dry run would do with an order, and why."""
        outcome = self.report.outcomes[order.order_id]
        why = "; ".join(self.report.changes.get(order.order_id, ())) or (_cause(result) if result else "")
        if not why and outcome is Outcome.IGNORED:
            why = REASON_TEXTS[Reason.SET_ASIDE]
        elif not why:
            why = REASON_TEXTS[Reason.OLDER_NEWS] if result is None else "the shop has all that Amazon says"
        self.report.planned[order.order_id] = PlannedOrder(
            order.order_id,
            outcome,
            why,
            order.created,
            marketplace_code(order.marketplace_id),
            str(order.channel or order.raw_channel),
            snapshot_of(order).total,
            tuple((item.quantity, item.sku) for item in order.sold_items),
        )

    def _report_bad_time(self, order: Order) -> None:
        if not order.has_update_time:
            text = f"order {order.order_id}: Amazon gives a time of update that is ahead of its own clock"
            self.report.add_problem(Problem(ProblemCode.FUTURE_TIME, text, order.order_id, UPDATE_TIME))


def _with_update_time(order: Order, known: datetime | None) -> Order:
    """Return the order; where its own time of update is unusable, with the newest one that is known of it."""
    if order.has_update_time or known is None:
        return order
    return replace(order, updated=max(order.updated, known))


def newest_of_each(orders: Sequence[Order]) -> list[Order]:
    """Return each order of an answer once, as its newest copy shows it, sorted by update and id."""
    newest: dict[str, Order] = {}
    for order in orders:
        known = newest.get(order.order_id)
        if known is None or order.updated >= known.updated:
            newest[order.order_id] = order
    return sorted(newest.values(), key=lambda order: (order.updated, order.order_id))


def snapshot_of(order: Order) -> OrderSnapshot:
    """Return what the ledger keeps of an order: no personal data."""
    return OrderSnapshot(
        order.order_id,
        order.marketplace_id,
        order.channel,
        str(order.status or order.raw_status),
        order.created,
        order.updated if order.has_update_time else None,
        f"{order.grand_total.amount} {order.grand_total.currency}" if order.grand_total else "",
        order.ship_by.latest,
    )


def _cause(result: OrderResult) -> str:
    """Return why an order is not written, without its id."""
    return cause_of(result.message, result.order_id)


def _outcome_of(action: Action, changes: tuple[str, ...]) -> Outcome:
    if action is Action.UPDATE:
        return Outcome.UPDATED if changes else Outcome.UNCHANGED
    return Outcome.CREATED
