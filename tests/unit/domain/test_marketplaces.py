"""The table of marketplaces: currencies by the countries' own, regions by Amazon's documentation, names of users."""

from __future__ import annotations

import pytest

from orderferry.domain.marketplaces import MARKETPLACES, Region, find_marketplace, marketplace_code

CURRENCIES = {
    **dict.fromkeys(("IT", "DE", "FR", "ES", "NL", "BE", "IE"), "EUR"),
    **{"PL": "PLN", "SE": "SEK", "GB": "GBP", "TR": "TRY", "AE": "AED", "SA": "SAR", "EG": "EGP", "IN": "INR"},
    **{"ZA": "ZAR", "US": "USD", "CA": "CAD", "MX": "MXN", "BR": "BRL", "JP": "JPY", "AU": "AUD", "SG": "SGD"},
}
REGIONS = {Region.NA: {"US", "CA", "MX", "BR"}, Region.FE: {"JP", "AU", "SG"}}


def test_each_marketplace_has_its_country_s_currency_and_its_region() -> None:
    assert {one.code: one.currency for one in MARKETPLACES} == CURRENCIES
    far = {code: region for region, codes in REGIONS.items() for code in codes}
    assert {one.code: one.region for one in MARKETPLACES} == {code: far.get(code, Region.EU) for code in CURRENCIES}


def test_ids_and_addresses_are_each_marketplace_s_own() -> None:
    assert len({one.id for one in MARKETPLACES}) == len({one.domain for one in MARKETPLACES}) == len(CURRENCIES)
    assert all(marketplace_code(one.id) == one.code and one.domain.startswith("amazon.") for one in MARKETPLACES)


@pytest.mark.parametrize(
    ("word", "code"), [("IT", "IT"), (" it ", "IT"), ("uk", "GB"), ("GB", "GB"), ("APJ6JRA9NG5V4", "IT")]
)
def test_users_name_a_marketplace_by_its_country_or_its_id(word: str, code: str) -> None:
    found = find_marketplace(word)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("word", ["", "XX", "apj6jra9ng5v4", "amazon.it"])
def test_what_names_no_marketplace(word: str) -> None:
    assert find_marketplace(word) is None
    assert marketplace_code(word) == word
