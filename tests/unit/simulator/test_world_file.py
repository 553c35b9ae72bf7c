"""The world's file, and orders of the user's own making."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.orders import Channel
from orderferry.errors import UsageError
from orderferry.simulator.order_files import decode_order, encode_order, own_orders
from orderferry.simulator.order_json import Role
from orderferry.simulator.orders import (
    PLACED,
    Business,
    Event,
    EventKind,
    Line,
    RawOrder,
    SimulatedOrder,
    TaxMode,
    invent_order_id,
)
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World
from support.simulated import START, seconds, shipped, simulated_order, verified

RICH = SimulatedOrder(
    "302-0000000-0000001",
    "DE",
    START,
    (
        Line("A", 2, Decimal("10.00"), "Title “A”", "B0X", *map(Decimal, ("4.90", "3.50", "2.90", "1.00", "0.50"))),
        Line("", 1, Decimal("0.00"), promotion="P", gift_message="♥", gift_wrap_level="GOLD", ioss_number="IM1"),
    ),
    (
        Event(EventKind.PLACED, listed_after=5),
        Event(EventKind.VERIFIED, 60, listed_after=seconds(hours=1)),
        Event(EventKind.ADDRESS_CORRECTED, 90, changes=(("city", "Ulm"),)),
        Event(EventKind.SHIPPED, 100, quantities=((0, 1),), carrier="DHL", tracking="T1"),
        Event(EventKind.CANCELLED, 120, by="AMAZON", reason="No payment"),
        Event(EventKind.STATUS_SET, 130, status="IN_REVIEW"),
    ),
    channel=Channel.FBA,
    country="AT",
    tax_mode=TaxMode.ON_TOP,
    tax_rate=Decimal("8.25"),
    discount_sign=1,
    tip=Decimal("2.00"),
    programs=("PRIME",),
    service_level="NEXT_DAY",
    business=Business("C", "PO", "VAT"),
    replaces="302-0000000-0000002",
    payment_method="Invoice",
    prices_while_pending=True,
    sales_channel="NON_AMAZON",
    seller_order_id="S",
    tax_scheme="IOSS",
    collected_by_amazon=True,
    address=(("name", "X"),),
)


@pytest.mark.parametrize(
    "order",
    [
        RICH,
        simulated_order(),
        RawOrder({"orderId": None, "x": [1, {"y": "é"}]}, START, START, 30, shown_as_updated=START),
    ],
    ids=["rich", "plain", "raw"],
)
def test_an_order_comes_back_from_json_as_it_was(order: SimulatedOrder | RawOrder) -> None:
    back = decode_order(json.loads(json.dumps(encode_order(order))))
    assert back == order
    for field in fields(order):
        assert type(getattr(back, field.name)) is type(getattr(order, field.name)), field.name


def test_an_order_as_it_is_written() -> None:
    """Worlds that were saved must stay readable."""
    assert encode_order(RICH) == {
        "order_id": "302-0000000-0000001",
        "marketplace": "DE",
        "placed": "2026-11-02T08:00:00Z",
        "lines": [
            {
                "sku": "A",
                "quantity": 2,
                "price": "10.00",
                "title": "Title “A”",
                "asin": "B0X",
                "shipping": "4.90",
                "gift_wrap": "3.50",
                "cod_fee": "2.90",
                "discount": "1.00",
                "shipping_discount": "0.50",
            },
            {
                "sku": "",
                "promotion": "P",
                "gift_message": "♥",
                "gift_wrap_level": "GOLD",
                "ioss_number": "IM1",
            },
        ],
        "events": [
            {"kind": "placed", "listed_after": 5},
            {"kind": "verified", "after": 60, "listed_after": 3600},
            {"kind": "address-corrected", "after": 90, "changes": [["city", "Ulm"]]},
            {"kind": "shipped", "after": 100, "quantities": [[0, 1]], "carrier": "DHL", "tracking": "T1"},
            {"kind": "cancelled", "after": 120, "by": "AMAZON", "reason": "No payment"},
            {"kind": "status-set", "after": 130, "status": "IN_REVIEW"},
        ],
        "channel": "fba",
        "country": "AT",
        "tax_mode": "on-top",
        "tax_rate": "8.25",
        "discount_sign": 1,
        "tip": "2.00",
        "programs": ["PRIME"],
        "service_level": "NEXT_DAY",
        "business": {"company": "C", "purchase_order": "PO", "vat_number": "VAT"},
        "replaces": "302-0000000-0000002",
        "payment_method": "Invoice",
        "prices_while_pending": True,
        "sales_channel": "NON_AMAZON",
        "seller_order_id": "S",
        "tax_scheme": "IOSS",
        "collected_by_amazon": True,
        "address": [["name", "X"]],
    }


def test_the_words_of_a_saved_world() -> None:
    assert [str(kind) for kind in EventKind] == [
        "placed",
        "available",
        "verified",
        "shipped",
        "delivered",
        "cancelled",
        "item-cancelled",
        "cancel-requested",
        "address-corrected",
        "tip-finalized",
        "touched",
        "status-set",
    ]
    assert [str(mode) for mode in TaxMode] == ["inside", "none", "zero", "on-top"]
    assert [str(role) for role in Role] == ["direct-to-consumer-shipping", "tax-invoicing"]


def test_what_is_at_its_default_is_not_written() -> None:
    assert set(encode_order(simulated_order())) == {"order_id", "marketplace", "placed", "lines", "tax_rate"}


def test_a_world_comes_back_from_its_file(tmp_path: Path) -> None:
    world = World(
        [RICH, *generate(seed=5, start=START, days=1, orders_per_day=30)],
        read_delay=timedelta(minutes=7),
        roles={Role.TAX},
        refused_marketplaces={"A1PA6795UKMFR9"},
    )
    world.save(tmp_path / "world.json")
    back = World.load(tmp_path / "world.json", START)
    assert list(back) == list(world)
    assert (back.read_delay, back.roles, back.refused_marketplaces) == (
        timedelta(minutes=7),
        {Role.TAX},
        {"A1PA6795UKMFR9"},
    )
    assert [path.name for path in tmp_path.iterdir()] == ["world.json"]


def test_a_world_that_an_older_version_saved_is_read(tmp_path: Path) -> None:
    plain = {"order_id": "302-0000000-0000001", "marketplace": "DE", "placed": "2026-11-02T08:00:00Z"}
    values = {
        "format": "orderferry-world-1",
        "read_delay": 60,
        "roles": ["tax-invoicing"],
        "refused_marketplaces": ["A1PA6795UKMFR9"],
        "orders": [{**plain, "lines": [{"sku": "SKU-1", "quantity": 2, "price": "10.00"}], "tax_rate": "19"}],
    }
    (tmp_path / "world.json").write_text(json.dumps(values))
    world = World.load(tmp_path / "world.json", START)
    assert list(world) == [simulated_order()]
    assert (world.read_delay, world.roles) == (timedelta(minutes=1), {Role.TAX})
    assert world.refused_marketplaces == {"A1PA6795UKMFR9"}
    assert World([]).read_delay == timedelta(minutes=2)
    assert World([]).roles == {Role.TAX, Role.SHIPPING}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": "orderferry-world-1"}',
        '{"format": "orderferry-world-1", "orders": [{}], "read_delay": 1, "roles": [], "refused_marketplaces": []}',
        '{"format": "orderferry-world-1", "orders": [], "read_delay": 1, "roles": ["king"], '
        '"refused_marketplaces": []}',
        '{"something": "else"}',
        "\udcff",
    ],
)
def test_a_file_that_is_no_world_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "world.json"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UsageError) as caught:
        World.load(path, START)
    assert caught.value.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.json"):
        World.load(tmp_path / "nowhere.json", START)


EXAMPLE = """
[[order]]
marketplace = "DE"
sku = "demo_1"
price = "23.90"
quantity = 2
placed = "2h"
verified = "90m"
shipped = "1d"

[[order]]
id = "171-1234567-1234567"
marketplace = "APJ6JRA9NG5V4"
channel = "fba"
placed = "2026-11-01T00:00:00Z"
verified = "30m"
tax = "none"
prime = true
company = "Bianchi & C."
vat_number = "IT01234567890"
lines = [{sku = "demo_1", price = 23.90, shipping = "4.90"}, {sku = "demo_2", price = "9.00", quantity = 3}]
address = {name = "Ada", city = "Roma"}
"""


def test_own_orders_are_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "orders.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    first, second = World.load(path, START)
    assert isinstance(first, SimulatedOrder)
    assert isinstance(second, SimulatedOrder)
    assert first.lines == (Line("demo_1", 2, Decimal("23.90")),)
    assert first.placed == START - timedelta(hours=2)
    assert first.events[1:] == (verified(minutes=90), shipped(days=1))
    assert (first.tax_mode, first.tax_rate) == (TaxMode.INSIDE, Decimal(19))
    assert second.order_id == "171-1234567-1234567"
    assert second.marketplace == "IT"
    assert second.channel is Channel.FBA
    assert second.lines == (
        Line("demo_1", 1, Decimal("23.9"), shipping=Decimal("4.90")),
        Line("demo_2", 3, Decimal("9.00")),
    )
    assert second.programs == ("PRIME", "AMAZON_BUSINESS")
    assert second.business == Business("Bianchi & C.", "", "IT01234567890")
    assert second.address == (("name", "Ada"), ("city", "Roma"))


def test_an_own_order_with_every_key() -> None:
    item = {
        "sku": "A",
        "price": "10.00",
        "quantity": 2,
        "title": "T",
        "asin": "B0",
        "promotion": "P",
        "gift_message": "G",
        "shipping": "1",
        "gift_wrap": "2",
        "cod_fee": "3",
        "discount": "4",
        "shipping_discount": "0.5",
    }
    table = {
        "id": "303-1234567-1234567",
        "marketplace": "de",
        "channel": "fba",
        "placed": "2026-11-01T00:00:00.5Z",
        "country": "at",
        "tax": "on-top",
        "tax_rate": 7.5,
        "tip": "2.00",
        "prime": True,
        "service_level": "NEXT_DAY",
        "company": "C",
        "purchase_order": "PO",
        "vat_number": "VAT",
        "replaces": "302-0000000-0000002",
        "payment_method": "Invoice",
        "seller_order_id": "S",
        "address": {"name": "Ada"},
        "cancel_reason": "Sold out",
        "cancelled": "5h",
        "verified": "1h",
        "cancel_requested": "2h",
        "shipped": "3h",
        "delivered": "4h",
        "lines": [item],
    }
    assert own_orders({"order": [table]}, START) == [
        SimulatedOrder(
            "303-1234567-1234567",
            "DE",
            datetime(2026, 11, 1, tzinfo=UTC),
            (
                Line(
                    sku="A",
                    quantity=2,
                    price=Decimal("10.00"),
                    title="T",
                    asin="B0",
                    shipping=Decimal(1),
                    gift_wrap=Decimal(2),
                    cod_fee=Decimal(3),
                    discount=Decimal(4),
                    shipping_discount=Decimal("0.5"),
                    promotion="P",
                    gift_message="G",
                ),
            ),
            (
                PLACED,
                *(
                    Event(kind, seconds(hours=hours), reason="Sold out")
                    for hours, kind in enumerate(
                        (
                            EventKind.VERIFIED,
                            EventKind.CANCEL_REQUESTED,
                            EventKind.SHIPPED,
                            EventKind.DELIVERED,
                            EventKind.CANCELLED,
                        ),
                        1,
                    )
                ),
            ),
            channel=Channel.FBA,
            country="AT",
            tax_mode=TaxMode.ON_TOP,
            tax_rate=Decimal("7.5"),
            tip=Decimal("2.00"),
            programs=("PRIME", "AMAZON_BUSINESS"),
            service_level="NEXT_DAY",
            business=Business("C", "PO", "VAT"),
            replaces="302-0000000-0000002",
            payment_method="Invoice",
            seller_order_id="S",
            address=(("name", "Ada"),),
        )
    ]


@pytest.mark.parametrize(
    ("marketplace", "more", "mode", "rate"),
    [
        ("DE", {}, TaxMode.INSIDE, "19"),
        ("DE", {"country": "at"}, TaxMode.INSIDE, "20"),
        ("DE", {"country": "CH"}, TaxMode.INSIDE, "0"),
        ("US", {}, TaxMode.ON_TOP, "8.25"),
        ("JP", {}, TaxMode.NONE, "10"),
    ],
)
def test_an_own_order_with_as_few_keys_as_possible(
    marketplace: str, more: dict[str, str], mode: TaxMode, rate: str
) -> None:
    (order,) = own_orders({"order": [{"marketplace": marketplace, "sku": "A", "price": 0, **more}]}, START)
    own_id = invent_order_id(marketplace, 1, 424242)
    country = more.get("country", "").upper()
    line = Line("A", 1, Decimal(0))
    assert order == SimulatedOrder(
        own_id, marketplace, START, (line,), country=country, tax_mode=mode, tax_rate=Decimal(rate)
    )


def test_own_orders_have_the_same_invented_ids_each_time() -> None:
    table = {"order": [{"marketplace": "DE", "sku": "a", "price": 1}, {"marketplace": "IT", "sku": "a", "price": 1}]}
    first = [order.order_id for order in own_orders(table, START)]
    assert first == [order.order_id for order in own_orders(table, START + timedelta(days=3))]
    assert len(set(first)) == 2


GOOD = {"marketplace": "DE", "sku": "a", "price": "1.00"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"marketplace": "XX"}, "XX"),
        ({"marketplace": None}, "marketplace"),
        ({"price": "cheap"}, "price"),
        ({"price": "-1"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"tip": "much"}, "tip 'much' is no number"),
        ({"tax_rate": -1}, "tax_rate -1 must be a number of at least 0"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": "2"}, "quantity"),
        ({"placed": "tomorrow"}, "tomorrow"),
        ({"verified": "soon"}, "soon"),
        ({"channel": "post"}, "post"),
        ({"id": "12345"}, "12345"),
        ({"colour": "red"}, "colour"),
        ({"lines": [{"sku": "b", "price": 1}]}, "lines"),
        ({"tax": "maybe"}, "maybe"),
        ({"address": "Rome"}, "order 1"),
    ],
)
def test_a_wrong_own_order_is_named_with_its_number_and_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        own_orders({"order": [GOOD | change]}, START)
    assert "order 1" in str(caught.value)


@pytest.mark.parametrize("lines", [[{"sku": "b"}], [{"price": 1}], [{"sku": "b", "price": 1, "size": "L"}]])
def test_a_wrong_item_is_refused(lines: list[dict[str, Any]]) -> None:
    with pytest.raises(UsageError, match="item"):
        own_orders({"order": [{"marketplace": "DE", "lines": lines}]}, START)


@pytest.mark.parametrize("table", [{}, {"order": {}}, {"orders": []}, {"order": [], "clock": 1}])
def test_a_file_without_orders_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="order"):
        own_orders(table, START)
