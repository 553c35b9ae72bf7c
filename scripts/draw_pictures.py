"""Draw the README's pictures from what the program prints and writes; `scripts/pictures` calls it.

The demo is run in a temporary folder. Its output becomes `demo.svg`. Then the simulated Amazon goes on with the demo's
world, `compare` writes its page, and the top of that page becomes `compare.svg`. No browser takes part: the page's text
is set line by line, and its chart is taken over as it is.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path

from rich.console import Console
from rich.text import Text

from orderferry.cli.html_pages import AMAZON, SHOP

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PROGRAM = [sys.executable, "-m", "orderferry"]
COLUMNS = 104  # of the demo's terminal
WIDTH, MARGIN = 860, 30  # of the page, in pixels
LETTER = 7.6  # the mean width of a letter of 15 pixels
TABLE = (0.0, 0.22, 0.62)  # where the columns of the first table begin, as shares of the page's width
CHART_HEIGHT = 222


def draw_demo(printed: str) -> str:
    """Given the demo's output, return it as a picture of a terminal; what to do next is left out."""
    story = printed.partition("\nEverything is in ")[0].rstrip()
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ ./scripts/demo", style="bold"))
    for line in story.splitlines():
        console.print(Text(line))
    return console.export_svg(title="orderferry demo", unique_id="demo")


class TopOfPage(HTMLParser):
    """Collects a page's title, verdict and first table as texts."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[tuple[str, str]] = []
        self._kind = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("h1", "h2", "p", "th", "td"):
            kind = (dict(attrs).get("class") or "").partition(" ")[0] if tag == "p" else tag
            self._kind = kind or tag
            self.parts.append((self._kind, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "h2", "p", "th", "td"):
            self._kind = ""

    def handle_data(self, data: str) -> None:
        if self._kind and self.parts:
            self.parts[-1] = (self.parts[-1][0], self.parts[-1][1] + data)


def draw_page(page: str) -> str:
    """Given the page that `compare` has written, return a picture of its top, down to the first table."""
    body = page[page.index("<body>") :]
    chart = re.search(r"<svg .*?</svg>", body, re.S)
    assert chart is not None
    reader = TopOfPage()
    reader.feed(body.replace(chart[0], ""))
    second = [number for number, (kind, _) in enumerate(reader.parts) if kind == "h2"][2:3]
    parts = list(_set(reader.parts[: second[0]] if second else reader.parts, chart[0]))
    height = int(max(float(y) for y in re.findall(r' y="([\d.]+)"', parts[-1]))) + MARGIN
    style = (
        "text { font: 15px system-ui, sans-serif; fill: #1b1f24; } .h1 { font-size: 22px; font-weight: 600; }"
        " .h2 { font-size: 18px; font-weight: 600; } .th { font-weight: 600; }"
        " .quiet { font-size: 14px; fill: #5b6570; } .verdict { font-weight: 600; }"
        " .chart text { font: 11px system-ui, sans-serif; fill: #5b6570; }"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">\n'
        f"<style>{style}</style>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff" stroke="#d5d9de"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _set(parts: list[tuple[str, str]], chart: str) -> Iterator[str]:
    """Set the texts below each other; table cells beside each other."""
    y, cells = float(MARGIN), list[tuple[str, str]]()
    for number, (kind, text) in enumerate(parts):
        if kind in ("th", "td"):
            cells.append((kind, text))
            if len(cells) == len(TABLE):
                y, lines = _row(cells, y)
                yield lines
                cells = []
            continue
        y += {"h1": 12, "h2": 26, "verdict": 18}.get(kind, 8)
        if kind == "verdict":
            bad = "nothing is missing" not in text
            colour, ground = ("#b3261e", "#fbeeed") if bad else ("#1f7a3d", "#eef7f0")
            yield f'<rect x="{MARGIN}" y="{y - 22}" width="{WIDTH - 2 * MARGIN}" height="34" fill="{ground}"/>'
            yield f'<rect x="{MARGIN}" y="{y - 22}" width="6" height="34" fill="{colour}"/>'
        indent = 16 if kind == "verdict" else 0
        if kind == "quiet" and parts[number - 1][0] == "h2":
            yield _legend(text, y)
        else:
            yield _text(kind, text, MARGIN + indent, y)
        y += 16
        if kind == "quiet" and parts[number - 1][0] == "h2":
            placed = f'<svg x="{MARGIN}" y="{y - 6:.0f}" width="{WIDTH - 2 * MARGIN}" height="{CHART_HEIGHT}" '
            yield chart.replace("<svg ", placed, 1)
            y += CHART_HEIGHT


def _legend(text: str, y: float) -> str:
    """The line above the chart, with the colours of its bars before their names."""
    amazon, shop = (f'<tspan class="key" style="fill:{colour}">■</tspan> ' for colour in (AMAZON, SHOP))
    told = escape(" ".join(text.split())).replace("Amazon", f"{amazon}Amazon", 1).replace("shop", f" {shop}shop", 1)
    return f'<text class="quiet" x="{MARGIN}" y="{y:.0f}">{told}</text>'


def _row(cells: list[tuple[str, str]], y: float) -> tuple[float, str]:
    width = WIDTH - 2 * MARGIN
    lines, deepest = [], y
    for (kind, text), start, end in zip(cells, TABLE, (*TABLE[1:], 1.0), strict=True):
        wrapped = textwrap.wrap(text, int(width * (end - start) / LETTER) - 1) or [""]
        for number, line in enumerate(wrapped):
            lines.append(_text(kind, line, MARGIN + width * start, y + 14 + 20 * number))
        deepest = max(deepest, y + 20 * len(wrapped) + 6)
    rule = f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{deepest}" y2="{deepest}" stroke="#d5d9de"/>'
    return deepest + 4, "\n".join([rule, *lines])


def _text(kind: str, text: str, x: float, y: float) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'


def run_demo(folder: Path) -> tuple[str, str]:
    """Run the demo and a comparison after it; return what the demo prints and the page that `compare` writes."""
    done = subprocess.run(
        [*PROGRAM, "demo", "--folder", "demo"], cwd=folder, capture_output=True, text=True, check=True
    )
    port = re.search(r"--port (\d+)", done.stdout)
    assert port is not None
    words = [*PROGRAM, "simulator", "--world", "demo/world.json", "--port", port[1]]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout is not None
        simulator.stdout.readline()  # it answers
        compare = [*PROGRAM, "-c", "demo/config.toml", "compare", "--since", "10d", "--html", "page.html"]
        subprocess.run(compare, cwd=folder, capture_output=True, check=False)  # 1: it found something
        simulator.terminate()
    return done.stdout, (folder / "page.html").read_text(encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        printed, page = run_demo(Path(folder))
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "demo.svg").write_text(draw_demo(printed), encoding="utf-8")
    (PICTURES / "compare.svg").write_text(draw_page(page), encoding="utf-8")


if __name__ == "__main__":
    main()
