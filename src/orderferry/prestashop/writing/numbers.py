"""The numbers of invoices and delivery slips, which no other order may have.

PrestaShop draws MAX + 1 without a lock. Importers are kept apart by a row of ours that is locked from the draw to the
commit. Against PrestaShop itself the gap stays as short as possible, since the draw comes last. The maximum is read
from the newest rows, by a key, never by a scan of all invoices (except for the very first draw).

PrestaShop reads the maximum and writes its number later, without a lock and without a unique key, so it may give the
same number after ours is committed. `SharedNumbers` finds such invoices: each run reads those that are new.
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
from orderferry.prestashop.database.tables import ShopTables, quoted
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.facts import ShopUnit
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolved_order import Paperwork

MEMORY_KEY = "invoice-numbers"
_SETTING = ("id_configuration", "id_shop", "id_shop_group", "value")
_MOMENTS = 100  # rows of order_history that may be written at the same time
# Invoices whose number may not have come to orders yet, which PrestaShop writes in one request; each costs a row lock.
_CHECKOUTS = 32


@dataclass(frozen=True, slots=True)
class NumberSequence:
    """A sequence of numbers in order_invoice.

    `setting` gives the next number once and is then cleared. `margin`: how many of the newest rows may have got their
    number after a later row; slips are numbered when a parcel is sent, which may be long after the invoice.
    `order_column`: the copy of the number in orders; if it is indexed, only rows of the last moments (`_CHECKOUTS`) may
    hold a higher number. `by_history`: PrestaShop numbers when an order's state changes, which adds a row to
    order_history, so that only orders with new rows there are read. `locks`: read what is committed now even if the
    session had to begin at REPEATABLE READ; this locks the rows until the commit.
    """

    column: str
    setting: str
    margin: int
    order_column: str = ""
    by_history: bool = False
    locks: bool = False


INVOICE_NUMBERS = NumberSequence("number", "PS_INVOICE_START_NUMBER", 1_000, "invoice_number", locks=True)
DELIVERY_NUMBERS = NumberSequence("delivery_number", "PS_DELIVERY_NUMBER", 20_000, by_history=True)


class PaperNumbers:
    """The numbers of one order's invoice and delivery slip.

    The last numbers are asked for when this is made, and new ones drawn when they are written. Other importers
    wait from the beginning until the commit. Everybody draws invoices before slips: no deadlock.
    """

    def __init__(self, writer: Statements, paperwork: Paperwork, market: Market) -> None:
        self._writer = writer
        self._shop = market.shop
        self._invoice = _Draw(writer, INVOICE_NUMBERS, yearly=market.invoices_yearly) if paperwork.invoice else None
        self._slip = _Draw(writer, DELIVERY_NUMBERS) if paperwork.slip else None

    def write(self, order: Value, invoice: Value, moment: str) -> None:
        """Draw the numbers and write them into the order_invoice row and the order, as PrestaShop does.

        `order` and `invoice` are their ids, `moment` is the shop's time. These are the last statements before a commit.
        """
        on_invoice: dict[str, Value] = {}
        on_order: dict[str, Value] = {}
        if self._invoice:
            number = self._invoice.number(self._shop, moment)
            on_invoice["number"] = number
            on_order |= {"invoice_number": number, "invoice_date": moment}
        if self._slip:
            slip: dict[str, Value] = {"delivery_number": self._slip.number(self._shop, moment), "delivery_date": moment}
            on_invoice |= slip
            on_order |= slip
        if on_invoice:
            self._writer.post_update("order_invoice", on_invoice, {"id_order_invoice": invoice})
            self._writer.post_update("orders", on_order, {"id_order": order})


class _Draw:
    """The draw of one number: locks the sequence and asks for what decides on the number, in one round trip.

    `yearly`: the sequence begins again each year.
    """

    def __init__(self, writer: Statements, sequence: NumberSequence, *, yearly: bool = False) -> None:
        orders = writer.tables.live["orders"].columns
        beside_index = bool(sequence.order_column) and orders[sequence.order_column].indexed and not yearly
        apart = beside_index and sequence.locks and not writer.reads_committed
        self._writer = writer
        self._sequence = sequence
        self._yearly = yearly
        self._locked = post_locked_value(writer, _key(sequence))
        self._newest = _post_newest(writer, sequence, copied=beside_index, recent=beside_index and not apart)
        # The largest number of the last moments is enough if one was drawn before and orders' copy is indexed.
        self._recent: Reply | None = None
        if beside_index:
            self._recent = writer.send(_recent(writer, sequence) + writer.share_lock) if apart else self._newest

    def number(self, shop: ShopUnit, moment: str) -> int:
        """Return the next number. `moment` is the shop's time."""
        year, row = int(moment[:4]), self._newest.rows[0]
        last_year, last, last_invoice, last_history = _parsed(value_of(self._locked))
        invoice, history = as_int(row["invoice"]), as_int(row["history"])
        number = _set_by_person(self._writer, self._sequence, shop, moment) if as_int(row["settings"]) else 0
        if not number:
            if self._yearly and last_year != year:
                last = 0
            begins_after = last_history if history >= last_history else 0
            number = max(last, self._highest(year, last_invoice, begins_after)) + 1
        text = f"{year} {number} {invoice} {history}"
        store_locked(self._writer, _key(self._sequence), text, self._locked)
        return number

    def _highest(self, year: int, last_invoice: int, last_history: int) -> int:
        """Return the highest number in the rows that may have got one since the last draw.

        `last_invoice` and `last_history` were the newest ids then; 0 if that is not known. The first draw reads all.
        """
        writer, sequence, copied = self._writer, self._sequence, as_int(self._newest.rows[0]["copied"])
        if sequence.by_history and last_history:
            return _highest_by_history(writer, sequence, last_history - _MOMENTS)
        if self._recent and last_invoice > 0:
            return max(largest_of(self._recent), copied)
        conditions: list[Condition] = [("id_order_invoice", ">", last_invoice - sequence.margin)]
        if self._yearly:
            conditions.append(("date_add", ">=", f"{year}-01-01 00:00:00"))
        locks = sequence.locks and not writer.reads_committed and last_invoice > 0
        return max(writer.largest("order_invoice", sequence.column, *conditions, lock=locks), copied)


def _parsed(text: str) -> tuple[int, int, int, int]:
    """Return how far a sequence was at its last draw, as our own table keeps it: all 0 for an unknown text.

    The year, the number, the newest id_order_invoice and id_order_history (0: not kept by older versions).
    """
    parts = [int(part) for part in text.split()] if len(text.split()) in {3, 4} else []
    year, number, invoice, history = (*parts, 0, 0, 0, 0)[:4]
    return year, number, invoice, history


def _key(sequence: NumberSequence) -> str:
    return f"last_{sequence.column}"


def _post_newest(statements: Statements, sequence: NumberSequence, *, copied: bool, recent: bool) -> Reply:
    """Ask in one SELECT for everything that keys answer at once.

    The newest ids, the largest copy of the number in orders (`copied`), how many settings name the next number, and the
    largest number of the newest invoices (`recent`).
    """
    newest_invoice = f"SELECT MAX(id_order_invoice) FROM {statements.table('order_invoice')}"
    newest_entry = f"SELECT MAX(id_order_history) FROM {statements.table('order_history')}"
    copy = f"SELECT MAX({quoted(sequence.order_column)}) FROM {statements.table('orders')}"
    setting = statements.value(sequence.setting)
    named = f"SELECT COUNT(*) FROM {statements.table('configuration')} WHERE name = {setting}"
    return statements.send(
        f"SELECT ({newest_invoice}) AS invoice, ({newest_entry}) AS history,"
        f" {f'({copy})' if copied else '0'} AS copied, ({named} AND value > 0) AS settings,"
        f" {f'({_recent(statements, sequence)})' if recent else '0'} AS largest",
    )


def _recent(statements: Statements, sequence: NumberSequence) -> str:
    """Return the SELECT of the largest number in the newest invoices, which orders may not have copied yet."""
    table = statements.table("order_invoice")
    # The column is unsigned, but the difference may be below zero.
    newest = f"SELECT CAST(MAX(id_order_invoice) AS SIGNED) FROM {table}"
    return (
        f"SELECT MAX({quoted(sequence.column)}) AS largest FROM {table}"
        f" WHERE id_order_invoice > ({newest}) - {_CHECKOUTS}"
    )


def _highest_by_history(statements: Statements, sequence: NumberSequence, after: int) -> int:
    """Return the largest number of the orders that have a newer entry in their history than `after`."""
    history, invoice = statements.table("order_history"), statements.table("order_invoice")
    found = statements.send(
        f"SELECT MAX(i.{quoted(sequence.column)}) AS largest FROM {history} h"
        f" JOIN {invoice} i ON i.id_order = h.id_order WHERE h.id_order_history > {after}",
    )
    return largest_of(found)


def _set_by_person(writer: Statements, sequence: NumberSequence, shop: ShopUnit, moment: str) -> int:
    """Return the next number that a person has set, and clear the setting as PrestaShop does; 0 for none."""
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


class SharedNumbers:
    """Finds invoices that share a number.

    `recall` and `remember` keep a text between runs: the newest invoice that was read, and the invoices that share a
    number until somebody corrects one of them.
    """

    def __init__(self, recall: Callable[[str], str | None], remember: Callable[[str, str], None]) -> None:
        self._recall = recall
        self._remember = remember

    def find(self, connection: sa.Connection, tables: ShopTables, *, yearly: bool) -> tuple[Problem, ...]:
        """Return a problem for each order of ours whose invoice number another invoice has too.

        `yearly`: the sequence begins again each year (PS_INVOICE_RESET). Without a kept text the search begins with
        today's invoices, since we had no part in older collisions.
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
    """Return the invoices that share a number (of a year) and of which at least one is ours, by year and number."""
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
    message = f"order {order_id}: its invoice number {number} was given to another order too"
    return Problem(ProblemCode.DUPLICATE_INVOICE_NUMBER, message, order_id, str(number))
