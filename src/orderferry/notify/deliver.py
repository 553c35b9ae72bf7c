"""One POST to somebody else's service, bounded in time, whose failure is a warning in the log and nothing else.

Addresses of alerts hold keys: they are never logged, and no redirect carries them elsewhere.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

import requests

from orderferry.config.urls import is_loopback
from orderferry.notify.http_post import LONGEST, HttpPost

log = logging.getLogger(__name__)
# urllib3 tells addresses in its log lines.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

# requests' classes, the narrow ones first, and what they mean.
_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (requests.Timeout, "no answer in time"),
    (requests.exceptions.SSLError, "its certificate is not trusted"),
    (requests.exceptions.ProxyError, "the proxy refused"),
    (requests.ConnectionError, "it can't be reached"),
    (Exception, "the request failed"),
)


def deliver(post: HttpPost, longest: timedelta = LONGEST) -> bool:
    """Given a post, send it and return whether the service took it (2xx). Takes at most `longest`; never raises.

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
