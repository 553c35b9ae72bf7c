"""Nothing is torn apart by a cut."""

from __future__ import annotations

import pytest

from orderferry.domain.text import cut_text


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("abc", 3, "abc", id="fits"),
        pytest.param("abcd", 3, "abc", id="plain"),
        pytest.param("ab cd", 3, "ab", id="no space at the end"),
        pytest.param("cafe\u0301s", 4, "caf", id="accent"),
        pytest.param("ok👍🏽!", 3, "ok", id="skin tone"),
        pytest.param("ok👩‍👧‍👦!", 6, "ok", id="family"),
        pytest.param("ok👩‍👧‍👦!", 7, "ok👩‍👧‍👦", id="family fits"),
        pytest.param("🇮🇹🇩🇪", 3, "🇮🇹", id="second flag"),
        pytest.param("🇮🇹🇩🇪", 1, "🇮", id="a flag that is longer than the limit"),
        pytest.param("a❤️b", 2, "a", id="variation selector"),
        pytest.param("한국", 1, "한", id="Hangul syllables"),
        pytest.param("한ᆫ", 1, "한", id="Hangul with a final consonant, longer than the limit"),
        pytest.param("a한ᆫ", 2, "a", id="Hangul with a final consonant"),
        pytest.param("aक्ष", 3, "a", id="Indic conjunct"),
        pytest.param("xกำ", 2, "x", id="Thai vowel, a letter of its own to Unicode"),
        pytest.param("xမာ", 2, "x", id="Burmese vowel sign"),
        pytest.param("a\u200b\u0301\u0301", 3, "a", id="accents on an invisible character"),
        pytest.param("山田太郎", 2, "山田", id="CJK"),
        pytest.param("z" + "\u0300" * 200, 100, "z" + "\u0300" * 99, id="a flood of accents is cut inside"),
        pytest.param("a\r\nb", 2, "a", id="line break"),
        pytest.param("abc", 0, "", id="no room"),
    ],
)
def test_cut(text: str, limit: int, expected: str) -> None:
    result = cut_text(text, limit)
    assert result == expected
    assert len(result) <= limit
