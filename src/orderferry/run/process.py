"""A page of orders on its way through the importer: noted, looked up, decided, planned, written, settled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, pairwise

from orderferry.domain.cause import with_deadline
from orderferry.domain.decide import (
    REASON_TEXTS,
    Action,
    Decision,
    Reason,
    Rules,
    is_given_up,
    next_look,
    next_try,
)
from orderferry.domain.durations import format_duration
from orderferry.domain.entry import Entry, EntryState, Sighting, Verdict
from orderferry.domain.orders import Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.shopwork import Effect, Intent, ShopView
from orderferry.run.coming import INTENTS, Coming
from orderferry.run.log_context import log_order
from orderferry.run.ports import RunLedger, Shop
from orderferry.run.progress import SILENT, Progress
from orderferry.run.report import INFORMATIVE, Outcome, Report
from orderferry.run.stop import StopSwitch

log = logging.getLogger(__name__)

_OUTCOMES = {
    Effect.CREATED: Outcome.CREATED,
    Effect.UPDATED: Outcome.UPDATED,
    Effect.UNCHANGED: Outcome.UNCHANGED,
}


@dataclass(frozen=True, slots=True)
class Processor:
    """Takes orders from Amazon to their verdict. A failing order never stops the others.

    `now` gives this machine's UTC time; `give_up` is orders.give_up, `give_up_of` that of single
    marketplaces, by id.
    """

    shop: Shop
    ledger: RunLedger
    report: Report
    stop: StopSwitch
    now: Callable[[], datetime]
    give_up: timedelta
    run: int
    dry_run: bool = False
    progress: Progress = SILENT
    give_up_of: Mapping[str, timedelta] = field(default_factory=dict)

    def process(self, orders: Sequence[Order | UnreadableOrder], rules: Rules, *, looked: bool = False) -> None:
        """Given orders of one answer, bring each to its verdict and remember it.

        Every order has a ledger row before it is judged; verdicts reached before an error or a stop are kept.
        `looked`: the orders come from getOrder. Raise ShopUnavailable, ShopUnfit, LedgerUnusable, Stopped.
        """
        readable = newest_of_each([order for order in orders if isinstance(order, Order)])
        unreadable = [order for order in orders if isinstance(order, UnreadableOrder)]
        sightings = [sighting(order) for order in readable]
        sightings += [Sighting(order.order_id) for order in unreadable if order.order_id]
        entries = self.ledger.note_seen(sightings, self.run, self.now())
        view = self.shop.look(readable) if readable else ShopView({}, {})
        verdicts: list[Verdict] = [self._unreadable(order, entries) for order in unreadable if order.order_id]
        try:
            coming = (Coming(o, entries.get(o.order_id), view, rules, self.shop, self.now) for o in readable)
            for this, following in pairwise(chain(coming, [None])):
                self.stop.check()
                assert this is not None  # noqa: S101 — only the last one that follows is None
                with log_order(this.order.order_id):
                    verdicts.append(self._one(this, following, looked=looked))
                self.progress.order_done()
        finally:
            self.settle(verdicts)

    def settle(self, verdicts: Sequence[Verdict]) -> None:
        """Remember verdicts, unless the run is a dry one."""
        if verdicts and not self.dry_run:
            self.ledger.settle(verdicts, self.run, self.now())

    def _one(self, this: Coming, following: Coming | None, *, looked: bool) -> Verdict:
        order, decision = this.order, this.decision
        log.debug("order %s (%s): %s", order.order_id, order.status, decision.action)
        if decision.action in INTENTS:
            return self._write(this, following, looked=looked)
        return self._not_written(order, this.entry, decision, this.rules, looked=looked)

    def _write(self, this: Coming, following: Coming | None, *, looked: bool) -> Verdict:
        order, entry, intent = this.order, this.entry, INTENTS[this.decision.action]
        plan, now = this.plan
        if isinstance(plan, Problem):
            return self._held(_with_deadline(plan, order), entry, looked=looked)
        if self.dry_run:
            effect = _would_be(intent, plan.changes)
            self.report.note(order.order_id, _OUTCOMES[effect], plan.changes)
            return Verdict(order.order_id, EntryState.SEEN)
        applied = self.shop.apply(plan, now, following.think_ahead if following else None)
        if isinstance(applied, Problem):
            return self._failed(applied, entry, looked=looked)
        self.report.clear_problems(order.order_id)
        self.report.note(order.order_id, _OUTCOMES[applied.effect], applied.changes)
        if applied.effect is not Effect.UNCHANGED:
            log.info("order %s: %s (%s)", order.order_id, applied.effect, "; ".join(applied.changes))
        return self._written(order, entry, applied.notes, applied.id_order, "; ".join(applied.changes), looked=looked)

    def _written(
        self,
        order: Order,
        entry: Entry | None,
        notes: tuple[Problem, ...],
        id_order: int,
        detail: str,
        *,
        looked: bool,
    ) -> Verdict:
        aside = entry.code if entry is not None and entry.ignored_by_person else ""
        telling = [note for note in notes if note.code not in INFORMATIVE and note.code != aside]
        if telling:
            verdict = self._held(telling[0], entry, looked=looked, id_order=id_order, detail=detail)
            for note in telling[1:]:
                self.report.add_problem(note)
            return verdict
        return Verdict(order.order_id, EntryState.IMPORTED, id_order=id_order, looked=looked, detail=detail)

    def _not_written(
        self, order: Order, entry: Entry | None, decision: Decision, rules: Rules, *, looked: bool
    ) -> Verdict:
        if decision.problem is not None:
            return self._held(_with_deadline(decision.problem, order), entry, looked=looked)
        if decision.action is Action.UNCHANGED:
            aside = decision.reason is Reason.SET_ASIDE
            self.report.note(order.order_id, Outcome.IGNORED if aside else Outcome.UNCHANGED)
            return Verdict(order.order_id, EntryState.IMPORTED, looked=looked)
        assert decision.reason is not None  # noqa: S101 — waiting and ignoring always have one
        if decision.action is Action.WAIT:
            return self._waiting(order, entry, decision.reason, rules, looked=looked)
        self.report.note(order.order_id, Outcome.IGNORED)
        if decision.reason is Reason.OTHER_IMPORTER:
            self._say_other_importer(order, entry, rules)
        elif rules.forced:
            text = f"order {order.order_id} is not imported: {REASON_TEXTS[decision.reason]}"
            self.report.add_problem(Problem(ProblemCode.NOT_IMPORTABLE, text, order.order_id))
        return Verdict(
            order.order_id, EntryState.IGNORED, decision.reason, message=REASON_TEXTS[decision.reason], looked=looked
        )

    def _waiting(self, order: Order, entry: Entry | None, reason: Reason, rules: Rules, *, looked: bool) -> Verdict:
        now = self.now()
        released = order.ship_by.earliest if order.status is OrderStatus.PENDING_AVAILABILITY else None
        limit = self.give_up_of.get(order.marketplace_id, self.give_up)
        given_up = is_given_up(order.created, released, now, limit)
        self.report.note(order.order_id, Outcome.WAITING)
        if given_up:
            text = f"order {order.order_id} has waited for more than {format_duration(limit)}: "
            self.report.add_problem(Problem(ProblemCode.GIVEN_UP, text + REASON_TEXTS[reason], order.order_id))
        elif rules.forced:
            text = f"order {order.order_id} can't be imported yet: {REASON_TEXTS[reason]}"
            self.report.add_problem(Problem(ProblemCode.NOT_READY, text, order.order_id))
        return Verdict(
            order.order_id,
            EntryState.WAITING,
            reason,
            message=REASON_TEXTS[reason],
            next_look=next_look(entry.first_seen if entry else now, now),
            given_up=given_up,
            looked=looked,
        )

    def _held(
        self, problem: Problem, entry: Entry | None, *, looked: bool, id_order: int | None = None, detail: str = ""
    ) -> Verdict:
        now = self.now()
        log.info("held (%s): %s", problem.code, problem.message)
        self.report.note(problem.order_id, Outcome.HELD)
        self.report.add_problem(problem)
        return Verdict(
            problem.order_id,
            EntryState.HELD,
            problem.code,
            problem.subject,
            problem.message,
            next_look(entry.first_seen if entry else now, now),
            id_order=id_order,
            looked=looked,
            detail=detail,
        )

    def _failed(self, problem: Problem, entry: Entry | None, *, looked: bool) -> Verdict:
        log.warning("failed (%s): %s", problem.code, problem.message)
        self.report.note(problem.order_id, Outcome.FAILED)
        self.report.add_problem(problem)
        return Verdict(
            problem.order_id,
            EntryState.FAILED,
            problem.code,
            problem.subject,
            problem.message,
            next_try(entry.attempts if entry else 0, self.now()),
            looked=looked,
        )

    def _unreadable(self, order: UnreadableOrder, entries: Mapping[str, Entry]) -> Verdict:
        assert order.order_id is not None  # noqa: S101 — the caller passes those with an id
        flaw = order.flaws[0] if order.flaws else None
        path, what = (flaw.path, flaw.problem) if flaw else ("order", "unusable")
        problem = Problem(
            ProblemCode.BAD_FIELD,
            f"order {order.order_id}: the field {path} is unusable: {what}",
            order.order_id,
            path,
        )
        return self._held(problem, entries.get(order.order_id), looked=False)

    def _say_other_importer(self, order: Order, entry: Entry | None, rules: Rules) -> None:
        if rules.forced or entry is None or entry.code != Reason.OTHER_IMPORTER:
            self.report.add_problem(
                Problem(
                    ProblemCode.OTHER_IMPORTER,
                    f"order {order.order_id} is in the shop already, put there by another program or a person",
                    order.order_id,
                )
            )


def newest_of_each(orders: Sequence[Order]) -> list[Order]:
    """Given the orders of an answer, return each id once, as the newest shows it, in order of update and id."""
    newest: dict[str, Order] = {}
    for order in orders:
        known = newest.get(order.order_id)
        if known is None or order.updated >= known.updated:
            newest[order.order_id] = order
    return sorted(newest.values(), key=lambda order: (order.updated, order.order_id))


def sighting(order: Order) -> Sighting:
    """What the ledger keeps of an order: no personal data."""
    return Sighting(
        order.order_id,
        order.marketplace_id,
        order.channel,
        str(order.status or order.raw_status),
        order.created,
        order.updated,
        f"{order.grand_total.amount} {order.grand_total.currency}" if order.grand_total else "",
        order.ship_by.latest,
    )


def _with_deadline(problem: Problem, order: Order) -> Problem:
    """A held regular order can't wait for ever: after its latest delivery date Amazon withdraws the buyer's phone
    (and may withdraw more), and a label needs it."""
    latest = order.deliver_by.latest
    if order.channel is not Channel.REGULAR or latest is None or order.status is OrderStatus.CANCELLED:
        return problem
    return replace(problem, message=with_deadline(problem.message, latest))


def _would_be(intent: Intent, changes: tuple[str, ...]) -> Effect:
    if intent is Intent.UPDATE:
        return Effect.UPDATED if changes else Effect.UNCHANGED
    return Effect.CREATED
