"""A comparison as one page for the merchant: verdict, chart, differences, what was observed, what is open, quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from orderferry.cli.charts import AMAZON, COVERED, GAP, SHOP, cell_name, daily_chart, strips
from orderferry.cli.compare import BY_WORDS, unsold_words, with_facts
from orderferry.cli.page import render_page
from orderferry.cli.terminal import minute, zone_name
from orderferry.domain.durations import counted, format_duration
from orderferry.domain.ledger_entry import Entry
from orderferry.domain.problems import cause_of, first_deadline
from orderferry.domain.spans import Span
from orderferry.run.compare.result import Comparison, Difference, OneSided, by_cause, entry_sentence, placed
from orderferry.run.compare.totals import Sums, Totals, TotalsRow
from orderferry.run.status import Status

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
    assert result.span is not None  # noqa: S101 — a comparison without one is not written
    name = f"{result.shop_name}: " if result.shop_name else ""
    return render_page(
        "comparison.html",
        title=f"{name}Amazon and the shop",
        shop_name=result.shop_name,
        by=BY_WORDS[result.by],
        start=minute(result.span.start, result.zone),
        end=minute(result.span.end, result.zone),
        zone=zone_name(result.zone),
        good=not (result.found_something or result.errors),
        verdict=_verdict(result),
        errors=result.errors,
        notes=result.notes,
        colours={"amazon": AMAZON, "shop": SHOP, "covered": COVERED, "gap": GAP},
        chart=daily_chart(_days(result)),
        missing=_one_sided(result.missing, result.zone),
        surplus=_one_sided(result.surplus, result.zone),
        different=_different(result.different),
        totals=_totals(result.totals) if result.totals is not None else None,
        ledger=_ledger(result.status, result.span, result) if result.status is not None else None,
        written=minute(result.now, result.zone),
    )


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


def _days(result: Comparison) -> list[tuple[date, int, int]]:
    """Return each day of the span by the shop's calendar, how many orders Amazon has, and how many of them the shop."""
    assert result.span is not None  # noqa: S101 — as above
    amazon: Counter[date] = Counter()
    shop: Counter[date] = Counter()
    for pair in result.orders.values():
        moment = placed(pair)
        if moment is None:
            continue
        day = moment.astimezone(result.zone).date()
        amazon[day] += pair[0] is not None
        shop[day] += pair[1] is not None
    first = result.span.start.astimezone(result.zone).date()
    last = (result.span.end - timedelta(microseconds=1)).astimezone(result.zone).date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [(day, amazon[day], shop[day]) for day in days]


def _one_sided(findings: Sequence[OneSided], zone: tzinfo) -> dict[str, Any]:
    """Return a row for each cause: many orders that one thing mends are one thing to read."""
    causes = by_cause(findings)
    rows = [
        (
            reason + first_deadline(found.reason for found in orders),
            hint,
            _ids([with_facts(found, zone) for found in orders]),
        )
        for reason, hint, orders in causes[:_MOST_ROWS]
    ]
    return {"number": len(findings), "rows": rows, "more": len(causes) - _MOST_ROWS}


def _ids(order_ids: Sequence[str]) -> str:
    more = len(order_ids) - _MOST_IDS
    return ", ".join(order_ids[:_MOST_IDS]) + (f", and {more} more" if more > 0 else "")


def _different(differences: Sequence[Difference]) -> dict[str, Any]:
    rows = [
        (found.order_id, found.field, found.amazon, found.shop, found.reason, found.hint)
        for found in differences[:_MOST_ROWS]
    ]
    number = len({found.order_id for found in differences})
    return {"number": number, "rows": rows, "more": len(differences) - _MOST_ROWS}


def _totals(totals: Totals) -> dict[str, Any]:
    """Return the breakdowns, the shop's own currency beside the orders', invoices and credit slips."""
    home = [
        (f"{row.currency} in {row.home_currency}", *_amounts(row.home))
        for row in totals.whole
        if row.home_currency and row.home_currency != row.currency
    ]
    kinds = (("Invoices", totals.invoices), ("Credit slips", totals.credit_slips))
    papers = [
        (f"{word} {currency}", str(one.orders), *_amounts(one))
        for word, sums in kinds
        for currency, one in sorted(sums.items())
    ]
    return {
        "notes": totals.notes,
        "parts": [_part("Totals", totals.whole), *(_part(_TITLES[name], rows) for name, rows in totals.by.items())],
        "home": home,
        "papers": papers,
        "unsold": [unsold_words(one) for one in totals.unsold],
    }


def _part(title: str, rows: Sequence[TotalsRow]) -> dict[str, Any]:
    of_rates = title in (_TITLES["rate"], _TITLES["country_rate"])
    return {
        "title": title,
        "rows": [_total_cells(row) for row in rows],
        "unequal": [] if of_rates else [number for number, row in enumerate(rows) if not row.equal],
    }


def _total_cells(row: TotalsRow) -> tuple[str, ...]:
    sides = (cell for side in (row.amazon, row.shop) for cell in (str(side.orders), *_amounts(side)))
    return (f"{row.key} {row.currency}".removeprefix("all "), *sides)


def _amounts(sums: Sums) -> tuple[str, str, str]:
    return f"{sums.gross:.2f}", f"{sums.net:.2f}", f"{sums.tax:.2f}"


def _ledger(status: Status, span: Span, result: Comparison) -> dict[str, Any]:
    """Return what the ledger knows: the time that was observed since the comparison's beginning, open orders, quota."""
    zone = result.zone
    whole = Span(span.start, max(status.now, span.end))
    return {
        "strips": strips(status, whole, zone),
        "strips_begin": minute(whole.start, zone),
        "strips_end": minute(whole.end, zone),
        "gaps": sorted((cell_name(cell), minute(gap.start, zone), minute(gap.end, zone)) for cell, gap in status.gaps),
        "open": ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in status.open.items()),
        "open_orders": _open_orders(result.open_entries, result.now),
        "quota": ", ".join(f"{operation} {tokens:.1f}" for operation, tokens in status.quota.items()),
    }


def _open_orders(entries: Sequence[Entry], now: datetime) -> list[tuple[str, ...]]:
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((str(entry.state), cause_of(entry_sentence(entry))), []).append(entry)
    return [
        (
            state,
            reason + first_deadline(entry.message for entry in members),
            format_duration(now - min(entry.first_seen for entry in members)),
            _ids([entry.order_id for entry in members]),
        )
        for (state, reason), members in groups.items()
    ]
