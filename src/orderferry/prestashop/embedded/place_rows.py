"""Zones, countries, provinces and currencies of a seeded shop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from orderferry.prestashop.embedded.rows import Row, TableRows, per_shop
from orderferry.prestashop.embedded.schema import DATA
from orderferry.prestashop.embedded.seed import ShopSeed

ZONES = (
    "Europe",
    "North America",
    "Asia",
    "Africa",
    "Oceania",
    "South America",
    "Europe (non-EU)",
    "Central America/Antilla",
)


class CountrySeed(NamedTuple):
    """One line of countries.json."""

    id: int
    iso: str
    zone: int
    call_prefix: int
    flags: str
    english: str
    italian: str


# ISO 4217: code, number, decimals, name, symbol, and a believable rate to the euro.
CURRENCIES = (
    ("EUR", "978", 2, "Euro", "€", "1.000000"),
    ("GBP", "826", 2, "Pound sterling", "£", "0.860000"),
    ("USD", "840", 2, "US dollar", "$", "1.080000"),
    ("JPY", "392", 0, "Japanese yen", "¥", "162.500000"),
    ("SEK", "752", 2, "Swedish krona", "kr", "11.500000"),
    ("PLN", "985", 2, "Polish złoty", "zł", "4.270000"),
    ("TRY", "949", 2, "Turkish lira", "₺", "35.100000"),
    ("BRL", "986", 2, "Brazilian real", "R$", "5.900000"),
    ("AUD", "036", 2, "Australian dollar", "$", "1.650000"),
    ("CAD", "124", 2, "Canadian dollar", "$", "1.480000"),
    ("MXN", "484", 2, "Mexican peso", "$", "19.900000"),
    ("AED", "784", 2, "UAE dirham", "AED", "3.970000"),
    ("SAR", "682", 2, "Saudi riyal", "SAR", "4.050000"),
    ("EGP", "818", 2, "Egyptian pound", "EGP", "52.400000"),
    ("INR", "356", 2, "Indian rupee", "₹", "90.800000"),
    ("ZAR", "710", 2, "South African rand", "R", "19.700000"),
    ("SGD", "702", 2, "Singapore dollar", "$", "1.450000"),
)


def countries() -> list[CountrySeed]:
    """The countries of the seeded shop, with their fixed ids."""
    return [CountrySeed(*row) for row in json.loads((DATA / "countries.json").read_text("utf-8"))]


def place_rows(seed: ShopSeed) -> Iterator[TableRows]:
    """Given a seed, yield zones, countries and states."""
    zones: list[Row] = [{"id_zone": number, "name": name, "active": 1} for number, name in enumerate(ZONES, 1)]
    yield "zone", zones
    yield "zone_shop", per_shop(seed.shop_ids, [{"id_zone": zone["id_zone"]} for zone in zones])
    known = countries()
    yield "country", [_country(country) for country in known]
    yield (
        "country_lang",
        [
            {
                "id_country": country.id,
                "id_lang": id_lang,
                "name": country.italian if iso == "it" else country.english,
            }
            for country in known
            for id_lang, iso in zip(seed.lang_ids, seed.languages, strict=True)
        ],
    )
    yield "country_shop", per_shop(seed.shop_ids, [{"id_country": country.id} for country in known])
    yield "state", _states(known)


def currency_rows(seed: ShopSeed) -> Iterator[TableRows]:
    """Given a seed, yield the currencies; up to 1.7.5 their signs stand in `currency` itself."""
    rows: list[Row] = []
    lang_rows: list[Row] = []
    for number, (iso, numeric, decimals, name, symbol, rate) in enumerate(CURRENCIES, 1):
        row: dict[str, Any] = {
            "id_currency": number,
            "name": name,
            "iso_code": iso,
            "iso_code_num": numeric,
            "numeric_iso_code": numeric,
            "sign": symbol,
            "conversion_rate": rate,
            "active": 1,
            "deleted": 0,
            "precision": decimals,
            "decimals": int(decimals > 0),
        }
        rows.append(row)
        lang_rows += [
            {"id_currency": number, "id_lang": id_lang, "name": name, "symbol": symbol} for id_lang in seed.lang_ids
        ]
    yield "currency", rows
    yield "currency_lang", lang_rows
    shop_rows: list[Row] = [
        {"id_currency": row["id_currency"], "conversion_rate": row["conversion_rate"]} for row in rows
    ]
    yield "currency_shop", per_shop(seed.shop_ids, shop_rows)


def _country(country: CountrySeed) -> Row:
    return {
        "id_country": country.id,
        "id_zone": country.zone,
        "id_currency": 0,
        "iso_code": country.iso,
        "call_prefix": country.call_prefix,
        "active": 1,
        "contains_states": int("S" in country.flags),
        "need_identification_number": int("D" in country.flags),
        "need_zip_code": int("Z" not in country.flags),
        "zip_code_format": "",
        "display_tax_label": 1,
    }


def _states(known: list[CountrySeed]) -> list[Row]:
    names: dict[str, dict[str, str]] = json.loads((DATA / "states.json").read_text("utf-8"))
    by_iso = {country.iso: country for country in known}
    flat = [(by_iso[iso], code, name) for iso, states in names.items() for code, name in states.items()]
    return [
        {
            "id_state": number,
            "id_country": country.id,
            "id_zone": country.zone,
            "name": name,
            "iso_code": code,
            "tax_behavior": 0,
            "active": 1,
        }
        for number, (country, code, name) in enumerate(flat, 1)
    ]
