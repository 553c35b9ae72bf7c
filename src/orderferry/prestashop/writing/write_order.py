"""Write a new order in one transaction: the marker first, the numbers of its papers last.

An order of more goods than the stock holds moves on into its backorder state (measured: k).
"""

from __future__ import annotations

from datetime import datetime

from orderferry.domain.marker import Applied, Outcome
from orderferry.prestashop.database.database_errors import DuplicateKey
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.statements import Reply, Row, Statements
from orderferry.prestashop.database.values import DraftValue, Value, as_int, as_text
from orderferry.prestashop.facts import OrderState
from orderferry.prestashop.feed.outbox import FeedEventKind
from orderferry.prestashop.planning.goods import Movement, record_taken
from orderferry.prestashop.planning.resolved_order import ResolvedOrder, tracking_of
from orderferry.prestashop.reading.markers import marker_row
from orderferry.prestashop.rows.drafts import CUSTOMER, DELIVERY_ADDRESS, INVOICE, ORDER, REFERENCE, SECURE_KEY
from orderferry.prestashop.rows.new_order import NewOrder
from orderferry.prestashop.rows.order import history_row
from orderferry.prestashop.writing.locked_order import lock_marker, lock_order
from orderferry.prestashop.writing.numbers import PaperNumbers
from orderferry.prestashop.writing.shop_writer import ShopWriter, random_symbols, write_drafts
from orderferry.prestashop.writing.stock import count_sales, move_stock, note_shipping, take_back_sales


def write_order(writer: ShopWriter, work: NewOrder, now: datetime) -> Applied:
    """Write a new order and return its id; the caller commits.

    The marker comes first: DuplicateKey means that another process was faster, and nothing is written.
    """
    with writer.together():
        return _write(writer, work, now)


def _write(writer: ShopWriter, work: NewOrder, now: datetime) -> Applied:
    resolved, state = work.resolved, work.resolved.state
    _insert_marker(writer, work, now)
    writer.known |= {**random_symbols(writer), REFERENCE.name: work.reference}
    if not _find_account(writer, resolved):
        write_drafts(writer, work.customer)
    elif resolved.id_carrier_group:
        _join_group(writer, writer.known[CUSTOMER.name], resolved.id_carrier_group)
    write_drafts(writer, work.rows)
    order, invoice = writer.known[ORDER.name], writer.known.get(INVOICE.name)
    if resolved.movement is not None:
        move_stock(writer, resolved.market.shop, resolved.goods, resolved.movement)
        if resolved.movement is Movement.SELL_SHIPPED:
            note_shipping(writer, resolved.market, resolved.goods, order=order, moment=resolved.written)
    if state.logable:
        count_sales(writer, resolved.sold, resolved.written)
    written: dict[str, DraftValue] = {"id_order": ORDER, "last_address": DELIVERY_ADDRESS}
    writer.post_update(MARKER_TABLE, written, {"amazon_order_id": work.marker.order_id})
    left = _post_stock_left(writer, resolved)
    numbers = PaperNumbers(writer, resolved.paperwork, resolved.market) if invoice is not None else None
    # a product without a stock row is never oversold
    is_oversold = any(row["quantity"] < 0 for reply in left for row in reply.rows)
    backorder = resolved.backorder if is_oversold else None
    id_history = _enter_backorder(writer, work, order, backorder) if backorder else 0
    if numbers is not None and invoice is not None:
        numbers.write(order, invoice, resolved.written)
    id_order, id_invoice = writer.kept_ids(order, invoice or 0)
    writer.outbox.note(
        FeedEventKind.ORDER_CREATED, id_order_state=state.id, id_order_invoice=id_invoice, paid=state.paid
    )
    if backorder:
        writer.outbox.note(FeedEventKind.STATE_CHANGED, old=state.id, new=backorder.id, id_order_history=id_history)
    writer.outbox.write(writer, work.marker.order_id, id_order, resolved.market.shop.id, now)
    oversold = (f"state {backorder.id} ({backorder.name}), since it is oversold",) if backorder else ()
    return Applied(Outcome.CREATED, id_order, oversold)


def _insert_marker(writer: ShopWriter, work: NewOrder, now: datetime) -> None:
    """Insert the marker, or take over the one whose order a person deleted.

    Raise DuplicateKey when that order is there again: another process, or our own COMMIT whose answer was lost, has
    written it since it was looked for.
    """
    order_id = work.marker.order_id
    left = lock_marker(writer, order_id) if work.recreates else None
    if left is not None and lock_order(writer, left, order_id) is not None:
        raise DuplicateKey(f"Order {order_id} stands in the shop again.")
    resolved = work.resolved
    row: dict[str, Value] = {
        **marker_row(
            work.marker,
            order_reference=work.reference,
            module=resolved.market.settings.orders.module_name,
            now=now,
            new=left is None,
        ),
        **work.marker_extras,
        "stock_moved": record_taken(resolved.goods) if resolved.movement is not None else "",
        "last_tracking": tracking_of(resolved.order.packages).number,
        "last_lines": work.lines,
    }
    if left is None:
        writer.insert_all(MARKER_TABLE, [row])
    else:
        writer.post_update(MARKER_TABLE, row, {"amazon_order_id": order_id})


def _find_account(writer: ShopWriter, resolved: ResolvedOrder) -> bool:
    """Look for the account that the order shares with others, and make it known; return whether there is one."""
    account, shop = resolved.account, resolved.market.shop
    found: list[Row] = []
    if account.mode == "fixed" and account.id_customer:
        found = writer.rows("customer", ("id_customer", "secure_key"), {"id_customer": account.id_customer})
    elif account.mode == "alias":
        owner = {"id_shop_group": shop.id_group} if shop.share_customer else {"id_shop": shop.id}
        where: dict[str, Value] = {"email": account.email, "deleted": 0, **owner}
        found = writer.rows("customer", ("id_customer", "secure_key"), where, order="id_customer")
    if found:
        writer.known[CUSTOMER.name] = as_int(found[0]["id_customer"])
        writer.known[SECURE_KEY.name] = as_text(found[0]["secure_key"])
    return bool(found)


def _join_group(writer: ShopWriter, id_customer: Value, id_group: int) -> None:
    """Add an existing account to the customer group that the order's carrier is limited to.

    The customer's row is locked first, so that two orders of one account do not both add it.
    """
    member: dict[str, Value] = {"id_customer": id_customer, "id_group": id_group}
    if writer.rows("customer_group", ("id_group",), member):
        return
    writer.rows("customer", ("id_customer",), {"id_customer": id_customer}, lock=True)
    if not writer.rows("customer_group", ("id_group",), member):
        writer.insert_all("customer_group", [member])


def _post_stock_left(writer: Statements, resolved: ResolvedOrder) -> list[Reply]:
    """Ask how much is left of the order's goods, if that decides on its state.

    Asked after the movement, which locks the rows, so that all other orders are counted.
    """
    if resolved.backorder is None or resolved.movement is None:
        return []
    owner = resolved.market.shop.stock_key
    goods = sorted({(one.id_product, one.id_product_attribute) for one in resolved.goods if one.reserves})
    keys: list[dict[str, Value]] = [
        {"id_product": id_product, "id_product_attribute": attribute, **owner} for id_product, attribute in goods
    ]
    return [writer.post_rows("stock_available", ("quantity",), key) for key in keys]


def _enter_backorder(writer: ShopWriter, work: NewOrder, order: Value, state: OrderState) -> int:
    """Move an oversold order on into its backorder state, which may not count as a sale; return id_order_history."""
    draft = history_row(ORDER, state.id, work.resolved.written)
    id_history = writer.insert(draft.table, draft.values)
    writer.post_update("orders", {"current_state": state.id, "valid": int(state.logable)}, {"id_order": order})
    writer.post_update(MARKER_TABLE, {"last_state": state.id}, {"amazon_order_id": work.marker.order_id})
    if work.resolved.state.logable and not state.logable:
        take_back_sales(writer, work.resolved.sold)
    return id_history
