"""`status`: am I fine? For people, as JSON, for Nagios (`--nagios`: one line and exit codes 0 to 3), or as a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from enum import IntEnum
from pathlib import Path

import click

from orderferry.cli.context import CliContext, ShopAnswer, failed_answer, for_each_file
from orderferry.cli.parameters import TARGET, write_for_people
from orderferry.cli.status_text import print_status
from orderferry.cli.terminal import echo
from orderferry.domain.durations import counted
from orderferry.domain.ledger_entry import FindingKind
from orderferry.domain.spans import last_end
from orderferry.errors import OrderferryError
from orderferry.run.status import Status

Found = tuple[Path, Status | OrderferryError]
_KIND_WORDS = {
    FindingKind.MISSING: "missing in the shop",
    FindingKind.SURPLUS: "surplus in the shop",
    FindingKind.DIFFERENT: "different",
}


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--nagios", is_flag=True, help="Print one line and end with a Nagios plugin's exit code (0 to 3).")
@click.option("--prometheus", type=TARGET, metavar="FILE", help="Write metrics for node_exporter's textfile collector.")
@click.option("--html", type=TARGET, metavar="FILE", help="Write one self-contained page.")
@click.pass_obj
def status_command(
    context: CliContext, /, as_json: bool, nagios: bool, prometheus: Path | None, html: Path | None
) -> int:
    """The state of things at a glance: last runs, coverage and gaps, waiting and held orders with reasons, quota."""
    if as_json and nagios:
        raise click.UsageError("--json and --nagios both print to stdout: give one of them.")
    found = list(_read_all(context))
    good = [(path.stem, status) for path, status in found if isinstance(status, Status)]
    if prometheus is not None:
        from orderferry.cli.status_prometheus import prometheus_text

        write_for_people(prometheus, prometheus_text(good), 0o644)  # for node_exporter, which is another user
    if html is not None:
        from orderferry.cli.html_pages import status_page

        write_for_people(html, status_page(good))
    if nagios:
        return _print_for_nagios(found)
    answers = {path: _answer(path, status) for path, status in found}
    return for_each_file(list(answers), answers.__getitem__, as_json=as_json)


def _read_all(context: CliContext) -> Iterator[Found]:
    """Yield how each configuration's shop stands; one that can't be told does not hide the others."""
    for path in context.config_files():
        try:
            yield path, _read(context, path)
        except OrderferryError as error:
            yield path, error


def _read(context: CliContext, path: Path) -> Status:
    from orderferry.bootstrap import Installation
    from orderferry.config.load import load_settings
    from orderferry.inspection import shop_status

    installation = Installation(load_settings(path, os.environ))
    context.set_up_logging(installation.settings.logging)
    return shop_status(installation)


def _answer(path: Path, status: Status | OrderferryError) -> ShopAnswer:
    if isinstance(status, OrderferryError):
        return failed_answer("status", status)
    return status.exit_code, status.as_json(), lambda: print_status(status, path.stem)


def _print_for_nagios(found: list[Found]) -> int:
    """Return one line, whatever the number of shops: the worst one's, after it the others'."""
    told = [
        (nagios_state(status), nagios_line(status))
        if isinstance(status, Status)
        else (NagiosState.UNKNOWN, unknown_line(status.message))
        for _, status in found
    ]
    state, line = max(told, key=lambda one: (one[0] is NagiosState.CRITICAL, one[0]))
    others = [f"{path.stem} {other.name}" for (path, _), (other, _) in zip(found, told, strict=True)]
    echo(line if len(found) == 1 else f"{line.partition(' | ')[0]} ({', '.join(others)})")
    return int(state)


class NagiosState(IntEnum):
    """Nagios Plugin API: the meaning of a plugin's exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def nagios_state(status: Status) -> NagiosState:
    """Critical: a command is late, time was not observed, or a comparison found orders missing. Warning: a person must
    act."""
    if status.gaps or status.lacks_orders or any(command.late for command in status.commands):
        return NagiosState.CRITICAL
    return NagiosState.WARNING if status.conditions or status.unconfirmed else NagiosState.OK


def nagios_line(status: Status) -> str:
    """Return the plugin's one line: state, text, and after the bar the performance data."""
    state = nagios_state(status)
    late = [command.command for command in status.commands if command.late]
    parts = [f"{number} {word.replace('_', ' ')}" for word, number in status.open.items() if number]
    parts += [f"late: {', '.join(late)}"] if late else []
    parts += [f"{counted(len(status.gaps), 'gap')} in the observation"] if status.gaps else []
    parts += [f"{len(status.unconfirmed)} shipped but not confirmed"] if status.unconfirmed else []
    parts += [f"{number} {_KIND_WORDS[kind]}" for kind, number in status.found_counts.items() if number]
    numbers: dict[str, int | str] = {**status.open}
    numbers |= {f"found_{kind}": number for kind, number in status.found_counts.items()}
    numbers |= {"unconfirmed": len(status.unconfirmed), "observed_age": _observed_age(status)}
    numbers |= {f"lag_{name}": f"{of.total_seconds():.0f}s" for name, of in _lags(status).items()}
    performance = " ".join(f"{name}={value}" for name, value in numbers.items())
    return f"ORDERFERRY {state.name} - {'; '.join(parts) or 'all is well'} | {performance}"


def _lags(status: Status) -> dict[str, timedelta]:
    lag = status.lag
    return {"median": lag.median, "p95": lag.p95, "worst": lag.worst} if lag else {}


def unknown_line(message: str) -> str:
    """Return the line when the state can't be told. A bar would begin performance data."""
    return f"ORDERFERRY {NagiosState.UNKNOWN.name} - {message.replace('|', '/')}"


def _observed_age(status: Status) -> str:
    """Return how long ago the least observed marketplace's coverage ends: `<seconds>s`, or `U` for never."""
    ends = [last_end(spans) for _, spans in status.cells]
    known = [end for end in ends if end is not None]
    if not known or len(known) < len(ends):
        return "U"
    return f"{max(int((status.now - min(known)).total_seconds()), 0)}s"
