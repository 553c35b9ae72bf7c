"""Cutting text to a column's length at whole characters, as a reader counts them.

A small part of Unicode's rules for grapheme clusters (UAX #29): enough that no accent, skin tone, flag, joined emoji,
Hangul syllable or Indic conjunct is torn apart.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_EXTENDING_FORMAT = frozenset({_JOINER, "\u200c"})
_VIRAMA_CLASS = 9


def cut_text(text: str, limit: int) -> str:
    """Given a text and a length in code points, return it, cut at the last whole character that fits.

    Space at the cut is taken off. A single character that is longer than the limit (a letter with a hundred accents)
    is cut inside.
    """
    if len(text) <= limit:
        return text
    end = max(limit, 0)
    while end > 0 and not _is_boundary(text, end):
        end -= 1
    return text[: end or max(limit, 0)].rstrip()


def _is_boundary(text: str, position: int) -> bool:
    """Whether a whole character ends before `position` (0 < position < len)."""
    before, after = text[position - 1], text[position]
    if before == "\r" and after == "\n":
        return False
    if _extends(after) or before == _JOINER:
        return False
    if unicodedata.combining(before) == _VIRAMA_CLASS and after.isalpha():
        return False
    if _is_regional(before) and _is_regional(after):
        return _regionals_before(text, position) % 2 == 0
    return not (_is_jamo(before) and "\u1160" <= after <= "\u11ff")


def _extends(character: str) -> bool:
    """Whether a character belongs to the one before it: accents, variation selectors, skin tones, tags, joiners."""
    return (
        character in _EXTENDING_FORMAT
        or unicodedata.category(character).startswith("M")
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _regionals_before(text: str, position: int) -> int:
    start = position
    while start > 0 and _is_regional(text[start - 1]):
        start -= 1
    return position - start


def _is_jamo(character: str) -> bool:
    """Leading consonants and vowels, and syllables that may still take a final consonant."""
    return "\u1100" <= character <= "\u11a7" or "\uac00" <= character <= "\ud7a3"
