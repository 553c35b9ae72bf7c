"""The lives of some orders, with every cell of the shop that each step changes (tests/data/written_rows).

How the rows have to look was measured on PrestaShop (test_shop_writing_measured.py); these texts were read against it.
"""

from __future__ import annotations

import pytest

from support.written_rows import FOLDER, LIVES, file_of, written


@pytest.mark.parametrize("life", LIVES)
def test_what_each_step_of_an_order_s_life_changes_in_the_shop(life: str) -> None:
    assert written(life) == file_of(life).read_text("utf-8")


def test_each_text_belongs_to_a_life() -> None:
    assert {file_of(life) for life in LIVES} == set(FOLDER.iterdir())
