"""Our own tables, the markers in them, and the guard against other importers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.domain.marker import Digests, Marker
from orderferry.domain.orders import Channel
from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.own_tables import ensure_tables
from orderferry.prestashop.facts import OrderInShop
from orderferry.prestashop.reading import other_importers
from orderferry.prestashop.reading.catalog import find_accounts
from orderferry.prestashop.reading.markers import marker_row, read_marked, read_markers
from orderferry.prestashop.reading.other_importers import MEMORY_KEY, ForeignOrders, amazon_id_in
from support.reading import OpenShop, opened, statements
from support.shop_database import ShopDatabase

pytestmark = pytest.mark.sample(0, always=("mariadb",))

NOW = datetime(2026, 11, 23, 6, 0, 0, 123456, tzinfo=UTC)
IDS = [f"30{number % 10}-{number:07}-{number:07}" for number in range(200)]
MARKER = Marker(IDS[0], 7, "APJ6JRA9NG5V4", Channel.REGULAR, NOW, Digests("a", "b", "c", "d", "e"), last_state=2)


@pytest.fixture(params=["mariadb", "sqlite"])
def shop(request: pytest.FixtureRequest) -> ShopDatabase:
    found: ShopDatabase = request.getfixturevalue("shop_database" if request.param == "mariadb" else "sqlite_shop")
    return found


def put_order(shop: ShopDatabase, id_order: int, reference: str, module: str = "orderferry") -> None:
    shop.insert(
        "orders",
        {
            "id_order": id_order,
            "reference": reference,
            "module": module,
            "current_state": 2,
            "invoice_number": 12,
            "total_paid_tax_incl": "48.80",
            "total_paid_tax_excl": "40.00",
            "payment": "Amazon",
            **dict.fromkeys(("id_carrier", "id_lang", "id_customer", "id_cart", "id_currency"), 1),
            **dict.fromkeys(("id_address_delivery", "id_address_invoice"), 1),
            **dict.fromkeys(("invoice_date", "delivery_date", "date_add", "date_upd"), "2026-11-23 07:00:00"),
        },
    )


def put_slip(
    shop: ShopDatabase,
    id_order: int,
    products: str | None,
    shipping: str | None,
    amount: str = "0",
    shipping_cost_amount: str = "0",
) -> None:
    """A credit slip; without total_* as PrestaShop's first versions made them."""
    shop.insert(
        "order_slip",
        {
            "id_order": id_order,
            "id_customer": 1,
            "partial": 1,
            "total_products_tax_incl": products,
            "total_shipping_tax_incl": shipping,
            "amount": amount,
            "shipping_cost_amount": shipping_cost_amount,
            **dict.fromkeys(("date_add", "date_upd"), "2026-11-23 07:00:00"),
        },
    )


def put_payment(shop: ShopDatabase, number: int, reference: str, transaction: str) -> None:
    shop.insert(
        "order_payment",
        {
            "id_order_payment": number,
            "order_reference": reference,
            "id_currency": 1,
            "amount": "1.00",
            "payment_method": "Amazon",
            "transaction_id": transaction,
            "date_add": "2026-11-23 07:00:00",
        },
    )


def put_marker(shop: ShopDatabase, marker: Marker, reference: str = "", module: str = "") -> None:
    shop.insert("orderferry_order", marker_row(marker, order_reference=reference, module=module, now=NOW))


def marker_of(open_: OpenShop, order_id: str = IDS[0]) -> Marker:
    with open_.database.reading("reading markers") as connection:
        return read_markers(connection, open_.tables, [order_id])[order_id]


def test_a_marker_comes_back_as_it_was_written(shop: ShopDatabase) -> None:
    with opened(shop) as open_:
        put_order(shop, 7, "ABCDEFGHI")
        put_marker(shop, MARKER, "ABCDEFGHI", "orderferry")
        put_slip(shop, 7, products="10.00", shipping="2.50")
        put_slip(shop, 7, products=None, shipping=None, amount="5.00", shipping_cost_amount="1.00")
        put_slip(shop, 8, products="99.00", shipping="0")
        with open_.database.reading("reading markers") as connection:
            markers, shop_orders = read_marked(connection, open_.tables, [*IDS])
    # its customer is gone, as after an erasure
    kept = replace(MARKER, amazon_updated=NOW.replace(microsecond=123000), forgotten=True)
    assert markers == {IDS[0]: kept}
    assert shop_orders == {7: OrderInShop(2, 12, Decimal("48.80"), Decimal("8.80"), Decimal("18.50"), id_currency=1)}


@pytest.mark.parametrize(
    ("reference", "module", "change", "stands"),
    [
        ("ABCDEFGHI", "orderferry", "", True),
        ("ABCDEFGHI", "orderferry", "DELETE FROM {p}orders", False),
        ("ABCDEFGHI", "orderferry", "UPDATE {p}orders SET reference = 'ZZZZZZZZZ'", False),
        ("ABCDEFGHI", "orderferry", "UPDATE {p}orders SET module = 'ps_checkpayment'", False),
        ("ABCDEFGHI", "orderferry", "DELETE FROM {p}order_payment", True),
        ("", "", "", True),
        ("", "", "UPDATE {p}order_payment SET transaction_id = '999-9999999-9999999'", False),
        ("", "", "DELETE FROM {p}order_payment", False),
    ],
)
def test_an_order_stands_while_its_row_is_ours(
    reference: str, module: str, change: str, stands: bool, sqlite_shop: ShopDatabase
) -> None:
    with opened(sqlite_shop) as open_:
        put_order(sqlite_shop, 7, "ABCDEFGHI")
        put_payment(sqlite_shop, 1, "ABCDEFGHI", "another payment")
        put_payment(sqlite_shop, 2, "ABCDEFGHI", IDS[0])
        put_marker(sqlite_shop, MARKER, reference, module)
        if change:
            sqlite_shop.execute(change)
        assert marker_of(open_).order_stands is stands


def test_an_adopted_order_only_has_to_be_there(shop: ShopDatabase) -> None:
    with opened(shop) as open_:
        put_order(shop, 7, "ABCDEFGHI", module="another_importer")
        put_marker(shop, replace(MARKER, adopted=True))
        assert marker_of(open_).order_stands
        shop.execute("DELETE FROM {p}orders")
        assert not marker_of(open_).order_stands


def test_markers_of_a_page_are_one_statement_by_key(shop_database: ShopDatabase) -> None:
    with opened(shop_database) as open_:
        for number, order_id in enumerate(IDS, 1):
            put_marker(shop_database, replace(MARKER, order_id=order_id, id_order=number))
        with (
            open_.database.reading("reading markers") as connection,
            statements(open_.database.engine) as sent,
        ):
            found = read_markers(connection, open_.tables, IDS[:100])
    assert len(found) == 100
    assert len(sent) == 1


def test_without_our_table_there_are_no_markers(shop: ShopDatabase) -> None:
    with opened(shop) as open_:
        shop.execute("DROP TABLE {p}orderferry_order")
        with open_.database.reading("reading markers") as connection:
            tables = read_tables(connection, "ps_")
            assert read_markers(connection, tables, IDS) == {}


def test_the_database_refuses_a_second_marker_and_tells_ids_apart_exactly(shop: ShopDatabase) -> None:
    with opened(shop):
        put_marker(shop, replace(MARKER, order_id="S01-1234567-1234567"))
        put_marker(shop, replace(MARKER, order_id="s01-1234567-1234567"))
        with pytest.raises(sa.exc.IntegrityError):
            put_marker(shop, replace(MARKER, order_id="S01-1234567-1234567", id_order=8))


def test_our_tables_state_engine_and_charset(shop_database: ShopDatabase) -> None:
    shop_database.execute("ALTER DATABASE CHARACTER SET latin1")
    with opened(shop_database):
        row = shop_database.one(
            "SELECT engine, table_collation FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_name = '{p}orderferry_order'"
        )
        key = shop_database.one(
            "SELECT collation_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND table_name = '{p}orderferry_order' AND column_name = 'amazon_order_id'"
        )
    assert (row["engine"], row["table_collation"]) == ("InnoDB", "utf8mb4_general_ci")
    assert key["collation_name"] == "ascii_bin"


def test_creating_is_done_once_and_an_older_table_is_extended(shop: ShopDatabase) -> None:
    with opened(shop) as open_:
        put_marker(shop, MARKER)
        shop.execute("ALTER TABLE {p}orderferry_order DROP COLUMN tax_scheme")
        shop.execute("ALTER TABLE {p}orderferry_order DROP COLUMN adopted")
        with open_.database.reading("preparing") as connection:
            old = read_tables(connection, "ps_")
            assert IDS[0] in read_markers(connection, old, IDS)
            new = ensure_tables(connection, old, open_.database.access)
            with statements(open_.database.engine) as sent:
                again = ensure_tables(connection, new, open_.database.access)
            late = ensure_tables(connection, old, open_.database.access)  # another one that looked before
    assert late.live == new.live
    assert {"tax_scheme", "adopted"} <= new.live["orderferry_order"].columns.keys()
    assert again is new
    assert sent == []
    assert shop.count("orderferry_order") == 1


class Memory:
    """What a ledger would keep."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.writes = 0

    def recall(self, key: str) -> str | None:
        return self.kept.get(key)

    def remember(self, key: str, value: str) -> None:
        self.kept[key] = value
        self.writes += 1

    def guard(self) -> ForeignOrders:
        return ForeignOrders(self.recall, self.remember)


def refreshed(open_: OpenShop, memory: Memory, order_ids: Iterable[str] = IDS) -> dict[str, int]:
    """What a run would find: a new guard with the same memory."""
    guard = memory.guard()
    with open_.database.reading("reading payments") as connection:
        guard.refresh(connection, open_.tables)
        return dict(guard.find(connection, open_.tables, order_ids))


def test_orders_of_other_importers_are_known_by_their_payments(shop: ShopDatabase) -> None:
    memory = Memory()
    with opened(shop) as open_:
        put_order(shop, 3, "FOREIGNAA", module="another_importer")
        put_order(shop, 4, "FOREIGNAA", module="another_importer")
        put_payment(shop, 1, "FOREIGNAA", IDS[5])
        put_payment(shop, 2, "NOBODYHAS", f"Amazon {IDS[6]} ok")
        put_payment(shop, 3, "PAYPALXXX", "5XX12345-not-amazon")
        put_order(shop, 7, "OURSXXXXX")
        put_payment(shop, 4, "OURSXXXXX", IDS[0])
        put_marker(shop, MARKER)
        assert refreshed(open_, memory) == {IDS[5]: 3, IDS[6]: 0}
        assert json.loads(memory.kept[MEMORY_KEY])["last"] == 4


def test_only_new_payments_are_read_and_nothing_is_kept_twice(
    shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_importers, "READ_AGAIN", 2)
    memory = Memory()
    with opened(shop) as open_:
        put_payment(shop, 10, "AAAAAAAAA", IDS[1])
        refreshed(open_, memory)
        shop.execute("UPDATE {p}order_payment SET transaction_id = :id", id=IDS[2])
        put_payment(shop, 20, "BBBBBBBBB", "")
        refreshed(open_, memory)
        writes = memory.writes
        # below the last one, as a transaction that was committed late leaves it
        put_payment(shop, 19, "CCCCCCCCC", IDS[3])
        put_payment(shop, 12, "DDDDDDDDD", IDS[4])
        assert set(refreshed(open_, memory)) >= {IDS[3]}
        assert IDS[4] not in json.loads(memory.kept[MEMORY_KEY])["known"]
        refreshed(open_, memory)
        assert memory.writes == writes + 1


def test_a_payment_that_is_gone_or_adopted_is_no_longer_foreign(shop: ShopDatabase) -> None:
    memory = Memory()
    with opened(shop) as open_:
        for number in (1, 2, 3):
            put_order(shop, number, f"FOREIGN{number:02}")
            put_payment(shop, number, f"FOREIGN{number:02}", IDS[number])
        assert set(refreshed(open_, memory)) == set(IDS[1:4])
        shop.execute("DELETE FROM {p}order_payment WHERE id_order_payment = 2")
        put_marker(shop, replace(MARKER, order_id=IDS[3], id_order=3, adopted=True))
        assert refreshed(open_, memory) == {IDS[1]: 1}


def test_a_restored_shop_is_read_again_from_the_start(shop: ShopDatabase) -> None:
    memory = Memory()
    with opened(shop) as open_:
        put_payment(shop, 9000, "AAAAAAAAA", IDS[1])
        refreshed(open_, memory)
        shop.execute("DELETE FROM {p}order_payment")
        put_payment(shop, 3, "BBBBBBBBB", IDS[2])
        refreshed(open_, memory)
    assert json.loads(memory.kept[MEMORY_KEY]) == {"last": 3, "known": {IDS[2]: 0}}


@pytest.mark.parametrize("kept", ["nonsense", "[]", '{"last": "x"}', '{"known": 3}'])
def test_a_memory_that_makes_no_sense_is_none(kept: str, sqlite_shop: ShopDatabase) -> None:
    memory = Memory()
    memory.kept[MEMORY_KEY] = kept
    with opened(sqlite_shop) as open_:
        put_order(sqlite_shop, 1, "AAAAAAAAA")
        put_payment(sqlite_shop, 1, "AAAAAAAAA", IDS[1])
        assert refreshed(open_, memory) == {IDS[1]: 1}


def test_a_dry_run_remembers_nothing(sqlite_shop: ShopDatabase) -> None:
    memory = Memory()
    with opened(sqlite_shop) as open_:
        put_payment(sqlite_shop, 1, "AAAAAAAAA", IDS[1])
        with open_.database.reading("reading payments") as connection:
            memory.guard().refresh(connection, open_.tables, remember=False)
    assert memory.kept == {}


def test_payments_are_read_in_ranges_of_their_key(shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_importers, "RANGE", 10)
    memory = Memory()
    with opened(shop) as open_:
        for number in range(1, 35):
            put_order(shop, number, f"REF{number:06}")
            put_payment(shop, number, f"REF{number:06}", IDS[number])
        with statements(open_.database.engine) as sent:
            found = refreshed(open_, memory, IDS[:50])
    assert found == {IDS[number]: number for number in range(1, 35)}
    assert len([text for text in sent if "LIKE" in text]) == 4


@pytest.mark.parametrize(
    ("text", "order_id"),
    [
        ("302-1234567-1234567", "302-1234567-1234567"),
        ("Amazon.it 302-1234567-1234567 (IT)", "302-1234567-1234567"),
        ("S02-1234567-1234567", "S02-1234567-1234567"),
        ("1302-1234567-1234567", ""),
        ("302-1234567-12345678", ""),
        ("302-1234567", ""),
        ("", ""),
    ],
)
def test_what_an_amazon_order_id_looks_like(text: str, order_id: str) -> None:
    assert amazon_id_in(text) == order_id


def test_accounts_are_found_by_id_or_address(shop: ShopDatabase) -> None:
    common: dict[str, Any] = {"id_gender": 0, "firstname": "A", "lastname": "B", "passwd": "x", "deleted": 0}
    times = dict.fromkeys(("date_add", "date_upd"), "2026-01-01 00:00:00")
    shop.insert("customer", {**common, **times, "id_customer": 5, "email": "Amazon@shop.example"})
    shop.insert("customer", {**common, **times, "id_customer": 6, "email": "amazon@shop.example"})
    with opened(shop) as open_, open_.database.reading("looking accounts up") as connection:
        assert find_accounts(connection, open_.tables, ["6", "amazon@SHOP.example"]) == {
            "6": 6,
            "amazon@SHOP.example": 5,
        }
        with pytest.raises(ShopUnfit, match="no customer 77"):
            find_accounts(connection, open_.tables, ["77"])
        with pytest.raises(ShopUnfit) as caught:
            find_accounts(connection, open_.tables, ["nobody@shop.example"])
        assert "nobody" not in str(caught.value)
