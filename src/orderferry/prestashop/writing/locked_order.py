"""Lock an imported order for an update, check that it still is the one we wrote, and read what it holds now."""

from __future__ import annotations

import json
from dataclasses import dataclass

from orderferry.domain.marker import DIGEST_GROUPS, Digests
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Row, Statements
from orderferry.prestashop.database.values import Value, as_flag, as_int, as_text
from orderferry.prestashop.planning.goods import Goods, goods_taken, still_there
from orderferry.prestashop.reading.markers import digests_in

_MARKER = (
    *("id_order", "amazon_updated", "order_reference", "module", "adopted"),
    *("last_state", "last_told", "last_address", "last_tracking", "last_lines"),
    *("digest_version", *(f"digest_{group}" for group in DIGEST_GROUPS)),
    *("stock_moved", "line_items", "forgotten"),
)
_ORDER = (
    *("id_order", "reference", "module", "current_state", "id_shop", "id_shop_group", "id_lang", "id_customer"),
    *("id_cart", "id_address_delivery", "id_address_invoice", "id_carrier", "invoice_number", "invoice_date"),
    *("delivery_number", "carrier_tax_rate", "secure_key"),
    *(f"total_{what}_tax_{way}" for what in ("discounts", "paid", "shipping", "wrapping") for way in ("excl", "incl")),
    *("total_products", "total_products_wt"),
)


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """The rows of marker and order, locked until the commit."""

    marker: Row
    order: Row

    @property
    def id_order(self) -> int:
        """Return the shop's id of the order."""
        return as_int(self.order["id_order"])

    @property
    def key(self) -> dict[str, Value]:
        """Return the columns by which other tables refer to the order."""
        return {"id_order": self.id_order}

    @property
    def reference(self) -> str:
        """Return the order's reference, by which `order_payment` refers to it."""
        return as_text(self.order["reference"])

    @property
    def digests(self) -> Digests:
        """Return the digests that the marker holds now."""
        return digests_in(self.marker)


def lock_marker(writer: Statements, order_id: str) -> Row | None:
    """Lock the marker of an Amazon order until the commit and return it; None when there is none (any more)."""
    rows = writer.rows(MARKER_TABLE, _MARKER, {"amazon_order_id": order_id}, lock=True)
    return rows[0] if rows else None


def lock_order(writer: Statements, marker: Row, order_id: str) -> LockedOrder | None:
    """Lock the marker's order until the commit; None when its row is gone or belongs to another order by now.

    Old servers give an id a second time after a restart, so the reference and module that the marker kept must match,
    or else the Amazon id must be the transaction id of a payment.
    """
    rows = writer.rows("orders", _ORDER, {"id_order": as_int(marker["id_order"])}, lock=True)
    if not rows:
        return None
    locked = LockedOrder(marker, rows[0])
    return locked if _is_ours(writer, locked, order_id) else None


def _pieces_now(writer: Statements, id_order: int) -> dict[tuple[int, int], int]:
    """Return how many pieces of each product and combination the order's lines have now, less what was put back."""
    columns = ("product_id", "product_attribute_id", "product_quantity", "product_quantity_reinjected")
    sums: dict[tuple[int, int], int] = {}
    for row in writer.rows("order_detail", columns, {"id_order": id_order}):
        key = (as_int(row["product_id"]), as_int(row["product_attribute_id"]))
        pieces = as_int(row["product_quantity"]) - as_int(row["product_quantity_reinjected"])
        sums[key] = sums.get(key, 0) + max(0, pieces)
    return sums


def sold_now(writer: Statements, locked: LockedOrder) -> tuple[Goods, ...]:
    """Return what the order's lines sell now, without products for fees and products that stand in for others."""
    pieces = _pieces_now(writer, locked.id_order)
    try:
        lines = json.loads(as_text(locked.marker.get("line_items")) or "[]")
        others = {tuple(line["product"]) for line in lines if line.get("not_sold")}
    except (ValueError, TypeError, KeyError, AttributeError):  # a person edited it
        others = set()
    return tuple(Goods(*key, quantity) for key, quantity in pieces.items() if key[0] and quantity and key not in others)


def goods_left(writer: Statements, locked: LockedOrder) -> tuple[Goods, ...]:
    """Return what we took from the stock for this order and nobody has put back since."""
    taken = goods_taken(as_text(locked.marker["stock_moved"]))
    return still_there(taken, _pieces_now(writer, locked.id_order)) if taken else ()


def _is_ours(writer: Statements, locked: LockedOrder, order_id: str) -> bool:
    kept = as_text(locked.marker["order_reference"])
    if kept and kept != locked.reference:
        return False
    if as_flag(locked.marker["adopted"]):
        return True
    module = as_text(locked.marker["module"])
    if module and module != as_text(locked.order["module"]):
        return False
    where: dict[str, Value] = {"order_reference": locked.reference, "transaction_id": order_id}
    return bool(kept or writer.rows("order_payment", ("id_order_payment",), where))
