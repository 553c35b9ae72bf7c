"""The state into which PrestaShop moves an order of more goods than the stock holds, where that holds for ours. Pure.

Measured (k-oversold-backorder): up to 8.0 always, since then only with PS_ENABLE_BACKORDER_STATUS. A state that the
configuration names for new orders is where they belong: label software follows it.
"""

from __future__ import annotations

from orderferry.config.model import OrdersSettings
from orderferry.prestashop.database.values import as_int, version_numbers
from orderferry.prestashop.facts import OrderState, ShopFacts, ShopUnit

_ASKS_SINCE = (8, 1)
# by whether the state before it was a paid one; 1.6.0 knew one setting for both
_SETTINGS = {True: ("PS_OS_OUTOFSTOCK_PAID", "PS_OS_OUTOFSTOCK"), False: ("PS_OS_OUTOFSTOCK_UNPAID",)}


def backorder_state(
    facts: ShopFacts, shop: ShopUnit, settings: OrdersSettings, kind: str, state: OrderState
) -> OrderState | None:
    """Given the kind of state (states.STATE_SOURCES) that a new order comes into, and that state, return the one that
    it moves on into when it is oversold; None where it stays."""
    if kind != "paid" or settings.state_paid or not _moves_on(facts, shop):
        return None
    found = [facts.states.get(as_int(facts.setting(name, shop))) for name in _SETTINGS[state.paid]]
    return next((one for one in found if one is not None and one.id != state.id), None)


def _moves_on(facts: ShopFacts, shop: ShopUnit) -> bool:
    version = version_numbers(facts.version)
    asked = version < _ASKS_SINCE or facts.setting("PS_ENABLE_BACKORDER_STATUS", shop, "0") == "1"
    return bool(version) and asked and facts.setting("PS_STOCK_MANAGEMENT", shop, "1") == "1"
