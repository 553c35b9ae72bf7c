"""Orders as plain JSON values and back: what the simulator's world is saved in. What is at its default is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from orderferry.domain.durations import iso
from orderferry.domain.orders import Channel
from orderferry.simulator.events import Event, EventKind
from orderferry.simulator.orders import Business, Line, SimulatedOrder, TaxMode
from orderferry.simulator.raw_orders import RawOrder

_RAW = "json"  # the field that only raw orders have


def encode_order(order: SimulatedOrder | RawOrder) -> dict[str, Any]:
    """Given an order, return JSON values that `decode_order` reads."""
    encoded: dict[str, Any] = _encode(order)
    return encoded


def decode_order(values: Mapping[str, Any]) -> SimulatedOrder | RawOrder:
    """Given what `encode_order` returned, return the order. Raise ValueError, TypeError or KeyError if it is none."""
    if _RAW in values:
        return RawOrder(**_converted(values, _RAW_FIELDS))
    return SimulatedOrder(**_converted(values, _ORDER_FIELDS))


def _encode(value: Any) -> Any:
    if is_dataclass(value):
        return {
            field.name: _encode(getattr(value, field.name))
            for field in fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, tuple):
        return [_encode(part) for part in value]
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return value


def _default(field: Any) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


_WRITERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (StrEnum, lambda value: value.value),
    (Decimal, str),
    (datetime, iso),
)


def _converted(values: Mapping[str, Any], table: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {name: table[name](value) if name in table else value for name, value in values.items()}


def _pairs(value: Any) -> tuple[Any, ...]:
    return tuple((first, second) for first, second in value)


def _event(value: Mapping[str, Any]) -> Event:
    return Event(**_converted(value, {"kind": EventKind, "quantities": _pairs, "changes": _pairs}))


def _line(value: Mapping[str, Any]) -> Line:
    return Line(**_converted(value, dict.fromkeys(_LINE_AMOUNTS, Decimal)))


_LINE_AMOUNTS = ("price", "shipping", "gift_wrap", "cod_fee", "discount", "shipping_discount")
_ORDER_FIELDS: dict[str, Callable[[Any], Any]] = {
    "placed": datetime.fromisoformat,
    "lines": lambda value: tuple(map(_line, value)),
    "events": lambda value: tuple(map(_event, value)),
    "channel": Channel,
    "tax_mode": TaxMode,
    "tax_rate": Decimal,
    "tip": Decimal,
    "programs": tuple,
    "business": lambda value: Business(**value),
    "address": _pairs,
}
_RAW_FIELDS: dict[str, Callable[[Any], Any]] = {
    "created_at": datetime.fromisoformat,
    "updated_at": datetime.fromisoformat,
    "shown_as_updated": datetime.fromisoformat,
}
