"""Whose tax, and which tax: the money cases of tests/data/taxes, from Amazon's order to what is written in the shop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.marketplaces import find_marketplace
from orderferry.domain.orders import Address, Channel, Item, Money, Order, OrderStatus, Proceeds, ProceedsType
from orderferry.domain.orders import TaxRegistration as Registration
from orderferry.domain.problems import Problem
from orderferry.prestashop.facts import Catalog, Country, Currency, Province, ShopFacts, TaxRule
from orderferry.prestashop.planning.market import open_market
from orderferry.prestashop.planning.resolve_order import resolve_order
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.rows.message import message_text
from support.configuration import load
from support.sqlite_shop import sqlite_shop_in
from support.writing import Sold, amazon_order, importer

DATA = json.loads((Path(__file__).parents[2] / "data" / "taxes" / "cases.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
SKU = "MUG-BLUE"  # of the seeded shop; its tax rules group is `goods` here
GOODS, FOOD, CARRIER = 1, 2, 1  # tax rules groups; the carrier shares the one of the goods
GROUPS = {"goods": GOODS, "food": FOOD}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[ShopFacts, Catalog]:
    """The facts and the catalogue of a seeded shop, whose taxes and countries each case replaces."""
    folder = tmp_path_factory.mktemp("taxes")
    imports = importer(sqlite_shop_in(folder), folder)
    catalog = imports.shop.prefetch([amazon_order(Sold(SKU, 1, "12.20"))])
    return imports.shop._ready().facts, catalog


def taxed_shop(facts: ShopFacts, shop: Mapping[str, Any]) -> ShopFacts:
    """The facts with a case's home, taxes (by name) and rules: [group, country, tax, state or first-last postcode]."""
    ids = {name: number for number, name in enumerate(shop["taxes"], 1)}
    codes = sorted({shop["home"], *facts.countries, *(rule[1] for rule in shop["rules"]), *DATA["countries"]})
    provinces = {province: country for province, country in DATA["provinces"].items() if country in codes}
    countries = {
        code: Country(number, code, 1, code in provinces.values(), False, True) for number, code in enumerate(codes, 1)
    }
    states = {
        iso: Province(number, countries[code].id, iso, iso) for number, (iso, code) in enumerate(provinces.items(), 1)
    }
    rules: dict[tuple[int, int], list[TaxRule]] = {}
    for group, country, tax, *where in shop["rules"]:
        place = where[0] if where else ""
        start, _, end = place.partition("..")
        rule = (
            TaxRule(ids[tax], id_state=states[place].id)
            if place in states
            else TaxRule(ids[tax], zipcode_from=start or "0", zipcode_to=end or "0")
        )
        rules.setdefault((GROUPS[group], countries[country].id), []).append(rule)
    euro = facts.currencies["EUR"]
    currencies = {one.iso: one for one in (Currency(euro.id, code, Decimal(1), 2, True) for code in DATA["currencies"])}
    return replace(
        facts,
        countries=countries,
        provinces=tuple(states.values()),
        currencies={**facts.currencies, **currencies},
        taxes={ids[name]: Decimal(rate) for name, rate in shop["taxes"].items()},
        tax_names={number: name for name, number in ids.items()},
        tax_rules={key: tuple(sorted(found, key=lambda rule: not rule.regional)) for key, found in rules.items()},
        carrier_tax_groups={(carrier.id, 1): GOODS for carrier in facts.carriers},
        configuration={
            **facts.configuration,
            ("PS_COUNTRY_DEFAULT", 0, 0): str(countries[shop["home"]].id),
            ("PS_TAX", 0, 0): "1",
        },
    )


def order_of(case: Mapping[str, Any]) -> Order:
    """The order of a case. Amounts of an item: ITEM, SHIPPING, DISCOUNT, TAX; `total` is what the buyer pays for it."""
    marketplace = find_marketplace(case.get("marketplace", "IT"))
    assert marketplace is not None
    currency = marketplace.currency
    items = tuple(item_of(number, values, currency) for number, values in enumerate(case["items"], 1))
    total = sum((item.proceeds_total.amount for item in items if item.proceeds_total), Decimal(0))
    number = case.get("vat_number", "")
    registered = Address(country=case["vat_address"]) if "vat_address" in case else None
    return Order(
        order_id="402-1234567-1234567",
        created=NOW,
        updated=NOW,
        marketplace_id=marketplace.id,
        status=OrderStatus.UNSHIPPED,
        channel=Channel.REGULAR,
        items=items,
        grand_total=Money(total, currency),
        delivery_address=Address(name="A B", lines=("Street 1",), city="City", **case["delivery"]),
        programs=("AMAZON_BUSINESS",) if number else (),
        tax_registrations=(Registration("BUYER", "VAT", number, address=registered),) if number else (),
        replaces=("402-0000000-0000001",) if case.get("replacement") else (),
    )


def item_of(number: int, values: Mapping[str, Any], currency: str) -> Item:
    proceeds = tuple(
        Proceeds(ProceedsType(kind), Money(Decimal(amount), currency)) for kind, amount in values["amounts"].items()
    )
    return Item(
        item_id=f"{number:014d}",
        quantity=values.get("quantity", 1),
        sku=SKU,
        title="Mug",
        proceeds_total=Money(Decimal(values["total"]), currency),
        proceeds=proceeds,
        ioss_number=values.get("ioss_number", ""),
        reporting_schemes=tuple(values.get("schemes", ())),
        tax_collection_models=tuple(values.get("models", ())),
    )


@pytest.mark.parametrize("case", DATA["cases"], ids=[case["name"] for case in DATA["cases"]])
def test_whose_tax_and_which(case: dict[str, Any], seeded: tuple[ShopFacts, Catalog], tmp_path: Path) -> None:
    marketplace = find_marketplace(case.get("marketplace", "IT"))
    assert marketplace is not None
    head = f'amazon.region = "{marketplace.region}"\namazon.marketplaces = ["{marketplace.code}"]\n'
    secrets = 'amazon.client_id = "i"\namazon.client_secret = "s"\namazon.refresh_token = "r"\n'
    database = 'prestashop.url = "sqlite:///shop.sqlite"\n'
    settings = load(tmp_path, head + secrets + database + case.get("configuration", ""))
    shop = DATA["shops"][case["shop"]]
    facts = taxed_shop(seeded[0], shop)
    order = order_of(case)
    catalog = goods_in(seeded[1])
    shown = {marketplace.code} if case.get("taxed_by_amazon", False) else set()
    if settings.amazon_calculates_vat(marketplace.code, shown):
        catalog = replace(catalog, vat_by_amazon=frozenset({marketplace.code}))

    found = resolve_order(order, open_market(marketplace.code, settings, facts), catalog, NOW)

    expected = case["expect"]
    if "held" in expected:
        assert isinstance(found, Problem), found
        assert found.subject == expected["held"]
        assert expected["says"] in found.message
        return
    assert isinstance(found, ResolvedOrder), found
    assert [booked(line.priced, facts) for line in found.lines] == expected["lines"]
    assert found.priced.total.incl == (order.grand_total.amount if order.grand_total else 0)
    assert str(found.tax_scheme) == expected.get("scheme", str(found.tax_scheme))
    for sentence in expected.get("told", ()):
        assert sentence in message_text(found)


def goods_in(catalog: Catalog) -> Catalog:
    """The catalogue, whose product bears the tax rules group of the goods."""
    products = {
        key: tuple(replace(product, id_tax_rules_group=GOODS) for product in found)
        for key, found in catalog.products.items()
    }
    return replace(catalog, products=products)


def booked(line: Any, facts: ShopFacts) -> list[str]:
    """A line as the data have it: net, tax, and the name of the tax ('' for no row)."""
    name = facts.tax_names[int(line.tax_key)] if line.tax_key else ""
    return [f"{line.total.excl:.2f}", f"{line.total.tax:.2f}", name]


def test_a_market_takes_over_the_shops_settings_once(seeded: tuple[ShopFacts, Catalog], tmp_path: Path) -> None:
    head = 'amazon.region = "eu"\namazon.marketplaces = ["IT"]\n'
    secrets = 'amazon.client_id = "i"\namazon.client_secret = "s"\namazon.refresh_token = "r"\n'
    settings = load(tmp_path, head + secrets + 'prestashop.url = "sqlite:///shop.sqlite"\n')
    own = {("PS_INVOICE_RESET", 0, 0): "1", ("PS_PASSWD_TIME_FRONT", 0, 0): "90"}
    facts = replace(seeded[0], version="9.1.4", configuration={**seeded[0].configuration, **own})
    found = open_market("IT", settings, facts)
    assert (found.invoices_yearly, found.password_age_minutes) == (True, 90)
    assert found.invoice_address == "Bottega di prova - Via dei Mercanti 1 - 20121 Milano - Italia"
    assert (found.tax_columns, found.cart_lines_addressed) == ("deprecated", False)
    assert facts.languages[found.language] == found.id_lang
    assert open_market("IT", settings, replace(facts, version="8.2.1")).cart_lines_addressed
    assert not open_market("IT", settings, seeded[0]).invoices_yearly
