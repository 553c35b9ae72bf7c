"""Countries and provinces as Amazon's addresses spell them, found among the shop's. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

from orderferry.domain.iso_3166 import province_keys
from orderferry.domain.plain_name import plain_name as plain
from orderferry.domain.territories import LONGEST_NAME, country_code, find_territory
from orderferry.prestashop.facts import Country, Province, ShopFacts
from orderferry.prestashop.planning.province_names import ALIASES
from orderferry.prestashop.planning.province_postcodes import NAMED_LIKE_CAPITALS, POSTCODES

_PARTS = re.compile(r"[,;/()|]|\s-\s")
_LONGEST_TEXT = 400  # what names a province says it at its beginning; each part is compared with each province
_GENERIC = re.compile(
    r"\b(?:(?:citta metropolitana|metropolitan city|libero consorzio comunale|provincia|province|prov|departamento|"
    r"departement|state|estado|comunidad autonoma|comunidad|principado|region)(?: (?:di|d|de|del|della|of|foral))?)\b"
)


def resolve_country(facts: ShopFacts, iso: str, postcode: str = "", region: str = "") -> Country | None:
    """Given an ISO 3166-1 code (UK and the like too), return the shop's country, active or not; None for none.

    A territory under another country's code (98000 in France is Monaco) has its own country where the shop sends
    there; one under its own code that the shop lacks (Jersey, the Canary Islands) has the country around it.
    """
    code = country_code(iso)
    named = facts.countries.get(code)
    territory = find_territory(code, postcode, region)
    if territory is None:
        return named
    own = facts.countries.get(territory.code)
    if own is not None and own.active:
        return own
    return named or facts.countries.get(territory.country)


def resolve_province(
    facts: ShopFacts, country: Country, text: str, postcode: str = "", city: str = ""
) -> Province | None:
    """Given a country and free text, return the province it names; None for a country without provinces, and where
    the text names none or more than one.

    Understood: ISO 3166-2 (`IT-MI`, `MI`), names in any case with or without accents, "Provincia di Milano",
    "Milano (MI)", the other names of `province_names`, and ISO's names in the languages of the marketplaces (Mailand,
    東京都). Where the text says nothing, the postcode does in countries whose postcodes begin with the province, and
    the city in those whose provinces are called like their capitals.
    """
    if not country.contains_states:
        return None
    text, city = text[:_LONGEST_TEXT], city[:_LONGEST_TEXT]
    own = facts.provinces_of.get(country.id, ())
    by_postcode = next((c for start, c in POSTCODES.get(country.iso, {}).items() if postcode.startswith(start)), "")
    capital = city if country.iso in NAMED_LIKE_CAPITALS else ""
    ways = ((_named, text), (_translated, text), (_named, by_postcode), (_named, capital))
    return next((found for way, word in ways if word.strip() and (found := way(country, own, word))), None)


def _named(country: Country, own: Sequence[Province], text: str) -> Province | None:
    """By the shop's own names and codes, and by `province_names`."""
    return _single(country, own, (_words(country, word) for word in (text, *_parts(text))))


def _translated(country: Country, own: Sequence[Province], text: str) -> Province | None:
    """By ISO's names, the whole text before its parts."""
    if len(text) > LONGEST_NAME:
        return None
    keys = (province_keys(country.iso, word, _GENERIC.sub(" ", plain(word))) for word in (text, *_parts(text)))
    return _single(country, own, chain.from_iterable(keys))


def _single(country: Country, own: Sequence[Province], meanings: Iterable[frozenset[str]]) -> Province | None:
    """The one province that one of the meanings names; the first meaning that names just one decides."""
    for words in meanings:
        found = [province for province in own if _keys(country.iso, province) & words]
        if len(found) == 1:
            return found[0]
    return None


@lru_cache(maxsize=4096)
def _keys(country: str, province: Province) -> frozenset[str]:
    names = {province.name, *_parts(province.name), _code(country, province.iso)}
    return frozenset(filter(None, map(plain, names)))


def _words(country: Country, text: str) -> frozenset[str]:
    """What the text may stand for: itself as code or name, and the code of another name for the same."""
    name = plain(text)
    shorter = plain(_GENERIC.sub(" ", name))
    aliases = ALIASES.get(country.iso, {})
    codes = {plain(code) for word in (name, shorter) if word in aliases for code in aliases[word].split()}
    return frozenset({name, shorter, plain(_code(country.iso, text.strip())), *codes} - {""})


def _code(country: str, code: str) -> str:
    """ISO 3166-2 without the country: shops have it either way."""
    return code.upper().removeprefix(f"{country}-")


def _parts(text: str) -> Iterable[str]:
    return [part for part in _PARTS.split(text) if part.strip()]
