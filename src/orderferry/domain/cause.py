"""What orders with one problem have in common: the cause in words, without an order's id and deadline. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

_DEADLINE = "; Amazon withdraws the buyer's phone after "
_AMOUNTS = re.compile(r"explains the tax of ([^:,]+)")
_WITH_DEADLINE = re.compile(rf"{re.escape(_DEADLINE)}(\d{{4}}-\d\d-\d\d)")


def with_deadline(message: str, day: date) -> str:
    """Given the sentence on an order that is held, return it with the day after which Amazon withdraws the phone."""
    return f"{message}{_DEADLINE}{day:%Y-%m-%d}"


def cause_of(message: str, order_id: str = "") -> str:
    """Given the sentence on an order, return the cause alone, which other orders may share."""
    cause = _WITH_DEADLINE.sub("", message)
    return cause.removeprefix(f"order {order_id}: ").removeprefix(f"order {order_id} ") if order_id else cause


def taxed_amounts(cause: str) -> str:
    """Given a cause that names amounts of tax ("the tax of 19.00 on 100.00 EUR, delivery to DE: …"), return these; ''
    for none."""
    found = _AMOUNTS.search(cause)
    return found[1] if found else ""


def first_deadline(messages: Iterable[str]) -> str:
    """Given the sentences on orders, return the earliest of their deadlines as a part of a sentence; '' for none."""
    days = sorted(found[1] for message in messages if (found := _WITH_DEADLINE.search(message)))
    return f"; Amazon withdraws the first buyer's phone after {days[0]}" if days else ""
