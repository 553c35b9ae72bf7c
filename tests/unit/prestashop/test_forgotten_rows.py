"""Forgetting a buyer, cell by cell: what changes in the whole shop, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.config.model import InvoicesSettings
from orderferry.domain.forgetting import OrderLife
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop import forgetting
from orderferry.prestashop.forgetting import OrderForgetter
from support.shop_database import ShopDatabase
from support.sqlite_shop import sqlite_shop_in
from support.writing import NOW, ORDER_ID, Sold, amazon_order, importer, settings_for, shipped

SECOND = "402-0000000-0000002"
SENT = NOW + timedelta(days=1)
LATER = datetime(2027, 1, 22, 7, 12, 35, tzinfo=UTC)
TEXTS = [
    "company",
    "firstname",
    "lastname",
    "address1",
    "address2",
    "postcode",
    "vat_number",
    "dni",
    "phone",
    "phone_mobile",
    "other",
]
CONTACTS = {f"address.1.{column}": "" for column in ("phone", "phone_mobile", "other")}
ADDRESS = {
    **CONTACTS,
    **{f"address.1.{column}": "" for column in ("company", "address2", "postcode", "vat_number", "dni")},
    "address.1.firstname": "Buyer",
    "address.1.lastname": "deleted",
    "address.1.address1": "(deleted after delivery)",
}
CUSTOMER = {
    "customer.1.firstname": "Buyer",
    "customer.1.lastname": "deleted",
    "customer.1.email": "forgotten-1@amazon.invalid",
    **{f"customer.1.{column}": None for column in ("company", "website", "siret", "ape")},
}
ORDER_TEXTS = {
    "orders.1.gift_message": "",
    "cart.1.gift_message": "",
    "customer_thread.1.email": "forgotten-1@amazon.invalid",
    "customer_message.1.message": f"Amazon order {ORDER_ID}\nThe buyer's personal data were deleted.",
    f"orderferry_order.{ORDER_ID}.forgotten": "2027-01-22 07:12:35.000",
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A shop with two orders without invoice; each personal column holds something."""
    folder = tmp_path_factory.mktemp("forgotten")
    shop = sqlite_shop_in(folder)
    writing = importer(shop, folder, invoices=InvoicesSettings("never"))
    mug = Sold("MUG-BLUE", 1, "14.52", "2.62", gift_message="For you")
    for order_id in (ORDER_ID, SECOND):
        writing.take(amazon_order(mug, order_id=order_id))
        writing.take(shipped(amazon_order(mug, order_id=order_id)), SENT)
    writing.shop.close()
    shop.execute(f"UPDATE {{p}}address SET {', '.join(f'{name} = {name!r}' for name in TEXTS)}")
    shop.execute("UPDATE {p}customer SET company = 'c', website = 'w', siret = 's', ape = 'a'")
    shop.close()
    return (folder / "shop.sqlite").read_bytes()


@pytest.fixture
def shop(imported: bytes, tmp_path: Path) -> Iterator[ShopDatabase]:
    (tmp_path / "shop.sqlite").write_bytes(imported)
    shop = ShopDatabase(f"sqlite:///{tmp_path}/shop.sqlite", "ps_", "8.2.1")
    yield shop
    shop.close()


def forgetter(shop: ShopDatabase) -> OrderForgetter:
    folder = Path(shop.url.removeprefix("sqlite:///")).parent
    return OrderForgetter(settings_for(shop, folder), sleep=lambda _seconds: None)


def cells(shop: ShopDatabase) -> dict[str, object]:
    """Every cell of the tables that an order is written into."""
    keys = {"orderferry_order": "amazon_order_id", "orders": "id_order"}
    tables = "address cart customer customer_message customer_thread orderferry_order order_detail orders order_invoice"
    found: dict[str, object] = {}
    for table in tables.split():
        key = keys.get(table, f"id_{table}")
        for row in shop.rows(f"SELECT * FROM {{p}}{table}"):
            found |= {f"{table}.{row[key]}.{column}": value for column, value in row.items()}
    return found


def forget(shop: ShopDatabase, *order_ids: str) -> tuple[list[object], dict[str, object]]:
    """Forget the buyers of these orders in one run; return what was answered, and the cells that changed."""
    before = cells(shop)
    with closing(forgetter(shop)) as run:
        answers: list[object] = [run.forget(order_id, LATER) for order_id in order_ids]
    return answers, {key: value for key, value in cells(shop).items() if value != before.get(key)}


def test_without_an_invoice_all_of_the_buyer_goes(shop: ShopDatabase) -> None:
    assert forget(shop, ORDER_ID) == ([False], {**ADDRESS, **CUSTOMER, **ORDER_TEXTS})
    assert forget(shop, ORDER_ID) == ([None], {})


def test_an_issued_invoice_keeps_name_and_address(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}orders SET invoice_number = 3 WHERE id_order = 1")

    assert forget(shop, ORDER_ID) == ([True], {**CONTACTS, **CUSTOMER, **ORDER_TEXTS})


def test_only_the_address_on_the_invoice_is_kept(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}orders SET invoice_number = 3, id_address_invoice = 2 WHERE id_order = 1")
    shop.execute("UPDATE {p}orders SET id_address_invoice = 0, id_address_delivery = 0 WHERE id_order = 2")

    (answer, changed) = forget(shop, ORDER_ID)
    assert answer == [True]
    contacts_of_second = {key.replace(".1.", ".2."): value for key, value in CONTACTS.items()}
    assert changed == {**ADDRESS, **contacts_of_second, **CUSTOMER, **ORDER_TEXTS}


@pytest.mark.parametrize("column", ["id_address_delivery", "id_address_invoice"])
def test_an_address_that_another_order_needs_stays_until_that_is_forgotten_too(shop: ShopDatabase, column: str) -> None:
    shop.execute(f"UPDATE {{p}}orders SET {column} = 1 WHERE id_order = 2")

    assert forget(shop, ORDER_ID)[1] == {**CUSTOMER, **ORDER_TEXTS}
    changed = forget(shop, SECOND)[1]
    assert changed["address.1.firstname"] == "Buyer"
    assert changed["address.2.firstname"] == "Buyer"


def test_a_guest_of_several_orders_goes_with_the_last_of_them(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}orders SET id_customer = 1")

    assert forget(shop, ORDER_ID)[1] == {**ADDRESS, **ORDER_TEXTS}
    changed = forget(shop, SECOND)[1]
    assert {key for key in changed if key.startswith("customer.")} == CUSTOMER.keys()


def test_an_account_of_the_shop_s_own_stays(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}customer SET is_guest = 0")

    assert forget(shop, ORDER_ID)[1] == {**ADDRESS, **ORDER_TEXTS}


REPLACED = (
    "INSERT INTO {p}address (id_address, id_country, id_customer, alias, lastname, firstname, address1, city, date_add,"
    " date_upd) SELECT :id, id_country, 1, alias, 'Old', 'Old', address1, city, date_add, date_upd FROM {p}address"
    " WHERE id_address = 1"
)


def test_addresses_that_corrections_have_replaced_go_too(shop: ShopDatabase) -> None:
    for number in (21, 22, 23, 24):
        shop.execute(REPLACED, id=number)
    shop.execute("UPDATE {p}address SET alias = 'Home' WHERE id_address = 22")  # the buyer's own
    shop.execute("UPDATE {p}address SET id_customer = 9 WHERE id_address = 23")
    shop.execute("UPDATE {p}orders SET id_address_invoice = 24 WHERE id_order = 2")

    changed = forget(shop, ORDER_ID)[1]
    assert {key.split(".")[1] for key in changed if key.startswith("address.")} == {"1", "21"}
    shop.execute("UPDATE {p}address SET lastname = 'again' WHERE id_address = 21")
    shop.execute("UPDATE {p}orderferry_order SET forgotten = NULL")
    assert "address.21.lastname" not in forget(shop, ORDER_ID)[1]  # blanked already


def test_the_addresses_of_one_account_are_looked_through_once_a_run(shop: ShopDatabase) -> None:
    """The one account of all orders has very many."""
    shop.execute("UPDATE {p}orders SET id_customer = 1")
    with closing(forgetter(shop)) as run:
        run.forget(ORDER_ID, LATER)
        shop.execute(REPLACED, id=21)
        run.forget(SECOND, LATER)
    assert shop.value("SELECT lastname FROM {p}address WHERE id_address = 21") == "Old"


def test_messages_of_others_stay(shop: ShopDatabase) -> None:
    shop.execute("UPDATE {p}customer_message SET private = 0 WHERE id_customer_message = 1")
    assert "customer_message.1.message" not in forget(shop, ORDER_ID)[1]
    shop.execute("UPDATE {p}customer_message SET message = 'from staff' WHERE id_customer_message = 2")
    assert "customer_message.2.message" not in forget(shop, SECOND)[1]


def test_orders_that_are_not_there(shop: ShopDatabase) -> None:
    assert forget(shop, "402-9999999-9999999") == ([None], {})
    shop.execute("DELETE FROM {p}orders WHERE id_order = 1")
    assert forget(shop, ORDER_ID) == ([None], {})


def test_a_row_that_the_shop_refuses_is_a_problem_of_the_order(shop: ShopDatabase) -> None:
    shop.execute("CREATE TRIGGER refused BEFORE UPDATE OF firstname ON ps_address BEGIN SELECT RAISE(ABORT, 'no'); END")
    ((problem,), changed) = forget(shop, ORDER_ID)

    assert changed == {}
    assert isinstance(problem, Problem)
    assert (problem.code, problem.order_id) == (ProblemCode.WRITE_FAILED, ORDER_ID)
    assert problem.message.startswith(f"order {ORDER_ID}: ")


LIVES = [
    OrderLife(order_id, number, NOW, deliver_by=datetime(2026, 11, 27, 18, 30, tzinfo=UTC), finished=SENT)
    for number, order_id in ((2, SECOND), (1, ORDER_ID))
]


def lives(shop: ShopDatabase, *, write: bool = False) -> list[list[OrderLife]]:
    with closing(forgetter(shop)) as run:
        return [list(page) for page in run.pages(write=write)]


def test_who_may_be_forgotten(shop: ShopDatabase) -> None:
    assert lives(shop) == [LIVES]
    forget(shop, SECOND)
    assert lives(shop) == [LIVES[1:]]
    shop.execute("UPDATE {p}orderferry_order SET deliver_by = NULL")
    shop.execute("DELETE FROM {p}order_history")
    assert lives(shop) == [[OrderLife(ORDER_ID, 1, NOW, finished=NOW)]]
    shop.execute("UPDATE {p}orders SET current_state = 3")
    assert lives(shop) == [[OrderLife(ORDER_ID, 1, NOW)]]
    shop.execute("DELETE FROM {p}orders WHERE id_order = 1")
    assert lives(shop) == []
    shop.execute("DROP TABLE {p}orderferry_order")
    assert lives(shop, write=True) == []


@pytest.mark.parametrize(("state", "finished"), [(6, True), (7, True), (8, True), (5, True), (9, False), (2, False)])
def test_states_in_which_an_order_is_over(shop: ShopDatabase, state: int, finished: bool) -> None:
    shop.execute("UPDATE {p}orders SET current_state = :state", state=state)
    shop.execute(
        "INSERT INTO {p}order_history (id_employee, id_order, id_order_state, date_add)"
        " VALUES (0, 1, :state, '2026-12-01 10:00:00'), (0, 1, :state, '2026-12-03 10:00:00'),"
        " (0, 1, 2, '2026-12-05 10:00:00'), (0, 2, 2, '2026-12-05 10:00:00')",
        state=state,
    )
    (page,) = lives(shop)

    assert page[1].finished == (datetime(2026, 12, 3, 9, 0, tzinfo=UTC) if finished else None)
    assert page[0].finished == (SENT if finished else None)  # it has been shipped before


def test_pages_follow_each_other(shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PAGE", 1)
    assert lives(shop) == [LIVES[:1], LIVES[1:]]
    shop.execute("DELETE FROM {p}orders WHERE id_order = 2")
    assert lives(shop) == [LIVES[1:]]


def test_an_older_table_gets_the_columns_only_when_a_run_writes(shop: ShopDatabase) -> None:
    shop.execute("ALTER TABLE {p}orderferry_order DROP COLUMN forgotten")
    shop.execute("ALTER TABLE {p}orderferry_order DROP COLUMN deliver_by")
    bare = [[OrderLife(life.order_id, life.id_order, NOW, finished=SENT) for life in LIVES]]
    assert lives(shop) == bare
    assert "forgotten" not in cells_of_marker(shop)
    assert lives(shop, write=True) == bare
    assert "forgotten" in cells_of_marker(shop)


def cells_of_marker(shop: ShopDatabase) -> set[str]:
    return set(shop.rows("SELECT * FROM {p}orderferry_order")[0])
