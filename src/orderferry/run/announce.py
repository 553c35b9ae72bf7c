"""Brings a run's findings together with the conditions that the ledger remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from orderferry.domain.entry import EntryState
from orderferry.domain.records import Condition
from orderferry.errors import ExitCode, MarketplaceRefused, OrderferryError
from orderferry.run.conditions import (
    Found,
    error_conditions,
    error_key,
    order_conditions,
    problem_conditions,
    speak,
)
from orderferry.run.report import Report
from orderferry.run.shared_ports import OpenOrders
from orderferry.run.sweeps import SWEEPS

# Commands whose errors are conditions of their own, which only they can end.
OF_COMMANDS = frozenset({*SWEEPS, "compare"})
_OF_ORDERS = frozenset({EntryState.HELD, EntryState.FAILED, EntryState.WAITING})


class ConditionLedger(OpenOrders, Protocol):
    """What of the ledger is needed here. Raise LedgerUnusable."""

    def conditions(self) -> Mapping[str, Condition]:
        """The open conditions by key, the oldest first."""

    def put_condition(self, condition: Condition) -> None:
        """Keep a condition as it stands."""

    def end_condition(self, key: str) -> None:
        """Forget a condition: it is over."""


def open_conditions(ledger: ConditionLedger) -> list[Found]:
    """The conditions of all orders that are held, failed or given up, one for each cause."""
    return order_conditions([*ledger.entries([EntryState.HELD, EntryState.FAILED]), *ledger.given_up()])


def told_conditions(ledger: ConditionLedger) -> list[Found]:
    """What else was said and has not ended: errors of commands, the clock, a marketplace, … Those that only inform have
    exit code 0."""
    return [
        Found(known.key, known.text, ExitCode(known.exit_code or 0))
        for known in ledger.conditions().values()
        if known.last_printed is not None and known.key.partition(" ")[0] not in _OF_ORDERS
    ]


def announce(ledger: ConditionLedger, report: Report, now: datetime) -> None:
    """Set `report.said` to the conditions that are news, and remember that they were said."""
    found = open_conditions(ledger)
    found += error_conditions(report.command, report.errors)
    found += problem_conditions(report.problems.values())
    judged = [c for c in ledger.conditions().values() if _is_judged(c, report)]
    report.said = _spoken(ledger, judged, found, now)


def announce_errors(
    ledger: ConditionLedger, command: str, errors: Iterable[OrderferryError], now: datetime
) -> tuple[tuple[ExitCode, str], ...]:
    """Given what ended a run of a command that judges no orders, return what of it is news, and remember that it was
    said: what may heal by itself is told when it lasts, not at once."""
    errors = tuple(errors)
    known = [c for c in ledger.conditions().values() if c.key.startswith(f"{command}: ")]
    judged = [c for c in known if _can_be_over(c, command, errors)]
    return _spoken(ledger, judged, error_conditions(command, errors), now)


def _spoken(
    ledger: ConditionLedger, known: Iterable[Condition], found: Iterable[Found], now: datetime
) -> tuple[tuple[ExitCode, str], ...]:
    speech = speak(known, found, now)
    for condition in speech.remember:
        ledger.put_condition(condition)
    for key in speech.ended:
        ledger.end_condition(key)
    return speech.lines


def _is_judged(condition: Condition, report: Report) -> bool:
    """Whether this run can tell that a condition is over.

    Errors belong to their command; what concerns no order (exit code 0) is only judged by a run that got through.
    """
    command, colon, _ = condition.key.partition(": ")
    if colon and command in OF_COMMANDS:
        return command == report.command and _can_be_over(condition, command, report.errors)
    return condition.exit_code != 0 or not report.errors


def _can_be_over(condition: Condition, command: str, errors: Sequence[OrderferryError]) -> bool:
    """A run that was cut short by an error says nothing of the errors before it: it may not have come to them."""
    cut_short = any(not isinstance(error, MarketplaceRefused) for error in errors)
    return not cut_short or condition.key in {error_key(command, error) for error in errors}
