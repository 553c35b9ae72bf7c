"""An order's story as JSON: no personal data, every time in UTC, every amount as text."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from orderferry.domain.durations import iso
from orderferry.domain.ledger_entry import Entry, HistoryLine
from orderferry.domain.marker import Marker
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.run.order_inspection import OrderInspection, ShopInspection
from orderferry.run.report import error_json


def story_json(story: OrderInspection) -> dict[str, Any]:
    """Given a story, return the one object that `show --json` prints."""
    outlook = story.outlook
    return {
        "order_id": story.order_id,
        "known": story.known,
        "ledger": _entry(story.entry) if story.entry else None,
        "history": [_line(line) for line in story.history],
        "shop": _shop(story.shop) if story.shop else None,
        "amazon": amazon_json(story.amazon) if story.amazon else None,
        "amazon_asked": story.asked,
        "next": {
            "action": outlook.action,
            "why": outlook.why,
            "changes": list(outlook.changes),
            "hint": outlook.hint,
        },
        "problems": [problem for error in story.errors for problem in error_json(error)],
        "exit_code": int(story.exit_code),
    }


def amazon_json(order: Order | UnreadableOrder) -> dict[str, Any]:
    """What Amazon says of an order now, without a word about its buyer."""
    flaws = [f"{flaw.path}: {flaw.problem}" for flaw in order.flaws]
    if isinstance(order, UnreadableOrder):
        return {"readable": False, "flaws": flaws}
    total = order.grand_total
    return {
        "readable": True,
        "status": str(order.status or order.raw_status),
        "channel": str(order.channel or order.raw_channel),
        "marketplace": marketplace_code(order.marketplace_id),
        "created": iso(order.created),
        "updated": iso(order.updated),
        "ship_by": iso(order.ship_by.latest) if order.ship_by.latest else None,
        "total": f"{total.amount} {total.currency}" if total else None,
        "items": [{"sku": item.sku, "quantity": item.quantity} for item in order.items],
        "packages": len(order.packages),
        "flaws": flaws,
    }


def plain(value: object) -> Any:
    """Given a value of a row, return it as JSON has it."""
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return iso(value) if value.tzinfo else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _shop(side: ShopInspection) -> dict[str, Any]:
    return {
        "marker": _marker(side.marker) if side.marker else None,
        "other_importer": side.foreign or None,
        "rows": {
            table: [{str(key): plain(value) for key, value in row.items()} for row in rows]
            for table, rows in side.rows.items()
        },
        "findings": None
        if side.findings is None
        else [{"place": finding.place, "message": finding.message} for finding in side.findings],
        "moved_by_edits": None
        if side.findings is None
        else [{"place": finding.place, "message": finding.message} for finding in side.moves],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    named = {field.name: plain(getattr(entry, field.name)) for field in fields(entry) if field.name != "order_id"}
    return {**named, "marketplace": marketplace_code(entry.marketplace_id)}


def _line(line: HistoryLine) -> dict[str, Any]:
    return {field.name: plain(getattr(line, field.name)) for field in fields(line) if field.name != "order_id"}


def _marker(marker: Marker) -> dict[str, Any]:
    return {
        "id_order": marker.id_order,
        "order_stands": marker.order_stands,
        "adopted": marker.adopted,
        "amazon_updated": iso(marker.amazon_updated),
        "last_state": marker.last_state,
    }
