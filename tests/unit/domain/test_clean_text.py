"""Text of strangers, field by field."""

from __future__ import annotations

from string import ascii_letters

import pytest

from orderferry.domain.text import Field, clean_text, plain_name, plain_text, to_basic_plane
from support.validators import accepts

CASES = [
    pytest.param(Field.NAME, "Mario Rossi 2°", "Mario Rossi", id="name: digits and degree sign"),
    pytest.param(Field.NAME, "J.R.R. Tolkien", "J. R. R. Tolkien", id="name: dots get a space"),
    pytest.param(Field.NAME, "Rossi... e figli..", "Rossi. e figli.", id="name: dots in a row"),
    pytest.param(Field.NAME, "Jean-Luc d'Été", "Jean-Luc d'Été", id="name: hyphen and apostrophe stay"),
    pytest.param(Field.NAME, "Anna & Marco", "Anna & Marco", id="name: ampersand stays"),
    pytest.param(Field.NAME, 'Mario "Il Re" Rossi', "Mario 'Il Re' Rossi", id="name: quotes"),
    pytest.param(Field.NAME, "c/o Rossi", "c-o Rossi", id="name: slash"),
    pytest.param(Field.NAME, "<b>Eva</b>", "b Eva -b", id="name: HTML"),
    pytest.param(Field.NAME, "Robert'); DROP TABLE x;--", "Robert' DROP TABLE x", id="name: SQL"),
    pytest.param(Field.NAME, "12345", "", id="name: nothing left"),
    pytest.param(Field.NAME, "- . -", "", id="name: punctuation alone"),
    pytest.param(Field.NAME, "山田太郎", "山田太郎", id="name: CJK"),
    pytest.param(Field.NAME, "محمد علي", "محمد علي", id="name: Arabic"),
    pytest.param(Field.NAME, "Zoe\u0308", "Zoë", id="name: composed"),
    pytest.param(Field.NAME, "Eva 👩‍👧", "Eva 👩‍👧", id="name: joined emoji stays whole"),
    pytest.param(Field.ADDRESS_LINE, "Via Roma 1/A, int. 4", "Via Roma 1/A, int. 4", id="line: as it is"),
    pytest.param(Field.ADDRESS_LINE, "c/o Hub <3> {x}", "c/o Hub (3) (x)", id="line: brackets"),
    pytest.param(Field.ADDRESS_LINE, "Attenti al cane!", "Attenti al cane.", id="line: exclamation"),
    pytest.param(Field.ADDRESS_LINE, "ufficio@casa", "ufficio at casa", id="line: at"),
    pytest.param(Field.ADDRESS_LINE, "8FVC9G8F+6X", "8FVC9G8F 6X", id="line: plus code"),
    pytest.param(Field.ADDRESS_LINE, "Str. 5 #12 (2°)", "Str. 5 #12 (2°)", id="line: number sign and degree stay"),
    pytest.param(Field.CITY, "L'Aquila (AQ); 2°", "L'Aquila (AQ), 2", id="city"),
    pytest.param(Field.POSTCODE, "〒150-0002", "150-0002", id="postcode: Japanese mark"),
    pytest.param(Field.POSTCODE, "１５０−０００２", "150-0002", id="postcode: full width and a minus sign"),
    pytest.param(Field.POSTCODE, "١٢٣٤٥", "12345", id="postcode: Arabic digits"),
    pytest.param(Field.POSTCODE, "SW1A 1AA", "SW1A 1AA", id="postcode: British"),
    pytest.param(Field.PHONE, "＋81 3‐1234‐5678", "+81 3-1234-5678", id="phone: full width"),
    pytest.param(Field.PHONE, "tel: 06/123.456", "06/123.456", id="phone: letters go"),
    pytest.param(Field.PHONE, "()", "", id="phone: no digit"),
    pytest.param(Field.COMPANY, "A&B <Srl> = {x}", "A&B (Srl) - (x)", id="company"),
    pytest.param(Field.DNI, " rss mra/80 ", "rssmra80", id="dni"),
    pytest.param(Field.REFERENCE, "SKU;1 <a>={b}", "SKU,1 (a)-(b)", id="reference"),
    pytest.param(Field.TRACKING, "1Z 99/A-1;\u00e9", "1Z 99/A-1", id="tracking number"),
    pytest.param(Field.GENERIC, "Mug <b>500 ml</b>\nblue", "Mug (b)500 ml(/b) blue", id="generic: one line"),
    pytest.param(Field.MESSAGE, "a\r\n\r\nb\u2028c", "a\n\nb\nc", id="message: lines stay"),
    pytest.param(Field.MESSAGE, "<script>x</script>", "(script)x(/script)", id="message: HTML"),
    pytest.param(Field.MESSAGE, "javascript: alert", "javascript - alert", id="message: script address"),
    pytest.param(Field.MESSAGE, "onclick = x", "onclick - x", id="message: event"),
    pytest.param(Field.MESSAGE, "1 = 1, on time: yes", "1 = 1, on time: yes", id="message: ordinary signs stay"),
    pytest.param(Field.MESSAGE, "\n\n", "", id="message: nothing"),
]


@pytest.mark.parametrize("field", [field for field in Field if field is not Field.PHONE])
def test_latin_letters_stay_in_every_field(field: Field) -> None:
    assert clean_text(ascii_letters, field) == ascii_letters


@pytest.mark.parametrize(("field", "text", "expected"), CASES)
def test_cleaned(field: Field, text: str, expected: str) -> None:
    assert clean_text(text, field) == expected
    assert accepts(field, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a\x00b\x1b[31m", "ab[31m", id="NUL and escape"),
        pytest.param("a\tb\xa0 c\u3000d", "a b c d", id="white space of all kinds"),
        pytest.param("\u202ea\u2066b\u200f\u061c", "ab", id="bidi controls"),
        pytest.param("a\u200bb\ufeffc\u00add", "abcd", id="invisible characters"),
        pytest.param("x\ud83dy\ude00z", "xyz", id="lone surrogates"),
        pytest.param("\ud83d\ude00", "😀", id="two halves are joined"),
        pytest.param("نمی\u200cخواهم", "نمی\u200cخواهم", id="Persian non-joiner stays"),
        pytest.param("a\ufffeb\U0001ffffc", "abc", id="noncharacters"),
        pytest.param("a\uffffb\ufdd0c\ufdefd\U0010fffee", "abcde", id="noncharacters at the ends of their ranges"),
        pytest.param("\ufdcf\ufdf0\ufffd\U0001fffd", "\ufdcf\ufdf0\ufffd\U0001fffd", id="their neighbours stay"),
        pytest.param("a\x85b\x0bc", "a b c", id="line breaks become spaces"),
        pytest.param("e\u200b\u0301", "é", id="composed after removal"),
        pytest.param("", "", id="empty"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain_text(text) == expected


def test_basic_plane_shows_that_a_letter_is_missing_and_drops_signs() -> None:
    assert to_basic_plane("𠮷田 🎉 Rossi") == "\ufffd田 Rossi"
    assert to_basic_plane("plain") == "plain"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("👩\u200d🚀 Rossi", "Rossi", id="a joiner between two signs"),
        pytest.param("❤\u200d🔥", "❤", id="a joiner after a sign that stays"),
        pytest.param("🕵\ufe0f\u200d♂\ufe0f", "♂\ufe0f", id="a selector of a sign that goes"),
        pytest.param("♂\ufe0f𠮷\u200d", "♂\ufe0f\ufffd\u200d", id="joiners and selectors of what stays"),
        pytest.param("\u200dé 🎉", "\u200dé", id="a joiner at the beginning"),
        pytest.param("\u200d\u200d🎉", "\ufffd", id="nothing is left"),
    ],
)
def test_basic_plane_leaves_no_joiner_of_a_sign_that_went(text: str, expected: str) -> None:
    assert to_basic_plane(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\r\na\u2028\x0b\x0c\x85\u2029 b \n", "a\n\n\n\n\nb"),
        ("a\rb", "a\nb"),
        ("one  two", "one two"),
    ],
)
def test_lines_stay_where_they_are_asked_for(text: str, expected: str) -> None:
    assert plain_text(text, keep_lines=True) == expected


@pytest.mark.parametrize("text", ["\u200d", "\u0378", "- -", "—", "\u3000"], ids=ascii)
@pytest.mark.parametrize("field", [Field.NAME, Field.CITY, Field.MESSAGE])
def test_a_text_of_signs_alone_is_none(field: Field, text: str) -> None:
    assert clean_text(text, field) == ""


@pytest.mark.parametrize("text", ["5", "€", "\u0301a", "😀", "+1"], ids=ascii)
def test_a_text_with_a_letter_a_number_or_a_symbol_is_one(text: str) -> None:
    assert clean_text(text, Field.MESSAGE) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ærø", "aero"),
        ("ÐÞđŁœı", "dthdloei"),
        ("Provence-Alpes-Côte d'Azur", "provence alpes cote d azur"),
        ("  Straße_1 ", "strasse 1"),
        ("Ｔｏｋｙｏ", "tokyo"),
        ("東京都", "東京都"),
        ("---", ""),
    ],
)
def test_a_name_in_plain(text: str, plain: str) -> None:
    assert plain_name(text) == plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a😀\ufe00b", "ab"),
        ("a😀\ufe0fb", "ab"),
        ("a😀\ufdffb", "a\ufdffb"),
        ("a😀\ufe10b", "a\ufe10b"),
        ("\uffff", "\uffff"),
        ("a  😀  b", "a b"),
        ("a  b", "a  b"),
        ("é  b", "é  b"),
        ("", ""),
        ("😀", "\ufffd"),
        ("𠮷", "\ufffd"),
    ],
    ids=ascii,
)
def test_what_stays_of_a_text_without_signs_above_the_basic_plane(text: str, expected: str) -> None:
    assert to_basic_plane(text) == expected
