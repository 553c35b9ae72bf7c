"""What cron's mail and `-v` tell of: another importer, why a run ended, data that the account may not ask for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import Line
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.simulated import READY_REPORTS, id_of, simulated_order, verified
from support.sqlite_shop import sqlite_shop_in

NOW = datetime.now(UTC).replace(microsecond=0)
GOODS = (Line("SKU-1", 1, Decimal("10.00")),)
WITHHELD = "Amazon does not let this account ask for PAYMENT"


@dataclass
class Place:
    """An installation with its shop and its Amazon."""

    installed: Installed
    shop: ShopDatabase
    server: SimulatorServer

    def sell(self, *numbers: int, by_another: bool = False) -> None:
        """Orders of the last hours; `by_another`: another importer has put them into the shop already."""
        for number in numbers:
            placed = NOW - timedelta(hours=5)
            self.server.world.add(simulated_order(number, verified(minutes=1), placed=placed, lines=GOODS))
            if by_another:
                self.shop.execute(
                    "INSERT INTO {p}order_payment (order_reference, id_currency, amount, payment_method,"
                    " conversion_rate, transaction_id, date_add)"
                    " VALUES (:reference, 1, 10, 'Other', 1, :id, '2026-11-01 00:00:00')",
                    reference=f"OTHER{number:04d}", id=id_of(number),
                )  # fmt: skip

    def let_pass(self, hours: int) -> None:
        """Let the ledger's conditions and orders be older."""
        with closing(sqlite3.connect(self.installed.ledger)) as ledger, ledger:
            for table, column in (("conditions", "last_printed"), ("orders", "state_since")):
                rows = ledger.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
                for row, text in rows:
                    moment = datetime.fromisoformat(text) - timedelta(hours=hours)
                    told = f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
                    ledger.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (told, row))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    shop = sqlite_shop_in(tmp_path, ShopSeed(products=plain_products(["SKU-1"], 500)))
    with SimulatorServer(World([]), report_rules=READY_REPORTS) as server:
        yield Place(install(tmp_path, server, shop.url), shop, server)


def test_orders_of_another_importer_are_said_once_then_daily_with_their_number_and_when_no_more_come(
    place: Place,
) -> None:
    installed = place.installed
    span = ("import", "--since", "1d")  # reads everything again, in each run
    place.sell(1, by_another=True)
    first = installed.run(*span)
    assert (first.code, first.out) == (0, "")
    assert "another importer is at work: 1 order of the last 24 hours was in the shop before" in first.err
    assert id_of(1) in first.err
    assert "orderferry adopt" in first.err
    place.sell(2, 3, by_another=True)
    assert installed.run(*span).err == ""  # the number moves: that is no news
    place.let_pass(hours=23)
    place.sell(4, 5, by_another=True)
    assert installed.run(*span).err == ""
    place.let_pass(hours=2)  # those of the first day are older than a day by now
    daily = installed.run(*span)
    assert daily.code == 0
    assert "2 orders of the last 24 hours were in the shop before" in daily.err
    assert f"({id_of(4)}, {id_of(5)})" in daily.err
    assert installed.run(*span).err == ""
    status = installed.run("status")
    assert "another importer is at work" in status.out
    place.let_pass(hours=25)
    over = installed.run(*span)
    assert over.err.startswith("Over: another importer is at work")
    assert installed.run(*span).err == ""


def test_with_v_each_run_says_why_it_ended_with_4_or_5(place: Place) -> None:
    installed = place.installed
    place.server.faults.add("searchOrders", 1, "503", times=None)
    for _ in range(2):
        told = installed.run("-v", "import")
        assert told.code == 4
        assert "exit code 4: Amazon answered searchOrders with HTTP 503 ServiceUnavailable." in told.err
    place.server.faults.add("createReport", 1, "503", times=None)
    for _ in range(2):
        told = installed.run("-v", "compare")
        assert told.code == 4
        assert "exit code 4: Amazon answered createReport with HTTP 503" in told.err
    installed.shop_url = f"sqlite:///{installed.folder}/away.sqlite"
    installed.write()
    installed.run("import", "--accept-shop")
    for _ in range(2):
        told = installed.run("-v", "import", "--accept-shop")
        assert told.code == 5
        assert "exit code 5: " in told.err


def test_data_that_the_account_may_not_ask_for_is_left_out_and_told_and_asked_for_again_daily(place: Place) -> None:
    installed, server = place.installed, place.server
    place.sell(1)
    server.world.refused_datasets.add("PAYMENT")
    first = installed.run("import")
    assert first.code == 0
    assert f"{WITHHELD} (how buyers paid): “Invalid includedData value: PAYMENT”" in first.err
    assert place.shop.value("SELECT COUNT(*) FROM {p}orderferry_order") == 1
    assert server.requests.counts["searchOrders"] == 3  # two listings, and one question that was rejected
    again = installed.run("import", "--since", "1d", "--json")
    assert again.json["calls"]["searchOrders"] == 1  # it is remembered
    assert [problem["code"] for problem in again.json["problems"]] == ["missing-data"]
    checked = installed.run("check", "--json").json["checks"]
    assert any(one["result"] == "warning" and one["message"].startswith(WITHHELD) for one in checked)
    assert installed.run("show", id_of(1), "--refresh").code == 0
    server.world.refused_datasets.clear()
    with closing(sqlite3.connect(installed.ledger)) as ledger, ledger:
        ledger.execute("UPDATE memory SET value = replace(value, '2026', '2025') WHERE name = 'datasets refused'")
    over = installed.run("import", "--since", "1d")
    assert "Over: Amazon does not let this account ask for PAYMENT" in over.err
    assert installed.run("import", "--since", "1d").err == ""


def test_a_rejected_question_is_told_in_amazons_words_and_ends_no_comparison(place: Place) -> None:
    installed, server = place.installed, place.server
    place.sell(1)
    server.faults.add("getOrder", 1, "400", times=None)
    named = installed.run("import", "--order", id_of(1), "--json")
    assert named.code == 1
    (problem,) = named.json["problems"]
    assert problem["code"] == "request-rejected"
    assert "“Invalid Input: orderId must be in 3-7-7 format.”" in problem["message"]
    shown = installed.run("show", id_of(1), "--refresh")
    assert shown.code == 4
    assert "orderId must be in 3-7-7 format" in shown.out + shown.err
    compared = installed.run("compare", "--source", "report", "--json")
    assert compared.code == 1
    assert compared.json["missing"][0]["reason"].startswith("suspected, Amazon was not asked again")
