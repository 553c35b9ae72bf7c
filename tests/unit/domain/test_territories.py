"""Which territory an address is in, and whose VAT goods bear that are sent there."""

from __future__ import annotations

import pytest

from orderferry.domain.territories import EU_MEMBERS, TERRITORIES, find_territory, tax_area

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


def test_the_table_says_nothing_twice_and_names_real_member_states() -> None:
    assert len(EU_MEMBERS) == 27
    assert len({territory.name for territory in TERRITORIES}) == len(TERRITORIES)
    assert {territory.vat for territory in TERRITORIES} <= EU_MEMBERS | {"", "XI"}
    assert {territory.country for territory in TERRITORIES} <= EU_MEMBERS | {"GB"}
    regions = [(territory.country, region) for territory in TERRITORIES for region in territory.regions]
    assert len(set(regions)) == len(regions)
