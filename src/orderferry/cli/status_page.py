"""`status --html FILE`: the state of things on one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape

from orderferry import __version__
from orderferry.cli.charts import strip
from orderferry.cli.page import heading, page, paragraph, table
from orderferry.cli.status_text import CONFIRM, lag_words, late_words, unconfirmed_words, waiting_words
from orderferry.cli.terminal import in_zone, minute, zone_name
from orderferry.domain.durations import format_duration
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.spans import Span
from orderferry.run.status import CommandStatus, Status

MOST_FINDINGS = 500
SHOWN = timedelta(days=30)  # how far back the strips of the observation go


def status_page(shops: Sequence[tuple[str, Status]]) -> str:
    """Return the HTML document, given the names of configurations and how their shops stand. No personal data."""
    names = ", ".join(status.shop or name for name, status in shops)
    return page(f"orderferry: {names}", [part for name, status in shops for part in _shop(name, status)])


def _shop(name: str, status: Status) -> list[str]:
    body = [
        f"<h1>{escape(status.shop or name)}: Amazon orders</h1>",
        paragraph(f"as of {minute(status.now, status.zone)} ({zone_name(status.zone)}); orderferry: {name}", "quiet"),
        paragraph(
            "All is well." if status.healthy else "Not all is well.",
            "verdict good" if status.healthy else "verdict bad",
        ),
    ]
    late = [late_words(command, status.now) for command in status.commands if command.late]
    causes = [*late, *(in_zone(found.text, status.zone) for found in status.conditions)]
    if causes:
        body += [heading("What needs a person"), table(["Cause"], [[cause] for cause in causes])]
    if status.findings:
        body += [heading("What comparisons found"), _findings(status)]
    if status.unconfirmed:
        rows = [[unconfirmed_words(entry, status.now), CONFIRM] for entry in status.unconfirmed]
        body += [heading("Shipped in the shop, unshipped at Amazon"), table(["Order", "What to do"], rows)]
    body += [paragraph(f"Note: {in_zone(note, status.zone)}", "quiet") for note in status.notes]
    body += [heading("Commands"), _commands(status)]
    body += [heading("Observed"), *_strips(status)]
    body += [heading("Open orders"), _open(status)]
    if status.lag:
        body += [heading("From purchase to shop, this week"), paragraph(lag_words(status.lag))]
    left = [[operation, f"{tokens:.1f}"] for operation, tokens in status.quota.items()]
    body += [heading("Amazon's quota"), table(["Operation", "Requests left"], left, numbers=[1])]
    return [*body, paragraph(f"Written by orderferry {__version__}.", "quiet")]


def _findings(status: Status) -> str:
    rows = [
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
    more = len(status.findings) - MOST_FINDINGS
    rest = paragraph(f"… and {more} more; `orderferry status --json` lists all.", "quiet") if more > 0 else ""
    header = ["Order", "Placed on", "Amount", "What", "Why", "Found on", "What to do"]
    return table(header, rows, ids=[0, 1, 5], numbers=[2]) + rest


def _commands(status: Status) -> str:
    rows = [[c.command, _ago(status, c), _exit(c), "late" if c.late else ""] for c in status.commands]
    late = [number for number, command in enumerate(status.commands) if command.late]
    return table(["Command", "Last success", "Last exit code", ""], rows, numbers=[2], marked=late)


def _ago(status: Status, command: CommandStatus) -> str:
    success = command.last_success
    return f"{format_duration(status.now - success.started)} ago" if success else "never"


def _exit(command: CommandStatus) -> str:
    code = command.last_run.exit_code if command.last_run else None
    return "" if code is None else str(code)


def _strips(status: Status) -> list[str]:
    whole = Span(status.now - SHOWN, status.now)
    parts = []
    for cell, spans in status.cells:
        gaps = [gap for gap_cell, gap in status.gaps if gap_cell == cell]
        parts += [paragraph(f"{marketplace_code(cell[0])} {cell[1]}", "quiet"), strip(whole, spans, gaps, status.zone)]
    told = f"from {minute(whole.start, status.zone)} (left) until now (right); green was observed, red was not"
    return [*parts, paragraph(told, "quiet")]


def _open(status: Status) -> str:
    rows = [[word.replace("_", " "), str(number)] for word, number in status.open.items()]
    counts = table(["State", "Orders"], rows, numbers=[1])
    oldest = status.oldest_waiting
    return counts + (paragraph(f"Waiting longest: {waiting_words(oldest, status.now)}") if oldest else "")
