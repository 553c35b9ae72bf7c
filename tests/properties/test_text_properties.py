"""Whatever strangers type, PrestaShop's validators take what is written, and cleaning it again changes nothing."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.domain.orders import Address
from orderferry.domain.postal_address import LINE_LENGTH, PHONE_LENGTH, postal_address, split_name
from orderferry.domain.text import Field, clean_text, cut_text, to_basic_plane
from support.validators import accepts, fields_of

# Signs that validators reject, controls, halves of pairs, joiners, marks and scripts in company with each other.
ODD = "<>{}=!?@+_$%#°\"';:,./\\()[]&*^`|¤。0189 \t\n\r\x00\x1b\x85\u00a0\u200b\u200d\u202e\u2028\ufeff\ufffe"
ODD += "\ud83d\ude00\ud800eé\u0301\u0338½ﬁ＜＋４٣अ्षが〒山김ᆫ🎉🇮🏽ß\u037e\u1fef"
# What PrestaShop's check of messages takes for a script: an event handler, or an address that runs one.
ACTIVE = re.compile(r"on[a-z]{3,}\s*=|script\s*:", re.IGNORECASE)
PIECES = ["onclick", "=", "script", ":", " ", "<", "ext", "x", "12", "Rossi", ",", "c/o", "de", "S.r.l.", "jr"]
texts = st.one_of(
    st.text(st.sampled_from(ODD) | st.characters(), max_size=60),
    st.text(st.sampled_from(ODD), max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
)


@pytest.mark.parametrize("field", Field)
@given(text=texts)
def test_clean_text(field: Field, text: str) -> None:
    cleaned = clean_text(text, field)
    assert accepts(field, cleaned)
    if field is Field.MESSAGE:
        assert not ACTIVE.search(cleaned)
    assert clean_text(cleaned, field) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} and character != "\n" for character in cleaned)
    assert cleaned.strip(" ") == cleaned
    assert len(to_basic_plane(cleaned).encode("utf-16-le")) == 2 * len(to_basic_plane(cleaned))


@given(text=texts, limit=st.integers(0, 80))
def test_cut_text(text: str, limit: int) -> None:
    cut = cut_text(text, limit)
    assert len(cut) <= max(limit, 0)
    assert text.startswith(cut)
    assert cut_text(cut, limit) == cut
    if 0 < len(cut) < len(text) and not unicodedata.category(text[0]).startswith("M"):
        following = text[len(cut)]
        torn = unicodedata.category(following).startswith("M") and not cut[-1].isspace()
        # Only a single character that is longer than the limit may be torn.
        assert not torn or len(cut) == limit


@given(full=texts)
def test_split_name(full: str) -> None:
    split = split_name(full)
    assert split.firstname
    assert split.lastname
    assert accepts(Field.NAME, split.firstname)
    assert accepts(Field.NAME, split.lastname)
    assert accepts(Field.MESSAGE, split.kept)
    letters = {character for character in clean_text(full, Field.MESSAGE) if character.isalnum()}
    written = split.firstname + split.lastname + split.kept
    assert letters <= set(written)


@given(parts=st.lists(texts, min_size=14, max_size=14), pickup=st.booleans(), lines=st.integers(0, 5))
def test_postal_address(parts: list[str], pickup: bool, lines: int) -> None:
    name, company, city, district, municipality, region, postcode, country, phone, *rest = parts
    kind = "PICKUP_POINT" if pickup else "RESIDENTIAL"
    address = Address(
        name, company, tuple(rest[:lines]), city, district, municipality, region, postcode, country, phone, kind
    )
    result = postal_address(address, fallback_name=rest[-1], marketplace_country="IT", phone_fallback=rest[-2])
    assert all(accepts(field, value) for field, value in fields_of(result))
    assert all((result.firstname, result.lastname, result.address1, result.city, result.country))
    assert max(len(result.address1), len(result.address2)) <= LINE_LENGTH
    assert len(result.phone) <= PHONE_LENGTH
    # Nothing that can be read is lost: each letter of the lines is written or kept.
    written = " ".join((result.address1, result.address2, result.company, *result.kept))
    for line in rest[:lines]:
        for character in clean_text(line, Field.MESSAGE):
            assert not character.isalnum() or character in written or _same_word(character, written)


def _same_word(character: str, written: str) -> bool:
    """A first line that repeats the company is left out: its letters are there in the company's spelling."""
    return unicodedata.normalize("NFKC", character).casefold() in unicodedata.normalize("NFKC", written).casefold()
