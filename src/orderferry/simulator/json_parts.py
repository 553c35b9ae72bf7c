"""The small forms that Amazon's JSON is made of: money, rows of a breakdown, windows of time."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from orderferry.domain.durations import iso
from orderferry.simulator.money import BreakdownRow, rounded


def present(parts: dict[str, Any]) -> dict[str, Any]:
    """Amazon leaves out what there is not; so do we."""
    return {key: value for key, value in parts.items() if value not in (None, "", [], {})}


def amount(value: Decimal, currency: str) -> dict[str, str]:
    """Amazon's money: a decimal string in the decimals of its currency."""
    return {"amount": str(rounded(value, currency)), "currencyCode": currency}


def breakdown(row: BreakdownRow, currency: str) -> dict[str, Any]:
    """One entry of `breakdowns`."""
    written: dict[str, Any] = {"type": row.type.value, "subtotal": amount(row.amount, currency)}
    if row.details:
        written["detailedBreakdowns"] = [
            {"subtype": kind.value, "value": amount(part, currency)} for kind, part in row.details
        ]
    return written


def window(span: tuple[datetime, datetime]) -> dict[str, str]:
    """`shipByWindow` and its kin."""
    return {"earliestDateTime": iso(span[0]), "latestDateTime": iso(span[1])}
