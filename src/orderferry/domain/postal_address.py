"""Amazon's address as PrestaShop can keep it: split names, two lines, placeholders for what is missing.

Required columns and validators: PrestaShop's classes Customer and Address. Whatever does not fit or loses characters
goes to `kept`, which staff reads in the private message.

A full name is split without any guess that would change a label: first and last name, read in turn, give the name
again. The exceptions are forms that people write themselves: "Rossi, Mario", and names in Chinese, Japanese and Korean,
which begin with the family's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from orderferry.domain.orders import Address
from orderferry.domain.territories import country_of
from orderferry.domain.text import Field, clean_text, cut_text, plain_text

LINE_LENGTH = 128  # address.address1 and address2, in every version
PHONE_LENGTH = 32
PICKUP_POINT = "PICKUP_POINT"

NO_STREET = "(no street given by Amazon)"
NO_CITY = "(no city given by Amazon)"
NO_POSTCODE = "00000"

# Places of Amazon's regions that have no postcodes: an empty one is right there.
_WITHOUT_POSTCODES = frozenset({"AE", "AO", "BO", "BS", "BZ", "GH", "HK", "KE", "MO", "PA", "QA", "UG", "ZW"})
# Where the district is part of the address that a parcel needs (Turkish ilçe), not a county that nobody writes.
_DISTRICT_IN_ADDRESS = frozenset({"TR"})
_EXTENSION = re.compile(
    r"(?:(?<![^\W\d_])(?:extension|ext|interno|int|poste|durchwahl|x)|#)[.:\s]*\d+.*$", re.IGNORECASE
)


@dataclass(slots=True)
class _Notes:
    """What is gathered on the way: kept text, and names of fields that hold a placeholder."""

    kept: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)

    def keep(self, label: str, text: str) -> None:
        """Keep a text for the order's note, in one line; nothing of an empty one."""
        shown = clean_text(" ".join(text.split()), Field.MESSAGE)
        if shown:
            self.kept.append(f"{label}: {shown}")

    def cleaned(self, label: str, text: str, kind: Field) -> str:
        """Return the text as the field takes it; the whole of it is kept if that changed it."""
        result = clean_text(text, kind)
        if result != plain_text(text):
            self.keep(label, text)
        return result

    def stand_in(self, name: str, value: str) -> str:
        """Note that the field has a placeholder, and return it."""
        self.placeholders.append(name)
        return value


def postal_address(
    address: Address | None, *, fallback_name: str, marketplace_country: str, phone_fallback: str = ""
) -> PostalAddress:
    """Return the address to write for Amazon's (None: it gave none).

    `fallback_name` (the buyer's) stands in for a missing recipient, `marketplace_country` (ISO alpha-2) for a missing
    country, `phone_fallback` (configured) for a missing phone. Each line has at most `LINE_LENGTH` characters; the
    writer cuts the rest to its columns. Nothing raises, whatever strangers typed.
    """
    given = address or Address()
    notes = _Notes()
    firstname, lastname = _name(given, fallback_name, notes)
    company = notes.cleaned("Company", given.company, Field.COMPANY)
    country = _country(given, marketplace_country, notes)
    city, beside = _city(given, country, notes)
    address1, address2 = _lines(given, beside, notes)
    if given.kind == PICKUP_POINT:
        notes.keep("Pickup point", ", ".join((given.name, *given.lines)))
    return PostalAddress(
        firstname=firstname,
        lastname=lastname,
        company=company,
        address1=address1,
        address2=address2,
        postcode=_postcode(given, country, notes),
        city=city,
        country=country,
        region=clean_text(given.region, Field.GENERIC),
        phone=_phone(given, phone_fallback, notes),
        kept=tuple(notes.kept),
        placeholders=tuple(notes.placeholders),
    )


def _name(given: Address, fallback_name: str, notes: _Notes) -> tuple[str, str]:
    """Return the first of recipient, buyer and company that is a name at all."""
    recipient = split = split_name(given.name)
    if recipient.placeholder:
        others = map(split_name, (fallback_name, given.company))
        split = next((one for one in others if not one.placeholder), recipient)
    if split.placeholder:
        notes.placeholders += ["firstname", "lastname"]
    for kept in dict.fromkeys((recipient.kept, split.kept)):
        notes.keep("Name", kept)
    return split.firstname, split.lastname


def _country(given: Address, marketplace_country: str, notes: _Notes) -> str:
    code = country_of(given.country)
    if code:
        return code
    notes.keep("Country", given.country)
    return notes.stand_in("country", marketplace_country)


def _city(given: Address, country: str, notes: _Notes) -> tuple[str, str]:
    """Return the city, and what of district and municipality belongs beside the street. Japan often names no city."""
    finer = {"District": given.district, "Municipality": given.municipality}
    city = notes.cleaned("City", given.city, Field.CITY)
    for label in ("Municipality", "District"):
        if not city:
            city = notes.cleaned("City", finer.pop(label), Field.CITY)
    known = _folded(" ".join((*given.lines, given.city, given.region, city)))
    beside = ""
    for label, text in finer.items():
        if not _folded(text) or _folded(text) in known:
            continue
        if country in _DISTRICT_IN_ADDRESS and not beside:
            beside = text
        else:
            notes.keep(label, text)
    return city or notes.stand_in("city", NO_CITY), beside


def _lines(given: Address, beside: str, notes: _Notes) -> tuple[str, str]:
    """Return any number of lines as two. A first line that repeats the company goes if a street follows."""
    raw = list(given.lines)
    repeats = bool(given.company) and bool(raw) and _folded(raw[0]) == _folded(given.company)
    if repeats and len(raw) > 1 and given.kind != PICKUP_POINT:
        del raw[0]
    if beside:
        raw.append(beside)
    lines = [line for line in (clean_text(text, Field.ADDRESS_LINE) for text in raw) if line]
    two, fits = _two_lines(lines)
    if not fits or lines != [line for line in map(plain_text, raw) if line]:
        notes.keep("Address", ", ".join(raw))
    if not lines:
        return notes.stand_in("address1", NO_STREET), ""
    return two


def _two_lines(lines: list[str]) -> tuple[tuple[str, str], bool]:
    """Return the lines as two, and whether nothing is lost. Neighbours are joined whole if possible, else cut."""
    whole = ", ".join(lines)
    end = 0  # of the first lines in the whole, with the comma after them
    for line in lines:
        end += len(line) + 2
        first, second = whole[: end - 2], whole[end:]
        if len(first) > LINE_LENGTH:
            break
        if len(second) <= LINE_LENGTH:
            return (first, second), True
    first = _cut_at_word(whole)
    rest = whole[len(first) :].lstrip(" ,")
    second = _cut_at_word(rest)
    return (first.rstrip(" ,"), second.rstrip(" ,")), second == rest


def _cut_at_word(text: str) -> str:
    """Return the text cut to a line, at a space if there is one in its second half."""
    if len(text) <= LINE_LENGTH:
        return text
    before = text[: LINE_LENGTH + 1].rpartition(" ")[0]
    return before if len(before) >= LINE_LENGTH // 2 else cut_text(text, LINE_LENGTH)


def _postcode(given: Address, country: str, notes: _Notes) -> str:
    postcode = notes.cleaned("Postcode", given.postal_code, Field.POSTCODE)
    if postcode or country in _WITHOUT_POSTCODES:
        return postcode
    return notes.stand_in("postcode", NO_POSTCODE)


def _phone(given: Address, fallback: str, notes: _Notes) -> str:
    """Return the number without its extension, which no column takes; the configured one where there is none."""
    raw = plain_text(given.phone)
    extension = _EXTENSION.search(raw)
    phone = _dialled(raw[: extension.start()].rstrip(" ,;/") if extension else raw)
    if phone != raw:
        notes.keep("Phone", raw)
    if phone:
        return phone
    fallback = _dialled(fallback)
    return notes.stand_in("phone", fallback) if fallback else ""


def _dialled(text: str) -> str:
    phone = clean_text(text, Field.PHONE)
    if len(phone) > PHONE_LENGTH:
        phone = cut_text(re.sub(r"[^0-9+]", "", phone), PHONE_LENGTH)
    return phone if any(character.isdigit() for character in phone) else ""


def _folded(text: str) -> str:
    """Return a text for comparing: case, accents' form, punctuation and spaces don't count."""
    text = unicodedata.normalize("NFKC", plain_text(text)).casefold()
    return "".join(character for character in text if character.isalnum())


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Values that pass PrestaShop's own validators (class Validate).

    Required parts are never empty: placeholders stand in (`placeholders` names the fields). `kept` holds the lines of
    text that did not fit or lost characters, for the order's private message: the full text is never lost.
    """

    firstname: str
    lastname: str
    company: str
    address1: str
    address2: str
    postcode: str
    city: str
    country: str  # ISO 3166-1 alpha-2, as far as Amazon gave one, else the marketplace's
    region: str  # Amazon's free text
    phone: str
    kept: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()


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
_MARKS = re.compile(r"[.,&/()]")
_UNSEEN = re.compile(r"[\s,.]")  # what a name may lose
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
    """Return the two halves of a full name in any form, as PrestaShop takes them."""
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
    """Return the raw first and last name; one of them may be ''."""
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
    """Return whether a name ends with a legal form (S.r.l., GmbH, Ltd, …), or holds one that stands before names."""
    words = [_bare(word) for word in name.split()]
    tail = ("".join(words[-count:]) for count in (1, 2, 3) if len(words) > count)
    return any(ending in _LEGAL_FORMS for ending in tail) or "株式会社" in name


def _bare(word: str) -> str:
    return _MARKS.sub("", word).casefold()


def _is_suffix(word: str) -> bool:
    return _bare(word.strip()) in _SUFFIXES


def _is_name_like(part: str) -> bool:
    """Return whether a part is one to four words of letters: half of "Rossi, Mario", not "c/o Bianchi" or "int. 4"."""
    words = part.split()
    return 0 < len(words) <= 4 and "/" not in part and not any(character.isdigit() for character in part)


def _is_east_asian(word: str) -> bool:
    return all(
        unicodedata.name(character, "").startswith(("CJK ", "HIRAGANA ", "KATAKANA", "HANGUL ")) for character in word
    )


def _letters(text: str) -> str:
    """Return what must not be lost of a name: everything but space, commas and dots."""
    return _UNSEEN.sub("", text)
