"""What `compare` found stands in `status` and is said under cron, until it is brought, gone, or set aside."""

from __future__ import annotations

import re
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
from orderferry.simulator.orders import EventKind, Line
from orderferry.simulator.reports_api import ReportRules
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.simulated import id_of, shipped, simulated_order, verified
from support.sqlite_shop import sqlite_shop_in

AT_ONCE = ReportRules(queued=timedelta(0), working=timedelta(0), late=timedelta(0))
NOW = datetime.now(UTC).replace(microsecond=0)
DAYS_AGO = NOW - timedelta(days=4)
GOODS = (Line("SKU-1", 2, Decimal("10.00")),)


@dataclass
class Place:
    """An installation with its shop and its Amazon, both in the test's hands."""

    installed: Installed
    shop: ShopDatabase
    server: SimulatorServer

    def sell(self, *numbers: int, sku: str = "SKU-1") -> None:
        """Orders of four days ago, which no import's window shows any more."""
        lines = (Line(sku, 2, Decimal("10.00")),)
        for number in numbers:
            events = (verified(hours=1), shipped(hours=20))
            self.server.world.add(simulated_order(number, *events, placed=DAYS_AGO, lines=lines))

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.installed.ledger)) as ledger, ledger:
            return ledger.execute(statement).fetchall()

    def let_time_pass(self, hours: int) -> None:
        """Conditions were last told so much earlier."""
        moment = f"{datetime.now(UTC) - timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}.000Z"
        with closing(sqlite3.connect(self.installed.ledger)) as ledger, ledger:
            ledger.execute("UPDATE conditions SET last_printed = ? WHERE last_printed IS NOT NULL", (moment,))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    shop = sqlite_shop_in(tmp_path, ShopSeed(products=plain_products(["SKU-1"], 500)))
    recent = simulated_order(900, verified(minutes=1), placed=NOW - timedelta(hours=5), lines=GOODS)
    with SimulatorServer(World([recent]), report_rules=AT_ONCE) as server:
        installed = install(tmp_path, server, shop.url)
        assert installed.run("import").code == 0
        yield Place(installed, shop, server)


def test_missing_orders_stand_in_every_form_until_the_import_has_brought_them(place: Place) -> None:
    installed = place.installed
    assert installed.run("status").code == 0
    place.sell(*range(1, 18))
    compared = installed.folder / "compared.html"
    assert len(installed.run("compare", "--json", "--html", str(compared)).json["missing"]) == 17
    document = compared.read_text()
    assert re.search(rf"{id_of(17)} \(20\d\d-\d\d-\d\d \d+\.\d\d EUR\)", document), "day and amount of a missing order"
    assert "<title>Bottega di prova: Amazon and the shop</title>" in document
    plain = installed.run("status")
    assert plain.code == 1
    assert "All is well" not in plain.out
    assert "17 orders are missing in the shop" in plain.out
    document = installed.run("status", "--json").json
    assert (document["healthy"], document["exit_code"]) == (False, 1)
    missing = document["findings"]["missing"]
    assert [found["order_id"] for found in missing] == [id_of(number) for number in range(1, 18)]
    assert missing[0]["reason"] == "no import has seen it"
    assert missing[0]["hint"].startswith("It is due for the next import")
    nagios = installed.run("status", "--nagios")
    assert nagios.code == 2
    assert nagios.out.startswith("ORDERFERRY CRITICAL - ")
    assert "17 missing in the shop" in nagios.out
    metrics, page = installed.folder / "x.prom", installed.folder / "x.html"
    assert installed.run("status", "--prometheus", str(metrics), "--html", str(page)).code == 1
    assert 'orderferry_healthy{shop="config"} 0.0\n' in metrics.read_text()
    assert 'orderferry_compare_findings{kind="missing",shop="config"} 17.0\n' in metrics.read_text()
    assert "Not all is well." in page.read_text()
    row = re.search(rf"<tr><td[^>]*>{id_of(17)}</td>.*?</tr>", page.read_text())
    assert row is not None
    assert re.search(r">20\d\d-\d\d-\d\d</td><td[^>]*>\d+\.\d\d EUR</td>", row[0]), "its day and its amount"
    assert installed.run("import").code == 0
    assert installed.run("status").code == 0
    assert installed.run("status", "--json").json["findings"] == {"missing": [], "surplus": [], "different": []}
    assert installed.run("status", "--nagios").code == 0


def test_they_are_a_condition_under_cron_said_once_then_daily_and_when_it_is_over(place: Place) -> None:
    installed = place.installed
    place.sell(1, 2, 3)
    assert installed.run("compare").code == 1
    # The import can't bring them: Amazon does not answer single questions.
    place.server.faults.add("getOrder", 1, "503", times=None)
    quiet = installed.run("import")
    assert "missing in the shop" not in quiet.err  # the comparison has just said it
    place.let_time_pass(25)
    again = installed.run("import")
    assert "3 orders are missing in the shop" in again.err
    assert "missing in the shop" not in installed.run("import").err
    place.server.faults.clear()
    place.query("SELECT 1")
    over = installed.run("import")
    assert over.code == 0
    assert "Over: 3 orders are missing in the shop" in over.err
    silent = installed.run("import")
    assert (silent.code, silent.out, silent.err) == (0, "", "")


def test_a_later_comparison_ends_what_it_no_longer_finds_and_leaves_what_it_did_not_look_at(place: Place) -> None:
    installed = place.installed
    place.sell(1, 2)
    assert installed.run("compare").code == 1
    place.server.world.change(id_of(2), EventKind.CANCELLED, DAYS_AGO + timedelta(hours=30))
    place.server.faults.add("createReport", 1, "report-cancelled", times=None)
    assert installed.run("compare", "--json", "--since", "2d").code == 0
    findings = installed.run("status", "--json").json["findings"]
    assert [found["order_id"] for found in findings["missing"]] == [id_of(1)]  # the other one: Amazon was asked again
    place.server.faults.clear()
    place.server.world.change(id_of(1), EventKind.CANCELLED, DAYS_AGO + timedelta(hours=30))
    over = installed.run("compare")
    assert over.code == 0
    assert "Over: " in over.err
    assert installed.run("status").code == 0


def test_a_comparison_that_could_not_be_finished_ends_nothing(place: Place) -> None:
    installed = place.installed
    place.sell(1)
    assert installed.run("compare").code == 1
    place.server.faults.add("createReport", 1, "503", times=None)
    assert installed.run("compare").code == 4
    assert [found["order_id"] for found in installed.run("status", "--json").json["findings"]["missing"]] == [id_of(1)]


def test_a_person_sets_a_finding_aside_and_takes_it_back(place: Place) -> None:
    installed = place.installed
    place.sell(1)
    assert installed.run("compare").code == 1
    assert installed.run("ignore", id_of(1), "--reason", "a test order").code == 0
    assert installed.run("status").code == 0
    assert "Over: " in installed.run("import").err
    installed.run("ignore", id_of(1), "--undo")
    assert installed.run("status").code == 1


def test_surplus_and_different_orders_stand_too_and_a_held_one_is_said_once(place: Place) -> None:
    installed, shop = place.installed, place.shop
    place.sell(1)
    place.sell(2, sku="SKU-UNKNOWN")
    assert installed.run("compare").code == 1
    assert installed.run("import").code == 1
    assert shop.value("SELECT COUNT(*) FROM {p}order_payment WHERE transaction_id = :id", id=id_of(1)) == 1
    shop.execute(
        "UPDATE {p}orders SET total_paid = 21 WHERE id_order ="
        " (SELECT id_order FROM {p}orderferry_order WHERE amazon_order_id = :id)", id=id_of(1)
    )  # fmt: skip
    shop.execute("UPDATE {p}orders SET date_add = :moment", moment=f"{DAYS_AGO:%Y-%m-%d %H:%M:%S}")
    shop.execute(
        "UPDATE {p}order_payment SET transaction_id = '304-1111111-2222222' WHERE transaction_id = :id", id=id_of(900)
    )
    assert installed.run("compare").code == 1
    findings = installed.run("status", "--json").json["findings"]
    assert [found["order_id"] for found in findings["surplus"]] == ["304-1111111-2222222"]
    (different,) = findings["different"]
    assert (different["order_id"], different["field"], different["shop"]) == (id_of(1), "amount", "21.00 EUR")
    assert [found["order_id"] for found in findings["missing"]] == [id_of(2)]
    plain = installed.run("status").out
    whole = " ".join(plain.split())
    assert "1 order is in the shop and not at Amazon, or there twice (304-1111111-2222222)" in whole
    assert f"1 order differs from Amazon's ({id_of(1)})" in whole
    assert plain.count(id_of(2)) == 1  # held for its SKU: told there, with what to do
    nagios = installed.run("status", "--nagios")
    assert nagios.code == 1
    assert "1 surplus" in nagios.out
    assert "1 different" in nagios.out
