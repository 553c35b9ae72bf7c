"""A report from the request to its document, with an API that answers by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from orderferry.amazon import reports
from orderferry.amazon.client import OrdersClient
from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.exchange import Exchange
from orderferry.amazon.reports import AddressExpired, AmazonReports, decode
from orderferry.amazon.response_errors import AmazonResponse, Forbidden, TransientError
from orderferry.amazon.transport import AmazonClock, Transport
from orderferry.domain.compared_orders import OrderReport, ReportEnd
from orderferry.domain.spans import Span
from orderferry.errors import AmazonRefused, AmazonUnavailable
from support.amazon_side import LOCAL_NOW, MovableClock

DAY = Span(LOCAL_NOW - timedelta(days=1), LOCAL_NOW)
LINES = "amazon-order-id\tpurchase-date\torder-status\n"
INSIDE = "302-1\t2026-11-22T06:00:00Z\tShipped\n"
OUTSIDE = "302-2\t2026-11-23T06:00:00Z\tShipped\n"
LATER = "The next run tries again; nothing is lost."


class Desk:
    """Answers a report's questions in turn; stands where exchange, client and transport are."""

    endpoint = "https://api.example"

    def __init__(self, *states: str, document: str = LINES + INSIDE + OUTSIDE, **address: Any) -> None:
        self.states = list(states)
        self.address = {"url": "https://documents.example/1", **address}
        self.documents: list[bytes | Exception] = [document.encode()]
        self.asked: list[tuple[str, Any]] = []
        self.sleeps: list[float] = []
        self.clock = MovableClock()
        self.login = self
        self.user_agent = "orderferry/test"
        self.refuse: Exception | None = None
        self.downloads: list[tuple[str, str, Any]] = []

    # the client
    def reports(self) -> Desk:
        return self

    def create(self, body: Any) -> AmazonResponse:
        self.asked.append(("create", body))
        return self._answer(202, {"reportId": "R.1"})

    def get(self, report_id: str) -> AmazonResponse:
        self.asked.append(("get", report_id))
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return self._answer(200, {"processingStatus": state, "reportDocumentId": "D:1"})

    def document(self, document_id: str) -> AmazonResponse:
        self.asked.append(("document", document_id))
        return self._answer(200, self.address)

    # the exchange
    def ask(self, operation: str, send: Callable[[], AmazonResponse], read: Callable[[AmazonResponse], Any]) -> Any:
        if self.refuse:
            raise self.refuse
        self.asked.append(("operation", operation))
        return read(send())

    # the transport of documents
    def request(self, method: str, url: str, *, headers: Any) -> AmazonResponse:
        self.downloads.append((method, url, headers))
        document = self.documents.pop(0) if len(self.documents) > 1 else self.documents[0]
        if isinstance(document, Exception):
            raise document
        return AmazonResponse(200, {"content-type": "text/plain"}, document)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.clock.advance(seconds=seconds)

    def report(self, span: Span = DAY) -> OrderReport:
        made = AmazonReports(
            cast(Exchange, self), cast(OrdersClient, self), cast(Transport, self), AmazonClock(self.clock), self.sleep
        )
        return made.orders(span, ("IT", "DE"))

    @staticmethod
    def _answer(status: int, body: Any) -> AmazonResponse:
        return AmazonResponse(status, {}, json.dumps(body).encode())


def test_a_report_is_asked_for_waited_for_and_fetched() -> None:
    desk = Desk("IN_QUEUE", *["IN_PROGRESS"] * 6, "DONE")
    found = desk.report()
    assert (found.end, [order.order_id for order in found.orders], found.unreadable) == (ReportEnd.DONE, ["302-1"], 0)
    asked = [what for what in desk.asked if what != ("operation", "getReport") and what[0] != "get"]
    assert asked == [
        ("operation", "createReport"),
        (
            "create",
            {
                "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
                "marketplaceIds": ["IT", "DE"],
                "dataStartTime": "2026-11-22T06:00:00Z",
                "dataEndTime": "2026-11-23T06:00:00Z",
            },
        ),
        ("operation", "getReportDocument"),
        ("document", "D:1"),
    ]
    assert [what for what in desk.asked if what[0] == "get"] == [("get", "R.1")] * 8
    assert desk.sleeps == [2.0, 5.0, 10.0, 20.0, 30.0, 30.0, 30.0]
    assert desk.downloads == [("GET", "https://documents.example/1", {"user-agent": "orderferry/test"})]


@pytest.mark.parametrize("end", ["CANCELLED", "FATAL"])
def test_a_report_that_ends_without_a_document(end: str, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(end)
    with caplog.at_level("INFO"):
        assert desk.report() == OrderReport(ReportEnd(end))
    assert caplog.messages == [f"the report R.1 ended as {end}"]
    assert desk.downloads == []


def test_a_report_that_is_never_done_is_given_up_after_an_hour_and_a_half() -> None:
    desk = Desk("IN_PROGRESS")
    with pytest.raises(AmazonUnavailable) as caught:
        desk.report()
    assert caught.value.message == "Amazon has been working on the report for 1h30m."
    assert caught.value.hint == LATER
    assert timedelta(minutes=90) < desk.clock() - LOCAL_NOW <= timedelta(minutes=90, seconds=30)


@pytest.mark.parametrize(("days", "taken"), [(30, True), (31, False)])
def test_a_report_holds_thirty_days(days: int, taken: bool) -> None:
    desk = Desk("CANCELLED")
    span = Span(LOCAL_NOW - timedelta(days=days), LOCAL_NOW)
    if taken:
        assert desk.report(span).end is ReportEnd.CANCELLED
    else:
        with pytest.raises(ValueError, match="30 days at most"):
            desk.report(span)
        assert desk.asked == []


def test_a_refused_report_names_the_role_that_it_needs() -> None:
    desk = Desk("DONE")
    desk.refuse = Forbidden("Amazon refuses createReport.")
    with pytest.raises(AmazonRefused) as caught:
        desk.report()
    assert caught.value.message == (
        "Amazon refuses createReport. The all-orders report needs the role Inventory and Order Tracking."
    )
    assert caught.value.hint == (
        "Grant the role in Seller Central and authorise the application again, or compare with `--source search`, "
        "which costs a request for each 100 orders."
    )


def test_an_address_that_has_expired_is_asked_for_once_more() -> None:
    desk = Desk("DONE")
    desk.documents = [AddressExpired("gone"), (LINES + INSIDE).encode()]
    assert len(desk.report().orders) == 1
    assert desk.asked.count(("document", "D:1")) == 2
    desk = Desk("DONE")
    desk.documents = [AddressExpired("gone")]
    with pytest.raises(AddressExpired):
        desk.report()


def test_a_document_that_is_no_report_is_told() -> None:
    with pytest.raises(AmazonUnavailable) as caught:
        Desk("DONE", document="<html>").report()
    assert caught.value.message == "Amazon's report can't be used: the report has no column amazon-order-id."
    assert caught.value.hint == LATER


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"url": 5}, "it names no address of the document"),
        ({"compressionAlgorithm": "BZIP"}, "the document is compressed in a way that is not known"),
    ],
)
def test_an_answer_that_names_no_usable_document(address: dict[str, Any], told: str) -> None:
    with pytest.raises((UnusableBody, TransientError), match=told):
        Desk("DONE", **address).report()


def test_a_state_that_nobody_knows_is_no_answer() -> None:
    with pytest.raises(UnusableBody, match="names no status of the report that we know"):
        Desk("PAUSED").report()


@pytest.mark.parametrize(
    ("id_", "usable"), [("A" * 200, True), ("A" * 201, False), ("a/b", False), ("", False), (7, False)]
)
def test_what_can_be_the_id_of_a_report(id_: Any, usable: bool) -> None:
    desk = Desk("CANCELLED")
    desk.create = lambda _: desk._answer(202, {"reportId": id_})  # type: ignore[assignment,method-assign]
    if usable:
        assert desk.report().end is ReportEnd.CANCELLED
    else:
        with pytest.raises(UnusableBody, match="it has no usable reportId"):
            desk.report()


def test_bounds_and_charsets() -> None:
    assert reports.MOST_UNPACKED == 128 * 2**20
    assert decode("€".encode(), "text/plain") == "€"
    assert decode(b"\x80", "") == "€"


def test_a_simulators_document_may_be_at_a_plain_address_of_this_machine() -> None:
    desk = Desk("DONE", url="http://127.0.0.1/1")
    with pytest.raises(AmazonUnavailable, match="not https"):
        desk.report()
    desk.endpoint = "http://127.0.0.1:2"
    assert len(desk.report().orders) == 1
