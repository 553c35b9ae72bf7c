"""Which territory an address is in, and whose VAT goods bear that are sent there."""

from __future__ import annotations

import pytest

from orderferry.domain.orders import Address
from orderferry.domain.territories import (
    COUNTRY_ALIASES,
    EU_MEMBERS,
    TERRITORIES,
    TaxArea,
    area_of,
    countries_in_name,
    country_named,
    country_of,
    find_territory,
    province_keys,
    tax_area,
)

# country, postcode, region as Amazon may write them -> name of the territory, VAT
CASES = {
    "Milan": ("IT", "20121", "MI", None, "IT"),
    "Livigno": ("IT", "23041", "SO", "Livigno", ""),
    "next to Livigno": ("IT", "23030", "SO", None, "IT"),
    "Campione": ("IT", "22061", "CO", "Campione d'Italia", ""),
    "San Marino under IT": ("IT", "47890", "RSM", "San Marino", ""),
    "San Marino": ("SM", "47890", "", "San Marino", ""),
    "Vatican": ("IT", "00120", "", "Vatican City", ""),
    "Rome": ("IT", "00100", "RM", None, "IT"),
    "Corsica": ("FR", "20000", "Corse", None, "FR"),
    "Monaco under FR": ("FR", "98000", "", "Monaco", "FR"),
    "Monaco": ("MC", "98000", "", "Monaco", "FR"),
    "Monaco by region": ("FR", "", "Monaco", "Monaco", "FR"),
    "Guadeloupe": ("FR", "97110", "", "Guadeloupe", ""),
    "Saint Barthélemy before Guadeloupe": ("FR", "97133", "", "Saint Barthélemy", ""),
    "Saint Martin": ("fr", "F-97150", "", "Saint Martin", ""),
    "Réunion": ("RE", "97400", "", "Réunion", ""),
    "French Polynesia": ("FR", "98713", "", "French Polynesia", ""),
    "Paris": ("FR", "75001", "Île-de-France", None, "FR"),
    "Las Palmas": ("ES", "35001", "Las Palmas", "Canary Islands", ""),
    "Tenerife": ("ES", "38 001", "", "Canary Islands", ""),
    "Canaries by code": ("IC", "", "", "Canary Islands", ""),
    "Canaries by region": ("ES", "", "Santa Cruz de Tenerife", "Canary Islands", ""),
    "a region that contradicts a postcode": ("ES", "28001", "Las Palmas", None, "ES"),
    "Balearic Islands": ("ES", "07001", "Illes Balears", None, "ES"),
    "Ceuta": ("ES", "51001", "Ceuta", "Ceuta", ""),
    "Melilla": ("ES", "E-52001", "", "Melilla", ""),
    "Andorra under ES": ("ES", "AD500", "", "Andorra", ""),
    "Åland under FI": ("FI", "22100", "", "Åland Islands", ""),
    "Åland with its code before": ("FI", "AX-22100", "", "Åland Islands", ""),
    "Åland by region": ("FI", "", "ÅLAND", "Åland Islands", ""),
    "Helsinki": ("FI", "00100", "Uusimaa", None, "FI"),
    "Büsingen": ("DE", "78266", "", "Büsingen", ""),
    "Heligoland": ("DE", "D-27498", "", "Heligoland", ""),
    "Munich": ("DE", "80331", "Bayern", None, "DE"),
    "Mount Athos": ("GR", "630 86", "", "Mount Athos", ""),
    "Greece by the Commission's code": ("EL", "10431", "", None, "GR"),
    "Belfast": ("GB", "BT1 5GS", "", "Northern Ireland", "XI"),
    "Belfast in small letters under UK": ("uk", "bt15gs", "", "Northern Ireland", "XI"),
    "Northern Ireland by region": ("GB", "", "Northern Ireland", "Northern Ireland", "XI"),
    "London": ("GB", "SW1A 1AA", "", None, ""),
    "Bath, whose postcodes begin with BA": ("GB", "BA1 1AA", "", None, ""),
    "Jersey": ("GB", "JE2 3AB", "", "Jersey", ""),
    "Guernsey": ("GB", "GY1 1AA", "", "Guernsey", ""),
    "Isle of Man": ("IM", "IM1 1AA", "", "Isle of Man", ""),
    "Gibraltar": ("GB", "GX11 1AA", "", "Gibraltar", ""),
    "Greenland": ("DK", "3900", "", "Greenland", ""),
    "Faroe Islands": ("DK", "100", "", "Faroe Islands", ""),
    "Copenhagen": ("DK", "1050", "", None, "DK"),
    "Switzerland": ("CH", "8238", "", None, ""),
    "the United States": ("US", "35005", "AL", None, ""),
    "no country": ("", "35001", "", None, ""),
    "a postcode that is none": ("ES", "'; DROP TABLE", "", None, "ES"),
    "digits of another script": ("ES", "٣٥٠٠١", "Las Palmas", "Canary Islands", ""),
}


@pytest.mark.parametrize(("country", "postcode", "region", "name", "vat"), CASES.values(), ids=CASES)
def test_territory_and_vat(country: str, postcode: str, region: str, name: str | None, vat: str) -> None:
    found = find_territory(country, postcode, region)
    assert (found.name if found else None) == name
    assert tax_area(country, postcode, region).vat == vat


# Of each territory: its own code, the country that its addresses may bear instead, a postcode there, and its names.
PLACES = (
    ("MC", "FR", "98000", "Monaco, Principauté de Monaco"),
    ("XI", "GB", "BT1 5GS", "Northern Ireland"),
    ("IC", "ES", "35001", "Canarias, Islas Canarias, Canary Islands, Las Palmas, Gran Canaria, Grand Canary, Tenerife"),
    ("IC", "ES", "38001", "Las Palmas de Gran Canaria, Santa Cruz de Tenerife"),
    ("AX", "FI", "22100", "Åland, Åland Islands, Ahvenanmaa, Ahvenanmaan maakunta"),
    ("", "GR", "63086", "Mount Athos, Agion Oros"),
    ("", "GR", "63087", ""),
    ("", "IT", "22061", ""),
    ("MF", "FR", "97150", "Saint-Martin"),
    ("MF", "FR", "97801", ""),
    ("BL", "FR", "97133", "Saint-Barthélemy"),
    ("BL", "FR", "97701", ""),
    ("GP", "FR", "97110", "Guadeloupe"),
    ("MQ", "FR", "97200", "Martinique"),
    ("GF", "FR", "97300", "Guyane, Guyane française, French Guiana"),
    ("RE", "FR", "97400", "Réunion, La Réunion"),
    ("YT", "FR", "97600", "Mayotte"),
    ("EA", "ES", "51001", "Ceuta"),
    ("", "ES", "52001", "Melilla"),
    ("", "DE", "27498", ""),
    ("", "DE", "78266", ""),
    ("", "IT", "23041", ""),
    ("PM", "FR", "97500", "Saint-Pierre-et-Miquelon"),
    ("WF", "FR", "98600", "Wallis-et-Futuna"),
    ("PF", "FR", "98713", "Polynésie française, French Polynesia"),
    ("NC", "FR", "98800", "Nouvelle-Calédonie, New Caledonia"),
    ("GL", "DK", "3900", "Grønland, Greenland, Kalaallit Nunaat"),
    ("FO", "DK", "100", "Føroyar, Færøerne, Faroe Islands"),
    ("SM", "IT", "47890", "San Marino, Repubblica di San Marino"),
    ("VA", "IT", "00120", ""),
    ("AD", "ES", "AD500", "Andorra"),
    ("JE", "GB", "JE2 3AB", "Jersey"),
    ("GG", "GB", "GY1 1AA", "Guernsey, Alderney, Sark"),
    ("IM", "GB", "IM1 1AA", "Isle of Man"),
    ("GI", "GB", "GX11 1AA", "Gibraltar"),
)


@pytest.mark.parametrize(("code", "country", "postcode", "names"), PLACES, ids=[f"{c}-{p}" for _, c, p, _ in PLACES])
def test_each_territory_is_known_by_code_by_postcode_and_by_name(
    code: str, country: str, postcode: str, names: str
) -> None:
    found = find_territory(country, postcode)
    assert found is not None
    assert {find_territory(country, "", name) for name in filter(None, names.split(", "))} <= {found}
    assert find_territory(code) == (found if code else None)


def test_every_territory_has_a_case() -> None:
    assert {find_territory(country, postcode) for _, country, postcode, _ in PLACES} == set(TERRITORIES)


def test_only_the_isle_of_man_outside_the_union_takes_the_tax_of_the_country_around_it() -> None:
    assert tax_area("GB", "IM1 1AA").codes == ("IM", "GB")
    assert tax_area("GB", "JE2 3AB").codes == ("JE",)


def test_the_table_says_nothing_twice_and_names_real_member_states() -> None:
    assert len(EU_MEMBERS) == 27
    assert len({territory.name for territory in TERRITORIES}) == len(TERRITORIES)
    assert {territory.vat for territory in TERRITORIES} <= EU_MEMBERS | {"", "XI"}
    assert {territory.country for territory in TERRITORIES} <= EU_MEMBERS | {"GB"}
    regions = [(territory.country, region) for territory in TERRITORIES for region in territory.regions]
    assert len(set(regions)) == len(regions)


GERMANY = {
    "en": "Germany",
    "it": "Germania",
    "es": "Alemania",
    "fr": "Allemagne",
    "de": "Deutschland",
    "ca": "Alemanya",
    "eu": "Frantzia",
    "ast": "Alemaña",
    "nl": "Duitsland",
    "pl": "Niemcy",
    "sv": "Tyskland",
    "tr": "Almanya",
    "pt_BR": "Alemanha",
    "ga": "An Ghearmáin",
    "cy": "Yr Almaen",
    "ja": "ドイツ",
    "hi": "जर्मनी",
}


@pytest.mark.parametrize(("language", "name"), GERMANY.items(), ids=GERMANY)
def test_countries_are_known_by_their_names_in_the_languages_of_the_marketplaces(language: str, name: str) -> None:
    assert country_named(name) == country_of(f" {name} ") == ("FR" if language == "eu" else "DE")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("de", "DE"),
        (" UK ", "GB"),
        ("EL", "GR"),
        ("XX", "XX"),
        ("DEU", "DE"),
        ("276", "DE"),
        ("Federal Republic of Germany", "DE"),
        ("Bolivia", "BO"),
        ("D", ""),
        ("D1", ""),
        ("", ""),
        ("---", ""),
        ("Nowhere", ""),
        ("Germany" + "." * 73, "DE"),
        ("Germany" + "." * 74, ""),
    ],
)
def test_what_stands_for_a_country(written: str, code: str) -> None:
    assert country_of(written) == code


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("IVA ES 21%", "ES"),
        ("VAT UK 20%", "GB"),
        ("ΦΠΑ EL 24%", "GR"),
        ("MwSt. DE/AT", "DE AT"),
        ("IVA 22%", ""),
        ("iva it", ""),
        *((f"VAT {code} 20%", code) for code in ("GB", "XI", "CH", "NO", "TR", "MC", "IT")),
        ("VAT US", ""),
    ],
)
def test_countries_in_the_name_of_a_tax(name: str, codes: str) -> None:
    assert countries_in_name(name) == set(codes.split())
    assert COUNTRY_ALIASES == {"UK": "GB", "EL": "GR"}


@pytest.mark.parametrize(
    ("country", "names", "keys"),
    [
        ("IT", ("Torino",), {"to", "torino"}),
        ("it", ("", "TURIN"), {"to", "torino"}),
        ("JP", ("東京都",), {"13", "tokyo"}),
        ("JP", ("東京",), {"13", "tokyo"}),
        ("JP", ("京都",), {"26", "kyoto"}),
        ("JP", ("千葉",), {"12", "chiba"}),
        ("ES", ("Lérida",), {"l", "lleida lerida", "lleida", "lerida"}),
    ],
)
def test_provinces_are_known_by_their_names_in_many_languages(
    country: str, names: tuple[str, ...], keys: set[str]
) -> None:
    assert keys <= next(province_keys(country, *names))


@pytest.mark.parametrize(("country", "names"), [("IT", ("", "-")), ("IT", ("Nowhere",)), ("XX", ("Torino",))])
def test_what_is_no_province(country: str, names: tuple[str, ...]) -> None:
    assert list(province_keys(country, *names)) == []


@pytest.mark.parametrize(
    ("address", "area"),
    [
        (None, TaxArea(("IT",), "IT")),
        (Address(country="Spain", postal_code="35001"), TaxArea(("ES-GC", "ES-CN", "IC"), "")),
        (Address(postal_code="23041"), TaxArea((), "")),
        (Address(country="FR", region="Monaco"), TaxArea(("MC", "FR"), "FR")),
        (Address(country="??", region="Milano"), TaxArea(("IT",), "IT")),
        (Address(country="GB", postal_code="BT1 5GS"), TaxArea(("XI", "GB"), "XI")),
    ],
)
def test_the_area_of_an_address_is_in_the_marketplaces_country_unless_it_names_one(
    address: Address | None, area: TaxArea
) -> None:
    assert area_of(address, "IT") == area


def test_no_country_has_no_area() -> None:
    assert tax_area("") == TaxArea((), "")


def test_each_territory_bears_its_english_name() -> None:
    assert ", ".join(territory.name for territory in TERRITORIES) == (
        "Monaco, Northern Ireland, Canary Islands, Åland Islands, Mount Athos, Campione d'Italia, Saint Martin, "
        "Saint Barthélemy, Guadeloupe, Martinique, French Guiana, Réunion, Mayotte, Ceuta, Melilla, Heligoland, "
        "Büsingen, Livigno, Saint Pierre and Miquelon, Wallis and Futuna, French Polynesia, New Caledonia, Greenland, "
        "Faroe Islands, San Marino, Vatican City, Andorra, Jersey, Guernsey, Isle of Man, Gibraltar"
    )


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        ("GP", ("FR-971", "GP")),
        ("MQ", ("FR-972", "MQ")),
        ("GF", ("FR-973", "GF")),
        ("RE", ("FR-974", "RE")),
        ("YT", ("FR-976", "YT")),
        ("IC", ("ES-CN", "IC")),
        ("AX", ("FI-01", "AX")),
        ("MC", ("MC", "FR")),
    ],
)
def test_a_territorys_own_code_alone_tells_its_region(code: str, codes: tuple[str, ...]) -> None:
    assert tax_area(code).codes == codes
