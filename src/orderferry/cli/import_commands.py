"""`import`, `recheck` and `doublecheck`: one command each, the options they share, one way through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orderferry.cli.context import CliContext
from orderferry.cli.failures import error_lines, internal_error
from orderferry.cli.parameters import AmazonOrderId, Duration, ExitCodes, MarketplaceCode, TimeParameter
from orderferry.cli.print_report import print_said, print_summary
from orderferry.cli.progress import shown_progress
from orderferry.cli.terminal import echo_json
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Channel
from orderferry.errors import ExitCode, OrderferryError, UsageError
from orderferry.run.report import Report
from orderferry.run.sweeps import RunOptions

if TYPE_CHECKING:
    from orderferry.config.model import Settings

CHANNELS = {"regular": (Channel.REGULAR,), "fba": (Channel.FBA,), "all": ()}

SHARED_OPTIONS: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
    click.option("--window", type=Duration(), help="Look back so far instead of the configured window."),
    click.option("--since", type=TimeParameter(), help="Read from this time on (ISO 8601, or a duration ago)."),
    click.option("--until", type=TimeParameter(), help="Read up to this time; at most three minutes ago."),
    click.option(
        "--order", "orders", multiple=True, type=AmazonOrderId(), metavar="ID", help="Only this order; may be repeated."
    ),
    click.option("--marketplace", "marketplaces", multiple=True, type=MarketplaceCode(), help="Only this marketplace."),
    click.option("--dry-run", is_flag=True, help="Do all but write; say what would be written."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.option("--progress/--no-progress", default=None, help="Show progress (default: on a terminal)."),
    click.option("--wait", type=Duration(), default=timedelta(0), help="Queue so long for the lock."),
    click.option("--splay", type=Duration(), default=timedelta(0), help="Spread the shops' starts over this time."),
    click.option("--max-time", type=Duration(), default=timedelta(hours=2), show_default="2h", help="End after this."),
    click.option("--ok-exit", type=ExitCodes(), default=frozenset(), help="These exit codes become 0."),
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one of the commands."""

    command: str
    options: RunOptions
    wait: timedelta
    as_json: bool
    ok_exit: frozenset[ExitCode]
    progress: bool | None = None
    splay: timedelta = timedelta(0)


def shared_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that import, recheck and doublecheck share."""
    for option in reversed(SHARED_OPTIONS):
        function = option(function)
    return function


@click.command("import")
@shared_options
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
@shared_options
@click.pass_obj
def recheck_command(context: CliContext, /, **given: Any) -> int:
    """Daily catch-up of FBA orders that Amazon says are shipped, by creation date over observation.recheck_window."""
    return _run(context, "recheck", given)


@click.command("doublecheck")
@shared_options
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
    code, document = (_run_one if len(files) == 1 else _run_many)(context, call, files)
    if call.as_json:
        echo_json(document)
    return int(ExitCode.DONE if code in call.ok_exit else code)


def _run_one(context: CliContext, call: Call, files: Sequence[Path]) -> tuple[ExitCode, Mapping[str, Any]]:
    report = _report(context, call, files[0], _delay(files[0], call.splay))
    if context.on_terminal and not context.quiet and not call.as_json:
        print_summary(report)
    elif not call.as_json:
        print_said(report, quiet=context.quiet)
    return report.exit_code, report.as_json()


def _delay(path: Path, splay: timedelta) -> timedelta:
    """A single shop waits as it would among others; without `--splay` nothing of theirs is imported."""
    if not splay:
        return timedelta(0)
    from orderferry.cli.many_shops import start_delay

    return start_delay(path, splay)


def _run_many(context: CliContext, call: Call, files: Sequence[Path]) -> tuple[ExitCode, Mapping[str, Any]]:
    from orderferry.cli.many_shops import Fleet, run_fleet

    fleet = Fleet(
        call.command,
        partial(_report, context, replace(call, progress=False)),
        call.options.max_time + call.wait,
        call.splay,
        call.options.dry_run,
        call.as_json,
    )
    return run_fleet(fleet, files, context)


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
            report = installation.run(call.command, call.options, wait=call.wait, speak=not call.as_json)
    except Exception as unforeseen:
        # One shop's trouble, whatever it is, must not keep the other configurations from their run.
        error = unforeseen if isinstance(unforeseen, OrderferryError) else internal_error(unforeseen)
        now = bootstrap.utc_now()
        report = Report(call.command, now, call.options.dry_run, finished=now, errors=[error])
        report.said = tuple((error.exit_code, line) for line in error_lines(error))
    return report
