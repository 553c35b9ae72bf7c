"""Drafts before anything is written: what the live columns cut, symbols, and those of random texts."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import Kept, Ref, fit_row
from orderferry.prestashop.facts import Column, Table
from orderferry.prestashop.rows.drafts import Draft, cut_texts
from orderferry.prestashop.writing.shop_writer import random_symbols

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


BCRYPT = r"\$2y\$10\$[0-9a-f]{53}"


@pytest.mark.parametrize(("length", "form"), [(60, BCRYPT), (255, BCRYPT), (32, "[0-9a-f]{32}")])
def test_a_password_that_opens_nothing_has_the_form_of_the_shop_s_version(length: int, form: str) -> None:
    column = Column("passwd", "varchar", nullable=False, has_default=False, length=length, charset="utf8")
    tables = ShopTables("ps_", {"customer": Table("customer", "InnoDB", {"passwd": column})})
    statements: Any = SimpleNamespace(tables=tables)
    one, other = random_symbols(statements), random_symbols(statements)
    assert re.fullmatch(form, str(one["password"]))
    assert (len(str(one["secure_key"])), len(str(one["thread_token"]))) == (32, 12)
    assert not set(one.values()) & set(other.values())
