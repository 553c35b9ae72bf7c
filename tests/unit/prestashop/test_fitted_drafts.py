"""Rows that are fitted before their ids are known."""

from __future__ import annotations

import pytest

from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.fit import Cut, fit_row
from orderferry.prestashop.database.kept_ids import Kept, KeptText
from orderferry.prestashop.facts import Column, Table
from orderferry.prestashop.rows.drafts import Draft, Joined, Ref, settle
from orderferry.prestashop.rows.fitted_drafts import fit_drafts

NAME = Column("name", "varchar", nullable=True, has_default=True, length=5, charset="utf8mb4")
KEY = Column("secure_key", "varchar", nullable=True, has_default=True, length=4, charset="utf8mb4")
OWNER = Column("id_owner", "int", nullable=False, has_default=False)
THINGS = {"things": Table("things", "InnoDB", {column.name: column for column in (NAME, KEY, OWNER)})}
DRAFT = Draft(
    "things",
    {"name": "Montepulciano", "id_owner": Ref("owner"), "colour": "red", "secure_key": Joined(("k", Ref("owner")))},
    name="thing",
)
KNOWN = {"owner": 4711}


def test_a_row_is_as_if_it_had_been_fitted_when_all_was_known() -> None:
    cuts: list[Cut] = []
    (fitted,) = fit_drafts([DRAFT], THINGS, cuts)
    late = fit_row(THINGS["things"], settle(DRAFT.values, KNOWN))
    assert (
        dict(zip(fitted.columns, fitted.row(KNOWN), strict=True))
        == late
        == {
            "name": "Monte",
            "id_owner": 4711,
            "secure_key": "k471",
        }
    )
    assert (fitted.name, fitted.close, cuts) == ("thing", False, [Cut("things", "name", "Montepulciano")])


def test_ids_that_the_database_keeps_stay_what_they_are() -> None:
    (fitted,) = fit_drafts([DRAFT], THINGS)
    assert fitted.row({"owner": Kept("owner")}) == ["Monte", Kept("owner"), KeptText(("k", Kept("owner")))]
    with pytest.raises(KeyError):
        fitted.row({})


def test_tables_that_the_shop_lacks_are_passed_over_and_columns_that_must_be_filled_are_named() -> None:
    assert fit_drafts([Draft("others", {"a": 1})], THINGS) == []
    for values in ({"name": "x"}, {"name": "x", "id_owner": None}):
        with pytest.raises(ShopUnfit, match=r"things\.id_owner"):
            fit_drafts([Draft("things", values)], THINGS)
