"""Alerts against real sockets: what arrives, and what a service that misbehaves can't do to a run."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from orderferry.config.model import AlertsSettings, Secret
from orderferry.notify import LINES, MOST_TEXT, Alerts, LogTail, ping_address
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


def test_the_end_of_a_long_text_is_kept(box: Mailbox) -> None:
    alerts(box.url).failed("import", "first " + "x" * 20_000 + " last")
    body = box.received[0].body
    assert len(body) == MOST_TEXT
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


def test_nobody_listening_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    alerts(f"http://127.0.0.1:{port}").post_news({})
    assert "alerts.webhook_url: the alert was not delivered: it can't be reached" in caplog.text
    assert KEY not in caplog.text


def test_an_address_that_no_library_takes_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    alerts("http://[::1").started("import")
    assert "was not delivered" in caplog.text
    assert KEY not in caplog.text


def test_the_tail_keeps_the_last_lines_and_no_details() -> None:
    logger = logging.getLogger("orderferry.tail-test")
    logger.setLevel(logging.DEBUG)
    with LogTail.attached("orderferry.tail-test") as tail:
        for number in range(LINES + 5):
            logger.info("line %d", number)
        logger.debug("a detail")
    logger.info("after")
    lines = str(tail).splitlines()
    assert len(lines) == LINES
    assert lines[0].endswith("INFO line 5")
    assert lines[-1].endswith(f"INFO line {LINES + 4}")
