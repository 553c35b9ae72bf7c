"""Which taxes a shop lacks for the places that its Amazon orders go to, and making them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.legal_rates import legal_rates, rates_code
from orderferry.domain.marketplaces import PRICES_WITHOUT_TAX
from orderferry.domain.territories import EU_MEMBERS, NORTHERN_IRELAND, find_territory, tax_area
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_text
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.tax_rates import home_country

Rates = Mapping[str, Collection[Decimal]]  # in percent, by the code of a place: a country's, XI, or a region's (PT-20)
# What a value added tax is called, by language.
_WORDS = {"it": "IVA", "es": "IVA", "pt": "IVA", "fr": "TVA", "de": "USt.", "nl": "btw", "pl": "VAT", "sv": "Moms"}
_MOST_LENGTH = 32  # tax_lang.name


def places_delivered_to(connection: sa.Connection, tables: ShopTables) -> frozenset[str]:
    """Where imported orders went, by the codes whose rates hold there: countries, their regions (PT-20) and
    territories (XI)."""
    if not tables.has(MARKER_TABLE):
        return frozenset()
    marker, order, address, country = (tables[name] for name in (MARKER_TABLE, "orders", "address", "country"))
    rows = connection.execute(
        sa.select(country.c.iso_code, address.c.postcode)
        .join_from(marker, order, order.c.id_order == marker.c.id_order)
        .join(address, address.c.id_address == order.c.id_address_delivery)
        .join(country, country.c.id_country == address.c.id_country)
        .distinct()
    )
    return frozenset(rates_code(tax_area(as_text(iso), as_text(postcode)).codes) for iso, postcode in rows) - {""}


def rates_place(code: str) -> str:
    """Given the code of a place, return the one whose rates are law there: FR for Monaco, GB for the Isle of Man."""
    territory = find_territory(code)
    if territory is None or not (territory.vat in EU_MEMBERS or territory.is_one_area):
        return code
    return territory.vat or territory.country


def missing_rates(facts: ShopFacts, places: Iterable[str], held: Rates) -> dict[str, tuple[Decimal, ...]]:
    """Given the codes of places and by place the rates for which orders are held, return for each the rates of which
    the shop has no tax in force, but for one that is named for another country.

    Where prices hold VAT (in the Union, and in the shop's own country), these are all rates by law.
    """
    home = home_country(facts)
    needed: dict[str, dict[Decimal, None]] = {}  # in order
    for place in {*places, *held}:
        code = rates_place(place)
        legal = legal_rates(code) if _prices_hold_vat(code, home) else ()
        needed.setdefault(code, {}).update(dict.fromkeys((*legal, *sorted(held.get(place, ()), reverse=True))))
    missing: dict[str, tuple[Decimal, ...]] = {}
    for code in sorted(needed):  # a country stands before its regions
        of = {code, _around(code)}
        has = {rate for id_tax, rate in facts.taxes.items() if not (named := facts.tax_countries[id_tax]) or named & of}
        rates = tuple(rate for rate in needed[code] if rate not in has and rate not in missing.get(_around(code), ()))
        if rates:
            missing[code] = rates
    return missing


def _prices_hold_vat(code: str, home: str) -> bool:
    if code == home:
        return home not in PRICES_WITHOUT_TAX
    return code == NORTHERN_IRELAND or _around(code) in EU_MEMBERS


def _around(code: str) -> str:
    """The country whose taxes hold in a place, too: of a region, and of Northern Ireland; else the code itself."""
    return "GB" if code == NORTHERN_IRELAND else code.partition("-")[0]


def rates_to_create(
    settings: Settings, facts: ShopFacts, places: Iterable[str], held: Rates
) -> dict[str, tuple[Decimal, ...]]:
    """The taxes to make: every missing rate of the marketplaces' countries, of the places that orders went to and of
    those where orders are held, and the standard rate of all other member states."""
    wanted = {*(marketplace.code for marketplace in settings.amazon.marketplaces), *places, *held}
    missing = missing_rates(facts, wanted | EU_MEMBERS, held)
    ours = set(map(rates_place, wanted))
    return {
        code: rates if code in ours else rates[:1]
        for code, rates in missing.items()
        if code in ours or rates[0] == legal_rates(code)[0]
    }


def create_taxes(writer: Statements, rates: Rates, languages: Mapping[int, str]) -> int:
    """Insert the taxes, active, with a name in every language of the shop and without a rule; return how many."""
    number = 0
    for code, percents in rates.items():
        for rate in percents:
            id_tax = writer.insert("tax", {"rate": rate, "active": 1, "deleted": 0})
            names = {id_lang: tax_name(code, rate, iso) for id_lang, iso in languages.items()}
            writer.insert_all(
                "tax_lang", [{"id_tax": id_tax, "id_lang": id_lang, "name": name} for id_lang, name in names.items()]
            )
            number += 1
    return number


def tax_name(code: str, rate: Decimal, language: str = "en") -> str:
    """The name of a tax: IVA DE 19% in Italian."""
    return f"{_WORDS.get(language, 'VAT')} {code} {rate.normalize():f}%"[:_MOST_LENGTH]


def in_words(rates: Rates) -> str:
    """Rates by place: DE 19 %, 7 %; FR 20 %."""
    return "; ".join(
        f"{code} {', '.join(f'{rate.normalize():f} %' for rate in percents)}" for code, percents in rates.items()
    )
