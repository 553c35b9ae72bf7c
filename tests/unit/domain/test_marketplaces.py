"""The table of marketplaces: currencies by the countries' own, regions by Amazon's documentation, names of users."""

from __future__ import annotations

import pytest

from orderferry.domain.marketplaces import (
    ENDPOINTS,
    EU_COUNTRIES,
    MARKETPLACES,
    PRICES_WITHOUT_TAX,
    TOKEN_URL,
    Region,
    find_marketplace,
    marketplace_code,
)
from orderferry.domain.territories import EU_MEMBERS

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


# From SP-API's documentation ("Marketplace IDs"), and where each shop is in the web.
IDS = """
    CA A2EUQ1WTGCTBG2 amazon.ca
    US ATVPDKIKX0DER amazon.com
    MX A1AM78C64UM0Y8 amazon.com.mx
    BR A2Q3Y263D00KWC amazon.com.br
    IE A28R8C7NBKEWEA amazon.ie
    ES A1RKKUPIHCS9HS amazon.es
    GB A1F83G8C2ARO7P amazon.co.uk
    FR A13V1IB3VIYZZH amazon.fr
    BE AMEN7PMS3EDWL amazon.com.be
    NL A1805IZSGTT6HS amazon.nl
    DE A1PA6795UKMFR9 amazon.de
    IT APJ6JRA9NG5V4 amazon.it
    SE A2NODRKZP88ZB9 amazon.se
    ZA AE08WJ6YKNBMC amazon.co.za
    PL A1C3SOZRARQ6R3 amazon.pl
    EG ARBP9OOSHTCHU amazon.eg
    TR A33AVAJ2PDY3EV amazon.com.tr
    SA A17E79C6D8DWNP amazon.sa
    AE A2VIGQ35RCS4UG amazon.ae
    IN A21TJRUUN4KGV amazon.in
    SG A19VAU5U5O7RUS amazon.sg
    AU A39IBJ37TRP1C6 amazon.com.au
    JP A1VC38T7YXB528 amazon.co.jp
"""


def test_each_marketplace_has_the_id_that_amazon_documents_and_its_address() -> None:
    documented = {tuple(line.split()) for line in IDS.strip().splitlines()}
    assert {(one.code, one.id, one.domain) for one in MARKETPLACES} == documented


def test_each_region_has_its_address_and_all_have_one_login() -> None:
    assert ENDPOINTS == {
        "eu": "https://sellingpartnerapi-eu.amazon.com",
        "na": "https://sellingpartnerapi-na.amazon.com",
        "fe": "https://sellingpartnerapi-fe.amazon.com",
    }
    assert TOKEN_URL == "https://api.amazon.com/auth/o2/token"


def test_where_prices_hold_the_unions_vat_and_where_they_are_without_tax() -> None:
    assert {"MC"} == EU_COUNTRIES - EU_MEMBERS
    assert {"US", "CA"} == PRICES_WITHOUT_TAX
