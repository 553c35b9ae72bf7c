"""Countries and provinces as Amazon's addresses spell them, found among the shop's. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from orderferry.prestashop.facts import Country, Province, ShopFacts
from orderferry.prestashop.province_names import ALIASES

# Codes that are not the country's own in ISO 3166-1, or no country there.
_COUNTRY_ALIASES = {"UK": "GB", "XI": "GB", "EL": "GR", "IC": "ES", "EA": "ES"}

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_PARTS = re.compile(r"[,;/()|]|\s-\s")
_GENERIC = re.compile(
    r"\b(?:(?:citta metropolitana|metropolitan city|libero consorzio comunale|provincia|province|prov|departamento|"
    r"departement|state|estado|comunidad autonoma|comunidad|principado|region)(?: (?:di|d|de|del|della|of|foral))?)\b"
)


def resolve_country(facts: ShopFacts, iso: str) -> Country | None:
    """Given an ISO 3166-1 code (UK and the like too), return the shop's country, active or not; None for none."""
    code = iso.strip().upper()
    return facts.countries.get(code) or facts.countries.get(_COUNTRY_ALIASES.get(code, code))


def resolve_province(facts: ShopFacts, country: Country, text: str) -> Province | None:
    """Given a country and free text, return the province it names; None for a country without provinces, and where
    the text names none or more than one.

    Understood: ISO 3166-2 (`IT-MI`, `MI`), names in any case with or without accents, "Provincia di Milano",
    "Milano (MI)", and the other names of `province_names`.
    """
    if not country.contains_states or not text.strip():
        return None
    own = [province for province in facts.provinces if province.id_country == country.id]
    for words in (_words(country, text), *(_words(country, part) for part in _parts(text))):
        found = {province.id: province for province in own if _keys(country, province) & words}
        if len(found) == 1:
            return next(iter(found.values()))
    return None


def plain(text: str) -> str:
    """Given a name, return it for comparing: lower case, no accents, single spaces, no punctuation."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _NOT_WORD.sub(" ", letters).strip()


def _keys(country: Country, province: Province) -> frozenset[str]:
    names = {province.name, *_parts(province.name), _code(country, province.iso)}
    return frozenset(filter(None, map(plain, names)))


def _words(country: Country, text: str) -> frozenset[str]:
    """What the text may stand for: itself as code or name, and the code of another name for the same."""
    name = plain(text)
    shorter = plain(_GENERIC.sub(" ", name))
    aliases = ALIASES.get(country.iso, {})
    codes = {plain(aliases[word]) for word in (name, shorter) if word in aliases}
    return frozenset({name, shorter, plain(_code(country, text.strip())), *codes} - {""})


def _code(country: Country, code: str) -> str:
    """ISO 3166-2 without the country: shops have it either way."""
    return code.upper().removeprefix(f"{country.iso}-")


def _parts(text: str) -> Iterable[str]:
    return [part for part in _PARTS.split(text) if part.strip()]
