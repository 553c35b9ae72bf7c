"""A new order that sells more than the stock holds moves on into its backorder state (measured: k)."""

from __future__ import annotations

from dataclasses import dataclass

from orderferry.prestashop.facts import OrderState
from orderferry.prestashop.planning.frame import Frame
from orderferry.prestashop.rows.drafts import ORDER, Value, settle
from orderferry.prestashop.rows.order import history_row
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.stock import stock_owner


@dataclass(frozen=True, slots=True)
class Backorder:
    """The state that an order moved on into, and the row that says so."""

    state: OrderState
    id_order_history: int


def enter_backorder(writer: ShopWriter, frame: Frame, order: Value) -> Backorder | None:
    """Given a frame whose goods have left the stock, and its id_order, move the order on if one of its products is
    oversold; return where, or None. A product without a stock row is never oversold.

    Asked after the movement, which holds the rows: other orders of the same run and of others are counted.
    """
    if frame.backorder is None or frame.movement is None or not _is_oversold(writer, frame):
        return None
    draft = history_row(ORDER, frame.backorder.id, frame.written)
    id_history = writer.insert(draft.table, settle(draft.values, {ORDER.name: order}))
    changed: dict[str, Value] = {"current_state": frame.backorder.id, "valid": int(frame.backorder.logable)}
    writer.post_update("orders", changed, {"id_order": order})
    return Backorder(frame.backorder, id_history)


def _is_oversold(writer: ShopWriter, frame: Frame) -> bool:
    keys: set[tuple[int, int]] = {(one.id_product, one.id_product_attribute) for one in frame.goods if one.reserves}
    replies = [
        writer.post_rows(
            "stock_available",
            ("quantity",),
            {"id_product": id_product, "id_product_attribute": attribute, **stock_owner(frame.shop)},
        )
        for id_product, attribute in sorted(keys)
    ]
    return any(row["quantity"] < 0 for reply in replies for row in reply.rows)
