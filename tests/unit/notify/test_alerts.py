"""Alerts against real sockets: what arrives, and what a service that misbehaves can't do to a run."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.config.model import AlertsSettings, Secret
from orderferry.notify import Alerts, LogTail, deliver, ping_address
from support.certificates import Authority
from support.mailbox import Mailbox, mailbox

SHORT = timedelta(seconds=0.4)
LONG = 10  # seconds; a service here hangs twice as long, and drips for ever
KEY = "3f5c-secret-key"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as running:
        yield running


def alerts(url: str, longest: timedelta = timedelta(seconds=5)) -> Alerts:
    return Alerts(AlertsSettings(Secret(f"{url}/{KEY}"), Secret(f"{url}/hook?token={KEY}")), longest)


def test_start_success_and_failure_go_to_the_addresses_that_healthchecks_has_for_them(box: Mailbox) -> None:
    sender = alerts(box.url)
    sender.started("import")
    sender.succeeded("import", "12 orders")
    sender.failed("import", "no: naïve")
    assert box.paths == [f"/{KEY}/start", f"/{KEY}", f"/{KEY}/fail"]
    assert [one.method for one in box.received] == ["POST"] * 3
    assert [one.body.decode() for one in box.received] == ["", "12 orders", "no: naïve"]
    assert {one.headers["User-Agent"] for one in box.received} == {"orderferry"}
    assert {one.headers["Content-Type"] for one in box.received} == {"text/plain; charset=utf-8"}


def test_the_end_of_a_long_text_is_kept(box: Mailbox) -> None:
    alerts(box.url).failed("import", "first " + "x" * 20_000 + " last")
    body = box.received[0].body
    assert len(body) == 9_000  # a self-hosted healthchecks takes 10 kB
    assert body.endswith(b" last")


def test_the_webhook_gets_json(box: Mailbox) -> None:
    alerts(box.url).post_news({"text": "held: è", "exit_code": 1})
    (one,) = box.received
    assert one.path == f"/hook?token={KEY}"
    assert one.headers["Content-Type"] == "application/json"
    assert one.json == {"text": "held: è", "exit_code": 1}


def test_what_is_not_configured_is_not_sent(box: Mailbox) -> None:
    Alerts(AlertsSettings()).started("import")
    Alerts(AlertsSettings(ping_url=Secret(box.url))).post_news({})
    Alerts(AlertsSettings(webhook_url=Secret(box.url))).failed("import", "")
    assert box.received == []


@pytest.mark.parametrize(
    ("url", "ending", "address"),
    [
        ("https://hc.example/uuid", "/start", "https://hc.example/uuid/start"),
        ("https://hc.example/uuid/", "/fail", "https://hc.example/uuid/fail"),
        ("https://hc.example/uuid?create=1", "/start", "https://hc.example/uuid/start?create=1"),
        ("https://hc.example/key/shop-{command}", "", "https://hc.example/key/shop-recheck"),
    ],
)
def test_the_address_of_a_ping(url: str, ending: str, address: str) -> None:
    assert ping_address(url, "recheck", ending) == address


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("500", "HTTP 500"),
        ("404", "HTTP 404"),
        ("redirect", "HTTP 302"),
        ("cut", "it can't be reached"),
        ("hang", "no answer in time"),
        ("drip", "no answer in time"),
    ],
)
def test_a_service_that_misbehaves_is_a_warning_and_costs_no_more_than_the_time_limit(
    manner: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with mailbox(manner) as box:
        began = time.monotonic()
        with caplog.at_level(logging.DEBUG):
            alerts(box.url, SHORT).failed("import", "text")
        assert time.monotonic() - began < LONG
        box.released.set()
        assert box.paths == [f"/{KEY}/fail"], "no redirect is followed, nothing is sent twice"
    (record,) = [record for record in caplog.records if record.name.startswith("orderferry")]
    assert record.levelno == logging.WARNING
    assert record.getMessage() == f"alerts.ping_url: the alert was not delivered: {words}"
    assert KEY not in caplog.text


def test_an_alert_may_take_five_seconds() -> None:
    assert Alerts(AlertsSettings()).longest == timedelta(seconds=5)


def test_what_hangs_does_not_keep_the_program_from_ending() -> None:
    with mailbox("drip") as box:
        assert not deliver("alerts.test", box.url, b"", "text/plain", timedelta(seconds=0.1))
        assert [thread.daemon for thread in threading.enumerate() if thread.name == "alerts.test"] == [True]
        box.released.set()


def test_a_service_that_takes_it_is_no_trouble(box: Mailbox) -> None:
    assert deliver("alerts.test", box.url, b"x", "text/plain")


def test_a_service_on_this_machine_is_not_asked_through_a_proxy(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert deliver("alerts.test", box.url, b"x", "text/plain")


def test_another_machine_is_asked_through_the_proxy(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, box.url)  # which does not know CONNECT
    assert not deliver("alerts.test", "https://alerts.example/x", b"x", "text/plain")
    assert caplog.messages == ["alerts.test: the alert was not delivered: the proxy refused"]


def test_a_certificate_that_nobody_knows_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with mailbox(certificate=Authority(tmp_path).certificate("127.0.0.1")) as box:
        assert not deliver("alerts.test", box.url, b"x", "text/plain")
    assert caplog.messages == ["alerts.test: the alert was not delivered: its certificate is not trusted"]
    assert box.received == []


@pytest.mark.parametrize("library", ["httpx", "httpcore"])
def test_the_libraries_do_not_log_addresses(library: str) -> None:
    assert logging.getLogger(library).level == logging.WARNING


def test_nobody_listening_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    alerts(f"http://127.0.0.1:{port}").post_news({})
    assert "alerts.webhook_url: the alert was not delivered: it can't be reached" in caplog.text
    assert KEY not in caplog.text


def test_an_address_that_no_library_takes_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    alerts("http://[::1").started("import")
    assert "was not delivered: the request failed" in caplog.text
    assert KEY not in caplog.text


def test_the_tail_keeps_the_last_lines_and_no_details() -> None:
    logger = logging.getLogger("orderferry.tail-test")
    logger.setLevel(logging.DEBUG)
    with LogTail.attached("orderferry.tail-test") as tail:
        for number in range(65):
            logger.info("line %d", number)
        logger.debug("a detail")
    logger.info("after")
    lines = str(tail).splitlines()
    assert len(lines) == 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO line 5", lines[0])
    assert lines[-1].endswith("INFO line 64")
