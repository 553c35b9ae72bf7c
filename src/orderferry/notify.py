"""Alerts: pings in the manner of healthchecks.io, and a webhook that gets the problems as JSON.

Each POST is bounded in time. A failure here is a warning in the log and never fails a run.
"""

from __future__ import annotations

import json
import logging
import ssl
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from orderferry.config.kinds import is_loopback
from orderferry.config.model import AlertsSettings
from orderferry.errors import root_cause

LONGEST = timedelta(seconds=5)

# healthchecks.io keeps the first 100 kB of a ping's body, a self-hosted one 10 kB: the end of a log tells more.
MOST_TEXT = 9_000
PING, WEBHOOK = "alerts.ping_url", "alerts.webhook_url"
log = logging.getLogger(__name__)
for _library in ("httpx", "httpcore"):  # they would log the addresses
    logging.getLogger(_library).setLevel(logging.WARNING)
# httpx's classes, the narrow ones first, and what they mean.
_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (httpx.TimeoutException, "no answer in time"),
    (httpx.ProxyError, "the proxy refused"),
    (httpx.TransportError, "it can't be reached"),
    (Exception, "the request failed"),
)
LINES = 60
_LINE = logging.Formatter("%(asctime)s %(levelname)s %(message)s")


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

    def post_news(self, document: Mapping[str, Any]) -> None:
        """POST a document to the webhook."""
        url = self.settings.webhook_url.reveal()
        if url:
            body = json.dumps(document, ensure_ascii=False).encode()
            deliver(WEBHOOK, url, body, "application/json", self.longest)

    def _ping(self, command: str, ending: str, text: str) -> None:
        url = self.settings.ping_url.reveal()
        if url:
            body = text.encode()[-MOST_TEXT:]
            deliver(PING, ping_address(url, command, ending), body, "text/plain; charset=utf-8", self.longest)


def ping_address(url: str, command: str, ending: str) -> str:
    """Return the address to ping for a command; `ending` is `/start`, `/fail` or ''.

    `{command}` in the address is filled in, so that each command can have a check of its own.
    """
    address, question, query = url.replace("{command}", command).partition("?")
    return address.rstrip("/") + ending + question + query


def deliver(key: str, url: str, body: bytes, content_type: str, longest: timedelta = LONGEST) -> bool:
    """Send a POST and return whether the service took it (2xx). Takes at most `longest`; never raises.

    `key`: the configuration's name for the address, for the log. The sending is a thread's: neither a look-up of the
    name nor an answer that drips in can hold a run up.
    """
    done: SimpleQueue[str] = SimpleQueue()
    Thread(target=lambda: done.put(_post(url, body, content_type, longest)), name=key, daemon=True).start()
    try:
        trouble = done.get(timeout=longest.total_seconds())
    except Empty:
        trouble = "no answer in time"
    if trouble:
        log.warning("%s: the alert was not delivered: %s", key, trouble)
    return not trouble


def _post(url: str, body: bytes, content_type: str, longest: timedelta) -> str:
    """Send; return '' or what went wrong. An error of any kind is an undelivered alert, and its text may hold the
    address."""
    headers = {"Content-Type": content_type, "User-Agent": "orderferry"}
    try:
        local = is_loopback(urlsplit(url).hostname or "")  # no proxy between this machine and itself
        with (
            httpx.Client(timeout=longest.total_seconds(), trust_env=not local) as client,
            client.stream("POST", url, content=body, headers=headers) as answer,  # nobody reads the answer
        ):
            return "" if answer.is_success else f"HTTP {answer.status_code}"
    except Exception as error:
        if isinstance(root_cause(error), ssl.SSLError):
            return "its certificate is not trusted"
        return next(words for kind, words in _FAULTS if isinstance(error, kind))


class LogTail(logging.Handler):
    """Keeps the last lines at `info` and above while it is attached. Log lines hold no personal data, no secrets."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=LINES)
        self.setFormatter(_LINE)

    @classmethod
    @contextmanager
    def attached(cls, logger: str) -> Iterator[Self]:
        """Within, a new tail of this logger's lines."""
        tail = cls()
        logging.getLogger(logger).addHandler(tail)
        try:
            yield tail
        finally:
            logging.getLogger(logger).removeHandler(tail)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self._lines.append(self.format(record))

    def __str__(self) -> str:
        return "\n".join(self._lines)
