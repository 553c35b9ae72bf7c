"""Faults on order: what the n-th request of an operation gets instead of its answer, or within it.

    server.faults.add("searchOrders", nth=2, kind=FaultKind.BAD_GATEWAY)
    server.faults.add("token", nth=1, kind=FaultKind.HANG, seconds=30)

`nth` counts the operation's requests from the moment of adding (1: the next one), `times` how many in a row
(None: all from there on).
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from enum import StrEnum

from orderferry.simulator.messages import HTML, JSON, SimulatedResponse, error_answer


class FaultKind(StrEnum):
    """What can go wrong. The last groups mislead within good answers: searches and reports make them themselves."""

    QUOTA_EXCEEDED = "429"
    INTERNAL_FAILURE = "500"
    UNAVAILABLE = "503"
    UNAVAILABLE_HTML = "503-html"
    BAD_GATEWAY = "502-html"
    GATEWAY_TIMEOUT = "504-html"
    FORBIDDEN = "403"
    FORBIDDEN_BARE = "403-without-errors"
    UNAUTHENTICATED = "401"
    BAD_REQUEST = "400"
    BAD_REQUEST_HTML = "400-html"
    REDIRECT = "302"
    HTML_PAGE = "200-html"
    EMPTY = "200-empty"
    JSON_LIST = "200-list"
    NO_ORDERS_KEY = "200-without-orders"
    CUT_OFF_JSON = "cut-off-json"
    CUT_OFF_BODY = "cut-off-body"
    NOT_UTF8 = "not-utf8"
    CLOSE = "close"
    HANG = "hang"
    EXPIRED_TOKEN = "expired-pagination-token"  # noqa: S105 — a kind of fault, not a secret

    REPEATED_PAGE = "repeated-page"  # the page before once more, with a new token; the true page is never sent
    REPEATED_TOKEN = "repeated-token"  # noqa: S105 — the token of the request comes back as the next one
    STALE = "stale"  # the orders as they were `seconds` ago

    REPORT_FATAL = "report-fatal"  # createReport: the report that is asked for ends so
    REPORT_CANCELLED = "report-cancelled"


_PAGE = b"<html><head><title>%s</title></head><body><h1>%s</h1></body></html>"
_CUT_OFF = b'{"orders": [{"orderId": "302-1234567-12'
_EMPTY_PAGE = json.dumps({"orders": []}).encode()


def _html(status: int, title: bytes) -> SimulatedResponse:
    return SimulatedResponse(status, _PAGE % (title, title), HTML)


FAULT_ANSWERS: dict[FaultKind, SimulatedResponse] = {
    FaultKind.QUOTA_EXCEEDED: error_answer(429, "QuotaExceeded", "You exceeded your quota for the requested resource."),
    FaultKind.INTERNAL_FAILURE: error_answer(500, "InternalFailure", "We encountered an internal error."),
    FaultKind.UNAVAILABLE: error_answer(503, "ServiceUnavailable", "Service is temporarily unavailable."),
    FaultKind.UNAVAILABLE_HTML: _html(503, b"503 Service Unavailable"),
    FaultKind.BAD_GATEWAY: _html(502, b"502 Bad Gateway"),
    FaultKind.GATEWAY_TIMEOUT: _html(504, b"504 Gateway Timeout"),
    FaultKind.FORBIDDEN: error_answer(403, "Unauthorized", "Access to requested resource is denied."),
    FaultKind.FORBIDDEN_BARE: SimulatedResponse(403, b'{"message": "Forbidden"}'),
    FaultKind.UNAUTHENTICATED: error_answer(401, "Unauthorized", "The request has an invalid token."),
    FaultKind.BAD_REQUEST: error_answer(400, "InvalidInput", "Invalid Input", "orderId must be in 3-7-7 format."),
    FaultKind.BAD_REQUEST_HTML: _html(400, b"400 Bad Request"),
    FaultKind.REDIRECT: SimulatedResponse(302, headers=(("Location", "/elsewhere"),)),
    FaultKind.HTML_PAGE: _html(200, b"Please wait"),
    FaultKind.EMPTY: SimulatedResponse(200),
    FaultKind.JSON_LIST: SimulatedResponse(200, b"[]"),
    FaultKind.NO_ORDERS_KEY: SimulatedResponse(200, b'{"message": "OK"}'),
    FaultKind.CUT_OFF_JSON: SimulatedResponse(200, _CUT_OFF),
    FaultKind.CUT_OFF_BODY: SimulatedResponse(200, _EMPTY_PAGE, promised_length=4096),
    FaultKind.NOT_UTF8: SimulatedResponse(200, b'{"orders": [], "note": "\xff\xfe"}', JSON),
    FaultKind.CLOSE: SimulatedResponse(0, close=True),
    FaultKind.EXPIRED_TOKEN: error_answer(
        400, "InvalidInput", "Invalid Input", "The paginationToken is not valid: it has expired."
    ),
}


@dataclass(slots=True)
class Fault:
    """One fault on order: `wait` requests pass before it, then it meets `times` requests (None: all)."""

    operation: str
    kind: FaultKind
    wait: int
    times: int | None
    seconds: float

    @property
    def answer(self) -> SimulatedResponse | None:
        """Return what is sent instead of the true answer; None for a fault within it."""
        if self.kind is FaultKind.HANG:
            return SimulatedResponse(0, hang=self.seconds, close=True)
        return FAULT_ANSWERS.get(self.kind)


class Faults:
    """The faults on order of one server. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.met = 0

    def add(
        self, operation: str, nth: int, kind: FaultKind | str, *, times: int | None = 1, seconds: float = 60.0
    ) -> None:
        """Order a fault (see above). `seconds` is how long HANG hangs (real time) or how old STALE is (simulated)."""
        if nth < 1:
            raise ValueError("nth counts from 1")
        with self._lock:
            self._faults.append(Fault(operation, FaultKind(kind), nth - 1, times, seconds))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, operation: str) -> Fault | None:
        """Count one request of `operation`; return the fault that meets it, if any (the first that was added)."""
        met: Fault | None = None
        with self._lock:
            for fault in [known for known in self._faults if known.operation == operation]:
                if fault.wait:
                    fault.wait -= 1
                elif met is None:
                    met = fault
                    if fault.times is not None:
                        fault.times -= 1
            self._faults = [fault for fault in self._faults if fault.times != 0]
            self.met += met is not None
        return met
