"""`ignore`: set an order, or a reported difference of an imported one, aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderferry.cli.context import CliContext, ShopAnswer, for_each_shop
from orderferry.cli.parameters import ORDER_ID
from orderferry.cli.terminal import echo
from orderferry.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from orderferry.config.model import Settings

NEVER_SEEN = "The ledger has never seen this order. Is the id right? `--undo` takes it back."


@click.command("ignore")
@click.argument("order_id", type=ORDER_ID)
@click.option("--reason", metavar="TEXT", help="Why; kept in the ledger's history.")
@click.option("--undo", is_flag=True, help="Take it back: the order is looked at again by the next import.")
@click.pass_obj
def ignore_command(context: CliContext, /, order_id: str, reason: str | None, undo: bool) -> int:
    """Set an order, or a reported difference of an imported one, aside for good; --undo takes it back."""
    from orderferry.bootstrap import Installation

    if not undo and not (reason and reason.strip()):
        raise click.UsageError("Give a reason: --reason TEXT (it is kept in the ledger's history).")
    why = (reason or "").strip()

    def ask(settings: Settings) -> ShopAnswer:
        installation = Installation(settings)
        with installation.ledger() as ledger:
            if not undo:
                known = ledger.entry(order_id) is not None
                ledger.ignore(order_id, why, installation.now())
                lines = [f"{order_id} is set aside: {why}"]
                lines += [] if known else ["  " + NEVER_SEEN]
            elif ledger.unignore(order_id, installation.now()) is None:
                raise UsageError(f"The ledger knows no order {order_id}.")
            else:
                lines = [f"{order_id} is no longer set aside; the next import looks at it again."]
        return ExitCode.DONE, {}, lambda: _print(lines)

    return for_each_shop(context, "ignore", ask, as_json=False)


def _print(lines: list[str]) -> None:
    for line in lines:
        echo(line)
