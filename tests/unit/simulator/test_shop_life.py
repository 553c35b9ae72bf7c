"""Generated worlds: the same for the same seed, plausible, and right to the cent in exactly one reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.orders import Channel
from orderferry.simulator.catalog import DEMO_CATALOG, CatalogItem
from orderferry.simulator.orders import EventKind, SimulatedOrder, TaxMode, invent_order_id
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World
from support.proceeds import grand_total_adds_up, readings
from support.simulated import START, seconds

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
