"""The scheme that an order's tax falls under, as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orderferry.domain.orders import Address, Channel, TaxRegistration
from orderferry.domain.pricing.tax_law import TaxScheme, is_reverse_charge, is_seller_in_eu, tax_scheme
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


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        pytest.param(TaxRegistration("BUYER", "VAT", "123456789"), True, id="of the country of delivery"),
        pytest.param(TaxRegistration("BUYER", "VAT", "1", address=Address(country="FR")), True, id="of its address"),
        pytest.param(TaxRegistration("BUYER", "VAT", "1", address=Address(country="IT")), False, id="of the seller's"),
        pytest.param(TaxRegistration("BUYER", "VAT", "1", address=Address(country="US")), False, id="of another place"),
        pytest.param(TaxRegistration("BUYER", "VAT", " el999 "), True, id="Greece's own prefix"),
        pytest.param(TaxRegistration("BUYER", "VAT", "US123"), False, id="a prefix from outside"),
        pytest.param(TaxRegistration("BUYER", "BUSINESS", "DE1"), False, id="another kind of number"),
        pytest.param(TaxRegistration("MERCHANT", "VAT", "DE1"), False, id="the seller's number"),
        pytest.param(TaxRegistration("BUYER", "VAT", "  "), False, id="no number"),
    ],
)
def test_whose_vat_number_it_is(registration: TaxRegistration, expected: bool) -> None:
    order = amazon_order(Sold("A", 1, "12.20"), delivery_address=replace(HOME, country="DE", postal_code="10115"))
    order = replace(order, tax_registrations=(registration,))
    assert is_reverse_charge(order, home="IT", country="DE") is expected


def test_northern_ireland_is_of_the_union_only_for_its_own_businesses() -> None:
    order = amazon_order(Sold("A", 1, "12.20"), delivery_address=replace(HOME, country="GB", postal_code="BT1 1AA"))
    order = replace(order, tax_registrations=(TaxRegistration("BUYER", "VAT", "XI1"),))
    assert tax_scheme(order, UNTAXED, home="IT", country="GB") is TaxScheme.INTRA_COMMUNITY
    assert tax_scheme(order, priced_order(), home="IT", country="GB") is TaxScheme.UNKNOWN


def test_the_one_stop_shop_is_the_sellers_where_every_item_says_so() -> None:
    order = amazon_order(Sold("A", 1, "12.20"), Sold("B", 1, "12.20"), channel=Channel.FBA)
    first, second = (replace(item, reporting_schemes=("UOSS",)) for item in order.items)
    both = replace(order, items=(first, second))
    assert tax_scheme(both, priced_order(), home="IT", country="IT") is TaxScheme.OSS
    assert tax_scheme(both, priced_order(), home="US", country="IT") is TaxScheme.COLLECTED_BY_AMAZON
    one = replace(order, items=(first, order.items[1]))
    assert tax_scheme(one, priced_order(), home="IT", country="IT") is TaxScheme.DEPARTURE_UNKNOWN
    nothing = replace(order, items=())
    assert tax_scheme(nothing, priced_order(), home="IT", country="IT") is TaxScheme.DEPARTURE_UNKNOWN


@pytest.mark.parametrize(("home", "inside"), [("", True), ("IT", True), ("MC", True), ("GB", False), ("US", False)])
def test_a_seller_whose_country_is_not_known_counts_as_of_the_union(home: str, inside: bool) -> None:
    assert is_seller_in_eu(home) is inside
