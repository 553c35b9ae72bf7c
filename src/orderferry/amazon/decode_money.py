"""The rows of Amazon's breakdowns: what an amount of an order or of an item is made of."""

from __future__ import annotations

from collections.abc import Iterable

from orderferry.amazon.decode_values import Node, clean_word
from orderferry.amazon.decode_words import PROCEEDS_STATES, PROCEEDS_TYPES
from orderferry.domain.orders import Flaw, Money, Proceeds, ProceedsType


def decode_proceeds(node: Node) -> tuple[Proceeds, ...]:
    """Given an order or an item, return the rows of its `proceeds.breakdowns`.

    A row without an amount, or of a type that we do not know, is a grave flaw: the sum can't be explained. A part of
    TAX or DISCOUNT with an unknown subtype is only named: the row's own amount stands.
    """
    rows = (_row(row) for row in node.nodes("proceeds.breakdowns", grave=True))
    return tuple(row for row in rows if row is not None)


def _row(row: Node) -> Proceeds | None:
    type_, raw_type = _type(row, "type", grave=True)
    amount = row.money("subtotal", required=True)
    status = row.word("status", PROCEEDS_STATES)
    details: list[tuple[ProceedsType | None, Money]] = []
    for part in row.nodes("detailedBreakdowns"):
        subtype, _ = _type(part, "subtype", grave=False)
        value = part.money("value", required=True)
        if value is not None:
            details.append((subtype, value))
    return None if amount is None else Proceeds(type_, amount, tuple(details), raw_type, status)


def _type(node: Node, field: str, *, grave: bool) -> tuple[ProceedsType | None, str]:
    raw = node.text(field, grave=grave, required=True)
    known = PROCEEDS_TYPES.get(raw)
    if raw and known is None:
        node.flaw(field, "is a word that orderferry does not know", grave=grave, value=raw)
    return known, "" if known else clean_word(raw)


def decode_price(node: Node, field: str) -> Money | None:
    """Given a node and the field of a price or a total, return it; a negative one is a grave flaw and kept."""
    money = node.money(field)
    if money is not None and money.amount < 0:
        node.flaw(f"{field}.amount", "is negative", grave=True)
    return money


def mixed_currencies(amounts: Iterable[Money | None]) -> tuple[Flaw, ...]:
    """Given all amounts of an order, return a grave flaw when they are in more than one currency, else nothing."""
    if len({money.currency for money in amounts if money is not None}) > 1:
        return (Flaw("proceeds", "is in more than one currency", grave=True),)
    return ()
