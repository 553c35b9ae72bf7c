"""The shop as `forget` uses it: finding orders whose buyer is known, and forgetting them one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderferry.config.model import Settings
from orderferry.domain.forgetting import OrderLife
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.database.database import ShopDatabase, attempt
from orderferry.prestashop.database.database_errors import RowRefused
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import MARKER_TABLE, ensure_tables
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.forgetting.candidates import read_candidates
from orderferry.prestashop.forgetting.order import Forgotten, forget_order
from orderferry.prestashop.reading.shop_facts import read_shop_facts


@dataclass(frozen=True, slots=True)
class _Open:
    tables: ShopTables
    facts: ShopFacts


class OrderForgetter:
    """One PrestaShop database. Raise ShopUnavailable or ShopUnfit."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._prefix = settings.prestashop.table_prefix
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._opened: _Open | None = None
        self._swept: set[int] = set()

    def pages(self, *, write: bool) -> Iterator[Sequence[OrderLife]]:
        """Imported orders whose buyer is not forgotten, some hundred at a time; no connection is held in between.

        With `write`, our own table gets the columns that forgetting needs, if an older version has made it.
        """
        opened = self._open(write=write)
        if not opened.tables.has(MARKER_TABLE):
            return
        after, more = "", True
        while more:
            with self._database.reading("looking for buyers to forget") as connection:
                page = read_candidates(connection, opened.tables, opened.facts, after)
            if page.lives:
                yield page.lives
            after, more = page.last, bool(page.last)

    def forget(self, order_id: str, now: datetime) -> Forgotten | Problem:
        """Forget the buyer of one order, in one transaction; a Problem if this one order can't be changed."""

        def write() -> Forgotten:
            """One try: may be called again, and then finds what a lost answer had already done."""
            with self._database.writing(f"forgetting the buyer of order {order_id}", rows=True) as connection:
                writer = Statements(connection, self._open(write=True).tables)
                return forget_order(writer, order_id, now, self._swept)

        try:
            forgotten = attempt(write, lambda: None, self._sleep).result
        except RowRefused as refusal:
            return Problem(ProblemCode.WRITE_FAILED, f"order {order_id}: {refusal.message}", order_id, refusal.column)
        self._swept.add(forgotten.id_customer)
        return forgotten

    def close(self) -> None:
        """Give everything back."""
        self._database.close()

    def _open(self, *, write: bool) -> _Open:
        if self._opened is None:
            access = self._database.access
            with self._database.reading("looking at the shop's tables") as connection:
                live = read_tables(connection, self._prefix)
                refuse_unfit(connection, self._prefix, live, access)
                if write and MARKER_TABLE in live:
                    live = ensure_tables(connection, self._prefix, live, access)
            with self._database.reading("reading the shop's settings") as connection:
                facts = read_shop_facts(connection, self._prefix, live)
            self._opened = _Open(ShopTables(self._prefix, live), facts)
        return self._opened
