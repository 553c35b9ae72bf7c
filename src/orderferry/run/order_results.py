"""What becomes of an order: the verdict that the ledger keeps, and the same told to the report.

Orders whose rows the shop's database refuses: each order's own fault, or one that every order meets.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orderferry.domain.decide import REASON_TEXTS, Action, Decision, Reason, Rules, is_given_up, next_look, next_try
from orderferry.domain.durations import format_duration
from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult, problem_of
from orderferry.domain.marker import Applied
from orderferry.domain.orders import Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode, with_deadline
from orderferry.errors import ShopUnfit
from orderferry.run.report import INFORMATIVE, Outcome, Report

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger

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
        """Return the database refused the order: tried again, less and less often."""
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
    """Return the verdict on an order whose problem stays open until it is looked at `again`."""
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


MANY = 3  # different orders refused in the same way, and none written meanwhile: it is not the orders
_KEY = "refused-writes"


@dataclass(frozen=True, slots=True)
class Refused:
    """One order that was refused in this run, and what its verdict needs. `kind` says in which way."""

    kind: str
    problem: Problem
    entry: Entry | None
    looked: bool


@dataclass(slots=True)
class RefusedWrites:
    """Tells the two apart, within a run and over runs: what is refused is kept until an order is written.

    An order that is written shows that the others failed by themselves, those before it and those after it in the run.
    A new order and an update go through other tables, so that the success of one says nothing about the other. An
    order that had failed by itself before, while others were written, does not count again.
    """

    memory: Ledger
    open: list[Refused] = field(default_factory=list)
    _succeeded: set[str] = field(default_factory=set)  # the ways in which an order of this run was written
    _kept: dict[str, list[str]] | None = None

    def refused(self, problem: Problem, entry: Entry | None, *, update: bool, looked: bool) -> None:
        """An order was refused. What becomes of it is known at the end of the run (`finish`)."""
        kind = f"{_way(update)} {problem.subject}"
        self._forget(problem.order_id)
        self.open.append(Refused(kind, problem, entry, looked))
        if _way(update) in self._succeeded:
            return
        in_a_row = self._in_a_row.setdefault(kind, [])
        failed_alone = entry is not None and entry.state is EntryState.FAILED
        if problem.subject and problem.order_id not in in_a_row and not failed_alone:
            in_a_row.append(problem.order_id)
            self._keep()

    def written(self, order_id: str, *, update: bool) -> None:
        """An order was written: whatever others were refused for is their own fault."""
        self._forget(order_id)
        self._succeeded.add(_way(update))
        for kind in [kind for kind in self._in_a_row if kind.startswith(_way(update))]:
            del self._in_a_row[kind]
            self._keep()

    @property
    def general(self) -> frozenset[str]:
        """Return the kinds that every order seems to meet."""
        return frozenset(kind for kind, ids in self._in_a_row.items() if len(ids) >= MANY)

    @property
    def stops(self) -> bool:
        """Return whether an order of this run met such a kind: what was read can't count as done."""
        return any(one.kind in self.general for one in self.open)

    def finish(self, failed: Callable[[Refused], None]) -> ShopUnfit | None:
        """End the run: give each order that failed by itself to `failed`; return the error that the others met, which
        are due as they were, or None."""
        general = self.general
        met = [one for one in self.open if one.kind in general]
        for one in self.open:
            if one not in met:
                failed(one)
        self.open.clear()
        if not met:
            return None
        example = met[0].problem.message
        return ShopUnfit(
            f"The shop's database refuses one order after the other in the same way: {example}.",
            hint="Nothing is lost: the orders are due. Show the sentence to whoever added the trigger, key or column "
            "(often a module's author); `orderferry check` names triggers and columns that are not PrestaShop's own.",
        )

    def _forget(self, order_id: str) -> None:
        """A run may meet an order twice: what came last counts."""
        self.open = [one for one in self.open if one.problem.order_id != order_id]

    @property
    def _in_a_row(self) -> dict[str, list[str]]:
        if self._kept is None:
            self._kept = _read(self.memory.recall(_KEY))
        return self._kept

    def _keep(self) -> None:
        self.memory.remember(_KEY, json.dumps(self._in_a_row) if self._in_a_row else "")


def _way(update: bool) -> str:
    return "update" if update else "new"


def _read(text: str | None) -> dict[str, list[str]]:
    try:
        kept = json.loads(text) if text else {}
    except ValueError:
        kept = {}
    return kept if isinstance(kept, dict) else {}
