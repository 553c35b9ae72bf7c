"""A resolved order with everything in it, and a market, for the pure functions; any field can be replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from orderferry.config.model import MarketplaceSettings, ProductsSettings, StockSettings
from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.postal_address import PostalAddress
from orderferry.domain.pricing.priced_order import Amount, PricedCharge, PricedLine, PricedOrder, Reading
from orderferry.prestashop.facts import (
    Catalog,
    Country,
    Currency,
    OrderState,
    OwnThings,
    Product,
    ShopFacts,
    ShopUnit,
    TaxRule,
)
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import home_country
from orderferry.prestashop.planning.resolved_order import Account, Paperwork, Place, ResolvedLine, ResolvedOrder
from support.writing import NOW, PURCHASED, Sold, amazon_order

PAID = OrderState(2, "Payment accepted", True, True, True, False, False, True)
SHIPPED = OrderState(4, "Shipped", True, True, True, True, True, True)
CANCELLED = OrderState(6, "Canceled", False, False, False, False, False, True)
ORDER = amazon_order(Sold("demo_11", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54"))
MUG = Product(
    id_product=6,
    id_product_attribute=0,
    name="Mug",
    names={1: "Tazza", 2: "Mug"},
    reference="demo_11",
    supplier_reference="demo_11",
    ean13="",
    upc="",
    isbn="",
    mpn="",
    weight=Decimal("0.300"),
    wholesale_price=Decimal("5.49"),
    id_tax_rules_group=1,
    stock_quantity=900,
)
POSTAL = PostalAddress("Mario", "Rossi", "", "Via Roma 1", "Scala B", "20121", "Milano", "IT", "MI", "+390212345678")
PLACE = Place(POSTAL, Country(10, "IT", 1, True, True, True), 183)

SHOP = ShopUnit(1, 1, "Shop", False, False, False)
FACTS = ShopFacts(
    version="8.2.1",
    tables={},
    configuration={
        ("PS_COUNTRY_DEFAULT", 0, 0): "10",
        ("PS_OS_CANCELED", 0, 0): "6",
        ("PS_OS_ERROR", 0, 0): "8",
        ("PS_OS_REFUND", 0, 0): "7",
    },
    states={state.id: state for state in (PAID, SHIPPED, CANCELLED)},
    carriers=(),
    carrier_references={},
    currencies={"EUR": Currency(1, "EUR", Decimal(1), 2, True)},
    countries={"IT": PLACE.country},
    provinces=(),
    shops={1: SHOP},
    languages={"it": 1, "en": 2},
    taxes={1: Decimal(22), 2: Decimal(10)},
    tax_names={1: "IVA IT 22%", 2: "IVA IT 10%"},
    groups={},
    time_zone="Europe/Rome",
    tax_rules={(1, 10): (TaxRule(1),), (2, 10): (TaxRule(2),)},
    carrier_tax_groups={(2, 1): 1},
    employee=1,
)


def market(facts: ShopFacts = FACTS, **more: Any) -> Market:
    """The marketplace of Italy in a shop of one kind of each thing."""
    made = Market(
        code="IT",
        settings=MarketplaceSettings(),
        products=ProductsSettings(),
        stock=StockSettings(),
        facts=facts,
        shop=SHOP,
        id_lang=1,
        zone=ZoneInfo("Europe/Rome"),
        states={"paid": PAID, "shipped": SHIPPED, "fba": SHIPPED, "cancelled": CANCELLED},
        carriers={"": 2},
        id_carrier_fba=0,
        carrier_groups={},
        id_group=2,
        id_business_group=2,
        collected_by_amazon=(),
        round_mode=2,
        round_type=2,
        home=home_country(facts, SHOP),
    )
    return replace(made, **more)


def catalog(products: Mapping[str, tuple[Product, ...]], own: OwnThings | None = None) -> Catalog:
    """What was prefetched for a page of orders that are all new: the products by SKU, and what fees are booked on."""
    return Catalog(
        products={(SHOP.id, sku): found for sku, found in products.items()},
        markers={},
        foreign={},
        customers={},
        shop_orders={},
        references={},
        own=own or OwnThings(),
    )


def amount(excl: str, incl: str) -> Amount:
    return Amount(Decimal(excl), Decimal(incl))


def priced_line(quantity: int = 2, **more: Any) -> PricedLine:
    values: dict[str, Any] = {
        "kind": ProceedsType.ITEM,
        "item_ids": (ORDER.items[0].item_id,),
        "quantity": quantity,
        "unit": amount("11.901639", "14.520000"),
        "total": amount("23.80", "29.04"),
        "rate": Decimal(22),
        "tax_key": "1",
    }
    return PricedLine(**{**values, **more})


def priced_order(**more: Any) -> PricedOrder:
    values: dict[str, Any] = {
        "currency": "EUR",
        "lines": (priced_line(),),
        "shipping": PricedCharge(amount("7.00", "8.54"), Decimal(22), "1"),
        "wrapping": PricedCharge(Amount(), Decimal(0)),
        "total": amount("30.80", "37.58"),
        "reading": Reading.TAX_INSIDE,
    }
    return PricedOrder(**{**values, **more})


def resolved(order: Order = ORDER, **more: Any) -> ResolvedOrder:
    """A resolved order of one mug, twice, paid, invoiced."""
    priced = more.pop("priced", priced_order())
    line = ResolvedLine(priced.lines[0], (order.items[0],), MUG, tax_name="IVA IT 22%")
    made = ResolvedOrder(
        order=order,
        priced=priced,
        market=market(invoice_address="Shop"),
        now=NOW,
        currency=Currency(1, "EUR", Decimal(1), 2, True),
        conversion_rate=Decimal(1),
        carrier_tax_rate=Decimal(22),
        state=PAID,
        id_carrier=2,
        account=Account("order", "402-1234567-1234567@amazon.invalid", "Mario", "Rossi", "", 2),
        delivery=PLACE,
        invoice_place=None,
        lines=(line,),
        paperwork=Paperwork(row=True, invoice=True),
        payment_label="Amazon",
        placed=PURCHASED,
        goods=(),
        movement=None,
    )
    return replace(made, **more)
