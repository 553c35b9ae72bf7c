"""The simulated Amazon without its sockets: a request in, an answer out.

`ROUTES` is the table of everything that is served. An operation with `metered` needs the access token and spends from
its usage plan; a further API is a few more rows.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime

from orderferry.simulator.access import Logins, Usage
from orderferry.simulator.clock import Clock
from orderferry.simulator.faults import Fault, Faults
from orderferry.simulator.messages import (
    Refusal,
    Request,
    RequestLog,
    SimulatedResponse,
    error_answer,
)
from orderferry.simulator.orders_api import OrderSearch, get_order
from orderferry.simulator.reports_api import Reports


@dataclass(slots=True)
class SimulatedAmazon:
    """The simulated Amazon: all parts that answer requests."""

    clock: Clock
    logins: Logins
    usage: Usage
    faults: Faults
    requests: RequestLog
    search: OrderSearch
    reports: Reports
    others: Mapping[str, OrderSearch] = field(default_factory=dict)  # other sellers' listings, by refresh token

    def listing(self, request: Request) -> OrderSearch:
        """Return the listing, and with it the world, of the seller for whom a request is made."""
        return self.others.get(self.logins.seller(request), self.search)

    def answer(self, request: Request) -> SimulatedResponse:
        """Answer a request and record it. The time of the request is that of the simulator's clock."""
        route, arguments = _find_route(request.method, request.path)
        request = replace(request, operation=route.operation, arguments=arguments, at=self.clock.now())
        answer = self._answer(route, request)
        self.requests.add(request, 0 if answer.close else answer.status)
        return replace(answer, headers=(*self._headers(route, request, answer), *answer.headers))

    def _answer(self, route: Route, request: Request) -> SimulatedResponse:
        fault = self.faults.take(route.operation)
        if fault is not None and fault.answer is not None:
            self.usage.spend(route.operation, request.at)  # a request that fails costs its token all the same
            return fault.answer
        try:
            if route.metered:
                self.logins.check(request)
                if not self.usage.spend(route.operation, request.at):
                    return error_answer(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
            return self._handle(route.operation, request, fault)
        except Refusal as refusal:
            return refusal.answer

    def _handle(self, operation: str, request: Request, fault: Fault | None) -> SimulatedResponse:
        match operation:
            case "token":
                return self.logins.token(request)
            case "searchOrders":
                return self.listing(request).answer(request, fault)
            case "getOrder":
                return get_order(self.listing(request).world, request)
            case "createReport":
                return self.reports.create(request, self.listing(request).world, fault)
            case "getReport":
                return self.reports.get(request)
            case "getReportDocument":
                return self.reports.document(request)
            case "downloadReport":
                return self.reports.download(request)
        return error_answer(404, "NotFound", "The requested resource doesn't exist.")

    def _headers(self, route: Route, request: Request, answer: SimulatedResponse) -> tuple[tuple[str, str], ...]:
        """Return the date by the simulator's clock, a request id, and on good answers the usage plan's rate."""
        headers = [
            ("Date", format_datetime(request.at, usegmt=True)),
            ("x-amzn-RequestId", str(uuid.uuid4())),
        ]
        rate = self.usage.rate(route.operation) if answer.status == 200 else None
        if rate is not None:
            headers.append(("x-amzn-RateLimit-Limit", str(rate)))
        return tuple(headers)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its method, and the pattern of its whole path."""

    method: str
    pattern: str
    operation: str
    metered: bool = False


_ORDERS = "/orders/2026-01-01/orders"
_REPORTS = "/reports/2021-06-30"
ROUTES: tuple[Route, ...] = (
    Route("POST", r"/auth/o2/token", "token"),
    Route("GET", _ORDERS, "searchOrders", metered=True),
    Route("GET", rf"{_ORDERS}/(?P<order_id>[^/]+)", "getOrder", metered=True),
    Route("POST", rf"{_REPORTS}/reports", "createReport", metered=True),
    Route("GET", rf"{_REPORTS}/reports/(?P<report_id>[^/]+)", "getReport", metered=True),
    Route("GET", rf"{_REPORTS}/documents/(?P<document_id>[^/]+)", "getReportDocument", metered=True),
    Route("GET", r"/report-documents/(?P<key>[^/]+)", "downloadReport"),
)
_NO_ROUTE = Route("", "", "unknown")


def _find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for route in ROUTES:
        match = re.fullmatch(route.pattern, path)
        if match and route.method == method:
            return route, match.groupdict()
    return _NO_ROUTE, {}
