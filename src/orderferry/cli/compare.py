"""`compare`: did the shop get all of Amazon's orders? What it prints for people, and its CSV for accountants."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orderferry.cli.context import CliContext, ShopAnswer, for_each_file
from orderferry.cli.failures import error_lines
from orderferry.cli.parameters import MONTH, TARGET, TIME, write_for_people
from orderferry.cli.terminal import echo, echo_lines, minute, style
from orderferry.domain.compared_orders import ReportedOrder, ShopOrder
from orderferry.domain.durations import counted, iso
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.problems import first_deadline
from orderferry.errors import ExitCode, OrderferryError
from orderferry.run.compare.result import Comparison, Difference, OneSided, by_cause
from orderferry.run.compare.totals import Sums, Totals, amount_text
from orderferry.run.conditions import named_orders

if TYPE_CHECKING:
    from orderferry.run.compare.compare import CompareOptions


BY_WORDS = {"purchase": "placed", "shipped": "shipped", "invoice": "invoiced by the shop"}
NAMED = 10  # orders of one cause that are named
MOST_LINES = 40  # causes of one kind that are printed
_NEGATIVE = re.compile(r"-[0-9.]+")


@click.command("compare")
@click.option("--since", type=TIME, help="Compare orders placed from this time on (default: 30 days).")
@click.option("--until", type=TIME, help="Compare orders placed up to this time (default: two hours ago).")
@click.option("--month", type=MONTH, help="Compare a month of the shop's calendar, with totals: YYYY-MM.")
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
        return result.exit_code, result.as_json(), lambda: None

    return for_each_file(files, ask, as_json=as_json, named=False)


def _options(given: dict[str, Any], *, for_page: bool) -> CompareOptions:
    from orderferry.run.compare.compare import CompareOptions
    from orderferry.run.compare.rules import MonthBasis

    since, until, month = given["since"], given["until"], given["month"]
    if month and (since or until):
        raise click.UsageError("--month names the whole span: give it without --since and --until.")
    if since and until and until <= since:
        raise click.UsageError("--until must be later than --since.")
    return CompareOptions(since, until, month, given["source"] == "search", for_page, MonthBasis(given["by"]))


def _compare(context: CliContext, options: CompareOptions, path: Path, *, wanted: bool | None) -> Comparison:
    """Compare for one configuration; what stops it becomes a result too."""
    import os

    from orderferry.bootstrap import Installation, utc_now
    from orderferry.cli.progress import shown_progress
    from orderferry.config.load import load_settings
    from orderferry.upkeep import run_compare

    try:
        settings = load_settings(path, os.environ)
        context.set_up_logging(settings.logging)
        with shown_progress("compare", wanted, quiet=context.quiet, verbose=context.verbose > 0) as progress:
            result = run_compare(Installation(settings, progress=progress), options)
    except OrderferryError as error:
        result = Comparison(utc_now(), errors=[error])
        result.announced = tuple((each.exit_code, "") for each in result.errors)
    return result


def _write_files(result: Comparison, csv_file: Path | None, html_file: Path | None) -> None:
    if result.span is None:
        return  # nothing was compared: what an earlier call has written stays
    if csv_file is not None:
        write_for_people(csv_file, as_csv(result))
    if html_file is not None:
        from orderferry.cli.html_pages import as_page

        write_for_people(html_file, as_page(result))


def print_comparison(result: Comparison, *, on_terminal: bool, quiet: bool, silent: bool, name: str = "") -> None:
    """Print findings to stdout and errors to stderr. `quiet`: errors only; `silent`: nothing to stdout (JSON). `name`:
    of the configuration, where there are several.

    Without a terminal an error that heals by itself is only told when it is news.
    """
    news = {code for code, _ in result.announced}
    for error in result.errors:
        if on_terminal or silent or error.exit_code in news:
            for line in error_lines(error):
                echo(line, err=True)
    for code, line in result.announced:
        if code is ExitCode.DONE and not quiet:
            echo_lines(line, err=True)  # "Over: …"
    if silent or quiet or result.span is None:
        return
    if on_terminal or result.found_something or result.totals is not None:
        if name:
            echo(f"{name}:")
        _print_all(result)


def _print_all(result: Comparison) -> None:
    assert result.span is not None  # noqa: S101 — print_comparison has looked
    echo(
        f"compare: orders {BY_WORDS[result.by]} {minute(result.span.start, result.zone)} to "
        f"{minute(result.span.end, result.zone)} ({result.zone}): "
        f"{result.amazon_orders} at Amazon, {result.shop_orders} in the shop."
    )
    for note in result.notes:
        echo(f"  Note: {note}")
    _print_findings("missing in the shop", result.missing, result.zone)
    _print_findings("in the shop and not at Amazon, or there twice", result.surplus, result.zone)
    _print_differences(result.different)
    if not result.found_something and not result.errors:
        echo(style("  Nothing is missing, surplus or different.", fg="green"))
    if result.totals is not None:
        _print_totals(result.totals)


def _print_findings(what: str, findings: Sequence[OneSided], zone: tzinfo) -> None:
    if not findings:
        return
    echo(style(f"  {counted(len(findings), 'order')} {what}:", fg="red"))
    causes = by_cause(findings)
    for reason, hint, found in causes[:MOST_LINES]:
        late = first_deadline(finding.reason for finding in found)
        text = found[0].reason if len(found) == 1 else reason + late
        echo(f"    {named_orders([with_facts(finding, zone) for finding in found], NAMED)}: {text}")
        echo(f"      {hint}")
    _print_rest(len(causes))


def _print_differences(differences: Iterable[Difference]) -> None:
    causes: dict[tuple[str, ...], list[str]] = {}
    for found in differences:
        hint = found.hint.replace(found.order_id, "ORDER_ID")
        causes.setdefault((found.field, found.amazon, found.shop, found.reason, hint), []).append(found.order_id)
    if not causes:
        return
    number = len({order_id for order_ids in causes.values() for order_id in order_ids})
    echo(style(f"  {counted(number, 'order')} different:", fg="red"))
    for (field, amazon, shop, reason, hint), order_ids in list(causes.items())[:MOST_LINES]:
        echo(f"    {named_orders(order_ids, NAMED)}: {field}: Amazon {amazon}, shop {shop}: {reason}")
        echo(f"      {hint.replace('ORDER_ID', order_ids[0]) if len(order_ids) == 1 else hint}")
    _print_rest(len(causes))


def _print_totals(totals: Totals) -> None:
    for note in totals.notes:
        echo(f"  Note: {note}")
    for title, rows in {"all": totals.whole, **totals.by}.items():
        echo(f"  By {title.replace('_', ' ')}:" if title != "all" else "  Totals:")
        header = ("", "", "Amazon", "gross", "net", "tax", "shop", "gross", "net", "tax")
        lines = [header, *((row.key, row.currency, *sum_cells(row.amazon), *sum_cells(row.shop)) for row in rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        for line in lines:
            first = line[0].ljust(widths[0])
            rest = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
            echo(f"    {first}  {'  '.join(rest)}".rstrip())
        for row in rows if title == "all" else ():
            if row.home_currency and row.home_currency != row.currency:
                home = row.home
                echo(
                    f"    the shop's {row.currency} in {row.home_currency}, at each order's own rate: "
                    f"gross {home.gross:.2f}, net {home.net:.2f}, tax {home.tax:.2f}"
                )
    for word, sums in (("Invoices", totals.invoices), ("Credit slips", totals.credit_slips)):
        for currency, one in sorted(sums.items()):
            echo(
                f"  {word} of the shop, {currency}: {one.orders}, gross {one.gross:.2f}, net {one.net:.2f}, "
                f"tax {one.tax:.2f}"
            )
    for unsold in totals.unsold:
        echo(f"  {unsold_words(unsold)}")


def unsold_words(order: ShopOrder) -> str:
    """Return the sentence, given an order with an invoice that Amazon has cancelled."""
    return (
        f"Invoice {order.invoice_number} of {order.order_id} has no sale: Amazon has cancelled the order; "
        f"{order.credited:.2f} of {order.total:.2f} {order.currency} is credited."
    )


def sum_cells(sums: Sums) -> tuple[str, str, str, str]:
    """Return orders, gross, net and tax as a table has them."""
    return (str(sums.orders), f"{sums.gross:.2f}", f"{sums.net:.2f}", f"{sums.tax:.2f}")


def _print_rest(causes: int) -> None:
    if causes > MOST_LINES:
        echo(f"    … and {causes - MOST_LINES} more; --json, --csv and --html list all.")


def with_facts(found: OneSided, zone: tzinfo) -> str:
    """Return the id of an order that one side lacks, with the day by the shop's calendar and the amount."""
    day = f"{found.placed.astimezone(zone):%Y-%m-%d}" if found.placed else ""
    facts = " ".join(fact for fact in (day, found.amount) if fact)
    return f"{found.order_id} ({facts})" if facts else found.order_id


def as_csv(result: Comparison) -> str:
    """Return the table, given a comparison: `gross`, `net` and `tax` are the shop's. Times are UTC, amounts have a
    decimal point. No buyer's data.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _columns("", "", None, None))
    writer.writeheader()
    words = result.words()
    for order_id, (amazon, shop) in result.orders.items():
        columns = _columns(order_id, words.get(order_id, "ok"), amazon, shop)
        writer.writerow({name: _harmless(value) for name, value in columns.items()})
    return text.getvalue()


def _columns(order_id: str, found: str, amazon: ReportedOrder | None, shop: ShopOrder | None) -> dict[str, object]:
    marketplace = (amazon.marketplace_id if amazon else "") or (shop.marketplace_id if shop else "")
    credited_tax = sum((slip.gross - slip.net for slip in shop.slips), Decimal(0)) if shop else None
    return {
        "amazon_order_id": order_id,
        "id_order": " ".join(map(str, shop.ids)) if shop else "",
        "found": found,
        "purchased": _moment(amazon.purchased if amazon else None),
        "shop_date": _moment(shop.placed if shop else None),
        "marketplace": marketplace_code(marketplace) if marketplace else "",
        "channel": (amazon.channel if amazon else None) or (shop.channel if shop else None) or "",
        "country": (shop.country if shop else "") or (amazon.country if amazon else ""),
        "amazon_status": (amazon.status or amazon.raw_status) if amazon else "",
        "shop_state": shop.state if shop else "",
        "amazon_gross": _amount(amazon.gross if amazon else None),
        "amazon_tax": _amount(amazon.tax if amazon and amazon.gross is not None else None),
        "gross": _amount(shop.total if shop else None),
        "net": _amount(shop.net if shop else None),
        "tax": _amount(shop.tax if shop else None),
        "tax_owed_by": shop.tax_owed_by if shop else "",
        "tax_scheme": shop.tax_scheme if shop else "",
        "currency": (shop.currency if shop else "") or (amazon.currency if amazon else ""),
        "invoice_number": (shop.invoice_number or "") if shop else "",
        "invoice_date": _moment(shop.invoiced if shop else None),
        "shipped": _moment((amazon.shipped if amazon else None) or (shop.left if shop else None)),
        "conversion_rate": f"{shop.conversion_rate.normalize():f}" if shop else "",
        "home_currency": shop.home_currency if shop else "",
        "home_gross": _amount(shop.at_home(shop.total) if shop else None),
        "home_net": _amount(shop.at_home(shop.net) if shop else None),
        "home_tax": _amount(shop.at_home(shop.tax) if shop else None),
        "credited_gross": _amount(shop.credited if shop else None),
        "credited_tax": _amount(credited_tax),
        "tax_by_rate": " ".join(f"{part.rate or Decimal(0):f}:{amount_text(part.tax)}" for part in shop.shares)
        if shop
        else "",
    }


def _moment(moment: datetime | None) -> str:
    return iso(moment) if moment else ""


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else amount_text(amount)


def _harmless(value: object) -> str:
    """Return the value as text. One that a spreadsheet would run as a formula gets an apostrophe; an amount may begin
    with a minus."""
    text = str(value)
    runs = text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and not _NEGATIVE.fullmatch(text))
    return f"'{text}" if runs else text
