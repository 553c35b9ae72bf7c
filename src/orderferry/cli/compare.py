"""`compare`: did the shop get all of Amazon's orders?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orderferry.cli.context import CliContext
from orderferry.cli.each_shop import ShopAnswer, for_each_file
from orderferry.cli.files import TARGET, write_for_people
from orderferry.cli.parameters import TimeParameter
from orderferry.errors import OrderferryError

if TYPE_CHECKING:
    from orderferry.run.compare.compare import CompareOptions
    from orderferry.run.compare.result import Comparison

_MONTH = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")


class Month(click.ParamType):  # type: ignore[type-arg]  # generic only in the newest click
    """`YYYY-MM`."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Return (year, month); a usage error for anything else."""
        if isinstance(value, tuple):
            return value
        match = _MONTH.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r} is no month: write for example 2026-10", param, ctx)
        return int(match[1]), int(match[2])


@click.command("compare")
@click.option("--since", type=TimeParameter(), help="Compare orders placed from this time on (default: 30 days).")
@click.option("--until", type=TimeParameter(), help="Compare orders placed up to this time (default: two hours ago).")
@click.option("--month", type=Month(), help="Compare a month of the shop's calendar, with totals: YYYY-MM.")
@click.option(
    "--by",
    type=click.Choice(["purchase", "shipped", "invoice"]),
    default="purchase",
    show_default=True,
    help="Which moment of an order puts it into the span: its purchase, its shipping, the shop's invoice.",
)
@click.option(
    "--source",
    type=click.Choice(["report", "search"]),
    default="report",
    show_default=True,
    help="Amazon's side: its all-orders report, or listings (a request of searchOrders for each 100 orders).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--progress/--no-progress", default=None, help="Show progress (default: on a terminal).")
@click.option("--csv", "csv_file", type=TARGET, help="Write a row for each order into this file.")
@click.option("--html", "html_file", type=TARGET, help="Write one page with chart, coverage and differences.")
@click.pass_obj
def compare_command(
    context: CliContext,
    /,
    as_json: bool,
    csv_file: Path | None,
    html_file: Path | None,
    progress: bool | None,
    **given: Any,
) -> int:
    """Compare Amazon's orders with the shop's: missing, surplus, doubled and different ones, each with its reason.

    Reads only: it works with SELECT rights alone, also on a shop that orderferry has never written to. Orders that
    Amazon confirms as missing are due for the next import. Without a terminal it prints differences only.
    """
    from orderferry.cli.print_comparison import print_comparison

    options = _options(given, for_page=html_file is not None)
    files = context.config_files()
    if len(files) > 1 and (csv_file or html_file):
        raise click.UsageError("--csv and --html are for one configuration: give one -c FILE.")

    def ask(path: Path) -> ShopAnswer:
        """Compare for one configuration. What is printed is so at once: errors even where stdout is a JSON object."""
        result = _compare(context, options, path, wanted=False if as_json and progress is None else progress)
        name = str(path) if len(files) > 1 else ""
        print_comparison(result, on_terminal=context.on_terminal, quiet=context.quiet, silent=as_json, name=name)
        _write_files(result, csv_file, html_file)
        return ShopAnswer(result.exit_code, result.as_json(), lambda: None)

    return for_each_file(files, ask, as_json=as_json, named=False)


def _options(given: dict[str, Any], *, for_page: bool) -> CompareOptions:
    from orderferry.run.compare.compare import CompareOptions
    from orderferry.run.compare.rules import By

    since, until, month = given["since"], given["until"], given["month"]
    if month and (since or until):
        raise click.UsageError("--month names the whole span: give it without --since and --until.")
    if since and until and until <= since:
        raise click.UsageError("--until must be later than --since.")
    return CompareOptions(since, until, month, given["source"] == "search", for_page, By(given["by"]))


def _compare(context: CliContext, options: CompareOptions, path: Path, *, wanted: bool | None) -> Comparison:
    """Compare for one configuration; what stops it becomes a result too."""
    import os

    from orderferry.bootstrap import Installation, utc_now
    from orderferry.cli.progress import shown_progress
    from orderferry.config.load import load_settings
    from orderferry.run.compare.result import Comparison
    from orderferry.upkeep import run_compare

    try:
        settings = load_settings(path, os.environ)
        context.set_up_logging(settings.logging)
        with shown_progress("compare", wanted, quiet=context.quiet, verbose=context.verbose > 0) as progress:
            result = run_compare(Installation(settings, progress=progress), options)
    except OrderferryError as error:
        result = Comparison(utc_now(), errors=[error])
        result.said = tuple((each.exit_code, "") for each in result.errors)
    return result


def _write_files(result: Comparison, csv_file: Path | None, html_file: Path | None) -> None:
    if result.span is None:
        return  # nothing was compared: what an earlier call has written stays
    if csv_file is not None:
        from orderferry.cli.comparison_csv import as_csv

        write_for_people(csv_file, as_csv(result))
    if html_file is not None:
        from orderferry.cli.comparison_page import as_page

        write_for_people(html_file, as_page(result))
