"""docs/database-rights.md is true: all commands run with just those rights, and none of them is there for nothing."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from orderferry.config.model import InvoicesSettings, OrdersSettings
from orderferry.domain.check_result import Grade
from orderferry.domain.orders import Money, Proceeds, ProceedsType
from orderferry.errors import ShopUnfit
from orderferry.prestashop.checking.setup_shop import SetupShop
from orderferry.prestashop.checking.tables import check_rights
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.rights import Access, needed_rights
from orderferry.prestashop.database.tables import EVENT_TABLES, OWN_TABLES, WRITTEN_TABLES, wanted_tables
from orderferry.prestashop.forgetting import OrderForgetter
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.mariadb import MariadbServer
from support.shop_database import ShopDatabase
from support.simulated import READY_REPORTS
from support.writing import HOME, NOW, Sold, amazon_order, cancelled, importer, settings_for, shipped

PAGE = (Path(__file__).parents[2] / "docs/database-rights.md").read_text("utf-8")
STATEMENT = re.compile(
    r"^GRANT (?P<rights>[A-Z, ]+) ON `(?P<base>\w+)`\.(?:`ps_(?P<table>\w+)`|\*) TO '(?P<user>\w+)'", re.M
)
CHECKED = {"hook_alias", "module_shop", "tax_rules_group", "carrier_lang", "carrier_zone"}
OURS = OWN_TABLES | EVENT_TABLES
PASSWORD = "a long password"


@dataclass(frozen=True)
class Granted:
    rights: frozenset[str]
    base: str
    table: str  # '' for the whole database
    user: str


def statements() -> list[Granted]:
    """The GRANTs of the page."""
    return [
        Granted(frozenset(match["rights"].split(", ")), match["base"], match["table"] or "", match["user"])
        for match in STATEMENT.finditer(PAGE)
    ]


@dataclass
class Accounts:
    """Database users with rights of the page."""

    server: MariadbServer
    names: list[str] = field(default_factory=list)

    def __call__(
        self,
        shop: ShopDatabase,
        user: str = "orderferry",
        *,
        creates: bool = True,
        no_insert: frozenset[str] = frozenset(),
    ) -> str:
        """A new user with what the page grants to `user`; without `creates`, our own tables are left out; no rows may
        be added to the tables `no_insert`. Returns its URL for the shop."""
        name = f"u{secrets.token_hex(6)}"
        self.names.append(name)
        self._run(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
        there = {table.removeprefix(shop.prefix) for table in shop.tables()}
        for one in statements():
            own = one.table in OURS
            wanted = (creates and "CREATE" in one.rights) if own else (not one.table or one.table in there)
            if one.user == user and one.base == "shop" and wanted:
                fewer = one.rights - ({"INSERT"} if one.table in no_insert else set())
                self._grant(replace(one, rights=fewer), shop, name)
        return sa.make_url(shop.url).set(username=name, password=PASSWORD).render_as_string(hide_password=False)

    def own_tables(self, shop: ShopDatabase, url: str) -> None:
        """What the page grants on our own tables once an administrator has made them."""
        for one in statements():
            if one.table in OURS and "CREATE" not in one.rights:
                self._grant(one, shop, str(sa.make_url(url).username))

    def more(self, shop: ShopDatabase, url: str, user: str) -> None:
        """What the page grants to another user as well."""
        for one in statements():
            if one.user == user:
                self._grant(one, shop, str(sa.make_url(url).username))

    def drop(self) -> None:
        for name in self.names:
            self._run(f"DROP USER '{name}'@'127.0.0.1'")

    def _grant(self, one: Granted, shop: ShopDatabase, name: str) -> None:
        target = f"`{shop.prefix}{one.table}`" if one.table else "*"
        base = sa.make_url(shop.url).database
        self._run(f"GRANT {', '.join(sorted(one.rights))} ON `{base}`.{target} TO '{name}'@'127.0.0.1'")

    def _run(self, statement: str) -> None:
        with self.server.engine().connect() as connection:
            connection.exec_driver_sql(statement)


@pytest.fixture
def grant(mariadb_server: MariadbServer) -> Iterator[Accounts]:
    accounts = Accounts(mariadb_server)
    yield accounts
    accounts.drop()


def test_the_page_grants_what_the_program_says_it_needs() -> None:
    told: dict[str, set[str]] = {}
    for one in statements():
        if one.user == "orderferry":
            told.setdefault(one.table, set()).update(one.rights - {"CREATE", "ALTER"})
    tables = wanted_tables(events=True) | WRITTEN_TABLES | CHECKED
    assert told == {table: set(rights) for table, rights in needed_rights(tables).items()}


CHANGING = re.compile(r"(?:^|;\n)\s*(INSERT|UPDATE|DELETE)(?: INTO| FROM)? `?ps_(\w+)")


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """The (right, table) of each statement that is sent and changes something."""
    used: set[tuple[str, str]] = set()
    query = pymysql.connections.Connection.query

    def noting(self: Any, sql: Any, *more: Any, **options: Any) -> Any:
        text = sql.decode("utf-8", "replace") if isinstance(sql, bytes | bytearray) else str(sql)
        for right, table in CHANGING.findall(text):
            used.add((right, table))
        for table in re.findall(r"INSERT INTO `?ps_(\w+)(?:(?!;\n).)*ON DUPLICATE KEY UPDATE", text, re.S):
            used.add(("UPDATE", table))
        return query(self, sql, *more, **options)

    monkeypatch.setattr(pymysql.connections.Connection, "query", noting)
    return used


def test_a_life_of_orders_needs_all_of_these_rights_and_no_other(
    shop_database_of: Callable[..., ShopDatabase], grant: Accounts, tmp_path: Path, changes: set[tuple[str, str]]
) -> None:
    shop = shop_database_of("8.2.1")
    shop.execute("UPDATE {p}configuration SET value = '500' WHERE name = 'PS_INVOICE_START_NUMBER'")
    if not shop.rows("SELECT 1 FROM {p}configuration WHERE name = 'PS_INVOICE_START_NUMBER'"):
        row = {"name": "PS_INVOICE_START_NUMBER", "value": "500", "date_add": "2026-01-01", "date_upd": "2026-01-01"}
        shop.insert("configuration", row)
    limited = replace(shop, url=grant(shop))
    without_invoice = replace(
        amazon_order(
            Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54", wrap="1.22", discount="5.00"),
            Sold("SET-BREAKFAST", 1, "44.90", "8.10", gift_message="For you"),
        ),
        order_id="402-0000000-0000001",
    )
    tip = Proceeds(ProceedsType.DELIVERY_TIP, Money(Decimal(5), "EUR"))  # which bears no tax
    assert without_invoice.grand_total is not None
    paid = Money(without_invoice.grand_total.amount + 5, "EUR")
    without_invoice = replace(without_invoice, proceeds=(tip,), grand_total=paid)
    invoiced = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62", shipping="8.54", shipping_tax="1.54"))
    unpaid = shop.value("SELECT id_order_state FROM {p}order_state WHERE invoice = 0 AND logable = 0 LIMIT 1")
    shop.execute("UPDATE {p}order_state SET logable = 1 WHERE id_order_state = :id", id=unpaid)
    changes.clear()
    writing = importer(limited, tmp_path, orders=OrdersSettings(state_paid=str(unpaid)), events_enabled=True)
    writing.verifies = False  # the amounts are of rights, not of taxes
    writing.take(without_invoice, NOW - timedelta(days=100))  # its events are old enough to be deleted
    moved = replace(without_invoice, delivery_address=replace(HOME, lines=("Corso Como 1",)))
    writing.take(replace(moved, updated=moved.updated + timedelta(minutes=1)))
    fewer = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62", discount="1.00"), order_id=without_invoice.order_id)
    writing.take(replace(fewer, updated=moved.updated + timedelta(minutes=2)))
    writing.take(shipped(replace(fewer, updated=moved.updated + timedelta(minutes=3))))
    # a delivery slip before the invoice's number: what Amazon changes then is rewritten on it, taxes on shipping too
    slips = importer(limited, tmp_path, orders=OrdersSettings(state_paid="3"), invoices=InvoicesSettings("shipped"))
    slips.verifies = False
    packed = replace(without_invoice, order_id="402-0000000-0000003")
    slips.take(packed)
    slips.take(replace(fewer, order_id=packed.order_id))
    importer(limited, tmp_path, events_enabled=True).take(invoiced)
    importer(limited, tmp_path).take(cancelled(invoiced))
    forgetter = OrderForgetter(settings_for(limited, tmp_path), sleep=lambda _seconds: None)
    for order in (without_invoice, invoiced):
        assert isinstance(forgetter.forget(order.order_id, NOW), bool)
    forgetter.close()
    writing.shop.keep("a name", "a value")
    writing.shop.keep("a name", "another value")
    documented = {
        (right, one.table)
        for one in statements()
        for right in one.rights & {"INSERT", "UPDATE", "DELETE"}
        if one.user == "orderferry"
    }
    assert changes == documented


MAKING = frozenset({"product", "product_lang", "product_shop", "stock_available"})


def test_without_the_right_to_make_products_fees_join_the_shipping(
    shop_database_of: Callable[..., ShopDatabase], grant: Accounts, tmp_path: Path
) -> None:
    shop = shop_database_of("8.2.1")
    limited = replace(shop, url=grant(shop, no_insert=MAKING))
    sold = Sold("MUG-BLUE", 1, "14.52", "2.62", shipping="3.00", wrap="2.44", wrap_tax="0.44")
    order = amazon_order(sold)
    (item,) = order.items
    fee = Proceeds(ProceedsType.COD_FEE, Money(Decimal(4), "EUR"))
    paid = Money(Decimal("23.96"), "EUR")
    item = replace(item, proceeds=(*item.proceeds, fee), proceeds_total=paid)
    importer(limited, tmp_path).take(replace(order, items=(item,), grand_total=paid))

    row = shop.one("SELECT total_shipping, total_wrapping, total_paid FROM {p}orders")
    assert list(row.values()) == [7, Decimal("2.44"), Decimal("23.96")]
    assert shop.rows("SELECT 1 FROM {p}product WHERE reference LIKE 'orderferry-%'") == []
    assert "Fees are in the shipping" in shop.value("SELECT message FROM {p}customer_message")


def test_check_warns_where_no_product_for_fees_can_be_made(
    shop_database_of: Callable[..., ShopDatabase], grant: Accounts
) -> None:
    shop = shop_database_of("8.2.1")
    limited = replace(shop, url=grant(shop, no_insert=MAKING))
    with limited.engine().connect() as connection:
        tables = read_tables(connection, "ps_", wanted_tables(events=False))
        access = Access("", database=str(sa.make_url(shop.url).database))
        told = next(check_rights(connection, tables, access))

    assert (told.result, "can't be lines" in told.message) == (Grade.WARNING, True)
    assert "GRANT INSERT ON" in told.hint


EVERY_COMMAND = (
    ("import", "--dry-run", "--json"),
    ("import", "--json"),
    ("recheck", "--json"),
    ("doublecheck", "--json"),
    ("status", "--json"),
    ("check", "--json"),
    ("compare", "--source", "search", "--json"),
    ("plan", "--orders-per-day", "100", "--json"),
    ("adopt", "--messages", "--json"),
    ("forget", "--older-than", "1s", "--json"),
)
LOOKING = (
    ("compare", "--source", "search", "--json"),
    ("plan", "--orders-per-day", "100", "--json"),
    ("adopt", "--messages", "--dry-run", "--json"),
    ("import", "--dry-run", "--json"),
    ("forget", "--older-than", "1s", "--dry-run", "--json"),
    ("status", "--json"),
)


@pytest.fixture
def simulator() -> Iterator[SimulatorServer]:
    world = generate(7, datetime.now(UTC) - timedelta(days=2), 2, 12, ("IT", "DE"))
    with SimulatorServer(world, usage_plans=False, report_rules=READY_REPORTS) as server:
        yield server


def installed(folder: Path, server: SimulatorServer, url: str) -> Installed:
    folder.mkdir(exist_ok=True)
    more = '[observation]\nwindow = "4d"\n[events]\nenabled = true'
    return install(folder, server, url, marketplaces=("IT", "DE"), more=more)


def run_all(installation: Installed, commands: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """Run the commands; none may be short of a right. Return the last JSON of each."""
    said: dict[str, Any] = {}
    for words in commands:
        finished = installation.run(*words)
        assert finished.code in {0, 1}, (words, finished)
        assert "denied" not in finished.out + finished.err, words
        said[words[0]] = finished.json
    return said


def shop_with_goods(shop_database_of: Callable[..., ShopDatabase]) -> ShopDatabase:
    skus = [item.sku for item in DEMO_CATALOG]
    return shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(skus, 1000)))


def test_all_commands_run_with_the_rights_of_the_page(
    tmp_path: Path, simulator: SimulatorServer, shop_database_of: Callable[..., ShopDatabase], grant: Accounts
) -> None:
    shop = shop_with_goods(shop_database_of)
    installation = installed(tmp_path / "a", simulator, grant(shop))
    said = run_all(installation, EVERY_COMMAND)
    shop.execute("UPDATE {p}orderferry_order SET deliver_by = '2026-01-01'")
    run_all(installation, EVERY_COMMAND[-1:])
    rights = [check for check in said["check"]["checks"] if check["name"] in {"rights", "own-tables"}]
    assert {check["result"] for check in rights} == {"ok"}
    assert shop.count("orders") > 10
    some = shop.value("SELECT MIN(amazon_order_id) FROM {p}orderferry_order")
    for words in (
        ("show", some, "--refresh", "--verify"),
        ("ignore", some, "--reason", "x"),
        ("ignore", some, "--undo"),
    ):
        finished = installation.run(*words)
        assert finished.code == 0, (words, finished)
    assert shop.value("SELECT COUNT(*) FROM {p}orderferry_order WHERE forgotten IS NOT NULL") > 0


def test_our_tables_can_be_made_by_an_administrator(
    tmp_path: Path, mariadb_server: MariadbServer, simulator: SimulatorServer,
    shop_database_of: Callable[..., ShopDatabase], grant: Accounts,
) -> None:  # fmt: skip
    shop = shop_with_goods(shop_database_of)
    url = grant(shop, creates=False)
    installation = installed(tmp_path / "a", simulator, url)
    refused = installation.run("import", "--json")
    assert refused.code == 5
    hint = next(problem["hint"] for problem in refused.json["problems"] if problem["hint"])
    made = [part.strip() for part in hint.split(";") if "CREATE TABLE" in part]
    assert len(made) == len(OURS)
    with mariadb_server.engine(str(sa.make_url(shop.url).database)).connect() as connection:
        for statement in made:
            connection.exec_driver_sql(statement[statement.index("CREATE TABLE") :])
    grant.own_tables(shop, url)
    run_all(installation, (("import", "--json"), ("check", "--json"), ("forget", "--older-than", "1s", "--json")))
    assert shop.count("orders") > 10


def test_looking_needs_select_alone(
    tmp_path: Path, simulator: SimulatorServer, shop_database_of: Callable[..., ShopDatabase], grant: Accounts
) -> None:
    shop = shop_with_goods(shop_database_of)
    auditor = grant(shop, "auditor")
    run_all(installed(tmp_path / "before", simulator, auditor), LOOKING[:4])
    owner = installed(tmp_path / "a", simulator, grant(shop))
    run_all(owner, EVERY_COMMAND[:2])
    before = shop.counts()
    owner.shop_url = auditor
    owner.write()
    run_all(owner, LOOKING)
    some = shop.value("SELECT MIN(amazon_order_id) FROM {p}orderferry_order")
    assert owner.run("show", some, "--refresh", "--verify").code == 0
    assert owner.run("check", "--json").code == 5, "check says that this user can't import"
    assert shop.counts() == before


def test_init_makes_the_carrier_with_the_rights_of_the_page_and_names_one_that_is_missing(
    tmp_path: Path, shop_database_of: Callable[..., ShopDatabase], grant: Accounts
) -> None:
    shop = shop_database_of("8.2.1")
    url = grant(shop)
    settings = settings_for(replace(shop, url=url), tmp_path)
    setup = SetupShop(settings, sleep=lambda _seconds: None)
    with pytest.raises(ShopUnfit, match="ps_group") as refused:
        setup.create_carrier()
    setup.close()
    assert "database-rights.md" in refused.value.hint
    grant.more(shop, url, "setup")
    setup = SetupShop(settings, sleep=lambda _seconds: None)
    number, is_new = setup.create_carrier()
    setup.close()
    assert is_new
    assert shop.value("SELECT name FROM {p}carrier WHERE id_carrier = :id", id=number) == "Amazon"


def test_a_ledger_in_a_database_of_its_own(
    tmp_path: Path, mariadb_server: MariadbServer, simulator: SimulatorServer,
    shop_database_of: Callable[..., ShopDatabase],
) -> None:  # fmt: skip
    shop = shop_with_goods(shop_database_of)
    (one,) = [one for one in statements() if one.user == "ledger"]
    name = f"l{secrets.token_hex(6)}"
    with mariadb_server.engine().connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        connection.exec_driver_sql(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
        connection.exec_driver_sql(f"GRANT {', '.join(one.rights)} ON {name}.* TO '{name}'@'127.0.0.1'")
    url = sa.make_url(shop.url)
    own = url.set(username=name, password=PASSWORD, database=name).render_as_string(hide_password=False)
    installation = installed(tmp_path / "a", simulator, shop.url)
    installation.more += f'\n[ledger]\nurl = "{own}"\n'
    installation.write()
    run_all(installation, (("import", "--json"), ("import", "--json"), ("status", "--json"), ("recheck", "--json")))
