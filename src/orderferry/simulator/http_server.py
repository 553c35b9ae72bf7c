"""Serve the simulated Amazon over real HTTP.

with SimulatorServer(World([…]), clock=Clock.still(moment)) as server:
    server.endpoint, server.token_url      # for the configuration
    server.clock.advance(timedelta(days=2))
    server.faults.add("searchOrders", 2, FaultKind.BAD_GATEWAY)
    server.requests.count("searchOrders")
"""

from __future__ import annotations

import contextlib
import io
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from orderferry.domain.quota import USAGE_PLANS, UsagePlan
from orderferry.errors import UsageError
from orderferry.simulator.access import Logins, SimulatorCredentials, Usage
from orderferry.simulator.catalog import DEMO_CATALOG, own_catalog
from orderferry.simulator.clock import Clock
from orderferry.simulator.faults import Faults
from orderferry.simulator.messages import HTML, Request, RequestLog, SimulatedResponse
from orderferry.simulator.orders_api import OrderSearch
from orderferry.simulator.reports_api import ReportRules, Reports
from orderferry.simulator.service import SimulatedAmazon
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World

HOST = "127.0.0.1"
_LARGEST_BODY = 1_000_000


class SimulatorServer:
    """A simulated Amazon on a port of its own (`port` 0: any free one), answering from a thread of its own.

    `usage_plans`: True for Amazon's, False for none, or plans by operation. `shifting_pages`: see OrderSearch.
    `other_sellers`: whose orders the same application may read too, by refresh token (but no reports). Raise UsageError
    when the port can't be had.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Clock | None = None,
        port: int = 0,
        credentials: SimulatorCredentials | None = None,
        usage_plans: bool | Mapping[str, UsagePlan] = True,
        shifting_pages: bool = False,
        report_rules: ReportRules | None = None,
        other_sellers: Mapping[str, World] | None = None,
    ) -> None:
        plans = {True: USAGE_PLANS, False: {}}[usage_plans] if isinstance(usage_plans, bool) else usage_plans
        self.credentials = credentials or SimulatorCredentials()
        self.world = world
        self.clock = clock or Clock()
        self.faults = Faults()
        self.requests = RequestLog()
        self.usage = Usage(plans)
        sellers = other_sellers or {}
        self.logins = Logins(self.credentials, sellers)
        self.reports = Reports(report_rules)
        search = OrderSearch(world, shifting=shifting_pages)
        amazon = SimulatedAmazon(
            self.clock,
            self.logins,
            self.usage,
            self.faults,
            self.requests,
            search,
            self.reports,
            {token: OrderSearch(other, shifting=shifting_pages) for token, other in sellers.items()},
        )
        try:
            self._http = _HttpServer((HOST, port), amazon)
        except OSError as error:
            raise UsageError(
                f"the simulator can't listen on {HOST}:{port} ({error.strerror})",
                hint="Choose another one: --port NUMBER, or --port 0 for any that is free.",
            ) from error
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """Return the port that it listens on, also where 0 (any free one) was asked for."""
        return int(self._http.server_address[1])

    @property
    def endpoint(self) -> str:
        """Return the value for `amazon.endpoint`."""
        return f"http://{HOST}:{self.port}"

    @property
    def token_url(self) -> str:
        """Return the value for `amazon.token_url`."""
        return f"{self.endpoint}/auth/o2/token"

    @property
    def amazon_keys(self) -> dict[str, str]:
        """Return what [amazon] of a configuration has to say to use it."""
        return {"endpoint": self.endpoint, "token_url": self.token_url, **asdict(self.credentials)}

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, drop all connections, end what hangs."""
        self._http.stopping.set()
        self._http.shutdown()
        self._http.drop_connections()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


class _HttpServer(ThreadingHTTPServer):
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], amazon: SimulatedAmazon) -> None:
        self.amazon = amazon
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, then let its own thread answer."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection as it is closed."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        """End every open connection, so that its thread ends."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):  # the other side may have closed it already
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong, unless the client has gone away in the middle."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = io.DEFAULT_BUFFER_SIZE  # headers and body leave together

    def do_GET(self) -> None:
        """Answer a GET. One with a body gets HTML, as from Amazon's gateway (RFC 7230 validation)."""
        if self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True
            self._send(SimulatedResponse(400, b"<html><body><h1>400 Bad Request</h1></body></html>", HTML))
            return
        self._serve(b"")

    def do_POST(self) -> None:
        """Answer a POST with a body of a known length."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._send(SimulatedResponse(411, b"<html><body><h1>411 Length Required</h1></body></html>", HTML))
            return
        self._serve(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the service records the requests."""

    def _serve(self, body: bytes) -> None:
        target = urlsplit(self.path)
        query = parse_qs(target.query, keep_blank_values=True)
        request = Request(
            method=self.command,
            path=unquote(target.path),
            parameters={name: tuple(values) for name, values in query.items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            at=datetime.now(UTC),  # the service puts its own clock's time in
        )
        self._send(self.server.amazon.answer(request))

    def _send(self, answer: SimulatedResponse) -> None:
        if answer.hang:
            self.server.stopping.wait(answer.hang)
        if answer.close:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.body:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(answer.promised_length or len(answer.body)))
        if answer.promised_length:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()


DEFAULT_PORT = 8765
_INVENTED_BEFORE, _INVENTED_DAYS, _INVENTED_A_DAY = timedelta(days=7), 37, 40


def open_world(path: Path | None, now: datetime, skus: Sequence[str] = ()) -> World:
    """Read the file of a world or of the user's own orders; without one, make a small shop that has been open
    for a week and stays so for a month, and sells `skus`, or articles of its own.

    Raise UsageError for a file that can't be read.
    """
    if path is not None:
        return World.load(path, now)
    sold = own_catalog(skus) if skus else DEMO_CATALOG
    start = now - _INVENTED_BEFORE
    return generate(seed=1, start=start, days=_INVENTED_DAYS, orders_per_day=_INVENTED_A_DAY, skus=sold)


def serve_forever(
    world_path: Path | None = None,
    *,
    port: int = DEFAULT_PORT,
    skus: Sequence[str] = (),
    on_start: Callable[[SimulatorServer], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve a world until `stop` is set or the process is interrupted (KeyboardInterrupt goes on to the caller).

    `on_start` is called when the server answers, to print its addresses. Raise UsageError for a bad file or a port that
    is taken.
    """
    with SimulatorServer(open_world(world_path, datetime.now(UTC), skus), port=port) as server:
        if on_start is not None:
            on_start(server)
        (stop or threading.Event()).wait()
