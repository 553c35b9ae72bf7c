"""What modules hear on each version of PrestaShop: the order of the hooks and their parameters, as measured on shops.

Parameters are written as the probe of the double describes them: objects by class and id, plain values as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from orderferry.bridge import DEFAULT_HOOKS, HOOKS_ON_REQUEST

EVERY_HOOK = (*DEFAULT_HOOKS, *HOOKS_ON_REQUEST)
# Told of an account or address that is new with the order: whether it is, only the shop can say.
OF_NEW_PEOPLE = ("Customer", "Address")

NOTHING: frozenset[str] = frozenset()
DELTA = frozenset({"delta_quantity"})
DELTA_AND_SHOP = frozenset({"delta_quantity", "id_shop"})

# From which release on: the kernel that modules find booted; what actionUpdateQuantity says beside product, combination
# and quantity (on a product's or combination's own row, on the sum of a product's combinations).
KERNELS = (((1, 6), None), ((1, 7), "AppKernel prod"), ((9, 0), "AdminKernel prod"))
QUANTITY_EXTRAS = (
    ((1, 6), (NOTHING, NOTHING)),
    ((1, 7, 8), (DELTA, NOTHING)),
    ((8, 1), (DELTA_AND_SHOP, DELTA_AND_SHOP)),
)

Heard = tuple[str, Mapping[str, Any]]


def release(version: str) -> tuple[int, ...]:
    """A version as numbers that compare."""
    return tuple(int(part) for part in version.split("."))


def since(table: Iterable[tuple[tuple[int, ...], Any]], version: str) -> Any:
    """What a table says of a version."""
    return [value for first, value in table if first <= release(version)][-1]


def is_8(version: str) -> bool:
    """Whether a version is 8.0 or newer."""
    return release(version) >= (8, 0)


def ids_of(sql: Callable[..., Any], order: int) -> dict[str, Any]:
    """Given what runs a statement (`{p}` for the prefix), the ids of all rows of an order, by class."""
    row = sql("SELECT * FROM {p}orders WHERE id_order = :o", o=order).mappings().one()

    def ids(table: str, key: str = "id_order") -> list[int]:
        values = {"id_order": order, "order_reference": row["reference"]}
        query = f"SELECT id_{table} FROM {{p}}{table} WHERE {key} = :value ORDER BY 1"
        return list(sql(query, value=values[key]).scalars())

    return {
        "Order": order,
        "Customer": row["id_customer"],
        "Cart": row["id_cart"],
        "Currency": row["id_currency"],
        "Address": row["id_address_delivery"],
        "OrderDetail": ids("order_detail"),
        "OrderCarrier": ids("order_carrier"),
        "OrderInvoice": ids("order_invoice")[:1],
        "OrderHistory": ids("order_history")[:1],
        "OrderPayment": ids("order_payment", "order_reference"),
    }


def added(name: str, numbers: int | Iterable[int], verb: str = "Add") -> Iterator[Heard]:
    """The two hooks of each object that was written."""
    for number in [numbers] if isinstance(numbers, int) else numbers:
        for hook in (f"actionObject{verb}After", f"actionObject{name}{verb}After"):
            yield hook, {"object": f"{name} {number}"}


def status(version: str, new: str, old: str, order: int) -> Mapping[str, Any]:
    """The parameters of the two hooks of a change of state."""
    return {"newOrderStatus": new, "id_order": order} | ({"oldOrderStatus": old} if is_8(version) else {})


def history(ids: Mapping[str, Any]) -> Iterator[Heard]:
    """The hooks of a new row of the order's history."""
    yield from added("OrderHistory", ids["OrderHistory"])
    for number in ids["OrderHistory"]:
        yield "actionOrderHistoryAddAfter", {"order_history": f"OrderHistory {number}"}


def created(version: str, ids: Mapping[str, Any], state: str) -> Iterator[Heard]:
    """Given the ids of all rows of a new paid order, everything that can be heard of it."""
    order = ids["Order"]
    for name in (*OF_NEW_PEOPLE, "Cart", "Order", "OrderDetail", "OrderCarrier", "OrderPayment"):
        yield from added(name, ids[name])
    for number in ids["OrderPayment"]:
        yield "actionPaymentCCAdd", {"paymentCC": f"OrderPayment {number}"}
    validated = {name.lower(): f"{name} {ids[name]}" for name in ("Cart", "Order", "Customer", "Currency")}
    validated["orderStatus"] = state
    yield "actionValidateOrder", validated
    yield "actionPaymentConfirmation", {"id_order": order}
    yield "actionOrderStatusUpdate", status(version, state, "OrderState -", order)
    yield from added("OrderInvoice", ids["OrderInvoice"])
    yield "actionOrderStatusPostUpdate", status(version, state, "OrderState -", order)
    yield from history(ids)
    yield from added("Order", order, "Update")
    if is_8(version):
        yield "actionValidateOrderAfter", {**validated, "orders": [f"Order {order}"]}


def state_changed(version: str, ids: Mapping[str, Any], new: str, old: str) -> Iterator[Heard]:
    """Everything that can be heard of a change of state that is no payment."""
    order = ids["Order"]
    yield "actionOrderStatusUpdate", status(version, new, old, order)
    yield from added("Order", order, "Update")
    yield "actionOrderStatusPostUpdate", status(version, new, old, order)
    yield from history(ids)


def tracking_set(ids: Mapping[str, Any], carrier: str) -> Iterator[Heard]:
    """Everything that can be heard of a tracking number."""
    yield from added("OrderCarrier", ids["OrderCarrier"], "Update")
    yield (
        "actionAdminOrdersTrackingNumberUpdate",
        {"order": f"Order {ids['Order']}", "customer": f"Customer {ids['Customer']}", "carrier": carrier},
    )
