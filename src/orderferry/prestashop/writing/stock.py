"""Stock of one order: what is taken, given back or shipped, and the relative UPDATEs that do it.

PrestaShop (measured on 1.7.2 and newer): an order takes `quantity` at once and, until it is shipped, adds to
`reserved_quantity`; `physical_quantity` is their sum. A combination moves its own row and the product's total row
(id_product_attribute 0), on which nothing is ever reserved. Shipping lowers what is physical and reserved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from orderferry.prestashop.database.values import Value, as_int
from orderferry.prestashop.facts import Product, ShopUnit
from orderferry.prestashop.writing.shop_writer import ShopWriter


class Movement(StrEnum):
    """What happens to an order's goods."""

    SELL = "sell"  # ordered, not shipped yet
    SELL_SHIPPED = "sell-shipped"  # ordered and shipped at once
    SHIP = "ship"  # what was reserved leaves the house
    GIVE_BACK = "give-back"  # cancelled before shipping
    RETURN_SHIPPED = "return-shipped"  # undoes SELL_SHIPPED


@dataclass(frozen=True, slots=True)
class Goods:
    """A number of pieces of a product. `reserves` is False for the contents of a pack, which no order line names."""

    id_product: int
    id_product_attribute: int
    quantity: int
    reserves: bool = True


# For each movement, how (quantity, physical, reserved) change per piece: on the row of a line, on the row of a pack's
# content (never reserved), and on a combination's total row.
_CHANGES: dict[Movement, dict[str, tuple[int, int, int]]] = {
    Movement.SELL: {"line": (-1, 0, 1), "content": (-1, -1, 0), "total": (-1, -1, 0)},
    Movement.SELL_SHIPPED: {"line": (-1, -1, 0), "content": (-1, -1, 0), "total": (-1, -1, 0)},
    Movement.SHIP: {"line": (0, -1, -1), "content": (0, 0, 0), "total": (0, 0, 0)},
    Movement.GIVE_BACK: {"line": (1, 0, -1), "content": (1, 1, 0), "total": (1, 1, 0)},
    Movement.RETURN_SHIPPED: {"line": (1, 1, 0), "content": (1, 1, 0), "total": (1, 1, 0)},
}
_COLUMNS = ("quantity", "physical_quantity", "reserved_quantity")

# product.pack_stock_type and PS_PACK_STOCK_TYPE: the pack itself, its contents, or both (3: as the shop's setting)
_PACK_ITSELF = frozenset({0, 2})
_PACK_CONTENTS = frozenset({1, 2})
_PACK_DEFAULT = 3


def goods_of(product: Product, quantity: int, shop_pack_type: int) -> tuple[Goods, ...]:
    """Given a product, how many were sold and PS_PACK_STOCK_TYPE, return what leaves the stock."""
    itself = Goods(product.id_product, product.id_product_attribute, quantity)
    if not product.pack_items:
        return (itself,)
    pack_type = shop_pack_type if product.pack_stock_type == _PACK_DEFAULT else product.pack_stock_type
    contents = tuple(Goods(item, attribute, count * quantity, False) for item, attribute, count in product.pack_items)
    return ((itself,) if pack_type in _PACK_ITSELF else ()) + (contents if pack_type in _PACK_CONTENTS else ())


def stock_changes(goods: Iterable[Goods], movement: Movement) -> list[tuple[tuple[int, int], tuple[int, int, int]]]:
    """Given goods and what happens to them, return the change of (quantity, physical, reserved) of each stock row,
    one entry a row (id_product, id_product_attribute), sorted, so that two writers lock them in the same order.
    """
    sums: dict[tuple[int, int], tuple[int, int, int]] = {}

    def add(key: tuple[int, int], role: str, pieces: int) -> None:
        """Add the change of one row to the sums."""
        old = sums.get(key, (0, 0, 0))
        step = _CHANGES[movement][role]
        sums[key] = (old[0] + step[0] * pieces, old[1] + step[1] * pieces, old[2] + step[2] * pieces)

    for one in goods:
        add((one.id_product, one.id_product_attribute), "line" if one.reserves else "content", one.quantity)
        if one.id_product_attribute:
            add((one.id_product, 0), "total", one.quantity)
    return sorted((key, change) for key, change in sums.items() if any(change))


def move_stock(writer: ShopWriter, shop: ShopUnit, goods: Iterable[Goods], movement: Movement) -> None:
    """Apply a movement by relative UPDATEs. Quantities may fall below zero (oversold). A product without a stock row
    in this shop has no stock kept: like PrestaShop, nothing is moved.
    """
    for (id_product, id_product_attribute), change in stock_changes(goods, movement):
        steps = {name: step for name, step in zip(_COLUMNS, change, strict=True) if step}
        where: dict[str, Value] = {
            "id_product": id_product,
            "id_product_attribute": id_product_attribute,
            **stock_owner(shop),
        }
        moved = writer.post_add("stock_available", steps, where)
        writer.outbox.note_stock((id_product, id_product_attribute, as_int(where["id_shop"])), change[0], moved)


def stock_owner(shop: ShopUnit) -> dict[str, Value]:
    """Given a shop, return whose stock it sells: its own, or its group's (id_shop 0)."""
    if shop.share_stock:
        return {"id_shop": 0, "id_shop_group": shop.id_group}
    return {"id_shop": shop.id, "id_shop_group": 0}


def note_shipping(
    writer: ShopWriter,
    shop: ShopUnit,
    goods: Iterable[Goods],
    *,
    order: Value,
    id_reason: int,
    id_employee: int,
    moment: str,
) -> None:
    """Write the stock movements of a shipment (stock_mvt, 1.7.2 and newer), one a product that a line names. `order`
    is its id_order."""
    known = writer.has("stock_mvt", "id_order") and writer.has("stock_available", "physical_quantity")
    if not known or not id_reason:
        return
    people = writer.rows("employee", ("lastname", "firstname"), {"id_employee": id_employee})
    name = dict(people[0]) if people else {}
    for one in sorted(goods, key=_by_row):
        key: dict[str, Value] = {
            "id_product": one.id_product,
            "id_product_attribute": one.id_product_attribute,
            **stock_owner(shop),
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


def _by_row(one: Goods) -> tuple[int, int]:
    return one.id_product, one.id_product_attribute
