"""Names of countries and of their provinces, in the languages of Amazon's marketplaces: ISO 3166 and its translations.

The data are Debian's iso-codes as the package `pycountry` carries them. Reading them takes a good tenth of a second, so
only what is no code and no name of the shop's own comes here, and languages are read one by one. Static: still pure.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pycountry

from orderferry.domain.plain_name import plain_name

# As iso-codes calls them: English, then those of the marketplaces and of the regions in them.
LANGUAGES = ("en", "it", "es", "fr", "de", "ca", "eu", "ast", "nl", "pl", "sv", "tr", "pt_BR", "ga", "cy", "ja", "hi")

_COUNTRIES, _PROVINCES = "iso3166-1", "iso3166-2"
# "Barcelona [Barcelona]", "Navarra/Nafarroa*": second names, and marks of ISO's own.
_ALTERNATIVES = re.compile(r"[\[\]/*]")
# Japan's addresses say what kind of prefecture it is (東京都, 京都府, 千葉県), its names mostly do not.
_KIND_OF_PREFECTURE = re.compile("(?<=..)[都府県]$")


def country_named(name: str) -> str:
    """Given a country's name or its three letters or digits, return its ISO 3166-1 alpha-2 code; '' for none."""
    plain = plain_name(name)
    return next((code for language in LANGUAGES if (code := _countries(language).get(plain))), "") if plain else ""


def province_keys(country: str, *names: str) -> Iterator[frozenset[str]]:
    """Given an ISO 3166-1 code and names of the same province, yield for each language that knows one of them the plain
    codes (without the country) and ISO's own plain names of the provinces that are called so."""
    plain = {form for name in names for form in _forms(name)}
    if not plain:
        return
    for language in LANGUAGES:
        known = _provinces(country.upper(), language)
        found = frozenset[str]().union(*(known.get(form, frozenset()) for form in plain))
        if found:
            yield found


@cache
def _countries(language: str) -> Mapping[str, str]:
    translate = _translator(_COUNTRIES, language)
    codes: dict[str, str] = {}
    for country in pycountry.countries:
        names = {country.name, getattr(country, "official_name", ""), getattr(country, "common_name", "")} - {""}
        words = {country.alpha_3, country.numeric, *names, *map(translate, names)}
        for word in words:
            codes.setdefault(plain_name(word), country.alpha_2)
    return codes


@cache
def _provinces(country: str, language: str) -> Mapping[str, frozenset[str]]:
    """The keys of a country's provinces by each plain name that they have in a language."""
    translate = _translator(_PROVINCES, language)
    named: dict[str, set[str]] = {}
    for province in pycountry.subdivisions.get(country_code=country) or ():  # type: ignore[no-untyped-call]
        own = {plain_name(province.code.partition("-")[2]), *_forms(province.name)}
        for name in (*_forms(province.name), *_forms(translate(province.name))):
            named.setdefault(name, set()).update(own)
    return {name: frozenset(keys) for name, keys in named.items()}


def _forms(name: str) -> list[str]:
    """A name in plain, whole and by its alternatives, with and without the kind of a Japanese prefecture."""
    parts = [part for part in (name, *_ALTERNATIVES.split(name)) if part.strip()]
    both = [form for part in parts for form in (part.strip(), _KIND_OF_PREFECTURE.sub("", part.strip()))]
    return list(dict.fromkeys(filter(None, map(plain_name, both))))


def _translator(domain: str, language: str) -> Callable[[str], str]:
    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language], fallback=True).gettext
