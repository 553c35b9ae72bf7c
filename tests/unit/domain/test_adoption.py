"""What of another importer's orders can be taken over, as tables of claims."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orderferry.domain.adoption import Doubt, Doubtful, ForeignOrder, sort_out

A, B = "402-0000000-0000001", "402-0000000-0000002"


def claim(order_id: str, id_order: int, reference: str | None = None, *, by_hand: bool = False) -> ForeignOrder:
    text = f"REF{id_order}" if reference is None else reference
    return ForeignOrder(order_id, id_order, text, "by hand" if by_hand else "payment", by_hand)


@pytest.mark.parametrize(
    ("claims", "taken", "adopted", "doubtful"),
    [
        pytest.param([claim(A, 7)], {}, {A: 7}, [], id="one-id-on-one-order"),
        pytest.param([claim(A, 7), claim(A, 7)], {}, {A: 7}, [], id="found-in-two-places"),
        pytest.param([claim(A, 9, "R"), claim(A, 7, "R")], {}, {A: 7}, [], id="the-parts-of-a-split-shipment"),
        pytest.param(
            [claim(A, 7), claim(A, 9)], {}, {}, [Doubtful(A, (7, 9), Doubt.SEVERAL_ORDERS)], id="imported-twice"
        ),
        pytest.param([claim(A, 7), claim(A, 9), claim(A, 9, by_hand=True)], {}, {A: 9}, [], id="a-person-decides"),
        pytest.param(
            [claim(A, 7), claim(B, 7)],
            {},
            {},
            [Doubtful(A, (7,), Doubt.SEVERAL_IDS), Doubtful(B, (7,), Doubt.SEVERAL_IDS)],
            id="two-ids-on-one-order",
        ),
        pytest.param(
            [claim(A, 7)], {7: B}, {}, [Doubtful(A, (7,), Doubt.SEVERAL_IDS)], id="an-order-that-is-marked-as-another"
        ),
        pytest.param([claim(A, 0, "")], {}, {}, [Doubtful(A, (), Doubt.NO_ORDER)], id="a-payment-without-an-order"),
        pytest.param([claim(A, 0, ""), claim(A, 7)], {}, {A: 7}, [], id="one-of-two-places-has-an-order"),
        pytest.param(
            [claim(B, 3), claim(B, 4), claim(A, 7, ""), claim(A, 0, "")],
            {},
            {},
            [Doubtful(A, (7,), Doubt.NO_ORDER), Doubtful(B, (3, 4), Doubt.SEVERAL_ORDERS)],
            id="doubts-stand-in-the-order-of-their-ids",
        ),
        pytest.param([claim(A, 7)], {7: A, 8: B}, {A: 7}, [], id="an-order-that-is-marked-as-itself"),
        pytest.param([claim(B, 8), claim(A, 7)], {}, {A: 7, B: 8}, [], id="two-orders"),
        pytest.param([], {}, {}, [], id="nothing"),
    ],
)
def test_what_can_be_taken_over(
    claims: list[ForeignOrder], taken: Mapping[int, str], adopted: Mapping[str, int], doubtful: list[Doubtful]
) -> None:
    adoption = sort_out(claims, [], taken)
    assert [(one.order_id, one.id_order) for one in adoption.adopt] == list(adopted.items())
    assert list(adoption.doubtful) == doubtful
    assert adoption.found == len(adopted) + len(doubtful)


def test_what_has_a_marker_is_left_alone_whatever_else_is_found_of_it() -> None:
    adoption = sort_out([claim(A, 7), claim(A, 9), claim(B, 8)], [A], {7: A})
    assert adoption.marked == (A,)
    assert [one.order_id for one in adoption.adopt] == [B]
    assert adoption.found == 2
    assert not adoption.doubtful


def test_what_was_found_in_the_shop_was_not_named_by_a_person() -> None:
    found, named = ForeignOrder(A, 7, "R7", "payment"), ForeignOrder(A, 9, "R9", "by hand", by_hand=True)
    assert sort_out([found, named], [], {}).adopt == (named,)
