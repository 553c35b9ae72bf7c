"""Helpers for tests of, and with, the simulated Amazon: orders in few words, and a client that speaks plain HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import httpx

from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import PLACED, Event, EventKind, Line, SimulatedOrder
from orderferry.simulator.reports_api import ReportRules

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
EVERYTHING = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"
SEARCH_PATH = "/orders/2026-01-01/orders"
# Reports that are ready when they are asked for: a comparison waits 17 seconds for the simulator's usual ones.
READY_REPORTS = ReportRules(queued=timedelta(0), working=timedelta(0))


def seconds(**parts: float) -> int:
    """A duration in whole seconds: `seconds(hours=2)`."""
    return int(timedelta(**parts).total_seconds())


def verified(**after: float) -> Event:
    return Event(EventKind.VERIFIED, seconds(**after))


def shipped(**after: float) -> Event:
    return Event(EventKind.SHIPPED, seconds(**after))


def id_of(number: int) -> str:
    """The Amazon order id of the simulated order with that number."""
    return f"302-0000000-{number:07d}"


def simulated_order(
    number: int = 1,
    *events: Event,
    lines: Sequence[Line] = (Line("SKU-1", 2, Decimal("10.00")),),
    placed: datetime = START,
    marketplace: str = "DE",
    **fields: Any,
) -> SimulatedOrder:
    """An order of that number; its `events` follow its being placed."""
    fields.setdefault("tax_rate", Decimal(19))
    return SimulatedOrder(id_of(number), marketplace, placed, tuple(lines), (PLACED, *events), **fields)


class SimulatorClient:
    """A client that logs in on entering and sends what it is told, without any cleverness."""

    def __init__(self, server: SimulatorServer, *, log_in: bool = True) -> None:
        self.server = server
        self._http = httpx.Client(base_url=server.endpoint, trust_env=False, verify=False, timeout=10)
        self._token = self.log_in().json()["access_token"] if log_in else ""

    def log_in(self, **changes: str) -> httpx.Response:
        """Ask for a token; `changes` replace fields of the form."""
        credentials = self.server.credentials
        form = {
            "grant_type": "refresh_token",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "refresh_token": credentials.refresh_token,
        }
        return self._http.post("/auth/o2/token", data=form | changes)

    def search(self, **parameters: Any) -> httpx.Response:
        """searchOrders with all datasets, unless `parameters` say otherwise."""
        return self.get(SEARCH_PATH, {"includedData": EVERYTHING} | parameters)

    def search_all(self, **parameters: Any) -> list[list[dict[str, Any]]]:
        """The pages of a whole listing."""
        pages: list[list[dict[str, Any]]] = []
        token: dict[str, str] = {}
        while True:
            body = self.search(**parameters, **token).json()
            pages.append(body["orders"])
            if "pagination" not in body:
                return pages
            token = {"paginationToken": body["pagination"]["nextToken"]}

    def order(self, order_id: str, **parameters: Any) -> httpx.Response:
        """getOrder with all datasets, unless `parameters` say otherwise."""
        return self.get(f"{SEARCH_PATH}/{order_id}", {"includedData": EVERYTHING} | parameters)

    def get(self, path: str, parameters: Any = None) -> httpx.Response:
        headers = {"x-amz-access-token": self._token} if self._token else {}
        return self._http.get(path, params=parameters, headers=headers)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self._http.post(path, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()
