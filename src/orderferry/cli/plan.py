"""`plan`: which schedule Amazon's quota carries."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import click

from orderferry.cli.context import CliContext, ShopAnswer, for_each_shop
from orderferry.cli.program import running_program
from orderferry.domain.quota_plan import USUAL
from orderferry.run.plan import PlanReport, make_plan, volume_of

if TYPE_CHECKING:
    from orderferry.config.model import Settings


PASTE = "Into `crontab -e`, below a line MAILTO=your@address:"


@click.command("plan")
@click.option(
    "--orders-per-day", type=click.IntRange(0, 1_000_000), metavar="N", help="Instead of what the ledger has counted."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def plan_command(context: CliContext, /, orders_per_day: int | None, as_json: bool) -> int:
    """From this shop's own volume, or --orders-per-day: what each command costs of Amazon's quota, the fastest
    schedule that is safe, the recommended one with its crontab lines to paste, and when to ask Amazon for more."""
    given = None if orders_per_day is None else Decimal(orders_per_day)

    def ask(settings: Settings) -> ShopAnswer:
        report = _report(settings, given)
        return report.exit_code, report.as_json(), lambda: _print(report)

    return for_each_shop(context, "plan", ask, as_json=as_json)


def _report(settings: Settings, given: Decimal | None) -> PlanReport:
    from orderferry.bootstrap import Installation
    from orderferry.inspection import measured_volume

    measured, rate = measured_volume(Installation(settings))
    volume, source = volume_of(measured, given)
    return make_plan(settings, volume, source, rate=rate, program=running_program())


def _print(report: PlanReport) -> None:
    plan, volume = report.plan, report.plan.volume
    click.echo(f"{volume.orders:f} orders a day, each changing {volume.changes_per_order:f} times ({report.source}).")
    click.echo(
        f"Amazon gives {plan.quota} searchOrders and {plan.get_quota} getOrder requests a day "
        f"(amazon.quota_share = {report.share})."
    )
    click.echo()
    _print_schedules(report)
    click.echo()
    _print_commands(report)
    click.echo()
    _print_advice(report)
    click.echo(f"\n{PASTE}\n")
    for line in report.crontab:
        click.echo(line)


def _print_schedules(report: PlanReport) -> None:
    click.echo("import every   searchOrders a day   of the quota")
    for schedule in report.plan.schedules:
        named = {"recommended": report.plan.recommended, "the fastest that is safe": report.plan.fastest}
        text = ", ".join(word for word, one in named.items() if one is schedule)
        note = f"  <- {text}" if text else "" if schedule.safe else "  not safe"
        percent = f"{100 * schedule.calls / schedule.quota:.0f} %" if schedule.quota else "-"
        click.echo(f"{schedule.every:9} min   {schedule.calls:18}   {percent:>12}{note}")


def _print_commands(report: PlanReport) -> None:
    schedule = report.schedule
    click.echo(f"A day with import every {schedule.every} minutes costs at most:")
    click.echo(
        f"  {'import':12} {schedule.import_calls:5} searchOrders: {schedule.runs} runs, {schedule.pages} further pages "
        f"of 100 orders, {schedule.rereadings} readings of the overlap"
    )
    for command, calls in schedule.daily.items():
        text = f"{calls:5} searchOrders" if calls else "    0 searchOrders (it asks the Reports API)"
        click.echo(f"  {command:12} {text}")
    click.echo(
        f"  {'getOrder':12} {schedule.get_orders:5} of {report.plan.get_quota}, for orders that wait or are held"
    )


def _print_advice(report: PlanReport) -> None:
    plan = report.plan
    if plan.recommended and plan.recommended is not plan.fastest:
        click.echo(
            f"Start import every {plan.recommended.every} minutes. More often brings orders some minutes sooner, and\n"
            "no order more: what Amazon lists late comes with the hourly reading of the\noverlap. Looking for news "
            "then costs at most a quarter of the account's quota;\nthe rest is for orders, catch-ups and other "
            "programs."
        )
    if plan.rate_to_ask is None:
        click.echo(
            f"Import every {USUAL} minutes fits up to about {plan.limit} orders a day;\n"
            "ask Amazon for a larger quota before."
        )
        return
    if plan.fastest is None:
        click.echo("No schedule fits the quota: orders would come late (none is lost). Ask Amazon for more.")
    else:
        click.echo(f"Import every {USUAL} minutes does not fit the quota any more. Ask Amazon for more.")
    click.echo("Open a case with Selling Partner API Developer Support, and write:")
    click.echo(f"\n  {report.request}")
