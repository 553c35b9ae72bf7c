"""Results of orders: what the ledger records of each, noted in the run's report as well.

When the shop's database refuses rows, the reason may lie in one order or hit every order: RefusedWrites tells which.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orderferry.domain.decide import REASON_TEXTS, Decision, Reason, Rules, is_given_up, next_look, next_try
from orderferry.domain.durations import format_duration
from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult, problem_of
from orderferry.domain.marker import Action, Applied, Outcome
from orderferry.domain.orders import CANCELLED_STATUSES, Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode, with_deadline
from orderferry.errors import ShopUnfit
from orderferry.run.report import INFORMATIVE, Report

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger

log = logging.getLogger(__name__)

# How the report counts an order that stays as it is, by its state in the ledger.
_OUTCOME_OF_STATE = {
    EntryState.SEEN: Outcome.WAITING,
    EntryState.WAITING: Outcome.WAITING,
    EntryState.HELD: Outcome.HELD,
    EntryState.FAILED: Outcome.FAILED,
    EntryState.IGNORED: Outcome.IGNORED,
    EntryState.IMPORTED: Outcome.UNCHANGED,
}


@dataclass(frozen=True, slots=True)
class OrderResults:
    """Makes the results of one run. Each method notes the outcome in the report and returns what the ledger records.

    `now` gives this machine's UTC time; `give_up` is orders.give_up of a marketplace, by its id.
    """

    report: Report
    now: Callable[[], datetime]
    give_up: Callable[[str], timedelta]

    def written(self, order: Order, entry: Entry | None, applied: Applied) -> OrderResult:
        """Return the result of an order that the shop has as planned: imported, or held if a note needs a person who
        has not set it aside."""
        detail = "; ".join(applied.changes)
        aside = entry.code if entry is not None and entry.ignored_by_person else ""
        telling = [note for note in applied.notes if note.code not in INFORMATIVE and note.code != aside]
        if telling:
            result = self.held(telling[0], entry, id_order=applied.id_order, detail=detail)
            for note in telling[1:]:
                self.report.add_problem(note)
            return result
        return OrderResult(order.order_id, EntryState.IMPORTED, id_order=applied.id_order, detail=detail)

    def not_written(
        self, order: Order, entry: Entry | None, decision: Decision, rules: Rules, *, by_id: bool
    ) -> OrderResult | None:
        """Return the result of an order that is not written: held, waiting, ignored or unchanged. None where there is
        nothing to record. `by_id`: the order comes from getOrder."""
        if decision.problem is not None:
            return self.held_back(decision.problem, order, entry)
        if decision.reason is Reason.OLDER_NEWS and decision.id_order is None:
            return self._unchanged(order, entry, rules, by_id=by_id)
        if decision.action is Action.UNCHANGED:
            aside = decision.reason is Reason.SET_ASIDE
            self.report.note(order.order_id, Outcome.IGNORED if aside else Outcome.UNCHANGED)
            return OrderResult(order.order_id, EntryState.IMPORTED, id_order=decision.id_order)
        assert decision.reason is not None  # noqa: S101 — waiting and ignoring always have one
        if decision.action is Action.WAIT:
            return self._waiting(order, entry, decision.reason, rules)
        self.report.note(order.order_id, Outcome.IGNORED)
        if decision.reason is Reason.OTHER_IMPORTER:
            self._report_other_importer(order, entry, rules)
        elif rules.forced:
            text = f"order {order.order_id} is not imported: {REASON_TEXTS[decision.reason]}"
            self.report.add_problem(Problem(ProblemCode.NOT_IMPORTABLE, text, order.order_id))
        return OrderResult(order.order_id, EntryState.IGNORED, decision.reason, message=REASON_TEXTS[decision.reason])

    def held_back(self, problem: Problem, order: Order, entry: Entry | None) -> OrderResult:
        """Hold an order that can't be planned; its message says how long that may last."""
        return self.held(_with_deadline(problem, order), entry)

    def held(
        self, problem: Problem, entry: Entry | None, *, id_order: int | None = None, detail: str = ""
    ) -> OrderResult:
        """Hold an order for a person; runs check it again by themselves. `id_order` and `detail`: what was written."""
        now = self.now()
        log.info("held (%s): %s", problem.code, problem.message)
        self._note(problem, Outcome.HELD)
        again = next_look(entry.first_seen if entry else now, now)
        return _open_result(problem, EntryState.HELD, again, id_order=id_order, detail=detail)

    def failed(self, problem: Problem, entry: Entry | None) -> OrderResult:
        """Fail an order that the database refused; it is tried again, less and less often."""
        log.warning("failed (%s): %s", problem.code, problem.message)
        self._note(problem, Outcome.FAILED)
        again = next_try(entry.attempts if entry else 0, self.now())
        return _open_result(problem, EntryState.FAILED, again)

    def keeps_changing(self, order: Order) -> OrderResult:
        """Fail an order that others changed in the shop before each attempt to write it; it is due at once."""
        problem = Problem(
            ProblemCode.KEEPS_CHANGING,
            f"order {order.order_id} was changed in the shop each time just before Amazon's news could be written",
            order.order_id,
        )
        log.warning("failed (%s): %s", problem.code, problem.message)
        self._note(problem, Outcome.FAILED)
        return _open_result(problem, EntryState.FAILED, self.now())

    def _unchanged(self, order: Order, entry: Entry | None, rules: Rules, *, by_id: bool) -> OrderResult | None:
        """Keep an order as it is, since Amazon's answer is older than what is known; report what is open about it."""
        standing = entry.state if entry is not None else EntryState.IMPORTED
        self.report.note(order.order_id, _OUTCOME_OF_STATE[standing])
        if entry is not None and (standing in (EntryState.HELD, EntryState.FAILED) or entry.given_up):
            self.report.add_problem(problem_of(entry))
        if rules.forced:
            text = f"order {order.order_id}: Amazon's answer is {REASON_TEXTS[Reason.OLDER_NEWS]}"
            self.report.add_problem(Problem(ProblemCode.NOT_READY, text, order.order_id))
        if entry is None or not by_id:
            return None
        now = self.now()
        open_ = standing not in (EntryState.IMPORTED, EntryState.IGNORED)
        return _as_before(entry, next_look(entry.first_seen, now) if open_ else None, given_up=entry.given_up)

    def unanswered(self, entry: Entry) -> OrderResult:
        """Keep an open order that Amazon no longer gives, to be asked for again; give it up after orders.give_up."""
        released = entry.ship_by if entry.code == Reason.PRE_ORDER else None
        limit = self.give_up(entry.marketplace_id)
        waits = entry.state is EntryState.WAITING
        given_up = entry.given_up or (waits and is_given_up(entry.purchased, released, self.now(), limit))
        return replace(_as_before(entry, next_look(entry.first_seen, self.now()), given_up=given_up), by_id=True)

    def _note(self, problem: Problem, outcome: Outcome) -> None:
        self.report.note(problem.order_id, outcome)
        self.report.add_problem(problem)

    def unreadable(self, order: UnreadableOrder, entries: Mapping[str, Entry]) -> OrderResult:
        """Hold an order because a field of Amazon's is unusable. The order has an id."""
        assert order.order_id is not None  # noqa: S101 — the caller passes those with an id
        flaw = order.flaws[0] if order.flaws else None
        path, what = (flaw.path, flaw.problem) if flaw else ("order", "unusable")
        problem = Problem(
            ProblemCode.BAD_FIELD,
            f"order {order.order_id}: the field {path} is unusable: {what}",
            order.order_id,
            path,
        )
        return self.held(problem, entries.get(order.order_id))

    def _waiting(self, order: Order, entry: Entry | None, reason: Reason, rules: Rules) -> OrderResult:
        now = self.now()
        released = order.ship_by.earliest if order.status is OrderStatus.PENDING_AVAILABILITY else None
        limit = self.give_up(order.marketplace_id)
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
        )

    def _report_other_importer(self, order: Order, entry: Entry | None, rules: Rules) -> None:
        if rules.forced or entry is None or entry.code != Reason.OTHER_IMPORTER:
            self.report.add_problem(
                Problem(
                    ProblemCode.OTHER_IMPORTER,
                    f"order {order.order_id} is in the shop already, put there by another program or a person",
                    order.order_id,
                )
            )


def _as_before(entry: Entry, again: datetime | None, *, given_up: bool) -> OrderResult:
    return OrderResult(entry.order_id, entry.state, entry.code, entry.subject, entry.message, again, given_up=given_up)


def _open_result(
    problem: Problem, state: EntryState, again: datetime, *, id_order: int | None = None, detail: str = ""
) -> OrderResult:
    return OrderResult(
        problem.order_id,
        state,
        problem.code,
        problem.subject,
        problem.message,
        again,
        id_order=id_order,
        detail=detail,
    )


def _with_deadline(problem: Problem, order: Order) -> Problem:
    """Return the problem with the latest delivery date of a regular order: after it Amazon withdraws the buyer's phone
    (and may withdraw more), which a label needs."""
    latest = order.deliver_by.latest
    if order.channel is not Channel.REGULAR or latest is None or order.status in CANCELLED_STATUSES:
        return problem
    return replace(problem, message=with_deadline(problem.message, latest))


MANY = 3  # so many different orders refused in the same way, and none written meanwhile: the orders are not to blame
_KEY = "refused-writes"


# An order that the database refused in this run: its problem, its entry before, and whether it came from getOrder.
Refused = tuple[Problem, Entry | None, bool]


@dataclass(slots=True)
class RefusedWrites:
    """Tells orders that fail by themselves from an error that every order meets, within a run and over several.

    An order that is written shows that the others failed by themselves, those before it and those after it in the run.
    A new order and an update go through other tables, so that the success of one says nothing about the other. An
    order that had failed by itself before, while others were written, does not count again.
    """

    ledger: Ledger
    open: list[tuple[str, Refused]] = field(default_factory=list)  # each with its kind: see `refused`
    _succeeded: set[str] = field(default_factory=set)  # the ways in which an order of this run was written
    _kept: dict[str, list[str]] | None = None

    def refused(self, problem: Problem, entry: Entry | None, *, update: bool, by_id: bool) -> None:
        """Note that an order was refused. Its result follows at the end of the run (`finish`).

        Its kind: new or update, and the column or error.
        """
        kind = f"{_way(update)} {problem.subject}"
        self._forget(problem.order_id)
        self.open.append((kind, (problem, entry, by_id)))
        if _way(update) in self._succeeded:
            return
        in_a_row = self._in_a_row.setdefault(kind, [])
        failed_alone = entry is not None and entry.state is EntryState.FAILED
        if problem.subject and problem.order_id not in in_a_row and not failed_alone:
            in_a_row.append(problem.order_id)
            self._keep()

    def written(self, order_id: str, *, update: bool) -> None:
        """Note that an order was written: others that were refused failed by themselves."""
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
        return any(kind in self.general for kind, _ in self.open)

    def finish(self) -> tuple[list[Refused], ShopUnfit | None]:
        """End the run. Return the orders that failed by themselves, and the error that the others met, which stay due;
        None where none did."""
        general = self.general
        met = [problem for kind, (problem, _, _) in self.open if kind in general]
        alone = [one for kind, one in self.open if kind not in general]
        self.open.clear()
        if not met:
            return alone, None
        example = met[0].message
        return alone, ShopUnfit(
            f"The shop's database refuses one order after the other in the same way: {example}.",
            hint="Nothing is lost: the orders are due. Show the sentence to whoever added the trigger, key or column "
            "(often a module's author); `orderferry check` names triggers and columns that are not PrestaShop's own.",
        )

    def _forget(self, order_id: str) -> None:
        """Forget an earlier refusal of this order: a run may meet it twice."""
        self.open = [(kind, one) for kind, one in self.open if one[0].order_id != order_id]

    @property
    def _in_a_row(self) -> dict[str, list[str]]:
        if self._kept is None:
            self._kept = _read(self.ledger.recall(_KEY))
        return self._kept

    def _keep(self) -> None:
        self.ledger.remember(_KEY, json.dumps(self._in_a_row) if self._in_a_row else "")


def _way(update: bool) -> str:
    return "update" if update else "new"


def _read(text: str | None) -> dict[str, list[str]]:
    """Return what the ledger keeps; nothing from a text that was damaged, so that the next runs go on."""
    try:
        kept = json.loads(text or "{}")
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}
