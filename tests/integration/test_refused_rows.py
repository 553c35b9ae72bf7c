"""Orders that the shop's database refuses: by a trigger, a key or a constraint that others have put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.config.model import CustomersSettings, MarketplaceSettings
from orderferry.domain.marker import Outcome, Plan
from orderferry.domain.orders import Buyer
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.errors import ShopUnfit
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.mariadb import MariadbServer
from support.shop_database import ShopDatabase
from support.simulated import simulated_order, verified
from support.starting import Finished
from support.writing import HOME, NOW, Importer, Sold, amazon_order, cancelled, importer

PRIVATE = replace(
    HOME, name="Zoë Ferrarini-Quill", lines=("Via delle Acacie 77",), city="Borgovalle", phone="3339876543"
)
BUYER = Buyer(name="Zoë Ferrarini-Quill", email="zoe.quill@example.net")
MUG = Sold("MUG-BLUE", 1, "14.52", "2.62")
BAD = amazon_order(MUG, order_id="402-0000000-0000001", delivery_address=PRIVATE, buyer=BUYER)
GOOD = amazon_order(MUG, order_id="402-0000000-0000002")
PERSONAL = ("Zo", "Ferrarini", "Quill", "Acacie", "77", "Borgovalle", "3339876543", "example.net", "20121")


Admin = Callable[..., None]


@pytest.fixture
def admin(mariadb_server: MariadbServer) -> Admin:
    """Runs statements in a shop's database as its administrator, in the strict mode that servers have by default."""

    def run(shop: ShopDatabase, *statements: str) -> None:
        with mariadb_server.engine().begin() as connection:
            connection.exec_driver_sql(f"USE {sa.make_url(shop.url).database}")
            connection.exec_driver_sql("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
            for statement in statements:
                connection.exec_driver_sql(statement.replace("{p}", shop.prefix).replace("%", "%%"))

    return run


def guard(admin: Admin, shop: ShopDatabase, does: str, order_id: str = BAD.order_id) -> None:
    """A trigger that does something when this order's payment is written."""
    admin(
        shop,
        "CREATE TRIGGER payment_guard BEFORE INSERT ON {p}order_payment FOR EACH ROW"
        f" BEGIN DECLARE found INT; IF NEW.transaction_id = '{order_id}' THEN {does}; END IF; END",
    )


GUARDED = (
    "CREATE TABLE {p}guarded (id INT PRIMARY KEY, size TINYINT, word VARCHAR(3), twice INT AS (id * 2) STORED,"
    " must INT NOT NULL DEFAULT 1, parent INT, CONSTRAINT small CHECK (size < 100),"
    " CONSTRAINT guarded_parent FOREIGN KEY (parent) REFERENCES {p}guarded (id)) ENGINE=InnoDB",
    "INSERT INTO {p}guarded (id) VALUES (1)",
)
# What the trigger does, the error that it ends in, and words of the server's own that must be told.
REFUSALS = {
    "signal": ("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ERP: customer code missing'", 1644, "ERP: customer code"),
    "own error number": (
        "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 31001, MESSAGE_TEXT = 'ERP is closed'",
        31001,
        "ERP is closed",
    ),
    "its own duplicate": ("INSERT INTO {p}guarded (id) VALUES (1)", 1062, "for key 'PRIMARY'"),
    "foreign key": ("INSERT INTO {p}guarded (id, parent) VALUES (2, 99)", 1452, "guarded_parent"),
    "referenced": ("DELETE FROM {p}guarded WHERE id = 1", 1451, "guarded_parent"),
    "generated column": ("INSERT INTO {p}guarded (id, twice) VALUES (2, 5)", 1906, "twice"),
    "table in use": ("UPDATE {p}order_payment SET amount = 0", 1442, "order_payment"),
    "out of range": ("INSERT INTO {p}guarded (id, size) VALUES (2, 1000)", 1264, "size"),
    "too long": ("INSERT INTO {p}guarded (id, word) VALUES (2, 'long')", 1406, "word"),
    "no number": ("INSERT INTO {p}guarded (id, size) VALUES (2, 'Borgovalle')", 1366, "size"),
    "null": ("INSERT INTO {p}guarded (id, must) VALUES (2, NULL)", 1048, "must"),
    "check": ("INSERT INTO {p}guarded (id, size) VALUES (2, 101)", 4025, "small"),
    "no such table": ("INSERT INTO {p}nowhere VALUES (1)", 1146, "nowhere"),
    "no such column": ("INSERT INTO {p}guarded (nothing) VALUES (1)", 1054, "nothing"),
    "no such routine": ("CALL missing_routine()", 1305, "missing_routine"),
    "several rows": ("SELECT id_configuration INTO found FROM {p}configuration", 1172, "more than one row"),
    "collations": (
        "SELECT 1 INTO found FROM {p}lang WHERE _utf8mb4'a' COLLATE utf8mb4_bin ="
        " (SELECT _utf8mb4'a' COLLATE utf8mb4_general_ci)",
        1267,
        "collations",
    ),
}


@pytest.fixture
def writing(admin: Admin, shop_database: ShopDatabase, tmp_path: Path) -> Importer:
    writing = importer(shop_database, tmp_path)
    referenced = "INSERT INTO {p}guarded (id, parent) VALUES (5, 1)"
    admin(shop_database, *GUARDED, referenced)
    return writing


def refused(writing: Importer, order: Any) -> Problem:
    """What becomes of an order that can't be written: its own problem, and nothing is told of the buyer."""
    plan = writing.plan(order)
    assert isinstance(plan, Plan)
    problem = writing.shop.apply(plan, NOW)
    assert isinstance(problem, Problem), problem
    assert (problem.code, problem.order_id) == (ProblemCode.WRITE_FAILED, order.order_id)
    told = (problem.message + problem.subject).replace(order.order_id, "")
    assert not [word for word in PERSONAL if word.casefold() in told.casefold()], told
    assert f"orderferry ignore {order.order_id}" in problem.hint
    return problem


@pytest.mark.sample(4)
@pytest.mark.parametrize("kind", REFUSALS)
def test_what_a_trigger_does_not_let_through_is_this_order_s_alone(
    admin: Admin, shop_database: ShopDatabase, writing: Importer, kind: str
) -> None:
    does, number, words = REFUSALS[kind]
    guard(admin, shop_database, does.replace("{p}", shop_database.prefix))
    problem = refused(writing, BAD)

    assert f"error {number}" in problem.message
    assert words in problem.message
    assert "ps_order_payment" in problem.message
    assert problem.message.endswith(". Triggers on ps_order_payment: payment_guard (BEFORE INSERT on ps_order_payment)")
    assert shop_database.count("orders") == shop_database.count("orderferry_order") == 0
    assert writing.take(GOOD).outcome is Outcome.CREATED
    admin(shop_database, "DROP TRIGGER payment_guard")
    assert writing.take(BAD).outcome is Outcome.CREATED


def test_a_trigger_of_somebody_who_is_gone_is_named(
    admin: Admin, shop_database: ShopDatabase, writing: Importer
) -> None:
    admin(
        shop_database,
        "CREATE DEFINER='left'@'the.company' TRIGGER inner_guard BEFORE INSERT ON {p}guarded FOR EACH ROW"
        " SET NEW.size = 1",
    )
    guard(admin, shop_database, "INSERT INTO {p}guarded (id) VALUES (3)".replace("{p}", shop_database.prefix))
    problem = refused(writing, BAD)

    assert "error 1449" in problem.message
    assert "'left'@'the.company'" in problem.message
    assert writing.take(GOOD).outcome is Outcome.CREATED


def test_a_trigger_whose_author_may_not_do_what_it_does_is_no_lack_of_our_rights(
    admin: Admin, shop_database: ShopDatabase, writing: Importer
) -> None:
    admin(
        shop_database,
        "CREATE OR REPLACE USER 'poor'@'localhost'",
        f"GRANT TRIGGER ON {sa.make_url(shop_database.url).database}.* TO 'poor'@'localhost'",
        "CREATE DEFINER='poor'@'localhost' TRIGGER inner_guard BEFORE INSERT ON {p}guarded FOR EACH ROW"
        " DELETE FROM {p}configuration",
    )
    guard(admin, shop_database, "INSERT INTO {p}guarded (id) VALUES (3)".replace("{p}", shop_database.prefix))
    problem = refused(writing, BAD)

    assert "error 1142" in problem.message
    assert "poor" in problem.message
    assert writing.take(GOOD).outcome is Outcome.CREATED


def test_what_a_module_s_author_says_of_the_buyer_is_masked(
    admin: Admin, shop_database: ShopDatabase, writing: Importer
) -> None:
    admin(
        shop_database,
        "CREATE TRIGGER address_guard BEFORE INSERT ON {p}address FOR EACH ROW IF NEW.city = 'Borgovalle' THEN"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ERP: no code for Zoe FERRARINI-QUILL <zoe.quill@example.net>,"
        " BORGOVALLE 20121, call +39 333 9876543 about 402-0000000-0000001'; END IF",
    )
    problem = refused(writing, BAD)

    assert "ERP: no code for …" in problem.message
    assert "about 402-0000000-0000001" in problem.message


def test_a_unique_key_on_the_buyer_s_address_is_named_without_it(
    admin: Admin, shop_database: ShopDatabase, tmp_path: Path
) -> None:
    """A repeated buyer, and a module's unique key: no other importer was faster."""
    writing = importer(shop_database, tmp_path, customers=CustomersSettings(email="amazon"))
    admin(shop_database, "ALTER TABLE {p}customer ADD UNIQUE KEY one_email (email)")
    first = replace(BAD, order_id="402-0000000-0000003")
    assert writing.take(first).outcome is Outcome.CREATED
    problem = refused(writing, BAD)

    assert "error 1062" in problem.message
    assert "one_email" in problem.message
    assert "ps_customer" in problem.message
    assert len(writing.slept) <= 1
    assert writing.take(GOOD).outcome is Outcome.CREATED


def test_a_marker_s_trigger_does_not_make_another_importer(
    admin: Admin, shop_database: ShopDatabase, writing: Importer
) -> None:
    admin(
        shop_database,
        "CREATE TRIGGER marker_guard BEFORE INSERT ON {p}orderferry_order FOR EACH ROW"
        f" IF NEW.amazon_order_id = '{BAD.order_id}' THEN INSERT INTO {{p}}guarded (id) VALUES (1); END IF",
    )
    assert "marker_guard" in refused(writing, BAD).message
    assert writing.take(GOOD).outcome is Outcome.CREATED


def test_an_update_that_is_refused_is_this_order_s_alone(
    admin: Admin, shop_database: ShopDatabase, writing: Importer
) -> None:
    writing.take(BAD)
    writing.take(GOOD)
    admin(
        shop_database,
        "CREATE TRIGGER history_guard BEFORE INSERT ON {p}order_history FOR EACH ROW"
        " IF NEW.id_order = 1 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ERP: booked already'; END IF",
    )
    problem = refused(writing, cancelled(BAD))

    assert "ERP: booked already" in problem.message
    assert "history_guard" in problem.message
    assert writing.take(cancelled(GOOD)).outcome is Outcome.UPDATED


def test_a_missing_right_of_our_own_stops_the_run(admin: Admin, shop_database: ShopDatabase, tmp_path: Path) -> None:
    """Every order would meet it: the GRANT is told, and no order is blamed."""
    database = sa.make_url(shop_database.url).database
    admin(
        shop_database,
        "CREATE OR REPLACE USER 'few_rights'@'127.0.0.1' IDENTIFIED BY 'x'",
        f"GRANT SELECT, CREATE, ALTER ON {database}.* TO 'few_rights'@'127.0.0.1'",
    )
    url = sa.make_url(shop_database.url).set(username="few_rights", password="x").render_as_string(hide_password=False)
    calculated = {"IT": MarketplaceSettings(vat_by_amazon=False)}  # nothing is to be remembered before the order
    writing = importer(replace(shop_database, url=url), tmp_path, marketplaces=calculated)
    plan = writing.plan(GOOD)
    assert isinstance(plan, Plan)
    with pytest.raises(ShopUnfit, match="may not") as caught:
        writing.shop.apply(plan, NOW)
    assert "GRANT INSERT" in caught.value.hint


@pytest.fixture
def shop(shop_database_of: Any) -> ShopDatabase:
    found: ShopDatabase = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(["SKU-1"], 1000)))
    return found


ORDER_IDS = [f"302-0000000-{number:07d}" for number in range(1, 7)]


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    placed = datetime.now(UTC) - timedelta(hours=5)
    orders = [
        simulated_order(number, verified(minutes=30 + number), placed=placed + timedelta(minutes=number))
        for number in range(1, 7)
    ]
    with SimulatorServer(World(orders)) as server:
        yield server


@pytest.fixture
def installed(tmp_path: Path, server: SimulatorServer, shop: ShopDatabase) -> Installed:
    return install(tmp_path, server, shop.url, marketplaces=("DE",))


def failed_ids(finished: Finished) -> list[str]:
    return [problem["order_id"] for problem in finished.json["problems"] if problem["code"] == "write-failed"]


def test_one_refused_order_stops_neither_the_others_nor_coverage_nor_the_catch_up(
    admin: Admin, shop: ShopDatabase, installed: Installed
) -> None:
    """The first of six orders is refused: five are there after the first run, and the one when the trigger is gone."""
    guard(admin, shop, "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ERP: customer code missing'", ORDER_IDS[0])
    first = installed.run("import", "--json")
    assert first.code == 1, first.out + first.err
    assert first.json["orders"] | {"created": 5, "failed": 1, "seen": 6} == first.json["orders"]
    assert failed_ids(first) == ORDER_IDS[:1]
    (told,) = [problem for problem in first.json["problems"] if problem["code"] == "write-failed"]
    assert "ERP: customer code missing" in told["message"]
    assert f"orderferry ignore {ORDER_IDS[0]}" in told["hint"]
    assert ".." not in installed.run("show", ORDER_IDS[0]).out
    coverage = installed.run("status", "--json").json["coverage"]
    assert coverage

    for command in ("import", "doublecheck"):
        again = installed.run(command, "--json")
        assert again.code == 1, again.out
        assert failed_ids(again) == ORDER_IDS[:1]
        assert again.json["observed"]
    assert shop.count("orders") == 5

    assert installed.run("ignore", ORDER_IDS[0], "--reason", "the ERP has it").code == 0
    aside = installed.run("import", "--json")
    assert aside.code == 0, aside.out
    installed.run("ignore", ORDER_IDS[0], "--undo")
    admin(shop, "DROP TRIGGER payment_guard")
    last = installed.run("import", "--order", ORDER_IDS[0], "--json")
    assert last.code == 0, last.out
    assert shop.count("orders") == 6


def test_what_every_order_meets_is_told_once_and_leaves_all_of_them_due(
    admin: Admin, shop: ShopDatabase, installed: Installed
) -> None:
    admin(
        shop,
        "CREATE DEFINER='left'@'the.company' TRIGGER erp_export BEFORE INSERT ON {p}orders FOR EACH ROW"
        " SET NEW.gift = 0",
    )
    for _ in range(2):
        stopped = installed.run("import", "--json")
        assert stopped.code == 5, stopped.out + stopped.err
        assert failed_ids(stopped) == []
        (error,) = [problem for problem in stopped.json["problems"] if problem["code"] == "shop-unfit"]
        assert "'left'@'the.company'" in error["message"]
        assert "erp_export" in error["message"]
        assert stopped.json["open"]["failed"] == 0
    admin(shop, "DROP TRIGGER erp_export")
    healed = installed.run("import", "--json")
    assert healed.code == 0, healed.out
    assert healed.json["orders"]["created"] == 6


@pytest.mark.parametrize("refused", [ORDER_IDS[:5], ORDER_IDS[1:]], ids=["before the good one", "after it"])
def test_many_orders_that_are_refused_beside_a_good_one_are_their_own_fault(
    admin: Admin, shop: ShopDatabase, installed: Installed, refused: list[str]
) -> None:
    """Five of six, in each run again: what the good one shows is remembered."""
    listed = ", ".join(f"'{order_id}'" for order_id in refused)
    admin(
        shop,
        "CREATE TRIGGER payment_guard BEFORE INSERT ON {p}order_payment FOR EACH ROW"
        f" IF NEW.transaction_id IN ({listed}) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ERP: no'; END IF",
    )
    for command in ("import", "import", "doublecheck"):
        done = installed.run(command, "--json")
        assert done.code == 1, done.out
        assert failed_ids(done) == refused
    assert shop.count("orders") == 1
