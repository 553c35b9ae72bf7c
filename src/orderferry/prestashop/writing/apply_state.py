"""An imported order enters another state: history, flags, papers, stock and sales (measured: c2, d2, e3, f3)."""

from __future__ import annotations

from collections.abc import Iterable

from orderferry.domain.feed import FeedEventKind
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.facts import OrderState, ShopUnit
from orderferry.prestashop.planning.goods import Goods, Movement, given_back, goods_given_back, recorded
from orderferry.prestashop.planning.order_update import OrderUpdate
from orderferry.prestashop.rows.drafts import settle
from orderferry.prestashop.rows.order import history_row
from orderferry.prestashop.rows.product_sale import Sale
from orderferry.prestashop.writing.late_papers import print_papers
from orderferry.prestashop.writing.product_sales import count_sales, take_back_sales
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.standing_order import StandingOrder, goods_left, sold_now
from orderferry.prestashop.writing.stock import move_stock, note_shipping


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
