"""What an order takes from the stock, and the state of an order of more goods than the stock holds. Pure.

PrestaShop (measured on 1.7.2 and newer): an order lowers `quantity` at once and, until it is shipped, adds to
`reserved_quantity`; `physical_quantity` is their sum. A combination moves its own row and the product's total row
(id_product_attribute 0), on which nothing is ever reserved. Shipping lowers what is physical and reserved. The marker
keeps what an order took (JSON in stock_moved), so that it is given back only once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from orderferry.prestashop.database.values import as_int, version_numbers
from orderferry.prestashop.facts import OrderState, Product, ShopFacts, ShopUnit
from orderferry.prestashop.planning.market import Market


class Movement(StrEnum):
    """What happens to the goods of an order."""

    SELL = "sell"  # ordered, not shipped yet
    SELL_SHIPPED = "sell-shipped"  # ordered and shipped at once
    SHIP = "ship"  # reserved goods are sent
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

# product.pack_stock_type and PS_PACK_STOCK_TYPE: the pack itself, its contents, or both (3: as the shop's setting)
_PACK_ITSELF = frozenset({0, 2})
_PACK_CONTENTS = frozenset({1, 2})
_PACK_DEFAULT = 3


def goods_of(product: Product, quantity: int, shop_pack_type: int) -> tuple[Goods, ...]:
    """Return what leaves the stock when pieces of a product are sold. `shop_pack_type` is PS_PACK_STOCK_TYPE."""
    itself = Goods(product.id_product, product.id_product_attribute, quantity)
    if not product.pack_items:
        return (itself,)
    pack_type = shop_pack_type if product.pack_stock_type == _PACK_DEFAULT else product.pack_stock_type
    contents = tuple(Goods(item, attribute, count * quantity, False) for item, attribute, count in product.pack_items)
    return ((itself,) if pack_type in _PACK_ITSELF else ()) + (contents if pack_type in _PACK_CONTENTS else ())


def stock_changes(goods: Iterable[Goods], movement: Movement) -> list[tuple[tuple[int, int], tuple[int, int, int]]]:
    """Return, for each stock row (id_product, id_product_attribute), how (quantity, physical, reserved) change.

    Sorted, so that two writers lock the rows in the same order.
    """
    sums: dict[tuple[int, int], tuple[int, int, int]] = {}

    def add(key: tuple[int, int], role: str, pieces: int) -> None:
        old = sums.get(key, (0, 0, 0))
        step = _CHANGES[movement][role]
        sums[key] = (old[0] + step[0] * pieces, old[1] + step[1] * pieces, old[2] + step[2] * pieces)

    for one in goods:
        add((one.id_product, one.id_product_attribute), "line" if one.reserves else "content", one.quantity)
        if one.id_product_attribute:
            add((one.id_product, 0), "total", one.quantity)
    return sorted((key, change) for key, change in sums.items() if any(change))


def record_taken(goods: Iterable[Goods]) -> str:
    """Return the text that the marker keeps of goods that were taken; '' for none."""
    rows = [[one.id_product, one.id_product_attribute, one.quantity, int(one.reserves)] for one in goods]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def record_given_back(goods: Iterable[Goods]) -> str:
    """Return the text that the marker keeps of goods that were given back: a reopened order takes them again."""
    text = record_taken(goods)
    return f"-{text}" if text else ""


def goods_given_back(text: str) -> tuple[Goods, ...]:
    """Return the goods that were given back, from the marker's text; none if it holds goods that are still sold."""
    return goods_taken(text.removeprefix("-")) if text.startswith("-") else ()


def goods_taken(text: str) -> tuple[Goods, ...]:
    """Return the goods that were taken, from the marker's text; none if a person has edited it into something else."""
    try:
        rows = json.loads(text or "[]")
        return tuple(Goods(int(a), int(b), int(quantity), bool(reserves)) for a, b, quantity, reserves in rows)
    except (ValueError, TypeError):
        return ()


def still_there(goods: Iterable[Goods], ordered: Mapping[tuple[int, int], int]) -> tuple[Goods, ...]:
    """Return which of the goods may still be moved, given how many of each product the order's lines name now.

    PrestaShop has given back the pieces that a person took off the order. Contents of packs are moved as they were
    recorded, since no line names them.
    """
    left = Counter(ordered)
    result: list[Goods] = []
    for one in goods:
        key = (one.id_product, one.id_product_attribute)
        quantity = min(one.quantity, left[key]) if one.reserves else one.quantity
        if one.reserves:
            left[key] -= quantity
        if quantity > 0:
            result.append(replace(one, quantity=quantity))
    return tuple(result)


_ASKS_SINCE = (8, 1)
# by whether the state before is a paid one; 1.6.0 has one setting for both
_SETTINGS = {True: ("PS_OS_OUTOFSTOCK_PAID", "PS_OS_OUTOFSTOCK"), False: ("PS_OS_OUTOFSTOCK_UNPAID",)}


def backorder_state(market: Market, kind: str, state: OrderState) -> OrderState | None:
    """Return the state into which PrestaShop moves an oversold order on from `state`; None if it stays there.

    `kind`: the kind of that state (STATE_SOURCES). Measured (k-oversold-backorder): up to 8.0 PrestaShop always does
    this, since then only with PS_ENABLE_BACKORDER_STATUS. An order stays in a state that the configuration names for
    new orders, because label software looks for orders there.
    """
    facts, shop = market.facts, market.shop
    if kind != "paid" or market.settings.orders.state_paid or not _has_backorder_states(facts, shop):
        return None
    found = [facts.states.get(as_int(facts.setting(name, shop))) for name in _SETTINGS[state.paid]]
    return next((one for one in found if one is not None and one.id != state.id), None)


def _has_backorder_states(facts: ShopFacts, shop: ShopUnit) -> bool:
    version = version_numbers(facts.version)
    asked = version < _ASKS_SINCE or facts.setting("PS_ENABLE_BACKORDER_STATUS", shop) == "1"
    return bool(version) and asked and facts.setting("PS_STOCK_MANAGEMENT", shop, "1") == "1"
