"""A new order that sells more than the stock holds moves on into its backorder state (measured: k)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orderferry.prestashop.database.statements import Reply, Statements
from orderferry.prestashop.database.values import Value
from orderferry.prestashop.facts import OrderState
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.rows.drafts import ORDER, settle
from orderferry.prestashop.rows.order import history_row
from orderferry.prestashop.writing.stock import stock_owner


@dataclass(frozen=True, slots=True)
class Backorder:
    """The state that an order moved on into, and the row that says so."""

    state: OrderState
    id_order_history: int


def post_stock_left(writer: Statements, resolved: ResolvedOrder) -> list[Reply]:
    """Given a resolved whose goods have left the stock, ask how much of them is left, where that decides on anything.

    Asked after the movement, which holds the rows: other orders of the same run and of others are counted.
    """
    if resolved.backorder is None or resolved.movement is None:
        return []
    owner = stock_owner(resolved.shop)
    goods = sorted({(one.id_product, one.id_product_attribute) for one in resolved.goods if one.reserves})
    keys: list[dict[str, Value]] = [
        {"id_product": id_product, "id_product_attribute": attribute, **owner} for id_product, attribute in goods
    ]
    return [writer.post_rows("stock_available", ("quantity",), key) for key in keys]


def enter_backorder(
    writer: Statements, resolved: ResolvedOrder, order: Value, left: Iterable[Reply]
) -> Backorder | None:
    """Given a resolved order, its id_order and what is left of its goods, move the order on if one of them is oversold;
    return where, or None. A product without a stock row is never oversold.
    """
    if resolved.backorder is None or not any(row["quantity"] < 0 for reply in left for row in reply.rows):
        return None
    draft = history_row(ORDER, resolved.backorder.id, resolved.written)
    id_history = writer.insert(draft.table, settle(draft.values, {ORDER.name: order}))
    changed: dict[str, Value] = {"current_state": resolved.backorder.id, "valid": int(resolved.backorder.logable)}
    writer.post_update("orders", changed, {"id_order": order})
    return Backorder(resolved.backorder, id_history)
