"""The simulated Amazon over real HTTP: headers, quota, faults, control, and whole worlds."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from orderferry.domain.durations import iso
from orderferry.domain.quota import UsagePlan
from orderferry.errors import UsageError
from orderferry.simulator.access import SimulatorCredentials
from orderferry.simulator.clock import Clock
from orderferry.simulator.faults import FaultKind
from orderferry.simulator.http_server import SimulatorServer, serve_forever
from orderferry.simulator.orders import EventKind, RawOrder, SimulatedOrder
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World
from support.amazon_side import sandbox_orders
from support.simulated import EVERYTHING, START, SimulatorClient, shipped, simulated_order, verified

NOW = START + timedelta(days=3)
SINCE = {"lastUpdatedAfter": iso(START)}
ORDER = simulated_order(1, verified(minutes=20), shipped(days=5))


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    """A small world at NOW: one order that is verified, and 150 that are pending."""
    world = World([ORDER, *(simulated_order(number) for number in range(2, 152))])
    with SimulatorServer(world, clock=Clock.still(NOW)) as running:
        yield running


@pytest.fixture
def client(server: SimulatorServer) -> Iterator[SimulatorClient]:
    with SimulatorClient(server) as connected:
        yield connected


def test_a_good_answer_has_amazons_headers(client: SimulatorClient) -> None:
    first, second = client.search(**SINCE), client.search(**SINCE)
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/json"
    assert parsedate_to_datetime(first.headers["date"]) == NOW
    assert first.headers["x-amzn-ratelimit-limit"] == "0.0056"
    assert first.headers["x-amzn-requestid"] != second.headers["x-amzn-requestid"]


def test_an_error_has_amazons_body_and_no_rate(client: SimulatorClient) -> None:
    answer = client.search(lastUpdatedAfter="never")
    assert answer.status_code == 400
    assert set(answer.json()["errors"][0]) == {"code", "message", "details"}
    assert "x-amzn-ratelimit-limit" not in answer.headers
    assert answer.headers["x-amzn-errortype"] == "InvalidInput"


def test_a_listing_is_paged_and_recorded(server: SimulatorServer, client: SimulatorClient) -> None:
    pages = client.search_all(**SINCE)
    assert [len(page) for page in pages] == [100, 51]
    assert len({order["orderId"] for page in pages for order in page}) == 151
    assert server.requests.counts == {"token": 1, "searchOrders": 2}
    second = server.requests.of("searchOrders")[1]
    assert second.parameter("lastUpdatedAfter") == iso(START)
    assert second.parameter("paginationToken")
    assert second.status == 200
    assert second.user_agent.startswith("python-httpx/")


def test_no_dataset_comes_unasked(client: SimulatorClient) -> None:
    order = client.search(**SINCE, includedData="PROCEEDS", fulfillmentStatuses="UNSHIPPED").json()["orders"][0]
    assert set(order) == {"orderId", "createdTime", "lastUpdatedTime", "salesChannel", "proceeds", "orderItems"}


def test_get_order_is_wrapped(client: SimulatorClient) -> None:
    assert client.order(ORDER.order_id).json()["order"]["orderId"] == ORDER.order_id
    assert client.order("302-9999999-9999999").status_code == 404


def test_without_a_good_access_token_nothing_is_answered(server: SimulatorServer, client: SimulatorClient) -> None:
    with SimulatorClient(server, log_in=False) as stranger:
        assert stranger.search(**SINCE).status_code == 403
        assert stranger.log_in(client_secret="wrong").json()["error"] == "invalid_client"
    server.clock.advance(timedelta(hours=1))
    assert client.search(**SINCE).status_code == 403


def test_the_usage_plan_is_kept_on_the_simulators_clock(server: SimulatorServer, client: SimulatorClient) -> None:
    statuses = [client.search(**SINCE).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    refused = client.search(**SINCE)
    assert refused.json()["errors"][0]["code"] == "QuotaExceeded"
    assert client.order(ORDER.order_id).status_code == 200
    server.clock.advance(timedelta(seconds=179))
    assert [client.search(**SINCE).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("plans", "good"), [(False, 25), ({"searchOrders": UsagePlan("searchOrders", 1, 3)}, 3)], ids=["off", "own"]
)
def test_usage_plans_can_be_switched_off_or_changed(plans: Any, good: int) -> None:
    with (
        SimulatorServer(World([]), clock=Clock.still(NOW), usage_plans=plans) as server,
        SimulatorClient(server) as client,
    ):
        assert [client.search(**SINCE).status_code for _ in range(25)].count(200) == good


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        (FaultKind.QUOTA_EXCEEDED, 429, "application/json"),
        (FaultKind.INTERNAL_FAILURE, 500, "application/json"),
        (FaultKind.UNAVAILABLE, 503, "application/json"),
        (FaultKind.UNAVAILABLE_HTML, 503, "text/html"),
        (FaultKind.BAD_GATEWAY, 502, "text/html"),
        (FaultKind.GATEWAY_TIMEOUT, 504, "text/html"),
        (FaultKind.FORBIDDEN, 403, "application/json"),
        (FaultKind.FORBIDDEN_BARE, 403, "application/json"),
        (FaultKind.UNAUTHENTICATED, 401, "application/json"),
        (FaultKind.BAD_REQUEST_HTML, 400, "text/html"),
        (FaultKind.REDIRECT, 302, None),
        (FaultKind.HTML_PAGE, 200, "text/html"),
        (FaultKind.EMPTY, 200, None),
        (FaultKind.JSON_LIST, 200, "application/json"),
        (FaultKind.NO_ORDERS_KEY, 200, "application/json"),
        (FaultKind.CUT_OFF_JSON, 200, "application/json"),
        (FaultKind.NOT_UTF8, 200, "application/json"),
        (FaultKind.EXPIRED_TOKEN, 400, "application/json"),
    ],
)
def test_a_fault_meets_one_request_and_the_next_is_well(
    server: SimulatorServer, client: SimulatorClient, kind: FaultKind, status: int, content_type: str | None
) -> None:
    server.faults.add("searchOrders", 1, kind)
    answer = client.search(**SINCE)
    assert (answer.status_code, answer.headers.get("content-type")) == (status, content_type)
    with pytest.raises(ValueError):  # noqa: PT011 — every body but Amazon's own errors is no page of orders
        _page_of(answer)
    assert len(_page_of(client.search(**SINCE))) == 100


def _page_of(answer: httpx.Response) -> list[Any]:
    """The orders of a good page. Raise ValueError for anything else."""
    body = json.loads(answer.content)
    if answer.status_code != 200 or not isinstance(body, dict) or not isinstance(body.get("orders"), list):
        raise ValueError("no page")
    orders: list[Any] = body["orders"]
    return orders


def test_dropped_and_cut_off_answers_are_transport_errors(server: SimulatorServer, client: SimulatorClient) -> None:
    for kind in (FaultKind.CLOSE, FaultKind.CUT_OFF_BODY):
        server.faults.add("searchOrders", 1, kind)
        with pytest.raises(httpx.RemoteProtocolError):
            client.search(**SINCE)
    assert client.search(**SINCE).status_code == 200
    assert [request.status for request in server.requests.of("searchOrders")] == [0, 200, 200]


def test_a_hanging_answer_ends_with_the_clients_patience_or_the_server(server: SimulatorServer) -> None:
    server.faults.add("token", 1, FaultKind.HANG, seconds=600)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(server.token_url, data={}, timeout=0.1, trust_env=False)


def test_a_failing_request_costs_its_token(server: SimulatorServer, client: SimulatorClient) -> None:
    server.faults.add("searchOrders", 1, FaultKind.INTERNAL_FAILURE, times=5)
    assert [client.search(**SINCE).status_code for _ in range(21)] == [500] * 5 + [200] * 15 + [429]


def test_a_repeated_page_comes_with_a_new_token(server: SimulatorServer, client: SimulatorClient) -> None:
    server.faults.add("searchOrders", 2, FaultKind.REPEATED_PAGE)
    first = client.search(**SINCE, maxResultsPerPage=50).json()
    token = first["pagination"]["nextToken"]
    second = client.search(**SINCE, maxResultsPerPage=50, paginationToken=token).json()
    assert second["orders"] == first["orders"]
    assert second["pagination"]["nextToken"] != token


def test_a_repeated_token_leads_back_to_the_same_page(server: SimulatorServer, client: SimulatorClient) -> None:
    server.faults.add("searchOrders", 2, FaultKind.REPEATED_TOKEN)
    token = client.search(**SINCE, maxResultsPerPage=50).json()["pagination"]["nextToken"]
    second = client.search(**SINCE, maxResultsPerPage=50, paginationToken=token).json()
    assert second["pagination"]["nextToken"] == token


def test_a_stale_answer_shows_the_orders_as_they_were(server: SimulatorServer, client: SimulatorClient) -> None:
    before_it_was_verified = NOW - START - timedelta(minutes=15)
    server.faults.add("searchOrders", 1, FaultKind.STALE, seconds=before_it_was_verified.total_seconds())
    verified_orders = SINCE | {"fulfillmentStatuses": "UNSHIPPED"}
    stale, fresh = (client.search(**verified_orders).json()["orders"] for _ in range(2))
    assert stale == []
    assert [order["orderId"] for order in fresh] == [ORDER.order_id]


def test_an_order_lives_on_while_the_server_runs(server: SimulatorServer, client: SimulatorClient) -> None:
    def status() -> str:
        orders = client.search(**SINCE, fulfilledBy="MERCHANT", includedData="FULFILLMENT")
        assert orders.status_code == 200
        return str(client.order(ORDER.order_id).json()["order"]["fulfillment"]["fulfillmentStatus"])

    assert status() == "UNSHIPPED"
    server.world.change(ORDER.order_id, EventKind.CANCELLED, NOW + timedelta(minutes=10))
    assert status() == "UNSHIPPED"
    server.clock.advance(timedelta(minutes=10))
    assert status() == "CANCELLED"


def test_pages_shift_when_the_server_counts_instead_of_remembering() -> None:
    orders = [simulated_order(number, placed=START + timedelta(minutes=number)) for number in range(6)]
    with (
        SimulatorServer(World(orders), clock=Clock.still(NOW), shifting_pages=True) as server,
        SimulatorClient(server) as client,
    ):
        words = SINCE | {"lastUpdatedBefore": iso(START + timedelta(hours=1)), "maxResultsPerPage": 3}
        first = client.search(**words).json()
        server.world.change(orders[0].order_id, EventKind.TOUCHED, NOW)
        server.clock.advance(timedelta(minutes=3))
        second = client.search(**words, paginationToken=first["pagination"]["nextToken"]).json()
    seen = [order["orderId"] for page in (first, second) for order in page["orders"]]
    assert orders[3].order_id not in seen


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/orders/v0/orders"), ("POST", "/orders/2026-01-01/orders")]
)
def test_other_paths_are_404(server: SimulatorServer, method: str, path: str) -> None:
    with httpx.Client(base_url=server.endpoint, trust_env=False) as client:
        assert client.request(method, path, content=b"" if method == "POST" else None).status_code == 404


def test_a_get_with_a_body_is_answered_in_html(server: SimulatorServer) -> None:
    with httpx.Client(base_url=server.endpoint, trust_env=False) as client:
        answer = client.request("GET", "/", content=b"{}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html")


def test_amazons_published_orders_are_served_as_they_are() -> None:
    orders = list(sandbox_orders().values())
    words = f"{EVERYTHING},FULFILLMENT_ORDERS"
    with (
        SimulatorServer(World(map(RawOrder, orders)), clock=Clock.still(NOW)) as server,
        SimulatorClient(server) as client,
    ):
        pages = client.search_all(createdAfter="2024-01-01T00:00:00Z", includedData=words)
        assert sorted(pages[0], key=str) == sorted(orders, key=str)
        for order in orders:
            assert client.order(order["orderId"], includedData=words).json() == {"order": order}


def test_a_large_world_is_listed_completely() -> None:
    world = generate(4, START, days=3, orders_per_day=400, marketplaces=("DE", "IT"))
    with (
        SimulatorServer(world, clock=Clock.still(NOW), usage_plans=False) as server,
        SimulatorClient(server) as client,
    ):
        pages = client.search_all(**SINCE, includedData="FULFILLMENT")
    listed = [order["orderId"] for page in pages for order in page]
    visible = [order.order_id for order in world if isinstance(order, SimulatedOrder) and order.placed <= NOW]
    assert len(listed) == len(set(listed))
    late = NOW - timedelta(minutes=2)
    changed = {
        order.order_id
        for order in world
        if isinstance(order, SimulatedOrder) and any(late < time <= NOW for time in order.update_times())
    }
    assert set(visible) - changed <= set(listed) <= set(visible)


def test_a_taken_port_is_a_sentence(server: SimulatorServer) -> None:
    with pytest.raises(UsageError, match=str(server.port)):
        SimulatorServer(World([]), port=server.port)


def test_own_credentials_are_asked_for() -> None:
    mine = SimulatorCredentials(client_id="me", client_secret="mine", refresh_token="Atzr|me")
    with SimulatorServer(World([]), credentials=mine) as server, SimulatorClient(server) as client:
        assert client.log_in().status_code == 200
        assert client.log_in(client_id="you").status_code == 401


def test_stopping_drops_connections_that_are_still_open() -> None:
    server = SimulatorServer(World([]))
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 404")
        server.stop()
        assert connection.recv(4096) == b""


@pytest.mark.parametrize("saved", [True, False], ids=["saved world", "invented world"])
def test_a_world_is_served_until_it_is_stopped(tmp_path: Path, saved: bool) -> None:
    path = tmp_path / "world.json"
    World([ORDER]).save(path)
    stop = threading.Event()
    numbers: list[int] = []

    def look(server: SimulatorServer) -> None:
        assert httpx.get(server.endpoint, trust_env=False).status_code == 404
        numbers.append(len(server.world))
        stop.set()

    serve_forever(path if saved else None, port=0, on_start=look, stop=stop)
    assert (numbers[0] == 1) == saved
    assert numbers[0] > 0
