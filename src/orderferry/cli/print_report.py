"""What a run prints for people: the summary on a terminal, the conditions that are news under cron."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from orderferry.cli.failures import error_lines
from orderferry.cli.terminal import echo, echo_lines, minute, style, zone_name
from orderferry.domain.durations import counted, iso
from orderferry.domain.marker import Outcome
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, cause_of, first_deadline
from orderferry.errors import ExitCode
from orderferry.run.conditions import NAMED_ORDERS
from orderferry.run.report import Report

MOST_CAUSES = 20


def print_said(report: Report, *, quiet: bool) -> None:
    """Print to stderr what is news; with `quiet` only what stopped the run. A healthy run prints nothing."""
    for code, line in report.said:
        if is_news(code, quiet=quiet):
            echo_lines(line, err=True)
    if report.dry_run and not quiet:
        print_summary(report)


def is_news(code: ExitCode, *, quiet: bool) -> bool:
    """Return whether a line that stands for this exit code is printed: with `quiet` only what stopped the run."""
    return not quiet or code not in (ExitCode.DONE, ExitCode.NEEDS_A_PERSON)


def summary_line(report: Report) -> str:
    """Return a whole run in one line, for one shop among many."""
    parts = [_counted(report)]
    if report.problems:
        parts.append(f"Problems: {len(report.problems)} (`orderferry status` lists them).")
    parts += behind_lines(report)
    parts += [line.strip() for error in report.errors for line in error_lines(error)]
    return " ".join(parts)


def _counted(report: Report) -> str:
    counts = report.counts
    parts = [f"{number} {word}" for word, number in counts.items() if number and word != "seen"]
    dry = " (dry run: nothing was written)" if report.dry_run else ""
    return f"{report.command}: {counted(counts['seen'], 'order')} seen{': ' if parts else ''}{', '.join(parts)}{dry}."


def print_summary(report: Report) -> None:
    """Print the end of a run for a person at a terminal."""
    echo(_counted(report))
    if report.dry_run:
        _print_plans(report)
    for notice in report.notices:
        echo(f"  {notice}")
    _print_problems(report)
    for line in behind_lines(report):
        echo(f"  {line}")
    waiting = report.open.get("waiting", 0)
    if waiting:
        echo(f"  {waiting} waiting at Amazon; they are imported as soon as Amazon releases them.")
    calls = ", ".join(f"{number} {operation}" for operation, number in sorted(report.calls.items()) if number)
    if calls:
        echo(f"  Calls to Amazon: {calls}.")
    for error in report.errors:
        for line in error_lines(error):
            echo(line, err=True)


WOULD = {
    Outcome.CREATED: "would be created",
    Outcome.UPDATED: "would be updated",
    Outcome.UNCHANGED: "stays as it is",
    Outcome.WAITING: "waits",
    Outcome.HELD: "would be held",
    Outcome.FAILED: "would fail",
    Outcome.IGNORED: "ignored",
}


def _print_plans(report: Report) -> None:
    """A line for each order, and how many are ignored for which reason."""
    plans = report.sorted_plans
    if plans:
        echo(f"  placed ({zone_name(report.zone)}), marketplace and who ships, total, products, what would be done:")
    for plan in plans:
        placed = minute(plan.placed, report.zone) if plan.placed else "-"
        sold_at = f"{plan.marketplace or '-'} {'FBA' if plan.channel == Channel.FBA else plan.channel}"
        products = ", ".join(f"{quantity} x {sku}" for quantity, sku in plan.products) or "no products"
        done = f"{WOULD[plan.outcome]}: {plan.why}"
        echo(f"  {plan.order_id}  {placed:16}  {sold_at:10}  {plan.total or 'no total':>12}  {products}  {done}")
    ignored = Counter(plan.why for plan in plans if plan.outcome is Outcome.IGNORED)
    for reason, number in ignored.most_common():
        echo(f"  {number} ignored: {reason}")


def behind_lines(report: Report) -> list[str]:
    """Return how far the first import has come where it could not read all at once, for people."""
    groups: dict[tuple[datetime | None, datetime], dict[str, list[str]]] = {}
    for (marketplace, channel), when in sorted(report.behind.items()):
        groups.setdefault(when, {}).setdefault(marketplace_code(marketplace), []).append(str(channel))
    lines = []
    for (reached, since), channels in groups.items():
        codes = ", ".join(code if len(of) == len(Channel) else f"{code} {of[0]}" for code, of in channels.items())
        read = f"read back to {iso(reached)} so far" if reached else "nothing read yet"
        lines.append(f"First import ({codes}): {read}; the next runs go on, back to {iso(since)}.")
    return lines


def _print_problems(report: Report) -> None:
    """Problems by cause, the most frequent first: a hundred orders of one unknown SKU are one thing to mend."""
    groups: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in report.problems.values():
        hint = problem.hint.replace(problem.order_id, "ORDER_ID") if problem.order_id else problem.hint
        groups.setdefault((problem.code, cause_of(problem.message, problem.order_id), hint), []).append(problem)
    ranked = sorted(groups.items(), key=lambda group: -len(group[1]))
    for (code, cause, hint), problems in ranked[:MOST_CAUSES]:
        first = problems[0]
        alone = len(problems) == 1
        told = first.message if alone else f"{_orders(problems)} ({code}): {cause}"
        late = "" if alone else first_deadline(problem.message for problem in problems)
        echo(style(f"  ! {told}{late}", fg="yellow"))
        echo(f"    {first.hint if alone else hint}")
    if len(ranked) > MOST_CAUSES:
        lists = "--json lists all" if report.dry_run else "`orderferry status` lists all"
        echo(f"    … and {len(ranked) - MOST_CAUSES} more causes; {lists}.")


def _orders(problems: Sequence[Problem]) -> str:
    named = ", ".join(problem.order_id for problem in problems[:NAMED_ORDERS])
    more = len(problems) - NAMED_ORDERS
    return f"{len(problems)} orders, {named}{f' and {more} more' if more > 0 else ''}"
