"""`status`: am I fine?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from orderferry.cli.context import CliContext
from orderferry.cli.each_shop import whole_document
from orderferry.cli.failures import error_lines, failed_document
from orderferry.cli.files import TARGET, write_for_people
from orderferry.cli.status_nagios import NagiosState, nagios_line, nagios_state, unknown_line
from orderferry.cli.status_text import print_status
from orderferry.cli.terminal import echo, echo_json
from orderferry.errors import OrderferryError, worst
from orderferry.run.status import Status


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
        from orderferry.cli.status_page import status_page

        write_for_people(html, status_page(good))
    code = worst(status.exit_code for _, status in found)
    if nagios:
        return _print_for_nagios(found)
    if as_json:
        documents = [_json(status) for _, status in found]
        echo_json(whole_document([path for path, _ in found], documents, code))
    else:
        _print_for_people(found)
    return int(code)


Found = tuple[Path, Status | OrderferryError]


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


def _print_for_people(found: list[Found]) -> None:
    for path, status in found:
        if len(found) > 1:
            echo(f"{path}:")
        if isinstance(status, Status):
            print_status(status, path.stem)
        else:
            for line in error_lines(status):
                echo(line, err=True)


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


def _json(status: Status | OrderferryError) -> dict[str, Any]:
    if isinstance(status, Status):
        return status.as_json()
    return failed_document("status", status)
