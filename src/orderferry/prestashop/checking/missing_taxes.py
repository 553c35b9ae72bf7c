"""Which taxes a shop lacks for the countries that its Amazon orders go to, and making them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.legal_rates import legal_rates
from orderferry.domain.territories import EU_MEMBERS
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.tax_rates import countries_in_name, home_country
from orderferry.prestashop.writing.shop_writer import ShopWriter

Rates = Mapping[str, Sequence[Decimal]]  # by country code, in percent
# What a value added tax is called, by language.
_WORDS = {"it": "IVA", "es": "IVA", "pt": "IVA", "fr": "TVA", "de": "USt.", "nl": "btw", "pl": "VAT", "sv": "Moms"}
_MOST_LENGTH = 32  # tax_lang.name


def countries_delivered_to(connection: sa.Connection, tables: ShopTables) -> Mapping[str, int]:
    """How many of the imported orders went to each country, by ISO code."""
    if not tables.has(MARKER_TABLE):
        return {}
    marker, order, address, country = (tables[name] for name in (MARKER_TABLE, "orders", "address", "country"))
    rows = connection.execute(
        sa.select(country.c.iso_code, sa.func.count())
        .join_from(marker, order, order.c.id_order == marker.c.id_order)
        .join(address, address.c.id_address == order.c.id_address_delivery)
        .join(country, country.c.id_country == address.c.id_country)
        .group_by(country.c.iso_code)
    )
    return {as_text(iso): as_int(number) for iso, number in rows}


def missing_rates(facts: ShopFacts, countries: Iterable[str]) -> dict[str, tuple[Decimal, ...]]:
    """Given country codes, return for each member state of the EU among them its legal rates of which the shop has no
    tax in force, but for one that is named for another country. The shop's own country is left out: which of its rates
    the shop needs, its products say.
    """
    home = home_country(facts)
    missing: dict[str, tuple[Decimal, ...]] = {}
    for code in sorted(set(countries) & EU_MEMBERS - {home}):
        has = {
            rate
            for id_tax, rate in facts.taxes.items()
            if not (named := countries_in_name(facts.tax_names.get(id_tax, ""))) or code in named
        }
        rates = tuple(rate for rate in legal_rates(code) if rate not in has)
        if rates:
            missing[code] = rates
    return missing


def rates_to_create(
    settings: Settings, facts: ShopFacts, delivered_to: Iterable[str]
) -> dict[str, tuple[Decimal, ...]]:
    """The taxes to make: every missing rate of the marketplaces' countries and of those that orders went to, and the
    standard rate of all other member states."""
    wanted = {marketplace.code for marketplace in settings.amazon.marketplaces} | set(delivered_to)
    missing = missing_rates(facts, EU_MEMBERS)
    return {
        code: rates if code in wanted else rates[:1]
        for code, rates in missing.items()
        if code in wanted or rates[0] == legal_rates(code)[0]
    }


def create_taxes(writer: ShopWriter, rates: Rates, languages: Mapping[int, str]) -> int:
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
    """Rates by country: DE 19 %, 7 %; FR 20 %."""
    return "; ".join(
        f"{code} {', '.join(f'{rate.normalize():f} %' for rate in percents)}" for code, percents in rates.items()
    )
