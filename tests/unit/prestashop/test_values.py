"""What each charset and kind of column can hold, numbers of versions, and columns for which there is no value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.values import (
    Kept,
    Ref,
    as_decimal,
    as_moment,
    bindable,
    cut_bytes,
    cuts_of,
    fit_changes,
    fit_row,
    fit_text,
    fit_value,
    holds,
    moment_text,
    random_text,
    refusal,
    version_numbers,
)
from orderferry.prestashop.facts import Column, Table

POLISH, TURKISH, GREEK, WESTERN = "Łódź", "Işık", "Ωμέγα", "Zoë"


@pytest.mark.parametrize(
    ("charset", "held"),
    [
        ("latin1", {WESTERN}),
        ("latin2", {POLISH, WESTERN}),
        ("latin5", {TURKISH, WESTERN}),
        ("greek", {GREEK}),
        ("ascii", set()),
        ("cp1251", set()),  # one that we do not know is taken for ASCII
        ("utf8", {POLISH, TURKISH, GREEK, WESTERN, "\uffff"}),
        ("utf8mb3", {POLISH, TURKISH, GREEK, WESTERN, "\uffff"}),
        ("ucs2", {POLISH, TURKISH, GREEK, WESTERN, "\uffff"}),
        ("utf8mb4", {POLISH, TURKISH, GREEK, WESTERN, "\uffff", "\U00010000"}),
        ("", {POLISH, TURKISH, GREEK, WESTERN, "\uffff", "\U00010000"}),
    ],
)
def test_the_letters_of_each_charset(charset: str, held: set[str]) -> None:
    texts = (POLISH, TURKISH, GREEK, WESTERN, "\uffff", "\U00010000")

    assert {text for text in texts if holds(charset, text)} == held
    assert holds(charset, "ASCII")


def test_what_a_column_of_each_charset_makes_of_a_text() -> None:
    def stored(charset: str, text: str) -> str:
        return fit_text(Column("x", "varchar", True, True, length=9, charset=charset), text)

    assert [stored(charset, POLISH) for charset in ("latin1", "latin2", "latin5", "greek", "ascii")] == [
        "?ód?",
        "Łódź",
        "?ód?",
        "??d?",
        "??d?",
    ]
    assert [stored(charset, "a𠮷b") for charset in ("utf8", "utf8mb3", "ucs2", "utf8mb4", "latin1")] == [
        *["a\ufffdb"] * 3,
        "a𠮷b",
        "a?b",
    ]
    assert stored("cp1251", POLISH) == POLISH  # the server says what it can't hold


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        *[(kind, "àè") for kind in ("tinytext", "text", "mediumtext", "longtext")],
        *[(kind, "àè") for kind in ("blob", "tinyblob", "mediumblob", "longblob")],
        ("varchar", "àèìòù"),
        ("char", "àèìòù"),
    ],
)
def test_only_the_length_of_long_texts_is_in_bytes(kind: str, stored: str) -> None:
    column = Column("x", kind, True, True, length=5, charset="utf8mb4")

    assert fit_text(column, "àèìòùx") == stored


@pytest.mark.parametrize(("length", "text"), [(6, "abcàe"), (5, "abcà"), (4, "abc"), (0, "")])
def test_bytes_are_cut_at_a_whole_character(length: int, text: str) -> None:
    assert cut_bytes("abcàe", length) == text


def test_a_text_that_just_fits_stays() -> None:
    column = Column("x", "varchar", True, True, length=5, charset="latin1")

    assert [fit_text(column, text) for text in ("abcde", "abcdef", "ab\x00cde", "àbcde")] == [
        "abcde",
        "abcde",
        "abcde",
        "àbcde",
    ]
    assert fit_text(Column("x", "int", True, True), "a\x00" * 9) == "a\x00" * 9  # no text: not ours to change
    assert fit_text(Column("x", "text", True, True, charset="utf8mb4"), "x" * 999) == "x" * 999


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("8.2.1", (8, 2, 1)),
        ("1.7.8.11", (1, 7, 8, 11)),
        ("1.7.8.11.5", (1, 7, 8, 11)),
        ("9.0.0-beta.1", (9, 0, 0, 1)),
        ("", ()),
    ],
)
def test_the_numbers_of_a_version(version: str, numbers: tuple[int, ...]) -> None:
    assert version_numbers(version) == numbers


def test_times_are_kept_in_utc_to_the_millisecond() -> None:
    rome = timezone(timedelta(hours=1))
    moment = datetime(2026, 11, 23, 8, 12, 35, 999_999, rome)

    assert moment_text(moment) == "2026-11-23 07:12:35.999"
    assert as_moment("2026-11-23 07:12:35.999") == datetime(2026, 11, 23, 7, 12, 35, 999_000, UTC)
    assert as_moment(moment).tzinfo is UTC
    for nothing in (None, "", "0000-00-00 00:00:00", "nonsense"):
        assert as_moment(nothing) == datetime(1970, 1, 1, tzinfo=UTC)
    assert (bindable(moment), bindable(date(2026, 1, 2))) == ("2026-11-23 08:12:35", "2026-01-02")


def test_a_number_may_have_spaces_around_it() -> None:
    assert (as_decimal(" 1.50 "), as_decimal("-3"), as_decimal("1e2")) == (Decimal("1.50"), -3, 100)


ID = Column("id_order", "int", False, False, primary=True, neutral=0, definition="int(10) unsigned")
FLAG = Column("colour", "int", False, False, neutral=0)
POINT = Column("place", "geometry", False, False)
WORD = Column("word", "varchar", False, False, length=3, charset="utf8mb4", neutral="")


def table(*columns: Column) -> Table:
    return Table("orders", "InnoDB", {column.name: column for column in columns})


def test_columns_that_nobody_fills_get_what_prestashop_gives_them() -> None:
    assert fit_row(table(FLAG, WORD), {"word": "abcd"}) == {"word": "abc", "colour": 0}
    assert fit_row(table(FLAG, WORD), {"colour": None}) == {"colour": 0, "word": ""}
    assert fit_changes(table(FLAG, WORD), {"word": "abcd"}) == {"word": "abc"}
    computed = Column("sum", "int", False, False, generated=True)
    assert fit_row(table(computed), {"sum": 7}) == {}


def test_columns_for_which_there_is_no_value_are_told_with_what_to_do() -> None:
    with pytest.raises(ShopUnfit) as caught:
        fit_row(table(POINT, FLAG), {})
    assert caught.value.message == "The shop's tables demand a value for orders.place, for which orderferry has none."
    assert caught.value.hint == (
        "A module or a newer PrestaShop added it: give the column a default in the database (ALTER TABLE … ALTER "
        "COLUMN `place` SET DEFAULT …), or update orderferry."
    )


def test_a_lost_auto_increment_is_told_before_columns_that_were_added() -> None:
    error = refusal([("orders", POINT), ("orders", ID), ("cart", ID)])

    assert error.message == (
        "The shop's database has lost the AUTO_INCREMENT of orders.id_order, cart.id_order, so it gives new rows no "
        "number. The shop's tables demand a value for orders.place, for which orderferry has none."
    )
    assert error.hint.startswith(
        "An import of the database that broke off does that: put it back as an administrator (ALTER TABLE `…orders` "
        "MODIFY `id_order` int(10) unsigned NOT NULL AUTO_INCREMENT), after a back-up. A module or a newer PrestaShop"
    )
    with pytest.raises(ShopUnfit, match="AUTO_INCREMENT"):
        fit_row(table(ID), {})


def test_texts_that_are_cut_are_those_of_columns_that_are_there() -> None:
    assert cuts_of(table(WORD, FLAG), {"word": "abcd", "gone": "abcdefgh", "colour": 7}) == [("word", "abcd")]
    assert cuts_of(table(WORD), {"word": "abc"}) == []


@pytest.mark.parametrize(
    ("value", "fitted"),
    [
        (Ref("a"), 7),
        (Ref("b"), "lon"),
        (("x", Ref("a"), 5), "x75"),
        (("l", Ref("b")), "llo"),
        (Ref("c"), Kept("c")),
        (("x", Ref("c"), 5), ("x", Kept("c"), "5")),
        (Kept("d"), Kept("d")),
        (Decimal("1.5"), "1.5"),
        (None, None),
    ],
)
def test_symbols_are_replaced_by_what_is_known(value: object, fitted: object) -> None:
    assert fit_value(WORD, value, {"a": 7, "b": "long", "c": Kept("c")}) == fitted


def test_a_random_text_has_the_letters_and_the_length_that_it_must_have() -> None:
    texts = {random_text("AB", 40) for _ in range(20)}

    assert len(texts) == 20
    assert {len(text) for text in texts} == {40}
    assert set().union(*texts) == {"A", "B"}
