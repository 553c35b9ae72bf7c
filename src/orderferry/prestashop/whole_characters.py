"""Cutting text where a reader would: never inside what is seen as one character."""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_MARKS = frozenset({"Mn", "Mc", "Me"})
_VIRAMA = 9  # canonical combining class
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_HANGUL_TAILS = range(0x1160, 0x1200)
REPLACEMENT = "\ufffd"


def cut(text: str, length: int) -> str:
    """Given a text and a number of code points, return at most so much of it, ending with a whole character.

    A base letter keeps its combining marks, an emoji its parts and tones, a flag both its letters.
    """
    if len(text) <= length:
        return text
    end = length
    while end > 0 and _splits(text, end):
        end -= 1
    # A "character" longer than the column (stacked marks): then the code points that fit are all that can be kept.
    return text[: end or length].rstrip()


def cut_bytes(text: str, length: int) -> str:
    """Given a text and a number of UTF-8 bytes, return at most so much of it, ending with a whole character."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= length:
        return text
    return cut(text, len(encoded[:length].decode("utf-8", "ignore")))


def replace_where(text: str, unfit: frozenset[str]) -> str:
    """Given a text and characters that a column can't hold, return it with one U+FFFD for each run of what was seen
    as one character."""
    pieces: list[str] = []
    for position, character in enumerate(text):
        if character not in unfit:
            # joiners and variation selectors of an emoji that is gone mean nothing any more
            if pieces and pieces[-1] == REPLACEMENT and (character == _JOINER or "\ufe00" <= character <= "\ufe0f"):
                continue
            pieces.append(character)
        elif not (pieces and pieces[-1] == REPLACEMENT and _splits(text, position)):
            pieces.append(REPLACEMENT)
    return "".join(pieces)


def _splits(text: str, end: int) -> bool:
    """Whether a cut before text[end] would part what belongs together."""
    if end >= len(text):
        return False
    following, last = text[end], text[end - 1]
    if _JOINER in {following, last} or unicodedata.category(following) in _MARKS:
        return True
    if unicodedata.combining(last) == _VIRAMA:  # joins the consonants of an Indic script
        return True
    code = ord(following)
    if code in _SKIN_TONES or code in _TAGS or code in _HANGUL_TAILS:
        return True
    return code in _FLAG_LETTERS and _odd_flag_letters(text, end)


def _odd_flag_letters(text: str, end: int) -> bool:
    """Whether an odd number of flag letters stands before text[end]: the last of them opens a pair."""
    count = 0
    while count < end and ord(text[end - count - 1]) in _FLAG_LETTERS:
        count += 1
    return count % 2 == 1
