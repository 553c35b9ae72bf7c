"""[alerts]: pings in the manner of healthchecks.io, and a webhook that gets the problems as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orderferry.config.model import AlertsSettings
from orderferry.notify.http_post import LONGEST, HttpPost

# healthchecks.io keeps the first 100 kB of a ping's body, a self-hosted one 10 kB: the end of a log tells more.
MOST_TEXT = 9_000
PING, WEBHOOK = "alerts.ping_url", "alerts.webhook_url"


@dataclass(frozen=True, slots=True)
class Alerts:
    """The two addresses; what is not configured is not sent. Nothing here raises, or takes longer than `longest`."""

    settings: AlertsSettings
    longest: timedelta = LONGEST

    def started(self, command: str) -> None:
        """Ping that a run begins."""
        self._ping(command, "/start", "")

    def succeeded(self, command: str, text: str) -> None:
        """Ping that a run did its work."""
        self._ping(command, "", text)

    def failed(self, command: str, text: str) -> None:
        """Ping that a run did not do its work."""
        self._ping(command, "/fail", text)

    def told(self, document: Mapping[str, Any]) -> None:
        """POST a document to the webhook."""
        url = self.settings.webhook_url.reveal()
        if url:
            body = json.dumps(document, ensure_ascii=False).encode()
            self._send(HttpPost(WEBHOOK, url, body, "application/json"))

    def _ping(self, command: str, ending: str, text: str) -> None:
        url = self.settings.ping_url.reveal()
        if url:
            body = text.encode()[-MOST_TEXT:]
            self._send(HttpPost(PING, ping_address(url, command, ending), body, "text/plain; charset=utf-8"))

    def _send(self, post: HttpPost) -> None:
        from orderferry.notify.deliver import deliver  # noqa: PLC0415 — its library is slow, and most send nothing

        deliver(post, self.longest)


def ping_address(url: str, command: str, ending: str) -> str:
    """Given the configured address, the command and `/start`, `/fail` or '', return the address to ping.

    `{command}` in the address is filled in, so that each command can have a check of its own.
    """
    address, question, query = url.replace("{command}", command).partition("?")
    return address.rstrip("/") + ending + question + query
