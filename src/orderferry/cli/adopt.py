"""`adopt`: take over the orders that another importer has put into the shop."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orderferry.cli.context import CliContext, ShopAnswer, for_each_shop
from orderferry.cli.terminal import echo, style

if TYPE_CHECKING:
    from orderferry.config.model import Settings
    from orderferry.run.adopt import AdoptReport

NAMED = re.compile(r"(?P<order_id>[0-9A-Z]\d{2}-\d{7}-\d{7})=(?P<id_order>[1-9]\d{0,9})")
SHOWN = 10


@click.command("adopt")
@click.argument("orders", nargs=-1, metavar="[AMAZON-ID=ID_ORDER]...")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="TABLE.COLUMN",
    help="Also look into this column of another module's table, joined by its id_order; may be repeated.",
)
@click.option("--messages", is_flag=True, help="Also look for Amazon order ids in the messages of orders.")
@click.option("--dry-run", is_flag=True, help="Only show what would be taken over.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def adopt_command(
    context: CliContext,
    /,
    *,
    orders: tuple[str, ...],
    columns: tuple[str, ...],
    messages: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Take over the orders that another importer, or a person, has put into the shop, so that switching doubles
    nothing: Amazon order ids in payments, and where the options say. Orders named by hand (AMAZON-ID=ID_ORDER) are
    taken alone, unless an option is given too. Adopted orders are followed in state and tracking, never rewritten.

    Run it with --dry-run first.
    """
    from orderferry.bootstrap import Installation
    from orderferry.run.adopt import AdoptOptions
    from orderferry.upkeep import run_adopt

    by_hand = _named(orders)
    options = AdoptOptions(
        payments=not by_hand or bool(columns) or messages,
        messages=messages,
        columns=columns,
        by_hand=by_hand,
        dry_run=dry_run,
    )
    if by_hand and len(context.config_files()) > 1:
        raise click.UsageError("An order of the shop is named for one shop: give one -c FILE.")

    def ask(settings: Settings) -> ShopAnswer:
        report = run_adopt(Installation(settings), options)
        return report.exit_code, report.as_json(), lambda: _print(report, everything=context.verbose > 0)

    return for_each_shop(context, "adopt", ask, as_json=as_json)


def _named(words: Sequence[str]) -> dict[str, int]:
    named: dict[str, int] = {}
    for word in words:
        match = NAMED.fullmatch(word)
        if match is None:
            raise click.UsageError(f"{word} is no AMAZON-ID=ID_ORDER, such as 402-1234567-1234567=815.")
        order_id, id_order = match["order_id"], int(match["id_order"])
        if named.setdefault(order_id, id_order) != id_order:
            raise click.UsageError(f"{order_id} is named twice, with different orders of the shop.")
    return named


def _print(report: AdoptReport, *, everything: bool) -> None:
    from orderferry.run.adopt import doubt_text

    verb = "would be taken over" if report.dry_run else "taken over"
    echo(
        f"{report.adoption.found} Amazon order ids found: {len(report.adopted)} {verb}, "
        f"{len(report.adoption.marked)} marked already, {len(report.adoption.doubtful)} in doubt."
    )
    shown = report.adopted if everything or not report.dry_run else report.adopted[:SHOWN]
    if report.dry_run or everything:
        for foreign in shown:
            echo(f"  {foreign.order_id}  order {foreign.id_order}  ({foreign.source})")
        if len(report.adopted) > len(shown):
            echo(f"  … and {len(report.adopted) - len(shown)} more: `orderferry -v adopt --dry-run` shows them.")
    for one in report.adoption.doubtful:
        message, hint = doubt_text(one)
        echo(style(f"  ! {message}", fg="yellow"))
        echo(f"    {hint}")
