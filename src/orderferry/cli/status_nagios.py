"""`status --nagios`: one line with performance data, and the exit codes that Nagios plugins know (0 to 3)."""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum

from orderferry.domain.durations import counted
from orderferry.domain.ledger_entry import FindingKind
from orderferry.domain.spans import last_end
from orderferry.run.status import Status


class NagiosState(IntEnum):
    """Nagios Plugin API: the meaning of a plugin's exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def nagios_state(status: Status) -> NagiosState:
    """Critical: a command is late, time was not observed, or a comparison found orders missing. Warning: a person must
    act."""
    if status.gaps or status.lacks_orders or any(command.late for command in status.commands):
        return NagiosState.CRITICAL
    return NagiosState.WARNING if status.conditions or status.unconfirmed else NagiosState.OK


def nagios_line(status: Status) -> str:
    """Return the plugin's one line: state, text, and after the bar the performance data."""
    state = nagios_state(status)
    late = [command.command for command in status.commands if command.late]
    parts = [f"{number} {word.replace('_', ' ')}" for word, number in status.open.items() if number]
    parts += [f"late: {', '.join(late)}"] if late else []
    parts += [f"{counted(len(status.gaps), 'gap')} in the observation"] if status.gaps else []
    parts += [f"{len(status.unconfirmed)} shipped but not confirmed"] if status.unconfirmed else []
    parts += [f"{number} {_KIND_WORDS[kind]}" for kind, number in status.found_counts.items() if number]
    numbers: dict[str, int | str] = {**status.open}
    numbers |= {f"found_{kind}": number for kind, number in status.found_counts.items()}
    numbers |= {"unconfirmed": len(status.unconfirmed), "observed_age": _observed_age(status)}
    numbers |= {f"lag_{name}": f"{of.total_seconds():.0f}s" for name, of in _lags(status).items()}
    performance = " ".join(f"{name}={value}" for name, value in numbers.items())
    return f"ORDERFERRY {state.name} - {'; '.join(parts) or 'all is well'} | {performance}"


_KIND_WORDS = {
    FindingKind.MISSING: "missing in the shop",
    FindingKind.SURPLUS: "surplus in the shop",
    FindingKind.DIFFERENT: "different",
}


def _lags(status: Status) -> dict[str, timedelta]:
    lag = status.lag
    return {"median": lag.median, "p95": lag.p95, "worst": lag.worst} if lag else {}


def unknown_line(message: str) -> str:
    """Return the line when the state can't be told. A bar would begin performance data."""
    return f"ORDERFERRY {NagiosState.UNKNOWN.name} - {message.replace('|', '/')}"


def _observed_age(status: Status) -> str:
    """Return how long ago the least observed marketplace's coverage ends: `<seconds>s`, or `U` for never."""
    ends = [last_end(spans) for _, spans in status.cells]
    known = [end for end in ends if end is not None]
    if not known or len(known) < len(ends):
        return "U"
    return f"{max(int((status.now - min(known)).total_seconds()), 0)}s"
