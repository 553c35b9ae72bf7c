"""Rows fitted to the live columns."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.values import (
    as_decimal,
    as_flag,
    as_int,
    as_moment,
    as_text,
    bindable,
    cut_bytes,
    cuts_of,
    fit_changes,
    fit_row,
    fit_text,
    moment_text,
)
from orderferry.prestashop.facts import Column, Table


def text_column(name: str = "name", length: int | None = 10, charset: str = "utf8mb4", **more: object) -> Column:
    return Column(name, "varchar", nullable=True, has_default=True, length=length, charset=charset, **more)  # type: ignore[arg-type]


def table(*columns: Column) -> Table:
    return Table("things", "InnoDB", {column.name: column for column in columns})


def test_columns_that_the_shop_lacks_are_left_out() -> None:
    assert fit_row(table(text_column("note")), {"note": "x", "mpn": "y"}) == {"note": "x"}


def test_a_required_column_without_a_value_is_named() -> None:
    required = Column("surprise", "int", nullable=False, has_default=False)
    with pytest.raises(ShopUnfit, match=r"things\.surprise"):
        fit_row(table(required), {})
    with pytest.raises(ShopUnfit, match=r"things\.surprise"):
        fit_row(table(required), {"surprise": None})
    assert fit_row(table(required), {"surprise": 0}) == {"surprise": 0}
    assert fit_changes(table(required), {}) == {}


@pytest.mark.parametrize(
    "column",
    [
        Column("id", "int", nullable=False, has_default=True, auto_increment=True),
        Column("flag", "tinyint", nullable=False, has_default=True),
        Column("word", "varchar", nullable=True, has_default=True),
    ],
)
def test_a_column_that_fills_itself_needs_no_value(column: Column) -> None:
    assert fit_row(table(column), {}) == {}


def test_decimals_are_rounded_half_up_to_the_column_s_scale() -> None:
    column = Column("amount", "decimal", nullable=False, has_default=True, scale=2)
    for amount, fitted in (("1.005", "1.01"), ("-1.005", "-1.01"), ("1E+3", "1000.00")):
        assert str(fit_row(table(column), {"amount": Decimal(amount)})["amount"]) == fitted


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (None, None),
        (True, 1),
        (7, 7),
        ("x", "x"),
        (Decimal("1.50"), "1.50"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02 03:04:05"),
        (date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_values_are_bound_as_text_or_int(value: object, bound: object) -> None:
    assert bindable(value) == bound
    assert type(bindable(value)) is type(bound)


@pytest.mark.parametrize("value", [1.5, [], b"x"])
def test_what_is_not_exact_is_never_bound(value: object) -> None:
    with pytest.raises(TypeError):
        bindable(value)


def test_what_is_cut_is_told() -> None:
    things = table(text_column("city", 5), text_column("name", 50))
    assert fit_row(things, {"city": "Montepulciano", "name": "whole"}) == {"city": "Monte", "name": "whole"}
    assert cuts_of(things, {"city": "Montepulciano", "name": "whole"}) == [("city", "Montepulciano")]


@pytest.mark.parametrize(
    ("charset", "text", "stored"),
    [
        ("utf8mb4", "Zoë 😀", "Zoë 😀"),
        ("utf8mb3", "Zoë 😀!", "Zoë !"),
        ("utf8mb3", "Zoë 🎁 Rossi", "Zoë Rossi"),
        ("utf8", "👩‍👩‍👧", "\ufffd"),
        ("utf8", "👍🏽 ok", "ok"),
        ("utf8", "❤️‍🔥 ok", "❤️ ok"),
        ("utf8", "𠮷田", "\ufffd田"),
        ("latin1", "😀", "?"),
        ("latin1", "Zoë Łódź", "Zoë ?ód?"),
        ("ascii", "Zoë", "Zo?"),
        ("utf8mb4", "a\x00b", "ab"),
        ("utf8mb4", "a\ud83db", "a\ufffdb"),
    ],
)
def test_text_holds_only_what_its_charset_can(charset: str, text: str, stored: str) -> None:
    assert fit_text(text_column(length=50, charset=charset), text) == stored


def test_text_is_cut_at_a_whole_character() -> None:
    assert fit_text(text_column(length=3), "a👩‍👩‍👧b") == "a"


def test_texts_are_measured_in_bytes() -> None:
    column = Column("note", "tinytext", nullable=True, has_default=True, length=5, charset="utf8mb4")
    assert fit_text(column, "àèì") == "àè"
    assert cut_bytes("ab", 5) == "ab"


@given(st.text(), st.sampled_from(["utf8mb4", "utf8mb3", "latin1"]), st.integers(1, 30))
def test_what_is_stored_can_be_stored_and_stays_the_same(text: str, charset: str, length: int) -> None:
    column = text_column(length=length, charset=charset)
    stored = fit_text(column, text)
    stored.encode({"utf8mb4": "utf-8", "utf8mb3": "utf-8", "latin1": "cp1252"}[charset])
    assert len(stored) <= length
    assert "\x00" not in stored
    if charset == "utf8mb3":
        assert all(ord(character) <= 0xFFFF for character in stored)
    assert fit_text(column, stored) == stored


@given(st.text(st.characters(max_codepoint=0x2FF), max_size=10))
def test_text_that_fits_is_not_touched(text: str) -> None:
    text = unicodedata.normalize("NFD", text.replace("\x00", ""))[:10]
    assert fit_text(text_column(length=10), text) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [(None, "0"), ("", "0"), ("x", "0"), (7, "7"), (Decimal("1.20"), "1.20"), ("1.20", "1.20"), (0.1, "0.1")],
)
def test_numbers_are_read_from_any_driver(value: object, number: str) -> None:
    assert as_decimal(value) == Decimal(number)
    assert as_int(value) == int(Decimal(number))
    assert as_flag(value) is (int(Decimal(number)) != 0)


def test_texts_and_times_are_read_from_any_driver() -> None:
    assert [as_text(value) for value in (None, "x", b"x", 7)] == ["", "x", "x", "7"]
    moment = datetime(2026, 11, 23, 6, 0, 0, 5000, tzinfo=UTC)
    assert as_moment(moment_text(moment)) == moment
    assert as_moment(moment.replace(tzinfo=None)) == moment
    assert as_moment("0000-00-00 00:00:00") == datetime(1970, 1, 1, tzinfo=UTC)
