"""What a run prints for people: the summary on a terminal, the conditions that are news under cron."""

from __future__ import annotations

import click

from orderferry.cli.failures import error_lines
from orderferry.errors import ExitCode
from orderferry.run.report import Report

MOST_PROBLEMS = 20


def print_said(report: Report, *, quiet: bool) -> None:
    """Print to stderr what is news; with `quiet` only what stopped the run. A healthy run prints nothing."""
    for code, line in report.said:
        if is_news(code, quiet=quiet):
            click.echo(line, err=True)
    if report.dry_run and not quiet:
        print_summary(report)


def is_news(code: ExitCode, *, quiet: bool) -> bool:
    """Whether a line that stands for this exit code is printed: with `quiet` only what stopped the run."""
    return not quiet or code not in (ExitCode.DONE, ExitCode.NEEDS_A_PERSON)


def summary_line(report: Report) -> str:
    """A whole run in one line, for one shop among many."""
    parts = [_counted(report)]
    if report.problems:
        parts.append(f"Problems: {len(report.problems)} (`orderferry status` lists them).")
    parts += [line.strip() for error in report.errors for line in error_lines(error)]
    return " ".join(parts)


def _counted(report: Report) -> str:
    counts = report.counts
    parts = [f"{number} {word}" for word, number in counts.items() if number and word != "seen"]
    dry = " (dry run: nothing was written)" if report.dry_run else ""
    return f"{report.command}: {counts['seen']} orders seen{': ' if parts else ''}{', '.join(parts)}{dry}."


def print_summary(report: Report) -> None:
    """Print the end of a run for a person at a terminal."""
    click.echo(_counted(report))
    if report.dry_run:
        for order_id, changes in sorted(report.changes.items()):
            click.echo(f"  {order_id}: {'; '.join(changes)}")
    _print_problems(report)
    waiting = report.open.get("waiting", 0)
    if waiting:
        click.echo(f"  {waiting} waiting at Amazon; they are imported as soon as Amazon releases them.")
    calls = ", ".join(f"{number} {operation}" for operation, number in sorted(report.calls.items()) if number)
    if calls:
        click.echo(f"  Calls to Amazon: {calls}.")
    for error in report.errors:
        for line in error_lines(error):
            click.echo(line, err=True)


def _print_problems(report: Report) -> None:
    problems = list(report.problems.values())
    for problem in problems[:MOST_PROBLEMS]:
        click.echo(click.style(f"  ! {problem.message}", fg="yellow"))
        click.echo(f"    {problem.hint}")
    if len(problems) > MOST_PROBLEMS:
        click.echo(f"    … and {len(problems) - MOST_PROBLEMS} more; `orderferry status` lists them by cause.")
