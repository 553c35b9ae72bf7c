"""From an Amazon order to a resolved order, without a database."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.config.model import MarketplaceSettings, OrdersSettings, ProductsSettings, StockSettings
from orderferry.domain.orders import Channel, Money, Order, OrderStatus, Proceeds, ProceedsType
from orderferry.domain.pricing.tax_law import TaxScheme
from orderferry.domain.problems import Problem
from orderferry.prestashop.facts import Currency, FeeKey, OwnThings, TaxRule
from orderferry.prestashop.planning.goods import Goods, Movement
from orderferry.prestashop.planning.resolve_order import resolve_order
from orderferry.prestashop.planning.resolved_order import Account, Paperwork, ResolvedOrder
from support.resolved_orders import FACTS, MUG, ORDER, PAID, PLACE, catalog, market
from support.writing import HOME, NOW, PURCHASED, Sold, amazon_order, cancelled, shipped

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


def test_everything_that_a_resolved_order_says() -> None:
    euro = Currency(4, "EUR", Decimal("0.9"), 2, active=False, shop_rates={1: Decimal("0.95")})
    facts = replace(
        FACTS,
        currencies={"EUR": euro},
        taxes={**FACTS.taxes, 8: Decimal(0), 7: Decimal(0)},
        tax_rules={**FACTS.tax_rules, (3, 10): (TaxRule(8),)},
        configuration={**FACTS.configuration, ("PS_ECOTAX_TAX_RULES_GROUP_ID", 0, 0): "2"},
    )
    own = MarketplaceSettings(orders=OrdersSettings(payment_label="{marketplace} ({country})", date="purchase"))
    found = resolve(facts=facts, settings=own)

    assert {name: getattr(found, name) for name in EXPECTED} == {**EXPECTED, "currency": euro}
    (line,) = found.lines
    assert (line.product, line.items, line.tax_name, line.fee) == (MUG, ORDER.items, "IVA IT 22%", None)
    assert found.priced.total.incl == Decimal("37.58")


EXPECTED: dict[str, Any] = {
    "order": ORDER,
    "now": NOW,
    "currency": None,
    "conversion_rate": Decimal("0.95"),
    "carrier_tax_rate": 22,
    "state": PAID,
    "id_carrier": 2,
    "account": Account("order", f"{ORDER.order_id}@amazon.invalid", "Mario", "Rossi", "", 2),
    "delivery": replace(PLACE, id_state=0, dni="00000"),
    "invoice_place": None,
    "paperwork": Paperwork(row=True, invoice=True),
    "payment_label": "Amazon.it (IT)",
    "placed": PURCHASED,
    "goods": (Goods(6, 0, 2),),
    "movement": Movement.SELL,
    "backorder": None,
    "tax_scheme": TaxScheme.DOMESTIC,
    "ecotax_tax_rate": 10,
    "zero_tax": 8,
    "may_make_taxes": False,
    "fees_joined": False,
}


def test_an_order_is_placed_when_it_is_imported_unless_the_configuration_says_when_it_was_bought() -> None:
    assert resolve().placed == NOW


@pytest.mark.parametrize(
    ("rate", "of_the_shop", "used"),
    [("11.5", {}, "11.5"), ("11.5", {2: Decimal(12)}, "11.5"), ("11.5", {1: Decimal(12)}, "12"), ("0", {}, "1")],
    ids=["the currency's", "another shop's", "the shop's own", "never 0: statistics divide by it"],
)
def test_the_rate_of_the_currency(rate: str, of_the_shop: dict[int, Decimal], used: str) -> None:
    euro = Currency(1, "EUR", Decimal(rate), 2, active=True, shop_rates=of_the_shop)

    assert resolve(facts=replace(FACTS, currencies={"EUR": euro})).conversion_rate == Decimal(used)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (
            amazon_order(Sold("demo_11", 1, "10.00"), currency="PLN"),
            "order 402-1234567-1234567 is in PLN, a currency that the shop does not have",
        ),
        (
            replace(
                ORDER,
                marketplace_id="?",
                grand_total=None,
                items=(replace(ORDER.items[0], proceeds=(), proceeds_total=None),),
            ),
            "order 402-1234567-1234567 names no currency",
        ),
        (
            replace(ORDER, delivery_address=replace(HOME, country="PL")),
            "order 402-1234567-1234567 goes to PL, a country that the shop does not have",
        ),
        (
            replace(ORDER, delivery_address=None),
            "order 402-1234567-1234567 has no delivery address to send it to",
        ),
        (
            replace(ORDER, items=(replace(ORDER.items[0], sku="X"),)),
            "order 402-1234567-1234567: no product of the shop answers to the SKU 'X'",
        ),
        (
            replace(ORDER, items=(replace(ORDER.items[0], sku=""),)),
            "order 402-1234567-1234567: Amazon gives an item without SKU (ASIN B000000001); "
            "only products.unknown can let it in",
        ),
        (
            replace(ORDER, items=(replace(ORDER.items[0], sku="twice"),)),
            "order 402-1234567-1234567: 2 products of the shop answer to the SKU 'twice'",
        ),
        (
            replace(ORDER, items=(replace(ORDER.items[0], sku="warehouse"),)),
            "order 402-1234567-1234567: the stock of 'warehouse' is kept in warehouses (advanced stock management), "
            "which orderferry does not write",
        ),
    ],
)
def test_the_problem_says_which_order_is_held_and_why(order: Order, message: str) -> None:
    known = {**KNOWN, "twice": (MUG, replace(MUG, id_product=7)), "warehouse": (replace(MUG, depends_on_stock=True),)}
    advanced = replace(FACTS, configuration={**FACTS.configuration, ("PS_ADVANCED_STOCK_MANAGEMENT", 0, 0): "1"})
    held = resolve_order(order, market(advanced), catalog(known), NOW)

    assert isinstance(held, Problem)
    assert (held.message, held.order_id) == (message, ORDER.order_id)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ((), "order {}: no product of the shop answers to 'FEE-1', which products.fees names for cod_fee"),
        ((MUG, MUG), "order {}: 2 products answer to 'FEE-1', which products.fees names for cod_fee"),
    ],
)
def test_the_problem_of_a_fee_names_the_product_that_is_not_there(found: Any, message: str) -> None:
    settings = ProductsSettings(fees={"cod_fee": "FEE-1"})
    held = resolve_order(with_fee(), market(products=settings), catalog({**KNOWN, "FEE-1": found}), NOW)

    assert isinstance(held, Problem)
    assert held.message == message.format(ORDER.order_id)


def test_a_fee_is_booked_on_the_product_of_the_shop_that_the_configuration_names() -> None:
    fee = replace(MUG, id_product=9, reference="FEE-1")
    found = resolve(with_fee(), {**KNOWN, "FEE-1": (fee,)}, products=ProductsSettings(fees={"cod_fee": "FEE-1"}))

    assert [(line.product, line.fee) for line in found.lines] == [(MUG, None), (fee, None)]
    assert found.goods == (Goods(6, 0, 2),)  # a fee leaves no stock


def test_shipping_that_cost_nothing_has_the_rate_of_the_carrier() -> None:
    free = amazon_order(Sold("demo_11", 2, "29.04", "5.24"))

    assert resolve(free).carrier_tax_rate == 22
    assert resolve(free, facts=replace(FACTS, carrier_tax_groups={(2, 1): 2})).carrier_tax_rate == 10
    assert resolve(free, facts=replace(FACTS, carrier_tax_groups={})).carrier_tax_rate == 0


def test_a_fee_for_gift_wrapping_has_the_group_that_the_shop_has_for_it() -> None:
    order = amazon_order(Sold("demo_11", 2, "29.04", wrap="4.40"))
    setting = {("PS_GIFT_WRAPPING_TAX_RULES_GROUP", 0, 0): "5"}
    facts = replace(
        FACTS,
        tax_rules={**FACTS.tax_rules, (5, 10): (TaxRule(1),)},
        configuration={**FACTS.configuration, **setting},
    )
    found = resolve(order, own=OwnThings(may_make_products=True), facts=facts)

    assert found.lines[1].fee == FeeKey(ProceedsType.GIFT_WRAP, 5)
    assert resolve(order, own=OwnThings(may_make_products=True)).lines[1].fee == FeeKey(ProceedsType.GIFT_WRAP, 1)


def test_a_tax_of_0_percent_of_our_own_is_taken_where_the_shop_has_none() -> None:
    assert resolve(own=OwnThings(zero_tax=31)).zero_tax == 31
    assert resolve(own=OwnThings(zero_tax=31), facts=replace(FACTS, taxes={**FACTS.taxes, 3: Decimal(0)})).zero_tax == 3


def test_the_contents_of_a_pack_leave_the_stock_as_the_shops_own_setting_says() -> None:
    pack = replace(MUG, pack_items=((1, 0, 2),))
    facts = replace(FACTS, configuration={**FACTS.configuration, ("PS_PACK_STOCK_TYPE", 0, 0): "1"})

    assert resolve(known={"demo_11": (pack,)}).goods == (Goods(6, 0, 2),)
    assert resolve(known={"demo_11": (pack,)}, facts=facts).goods == (Goods(1, 0, 4, reserves=False),)
