"""References for new orders: nine random capitals each, as PrestaShop makes them, that no order of the shop has.

PrestaShop itself does not look whether one is taken. They are drawn for a page of orders at once.
"""

from __future__ import annotations

import string
from collections.abc import Sequence

import sqlalchemy as sa

from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_text
from orderferry.prestashop.random_text import random_text

LENGTH = 9  # orders.reference


def draw_references(connection: sa.Connection, tables: ShopTables, order_ids: Sequence[str]) -> dict[str, str]:
    """Given Amazon order ids, return a reference for each; one statement for 500, none for none.

    The column is indexed in every version.
    """
    column = tables["orders"].c.reference
    drawn: dict[str, str] = {}
    for some in chunks(order_ids):
        missing = list(some)
        while missing:
            drawn |= {order_id: random_text(string.ascii_uppercase, LENGTH) for order_id in missing}
            query = sa.select(column).where(column.in_([drawn[order_id] for order_id in missing]))
            taken = {as_text(reference) for reference in connection.execute(query).scalars()}
            missing = [order_id for order_id in missing if drawn[order_id] in taken]
    return drawn
