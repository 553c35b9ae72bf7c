"""Move an imported order into another state: history, flags, papers, stock and sales.

Measured: c2, d2, e3, f3. Papers are made from the order's own row, as PrestaShop does it (measured: f2, c2, e2, e3),
not from Amazon's figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from orderferry.domain.money import net_at_higher_rate, quantise
from orderferry.prestashop.database.own_tables import MARKER_TABLE, kept_value
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import ZERO_MOMENT, Value, as_decimal, as_int, as_text
from orderferry.prestashop.facts import ZERO_TAX_STATE, OrderState
from orderferry.prestashop.feed.outbox import FeedEventKind
from orderferry.prestashop.planning.goods import Movement, goods_given_back, record_given_back, record_taken
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.order_changes import OrderUpdate
from orderferry.prestashop.planning.resolved_order import Paperwork
from orderferry.prestashop.rows.invoice import invoice_values
from orderferry.prestashop.rows.order import history_row
from orderferry.prestashop.writing.locked_order import LockedOrder, goods_left, sold_now
from orderferry.prestashop.writing.numbers import PaperNumbers
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.stock import count_sales, move_stock, note_shipping, take_back_sales

# order_invoice's column: the order's
_COPIED = {
    "total_discount_tax_excl": "total_discounts_tax_excl",
    "total_discount_tax_incl": "total_discounts_tax_incl",
    "total_products": "total_products",
    "total_products_wt": "total_products_wt",
    **{
        f"total_{what}_tax_{way}": f"total_{what}_tax_{way}"
        for what in ("paid", "shipping", "wrapping")
        for way in ("excl", "incl")
    },
}
_LINKED = ("order_detail", "order_carrier", "order_cart_rule")


def enter_state(writer: ShopWriter, update: OrderUpdate, locked: LockedOrder, state: OrderState) -> None:
    """Write what PrestaShop writes when an order gets a new state."""
    draft = history_row(locked.id_order, state.id, update.written)
    id_history = writer.insert(draft.table, draft.values)
    kind = FeedEventKind.ORDER_CANCELLED if update.changes.cancels else FeedEventKind.STATE_CHANGED
    before = as_int(locked.order["current_state"])
    writer.outbox.note(kind, old=before, new=state.id, id_order_history=id_history)
    values: dict[str, Value] = {"current_state": state.id, "valid": int(state.logable), "date_upd": update.written}
    writer.update("orders", values, locked.key)
    _count(writer, update, locked, state)
    _move(writer, update, locked, state)
    make_papers(writer, update, locked)


def _move(writer: ShopWriter, update: OrderUpdate, locked: LockedOrder, state: OrderState) -> None:
    """Move what we took from the stock for this order, and only once.

    A cancelled order's goods are recorded as given back, and are taken again when Amazon reopens it.
    """
    shop = update.market.shop
    returned = goods_given_back(as_text(locked.marker["stock_moved"]))
    if returned and not update.changes.cancels:
        _record(writer, update, record_taken(returned))
        move_stock(writer, shop, returned, Movement.SELL_SHIPPED if state.shipped else Movement.SELL)
        if state.shipped:
            note_shipping(writer, update.market, returned, order=locked.id_order, moment=update.written)
        return
    was_shipped = update.old_state is not None and update.old_state.shipped
    goods = goods_left(writer, locked)
    if not goods or was_shipped:
        return
    if update.changes.cancels:
        move_stock(writer, shop, goods, Movement.GIVE_BACK)
        _record(writer, update, record_given_back(goods))
    elif state.shipped:
        move_stock(writer, shop, goods, Movement.SHIP)
        note_shipping(writer, update.market, goods, order=locked.id_order, moment=update.written)


def _record(writer: ShopWriter, update: OrderUpdate, text: str) -> None:
    writer.update(MARKER_TABLE, {"stock_moved": text}, {"amazon_order_id": update.order.order_id})


def _count(writer: ShopWriter, update: OrderUpdate, locked: LockedOrder, state: OrderState) -> None:
    """Count the order's sales, or take them back: an order counts while its state is `logable`."""
    counted = update.old_state is not None and update.old_state.logable
    if counted == state.logable or not writer.has("product_sale"):
        return
    sold = sold_now(writer, locked)
    if state.logable:
        count_sales(writer, sold, update.written)
    else:
        take_back_sales(writer, sold)


def make_papers(writer: Statements, update: OrderUpdate, locked: LockedOrder) -> None:
    """Make the papers of `update.paperwork` that the order does not have yet.

    A delivery number is drawn once; each further state with a slip only moves the order's delivery date. A sale without
    a number gets an invoice date all the same, because the dashboards count by it.
    """
    paperwork, written = update.paperwork, update.written
    if paperwork is None:
        return
    rows = writer.rows("order_invoice", ("id_order_invoice", "number", "delivery_number"), locked.key)
    invoiced = any(as_int(row["number"]) for row in rows)
    slipped = any(as_int(row["delivery_number"]) for row in rows)
    missing = replace(paperwork, invoice=paperwork.invoice and not invoiced, slip=paperwork.slip and not slipped)
    if paperwork.slip and slipped:
        writer.update("orders", {"delivery_date": written}, locked.key)
    if paperwork.dated and as_text(locked.order["invoice_date"]) in {"", ZERO_MOMENT}:
        writer.update("orders", {"invoice_date": written}, locked.key)
    if not missing.invoice and not missing.slip and (rows or not paperwork.row):
        return
    id_order_invoice = as_int(rows[0]["id_order_invoice"]) if rows else 0
    if not id_order_invoice:
        id_order_invoice = _make_row(writer, locked, paperwork, written, update.market)
    elif missing.invoice:
        writer.update("order_invoice", {"date_add": written}, {"id_order_invoice": id_order_invoice})
    PaperNumbers(writer, missing, update.market).write(locked.id_order, id_order_invoice, written)


def _make_row(writer: Statements, locked: LockedOrder, paperwork: Paperwork, written: str, market: Market) -> int:
    totals = {ours: as_decimal(locked.order[theirs]) for ours, theirs in _COPIED.items()}
    values = invoice_values(locked.id_order, totals, market.invoice_address, written)
    id_order_invoice = writer.insert("order_invoice", values)
    for table in _LINKED:
        if writer.has(table, "id_order_invoice"):
            writer.update(table, {"id_order_invoice": id_order_invoice}, {**locked.key, "id_order_invoice": 0})
    payments = writer.rows("order_payment", ("id_order_payment",), {"order_reference": locked.reference})
    writer.insert_all(
        "order_invoice_payment",
        [
            {
                "id_order_invoice": id_order_invoice,
                "id_order_payment": as_int(row["id_order_payment"]),
                "id_order": locked.id_order,
            }
            for row in payments
        ],
    )
    _tax_rows(writer, locked, paperwork, id_order_invoice, market.facts.taxes)
    return id_order_invoice


def _tax_rows(
    writer: Statements, locked: LockedOrder, paperwork: Paperwork, id_order_invoice: int, taxes: Mapping[int, Decimal]
) -> None:
    """Write the taxes on shipping and wrapping.

    The order's own rate says which tax the shipping has; of several taxes with that rate (22 % in Italy and Slovenia),
    it is the one that the order's lines have.
    """
    order = locked.order
    rate = as_decimal(order["carrier_tax_rate"])
    fitting = [id_tax for id_tax, percent in sorted(taxes.items()) if rate and percent == rate]
    of_lines = _taxes_of_lines(writer, locked)
    shipping = next((id_tax for id_tax in fitting if id_tax in of_lines), fitting[0] if fitting else 0)
    amounts = {
        kind: as_decimal(order[f"total_{kind}_tax_incl"]) - as_decimal(order[f"total_{kind}_tax_excl"])
        for kind in ("shipping", "wrapping")
    }
    rows = [("shipping", shipping, amounts["shipping"]), ("wrapping", paperwork.wrapping_tax, amounts["wrapping"])]
    has_taxed_lines = any(taxes.get(id_tax) for id_tax in of_lines)  # then its shipping at 0 % needs a row too
    if not rate and has_taxed_lines and as_decimal(order["total_shipping_tax_excl"]):
        zero = next((id_tax for id_tax, percent in sorted(taxes.items()) if not percent), 0)
        rows = [("shipping", zero or as_int(kept_value(writer, ZERO_TAX_STATE)), amounts["shipping"]), rows[1]]
    if rate and not fitting:
        net = as_decimal(order["total_shipping_tax_excl"])
        some = {id_tax: taxes[id_tax] for id_tax in of_lines & taxes.keys() if taxes[id_tax]}
        rows = [*(("shipping", *share) for share in two_taxes(net, amounts["shipping"], some)), rows[1]]
    writer.insert_all(
        "order_invoice_tax",
        [
            {"id_order_invoice": id_order_invoice, "type": kind, "id_tax": id_tax, "amount": amount}
            for kind, id_tax, amount in rows
            if id_tax
        ],
    )


def two_taxes(net: Decimal, tax: Decimal, taxes: Mapping[int, Decimal]) -> list[tuple[int, Decimal]]:
    """Return the amount of each tax of a shipping at two rates; nothing if they can't be told apart.

    `taxes`: those that it may be (id_tax: rate); if there is only one, the other rate is 0 %.
    """
    if len(taxes) not in {1, 2}:
        return []
    (high, high_rate), *others = sorted(taxes.items(), key=lambda one: -one[1])
    low, low_rate = others[0] if others else (0, Decimal(0))
    part = net_at_higher_rate(net, tax, low_rate, high_rate)
    if part is None:
        return []
    amount = quantise(part * high_rate / 100, 2) if low else tax
    return [(high, amount), (low, tax - amount)]


def _taxes_of_lines(writer: Statements, locked: LockedOrder) -> set[int]:
    lines = writer.rows("order_detail", ("id_order_detail",), locked.key)
    return {
        as_int(row["id_tax"])
        for line in lines
        for row in writer.rows("order_detail_tax", ("id_tax",), {"id_order_detail": as_int(line["id_order_detail"])})
    }
