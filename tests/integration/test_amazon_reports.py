"""Reports asked for, waited for and fetched, from the simulated Amazon over HTTP with the traps of the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from orderferry.amazon.source import AmazonSource
from orderferry.config.model import Secret
from orderferry.domain.compared_orders import OrderReport, ReportEnd
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.spans import Span
from orderferry.errors import AmazonRefused, AmazonUnavailable, QuotaExhausted
from orderferry.simulator.clock import Clock
from orderferry.simulator.faults import FaultKind
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import Event, EventKind, Line, SimulatedOrder
from orderferry.simulator.reports_api import DOCUMENT_LIFE, ReportRules
from orderferry.simulator.world import World
from support.amazon_side import QuotaDouble, amazon_settings
from support.simulated import START, SimulatorClient, seconds, shipped, simulated_order, verified

NOW = START + timedelta(days=3)
DAY = Span(START - timedelta(hours=1), START + timedelta(days=1))
ITALY = "APJ6JRA9NG5V4"
REPORTS = "/reports/2021-06-30/reports"


class Desk:
    """A source that asks a simulator, whose clock is also the source's; sleeps move it."""

    def __init__(self, server: SimulatorServer) -> None:
        self.server = server
        self.sleeps: list[float] = []
        self.quota = QuotaDouble()
        given = server.credentials
        settings = amazon_settings(
            server.endpoint,
            server.token_url,
            client_id=given.client_id,
            client_secret=Secret(given.client_secret),
            refresh_token=Secret(given.refresh_token),
        )
        self.source = AmazonSource(settings, self.quota, clock=server.clock.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.server.clock.advance(timedelta(seconds=seconds))

    def report(self, span: Span = DAY) -> OrderReport:
        return self.source.reports().orders(span, [ITALY])


@pytest.fixture
def serve() -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def start(*orders: SimulatedOrder, rules: ReportRules | None = None) -> Desk:
        server = SimulatorServer(World(orders), clock=Clock.still(NOW), report_rules=rules)
        server.start()
        desks.append(Desk(server))
        return desks[-1]

    yield start
    for desk in desks:
        desk.source.close()
        desk.server.stop()


def test_a_report_of_all_orders_whatever_their_marketplace_channel_and_state(serve: Callable[..., Desk]) -> None:
    desk = serve(
        simulated_order(1, verified(hours=1), shipped(hours=9), marketplace="DE"),
        simulated_order(2, marketplace="FR", channel=Channel.FBA),
        simulated_order(3, Event(EventKind.CANCELLED, seconds(hours=1))),
        simulated_order(4, verified(hours=1), sales_channel="NON_AMAZON"),
    )
    found = {order.order_id[-1]: order for order in desk.report().orders}
    assert {key: order.status for key, order in found.items()} == {
        "1": OrderStatus.SHIPPED,
        "2": OrderStatus.PENDING,
        "3": OrderStatus.CANCELLED,
        "4": OrderStatus.UNSHIPPED,
    }
    shipped_one = found["1"]
    assert (shipped_one.gross, shipped_one.quantity, shipped_one.country) == (Decimal("20.00"), 2, "DE")
    assert shipped_one.purchased == START
    assert shipped_one.updated == START + timedelta(hours=9)
    assert (found["2"].channel, found["2"].gross) == (Channel.FBA, None)
    assert [order.sold_by_amazon for order in found.values()] == [True, True, True, False]


def test_it_is_asked_for_once_waited_for_with_growing_pauses_and_fetched_without_a_token(
    serve: Callable[..., Desk],
) -> None:
    rules = ReportRules(queued=timedelta(seconds=20), working=timedelta(seconds=40))
    desk = serve(simulated_order(1, verified(hours=1)), rules=rules)
    assert len(desk.report().orders) == 1
    calls = desk.source.calls
    assert (calls["createReport"], calls["getReportDocument"]) == (1, 1)
    assert calls["getReport"] == len(desk.sleeps) + 1
    assert desk.sleeps == sorted(desk.sleeps)
    assert 60 <= sum(desk.sleeps) < 100
    assert desk.quota.spent.count("getReport") == calls["getReport"]
    (download,) = desk.server.requests.of("downloadReport")
    assert download.user_agent.startswith("orderferry/")


def test_an_order_is_known_as_it_was_up_to_half_an_hour_ago(serve: Callable[..., Desk]) -> None:
    late = NOW - timedelta(seconds=30)
    orders = [simulated_order(number, placed=late) for number in range(1, 40)]
    desk = serve(*orders, simulated_order(99))
    found = desk.report(Span(START, NOW)).orders
    assert "302-0000000-0000099" in {order.order_id for order in found}
    assert len(found) < len(orders)


def test_lines_stand_twice_now_and_then(serve: Callable[..., Desk]) -> None:
    desk = serve(*(simulated_order(number, verified(hours=1)) for number in range(1, 40)))
    found = desk.report().orders
    assert len(found) == 39
    assert {order.quantity for order in found} == {2}
    assert any(order.quantities == {2, 4} for order in found)


@pytest.mark.parametrize("charset", ["Cp1252", "UTF-8"])
@pytest.mark.parametrize("gzipped", [True, False])
def test_charsets_and_compression(serve: Callable[..., Desk], charset: str, gzipped: bool) -> None:
    line = Line("ÖL-1", 1, Decimal("10.00"), title="Öl für Türen €")
    rules = ReportRules(charset=charset, gzipped=gzipped)
    desk = serve(simulated_order(1, verified(hours=1), lines=[line]), rules=rules)
    (order,) = desk.report().orders
    assert order.gross == Decimal("10.00")


def test_no_data_is_a_cancelled_report(serve: Callable[..., Desk]) -> None:
    assert serve(simulated_order(1, placed=START - timedelta(days=9))).report() == OrderReport(ReportEnd.CANCELLED)


def test_a_report_may_fail(serve: Callable[..., Desk]) -> None:
    desk = serve(simulated_order(1))
    desk.server.faults.add("createReport", 1, FaultKind.REPORT_FATAL)
    assert desk.report() == OrderReport(ReportEnd.FATAL)
    assert desk.report().end is ReportEnd.DONE


def test_an_address_that_has_expired_is_asked_for_once_more(serve: Callable[..., Desk]) -> None:
    desk = serve(simulated_order(1))
    reports = desk.source.reports()
    fetch = desk.server.reports.download
    waits = iter([DOCUMENT_LIFE, timedelta(0)])

    def late(request):  # type: ignore[no-untyped-def]
        return fetch(replace(request, at=request.at + next(waits)))

    desk.server.reports.download = late  # type: ignore[method-assign]
    assert len(reports.orders(DAY, [ITALY]).orders) == 1
    assert desk.source.calls["getReportDocument"] == 2


def test_a_report_that_never_ends_is_given_up(serve: Callable[..., Desk]) -> None:
    desk = serve(simulated_order(1), rules=ReportRules(queued=timedelta(days=1)))
    with pytest.raises(AmazonUnavailable, match="working on the report for 1h30m"):
        desk.report()


def test_faults_on_the_way_are_errors_like_those_of_orders(serve: Callable[..., Desk]) -> None:
    desk = serve(simulated_order(1))
    desk.server.faults.add("createReport", 1, FaultKind.FORBIDDEN, times=2)
    with pytest.raises(AmazonRefused, match="Inventory and Order Tracking") as refused:
        desk.report()
    assert "--source search" in refused.value.hint
    desk.server.faults.clear()
    desk.server.faults.add("getReport", 1, FaultKind.BAD_GATEWAY)
    desk.server.faults.add("getReportDocument", 1, FaultKind.UNAVAILABLE)
    assert desk.report().end is ReportEnd.DONE
    desk.server.faults.add("getReport", 1, FaultKind.QUOTA_EXCEEDED)
    with pytest.raises(QuotaExhausted):
        desk.report()
    assert desk.quota.drained_operations == ["getReport"]


def test_more_than_thirty_days_are_not_asked_for(serve: Callable[..., Desk]) -> None:
    desk = serve()
    with pytest.raises(ValueError, match="30 days"):
        desk.report(Span(START, START + timedelta(days=31)))
    assert "createReport" not in desk.source.calls


def test_the_simulator_refuses_what_amazon_refuses(serve: Callable[..., Desk]) -> None:
    desk = serve(simulated_order(1))
    good = {
        "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
        "marketplaceIds": [ITALY],
        "dataStartTime": "2026-11-01T00:00:00Z",
        "dataEndTime": "2026-11-20T00:00:00Z",
    }
    with SimulatorClient(desk.server) as client:
        token = {"x-amz-access-token": client.log_in().json()["access_token"]}
        for change in (
            {"reportType": "GET_SOMETHING_ELSE"},
            {"marketplaceIds": []},
            {"dataEndTime": "2026-12-20T00:00:00Z"},
            {"dataEndTime": "2026-10-20T00:00:00Z"},
            {"dataStartTime": "tomorrow"},
        ):
            assert client.post(REPORTS, json=good | change, headers=token).status_code == 400
        assert client.post(REPORTS, json=good).status_code == 403
        made = client.post(REPORTS, json=good, headers=token)
        assert made.status_code == 202
        path = f"{REPORTS}/{made.json()['reportId']}"
        assert client.get(path).json()["processingStatus"] == "IN_QUEUE"
        desk.server.clock.advance(timedelta(seconds=6))
        assert client.get(path).json()["processingStatus"] == "IN_PROGRESS"
        desk.server.clock.advance(timedelta(minutes=1))
        document = client.get(f"/reports/2021-06-30/documents/{client.get(path).json()['reportDocumentId']}").json()
        assert document["compressionAlgorithm"] == "GZIP"
        address = document["url"].removeprefix(desk.server.endpoint)
        assert client.get(address).headers["content-type"] == "text/plain;charset=UTF-8"
        desk.server.clock.advance(DOCUMENT_LIFE)
        assert client.get(address).status_code == 403
        assert client.get(f"{REPORTS}/12345").status_code == 404


def test_the_report_holds_no_personal_data(serve: Callable[..., Desk]) -> None:
    desk = serve(simulated_order(1, verified(hours=1), address=(("name", "Erika Mustermann"),)))
    fetched: list[bytes] = []
    download = desk.server.reports.download
    desk.server.reports.rules = replace(desk.server.reports.rules, gzipped=False)

    def keep(request):  # type: ignore[no-untyped-def]
        made = download(request)
        fetched.append(made.body)
        return made

    desk.server.reports.download = keep  # type: ignore[method-assign]
    desk.report()
    assert b"302-0000000-0000001" in fetched[0]
    assert b"Mustermann" not in fetched[0]
    assert b"@" not in fetched[0]
