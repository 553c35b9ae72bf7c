"""Invoice numbers that PrestaShop gave away in the same moments as we did: found by the next run at the latest.

PrestaShop reads the maximum and writes its number later, without a lock and without a unique key, so its number may
come to be the same after ours is committed. Each run reads the invoices that are new since the last one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.writing.numbers import INVOICE_NUMBERS

MEMORY_KEY = "invoice-numbers"


class SharedNumbers:
    """Looks for them. `recall` and `remember` keep a text between runs: the newest invoice that was looked at, and the
    invoices that share a number until somebody corrects one of them."""

    def __init__(self, recall: Callable[[str], str | None], remember: Callable[[str, str], None]) -> None:
        self._recall = recall
        self._remember = remember

    def find(self, connection: sa.Connection, tables: ShopTables, *, yearly: bool) -> tuple[Problem, ...]:
        """Return a problem for each order of ours whose invoice number another invoice bears too.

        `yearly`: the sequence begins again each year (PS_INVOICE_RESET). A new memory begins with today's invoices:
        older collisions are none of ours.
        """
        checked, known = self._load()
        invoice = tables["order_invoice"]
        newest = as_int(connection.execute(sa.select(sa.func.max(invoice.c.id_order_invoice))).scalar())
        if checked is None or checked > newest:
            checked = newest
        suspected = {*known, *_new_suspects(connection, tables, checked - INVOICE_NUMBERS.margin)}
        shared = _shared(connection, tables, suspected, yearly=yearly) if suspected else {}
        ids = sorted(as_int(row["id_order_invoice"]) for rows in shared.values() for row in rows)
        if (checked, sorted(known)) != (newest, ids) or self._recall(MEMORY_KEY) is None:
            self._remember(MEMORY_KEY, json.dumps({"checked": newest, "shared": ids}))
        return tuple(
            _problem(as_text(row["amazon_order_id"]), number)
            for (_, number), rows in sorted(shared.items())
            for row in rows
            if row["amazon_order_id"]
        )

    def _load(self) -> tuple[int | None, frozenset[int]]:
        try:
            kept = json.loads(self._recall(MEMORY_KEY) or "{}")
            checked = kept.get("checked")
            return None if checked is None else int(checked), frozenset(map(int, kept.get("shared", ())))
        except (ValueError, TypeError, AttributeError):
            return None, frozenset()


def _new_suspects(connection: sa.Connection, tables: ShopTables, above: int) -> set[int]:
    """The ids of the newest invoices that have a number in common."""
    invoice = tables["order_invoice"]
    lately = (invoice.c.id_order_invoice > above, invoice.c.number > 0)
    again = sa.select(invoice.c.number).where(*lately).group_by(invoice.c.number).having(sa.func.count() > 1)
    numbers = [as_int(number) for number in connection.execute(again).scalars()]
    if not numbers:
        return set()
    ids = sa.select(invoice.c.id_order_invoice).where(*lately, invoice.c.number.in_(numbers))
    return {as_int(found) for found in connection.execute(ids).scalars()}


def _shared(
    connection: sa.Connection, tables: ShopTables, ids: Iterable[int], *, yearly: bool
) -> dict[tuple[str, int], list[Mapping[Any, Any]]]:
    """Those of these invoices that share a number (of a year) and of which one at least is ours, by year and number."""
    invoice, marker = tables["order_invoice"], tables[MARKER_TABLE]
    query = (
        sa.select(invoice.c.id_order_invoice, invoice.c.number, invoice.c.date_add, marker.c.amazon_order_id)
        .select_from(invoice.outerjoin(marker, marker.c.id_order == invoice.c.id_order))
        .where(invoice.c.id_order_invoice.in_(sorted(ids)))
    )
    groups: dict[tuple[str, int], list[Mapping[Any, Any]]] = {}
    for row in connection.execute(query).mappings():
        year = str(row["date_add"])[:4] if yearly else ""
        groups.setdefault((year, as_int(row["number"])), []).append(row)
    return {key: rows for key, rows in groups.items() if len(rows) > 1 and any(row["amazon_order_id"] for row in rows)}


def _problem(order_id: str, number: int) -> Problem:
    return Problem(
        ProblemCode.DUPLICATE_INVOICE_NUMBER,
        f"order {order_id}: its invoice number {number} was given to another order too",
        order_id,
        str(number),
    )
