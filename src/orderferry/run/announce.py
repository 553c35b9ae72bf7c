"""Brings a run's findings together with the conditions that the ledger remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from orderferry.domain.decide import Reason
from orderferry.domain.ledger_entry import Condition, EntryState, StandingFinding
from orderferry.domain.problems import ProblemCode
from orderferry.errors import ExitCode, MarketplaceRefused, OrderferryError
from orderferry.run.conditions import (
    FOUND,
    CurrentCondition,
    error_conditions,
    error_key,
    finding_conditions,
    order_conditions,
    other_importer_condition,
    problem_conditions,
    speak,
)
from orderferry.run.report import Report
from orderferry.run.shared_ports import OpenOrders
from orderferry.run.sweeps import SWEEPS

# Commands whose errors are conditions of their own, which only they can end.
OF_COMMANDS = frozenset({*SWEEPS, "compare"})
# How the keys of conditions begin that stand in the ledger's rows of orders and findings.
_OF_ORDERS = frozenset({EntryState.HELD, EntryState.FAILED, EntryState.WAITING, FOUND})


A_DAY = timedelta(days=1)


class ConditionLedger(OpenOrders, Protocol):
    """What of the ledger is needed here. Raise LedgerUnusable."""

    def conditions(self) -> Mapping[str, Condition]:
        """The open conditions by key, the oldest first."""

    def findings(self) -> Sequence[StandingFinding]:
        """What comparisons found and nobody has settled or set aside."""

    def ignored_since(self, code: str, since: datetime) -> Sequence[str]:
        """The ids of the orders that were ignored for this reason from `since` on."""

    def put_condition(self, condition: Condition) -> None:
        """Keep a condition as it stands."""

    def end_condition(self, key: str) -> None:
        """Forget a condition: it is over."""


def open_conditions(ledger: ConditionLedger) -> list[CurrentCondition]:
    """The conditions of all orders that are held, failed or given up, one for each cause, and of what comparisons
    found."""
    entries = [*ledger.entries([EntryState.HELD, EntryState.FAILED]), *ledger.given_up()]
    told = (entry.order_id for entry in entries)
    return [*order_conditions(entries), *finding_conditions(ledger.findings(), told)]


def told_conditions(ledger: ConditionLedger) -> list[CurrentCondition]:
    """What else was said and has not ended: errors of commands, the clock, a marketplace, … Those that only inform have
    exit code 0."""
    return [
        CurrentCondition(known.key, known.text, ExitCode(known.exit_code or 0))
        for known in ledger.conditions().values()
        if known.last_printed is not None and known.key.partition(" ")[0] not in _OF_ORDERS
    ]


def announce(ledger: ConditionLedger, report: Report, now: datetime) -> None:
    """Set `report.said` to the conditions that are news, and remember that they were said."""
    found = open_conditions(ledger)
    found += error_conditions(report.command, report.errors)
    found += problem_conditions(report.problems.values())
    known = ledger.conditions()
    if ProblemCode.OTHER_IMPORTER in {*known, *(problem.code for problem in report.problems.values())}:
        found += other_importer_condition(ledger.ignored_since(Reason.OTHER_IMPORTER, now - A_DAY))
    judged = [c for c in known.values() if _is_judged(c, report)]
    report.said = _spoken(ledger, judged, found, now)


def announce_comparison(
    ledger: ConditionLedger, command: str, errors: Iterable[OrderferryError], now: datetime
) -> tuple[tuple[ExitCode, str], ...]:
    """Given what ended a comparison, return what of it is news, and remember that it was said: what may heal by itself
    is told when it lasts, not at once.

    What it found it prints itself, every time; that counts as said. A comparison that was cut short has found nothing.
    """
    errors = tuple(errors)
    known = [c for c in ledger.conditions().values() if c.key.startswith(f"{command}: ")]
    judged = [c for c in known if _can_be_over(c, command, errors)]
    found = error_conditions(command, errors)
    printed: frozenset[str] = frozenset()
    if not errors:
        judged += [c for c in ledger.conditions().values() if c.key.partition(" ")[0] == FOUND]
        standing = [each for each in open_conditions(ledger) if each.key.partition(" ")[0] == FOUND]
        printed = frozenset(each.key for each in standing)
        found += standing
    return _spoken(ledger, judged, found, now, printed)


def _spoken(
    ledger: ConditionLedger,
    known: Iterable[Condition],
    found: Sequence[CurrentCondition],
    now: datetime,
    printed: frozenset[str] = frozenset(),
) -> tuple[tuple[ExitCode, str], ...]:
    """What is news, remembered as said; but for `printed`, keys of conditions that the command prints by itself."""
    speech = speak(known, found, now)
    for condition in speech.remember:
        ledger.put_condition(replace(condition, last_printed=now) if condition.key in printed else condition)
    for key in speech.ended:
        ledger.end_condition(key)
    by_itself = {each.text for each in found if each.key in printed}
    return tuple((code, line) for code, line in speech.lines if line not in by_itself)


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
