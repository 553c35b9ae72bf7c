"""Names for comparing: of countries, provinces and places, however people spell them. Pure."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[\W_]+")
# Letters that Unicode does not take apart into one of a to z and a mark.
_WHOLE_LETTERS = str.maketrans({"æ": "ae", "ð": "d", "ø": "o", "þ": "th", "đ": "d", "ł": "l", "œ": "oe", "ı": "i"})


def plain_name(text: str) -> str:
    """Given a name in any script, return it for comparing: lower case, no accents, single spaces, no punctuation."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_WHOLE_LETTERS)
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _NOT_WORD.sub(" ", letters).strip()
