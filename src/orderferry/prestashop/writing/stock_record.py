"""What an order took from the stock, as its marker remembers it (JSON in stock_moved): to be undone once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from orderferry.prestashop.writing.stock import Goods


def recorded(goods: Iterable[Goods]) -> str:
    """Given goods that were taken, return the record; '' for none."""
    rows = [[one.id_product, one.id_product_attribute, one.quantity, int(one.reserves)] for one in goods]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def given_back(goods: Iterable[Goods]) -> str:
    """Given goods that were given back, return the record: they are taken again if Amazon reopens the order."""
    text = recorded(goods)
    return f"-{text}" if text else ""


def goods_given_back(text: str) -> tuple[Goods, ...]:
    """Given a record, return the goods that were given back; none for a record of goods that are taken."""
    return goods_recorded(text.removeprefix("-")) if text.startswith("-") else ()


def goods_recorded(text: str) -> tuple[Goods, ...]:
    """Given a record, return the goods; none for a record that is no list of ours (a person edited it)."""
    try:
        rows = json.loads(text or "[]")
        return tuple(Goods(int(a), int(b), int(quantity), bool(reserves)) for a, b, quantity, reserves in rows)
    except (ValueError, TypeError):
        return ()


def still_there(goods: Iterable[Goods], ordered: Mapping[tuple[int, int], int]) -> tuple[Goods, ...]:
    """Given what was taken and how many of each product the order's lines still name, return what may be moved now.

    Pieces that a person took off the order were given back by PrestaShop already. Contents of packs are moved as
    they were recorded: no line names them.
    """
    left = dict(ordered)
    result: list[Goods] = []
    for one in goods:
        key = (one.id_product, one.id_product_attribute)
        quantity = min(one.quantity, left.get(key, 0)) if one.reserves else one.quantity
        if one.reserves:
            left[key] = left.get(key, 0) - quantity
        if quantity > 0:
            result.append(replace(one, quantity=quantity))
    return tuple(result)
