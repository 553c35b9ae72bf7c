"""Amazon's includedData: which part of an order's JSON belongs to which dataset.

Source: Orders API 2026-01-01, `includedData` of searchOrders and getOrder. What stands in neither table is always
there.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from orderferry.simulator.answers import Refusal, error_answer

ORDER_DATASETS: dict[str, str] = {
    "buyer": "BUYER",
    "recipient": "RECIPIENT",
    "proceeds": "PROCEEDS",
    "fulfillment": "FULFILLMENT",
    "packages": "PACKAGES",
    "tax": "TAX",
    "payment": "PAYMENT",
    "fulfillmentOrders": "FULFILLMENT_ORDERS",
}
ITEM_DATASETS: dict[str, str] = {
    "proceeds": "PROCEEDS",
    "expense": "EXPENSE",
    "promotion": "PROMOTION",
    "cancellation": "CANCELLATION",
    "fulfillment": "FULFILLMENT",
    "tax": "TAX",
}
DATASETS = frozenset({*ORDER_DATASETS.values(), *ITEM_DATASETS.values()})


def only_datasets(order: dict[str, Any], included: AbstractSet[str]) -> dict[str, Any]:
    """Given an order's whole JSON and the names of datasets, return it without all other datasets.

    Anything that is not of Amazon's shape (tests serve such orders) is passed on as it is.
    """
    kept: dict[str, Any] = _without(order, ORDER_DATASETS, included)
    items = kept.get("orderItems")
    if isinstance(items, list):
        kept["orderItems"] = [_without(item, ITEM_DATASETS, included) for item in items]
    return kept


def refuse_datasets(included: AbstractSet[str], refused: AbstractSet[str]) -> None:
    """Raise Refusal (400) for a set of data that the account may not ask for, as Amazon words it."""
    for name in sorted(included & refused):
        raise Refusal(error_answer(400, "InvalidInput", f"Invalid includedData value: {name}"))


def _without(part: Any, datasets: dict[str, str], included: AbstractSet[str]) -> Any:
    if not isinstance(part, dict):
        return part
    return {key: value for key, value in part.items() if key not in datasets or datasets[key] in included}
