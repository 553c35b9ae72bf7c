"""`demo`: the whole job on a fresh machine."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderferry.cli.context import CliContext
from orderferry.cli.program import program_to_paste
from orderferry.errors import ExitCode

if TYPE_CHECKING:
    from orderferry.demo import DemoResult


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("orderferry-demo"),
    show_default=True,
    help="Where the demo's configuration, shop, ledger and world are left.",
)
@click.option("--progress/--no-progress", default=None, help="Show progress (default: on a terminal).")
@click.pass_obj
def demo_command(context: CliContext, /, folder: Path, *, progress: bool | None) -> int:
    """Two weeks of a shop in less than a minute: a simulated Amazon over real HTTP, an embedded shop database."""
    from orderferry.bootstrap import utc_now
    from orderferry.demo import play

    context.set_up_logging()
    began = time.monotonic()
    shows = progress is not False and sys.stdout.isatty() and not context.quiet
    result = play(folder, utc_now(), _line if shows else click.echo if progress else lambda _: None)
    if shows:
        _line("")
    _print(result, time.monotonic() - began)
    return int(ExitCode.NEEDS_A_PERSON if result.wrong else ExitCode.DONE)


def _line(text: str) -> None:
    click.echo(f"\r\033[K{text}", nl=False, color=True)


def _print(result: DemoResult, seconds: float) -> None:
    losses = Counter(result.missed_by_fixed_window.values())
    imported = sum(1 for order in result.ready if order.order_id in result.imported)
    click.echo(
        f"Two weeks of a shop on Amazon in {seconds:.0f} s: {result.runs} runs started as cron would, "
        f"{result.calls} calls to Amazon, cron down for a day and a half in between."
    )
    click.echo()
    lines = [
        (len(result.ready), "orders became ready to import"),
        (imported, "of them are in the shop, each once, each with the buyer's total to the cent"),
        (len(result.reported), "of these lost an item after their invoice was issued: reported, for a credit slip"),
        (result.waiting, "more are waiting at Amazon (payment checks, FBA orders that are not shipped)"),
    ]
    for number, text in lines:
        click.echo(f"  {number:5} {text}")
    click.echo()
    click.echo(
        f"An importer that asks for the orders created in the last day would have lost "
        f"{sum(losses.values())} of them for ever:"
    )
    for loss, number in losses.most_common():
        click.echo(f"  {number:5} {loss}")
    for sentence in result.wrong:
        click.echo(click.style(f"  ! {sentence}", fg="red"))
    _print_next(result)


def _print_next(result: DemoResult) -> None:
    from orderferry.demo import CONFIGURATION_FILE, WORLD_FILE

    folder = result.folder
    click.echo()
    click.echo(f"Everything is in {folder}/. To go on, in one terminal:")
    program = program_to_paste()
    click.echo(f"  {program} simulator --world {folder / WORLD_FILE} --port {result.port}")
    click.echo("and in another:")
    some = next((order.order_id for order in result.ready), "ORDER_ID")
    for words in ("status", f"show {some}", "import"):
        click.echo(f"  {program} -c {folder / CONFIGURATION_FILE} {words}")
