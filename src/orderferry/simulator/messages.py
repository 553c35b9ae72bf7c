"""A request as the simulator reads it, the answers in Amazon's forms, and the log of what was asked."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

JSON = "application/json"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `parameters` holds every value of each key of the query; header names are in lower case.

    `at` is the simulator's time; `arguments` are the parts of the path that its route names. `status`: of its answer,
    once it is recorded (0: the connection was dropped).
    """

    method: str
    path: str
    parameters: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]
    body: bytes
    at: datetime
    operation: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None

    @property
    def user_agent(self) -> str:
        """Return what the client calls itself."""
        return self.headers.get("user-agent", "")

    def parameter(self, name: str) -> str | None:
        """Return the first value of a parameter of the query, or None."""
        return next(iter(self.parameters.get(name, ())), None)


@dataclass(frozen=True, slots=True)
class SimulatedResponse:
    """One answer. `promised_length` longer than the body makes a cut-off; `hang` waits (real seconds) before it is
    sent; `close` drops the connection instead of answering."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    promised_length: int | None = None
    hang: float = 0.0
    close: bool = False


class Refusal(Exception):
    """Raised by handlers to end a request with one of Amazon's errors; `answer` is what is sent."""

    def __init__(self, answer: SimulatedResponse) -> None:
        self.answer = answer


def json_answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> SimulatedResponse:
    """Return an answer with a JSON body."""
    return SimulatedResponse(
        status, json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), headers=headers
    )


def error_answer(status: int, code: str, message: str, details: str = "") -> SimulatedResponse:
    """Return Amazon's error body: `{"errors": [{code, message, details}]}`."""
    error = {"code": code, "message": message, "details": details}
    return json_answer({"errors": [error]}, status, (("x-amzn-ErrorType", code),))


def invalid_input(details: str) -> Refusal:
    """Return the refusal 400 InvalidInput, with what is wrong with the parameters."""
    return Refusal(error_answer(400, "InvalidInput", "Invalid Input", details))


def unauthorized(details: str) -> Refusal:
    """Return the refusal 403 Unauthorized: token, role, marketplace or region."""
    return Refusal(error_answer(403, "Unauthorized", "Access to requested resource is denied.", details))


_KEPT = 100_000


class RequestLog:
    """The requests in the order of their answers; the last 100,000 are kept, all are counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Request] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()

    def add(self, request: Request, status: int) -> None:
        """Note one request."""
        with self._lock:
            self._requests.append(replace(request, status=status))
            self._counts[request.operation] += 1

    def count(self, operation: str) -> int:
        """Return how many requests of an operation came in ("token", "searchOrders", "getOrder")."""
        return self._counts[operation]

    @property
    def counts(self) -> dict[str, int]:
        """Requests by operation."""
        with self._lock:
            return dict(self._counts)

    def of(self, operation: str) -> list[Request]:
        """Return the requests of one operation."""
        return [request for request in self if request.operation == operation]

    def __iter__(self) -> Iterator[Request]:
        with self._lock:
            return iter(list(self._requests))

    def __len__(self) -> int:
        return len(self._requests)
