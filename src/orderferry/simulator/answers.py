"""A request as the simulator reads it, and the answers that it gives, in Amazon's forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

JSON = "application/json"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `parameters` holds every value of each key of the query; header names are in lower case.

    `at` is the simulator's time; `arguments` are the parts of the path that its route names.
    """

    method: str
    path: str
    parameters: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]
    body: bytes
    peer: str
    at: datetime
    operation: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


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
        super().__init__(answer.status)
        self.answer = answer


def json_answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> SimulatedResponse:
    """An answer with a JSON body."""
    return SimulatedResponse(
        status, json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), headers=headers
    )


def error_answer(status: int, code: str, message: str, details: str = "") -> SimulatedResponse:
    """Amazon's error body: `{"errors": [{code, message, details}]}`."""
    error = {"code": code, "message": message, "details": details}
    return json_answer({"errors": [error]}, status, (("x-amzn-ErrorType", code),))


def invalid_input(details: str) -> Refusal:
    """400 InvalidInput: what is wrong with the parameters."""
    return Refusal(error_answer(400, "InvalidInput", "Invalid Input", details))


def unauthorized(details: str) -> Refusal:
    """403 Unauthorized: token, role, marketplace or region."""
    return Refusal(error_answer(403, "Unauthorized", "Access to requested resource is denied.", details))
