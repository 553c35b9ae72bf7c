"""Pings and the webhook: they report that a run began, whether it did its work, and what is news."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orderferry.domain.ledger_entry import Condition
from orderferry.errors import ExitCode, OrderferryError
from orderferry.run.conditions import error_key
from orderferry.run.sweeps import RunOptions

if TYPE_CHECKING:
    from orderferry.notify import Alerts
    from orderferry.run.compare.result import Comparison
    from orderferry.run.report import Report

# The run did its work, whatever a person has to do about single orders: mail, webhook and `status` report those.
WORKED = frozenset({ExitCode.DONE, ExitCode.NEEDS_A_PERSON})


@dataclass(slots=True)
class Watch:
    """Follows one run of a scheduled command. `name` is the configuration's, `tail` the log of this run so far.

    Dry runs and those for single orders are a person's, who sees how they end: no ping is sent for them.
    """

    alerts: Alerts
    command: str
    name: str
    options: RunOptions
    tail: object = ""
    _running: bool = field(default=False, init=False)
    _standing: frozenset[str] | None = field(default=None, init=False)

    def started(self) -> None:
        """Ping that the run has its lock and begins."""
        self._running = True
        if self._pings:
            self.alerts.started(self.command)

    def note(self, conditions: Iterable[Condition]) -> None:
        """Note the conditions that the ledger has after this run; without a call every error counts as one."""
        self._standing = frozenset(condition.key for condition in conditions if condition.last_printed is not None)

    def ended(self, report: Report | Comparison) -> None:
        """Ping how the run ended, and post to the webhook what is news.

        What may heal by itself is a failure from the moment on when it is a condition, as for the mail; before, the
        run counts as good. A run that found another one at work did nothing: only its failure is pinged.
        """
        if self._pings and self._is_failure(report):
            self.alerts.failed(self.command, _text(report, self.tail))
        elif self._pings and self._running:
            self.alerts.succeeded(self.command, _text(report, ""))
        if report.news and not self.options.dry_run:
            self.alerts.post_news(news(report, self.name))

    def broke(self, error: OrderferryError) -> None:
        """Report a run that broke off, or could not remember anything; every such run is reported."""
        text = " ".join(filter(None, (error.message, error.hint)))
        if self._pings:
            self.alerts.failed(self.command, f"{text}\n\n{self.tail}".strip())
        if not self.options.dry_run:
            self.alerts.post_news(_document(self.command, self.name, int(error.exit_code), (text,)))

    @property
    def _pings(self) -> bool:
        return not (self.options.dry_run or self.options.orders or self.options.restore)

    def _is_failure(self, report: Report | Comparison) -> bool:
        if report.exit_code in WORKED:
            return False
        if self._standing is None:
            return True
        return any(error_key(report.command, error) in self._standing for error in report.errors)


def news(report: Report | Comparison, name: str) -> dict[str, Any]:
    """Return the webhook's document: what is news, and the run as `--json` has it.

    `text` holds the news in one piece, as chat services want it.
    """
    return {**report.as_json(), **_document(report.command, name, int(report.exit_code), report.news)}


def _document(command: str, name: str, exit_code: int, lines: tuple[str, ...]) -> dict[str, Any]:
    text = "\n".join((f"orderferry {command} ({name}):", *lines))
    return {"command": command, "config": name, "exit_code": exit_code, "news": list(lines), "text": text}


def _text(report: Report | Comparison, tail: object) -> str:
    return "\n".join([*report.summary(), "", str(tail)]).strip()
