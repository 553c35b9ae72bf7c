"""The all-orders report: Amazon's orders from another API, with a quota of its own and without personal data.

A report is requested, takes from seconds to an hour, and its document is then fetched from another host, unpacked and
decoded within bounds. The document's address is signed: it gets neither token nor credentials and is good for five
minutes. Source: SP-API Reports API 2021-06-30; traps: reports repeat lines and ignore the marketplace filter.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from orderferry.amazon.client import OrdersClient
from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.exchange import Exchange
from orderferry.amazon.report_rows import parse_report
from orderferry.amazon.response_errors import (
    LATER,
    AmazonResponse,
    Forbidden,
    TransientError,
    good_body,
    unusable_answer,
)
from orderferry.amazon.transport import AmazonClock, Transport
from orderferry.config.kinds import is_loopback
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

MOST_UNPACKED = 128 * 1024 * 1024  # about half a million lines
_GZIP = 16 + zlib.MAX_WBITS
_USUAL_CHARSETS = ("utf-8", "cp1252")  # what a document without a charset is tried as


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
        """Return the report of a span of at most 30 days of purchase dates.

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
                lambda answer: _id_in(good_body(answer, CREATE, good=202), "reportId"),
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
        """Return the document's text. An address that has expired meanwhile is asked for once more."""
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
    body = good_body(answer, GET)
    status = body.get("processingStatus") if isinstance(body, Mapping) else None
    if status not in {*_RUNNING, *ReportEnd}:
        raise UnusableBody("it names no status of the report that we know")
    return dict(body)


def _read_address(answer: AmazonResponse) -> Mapping[str, Any]:
    body = good_body(answer, DOCUMENT)
    if not isinstance(body, Mapping) or not isinstance(body.get("url"), str):
        raise UnusableBody("it names no address of the document")
    if body.get("compressionAlgorithm") not in {None, "GZIP"}:
        raise unusable_answer(DOCUMENT, "the document is compressed in a way that is not known")
    return dict(body)


def _id_in(body: Any, name: str) -> str:
    """Return an id of Amazon's in an answer. Raise UnusableBody where there is none."""
    value = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise UnusableBody(f"it has no usable {name}")
    return value


class AddressExpired(TransientError):
    """The document's host no longer takes the address: another one has to be asked for."""


def fetch_document(
    transport: Transport, url: str, user_agent: str, *, gzipped: bool, plain_allowed: bool = False
) -> str:
    """Fetch the document at an address and return its text, unpacked where it is compressed.

    `plain_allowed`: the API's own address is plain http to this machine (a simulator's), so the document's may be, too.

    Raise AddressExpired for a refusal (403, 404, 410), TransientError for what may be gone later, AmazonUnavailable for
    an address that must not be asked (no https), a redirect, or a document that can't be used or is too large.
    """
    host = _safe_host(url, plain_allowed=plain_allowed)
    answer = transport.request("GET", url, headers={"user-agent": user_agent})
    if answer.status in {403, 404, 410}:
        raise AddressExpired(f"{host} no longer gives the report (HTTP {answer.status}).", hint=LATER)
    if answer.status >= 500:
        raise TransientError(f"{host} answered the download of the report with HTTP {answer.status}.", hint=LATER)
    if answer.status != 200:
        raise AmazonUnavailable(f"{host} answered the download of the report with HTTP {answer.status}.", hint=LATER)
    content = _unpack(answer.body, host) if gzipped else answer.body
    return decode(content, answer.headers.get("content-type", ""))


def decode(content: bytes, content_type: str) -> str:
    """Return the text of a document's bytes, by the charset that its Content-Type names.

    Without one, or with one that nobody knows: as UTF-8 if it is that, else as cp1252. Never raises: a byte that can't
    be read becomes U+FFFD; what is compared is ASCII.
    """
    named = _charset(content_type)
    if named:
        return content.decode(named, "replace")
    for charset in _USUAL_CHARSETS:
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _safe_host(url: str, *, plain_allowed: bool) -> str:
    """Return the host of an address that may be asked: https, or plain http to this machine where that is allowed."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or not (parts.scheme == "https" or (plain_allowed and parts.scheme == "http" and is_loopback(host))):
        raise AmazonUnavailable("Amazon names an address for the report that is not https.", hint=LATER)
    return host


def _unpack(body: bytes, host: str) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(body, MOST_UNPACKED)
    except zlib.error:
        raise TransientError(f"The report from {host} can't be decompressed.", hint=LATER) from None
    if unpacker.unconsumed_tail:
        raise AmazonUnavailable(
            f"The report from {host} is larger than {MOST_UNPACKED // 1024**2} MB.",
            hint="Compare a shorter span: --since and --until.",
        )
    if not unpacker.eof:
        raise TransientError(f"The report from {host} was cut off.", hint=LATER)
    return content


def _charset(content_type: str) -> str:
    """Return the charset of a Content-Type, if Python knows it as one of text; else ''."""
    message = Message()
    message["content-type"] = content_type
    name = str(message.get_param("charset") or "")
    try:
        b" ".decode(name, "replace")  # an empty text would pass codecs that are none of text
    except (LookupError, ValueError, TypeError):
        return ""
    return name
