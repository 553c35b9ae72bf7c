"""What can't be read in one order of a page spoils that order, not the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from orderferry.amazon.decode_order import decode_order
from orderferry.amazon.decode_page import UnusableBody, decode_page, decode_single, parse_body
from orderferry.amazon.decode_values import find_damage
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.search import Basis
from support.amazon_side import order_json

IDS = ("202-0000000-0000001", "202-0000000-0000002", "202-0000000-0000003")
SPOT = "@@here@@"
DEEP = b"[" * 100_000 + b"]" * 100_000


def body(damage: bytes, *, field: str = "buyer") -> bytes:
    """A page of three orders; in the second the damage stands where a value of `field` is."""
    orders = [{**order_json(), "orderId": order_id} for order_id in IDS]
    orders[1][field] = {"buyerName": SPOT}
    return json.dumps({"orders": orders}).encode().replace(f'"{SPOT}"'.encode(), damage)


@pytest.mark.parametrize(
    ("damage", "problem", "path"),
    [
        pytest.param(b'"J\xfcrgen"', "is not UTF-8", "buyer.buyerName", id="latin-1"),
        pytest.param(b'"\xf0\x9f\x98"', "is not UTF-8", "buyer.buyerName", id="cut emoji"),
        pytest.param(b'"\xed\xa0\x80"', "is not UTF-8", "buyer.buyerName", id="half a pair"),
        pytest.param(b'{"\xff": 1}', "has a name that is not UTF-8", "buyer.buyerName", id="in a name"),
        pytest.param(DEEP, "is nested too deeply", "buyer.buyerName", id="deep list"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "is nested too deeply", "buyer", id="deep object"),
        pytest.param(b'["]", "\\"[", ' + DEEP + b', "{"]', "is nested too deeply", "buyer.buyerName", id="texts"),
        pytest.param(DEEP[:-1] + b', "\xff"]', "is nested too deeply", "buyer.buyerName", id="both"),
    ],
)
def test_one_unreadable_value_spoils_its_order_alone(damage: bytes, problem: str, path: str) -> None:
    page = decode_page(parse_body(body(damage)), Basis.UPDATED, None)
    first, second, third = page.orders
    assert isinstance(first, Order)
    assert isinstance(third, Order)
    assert isinstance(second, UnreadableOrder)
    assert second.order_id == IDS[1]
    assert second.flaws[0].problem == problem
    assert second.flaws[0].path.startswith(path)
    assert "rgen" not in repr(second)


def test_an_order_whose_id_itself_is_damaged_has_none() -> None:
    damaged = body(b"1").replace(IDS[1].encode(), b"202-\xff000000-0000002")
    found = decode_page(parse_body(damaged), Basis.UPDATED, None).orders
    assert [isinstance(order, Order) for order in found] == [True, False, True]
    assert isinstance(found[1], UnreadableOrder)
    assert found[1].order_id is None


def test_a_single_order_is_unreadable_with_its_id() -> None:
    answer = json.dumps({"order": {**order_json(), "orderId": IDS[0], "buyer": SPOT}}).encode()
    order = decode_order(decode_single(parse_body(answer.replace(SPOT.encode(), b"\xff"))))
    assert isinstance(order, UnreadableOrder)
    assert order.order_id == IDS[0]


def test_values_within_the_usual_depth_and_strange_letters_are_no_damage() -> None:
    for value in (b'"\\ud83d"', b'"\\udcff"', "J\u00fcrgen \U0001f600".encode().join([b'"', b'"']), b"[[[[[1]]]]]"):
        orders = decode_page(parse_body(body(value)), Basis.UPDATED, None).orders
        assert all(isinstance(order, Order) for order in orders)


@pytest.mark.parametrize("damaged", [b'\xff{"orders": []}', DEEP[:-9], b'{"orders": [' + DEEP[:-50]])
def test_a_page_whose_frame_is_damaged_is_none(damaged: bytes) -> None:
    with pytest.raises(UnusableBody):
        decode_page(parse_body(damaged), Basis.UPDATED, None)


def test_quotes_without_end_behind_depths_take_no_square_of_time() -> None:
    """A quote that is never closed, and escaped ones behind it: when each of them was taken for the beginning of a
    text, this took minutes."""
    with pytest.raises(UnusableBody):
        parse_body(b"[" * 100_000 + b'"' + b'\\"' * 200_000)


def test_an_answer_may_have_a_million_values_and_a_page_a_thousand_orders() -> None:
    assert parse_body(b'"' + b",{[" * 333_333 + b',"') == ",{[" * 333_333 + ","  # signs that separate values
    with pytest.raises(UnusableBody, match="more values than any answer"):
        parse_body(b'"' + b",{[" * 333_333 + b',,"')
    assert len(decode_page({"orders": [None] * 1000}, Basis.UPDATED, None).orders) == 1000
    with pytest.raises(UnusableBody, match="more orders than were asked for"):
        decode_page({"orders": [None] * 1001}, Basis.UPDATED, None)


@pytest.mark.parametrize(("ahead", "taken"), [(60, True), (61, False)])
def test_a_cut_off_may_be_a_minute_ahead(ahead: int, taken: bool) -> None:
    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    body = {"orders": [], "createdBefore": (now + timedelta(seconds=ahead)).isoformat()}
    if taken:
        assert decode_page(body, Basis.CREATED, now).observed_until == now + timedelta(seconds=ahead)
    else:
        with pytest.raises(UnusableBody, match="its createdBefore is in Amazon's future"):
            decode_page(body, Basis.CREATED, now)


@pytest.mark.parametrize(("depth", "spoilt"), [(64, False), (65, True)])
def test_what_is_nested_more_deeply_than_sixty_four_levels_is_replaced(depth: int, spoilt: bool) -> None:
    """Seen only where an answer is too deep for Python elsewhere."""
    inner = b"[" * (depth - 1) + b"]" * (depth - 1)
    values = parse_body(b'{"kept": ' + inner + b', "deep": ' + DEEP + b', "after": "]"}')
    assert (find_damage(values["kept"]) is not None) is spoilt
    assert find_damage(values["deep"]) is not None
    assert values["after"] == "]"
