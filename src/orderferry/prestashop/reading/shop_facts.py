"""Read everything about the shop that does not change within a run, at its start.

Settings, shops, languages, currencies, states, carriers, customer groups, countries, provinces and taxes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.money import currency_decimals
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_decimal, as_flag, as_int, as_text
from orderferry.prestashop.facts import Carrier, Country, Currency, OrderState, Province, ShopFacts, ShopUnit, TaxRule

Configuration = Mapping[tuple[str, int, int], str]


def read_shop_facts(connection: sa.Connection, shop: ShopTables) -> ShopFacts:
    """Return the facts of a shop with these tables. At most fifteen statements.

    Works from 1.6.1 to 9.x: columns that a version lacks are not asked for.
    """
    configuration = read_configuration(connection, shop)
    id_lang = as_int(configuration.get(("PS_LANG_DEFAULT", 0, 0)))
    shops = read_shops(connection, shop)
    carriers, references = read_carriers(connection, shop)
    taxes, tax_names = read_taxes(connection, shop, id_lang)
    return ShopFacts(
        version=shop_version(configuration),
        tables=shop.live,
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


def tax_fingerprint(settings: Settings, facts: ShopFacts) -> str:
    """Return a short text that changes when taxes in the shop or in the configuration change."""
    parts = [
        sorted(facts.taxes.items()),
        sorted(facts.tax_rules.items()),
        sorted(facts.carrier_tax_groups.items()),
        sorted((code, str(rate)) for code, rate in settings.taxes.by_country.items()),
        settings.taxes.missing,
        settings.taxes.collected_by_amazon,
        sorted(
            (code, sorted((country, str(rate)) for country, rate in own.taxes.by_country.items()), own.vat_by_amazon)
            for code, own in settings.marketplaces.items()
        ),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def read_configuration(connection: sa.Connection, tables: ShopTables) -> Configuration:
    """Read `configuration`: PrestaShop's own settings (PS_…) except its mailer's, by name, shop group and shop."""
    table = tables["configuration"]
    rows = connection.execute(
        sa.select(table.c.name, table.c.id_shop_group, table.c.id_shop, table.c.value)
        .where(table.c.name.startswith("PS_", autoescape=True), ~table.c.name.startswith("PS_MAIL_", autoescape=True))
        .order_by(table.c.id_configuration)
    )
    return {(as_text(name), as_int(group), as_int(shop)): as_text(value) for name, group, shop, value in rows}


def shop_version(configuration: Configuration) -> str:
    """Return the version of the database's tables: PS_VERSION_DB, else the installed one; '' when unknown."""
    return configuration.get(("PS_VERSION_DB", 0, 0)) or configuration.get(("PS_INSTALL_VERSION", 0, 0), "")


def read_shops(connection: sa.Connection, tables: ShopTables) -> Mapping[int, ShopUnit]:
    """Read `shop` with `shop_group`: the shops that are not deleted."""
    shop, group = tables["shop"], tables["shop_group"]
    rows = connection.execute(
        sa.select(
            *(shop.c[name] for name in ("id_shop", "id_shop_group", "name")),
            *(group.c[name] for name in ("share_stock", "share_customer", "share_order")),
        )
        .join_from(shop, group, group.c.id_shop_group == shop.c.id_shop_group, isouter=True)
        .where(shop.c.deleted == 0)
        .order_by(shop.c.id_shop)
    )
    return {
        as_int(id_shop): ShopUnit(
            as_int(id_shop), as_int(id_group), as_text(name), as_flag(stock), as_flag(customer), as_flag(order)
        )
        for id_shop, id_group, name, stock, customer, order in rows
    }


def read_languages(connection: sa.Connection, tables: ShopTables) -> Mapping[str, int]:
    """Read `lang`: the active languages by ISO code."""
    table = tables["lang"]
    rows = connection.execute(
        sa.select(table.c.iso_code, table.c.id_lang).where(table.c.active == 1).order_by(table.c.id_lang.desc())
    )
    return {as_text(iso).lower(): as_int(id_lang) for iso, id_lang in rows}


def read_currencies(
    connection: sa.Connection, tables: ShopTables, configuration: Configuration
) -> Mapping[str, Currency]:
    """Read `currency` and `currency_shop` by ISO code; of two rows with the same code, the active one."""
    table = tables["currency"]
    rows = connection.execute(
        sa.select(
            table.c.id_currency,
            table.c.iso_code,
            table.c.conversion_rate,
            table.c.active,
            tables.column("currency", "precision"),
            tables.column("currency", "decimals", 1),
        )
        .where(table.c.deleted == 0)
        .order_by(table.c.active, table.c.id_currency.desc())
    ).all()
    shop_rates = _shop_rates(connection, tables)
    display = configuration.get(("PS_PRICE_DISPLAY_PRECISION", 0, 0), "")
    return {
        as_text(iso).upper(): Currency(
            id=as_int(id_currency),
            iso=as_text(iso).upper(),
            rate=as_decimal(rate) or Decimal(1),
            decimals=_decimals(as_text(iso).upper(), precision, display if as_flag(decimals) else "0"),
            active=as_flag(active),
            shop_rates=shop_rates.get(as_int(id_currency), {}),
        )
        for id_currency, iso, rate, active, precision, decimals in rows
    }


def _shop_rates(connection: sa.Connection, tables: ShopTables) -> Mapping[int, Mapping[int, Decimal]]:
    rates: dict[int, dict[int, Decimal]] = defaultdict(dict)
    if tables.has("currency_shop"):
        table = tables["currency_shop"]
        columns = (table.c.id_currency, table.c.id_shop, table.c.conversion_rate)
        for id_currency, id_shop, rate in connection.execute(sa.select(*columns)):
            rates[as_int(id_currency)][as_int(id_shop)] = as_decimal(rate)
    return rates


def _decimals(iso: str, precision: object, display: str) -> int:
    """Return the smaller one of the currency's own decimals and the shop's.

    The shop's are `currency.precision` (1.7.6 and newer), before it PS_PRICE_DISPLAY_PRECISION, or 0 if the currency
    was set to show no decimals (1.6).
    """
    own = currency_decimals(iso)
    if precision is not None:
        return min(own, as_int(precision))
    return min(own, as_int(display)) if display.isdigit() else own


def read_states(connection: sa.Connection, tables: ShopTables, id_lang: int) -> Mapping[int, OrderState]:
    """Read `order_state` with `name` in one language and `names` in all of them; deleted states are left out."""
    state, lang = tables["order_state"], tables["order_state_lang"]
    flags = ("logable", "invoice", "paid", "shipped", "delivery", "send_email")
    rows = connection.execute(
        sa.select(state.c.id_order_state, lang.c.id_lang, lang.c.name, *(state.c[flag] for flag in flags))
        .join_from(state, lang, lang.c.id_order_state == state.c.id_order_state, isouter=True)
        .where(tables.column("order_state", "deleted", 0) == 0)
        .order_by(state.c.id_order_state, lang.c.id_lang)
    ).mappings()
    names: dict[int, dict[int, str]] = defaultdict(dict)
    set_flags: dict[int, dict[str, bool]] = {}
    for row in rows:
        id_state = as_int(row["id_order_state"])
        names[id_state][as_int(row["id_lang"])] = as_text(row["name"])
        set_flags[id_state] = {flag: as_flag(row[flag]) for flag in flags}
    return {
        id_state: OrderState(
            id=id_state,
            name=names[id_state].get(id_lang) or next(iter(names[id_state].values())),
            names=tuple(dict.fromkeys(filter(None, names[id_state].values()))),
            **found,
        )
        for id_state, found in set_flags.items()
    }


def read_carriers(connection: sa.Connection, tables: ShopTables) -> tuple[tuple[Carrier, ...], Mapping[int, int]]:
    """Read `carrier` with `carrier_group`: the live rows, active ones first, and the id_reference of all rows.

    Editing a carrier in the back office copies it under a new id, and the old row stays as deleted.
    """
    table = tables["carrier"]
    columns = [table.c.id_carrier, table.c.id_reference, table.c.name, table.c.active, table.c.deleted]
    source: sa.FromClause = table
    id_group: sa.ColumnElement[Any] = sa.null()
    if tables.has("carrier_group"):
        link = tables["carrier_group"]
        source, id_group = table.outerjoin(link, link.c.id_carrier == table.c.id_carrier), link.c.id_group
    rows = connection.execute(
        sa.select(*columns, id_group.label("id_group"))
        .select_from(source)
        .order_by(table.c.active.desc(), table.c.position, table.c.id_carrier)
    ).all()
    groups: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        groups[as_int(row[0])] |= {as_int(row[5])} - {0}
    live: dict[int, Carrier] = {}
    for row in rows:
        number, reference, name, active, deleted = row[:5]
        if not as_flag(deleted):
            allowed = frozenset(groups[as_int(number)])
            live[as_int(number)] = Carrier(as_int(number), as_int(reference), as_text(name), as_flag(active), allowed)
    return tuple(live.values()), {as_int(row[0]): as_int(row[1]) for row in rows}


def read_groups(connection: sa.Connection, tables: ShopTables, id_lang: int) -> Mapping[int, str]:
    """Read `group_lang`: the customer groups' names, in the language given where they have one."""
    table = tables["group_lang"]
    rows = connection.execute(sa.select(table.c.id_group, table.c.id_lang, table.c.name).order_by(table.c.id_group))
    names: dict[int, str] = {}
    for id_group, row_lang, name in rows:
        if as_int(row_lang) == id_lang or as_int(id_group) not in names:
            names[as_int(id_group)] = as_text(name)
    return names


def read_employee(connection: sa.Connection, tables: ShopTables) -> int:
    """Read `employee`: the lowest active id, under which private messages are shown; 1 if there is none."""
    table = tables["employee"]
    lowest = connection.execute(sa.select(sa.func.min(table.c.id_employee)).where(table.c.active == 1)).scalar()
    return as_int(lowest) or 1


def read_countries(connection: sa.Connection, tables: ShopTables) -> Mapping[str, Country]:
    """Read `country`, active or not, by ISO code."""
    table = tables["country"]
    names = ("id_country", "iso_code", "id_zone", "contains_states", "need_identification_number", "active")
    columns = [*(table.c[name] for name in names), tables.column("country", "zip_code_format")]
    rows = connection.execute(sa.select(*columns).order_by(table.c.active, table.c.id_country.desc()))
    return {
        as_text(iso).upper(): Country(
            id=as_int(id_country),
            iso=as_text(iso).upper(),
            id_zone=as_int(id_zone),
            contains_states=as_flag(states),
            need_identification_number=as_flag(number),
            active=as_flag(active),
            zip_code_format=as_text(zip_format),
        )
        for id_country, iso, id_zone, states, number, active, zip_format in rows
    }


def read_provinces(connection: sa.Connection, tables: ShopTables) -> tuple[Province, ...]:
    """Read `state`: provinces and federal states, active ones before the others."""
    table = tables["state"]
    rows = connection.execute(
        sa.select(table.c.id_state, table.c.id_country, table.c.iso_code, table.c.name).order_by(
            table.c.active.desc(), table.c.id_state
        )
    )
    return tuple(
        Province(as_int(id_state), as_int(id_country), as_text(iso), as_text(name))
        for id_state, id_country, iso, name in rows
    )


def read_taxes(
    connection: sa.Connection, tables: ShopTables, id_lang: int
) -> tuple[Mapping[int, Decimal], Mapping[int, str]]:
    """Read `tax`, active and not deleted: rates in percent, and names in the language given where they have one."""
    tax, lang = tables["tax"], tables["tax_lang"]
    rows = connection.execute(
        sa.select(tax.c.id_tax, tax.c.rate, lang.c.id_lang, lang.c.name)
        .join_from(tax, lang, lang.c.id_tax == tax.c.id_tax, isouter=True)
        .where(tax.c.active == 1, tax.c.deleted == 0)
        .order_by(tax.c.id_tax, lang.c.id_lang)
    )
    rates: dict[int, Decimal] = {}
    names: dict[int, str] = {}
    for id_tax, rate, row_lang, name in rows:
        rates[as_int(id_tax)] = as_decimal(rate)
        if as_int(row_lang) == id_lang or as_int(id_tax) not in names:
            names[as_int(id_tax)] = as_text(name)
    return rates, names


def read_tax_rules(
    connection: sa.Connection, tables: ShopTables, rates: Mapping[int, Decimal]
) -> Mapping[tuple[int, int], tuple[TaxRule, ...]]:
    """Read `tax_rule` by (id_tax_rules_group, id_country), in the order in which PrestaShop tries the rules.

    That is (TaxRulesTaxManager): postcodes before provinces before the whole country; of equal ones, the first. Rules
    of inactive groups are left out, as PrestaShop does it, and those whose tax is not in force.
    """
    table = tables["tax_rule"]
    names = ("id_tax_rules_group", "id_country", "id_tax", "id_state", "zipcode_from", "zipcode_to", "behavior")
    statement = sa.select(*(table.c[name] for name in names)).order_by(table.c.id_tax_rule)
    if tables.has("tax_rules_group", "active"):
        group = tables["tax_rules_group"]
        statement = statement.join_from(
            table, group, group.c.id_tax_rules_group == table.c.id_tax_rules_group, isouter=False
        ).where(group.c.active == 1)
    rules: dict[tuple[int, int], list[TaxRule]] = {}
    for id_group, id_country, id_tax, id_state, start, end, behavior in connection.execute(statement):
        if not as_int(id_tax) or as_int(id_tax) in rates:
            rule = TaxRule(as_int(id_tax), as_int(id_state), as_text(start), as_text(end), as_int(behavior))
            rules.setdefault((as_int(id_group), as_int(id_country)), []).append(rule)

    def how_specific(rule: TaxRule) -> tuple[str, str, int]:
        return rule.zipcode_from.strip().upper(), rule.zipcode_to.strip().upper(), rule.id_state

    return {key: tuple(sorted(found, key=how_specific, reverse=True)) for key, found in rules.items()}


def read_carrier_tax_groups(
    connection: sa.Connection, tables: ShopTables, carriers: tuple[Carrier, ...], shops: tuple[int, ...]
) -> Mapping[tuple[int, int], int]:
    """Read the id_tax_rules_group of each (id_carrier, id_shop) from `carrier_tax_rules_group_shop`.

    A carrier without a row there has it in `carrier.id_tax_rules_group`, which versions before 8 still have.
    """
    groups: dict[tuple[int, int], int] = {}
    if tables.has("carrier", "id_tax_rules_group"):
        table = tables["carrier"]
        for id_carrier, id_group in connection.execute(sa.select(table.c.id_carrier, table.c.id_tax_rules_group)):
            groups |= {(as_int(id_carrier), id_shop): as_int(id_group) for id_shop in shops if as_int(id_group)}
    if tables.has("carrier_tax_rules_group_shop"):
        table = tables["carrier_tax_rules_group_shop"]
        rows = connection.execute(sa.select(table.c.id_carrier, table.c.id_shop, table.c.id_tax_rules_group))
        groups |= {(as_int(carrier), as_int(shop)): as_int(group) for carrier, shop, group in rows}
    live = {carrier.id for carrier in carriers}
    return {key: id_group for key, id_group in groups.items() if key[0] in live}
