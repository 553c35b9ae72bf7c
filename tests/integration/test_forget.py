"""Forgetting buyers: who is due, what goes, what stays, and that nothing comes back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import CustomersSettings, InvoicesSettings
from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.marker import Outcome
from orderferry.domain.orders import Address, Buyer, Order, OrderStatus, TaxRegistration, TimeSpan
from orderferry.domain.problems import Problem
from orderferry.errors import ExitCode
from orderferry.prestashop.forgetting import OrderForgetter
from orderferry.run.forget import ForgetReport, forget
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.world import World
from support.installation import install
from support.shop_database import ShopDatabase
from support.writing import (
    HOME,
    NOW,
    PURCHASED,
    Importer,
    Sold,
    amazon_order,
    cancelled,
    importer,
    settings_for,
    shipped,
)

pytestmark = pytest.mark.sample(0, always=("mariadb",))

NO_INVOICE = {"invoices": InvoicesSettings("never")}
LATER = NOW + timedelta(days=60)
SECRET = "Xaverius"  # in every personal field, and nowhere else
ELSEWHERE = Address(
    name=f"{SECRET} Prime",
    company=f"{SECRET} S.r.l.",
    lines=(f"Via {SECRET} 1", f"Scala {SECRET}", f"c/o {SECRET}"),
    city="Milano",
    region="MI",
    postal_code="20145",
    country="IT",
    phone="+39 02 12345678 ext. 99",
)
ORDER = amazon_order(
    Sold("MUG-BLUE", 1, "14.52", "2.62", gift_message=f"For you, {SECRET} <3"),
    buyer=Buyer(f"{SECRET} Second", f"{SECRET}@marketplace.amazon.it", f"{SECRET} Ltd", f"PO-{SECRET}"),
    delivery_address=ELSEWHERE,
    delivery_instructions=(f"Ring at {SECRET}",),
)
REGISTERED = replace(
    ORDER,
    tax_registrations=(
        TaxRegistration("BUYER", "VAT", "IT00743110157", f"{SECRET} Legal", replace(ELSEWHERE, lines=("Via Sede 2",))),
    ),
)


@dataclass
class Memory:
    """The ledger, as far as `forget` asks."""

    entries: dict[str, Entry]

    def entry(self, order_id: str) -> Entry | None:
        return self.entries.get(order_id)

    def begin_run(self, command: str, now: datetime, dry_run: bool = False) -> int:
        assert not dry_run, "a dry run leaves no trace"
        return 1

    def finish_run(self, run: int, now: datetime, exit_code: int, report: dict[str, Any]) -> None:
        json.dumps(report)


@pytest.fixture(params=["sqlite_shop", "mariadb"])
def shop(request: pytest.FixtureRequest) -> Iterator[ShopDatabase]:
    if request.param == "mariadb":
        yield request.getfixturevalue("shop_database_of")("8.2.1")
    else:
        yield request.getfixturevalue("sqlite_shop")


def run_forget(
    shop: ShopDatabase, folder: Path, *, dry_run: bool = False, now: datetime = LATER, days: int = 30, **known: Entry
) -> ForgetReport:
    forgetter = OrderForgetter(settings_for(shop, folder), sleep=lambda _seconds: None)
    memory = Memory({entry.order_id: entry for entry in known.values()})
    return forget(forgetter, memory, timedelta(days=days), dry_run=dry_run, now=lambda: now)


def everything(shop: ShopDatabase) -> str:
    """All that stands in any table."""
    return "\n".join(str(row) for table in shop.tables() for row in shop.rows(f"SELECT * FROM {table}"))


def imported(shop: ShopDatabase, folder: Path, order: Order, **more: Any) -> Importer:
    """The order, imported and then shipped."""
    writing = importer(shop, folder, **more)
    writing.take(order)
    writing.take(shipped(order), NOW + timedelta(days=1))
    return writing


def test_names_lines_contacts_gift_text_and_our_messages_go_and_the_order_stays(
    shop: ShopDatabase, tmp_path: Path
) -> None:
    imported(shop, tmp_path, ORDER, **NO_INVOICE)
    assert everything(shop).count(SECRET) > 8
    before = shop.one("SELECT * FROM {p}orders")
    report = run_forget(shop, tmp_path)
    assert (report.forgotten, report.on_invoices, report.exit_code) == (1, 0, ExitCode.DONE)
    left = everything(shop)
    for trace in (SECRET, "Ring at", "20145", "12345678"):
        assert trace not in left
    after = shop.one("SELECT * FROM {p}orders")
    assert {k for k in before if before[k] != after[k]} == {"gift_message"}
    address = shop.one("SELECT * FROM {p}address WHERE id_address = :id", id=after["id_address_delivery"])
    assert (address["city"], address["firstname"], address["lastname"]) == ("Milano", "Buyer", "deleted")
    assert address["id_country"] == shop.value("SELECT id_country FROM {p}country WHERE iso_code = 'IT'")
    assert address["id_state"]
    (text,) = {row["message"].split("\n")[1] for row in shop.rows("SELECT message FROM {p}customer_message")}
    assert text == "The buyer's personal data were deleted."
    assert shop.value("SELECT email FROM {p}customer").endswith("@amazon.invalid")
    assert shop.value("SELECT forgotten FROM {p}orderferry_order") is not None


def test_an_issued_invoice_keeps_its_name_and_address_and_nothing_else_does(shop: ShopDatabase, tmp_path: Path) -> None:
    imported(shop, tmp_path, REGISTERED)
    invoice = "SELECT a.* FROM {p}address a JOIN {p}orders o ON o.id_address_invoice = a.id_address"
    delivery = "SELECT a.* FROM {p}address a JOIN {p}orders o ON o.id_address_delivery = a.id_address"
    before = shop.one(invoice)
    report = run_forget(shop, tmp_path)
    assert (report.forgotten, report.on_invoices) == (1, 1)
    kept = shop.one(invoice)
    assert {name for name in before if before[name] != kept[name]} <= {"phone", "phone_mobile", "other"}
    assert kept["vat_number"] == "IT00743110157"
    assert not kept["phone"]
    assert shop.one(delivery)["lastname"] == "deleted"
    rest = everything(shop).replace(str(kept["lastname"]), "").replace(str(kept["company"]), "")
    assert SECRET not in rest.replace(str(kept["firstname"]), "").replace(str(kept["address2"]), "")
    assert shop.value("SELECT number FROM {p}order_invoice") > 0


def test_a_dry_run_counts_and_leaves_everything(shop: ShopDatabase, tmp_path: Path) -> None:
    imported(shop, tmp_path, ORDER)
    before = everything(shop)
    report = run_forget(shop, tmp_path, dry_run=True)
    assert (report.forgotten, report.as_json()["dry_run"]) == (1, True)
    assert everything(shop) == before


PROMISE = PURCHASED + timedelta(days=5)
SENT = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("deliver_by", "now", "due"),
    [
        pytest.param(PROMISE, PROMISE + timedelta(days=30), True, id="thirty days after the promise"),
        pytest.param(PROMISE, PROMISE + timedelta(days=30, seconds=-1), False, id="a second before"),
        pytest.param(PURCHASED, SENT + timedelta(days=30), True, id="sent after the promise: the sending counts"),
        pytest.param(PURCHASED, SENT + timedelta(days=29), False, id="and it is not that long ago"),
        pytest.param(None, SENT + timedelta(days=30), True, id="no promise: the sending counts"),
        pytest.param(None, SENT + timedelta(days=29), False, id="no promise, not that long ago"),
        pytest.param(PURCHASED + timedelta(days=90), LATER, False, id="a promise far ahead"),
    ],
)
def test_due_is_what_was_delivered_so_long_ago(
    sqlite_shop: ShopDatabase, tmp_path: Path, deliver_by: datetime | None, now: datetime, due: bool
) -> None:
    imported(sqlite_shop, tmp_path, replace(ORDER, deliver_by=TimeSpan(None, deliver_by)))
    report = run_forget(sqlite_shop, tmp_path, now=now)
    assert (report.forgotten, report.not_due, report.under_way) == ((1, 0, 0) if due else (0, 1, 0))


def entry_of(order: Order, status: OrderStatus) -> Entry:
    return Entry(order.order_id, EntryState.IMPORTED, "", None, status.value, None, NOW, NOW, NOW, NOW, id_order=1)


def test_what_is_not_sent_keeps_its_address_however_old_unless_amazon_says_it_is(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    importer(sqlite_shop, tmp_path).take(ORDER)
    waiting = run_forget(sqlite_shop, tmp_path, now=NOW + timedelta(days=900))
    assert (waiting.forgotten, waiting.under_way) == (0, 1)
    unsent = run_forget(sqlite_shop, tmp_path, one=entry_of(ORDER, OrderStatus.UNSHIPPED))
    assert (unsent.forgotten, unsent.under_way) == (0, 1)
    assert SECRET in everything(sqlite_shop)
    sent = run_forget(sqlite_shop, tmp_path, one=entry_of(ORDER, OrderStatus.SHIPPED))
    assert sent.forgotten == 1


def test_a_cancelled_order_is_forgotten_too(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path)
    writing.take(ORDER)
    writing.take(cancelled(ORDER))
    assert run_forget(sqlite_shop, tmp_path).forgotten == 1


def test_no_later_update_fills_it_again(shop: ShopDatabase, tmp_path: Path) -> None:
    writing = imported(shop, tmp_path, ORDER, **NO_INVOICE)
    run_forget(shop, tmp_path)
    assert run_forget(shop, tmp_path).forgotten == 0
    news = replace(
        shipped(ORDER, number="1Z-LATE", after=timedelta(days=61)),
        delivery_address=replace(HOME, name=f"{SECRET} Third", lines=(f"Corso {SECRET} 7",)),
        items=tuple(replace(i, cancel_requested_by="BUYER", cancel_request_reason=SECRET) for i in ORDER.items),
    )
    applied = writing.take(news, LATER)
    assert applied.outcome is Outcome.UPDATED, "the parcel is followed all the same"
    assert "1Z-LATE" in everything(shop)
    assert SECRET not in everything(shop)
    assert shop.count("address") == 1


def test_an_order_that_a_person_deletes_afterwards_comes_back_without_its_buyer(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    writing = imported(sqlite_shop, tmp_path, ORDER, **NO_INVOICE)
    run_forget(sqlite_shop, tmp_path)
    sqlite_shop.execute("DELETE FROM {p}orders")
    writing.take(replace(ORDER, status=OrderStatus.SHIPPED), LATER)
    assert sqlite_shop.count("orders") == 1
    assert SECRET not in everything(sqlite_shop)
    assert "20145" not in everything(sqlite_shop)


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "erase",
    [
        pytest.param(["DELETE FROM {p}customer"], id="psgdpr of today: the customer is gone"),
        pytest.param(["UPDATE {p}customer SET email = 'anonymous@psgdpr.com'"], id="given to the anonymous customer"),
        pytest.param(["UPDATE {p}customer SET email = 'anonymous@anonymous.com'"], id="to that of the first versions"),
        pytest.param(["UPDATE {p}customer SET deleted = 1"], id="deleted in the back office"),
    ],
)
def test_what_the_shop_has_erased_is_not_filled_again(
    sqlite_shop: ShopDatabase, tmp_path: Path, erase: list[str]
) -> None:
    writing = importer(sqlite_shop, tmp_path, **NO_INVOICE)
    writing.take(ORDER)
    writing.verifies = False  # a customer that is gone is no fault of ours
    for statement in (*erase, "UPDATE {p}address SET lastname = 'Anonymous', firstname = 'Anonymous'"):
        sqlite_shop.execute(statement)
    moved = replace(
        ORDER, delivery_address=replace(HOME, name="Zenobia Neu"), updated=ORDER.updated + timedelta(hours=1)
    )
    writing.take(moved)
    assert sqlite_shop.count("address") == 1
    assert "Zenobia" not in everything(sqlite_shop)
    run_forget(sqlite_shop, tmp_path, one=entry_of(ORDER, OrderStatus.SHIPPED))
    assert SECRET not in everything(sqlite_shop)


def test_an_account_of_several_orders_goes_with_the_last_of_them(shop: ShopDatabase, tmp_path: Path) -> None:
    alias = CustomersSettings(mode="alias", email="amazon")
    writing = imported(shop, tmp_path, ORDER, customers=alias, **NO_INVOICE)
    second = replace(ORDER, order_id="402-7654321-7654321", delivery_address=replace(ELSEWHERE, name=f"{SECRET} Two"))
    writing.take(second)
    assert shop.count("customer") == 1
    assert run_forget(shop, tmp_path).forgotten == 1
    assert SECRET.lower() in shop.value("SELECT email FROM {p}customer").lower()
    names = {row["lastname"] for row in shop.rows("SELECT lastname FROM {p}address")}
    assert names == {"deleted", "Two"}
    writing.take(shipped(second), NOW + timedelta(days=1))
    assert run_forget(shop, tmp_path).forgotten == 1
    assert SECRET.lower() not in everything(shop).lower()


def test_an_address_that_another_order_needs_stays(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = imported(sqlite_shop, tmp_path, ORDER, **NO_INVOICE)
    writing.take(replace(ORDER, order_id="402-7654321-7654321"))
    shared = sqlite_shop.value("SELECT MIN(id_address_delivery) FROM {p}orders")
    sqlite_shop.execute(f"UPDATE {{p}}orders SET id_address_delivery = {shared}, id_address_invoice = {shared}")
    before = sqlite_shop.one("SELECT * FROM {p}address WHERE id_address = :id", id=shared)
    assert run_forget(sqlite_shop, tmp_path).forgotten == 1
    assert sqlite_shop.one("SELECT * FROM {p}address WHERE id_address = :id", id=shared) == before


def test_the_shops_own_account_is_never_blanked(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    imported(sqlite_shop, tmp_path, ORDER, **NO_INVOICE)
    sqlite_shop.execute("UPDATE {p}customer SET is_guest = 0, lastname = 'Marketplaces', firstname = 'Our'")
    run_forget(sqlite_shop, tmp_path)
    assert sqlite_shop.value("SELECT lastname FROM {p}customer") == "Marketplaces"
    assert sqlite_shop.value("SELECT lastname FROM {p}address") == "deleted"


def test_one_account_for_all_keeps_the_addresses_of_others_and_loses_those_that_nobody_uses(
    shop: ShopDatabase, tmp_path: Path
) -> None:
    fixed = CustomersSettings(mode="fixed", account="amazon@example.com")
    guest = imported(shop, tmp_path, replace(ORDER, order_id="402-1111111-1111111"), **NO_INVOICE)
    shop.execute("UPDATE {p}customer SET is_guest = 0, email = 'amazon@example.com', lastname = 'Marketplaces'")
    guest.shop.close()
    writing = importer(shop, tmp_path, customers=fixed, **NO_INVOICE)
    late = replace(ORDER, order_id="402-7654321-7654321", delivery_address=replace(ELSEWHERE, name=f"{SECRET} Late"))
    writing.take(late)
    corrected = replace(ORDER, order_id="402-7777777-7777777")
    writing.take(corrected)
    moved = replace(ELSEWHERE, name=f"{SECRET} Moved")
    writing.take(replace(corrected, delivery_address=moved, updated=ORDER.updated + timedelta(hours=1)))
    assert (shop.count("customer"), shop.count("address")) == (1, 4)
    report = run_forget(shop, tmp_path)
    assert (report.forgotten, report.under_way) == (1, 2)
    names = sorted(row["lastname"] for row in shop.rows("SELECT lastname FROM {p}address"))
    assert names == ["Late", "Moved", "deleted", "deleted"], "the order's own, and the one that a correction replaced"
    assert shop.value("SELECT lastname FROM {p}customer") == "Marketplaces"


def test_messages_of_others_stay(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    imported(sqlite_shop, tmp_path, ORDER)
    thread = sqlite_shop.value("SELECT id_customer_thread FROM {p}customer_thread")
    row = {"id_customer_thread": thread, "id_employee": 1, "date_add": "2026-11-23", "date_upd": "2026-11-23"}
    texts = [("A colleague's note", 1), (f"Amazon order {ORDER.order_id} asks a visitor", 0)]
    for text, private in texts:
        sqlite_shop.insert("customer_message", {**row, "message": text, "private": private})
    run_forget(sqlite_shop, tmp_path)
    left = {message["message"] for message in sqlite_shop.rows("SELECT message FROM {p}customer_message")}
    assert left >= {text for text, _ in texts}


def test_an_order_that_cant_be_changed_does_not_stop_the_others(shop_database_of: Any, tmp_path: Path) -> None:
    shop = shop_database_of("8.2.1")
    writing = imported(shop, tmp_path, ORDER)
    second = replace(ORDER, order_id="402-7654321-7654321")
    writing.take(second)
    writing.take(shipped(second), NOW + timedelta(days=1))
    first = shop.value("SELECT MIN(id_customer) FROM {p}customer")
    shop.execute(
        "CREATE TRIGGER refuse BEFORE UPDATE ON {p}customer FOR EACH ROW BEGIN"
        f" IF OLD.id_customer = {first} THEN SIGNAL SQLSTATE '22001' SET MYSQL_ERRNO = 1406; END IF; END"
    )
    report = run_forget(shop, tmp_path)
    assert report.forgotten == 1
    (problem,) = report.problems
    assert isinstance(problem, Problem)
    assert (problem.order_id, report.exit_code) == (ORDER.order_id, ExitCode.NEEDS_A_PERSON)
    assert SECRET not in problem.message
    marked = shop.rows("SELECT amazon_order_id FROM {p}orderferry_order WHERE forgotten IS NULL")
    assert [row["amazon_order_id"] for row in marked] == [ORDER.order_id], "nothing of it was written"


def test_a_marker_table_of_an_older_version_is_extended_but_not_by_a_dry_run(
    shop_database_of: Any, tmp_path: Path
) -> None:
    shop = shop_database_of("8.2.1")
    imported(shop, tmp_path, ORDER)
    shop.execute("ALTER TABLE {p}orderferry_order DROP COLUMN forgotten, DROP COLUMN deliver_by")
    assert run_forget(shop, tmp_path, dry_run=True).forgotten == 1
    columns = "SELECT * FROM {p}orderferry_order"
    assert "forgotten" not in shop.one(columns)
    assert run_forget(shop, tmp_path).forgotten == 1
    assert shop.one(columns)["forgotten"] is not None


@pytest.fixture
def amazon() -> Iterator[SimulatorServer]:
    """Amazon, whose clock is right."""
    with SimulatorServer(World([])) as server:
        yield server


def test_the_command_prints_a_summary_json_or_nothing(
    sqlite_shop: ShopDatabase, tmp_path: Path, amazon: SimulatorServer
) -> None:
    installed = install(tmp_path, amazon, sqlite_shop.url)
    long_ago = datetime.now(UTC) - timedelta(days=80)
    order = replace(ORDER, created=long_ago, updated=long_ago, deliver_by=TimeSpan(None, long_ago))
    writing = importer(sqlite_shop, tmp_path)
    writing.take(order, long_ago)
    writing.take(shipped(order), long_ago + timedelta(days=1))
    assert installed.run("forget").code == 2, "an age has to be given"
    dry = installed.run("forget", "--older-than", "30d", "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert dry.out.startswith("1 buyer would be forgotten")
    done = installed.run("forget", "--older-than", "30d", "--json")
    assert done.json["orders"] == {"forgotten": 1, "on_invoices": 1, "not_due": 0, "under_way": 0, "failed": 0}
    assert SECRET not in done.out + dry.out
    again = installed.run("forget", "--older-than", "30d")
    assert (again.code, again.out, again.err) == (0, "", "")
    with closing(sqlite3.connect(installed.ledger)) as ledger:
        assert ledger.execute("SELECT command, exit_code FROM runs").fetchall() == [("forget", 0)] * 2


def delivered_long_ago(shop: ShopDatabase, folder: Path, days: int) -> None:
    """One order whose buyer this machine's clock takes for due."""
    then = datetime.now(UTC) - timedelta(days=days)
    order = replace(ORDER, created=then, updated=then, deliver_by=TimeSpan(None, then))
    writing = importer(shop, folder)
    writing.take(order, then)
    writing.take(shipped(order), then + timedelta(hours=1))


@pytest.mark.parametrize("imported_before", [True, False], ids=["imported", "new-ledger"])
def test_a_clock_that_is_a_year_ahead_makes_nobody_forgotten(
    imported_before: bool, sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    ahead = timedelta(days=365)
    delivered_long_ago(sqlite_shop, tmp_path, 370)  # by Amazon's clock five days
    with SimulatorServer(World([]), clock=Clock(datetime.now(UTC) - ahead)) as amazon:
        installed = install(tmp_path, amazon, sqlite_shop.url)
        if imported_before:
            assert "clock is" in installed.run("import").err
        before = everything(sqlite_shop)
        for words in ((), ("--dry-run",)):
            done = installed.run("forget", "--older-than", "30d", *words)
            assert done.code == 1
            assert "Nothing was forgotten: this machine's clock is 365 days ahead of Amazon's" in done.err
        told = installed.run("forget", "--older-than", "30d", "--json")
        assert (told.code, told.json["exit_code"]) == (1, 1)
        assert told.json["problems"][0]["code"] == "clock-off"
    gone = installed.run("forget", "--older-than", "30d")
    assert gone.code == 4, "Amazon can't be asked for the time"
    assert "Nothing was forgotten: whether this machine's clock is right" in gone.err
    assert everything(sqlite_shop) == before


def test_a_clock_that_the_last_import_confirms_needs_no_amazon(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    delivered_long_ago(sqlite_shop, tmp_path, 80)
    with SimulatorServer(World([])) as amazon:
        installed = install(tmp_path, amazon, sqlite_shop.url)
        assert installed.run("import", "--json").json["observed"]
    done = installed.run("forget", "--older-than", "30d", "--json")
    assert (done.code, done.json["orders"]["forgotten"]) == (0, 1), done.err
