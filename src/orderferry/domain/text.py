"""Make texts of strangers acceptable to PrestaShop's validators without losing their meaning.

Which characters a field rejects: PrestaShop's class Validate; customer names also obey the newer
rule about brackets and slashes, so that one text passes in every version. What is rejected becomes something near and
harmless in plain ASCII, or a space; the caller keeps the full text where it matters.

Texts are cut to a column's length at whole characters, as a reader counts them: Unicode's grapheme clusters (UAX #29).
`plain_name` gives names of countries, provinces and places for comparing, however people spell them. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class Field(StrEnum):
    """Kinds of fields by what PrestaShop's validators take. VAT numbers and aliases are of the kind COMPANY."""

    NAME = "name"  # firstname, lastname of customers and addresses
    ADDRESS_LINE = "address line"
    CITY = "city"
    POSTCODE = "postcode"
    PHONE = "phone"
    COMPANY = "company"
    DNI = "dni"
    GENERIC = "generic"  # product names, labels: one line
    MESSAGE = "message"  # gift texts, notes and private messages: line breaks stay
    REFERENCE = "reference"  # of products
    TRACKING = "tracking number"


@dataclass(frozen=True, slots=True)
class _Rule:
    """`replacements` by code point, then `dropped` (a pattern); `compatible`: ﬁ, ＋ and ４ become fi, + and 4 first."""

    replacements: Mapping[int, str] = field(default_factory=dict)
    dropped: re.Pattern[str] | None = None
    compatible: bool = False


def _each(characters: str, replacement: str) -> dict[int, str]:
    return dict.fromkeys(map(ord, characters), replacement)


_ANGLES = {**_each("<{", "("), **_each(">}", ")")}
_BRACED = {**_ANGLES, **_each("=", "-")}
_LINE = {**_BRACED, **_each("!", "."), **_each("@", " at "), **_each("?+_$%", " ")}
_RULES: dict[Field, _Rule] = {
    Field.NAME: _Rule({**_each('"', "'"), **_each("/\\", "-"), **_each("。!<>,;?=+()@#°{}_$%:¤|[]*^`0123456789", " ")}),
    Field.ADDRESS_LINE: _Rule(_LINE),
    Field.CITY: _Rule({**_LINE, **_each(";", ","), **_each('"', "'"), **_each("#°", " ")}),
    Field.POSTCODE: _Rule(dropped=re.compile(r"[^A-Za-z0-9 -]"), compatible=True),
    Field.PHONE: _Rule(dropped=re.compile(r"[^0-9+ .()/-]"), compatible=True),
    Field.COMPANY: _Rule(_BRACED),
    Field.DNI: _Rule(dropped=re.compile(r"[^A-Za-z0-9.-]"), compatible=True),
    Field.GENERIC: _Rule(_BRACED),
    Field.MESSAGE: _Rule(_ANGLES),
    Field.REFERENCE: _Rule({**_BRACED, **_each(";", ",")}),
    # PrestaShop's own list (isTrackingNumber); up to 1.7 it checks the number whenever it saves the order.
    Field.TRACKING: _Rule(dropped=re.compile(r"[^~:#,%&_=()\[\].? +@/A-Za-z0-9-]"), compatible=True),
}

# Joiners that shape words (Persian, Indic) and emoji; every other format character is invisible or steers direction.
_KEPT_FORMAT = frozenset("\u200c\u200d")
_DOTS = re.compile(r"\.+")
# A whole word of Latin letters before "="; that it holds the name of an event is asked afterwards, since a pattern that
# began within the word would take the square of its length.
_ASSIGNED = re.compile(r"(?<![a-z])([a-z]++)(\s*+)=", re.IGNORECASE)
_EVENT = re.compile(r"on[a-z]{3}", re.IGNORECASE)
_SCRIPT = re.compile(r"(script\s*):", re.IGNORECASE)
_LINE_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_MEANINGLESS = frozenset({"P", "Z", "C"})  # categories: punctuation, separators, control
_LAST_OF_BASIC_PLANE = "\uffff"
_UNKNOWN_LETTER = "\ufffd"
_JOINER = "\u200d"
_SPACES = re.compile(" {2,}")


def clean_text(text: str, field: Field) -> str:
    """Return what the field takes, given any text; '' if nothing of it is left. Cleaning twice changes nothing."""
    if not text:
        return ""
    rule = _RULES[field]
    if rule.compatible:
        text = _ascii_digits(unicodedata.normalize("NFKC", plain_text(text)))
    text = plain_text(text, keep_lines=field is Field.MESSAGE)
    text = text.translate(rule.replacements)
    if rule.dropped is not None:
        text = rule.dropped.sub("", text)
    if field is Field.NAME:
        text = _DOTS.sub(". ", text)
    if field is Field.MESSAGE:
        text = _SCRIPT.sub(r"\1 -", _ASSIGNED.sub(_not_assigned, text))
    text = plain_text(text, keep_lines=field is Field.MESSAGE)
    if field is Field.NAME:
        text = text.strip(" -")
    return text if any(unicodedata.category(character)[0] not in _MEANINGLESS for character in text) else ""


def plain_text(text: str, *, keep_lines: bool = False) -> str:
    """Return any text in NFC, spaces folded, without control, bidi and other invisible characters, NUL and
    lone surrogates (two halves that belong together are joined). Line breaks stay only if asked for."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # what follows would change nothing else
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    if keep_lines:
        lines = _LINE_BREAK.sub("\n", text).split("\n")
        return "\n".join(_fold(line) for line in lines).strip("\n")
    return _fold(text)


def to_basic_plane(text: str) -> str:
    """Return what a column that can't hold characters above U+FFFF (utf8mb3) can hold of a text.

    Letters become U+FFFD, so that a name is seen to lack one; emoji and other signs go, with the joiners and variation
    selectors that held their parts together. A text of which nothing else is left becomes a single U+FFFD.
    """
    if text.isascii() or max(text) <= _LAST_OF_BASIC_PLANE:
        return text
    kept: list[str] = []
    gone = False  # the character before was a sign that goes
    for character in text:
        if character > _LAST_OF_BASIC_PLANE:
            gone = not character.isalpha()
            while gone and kept and kept[-1] == _JOINER:
                kept.pop()
            if not gone:
                kept.append(_UNKNOWN_LETTER)
        elif not (gone and _binds_emoji(character)):
            kept.append(character)
            gone = False
    left = _SPACES.sub(" ", "".join(kept)).strip()
    return left or _UNKNOWN_LETTER


def _binds_emoji(character: str) -> bool:
    return character == _JOINER or "\ufe00" <= character <= "\ufe0f"


def _not_assigned(word: re.Match[str]) -> str:
    return f"{word[1]}{word[2]}-" if _EVENT.search(word[1]) else word[0]


def _fold(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    shown = "".join(_shown(character) for character in text)
    return unicodedata.normalize("NFC", " ".join(shown.split()))


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    """Return a character as it may stand: itself, a space for any white space, '' for what can't be seen."""
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cc" or (category == "Cf" and character not in _KEPT_FORMAT):
        return ""
    code = ord(character)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:  # noncharacters
        return ""
    return character


def _ascii_digits(text: str) -> str:
    """Return digits of any script as 0 to 9 (a Saudi postcode may come in Arabic ones); dashes and minus signs as -."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(character))
        if character.isdecimal()
        else "-"
        if unicodedata.category(character) == "Pd" or character == "−"
        else character
        for character in text
    )


def cut_text(text: str, limit: int) -> str:
    """Return a text cut at the last whole character that fits into `limit` code points.

    Space at the cut is taken off. A single character that is longer than the limit (a letter with a hundred accents)
    is cut inside.
    """
    if len(text) <= limit:
        return text
    import regex  # noqa: PLC0415 — few runs cut a text, and all would wait for it

    limit = max(limit, 0)
    end = 0
    for character in regex.finditer(r"\X", text):
        if character.end() > limit:
            break
        # Unicode counts a few vowel signs (Burmese ones) as characters of their own.
        if not unicodedata.category(text[character.end()]).startswith("M"):
            end = character.end()
    return text[: end or limit].rstrip()


_NOT_WORD = re.compile(r"[\W_]+")
# Letters that Unicode does not take apart into one of a to z and a mark.
_WHOLE_LETTERS = str.maketrans({"æ": "ae", "ð": "d", "ø": "o", "þ": "th", "đ": "d", "ł": "l", "œ": "oe", "ı": "i"})


def plain_name(text: str) -> str:
    """Return a name in any script for comparing: lower case, no accents, single spaces, no punctuation."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_WHOLE_LETTERS)
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _NOT_WORD.sub(" ", letters).strip()
