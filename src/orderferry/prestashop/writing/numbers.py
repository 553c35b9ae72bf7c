"""Numbers that nobody else may have: an invoice's and a delivery slip's.

PrestaShop draws MAX + 1 without a lock. Importers are kept apart by a row of ours that is locked from the draw to the
commit; against PrestaShop itself the window stays as short as it can be, since the draw comes last. The maximum is
read from the newest rows, by a key, never by a scan of all invoices (but for the first draw ever).

Invoice numbers that PrestaShop gave away in the same moments as we did: found by the next run at the latest.

PrestaShop reads the maximum and writes its number later, without a lock and without a unique key, so its number may
come to be the same after ours is committed. Each run reads the invoices that are new since the last one.

Numbering the papers of an order: the last statements before a commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.database.own_tables import MARKER_TABLE, post_locked_value, store_locked, value_of
from orderferry.prestashop.database.statements import Condition, Reply, Statements, largest_of
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.facts import ShopUnit
from orderferry.prestashop.planning.resolved_order import NumbersToDraw


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence of numbers in order_invoice.

    `setting` gives the next number once and is then cleared. `margin`: how many of the newest rows may have got their
    number after a later row's; slips are numbered when a parcel leaves, which may be long after the invoice.
    `by_history`: PrestaShop numbers when an order's state changes, which leaves a row in order_history, so that only
    the orders with new rows there need a look. `order_column`: orders' own copy if it is indexed, beside which only
    rows of the last moments (`_CHECKOUTS`) may hold a higher number. `locks`: read what is committed now even where the
    session had to begin at REPEATABLE READ, which holds the rows till the commit.
    """

    column: str
    setting: str
    margin: int
    order_column: str = ""
    by_history: bool = False
    locks: bool = False


_SETTING = ("id_configuration", "id_shop", "id_shop_group", "value")
_MOMENTS = 100  # rows of order_history that may be under way side by side
# Invoices whose number may not have come to orders yet, which PrestaShop writes in one request; each costs a row lock.
_CHECKOUTS = 32
INVOICE_NUMBERS = Sequence("number", "PS_INVOICE_START_NUMBER", 1_000, "invoice_number", locks=True)
DELIVERY_NUMBERS = Sequence("delivery_number", "PS_DELIVERY_NUMBER", 20_000, by_history=True)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a sequence was when it was drawn from last: the year, the number, the newest id_order_invoice and
    id_order_history (0: not kept)."""

    year: int = 0
    number: int = 0
    newest: int = 0
    history: int = 0


@dataclass(frozen=True, slots=True)
class Draw:
    """A sequence whose row is locked, and the replies of what decides on the next number: the value kept, and `newest`
    ids and largest copy of the number. `recent`, the largest number of the last moments, is enough to look at where one
    was drawn before and the copy is indexed; None where it is not.
    """

    sequence: Sequence
    yearly: bool
    locked: Reply
    newest: Reply
    recent: Reply | None


def post_draw(writer: Statements, sequence: Sequence, *, yearly: bool = False) -> Draw:
    """Lock a sequence and ask for all that `drawn` needs: one round trip, also for two sequences. `yearly` says that
    it begins again each year. Other importers wait here until the commit."""
    beside_index = _is_beside_index(writer, sequence) and not yearly
    apart = beside_index and sequence.locks and not writer.reads_committed
    locked = post_locked_value(writer, _key(sequence))
    newest = _post_newest(writer, sequence, copied=beside_index, recent=beside_index and not apart)
    return Draw(
        sequence,
        yearly,
        locked,
        newest,
        (writer.send(_recent(writer, sequence) + writer.share_lock) if apart else newest) if beside_index else None,
    )


def drawn(writer: Statements, draw: Draw, shop: ShopUnit, moment: str) -> int:
    """Return the next number; the caller writes it and commits soon. `moment` is the shop's time."""
    year = int(moment[:4])
    before, row = _parsed(value_of(draw.locked)), draw.newest.rows[0]
    newest = (as_int(row["invoice"]), as_int(row["history"]))
    number = _set_by_person(writer, draw.sequence, shop, moment) if as_int(row["settings"]) else 0
    if not number:
        last = 0 if draw.yearly and before.year != year else before.number
        number = max(last, _highest(writer, draw, before, Reached(year, last, *newest))) + 1
    store_locked(writer, _key(draw.sequence), " ".join(map(str, (year, number, *newest))), draw.locked)
    return number


def _key(sequence: Sequence) -> str:
    return f"last_{sequence.column}"


def _is_beside_index(writer: Statements, sequence: Sequence) -> bool:
    return bool(sequence.order_column) and writer.tables.live["orders"].columns[sequence.order_column].indexed


def _post_newest(statements: Statements, sequence: Sequence, *, copied: bool, recent: bool) -> Reply:
    """Return one SELECT of what keys tell at once: newest ids, the largest copy of the number in orders (where that
    is indexed), how many settings name the next number, and the largest `recent` number.
    """
    newest_invoice = f"SELECT MAX(id_order_invoice) FROM {statements.table('order_invoice')}"
    newest_entry = f"SELECT MAX(id_order_history) FROM {statements.table('order_history')}"
    copy = f"SELECT MAX({statements.column(sequence.order_column)}) FROM {statements.table('orders')}"
    named = f"SELECT COUNT(*) FROM {statements.table('configuration')} WHERE name = {statements.placeholder}"
    return statements.send(
        f"SELECT ({newest_invoice}) AS invoice, ({newest_entry}) AS history,"
        f" {f'({copy})' if copied else '0'} AS copied, ({named} AND value > 0) AS settings,"
        f" {f'({_recent(statements, sequence)})' if recent else '0'} AS largest",
        [sequence.setting],
    )


def _recent(statements: Statements, sequence: Sequence) -> str:
    """Return the SELECT of the largest number in the newest invoices, whose copy in orders may still be under way."""
    table = statements.table("order_invoice")
    # The column is unsigned: the difference must be allowed below zero.
    newest = f"SELECT CAST(MAX(id_order_invoice) AS SIGNED) FROM {table}"
    return (
        f"SELECT MAX({statements.column(sequence.column)}) AS largest FROM {table}"
        f" WHERE id_order_invoice > ({newest}) - {_CHECKOUTS}"
    )


def _highest(writer: Statements, draw: Draw, before: Reached, now: Reached) -> int:
    """Return the highest number in the rows that may have got one since the last draw. The first draw ever reads all
    rows.
    """
    sequence, copied = draw.sequence, as_int(draw.newest.rows[0]["copied"])
    if sequence.by_history and before.history and now.history >= before.history:
        return _highest_by_history(writer, sequence, before.history - _MOMENTS)
    if draw.recent and before.newest > 0:
        return max(largest_of(draw.recent), copied)
    conditions: list[Condition] = [("id_order_invoice", ">", before.newest - sequence.margin)]
    if draw.yearly:
        conditions.append(("date_add", ">=", f"{now.year}-01-01 00:00:00"))
    locks = sequence.locks and not writer.reads_committed and before.newest > 0
    return max(writer.largest("order_invoice", sequence.column, *conditions, lock=locks), copied)


def _highest_by_history(statements: Statements, sequence: Sequence, after: int) -> int:
    """Return the largest number of the orders that have an entry in their history after this one."""
    history, invoice = statements.table("order_history"), statements.table("order_invoice")
    found = statements.send(
        f"SELECT MAX(i.{statements.column(sequence.column)}) AS largest FROM {history} h"
        f" JOIN {invoice} i ON i.id_order = h.id_order WHERE h.id_order_history > {statements.placeholder}",
        [after],
    )
    return largest_of(found)


def _set_by_person(writer: Statements, sequence: Sequence, shop: ShopUnit, moment: str) -> int:
    """Return the number that the shop's settings name for the next paper, which PrestaShop then clears; 0 for none."""
    rows = writer.rows("configuration", _SETTING, {"name": sequence.setting})
    mine = [row for row in rows if as_int(row["id_shop"]) in {0, shop.id}]
    mine = [row for row in mine if as_int(row["id_shop_group"]) in {0, shop.id_group}]
    mine.sort(key=lambda row: (as_int(row["id_shop"]), as_int(row["id_shop_group"])), reverse=True)
    if not mine:
        return 0
    number = as_int(as_text(mine[0]["value"]))
    if number > 0:
        key = {"id_configuration": as_int(mine[0]["id_configuration"])}
        writer.post_update("configuration", {"value": "", "date_upd": moment}, key)
    return max(number, 0)


def _parsed(text: str) -> Reached:
    parts = text.split()
    return Reached(*(int(part) for part in parts)) if len(parts) in {3, 4} else Reached()


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
    """Return the ids of the newest invoices that have a number in common."""
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
    """Return those of these invoices that share a number (of a year) and of which one at least is ours, by year and
    number.
    """
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


Draws = tuple[Draw | None, Draw | None]  # of the invoice's number and of the slip's


def post_draws(writer: Statements, papers: NumbersToDraw) -> Draws:
    """Ask for what `number_papers` will need. Invoices are drawn before slips by everybody: no deadlock."""
    invoice_draw = post_draw(writer, INVOICE_NUMBERS, yearly=papers.yearly) if papers.invoice else None
    return invoice_draw, post_draw(writer, DELIVERY_NUMBERS) if papers.slip else None


def number_papers(
    writer: Statements, papers: NumbersToDraw, order: Value, invoice: Value, draws: Draws | None = None
) -> int:
    """Given the ids of an order and of its order_invoice row, draw the numbers and copy them into the order, as
    PrestaShop does. Return the invoice's number, 0 when none was drawn. `draws`: where they were asked for already.
    """
    on_invoice: dict[str, Value] = {}
    on_order: dict[str, Value] = {}
    number = 0
    invoice_draw, slip_draw = draws or post_draws(writer, papers)
    if invoice_draw:
        number = drawn(writer, invoice_draw, papers.shop, papers.moment)
        on_invoice["number"] = number
        on_order |= {"invoice_number": number, "invoice_date": papers.moment}
    if slip_draw:
        slip_number = drawn(writer, slip_draw, papers.shop, papers.moment)
        on_invoice |= {"delivery_number": slip_number, "delivery_date": papers.moment}
        on_order |= {"delivery_number": slip_number, "delivery_date": papers.moment}
    if on_invoice:
        writer.post_update("order_invoice", on_invoice, {"id_order_invoice": invoice})
        writer.post_update("orders", on_order, {"id_order": order})
    return number
