"""What the next run would do with one order, and why: from Amazon's present answer, or from what is known.

Pure, but for the shop's planning, which writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from orderferry.domain.decide import REASON_TEXTS, Rules, decide
from orderferry.domain.durations import iso
from orderferry.domain.ledger_entry import Entry, EntryState, is_due
from orderferry.domain.marker import WRITING, Action, Marker, Plan
from orderferry.domain.orders import Order
from orderferry.domain.problems import HINTS, Problem, ProblemCode
from orderferry.prestashop.facts import Catalog

Planner = Callable[[Order, Action, Catalog], Plan | Problem]


@dataclass(frozen=True, slots=True)
class Outlook:
    """`action` is a documented word, or `look` where it depends on Amazon's next answer; `why` one sentence.

    `changes`: what would be written. `hint`: what a person can do, or ''.
    """

    action: str
    why: str
    changes: tuple[str, ...] = ()
    hint: str = ""


def planned_outlook(
    order: Order, entry: Entry | None, catalog: Catalog, rules: Rules, plan: Planner, *, now: datetime
) -> Outlook:
    """Return what the next import does with an order as Amazon shows it now, from what was prefetched of the shop."""
    decision = decide(
        order,
        marker=catalog.markers.get(order.order_id),
        foreign=catalog.foreign.get(order.order_id),
        entry=entry,
        rules=rules,
        now=now,
    )
    if decision.problem is not None:
        return _held(decision.problem)
    if decision.action not in WRITING:
        why = REASON_TEXTS[decision.reason] if decision.reason else "nothing changed"
        return Outlook(str(decision.action), f"{why[0].upper()}{why[1:]}.")
    planned = plan(order, decision.action, catalog)
    if isinstance(planned, Problem):
        return _held(planned)
    notes = " ".join(f"{note.message}." for note in planned.notes)
    hint = " ".join(note.hint for note in planned.notes)
    if decision.action is Action.UPDATE and not planned.changes:
        return Outlook(str(Action.UNCHANGED), f"The shop has all that Amazon says. {notes}".strip(), hint=hint)
    why = "It is ready." if decision.action is Action.CREATE else "Amazon has news of it."
    return Outlook(str(decision.action), f"{why} {notes}".strip(), planned.changes, hint)


def known_outlook(
    entry: Entry | None,
    marker: Marker | None,
    foreign: int,
    now: datetime,
    *,
    shop_answers: bool,
    cause_gone: bool,
) -> Outlook:
    """Return what the next import does unless Amazon has news, given what ledger and shop know."""
    if marker is not None and not marker.order_stands and not (entry and entry.ignored_by_person):
        return Outlook(
            str(Action.HOLD),
            f"It was imported as order {marker.id_order}, which has been deleted in the shop.",
            hint=HINTS[ProblemCode.DELETED_IN_SHOP].replace("{order_id}", marker.order_id),
        )
    if foreign:
        return Outlook(
            str(Action.IGNORE),
            f"It is in the shop as order {foreign}, put there by another program or a person.",
            hint=HINTS[ProblemCode.OTHER_IMPORTER],
        )
    if entry is None:
        if marker is not None:
            return Outlook(str(Action.UNCHANGED), f"It is in the shop as order {marker.id_order}.")
        return Outlook("look", "Nobody here has seen it; an import meets it when Amazon lists it.")
    return _of_entry(entry, now, shop_answers=shop_answers, cause_gone=cause_gone)


def _of_entry(entry: Entry, now: datetime, *, shop_answers: bool, cause_gone: bool) -> Outlook:
    if entry.ignored_by_person and entry.state is EntryState.IGNORED:
        return Outlook(
            str(Action.IGNORE),
            f"A person set it aside: {entry.message}.",
            hint=f"`orderferry ignore {entry.order_id} --undo` takes that back.",
        )
    if entry.state is EntryState.HELD and cause_gone:
        return Outlook("look", "What held it is gone from the shop: the next import asks Amazon and imports it.")
    when = _next_look(entry, now)
    outlooks = {
        EntryState.SEEN: ("look", f"A run saw it and was ended before it judged it. {when}"),
        EntryState.WAITING: (str(Action.WAIT), f"It waits: {entry.message}. {when}"),
        EntryState.HELD: (str(Action.HOLD), f"It is held: {entry.message}. {when}"),
        EntryState.FAILED: ("look", f"Writing it failed: {entry.message}. {when}"),
        EntryState.IGNORED: (str(Action.IGNORE), f"It is not imported: {entry.message}."),
        EntryState.IMPORTED: (str(Action.UNCHANGED), _imported(entry, shop_answers=shop_answers)),
    }
    action, why = outlooks[entry.state]
    hint = HINTS.get(entry.code, "") if entry.state in (EntryState.HELD, EntryState.FAILED) else ""
    return Outlook(action, why, hint=hint.replace("{order_id}", entry.order_id))


def _next_look(entry: Entry, now: datetime) -> str:
    if entry.next_look is None:
        return "A change at Amazon is taken by the run that meets it."
    if is_due(entry, now):
        return "The next import asks Amazon for it."
    again = f"without one, Amazon is asked again after {iso(entry.next_look)}."
    return f"A change at Amazon is taken by the run that meets it; {again}"


def _imported(entry: Entry, *, shop_answers: bool) -> str:
    where = f"as order {entry.id_order}" if entry.id_order else "in the shop"
    sure = "" if shop_answers else " (by the ledger; the shop could not be asked)"
    aside = " A person set its reported difference aside." if entry.ignored_by_person else ""
    return f"It is imported {where}{sure} and follows Amazon's news.{aside}"


def _held(problem: Problem) -> Outlook:
    return Outlook(str(Action.HOLD), f"{problem.message.rstrip('.')} ({problem.code}).", hint=problem.hint)


def held_problem(entry: Entry | None) -> Problem | None:
    """Return the stored problem of a held order; None where nothing is held, or by a code of another version."""
    if entry is None or entry.state is not EntryState.HELD or entry.code not in set(ProblemCode):
        return None
    return Problem(ProblemCode(entry.code), entry.message, entry.order_id, entry.subject)
