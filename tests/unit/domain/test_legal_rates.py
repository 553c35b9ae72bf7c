"""The rates that are law in a country and in its regions, and which region an address is in."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderferry.domain.pricing.tax_law import ELSEWHERE, REGIONAL, legal_rates, legal_rates_of, rates_code
from orderferry.domain.territories import EU_MEMBERS, REGIONS, find_regions, tax_area


@pytest.mark.parametrize("country", sorted(EU_MEMBERS))
def test_every_member_state_has_a_standard_rate_which_is_its_highest(country: str) -> None:
    standard, *lower = legal_rates(country)
    assert Decimal(15) <= standard <= Decimal(30)
    assert all(Decimal(0) < rate < standard for rate in lower)
    assert lower == sorted(set(lower), reverse=True)


@pytest.mark.parametrize(
    ("country", "rates", "others"),
    [
        ("DE", "19 7", "20"),
        ("IT", "22 10 5 4", "21"),
        ("FI", "25.5", "24"),
        ("PT", "23 13 6", "22 16"),
        ("FR", "20 10 5.5 2.1", "8.5 0.9"),
        ("AT", "20 10 13", "19"),
        ("PT-20", "16", "23"),
        ("PT-30", "22", "23"),
        ("XI", "20 5", "23"),
        ("MC", "20", "22"),
    ],
)
def test_rates_of_regions_are_none_of_their_countrys(country: str, rates: str, others: str) -> None:
    found = legal_rates(country)
    assert set(map(Decimal, rates.split())) <= set(found)
    assert not set(map(Decimal, others.split())) & set(found)


def test_a_place_has_the_rates_of_its_narrowest_code_that_has_any() -> None:
    assert legal_rates_of(("FR-2A", "FR-20R", "FR")) == REGIONAL["FR-20R"]
    assert legal_rates_of(("ES-M", "ES")) == legal_rates("ES")
    assert legal_rates_of(("JP",)) == (Decimal(10), Decimal(8))
    assert legal_rates_of(("BR",)) == ()
    assert legal_rates_of(()) == ()
    assert rates_code(("FR-2A", "FR-20R", "FR")) == "FR-20R"
    assert rates_code(("FI-01", "AX")) == "FI-01"
    assert rates_code(()) == ""


@pytest.mark.parametrize(
    ("country", "rates"),
    [
        ("AE", "5"),
        ("AU", "10"),
        ("CA", ""),
        ("CH", "8.1 3.8 2.6"),
        ("EG", "14 5"),
        ("GB", "20 5"),
        ("IC", "7 20 15 9.5 3"),
        ("IN", "18 40 5 3"),
        ("JP", "10 8"),
        ("MX", "16"),
        ("NO", "25 15 12"),
        ("SA", "15"),
        ("SG", "9"),
        ("TR", "20 10 1"),
        ("US", ""),
        ("ZA", "15"),
    ],
)
def test_rates_outside_the_union_are_those_that_a_source_tells(country: str, rates: str) -> None:
    assert legal_rates(country) == tuple(map(Decimal, rates.split()))
    assert set(ELSEWHERE) <= {"AE", "AU", "EG", "IN", "JP", "MX", "SA", "SG", "ZA"}


@pytest.mark.parametrize(
    ("country", "postcode", "region", "codes", "vat"),
    [
        ("PT", "9500-321", "", ("PT-20", "PT"), "PT"),
        ("PT", "9500", "", ("PT-20", "PT"), "PT"),
        ("PT", "", "Açores", ("PT-20", "PT"), "PT"),
        ("PT", "P-9000-082", "", ("PT-30", "PT"), "PT"),
        ("PT", "1000-001", "Madeira", ("PT",), "PT"),
        ("FR", "20090", "", ("FR-2A", "FR-20R", "FR"), "FR"),
        ("FR", "20200", "", ("FR-2B", "FR-20R", "FR"), "FR"),
        ("FR", "75001", "", ("FR",), "FR"),
        ("ES", "38001", "", ("ES-TF", "ES-CN", "IC"), ""),
        ("ES", "35001", "", ("ES-GC", "ES-CN", "IC"), ""),
        ("ES", "51001", "", ("ES-CE", "EA"), ""),
        ("ES", "52001", "", ("ES-ML", "EA"), ""),
        ("IC", "", "", ("ES-CN", "IC"), ""),
        ("FI", "22100", "", ("FI-01", "AX"), ""),
        ("GP", "97110", "", ("FR-971", "GP"), ""),
        ("MQ", "97200", "", ("FR-972", "MQ"), ""),
        ("GF", "97300", "", ("FR-973", "GF"), ""),
        ("RE", "97400", "", ("FR-974", "RE"), ""),
        ("YT", "97600", "", ("FR-976", "YT"), ""),
        ("IT", "20121", "MI", ("IT",), "IT"),
    ],
)
def test_regions_stand_before_their_country(
    country: str, postcode: str, region: str, codes: tuple[str, ...], vat: str
) -> None:
    area = tax_area(country, postcode, region)
    assert (area.codes, area.vat) == (codes, vat)
    assert find_regions(country, postcode, region) == codes[: len(codes) - 1]


@pytest.mark.parametrize(
    ("country", "names", "codes"),
    [
        ("PT", "Açores, Azores, Região Autónoma dos Açores", "PT-20"),
        ("PT", "Madeira, Região Autónoma da Madeira", "PT-30"),
        ("FR", "Corse-du-Sud", "FR-2A FR-20R"),
        ("FR", "Haute-Corse", "FR-2B FR-20R"),
        ("FR", "Corse, Corsica", "FR-20R"),
        ("ES", "Las Palmas, Gran Canaria, Grand Canary", "ES-GC ES-CN"),
        ("ES", "Tenerife, Santa Cruz de Tenerife", "ES-TF ES-CN"),
        ("ES", "Canarias, Islas Canarias, Canary Islands", "ES-CN"),
        ("ES", "Ceuta", "ES-CE"),
        ("ES", "Melilla", "ES-ML"),
        ("FI", "Åland, Åland Islands, Ahvenanmaa", "FI-01"),
        ("FR", "Guadeloupe", "FR-971"),
        ("FR", "Martinique", "FR-972"),
        ("FR", "Guyane, Guyane française, French Guiana", "FR-973"),
        ("FR", "Réunion, La Réunion", "FR-974"),
        ("FR", "Mayotte", "FR-976"),
    ],
)
def test_regions_are_known_by_name_where_the_postcode_is_withheld(country: str, names: str, codes: str) -> None:
    assert {find_regions(country, "", name) for name in names.split(", ")} == {tuple(codes.split())}


def test_the_regions_table_names_each_code_once() -> None:
    codes = [region.code for region in REGIONS]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith(f"{region.country}-") for code, region in zip(codes, REGIONS, strict=True))


@pytest.mark.parametrize(
    ("place", "rates"),
    [
        ("PT-20", "16 9 4"),
        ("PT-30", "22 12 4"),
        ("FR-20R", "20 13 10 5.5 2.1 0.9"),
        ("GP", "8.5 2.1 1.75 1.05"),
        ("MQ", "8.5 2.1 1.75 1.05"),
        ("RE", "8.5 2.1 1.75 1.05"),
        ("IC", "7 20 15 9.5 3"),
        ("IM", "20 5"),
        ("FR", "20 10 5.5 2.1"),
        ("PT", "23 13 6"),
        ("GF", ""),
    ],
)
def test_all_rates_of_places_with_rates_of_their_own(place: str, rates: str) -> None:
    assert legal_rates(place) == tuple(map(Decimal, rates.split()))
