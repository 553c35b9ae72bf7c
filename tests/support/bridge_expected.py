"""What modules hear on each version of PrestaShop: the order of the hooks and their parameters, as measured on shops.

Parameters are written as the probe of the double describes them: objects by class and id, plain values as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orderferry.bridge import DEFAULT_HOOKS, HOOKS_ON_REQUEST

VERSIONS = ("1.6.1.24", "1.7.6.9", "1.7.7.8", "1.7.8.11", "8.0.5", "8.2.1", "9.1.4")
EVERY_HOOK = (*DEFAULT_HOOKS, *HOOKS_ON_REQUEST)

# Which kernel modules find booted.
KERNELS: Mapping[str, str | None] = {
    "1.6.1.24": None,
    "1.7.6.9": "AppKernel prod",
    "1.7.7.8": "AppKernel prod",
    "1.7.8.11": "AppKernel prod",
    "8.0.5": "AppKernel prod",
    "8.2.1": "AppKernel prod",
    "9.1.4": "AdminKernel prod",
}

# What actionUpdateQuantity says beside product, combination and quantity: (on a product's or combination's own row, on
# the sum of a product's combinations).
QUANTITY_EXTRAS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "1.6.1.24": (frozenset(), frozenset()),
    "1.7.6.9": (frozenset(), frozenset()),
    "1.7.7.8": (frozenset(), frozenset()),
    "1.7.8.11": (frozenset({"delta_quantity"}), frozenset()),
    "8.0.5": (frozenset({"delta_quantity"}), frozenset()),
    "8.2.1": (frozenset({"delta_quantity", "id_shop"}), frozenset({"delta_quantity", "id_shop"})),
    "9.1.4": (frozenset({"delta_quantity", "id_shop"}), frozenset({"delta_quantity", "id_shop"})),
}

Heard = tuple[str, Mapping[str, Any]]


def is_8(version: str) -> bool:
    """Whether a version is 8.0 or newer."""
    return int(version.split(".")[0]) >= 8


def added(name: str, number: int, verb: str = "Add") -> Iterator[Heard]:
    """The two hooks of an object that was written."""
    for hook in (f"actionObject{verb}After", f"actionObject{name}{verb}After"):
        yield hook, {"object": f"{name} {number}"}


def status(version: str, new: str, old: str, order: int) -> Mapping[str, Any]:
    """The parameters of the two hooks of a change of state."""
    return {"newOrderStatus": new, "id_order": order} | ({"oldOrderStatus": old} if is_8(version) else {})


def created(version: str, ids: Mapping[str, Any], state: str) -> Iterator[Heard]:
    """Given the ids of all rows of a new paid order, everything that can be heard of it."""
    order = ids["Order"]
    for name in ("Customer", "Address", "Cart", "Order"):
        yield from added(name, ids[name])
    for number in ids["OrderDetail"]:
        yield from added("OrderDetail", number)
    for name in ("OrderCarrier", "OrderPayment"):
        yield from added(name, ids[name])
    yield "actionPaymentCCAdd", {"paymentCC": f"OrderPayment {ids['OrderPayment']}"}
    validated = {name.lower(): f"{name} {ids[name]}" for name in ("Cart", "Order", "Customer", "Currency")}
    validated["orderStatus"] = state
    yield "actionValidateOrder", validated
    yield "actionPaymentConfirmation", {"id_order": order}
    yield "actionOrderStatusUpdate", status(version, state, "OrderState -", order)
    yield from added("OrderInvoice", ids["OrderInvoice"])
    yield "actionOrderStatusPostUpdate", status(version, state, "OrderState -", order)
    yield from added("OrderHistory", ids["OrderHistory"])
    yield "actionOrderHistoryAddAfter", {"order_history": f"OrderHistory {ids['OrderHistory']}"}
    yield from added("Order", order, "Update")
    if is_8(version):
        yield "actionValidateOrderAfter", {**validated, "orders": [f"Order {order}"]}


def state_changed(version: str, ids: Mapping[str, Any], new: str, old: str) -> Iterator[Heard]:
    """Everything that can be heard of a change of state that is no payment."""
    order = ids["Order"]
    yield "actionOrderStatusUpdate", status(version, new, old, order)
    yield from added("Order", order, "Update")
    yield "actionOrderStatusPostUpdate", status(version, new, old, order)
    yield from added("OrderHistory", ids["OrderHistory"])
    yield "actionOrderHistoryAddAfter", {"order_history": f"OrderHistory {ids['OrderHistory']}"}


def tracking_set(ids: Mapping[str, Any], carrier: str) -> Iterator[Heard]:
    """Everything that can be heard of a tracking number."""
    yield from added("OrderCarrier", ids["OrderCarrier"], "Update")
    yield (
        "actionAdminOrdersTrackingNumberUpdate",
        {"order": f"Order {ids['Order']}", "customer": f"Customer {ids['Customer']}", "carrier": carrier},
    )
