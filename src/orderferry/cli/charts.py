"""Two pictures as inline SVG: orders a day on both sides, and what was observed on a line of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from html import escape

from orderferry.cli.terminal import minute, zone_name
from orderferry.domain.spans import Span

AMAZON, SHOP, COVERED, GAP = "#e08a1e", "#2b6cb0", "#6aa84f", "#b3261e"
_WIDTH, _HEIGHT = 720, 200
_LEFT, _TOP, _BOTTOM = 44, 16, 28  # room for labels that a phone shows larger
_MOST_LABELS = 6
_HALF_LABEL = 36  # of a label's width, as a phone shows it
_STRIP_HEIGHT = 16


@dataclass(frozen=True, slots=True)
class Day:
    """The orders that were placed on one day."""

    day: date
    amazon: int
    shop: int


def daily_chart(days: Sequence[Day]) -> str:
    """Given days without gaps, return a chart with two bars for each. A day that differs has its bars outlined."""
    most = max((max(day.amazon, day.shop) for day in days), default=0) or 1
    height = _HEIGHT - _TOP - _BOTTOM
    step = (_WIDTH - _LEFT) / max(len(days), 1)
    parts = [_scale(most, height)]
    each = -(-len(days) // _MOST_LABELS)
    for number, day in enumerate(days):
        left = _LEFT + number * step
        outline = f' stroke="{GAP}" stroke-width="1.5"' if day.amazon != day.shop else ""
        told = f"{day.day:%Y-%m-%d}: Amazon {day.amazon}, shop {day.shop}"
        bars = "".join(
            f'<rect x="{left + step * offset:.1f}" y="{_TOP + height * (1 - count / most):.1f}" '
            f'width="{step * 0.38:.1f}" height="{height * count / most:.1f}" fill="{colour}"/>'
            for count, offset, colour in ((day.amazon, 0.1, AMAZON), (day.shop, 0.5, SHOP))
        )
        parts.append(f"<g{outline}><title>{escape(told)}</title>{bars}</g>")
        if number % each == 0:
            middle = left + step / 2
            place, anchor = (middle, "middle") if middle + _HALF_LABEL <= _WIDTH else (_WIDTH, "end")
            parts.append(f'<text x="{place:.1f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{day.day:%d %b}</text>')
    return _svg(_HEIGHT, parts, "Orders a day at Amazon and in the shop", "chart")


def strip(whole: Span, covered: Iterable[Span], gaps: Iterable[Span], zone: tzinfo = UTC) -> str:
    """Given a span of time, return a strip of it: what was observed in green, gaps in red, the rest empty. Times are
    told in the time zone."""
    parts = [f'<rect x="0" y="0" width="{_WIDTH}" height="{_STRIP_HEIGHT}" fill="#eceff2"/>']
    for spans, colour, word in ((covered, COVERED, "observed"), (gaps, GAP, "not observed")):
        parts += [_piece(whole, span, colour, word, zone) for span in spans if span.end > whole.start]
    return _svg(_STRIP_HEIGHT, parts, "What was observed", "")


def _piece(whole: Span, span: Span, colour: str, word: str, zone: tzinfo) -> str:
    left, right = (_place(whole, moment) for moment in (max(span.start, whole.start), min(span.end, whole.end)))
    told = f"{word} {minute(span.start, zone)} to {minute(span.end, zone)} {zone_name(zone)}"
    # a gap of minutes in a month must be seen all the same
    width = max(right - left, 3.0 if colour == GAP else 0.5)
    return (
        f'<rect x="{left:.1f}" y="0" width="{width:.1f}" height="{_STRIP_HEIGHT}" fill="{colour}">'
        f"<title>{escape(told)}</title></rect>"
    )


def _place(whole: Span, moment: datetime) -> float:
    return _WIDTH * ((moment - whole.start) / whole.length) if whole.length else 0.0


def _scale(most: int, height: int) -> str:
    """Return the axis: nothing, and the largest number."""
    lines = []
    for value, y in ((most, _TOP), (0, _TOP + height)):
        lines.append(f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y}" y2="{y}" stroke="#d5d9de"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value}</text>')
    return "".join(lines)


def _svg(height: int, parts: Iterable[str], label: str, kind: str) -> str:
    role = f'role="img" aria-label="{escape(label)}"'
    style = f' class="{kind}"' if kind else ' preserveAspectRatio="none"'
    return f'<svg viewBox="0 0 {_WIDTH} {height}" {role}{style}>{"".join(parts)}</svg>'
