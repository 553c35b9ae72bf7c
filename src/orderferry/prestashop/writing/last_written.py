"""What we wrote last against what stands in the shop now: whether a person, or another program, was there since.

What the marker of an older version has not kept counts as ours.
"""

from __future__ import annotations

from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import as_int, as_text
from orderferry.prestashop.planning.digest import lines_digest
from orderferry.prestashop.writing.standing_order import StandingOrder

LINE_COLUMNS = ("product_id", "product_attribute_id", "product_quantity", "total_price_tax_incl")


def has_our_lines(writer: Statements, standing: StandingOrder) -> bool:
    """Whether the order's lines are those that we wrote."""
    kept = as_text(standing.marker.get("last_lines"))
    return not kept or kept == lines_digest(writer.rows("order_detail", LINE_COLUMNS, standing.key))


def has_our_address(writer: Statements, standing: StandingOrder) -> bool:
    """Whether the order goes to the address that we wrote, as we wrote it.

    PrestaShop gives an order whose address is edited a new row; modules that edit in place move date_upd.
    """
    kept = as_int(standing.marker.get("last_address"))
    if not kept:
        return True
    if kept != as_int(standing.order["id_address_delivery"]):
        return False
    rows = writer.rows("address", ("date_add", "date_upd"), {"id_address": kept})
    return bool(rows) and as_text(rows[0]["date_add"]) == as_text(rows[0]["date_upd"])


def has_our_tracking(standing: StandingOrder, number: str) -> bool:
    """Whether a tracking number of the order's parcel is one that we wrote, or none."""
    return not number or number == as_text(standing.marker.get("last_tracking"))


def has_our_carrier(writer: Statements, standing: StandingOrder) -> bool:
    """Whether the order still has the carrier that it was written with: its cart keeps that one."""
    carts = writer.rows("cart", ("id_carrier",), {"id_cart": as_int(standing.order["id_cart"])})
    return bool(carts) and as_int(carts[0]["id_carrier"]) == as_int(standing.order["id_carrier"])
