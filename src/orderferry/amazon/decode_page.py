"""The body of an answer to searchOrders or getOrder, from bytes to orders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from orderferry.amazon.decode_order import decode_order
from orderferry.amazon.decode_values import NOT_UTF8, TOO_DEEP, parse_amazon_time
from orderferry.domain.search import Basis, Page

# Amazon's own cut-off of a listing: no change after it is in the pages.
_CUT_OFFS: dict[Basis, str] = {Basis.UPDATED: "lastUpdatedBefore", Basis.CREATED: "createdBefore"}

_MOST_VALUES = 1_000_000  # in an answer; a page of 100 orders has less than a tenth, and each takes some hundred bytes
_MOST_ORDERS = 1_000  # in a page, of which we ask for 100
_CLOCKS_DIFFER = timedelta(minutes=1)  # of the hosts that answer; the Date header is cut to the second

_UNDECODED = re.compile("[\udc80-\udcff]+")
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_DEEPEST = 64  # Amazon's own orders have ten levels


class UnusableBody(ValueError):
    """The body is not what the operation answers with. The sentence says in which respect, and quotes nothing."""


def parse_body(body: bytes) -> Any:
    """Return the JSON value, given the bytes of an answer. Raise UnusableBody.

    Numbers with a point become Decimal; `NaN`, `Infinity` and numbers beyond any use become text, so that one such
    field spoils one order and not the page. Bytes that are not UTF-8 and values that are nested too deeply become text
    that `find_damage` finds, for the same reason.
    """
    if sum(map(body.count, (b",", b"{", b"["))) > _MOST_VALUES:
        raise UnusableBody("the answer has more values than any answer of Amazon's")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = _UNDECODED.sub(NOT_UTF8, body.decode("utf-8", "surrogateescape"))
    try:
        try:
            return _load(text)
        except RecursionError:
            return _load(_without_depths(text))
    except ValueError:
        raise UnusableBody("the answer is no JSON, or was cut off" if body.strip() else "the answer is empty") from None


def _load(text: str) -> Any:
    return json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=lambda word: word)


def _without_depths(text: str) -> str:
    """Return the JSON with each value that is nested deeper than any of Amazon's replaced."""
    kept: list[str] = []
    depth = begin = 0
    for match in _STRUCTURE.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth == _DEEPEST + 1:
                kept += text[begin : match.start()], f'"{TOO_DEEP}"'
        elif match[0] in "]}":
            begin = match.end() if depth == _DEEPEST + 1 else begin
            depth -= 1
    if depth > _DEEPEST:
        raise ValueError
    return "".join([*kept, text[begin:]])


def _decimal(text: str) -> Decimal | str:
    return Decimal(text) if len(text) <= 40 and "e" not in text.lower() else text


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= 40 else text


def decode_page(body: Any, basis: Basis, amazon_now: datetime | None) -> Page:
    """Return the page, given the JSON of searchOrders. Raise UnusableBody unless `orders` is a list.

    A pagination that is there and can't be read makes the page unusable too: to take it for the last one would lose
    every order behind it. So does a cut-off that is no time, or in the future: what else it says is as
    doubtful.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("orders"), list):
        raise UnusableBody("the answer has no list of orders")
    if len(body["orders"]) > _MOST_ORDERS:
        raise UnusableBody("the answer has more orders than were asked for")
    return Page(
        orders=tuple(decode_order(entry) for entry in body["orders"]),
        next_token=_next_token(body.get("pagination")),
        observed_until=_cut_off(body.get(_CUT_OFFS[basis]), _CUT_OFFS[basis], amazon_now),
    )


def _cut_off(value: object, field: str, amazon_now: datetime | None) -> datetime | None:
    """Return Amazon's cut-off; None where it names none, which leaves the end that was asked for."""
    if value is None:
        return None
    moment = parse_amazon_time(value)
    if moment is None:
        raise UnusableBody(f"its {field} is no time")
    if amazon_now is not None and moment > amazon_now + _CLOCKS_DIFFER:
        raise UnusableBody(f"its {field} is in Amazon's future")
    return moment


def _next_token(pagination: object) -> str | None:
    if pagination is None:
        return None
    token = pagination.get("nextToken") if isinstance(pagination, Mapping) else pagination
    if token is not None and not (isinstance(token, str) and isinstance(pagination, Mapping)):
        raise UnusableBody("the answer's pagination can't be read")
    return token or None


def decode_single(body: Any) -> Mapping[str, Any]:
    """Return the order's entry in the JSON of getOrder. Raise UnusableBody unless `order` is an object."""
    order = body.get("order") if isinstance(body, Mapping) else None
    if not isinstance(order, Mapping):
        raise UnusableBody("the answer has no order")
    return order
