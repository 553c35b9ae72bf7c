"""The transport: which way it goes, what it bounds, and the words for what breaks."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import sleep
from typing import ClassVar

import httpx
import pytest

from orderferry.amazon import transport as module
from orderferry.amazon.response_errors import TransientError
from orderferry.amazon.source import AmazonSource
from orderferry.amazon.transport import Transport, open_document_transport, open_transports, parse_http_date
from orderferry.errors import AmazonUnavailable, OrderferryError, UsageError
from support.amazon_side import MovableClock, QuotaDouble, amazon_settings
from support.fault_server import FaultServer, close_early, raw

SECONDS = timedelta(seconds=5)
LATER = "The next run tries again; nothing is lost."


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(SECONDS, local=True, secure=False, most_bytes=2 * 1024**2)
    yield made
    made.close()


def test_a_request_and_its_whole_answer(server: FaultServer, transport: Transport) -> None:
    server.answers = [raw(207, b"body", headers={"X-Some": "thing"})]
    given = transport.request(
        "POST",
        f"{server.url}/path",
        params={"a": "1"},
        content="text",
        headers={"x-mine": "2", "accept-encoding": "br"},
    )
    assert (given.status, given.body, given.headers["x-some"]) == (207, b"body", "thing")
    (seen,) = server.requests
    assert (seen.method, seen.path, seen.parameters, seen.body) == ("POST", "/path", {"a": "1"}, "text")
    assert (seen.headers["x-mine"], seen.headers["accept-encoding"]) == ("2", "gzip")
    transport.request("POST", f"{server.url}/path", data={"b": "3"})
    assert server.requests[1].body == "b=3"


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", gzip.compress(b"body", mtime=0)),
        (" GZIP ", gzip.compress(b"body", mtime=0)),
        ("identity", b"body"),
        ("", b"body"),
    ],
)
def test_a_body_is_unpacked(server: FaultServer, transport: Transport, encoding: str, sent: bytes) -> None:
    server.answers = [raw(200, sent, headers={"Content-Encoding": encoding})]
    assert transport.request("GET", server.url).body == b"body"


def test_an_empty_body_is_whole_whatever_its_encoding(server: FaultServer, transport: Transport) -> None:
    server.answers = [raw(200, b"", headers={"Content-Encoding": "gzip"})]
    assert transport.request("GET", server.url).body == b""


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_body_may_be_as_long_as_the_bound_and_no_longer(
    server: FaultServer, transport: Transport, encoding: str
) -> None:
    most = 2 * 1024**2
    for size in (most, most + 1):
        body = bytes(size)
        sent = gzip.compress(body, 1) if encoding else body
        server.answers = [raw(200, sent, headers={"Content-Encoding": encoding})]
        if size == most:
            assert transport.request("GET", server.url).body == body
            continue
        with pytest.raises(AmazonUnavailable) as caught:
            transport.request("GET", server.url)
        assert caught.value.message.endswith("sent an answer of more than 2 MB.")
        assert caught.value.hint == LATER


@pytest.mark.parametrize(
    ("encoding", "sent"), [("br", b"body"), ("gzip", b"body"), ("gzip", gzip.compress(b"body" * 99, mtime=0)[:-9])]
)
def test_what_can_not_be_unpacked(server: FaultServer, transport: Transport, encoding: str, sent: bytes) -> None:
    server.answers = [raw(200, sent, headers={"Content-Encoding": encoding})]
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:\d+ sent an answer that can't be decompressed\.$"):
        transport.request("GET", server.url)


def test_a_connection_that_breaks_off_and_one_that_is_refused(server: FaultServer, transport: Transport) -> None:
    server.answers = [close_early]
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:\d+ broke the connection off\.$"):
        transport.request("GET", server.url)
    with pytest.raises(TransientError, match=r"^127\.0\.0\.1:1 can't be reached: Connection refused\.$"):
        transport.request("GET", "http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("error", "cause", "told"),
    [
        (httpx.ReadTimeout("x"), None, "api.example did not answer within 5s."),
        (httpx.ProxyError("secret"), None, "api.example can't be reached: the proxy refused."),
        (
            httpx.ConnectError("x"),
            OSError(111, "Connection refused"),
            "api.example can't be reached: Connection refused.",
        ),
        (httpx.ConnectError("x"), ValueError("secret"), "api.example can't be reached."),
        (httpx.ConnectError("x"), OSError("secret"), "api.example can't be reached."),
        (
            httpx.ConnectError("x"),
            ssl.SSLError(1, "secret"),
            "api.example can't be reached: no TLS connection came about.",
        ),
        (httpx.RemoteProtocolError("secret"), None, "api.example broke the connection off."),
        (
            httpx.ConnectError("x"),
            ssl.SSLCertVerificationError(1, "secret"),
            "The certificate of api.example can't be verified.",
        ),
    ],
)
def test_what_goes_wrong_has_words_of_its_own(
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    error: httpx.HTTPError,
    cause: Exception | None,
    told: str,
) -> None:
    error.__cause__ = cause

    def send(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(httpx.Client, "send", send)
    with pytest.raises(AmazonUnavailable) as caught:
        transport.request("GET", "https://api.example/x")
    assert caught.value.message == told
    assert isinstance(caught.value, TransientError) is not told.startswith("The certificate")


def made_with(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The HTTP library's clients that are made from now on, as what they were made with."""
    made: list[dict[str, object]] = []

    class Client:
        def __init__(self, **given: object) -> None:
            made.append(given)

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(httpx, "Client", Client)
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: "verified")
    return made


def test_proxies_are_for_other_machines_and_certificates_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_with(monkeypatch)
    Transport(SECONDS, local=False)
    Transport(SECONDS, local=True, secure=False)
    assert [(one["trust_env"], one["verify"] == "verified") for one in made] == [(True, True), (False, False)]
    assert [(one["timeout"], one["follow_redirects"]) for one in made] == [(5.0, False)] * 2


def test_one_transport_serves_both_addresses_if_they_are_reached_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_with(monkeypatch)
    api, login = open_transports("https://api.example", "https://login.example", SECONDS)
    assert api is login
    api, login = open_transports("https://api.example", "http://127.0.0.1:1", SECONDS)
    assert api is not login
    assert [(one["trust_env"], one["verify"] == "verified") for one in made] == [
        (True, True),
        (True, True),
        (False, False),
    ]
    api, login = open_transports("https://127.0.0.1", "http://127.0.0.1:1", SECONDS)
    assert api is not login


@pytest.mark.parametrize(("timeout", "taken"), [(SECONDS, 300.0), (timedelta(minutes=6), 360.0)])
def test_a_document_may_take_five_minutes(monkeypatch: pytest.MonkeyPatch, timeout: timedelta, taken: float) -> None:
    made = made_with(monkeypatch)
    open_document_transport("https://api.example", timeout)
    open_document_transport("http://localhost:1", timeout)
    assert [(one["timeout"], one["trust_env"], one["verify"]) for one in made] == [
        (taken, True, "verified"),
        (taken, False, "verified"),
    ]


def test_how_large_an_answer_and_a_document_may_be() -> None:
    assert (module.MOST_BYTES, module.MOST_BYTES_OF_DOCUMENT) == (16 * 2**20, 64 * 2**20)


def test_proxy_settings_that_can_not_be_used_are_told_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "ftp://user:secret@proxy")
    monkeypatch.setenv("no_proxy", "a")
    with pytest.raises(AmazonUnavailable) as caught:
        Transport(SECONDS, local=False)
    assert caught.value.message == "The machine's proxy settings can't be used (HTTPS_PROXY, NO_PROXY)."
    assert caught.value.hint == "Correct or unset HTTPS_PROXY, NO_PROXY where orderferry is started."


def test_certificate_settings_that_can_not_be_used_are_told_by_their_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))
    with pytest.raises(AmazonUnavailable) as caught:
        Transport(SECONDS, local=True)
    assert caught.value.message == "The machine's certificate settings can't be used (SSL_CERT_FILE)."
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    with pytest.raises(AmazonUnavailable, match="SSL_CERT_FILE"):
        Transport(SECONDS, local=True, secure=False)


def test_without_any_setting_the_names_of_all_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError

    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(httpx, "create_ssl_context", refuse)
    with pytest.raises(AmazonUnavailable) as caught:
        Transport(SECONDS, local=True)
    assert caught.value.message == (
        "The machine's certificate settings can't be used (none of SSL_CERT_FILE, SSL_CERT_DIR)."
    )
    assert caught.value.hint == "Correct or unset them where orderferry is started."


@pytest.mark.parametrize(
    ("year", "taken"), [("Wed, 01 Jan 2020 00:00:00 GMT", True), ("Tue, 31 Dec 2019 23:59:59 GMT", False)]
)
def test_a_date_before_2020_is_no_present(year: str, taken: bool) -> None:
    assert (parse_http_date(year) is not None) is taken


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        (
            {"endpoint": "http://api.example"},
            "amazon.endpoint is no https address.",
            "Plain http goes to this machine only.",
        ),
        ({"endpoint": "https://"}, "amazon.endpoint is no https address.", "Plain http goes to this machine only."),
        (
            {"token_url": "ftp://localhost"},
            "amazon.token_url is no https address.",
            "Plain http goes to this machine only.",
        ),
        ({"client_id": ""}, "amazon.client_id is empty.", "`orderferry init` asks for it."),
        ({"client_secret": None}, "amazon.client_secret is empty.", "`orderferry init` asks for it."),
        ({"refresh_token": None}, "amazon.refresh_token is empty.", "`orderferry init` asks for it."),
    ],
)
def test_credentials_go_to_https_or_to_this_machine_and_are_all_there(
    changes: dict[str, object], message: str, hint: str
) -> None:
    good = amazon_settings("https://api.example", "https://login.example")
    bad = {name: type(good.client_secret)() if value is None else value for name, value in changes.items()}
    with pytest.raises(OrderferryError) as caught:
        AmazonSource(
            replace(good, **bad),  # type: ignore[arg-type]
            QuotaDouble(),
            clock=MovableClock(),
            sleep=lambda _: None,
        )
    assert (type(caught.value), caught.value.message, caught.value.hint) == (UsageError, message, hint)


def test_a_request_that_takes_too_long_is_left_and_its_connection_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Endless] = []

    class Endless:
        """A client, and the response that it gives: a byte a millisecond, for ever."""

        status_code = 200
        headers: ClassVar[dict[str, str]] = {}

        def __init__(self, **_: object) -> None:
            self.is_closed, self.is_left = False, Event()
            made.append(self)

        def build_request(self, *_: object, **__: object) -> None:
            """Nothing is sent."""

        def send(self, *_: object, **__: object) -> Answer:
            return Answer(self)

        def close(self) -> None:
            self.is_closed = True

    class Answer(Endless):
        def __init__(self, client: Endless) -> None:
            self.client = client

        def iter_raw(self) -> Iterator[bytes]:
            while True:
                sleep(0.001)
                yield b"x"

        def close(self) -> None:
            self.client.is_left.set()

    monkeypatch.setattr(httpx, "Client", Endless)
    transport = Transport(timedelta(seconds=0.05), local=True, secure=False)
    with pytest.raises(TransientError, match=r"api\.example did not answer within"):
        transport.request("GET", "https://api.example/")
    assert made[0].is_left.wait(10)
    assert [client.is_closed for client in made] == [True, False]
