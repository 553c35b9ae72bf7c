"""Reports API 2021-06-30: the all-orders report is asked for, takes its time, and has an address of its own.

Source: Amazon's SP-API documentation. What real reports do to those who trust them: they ignore the marketplace filter,
repeat lines, know each order as it was up to half an hour ago, and end as CANCELLED when there is no data. The report
is a line an order item, tab-separated, without personal data. Its amounts are those of the older Orders API: of the
whole line, discounts positive.
"""

from __future__ import annotations

import gzip
import itertools
import json
import secrets
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dateutil import parser as iso_parser

from orderferry.domain.durations import iso
from orderferry.domain.orders import OrderStatus
from orderferry.domain.search import Basis
from orderferry.simulator.faults import Fault, FaultKind
from orderferry.simulator.messages import Refusal, Request, SimulatedResponse, error_answer, invalid_input, json_answer
from orderferry.simulator.world import Query, World

COLUMNS = (
    "amazon-order-id",
    "merchant-order-id",
    "purchase-date",
    "last-updated-date",
    "order-status",
    "fulfillment-channel",
    "sales-channel",
    "order-channel",
    "ship-service-level",
    "product-name",
    "sku",
    "asin",
    "item-status",
    "quantity",
    "currency",
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "promotion-ids",
    "cpf",
    "is-business-order",
    "purchase-order-number",
    "price-designation",
)
_STATUS_WORDS = {str(status): status.replace("_", " ").title() for status in OrderStatus}
_STATUS_WORDS["PENDING_AVAILABILITY"] = "Pending"
_CHANNEL_WORDS = {"MERCHANT": "Merchant", "AMAZON": "Amazon"}
# Each column of money: the type of the breakdown, and for TAX and DISCOUNT the subtype of its detail.
_MONEY = {
    "item-price": ("ITEM", None),
    "item-tax": ("TAX", "ITEM"),
    "shipping-price": ("SHIPPING", None),
    "shipping-tax": ("TAX", "SHIPPING"),
    "gift-wrap-price": ("GIFT_WRAP", None),
    "gift-wrap-tax": ("TAX", "GIFT_WRAP"),
    "item-promotion-discount": ("DISCOUNT", "ITEM"),
    "ship-promotion-discount": ("DISCOUNT", "SHIPPING"),
}
_REPEATED_OF = 7  # one order of so many has its lines twice


def flat_file(orders: Iterable[Mapping[str, Any]]) -> str:
    """Return the report, given orders as Orders API 2026-01-01 shows them. Some lines stand twice."""
    lines: list[tuple[str, ...]] = [COLUMNS]
    for order in orders:
        rows = list(_rows(order))
        again = zlib.crc32(str(order.get("orderId")).encode()) % _REPEATED_OF == 0
        lines += [*rows, *rows] if again else rows
    return "".join("\t".join(line) + "\r\n" for line in lines)


def _rows(order: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    shared = _order_columns(order)
    for item in _list(order, "orderItems"):
        values = shared | _item_columns(order, item)
        yield tuple(_one_line(values.get(column, "")) for column in COLUMNS)


def _order_columns(order: Mapping[str, Any]) -> dict[str, Any]:
    status = _at(order, "fulfillment", "fulfillmentStatus")
    sold_here = _at(order, "salesChannel", "channelName") != "NON_AMAZON"
    address = _at(order, "recipient", "deliveryAddress", otherwise={})
    return {
        "amazon-order-id": order.get("orderId", ""),
        "merchant-order-id": next((_at(alias, "aliasId") for alias in _list(order, "orderAliases")), ""),
        "purchase-date": _with_offset(order.get("createdTime")),
        "last-updated-date": _with_offset(order.get("lastUpdatedTime")),
        "order-status": _STATUS_WORDS.get(status, status),
        "fulfillment-channel": _CHANNEL_WORDS.get(_at(order, "fulfillment", "fulfilledBy"), ""),
        "sales-channel": _at(order, "salesChannel", "marketplaceName") if sold_here else "Non-Amazon",
        "order-channel": "",
        "ship-service-level": str(_at(order, "fulfillment", "fulfillmentServiceLevel")).capitalize(),
        "ship-city": _at(address, "city"),
        "ship-state": _at(address, "stateOrRegion"),
        "ship-postal-code": _at(address, "postalCode"),
        "ship-country": _at(address, "countryCode"),
        "is-business-order": str("AMAZON_BUSINESS" in _at(order, "programs")).lower(),
        "purchase-order-number": _at(order, "buyer", "buyerPurchaseOrderNumber"),
    }


def _item_columns(order: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    quantity = item.get("quantityOrdered", 0)
    status = _at(order, "fulfillment", "fulfillmentStatus")
    gone = (
        "CANCELLED" if "cancellationExecution" in _at(item, "cancellation", otherwise={}) and not quantity else status
    )
    return {
        "product-name": _at(item, "product", "title"),
        "sku": _at(item, "product", "sellerSku"),
        "asin": _at(item, "product", "asin"),
        "item-status": _STATUS_WORDS.get(gone, gone),
        "quantity": 0 if gone == "CANCELLED" else quantity,
        "currency": _at(item, "proceeds", "proceedsTotal", "currencyCode"),
        "promotion-ids": ",".join(str(_at(part, "promotionId")) for part in _list(item, "promotion", "breakdowns")),
        "price-designation": _at(item, "product", "price", "priceDesignation"),
        **{column: _amount(item, kind, subtype) for column, (kind, subtype) in _MONEY.items()},
    }


def _amount(item: Mapping[str, Any], kind: str, subtype: str | None) -> str:
    """Return one amount of an item without its sign; '' where Amazon names none."""
    for row in _list(item, "proceeds", "breakdowns"):
        if row.get("type") != kind:
            continue
        if subtype is None:
            return str(_at(row, "subtotal", "amount")).lstrip("-")
        for detail in _list(row, "detailedBreakdowns"):
            if detail.get("subtype") == subtype:
                return str(_at(detail, "value", "amount")).lstrip("-")
    return ""


def _at(value: Any, *path: str, otherwise: Any = "") -> Any:
    """Return what stands at a path of a JSON value; `otherwise` where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return otherwise if value is None else value


def _list(value: Any, *path: str) -> list[Mapping[str, Any]]:
    """Return the objects of the list that stands at a path of a JSON value."""
    found = _at(value, *path)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _with_offset(text: Any) -> str:
    return str(text or "").replace("Z", "+00:00")


def _one_line(value: Any) -> str:
    return str(value).replace("\t", " ").replace("\r", " ").replace("\n", " ")


ALL_ORDERS_BY_PURCHASE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
LONGEST = timedelta(days=30)
DOCUMENT_LIFE = timedelta(minutes=5)
MOST_MARKETPLACES = 25
_ENDS = {FaultKind.REPORT_FATAL: "FATAL", FaultKind.REPORT_CANCELLED: "CANCELLED"}
_EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


@dataclass(frozen=True, slots=True)
class ReportRules:
    """How reports behave. `late`: an order is known as it was up to so long before the report was done. `charset`:
    the name in the document's Content-Type. `gzipped` as Amazon does."""

    queued: timedelta = timedelta(seconds=5)
    working: timedelta = timedelta(seconds=10)
    late: timedelta = timedelta(minutes=30)
    charset: str = "UTF-8"
    gzipped: bool = True


@dataclass(frozen=True, slots=True)
class _Report:
    """One report that was asked for. `end`: how it ends whatever the data ('': as they are)."""

    report_id: str
    marketplaces: tuple[str, ...]
    start: datetime
    until: datetime
    created: datetime
    end: str
    world: World


class Reports:
    """The reports of all sellers. `rules` may be changed while the server runs. Safe to use from several threads."""

    def __init__(self, rules: ReportRules | None = None) -> None:
        self.rules = rules or ReportRules()
        self._numbers = itertools.count(50001)
        self._reports: dict[str, _Report] = {}
        self._addresses: dict[str, tuple[_Report, datetime]] = {}
        self._lock = threading.Lock()

    def create(self, request: Request, world: World, fault: Fault | None = None) -> SimulatedResponse:
        """Answer createReport: 202 with the id of a report of the seller's world. Raise Refusal (400) for what can't be
        asked for."""
        wish = _wish(request)
        start, until = _moment(wish, "dataStartTime"), _moment(wish, "dataEndTime")
        if until <= start or until - start > LONGEST:
            raise invalid_input("dataEndTime must be after dataStartTime by 30 days at most.")
        end = _ENDS.get(fault.kind, "") if fault else ""
        with self._lock:
            report_id = str(next(self._numbers))
            self._reports[report_id] = _Report(
                report_id, tuple(wish["marketplaceIds"]), start, until, request.at, end, world
            )
        return json_answer({"reportId": report_id}, 202)

    def get(self, request: Request) -> SimulatedResponse:
        """Answer getReport: where the report stands. Raise Refusal (404) for an unknown one."""
        report = self._find(self._reports, request.arguments["report_id"])
        status = self._status(report, request.at)
        body = {
            "reportId": report.report_id,
            "reportType": ALL_ORDERS_BY_PURCHASE,
            "marketplaceIds": list(report.marketplaces),
            "dataStartTime": iso(report.start),
            "dataEndTime": iso(report.until),
            "createdTime": iso(report.created),
            "processingStatus": status,
        }
        if status == "DONE":
            body["reportDocumentId"] = f"amzn1.spdoc.1.4.eu.{report.report_id}"
        return json_answer(body)

    def document(self, request: Request) -> SimulatedResponse:
        """Answer getReportDocument: an address that is good for five minutes. Raise Refusal (404)."""
        report_id = request.arguments["document_id"].rpartition(".")[2]
        report = self._find(self._reports, report_id)
        if self._status(report, request.at) != "DONE":
            raise Refusal(error_answer(404, "NotFound", "The requested resource doesn't exist."))
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._addresses[key] = (report, request.at)
        body = {
            "reportDocumentId": request.arguments["document_id"],
            "url": f"http://{request.headers.get('host', '')}/report-documents/{key}",
        }
        return json_answer(body | ({"compressionAlgorithm": "GZIP"} if self.rules.gzipped else {}))

    def download(self, request: Request) -> SimulatedResponse:
        """Answer the document itself, without a token. Raise Refusal (403 in XML) when the address is too old."""
        report, given = self._find(self._addresses, request.arguments["key"])
        if request.at >= given + DOCUMENT_LIFE:
            raise Refusal(SimulatedResponse(403, _EXPIRED, "application/xml"))
        text = flat_file(self._orders(report))
        body = text.encode(self.rules.charset, "replace")
        content = gzip.compress(body, mtime=0) if self.rules.gzipped else body
        return SimulatedResponse(200, content, f"text/plain;charset={self.rules.charset}")

    def _find(self, known: Mapping[str, Any], key: str) -> Any:
        with self._lock:
            if key not in known:
                raise Refusal(error_answer(404, "NotFound", "The requested resource doesn't exist."))
            return known[key]

    def _status(self, report: _Report, now: datetime) -> str:
        if now < report.created + self.rules.queued:
            return "IN_QUEUE"
        if now < report.created + self.rules.queued + self.rules.working:
            return "IN_PROGRESS"
        return report.end or ("DONE" if self._orders(report) else "CANCELLED")

    def _orders(self, report: _Report) -> list[dict[str, Any]]:
        """Return the orders of the report's span, of every marketplace, each as old as its own delay makes it."""
        done = report.created + self.rules.queued + self.rules.working
        last = report.until - timedelta(milliseconds=1)
        query = Query(Basis.CREATED, report.start, last)
        found = []
        for order_id in report.world.listed(done, query):
            if order_id is None:
                continue
            late = self.rules.late * (zlib.crc32(order_id.encode()) % 100 / 100)
            if (seen := report.world.find(order_id, done - late)) is not None:
                found.append(seen[1])
        return found


def _wish(request: Request) -> dict[str, Any]:
    try:
        wish = json.loads(request.body)
    except ValueError:
        wish = None
    if not isinstance(wish, dict) or wish.get("reportType") != ALL_ORDERS_BY_PURCHASE:
        raise invalid_input("reportType is missing or unknown.")
    marketplaces = wish.get("marketplaceIds")
    if not isinstance(marketplaces, list) or not 1 <= len(marketplaces) <= MOST_MARKETPLACES:
        raise invalid_input("marketplaceIds must be a list of one to 25 marketplaces.")
    return wish


def _moment(wish: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = iso_parser.isoparse(wish[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise invalid_input(f"{name} must be a time in ISO 8601 format.") from None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
