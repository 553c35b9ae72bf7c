"""An update in one transaction: marker and order locked, what changed written, the marker moved on.

What a person changed since we wrote last stays as it is, and staff is told what Amazon has instead.

Lines and totals of an order without invoice, written anew when Amazon changed quantities or amounts.

A corrected address of an order that exists.

The parcel's number and carrier, as Amazon's packages have them, in an order that exists.

What we wrote last against what stands in the shop now: whether a person, or another program, was there since.

What the marker of an older version has not kept counts as ours.

A private message on an order that exists: what a change was, for those who work with the shop.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime

from orderferry.domain.feed import FeedEventKind
from orderferry.domain.marker import Marker
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_flag, as_int, as_moment, as_text, moment_text
from orderferry.prestashop.facts import ShopUnit
from orderferry.prestashop.feed.outbox import OrderRef
from orderferry.prestashop.planning.digest import lines_digest
from orderferry.prestashop.planning.goods import Movement, given_back, goods_given_back, recorded
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
from orderferry.prestashop.rows.drafts import CART, DELIVERY_ADDRESS, INVOICE, ORDER, settle
from orderferry.prestashop.rows.invoice import invoice_tax_rows
from orderferry.prestashop.rows.lines import Sale, detail_rows, detail_tax_rows
from orderferry.prestashop.rows.message import private_message
from orderferry.prestashop.rows.new_order import line_items
from orderferry.prestashop.rows.order import carrier_row, cart_products, invoice_totals, order_totals
from orderferry.prestashop.rows.people import address_row
from orderferry.prestashop.writing.apply_state import enter_state, print_papers
from orderferry.prestashop.writing.shop_writer import ShopWriter, write_drafts
from orderferry.prestashop.writing.standing_order import StandingOrder, goods_left, lock_marker, lock_order, sold_now
from orderferry.prestashop.writing.stock import count_sales, move_stock, take_back_sales


@dataclass(frozen=True, slots=True)
class Updated:
    """What came of an update. `done`: rows of the order changed, `changes` says which; `overtaken`: another process
    or a person was faster, so that nothing was written; `last_event`: the number of the last event that the feed has of
    it, 0 for none.
    """

    id_order: int
    done: bool = False
    overtaken: bool = False
    changes: tuple[str, ...] = ()
    last_event: int = 0


@dataclass(slots=True)
class _Work:
    """What has been done so far: `done` in the words of Changes.summary, `told` for staff, `kept` for the marker."""

    done: list[str]
    told: list[str]
    kept: dict[str, Value] = field(default_factory=dict)

    def leave(self, change: str, said: str, instead: str) -> None:
        """Not this change: a person was there."""
        self.done.remove(change)
        self.told = [line for line in self.told if line != said]
        self.told.append(instead)


def apply_update(writer: ShopWriter, update: OrderUpdate, shop: ShopUnit, now: datetime) -> Updated:
    """Given a prepared update, write it; the caller commits."""
    order_id = update.order.order_id
    marker = lock_marker(writer, order_id)
    standing = lock_order(writer, marker, order_id) if marker is not None else None
    if standing is None or not _as_planned(update, standing):
        return Updated(update.marker.id_order, overtaken=True)
    work = _write(writer, update, standing, shop)
    _move_marker(writer, update, standing, now, work.kept)
    with writer.together():
        writer.outbox.write(writer, OrderRef(order_id, standing.id_order, as_int(standing.order["id_shop"])), now)
    done = tuple(work.done)
    return Updated(standing.id_order, done=bool(done), changes=done, last_event=writer.outbox.last)


def _as_planned(update: OrderUpdate, standing: StandingOrder) -> bool:
    marker = standing.marker
    return (
        standing.digests == update.marker.digests
        and as_moment(marker["amazon_updated"]) == update.marker.amazon_updated
        and as_int(marker["last_state"]) == update.marker.last_state
        and as_text(marker["last_told"]) == update.marker.last_told
        and as_flag(marker["adopted"]) == update.marker.adopted
        and as_int(standing.order["current_state"]) == update.current_state
        and not (update.changes.lines and as_int(standing.order["invoice_number"]))
        and (update.marker.forgotten or marker.get("forgotten") is None)
    )


def _write(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, shop: ShopUnit) -> _Work:
    changes = update.changes
    work = _Work([word for word in changes.summary if word != MESSAGE], list(changes.told))
    if update.place is not None:
        _address(writer, update, standing, work)
    if update.resolved is not None:
        standing = _lines(writer, update, standing, update.resolved, work)
    if {ADDRESS, LINES} & set(work.done):
        writer.outbox.note(FeedEventKind.ORDER_CHANGED, lines=LINES in work.done, address=ADDRESS in work.done)
    if changes.tracking is not None:
        written, told = write_tracking(writer, update, standing, changes.tracking)
        work.told += told
        if written:
            work.kept["last_tracking"] = changes.tracking.number
        else:
            work.done.remove(TRACKING)
    if changes.state is not None:
        enter_state(writer, update, standing, changes.state, shop)
    elif changes.invoice and update.paperwork is not None:
        print_papers(writer, standing, update.paperwork, shop=shop, written=update.written, taxes=update.taxes)
    if work.told:
        text = "\n".join([f"Amazon order {update.order.order_id}", *work.told])
        tell_staff(writer, standing, text, id_employee=update.id_employee, written=update.written)
        work.done += [] if {ADDRESS, LINES} & set(work.done) else [MESSAGE]
    if work.done:
        writer.update("orders", {"date_upd": update.written}, standing.key)
    return work


def _address(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, work: _Work) -> None:
    if update.place is None:
        return
    if has_our_address(writer, standing):
        work.kept["last_address"] = move_address(writer, update.place, standing, update.written)
    else:
        said = f"edited in the shop, so it stays. At Amazon: {postal_text(update.place)}"
        work.leave(ADDRESS, ADDRESS_MOVED, f"Amazon has changed the delivery address; the order's was {said}")


def _lines(
    writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, resolved: ResolvedOrder, work: _Work
) -> StandingOrder:
    """Rewrite the lines; return the order as it stands then."""
    if not has_our_lines(writer, standing):
        total = f"{resolved.priced.total.incl} {resolved.priced.currency}"
        said = f"the order's lines were edited in the shop, so they stay. Amazon's total is {total}."
        work.leave(LINES, LINES_FOLLOW, f"Amazon has changed quantities or amounts; {said}")
        return standing
    rewrite_lines(writer, update, standing, resolved)
    work.kept["line_items"] = line_items(resolved)
    work.kept["last_lines"] = lines_digest(draft.values for draft in detail_rows(resolved))
    marker = lock_marker(writer, update.order.order_id)
    return (marker and lock_order(writer, marker, update.order.order_id)) or standing


def _move_marker(
    writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, now: datetime, kept: dict[str, Value]
) -> None:
    row = marker_row(
        moved_marker(update),
        order_reference=as_text(standing.marker["order_reference"]),
        module=as_text(standing.marker["module"]),
        now=now,
        new=False,
    )
    promised = update.order.deliver_by.latest
    values = {**row, **kept, **({"deliver_by": moment_text(promised)} if promised else {})}
    writer.update(MARKER_TABLE, values, {"amazon_order_id": update.order.order_id})


def moved_marker(update: OrderUpdate) -> Marker:
    """Given an update, return the marker as it stands when the update is written."""
    state = update.changes.state
    return replace(
        update.marker,
        marketplace_id=update.marker.marketplace_id or update.order.marketplace_id,  # '' since it was adopted
        channel=update.marker.channel or update.order.channel,
        amazon_updated=update.order.updated,
        digests=update.changes.digests,
        last_state=state.id if state else update.marker.last_state,
        last_told=update.changes.last_told,
    )


def rewrite_lines(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, resolved: ResolvedOrder) -> None:
    """Given a locked order without invoice and its new resolved order, replace its lines; totals, payment, parcel,
    stock and sales follow.
    """
    slips = writer.rows("order_invoice", ("id_order_invoice",), standing.key)
    # a delivery slip has made the invoice's row already, or the next state will
    resolved = replace(resolved, paperwork=replace(resolved.paperwork, row=bool(slips)))
    known: dict[str, Value] = {
        ORDER.name: standing.id_order,
        INVOICE.name: as_int(slips[0]["id_order_invoice"]) if slips else 0,
    }
    _move(writer, update, standing, resolved)
    _recount(writer, update, standing, resolved)
    for row in writer.rows("order_detail", ("id_order_detail",), standing.key):
        writer.delete("order_detail_tax", {"id_order_detail": as_int(row["id_order_detail"])})
    writer.delete("order_detail", standing.key)
    if writer.has("order_cart_rule"):  # an order of an older version has its promotions there
        writer.delete("order_cart_rule", standing.key)
    drafts = [*detail_rows(resolved), *detail_tax_rows(resolved)]
    write_drafts(writer, drafts, known)
    _complete_cart(writer, standing, resolved)
    writer.update(
        "orders", {**order_totals(resolved.priced), "carrier_tax_rate": resolved.carrier_tax_rate}, standing.key
    )
    if slips:
        writer.update("order_invoice", invoice_totals(resolved.priced), standing.key)
        writer.delete("order_invoice_tax", {"id_order_invoice": known[INVOICE.name]})
        write_drafts(writer, invoice_tax_rows(resolved), known)
    paid = {"order_reference": standing.reference, "transaction_id": update.order.order_id}
    writer.update("order_payment", {"amount": resolved.priced.total.incl}, paid)
    parcel = settle(carrier_row(resolved).values, known)
    kept = ("weight", "shipping_cost_tax_excl", "shipping_cost_tax_incl")
    writer.update("order_carrier", {column: parcel[column] for column in kept}, standing.key)


def _complete_cart(writer: ShopWriter, standing: StandingOrder, resolved: ResolvedOrder) -> None:
    """Put into the cart what the new lines sell and it does not hold: the back office can't edit a line without.

    What the order no longer sells stays in the cart, where nothing counts it.
    """
    id_cart = as_int(standing.order["id_cart"])
    key = ("id_product", "id_product_attribute")
    held = {tuple(as_int(row[name]) for name in key) for row in writer.rows("cart_product", key, {"id_cart": id_cart})}
    known: dict[str, Value] = {
        CART.name: id_cart,
        DELIVERY_ADDRESS.name: as_int(standing.order["id_address_delivery"]),
    }
    missing = [draft for draft in cart_products(resolved) if tuple(draft.values[name] for name in key) not in held]
    write_drafts(writer, missing, known)


def _move(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, resolved: ResolvedOrder) -> None:
    record, key = as_text(standing.marker["stock_moved"]), {"amazon_order_id": update.order.order_id}
    if not record:
        return  # this order never moved stock
    if goods_given_back(record):
        writer.update(MARKER_TABLE, {"stock_moved": given_back(resolved.goods)}, key)  # taken again with its new state
        return
    old = goods_left(writer, standing)
    shipped = update.old_state is not None and update.old_state.shipped
    move_stock(writer, resolved.shop, old, Movement.RETURN_SHIPPED if shipped else Movement.GIVE_BACK)
    move_stock(writer, resolved.shop, resolved.goods, Movement.SELL_SHIPPED if shipped else Movement.SELL)
    writer.update(MARKER_TABLE, {"stock_moved": recorded(resolved.goods)}, key)


def _recount(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, resolved: ResolvedOrder) -> None:
    if update.old_state is None or not update.old_state.logable or not writer.has("product_sale"):
        return
    before = sold_now(writer, standing)
    take_back_sales(writer, [Sale(product, quantity) for (product, _), quantity in before.items()])
    after = [Sale(line.sells.id_product, line.priced.quantity) for line in resolved.lines if line.sells is not None]
    count_sales(writer, after, update.day)


def move_address(writer: Statements, place: Place, standing: StandingOrder, written: str) -> int:
    """Given the new place and the time in shop time, write a new row and return its id; the invoice address moves
    along only if it was the same one."""
    order = standing.order
    draft = address_row(place, as_int(order["id_customer"]), written, "")
    id_address = writer.insert(draft.table, settle(draft.values, {}))
    moved: dict[str, Value] = {"id_address_delivery": id_address}
    if as_int(order["id_address_invoice"]) == as_int(order["id_address_delivery"]):
        moved["id_address_invoice"] = id_address
    writer.update("orders", moved, standing.key)
    return id_address


def postal_text(place: Place) -> str:
    """Given a place, return it in one line for staff."""
    postal = place.postal
    name = f"{postal.firstname} {postal.lastname}".strip()
    town = f"{postal.postcode} {postal.city}".strip()
    parts = (name, postal.company, postal.address1, postal.address2, town, postal.region, place.country.iso)
    return ", ".join(part for part in parts if part)


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


LINE_COLUMNS = ("product_id", "product_attribute_id", "product_quantity", "total_price_tax_incl")


def has_our_lines(writer: Statements, standing: StandingOrder) -> bool:
    """Return whether the order's lines are those that we wrote."""
    kept = as_text(standing.marker.get("last_lines"))
    return not kept or kept == lines_digest(writer.rows("order_detail", LINE_COLUMNS, standing.key))


def has_our_address(writer: Statements, standing: StandingOrder) -> bool:
    """Return whether the order goes to the address that we wrote, as we wrote it.

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
    """Return whether a tracking number of the order's parcel is one that we wrote, or none."""
    return not number or number == as_text(standing.marker.get("last_tracking"))


def has_our_carrier(writer: Statements, standing: StandingOrder) -> bool:
    """Return whether the order still has the carrier that it was written with: its cart keeps that one."""
    carts = writer.rows("cart", ("id_carrier",), {"id_cart": as_int(standing.order["id_cart"])})
    return bool(carts) and as_int(carts[0]["id_carrier"]) == as_int(standing.order["id_carrier"])


def tell_staff(writer: Statements, standing: StandingOrder, text: str, *, id_employee: int, written: str) -> None:
    """Add a message to the order's thread, opening a closed one where there is none."""
    threads = writer.rows("customer_thread", ("id_customer_thread",), standing.key, order="id_customer_thread")
    id_thread = as_int(threads[0]["id_customer_thread"]) if threads else _open_thread(writer, standing, written)
    draft = private_message(id_thread, text, id_employee, written)
    writer.insert(draft.table, settle(draft.values, {}))


def _open_thread(writer: Statements, standing: StandingOrder, written: str) -> int:
    order = standing.order
    id_customer = as_int(order["id_customer"])
    people = writer.rows("customer", ("email",), {"id_customer": id_customer})
    values: dict[str, Value] = {
        "id_shop": as_int(order["id_shop"]),
        "id_lang": as_int(order["id_lang"]),
        "id_contact": 0,
        "id_customer": id_customer,
        "id_order": standing.id_order,
        "id_product": 0,
        "status": "closed",
        "email": as_text(people[0]["email"]) if people else "",
        "token": secrets.token_hex(6),
        "date_add": written,
        "date_upd": written,
    }
    return writer.insert("customer_thread", values)
