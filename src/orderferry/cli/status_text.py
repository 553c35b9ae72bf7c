"""`status` for people: am I fine?"""

from __future__ import annotations

from datetime import datetime

from orderferry import __version__
from orderferry.cli.terminal import echo, style
from orderferry.domain.durations import format_duration, iso
from orderferry.domain.entry import Entry
from orderferry.domain.lag import Lag
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.spans import last_end
from orderferry.run.status import Status


def print_status(status: Status) -> None:
    """Print how one shop stands."""
    echo(style("All is well.", fg="green") if status.healthy else style("Not all is well:", fg="red"))
    for found in status.conditions:
        echo(f"  ! {found.text}")
    for (marketplace, channel), gap in status.gaps:
        echo(f"  ! not observed: {marketplace_code(marketplace)} {channel} from {iso(gap.start)} until {iso(gap.end)}")
    for entry in status.unconfirmed:
        echo(f"  ! {unconfirmed_words(entry, status.now)} {CONFIRM}")
    for note in status.notes:
        echo(f"  Note: {note}")
    echo("Commands")
    for command in status.commands:
        if command.last_run is None:
            echo(f"  {command.command:12} never ran")
            continue
        success = command.last_success
        ago = f"{format_duration(status.now - success.started)} ago" if success else "never"
        late = "  LATE" if command.late else ""
        echo(f"  {command.command:12} last success {ago}; last exit code {command.last_run.exit_code}{late}")
    echo("Observed until")
    for codes, word, end in _ends(status):
        told = f"{iso(end)} ({format_duration(status.now - end)} ago)" if end else "never"
        echo(f"  {codes} {word:8} {told}")
    counts = ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in status.open.items())
    echo(f"Open: {counts}")
    if status.oldest_waiting:
        echo(f"  waiting longest: {waiting_words(status.oldest_waiting, status.now)}")
    if status.lag:
        echo(f"From purchase to shop, this week: {lag_words(status.lag)}")
    left = ", ".join(f"{operation} {tokens:.1f}" for operation, tokens in status.quota.items())
    echo(f"Quota left (requests): {left}")
    echo(f"orderferry {__version__}")


def _ends(status: Status) -> list[tuple[str, str, datetime | None]]:
    """Up to when each channel was observed, with the codes of the marketplaces for which that is so, aligned."""
    groups: dict[tuple[str, datetime | None], list[str]] = {}
    for (marketplace, channel), spans in status.cells:
        groups.setdefault((str(channel), last_end(spans)), []).append(marketplace_code(marketplace))
    width = max((len(", ".join(codes)) for codes in groups.values()), default=0)
    return [(", ".join(codes).ljust(width), channel, end) for (channel, end), codes in groups.items()]


CONFIRM = "Confirm its shipment in Seller Central, or see why the program that does so has not."


def unconfirmed_words(entry: Entry, now: datetime) -> str:
    """Given an order that the shop has shipped and Amazon does not know of, return the sentence."""
    due = entry.ship_by or now
    told = f"in {format_duration(due - now)}" if due > now else f"{format_duration(now - due)} ago"
    number = f" (order {entry.id_order})" if entry.id_order else ""
    return (
        f"{entry.order_id}{number} is shipped in the shop and {entry.amazon_status.lower().replace('_', ' ')} at "
        f"Amazon, where its last day to ship {'ends' if due > now else 'ended'} {told}."
    )


def waiting_words(entry: Entry, now: datetime) -> str:
    """Given an order that waits at Amazon, return for how long, and why."""
    placed = f", placed {format_duration(now - entry.purchased)} ago" if entry.purchased else ""
    return f"{entry.order_id}{placed}: {entry.message or entry.amazon_status}"


def lag_words(lag: Lag) -> str:
    """Given the lags of a week's orders, return them in words."""
    number = "1 order" if lag.orders == 1 else f"{lag.orders} orders"
    return (
        f"median {format_duration(lag.median)}, 95 % within {format_duration(lag.p95)}, "
        f"longest {format_duration(lag.worst)} ({number}, Amazon's own wait for payment and shipping included)"
    )
