"""Which taxes a shop lacks for the places that its Amazon orders go to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.domain.territories import countries_in_name
from orderferry.prestashop.checking.taxes import missing_rates, rates_to_create, tax_name
from orderferry.prestashop.facts import Country, ShopFacts
from support.configuration import load
from support.sqlite_shop import sqlite_shop_in
from support.writing import importer

ITALIAN = ("IVA IT 22%", "IVA IT 10%", "IVA IT 5%", "IVA IT 4%")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> ShopFacts:
    """The facts of a seeded shop, whose taxes and country each case replaces."""
    folder = tmp_path_factory.mktemp("taxes")
    return importer(sqlite_shop_in(folder), folder).shop._ready().facts


def shop_of(facts: ShopFacts, home: str, *names: str) -> ShopFacts:
    """The facts of a shop at home in a country, with taxes that end in their rates."""
    return replace(
        facts,
        countries={home: Country(1, home, 1, False, False, True)},
        taxes={number: Decimal(name.rsplit(" ", 1)[1].rstrip("%")) for number, name in enumerate(names, 1)},
        tax_names=dict(enumerate(names, 1)),
        configuration={**facts.configuration, ("PS_COUNTRY_DEFAULT", 0, 0): "1"},
    )


def in_text(rates: dict[str, tuple[Decimal, ...]]) -> dict[str, str]:
    return {code: " ".join(f"{rate.normalize():f}" for rate in some) for code, some in rates.items()}


@pytest.mark.parametrize(
    ("home", "taxes", "places", "held", "missing"),
    [
        pytest.param("IT", ITALIAN, "AT", "", {"AT": "20 13 10 4.9"}, id="a country with its reduced rates"),
        pytest.param("IT", ITALIAN, "", "AT", {"AT": "20 13 10 4.9"}, id="a country where an order is held"),
        pytest.param("IT", ITALIAN[:2], "IT", "", {"IT": "5 4"}, id="the shop's own country"),
        pytest.param("IT", ITALIAN, "PT-20", "", {"PT-20": "16 9 4"}, id="the Azores"),
        pytest.param("IT", (*ITALIAN, "IVA PT-20 16%"), "PT-20", "", {"PT-20": "9 4"}, id="the Azores, one there"),
        pytest.param("IT", (*ITALIAN, "TVA FR 20%"), "FR-20R", "", {"FR-20R": "13 10 5.5 2.1 0.9"}, id="Corsica"),
        pytest.param(
            "IT", ITALIAN, "FR-20R FR", "", {"FR": "20 10 5.5 2.1", "FR-20R": "13 0.9"}, id="Corsica beside France"
        ),
        pytest.param("IT", ITALIAN, "XI", "", {"XI": "20 5"}, id="Northern Ireland"),
        pytest.param("IT", (*ITALIAN, "VAT UK 20%"), "XI", "", {"XI": "5"}, id="Northern Ireland by the UK's tax"),
        pytest.param("IT", ITALIAN, "MC", "", {"FR": "20 10 5.5 2.1"}, id="Monaco"),
        pytest.param("IT", (*ITALIAN, "VAT EL 24%"), "GR", "", {"GR": "17 13 6 4"}, id="Greece, named EL"),
        pytest.param("IT", ITALIAN, "GB CH IC GP US", "", {}, id="outside the Union"),
        pytest.param("IT", ITALIAN, "CH", "CH 8.1 %", {"CH": "8.1"}, id="outside, a rate that is configured"),
        pytest.param("IT", ITALIAN, "", "IC 7 %", {"IC": "7"}, id="IGIC that is configured"),
        pytest.param("IT", ITALIAN, "", "IT 8 %", {"IT": "8"}, id="at home, a rate that is configured"),
        pytest.param("GB", ("VAT 20%",), "GB", "", {"GB": "5"}, id="at home in GB"),
        pytest.param("GB", ("VAT 20%",), "IM", "", {"GB": "5"}, id="at home in GB, the Isle of Man"),
        pytest.param("JP", ("CT 10%",), "JP", "", {"JP": "8"}, id="at home in JP"),
        pytest.param("US", ("Sales 8.25%",), "US", "", {}, id="at home in US"),
    ],
)
def test_the_rates_that_a_shop_lacks(
    seeded: ShopFacts, home: str, taxes: tuple[str, ...], places: str, held: str, missing: dict[str, str]
) -> None:
    code, _, rate = held.partition(" ")
    for_held = {code: {Decimal(rate.removesuffix(" %"))} if rate else set()} if held else {}
    assert in_text(missing_rates(shop_of(seeded, home, *taxes), places.split(), for_held)) == missing


def test_every_rate_of_a_country_where_an_order_is_held_is_made_and_the_standard_rate_of_all_others(
    seeded: ShopFacts, tmp_path: Path
) -> None:
    settings = load(
        tmp_path,
        'amazon.region = "eu"\namazon.marketplaces = ["IT", "DE"]\namazon.client_id = "i"\namazon.client_secret = "s"\n'
        'amazon.refresh_token = "r"\nprestashop.url = "sqlite:///shop.sqlite"\n',
    )
    facts = shop_of(seeded, "IT", *ITALIAN[:3])
    made = in_text(rates_to_create(settings, facts, {"XI", "MC"}, {"AT": {Decimal(10)}, "PT-20": set()}))
    assert {code: made[code] for code in ("AT", "DE", "FR", "IT", "PT", "PT-20", "SE", "XI")} == {
        "AT": "20 13 10 4.9",
        "DE": "19 7",
        "FR": "20 10 5.5 2.1",
        "IT": "4",
        "PT": "23",
        "PT-20": "16 9 4",
        "SE": "25",
        "XI": "20 5",
    }
    assert "MC" not in made
    again = shop_of(seeded, "IT", *ITALIAN[:3], *(tax_name(c, Decimal(r)) for c in made for r in made[c].split()))
    assert rates_to_create(settings, again, {"XI", "MC"}, {"AT": {Decimal(10)}, "PT-20": set()}) == {}


@pytest.mark.parametrize(
    ("name", "countries"),
    [
        ("VAT EL 24%", "GR"),
        ("UK VAT", "GB"),
        ("IVA PT-20 16%", "PT"),
        ("VAT XI 20%", "XI"),
        ("IVA 22%", ""),
    ],
)
def test_a_tax_is_of_the_country_in_its_name(name: str, countries: str) -> None:
    assert countries_in_name(name) == frozenset(countries.split())
