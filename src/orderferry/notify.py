"""Alerts: pings in the manner of healthchecks.io, and a webhook that gets the problems as JSON.

Each POST is bounded in time. A failure here is a warning in the log and never fails a run.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from orderferry.config.kinds import is_loopback
from orderferry.config.model import AlertsSettings

LONGEST = timedelta(seconds=5)

# healthchecks.io keeps the first 100 kB of a ping's body, a self-hosted one 10 kB: the end of a log tells more.
MOST_TEXT = 9_000
PING, WEBHOOK = "alerts.ping_url", "alerts.webhook_url"
log = logging.getLogger(__name__)
# requests' classes, the narrow ones first, and what they mean.
_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (requests.Timeout, "no answer in time"),
    (requests.exceptions.SSLError, "its certificate is not trusted"),
    (requests.exceptions.ProxyError, "the proxy refused"),
    (requests.ConnectionError, "it can't be reached"),
    (Exception, "the request failed"),
)
LINES = 60
_LINE = logging.Formatter("%(asctime)s %(levelname)s %(message)s")


@dataclass(frozen=True, slots=True)
class HttpPost:
    """`key` is the configuration's name for the address, for the log."""

    key: str
    url: str
    body: bytes
    content_type: str


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
            self._send(HttpPost(WEBHOOK, url, body, "application/json"))

    def _ping(self, command: str, ending: str, text: str) -> None:
        url = self.settings.ping_url.reveal()
        if url:
            body = text.encode()[-MOST_TEXT:]
            self._send(HttpPost(PING, ping_address(url, command, ending), body, "text/plain; charset=utf-8"))

    def _send(self, post: HttpPost) -> None:
        deliver(post, self.longest)


def ping_address(url: str, command: str, ending: str) -> str:
    """Return the address to ping for a command; `ending` is `/start`, `/fail` or ''.

    `{command}` in the address is filled in, so that each command can have a check of its own.
    """
    address, question, query = url.replace("{command}", command).partition("?")
    return address.rstrip("/") + ending + question + query


# urllib3 tells addresses in its log lines.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


def deliver(post: HttpPost, longest: timedelta = LONGEST) -> bool:
    """Send a POST and return whether the service took it (2xx). Takes at most `longest`; never raises.

    The sending is a thread's: neither a look-up of the name nor an answer that drips in can hold a run up.
    """
    done: SimpleQueue[str] = SimpleQueue()
    Thread(target=lambda: done.put(_post(post, longest)), name=post.key, daemon=True).start()
    try:
        trouble = done.get(timeout=longest.total_seconds())
    except Empty:
        trouble = "no answer in time"
    if trouble:
        log.warning("%s: the alert was not delivered: %s", post.key, trouble)
    return not trouble


def _post(post: HttpPost, longest: timedelta) -> str:
    """Send; return '' or what went wrong. An error of any kind is an undelivered alert, and its text may hold the
    address."""
    try:
        with requests.Session() as session:
            if is_loopback(urlsplit(post.url).hostname or ""):
                session.trust_env = False  # no proxy between this machine and itself
            with session.post(
                post.url,
                data=post.body,
                headers={"Content-Type": post.content_type, "User-Agent": "orderferry"},
                timeout=longest.total_seconds(),
                allow_redirects=False,
                stream=True,  # nobody reads the answer
            ) as answer:
                return "" if answer.status_code // 100 == 2 else f"HTTP {answer.status_code}"
    except Exception as error:
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
