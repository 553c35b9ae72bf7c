"""The all-orders report: a witness of another API, with a quota of its own and without personal data.

A report is asked for, takes from seconds to an hour, and is then fetched from another host. Source: SP-API Reports
API 2021-06-30; traps: sp-api-orders 3.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from orderferry.amazon.answers import AmazonResponse
from orderferry.amazon.client import OrdersClient
from orderferry.amazon.clock import AmazonClock
from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.exchange import Exchange
from orderferry.amazon.report_document import AddressExpired, fetch_document
from orderferry.amazon.report_rows import parse_report
from orderferry.amazon.response_errors import Forbidden, judge, unusable_answer
from orderferry.amazon.retry import LATER
from orderferry.amazon.transport import Transport
from orderferry.domain.compared_orders import OrderReport, ReportEnd
from orderferry.domain.durations import format_duration, iso
from orderferry.domain.spans import Span
from orderferry.errors import AmazonRefused, AmazonUnavailable

log = logging.getLogger(__name__)

ALL_ORDERS_BY_PURCHASE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
LONGEST = timedelta(days=30)  # what one report is asked for at most
PATIENCE = timedelta(minutes=90)  # generation takes an hour at times
CREATE, GET, DOCUMENT = "createReport", "getReport", "getReportDocument"
_PAUSES = (2.0, 5.0, 10.0, 20.0, 30.0)  # seconds between two questions; the last one from then on
_RUNNING = frozenset({"IN_QUEUE", "IN_PROGRESS"})
_ID = re.compile(r"[A-Za-z0-9._:-]{1,200}", re.ASCII)


class AmazonReports:
    """Reports of one account. `sleep` takes seconds. Made by AmazonSource.reports(), and closed with it."""

    def __init__(
        self,
        exchange: Exchange,
        orders: OrdersClient,
        documents: Transport,
        clock: AmazonClock,
        sleep: Callable[[float], None],
    ) -> None:
        self._exchange = exchange
        self._client = orders.reports()
        self._documents = documents
        self._clock = clock
        self._sleep = sleep

    def orders(self, span: Span, marketplaces: Sequence[str]) -> OrderReport:
        """Given a span of at most 30 days of purchase dates and the account's marketplace ids, return the report of it.

        Amazon ignores the marketplaces: the report has all orders of the region. Raise AmazonUnavailable,
        QuotaExhausted, AmazonRefused; ValueError for a longer span.
        """
        if span.length > LONGEST:
            raise ValueError("a report holds 30 days at most")
        report_id = self._create(span, marketplaces)
        end, document_id = self._wait(report_id)
        if end is not ReportEnd.DONE:
            log.info("the report %s ended as %s", report_id, end)
            return OrderReport(end)
        text = self._fetch(document_id)
        try:
            orders, unreadable = parse_report(text)
        except UnusableBody as unusable:
            raise AmazonUnavailable(f"Amazon's report can't be used: {unusable}.", hint=LATER) from None
        return OrderReport(end, tuple(order for order in orders if span.holds(order.purchased)), unreadable)

    def _create(self, span: Span, marketplaces: Sequence[str]) -> str:
        body = {
            "reportType": ALL_ORDERS_BY_PURCHASE,
            "marketplaceIds": list(marketplaces),
            "dataStartTime": iso(span.start),
            "dataEndTime": iso(span.end),
        }
        try:
            return self._exchange.ask(
                CREATE,
                lambda: self._client.create(body),
                lambda answer: _id_in(judge(answer, CREATE, good=202), "reportId"),
            )
        except Forbidden as refused:
            raise AmazonRefused(
                f"{refused.message} The all-orders report needs the role Inventory and Order Tracking.",
                hint="Grant the role in Seller Central and authorise the application again, or compare with "
                "`--source search`, which costs a request for each 100 orders.",
            ) from refused

    def _wait(self, report_id: str) -> tuple[ReportEnd, str]:
        """Ask until the report has ended; return how, and the id of its document."""
        began = self._clock.local()
        asked = 0
        while True:
            body = self._exchange.ask(GET, lambda: self._client.get(report_id), _read_report)
            status = body["processingStatus"]
            if status not in _RUNNING:
                end = ReportEnd(status)
                return end, _id_in(body, "reportDocumentId") if end is ReportEnd.DONE else ""
            if self._clock.local() - began > PATIENCE:
                raise AmazonUnavailable(
                    f"Amazon has been working on the report for {format_duration(PATIENCE)}.", hint=LATER
                )
            self._sleep(_PAUSES[min(asked, len(_PAUSES) - 1)])
            asked += 1

    def _fetch(self, document_id: str) -> str:
        """The document's text. An address that has expired meanwhile is asked for once more."""
        try:
            return self._fetch_once(document_id)
        except AddressExpired:
            return self._fetch_once(document_id)

    def _fetch_once(self, document_id: str) -> str:
        body = self._exchange.ask(DOCUMENT, lambda: self._client.document(document_id), _read_address)
        gzipped = body.get("compressionAlgorithm") == "GZIP"
        return fetch_document(
            self._documents,
            body["url"],
            self._exchange.login.user_agent,
            gzipped=gzipped,
            plain_allowed=self._client.endpoint.startswith("http://"),
        )


def _read_report(answer: AmazonResponse) -> Mapping[str, Any]:
    body = judge(answer, GET)
    status = body.get("processingStatus") if isinstance(body, Mapping) else None
    if status not in {*_RUNNING, *ReportEnd}:
        raise UnusableBody("it names no status of the report that we know")
    return dict(body)


def _read_address(answer: AmazonResponse) -> Mapping[str, Any]:
    body = judge(answer, DOCUMENT)
    if not isinstance(body, Mapping) or not isinstance(body.get("url"), str):
        raise UnusableBody("it names no address of the document")
    if body.get("compressionAlgorithm") not in {None, "GZIP"}:
        raise unusable_answer(DOCUMENT, "the document is compressed in a way that is not known")
    return dict(body)


def _id_in(body: Any, name: str) -> str:
    """An id of Amazon's in an answer. Raise UnusableBody where there is none."""
    value = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise UnusableBody(f"it has no usable {name}")
    return value
