"""Amazon's clock, from the Date headers of its answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def parse_http_date(header: str | None) -> datetime | None:
    """Given a Date header (RFC 9110), return it in UTC; None where it is missing or no possible now."""
    try:
        moment = parsedate_to_datetime(header or "")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.year >= 2020 else None


class AmazonClock:
    """This machine's clock, set right by each answer of Amazon's.

    `offset` is Amazon's time less this machine's, None before the first answer with a date. A date is as old as its
    answer took to arrive, so Amazon's now is never taken for later than it is.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.offset: timedelta | None = None

    def learn(self, date_header: str | None, arrived: datetime) -> None:
        """Take over the Date header of a good answer that arrived at this time of this machine's clock."""
        moment = parse_http_date(date_header)
        if moment is not None:
            self.offset = moment - arrived

    def now(self) -> datetime:
        """Amazon's now; this machine's as long as Amazon has not named its own."""
        return self._clock() + (self.offset or timedelta())

    def local(self) -> datetime:
        """This machine's now."""
        return self._clock()
