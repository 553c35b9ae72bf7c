"""What is to be POSTed to somebody else's service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LONGEST = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class HttpPost:
    """`key` is the configuration's name for the address, for the log."""

    key: str
    url: str
    body: bytes
    content_type: str
