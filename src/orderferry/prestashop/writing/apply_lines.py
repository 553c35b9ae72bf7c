"""Lines and totals of an order without invoice, written anew when Amazon changed quantities or amounts."""

from __future__ import annotations

from dataclasses import replace

from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.planning.goods import Movement, given_back, goods_given_back, recorded
from orderferry.prestashop.planning.order_update import OrderUpdate
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.rows.cart import cart_products
from orderferry.prestashop.rows.detail import detail_rows, detail_tax_rows
from orderferry.prestashop.rows.drafts import CART, DELIVERY_ADDRESS, INVOICE, ORDER, settle
from orderferry.prestashop.rows.invoice import invoice_tax_rows
from orderferry.prestashop.rows.money import invoice_totals, order_totals
from orderferry.prestashop.rows.order import carrier_row
from orderferry.prestashop.rows.product_sale import Sale
from orderferry.prestashop.writing.draft_writer import write_drafts
from orderferry.prestashop.writing.product_sales import count_sales, take_back_sales
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.standing_order import StandingOrder, goods_left, sold_now
from orderferry.prestashop.writing.stock import move_stock


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
