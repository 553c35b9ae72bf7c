"""Pagination tokens: opaque to the client, bound to the listing's parameters, good for 24 hours.

A token carries all that is needed to go on, so that a simulator that was restarted still takes it. Its text is Base64
with `+` and `/` in it, as Amazon's may be: whoever encodes it twice or not at all is found out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orderferry.simulator.answers import invalid_input

TOKEN_LIFE = timedelta(hours=24)
_MARK = b"\xfb\xff\xfe"  # in Base64: +//+

Frozen = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a listing goes on: after the order at `position`, with `read` orders sent so far, up to `before`.

    `number` sets apart tokens that continue at the same place.
    """

    issued: datetime
    before: datetime
    position: int
    read: int
    number: int


def write_token(bookmark: Bookmark, frozen: Frozen) -> str:
    """Given a bookmark and the parameters of its listing, return the token."""
    values = [
        _fingerprint(frozen),
        bookmark.issued.timestamp(),
        bookmark.before.timestamp(),
        bookmark.position,
        bookmark.read,
        bookmark.number,
    ]
    return base64.b64encode(_MARK + json.dumps(values).encode()).decode()


def read_token(token: str, frozen: Frozen, now: datetime) -> Bookmark:
    """Given a token and the parameters that came with it, return the bookmark.

    Raise Refusal (400 InvalidInput) when it is none of ours, belongs to other parameters, or is a day old.
    """
    try:
        raw = base64.b64decode(token, validate=True)
        fingerprint, issued, before, position, read, number = json.loads(raw.removeprefix(_MARK))
        bookmark = Bookmark(
            datetime.fromtimestamp(issued, UTC), datetime.fromtimestamp(before, UTC), position, read, number
        )
    except (binascii.Error, ValueError, TypeError):
        raise invalid_input("The paginationToken is not valid.") from None
    if fingerprint != _fingerprint(frozen):
        raise invalid_input("The paginationToken is not valid. All parameters must match the first request's.")
    if now > bookmark.issued + TOKEN_LIFE:
        raise invalid_input("The paginationToken is not valid: it has expired.")
    return bookmark


def _fingerprint(frozen: Frozen) -> str:
    return hashlib.sha256(json.dumps(frozen).encode()).hexdigest()[:16]
