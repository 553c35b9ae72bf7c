"""A new order in one transaction: the marker first, the numbers last.

A new order that sells more than the stock holds moves on into its backorder state (measured: k).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from orderferry.domain.feed import FeedEventKind
from orderferry.prestashop.database.database_errors import DuplicateKey
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Reply, Row, Statements
from orderferry.prestashop.database.values import Value, as_int, as_text
from orderferry.prestashop.facts import OrderState
from orderferry.prestashop.feed.outbox import OrderRef
from orderferry.prestashop.planning.goods import Movement, recorded
from orderferry.prestashop.planning.resolved_order import ResolvedOrder, tracking_of
from orderferry.prestashop.reading.markers import marker_row
from orderferry.prestashop.rows.drafts import CUSTOMER, DELIVERY_ADDRESS, INVOICE, ORDER, REFERENCE, SECURE_KEY, settle
from orderferry.prestashop.rows.new_order import NewOrder
from orderferry.prestashop.rows.order import history_row
from orderferry.prestashop.writing.numbers import number_papers, post_draws
from orderferry.prestashop.writing.shop_writer import ShopWriter, random_symbols, write_drafts
from orderferry.prestashop.writing.standing_order import lock_marker, lock_order
from orderferry.prestashop.writing.stock import count_sales, move_stock, note_shipping, stock_owner, take_back_sales


@dataclass(frozen=True, slots=True)
class Written:
    """A new order in the shop. `created` False: it was there already, `as_planned` if it was written from the same news
    (by another process, or by an earlier try whose answer was lost); `backorder`: the state that it moved on into,
    being oversold; `last_event`: the number of the last event that the feed has of it, 0 for none."""

    id_order: int
    created: bool = True
    as_planned: bool = False
    backorder: OrderState | None = None
    last_event: int = 0


def write_order(writer: ShopWriter, work: NewOrder, now: datetime, *, shipping_reason: int) -> Written:
    """Given a rendered order, write all of it; the caller commits.

    The marker goes first: DuplicateKey means that another process was faster, and nothing is written.
    `shipping_reason`: id_stock_mvt_reason for an order that is shipped at once, 0 for none.
    """
    with writer.together():
        written = _write(writer, work, now, shipping_reason)
    return replace(written, last_event=writer.outbox.last)


def _write(writer: ShopWriter, work: NewOrder, now: datetime, shipping_reason: int) -> Written:
    resolved = work.resolved
    _claim(writer, work, now)
    known: dict[str, Value] = {**random_symbols(writer), REFERENCE.name: work.reference}
    if _settle_account(writer, work, known):
        write_drafts(writer, work.customer, known)
    elif resolved.id_carrier_group:
        _join_group(writer, known[CUSTOMER.name], resolved.id_carrier_group)
    write_drafts(writer, work.rows, known)
    order, invoice = known[ORDER.name], known.get(INVOICE.name)
    _move(writer, work, order, shipping_reason)
    count_sales(writer, work.sales, work.day)
    _complete_marker(writer, work, known)
    left = post_stock_left(writer, resolved)
    draws = post_draws(writer, work.papers) if invoice is not None else None
    backorder = enter_backorder(writer, resolved, order, left)
    if backorder:
        _correct(writer, work, backorder.state)
    if draws is not None and invoice is not None:
        number_papers(writer, work.papers, order, invoice, draws)
    id_order, id_invoice = writer.kept_ids(order, invoice or 0)
    state = resolved.state
    writer.outbox.note(
        FeedEventKind.ORDER_CREATED, id_order_state=state.id, id_order_invoice=id_invoice, paid=state.paid
    )
    if backorder:
        moved = {"old": state.id, "new": backorder.state.id, "id_order_history": backorder.id_order_history}
        writer.outbox.note(FeedEventKind.STATE_CHANGED, **moved)
    writer.outbox.write(writer, OrderRef(work.marker.order_id, id_order, resolved.shop.id), now)
    return Written(id_order, backorder=backorder.state if backorder else None)


def _correct(writer: ShopWriter, work: NewOrder, state: OrderState) -> None:
    """The order has moved on at once: into a state that may not count as a sale."""
    writer.post_update(MARKER_TABLE, {"last_state": state.id}, {"amazon_order_id": work.marker.order_id})
    if not state.logable:
        take_back_sales(writer, work.sales)


def _claim(writer: ShopWriter, work: NewOrder, now: datetime) -> None:
    """Insert the marker, or take over the one whose order a person deleted.

    Raise DuplicateKey when that order stands again: another process, or our own COMMIT whose answer never came, has
    brought it back since it was looked for.
    """
    order_id = work.marker.order_id
    left = lock_marker(writer, order_id) if work.recreates else None
    if left is not None and lock_order(writer, left, order_id) is not None:
        raise DuplicateKey(f"Order {order_id} stands in the shop again.")
    row: dict[str, Value] = {
        **marker_row(work.marker, order_reference="", module=work.resolved.module_name, now=now, new=left is None),
        **work.marker_extras,
    }
    if left is None:
        writer.insert_all(MARKER_TABLE, [row])
    else:
        writer.post_update(MARKER_TABLE, row, {"amazon_order_id": order_id})


def _complete_marker(writer: ShopWriter, work: NewOrder, known: Mapping[str, Value]) -> None:
    """What the marker can only know now: the order's id and reference, what was moved, and what was written."""
    resolved = work.resolved
    written: dict[str, Value] = {
        "id_order": known[ORDER.name],
        "order_reference": known[REFERENCE.name],
        "stock_moved": recorded(resolved.goods) if resolved.movement is not None else "",
        "last_address": known[DELIVERY_ADDRESS.name],
        "last_tracking": tracking_of(resolved.order.packages).number,
        "last_lines": work.lines,
    }
    key: dict[str, Value] = {"amazon_order_id": work.marker.order_id}
    writer.post_update(MARKER_TABLE, written, key)


def _settle_account(writer: ShopWriter, work: NewOrder, known: dict[str, Value]) -> bool:
    """Find the account that this order shares with others; return whether a new one has to be written."""
    account, shop = work.resolved.account, work.resolved.shop
    found: list[Row] = []
    if account.mode == "fixed" and account.id_customer:
        found = writer.rows("customer", ("id_customer", "secure_key"), {"id_customer": account.id_customer})
    elif account.mode == "alias":
        owner = {"id_shop_group": shop.id_group} if shop.share_customer else {"id_shop": shop.id}
        where: dict[str, Value] = {"email": account.email, "deleted": 0, **owner}
        found = writer.rows("customer", ("id_customer", "secure_key"), where, order="id_customer")
    if found:
        known[CUSTOMER.name] = as_int(found[0]["id_customer"])
        known[SECURE_KEY.name] = as_text(found[0]["secure_key"])
    return not found


def _join_group(writer: ShopWriter, id_customer: Value, id_group: int) -> None:
    """Put an account that was there already into the customer group that the order's carrier is for.

    The customer's row is locked first, so that two orders of one account do not both add it.
    """
    member: dict[str, Value] = {"id_customer": id_customer, "id_group": id_group}
    if writer.rows("customer_group", ("id_group",), member):
        return
    writer.rows("customer", ("id_customer",), {"id_customer": id_customer}, lock=True)
    if not writer.rows("customer_group", ("id_group",), member):
        writer.insert_all("customer_group", [member])


def _move(writer: ShopWriter, work: NewOrder, order: Value, shipping_reason: int) -> None:
    resolved = work.resolved
    if resolved.movement is None:
        return
    move_stock(writer, resolved.shop, resolved.goods, resolved.movement)
    if resolved.movement is Movement.SELL_SHIPPED:
        note_shipping(
            writer,
            resolved.shop,
            resolved.goods,
            order=order,
            id_reason=shipping_reason,
            id_employee=resolved.id_employee,
            moment=resolved.written,
        )


@dataclass(frozen=True, slots=True)
class Backorder:
    """The state that an order moved on into, and the row that says so."""

    state: OrderState
    id_order_history: int


def post_stock_left(writer: Statements, resolved: ResolvedOrder) -> list[Reply]:
    """Given a resolved whose goods have left the stock, ask how much of them is left, where that decides on anything.

    Asked after the movement, which holds the rows: other orders of the same run and of others are counted.
    """
    if resolved.backorder is None or resolved.movement is None:
        return []
    owner = stock_owner(resolved.shop)
    goods = sorted({(one.id_product, one.id_product_attribute) for one in resolved.goods if one.reserves})
    keys: list[dict[str, Value]] = [
        {"id_product": id_product, "id_product_attribute": attribute, **owner} for id_product, attribute in goods
    ]
    return [writer.post_rows("stock_available", ("quantity",), key) for key in keys]


def enter_backorder(
    writer: Statements, resolved: ResolvedOrder, order: Value, left: Iterable[Reply]
) -> Backorder | None:
    """Given a resolved order, its id_order and what is left of its goods, move the order on if one of them is oversold;
    return where, or None. A product without a stock row is never oversold.
    """
    if resolved.backorder is None or not any(row["quantity"] < 0 for reply in left for row in reply.rows):
        return None
    draft = history_row(ORDER, resolved.backorder.id, resolved.written)
    id_history = writer.insert(draft.table, settle(draft.values, {ORDER.name: order}))
    changed: dict[str, Value] = {"current_state": resolved.backorder.id, "valid": int(resolved.backorder.logable)}
    writer.post_update("orders", changed, {"id_order": order})
    return Backorder(resolved.backorder, id_history)
