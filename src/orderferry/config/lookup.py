"""From a name in a file to the key that it means, and from an unknown name to the nearest known one.

Names of keys may contain the user's own words: SKUs, countries, marketplaces, service levels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pycountry

from orderferry.config.keys import KEYS, OVERRIDES, Key
from orderferry.config.lines import KeyPath
from orderferry.domain.marketplaces import find_marketplace
from orderferry.domain.territories import TERRITORIES, country_code

KOSOVO = "XK"  # in no list of ISO 3166, but so called by postal services and Amazon
_TERRITORIES = frozenset(territory.code for territory in TERRITORIES) - {""}  # XI, IC and EA stand beside the list
FEES = ("default", "cod_fee", "delivery_tip", "other", "gift_wrap")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_SERVICE_LEVEL = re.compile(r"[A-Z0-9_]+")

_ALL = (*KEYS, *OVERRIDES)
_PATTERNS: tuple[tuple[KeyPath, Key, bool], ...] = (
    *((key.path, key, False) for key in _ALL),
    *((tuple(key.file_key.split(".")), key, True) for key in _ALL if key.file_key),
)
# What is a table, and may be one value for all that it holds.
SHORT_FORMS: dict[KeyPath, KeyPath] = {("products", "fees"): ("products", "fees", "default")}


def _country(word: str) -> str | None:
    """Return a country, or with a hyphen one of its regions by ISO 3166-2, whose codes are not looked up."""
    country, hyphen, region = word.strip().upper().partition("-")
    code = country_code(country)
    if code != KOSOVO and code not in _TERRITORIES and pycountry.countries.get(alpha_2=code) is None:
        return None
    return f"{code}-{region}" if _REGION.fullmatch(region) else None if hyphen else code


def _marketplace(word: str) -> str | None:
    marketplace = find_marketplace(word)
    return marketplace.code if marketplace else None


def _service_level(word: str) -> str | None:
    """Return the level as we keep it. Amazon may add some, so any word of their form is good."""
    level = word.strip().upper().replace("-", "_").replace(" ", "_")
    return level if _SERVICE_LEVEL.fullmatch(level) else None


# What a word of the user's own is, how it is read (in the form that we keep, None where it is none), and an example.
WORDS: dict[str, tuple[str, Callable[[str], str | None], str]] = {
    "<SKU>": ("a SKU", lambda word: word.strip() or None, '"A-100-IT"'),
    "<COUNTRY>": ("a country code of ISO 3166-1", _country, "DE"),
    "<CODE>": ("a marketplace's country code or id", _marketplace, "DE"),
    "<FEE>": (f"a fee ({', '.join(FEES)})", lambda word: word if word in FEES else None, "default"),
    "<SERVICE_LEVEL>": ("a service level", _service_level, "EXPEDITED"),
}


_EXACT = {pattern: (key, is_file) for pattern, key, is_file in _PATTERNS if not WORDS.keys() & set(pattern)}
_WITH_WORDS = tuple((pattern, key) for pattern, key, _ in _PATTERNS if WORDS.keys() & set(pattern))


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """`path` with the user's words in the form that we keep (UK becomes GB); `is_file`: it is `<key>_file`."""

    key: Key
    path: KeyPath
    is_file: bool = False


def match(path: KeyPath) -> KeyMatch | None:
    """Return the key that a path in a file means, or None."""
    path = SHORT_FORMS.get(path, path)
    exact = _EXACT.get(path)
    if exact is not None:
        key, is_file = exact
        return KeyMatch(key, path, is_file)
    for pattern, key in _WITH_WORDS:
        filled = _filled(pattern, path) if len(pattern) == len(path) else None
        if filled is not None:
            return KeyMatch(key, filled)
    return None


def is_table(path: KeyPath) -> bool:
    """Return whether keys stand below this path."""
    return any(len(pattern) > len(path) and _filled(pattern[: len(path)], path) for pattern, _, _ in _PATTERNS)


def key_above(path: KeyPath) -> KeyMatch | None:
    """Return the key that stands where `path` has a table, or None."""
    shorter = (path[:length] for length in range(1, len(path)))
    return next((found for one in shorter if one not in SHORT_FORMS and (found := match(one))), None)


def unfit_word(path: KeyPath) -> str:
    """Return what a word in `path` should have been, when a key differs by nothing else; or ''."""
    for pattern, _ in _WITH_WORDS:
        if len(pattern) != len(path):
            continue
        wrong = [
            f"{part} is not {WORDS[name][0]}"
            for name, part in zip(pattern, path, strict=True)
            if name in WORDS and WORDS[name][1](part) is None
        ]
        fixed_parts_agree = all(name in WORDS or name == part for name, part in zip(pattern, path, strict=True))
        if wrong and fixed_parts_agree:
            return wrong[0]
    return ""


def nearest(path: KeyPath) -> str:
    """Return the known key that was probably meant by an unknown one, or ''.

    First the same last word in another table, then the most similar whole name, then the most similar last word.
    """
    from difflib import get_close_matches  # noqa: PLC0415 — only for errors

    wanted = ".".join(path)
    names = list(dict.fromkeys(_candidates(path)))
    fixed_words = {pattern[-1] for pattern, _, _ in _PATTERNS}
    same_word = [name for name in names if path[-1] in fixed_words and name.rpartition(".")[2] == path[-1]]
    if same_word:
        return get_close_matches(wanted, same_word, cutoff=0)[0]
    close = get_close_matches(wanted, names)
    if close:
        return close[0]
    last_words = {name.rpartition(".")[2]: name for name in reversed(names)}
    return next((last_words[word] for word in get_close_matches(path[-1], last_words)), "")


def _candidates(path: KeyPath) -> Iterator[str]:
    """Yield the names of all keys, with the user's own words where they stand in the same place; else a key is left
    out.
    """
    for pattern, _, _ in _PATTERNS:
        parts = [
            path[index] if part in WORDS and index < len(path) and WORDS[part][1](path[index]) else part
            for index, part in enumerate(pattern)
        ]
        if not WORDS.keys() & set(parts) and parts != list(path):
            yield ".".join(parts)


def _filled(pattern: KeyPath, path: KeyPath) -> KeyPath | None:
    """Return `path` with its words as we keep them, if it fits the pattern; else None."""
    filled: list[str] = []
    for name, part in zip(pattern, path, strict=True):
        word = WORDS[name][1](part) if name in WORDS else (part if part == name else None)
        if word is None:
            return None
        filled.append(word)
    return tuple(filled)
