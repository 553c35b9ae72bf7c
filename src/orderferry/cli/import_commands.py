"""`import`, `recheck` and `doublecheck`: the options that they share, and their one way through.

With several configurations each runs in a process of its own, and all give one answer, in the files' order. On a
terminal the summary is printed, under cron only the conditions that are news.
"""

from __future__ import annotations

import hashlib
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orderferry.cli.context import CliContext, whole_document
from orderferry.cli.failures import error_lines, internal_error
from orderferry.cli.parameters import DURATION, EXIT_CODES, MARKETPLACE, ORDER_ID, TIME, with_options
from orderferry.cli.progress import shown_progress
from orderferry.cli.terminal import echo, echo_json, echo_lines, minute, style
from orderferry.domain.durations import counted, iso
from orderferry.domain.marker import Outcome
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, cause_of, first_deadline
from orderferry.errors import ExitCode, InternalError, OrderferryError, UsageError, worst
from orderferry.run.conditions import named_orders
from orderferry.run.report import Report
from orderferry.run.stop import GRACE, Stopped, stopped_by
from orderferry.run.sweeps import RunOptions

if TYPE_CHECKING:
    from orderferry.config.model import Settings
    from orderferry.run.workers import Died


CHANNELS = {"regular": (Channel.REGULAR,), "fba": (Channel.FBA,), "all": ()}

SHARED_OPTIONS = (
    click.option("--window", type=DURATION, help="Look back so far instead of the configured window."),
    click.option("--since", type=TIME, help="Read from this time on (ISO 8601, or a duration ago)."),
    click.option("--until", type=TIME, help="Read up to this time; at most three minutes ago."),
    click.option(
        "--order", "orders", multiple=True, type=ORDER_ID, metavar="ID", help="Only this order; may be repeated."
    ),
    click.option("--marketplace", "marketplaces", multiple=True, type=MARKETPLACE, help="Only this marketplace."),
    click.option("--dry-run", is_flag=True, help="Do all but write; say what would be written."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option("--progress/--no-progress", default=None, help="Show progress (default: on a terminal)."),
    click.option("--wait", type=DURATION, default=timedelta(0), help="Queue so long for the lock."),
    click.option("--splay", type=DURATION, default=timedelta(0), help="Spread the shops' starts over this time."),
    click.option("--max-time", type=DURATION, default=timedelta(hours=2), show_default="2h", help="End after this."),
    click.option("--ok-exit", type=EXIT_CODES, default=frozenset(), help="These exit codes become 0."),
)

# A worker ends itself at --max-time; only one that can't do even that is killed from outside.
_SLACK = GRACE * 3
MOST_CAUSES = 20
WOULD = {
    Outcome.CREATED: "would be created",
    Outcome.UPDATED: "would be updated",
    Outcome.UNCHANGED: "stays as it is",
    Outcome.WAITING: "waits",
    Outcome.HELD: "would be held",
    Outcome.FAILED: "would fail",
    Outcome.IGNORED: "ignored",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one of the commands."""

    command: str
    options: RunOptions
    wait: timedelta
    as_json: bool
    ok_exit: frozenset[ExitCode]
    progress: bool | None
    splay: timedelta


# How one shop's run ended, as its process hands it over: exit code, JSON object, one line for people, and the lines
# that are news for a run without a terminal.
ShopEnd = tuple[ExitCode, dict[str, Any], str, tuple[tuple[ExitCode, str], ...]]


@click.command("import")
@with_options(SHARED_OPTIONS)
@click.option(
    "--channel",
    type=click.Choice(list(CHANNELS)),
    default="all",
    show_default=True,
    help="Only orders that the shop ships (regular), or only those that Amazon ships (fba).",
)
@click.option("--restore", is_flag=True, help="Bring back orders that an older back-up of the shop no longer has.")
@click.option("--accept-shop", is_flag=True, help="The ledger's shop was moved or renamed on purpose.")
@click.pass_obj
def import_command(context: CliContext, /, **given: Any) -> int:
    """Observe the window by time of last update and upsert: regular orders over observation.window, FBA orders over
    that and observation.fba_extension. What is covered already is not read again."""
    return _run(context, "import", given)


@click.command("recheck")
@with_options(SHARED_OPTIONS)
@click.pass_obj
def recheck_command(context: CliContext, /, **given: Any) -> int:
    """Daily catch-up of FBA orders that Amazon says are shipped, by creation date over observation.recheck_window."""
    return _run(context, "recheck", given)


@click.command("doublecheck")
@with_options(SHARED_OPTIONS)
@click.pass_obj
def doublecheck_command(context: CliContext, /, **given: Any) -> int:
    """Daily catch-up of regular orders that are unshipped or partially shipped, by creation date over
    observation.doublecheck_window."""
    return _run(context, "doublecheck", given)


def _run(context: CliContext, command: str, given: dict[str, Any]) -> int:
    call = Call(
        command,
        _options(given),
        given["wait"],
        given["as_json"],
        given["ok_exit"],
        given["progress"],
        given["splay"],
    )
    files = context.config_files()
    code, document = _run_one(context, call, files[0]) if len(files) == 1 else _run_many(context, call, files)
    if call.as_json:
        echo_json(document)
    return int(ExitCode.DONE if code in call.ok_exit else code)


def _run_one(context: CliContext, call: Call, path: Path) -> tuple[ExitCode, Mapping[str, Any]]:
    """Run a single shop. With `--splay` it waits as it would among others."""
    report = _report(context, call, path, start_delay(path, call.splay))
    if context.on_terminal and not context.quiet and not call.as_json:
        print_summary(report)
    elif not call.as_json:
        print_conditions(report, quiet=context.quiet)
    return report.exit_code, report.as_json()


def _run_many(context: CliContext, call: Call, files: Sequence[Path]) -> tuple[ExitCode, Mapping[str, Any]]:
    """Run several shops and print each one's line, or news, when it and those before it have ended.

    Return the exit code that stands for all, and the documented JSON object.
    """
    from orderferry.run.workers import Died, Workers, cores_for_workers

    run = partial(_run_in_worker, context, replace(call, progress=False))
    jobs = [partial(run, path) for path in files]
    delays = [start_delay(path, call.splay).total_seconds() for path in files]
    longest = call.options.max_time + call.wait + _SLACK
    workers = Workers[ShopEnd](cores_for_workers(), longest.total_seconds())
    names = _names(files)
    ends: list[ShopEnd] = []
    for path, came in zip(files, workers.run(jobs, delays), strict=True):
        end = _shop_end(_dead(call, path, came)) if isinstance(came, Died) else came
        ends.append(end)
        if not call.as_json:
            _print(names[path], end, context, dry_run=call.options.dry_run)
    code = worst(end[0] for end in ends)
    return code, whole_document(files, [end[1] for end in ends], code)


def _run_in_worker(context: CliContext, call: Call, path: Path) -> ShopEnd:
    return _shop_end(_report(context, call, path))


def _shop_end(report: Report) -> ShopEnd:
    return report.exit_code, report.as_json(), summary_line(report), report.announced


def _options(given: dict[str, Any]) -> RunOptions:
    since: datetime | None = given["since"]
    until: datetime | None = given["until"]
    if since and until and until <= since:
        raise click.UsageError("--until must be later than --since.")
    if since and since > datetime.now(UTC):
        raise click.UsageError("--since must not be in the future.")
    if given["window"] and since:
        raise click.UsageError("--window and --since both name the beginning: give one of them.")
    return RunOptions(
        window=given["window"],
        since=since,
        until=until,
        orders=tuple(dict.fromkeys(given["orders"])),
        marketplaces=given["marketplaces"],
        channels=CHANNELS[given.get("channel", "all")],
        dry_run=given["dry_run"],
        restore=given.get("restore", False),
        accept_shop=given.get("accept_shop", False),
        max_time=given["max_time"],
    )


def _check_marketplaces(named: Sequence[str], settings: Settings) -> None:
    configured = {marketplace.id: marketplace.code for marketplace in settings.amazon.marketplaces}
    others = [marketplace_code(marketplace) for marketplace in named if marketplace not in configured]
    if others:
        raise UsageError(
            f"--marketplace {', '.join(others)}: amazon.marketplaces of {settings.path} has only "
            f"{', '.join(configured.values())}.",
            hint="Name one of these, or add it to amazon.marketplaces.",
        )


def _report(context: CliContext, call: Call, path: Path, delay: timedelta = timedelta(0)) -> Report:
    """Run one configuration after a while; what stops it before its run begins becomes a report too."""
    import os

    from orderferry import bootstrap
    from orderferry.config.load import load_settings

    try:
        settings = load_settings(path, os.environ)
        context.set_up_logging(settings.logging)
        _check_marketplaces(call.options.marketplaces, settings)
        with shown_progress(
            call.command, call.progress, quiet=context.quiet, verbose=bool(context.verbose)
        ) as progress:
            installation = bootstrap.Installation(settings, progress=progress)
            installation.idle(delay)
            report = installation.run(call.command, call.options, wait=call.wait, announcing=not call.as_json)
    except Exception as unforeseen:
        # One shop's trouble, whatever it is, must not keep the other configurations from their run.
        error = unforeseen if isinstance(unforeseen, OrderferryError) else internal_error(unforeseen)
        now = bootstrap.utc_now()
        report = Report(call.command, now, call.options.dry_run, finished=now, errors=[error])
        report.announced = tuple((error.exit_code, line) for line in error_lines(error))
    return report


def start_delay(path: Path, splay: timedelta) -> timedelta:
    """Return how long after cron's minute a configuration begins: anywhere within `splay`, always the same for the
    same file.

    By its path, so that a shop that is added or taken away moves no other.
    """
    share = int.from_bytes(hashlib.sha256(str(path.absolute()).encode()).digest()[:4], "big") / 2**32
    return splay * share


def _print(name: str, end: ShopEnd, context: CliContext, *, dry_run: bool) -> None:
    _, _, summary, news = end
    if (context.on_terminal or dry_run) and not context.quiet:
        echo(f"{name}: {summary}")
        return
    for code, line in news:
        if is_news(code, quiet=context.quiet):
            echo_lines(f"{name}: {line}", err=True)


def _names(files: Sequence[Path]) -> dict[Path, str]:
    """Return short names for people: without folder and .toml where that tells them apart."""
    stems = Counter(path.stem for path in files)
    return {path: path.stem if stems[path.stem] == 1 else str(path) for path in files}


def _dead(call: Call, path: Path, died: Died) -> Report:
    now = datetime.now(UTC)
    report = Report(call.command, now, call.options.dry_run, finished=now, errors=[_cause(path, died)])
    if not isinstance(report.errors[0], Stopped):
        report.announced = tuple((report.exit_code, line) for line in error_lines(report.errors[0]))
    return report


def _cause(path: Path, died: Died) -> OrderferryError:
    if died.asked and (not died.started or died.signal == died.asked):
        return stopped_by(died.asked)
    if died.hung:
        return InternalError(
            f"The run of {path} did not end at its --max-time and was killed.",
            hint="Nothing is lost: the next run goes on. If it repeats, look at this host's disks and network.",
        )
    how = f"by {signal.Signals(died.signal).name}" if died.signal else f"with exit code {died.exit_code}"
    return InternalError(
        f"The process that ran {path} was ended {how}.",
        hint="Nothing is lost: the next run goes on. If it repeats, see whether this host runs out of memory (dmesg).",
    )


def print_conditions(report: Report, *, quiet: bool) -> None:
    """Print to stderr what is news; with `quiet` only what stopped the run. A healthy run prints nothing."""
    for code, line in report.announced:
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


def _print_plans(report: Report) -> None:
    """Print a line for each order, and how many are ignored for which reason."""
    plans = report.sorted_plans
    if plans:
        echo(f"  placed ({report.zone}), marketplace and who ships, total, products, what would be done:")
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
    """Print problems by cause, the most frequent first: a hundred orders of one unknown SKU are one thing to mend."""
    groups: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in report.problems.values():
        hint = problem.hint.replace(problem.order_id, "ORDER_ID") if problem.order_id else problem.hint
        groups.setdefault((problem.code, cause_of(problem.message, problem.order_id), hint), []).append(problem)
    ranked = sorted(groups.items(), key=lambda group: -len(group[1]))
    for (code, cause, hint), problems in ranked[:MOST_CAUSES]:
        first = problems[0]
        alone = len(problems) == 1
        ids = named_orders([problem.order_id for problem in problems])
        text = first.message if alone else f"{len(problems)} orders, {ids} ({code}): {cause}"
        late = "" if alone else first_deadline(problem.message for problem in problems)
        echo(style(f"  ! {text}{late}", fg="yellow"))
        echo(f"    {first.hint if alone else hint}")
    if len(ranked) > MOST_CAUSES:
        lists = "--json lists all" if report.dry_run else "`orderferry status` lists all"
        echo(f"    … and {len(ranked) - MOST_CAUSES} more causes; {lists}.")
