"""`status` for people: what needs a person, then how things stand. Times are the shop's, lines fit 80 columns."""

from __future__ import annotations

from datetime import datetime

from orderferry import __version__
from orderferry.cli.terminal import echo, echo_filled, in_zone, minute, style
from orderferry.domain.durations import counted, format_duration
from orderferry.domain.ledger_entry import Entry
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.spans import last_end
from orderferry.run.status import CommandStatus, Lag, Status

CONFIRM = "Confirm its shipment in Seller Central, or see why the program that does so has not."


def print_status(status: Status, name: str) -> None:
    """Print how one shop stands; `name` is the configuration's, for a shop that does not tell its own."""
    echo(style(f"{status.shop or name}, {minute(status.now, status.zone)} ({status.zone})", bold=True))
    urgent = list(_needs_a_person(status))
    if status.healthy:
        echo(style("All is well.", fg="green"))
    elif urgent:
        echo(style("Not all is well:", fg="red"))
    else:
        echo(style("Not all is well: there is time that no run has read yet, see below.", fg="red"))
    for text in urgent:
        echo_filled(in_zone(text, status.zone), "  ! ", "    ")
    echo("Commands")
    for command in status.commands:
        echo(f"  {command.command:12} {_command_words(command, status.now)}")
    _print_observed(status)
    counts = ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in status.open.items())
    echo(f"Open orders: {counts}")
    if status.oldest_waiting:
        echo_filled(f"waiting longest: {waiting_words(status.oldest_waiting, status.now)}", "  ", "    ")
    if status.lag:
        echo_filled(f"From purchase to shop, this week: {lag_words(status.lag)}", "", "  ")
    left = ", ".join(f"{operation} {tokens:.1f}" for operation, tokens in status.quota.items())
    echo(f"Quota left (requests): {left}")
    for note in status.notes:
        echo_filled(in_zone(f"Note: {note}", status.zone), "", "  ")
    echo(f"orderferry {__version__}")


def _needs_a_person(status: Status) -> list[str]:
    late = [late_words(command, status.now) for command in status.commands if command.late]
    unconfirmed = [f"{unconfirmed_words(entry, status.now)} {CONFIRM}" for entry in status.unconfirmed]
    return [*late, *(found.text for found in status.conditions), *unconfirmed]


def late_words(command: CommandStatus, now: datetime) -> str:
    """Return the sentence, given a command that is late."""
    success = command.last_success
    text = f"its last success was {format_duration(now - success.started)} ago" if success else "it never succeeded"
    if command.last_run is None:
        text = "it never ran"
    return f"{command.command} is late: {text}. `orderferry check` looks at the crontab, `-v` says what it does."


def _command_words(command: CommandStatus, now: datetime) -> str:
    if command.last_run is None:
        return "never ran" + ("  LATE" if command.late else "")
    success = command.last_success
    ago = f"{format_duration(now - success.started)} ago" if success else "never"
    late = "  LATE" if command.late else ""
    return f"last success {ago}; last exit code {command.last_run.exit_code}{late}"


def _print_observed(status: Status) -> None:
    """Print up to when each channel was read, and the gaps before that."""
    echo("Read without gaps until" if not status.gaps else "Read until")
    for codes, word, end in _ends(status):
        text = f"{minute(end, status.zone)} ({format_duration(status.now - end)} ago)" if end else "never"
        echo_filled(f"{text}: {codes} {word}", "  ", "    ")
    groups: dict[tuple[datetime, datetime, str], list[str]] = {}
    for (marketplace, channel), gap in status.gaps:
        groups.setdefault((gap.start, gap.end, str(channel)), []).append(marketplace_code(marketplace))
    if groups:
        echo(style(f"{counted(len(groups), 'gap')} that no run has read; the next imports read it:", fg="red"))
    for (start, end, word), marketplaces in groups.items():
        text = f"{minute(start, status.zone)} to {minute(end, status.zone)}"
        echo_filled(f"{text}: {', '.join(marketplaces)} {word}", "  ", "    ")


def _ends(status: Status) -> list[tuple[str, str, datetime | None]]:
    """Return up to when each channel was observed, with the codes of the marketplaces for which that is so."""
    groups: dict[tuple[str, datetime | None], list[str]] = {}
    for (marketplace, channel), spans in status.cells:
        groups.setdefault((str(channel), last_end(spans)), []).append(marketplace_code(marketplace))
    return [(", ".join(codes), channel, end) for (channel, end), codes in groups.items()]


def unconfirmed_words(entry: Entry, now: datetime) -> str:
    """Return the sentence, given an order that the shop has shipped and Amazon does not know of."""
    due = entry.ship_by or now
    text = f"in {format_duration(due - now)}" if due > now else f"{format_duration(now - due)} ago"
    number = f" (order {entry.id_order})" if entry.id_order else ""
    return (
        f"{entry.order_id}{number} is shipped in the shop and {entry.amazon_status.lower().replace('_', ' ')} at "
        f"Amazon, where its last day to ship {'ends' if due > now else 'ended'} {text}."
    )


def waiting_words(entry: Entry, now: datetime) -> str:
    """Return for how long, and why, given an order that waits at Amazon."""
    placed = f", placed {format_duration(now - entry.purchased)} ago" if entry.purchased else ""
    return f"{entry.order_id}{placed}: {entry.message or entry.amazon_status}"


def lag_words(lag: Lag) -> str:
    """Return the lags of a week's orders in words."""
    return (
        f"median {format_duration(lag.median)}, 95 % within {format_duration(lag.p95)}, "
        f"longest {format_duration(lag.worst)} ({counted(lag.orders, 'order')}, Amazon's own wait for payment and "
        "shipping included)"
    )
