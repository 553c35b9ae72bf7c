"""Generated worlds: the same for the same seed, plausible, and right to the cent in exactly one reading."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.orders import Channel
from orderferry.simulator.catalog import DEMO_CATALOG, STANDARD_RATES, CatalogItem, local_price, own_catalog
from orderferry.simulator.order_files import encode_order
from orderferry.simulator.orders import EventKind, Line, SimulatedOrder, TaxMode, invent_order_id
from orderferry.simulator.shop_life import _told_apart, generate
from orderferry.simulator.world import World
from support.proceeds import grand_total_adds_up, readings
from support.simulated import START, seconds

FIGURES = Path(__file__).parents[2] / "data" / "simulator" / "month.json"
EVERYWHERE = ("DE", "IT", "FR", "ES", "NL", "PL", "SE", "GB", "US", "JP")


@pytest.fixture(scope="module")
def month() -> World:
    """A month of a shop on ten marketplaces."""
    return generate(seed=11, start=START, days=30, orders_per_day=100, marketplaces=EVERYWHERE)


def scripted(world: World) -> Iterator[SimulatedOrder]:
    for order in world:
        assert isinstance(order, SimulatedOrder)
        yield order


def states(world: World) -> Iterator[tuple[SimulatedOrder, dict[str, Any]]]:
    """Every order after each event of its life, as Amazon shows it."""
    for order in scripted(world):
        for event in order.events:
            found = world.find(order.order_id, order.placed + timedelta(seconds=event.after))
            assert found is not None
            yield order, found[1]


def test_the_same_seed_gives_the_same_world() -> None:
    first, second, other = (generate(seed, START, days=3, orders_per_day=50) for seed in (1, 1, 2))
    assert list(first) == list(second)
    assert list(first) != list(other)
    assert not {order.order_id for order in first} & {order.order_id for order in other}


def summary(world: World) -> dict[str, Any]:
    """What is in a world, in figures. Each choice that chance makes moves some of them."""
    orders = list(scripted(world))
    lines = [line for order in orders for line in order.lines]
    events = [event for order in orders for event in order.events]
    spent: dict[str, Decimal] = {}
    for order in orders:
        currency, prices = order.market.currency, (line.price * line.quantity for line in order.lines)
        spent[currency] = sum(prices, spent.get(currency, Decimal(0)))
    amounts = ("shipping", "gift_wrap", "cod_fee", "discount", "shipping_discount")
    return {
        "marketplaces": Counter(order.marketplace for order in orders),
        "abroad": Counter(order.country for order in orders if order.country),
        "tax": Counter((str(order.tax_mode), str(order.tax_rate)) for order in orders),
        "signs": Counter(order.discount_sign for order in orders),
        "programs": Counter(order.programs for order in orders),
        "levels": Counter(order.service_level for order in orders),
        "paid": Counter(order.payment_method for order in orders),
        "replacements": sum(1 for order in orders if order.replaces),
        "tips": sum(order.tip for order in orders),
        "companies": Counter(order.business.company for order in orders if order.business),
        "VAT numbers": Counter(order.business.vat_number[:2] for order in orders if order.business),
        "purchase orders": sum(1 for order in orders if order.business and order.business.purchase_order),
        "hours": Counter(order.placed.hour for order in orders),
        "seconds": sum((order.placed - START).total_seconds() for order in orders),
        "spent": spent,
        "skus": Counter(line.sku for line in lines),
        "quantities": Counter(line.quantity for line in lines),
        "lines": Counter(len(order.lines) for order in orders),
        "promotions": Counter(line.promotion for line in lines),
        "gifts": Counter((line.gift_message, line.gift_wrap_level) for line in lines),
        "amounts": {amount: sum(getattr(line, amount) for line in lines) for amount in amounts},
        "events": Counter(str(event.kind) for event in events),
        "after": {
            str(kind): sum(event.after for event in events if event.kind is kind)
            for kind in {event.kind for event in events}
        },
        "reasons": Counter((event.by, event.reason) for event in events),
        "parts": Counter(event.quantities for event in events),
        "corrections": Counter(event.changes for event in events),
    }


def test_a_seed_gives_the_very_same_month_in_every_version() -> None:
    """So a report about `demo` can be followed up. If the shop's life is to change, these figures change with it."""
    world = generate(seed=11, start=START, days=30, orders_per_day=40, marketplaces=(*EVERYWHERE, "BE"))
    figures = {
        name: {str(key): str(count) for key, count in sorted(value.items(), key=str)}
        if isinstance(value, dict)
        else str(value)
        for name, value in summary(world).items()
    }
    assert figures == json.loads(FIGURES.read_text("utf-8"))


def test_a_whole_invented_order() -> None:
    order = next(order for order in scripted(generate(7, START, 1, 200)) if order.business and order.lines[0].discount)
    assert encode_order(order) == {
        "order_id": "302-6432367-0388150",
        "marketplace": "DE",
        "placed": "2026-11-02T13:18:44Z",
        "lines": [
            {
                "sku": "FERRY-LANTERN",
                "price": "34.00",
                "title": "Storm lantern, galvanised",
                "discount": "1.70",
                "promotion": "SUMMER-SALE",
            },
            {"sku": "FERRY-COMPASS", "price": "41.50", "title": "Pocket compass, brass"},
        ],
        "events": [
            {"kind": "placed"},
            {"kind": "verified", "after": 1680},
            {"kind": "shipped", "after": 50520, "quantities": [[0, 1]]},
            {"kind": "shipped", "after": 148320},
            {"kind": "delivered", "after": 485160},
        ],
        "tax_mode": "none",
        "tax_rate": "19",
        "discount_sign": 1,
        "programs": ["AMAZON_BUSINESS"],
        "business": {"company": "Müller & Söhne GmbH"},
    }


@pytest.mark.parametrize(
    ("mode", "discount", "shipping_discount", "stays"),
    [
        # 100.00 paid, 20 %: 16.67 of tax inside, 20.00 on top
        (TaxMode.INSIDE, "8.00", "0", False),
        (TaxMode.INSIDE, "7.00", "1.34", False),
        (TaxMode.INSIDE, "8.00", "1.34", True),
        (TaxMode.INSIDE, "7.00", "0", True),
        (TaxMode.INSIDE, "7.80", "0", True),
        (TaxMode.INSIDE, "7.84", "0", False),
        (TaxMode.INSIDE, "10.00", "0", True),
        (TaxMode.ON_TOP, "10.00", "0", False),
        (TaxMode.ON_TOP, "10.50", "0", False),
        (TaxMode.ON_TOP, "10.51", "0", True),
        (TaxMode.ON_TOP, "8.34", "0", True),
        (TaxMode.NONE, "8.34", "0", True),
        (TaxMode.ZERO, "10.00", "0", True),
    ],
)
def test_a_discount_is_left_out_where_its_sign_could_not_be_told(
    mode: TaxMode, discount: str, shipping_discount: str, stays: bool
) -> None:
    """That is where the tax is twice the discount, give or take half a unit of money a piece."""
    line = Line(
        "A",
        2,
        Decimal("40.00"),
        shipping=Decimal("10.00") + Decimal(discount) + Decimal(shipping_discount),
        gift_wrap=Decimal("6.00"),
        cod_fee=Decimal("4.00"),
        discount=Decimal(discount),
        shipping_discount=Decimal(shipping_discount),
        promotion="SUMMER-SALE",
    )
    without = replace(line, discount=Decimal(0), shipping_discount=Decimal(0), promotion="")
    assert _told_apart(line, mode, Decimal(20)) == (line if stays else without)


def test_order_ids_begin_as_sellers_see_them_by_country() -> None:
    first = {country: invent_order_id(country, 0).partition("-")[0] for country in PREFIXES}
    assert first == PREFIXES
    assert [invent_order_id("DE", 0), invent_order_id("DE", 1), invent_order_id("DE", 1, seed=2)] == [
        "302-0333333-3333333",
        "302-6513673-2208322",
        "302-6513673-2224160",
    ]


PREFIXES = {
    "IT": "171", "ES": "402", "DE": "302", "FR": "405", "NL": "404", "BE": "407", "PL": "408", "SE": "403",
    "IE": "206", "GB": "202", "TR": "028", "US": "114", "CA": "702", "MX": "701", "BR": "701", "JP": "250",
    "AU": "250", "SG": "503", "IN": "408", "AE": "405", "SA": "405", "EG": "404", "ZA": "406", "CH": "305",
}  # fmt: skip


def test_prices_are_plausible_in_each_currency() -> None:
    prices = {
        "EUR": "9.99", "GBP": "8.99", "PLN": "44.96", "SEK": "114.89", "TRY": "479.52", "USD": "10.99", "CAD": "14.99",
        "MXN": "199.80", "BRL": "59.94", "JPY": "1698", "AUD": "16.98", "SGD": "14.99", "AED": "39.96", "SAR": "39.96",
        "EGP": "549.45", "INR": "949.05", "ZAR": "199.80",
    }  # fmt: skip
    assert {currency: str(local_price(Decimal("9.99"), currency)) for currency in prices} == prices


def test_the_standard_rates_of_vat() -> None:
    assert {country: str(rate) for country, rate in STANDARD_RATES.items()} == {
        "AE": "5", "AT": "20", "AU": "10", "BE": "21", "BR": "17", "CA": "13", "DE": "19", "EG": "14", "ES": "21",
        "FR": "20", "GB": "20", "IE": "23", "IN": "18", "IT": "22", "JP": "10", "LU": "17", "MX": "16", "NL": "21",
        "PL": "23", "PT": "23", "SA": "15", "SE": "25", "SG": "9", "TR": "20", "US": "8.25", "ZA": "15",
    }  # fmt: skip


def test_the_catalogue_of_the_demo_and_one_of_a_staging_shop() -> None:
    assert [(item.sku, str(item.price)) for item in DEMO_CATALOG] == [
        ("FERRY-MUG-BLUE", "14.90"),
        ("FERRY-MUG-WHITE", "14.90"),
        ("FERRY-TOTE", "19.50"),
        ("FERRY-ROPE-10", "8.95"),
        ("FERRY-LANTERN", "34.00"),
        ("FERRY-BLANKET", "89.00"),
        ("FERRY-KNIFE", "27.99"),
        ("FERRY-CAP-M", "22.00"),
        ("FERRY-CAP-L", "22.00"),
        ("FERRY-CHART", "24.90"),
        ("FERRY-COMPASS", "41.50"),
        ("FERRY-SOAP-3", "11.70"),
    ]
    own = own_catalog([f"SKU-{number}" for number in range(14)])
    assert [(item.sku, item.title, str(item.price)) for item in own[::12]] == [
        ("SKU-0", "Article SKU-0", "14.90"),
        ("SKU-12", "Article SKU-12", "14.90"),
    ]


def test_there_are_as_many_orders_as_asked_for_spread_over_the_days(month: World) -> None:
    days = Counter((order.placed - START).days for order in scripted(month))
    assert days == dict.fromkeys(range(30), 100)


def test_order_ids_have_amazons_form_and_are_unique(month: World) -> None:
    ids = [order.order_id for order in scripted(month)]
    assert len(set(ids)) == len(ids) == 3000
    assert all(re.fullmatch(r"\d{3}-\d{7}-\d{7}", one) for one in ids)


def test_running_numbers_never_meet() -> None:
    assert len({invent_order_id("DE", number, seed=9) for number in range(50_000)}) == 50_000


def test_every_order_reconciles_in_one_reading_at_every_moment_of_its_life(month: World) -> None:
    judged = 0
    for order, shown in states(month):
        if "proceeds" not in shown:
            assert shown["fulfillment"]["fulfillmentStatus"] in {"PENDING", "CANCELLED"}
            continue
        assert grand_total_adds_up(shown), order
        for item in shown["orderItems"]:
            assert len(readings(item)) == 1, order
            judged += 1
    assert judged > 6000


def test_the_mix_holds_what_an_importer_trips_over(month: World) -> None:
    orders = list(scripted(month))
    lines = [line for order in orders for line in order.lines]
    kinds = {
        "tax inside": any(order.tax_mode is TaxMode.INSIDE for order in orders),
        "no tax row": any(order.tax_mode is TaxMode.NONE for order in orders),
        "tax on top": any(order.tax_mode is TaxMode.ON_TOP for order in orders),
        "both signs": {order.discount_sign for order in orders if any(line.discount for line in order.lines)}
        == {-1, 1},
        "shipping": any(line.shipping for line in lines),
        "gift": any(line.gift_wrap and line.gift_message for line in lines),
        "shipping discount": any(line.shipping_discount for line in lines),
        "cash on delivery": any(line.cod_fee for line in lines),
        "tip": any(order.tip for order in orders),
        "replacement": any(order.replaces and not order.lines[0].price for order in orders),
        "vine": any(line.discount and line.discount == line.price for line in lines),
        "business": any(order.business and order.business.vat_number for order in orders),
        "prime": any("PRIME" in order.programs for order in orders),
        "abroad": any(order.country for order in orders),
        "same sku twice": any(len({line.sku for line in order.lines}) < len(order.lines) for order in orders),
        "yen": any(order.marketplace == "JP" and order.lines[0].price % 1 == 0 for order in orders),
    }
    assert [kind for kind, there in kinds.items() if not there] == []


def test_regular_orders_are_mostly_verified_soon_and_some_are_held_for_days(month: World) -> None:
    waits = [
        next((event.after for event in order.events if event.kind is EventKind.VERIFIED), None)
        for order in scripted(month)
        if order.channel is Channel.REGULAR
    ]
    soon = [wait for wait in waits if wait is not None and wait <= seconds(minutes=30)]
    held = [wait for wait in waits if wait is not None and wait > seconds(minutes=30)]
    assert len(soon) / len(waits) > 0.85
    assert 0.02 < len(held) / len(waits) < 0.07
    assert seconds(days=2) <= min(held) <= max(held) <= seconds(days=9)
    assert None in waits


def test_fba_orders_ship_within_four_days_and_some_stay_pending_until_then(month: World) -> None:
    fba = [order for order in scripted(month) if order.channel is Channel.FBA]
    assert 0.2 < len(fba) / 3000 < 0.3
    ships = [event.after for order in fba for event in order.events if event.kind is EventKind.SHIPPED]
    assert seconds(hours=2) <= min(ships) <= max(ships) <= seconds(days=4)
    assert any(len(order.events) == 2 and order.events[1].kind is EventKind.SHIPPED for order in fba)


def test_the_shop_sells_what_it_is_told_to() -> None:
    skus = (CatalogItem("ONLY", "The only one", Decimal("9.90")),)
    world = generate(3, START, 1, 40, ("SE",), skus=skus, fba_share=0, abroad_share=0)
    orders = list(scripted(world))
    assert {line.sku for order in orders for line in order.lines} == {"ONLY"}
    assert {order.channel for order in orders} == {Channel.REGULAR}
    assert {order.delivery_country for order in orders} == {"SE"}
    assert len({item.sku for item in DEMO_CATALOG}) == len(DEMO_CATALOG)


def test_no_discount_is_half_of_the_tax() -> None:
    # 20.57 with 5 % off and 5.39 shipping bears 2.06 of tax, twice the discount: nobody could tell the readings apart.
    skus = (CatalogItem("HALF", "Ambiguous", Decimal("18.70")),)
    world = generate(1, START, 1, 4000, ("US",), skus=skus)
    reduced = [line for order in scripted(world) for line in order.lines if line.discount and line.shipping]
    assert reduced
    for line in reduced:
        discount = line.discount + line.shipping_discount
        tax = (line.price * line.quantity + line.shipping + line.gift_wrap - discount) * Decimal("0.0825")
        assert abs(tax - 2 * discount) > Decimal("0.1")


def test_an_unknown_marketplace_is_refused() -> None:
    with pytest.raises(ValueError, match="XX"):
        generate(1, START, 1, 1, ("XX",))
