"""Everything about the shop that does not change within a run, read at its start."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import ShopFacts, Table
from orderferry.prestashop.reading.choices import read_carriers, read_employee, read_groups, read_states
from orderferry.prestashop.reading.country_tables import read_countries, read_provinces
from orderferry.prestashop.reading.shops import (
    read_configuration,
    read_currencies,
    read_languages,
    read_shops,
    shop_version,
)
from orderferry.prestashop.reading.taxes import read_carrier_tax_groups, read_tax_rules, read_taxes


def read_shop_facts(connection: sa.Connection, prefix: str, tables: Mapping[str, Table]) -> ShopFacts:
    """Given a connection, the prefix and the live tables, return the shop's facts. At most fifteen statements.

    Works from 1.6.1 to 9.x: columns that a version lacks are not asked for.
    """
    shop = ShopTables(prefix, tables)
    configuration = read_configuration(connection, shop)
    id_lang = as_int(configuration.get(("PS_LANG_DEFAULT", 0, 0)))
    shops = read_shops(connection, shop)
    carriers, references = read_carriers(connection, shop)
    taxes, tax_names = read_taxes(connection, shop, id_lang)
    return ShopFacts(
        version=shop_version(configuration),
        tables=tables,
        configuration=configuration,
        states=read_states(connection, shop, id_lang),
        carriers=carriers,
        carrier_references=references,
        currencies=read_currencies(connection, shop, configuration),
        countries=read_countries(connection, shop),
        provinces=read_provinces(connection, shop),
        shops=shops,
        languages=read_languages(connection, shop),
        taxes=taxes,
        tax_names=tax_names,
        groups=read_groups(connection, shop, id_lang),
        time_zone=configuration.get(("PS_TIMEZONE", 0, 0), ""),
        tax_rules=read_tax_rules(connection, shop, taxes),
        carrier_tax_groups=read_carrier_tax_groups(connection, shop, carriers, tuple(shops)),
        employee=read_employee(connection, shop),
    )
