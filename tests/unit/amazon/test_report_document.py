"""The document of a report: charsets, compression, sizes, and addresses that must not be asked."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import timedelta

import pytest

from orderferry.amazon import reports
from orderferry.amazon.reports import AddressExpired, decode, fetch_document
from orderferry.amazon.response_errors import TransientError
from orderferry.amazon.transport import Transport
from orderferry.errors import AmazonUnavailable
from support.fault_server import FaultServer, raw

AGENT = "orderferry/test"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(timedelta(seconds=5), local=True, secure=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        ("Köln €".encode("cp1252"), "text/plain;charset=Cp1252", "Köln €"),
        ("Köln €".encode(), "text/plain; charset=UTF-8", "Köln €"),
        ("東京".encode("shift_jis"), "text/plain;charset=Shift_JIS", "東京"),
        ("Köln €".encode(), "text/plain", "Köln €"),
        ("Köln €".encode("cp1252"), "text/plain", "Köln €"),
        ("Köln €".encode("cp1252"), "text/plain;charset=klingon", "Köln €"),
        (b"plain", "text/plain;charset=hex", "plain"),
        (b"\x81 cp1252 has no such byte", "", "\x81 cp1252 has no such byte"),
        (b"K\xf6ln", "text/plain;charset=utf-8", "K\ufffdln"),
        (b"", "", ""),
    ],
)
def test_the_charset_is_the_answers_own(content: bytes, content_type: str, text: str) -> None:
    assert decode(content, content_type) == text


@pytest.mark.parametrize(
    "url",
    [
        "http://documents.example/report",
        "ftp://documents.example/report",
        "file:///etc/passwd",
        "//documents.example/report",
        "https://",
        "https://[broken",
        "",
    ],
)
def test_an_address_without_https_is_not_asked(transport: Transport, url: str) -> None:
    with pytest.raises(AmazonUnavailable, match="not https"):
        fetch_document(transport, url, AGENT, gzipped=False, plain_allowed=True)


def test_plain_http_to_this_machine_is_for_a_simulator_alone(server: FaultServer, transport: Transport) -> None:
    server.answers = [raw(200, b"report")]
    with pytest.raises(AmazonUnavailable, match="not https"):
        fetch_document(transport, f"{server.url}/document", AGENT, gzipped=False)
    assert server.requests == []
    assert fetch_document(transport, f"{server.url}/document", AGENT, gzipped=False, plain_allowed=True) == "report"


def test_neither_token_nor_credentials_are_sent(server: FaultServer, transport: Transport) -> None:
    server.answers = [raw(200, gzip.compress(b"report"), headers={"Content-Type": "text/plain;charset=UTF-8"})]
    assert (
        fetch_document(transport, f"{server.url}/document?signature=x", AGENT, gzipped=True, plain_allowed=True)
        == "report"
    )
    (seen,) = server.requests
    assert seen.method == "GET"
    assert set(seen.headers) <= {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert seen.headers["user-agent"] == AGENT


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, AddressExpired),
        (404, AddressExpired),
        (410, AddressExpired),
        (499, AmazonUnavailable),
        (500, TransientError),
    ],
)
def test_refusals(server: FaultServer, transport: Transport, status: int, kind: type[Exception]) -> None:
    server.answers = [raw(status, b"<Error/>", headers={"Content-Type": "application/xml"})]
    with pytest.raises(AmazonUnavailable) as caught:
        fetch_document(transport, f"{server.url}/document", AGENT, gzipped=True, plain_allowed=True)
    assert type(caught.value) is kind


def test_a_redirect_is_not_followed(server: FaultServer, transport: Transport) -> None:
    server.answers = [raw(302, b"", headers={"Location": f"{server.url}/elsewhere"})]
    with pytest.raises(AmazonUnavailable, match="302"):
        fetch_document(transport, f"{server.url}/document", AGENT, gzipped=False, plain_allowed=True)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "content", [b"no gzip at all", gzip.compress(b"x" * 1000, mtime=0)[:-12], b""], ids=["no-gzip", "cut-off", "empty"]
)
def test_what_cannot_be_unpacked_may_be_whole_the_next_time(
    server: FaultServer, transport: Transport, content: bytes
) -> None:
    server.answers = [raw(200, content)]
    with pytest.raises(TransientError):
        fetch_document(transport, f"{server.url}/document", AGENT, gzipped=True, plain_allowed=True)


def test_a_small_file_that_unpacks_into_a_flood_is_refused(
    server: FaultServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_UNPACKED", 1024**2)
    server.answers = [raw(200, gzip.compress(bytes(50 * 1024**2)))]
    with pytest.raises(AmazonUnavailable, match="larger than 1 MB"):
        fetch_document(transport, f"{server.url}/document", AGENT, gzipped=True, plain_allowed=True)
