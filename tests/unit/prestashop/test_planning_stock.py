"""What each movement does to each kind of stock row, and what the marker keeps of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orderferry.prestashop.planning.goods import (
    Goods,
    Movement,
    goods_given_back,
    goods_of,
    goods_taken,
    record_given_back,
    record_taken,
    still_there,
    stock_changes,
)
from support.resolved_orders import MUG

# a product, a combination, and a pack's contents: a product and a combination
GOODS = (Goods(9, 0, 5), Goods(3, 7, 2), Goods(4, 0, 3, reserves=False), Goods(5, 1, 4, reserves=False))
PRODUCT, COMBINATION, ITS_TOTAL = (9, 0), (3, 7), (3, 0)
CONTENT, CONTENT_COMBINATION, ITS_CONTENT_TOTAL = (4, 0), (5, 1), (5, 0)


@pytest.mark.parametrize(
    ("movement", "changes"),  # of each row: quantity, physical, reserved
    [
        (
            Movement.SELL,
            {
                ITS_TOTAL: (-2, -2, 0),
                COMBINATION: (-2, 0, 2),
                CONTENT: (-3, -3, 0),
                ITS_CONTENT_TOTAL: (-4, -4, 0),
                CONTENT_COMBINATION: (-4, -4, 0),
                PRODUCT: (-5, 0, 5),
            },
        ),
        (
            Movement.SELL_SHIPPED,
            {
                ITS_TOTAL: (-2, -2, 0),
                COMBINATION: (-2, -2, 0),
                CONTENT: (-3, -3, 0),
                ITS_CONTENT_TOTAL: (-4, -4, 0),
                CONTENT_COMBINATION: (-4, -4, 0),
                PRODUCT: (-5, -5, 0),
            },
        ),
        (Movement.SHIP, {COMBINATION: (0, -2, -2), PRODUCT: (0, -5, -5)}),
        (
            Movement.GIVE_BACK,
            {
                ITS_TOTAL: (2, 2, 0),
                COMBINATION: (2, 0, -2),
                CONTENT: (3, 3, 0),
                ITS_CONTENT_TOTAL: (4, 4, 0),
                CONTENT_COMBINATION: (4, 4, 0),
                PRODUCT: (5, 0, -5),
            },
        ),
        (
            Movement.RETURN_SHIPPED,
            {
                ITS_TOTAL: (2, 2, 0),
                COMBINATION: (2, 2, 0),
                CONTENT: (3, 3, 0),
                ITS_CONTENT_TOTAL: (4, 4, 0),
                CONTENT_COMBINATION: (4, 4, 0),
                PRODUCT: (5, 5, 0),
            },
        ),
    ],
)
def test_what_moves(movement: Movement, changes: dict[tuple[int, int], tuple[int, int, int]]) -> None:
    assert stock_changes(GOODS, movement) == list(changes.items())


def test_two_lines_of_one_product_move_its_row_once() -> None:
    assert stock_changes((Goods(9, 0, 1), Goods(9, 0, 2)), Movement.SELL_SHIPPED) == [((9, 0), (-3, -3, 0))]


@pytest.mark.parametrize(
    ("own", "shops", "sold"),
    [(0, 1, "pack"), (1, 0, "contents"), (2, 0, "both"), (3, 0, "pack"), (3, 1, "contents"), (3, 2, "both")],
)
def test_a_pack_leaves_the_stock_as_itself_as_its_contents_or_as_both(own: int, shops: int, sold: str) -> None:
    pack = replace(MUG, id_product_attribute=4, pack_items=((1, 0, 2), (2, 5, 1)), pack_stock_type=own)
    itself, contents = (Goods(6, 4, 3),), (Goods(1, 0, 6, reserves=False), Goods(2, 5, 3, reserves=False))

    assert goods_of(pack, 3, shops) == {"pack": itself, "contents": contents, "both": itself + contents}[sold]


def test_what_the_marker_keeps_of_goods() -> None:
    goods = (Goods(3, 7, 2), Goods(4, 0, 3, reserves=False))

    assert record_taken(goods) == "[[3,7,2,1],[4,0,3,0]]"
    assert record_given_back(goods) == "-[[3,7,2,1],[4,0,3,0]]"
    assert goods_taken("[[3,7,2,1],[4,0,3,0]]") == goods_given_back("-[[3,7,2,1],[4,0,3,0]]") == goods
    assert record_taken(()) == record_given_back(()) == ""


def test_goods_of_a_line_that_staff_took_pieces_off_are_given_back_as_far_as_they_are_there() -> None:
    taken = (Goods(3, 7, 2), Goods(3, 7, 3), Goods(3, 8, 1), Goods(4, 0, 3, reserves=False))

    assert still_there(taken, {(3, 7): 3, (3, 8): 1}) == (
        Goods(3, 7, 2),
        Goods(3, 7, 1),
        Goods(3, 8, 1),
        Goods(4, 0, 3, reserves=False),
    )
    assert still_there(taken, {(3, 7): 2}) == (Goods(3, 7, 2), Goods(4, 0, 3, reserves=False))
