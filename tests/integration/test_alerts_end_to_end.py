"""Alerts as a scheduled run sends them: the program as a subprocess, a service on a loopback port."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.bootstrap import Installation
from orderferry.config.model import AlertsSettings, Secret
from orderferry.errors import LedgerUnusable
from orderferry.run.sweeps import RunOptions
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.people import person_of
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.mailbox import Mailbox, mailbox
from support.shop_database import ShopDatabase
from support.simulated import READY_REPORTS
from support.writing import settings_for


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as running:
        yield running


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(
        generate(3, datetime.now(UTC) - timedelta(days=1), 1, 8, ("IT",)), report_rules=READY_REPORTS
    ) as running:
        yield running


def installed(tmp_path: Path, server: SimulatorServer, shop: ShopDatabase, box: Mailbox) -> Installed:
    more = f'[alerts]\nping_url = "{box.url}/key/{{command}}"\nwebhook_url = "{box.url}/hook"\n'
    return install(tmp_path, server, shop.url, marketplaces=("IT",), more=more)


def test_a_run_whose_orders_are_held_pings_success_and_tells_the_webhook_once(
    tmp_path: Path, server: SimulatorServer, sqlite_shop: ShopDatabase, box: Mailbox
) -> None:
    program = installed(tmp_path, server, sqlite_shop, box)
    first = program.run("import")
    assert first.code == 1, "the shop has none of the simulator's products"
    assert box.paths == ["/key/import/start", "/key/import", "/hook"]
    document: dict[str, Any] = box.received[-1].json
    assert document["news"] == first.err.splitlines()
    assert {problem["code"] for problem in document["problems"]} == {"unknown-sku"}
    assert document["exit_code"] == 1
    everything = b"".join(one.body for one in box.received).decode()
    for secret in (server.credentials.refresh_token, server.credentials.client_secret):
        assert secret not in everything
    for order in server.world:
        assert person_of(str(order.order_id), "IT").name not in everything
    program.run("import")
    assert box.paths[3:] == ["/key/import/start", "/key/import"], "nothing is news any more"


def test_a_run_that_amazon_refuses_pings_failure_with_the_sentence(
    tmp_path: Path, server: SimulatorServer, sqlite_shop: ShopDatabase, box: Mailbox
) -> None:
    program = installed(tmp_path, server, sqlite_shop, box)
    program.environ = {"ORDERFERRY_AMAZON_REFRESH_TOKEN": "Atzr|revoked"}
    assert program.run("recheck").code == 7
    assert box.paths == ["/key/recheck/start", "/key/recheck/fail", "/hook"]
    assert "refresh token" in box.received[1].body.decode()
    assert "Atzr|revoked" not in "".join(one.body.decode() for one in box.received)


def test_the_daily_comparison_pings_and_tells_what_it_found_and_a_persons_question_does_not(
    tmp_path: Path, server: SimulatorServer, sqlite_shop: ShopDatabase, box: Mailbox
) -> None:
    program = installed(tmp_path, server, sqlite_shop, box)
    program.run("compare")
    assert box.paths == [], "an audit without a ledger alarms nobody"
    program.run("import")
    box.received.clear()
    assert program.run("compare").code == 1
    assert box.paths == ["/key/compare/start", "/key/compare", "/hook"]
    document: dict[str, Any] = box.received[-1].json
    assert (document["command"], document["exit_code"]) == ("compare", 1)
    assert document["missing"]
    assert document["news"][0].startswith(f"order {document['missing'][0]['order_id']} is missing in the shop: held ")
    assert document["text"].startswith("orderferry compare (config):\norder ")
    box.received.clear()
    program.run("compare", "--since", "20h")
    assert box.paths == []


def test_a_dead_alert_service_changes_neither_the_exit_code_nor_the_output(
    tmp_path: Path, server: SimulatorServer, sqlite_shop: ShopDatabase, box: Mailbox
) -> None:
    box.manner = "500"
    program = installed(tmp_path, server, sqlite_shop, box)
    program.run("import")
    again = program.run("import")
    assert (again.out, again.err) == ("", "")
    assert again.code == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (LedgerUnusable("The disk is full.", hint="Make room."), "The disk is full. Make room."),
        (ZeroDivisionError("x"), "An unexpected error inside orderferry: ZeroDivisionError."),
    ],
)
def test_a_run_that_breaks_off_pings_failure(
    error: Exception, words: str, tmp_path: Path, sqlite_shop: ShopDatabase, box: Mailbox, monkeypatch: Any
) -> None:
    def ledger(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(Installation, "ledger", ledger)
    alerts = AlertsSettings(Secret(f"{box.url}/key"), Secret(f"{box.url}/hook"))
    with pytest.raises(type(error)):
        Installation(settings_for(sqlite_shop, tmp_path, alerts=alerts)).run("import", RunOptions())
    assert box.paths == ["/key/fail", "/hook"]
    assert box.received[0].body.decode().startswith(words)
    assert box.received[1].json["news"] == [words]
