"""Drafts before anything is written: what the live columns cut, and symbols."""

from __future__ import annotations

import pytest

from orderferry.prestashop.database.values import Kept, Ref, fit_row
from orderferry.prestashop.facts import Column, Table
from orderferry.prestashop.rows.drafts import Draft, cut_texts

NAME = Column("name", "varchar", nullable=True, has_default=True, length=5, charset="utf8mb4")
KEY = Column("secure_key", "varchar", nullable=True, has_default=True, length=4, charset="utf8mb4")
OWNER = Column("id_owner", "int", nullable=False, has_default=False)
THINGS = {"things": Table("things", "InnoDB", {column.name: column for column in (NAME, KEY, OWNER)})}
DRAFT = Draft(
    "things",
    {"name": "Montepulciano", "id_owner": Ref("owner"), "colour": "red", "secure_key": ("k", Ref("owner"))},
    name="thing",
)


def test_texts_that_a_column_cuts_are_known_before_ids_are() -> None:
    assert cut_texts([DRAFT], THINGS) == [("name", "Montepulciano")]


def test_a_row_is_fitted_when_its_symbols_are_known() -> None:
    row = fit_row(THINGS["things"], DRAFT.values, {"owner": 4711})
    assert row == {"name": "Monte", "id_owner": 4711, "secure_key": "k471"}


def test_ids_that_the_database_keeps_stay_what_they_are() -> None:
    row = fit_row(THINGS["things"], DRAFT.values, {"owner": Kept("owner")})
    assert row == {"name": "Monte", "id_owner": Kept("owner"), "secure_key": ("k", Kept("owner"))}
    with pytest.raises(KeyError):
        fit_row(THINGS["things"], DRAFT.values, {})


def test_tables_that_the_shop_lacks_are_left_out() -> None:
    assert cut_texts([Draft("others", {"a": 1}), DRAFT], THINGS) == [("name", "Montepulciano")]
