"""Write an update in one transaction: lock marker and order, write what changed, move the marker on.

What a person changed since we wrote last stays as it is, and staff gets a message with Amazon's data instead. Where a
marker is too old to have a field, we assume that nobody edited that part.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from orderferry.domain.marker import Applied, Marker, Outcome
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_flag, as_int, as_moment, as_text, moment_text
from orderferry.prestashop.feed.outbox import FeedEventKind
from orderferry.prestashop.planning.digest import lines_digest
from orderferry.prestashop.planning.goods import Movement, goods_given_back, record_given_back, record_taken
from orderferry.prestashop.planning.order_changes import (
    ADDRESS,
    ADDRESS_MOVED,
    LINES,
    LINES_FOLLOW,
    MESSAGE,
    TRACKING,
    OrderUpdate,
)
from orderferry.prestashop.planning.resolved_order import Place, ResolvedOrder, Tracking
from orderferry.prestashop.reading.markers import marker_row
from orderferry.prestashop.rows.drafts import CART, DELIVERY_ADDRESS, INVOICE, ORDER
from orderferry.prestashop.rows.invoice import invoice_tax_rows
from orderferry.prestashop.rows.lines import detail_rows, line_rows
from orderferry.prestashop.rows.message import private_message
from orderferry.prestashop.rows.new_order import line_items
from orderferry.prestashop.rows.order import carrier_row, cart_products, invoice_totals, order_totals
from orderferry.prestashop.rows.people import address_row
from orderferry.prestashop.writing.apply_state import enter_state, make_papers
from orderferry.prestashop.writing.locked_order import LockedOrder, goods_left, lock_marker, lock_order, sold_now
from orderferry.prestashop.writing.shop_writer import ShopWriter, write_drafts
from orderferry.prestashop.writing.stock import count_sales, move_stock, take_back_sales

_LINE_COLUMNS = ("product_id", "product_attribute_id", "product_quantity", "total_price_tax_incl")


def apply_update(writer: ShopWriter, update: OrderUpdate, now: datetime) -> Applied | None:
    """Write an update and return what was done; the caller commits.

    None: another process or a person has changed marker or order since the update was planned.
    """
    order_id = update.order.order_id
    marker = lock_marker(writer, order_id)
    locked = lock_order(writer, marker, order_id) if marker is not None else None
    if locked is None or not _is_as_planned(update, locked):
        return None
    done = _UpdateWriter(writer, update, locked).write(now)
    with writer.together():
        writer.outbox.write(writer, order_id, locked.id_order, as_int(locked.order["id_shop"]), now)
    return Applied(Outcome.UPDATED if done else Outcome.UNCHANGED, locked.id_order, done)


def moved_marker(update: OrderUpdate) -> Marker:
    """Return the marker as it is when the update has been written."""
    state = update.changes.state
    return replace(
        update.marker,
        marketplace_id=update.marker.marketplace_id or update.order.marketplace_id,  # '' since it was adopted
        channel=update.marker.channel or update.order.channel,
        amazon_updated=update.order.updated,
        digests=update.changes.digests,
        last_state=state.id if state else update.marker.last_state,
        last_told=update.changes.last_told,
        seller=update.market.seller,
    )


def _is_as_planned(update: OrderUpdate, locked: LockedOrder) -> bool:
    marker = locked.marker
    return (
        locked.digests == update.marker.digests
        and as_moment(marker["amazon_updated"]) == update.marker.amazon_updated
        and as_int(marker["last_state"]) == update.marker.last_state
        and as_text(marker["last_told"]) == update.marker.last_told
        and as_flag(marker["adopted"]) == update.marker.adopted
        and as_int(locked.order["current_state"]) == update.before.state
        and not (update.changes.lines and as_int(locked.order["invoice_number"]))
        and (update.marker.forgotten or marker.get("forgotten") is None)
    )


class _UpdateWriter:
    """Writes the changes of one update, except those of parts that a person has edited in the shop."""

    def __init__(self, writer: ShopWriter, update: OrderUpdate, locked: LockedOrder) -> None:
        self._writer = writer
        self._update = update
        self._locked = locked
        self._done = [word for word in update.changes.summary if word != MESSAGE]
        self._message = list(update.changes.message)
        self._for_marker: dict[str, Value] = {}

    def write(self, now: datetime) -> tuple[str, ...]:
        """Write everything; return what was done, in the words of Changes.summary."""
        writer, update, changes = self._writer, self._update, self._update.changes
        if update.place is not None:
            self._write_address(update.place)
        if update.resolved is not None:
            self._write_lines(update.resolved)
        if {ADDRESS, LINES} & set(self._done):
            lines, address = LINES in self._done, ADDRESS in self._done
            writer.outbox.note(FeedEventKind.ORDER_CHANGED, lines=lines, address=address)
        if changes.tracking is not None:
            self._write_tracking(changes.tracking)
        if changes.state is not None:
            enter_state(writer, update, self._locked, changes.state)
        elif changes.invoice:
            make_papers(writer, update, self._locked)
        if self._message:
            self._write_message()
            self._done += [] if {ADDRESS, LINES} & set(self._done) else [MESSAGE]
        if self._done:
            writer.update("orders", {"date_upd": update.written}, self._locked.key)
        self._move_marker(now)
        return tuple(self._done)

    def _leave(self, change: str, line: str, instead: str) -> None:
        """Leave out a change, because a person edited that part; replace its line of the message."""
        self._done.remove(change)
        self._message = [*(other for other in self._message if other != line), instead]

    def _write_address(self, place: Place) -> None:
        if _has_our_address(self._writer, self._locked):
            self._for_marker["last_address"] = _move_address(self._writer, place, self._locked, self._update.written)
        else:
            found = f"edited in the shop, so it stays. At Amazon: {_one_line(place)}"
            self._leave(ADDRESS, ADDRESS_MOVED, f"Amazon has changed the delivery address; the order's was {found}")

    def _write_lines(self, resolved: ResolvedOrder) -> None:
        writer, order_id = self._writer, self._update.order.order_id
        if not _has_our_lines(writer, self._locked):
            total = f"{resolved.priced.total.incl} {resolved.priced.currency}"
            found = f"the order's lines were edited in the shop, so they stay. Amazon's total is {total}."
            self._leave(LINES, LINES_FOLLOW, f"Amazon has changed quantities or amounts; {found}")
            return
        _rewrite_lines(writer, self._update, self._locked, resolved)
        self._for_marker["line_items"] = line_items(resolved)
        self._for_marker["last_lines"] = lines_digest(draft.values for draft in detail_rows(resolved))
        marker = lock_marker(writer, order_id)
        self._locked = (marker and lock_order(writer, marker, order_id)) or self._locked  # with its new totals

    def _write_tracking(self, tracking: Tracking) -> None:
        written, texts = _set_tracking(self._writer, self._update, self._locked, tracking)
        self._message += texts
        if written:
            self._for_marker["last_tracking"] = tracking.number
        else:
            self._done.remove(TRACKING)

    def _write_message(self) -> None:
        """Add a private message to the order's thread; open a closed thread if there is none."""
        writer, update, locked = self._writer, self._update, self._locked
        text = "\n".join([f"Amazon order {update.order.order_id}", *self._message])
        threads = writer.rows("customer_thread", ("id_customer_thread",), locked.key, order="id_customer_thread")
        id_thread = (
            as_int(threads[0]["id_customer_thread"]) if threads else _open_thread(writer, locked, update.written)
        )
        draft = private_message(id_thread, text, update.market.facts.employee, update.written)
        writer.insert(draft.table, draft.values)

    def _move_marker(self, now: datetime) -> None:
        marker, order = self._locked.marker, self._update.order
        row = marker_row(
            moved_marker(self._update),
            order_reference=as_text(marker["order_reference"]),
            module=as_text(marker["module"]),
            now=now,
            new=False,
        )
        promised = order.deliver_by.latest
        values = {**row, **self._for_marker, **({"deliver_by": moment_text(promised)} if promised else {})}
        self._writer.update(MARKER_TABLE, values, {"amazon_order_id": order.order_id})


def _has_our_lines(writer: Statements, locked: LockedOrder) -> bool:
    """Return whether the order's lines are those that we wrote."""
    kept = as_text(locked.marker.get("last_lines"))
    return not kept or kept == lines_digest(writer.rows("order_detail", _LINE_COLUMNS, locked.key))


def _has_our_address(writer: Statements, locked: LockedOrder) -> bool:
    """Return whether the order still has the address that we wrote, unedited.

    PrestaShop gives an order whose address is edited a new row; modules that edit in place move date_upd.
    """
    kept = as_int(locked.marker.get("last_address"))
    if not kept:
        return True
    if kept != as_int(locked.order["id_address_delivery"]):
        return False
    rows = writer.rows("address", ("date_add", "date_upd"), {"id_address": kept})
    return bool(rows) and as_text(rows[0]["date_add"]) == as_text(rows[0]["date_upd"])


def _has_our_carrier(writer: Statements, locked: LockedOrder) -> bool:
    """Return whether the order still has the carrier that we wrote; its cart keeps that one."""
    carts = writer.rows("cart", ("id_carrier",), {"id_cart": as_int(locked.order["id_cart"])})
    return bool(carts) and as_int(carts[0]["id_carrier"]) == as_int(locked.order["id_carrier"])


def _rewrite_lines(writer: ShopWriter, update: OrderUpdate, locked: LockedOrder, resolved: ResolvedOrder) -> None:
    """Replace the lines of an order without invoice, with its totals, payment, parcel, stock and sales."""
    # PrestaShop keeps the delivery slip in order_invoice, too; without that row the next state makes it
    papers = writer.rows("order_invoice", ("id_order_invoice",), locked.key)
    resolved = replace(resolved, paperwork=replace(resolved.paperwork, row=bool(papers)))
    id_invoice = as_int(papers[0]["id_order_invoice"]) if papers else 0
    writer.known |= {ORDER.name: locked.id_order, INVOICE.name: id_invoice}
    _replace_stock(writer, update, locked, resolved)
    _replace_sales(writer, update, locked, resolved)
    for row in writer.rows("order_detail", ("id_order_detail",), locked.key):
        writer.delete("order_detail_tax", {"id_order_detail": as_int(row["id_order_detail"])})
    writer.delete("order_detail", locked.key)
    if writer.has("order_cart_rule"):  # where orders of an older version have their promotions
        writer.delete("order_cart_rule", locked.key)
    write_drafts(writer, line_rows(resolved))
    _complete_cart(writer, locked, resolved)
    writer.update(
        "orders", {**order_totals(resolved.priced), "carrier_tax_rate": resolved.carrier_tax_rate}, locked.key
    )
    if papers:
        writer.update("order_invoice", invoice_totals(resolved.priced), locked.key)
        writer.delete("order_invoice_tax", {"id_order_invoice": id_invoice})
        write_drafts(writer, invoice_tax_rows(resolved))
    paid = {"order_reference": locked.reference, "transaction_id": update.order.order_id}
    writer.update("order_payment", {"amount": resolved.priced.total.incl}, paid)
    parcel = carrier_row(resolved).values
    kept = ("weight", "shipping_cost_tax_excl", "shipping_cost_tax_incl")
    writer.update("order_carrier", {column: parcel[column] for column in kept}, locked.key)


def _complete_cart(writer: ShopWriter, locked: LockedOrder, resolved: ResolvedOrder) -> None:
    """Add to the cart the products of new lines, without which the back office can't edit them.

    What the order no longer sells stays in the cart, where nothing counts it.
    """
    id_cart = as_int(locked.order["id_cart"])
    key = ("id_product", "id_product_attribute")
    held = {tuple(as_int(row[name]) for name in key) for row in writer.rows("cart_product", key, {"id_cart": id_cart})}
    writer.known |= {CART.name: id_cart, DELIVERY_ADDRESS.name: as_int(locked.order["id_address_delivery"])}
    missing = [draft for draft in cart_products(resolved) if tuple(draft.values[name] for name in key) not in held]
    write_drafts(writer, missing)


def _replace_stock(writer: ShopWriter, update: OrderUpdate, locked: LockedOrder, resolved: ResolvedOrder) -> None:
    record, key = as_text(locked.marker["stock_moved"]), {"amazon_order_id": update.order.order_id}
    if not record:
        return  # this order has moved no stock
    if goods_given_back(record):
        # the new state takes them again
        writer.update(MARKER_TABLE, {"stock_moved": record_given_back(resolved.goods)}, key)
        return
    old = goods_left(writer, locked)
    shipped = update.old_state is not None and update.old_state.shipped
    move_stock(writer, resolved.market.shop, old, Movement.RETURN_SHIPPED if shipped else Movement.GIVE_BACK)
    move_stock(writer, resolved.market.shop, resolved.goods, Movement.SELL_SHIPPED if shipped else Movement.SELL)
    writer.update(MARKER_TABLE, {"stock_moved": record_taken(resolved.goods)}, key)


def _replace_sales(writer: ShopWriter, update: OrderUpdate, locked: LockedOrder, resolved: ResolvedOrder) -> None:
    if update.old_state is None or not update.old_state.logable or not writer.has("product_sale"):
        return
    take_back_sales(writer, sold_now(writer, locked))
    count_sales(writer, resolved.sold, update.written)


def _move_address(writer: Statements, place: Place, locked: LockedOrder, written: str) -> int:
    """Give the order a new address row and return its id. The invoice's address changes too if it was the same one."""
    order = locked.order
    draft = address_row(place, as_int(order["id_customer"]), written, "")
    id_address = writer.insert(draft.table, draft.values)
    moved: dict[str, Value] = {"id_address_delivery": id_address}
    if as_int(order["id_address_invoice"]) == as_int(order["id_address_delivery"]):
        moved["id_address_invoice"] = id_address
    writer.update("orders", moved, locked.key)
    return id_address


def _one_line(place: Place) -> str:
    """Return an address in one line, for staff."""
    postal = place.postal
    name = f"{postal.firstname} {postal.lastname}".strip()
    town = f"{postal.postcode} {postal.city}".strip()
    parts = (name, postal.company, postal.address1, postal.address2, town, postal.region, place.country.iso)
    return ", ".join(part for part in parts if part)


def _set_tracking(
    writer: ShopWriter, update: OrderUpdate, locked: LockedOrder, tracking: Tracking
) -> tuple[bool, list[str]]:
    """Write a tracking number; return whether it was written, and lines for the message to staff.

    A number that we did not write stays: it came from the shop's own label software, which knows better. The message
    has what was not written, and what no new state shows.
    """
    columns = ("id_order_carrier", "id_carrier", "tracking_number")
    rows = writer.rows("order_carrier", columns, locked.key, order="id_order_carrier")
    texts = [f"Tracking number at Amazon: {tracking.number}"]
    if not rows:
        return False, texts
    there = as_text(rows[0]["tracking_number"])
    if there and there != as_text(locked.marker.get("last_tracking")):
        return False, [] if there == tracking.number else texts
    values: dict[str, Value] = {"tracking_number": tracking.number}
    if update.id_carrier and _has_our_carrier(writer, locked):
        values["id_carrier"] = update.id_carrier
        writer.update("orders", {"id_carrier": update.id_carrier}, locked.key)
    parcel = as_int(rows[0]["id_order_carrier"])
    writer.update("order_carrier", values, {"id_order_carrier": parcel})
    if any(as_text(rows[0][column]) != as_text(value) for column, value in values.items()):
        id_carrier = as_int(values.get("id_carrier", rows[0]["id_carrier"]))
        writer.outbox.note(FeedEventKind.TRACKING_SET, id_order_carrier=parcel, id_carrier=id_carrier)
    if writer.has("orders", "shipping_number"):
        writer.update("orders", {"shipping_number": tracking.number}, locked.key)
    return True, [] if update.changes.state is not None else texts


def _open_thread(writer: Statements, locked: LockedOrder, written: str) -> int:
    order = locked.order
    id_customer = as_int(order["id_customer"])
    people = writer.rows("customer", ("email",), {"id_customer": id_customer})
    values: dict[str, Value] = {
        "id_shop": as_int(order["id_shop"]),
        "id_lang": as_int(order["id_lang"]),
        "id_contact": 0,
        "id_customer": id_customer,
        "id_order": locked.id_order,
        "id_product": 0,
        "status": "closed",
        "email": as_text(people[0]["email"]) if people else "",
        "token": secrets.token_hex(6),
        "date_add": written,
        "date_upd": written,
    }
    return writer.insert("customer_thread", values)
