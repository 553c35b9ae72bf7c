"""An update in one transaction: marker and order locked, what changed written, the marker moved on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.values import as_int, as_text, moment_text
from orderferry.prestashop.facts import ShopUnit
from orderferry.prestashop.planning.order_update import OrderUpdate
from orderferry.prestashop.planning.tracking import Tracking
from orderferry.prestashop.reading.marker_table import marker_row
from orderferry.prestashop.rows.address import address_row
from orderferry.prestashop.rows.drafts import Value, settle
from orderferry.prestashop.writing.apply_lines import rewrite_lines
from orderferry.prestashop.writing.apply_state import enter_state
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.staff_message import tell_staff
from orderferry.prestashop.writing.standing_order import StandingOrder, is_news, lock_marker, lock_order


@dataclass(frozen=True, slots=True)
class Updated:
    """What came of an update. `done`: rows of the order changed; `overtaken`: another process or a person was faster,
    nothing was written, and the next run plans anew; `gone`: the order's row is gone or another's.
    """

    id_order: int
    done: bool = False
    overtaken: bool = False
    gone: bool = False
    invoice_number: int = 0


def apply_update(writer: ShopWriter, update: OrderUpdate, shop: ShopUnit, now: datetime) -> Updated:
    """Given a prepared update, write it; the caller commits."""
    order_id = update.order.order_id
    marker = lock_marker(writer, order_id)
    if marker is None or not is_news(marker, update.order.updated):
        return Updated(update.marker.id_order, overtaken=True)
    standing = lock_order(writer, marker, order_id)
    if standing is None:
        return Updated(update.marker.id_order, gone=True)
    if not _as_planned(update, standing):
        return Updated(standing.id_order, overtaken=True)
    number = _write(writer, update, standing, shop)
    _move_marker(writer, update, standing, now)
    return Updated(standing.id_order, done=update.changes.touches_order, invoice_number=number)


def _as_planned(update: OrderUpdate, standing: StandingOrder) -> bool:
    return (
        standing.digests == update.marker.digests
        and as_int(standing.marker["last_state"]) == update.marker.last_state
        and as_int(standing.order["current_state"]) == update.current_state
        and not (update.changes.lines and as_int(standing.order["invoice_number"]))
        and (update.marker.forgotten or standing.marker.get("forgotten") is None)
    )


def _write(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, shop: ShopUnit) -> int:
    changes = update.changes
    told = list(changes.told)
    if update.place is not None:
        _move_address(writer, update, standing)
    if update.frame is not None:
        rewrite_lines(writer, update, standing, update.frame)
        marker = lock_marker(writer, update.order.order_id)
        standing = (marker and lock_order(writer, marker, update.order.order_id)) or standing
    if changes.tracking is not None:
        told += _write_tracking(writer, update, standing, changes.tracking)
    number = 0
    if changes.state is not None:
        number = enter_state(writer, update, standing, changes.state, shop)
    if told:
        text = "\n".join([f"Amazon order {update.order.order_id}", *told])
        tell_staff(writer, standing, text, id_employee=update.id_employee, written=update.written)
    if changes.touches_order:
        writer.update("orders", {"date_upd": update.written}, standing.key)
    return number


def _move_address(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder) -> None:
    """A corrected address is a new row; the invoice address moves along only if it was the same one."""
    if update.place is None:
        return
    order = standing.order
    draft = address_row(update.place, as_int(order["id_customer"]), update.written, "")
    id_address = writer.insert(draft.table, settle(draft.values, {}))
    moved: dict[str, Value] = {"id_address_delivery": id_address}
    if as_int(order["id_address_invoice"]) == as_int(order["id_address_delivery"]):
        moved["id_address_invoice"] = id_address
    writer.update("orders", moved, standing.key)


def _write_tracking(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, tracking: Tracking) -> list[str]:
    """Write the parcel's number and carrier where the shop has none yet; return what staff has to be told instead.

    A number that stands there came from the shop's own label software, which knows better.
    """
    rows = writer.rows("order_carrier", ("id_order_carrier", "tracking_number"), standing.key, order="id_order_carrier")
    if not rows:
        return [f"Tracking number at Amazon: {tracking.number}"]
    there = as_text(rows[0]["tracking_number"])
    if there and there != tracking.number:
        return [f"Tracking number at Amazon: {tracking.number}"]
    values: dict[str, Value] = {"tracking_number": tracking.number}
    if update.id_carrier:
        values["id_carrier"] = update.id_carrier
        writer.update("orders", {"id_carrier": update.id_carrier}, standing.key)
    writer.update("order_carrier", values, {"id_order_carrier": as_int(rows[0]["id_order_carrier"])})
    if writer.has("orders", "shipping_number"):
        writer.update("orders", {"shipping_number": tracking.number}, standing.key)
    return []


def _move_marker(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, now: datetime) -> None:
    state = update.changes.state
    moved = replace(
        update.marker,
        id_order=standing.id_order,
        marketplace_id=update.marker.marketplace_id or update.order.marketplace_id,  # '' since it was adopted
        channel=update.marker.channel or update.order.channel,
        amazon_updated=update.order.updated,
        digests=update.changes.digests,
        last_state=state.id if state else update.marker.last_state,
    )
    row = marker_row(
        moved,
        order_reference=as_text(standing.marker["order_reference"]),
        module=as_text(standing.marker["module"]),
        now=now,
        new=False,
    )
    promised = update.order.deliver_by.latest
    values = {**row, "deliver_by": moment_text(promised)} if promised else row
    writer.update(MARKER_TABLE, values, {"amazon_order_id": update.order.order_id})
