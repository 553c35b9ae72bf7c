"""Imported orders whose buyer is not forgotten yet, page by page, with what tells when they were delivered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orderferry.domain.forgetting import OrderLife
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, as_moment, as_text
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.order_changes import ENDED_STATES
from orderferry.prestashop.planning.shop_texts import shop_zone

PAGE = 500


@dataclass(frozen=True, slots=True)
class Candidates:
    """One page. `last`: the order id to go on after; '' when this was the last page."""

    lives: tuple[OrderLife, ...]
    last: str


def read_candidates(connection: sa.Connection, tables: ShopTables, facts: ShopFacts, after: str) -> Candidates:
    """Given the shop and the order id to go on after ('' for the first page), return the next marked orders that are
    still there and not forgotten. Two statements.

    An order is finished since it last entered a state that is flagged as shipped, or one of `ENDED_STATES`, while it
    stands in such a state.
    """
    marker, orders = tables[MARKER_TABLE], tables["orders"]
    query = (
        sa.select(
            marker.c.amazon_order_id,
            tables.column(MARKER_TABLE, "deliver_by"),
            orders.c.id_order,
            orders.c.id_shop,
            orders.c.current_state,
            orders.c.date_add,
        )
        .select_from(marker.outerjoin(orders, orders.c.id_order == marker.c.id_order))
        .where(marker.c.amazon_order_id > after, tables.column(MARKER_TABLE, "forgotten").is_(None))
        .order_by(marker.c.amazon_order_id)
        .limit(PAGE)
    )
    rows = list(connection.execute(query).mappings())
    ends = _finished_states(facts)
    there = [row for row in rows if row["id_order"] is not None]
    finished = [as_int(row["id_order"]) for row in there if as_int(row["current_state"]) in ends]
    entered = _entered(connection, tables, finished, ends)
    lives = []
    for row in there:
        zone = _zone(facts, as_int(row["id_shop"]))
        id_order = as_int(row["id_order"])
        placed = _local(as_text(row["date_add"]), zone)
        done = as_int(row["current_state"]) in ends
        lives.append(
            OrderLife(
                order_id=as_text(row["amazon_order_id"]),
                id_order=id_order,
                placed=placed,
                deliver_by=None if row["deliver_by"] is None else as_moment(row["deliver_by"]),
                finished=(_local(entered[id_order], zone) if id_order in entered else placed) if done else None,
            )
        )
    return Candidates(tuple(lives), as_text(rows[-1]["amazon_order_id"]) if len(rows) == PAGE else "")


def _finished_states(facts: ShopFacts) -> frozenset[int]:
    ended = {as_int(value) for (name, _, _), value in facts.configuration.items() if name in ENDED_STATES}
    return frozenset(ended - {0} | {state.id for state in facts.states.values() if state.shipped})


def _entered(
    connection: sa.Connection, tables: ShopTables, id_orders: Sequence[int], states: Collection[int]
) -> Mapping[int, str]:
    """When orders last entered one of the states, in the shop's time."""
    if not id_orders:
        return {}
    history = tables["order_history"]
    query = (
        sa.select(history.c.id_order, sa.func.max(history.c.date_add))
        .where(history.c.id_order.in_(id_orders), history.c.id_order_state.in_(sorted(states)))
        .group_by(history.c.id_order)
    )
    return {as_int(id_order): as_text(moment) for id_order, moment in connection.execute(query)}


def _zone(facts: ShopFacts, id_shop: int) -> ZoneInfo:
    return shop_zone(facts.setting("PS_TIMEZONE", facts.shops.get(id_shop), facts.time_zone))


def _local(moment: str, zone: ZoneInfo) -> datetime:
    """A time of PrestaShop's, which is the shop's own, as UTC; zero dates count as long ago."""
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
