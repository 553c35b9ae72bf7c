"""From an Amazon order to a resolved order, without a database."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.config.model import ProductsSettings, StockSettings
from orderferry.domain.orders import Channel, Money, Order, OrderStatus, Proceeds, ProceedsType
from orderferry.domain.problems import Problem
from orderferry.prestashop.facts import FeeKey, OwnThings
from orderferry.prestashop.planning.goods import Goods, Movement
from orderferry.prestashop.planning.resolve_order import resolve_order
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from support.resolved_orders import MUG, ORDER, catalog, market
from support.writing import NOW, Sold, amazon_order, cancelled, shipped

KNOWN = {"demo_11": (MUG,)}


def resolve(order: Order = ORDER, known: Any = KNOWN, own: OwnThings | None = None, **more: Any) -> ResolvedOrder:
    """Resolve an order that nothing holds; `more` are fields of the market."""
    found = resolve_order(order, market(**more), catalog(known, own), NOW)
    assert isinstance(found, ResolvedOrder), found
    return found


def with_fee(amount: str = "4.00") -> Order:
    """The order with a fee for cash on delivery."""
    assert ORDER.grand_total is not None
    fee = Proceeds(ProceedsType.COD_FEE, Money(Decimal(amount), "EUR"))
    return replace(ORDER, proceeds=(fee,), grand_total=Money(ORDER.grand_total.amount + Decimal(amount), "EUR"))


@pytest.mark.parametrize(
    ("order", "stock", "movement"),
    [
        (ORDER, StockSettings(), Movement.SELL),
        (shipped(ORDER), StockSettings(), Movement.SELL_SHIPPED),
        (cancelled(ORDER), StockSettings(), None),
        (ORDER, StockSettings(regular="none"), None),
        (replace(shipped(ORDER), channel=Channel.FBA), StockSettings(), None),
        (replace(shipped(ORDER), channel=Channel.FBA), StockSettings(fba="move"), Movement.SELL_SHIPPED),
    ],
    ids=["to be sent", "shipped", "cancelled", "no stock", "FBA", "FBA with stock"],
)
def test_what_happens_to_the_goods(order: Order, stock: StockSettings, movement: Movement | None) -> None:
    assert resolve(order, stock=stock).movement is movement


def test_items_of_one_product_are_one_line() -> None:
    found = resolve(amazon_order(Sold("demo_11", 2, "29.04"), Sold("demo_11", 1, "14.52")))
    assert [(line.priced.quantity, len(line.items)) for line in found.lines] == [(3, 2)]
    assert found.goods == (Goods(6, 0, 3),)
    assert found.sold == (Goods(6, 0, 3),)


@pytest.mark.parametrize(
    ("settings", "products", "counts"),
    [
        (ProductsSettings(unknown="line"), {}, [1, 1, 1]),
        (ProductsSettings(unknown="placeholder", placeholder="any"), {"any": (MUG,)}, [1, 2]),
    ],
    ids=["free lines", "a placeholder for each SKU"],
)
def test_lines_that_stay_apart(settings: ProductsSettings, products: Any, counts: list[int]) -> None:
    """Who packs has to know what each piece is; nothing of it leaves the stock."""
    order = amazon_order(Sold("a", 1, "10.00"), Sold("b", 1, "10.00"), Sold("b", 1, "10.00"))
    found = resolve(order, products, products=settings)
    assert [line.priced.quantity for line in found.lines] == counts
    assert (found.goods, found.sold) == ((), ())


def test_a_fee_is_a_line_on_a_product_that_has_yet_to_be_made() -> None:
    found = resolve(with_fee(), own=OwnThings(may_make_products=True))
    _, fee = found.lines
    assert (fee.fee, fee.sells, fee.is_unmade) == (FeeKey(ProceedsType.COD_FEE, 1), None, True)
    assert (found.is_complete, found.fees_joined) == (False, False)


def test_a_fee_is_in_the_shipping_where_no_product_can_be_made() -> None:
    found = resolve(with_fee(), own=OwnThings())
    assert len(found.lines) == 1
    assert found.priced.shipping.amount.incl == Decimal("12.54")
    assert (found.is_complete, found.fees_joined) == (True, True)
    assert not resolve(own=OwnThings()).fees_joined  # an order without fees


@pytest.mark.parametrize(("found", "code"), [((), "unknown-sku"), ((MUG, MUG), "ambiguous-sku")])
def test_a_fee_on_a_product_of_the_shop_that_is_not_there(found: Any, code: str) -> None:
    settings = ProductsSettings(fees={"cod_fee": "FEE-1"})
    held = resolve_order(with_fee(), market(products=settings), catalog({**KNOWN, "FEE-1": found}), NOW)
    assert isinstance(held, Problem)
    assert (held.code, held.subject) == (code, "FEE-1")


@pytest.mark.parametrize(
    ("order", "code", "subject"),
    [
        (amazon_order(Sold("demo_11", 1, "10.00"), currency="PLN"), "unmapped-currency", "PLN"),
        (replace(ORDER, delivery_address=None), "no-address", ORDER.order_id),
    ],
)
def test_what_holds_an_order(order: Order, code: str, subject: str) -> None:
    held = resolve_order(order, market(), catalog(KNOWN), NOW)
    assert isinstance(held, Problem)
    assert held.code == code
    assert subject in {held.subject, held.order_id}


def test_an_order_that_was_sent_needs_no_address() -> None:
    found = resolve(replace(ORDER, status=OrderStatus.SHIPPED, delivery_address=None))
    assert found.delivery.country.iso == "IT"
    assert found.delivery.postal.placeholders
