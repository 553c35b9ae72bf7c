"""What `compare` prints for people: all of it on a terminal, differences only without one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from orderferry.cli.failures import error_lines
from orderferry.cli.terminal import echo, echo_lines, minute, style, zone_name
from orderferry.domain.durations import counted
from orderferry.domain.problems import first_deadline
from orderferry.errors import ExitCode
from orderferry.run.compare.result import Comparison, Difference, OneSided, by_cause
from orderferry.run.compare.totals import InvoiceTotals, Sums, Totals, TotalsRow, Unsold

BY_WORDS = {"purchase": "placed", "shipped": "shipped", "invoice": "invoiced by the shop"}
NAMED = 10  # orders of one cause that are named
MOST_LINES = 40  # causes of one kind that are printed


def print_comparison(result: Comparison, *, on_terminal: bool, quiet: bool, silent: bool, name: str = "") -> None:
    """Print findings to stdout and errors to stderr. `quiet`: errors only; `silent`: nothing to stdout (JSON). `name`:
    of the configuration, where there are several.

    Without a terminal an error that heals by itself is only told when it is news.
    """
    news = {code for code, _ in result.said}
    for error in result.errors:
        if on_terminal or silent or error.exit_code in news:
            for line in error_lines(error):
                echo(line, err=True)
    for code, line in result.said:
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
        f"{minute(result.span.end, result.zone)} ({zone_name(result.zone)}): "
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
    for cause in causes[:MOST_LINES]:
        found = cause.orders
        late = first_deadline(finding.reason for finding in found)
        told = found[0].reason if len(found) == 1 else cause.reason + late
        echo(f"    {_named([with_facts(finding, zone) for finding in found])}: {told}")
        echo(f"      {cause.hint}")
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
        echo(f"    {_named(order_ids)}: {field}: Amazon {amazon}, shop {shop}: {reason}")
        echo(f"      {hint.replace('ORDER_ID', order_ids[0]) if len(order_ids) == 1 else hint}")
    _print_rest(len(causes))


def _print_totals(totals: Totals) -> None:
    for note in totals.notes:
        echo(f"  Note: {note}")
    for title, rows in {"all": totals.whole, **totals.by}.items():
        echo(f"  By {title.replace('_', ' ')}:" if title != "all" else "  Totals:")
        header = ("", "", "Amazon", "gross", "net", "tax", "shop", "gross", "net", "tax")
        lines = [header, *(_cells(row) for row in rows)]
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
    _print_papers(totals.papers)


def _print_papers(papers: InvoiceTotals) -> None:
    for word, sums in (("Invoices", papers.invoices), ("Credit slips", papers.credit_slips)):
        for currency, one in sorted(sums.items()):
            echo(
                f"  {word} of the shop, {currency}: {one.orders}, gross {one.gross:.2f}, net {one.net:.2f}, "
                f"tax {one.tax:.2f}"
            )
    for unsold in papers.unsold:
        echo(f"  {unsold_words(unsold)}")


def unsold_words(unsold: Unsold) -> str:
    """Return the sentence, given an invoice for an order that Amazon has cancelled."""
    return (
        f"Invoice {unsold.invoice_number} of {unsold.order_id} has no sale: Amazon has cancelled the order; "
        f"{unsold.credited:.2f} of {unsold.gross:.2f} {unsold.currency} is credited."
    )


def _cells(row: TotalsRow) -> tuple[str, ...]:
    return (row.key, row.currency, *_sums(row.amazon), *_sums(row.shop))


def _sums(sums: Sums) -> tuple[str, str, str, str]:
    return (str(sums.orders), f"{sums.gross:.2f}", f"{sums.net:.2f}", f"{sums.tax:.2f}")


def _print_rest(causes: int) -> None:
    if causes > MOST_LINES:
        echo(f"    … and {causes - MOST_LINES} more; --json, --csv and --html list all.")


def _named(order_ids: list[str]) -> str:
    more = f" and {len(order_ids) - NAMED} more" if len(order_ids) > NAMED else ""
    return ", ".join(order_ids[:NAMED]) + more


def with_facts(found: OneSided, zone: tzinfo) -> str:
    """Given an order that one side lacks, return its id with the day by the shop's calendar and the amount."""
    day = f"{found.placed.astimezone(zone):%Y-%m-%d}" if found.placed else ""
    facts = " ".join(fact for fact in (day, found.amount) if fact)
    return f"{found.order_id} ({facts})" if facts else found.order_id
