"""Conditions: what needs a person is printed when it begins, when it changes, once a day while it lasts, and when it
ends.

From the conditions that the ledger remembers and those that a run finds, `condition_changes` works out what is new.
`announce` and `announce_comparison` do that for a run and remember what was printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orderferry.domain.decide import Reason
from orderferry.domain.durations import counted
from orderferry.domain.ledger_entry import Condition, Entry, EntryState, FindingKind, StandingFinding
from orderferry.domain.problems import HINTS, Problem, ProblemCode, cause_of, taxed_amounts
from orderferry.errors import ExitCode, MarketplaceRefused, OrderferryError
from orderferry.run.report import Report
from orderferry.run.sweeps import SWEEPS

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger

AGAIN_AFTER = timedelta(days=1)
HEALING_RUNS = 3
HEALING_TIME = timedelta(hours=1)
NAMED_ORDERS = 5


@dataclass(frozen=True, slots=True)
class CurrentCondition:
    """A condition as this run finds it. `heals`: it is printed from the third run in a row on, or after an hour.
    `counts`: its text has a number that moves, which is no news."""

    key: str
    text: str
    exit_code: ExitCode
    heals: bool = False
    counts: bool = False


Lines = tuple[tuple[ExitCode, str], ...]  # what to print, each line with the exit code that it stands for


def order_conditions(entries: Iterable[Entry]) -> list[CurrentCondition]:
    """Return one condition for each cause (not one for each order) of the ledger's open entries."""
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        if entry.state in (EntryState.HELD, EntryState.FAILED):
            groups.setdefault((entry.state, entry.code, entry.subject), []).append(entry)
        elif entry.given_up:
            groups.setdefault((entry.state, ProblemCode.GIVEN_UP, ""), []).append(entry)
    return [_group_condition(key, members) for key, members in sorted(groups.items())]


def finding_conditions(findings: Iterable[StandingFinding], reported: Iterable[str]) -> list[CurrentCondition]:
    """Return one condition for each kind of finding that comparisons made.

    `reported`: ids of orders that are held, failed or given up. What is missing for that reason is not reported twice.
    """
    known = set(reported)
    groups: dict[FindingKind, list[StandingFinding]] = {}
    for finding in findings:
        if finding.kind is not FindingKind.MISSING or finding.order_id not in known:
            groups.setdefault(finding.kind, []).append(finding)
    return [_found_by_comparing(kind, groups[kind]) for kind in FindingKind if kind in groups]


def error_conditions(command: str, errors: Iterable[OrderferryError]) -> list[CurrentCondition]:
    """Return the conditions of the errors that ended a run or a part of it; they belong to the command."""
    return [
        CurrentCondition(
            error_key(command, error),
            f"{command}: {_sentence(error.message, error.hint)}",
            error.exit_code,
            error.heals,
        )
        for error in errors
    ]


def error_key(command: str, error: OrderferryError) -> str:
    """Return the key of the condition that an error of a command is."""
    return f"{command}: {error.code} {error.subject}".strip()


def problem_conditions(problems: Iterable[Problem]) -> list[CurrentCondition]:
    """Return the conditions of a run's problems that concern no single order (the clock, …)."""
    return [
        CurrentCondition(
            f"{problem.code} {problem.subject}".strip(),
            _sentence(problem.message, problem.hint),
            ExitCode.DONE,
        )
        for problem in problems
        if not problem.order_id
    ]


def other_importer_condition(order_ids: Sequence[str]) -> list[CurrentCondition]:
    """Return the condition that another importer was first with orders of the last day."""
    if not order_ids:
        return []
    was, them = ("was", "it") if len(order_ids) == 1 else ("were", "them")
    text = (
        f"another importer is at work: {counted(len(order_ids), 'order')} of the last 24 hours {was} in the shop "
        f"before orderferry could import {them} ({named_orders(order_ids)}). Switch one of the two off. "
        f"{HINTS[ProblemCode.OTHER_IMPORTER]}"
    )
    return [CurrentCondition(str(ProblemCode.OTHER_IMPORTER), text, ExitCode.DONE, counts=True)]


def condition_changes(
    known: Iterable[Condition], found: Iterable[CurrentCondition], now: datetime
) -> tuple[Lines, list[Condition], list[str]]:
    """Return what to print now, what to remember, and which keys have ended, from the known conditions that this run
    can end and those that it finds now."""
    before = {condition.key: _not_later(condition, now) for condition in known}
    lines: list[tuple[ExitCode, str]] = []
    remember: list[Condition] = []
    current = {item.key: item for item in found}
    for key, item in current.items():
        condition = _continued(before.get(key), item, now)
        if _worth_saying(before.get(key), condition, item, now):
            lines.append((item.exit_code, item.text))
            condition = replace(condition, last_printed=now)
        remember.append(condition)
    ended = [key for key in before if key not in current]
    lines += [(ExitCode.DONE, f"Over: {before[key].text}") for key in ended if before[key].last_printed is not None]
    return tuple(lines), remember, ended


def _not_later(condition: Condition, now: datetime) -> Condition:
    """Return the condition with times in the future, which a wrong clock has left, set to now."""
    printed = condition.last_printed
    return replace(condition, first_seen=min(condition.first_seen, now), last_printed=printed and min(printed, now))


def _continued(before: Condition | None, item: CurrentCondition, now: datetime) -> Condition:
    if before is None:
        return Condition(item.key, item.text, now, now, None, 1, int(item.exit_code))
    return replace(before, text=item.text, last_seen=now, count=before.count + 1, exit_code=int(item.exit_code))


def _worth_saying(before: Condition | None, condition: Condition, item: CurrentCondition, now: datetime) -> bool:
    if item.heals:
        ripe = condition.count >= HEALING_RUNS or now - condition.first_seen >= HEALING_TIME
        if not ripe:
            return False
        # The text of a transient error varies from run to run; only that it lasts is news.
        return condition.last_printed is None or now - condition.last_printed >= AGAIN_AFTER
    if before is None or before.last_printed is None or (before.text != item.text and not item.counts):
        return True
    return now - before.last_printed >= AGAIN_AFTER


def _group_condition(key: tuple[str, str, str], entries: list[Entry]) -> CurrentCondition:
    state, code, subject = key
    ids = sorted(entry.order_id for entry in entries)
    named = named_orders(ids)
    hint = HINTS.get(code, "").replace("{order_id}", ids[0] if len(ids) == 1 else "ORDER_ID")
    if len(ids) == 1:
        text = f"1 order {_STATE_WORDS[state]} ({code}): {_sentence(entries[0].message or ids[0], hint)}"
    else:
        cause = f"all for the same cause: {subject}" if subject else entries[0].message
        if code == ProblemCode.NO_VAT_RATE:
            cause = _amounts(entries)
        text = f"{len(ids)} orders {_STATE_WORDS[state]} ({code}): {named}: {_sentence(cause, hint)}"
    return CurrentCondition(f"{state} {code} {subject}".strip(), _one_line(text), ExitCode.NEEDS_A_PERSON)


def _found_by_comparing(kind: FindingKind, findings: list[StandingFinding]) -> CurrentCondition:
    ids = list(dict.fromkeys(finding.order_id for finding in findings))
    one, several = _KIND_WORDS[kind]
    what = f"1 order {one}" if len(ids) == 1 else f"{len(ids)} orders {several}"
    causes = {(cause_of(f.reason, f.order_id), f.hint.replace(f.order_id, "ORDER_ID")) for f in findings}
    if len(ids) == 1:
        why = _sentence("; ".join(dict.fromkeys(finding.reason for finding in findings)), findings[0].hint)
    elif len(causes) == 1:
        ((reason, hint),) = causes
        why = _sentence(reason, hint)
    else:
        why = "for several reasons. `orderferry status --json` lists them all; `orderferry compare` looks again."
    text = f"{what} ({named_orders(ids)}): {why}"
    return CurrentCondition(f"{FOUND} {kind}", _one_line(text), ExitCode.NEEDS_A_PERSON)


FOUND = "found"  # so begin the keys of conditions that a comparison found
_KIND_WORDS: Mapping[FindingKind, tuple[str, str]] = {
    FindingKind.MISSING: ("is missing in the shop", "are missing in the shop"),
    FindingKind.SURPLUS: (
        "is in the shop and not at Amazon, or there twice",
        "are in the shop and not at Amazon, or there twice",
    ),
    FindingKind.DIFFERENT: ("differs from Amazon's", "differ from Amazon's"),
}


def _amounts(entries: list[Entry]) -> str:
    """Return what several orders lack, with the amounts of some of them, and what to create."""
    causes = dict.fromkeys(cause_of(entry.message, entry.order_id) for entry in entries)
    first, *others = sorted(causes)
    amounts = [part for cause in others[: NAMED_ORDERS - 1] if (part := taxed_amounts(cause))]
    more = len(others) - (NAMED_ORDERS - 1)
    rest = "; ".join([*amounts, *([f"{more} more"] if more > 0 else [])])
    return f"{first} (the others: {rest})" if rest else first


_STATE_WORDS: Mapping[str, str] = {
    EntryState.HELD: "held",
    EntryState.FAILED: "failed",
    EntryState.WAITING: "given up",
}


def named_orders(ids: Sequence[str], most: int = NAMED_ORDERS) -> str:
    """Return the first of some order ids in words, and how many more there are."""
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")


def _one_line(text: str) -> str:
    """Return the text without line ends: a SKU that has one must not look like a line of ours."""
    return text.replace("\r", "\\x0d").replace("\n", "\\x0a")


def _sentence(message: str, hint: str) -> str:
    return f"{message.rstrip('.')}. {hint}".strip() if hint else message


# Commands whose errors are conditions of their own, which only they can end.
OF_COMMANDS = frozenset({*SWEEPS, "compare"})
# How the keys of conditions begin that stand in the ledger's rows of orders and findings.
_OF_ORDERS = frozenset({EntryState.HELD, EntryState.FAILED, EntryState.WAITING, FOUND})


def open_conditions(ledger: Ledger) -> list[CurrentCondition]:
    """Return the conditions of all orders that are held, failed or given up, one for each cause, and of what
    comparisons found.
    """
    entries = [*ledger.entries([EntryState.HELD, EntryState.FAILED]), *ledger.given_up()]
    reported = (entry.order_id for entry in entries)
    return [*order_conditions(entries), *finding_conditions(ledger.findings(), reported)]


def other_conditions(ledger: Ledger) -> list[CurrentCondition]:
    """Return what else was printed and has not ended: errors of commands, the clock, a marketplace, … Those that
    only inform have exit code 0."""
    return [
        CurrentCondition(known.key, known.text, ExitCode(known.exit_code or 0))
        for known in ledger.conditions().values()
        if known.last_printed is not None and known.key.partition(" ")[0] not in _OF_ORDERS
    ]


def announce(ledger: Ledger, report: Report, now: datetime) -> None:
    """Set `report.announced` to the conditions that are news, and remember that they were printed."""
    found = open_conditions(ledger)
    found += error_conditions(report.command, report.errors)
    found += problem_conditions(report.problems.values())
    known = ledger.conditions()
    if ProblemCode.OTHER_IMPORTER in {*known, *(problem.code for problem in report.problems.values())}:
        found += other_importer_condition(ledger.ignored_since(Reason.OTHER_IMPORTER, now - AGAIN_AFTER))
    endable = [c for c in known.values() if _may_end(c, report)]
    report.announced = _announced(ledger, endable, found, now)


def announce_comparison(ledger: Ledger, command: str, errors: Iterable[OrderferryError], now: datetime) -> Lines:
    """Return which of the errors that ended a comparison are news, and remember that they were printed. What may heal
    by itself is printed when it lasts, not at once.

    The command prints its findings itself, every time. A comparison that an error ended has no findings.
    """
    errors = tuple(errors)
    known = [c for c in ledger.conditions().values() if c.key.startswith(f"{command}: ")]
    endable = [c for c in known if _can_be_over(c, command, errors)]
    found = error_conditions(command, errors)
    printed: frozenset[str] = frozenset()
    if not errors:
        endable += [c for c in ledger.conditions().values() if c.key.partition(" ")[0] == FOUND]
        standing = [each for each in open_conditions(ledger) if each.key.partition(" ")[0] == FOUND]
        printed = frozenset(each.key for each in standing)
        found += standing
    return _announced(ledger, endable, found, now, printed)


def _announced(
    ledger: Ledger,
    known: Iterable[Condition],
    found: Sequence[CurrentCondition],
    now: datetime,
    printed: frozenset[str] = frozenset(),
) -> Lines:
    """Return what is news, and remember it as printed. `printed`: keys of conditions that the command prints by
    itself."""
    lines, remember, ended = condition_changes(known, found, now)
    remember = [replace(each, last_printed=now) if each.key in printed else each for each in remember]
    ledger.record_conditions(remember, ended)
    by_itself = {each.text for each in found if each.key in printed}
    return tuple((code, line) for code, line in lines if line not in by_itself)


def _may_end(condition: Condition, report: Report) -> bool:
    """Return whether this run can tell that a condition is over.

    Errors belong to their command. What concerns no order (exit code 0) can only be ended by a run without errors.
    """
    command, colon, _ = condition.key.partition(": ")
    if colon and command in OF_COMMANDS:
        return command == report.command and _can_be_over(condition, command, report.errors)
    return condition.exit_code != 0 or not report.errors


def _can_be_over(condition: Condition, command: str, errors: Sequence[OrderferryError]) -> bool:
    """Return whether a run with these errors can end a condition. One that an error ended may not have come so far."""
    cut_short = any(not isinstance(error, MarketplaceRefused) for error in errors)
    return not cut_short or condition.key in {error_key(command, error) for error in errors}
