"""Orders of the user's own making from a TOML or JSON file (keys: docs/staging.md), and worlds that were saved."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any

from orderferry.domain.durations import iso, parse_duration, parse_moment
from orderferry.domain.marketplaces import Marketplace, Region, find_marketplace
from orderferry.domain.orders import Channel
from orderferry.errors import UsageError
from orderferry.safe_files import read_ordinary
from orderferry.simulator.catalog import STANDARD_RATES
from orderferry.simulator.orders import (
    PLACED,
    Business,
    Event,
    EventKind,
    Line,
    RawOrder,
    SimulatedOrder,
    TaxMode,
    invent_order_id,
)

_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")
_LARGEST = 1_000_000_000  # bytes of a file: a world of a million orders has less
_OWN_SEED = 424242  # keeps invented ids apart from those of generated worlds
_HINT = (
    'An order is a table [[order]] with, at least, marketplace = "DE", sku = "…" and price = "23.90"; '
    'placed = "2h" (ago), verified = "90m" and shipped = "1d" (after placing) give it a life.'
)
_TAX_MODES = {Region.EU: TaxMode.INSIDE, Region.NA: TaxMode.ON_TOP, Region.FE: TaxMode.NONE}
_EVENTS: dict[str, EventKind] = {
    "verified": EventKind.VERIFIED,
    "shipped": EventKind.SHIPPED,
    "delivered": EventKind.DELIVERED,
    "cancel_requested": EventKind.CANCEL_REQUESTED,
    "cancelled": EventKind.CANCELLED,
}


def read_values(path: Path) -> dict[str, Any]:
    """Return the table in a .toml or JSON file. Raise UsageError if there is none."""
    try:
        text = read_ordinary(path, _LARGEST).decode("utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror})", hint="Check the path.") from error
    except ValueError as error:  # TOMLDecodeError, JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise UsageError(f"{path} can't be understood: {error}", hint=_HINT) from error
    if not isinstance(values, dict):
        raise UsageError(f"{path} holds no orders", hint=_HINT)
    return values


def own_orders(values: Mapping[str, Any], now: datetime) -> list[SimulatedOrder]:
    """Return the orders in the table of a file; `placed` counts back from `now`.

    Raise UsageError that names the order and the key.
    """
    tables = values.get("order")
    if not isinstance(tables, list) or set(values) != {"order"}:
        raise UsageError("a file of orders holds [[order]] tables and nothing else", hint=_HINT)
    orders = []
    for number, table in enumerate(tables, start=1):
        try:
            orders.append(_order(number, table, now))
        except (ValueError, TypeError, AttributeError) as error:
            raise UsageError(f"order {number} of the file is wrong: {error}", hint=_HINT) from error
    return orders


def _order(number: int, table: Mapping[str, Any], now: datetime) -> SimulatedOrder:
    unknown = sorted(set(table) - ORDER_KEYS - set(LINE_FIELDS))
    if unknown:
        raise ValueError(f"nothing is known of {', '.join(unknown)}")
    market = _marketplace(table)
    placed = parse_moment(str(table.get("placed", "0s")), now)
    own_id = str(table.get("id") or invent_order_id(market.code, number, _OWN_SEED))
    if not _ORDER_ID.fullmatch(own_id):
        raise ValueError(f"id {own_id!r} has not the form 123-1234567-1234567")
    company = str(table.get("company", ""))
    country = str(table.get("country", "")).upper()
    rate = STANDARD_RATES.get(country or market.code, 0)
    programs = [("PRIME", table.get("prime", False)), ("AMAZON_BUSINESS", bool(company))]
    return SimulatedOrder(
        order_id=own_id,
        marketplace=market.code,
        placed=placed.replace(microsecond=0),
        lines=_lines(table),
        events=_events(table),
        channel=Channel(table.get("channel", Channel.REGULAR)),
        country=country,
        tax_mode=TaxMode(table.get("tax", _TAX_MODES[market.region])),
        tax_rate=_number(table.get("tax_rate", rate), "tax_rate"),
        tip=_number(table.get("tip", 0), "tip"),
        programs=tuple(name for name, wanted in programs if wanted),
        service_level=str(table.get("service_level", "STANDARD")),
        business=Business(company, str(table.get("purchase_order", "")), str(table.get("vat_number", "")))
        if company
        else None,
        replaces=str(table.get("replaces", "")),
        payment_method=str(table.get("payment_method", "")),
        seller_order_id=str(table.get("seller_order_id", "")),
        address=tuple((str(key), str(value)) for key, value in table.get("address", {}).items()),
    )


def _marketplace(table: Mapping[str, Any]) -> Marketplace:
    word = table.get("marketplace")
    market = find_marketplace(str(word)) if word is not None else None
    if market is None:
        raise ValueError(f"marketplace {word!r} is no country code or marketplace id of Amazon's")
    return market


def _events(table: Mapping[str, Any]) -> tuple[Event, ...]:
    events = [PLACED]
    for key, kind in _EVENTS.items():
        if key in table:
            after = int(parse_duration(str(table[key])).total_seconds())
            events.append(Event(kind, after, reason=str(table.get("cancel_reason", ""))))
    return tuple(sorted(events, key=lambda event: event.after))


def _lines(table: Mapping[str, Any]) -> tuple[Line, ...]:
    single = {key: value for key, value in table.items() if key in LINE_FIELDS}
    lines = table.get("lines", [single])
    if "lines" in table and single:
        raise ValueError(f"with `lines`, {', '.join(single)} belongs into the lines")
    return tuple(map(_line, lines))


def _line(values: Mapping[str, Any]) -> Line:
    unknown = sorted(set(values) - set(LINE_FIELDS))
    missing = sorted({"sku", "price"} - set(values))
    if unknown or missing:
        raise ValueError(f"in an item {', '.join(unknown or missing)} is {'unknown' if unknown else 'missing'}")
    line = Line(**{key: LINE_FIELDS[key](value, key) for key, value in values.items()})
    if line.quantity < 1:
        raise ValueError("quantity must be at least 1")
    return line


def _number(value: Any, key: str) -> Decimal:
    """Return an amount or a rate of a text or a number. A float is read as it prints: as the user wrote it."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{key} {value!r} is no number") from None
    if not number.is_finite() or number < 0:
        raise ValueError(f"{key} {value!r} must be a number of at least 0")
    return number


def _text(value: Any, _key: str) -> str:
    return str(value)


def _count(value: Any, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{key} {value!r} is no whole number")  # noqa: TRY004 — one kind of error for the user's file
    return value


_LINE_AMOUNTS = ("price", "shipping", "gift_wrap", "cod_fee", "discount", "shipping_discount")
LINE_FIELDS: dict[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(("sku", "title", "asin", "promotion", "gift_message"), _text),
    **dict.fromkeys(_LINE_AMOUNTS, _number),
    "quantity": _count,
}
ORDER_KEYS = frozenset(_EVENTS) | {
    "id", "marketplace", "channel", "placed", "lines", "country", "tax", "tax_rate", "tip", "prime", "service_level",
    "company", "purchase_order", "vat_number", "replaces", "payment_method", "seller_order_id", "cancel_reason",
    "address",
}  # fmt: skip


# A saved world: orders as plain JSON values and back. What is at its default is left out.
_RAW = "json"  # the field that only raw orders have


def encode_order(order: SimulatedOrder | RawOrder) -> dict[str, Any]:
    """Return JSON values that `decode_order` reads, given an order."""
    encoded: dict[str, Any] = _encode(order)
    return encoded


def decode_order(values: Mapping[str, Any]) -> SimulatedOrder | RawOrder:
    """Return the order, given what `encode_order` returned. Raise ValueError, TypeError or KeyError if it is none."""
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


def _stored_event(value: Mapping[str, Any]) -> Event:
    return Event(**_converted(value, {"kind": EventKind, "quantities": _pairs, "changes": _pairs}))


def _stored_line(value: Mapping[str, Any]) -> Line:
    return Line(**_converted(value, dict.fromkeys(_LINE_AMOUNTS, Decimal)))


_ORDER_FIELDS: dict[str, Callable[[Any], Any]] = {
    "placed": datetime.fromisoformat,
    "lines": lambda value: tuple(map(_stored_line, value)),
    "events": lambda value: tuple(map(_stored_event, value)),
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
