"""Names for comparing: of countries, provinces and places, however people spell them. Pure."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def plain_name(text: str) -> str:
    """Given a name, return it for comparing: lower case, no accents, single spaces, no punctuation."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _NOT_WORD.sub(" ", letters).strip()
