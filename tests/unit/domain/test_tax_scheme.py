"""The scheme that an order's tax falls under, as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orderferry.domain.orders import Channel, TaxRegistration
from orderferry.domain.pricing.tax_law import TaxScheme, is_reverse_charge, tax_scheme
from support.resolved_orders import amount, priced_order
from support.writing import HOME, Sold, amazon_order

VAT_NUMBER = (TaxRegistration("BUYER", "VAT", "DE123456789"),)
SELLERS_NUMBER = (TaxRegistration("MERCHANT", "VAT", "IT00000000000"),)
UNTAXED = priced_order(total=amount("30.80", "30.80"))


def scheme(home: str, country: str, postcode: str = "", *, untaxed: bool = False, **more: Any) -> TaxScheme:
    of_items = {key: more.pop(key) for key in ("tax_collection_models", "reporting_schemes") if key in more}
    order = amazon_order(Sold("A", 1, "12.20"), delivery_address=replace(HOME, country=country, postal_code=postcode))
    order = replace(order, items=tuple(replace(item, **of_items) for item in order.items), **more)
    return tax_scheme(order, UNTAXED if untaxed else priced_order(), home=home, country=country)


@pytest.mark.parametrize(
    ("home", "country", "postcode", "expected"),
    [
        ("IT", "IT", "20121", TaxScheme.DOMESTIC),
        ("IT", "DE", "10115", TaxScheme.OSS),
        ("IT", "MC", "98000", TaxScheme.OSS),
        ("IT", "CH", "3000", TaxScheme.EXPORT),
        ("IT", "GB", "SW1A 1AA", TaxScheme.EXPORT),
        ("IT", "GB", "bt1 1aa", TaxScheme.UNKNOWN),
        ("IT", "ES", "35001", TaxScheme.EXPORT),
        ("IT", "ES", "28001", TaxScheme.OSS),
        ("IT", "IT", "23041", TaxScheme.EXPORT),
        ("IT", "IT", "I-23041", TaxScheme.EXPORT),
        ("GB", "GB", "SW1A 1AA", TaxScheme.DOMESTIC),
        ("GB", "IE", "D01", TaxScheme.EXPORT),
        ("US", "US", "10001", TaxScheme.DOMESTIC),
        ("US", "CA", "K1A", TaxScheme.EXPORT),
        ("", "DE", "10115", TaxScheme.UNKNOWN),
        ("IT", "", "", TaxScheme.UNKNOWN),
    ],
)
def test_where_it_goes_decides_for_the_sellers_own_parcels(
    home: str, country: str, postcode: str, expected: TaxScheme
) -> None:
    assert scheme(home, country, postcode) is expected


@pytest.mark.parametrize(
    ("more", "untaxed", "expected"),
    [
        ({}, False, TaxScheme.OSS),
        ({}, True, TaxScheme.OSS),
        ({"tax_registrations": VAT_NUMBER}, True, TaxScheme.INTRA_COMMUNITY),
        ({"tax_registrations": VAT_NUMBER}, False, TaxScheme.UNKNOWN),
        ({"tax_registrations": SELLERS_NUMBER}, True, TaxScheme.OSS),
        ({"programs": ("AMAZON_BUSINESS",)}, True, TaxScheme.INTRA_COMMUNITY),
        ({"programs": ("AMAZON_BUSINESS",)}, False, TaxScheme.UNKNOWN),
        ({"programs": ("PRIME",)}, False, TaxScheme.OSS),
    ],
    ids=str,
)
def test_oss_is_for_consumers_only(more: dict[str, Any], untaxed: bool, expected: TaxScheme) -> None:
    assert scheme("IT", "DE", "10115", untaxed=untaxed, **more) is expected


@pytest.mark.parametrize("country", ["IT", "DE", "CH"])
def test_nobody_knows_where_fba_goods_left_from(country: str) -> None:
    assert scheme("IT", country, "1", channel=Channel.FBA) is TaxScheme.DEPARTURE_UNKNOWN
    assert scheme("IT", country, "1", channel=None) is TaxScheme.UNKNOWN


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize(
    "owed", [{"tax_collection_models": ("MARKETPLACE_FACILITATOR",)}, {"reporting_schemes": ("IOSS",)}], ids=str
)
def test_what_amazon_owes_is_amazons_wherever_it_goes(channel: Channel, owed: dict[str, Any]) -> None:
    assert scheme("IT", "GB", "SW1A 1AA", channel=channel, **owed) is TaxScheme.COLLECTED_BY_AMAZON


def test_an_order_of_which_amazon_owes_a_part_has_no_one_scheme() -> None:
    order = amazon_order(Sold("A", 1, "12.20"), Sold("B", 1, "12.20"))
    first, second = order.items
    mixed = replace(order, items=(replace(first, reporting_schemes=("IOSS",)), second))
    assert tax_scheme(mixed, priced_order(), home="IT", country="IT") is TaxScheme.UNKNOWN
    cancelled = replace(mixed, items=(mixed.items[0], replace(second, quantity=0)))
    assert tax_scheme(cancelled, priced_order(), home="IT", country="IT") is TaxScheme.COLLECTED_BY_AMAZON


@pytest.mark.parametrize(
    ("home", "country", "postcode", "number", "expected"),
    [
        ("IT", "DE", "10115", "DE123456789", True),
        ("IT", "DE", "10115", "FR12345678901", True),
        ("IT", "DE", "10115", "IT12345678901", False),
        ("IT", "IT", "20121", "DE123456789", False),
        ("IT", "GB", "BT1 1AA", "XI123456789", True),
        ("IT", "GB", "BT1 1AA", "DE123456789", False),
        ("IT", "CH", "3000", "DE123456789", False),
        ("GB", "DE", "10115", "DE123456789", False),
        ("IT", "DE", "10115", "", False),
    ],
)
def test_a_business_of_another_member_state_buys_without_tax(
    home: str, country: str, postcode: str, number: str, expected: bool
) -> None:
    order = amazon_order(Sold("A", 1, "12.20"), delivery_address=replace(HOME, country=country, postal_code=postcode))
    order = replace(order, tax_registrations=(TaxRegistration("BUYER", "VAT", number),))
    assert is_reverse_charge(order, home=home, country=country) is expected
