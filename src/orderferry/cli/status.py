"""`status`: am I fine?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from orderferry.cli.context import CliContext
from orderferry.cli.files import write_whole
from orderferry.cli.status_nagios import NagiosState, nagios_line, nagios_state, unknown_line
from orderferry.cli.status_prometheus import prometheus_text
from orderferry.domain.durations import format_duration, iso
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.spans import last_end
from orderferry.errors import OrderferryError
from orderferry.run.status import Status, read_status

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--nagios", is_flag=True, help="Print one line and end with a Nagios plugin's exit code (0 to 3).")
@click.option("--prometheus", type=FILE, metavar="FILE", help="Write metrics for node_exporter's textfile collector.")
@click.option("--html", type=FILE, metavar="FILE", help="Write one self-contained page.")
@click.pass_obj
def status_command(
    context: CliContext, /, as_json: bool, nagios: bool, prometheus: Path | None, html: Path | None
) -> int:
    """The state of things at a glance: last runs, coverage and gaps, waiting and held orders with reasons, quota."""
    if as_json and nagios:
        raise click.UsageError("--json and --nagios both print to stdout: give one of them.")
    if not nagios:
        status, shop = _read(context)
        _write_files(status, shop, prometheus, html)
        if as_json:
            click.echo(json.dumps(status.as_json(), ensure_ascii=False))
        else:
            _print(status)
        return int(status.exit_code)
    try:
        status, shop = _read(context)
    except OrderferryError as error:
        click.echo(unknown_line(error.message))
        return int(NagiosState.UNKNOWN)
    _write_files(status, shop, prometheus, html)
    click.echo(nagios_line(status))
    return int(nagios_state(status))


def _read(context: CliContext) -> tuple[Status, str]:
    """The status, and the name of the configuration. Raise LedgerUnusable, ConfigError."""
    from orderferry.bootstrap import Installation

    installation = Installation(context.one_settings())
    with installation.ledger(read_only=True) as ledger:
        status = read_status(ledger, installation.quota(ledger), installation.settings, installation.now())
    return status, installation.settings.name


def _write_files(status: Status, shop: str, prometheus: Path | None, html: Path | None) -> None:
    if prometheus is not None:
        write_whole(prometheus, prometheus_text(status, shop))
    if html is not None:
        from orderferry.cli.status_page import status_page

        write_whole(html, status_page(status, shop))


def _print(status: Status) -> None:
    click.echo(click.style("All is well.", fg="green") if status.healthy else click.style("Not all is well:", fg="red"))
    for found in status.conditions:
        click.echo(f"  ! {found.text}")
    for (marketplace, channel), gap in status.gaps:
        click.echo(
            f"  ! not observed: {marketplace_code(marketplace)} {channel} from {iso(gap.start)} until {iso(gap.end)}"
        )
    click.echo("Commands")
    for command in status.commands:
        if command.last_run is None:
            click.echo(f"  {command.command:12} never ran")
            continue
        success = command.last_success
        ago = f"{format_duration(status.now - success.started)} ago" if success else "never"
        late = "  LATE" if command.late else ""
        click.echo(f"  {command.command:12} last success {ago}; last exit code {command.last_run.exit_code}{late}")
    click.echo("Observed until")
    for (marketplace, channel), spans in status.cells:
        end = last_end(spans)
        told = f"{iso(end)} ({format_duration(status.now - end)} ago)" if end else "never"
        click.echo(f"  {marketplace_code(marketplace):3} {channel:8} {told}")
    counts = ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in status.open.items())
    click.echo(f"Open: {counts}")
    if status.oldest_waiting:
        entry = status.oldest_waiting
        click.echo(
            f"  waiting longest: {entry.order_id}, {format_duration(status.now - entry.first_seen)}: {entry.message}"
        )
    left = ", ".join(f"{operation} {tokens:.1f}" for operation, tokens in status.quota.items())
    click.echo(f"Quota left (requests): {left}")
