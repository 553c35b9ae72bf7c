"""The simulated all-orders report, without sockets: its lines word by word, and its way from wish to document."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.durations import iso
from orderferry.domain.orders import Channel
from orderferry.simulator.faults import Fault, FaultKind
from orderferry.simulator.messages import Refusal, Request, SimulatedResponse
from orderferry.simulator.orders import Business, Event, EventKind, Line, RawOrder, SimulatedOrder, TaxMode
from orderferry.simulator.reports_api import ReportRules, Reports, flat_file
from orderferry.simulator.world import World
from support.simulated import START, id_of, seconds, shipped, simulated_order, verified

NOW = START + timedelta(days=3)
DE = "A1PA6795UKMFR9"
HEADER = (
    "amazon-order-id\tmerchant-order-id\tpurchase-date\tlast-updated-date\torder-status\tfulfillment-channel\t"
    "sales-channel\torder-channel\tship-service-level\tproduct-name\tsku\tasin\titem-status\tquantity\tcurrency\t"
    "item-price\titem-tax\tshipping-price\tshipping-tax\tgift-wrap-price\tgift-wrap-tax\titem-promotion-discount\t"
    "ship-promotion-discount\tship-city\tship-state\tship-postal-code\tship-country\tpromotion-ids\tcpf\t"
    "is-business-order\tpurchase-order-number\tprice-designation"
)
RICH = simulated_order(
    2,
    verified(hours=1),
    Event(EventKind.ITEM_CANCELLED, seconds(hours=2), quantities=((1, 1),)),
    shipped(hours=9),
    lines=(
        Line(
            "MUG",
            2,
            Decimal("12.50"),
            title="A\tmug\r\nof clay",
            asin="B000000001",
            shipping=Decimal("4.90"),
            gift_wrap=Decimal("3.50"),
            discount=Decimal("2.00"),
            shipping_discount=Decimal("1.90"),
            promotion="SUMMER",
        ),
        Line("CUP", 1, Decimal("4.00"), asin="B000000002"),
    ),
    business=Business("Müller GmbH", "PO-77"),
    programs=("AMAZON_BUSINESS",),
    seller_order_id="MINE-1",
    address=(("stateOrRegion", "Bayern"), ("city", "Ulm"), ("postalCode", "89073")),
)


def shown(order: SimulatedOrder, **after: float) -> dict[str, Any]:
    found = World([order]).find(order.order_id, order.placed + timedelta(**after))
    assert found is not None
    return found[1]


def lines_of(*orders: Mapping[str, Any]) -> list[str]:
    text = flat_file(orders)
    assert text.endswith("\r\n")
    return text.removesuffix("\r\n").split("\r\n")


def test_a_report_without_orders_has_its_header() -> None:
    assert lines_of() == [HEADER]


def test_each_column_of_an_order_of_two_items() -> None:
    assert lines_of(shown(RICH, hours=10))[1:] == [
        f"{RICH.order_id}\tMINE-1\t2026-11-02T08:00:00+00:00\t2026-11-02T17:00:00+00:00\tShipped\tMerchant\tAmazon.de\t\t"
        "Standard\tA mug  of clay\tMUG\tB000000001\tShipped\t2\tEUR\t25.00\t3.99\t4.90\t0.78\t3.50\t0.56\t2.00\t1.90\t"
        "Ulm\tBayern\t89073\tDE\tSUMMER\t\ttrue\tPO-77\tBUSINESS_PRICE",
        f"{RICH.order_id}\tMINE-1\t2026-11-02T08:00:00+00:00\t2026-11-02T17:00:00+00:00\tShipped\tMerchant\tAmazon.de\t\t"
        "Standard\tCUP\tCUP\tB000000002\tCancelled\t0\tEUR\t0.00\t\t\t\t\t\t\t\tUlm\tBayern\t89073\tDE\t\t\ttrue\tPO-77\t"
        "BUSINESS_PRICE",
    ]


@pytest.mark.parametrize(
    ("order", "hours", "order_status", "item_status", "quantity", "price", "channel", "sold", "level"),
    [
        (simulated_order(2), 1, "Pending", "Pending", "2", "", "Merchant", "Amazon.de", "Standard"),
        (
            simulated_order(2, Event(EventKind.AVAILABLE, seconds(days=5))),
            1,
            "Pending",
            "Pending",
            "2",
            "",
            "Merchant",
            "Amazon.de",
            "Standard",
        ),
        (
            simulated_order(2, shipped(hours=1), channel=Channel.FBA, service_level="NEXT_DAY", tax_mode=TaxMode.NONE),
            1,
            "Shipped",
            "Shipped",
            "2",
            "20.00",
            "Amazon",
            "Amazon.de",
            "Next_day",
        ),
        (
            simulated_order(2, Event(EventKind.CANCELLED, seconds(hours=1)), sales_channel="NON_AMAZON"),
            1,
            "Cancelled",
            "Cancelled",
            "0",
            "",
            "Merchant",
            "Non-Amazon",
            "Standard",
        ),
        (
            simulated_order(2, Event(EventKind.STATUS_SET, 60, status="IN_REVIEW")),
            1,
            "IN_REVIEW",
            "IN_REVIEW",
            "2",
            "20.00",
            "Merchant",
            "Amazon.de",
            "Standard",
        ),
    ],
    ids=["pending", "pre-order", "FBA", "cancelled elsewhere", "unknown status"],
)
def test_orders_at_other_moments(
    order: SimulatedOrder,
    hours: int,
    order_status: str,
    item_status: str,
    quantity: str,
    price: str,
    channel: str,
    sold: str,
    level: str,
) -> None:
    header, line = (text.split("\t") for text in lines_of(shown(order, hours=hours)))
    row = dict(zip(header, line, strict=True))
    names = ("order-status", "item-status", "quantity", "item-price", "fulfillment-channel", "sales-channel")
    assert [row[name] for name in names] == [order_status, item_status, quantity, price, channel, sold]
    assert row["ship-service-level"] == level
    assert row["is-business-order"] == "false"


def test_discounts_and_taxes_stand_without_their_sign() -> None:
    line = Line("A", 1, Decimal("20.00"), discount=Decimal("5.00"))
    order = simulated_order(2, verified(hours=1), lines=[line], discount_sign=-1)
    header, row = (text.split("\t") for text in lines_of(shown(order, hours=1)))
    assert row[header.index("item-promotion-discount")] == "5.00"


def test_one_order_of_seven_has_its_lines_twice() -> None:
    orders = [shown(simulated_order(number)) for number in range(70)]
    ids = [line.partition("\t")[0] for line in lines_of(*orders)[1:]]
    assert [number for number in range(70) if ids.count(id_of(number)) == 2] == [
        4,
        6,
        8,
        13,
        18,
        20,
        57,
        58,
        59,
        60,
        65,
    ]
    assert set(map(ids.count, ids)) == {1, 2}


def test_an_order_of_another_shape_has_empty_columns() -> None:
    items = [{"quantityOrdered": 3}, "no item", {}]
    odd = {"orderId": "x", "orderItems": items, "salesChannel": "none", "programs": None}
    assert lines_of(odd)[1:] == ["x" + "\t" * 13 + quantity + "\t" * 16 + "false" + "\t" * 2 for quantity in "30"]
    assert lines_of({"orderItems": "none"}) == [HEADER]


def request(at: datetime, body: object = None, **arguments: str) -> Request:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request("GET", "", {}, {"host": "127.0.0.1:8765"}, text, at, arguments=arguments)


def refused(ask: Callable[[], SimulatedResponse]) -> SimulatedResponse:
    with pytest.raises(Refusal) as caught:
        ask()
    return caught.value.answer


def body_of(answer: SimulatedResponse) -> Any:
    return json.loads(answer.body)


WISH: dict[str, Any] = {
    "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
    "marketplaceIds": [DE, "APJ6JRA9NG5V4"],
    "dataStartTime": iso(START - timedelta(days=1)),
    "dataEndTime": "2026-11-03T10:00:00+02:00",
}


def test_a_report_from_the_wish_to_the_document() -> None:
    reports, world = Reports(), World([RICH])
    created = reports.create(request(NOW, WISH), world)
    assert (created.status, body_of(created)) == (202, {"reportId": "50001"})
    assert body_of(reports.create(request(NOW, WISH), world)) == {"reportId": "50002"}

    def stand(**after: float) -> Any:
        return body_of(reports.get(request(NOW + timedelta(**after), report_id="50001")))

    known = {
        "reportId": "50001",
        "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
        "marketplaceIds": [DE, "APJ6JRA9NG5V4"],
        "dataStartTime": "2026-11-01T08:00:00Z",
        "dataEndTime": "2026-11-03T08:00:00Z",
        "createdTime": "2026-11-05T08:00:00Z",
    }
    assert stand() == known | {"processingStatus": "IN_QUEUE"}
    assert stand(seconds=4.999)["processingStatus"] == "IN_QUEUE"
    assert stand(seconds=5) == known | {"processingStatus": "IN_PROGRESS"}
    assert stand(seconds=14.999)["processingStatus"] == "IN_PROGRESS"
    number = "amzn1.spdoc.1.4.eu.50001"
    assert stand(seconds=15) == known | {"processingStatus": "DONE", "reportDocumentId": number}

    early = refused(lambda: reports.document(request(NOW, document_id=number)))
    assert (early.status, body_of(early)["errors"][0]["code"]) == (404, "NotFound")
    ready = NOW + timedelta(seconds=15)
    document = body_of(reports.document(request(ready, document_id=number)))
    url = document.pop("url")
    assert document == {"reportDocumentId": number, "compressionAlgorithm": "GZIP"}
    address, _, key = url.rpartition("/")
    assert address == "http://127.0.0.1:8765/report-documents"
    assert len(key) == 22
    answer = reports.download(request(ready + timedelta(minutes=4, seconds=59), key=key))
    assert (answer.status, answer.content_type) == (200, "text/plain;charset=UTF-8")
    assert gzip.decompress(answer.body).decode() == flat_file([shown(RICH, days=3)])
    assert answer.body[4:8] == b"\0\0\0\0"  # no time in it: the same report has the same bytes
    late = refused(lambda: reports.download(request(ready + timedelta(minutes=5), key=key)))
    assert (late.status, late.content_type) == (403, "application/xml")
    assert late.body == b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


def test_documents_may_be_plain_and_in_another_character_set() -> None:
    reports = Reports(ReportRules(timedelta(0), timedelta(0), charset="latin-1", gzipped=False))
    order = simulated_order(2, verified(hours=1), lines=[Line("A", 1, Decimal(1), title="Öl für 5 €")])
    reports.create(request(NOW, WISH), World([order]))
    document = body_of(reports.document(request(NOW, document_id="x.50001")))
    assert "compressionAlgorithm" not in document
    answer = reports.download(request(NOW, key=document["url"].rpartition("/")[2]))
    assert answer.content_type == "text/plain;charset=latin-1"
    assert "Öl für 5 ?".encode("latin-1") in answer.body


@pytest.mark.parametrize(
    ("kind", "end"),
    [(FaultKind.REPORT_FATAL, "FATAL"), (FaultKind.REPORT_CANCELLED, "CANCELLED"), (FaultKind.STALE, "DONE")],
)
def test_a_report_may_end_otherwise(kind: FaultKind, end: str) -> None:
    reports = Reports(ReportRules(timedelta(0), timedelta(0)))
    reports.create(request(NOW, WISH), World([RICH]), Fault("createReport", kind, 0, 1, 60.0))
    assert body_of(reports.get(request(NOW, report_id="50001")))["processingStatus"] == end


def test_a_report_without_data_is_cancelled() -> None:
    reports = Reports(ReportRules(timedelta(0), timedelta(0)))
    reports.create(request(NOW, WISH), World([]))
    assert body_of(reports.get(request(NOW, report_id="50001")))["processingStatus"] == "CANCELLED"


def test_a_report_has_the_orders_of_its_span_of_every_marketplace() -> None:
    """Its end is not included."""
    start, end = START - timedelta(days=1), START + timedelta(days=1)
    moments = {1: start - timedelta(seconds=1), 2: start, 3: end - timedelta(seconds=1), 4: end}
    world = World([simulated_order(number, placed=placed, marketplace="IT") for number, placed in moments.items()])
    world.add(RawOrder({"orderItems": [{}]}, START, START))  # without an id, no report can have it
    reports = Reports(ReportRules(timedelta(0), timedelta(0), gzipped=False))
    reports.create(request(NOW, WISH), world)
    document = body_of(reports.document(request(NOW, document_id="x.50001")))
    text = reports.download(request(NOW, key=document["url"].rpartition("/")[2])).body.decode()
    assert [line.partition("\t")[0] for line in text.splitlines()[1:]] == [id_of(2), id_of(3)]


def test_a_report_knows_each_order_as_it_was_up_to_half_an_hour_ago() -> None:
    """How late an order is known depends on its id: a part of half an hour, in seconds here."""
    late = {0: 1440, 1: 684, 2: 720, 3: 684, 4: 18, 5: 126, 6: 1098, 7: 990, 8: 468}
    reports = Reports(ReportRules(timedelta(0), timedelta(minutes=10), gzipped=False))
    done = NOW + timedelta(minutes=10)
    for number, before in late.items():
        order = simulated_order(number, placed=NOW - timedelta(days=2))
        statuses = [
            status_in_report(reports, replace_last(order, done - timedelta(seconds=seconds_before)))
            for seconds_before in (before - 1, before)
        ]
        assert statuses == ["Pending", "Shipped"], number


def replace_last(order: SimulatedOrder, at: datetime) -> SimulatedOrder:
    """The order, shipped at that moment."""
    return replace(order, events=(*order.events, shipped(seconds=(at - order.placed).total_seconds())))


def status_in_report(reports: Reports, order: SimulatedOrder) -> str:
    wish = WISH | {"dataStartTime": iso(NOW - timedelta(days=3)), "dataEndTime": iso(NOW)}
    number = body_of(reports.create(request(NOW, wish), World([order])))["reportId"]
    done = NOW + timedelta(minutes=10)
    document = body_of(reports.document(request(done, document_id=f"x.{number}")))
    text = reports.download(request(done, key=document["url"].rpartition("/")[2])).body.decode()
    return text.splitlines()[1].split("\t")[4]


@pytest.mark.parametrize(
    ("change", "details"),
    [
        ({"reportType": "GET_OTHER"}, "reportType is missing or unknown."),
        ({"marketplaceIds": []}, "marketplaceIds must be a list of one to 25 marketplaces."),
        ({"marketplaceIds": [DE] * 26}, "marketplaceIds must be a list of one to 25 marketplaces."),
        ({"marketplaceIds": DE}, "marketplaceIds must be a list of one to 25 marketplaces."),
        ({"dataStartTime": None}, "dataStartTime must be a time in ISO 8601 format."),
        ({"dataEndTime": "soon"}, "dataEndTime must be a time in ISO 8601 format."),
        ({"dataEndTime": WISH["dataStartTime"]}, "dataEndTime must be after dataStartTime by 30 days at most."),
        ({"dataStartTime": "2026-10-04T07:59:59Z"}, "dataEndTime must be after dataStartTime by 30 days at most."),
    ],
)
def test_what_cannot_be_asked_for(change: dict[str, Any], details: str) -> None:
    answer = refused(lambda: Reports().create(request(NOW, WISH | change), World([])))
    (error,) = body_of(answer)["errors"]
    assert (answer.status, error["code"], error["details"]) == (400, "InvalidInput", details)


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_a_wish_that_is_none(body: bytes) -> None:
    answer = refused(lambda: Reports().create(request(NOW, body), World([])))
    assert body_of(answer)["errors"][0]["details"] == "reportType is missing or unknown."


@pytest.mark.parametrize(
    "change", [{"dataStartTime": "2026-10-04T08:00:00"}, {"marketplaceIds": [DE] * 25}, {"marketplaceIds": [DE]}]
)
def test_the_most_that_can_be_asked_for(change: dict[str, Any]) -> None:
    assert Reports().create(request(NOW, WISH | change), World([])).status == 202


def test_unknown_numbers_are_404() -> None:
    reports = Reports()
    for ask in (
        lambda: reports.get(request(NOW, report_id="1")),
        lambda: reports.document(request(NOW, document_id="x.1")),
        lambda: reports.download(request(NOW, key="1")),
    ):
        answer = refused(ask)
        assert (answer.status, body_of(answer)["errors"][0]["code"]) == (404, "NotFound")
