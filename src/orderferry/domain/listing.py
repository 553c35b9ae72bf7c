"""A listing that is being read: what is needed to go on with its next page in another run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orderferry.domain.search import Search


@dataclass(frozen=True, slots=True)
class Listing:
    """`search` is frozen; `token` asks for the next page (None: none read yet); valid for 24 hours from `started`.

    `observed_until` is the smallest cut-off that the pages named so far; `pages` how many were read; `again` says
    that this is the second reading of a span whose first took longer than the overlap; `unreadable` how many orders
    without an id the pages have shown.
    """

    command: str
    search: Search
    started: datetime
    token: str | None = None
    observed_until: datetime | None = None
    pages: int = 0
    again: bool = False
    unreadable: int = 0
