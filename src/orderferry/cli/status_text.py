"""`status` for people: am I fine?"""

from __future__ import annotations

import click

from orderferry.domain.durations import format_duration, iso
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.spans import last_end
from orderferry.run.status import Status


def print_status(status: Status) -> None:
    """Print how one shop stands."""
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
