"""One question to Amazon: a good access token, one token of the quota, the request, the judgement, and a few retries
for what is worth one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from orderferry.amazon.answers import AmazonResponse
from orderferry.amazon.clock import AmazonClock
from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.login import Login
from orderferry.amazon.quota import RATE_HEADER, Quota, parse_rate
from orderferry.amazon.response_errors import AccessTokenExpired, quota_spent, unusable_answer
from orderferry.amazon.retry import Retry
from orderferry.domain.quota import USAGE_PLANS

log = logging.getLogger(__name__)
T = TypeVar("T")


class Exchange:
    """The requests of one account, whichever API they are for. `calls` counts them by operation, retries included;
    logins are not counted.
    """

    def __init__(self, login: Login, quota: Quota, clock: AmazonClock, retry: Retry) -> None:
        self.login = login
        self.calls: Counter[str] = Counter()
        self._quota = quota
        self._clock = clock
        self._retry = retry

    def ask(self, operation: str, send: Callable[[], AmazonResponse], read: Callable[[AmazonResponse], T]) -> T:
        """One question, with its retries; an access token that has expired early is renewed once.

        `read` judges the answer: it raises UnusableBody or one of our errors, or returns what was asked for. Raise
        QuotaExhausted without asking when no token of `operation` is left.
        """

        def attempt() -> T:
            """One try. A token that Amazon no longer takes is renewed within it: that is no failure to wait for."""
            try:
                return self._try_once(operation, send, read)
            except AccessTokenExpired:
                log.info("the access token has expired before its time: logging in again")
                self.login.forget()
                return self._try_once(operation, send, read)

        return self._retry.call(attempt)

    def _try_once(self, operation: str, send: Callable[[], AmazonResponse], read: Callable[[AmazonResponse], T]) -> T:
        self.login.token()  # before the quota: a failed login must not cost a token
        self._quota.spend(operation)
        self.calls[operation] += 1
        answer = send()
        arrived = self._clock.local()
        log.debug("%s: HTTP %d, Amazon's request id %s", operation, answer.status, answer.request_id or "not given")
        rate = parse_rate(answer.headers.get(RATE_HEADER))
        if rate is not None:
            self._quota.learn(operation, rate)
        if answer.status == 429:
            self._quota.drained(operation)
            raise quota_spent(operation, self._clock.local() + _one_token(operation))
        try:
            result = read(answer)
        except UnusableBody as unusable:
            raise unusable_answer(operation, str(unusable)) from None
        self._clock.learn(answer.headers.get("date"), arrived)
        return result


def _one_token(operation: str) -> timedelta:
    """How long the documented rate takes to give one token back."""
    return timedelta(seconds=float(1 / USAGE_PLANS[operation].rate))
