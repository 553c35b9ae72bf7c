"""The parcel's number and carrier, as Amazon's packages have them, in an order that exists."""

from __future__ import annotations

from orderferry.domain.feed import FeedEventKind
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.planning.order_update import OrderUpdate
from orderferry.prestashop.planning.tracking import Tracking
from orderferry.prestashop.writing.last_written import has_our_carrier, has_our_tracking
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.standing_order import StandingOrder


def write_tracking(
    writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, tracking: Tracking
) -> tuple[bool, list[str]]:
    """Write the number where the shop has none, or the one that we wrote; return whether it was written, and what
    staff is told: what was not written, and what no new state shows.

    Any other number that stands there came from the shop's own label software, which knows better.
    """
    columns = ("id_order_carrier", "id_carrier", "tracking_number")
    rows = writer.rows("order_carrier", columns, standing.key, order="id_order_carrier")
    said = [f"Tracking number at Amazon: {tracking.number}"]
    if not rows:
        return False, said
    there = as_text(rows[0]["tracking_number"])
    if not has_our_tracking(standing, there):
        return False, [] if there == tracking.number else said
    values: dict[str, Value] = {"tracking_number": tracking.number}
    if update.id_carrier and has_our_carrier(writer, standing):
        values["id_carrier"] = update.id_carrier
        writer.update("orders", {"id_carrier": update.id_carrier}, standing.key)
    parcel = as_int(rows[0]["id_order_carrier"])
    writer.update("order_carrier", values, {"id_order_carrier": parcel})
    if any(as_text(rows[0][column]) != as_text(value) for column, value in values.items()):
        id_carrier = as_int(values.get("id_carrier", rows[0]["id_carrier"]))
        writer.outbox.note(FeedEventKind.TRACKING_SET, id_order_carrier=parcel, id_carrier=id_carrier)
    if writer.has("orders", "shipping_number"):
        writer.update("orders", {"shipping_number": tracking.number}, standing.key)
    return True, [] if update.changes.state is not None else said
