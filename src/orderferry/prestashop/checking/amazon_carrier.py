"""The carrier "Amazon" that `init` makes: PrestaShop keeps it through edits of an order, and offers it to no customer.

The order page lists a carrier only if it is active, serves the address's zone and one of the customer's groups. An
order whose carrier is not listed gets another one as soon as somebody enters a tracking number, and its shipping is
computed anew. A group of its own keeps the carrier out of everybody else's checkout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import sqlalchemy as sa

from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import Value, as_int
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.shop_texts import shop_moment, shop_zone
from orderferry.prestashop.planning.tax_rates import standard_group

NAME = "Amazon"
TABLES = frozenset({"group", "group_shop", "carrier_lang", "carrier_zone", "zone"})  # beside those of every run

_GROUP: dict[str, Value] = {"reduction": 0, "price_display_method": 0, "show_prices": 1}
_CARRIER: dict[str, Value] = {
    "name": NAME,
    "url": "",
    "active": 1,
    "deleted": 0,
    "shipping_handling": 0,
    "range_behavior": 0,
    "is_module": 0,
    "is_free": 1,
    "shipping_external": 0,
    "need_range": 0,
    "external_module_name": "",
    "shipping_method": 0,
    **dict.fromkeys(("max_width", "max_height", "max_depth", "max_weight", "grade"), 0),
}


def find_amazon_carrier(facts: ShopFacts) -> int:
    """The id of the live carrier that is called "Amazon" in any case; 0 for none."""
    return next((one.id for one in facts.carriers if one.name.strip().casefold() == NAME.casefold()), 0)


def create_amazon_carrier(connection: sa.Connection, tables: ShopTables, facts: ShopFacts, now: datetime) -> int:
    """Create the carrier with a customer group of its own, for every shop, zone and language; return its id."""
    writer = Statements(connection, tables)
    languages = _ids(connection, tables, "lang")
    shops = sorted(facts.shops)
    id_group = _create_group(writer, facts, languages, shop_moment(now, shop_zone(facts.time_zone)))
    position = as_int(connection.execute(sa.select(sa.func.max(tables["carrier"].c.position))).scalar())
    tax_group = standard_group(facts)
    id_carrier = writer.insert(
        "carrier", {**_CARRIER, "id_reference": 0, "id_tax_rules_group": tax_group, "position": position + 1}
    )
    own: dict[str, Value] = {"id_carrier": id_carrier}
    writer.update("carrier", {"id_reference": id_carrier}, own)
    delays: list[dict[str, Value]] = [
        {**own, "id_shop": id_shop, "id_lang": id_lang, "delay": NAME} for id_shop in shops for id_lang in languages
    ]
    writer.insert_all("carrier_lang", delays)
    writer.insert_all("carrier_group", [{**own, "id_group": id_group}])
    writer.insert_all("carrier_zone", [{**own, "id_zone": zone} for zone in _ids(connection, tables, "zone")])
    for table, more in _of_shops(tables, tax_group):
        writer.insert_all(table, [{**own, "id_shop": id_shop, **more} for id_shop in shops])
    return id_carrier


def _of_shops(tables: ShopTables, tax_group: int) -> Iterator[tuple[str, dict[str, Value]]]:
    """Tables with a row for each shop, and what stands in it."""
    if tables.has("carrier_shop"):
        yield "carrier_shop", {}
    if tables.has("carrier_tax_rules_group_shop"):
        yield "carrier_tax_rules_group_shop", {"id_tax_rules_group": tax_group}


def _create_group(writer: Statements, facts: ShopFacts, languages: Collection[int], written: str) -> int:
    """A customer group under a name that is free: a second group of one name could not be configured by it."""
    taken = {name.casefold() for name in facts.groups.values()}
    names = [NAME, f"{NAME} (carrier)", *(f"{NAME} (carrier {number})" for number in range(2, len(taken) + 3))]
    name = next(name for name in names if name.casefold() not in taken)
    id_group = writer.insert("group", {**_GROUP, "date_add": written, "date_upd": written})
    named: list[dict[str, Value]] = [{"id_group": id_group, "id_lang": id_lang, "name": name} for id_lang in languages]
    writer.insert_all("group_lang", named)
    if writer.has("group_shop"):
        writer.insert_all("group_shop", [{"id_group": id_group, "id_shop": id_shop} for id_shop in sorted(facts.shops)])
    return id_group


def _ids(connection: sa.Connection, tables: ShopTables, name: str) -> list[int]:
    column = tables[name].c[f"id_{name}"]
    return [as_int(number) for number in connection.execute(sa.select(column).order_by(column)).scalars()]
