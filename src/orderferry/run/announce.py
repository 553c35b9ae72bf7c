"""Brings a run's findings together with the conditions that the ledger remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from orderferry.domain.entry import Entry, EntryState
from orderferry.domain.records import Condition
from orderferry.run.conditions import Found, error_conditions, order_conditions, problem_conditions, speak
from orderferry.run.report import Report
from orderferry.run.sweeps import SWEEPS


class ConditionLedger(Protocol):
    """What of the ledger is needed here."""

    def entries(self, states: Iterable[EntryState], limit: int | None = None) -> Sequence[Entry]: ...

    def given_up(self) -> Sequence[Entry]: ...

    def conditions(self) -> Mapping[str, Condition]: ...

    def put_condition(self, condition: Condition) -> None: ...

    def end_condition(self, key: str) -> None: ...


def open_conditions(ledger: ConditionLedger) -> list[Found]:
    """The conditions of all orders that are held, failed or given up, one for each cause."""
    return order_conditions([*ledger.entries([EntryState.HELD, EntryState.FAILED]), *ledger.given_up()])


def announce(ledger: ConditionLedger, report: Report, now: datetime) -> None:
    """Set `report.said` to the conditions that are news, and remember that they were said."""
    found = open_conditions(ledger)
    found += error_conditions(report.command, report.errors)
    found += problem_conditions(report.problems.values())
    judged = [c for c in ledger.conditions().values() if _is_judged(c, report)]
    speech = speak(judged, found, now)
    for condition in speech.remember:
        ledger.put_condition(condition)
    for key in speech.ended:
        ledger.end_condition(key)
    report.said = speech.lines


def _is_judged(condition: Condition, report: Report) -> bool:
    """Whether this run can tell that a condition is over.

    Errors belong to their command; what concerns no order (exit code 0) is only judged by a run that got through.
    """
    command, colon, _ = condition.key.partition(": ")
    if colon and command in SWEEPS:
        return command == report.command
    return condition.exit_code != 0 or not report.errors
