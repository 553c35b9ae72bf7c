"""The decoder is total: any JSON at any place gives orders with flaws, never an exception."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orderferry.amazon.decode_order import decode_order
from orderferry.amazon.decode_page import UnusableBody, decode_page, decode_single, parse_body
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.search import Basis
from support.amazon_side import sandbox_orders

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=20)
    | st.sampled_from(["", "NaN", "1e400", "-1", "9999-12-31T23:59:59-14:00", "\ud800", "0" * 5000, 10**400])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
ORDERS = sandbox_orders()


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, as keys and indexes."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, inner in steps for place in places(inner, (*way, key)))]


PLACES = [(order_id, way) for order_id, order in ORDERS.items() for way in places(order) if way]


def mutated(order_id: str, way: tuple[Any, ...], mutation: Any) -> dict[str, Any]:
    order = sandbox_orders()[order_id]
    place: Any = order
    for key in way[:-1]:
        place = place[key]
    mutation(place, way[-1])
    return order


def replace_by(value: Any) -> Any:
    return lambda place, key: place.__setitem__(key, value)


def take_out(place: Any, key: Any) -> None:
    del place[key]


def twice(place: Any, key: Any) -> None:
    if isinstance(place, list):
        place.insert(key, place[key])


MUTATIONS = st.one_of(ANY_JSON.map(replace_by), st.just(take_out), st.just(twice))


def check(decoded: Order | UnreadableOrder) -> None:
    """What holds for every decoded entry."""
    if isinstance(decoded, UnreadableOrder):
        assert decoded.flaws
        return
    assert decoded.created.tzinfo is not None
    assert decoded.status is not None or decoded.grave_flaws
    assert decoded.channel is not None or decoded.grave_flaws
    assert all(isinstance(item.quantity, int) and item.quantity >= 0 for item in decoded.items)
    ids = [item.item_id for item in decoded.items]
    assert (all(ids) and len(set(ids)) == len(ids)) or decoded.grave_flaws
    amounts = [decoded.grand_total, *(item.unit_price for item in decoded.items)]
    assert all(isinstance(money.amount, Decimal) and money.amount.is_finite() for money in amounts if money)
    repr(decoded).encode()  # whatever is kept can be written down


@given(ANY_JSON)
def test_any_json_is_an_entry(value: Any) -> None:
    check(decode_order(value))


@given(st.sampled_from(PLACES), MUTATIONS)
def test_amazons_examples_with_one_place_changed(place: tuple[str, tuple[Any, ...]], mutation: Any) -> None:
    check(decode_order(mutated(*place, mutation)))


@given(st.data())
def test_amazons_examples_with_several_places_changed(data: st.DataObject) -> None:
    order: Any = sandbox_orders()[data.draw(st.sampled_from(sorted(ORDERS)))]
    for _ in range(data.draw(st.integers(1, 5))):
        ways = [way for way in places(order) if way]
        if not ways:
            break
        way = data.draw(st.sampled_from(ways))
        place: Any = order
        for key in way[:-1]:
            place = place[key]
        data.draw(MUTATIONS)(place, way[-1])
    check(decode_order(order))


@given(st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value, default=str).encode("utf-8", "replace")))
def test_any_bytes_are_a_page_an_order_or_unusable(body: bytes) -> None:
    """That nothing but UnusableBody is raised is the proof."""
    for read in (lambda value: decode_page(value, Basis.UPDATED, None), decode_single):
        with suppress(UnusableBody):
            read(parse_body(body))


@given(st.lists(ANY_JSON, max_size=4))
def test_bad_entries_never_hide_the_good_ones(entries: list[Any]) -> None:
    good = sandbox_orders()["202-7654321-1098765"]
    page = decode_page({"orders": [*entries, good]}, Basis.UPDATED, None)
    assert len(page.orders) == len(entries) + 1
    assert page.orders[-1] == decode_order(good)
