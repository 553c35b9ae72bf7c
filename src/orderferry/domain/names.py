"""One full name, as Amazon gives it, into PrestaShop's first and last name.

Nothing is guessed that would change what a label prints: read one after the other, the two give the name again. The
exceptions are the ones that people write themselves: "Rossi, Mario", and names in Chinese, Japanese and Korean, which
begin with the family's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from orderferry.domain.clean_text import Field, clean_text, plain_text

FILLER = "."  # PrestaShop wants both names; a dot alone passes its validators
NOBODY = ("Amazon", "Customer")

# Words that belong to the surname that follows them.
_PARTICLES = frozenset(
    "af al av bin da dal dalla das de degli dei del dela della delle dello den der des di do dos du el in la las "  # noqa: SIM905
    "le les lo los mac mc san santa st st. ten ter 't te uit van vom von vande vander y zu zum zur".split()
)
# What may follow a surname.
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"})
# Legal forms: a name that ends with one is a company's and stays whole. Those that people are called are left out.
_LEGAL_FORMS = frozenset(
    "aps bv bvba corp corporation eirl eurl gbr gmbh inc incorporated kft kgaa limited llc llp ltd ltda nv ohg oyj "  # noqa: SIM905
    "plc pty sarl sarlu sas sasu snc spa sprl srl srls srlu spzoo sro uab zrt 株式会社 有限会社 有限公司".split()
)
_COMMA = re.compile(r"^([^,]+),([^,]+)$")


@dataclass(frozen=True, slots=True)
class SplitName:
    """A name in two; neither is empty. `kept` is the full text if characters of it were lost, else ''; `placeholder`
    says that there was no name."""

    firstname: str
    lastname: str
    kept: str = ""
    placeholder: bool = False


def split_name(full: str) -> SplitName:
    """Given a full name in any form, return its two halves as PrestaShop takes them."""
    shown = plain_text(full)
    first, last = _halves(shown)
    first, last = clean_text(first, Field.NAME), clean_text(last, Field.NAME)
    if not first and not last:
        return SplitName(*NOBODY, kept=clean_text(full, Field.MESSAGE), placeholder=True)
    written = {_letters(first + last), _letters(last + first)}
    kept = "" if _letters(shown) in written else clean_text(full, Field.MESSAGE)
    if not first or not last:
        # as last name: the back office's list shows the initial of the first name and the whole last one
        return SplitName(FILLER, first or last, kept)
    return SplitName(first, last, kept)


def _halves(name: str) -> tuple[str, str]:
    """The raw first and last name; one of them may be ''."""
    if is_company_name(name):
        return name, ""
    swapped = _COMMA.match(name)
    if swapped and _is_name_like(swapped[1]) and _is_name_like(swapped[2]) and not _is_suffix(swapped[2]):
        return swapped[2], swapped[1]
    words = clean_text(name, Field.NAME).split()
    if len(words) < 2:
        return name, ""
    if all(_is_east_asian(word) for word in words):
        return " ".join(words[1:]), words[0]
    start = len(words) - 1
    while start > 1 and _is_suffix(words[start]):
        start -= 1
    while start > 1 and words[start - 1].casefold() in _PARTICLES:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def is_company_name(name: str) -> bool:
    """Whether a name ends with a legal form (S.r.l., GmbH, Ltd, …), or holds one of those that stand before it."""
    words = [_bare(word) for word in name.split()]
    tail = ("".join(words[-count:]) for count in (1, 2, 3) if len(words) > count)
    return any(ending in _LEGAL_FORMS for ending in tail) or "株式会社" in name


def _bare(word: str) -> str:
    return re.sub(r"[.,&/()]", "", word).casefold()


def _is_suffix(word: str) -> bool:
    return _bare(word.strip()) in _SUFFIXES


def _is_name_like(part: str) -> bool:
    """One to four words of letters: half of "Rossi, Mario", not "c/o Bianchi" or "int. 4"."""
    words = part.split()
    return 0 < len(words) <= 4 and "/" not in part and not any(character.isdigit() for character in part)


def _is_east_asian(word: str) -> bool:
    return all(
        unicodedata.name(character, "").startswith(("CJK ", "HIRAGANA ", "KATAKANA", "HANGUL ")) for character in word
    )


def _letters(text: str) -> str:
    """What must not be lost of a name: everything but space, commas and dots."""
    return re.sub(r"[\s,.]", "", text)
