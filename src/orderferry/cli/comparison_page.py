"""A comparison as one page for the merchant: verdict, chart, differences, what was observed, what is open, quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from html import escape

from orderferry.cli.charts import AMAZON, COVERED, GAP, SHOP, Day, daily_chart, strip
from orderferry.cli.page import heading, page, paragraph, table
from orderferry.cli.print_comparison import BY_WORDS, unsold_words, with_facts
from orderferry.cli.terminal import minute, zone_name
from orderferry.domain.durations import counted, format_duration
from orderferry.domain.ledger_entry import Entry
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Channel
from orderferry.domain.problems import cause_of, first_deadline
from orderferry.domain.spans import Span
from orderferry.run.compare.result import Comparison, LedgerWords, OneSided, by_cause, said
from orderferry.run.compare.totals import Totals, TotalsRow

_MOST_ROWS = 500
_MOST_IDS = 200  # of one cause
_TITLES = {
    "marketplace": "Marketplace",
    "channel": "Channel",
    "country": "Country of delivery",
    "tax_owed_by": "Tax owed by",
    "scheme": "Scheme",
    "rate": "Rate",
    "country_rate": "Country of delivery and rate",
}


def as_page(result: Comparison) -> str:
    """Return the whole HTML document, given a comparison that has a span. No buyer's data."""
    name = f"{result.shop_name}: " if result.shop_name else ""
    return page(f"{name}Amazon and the shop", _body(result))


def _body(result: Comparison) -> Iterator[str]:
    assert result.span is not None  # noqa: S101 — a comparison without one is not written
    start, end = (moment.astimezone(result.zone) for moment in (result.span.start, result.span.end))
    yield "<h1>Amazon and the shop</h1>"
    if result.shop_name:
        yield paragraph(result.shop_name, "shop")
    told = f"from {_minute(start)} to {_minute(end)} (the shop's time, {zone_name(result.zone)})"
    yield paragraph(f"Orders {BY_WORDS[result.by]} {told}.", "quiet")
    yield paragraph(_verdict(result), f"verdict {'bad' if result.found_something or result.errors else 'good'}")
    for error in result.errors:
        yield paragraph(f"{error.message} {error.hint}")
    for note in result.notes:
        yield paragraph(f"Note: {note}", "quiet")
    yield heading("Orders a day")
    yield f'<p class="quiet"><span class="key" style="background:{AMAZON}"></span>Amazon'
    yield f'<span class="key" style="background:{SHOP}"></span>shop; days that differ are outlined in red</p>'
    yield f'<div class="wide">{daily_chart(_days(result))}</div>'
    yield from _findings("Missing in the shop", result.missing, result.zone)
    yield from _findings("In the shop and not at Amazon, or there twice", result.surplus, result.zone)
    yield from _differences(result)
    if result.totals is not None:
        yield from _totals(result.totals)
        yield from _papers(result.totals)
    if result.ledger is not None:
        yield from _coverage(result.ledger, result.span, result.zone)
        yield from _open_orders(result.ledger, result.now)
        yield from _quota(result.ledger)
    yield paragraph(f"Written by orderferry compare on {_minute(result.now.astimezone(result.zone))}.", "quiet")


def _verdict(result: Comparison) -> str:
    counts = f"{counted(result.amazon_orders, 'order')} at Amazon, {result.shop_orders} in the shop: "
    if result.errors:
        return f"{counts}the comparison could not be finished."
    found = (
        (len(result.missing), "missing"),
        (len(result.surplus), "surplus or doubled"),
        (len({difference.order_id for difference in result.different}), "different"),
    )
    told = ", ".join(f"{number} {word}" for number, word in found if number)
    return counts + (told or "nothing is missing, surplus or different") + "."


def _days(result: Comparison) -> list[Day]:
    """Return each day of the span by the shop's calendar: Amazon's orders, and those of them that the shop has."""
    assert result.span is not None  # noqa: S101 — as above
    amazon: Counter[date] = Counter()
    shop: Counter[date] = Counter()
    for order in result.orders:
        placed = order.amazon.purchased if order.amazon else order.shop.placed if order.shop else None
        if placed is None:
            continue
        day = placed.astimezone(result.zone).date()
        amazon[day] += order.amazon is not None
        shop[day] += order.shop is not None
    first = result.span.start.astimezone(result.zone).date()
    last = (result.span.end - timedelta(microseconds=1)).astimezone(result.zone).date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [Day(day, amazon[day], shop[day]) for day in days]


def _findings(title: str, findings: Sequence[OneSided], zone: tzinfo) -> Iterator[str]:
    """Yield a row for each cause: many orders that one thing mends are one thing to read."""
    if findings:
        causes = by_cause(findings)
        yield heading(f"{title} ({len(findings)})")
        rows = [
            (
                cause.reason + first_deadline(found.reason for found in cause.orders),
                cause.hint,
                _ids([with_facts(found, zone) for found in cause.orders]),
            )
            for cause in causes[:_MOST_ROWS]
        ]
        yield table(("Why", "What to do", "Orders, with day and amount"), rows, lists=[2])
        yield from _rest(len(causes))


def _ids(order_ids: Sequence[str]) -> str:
    more = len(order_ids) - _MOST_IDS
    return ", ".join(order_ids[:_MOST_IDS]) + (f", and {more} more" if more > 0 else "")


def _differences(result: Comparison) -> Iterator[str]:
    if result.different:
        yield heading(f"Different ({len({found.order_id for found in result.different})})")
        rows = [
            (found.order_id, found.field, found.amazon, found.shop, found.reason, found.hint)
            for found in result.different[:_MOST_ROWS]
        ]
        yield table(("Order", "Field", "Amazon", "Shop", "Why", "What to do"), rows, ids=[0])
        yield from _rest(len(result.different))


def _totals(totals: Totals) -> Iterator[str]:
    words = ("orders", "gross", "net", "tax")
    yield from (paragraph(f"Note: {note}", "quiet") for note in totals.notes)
    header = ("", *(f"{side} {word}" for side in ("Amazon", "Shop") for word in words))
    for title, rows in {"Totals": totals.whole, **{_TITLES[name]: rows for name, rows in totals.by.items()}}.items():
        yield heading(title)
        of_rates = title in (_TITLES["rate"], _TITLES["country_rate"])
        marked = [] if of_rates else [number for number, row in enumerate(rows) if not row.equal]
        yield table(header, map(_total_cells, rows), numbers=range(1, len(header)), marked=marked)


def _papers(totals: Totals) -> Iterator[str]:
    """Yield the shop's own currency beside the orders', invoices, credit slips."""
    home = [
        (
            f"{row.currency} in {row.home_currency}",
            f"{row.home.gross:.2f}",
            f"{row.home.net:.2f}",
            f"{row.home.tax:.2f}",
        )
        for row in totals.whole
        if row.home_currency and row.home_currency != row.currency
    ]
    if home:
        yield heading("In the shop's own currency, at each order's rate")
        yield table(("", "gross", "net", "tax"), home, numbers=range(1, 4))
    kinds = (("Invoices", totals.papers.invoices), ("Credit slips", totals.papers.credit_slips))
    rows = [
        (f"{word} {currency}", str(one.orders), f"{one.gross:.2f}", f"{one.net:.2f}", f"{one.tax:.2f}")
        for word, sums in kinds
        for currency, one in sorted(sums.items())
    ]
    if rows:
        yield heading("The shop's papers")
        yield table(("", "number", "gross", "net", "tax"), rows, numbers=range(1, 5))
    yield from (paragraph(unsold_words(one)) for one in totals.papers.unsold)


def _total_cells(row: TotalsRow) -> tuple[str, ...]:
    cells = [f"{row.key} {row.currency}".removeprefix("all ")]
    for side in (row.amazon, row.shop):
        cells += [str(side.orders), f"{side.gross:.2f}", f"{side.net:.2f}", f"{side.tax:.2f}"]
    return tuple(cells)


def _coverage(words: LedgerWords, span: Span, zone: tzinfo) -> Iterator[str]:
    """Yield a strip for each marketplace and channel, from the beginning of the comparison to now."""
    status = words.status
    whole = Span(span.start, max(status.now, span.end))
    yield heading("Observed by the imports")
    yield f'<p class="quiet"><span class="key" style="background:{COVERED}"></span>observed'
    yield f'<span class="key" style="background:{GAP}"></span>gap; by time of update, until now</p>'
    rows = []
    for cell, spans in status.cells:
        gaps = [gap for of, gap in status.gaps if of == cell]
        picture = strip(whole, spans, gaps, zone)
        rows.append(f'<tr><td class="id">{escape(_cell(cell))}</td><td style="width:100%">{picture}</td></tr>')
    yield f"<table><tbody>{''.join(rows)}</tbody></table>"
    yield paragraph(f"from {minute(whole.start, zone)} (left) to {minute(whole.end, zone)} (right)", "quiet")
    if status.gaps:
        told = sorted((_cell(cell), minute(gap.start, zone), minute(gap.end, zone)) for cell, gap in status.gaps)
        yield table(("Gap", "from", "until"), told)


def _open_orders(words: LedgerWords, now: datetime) -> Iterator[str]:
    counts = ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in words.status.open.items())
    yield heading("Open orders")
    yield paragraph(counts)
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in words.open_entries:
        groups.setdefault((str(entry.state), cause_of(said(entry))), []).append(entry)
    rows = [
        (
            state,
            reason + first_deadline(entry.message for entry in members),
            format_duration(now - min(entry.first_seen for entry in members)),
            _ids([entry.order_id for entry in members]),
        )
        for (state, reason), members in groups.items()
    ]
    if rows:
        yield table(("State", "Why", "The oldest known for", "Orders"), rows, lists=[3])


def _quota(words: LedgerWords) -> Iterator[str]:
    yield heading("Amazon's quota")
    left = ", ".join(f"{operation} {tokens:.1f}" for operation, tokens in words.status.quota.items())
    yield paragraph(f"Requests left: {left}.")


def _rest(number: int) -> Iterator[str]:
    if number > _MOST_ROWS:
        yield paragraph(f"… and {number - _MOST_ROWS} more; --json and --csv list all.", "quiet")


def _cell(cell: tuple[str, Channel]) -> str:
    return f"{marketplace_code(cell[0])} {cell[1]}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
