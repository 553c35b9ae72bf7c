"""What the server was asked: for tests that count calls, and for the control endpoint."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from orderferry.simulator.answers import Request

_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request and the status that it got (0: the connection was dropped)."""

    operation: str
    method: str
    path: str
    parameters: dict[str, tuple[str, ...]]
    user_agent: str
    at: datetime
    status: int

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter of the query, or None."""
        return next(iter(self.parameters.get(name, ())), None)


class RequestLog:
    """The requests in the order of their answers; the last 100,000 are kept, all are counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Recorded] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()

    def add(self, request: Request, status: int) -> None:
        """Note one request."""
        recorded = Recorded(
            request.operation,
            request.method,
            request.path,
            dict(request.parameters),
            request.headers.get("user-agent", ""),
            request.at,
            status,
        )
        with self._lock:
            self._requests.append(recorded)
            self._counts[request.operation] += 1

    def count(self, operation: str) -> int:
        """How many requests of an operation came in ("token", "searchOrders", "getOrder")."""
        return self._counts[operation]

    @property
    def counts(self) -> dict[str, int]:
        """Requests by operation."""
        with self._lock:
            return dict(self._counts)

    def of(self, operation: str) -> list[Recorded]:
        """The requests of one operation."""
        return [request for request in self if request.operation == operation]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._requests.clear()
            self._counts.clear()

    def __iter__(self) -> Iterator[Recorded]:
        with self._lock:
            return iter(list(self._requests))

    def __len__(self) -> int:
        return len(self._requests)
