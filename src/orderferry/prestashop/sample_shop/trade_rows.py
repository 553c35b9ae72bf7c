"""Make the rows of a sample shop's trade: taxes, carriers, order states, zones, countries, provinces and currencies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from orderferry.domain.marketplaces import EU_COUNTRIES
from orderferry.prestashop.sample_shop.schema import DATA, Row, TableRows, per_shop
from orderferry.prestashop.sample_shop.seed import ShopSeed
from orderferry.prestashop.sample_shop.shop_rows import CUSTOMER_GROUPS, translated

HOME = "IT"
# Standard rates of VAT in percent (European Commission, Taxes in Europe database, 2026); Monaco applies France's.
# fmt: off
STANDARD_RATES: Mapping[str, str] = {
    "IT": "22", "AT": "20", "BE": "21", "BG": "20", "CY": "19", "CZ": "21", "DE": "19",
    "DK": "25", "EE": "24", "ES": "21", "FI": "25.5", "FR": "20", "GR": "24", "HR": "25",
    "HU": "27", "IE": "23", "LT": "21", "LU": "17", "LV": "21", "MC": "20", "MT": "18",
    "NL": "21", "PL": "23", "PT": "23", "RO": "21", "SE": "25", "SI": "22", "SK": "23",
}
# fmt: on
REDUCED_RATES: Mapping[str, str] = {"IT": "10", "DE": "7", "FR": "5.5", "ES": "10", "NL": "9", "AT": "10"}
SUPER_REDUCED_RATES: Mapping[str, str] = {"IT": "4", "DE": "7", "FR": "5.5", "ES": "4"}
RULES_GROUPS: tuple[tuple[str, Mapping[str, str]], ...] = (  # ids from 1
    ("IT Standard Rate (22%)", STANDARD_RATES),
    ("IT Reduced Rate (10%)", REDUCED_RATES),
    ("IT Super Reduced Rate (4%)", SUPER_REDUCED_RATES),
)


class StateSeed(NamedTuple):
    """One order state; `flags` are columns that are 1."""

    english: str
    italian: str
    flags: str
    template: str
    color: str
    module: str = ""


# PrestaShop's own states with their default flags (OrderState, and its installer).
ORDER_STATES = (  # ids from 1
    StateSeed("Awaiting check payment", "In attesa di assegno", "send_email", "cheque", "#34209E", "ps_checkpayment"),
    StateSeed(
        "Payment accepted", "Pagamento accettato", "logable invoice paid send_email pdf_invoice", "payment", "#3498D8"
    ),
    StateSeed(
        "Processing in progress",
        "Preparazione in corso",
        "logable invoice paid send_email delivery",
        "preparation",
        "#3498D8",
    ),
    StateSeed("Shipped", "Spedito", "logable invoice paid send_email delivery shipped", "shipped", "#01B887"),
    StateSeed("Delivered", "Consegnato", "logable invoice paid delivery shipped", "", "#01B887"),
    StateSeed("Canceled", "Annullato", "send_email", "order_canceled", "#2C3E50"),
    StateSeed("Refunded", "Rimborsato", "invoice send_email", "refund", "#01B887"),
    StateSeed("Payment error", "Errore di pagamento", "send_email", "payment_error", "#E74C3C"),
    StateSeed(
        "On backorder (paid)", "In attesa di rifornimento (pagato)", "invoice paid send_email", "outofstock", "#3498D8"
    ),
    StateSeed(
        "Awaiting bank wire payment", "In attesa di bonifico", "send_email", "bankwire", "#34209E", "ps_wirepayment"
    ),
    StateSeed(
        "Remote payment accepted", "Pagamento remoto accettato", "logable invoice paid send_email", "payment", "#3498D8"
    ),
    StateSeed(
        "On backorder (not paid)", "In attesa di rifornimento (non pagato)", "send_email", "outofstock", "#34209E"
    ),
)
STATE_FLAGS = ("logable", "invoice", "paid", "send_email", "pdf_invoice", "delivery", "shipped")


class CarrierSeed(NamedTuple):
    """One carrier; `price` in EUR without tax."""

    name: str
    delay: tuple[str, str]
    is_free: bool
    tax_group: int


CARRIERS = (  # ids from 1: the two of a fresh shop; the name 0 stands for the shop's own name
    CarrierSeed("0", ("Pick up in-store", "Ritiro in negozio"), True, 0),
    CarrierSeed("My carrier", ("Delivery next day!", "Consegna il giorno dopo!"), False, 1),
)


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


class CountrySeed(NamedTuple):
    """One line of countries.json."""

    id: int
    iso: str
    zone: int
    call_prefix: int
    flags: str
    english: str
    italian: str


def tax_ids() -> dict[tuple[str, str], int]:
    """Return the id_tax of each (country, rate), in the order of the rules groups: the Italian 22 % has 1."""
    pairs = dict.fromkeys((country, rate) for _, rates in RULES_GROUPS for country, rate in rates.items())
    return {pair: number for number, pair in enumerate(pairs, 1)}


def tax_rows(seed: ShopSeed) -> Iterator[TableRows]:
    """Yield taxes, rules groups and rules."""
    ids = tax_ids()
    yield "tax", [{"id_tax": id_tax, "rate": rate} for (_, rate), id_tax in ids.items()]
    names = tuple((f"VAT {country} {rate}%", f"IVA {country} {rate}%") for country, rate in ids)
    yield "tax_lang", translated(seed, "id_tax", names)
    groups: list[Row] = [
        {"id_tax_rules_group": number, "name": name, "active": 1} for number, (name, _) in enumerate(RULES_GROUPS, 1)
    ]
    yield "tax_rules_group", groups
    links: list[Row] = [{"id_tax_rules_group": group["id_tax_rules_group"]} for group in groups]
    yield "tax_rules_group_shop", per_shop(seed.shop_ids, links)
    yield "tax_rule", _tax_rules(ids, italian_localisation=seed.italian_localisation)


def carrier_rows(seed: ShopSeed) -> Iterator[TableRows]:
    """Yield carriers with their zones, groups and tax rules groups."""
    carriers = list(enumerate(CARRIERS, 1))
    yield (
        "carrier",
        [
            {
                "id_carrier": number,
                "id_reference": number,
                "id_tax_rules_group": carrier.tax_group,
                "name": carrier.name,
                "active": 1,
                "is_free": int(carrier.is_free),
                "shipping_handling": int(not carrier.is_free),
                "position": number - 1,
            }
            for number, carrier in carriers
        ],
    )
    delays = translated(seed, "id_carrier", tuple(carrier.delay for _, carrier in carriers), column="delay")
    yield "carrier_lang", per_shop(seed.shop_ids, delays)
    ids: list[Row] = [{"id_carrier": number} for number, _ in carriers]
    yield "carrier_shop", per_shop(seed.shop_ids, ids)
    yield "carrier_group", [{**row, "id_group": g} for row in ids for g, _ in enumerate(CUSTOMER_GROUPS, 1)]
    yield "carrier_zone", [{**row, "id_zone": zone} for row in ids for zone, _ in enumerate(ZONES, 1)]
    groups: list[Row] = [{"id_carrier": n, "id_tax_rules_group": carrier.tax_group} for n, carrier in carriers]
    yield "carrier_tax_rules_group_shop", per_shop(seed.shop_ids, groups)


def order_state_rows(seed: ShopSeed) -> Iterator[TableRows]:
    """Yield the order states with their names."""
    yield (
        "order_state",
        [
            {
                "id_order_state": number,
                "module_name": state.module,
                "color": state.color,
                "unremovable": 1,
                **{flag: int(flag in state.flags.split()) for flag in STATE_FLAGS},
            }
            for number, state in enumerate(ORDER_STATES, 1)
        ],
    )
    names = translated(seed, "id_order_state", tuple((state.english, state.italian) for state in ORDER_STATES))
    templates = [ORDER_STATES[row["id_order_state"] - 1].template for row in names]
    yield "order_state_lang", [{**row, "template": t} for row, t in zip(names, templates, strict=True)]


def _tax_rules(ids: Mapping[tuple[str, str], int], *, italian_localisation: bool) -> list[Row]:
    id_of = {country.iso: country.id for country in countries()}
    rules: list[Row] = []
    for number, (_, rates) in enumerate(RULES_GROUPS, 1):
        mapped = dict(rates)
        if italian_localisation:
            mapped = dict.fromkeys([HOME, *sorted(EU_COUNTRIES - {HOME})], rates[HOME])
        for country, rate in mapped.items():
            id_tax = ids[HOME, rate] if italian_localisation else ids[country, rate]
            rules.append(
                {
                    "id_tax_rules_group": number,
                    "id_country": id_of[country],
                    "zipcode_from": "0",
                    "zipcode_to": "0",
                    "id_tax": id_tax,
                }
            )
    return rules


def countries() -> list[CountrySeed]:
    """Return the countries of the seeded shop, with their fixed ids."""
    return [CountrySeed(*row) for row in json.loads((DATA / "countries.json").read_text("utf-8"))]


def place_rows(seed: ShopSeed) -> Iterator[TableRows]:
    """Yield zones, countries and states."""
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
    """Yield the currencies; up to 1.7.5 their signs are in `currency` itself."""
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
        "iso_code": country.iso,
        "call_prefix": country.call_prefix,
        "active": 1,
        "contains_states": int("S" in country.flags),
        "need_identification_number": int("D" in country.flags),
        "need_zip_code": int("Z" not in country.flags),
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
            "active": 1,
        }
        for number, (country, code, name) in enumerate(flat, 1)
    ]
