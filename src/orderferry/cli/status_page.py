"""`status --html FILE`: the state of things on one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from orderferry import __version__
from orderferry.cli.charts import strips
from orderferry.cli.page import render_page
from orderferry.cli.status_text import CONFIRM, lag_words, late_words, unconfirmed_words, waiting_words
from orderferry.cli.terminal import in_zone, minute, zone_name
from orderferry.domain.durations import format_duration
from orderferry.domain.spans import Span
from orderferry.run.status import CommandStatus, Status

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
        "zone": zone_name(status.zone),
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
