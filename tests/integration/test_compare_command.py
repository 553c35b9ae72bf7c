"""`compare` as cron starts it: a subprocess, the simulated Amazon over HTTP, MariaDB, and a user who may only read."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.clock import Clock
from orderferry.simulator.faults import FaultKind
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import EventKind
from orderferry.simulator.reports_api import ReportRules
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World
from support.installation import install
from support.mariadb import MariadbServer
from support.shop_database import ShopDatabase
from support.simulated import id_of, shipped, simulated_order, verified

AT_ONCE = ReportRules(queued=timedelta(0), working=timedelta(0), late=timedelta(0))
NOW = datetime.now(UTC).replace(microsecond=0)
DAYS_AGO = NOW - timedelta(days=4)
CONTRACT = ["since", "until", "amazon", "shop", "missing", "surplus", "different", "exit_code"]


@dataclass
class Shop:
    """A shop that some other program has imported into: an order a row, written by hand."""

    database: ShopDatabase

    def add(
        self, number: int, total: str = "20.00", quantity: int = 2, state: int = 4, order_id: str = "", rate: int = 19
    ) -> None:
        """An order of the shop with an Amazon order id in its payment."""
        net = str((Decimal(total) * 100 / (100 + rate)).quantize(Decimal("0.01")))
        moment = (DAYS_AGO + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
        reference = f"FOREIGN{number:02d}"[:9]
        euro = self.database.value("SELECT id_currency FROM {p}currency WHERE iso_code = 'EUR'")
        self.database.execute(
            "INSERT INTO {p}orders (id_order, reference, id_carrier, id_lang, id_customer, id_cart, id_currency,"
            " id_address_delivery, id_address_invoice, current_state, secure_key, payment, module, total_paid,"
            " total_paid_tax_incl, total_paid_tax_excl, total_paid_real, invoice_date, delivery_date, date_add,"
            " date_upd) VALUES (:id, :reference, 1, 1, 1, 1, :euro, 1, 1, :state, '', 'Other', 'other', :total,"
            " :total, :net, :total, '0000-00-00', '0000-00-00', :moment, :moment)",
            id=number, reference=reference, euro=euro, state=state, total=total, net=net, moment=moment,
        )  # fmt: skip
        self.database.execute(
            "INSERT INTO {p}order_detail (id_order, id_shop, product_id, product_name, product_quantity,"
            " product_reference, total_price_tax_incl, total_price_tax_excl, product_weight, tax_name,"
            " download_hash) VALUES (:id, 1, 1, 'Thing', :quantity, 'SKU-1', :total, :net, 0, '', '')",
            id=number, quantity=quantity, total=total, net=net,
        )  # fmt: skip
        self.database.execute(
            "INSERT INTO {p}order_payment (order_reference, id_currency, amount, payment_method, conversion_rate,"
            " transaction_id, date_add) VALUES (:reference, :euro, :total, 'Other', 1, :order_id, :moment)",
            reference=reference, euro=euro, total=total, order_id=order_id or id_of(number), moment=moment,
        )  # fmt: skip


@pytest.fixture
def serve() -> Iterator[Callable[..., SimulatorServer]]:
    servers: list[SimulatorServer] = []

    def start(*orders: Any, world: World | None = None) -> SimulatorServer:
        servers.append(SimulatorServer(world or World(orders), clock=Clock(), report_rules=AT_ONCE))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def sold(*numbers: int, **fields: Any) -> list[Any]:
    """Orders of 20.00 EUR that were shipped three days ago."""
    life = (verified(hours=1), shipped(hours=20))
    return [simulated_order(number, *life, placed=DAYS_AGO, **fields) for number in numbers]


@pytest.fixture
def reader(mariadb_server: MariadbServer) -> Iterator[Callable[[ShopDatabase], str]]:
    """Makes a user who may SELECT from a shop and nothing else; gives the address for this user."""
    made: list[str] = []

    def create(shop: ShopDatabase) -> str:
        url = sa.make_url(shop.url)
        with mariadb_server.engine().begin() as connection:
            connection.exec_driver_sql("CREATE USER 'auditor'@'%%' IDENTIFIED BY 'only-reads'")
            connection.exec_driver_sql(f"GRANT SELECT ON `{url.database}`.* TO 'auditor'@'%%'")
        made.append("auditor")
        return url.set(username="auditor", password="only-reads").render_as_string(hide_password=False)

    yield create
    for user in made:
        with mariadb_server.engine().begin() as connection:
            connection.exec_driver_sql(f"DROP USER '{user}'@'%%'")


def test_an_audit_of_a_shop_that_another_program_fills(
    tmp_path: Path, serve: Callable[..., SimulatorServer], shop_database: ShopDatabase, reader: Any
) -> None:
    shop = Shop(shop_database)
    server = serve(*sold(1, 2, 3, 4, 5, 6, 7, 8))
    server.world.change(id_of(7), EventKind.CANCELLED, DAYS_AGO + timedelta(hours=30))
    for number in (1, 4, 7):
        shop.add(number)
    shop.add(3, total="23.80")
    shop.add(5, quantity=3)
    shop.add(6, state=6)
    shop.add(11, order_id=id_of(1))
    shop.add(12, order_id="304-1111111-2222222")
    installed = install(tmp_path, server, reader(shop_database))
    before = (shop_database.tables(), shop_database.counts())
    done = installed.run("compare", "--json", "--csv", "orders.csv", "--html", "page.html")
    assert (done.code, done.err) == (1, "")
    document = done.json
    assert list(document) == CONTRACT
    assert document["amazon"]["orders"] == 7
    assert [found["order_id"] for found in document["missing"]] == [id_of(2), id_of(8)]
    assert document["missing"][0]["reason"] == "not in the shop"
    assert {found["order_id"]: found["reason"] for found in document["surplus"]} == {
        id_of(1): "doubled: orders 1 and 11 in the shop",
        "304-1111111-2222222": "order 12 in the shop, Amazon does not know it",
    }
    assert {(found["order_id"], found["field"]): found["amazon"] for found in document["different"]} == {
        (id_of(3), "amount"): "20.00 EUR",
        (id_of(5), "quantity"): "2",
        (id_of(6), "state"): "shipped",
        (id_of(7), "state"): "cancelled",
    }
    assert (shop_database.tables(), shop_database.counts()) == before
    assert not installed.ledger.exists()
    rows = list(csv.DictReader((tmp_path / "orders.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["amazon_order_id"]: row["found"] for row in rows}[id_of(4)] == "ok"
    assert id_of(2) in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert server.requests.counts["getOrder"] <= 8


def test_a_wrong_tax_under_a_right_total_is_a_difference(
    tmp_path: Path, serve: Callable[..., SimulatorServer], shop_database: ShopDatabase, reader: Any
) -> None:
    shop = Shop(shop_database)
    shop.add(1)
    shop.add(2, rate=22)
    shop.add(3, rate=0)
    found = install(tmp_path, serve(*sold(1, 2, 3)), reader(shop_database)).run("compare", "--json")
    assert found.code == 1
    assert {one["order_id"]: (one["field"], one["amazon"], one["shop"]) for one in found.json["different"]} == {
        id_of(2): ("tax", "3.19 EUR", "3.61 EUR"),
        id_of(3): ("tax", "3.19 EUR", "0.00 EUR"),
    }


def test_a_month_by_shipping_and_by_invoice_with_papers_and_the_shops_own_currency(
    tmp_path: Path, serve: Callable[..., SimulatorServer], shop_database: ShopDatabase, reader: Any
) -> None:
    shop, month = Shop(shop_database), (NOW - timedelta(days=40)).replace(day=15)
    server = serve(*sold(1, 2, 3))
    server.world.change(id_of(3), EventKind.CANCELLED, DAYS_AGO + timedelta(hours=30))
    for number in (1, 2, 3):
        shop.add(number, state=6 if number == 3 else 4)
    run = shop.database.execute
    # One is invoiced and shipped in another month than the others; Amazon has cancelled the third after its invoice.
    run("UPDATE {p}orders SET invoice_number = id_order, invoice_date = date_add, delivery_date = date_add")
    run("UPDATE {p}orders SET invoice_date = :at, delivery_date = :at WHERE id_order = 1",
        at=f"{month:%Y-%m-%d %H:%M:%S}")  # fmt: skip
    zloty = shop.database.value("SELECT MAX(id_currency) + 1 FROM {p}currency")
    run("UPDATE {p}orders SET conversion_rate = 0.5")
    run("INSERT INTO {p}currency (id_currency, name, iso_code, `precision`, conversion_rate, deleted, active)"
        " VALUES (:id, 'Zloty', 'PLN', 2, 1, 0, 1)", id=zloty)  # fmt: skip
    run("UPDATE {p}configuration SET value = :id WHERE name = 'PS_CURRENCY_DEFAULT'", id=zloty)
    run("INSERT INTO {p}order_slip (id_order, conversion_rate, id_customer, total_products_tax_excl,"
        " total_products_tax_incl, total_shipping_tax_excl, total_shipping_tax_incl, amount, shipping_cost,"
        " shipping_cost_amount, partial, order_slip_type, date_add, date_upd)"
        " VALUES (2, 1, 1, 4.20, 5.00, 0.84, 1.00, 5.00, 1, 1.00, 1, 0, :now, :now)",
        now=f"{NOW - timedelta(hours=3):%Y-%m-%d %H:%M:%S}")  # fmt: skip
    installed = install(tmp_path, server, reader(shop_database))
    document = installed.run("compare", "--by", "invoice", "--month", f"{DAYS_AGO:%Y-%m}", "--json").json
    assert [row["shop"]["orders"] for row in document["totals"]["all"]] == [1]
    assert document["totals"]["all"][0]["home"] == {
        "currency": "PLN", "orders": 1, "gross": "40.00", "net": "33.62", "tax": "6.38"
    }  # fmt: skip
    assert document["totals"]["invoices"] == [
        {"currency": "EUR", "orders": 2, "gross": "40.00", "net": "33.62", "tax": "6.38"}
    ]
    assert document["totals"]["credit_slips"] == [
        {"currency": "EUR", "orders": 1, "gross": "6.00", "net": "5.04", "tax": "0.96"}
    ]
    assert document["totals"]["invoices_without_sale"] == [
        {"order_id": id_of(3), "invoice_number": 3, "gross": "20.00", "credited": "0.00", "currency": "EUR"}
    ]
    assert [row["key"] for row in document["totals"]["country_rate"]]
    told = installed.run("compare", "--by", "shipped", "--month", f"{DAYS_AGO:%Y-%m}").out
    assert "orders shipped 20" in told
    assert f"Invoice 3 of {id_of(3)} has no sale" in installed.run("compare", "--month", f"{DAYS_AGO:%Y-%m}").out


@pytest.mark.parametrize(
    ("products", "shipping", "credited"),
    [
        (("20.00", "16.81"), ("0", "0"), True),
        (("19.995000", "16.802521"), ("0", "0"), True),  # PrestaShop keeps six decimals
        (("15.24", "12.81"), ("4.00", "4.00"), True),  # shipping of 4.76, refunded by a carrier without tax
        ((None, None), (None, None), True),  # as PrestaShop wrote them once: `amount` alone
        (("10.00", "8.40"), ("0", "0"), False),
    ],
)
def test_an_invoice_without_a_sale_is_over_when_a_full_refund_covers_it_also_of_an_old_order(
    tmp_path: Path,
    serve: Callable[..., SimulatorServer],
    shop_database: ShopDatabase,
    reader: Any,
    products: tuple[Any, Any],
    shipping: tuple[Any, Any],
    credited: bool,
) -> None:
    shop, run = Shop(shop_database), shop_database.execute
    server = serve(*sold(1))
    server.world.change(id_of(1), EventKind.CANCELLED, DAYS_AGO + timedelta(hours=30))
    shop.add(1, state=6)
    shop.add(2)
    run("UPDATE {p}orders SET invoice_number = id_order, invoice_date = date_add")
    run("UPDATE {p}orders SET date_add = '2025-12-01', invoice_date = '2025-12-01' WHERE id_order = 2")
    for id_order in (1, 2):
        run("INSERT INTO {p}order_slip (id_order, conversion_rate, id_customer, total_products_tax_incl,"
            " total_products_tax_excl, total_shipping_tax_incl, total_shipping_tax_excl, amount, shipping_cost,"
            " shipping_cost_amount, partial, order_slip_type, date_add, date_upd)"
            " VALUES (:id, 1, 1, :pi, :pe, :si, :se, 15.24, 1, 4.76, 0, 0, :now, :now)",
            id=id_order, pi=products[0], pe=products[1], si=shipping[0], se=shipping[1],
            now=f"{NOW - timedelta(hours=3):%Y-%m-%d %H:%M:%S}")  # fmt: skip
    installed = install(tmp_path, server, reader(shop_database))
    totals = installed.run("compare", "--by", "invoice", "--month", f"{DAYS_AGO:%Y-%m}", "--json").json["totals"]

    assert (totals["invoices_without_sale"] == []) is credited
    assert totals["invoices"][0]["orders"] == 1
    assert totals["credit_slips"][0]["orders"] == 2


def test_under_cron_it_prints_differences_and_nothing_when_there_are_none(
    tmp_path: Path, serve: Callable[..., SimulatorServer], shop_database: ShopDatabase, reader: Any
) -> None:
    shop = Shop(shop_database)
    server = serve(*sold(1, 2))
    installed = install(tmp_path, server, reader(shop_database))
    shop.add(1)
    found = installed.run("compare")
    assert (found.code, found.err) == (1, "")
    assert id_of(2) in found.out
    shop.add(2)
    nothing = installed.run("compare")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "")
    server.faults.add("createReport", 1, FaultKind.REPORT_FATAL)
    by_listing = installed.run("compare", "--json")
    assert by_listing.code == 0
    assert server.requests.counts["searchOrders"] == 1
    by_choice = installed.run("compare", "--json", "--source", "search", "--since", "10d")
    assert by_choice.json["amazon"] == by_choice.json["shop"] == {"orders": 2}
    assert server.requests.counts["createReport"] == 3


def test_a_confirmed_missing_order_is_imported_by_the_next_run(
    tmp_path: Path, serve: Callable[..., SimulatorServer], shop_database_of: Any
) -> None:
    seed = ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1000))
    shop = shop_database_of("8.2.1", seed=seed)
    start = NOW - timedelta(days=3)
    server = serve(world=generate(5, start, 3, 10, ("IT", "DE", "FR", "ES")))
    installed = install(tmp_path, server, shop.url, more='[observation]\nwindow = "4d"')
    assert installed.run("import").code == 0
    agreed = installed.run("compare", "--json")
    assert agreed.code == 0, agreed.out
    assert agreed.json["amazon"]["orders"] == agreed.json["shop"]["orders"] > 10
    late = simulated_order(1, verified(hours=1), placed=start, lines=sold_lines())
    server.world.add(late)  # an order that Amazon's listings never showed
    missed = installed.run("compare", "--json", "--html", "page.html").json
    assert [found["order_id"] for found in missed["missing"]] == [id_of(1)]
    assert missed["missing"][0]["reason"] == "no import has seen it"
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Observed by the imports" in page
    assert "Requests left" in page
    assert installed.run("import").code == 0
    assert installed.run("compare", "--json").json["missing"] == []
    assert shop.value("SELECT COUNT(*) FROM {p}order_payment WHERE transaction_id = :id", id=id_of(1)) == 1
    with closing(sqlite3.connect(installed.ledger)) as ledger, ledger:
        runs = ledger.execute("SELECT exit_code FROM runs WHERE command = 'compare' ORDER BY id").fetchall()
    assert [code for (code,) in runs] == [0, 1, 0]


def sold_lines() -> list[Any]:
    from orderferry.simulator.orders import Line

    return [Line(DEMO_CATALOG[0].sku, 1, Decimal("10.00"))]


def test_a_month_is_closed_with_totals(
    tmp_path: Path, serve: Callable[..., SimulatorServer], shop_database: ShopDatabase, reader: Any
) -> None:
    Shop(shop_database).add(1)
    installed = install(tmp_path, serve(*sold(1)), reader(shop_database))
    month = f"{DAYS_AGO:%Y-%m}"
    done = installed.run("compare", "--month", month, "--json")
    assert done.code == 0, done.out + done.err
    (whole,) = done.json["totals"]["all"]
    assert whole["amazon"] == {"orders": 1, "gross": "20.00", "net": "16.81", "tax": "3.19"}
    assert whole["shop"]["gross"] == "20.00"
    assert "20.00" in installed.run("compare", "--month", month).out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--month", "2026-13"), "is no month"),
        (("--month", "2026-10", "--since", "2d"), "--month names the whole span"),
        (("--since", "2d", "--until", "3d"), "--until must be later"),
        (("--since", "1h"), "nothing to compare"),
        (("--source", "crystal-ball"), "crystal-ball"),
    ],
)
def test_bad_words_are_usage_errors(
    tmp_path: Path, serve: Callable[..., SimulatorServer], sqlite_shop: ShopDatabase, words: Any, told: str
) -> None:
    done = install(tmp_path, serve(), sqlite_shop.url).run("compare", *words)
    assert done.code == 2
    assert told in done.err
    assert "Traceback" not in done.err


def test_what_stops_it_has_its_own_exit_code_and_is_json_all_the_same(
    tmp_path: Path, serve: Callable[..., SimulatorServer], sqlite_shop: ShopDatabase
) -> None:
    server = serve(*sold(1))
    installed = install(tmp_path, server, sqlite_shop.url)
    server.faults.add("createReport", 1, FaultKind.UNAVAILABLE, times=None)
    unavailable = installed.run("compare", "--json")
    assert unavailable.code == unavailable.json["exit_code"] == 4
    assert unavailable.json["problems"][0]["code"] == "amazon-unavailable"
    server.faults.clear()
    server.faults.add("createReport", 1, FaultKind.FORBIDDEN, times=None)
    assert installed.run("compare").code == 7
    installed.shop_url = f"sqlite:///{tmp_path}/nowhere.sqlite"
    nowhere = installed.write().run("compare")
    assert nowhere.code == 5
    assert "nowhere.sqlite" in nowhere.err
    installed.ledger.write_text("this is no ledger")
    assert installed.run("compare").code == 6
