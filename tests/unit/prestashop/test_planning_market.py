"""What holds for a marketplace, by configuration and shop together."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderferry.config.model import (
    CarriersSettings,
    CustomersSettings,
    MarketplaceSettings,
    OrdersSettings,
    ProductsSettings,
    Settings,
    StockSettings,
    TaxesSettings,
)
from orderferry.domain.orders import Channel
from orderferry.domain.pricing.priced_order import RateChoice, Rounding
from orderferry.errors import ShopUnfit
from orderferry.prestashop.facts import Carrier, Currency, OrderState, ShopFacts, ShopUnit
from orderferry.prestashop.planning.market import Market, invoice_address_text, open_market, tax_columns
from support.resolved_orders import FACTS, ORDER
from support.shop_database import ShopDatabase
from support.writing import settings_for

SECOND = ShopUnit(3, 2, "Second", True, False, False)
STATES = {
    number: OrderState(number, name, True, True, True, False, False, True)
    for number, name in {2: "Paid", 4: "Shipped", 6: "Cancelled", 20: "Prime", 21: "Business", 22: "Asked"}.items()
}
OF_THE_SHOP = {
    "PS_OS_PAYMENT": "2",
    "PS_OS_SHIPPING": "4",
    "PS_OS_CANCELED": "6",
    "PS_SHOP_DEFAULT": "1",
    "PS_CARRIER_DEFAULT": "5",
    "PS_GUEST_GROUP": "2",
    "PS_LANG_DEFAULT": "1",
    "PS_COUNTRY_DEFAULT": "10",
    "PS_SHOP_NAME": "Bottega",
}
OF_THE_SECOND = {
    "PS_TIMEZONE": "Europe/Berlin",
    "PS_PRICE_ROUND_MODE": "4",
    "PS_ROUND_TYPE": "3",
    "PS_PASSWD_TIME_FRONT": "90",
    "PS_INVOICE_RESET": "1",
    "PS_SHOP_ADDR1": "Hauptstr. 1",
    "PS_SHOP_ADDR2": "Hof",
    "PS_SHOP_CODE": "10115",
    "PS_SHOP_CITY": "Berlin",
    "PS_SHOP_COUNTRY": "Deutschland",
}
HERE = replace(
    FACTS,
    version="9.0.1",
    configuration={
        **{(name, 0, 0): value for name, value in OF_THE_SHOP.items()},
        **{(name, 2, 3): value for name, value in OF_THE_SECOND.items()},
    },
    states=STATES,
    carriers=(
        Carrier(5, 5, "BRT", True),
        Carrier(6, 6, "DHL", True, frozenset({9})),
        Carrier(7, 7, "Amazon", True, frozenset({1, 2})),
    ),
    carrier_references={5: 5, 6: 6, 7: 7},
    shops={1: FACTS.shops[1], 3: SECOND},
    groups={2: "Guests", 8: "Amazon", 9: "Companies"},
    taxes={**FACTS.taxes, 5: Decimal(0)},
    tax_names={**FACTS.tax_names, 5: "By Amazon"},
)


def configured(folder: Path, own: MarketplaceSettings, **more: Any) -> Settings:
    shop = ShopDatabase("sqlite:///none", "ps_", "8.2.1")
    return settings_for(shop, folder, marketplaces={"DE": own}, **more)


def as_dict(market: Market) -> dict[str, Any]:
    return {one.name: getattr(market, one.name) for one in fields(market)}


def test_everything_that_the_configuration_and_a_shop_of_its_own_say(tmp_path: Path) -> None:
    own = MarketplaceSettings(
        shop="Second",
        lang="en",
        orders=OrdersSettings(state_prime="Prime", state_business="21", state_cancel_requested="asked"),
        carriers=CarriersSettings(default="BRT", fba="Amazon", map={"Expedited": "DHL"}),
        customers=CustomersSettings(group="Amazon", business_group="Companies"),
        taxes=TaxesSettings(collected_by_amazon=("By Amazon",)),
    )
    products, stock = ProductsSettings(unknown="line"), StockSettings(fba="move")
    settings = configured(tmp_path, own, products=products, stock=stock)

    assert as_dict(open_market("DE", settings, HERE)) == {
        "code": "DE",
        "settings": own,
        "products": products,
        "stock": stock,
        "facts": HERE,
        "shop": SECOND,
        "id_lang": 2,
        "zone": ZoneInfo("Europe/Berlin"),
        "states": {
            "paid": STATES[2],
            "shipped": STATES[4],
            "cancelled": STATES[6],
            "fba": STATES[4],
            "prime": STATES[20],
            "business": STATES[21],
            "cancel_requested": STATES[22],
        },
        "carriers": {"": 5, "EXPEDITED": 6},
        "id_carrier_fba": 7,
        "carrier_groups": {6: 9},
        "id_group": 8,
        "id_business_group": 9,
        "collected_by_amazon": (RateChoice(Decimal(0), "5"),),
        "round_mode": 4,
        "round_type": 3,
        "language": "en",
        "password_age_minutes": 90,
        "home": "IT",
        "invoice_address": "Bottega - Hauptstr. 1 - Hof - 10115 Berlin - Deutschland",
        "invoices_yearly": True,
        "tax_columns": "deprecated",
        "cart_lines_addressed": False,
        "seller": settings.amazon.seller,
    }


def test_everything_that_holds_where_nobody_has_said_anything(tmp_path: Path) -> None:
    plain = replace(HERE, version="8.2.1", configuration={(name, 0, 0): text for name, text in OF_THE_SHOP.items()})
    found = as_dict(open_market("DE", configured(tmp_path, MarketplaceSettings()), plain))

    expected = {
        "shop": FACTS.shops[1],
        "id_lang": 1,
        "language": "it",
        "zone": ZoneInfo("Europe/Rome"),  # the database's
        "states": {"paid": STATES[2], "shipped": STATES[4], "cancelled": STATES[6], "fba": STATES[4]},
        "carriers": {"": 5},
        "id_carrier_fba": 0,
        "id_group": 2,
        "id_business_group": 2,
        "collected_by_amazon": (),
        "round_mode": 2,
        "round_type": 2,
        "password_age_minutes": 360,
        "invoice_address": "Bottega",
        "invoices_yearly": False,
        "tax_columns": "named",
        "cart_lines_addressed": True,
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("own", "facts", "key"),
    [
        (MarketplaceSettings(shop="Third"), HERE, "marketplace.DE.shop = 'Third'"),
        (MarketplaceSettings(lang="pl"), HERE, "marketplace.DE.lang = 'pl'"),
        (MarketplaceSettings(customers=CustomersSettings(group="X")), HERE, "customers.group = 'X'"),
        (MarketplaceSettings(customers=CustomersSettings(business_group="X")), HERE, "customers.business_group = 'X'"),
        (MarketplaceSettings(carriers=CarriersSettings(fba="X")), HERE, "carriers.fba = 'X'"),
        (MarketplaceSettings(carriers=CarriersSettings(default="X")), HERE, "carriers.default = 'X'"),
        (MarketplaceSettings(carriers=CarriersSettings(map={"Std": "X"})), HERE, "carriers.map.STD = 'X'"),
        (MarketplaceSettings(taxes=TaxesSettings(collected_by_amazon=("X",))), HERE, "taxes.collected_by_amazon = 'X'"),
        (MarketplaceSettings(orders=OrdersSettings(state_paid="X")), HERE, "orders.state_paid = 'X'"),
        (MarketplaceSettings(orders=OrdersSettings(state_shipped="X")), HERE, "orders.state_shipped = 'X'"),
        (MarketplaceSettings(orders=OrdersSettings(state_cancelled="X")), HERE, "orders.state_cancelled = 'X'"),
        (MarketplaceSettings(orders=OrdersSettings(state_fba="X")), HERE, "orders.state_fba = 'X'"),
        (MarketplaceSettings(orders=OrdersSettings(state_prime="X")), HERE, "orders.state_prime = 'X'"),
        (MarketplaceSettings(orders=OrdersSettings(state_business="X")), HERE, "orders.state_business = 'X'"),
        (
            MarketplaceSettings(orders=OrdersSettings(state_cancel_requested="X")),
            HERE,
            "orders.state_cancel_requested = 'X'",
        ),
        (MarketplaceSettings(), replace(HERE, shops={}), "PS_SHOP_DEFAULT = ''"),
    ],
)
def test_what_the_shop_does_not_have_is_told_with_its_key(
    own: MarketplaceSettings, facts: ShopFacts, key: str, tmp_path: Path
) -> None:
    with pytest.raises(ShopUnfit) as caught:
        open_market("DE", configured(tmp_path, own), facts)

    assert caught.value.message.startswith(f"{key}: the shop has no such ")


def test_an_order_goes_by_its_service_level_and_from_amazons_stock_by_its_own_carrier(tmp_path: Path) -> None:
    own = MarketplaceSettings(carriers=CarriersSettings(fba="Amazon", map={"Expedited": "DHL"}))
    here = open_market("DE", configured(tmp_path, own), HERE)

    assert here.carrier(replace(ORDER, service_level="expedited")) == 6
    assert here.carrier(replace(ORDER, service_level="Standard")) == 5
    assert here.carrier(replace(ORDER, service_level="expedited", channel=Channel.FBA)) == 7


def test_amounts_are_rounded_as_the_currency_and_the_shop_say(tmp_path: Path) -> None:
    here = open_market("DE", configured(tmp_path, MarketplaceSettings(shop="3")), HERE)

    assert here.rounding(Currency(3, "JPY", Decimal(1), 0, active=True)) == Rounding(0, 4)


def test_a_shop_without_any_carrier_has_the_carrier_0(tmp_path: Path) -> None:
    without = replace(HERE, carriers=(), carrier_references={})

    assert open_market("DE", configured(tmp_path, MarketplaceSettings()), without).carriers == {"": 0}


@pytest.mark.parametrize(
    ("version", "way"),
    [
        ("1.6.1.24", "empty"),
        ("1.7.0.0", "empty"),
        ("1.7.7.8", "empty"),
        ("1.7.8.0", "named"),
        ("8.2.1", "named"),
        ("9", "deprecated"),
        ("10.0", "deprecated"),
        ("1.5.6", "named"),  # older than any that we know
        ("", "named"),
    ],
)
def test_how_a_version_fills_the_tax_of_a_line(version: str, way: str) -> None:
    assert tax_columns(version) == way


def test_the_shops_address_without_its_empty_parts() -> None:
    assert invoice_address_text({}) == ""
    assert invoice_address_text({"PS_SHOP_CITY": "Berlin", "PS_SHOP_ADDR2": "Hof"}) == "Hof - Berlin"
