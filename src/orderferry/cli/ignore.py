"""`ignore`: set an order, or a reported difference of an imported one, aside."""

from __future__ import annotations

import click

from orderferry.cli.context import CliContext
from orderferry.cli.parameters import AmazonOrderId


@click.command("ignore")
@click.argument("order_id", type=AmazonOrderId())
@click.option("--reason", metavar="TEXT", help="Why; kept in the ledger's history.")
@click.option("--undo", is_flag=True, help="Take it back: the order is looked at again by the next import.")
@click.pass_obj
def ignore_command(context: CliContext, /, order_id: str, reason: str | None, undo: bool) -> int:
    """Set an order, or a reported difference of an imported one, aside for good; --undo takes it back."""
    from orderferry.bootstrap import Installation

    if not undo and not (reason and reason.strip()):
        raise click.UsageError("Give a reason: --reason TEXT (it is kept in the ledger's history).")
    installation = Installation(context.one_settings())
    now = installation.now()
    with installation.ledger() as ledger:
        if undo:
            if ledger.unignore(order_id, now) is None:
                raise click.UsageError(f"The ledger knows no order {order_id}.")
            click.echo(f"{order_id} is no longer set aside; the next import looks at it again.")
        else:
            known = ledger.entry(order_id) is not None
            ledger.ignore(order_id, (reason or "").strip(), now)
            click.echo(f"{order_id} is set aside: {(reason or '').strip()}")
            if not known:
                click.echo("  The ledger has never seen this order. Is the id right? `--undo` takes it back.")
    return 0
