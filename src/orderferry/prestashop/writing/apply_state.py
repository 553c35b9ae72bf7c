"""An imported order enters another state: history, flags, papers, stock and sales (measured: c2, d2, e3, f3).

Papers of an order that exists already: the invoice or the delivery slip that its new state asks for.

Made from the order's own row, as PrestaShop does it (measured: f2, c2, e2, e3), not from Amazon's figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from orderferry.domain.feed import FeedEventKind
from orderferry.domain.money import net_at_higher_rate, quantise
from orderferry.prestashop.database.own_tables import MARKER_TABLE, kept_value
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_decimal, as_int, as_text
from orderferry.prestashop.facts import ZERO_TAX_STATE, OrderState, ShopUnit
from orderferry.prestashop.planning.goods import Goods, Movement, given_back, goods_given_back, recorded
from orderferry.prestashop.planning.order_changes import OrderUpdate
from orderferry.prestashop.planning.resolved_order import NumbersToDraw, Paperwork
from orderferry.prestashop.rows.drafts import ZERO_MOMENT, settle
from orderferry.prestashop.rows.lines import Sale
from orderferry.prestashop.rows.order import history_row
from orderferry.prestashop.writing.numbers import number_papers
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.standing_order import StandingOrder, goods_left, sold_now
from orderferry.prestashop.writing.stock import count_sales, move_stock, note_shipping, take_back_sales


def enter_state(
    writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, state: OrderState, shop: ShopUnit
) -> int:
    """Given a locked order and its new state, write what PrestaShop would. Return the invoice number drawn, or 0."""
    draft = history_row(standing.id_order, state.id, update.written)
    id_history = writer.insert(draft.table, settle(draft.values, {}))
    kind = FeedEventKind.ORDER_CANCELLED if update.changes.cancels else FeedEventKind.STATE_CHANGED
    before = as_int(standing.order["current_state"])
    writer.outbox.note(kind, old=before, new=state.id, id_order_history=id_history)
    values: dict[str, Value] = {"current_state": state.id, "valid": int(state.logable), "date_upd": update.written}
    writer.update("orders", values, standing.key)
    _count(writer, update, standing, state)
    _move(writer, update, standing, state, shop)
    if update.paperwork is None:
        return 0
    return print_papers(writer, standing, update.paperwork, shop=shop, written=update.written, taxes=update.taxes)


def _move(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, state: OrderState, shop: ShopUnit) -> None:
    """Stock moves by what we took for this order, and only once: a cancelled order's goods are recorded as given back,
    and taken again when Amazon reopens it."""
    returned = goods_given_back(as_text(standing.marker["stock_moved"]))
    if returned and not update.changes.cancels:
        _record(writer, update, recorded(returned))
        move_stock(writer, shop, returned, Movement.SELL_SHIPPED if state.shipped else Movement.SELL)
        if state.shipped:
            _note_shipping(writer, update, standing, shop, returned)
        return
    was_shipped = update.old_state is not None and update.old_state.shipped
    goods = goods_left(writer, standing)
    if not goods or was_shipped:
        return
    if update.changes.cancels:
        move_stock(writer, shop, goods, Movement.GIVE_BACK)
        _record(writer, update, given_back(goods))
    elif state.shipped:
        move_stock(writer, shop, goods, Movement.SHIP)
        _note_shipping(writer, update, standing, shop, goods)


def _record(writer: ShopWriter, update: OrderUpdate, text: str) -> None:
    writer.update(MARKER_TABLE, {"stock_moved": text}, {"amazon_order_id": update.order.order_id})


def _note_shipping(
    writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, shop: ShopUnit, goods: Iterable[Goods]
) -> None:
    note_shipping(
        writer,
        shop,
        goods,
        order=standing.id_order,
        id_reason=update.shipping_reason,
        id_employee=update.id_employee,
        moment=update.written,
    )


def _count(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, state: OrderState) -> None:
    """An order counts as sold while its state is `logable`."""
    counted = update.old_state is not None and update.old_state.logable
    if counted == state.logable or not writer.has("product_sale"):
        return
    sales = [Sale(id_product, quantity) for (id_product, _), quantity in sold_now(writer, standing).items()]
    if state.logable:
        count_sales(writer, sales, update.day)
    else:
        take_back_sales(writer, sales)


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


def print_papers(
    writer: Statements,
    standing: StandingOrder,
    paperwork: Paperwork,
    *,
    shop: ShopUnit,
    written: str,
    taxes: Mapping[int, Decimal],
) -> int:
    """Given a locked order, make the papers that are asked for and that it does not have.

    Return the invoice number that was drawn, 0 for none. A delivery number is drawn once; each further state with a
    slip only moves the order's delivery date. A sale that gets no number has an invoice date all the same: the
    dashboards count by it.
    """
    rows = writer.rows("order_invoice", ("id_order_invoice", "number", "delivery_number"), standing.key)
    invoiced = any(as_int(row["number"]) for row in rows)
    slipped = any(as_int(row["delivery_number"]) for row in rows)
    papers = NumbersToDraw(
        paperwork.invoice and not invoiced, paperwork.slip and not slipped, shop, written, paperwork.yearly
    )
    if paperwork.slip and slipped:
        writer.update("orders", {"delivery_date": written}, standing.key)
    if paperwork.dated and as_text(standing.order["invoice_date"]) in {"", ZERO_MOMENT}:
        writer.update("orders", {"invoice_date": written}, standing.key)
    if not papers.invoice and not papers.slip and (rows or not paperwork.row):
        return 0
    id_order_invoice = as_int(rows[0]["id_order_invoice"]) if rows else 0
    if not id_order_invoice:
        id_order_invoice = _make_row(writer, standing, paperwork, written, taxes)
    elif papers.invoice:
        writer.update("order_invoice", {"date_add": written}, {"id_order_invoice": id_order_invoice})
    return number_papers(writer, papers, standing.id_order, id_order_invoice)


def _make_row(
    writer: Statements,
    standing: StandingOrder,
    paperwork: Paperwork,
    written: str,
    taxes: Mapping[int, Decimal],
) -> int:
    values: dict[str, Value] = {
        "id_order": standing.id_order,
        "number": 0,
        "delivery_number": 0,
        "delivery_date": ZERO_MOMENT,
        **{ours: as_decimal(standing.order[theirs]) for ours, theirs in _COPIED.items()},
        "shipping_tax_computation_method": 0,
        "shop_address": paperwork.shop_address,
        "invoice_address": "",
        "delivery_address": "",
        "note": "",
        "date_add": written,
    }
    id_order_invoice = writer.insert("order_invoice", values)
    for table in _LINKED:
        if writer.has(table, "id_order_invoice"):
            writer.update(table, {"id_order_invoice": id_order_invoice}, {**standing.key, "id_order_invoice": 0})
    payments = writer.rows("order_payment", ("id_order_payment",), {"order_reference": standing.reference})
    writer.insert_all(
        "order_invoice_payment",
        [
            {
                "id_order_invoice": id_order_invoice,
                "id_order_payment": as_int(row["id_order_payment"]),
                "id_order": standing.id_order,
            }
            for row in payments
        ],
    )
    _tax_rows(writer, standing, paperwork, id_order_invoice, taxes)
    return id_order_invoice


def _tax_rows(
    writer: Statements,
    standing: StandingOrder,
    paperwork: Paperwork,
    id_order_invoice: int,
    taxes: Mapping[int, Decimal],
) -> None:
    """The taxes on shipping and wrapping. Which tax the shipping bears is read from the order's own rate, and of
    several taxes of that rate (22 % in Italy and Slovenia) the one that the order's lines bear.
    """
    order = standing.order
    rate = as_decimal(order["carrier_tax_rate"])
    fitting = [id_tax for id_tax, percent in sorted(taxes.items()) if rate and percent == rate]
    borne = _taxes_of_lines(writer, standing)
    shipping = next((id_tax for id_tax in fitting if id_tax in borne), fitting[0] if fitting else 0)
    amounts = {
        kind: as_decimal(order[f"total_{kind}_tax_incl"]) - as_decimal(order[f"total_{kind}_tax_excl"])
        for kind in ("shipping", "wrapping")
    }
    rows = [("shipping", shipping, amounts["shipping"]), ("wrapping", paperwork.wrapping_tax, amounts["wrapping"])]
    if not rate and order_bears_tax(borne, taxes) and as_decimal(order["total_shipping_tax_excl"]):
        zero = next((id_tax for id_tax, percent in sorted(taxes.items()) if not percent), 0)
        rows = [("shipping", zero or as_int(kept_value(writer, ZERO_TAX_STATE)), amounts["shipping"]), rows[1]]
    if rate and not fitting:
        net = as_decimal(order["total_shipping_tax_excl"])
        some = {id_tax: taxes[id_tax] for id_tax in borne & taxes.keys() if taxes[id_tax]}
        rows = [*(("shipping", *share) for share in two_taxes(net, amounts["shipping"], some)), rows[1]]
    writer.insert_all(
        "order_invoice_tax",
        [
            {"id_order_invoice": id_order_invoice, "type": kind, "id_tax": id_tax, "amount": amount}
            for kind, id_tax, amount in rows
            if id_tax
        ],
    )


def order_bears_tax(borne: set[int], taxes: Mapping[int, Decimal]) -> bool:
    """Return whether one of the taxes of an order's lines is above 0 %: its shipping at 0 % then needs a row, too."""
    return any(taxes.get(id_tax) for id_tax in borne)


def two_taxes(net: Decimal, tax: Decimal, taxes: Mapping[int, Decimal]) -> list[tuple[int, Decimal]]:
    """Given the net and the tax of a shipping at two rates, and the taxes that they may be (id_tax: rate; of one alone,
    the other rate is 0 %), return the amount of each; nothing where they can't be told."""
    if len(taxes) not in {1, 2}:
        return []
    (high, high_rate), *others = sorted(taxes.items(), key=lambda one: -one[1])
    low, low_rate = others[0] if others else (0, Decimal(0))
    part = net_at_higher_rate(net, tax, low_rate, high_rate)
    if part is None:
        return []
    amount = quantise(part * high_rate / 100, 2) if low else tax
    return [(high, amount), (low, tax - amount)]


def _taxes_of_lines(writer: Statements, standing: StandingOrder) -> set[int]:
    lines = writer.rows("order_detail", ("id_order_detail",), standing.key)
    return {
        as_int(row["id_tax"])
        for line in lines
        for row in writer.rows("order_detail_tax", ("id_tax",), {"id_order_detail": as_int(line["id_order_detail"])})
    }
