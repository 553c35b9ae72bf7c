"""Collect the events of one transaction, and write them at its end with the next numbers of the feed.

The counter's row is locked from the draw of the numbers to the commit, so that numbers become visible in their order
and a rollback leaves no gap. That is why the draw comes last, after invoice and slip numbers: all transactions lock in
this order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from orderferry.prestashop.database.own_tables import EVENT_TABLE, STATE_TABLE
from orderferry.prestashop.database.statements import Reply, Statements
from orderferry.prestashop.database.values import as_int, moment_text

COUNTER = "last_event"
Data = Mapping[str, int | bool | None]
_COLUMNS = ("kind", "id_order", "id_shop", "amazon_order_id", "data", "created")
_STOCK_KEYS = ("id_product", "id_product_attribute", "delta", "quantity", "id_shop")
_Stock = tuple[int, int, int]  # id_product, id_product_attribute, id_shop of the stock's row


class FeedEventKind(StrEnum):
    """What happened. Stable: other people's programs test for these words."""

    ORDER_CREATED = "order_created"
    ORDER_CHANGED = "order_changed"
    STATE_CHANGED = "state_changed"
    ORDER_CANCELLED = "order_cancelled"
    TRACKING_SET = "tracking_set"
    STOCK_CHANGED = "stock_changed"
    FEED_RESTORED = "feed_restored"


@dataclass(slots=True)
class Outbox:
    """The events of one transaction. `open` is False where the shop has no feed; then nothing is kept."""

    open: bool
    _events: list[tuple[FeedEventKind, Data]] = field(default_factory=list)
    _stock: list[tuple[_Stock, int, Reply]] = field(default_factory=list)
    _last: Reply | None = None

    def note(self, kind: FeedEventKind, **data: int | bool | None) -> None:
        """Keep an event of the order; `data` holds ids and numbers, never anything of a buyer's."""
        if self.open:
            self._events.append((kind, data))

    def note_stock(self, row: _Stock, delta: int, moved: Reply | None) -> None:
        """Keep that a row of stock was moved by `delta` pieces, if `moved` then shows that the row exists."""
        if self.open and delta and moved is not None:
            self._stock.append((row, delta, moved))

    def write(self, writer: Statements, order_id: str, id_order: int, id_shop: int, now: datetime) -> None:
        """Post the events: the order's own first, then those of stock, a product's total before its combinations.

        Nothing else may be locked after this. The replies of moved stock are read here.
        """
        events = [*self._events, *((FeedEventKind.STOCK_CHANGED, data) for data in self._stock_changes())]
        if events:
            rows = [
                event_row(kind, data, now, order_id=order_id, id_order=id_order, id_shop=id_shop)
                for kind, data in events
            ]
            self._last = post_events(writer, rows)

    @property
    def last(self) -> int:
        """Return the number of the last event that was written; 0 for none."""
        return as_int(self._last.rows[0]["value"]) if self._last is not None else 0

    def _stock_changes(self) -> list[Data]:
        sums: dict[_Stock, int] = {}
        for row, delta, moved in self._stock:
            if moved.matched:
                sums[row] = sums.get(row, 0) + delta
        return [
            dict(zip(_STOCK_KEYS, (product, attribute, delta, None, shop), strict=True))
            for (product, attribute, shop), delta in sorted(sums.items())
            if delta
        ]


def post_events(writer: Statements, rows: Sequence[tuple[Any, ...]]) -> Reply:
    """Insert rows, as `event_row` returns them, with the next numbers; the reply has the counter's new value.

    Where the counter's row is gone, the database refuses the rows: a number is never guessed.
    """
    state, event = writer.table(STATE_TABLE), writer.table(EVENT_TABLE)
    of_counter = f"WHERE name = '{COUNTER}'"
    writer.send(f"UPDATE {state} SET value = CAST(value AS SIGNED) + {len(rows)} {of_counter}")
    drawn = f"(SELECT CAST(value AS SIGNED) FROM {state} {of_counter})"
    texts = [
        f"({drawn} - {left}, {', '.join(map(writer.value, row))})"
        for left, row in zip(reversed(range(len(rows))), rows, strict=True)
    ]
    columns = ", ".join(["id_event", *_COLUMNS])
    writer.send(f"INSERT INTO {event} ({columns}) VALUES {', '.join(texts)}")
    return writer.send(f"SELECT value FROM {state} {of_counter}")


def event_row(
    kind: FeedEventKind, data: Data, now: datetime, *, order_id: str = "", id_order: int = 0, id_shop: int = 0
) -> tuple[Any, ...]:
    """Return the values of an event's columns; without ids it concerns the feed, not an order."""
    text = json.dumps(data, separators=(",", ":"))
    return str(kind), id_order, id_shop, order_id, text, moment_text(now)[:19]
