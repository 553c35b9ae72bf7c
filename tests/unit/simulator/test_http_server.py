"""The simulator's server: what its addresses are, what it refuses before it reads, and the world that it invents."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.domain.quota import USAGE_PLANS
from orderferry.simulator.access import SimulatorCredentials
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import DEFAULT_PORT, SimulatorServer, open_world
from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.world import World
from support.simulated import START, simulated_order

HTML = "<html><body><h1>{}</h1></body></html>"


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(World([]), clock=Clock.still(START)) as running:
        yield running


def ask(server: SimulatorServer, text: str) -> tuple[str, dict[str, str], str]:
    """The first line, the headers in lower case, and the body of the answer to raw text."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return first, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


def test_what_a_configuration_has_to_say(server: SimulatorServer) -> None:
    assert server.amazon_keys == {
        "endpoint": f"http://127.0.0.1:{server.port}",
        "token_url": f"http://127.0.0.1:{server.port}/auth/o2/token",
        "client_id": "amzn1.application-oa2-client.simulator",
        "client_secret": "amzn1.oa2-cs.v1.simulator-no-secret",
        "refresh_token": "Atzr|simulator-no-secret",
    }
    assert DEFAULT_PORT == 8765


def test_usage_plans_are_amazons_unless_they_are_switched_off(server: SimulatorServer) -> None:
    assert server.usage.left("searchOrders", START) == USAGE_PLANS["searchOrders"].burst
    with SimulatorServer(World([]), usage_plans=False, credentials=SimulatorCredentials("id")) as free:
        assert free.usage.left("searchOrders", START) is None
        assert free.logins.credentials.client_id == "id"


def test_a_get_with_a_body_is_refused_as_by_amazons_gateway(server: SimulatorServer) -> None:
    first, headers, body = ask(server, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
    assert (first, headers["content-type"]) == ("HTTP/1.1 400 Bad Request", "text/html")
    assert body == HTML.format("400 Bad Request")
    assert headers["content-length"] == str(len(body))


@pytest.mark.parametrize("length", ["", "Content-Length: x\r\n", "Content-Length: 1000001\r\n"])
def test_a_post_needs_a_length_of_a_megabyte_at_most(server: SimulatorServer, length: str) -> None:
    first, headers, body = ask(server, f"POST /auth/o2/token HTTP/1.1\r\nHost: x\r\n{length}\r\n")
    assert (first, headers["content-type"]) == ("HTTP/1.1 411 Length Required", "text/html")
    assert body == HTML.format("411 Length Required")


def test_a_post_of_a_megabyte_is_read(server: SimulatorServer) -> None:
    head = "POST /auth/o2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    first, headers, body = ask(server, head + "x" * 1_000_000)
    assert (first, headers["content-type"]) == ("HTTP/1.1 400 Bad Request", "application/json")
    assert '"invalid_request"' in body


def test_a_path_and_its_parameters_are_decoded(server: SimulatorServer) -> None:
    ask(server, "GET /a%20b?x=1&x=%2B&y= HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\n\r\n")
    request = server.requests.of("unknown")[-1]
    assert (request.method, request.path, request.parameters) == ("GET", "/a b", {"x": ("1", "+"), "y": ("",)})
    assert (request.headers["user-agent"], request.body, request.at) == ("me", b"", START)


def test_a_world_is_invented_for_a_week_past_and_a_month_to_come() -> None:
    now = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
    world = open_world(None, now)
    orders = [order for order in world if isinstance(order, SimulatedOrder)]
    placed = sorted(order.placed for order in orders)
    assert len(orders) == len(world) == 37 * 40
    assert now - timedelta(days=7) <= placed[0] < now - timedelta(days=6)
    assert now + timedelta(days=29) < placed[-1] < now + timedelta(days=30)
    assert list(world) == list(open_world(None, now))
    assert orders[0].order_id.endswith("-0333333-3341252")  # of the seed 1
    mine = open_world(None, now, ["MINE"])
    assert {line.sku for order in mine if isinstance(order, SimulatedOrder) for line in order.lines} == {"MINE"}


def test_a_world_of_a_file_is_served_as_it_is(tmp_path: Path) -> None:
    World([simulated_order()]).save(tmp_path / "world.json")
    assert list(open_world(tmp_path / "world.json", START)) == [simulated_order()]
