"""Where things stand in two pictures: orders a day on both sides, and what was observed on a line of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo

from orderferry.cli.page import render_part
from orderferry.cli.terminal import minute, zone_name
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.spans import Span
from orderferry.domain.window import Cell
from orderferry.run.status import Status

AMAZON, SHOP, COVERED, GAP = "#e08a1e", "#2b6cb0", "#6aa84f", "#b3261e"
_WIDTH, _HEIGHT = 720, 200
_LEFT, _TOP, _BOTTOM = 44, 16, 28  # room for labels that a phone shows larger
_MOST_LABELS = 6
_HALF_LABEL = 36  # of a label's width, as a phone shows it
_STRIP_HEIGHT = 16


def daily_chart(days: Sequence[tuple[date, int, int]]) -> str:
    """Return a chart with two bars for each day, given how many orders Amazon and the shop have of it. Those of a day
    that differs are outlined. No day may be left out."""
    most = max((max(amazon, shop) for _, amazon, shop in days), default=0) or 1
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
    told = f"{word} {minute(span.start, zone)} to {minute(span.end, zone)} {zone_name(zone)}"
    return {"x": f"{left:.1f}", "width": f"{width:.1f}", "colour": colour, "told": told}


def _place(whole: Span, moment: datetime) -> float:
    return _WIDTH * ((moment - whole.start) / whole.length) if whole.length else 0.0
