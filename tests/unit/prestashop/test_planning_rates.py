"""Which rates hold for a place: configuration and rules of a country, and of the territories that bear its code."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import TaxesSettings
from orderferry.domain.orders import Address
from orderferry.domain.pricing.priced_order import Rates
from orderferry.prestashop.planning.addresses import resolve_places
from orderferry.prestashop.planning.tax_rates import rates_for
from support.shop_database import ShopDatabase
from support.writing import HOME, Sold, amazon_order, importer

ORDER = amazon_order(Sold("MUG-BLUE", 1, "12.20", "2.20"))


def rates(shop: ShopDatabase, folder: Path, address: dict[str, str], taxes: dict[str, Any]) -> tuple[Rates, str]:
    """The rates for an address, and the country that the order gets in the shop."""
    imports = importer(shop, folder, taxes=TaxesSettings(by_country=taxes))
    order = replace(ORDER, delivery_address=replace(HOME, region="", **address))
    catalog = imports.shop.prefetch([order])
    market = imports.shop._market(order.marketplace_id)
    places = resolve_places(order, market)
    assert isinstance(places, tuple), places
    products = {ORDER.items[0].item_id: catalog.products[1, "MUG-BLUE"][0]}
    return rates_for(order, market, places[0], products), places[0].country.iso


@pytest.mark.parametrize(
    ("address", "taxes", "inside", "rate", "iso"),
    [
        pytest.param({"country": "ES", "postal_code": "28001"}, {"ES": Decimal(21)}, True, "21", "ES", id="Madrid"),
        pytest.param({"country": "ES", "postal_code": "35001"}, {"ES": Decimal(21)}, False, None, "ES", id="Canaries"),
        pytest.param({"country": "ES", "postal_code": "35001"}, {"IC": Decimal(7)}, False, "7", "ES", id="IGIC"),
        pytest.param({"country": "FR", "postal_code": "98000"}, {"FR": Decimal(20)}, True, "20", "MC", id="Monaco"),
        pytest.param({"country": "IT", "postal_code": "23041"}, {"IT": Decimal(10)}, False, None, "IT", id="Livigno"),
        pytest.param({"country": "GB", "postal_code": "BT1 1AA"}, {}, True, None, "GB", id="Belfast unknown"),
        pytest.param({"country": "Spain", "postal_code": "28001"}, {"ES": Decimal(21)}, True, "21", "ES", id="a name"),
        pytest.param({"country": "???", "postal_code": "20121"}, {"IT": Decimal(10)}, True, "10", "IT", id="none"),
        pytest.param({"country": "GB", "postal_code": "BT1 1AA"}, {"XI": Decimal(20)}, True, "20", "GB", id="Belfast"),
        pytest.param({"country": "GB", "postal_code": "N1 1AA"}, {"XI": Decimal(20)}, False, None, "GB", id="London"),
    ],
)
def test_a_territory_takes_its_own_rates(
    sqlite_shop: ShopDatabase,
    tmp_path: Path,
    address: dict[str, str],
    taxes: dict[str, Any],
    inside: bool,
    rate: str | None,
    iso: str,
) -> None:
    found, country = rates(sqlite_shop, tmp_path, address, taxes)
    (own,) = found.by_item.values()
    assert found.prices_hold_tax is inside
    assert (None if own is None else own.rate) == (None if rate is None else Decimal(rate))
    assert country == iso


@pytest.mark.parametrize(
    ("postcode", "rate"),
    [("1000-139", "23"), ("9500-321", "16"), ("9000-017", "22"), ("", "23")],
    ids=["Lisbon", "Azores", "Madeira", "no postcode"],
)
def test_a_region_takes_the_rate_of_the_shop_s_rule_for_its_postcodes(
    sqlite_shop: ShopDatabase, tmp_path: Path, postcode: str, rate: str
) -> None:
    country = sqlite_shop.value("SELECT id_country FROM {p}country WHERE iso_code = 'PT'")
    common = {"id_tax_rules_group": 1, "id_country": country, "id_state": 0, "behavior": 0, "description": ""}
    for id_tax, own, start, end in [(901, 16, "9500", "9999"), (902, 22, "9000", "9499")]:
        sqlite_shop.insert("tax", {"id_tax": id_tax, "rate": own, "active": 1, "deleted": 0})
        sqlite_shop.insert("tax_rule", {**common, "id_tax": id_tax, "zipcode_from": start, "zipcode_to": end})
    found, _ = rates(sqlite_shop, tmp_path, {"country": "PT", "postal_code": postcode}, {})
    (own,) = found.by_item.values()
    assert own is not None
    assert own.rate == Decimal(rate)


def test_the_rule_of_a_territory_s_own_province_is_found(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """Spain's rules do not hold in the Canary Islands; one for their postcodes does."""
    country = sqlite_shop.value("SELECT id_country FROM {p}country WHERE iso_code = 'ES'")
    sqlite_shop.insert("tax", {"id_tax": 907, "rate": 7, "active": 1, "deleted": 0})
    common = {"id_tax_rules_group": 1, "id_country": country, "id_state": 0, "behavior": 0, "description": ""}
    sqlite_shop.insert("tax_rule", {**common, "id_tax": 907, "zipcode_from": "35000", "zipcode_to": "38999"})
    found, _ = rates(sqlite_shop, tmp_path, {"country": "ES", "postal_code": "35001"}, {})
    (own,) = found.by_item.values()
    assert own is not None
    assert own.rate == Decimal(7)


def test_what_the_shop_calls_otherwise_is_told_to_staff(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    imports = importer(sqlite_shop, tmp_path)
    away = Address(name="A B", lines=("Main St 1",), city="St Helier", postal_code="JE2 3AB", country="JE")
    imports.take(amazon_order(Sold("MUG-BLUE", 1, "12.20"), delivery_address=away))
    message = sqlite_shop.value("SELECT message FROM {p}customer_message")
    assert "Country: JE" in message
    country = sqlite_shop.value("SELECT id_country FROM {p}address ORDER BY id_address DESC LIMIT 1")
    assert country == sqlite_shop.value("SELECT id_country FROM {p}country WHERE iso_code = 'GB'")
