"""Whole orders as the simulated Amazon shows them: each field of Orders API 2026-01-01 that it knows, at moments of
their lives. The documents are in tests/data/simulator/orders.json."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.orders import Channel
from orderferry.simulator.orders import Business, Event, EventKind, Line, SimulatedOrder, TaxMode
from orderferry.simulator.world import World
from support.simulated import seconds, shipped, simulated_order, verified

DOCUMENTS = json.loads((Path(__file__).parents[2] / "data" / "simulator" / "orders.json").read_text("utf-8"))

RICH = simulated_order(
    1,
    verified(hours=1),
    Event(EventKind.ADDRESS_CORRECTED, seconds(hours=2), changes=(("addressLine2", "Hinterhaus"),)),
    Event(EventKind.CANCEL_REQUESTED, seconds(hours=3), reason="Too late"),
    Event(EventKind.ITEM_CANCELLED, seconds(hours=4), quantities=((1, 1),), by="MERCHANT", reason="Sold out"),
    Event(EventKind.SHIPPED, seconds(hours=5), quantities=((0, 2),), carrier="DPD", tracking="0123"),
    Event(EventKind.TIP_FINALIZED, seconds(hours=6)),
    shipped(hours=9),
    Event(EventKind.DELIVERED, seconds(days=2)),
    lines=(
        Line(
            "MUG",
            2,
            Decimal("12.50"),
            title="A mug",
            asin="B000000001",
            shipping=Decimal("4.90"),
            gift_wrap=Decimal("3.50"),
            cod_fee=Decimal("2.90"),
            discount=Decimal("2.00"),
            shipping_discount=Decimal("1.90"),
            promotion="SUMMER",
            gift_message="For you",
            gift_wrap_level="GOLD",
            ioss_number="IM0400000000",
        ),
        Line("CUP", 3, Decimal("4.00"), discount=Decimal("3.00")),
    ),
    country="AT",
    discount_sign=1,
    tip=Decimal("2.00"),
    programs=("AMAZON_BUSINESS", "PRIME"),
    service_level="NEXT_DAY",
    business=Business("Müller GmbH", "PO-77", "DE123456789"),
    replaces="302-1234567-1234567",
    payment_method="Invoice",
    seller_order_id="MINE-1",
    tax_scheme="UOSS",
    collected_by_amazon=True,
)
PLAIN_FBA = simulated_order(
    2,
    shipped(hours=3),
    marketplace="US",
    channel=Channel.FBA,
    tax_mode=TaxMode.ON_TOP,
    tax_rate=Decimal("8.25"),
    sales_channel="NON_AMAZON",
)
YEN = simulated_order(3, verified(hours=1), shipped(hours=30), marketplace="JP", tax_mode=TaxMode.NONE)
CANCELLED = simulated_order(4, verified(hours=1), Event(EventKind.CANCELLED, seconds(hours=2), reason="No need"))
PREORDER = simulated_order(5, Event(EventKind.AVAILABLE, seconds(days=5)), prices_while_pending=True)


@pytest.mark.parametrize(
    ("name", "order", "hours"),
    [
        ("rich, pending", RICH, 0),
        ("rich, released", RICH, 1),
        ("rich, in parts", RICH, 5),
        ("rich, delivered", RICH, 48),
        ("FBA, shipped", PLAIN_FBA, 3),
        ("yen, unshipped", YEN, 2),
        ("yen, shipped", YEN, 31),
        ("yen, long after", YEN, 24 * 30),
        ("cancelled", CANCELLED, 2),
        ("pre-order", PREORDER, 1),
    ],
)
def test_a_whole_order(name: str, order: SimulatedOrder, hours: int) -> None:
    assert shown(order, hours) == DOCUMENTS[name]


def shown(order: SimulatedOrder, hours: int) -> dict[str, Any]:
    found = World([order]).find(order.order_id, order.placed + timedelta(hours=hours))
    assert found is not None
    return found[1]
