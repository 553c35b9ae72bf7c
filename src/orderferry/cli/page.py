"""One self-contained HTML page: no JavaScript, nothing fetched from anywhere, readable on a phone and in print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_CODE = re.compile(r"`([^`]+)`")

_STYLE = """
:root { color-scheme: light; --line: #d5d9de; --quiet: #5b6570; --good: #1f7a3d; --bad: #b3261e; }
* { box-sizing: border-box; }
body { font: 16px/1.45 system-ui, sans-serif; color: #1b1f24; background: #fff; margin: 0 auto; padding: 1rem;
  max-width: 64rem; }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem; border-bottom: 1px solid var(--line); }
p { margin: .3rem 0; }
.shop { font-size: 1.1rem; }
.quiet { color: var(--quiet); font-size: .9rem; }
.verdict { font-weight: 600; padding: .6rem .8rem; border-left: .4rem solid; margin: .8rem 0; }
.good { border-color: var(--good); background: #eef7f0; }
.bad { border-color: var(--bad); background: #fbeeed; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.id { white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.unequal td { background: #fbeeed; }
svg { display: block; width: 100%; height: auto; }
code { font-size: .92em; overflow-wrap: anywhere; }
svg text { font: 11px system-ui, sans-serif; fill: #5b6570; }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em; }
@media screen and (max-width: 40rem) { svg.chart text { font-size: 20px; } thead { display: none; }
  .wide table, .wide tbody, .wide tr, .wide td { display: block; width: 100%; }
  .wide tr { padding: .4rem 0; border-bottom: 1px solid var(--line); }
  .wide td { border: 0; padding: .05rem 0; } .wide td.number { text-align: left; }
  .wide td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); }
  .wide td:empty { display: none; } }
@media print { html { font-size: 11px; } body { max-width: none; padding: 0; font-size: 1rem; }
  h2 { break-after: avoid; }
  tr, svg { break-inside: avoid; } .wide { overflow: visible; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


def page(title: str, body: Iterable[str]) -> str:
    """Return the whole document, given a title (text) and the parts of the body (HTML)."""
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{chr(10).join(body)}\n</body></html>\n"
    )


def heading(text: str) -> str:
    """Return a heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph of plain text; `kind` is a class of the style sheet."""
    return f"<p{_class(kind)}>{escape(text)}</p>"


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Iterable[int] = (),
    ids: Iterable[int] = (),
    lists: Iterable[int] = (),
    marked: Iterable[int] = (),
) -> str:
    """Return a table, given plain texts. `numbers`, `ids` and `lists` (of ids, with commas) are columns, `marked`
    rows that stand out.
    """
    enumerations = set(lists)
    kinds = {**dict.fromkeys(numbers, "number"), **dict.fromkeys(ids, "id")}
    stand_out = set(marked)
    head = "".join(f"<th{_class(kinds.get(column, ''))}>{escape(text)}</th>" for column, text in enumerate(header))
    lines = []
    for number, row in enumerate(rows):
        cells = "".join(
            f"<td{_class(kinds.get(column, ''))}{_label(header[column], column)}>"
            f"{_enumerated(text) if column in enumerations else _marked_up(text)}</td>"
            for column, text in enumerate(row)
        )
        lines.append(f"<tr{_class('unequal' if number in stand_out else '')}>{cells}</tr>")
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def _label(title: str, column: int) -> str:
    """Return the column's title, which a phone shows before the value; the first column speaks for itself."""
    return f' data-label="{escape(title)}"' if title and column else ""


def _enumerated(text: str) -> str:
    """Ids separated by commas, none of them broken at its hyphens."""
    return ", ".join(f'<span class="id">{escape(part)}</span>' for part in text.split(", "))


def _marked_up(text: str) -> str:
    """Escaped text; what stands between backticks, a command, as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _class(kind: str) -> str:
    return f' class="{escape(kind)}"' if kind else ""
