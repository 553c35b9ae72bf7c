"""`forget`: blank buyers' personal data in orders that were delivered long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from orderferry.cli.context import CliContext, ShopAnswer, for_each_shop
from orderferry.cli.parameters import DURATION
from orderferry.cli.terminal import echo
from orderferry.domain.durations import counted

if TYPE_CHECKING:
    from orderferry.config.model import Settings
    from orderferry.run.forget import ForgetReport


@click.command("forget")
@click.option(
    "--older-than", type=DURATION, required=True, help="How long after delivery, such as 30d (Amazon's own limit)."
)
@click.option("--dry-run", is_flag=True, help="Only count; nothing changes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def forget_command(context: CliContext, /, older_than: timedelta, *, dry_run: bool, as_json: bool) -> int:
    """Blank buyers' personal data in imported orders that long after delivery, as Amazon's policy demands: names,
    street, postcode, phone, e-mail, gift text and our own messages. Country, city, amounts, products and papers stay;
    an order with an issued invoice keeps the name and address on it. No later update fills them again.

    There is no way back: run it with --dry-run first. A clock of this machine that no import of the last day confirms
    is compared with Amazon's; if that is not possible, or the clock is far off, nothing is blanked.
    """
    from orderferry.bootstrap import Installation
    from orderferry.upkeep import run_forget

    summary = (context.on_terminal or dry_run) and not context.quiet

    def ask(settings: Settings) -> ShopAnswer:
        report = run_forget(Installation(settings), older_than, dry_run=dry_run)
        return report.exit_code, report.as_json(), lambda: _print(report, summary=summary)

    return for_each_shop(context, "forget", ask, as_json=as_json)


def _print(report: ForgetReport, *, summary: bool) -> None:
    """Print the counts if `summary`, which under cron is not wanted, and what went wrong."""
    if summary:
        verb = "would be forgotten" if report.dry_run else "forgotten"
        kept = f" ({report.on_invoices} keep name and address on their invoice)" if report.on_invoices else ""
        echo(
            f"{counted(report.forgotten, 'buyer')} {verb}{kept}; delivered later: {counted(report.not_due, 'order')}, "
            f"under way: {report.under_way}."
        )
    for problem in report.problems:
        echo(f"orderferry: {problem.message}", err=True)
        echo(f"  {problem.hint}", err=True)
