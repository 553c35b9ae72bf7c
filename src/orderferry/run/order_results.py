"""What becomes of an order: the verdict that the ledger keeps, and the same told to the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orderferry.domain.decide import REASON_TEXTS, Action, Decision, Reason, Rules, is_given_up, next_look, next_try
from orderferry.domain.durations import format_duration
from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult, problem_of
from orderferry.domain.marker import Applied
from orderferry.domain.orders import Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode, with_deadline
from orderferry.run.report import INFORMATIVE, Outcome, Report

log = logging.getLogger(__name__)

# As what an order counts of which nothing new is known. One that was seen and not judged waits for that.
_STANDING = {
    EntryState.SEEN: Outcome.WAITING,
    EntryState.WAITING: Outcome.WAITING,
    EntryState.HELD: Outcome.HELD,
    EntryState.FAILED: Outcome.FAILED,
    EntryState.IGNORED: Outcome.IGNORED,
    EntryState.IMPORTED: Outcome.UNCHANGED,
}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Reaches the verdicts of one run. Each method notes the outcome in the report and returns what to settle.

    `now` gives this machine's UTC time; `give_up` is orders.give_up, `give_up_of` that of single marketplaces, by id.
    `looked`, everywhere: the order comes from getOrder.
    """

    report: Report
    now: Callable[[], datetime]
    give_up: timedelta
    give_up_of: Mapping[str, timedelta] = field(default_factory=dict)

    def written(self, order: Order, entry: Entry | None, applied: Applied, *, looked: bool) -> OrderResult:
        """The shop has the order as planned; held all the same if a person has to know of something, unless that was
        set aside."""
        detail = "; ".join(applied.changes)
        aside = entry.code if entry is not None and entry.ignored_by_person else ""
        telling = [note for note in applied.notes if note.code not in INFORMATIVE and note.code != aside]
        if telling:
            verdict = self.held(telling[0], entry, looked=looked, id_order=applied.id_order, detail=detail)
            for note in telling[1:]:
                self.report.add_problem(note)
            return verdict
        return OrderResult(order.order_id, EntryState.IMPORTED, id_order=applied.id_order, looked=looked, detail=detail)

    def not_written(
        self, order: Order, entry: Entry | None, decision: Decision, rules: Rules, *, looked: bool
    ) -> OrderResult | None:
        """The order was decided not to be written: it is held, waits, is ignored, or stands as it should. None where
        nothing becomes of it at all."""
        if decision.problem is not None:
            return self.held_back(decision.problem, order, entry, looked=looked)
        if decision.reason is Reason.OLDER_NEWS and decision.id_order is None:
            return self._as_it_was(order, entry, rules, looked=looked)
        if decision.action is Action.UNCHANGED:
            aside = decision.reason is Reason.SET_ASIDE
            self.report.note(order.order_id, Outcome.IGNORED if aside else Outcome.UNCHANGED)
            return OrderResult(order.order_id, EntryState.IMPORTED, id_order=decision.id_order, looked=looked)
        assert decision.reason is not None  # noqa: S101 — waiting and ignoring always have one
        if decision.action is Action.WAIT:
            return self._waiting(order, entry, decision.reason, rules, looked=looked)
        self.report.note(order.order_id, Outcome.IGNORED)
        if decision.reason is Reason.OTHER_IMPORTER:
            self._say_other_importer(order, entry, rules)
        elif rules.forced:
            text = f"order {order.order_id} is not imported: {REASON_TEXTS[decision.reason]}"
            self.report.add_problem(Problem(ProblemCode.NOT_IMPORTABLE, text, order.order_id))
        return OrderResult(
            order.order_id, EntryState.IGNORED, decision.reason, message=REASON_TEXTS[decision.reason], looked=looked
        )

    def held_back(self, problem: Problem, order: Order, entry: Entry | None, *, looked: bool) -> OrderResult:
        """The order can't be written: held, and told how long that may last."""
        return self.held(_with_deadline(problem, order), entry, looked=looked)

    def held(
        self, problem: Problem, entry: Entry | None, *, looked: bool, id_order: int | None = None, detail: str = ""
    ) -> OrderResult:
        """Held for a person, and looked at again by itself. `id_order`, `detail`: what was written nevertheless."""
        now = self.now()
        log.info("held (%s): %s", problem.code, problem.message)
        self._note(problem, Outcome.HELD)
        again = next_look(entry.first_seen if entry else now, now)
        return _open(problem, EntryState.HELD, again, looked=looked, id_order=id_order, detail=detail)

    def failed(self, problem: Problem, entry: Entry | None, *, looked: bool) -> OrderResult:
        """The database refused the order: tried again, less and less often."""
        log.warning("failed (%s): %s", problem.code, problem.message)
        self._note(problem, Outcome.FAILED)
        again = next_try(entry.attempts if entry else 0, self.now())
        return _open(problem, EntryState.FAILED, again, looked=looked)

    def keeps_changing(self, order: Order, *, looked: bool) -> OrderResult:
        """Others changed the order in the shop each time before it could be written: due at once."""
        problem = Problem(
            ProblemCode.KEEPS_CHANGING,
            f"order {order.order_id} was changed in the shop each time just before Amazon's news could be written",
            order.order_id,
        )
        log.warning("failed (%s): %s", problem.code, problem.message)
        self._note(problem, Outcome.FAILED)
        return _open(problem, EntryState.FAILED, self.now(), looked=looked)

    def _as_it_was(self, order: Order, entry: Entry | None, rules: Rules, *, looked: bool) -> OrderResult | None:
        """Older news than what is known: neither state nor hold changes, and what is open is said as before."""
        standing = entry.state if entry is not None else EntryState.IMPORTED
        self.report.note(order.order_id, _STANDING[standing])
        if entry is not None and (standing in (EntryState.HELD, EntryState.FAILED) or entry.given_up):
            self.report.add_problem(problem_of(entry))
        if rules.forced:
            text = f"order {order.order_id}: Amazon's answer is {REASON_TEXTS[Reason.OLDER_NEWS]}"
            self.report.add_problem(Problem(ProblemCode.NOT_READY, text, order.order_id))
        if entry is None or not looked:
            return None
        now = self.now()
        open_ = standing not in (EntryState.IMPORTED, EntryState.IGNORED)
        return OrderResult(
            entry.order_id,
            standing,
            entry.code,
            entry.subject,
            entry.message,
            next_look=next_look(entry.first_seen, now) if open_ else None,
            given_up=entry.given_up,
            looked=True,
        )

    def unanswered(self, entry: Entry) -> OrderResult:
        """Amazon does not give an open order that it once showed: it stays as it was, given up where it was or where it
        has waited for so long, and is asked for again later."""
        released = entry.ship_by if entry.code == Reason.PRE_ORDER else None
        limit = self.give_up_of.get(entry.marketplace_id, self.give_up)
        waits = entry.state is EntryState.WAITING
        return OrderResult(
            entry.order_id,
            entry.state,
            entry.code,
            entry.subject,
            entry.message,
            next_look(entry.first_seen, self.now()),
            given_up=entry.given_up or (waits and is_given_up(entry.purchased, released, self.now(), limit)),
            looked=True,
        )

    def _note(self, problem: Problem, outcome: Outcome) -> None:
        self.report.note(problem.order_id, outcome)
        self.report.add_problem(problem)

    def unreadable(self, order: UnreadableOrder, entries: Mapping[str, Entry]) -> OrderResult:
        """Held, since a field of Amazon's is unusable. The order has an id."""
        assert order.order_id is not None  # noqa: S101 — the caller passes those with an id
        flaw = order.flaws[0] if order.flaws else None
        path, what = (flaw.path, flaw.problem) if flaw else ("order", "unusable")
        problem = Problem(
            ProblemCode.BAD_FIELD,
            f"order {order.order_id}: the field {path} is unusable: {what}",
            order.order_id,
            path,
        )
        return self.held(problem, entries.get(order.order_id), looked=False)

    def _waiting(self, order: Order, entry: Entry | None, reason: Reason, rules: Rules, *, looked: bool) -> OrderResult:
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
        return OrderResult(
            order.order_id,
            EntryState.WAITING,
            reason,
            message=REASON_TEXTS[reason],
            next_look=next_look(entry.first_seen if entry else now, now),
            given_up=given_up,
            looked=looked,
        )

    def _say_other_importer(self, order: Order, entry: Entry | None, rules: Rules) -> None:
        if rules.forced or entry is None or entry.code != Reason.OTHER_IMPORTER:
            self.report.add_problem(
                Problem(
                    ProblemCode.OTHER_IMPORTER,
                    f"order {order.order_id} is in the shop already, put there by another program or a person",
                    order.order_id,
                )
            )


def _open(
    problem: Problem, state: EntryState, again: datetime, *, looked: bool, id_order: int | None = None, detail: str = ""
) -> OrderResult:
    """The verdict on an order whose problem stays open until it is looked at `again`."""
    return OrderResult(
        problem.order_id,
        state,
        problem.code,
        problem.subject,
        problem.message,
        again,
        id_order=id_order,
        looked=looked,
        detail=detail,
    )


def _with_deadline(problem: Problem, order: Order) -> Problem:
    """A held regular order can't wait for ever: after its latest delivery date Amazon withdraws the buyer's phone
    (and may withdraw more), and a label needs it."""
    latest = order.deliver_by.latest
    if order.channel is not Channel.REGULAR or latest is None or order.status is OrderStatus.CANCELLED:
        return problem
    return replace(problem, message=with_deadline(problem.message, latest))
