"""A page of orders on its way through the importer: noted, looked up, decided, planned, written, settled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orderferry.domain.decide import REASON_TEXTS, Action, Reason, Rules, decide, newest_known
from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult, OrderSnapshot
from orderferry.domain.marker import Effect, Intent, ShopView
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import UPDATE_TIME, Order, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode, cause_of
from orderferry.run.order_results import Refused, RefusedWrites, Verdicts
from orderferry.run.progress import SILENT, Progress, log_order
from orderferry.run.report import Outcome, PlannedOrder, Report
from orderferry.run.stop import StopSwitch

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger
    from orderferry.prestashop.shop import PrestashopShop

log = logging.getLogger(__name__)

_INTENTS = {Action.CREATE: Intent.CREATE, Action.UPDATE: Intent.UPDATE, Action.RECREATE: Intent.RECREATE}
TRIES = 3  # how often a run plans an order while others keep changing it in the shop

_OUTCOMES = {
    Effect.CREATED: Outcome.CREATED,
    Effect.UPDATED: Outcome.UPDATED,
    Effect.UNCHANGED: Outcome.UNCHANGED,
}


class _Overtaken(Exception):
    """Marker or order have changed in the shop since they were looked at: plan again from what stands now."""


@dataclass(frozen=True, slots=True)
class Processor:
    """Takes orders from Amazon to their verdict. A failing order never stops the others.

    `now` gives this machine's UTC time; `give_up` is orders.give_up, `give_up_of` that of single marketplaces, by id.
    """

    shop: PrestashopShop
    ledger: Ledger
    report: Report
    stop: StopSwitch
    now: Callable[[], datetime]
    give_up: timedelta
    run: int
    dry_run: bool = False
    progress: Progress = SILENT
    give_up_of: Mapping[str, timedelta] = field(default_factory=dict)
    refused_writes: RefusedWrites = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refused_writes", RefusedWrites(self.ledger))

    def process(self, orders: Sequence[Order | UnreadableOrder], rules: Rules, *, looked: bool = False) -> None:
        """Given orders of one answer, bring each to its verdict and remember it.

        Every order has a ledger row before it is judged; verdicts reached before an error or a stop are kept.
        `looked`: the orders come from getOrder. Raise ShopUnavailable, ShopUnfit, LedgerUnusable, Stopped.
        """
        readable = newest_of_each([order for order in orders if isinstance(order, Order)])
        unreadable = [order for order in orders if isinstance(order, UnreadableOrder)]
        sightings = [sighting(order) for order in readable]
        sightings += [OrderSnapshot(order.order_id) for order in unreadable if order.order_id]
        entries = self.ledger.note_seen(sightings, self.run, self.now())
        view = self.shop.look(readable) if readable else ShopView({}, {})
        for notice in view.notices:
            log.info("%s", notice)
            self.report.notices[notice] = None
        verdicts: list[OrderResult] = [
            self.verdicts.unreadable(order, entries) for order in unreadable if order.order_id
        ]
        for held in verdicts if self.dry_run else ():
            self.report.planned[held.order_id] = PlannedOrder(held.order_id, Outcome.HELD, _cause(held))
        try:
            for order in readable:
                self.stop.check()
                with log_order(order.order_id):
                    verdict = self._one(order, entries.get(order.order_id), view, rules, looked=looked)
                if self.dry_run:
                    self._note_plan(order, verdict)
                if verdict is not None:
                    verdicts.append(verdict)
                self.progress.order_done()
        finally:
            self.settle(verdicts)

    def _note_plan(self, order: Order, verdict: OrderResult | None) -> None:
        """What a dry run would do with an order, and why."""
        outcome = self.report.outcomes[order.order_id]
        why = "; ".join(self.report.changes.get(order.order_id, ())) or (_cause(verdict) if verdict else "")
        if not why and outcome is Outcome.IGNORED:
            why = REASON_TEXTS[Reason.SET_ASIDE]
        elif not why:
            why = REASON_TEXTS[Reason.OLDER_NEWS] if verdict is None else "the shop has all that Amazon says"
        self.report.planned[order.order_id] = PlannedOrder(
            order.order_id,
            outcome,
            why,
            order.created,
            marketplace_code(order.marketplace_id),
            str(order.channel or order.raw_channel),
            sighting(order).total,
            tuple((item.quantity, item.sku) for item in order.sold_items),
        )

    def settle(self, verdicts: Sequence[OrderResult]) -> None:
        """Remember verdicts, unless the run is a dry one."""
        if verdicts and not self.dry_run:
            self.ledger.settle(verdicts, self.run, self.now())

    def finish(self) -> None:
        """End the run: the orders that the database refused get their verdict, unless it seems to refuse every order;
        then the report has that error, and they stay due."""

        def failed(one: Refused) -> None:
            """An order that was refused by itself."""
            verdict = self.verdicts.failed(one.problem, one.entry, looked=one.looked)
            self.settle([replace(verdict, on=one.entry)])

        error = self.refused_writes.finish(failed)
        if error is not None:
            self.report.errors.append(error)

    @property
    def verdicts(self) -> Verdicts:
        """Return what reaches the verdicts of this run."""
        return Verdicts(self.report, self.now, self.give_up, self.give_up_of)

    def _one(
        self, order: Order, entry: Entry | None, view: ShopView, rules: Rules, *, looked: bool
    ) -> OrderResult | None:
        """Bring one order to its verdict; None where there is nothing to remember.

        Others may change the order between the look-up and the writing: then it is planned again from what stands.
        """
        for _ in range(TRIES):
            try:
                verdict = self._try(order, entry, view, rules, looked=looked)
            except _Overtaken:
                view, entry = self.shop.look([order]), self.ledger.entry(order.order_id)
            else:
                self._tell_of_time(order)
                return verdict and replace(verdict, on=entry)
        return replace(self.verdicts.keeps_changing(order, looked=looked), on=entry)

    def _try(
        self, order: Order, entry: Entry | None, view: ShopView, rules: Rules, *, looked: bool
    ) -> OrderResult | None:
        now = self.now()
        marker, foreign = view.markers.get(order.order_id), view.foreign.get(order.order_id)
        order = _placed_in_time(order, newest_known(marker, entry, now))
        decision = decide(order, marker=marker, foreign=foreign, entry=entry, rules=rules, now=now)
        log.debug("order %s (%s): %s", order.order_id, order.status, decision.action)
        if decision.action in _INTENTS:
            return self._write(order, entry, _INTENTS[decision.action], view, looked=looked)
        return self.verdicts.not_written(order, entry, decision, rules, looked=looked)

    def _write(
        self, order: Order, entry: Entry | None, intent: Intent, view: ShopView, *, looked: bool
    ) -> OrderResult | None:
        now = self.now()
        plan = self.shop.plan(order, intent, view, now)
        if isinstance(plan, Problem):
            return self.verdicts.held_back(plan, order, entry, looked=looked)
        if self.dry_run:
            effect = _would_be(intent, plan.changes)
            self.report.note(order.order_id, _OUTCOMES[effect], plan.changes)
            return OrderResult(order.order_id, EntryState.SEEN)
        applied = self.shop.apply(plan, now)
        if isinstance(applied, Problem):
            if applied.code is not ProblemCode.WRITE_FAILED:
                return self.verdicts.failed(applied, entry, looked=looked)
            log.warning("refused (%s): %s", applied.code, applied.message)
            self.report.note(order.order_id, Outcome.FAILED)
            self.refused_writes.refused(applied, entry, update=intent is Intent.UPDATE, looked=looked)
            return None
        if applied.effect is Effect.OVERTAKEN:
            raise _Overtaken
        if applied.effect is not Effect.UNCHANGED:
            self.refused_writes.written(order.order_id, update=intent is Intent.UPDATE)
        self.report.clear_problems(order.order_id)
        self.report.note(order.order_id, _OUTCOMES[applied.effect], applied.changes)
        if applied.effect is not Effect.UNCHANGED:
            log.info("order %s: %s (%s)", order.order_id, applied.effect, "; ".join(applied.changes))
        return self.verdicts.written(order, entry, applied, looked=looked)

    def _tell_of_time(self, order: Order) -> None:
        if not order.has_update_time:
            text = f"order {order.order_id}: Amazon gives a time of update that is ahead of its own clock"
            self.report.add_problem(Problem(ProblemCode.FUTURE_TIME, text, order.order_id, UPDATE_TIME))


def _placed_in_time(order: Order, known: datetime | None) -> Order:
    """Return an order whose time of update can't be believed is as new as the newest that is known: it was shown
    just now.
    """
    if order.has_update_time or known is None:
        return order
    return replace(order, updated=max(order.updated, known))


def newest_of_each(orders: Sequence[Order]) -> list[Order]:
    """Given the orders of an answer, return each id once, as the newest shows it, in order of update and id."""
    newest: dict[str, Order] = {}
    for order in orders:
        known = newest.get(order.order_id)
        if known is None or order.updated >= known.updated:
            newest[order.order_id] = order
    return sorted(newest.values(), key=lambda order: (order.updated, order.order_id))


def sighting(order: Order) -> OrderSnapshot:
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


def _cause(verdict: OrderResult) -> str:
    """Why an order is not written, without its id."""
    return cause_of(verdict.message, verdict.order_id)


def _would_be(intent: Intent, changes: tuple[str, ...]) -> Effect:
    if intent is Intent.UPDATE:
        return Effect.UPDATED if changes else Effect.UNCHANGED
    return Effect.CREATED
