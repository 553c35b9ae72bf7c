"""What is read once a run: the states, carriers, customer groups and employee that a configuration chooses from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_flag, as_int, as_text
from orderferry.prestashop.facts import Carrier, OrderState


def read_states(connection: sa.Connection, tables: ShopTables, id_lang: int) -> Mapping[int, OrderState]:
    """`order_state` with its names: `name` in the language given, `names` in every one. Deleted ones are left out."""
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
    """`carrier` with `carrier_group`: the live rows, active ones first, and the id_reference of every row, deleted
    ones included.

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
    """`group_lang`: the customer groups' names, in the language given where they have one."""
    table = tables["group_lang"]
    rows = connection.execute(sa.select(table.c.id_group, table.c.id_lang, table.c.name).order_by(table.c.id_group))
    names: dict[int, str] = {}
    for id_group, row_lang, name in rows:
        if as_int(row_lang) == id_lang or as_int(id_group) not in names:
            names[as_int(id_group)] = as_text(name)
    return names


def read_employee(connection: sa.Connection, tables: ShopTables) -> int:
    """`employee`: the lowest active id, under which private messages are shown; 1 where there is none."""
    table = tables["employee"]
    lowest = connection.execute(sa.select(sa.func.min(table.c.id_employee)).where(table.c.active == 1)).scalar()
    return as_int(lowest) or 1
