"""Other importers' orders in the shop: finding them, and marking them as adopted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from orderferry.config.model import Settings
from orderferry.domain.adoption import Adoption, Claim, sort_out
from orderferry.domain.marker import Digests, Marker
from orderferry.prestashop.adopting.claims import (
    claims_by_hand,
    column_claims,
    message_claims,
    orders_now,
    payment_claims,
)
from orderferry.prestashop.database.database import ShopDatabase, attempt
from orderferry.prestashop.database.live_schema import read_tables, refuse_unfit
from orderferry.prestashop.database.own_tables import MARKER_TABLE, ensure_tables
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.reading.markers import marker_row, read_markers

log = logging.getLogger(__name__)

# Nothing of Amazon's is known of these orders yet: any news of Amazon's is newer than this. MySQL's TIMESTAMP and
# DATETIME both hold it.
NEVER = datetime(1970, 1, 2, tzinfo=UTC)
# Digests of version 0 are never compared: adopted orders are followed from Amazon's next news on.
UNREAD = Digests(version=0)


class OrderAdopter:
    """One PrestaShop database with orders of other importers. Raise ShopUnavailable or ShopUnfit."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None]) -> None:
        self._prefix = settings.prestashop.table_prefix
        self._sleep = sleep
        self._database = ShopDatabase(settings.prestashop, sleep=sleep)
        self._opened: ShopTables | None = None

    def find(self, *, payments: bool, messages: bool, columns: Sequence[str], by_hand: Mapping[str, int]) -> Adoption:
        """Look for Amazon order ids where asked for, and sort out what can be taken over. Writes nothing.

        Raise UsageError for a column, or for orders named by hand, that the shop does not have.
        """
        tables = self._tables(write=False)
        with self._database.reading("looking for other importers' orders") as connection:
            claims = list(claims_by_hand(connection, tables, by_hand))
            claims += payment_claims(connection, tables) if payments else ()
            for column in columns:
                claims += column_claims(connection, tables, column)
            claims += message_claims(connection, tables) if messages else ()
            marked = read_markers(connection, tables, {claim.order_id for claim in claims})
            taken = _taken(connection, tables, {claim.id_order for claim in claims})
        return sort_out(claims, marked, taken)

    def mark(self, claims: Sequence[Claim], now: datetime) -> Iterator[Sequence[Claim]]:
        """Given what to take over, write the markers, some hundred a transaction; yield those really written.

        What got a marker or lost its order in the meantime is left out. Raise ShopUnfit when our tables can't be made.
        """
        tables = self._tables(write=True)
        for some in chunks(claims):
            done = attempt(lambda part=some: self._write(tables, part, now), lambda: None, self._sleep)  # type: ignore[misc]
            yield done.result

    def close(self) -> None:
        """Give everything back."""
        self._database.close()

    def _write(self, tables: ShopTables, claims: Sequence[Claim], now: datetime) -> Sequence[Claim]:
        with self._database.writing("marking adopted orders") as connection:
            marked = read_markers(connection, tables, {claim.order_id for claim in claims})
            orders = orders_now(connection, tables, {claim.id_order for claim in claims})
            new = [claim for claim in claims if claim.order_id not in marked and claim.id_order in orders]
            Statements(connection, tables).insert_all(
                MARKER_TABLE,
                [
                    marker_row(
                        _marker(claim, as_int(orders[claim.id_order]["current_state"])),
                        order_reference=as_text(orders[claim.id_order]["reference"]),
                        module=as_text(orders[claim.id_order]["module"]),
                        now=now,
                    )
                    for claim in new
                ],
            )
        return new

    def _tables(self, *, write: bool) -> ShopTables:
        if self._opened is None or (write and not self._opened.has(MARKER_TABLE)):
            access = self._database.access
            with self._database.reading("looking at the shop's tables") as connection:
                live = read_tables(connection, self._prefix)
                refuse_unfit(connection, self._prefix, live, access)
                if write:
                    live = ensure_tables(connection, self._prefix, live, access)
            self._opened = ShopTables(self._prefix, live)
        return self._opened


def _marker(claim: Claim, state: int) -> Marker:
    """`state` is the order's of now: as long as it stands there, nobody in the shop was faster than Amazon."""
    return Marker(
        order_id=claim.order_id,
        id_order=claim.id_order,
        marketplace_id="",
        channel=None,
        amazon_updated=NEVER,
        digests=UNREAD,
        last_state=state,
        adopted=True,
    )


def _taken(connection: sa.Connection, tables: ShopTables, id_orders: set[int]) -> dict[int, str]:
    """The orders that markers speak of, with their Amazon id."""
    if not tables.has(MARKER_TABLE):
        return {}
    marker = tables[MARKER_TABLE]
    found: dict[int, str] = {}
    for some in chunks(sorted(id_orders - {0})):
        rows = connection.execute(
            sa.select(marker.c.id_order, marker.c.amazon_order_id).where(marker.c.id_order.in_(some))
        )
        found |= {as_int(id_order): as_text(order_id) for id_order, order_id in rows}
    return found
