"""Orders of other importers: where they are found, which are taken over, and the markers that they get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.adoption import Adoption, Doubt, Doubtful, ForeignOrder
from orderferry.errors import ShopUnfit, UsageError
from orderferry.prestashop import adopting
from orderferry.prestashop.adopting import OrderAdopter
from support.shop_database import ShopDatabase
from support.writing import settings_for

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = "402-0000000-0000001", "402-0000000-0000002", "402-0000000-0000003"


@pytest.fixture
def shop(sqlite_shop: ShopDatabase) -> Iterator[ShopDatabase]:
    """A shop with three orders of another module, without any trace of Amazon's ids."""
    for number in (1, 2, 3):
        row = {
            **{"id_order": number, "reference": f"REF{number}", "id_carrier": 1, "id_lang": 1, "id_customer": 1},
            **{"id_cart": 1, "id_currency": 1, "id_address_delivery": 1, "id_address_invoice": 1, "current_state": 4},
            **{"secure_key": "", "payment": "Other", "module": "othermodule", "invoice_date": "", "delivery_date": ""},
            **{"date_add": "2026-11-25 10:00:00", "date_upd": "2026-11-25 10:00:00"},
        }
        sqlite_shop.insert("orders", row)
    yield sqlite_shop
    sqlite_shop.close()


def pay(shop: ShopDatabase, reference: str, text: str) -> None:
    row = {"order_reference": reference, "id_currency": 1, "amount": 1, "payment_method": "", "conversion_rate": 1}
    shop.insert("order_payment", {**row, "transaction_id": text, "date_add": "2026-11-25 10:00:00"})


def write(shop: ShopDatabase, id_order: int, text: str) -> None:
    """A message in a thread of its own."""
    dates = {"date_add": "2026-11-25 10:00:00", "date_upd": "2026-11-25 10:00:00"}
    thread = {"id_shop": 1, "id_lang": 1, "id_contact": 0, "id_order": id_order, "token": "t", "email": "", **dates}
    shop.insert("customer_thread", thread)
    number = shop.value("SELECT MAX(id_customer_thread) FROM {p}customer_thread")
    shop.insert("customer_message", {"id_customer_thread": number, "message": text, **dates})


def find(shop: ShopDatabase, *, by_hand: Mapping[str, int] | None = None, **places: Any) -> Adoption:
    options = {"payments": False, "messages": False, "columns": (), **places}
    with closing(adopter(shop)) as run:
        return run.find(by_hand=by_hand or {}, **options)


def adopter(shop: ShopDatabase) -> OrderAdopter:
    folder = Path(shop.url.removeprefix("sqlite:///")).parent
    return OrderAdopter(settings_for(shop, folder), sleep=lambda _seconds: None)


def test_ids_in_payments(shop: ShopDatabase) -> None:
    pay(shop, "REF1", FIRST)
    pay(shop, "REF2", f"amzn {SECOND} paid")
    pay(shop, "GONE", THIRD)
    pay(shop, "REF3", "402-000000x-0000009")
    pay(shop, "REF3", "pay-pal")

    assert find(shop, payments=True) == Adoption(
        adopt=(ForeignOrder(FIRST, 1, "REF1", "payment"), ForeignOrder(SECOND, 2, "REF2", "payment")),
        marked=(),
        doubtful=(Doubtful(THIRD, (), Doubt.NO_ORDER),),
    )
    assert find(shop) == Adoption((), (), ())


def test_ids_in_messages(shop: ShopDatabase) -> None:
    write(shop, 1, f"Order {FIRST} of Amazon")
    write(shop, 0, f"Where is {SECOND}?")
    write(shop, 3, "Hello")

    assert find(shop, messages=True) == Adoption((ForeignOrder(FIRST, 1, "REF1", "message"),), (), ())


def test_ids_in_the_messages_of_an_old_shop(shop: ShopDatabase) -> None:
    shop.execute("DROP TABLE IF EXISTS {p}message")
    shop.execute("CREATE TABLE {p}message (id_message INTEGER PRIMARY KEY, id_order INT, message TEXT)")
    shop.insert("message", {"id_order": 2, "message": f"Amazon: {FIRST}"}, {"id_order": 0, "message": SECOND})

    assert find(shop, messages=True) == Adoption((ForeignOrder(FIRST, 2, "REF2", "message"),), (), ())


@pytest.mark.parametrize("column", ["marketplace.amazon_id", "ps_marketplace.amazon_id"])
def test_ids_in_another_module_s_table(shop: ShopDatabase, column: str) -> None:
    shop.execute("CREATE TABLE {p}marketplace (id_order INT, amazon_id VARCHAR(64))")
    shop.insert(
        "marketplace",
        {"id_order": 1, "amazon_id": FIRST},
        {"id_order": 99, "amazon_id": SECOND},
        {"id_order": 3, "amazon_id": "402-000000x-0000009"},
    )
    assert find(shop, columns=[column]) == Adoption(
        (ForeignOrder(FIRST, 1, "REF1", "marketplace.amazon_id"),), (), (Doubtful(SECOND, (99,), Doubt.NO_ORDER),)
    )


@pytest.mark.parametrize(
    ("column", "message", "hint"),
    [
        *(
            (given, f"--column {given} is no TABLE.COLUMN.", "For example: ps_marketplace_orders.amazon_id.")
            for given in ("orders", ".reference", "orders.", "a.b.c", "")
        ),
        (
            "orders.amazon_id",
            "The shop has no column amazon_id in a table ps_orders (--column orders.amazon_id).",
            "Give TABLE.COLUMN as the database shows it; the user needs SELECT on it.",
        ),
        (
            "ps_none.amazon_id",
            "The shop has no column amazon_id in a table ps_none (--column ps_none.amazon_id).",
            "Give TABLE.COLUMN as the database shows it; the user needs SELECT on it.",
        ),
        (
            "product.reference",
            "The table ps_product has no column id_order, so it does not say which order is meant.",
            "Name the orders by hand: AMAZON-ID=ID_ORDER.",
        ),
    ],
)
def test_a_column_that_names_no_order_is_refused(shop: ShopDatabase, column: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        find(shop, columns=[column])
    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_orders_named_by_hand_win(shop: ShopDatabase) -> None:
    pay(shop, "REF1", FIRST)
    pay(shop, "REF2", FIRST)

    assert find(shop, payments=True).doubtful == (Doubtful(FIRST, (1, 2), Doubt.SEVERAL_ORDERS),)
    chosen = ForeignOrder(FIRST, 2, "REF2", "by hand", by_hand=True)
    assert find(shop, payments=True, by_hand={FIRST: 2}) == Adoption((chosen,), (), ())


@pytest.mark.parametrize(
    ("named", "message"),
    [({FIRST: 7}, "The shop has no order 7."), ({FIRST: 9, SECOND: 8, THIRD: 1}, "The shop has no orders 8, 9.")],
)
def test_orders_named_by_hand_must_be_there(shop: ShopDatabase, named: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        find(shop, by_hand=named)
    assert refused.value.message == message
    assert refused.value.hint == (
        "Write the number of the order (the column ID of the list of orders): AMAZON-ID=ID_ORDER."
    )


def test_large_tables_are_read_in_parts(shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopting, "RANGE", 1)
    for number, order_id in enumerate((FIRST, SECOND, THIRD), 1):
        pay(shop, f"REF{number}", order_id)
    assert [one.id_order for one in find(shop, payments=True).adopt] == [1, 2, 3]
    monkeypatch.setattr(adopting, "RANGE", 2)
    assert [one.id_order for one in find(shop, payments=True).adopt] == [1, 2, 3]


def mark(shop: ShopDatabase, *orders: ForeignOrder) -> list[list[str]]:
    with closing(adopter(shop)) as run:
        run.find(payments=True, messages=False, columns=(), by_hand={})  # makes no table
        return [[one.order_id for one in some] for some in run.mark(orders, NOW)]


def test_the_marker_of_an_adopted_order(shop: ShopDatabase) -> None:
    orders = [ForeignOrder(FIRST, 1, "REF1", "payment"), ForeignOrder(SECOND, 99, "", "payment")]

    assert mark(shop, *orders) == [[FIRST]]
    assert mark(shop, *orders) == [[]]
    marker = dict(shop.one("SELECT * FROM {p}orderferry_order"))
    empty = {name for name, value in marker.items() if value in ("", 0, None)}
    assert {name: value for name, value in marker.items() if name not in empty} == {
        "amazon_order_id": FIRST,
        "id_order": 1,
        "amazon_updated": "1970-01-02 00:00:00.000",
        "order_reference": "REF1",
        "module": "othermodule",
        "last_state": 4,
        "adopted": 1,
        "date_add": "2026-11-29 12:00:00.000",
        "date_upd": "2026-11-29 12:00:00.000",
    }
    pay(shop, "REF1", FIRST)
    pay(shop, "REF1", THIRD)
    assert find(shop, payments=True) == Adoption((), (FIRST,), (Doubtful(THIRD, (1,), Doubt.SEVERAL_IDS),))


def test_a_shop_without_the_tables_is_refused(shop: ShopDatabase) -> None:
    shop.execute("DROP TABLE {p}order_payment")
    with pytest.raises(ShopUnfit, match="ps_order_payment"):
        find(shop)
