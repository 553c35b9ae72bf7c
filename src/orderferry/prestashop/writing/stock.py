"""Move the stock of one order by relative UPDATEs, and count its sales. `planning/goods.py` says how stock moves.

product_sale holds PrestaShop's best-seller counts. An order counts while its state is `logable`.
"""

from __future__ import annotations

from collections.abc import Iterable

from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_int
from orderferry.prestashop.facts import ShopUnit
from orderferry.prestashop.planning.goods import Goods, Movement, stock_changes
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.rows.lines import sale_row
from orderferry.prestashop.writing.shop_writer import ShopWriter

SHIPPING_REASON = "PS_STOCK_CUSTOMER_ORDER_REASON"
_COLUMNS = ("quantity", "physical_quantity", "reserved_quantity")


def move_stock(writer: ShopWriter, shop: ShopUnit, goods: Iterable[Goods], movement: Movement) -> None:
    """Move goods by relative UPDATEs. Quantities may fall below zero (oversold).

    Nothing is moved for a product without a stock row in this shop, as PrestaShop does it.
    """
    for (id_product, id_product_attribute), change in stock_changes(goods, movement):
        steps = {name: step for name, step in zip(_COLUMNS, change, strict=True) if step}
        where: dict[str, Value] = {
            "id_product": id_product,
            "id_product_attribute": id_product_attribute,
            **shop.stock_key,
        }
        moved = writer.post_add("stock_available", steps, where)
        writer.outbox.note_stock((id_product, id_product_attribute, as_int(where["id_shop"])), change[0], moved)


def note_shipping(writer: ShopWriter, market: Market, goods: Iterable[Goods], *, order: Value, moment: str) -> None:
    """Write the stock movements of a shipment (stock_mvt, 1.7.2 and newer), one for each product of a line.

    `order` is the id_order.
    """
    id_reason = as_int(market.facts.setting(SHIPPING_REASON, market.shop))
    known = writer.has("stock_mvt", "id_order") and writer.has("stock_available", "physical_quantity")
    if not known or not id_reason:
        return
    id_employee = market.facts.employee
    people = writer.rows("employee", ("lastname", "firstname"), {"id_employee": id_employee})
    name = dict(people[0]) if people else {}
    for one in sorted(goods, key=lambda one: (one.id_product, one.id_product_attribute)):
        key: dict[str, Value] = {
            "id_product": one.id_product,
            "id_product_attribute": one.id_product_attribute,
            **market.shop.stock_key,
        }
        found = writer.rows("stock_available", ("id_stock_available",), key)
        if not one.reserves or not found:
            continue
        writer.insert(
            "stock_mvt",
            {
                "id_stock": found[0]["id_stock_available"],
                "id_order": order,
                "id_supply_order": None,
                "id_stock_mvt_reason": id_reason,
                "id_employee": id_employee,
                "employee_lastname": name.get("lastname"),
                "employee_firstname": name.get("firstname"),
                "physical_quantity": one.quantity,
                "date_add": moment,
                "sign": -1,
                "price_te": 0,
                "last_wa": 0,
                "current_wa": 0,
                "referer": None,
            },
        )


def count_sales(writer: Statements, sold: Iterable[Goods], moment: str) -> None:
    """Add what one order sells (`moment` in shop time), sorted so that two writers lock rows in the same order."""
    rows = [sale_row(id_product, quantity, times, moment[:10]) for id_product, (quantity, times) in _by_product(sold)]
    writer.post_counts("product_sale", rows, key="id_product", counted=("quantity", "sale_nbr"))


def take_back_sales(writer: Statements, sold: Iterable[Goods]) -> None:
    """Subtract what one order sold.

    The row of a product that was sold only this once is deleted, as PrestaShop does it. Counts never fall below zero,
    since the columns are unsigned.
    """
    for id_product, (quantity, times) in _by_product(sold):
        for row in writer.rows("product_sale", ("quantity", "sale_nbr"), {"id_product": id_product}, lock=True):
            if row["sale_nbr"] <= times:
                writer.delete("product_sale", {"id_product": id_product})
            else:
                left = {"quantity": max(0, row["quantity"] - quantity), "sale_nbr": row["sale_nbr"] - times}
                writer.update("product_sale", left, {"id_product": id_product})


def _by_product(sold: Iterable[Goods]) -> list[tuple[int, tuple[int, int]]]:
    sums: dict[int, tuple[int, int]] = {}
    for one in sold:
        quantity, times = sums.get(one.id_product, (0, 0))
        sums[one.id_product] = (quantity + one.quantity, times + 1)
    return sorted(sums.items())
