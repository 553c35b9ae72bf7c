"""Markers and foreign orders, read from rows that are all stated here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.dialects import mysql

from orderferry.domain.marker import Digests, Marker
from orderferry.domain.orders import Channel
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import Column, OrderInShop, Table
from orderferry.prestashop.reading.markers import marker_row, read_all_markers, read_marked
from orderferry.prestashop.reading.other_importers import ForeignOrders, amazon_id_in
from support.small_shop import MARKER_ROW, records, small_shop

FIRST, SECOND, THIRD = "402-0000000-0000001", "402-0000000-0000002", "402-0000000-0000003"
UPDATED = datetime(2026, 11, 22, 19, 30, 1, 250_000, UTC)
NOW = datetime(2026, 11, 23, 7, 12, 35, 999_999, UTC)
MARKER = Marker(
    FIRST, 7, "APJ6JRA9NG5V4", Channel.FBA, UPDATED, Digests("a", "b", "c", "d", "e", version=1), 4, "told", seller="S1"
)
ORDERS = records(
    "id_order reference module current_state invoice_number total_paid_tax_incl total_paid_tax_excl id_currency "
    "id_customer",
    (7, "ABCDEFGHI", "orderferry", 3, 17, "48.80", "40.00", 9, 5),
)
CUSTOMERS = records("id_customer deleted email", (5, 0, "x@amazon.invalid"))
SLIPS = records(
    "id_order total_products_tax_incl total_products_tax_excl total_shipping_tax_incl total_shipping_tax_excl "
    "amount shipping_cost_amount",
    (7, 12.2, 10, 2.44, 2, 99, 99),
    (7, None, None, None, None, 5, 1),
    (8, 1, 1, 1, 1, 1, 1),
)
PAYMENTS = "id_order_payment order_reference transaction_id"
SHOP: dict[str, Any] = {
    "orderferry_order": [{**MARKER_ROW, "forgotten": None}],
    "orders": ORDERS,
    "order_payment": PAYMENTS,
    "customer": CUSTOMERS,
    "order_slip": SLIPS,
}


def test_a_marker_is_written_with_all_its_columns() -> None:
    assert marker_row(MARKER, order_reference="ABCDEFGHI", module="orderferry", now=NOW) == MARKER_ROW
    changed = marker_row(replace(MARKER, channel=None, adopted=True), order_reference="", module="", now=NOW, new=False)
    told = {**MARKER_ROW, "order_reference": "", "module": "", "channel": "", "adopted": 1}
    assert changed == {name: value for name, value in told.items() if name != "date_add"}


def test_a_marker_and_its_order_are_read_with_all_their_columns() -> None:
    with small_shop(**SHOP) as shop:
        markers, orders = read_marked(*shop, [FIRST, SECOND])

    assert markers == {FIRST: replace(MARKER, seller="")}
    assert orders == {7: OrderInShop(3, 17, Decimal("48.80"), Decimal("8.80"), Decimal("20.64"), Decimal(12), 9)}


def test_a_marker_of_the_first_version_has_no_more_than_its_key() -> None:
    columns = "amazon_order_id id_order marketplace_id amazon_updated"
    old = records(columns, (FIRST, 7, "APJ6JRA9NG5V4", "2026-11-22 19:30:01.250"))
    paid = records(PAYMENTS, (1, "ABCDEFGHI", FIRST))
    with small_shop(**{**SHOP, "orderferry_order": old, "order_payment": paid}) as shop:
        markers, _ = read_marked(*shop, [FIRST])

    assert markers == {FIRST: Marker(FIRST, 7, "APJ6JRA9NG5V4", None, UPDATED, Digests(version=0), 0)}


def test_a_shop_without_credit_slips_and_one_without_markers() -> None:
    without = {name: rows for name, rows in SHOP.items() if name != "order_slip"}
    with small_shop(**without) as shop:
        assert read_marked(*shop, [FIRST])[1][7].credited == 0
    del without["orderferry_order"]
    with small_shop(**without) as shop:
        assert read_marked(*shop, [FIRST]) == ({}, {})
        assert read_all_markers(*shop, "", 9) == []


@pytest.mark.parametrize(
    ("marker", "payments", "stands"),
    [
        ({}, [], True),
        ({"order_reference": "ZZZZZZZZZ"}, [], False),
        ({"module": "another"}, [], False),
        ({"module": ""}, [], True),
        ({"id_order": 8}, [], False),
        ({"order_reference": ""}, [], False),
        ({"order_reference": ""}, [FIRST], True),
        ({"order_reference": "", "module": "another"}, [FIRST], False),
        ({"order_reference": ""}, ["another", FIRST, "third"], True),
        ({"order_reference": ""}, ["another"], False),
        ({"adopted": 1, "order_reference": "", "module": "another"}, [], True),
        ({"adopted": 1, "order_reference": "ZZZZZZZZZ"}, [], False),
        ({"adopted": 1, "id_order": 8}, [], False),
    ],
)
def test_when_an_order_still_is_ours(marker: dict[str, Any], payments: list[str], stands: bool) -> None:
    rows = records(PAYMENTS, *((number, "ABCDEFGHI", text) for number, text in enumerate(payments)))
    changed = {"orderferry_order": [{**MARKER_ROW, "forgotten": None, **marker}], "order_payment": rows or PAYMENTS}
    with small_shop(**{**SHOP, **changed}) as shop:
        markers, orders = read_marked(*shop, [FIRST])

    assert markers[FIRST].order_stands is stands
    assert bool(orders) is stands


@pytest.mark.parametrize(
    ("forgotten", "deleted", "email", "blank"),
    [
        (None, 0, "x@amazon.invalid", False),
        ("2026-12-01 00:00:00", 0, "x@amazon.invalid", True),
        (None, 1, "x@amazon.invalid", True),
        (None, 0, "anonymous@psgdpr.com", True),
        (None, 0, "anonymous@anonymous.com", True),
        (None, None, "", True),  # no such customer
    ],
)
def test_a_buyer_who_was_forgotten_by_us_or_by_the_shop(
    forgotten: str | None, deleted: int | None, email: str, blank: bool
) -> None:
    people = records("id_customer deleted email", (5 if deleted is not None else 6, deleted, email))
    changed = {"orderferry_order": [{**MARKER_ROW, "forgotten": forgotten}], "customer": people}
    with small_shop(**{**SHOP, **changed}) as shop:
        assert read_marked(*shop, [FIRST])[0][FIRST].forgotten is blank


def test_an_order_that_is_gone_tells_nothing_of_its_buyer() -> None:
    with small_shop(**{**SHOP, "orderferry_order": [{**MARKER_ROW, "forgotten": None, "id_order": 8}]}) as shop:
        assert not read_marked(*shop, [FIRST])[0][FIRST].forgotten


def test_all_markers_in_the_order_of_their_ids() -> None:
    rows = [{**MARKER_ROW, "forgotten": None, "amazon_order_id": order_id} for order_id in (THIRD, FIRST, SECOND)]
    with small_shop(**{**SHOP, "orderferry_order": rows}) as shop:
        ids = [
            [marker.order_id for marker in read_all_markers(*shop, after, 2)] for after in ("", FIRST, SECOND, THIRD)
        ]

    assert ids == [[FIRST, SECOND], [SECOND, THIRD], [THIRD], []]


class Memory:
    """What is kept between runs."""

    def __init__(self, kept: str | None = None) -> None:
        self.kept = {} if kept is None else {"foreign-orders": kept}
        self.writes = 0
        self.foreign = ForeignOrders(self.kept.get, self._remember)

    def _remember(self, key: str, text: str) -> None:
        self.kept[key] = text
        self.writes += 1


FOREIGN: dict[str, Any] = {
    "orders": records("id_order reference", (3, "FOREIGNAA"), (4, "FOREIGNAA"), (7, "OURS"), (9, "LATE")),
    "order_payment": records(
        PAYMENTS,
        (1, "FOREIGNAA", f"Amazon {FIRST}"),
        (2, "NOBODY", SECOND),
        (3, "OURS", THIRD),
        (4, "PAYPAL", "5XX12345-not-amazon"),
        (800, "LATE", "402-0000000-0000009"),
    ),
    "orderferry_order": records("amazon_order_id", (THIRD,)),
}
ALL_FOREIGN = {FIRST: 3, SECOND: 0, "402-0000000-0000009": 9}


def test_orders_of_other_importers_are_those_with_a_payment_and_no_marker() -> None:
    memory = Memory()
    with small_shop(**FOREIGN) as shop:
        assert memory.foreign.refresh(*shop) == 3
        assert memory.foreign.find(*shop, [FIRST, SECOND, THIRD, "402-0000000-0000008"]) == {FIRST: 3, SECOND: 0}
        assert memory.foreign.refresh(*shop) == 3

    assert memory.kept == {
        "foreign-orders": '{"last":800,"known":{"402-0000000-0000001":3,"402-0000000-0000002":0,'
        '"402-0000000-0000009":9}}'
    }
    assert memory.writes == 1  # nothing is kept twice


def test_before_there_are_markers_every_amazon_payment_is_foreign() -> None:
    memory = Memory()
    with small_shop(orders=FOREIGN["orders"], order_payment=FOREIGN["order_payment"]) as shop:
        assert memory.foreign.refresh(*shop, remember=False) == 4

    assert memory.kept == {}


@pytest.mark.parametrize(
    ("last", "known"),
    [
        (800, 1),  # the newest 500 are read again
        (501, 2),
        (500, 3),
        (900, 3),  # the shop was restored from a back-up: all are read
    ],
)
def test_only_the_newest_payments_are_read_again(last: int, known: int) -> None:
    memory = Memory(f'{{"last":{last},"known":{{}}}}')
    with small_shop(**FOREIGN) as shop:
        assert memory.foreign.refresh(*shop) == known


@pytest.mark.parametrize("kept", ["", "[]", "{}", "7", '{"last":"x"}', '{"last":1,"known":{"a":"b"}}', "{"])
def test_a_memory_that_can_not_be_read_is_built_anew(kept: str) -> None:
    memory = Memory(kept)
    with small_shop(**FOREIGN) as shop:
        assert memory.foreign.refresh(*shop) == 3
        assert memory.foreign.find(*shop, ALL_FOREIGN) == ALL_FOREIGN


def test_what_was_found_once_is_looked_at_again() -> None:
    kept = '{"last":800,"known":{"402-0000000-0000001":4,"402-0000000-0000002":0,"402-0000000-0000003":7}}'
    with small_shop(**{**FOREIGN, "order_payment": PAYMENTS}) as shop:
        assert Memory(kept).foreign.find(*shop, [FIRST, SECOND, THIRD]) == {SECOND: 0}  # their payments are gone
    with small_shop(**FOREIGN) as shop:
        assert Memory(kept).foreign.find(*shop, [FIRST, SECOND, THIRD]) == {FIRST: 4, SECOND: 0}


@pytest.mark.parametrize(
    ("text", "order_id"),
    [
        (f"a {FIRST}, b", FIRST),
        ("S02-1234567-1234567", "S02-1234567-1234567"),
        (f"x{FIRST}", ""),
        (f"{FIRST}0", ""),
        ("", ""),
    ],
)
def test_the_amazon_id_in_the_text_of_a_payment(text: str, order_id: str) -> None:
    assert amazon_id_in(text) == order_id


class Answer(list[Any]):
    """Rows, or the one value 5."""

    def scalar(self) -> int:
        return 5


def test_where_collations_differ_the_side_is_converted_that_is_given() -> None:
    """So that the key of the other side can still be used."""
    sent: list[str] = []

    def execute(query: Any) -> Answer:
        sent.append(" ".join(str(query.compile(dialect=mysql.dialect())).split()))
        return Answer()

    def text(name: str, collation: str) -> Column:
        return Column(name, "varchar", True, True, length=9, charset="utf8mb4", collation=collation)

    payment = {name: text(name, "utf8mb4_bin") for name in ("id_order_payment", "order_reference", "transaction_id")}
    orders = {name: text(name, "utf8mb4_general_ci") for name in ("id_order", "reference")}
    tables = ShopTables(
        "ps_", {"order_payment": Table("order_payment", "", payment), "orders": Table("orders", "", orders)}
    )
    server: Any = SimpleNamespace(execute=execute)
    foreign = Memory('{"last":0,"known":{"402-0000000-0000001":3}}').foreign
    foreign.find(server, tables, [FIRST])
    foreign.refresh(server, tables)

    converted = "CAST(ps_{}.{} AS CHAR(9) CHARACTER SET utf8mb4) COLLATE utf8mb4_{}"
    payments_of_orders = converted.format("orders", "reference", "bin")
    orders_of_payments = converted.format("order_payment", "order_reference", "general_ci")
    assert f"ON ps_order_payment.order_reference = ({payments_of_orders})" in sent[0]
    assert f"ON ps_orders.reference = ({orders_of_payments})" in sent[2]
