"""What is read once a run: taxes, tax rules, and the tax rules groups of carriers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import sqlalchemy as sa

from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_decimal, as_int, as_text
from orderferry.prestashop.facts import Carrier, TaxRule


def read_taxes(
    connection: sa.Connection, tables: ShopTables, id_lang: int
) -> tuple[Mapping[int, Decimal], Mapping[int, str]]:
    """`tax`, active and not deleted: rates in percent, and names in the language given where they have one."""
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
    """`tax_rule`: (id_tax_rules_group, id_country) -> the rules, in the order in which PrestaShop's TaxRulesTaxManager
    tries them: postcodes before provinces before the whole country; of equal ones, the first.

    Left out are the rules of inactive groups, as there, and those whose tax is not in force.
    """
    table = tables["tax_rule"]
    statement = sa.select(
        table.c.id_tax_rules_group,
        table.c.id_country,
        table.c.id_tax,
        table.c.id_state,
        table.c.zipcode_from,
        table.c.zipcode_to,
        table.c.behavior,
    ).order_by(table.c.id_tax_rule)
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
    return {key: tuple(sorted(found, key=_specific, reverse=True)) for key, found in rules.items()}


def _specific(rule: TaxRule) -> tuple[str, str, int]:
    return rule.zipcode_from.strip().upper(), rule.zipcode_to.strip().upper(), rule.id_state


def read_carrier_tax_groups(
    connection: sa.Connection, tables: ShopTables, carriers: tuple[Carrier, ...], shops: tuple[int, ...]
) -> Mapping[tuple[int, int], int]:
    """(id_carrier, id_shop) -> id_tax_rules_group: `carrier_tax_rules_group_shop`, and where a carrier has no row
    there `carrier.id_tax_rules_group`, which versions before 8 still have."""
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
