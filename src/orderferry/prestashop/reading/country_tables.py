"""What is read once a run: countries and provinces."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_flag, as_int, as_text
from orderferry.prestashop.facts import Country, Province


def read_countries(connection: sa.Connection, tables: ShopTables) -> Mapping[str, Country]:
    """`country`, active or not, by ISO code."""
    table = tables["country"]
    rows = connection.execute(
        sa.select(
            table.c.id_country,
            table.c.iso_code,
            table.c.id_zone,
            table.c.contains_states,
            table.c.need_identification_number,
            table.c.need_zip_code,
            table.c.active,
            tables.column("country", "zip_code_format"),
        ).order_by(table.c.active, table.c.id_country.desc())
    )
    return {
        as_text(iso).upper(): Country(
            id=as_int(id_country),
            iso=as_text(iso).upper(),
            id_zone=as_int(id_zone),
            contains_states=as_flag(states),
            need_identification_number=as_flag(number),
            need_zip_code=as_flag(zip_code),
            active=as_flag(active),
            zip_code_format=as_text(zip_format),
        )
        for id_country, iso, id_zone, states, number, zip_code, active, zip_format in rows
    }


def read_provinces(connection: sa.Connection, tables: ShopTables) -> tuple[Province, ...]:
    """`state`: provinces and federal states, active ones before the others."""
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
