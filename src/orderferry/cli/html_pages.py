"""The HTML pages of `compare` and `status`, with their pictures: what stands in the templates of `cli/pages/`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from orderferry import __version__
from orderferry.cli.compare import BY_WORDS, sum_cells, unsold_words, with_facts
from orderferry.cli.status_text import CONFIRM, lag_words, late_words, unconfirmed_words, waiting_words
from orderferry.cli.terminal import in_zone, minute
from orderferry.domain.durations import counted, format_duration
from orderferry.domain.ledger_entry import Entry
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.problems import cause_of, first_deadline
from orderferry.domain.spans import Span
from orderferry.domain.window import Cell
from orderferry.run.compare.result import Comparison, Difference, OneSided, by_cause, entry_sentence, placed
from orderferry.run.compare.totals import Totals, TotalsRow
from orderferry.run.status import CommandStatus, Status

_CODE = re.compile(r"`([^`]+)`")


def render_page(template: str, **values: Any) -> str:
    """Return a whole document. Each text among the values is escaped, unless it comes from `render_part`."""
    return _environment().get_template(template).render(values)


def render_part(macro: str, **values: Any) -> str:
    """Return what a macro of `macros.html` makes of the values, as HTML to be put into a page."""
    part: str = getattr(_environment().get_template("macros.html").module, macro)(**values)
    return part


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("orderferry.cli", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["between_backticks"] = _CODE.split  # text, code, text, code, … text
    return environment


AMAZON, SHOP, COVERED, GAP = "#e08a1e", "#2b6cb0", "#6aa84f", "#b3261e"
_WIDTH, _HEIGHT = 720, 200
_LEFT, _TOP, _BOTTOM = 44, 16, 28  # room for labels that a phone shows larger
_MOST_LABELS = 6
_HALF_LABEL = 36  # of a label's width, as a phone shows it
_STRIP_HEIGHT = 16


def daily_chart(days: Sequence[tuple[date, int, int]]) -> str:
    """Return a chart with two bars for each day, given how many orders Amazon and the shop have of it. Those of a day
    that differs are outlined. No day may be left out."""
    most = max([1, *(max(amazon, shop) for _, amazon, shop in days)])
    height = _HEIGHT - _TOP - _BOTTOM
    step = (_WIDTH - _LEFT) / max(len(days), 1)
    each = -(-len(days) // _MOST_LABELS)
    shown = []
    for number, (day, amazon, shop) in enumerate(days):
        left = _LEFT + number * step
        bars = [
            {
                "x": f"{left + step * offset:.1f}",
                "y": f"{_TOP + height * (1 - count / most):.1f}",
                "width": f"{step * 0.38:.1f}",
                "height": f"{height * count / most:.1f}",
                "colour": colour,
            }
            for count, offset, colour in ((amazon, 0.1, AMAZON), (shop, 0.5, SHOP))
        ]
        shown.append(
            {
                "differs": amazon != shop,
                "told": f"{day:%Y-%m-%d}: Amazon {amazon}, shop {shop}",
                "bars": bars,
                "label": _label(day, left + step / 2) if number % each == 0 else None,
            }
        )
    axis = [{"left": _LEFT, "y": y, "value": value} for value, y in ((most, _TOP), (0, _TOP + height))]
    return render_part("daily_chart", width=_WIDTH, height=_HEIGHT, axis=axis, days=shown, outline=GAP)


def _label(day: date, middle: float) -> dict[str, str]:
    """Return a day's name below its bars. One that would be cut off at the right edge ends there."""
    fits = middle + _HALF_LABEL <= _WIDTH
    return {
        "x": f"{middle if fits else _WIDTH:.1f}",
        "anchor": "middle" if fits else "end",
        "text": f"{day:%d %b}",
    }


def strip(whole: Span, covered: Iterable[Span], gaps: Iterable[Span], zone: tzinfo = UTC) -> str:
    """Return a strip of a span of time: what was observed in green, gaps in red, the rest empty. Times are told in the
    time zone."""
    pieces = [
        _piece(whole, span, colour, word, zone)
        for spans, colour, word in ((covered, COVERED, "observed"), (gaps, GAP, "not observed"))
        for span in spans
        if span.end > whole.start
    ]
    return render_part("strip", width=_WIDTH, height=_STRIP_HEIGHT, pieces=pieces)


def strips(status: Status, whole: Span, zone: tzinfo) -> list[tuple[str, str]]:
    """Return a strip of the time `whole` for each marketplace and channel, after its name (`DE regular`)."""
    return [
        (cell_name(cell), strip(whole, spans, [gap for gap_cell, gap in status.gaps if gap_cell == cell], zone))
        for cell, spans in status.cells
    ]


def cell_name(cell: Cell) -> str:
    """Return `DE regular`, given a marketplace and a channel."""
    return f"{marketplace_code(cell[0])} {cell[1]}"


def _piece(whole: Span, span: Span, colour: str, word: str, zone: tzinfo) -> dict[str, str]:
    left, right = (_place(whole, moment) for moment in (max(span.start, whole.start), min(span.end, whole.end)))
    # a gap of minutes in a month must be seen all the same
    width = max(right - left, 3.0 if colour == GAP else 0.5)
    told = f"{word} {minute(span.start, zone)} to {minute(span.end, zone)} {zone}"
    return {"x": f"{left:.1f}", "width": f"{width:.1f}", "colour": colour, "told": told}


def _place(whole: Span, moment: datetime) -> float:
    return _WIDTH * ((moment - whole.start) / whole.length) if whole.length else 0.0


MOST_FINDINGS = 500
SHOWN = timedelta(days=30)  # how far back the strips of the observation go


def status_page(shops: Sequence[tuple[str, Status]]) -> str:
    """Return the HTML document, given the names of configurations and how their shops stand. No personal data."""
    return render_page(
        "status.html",
        title=f"orderferry: {', '.join(status.shop or name for name, status in shops)}",
        shops=[_shop(name, status) for name, status in shops],
        version=__version__,
    )


def _shop(name: str, status: Status) -> dict[str, Any]:
    late = [late_words(command, status.now) for command in status.commands if command.late]
    causes = [*late, *(in_zone(found.text, status.zone) for found in status.conditions)]
    whole = Span(status.now - SHOWN, status.now)
    return {
        "name": status.shop or name,
        "configuration": name,
        "now": minute(status.now, status.zone),
        "zone": str(status.zone),
        "healthy": status.healthy,
        "causes": [[cause] for cause in causes],
        "findings": _findings(status),
        "more_findings": len(status.findings) - MOST_FINDINGS,
        "unconfirmed": [[unconfirmed_words(entry, status.now), CONFIRM] for entry in status.unconfirmed],
        "notes": [in_zone(note, status.zone) for note in status.notes],
        "commands": [[c.command, _ago(status, c), _exit(c), "late" if c.late else ""] for c in status.commands],
        "late": [number for number, command in enumerate(status.commands) if command.late],
        "strips": strips(status, whole, status.zone),
        "strips_begin": minute(whole.start, status.zone),
        "open": [[word.replace("_", " "), str(number)] for word, number in status.open.items()],
        "waiting": waiting_words(status.oldest_waiting, status.now) if status.oldest_waiting else "",
        "lag": lag_words(status.lag) if status.lag else "",
        "quota": [[operation, f"{tokens:.1f}"] for operation, tokens in status.quota.items()],
    }


def _findings(status: Status) -> list[list[str]]:
    return [
        [
            finding.order_id,
            f"{finding.placed.astimezone(status.zone):%Y-%m-%d}",
            status.amounts.get(finding.order_id, ""),
            finding.field or str(finding.kind),
            f"Amazon {finding.amazon}, shop {finding.shop}: {finding.reason}" if finding.field else finding.reason,
            f"{finding.found.astimezone(status.zone):%Y-%m-%d}",
            finding.hint,
        ]
        for finding in status.findings[:MOST_FINDINGS]
    ]


def _ago(status: Status, command: CommandStatus) -> str:
    success = command.last_success
    return f"{format_duration(status.now - success.started)} ago" if success else "never"


def _exit(command: CommandStatus) -> str:
    code = command.last_run.exit_code if command.last_run else None
    return "" if code is None else str(code)


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
        zone=str(result.zone),
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
        (f"{row.currency} in {row.home_currency}", *sum_cells(row.home)[1:])
        for row in totals.whole
        if row.home_currency and row.home_currency != row.currency
    ]
    kinds = (("Invoices", totals.invoices), ("Credit slips", totals.credit_slips))
    papers = [(f"{word} {currency}", *sum_cells(one)) for word, sums in kinds for currency, one in sorted(sums.items())]
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
        "rows": [
            (f"{row.key} {row.currency}".removeprefix("all "), *sum_cells(row.amazon), *sum_cells(row.shop))
            for row in rows
        ],
        "unequal": [] if of_rates else [number for number, row in enumerate(rows) if not row.equal],
    }


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
