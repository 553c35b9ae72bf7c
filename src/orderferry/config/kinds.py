"""The kinds of values that a key may have (what is expected, in words, and how a TOML value is read), and one key.

A kind takes the value as tomllib gives it (or text, from the environment) and returns the value as `model.py` keeps
it. It raises Unfit when the value is of another type or out of range; the words of the error come from the kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from orderferry.domain.durations import parse_duration
from orderferry.domain.marketplaces import MARKETPLACES, Marketplace, find_marketplace

_LARGEST_ID = 2**32
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # surrogates: what was no UTF-8 in the environment
_IDENTIFIER = re.compile(r"[A-Za-z0-9_]*")
_MODULE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PHONE = re.compile(r"[0-9+ .()/-]*")  # PrestaShop's Validate::isPhoneNumber
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
LABEL_PLACEHOLDERS = ("marketplace", "country")

_UNFIT_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")
_EXPECTED = "an https address in quotes (plain http only to this machine: 127.0.0.1, ::1 or localhost)"


class Unfit(ValueError):
    """The value does not fit its kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value. `name` heads the documentation, `expected` completes "must be …".

    `secret`: the value is never shown, and may come from the environment or from `<key>_file`.
    """

    name: str
    expected: str
    read: Callable[[object], object]
    secret: bool = False


def plain_text(value: object) -> str:
    """Return text without control characters, stripped. Raise Unfit for anything else, and for ''."""
    if not isinstance(value, str) or not value.strip() or UNPRINTABLE.search(value):
        raise Unfit
    return value.strip()


def number(value: object) -> Decimal:
    """Return a finite TOML number (no boolean). Raise Unfit for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unfit
    decimal = Decimal(value)
    if not decimal.is_finite():
        raise Unfit
    return decimal


def _name_or_id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 < value < _LARGEST_ID:
            raise Unfit
        return str(value)
    return plain_text(value)


def _secret_text(value: object) -> str:
    if not isinstance(value, str) or not value or UNPRINTABLE.search(value):
        raise Unfit
    return value


def _path(value: object) -> Path:
    text = plain_text(value)
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~ without a home folder
        raise Unfit from None


def _path_or_syslog(value: object) -> Path | str:
    return "syslog" if value == "syslog" else _path(value)


def _paths(value: object) -> tuple[Path, ...]:
    return tuple(_path(entry) for entry in value) if isinstance(value, list) else (_path(value),)


def _names_or_ids(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise Unfit
    return tuple(dict.fromkeys(map(_name_or_id, entries)))


def _boolean_or_auto(value: object) -> bool | None:
    """Return None for "auto"."""
    return None if value == "auto" else _boolean(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit
    return value


def _share(value: object) -> Decimal:
    share = number(value)
    if not 0 < share <= 1:
        raise Unfit
    return share


def _rate_or_tax(value: object) -> Decimal | str:
    if isinstance(value, str):
        return plain_text(value)
    rate = number(value)
    if not 0 <= rate < 100:
        raise Unfit
    return rate


def _port(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536:
        raise Unfit
    return value


def _day(value: object) -> date:
    if isinstance(value, str):
        value = _moment_of(value)
    if isinstance(value, datetime):
        return value.date()
    if not isinstance(value, date):
        raise Unfit
    return value


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        value = _moment_of(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise Unfit
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise Unfit from None


def _moment_of(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise Unfit from None


def _marketplaces(value: object) -> tuple[Marketplace, ...]:
    if not isinstance(value, list) or not value:
        raise Unfit
    found: dict[str, Marketplace] = {}
    for word in value:
        marketplace = find_marketplace(word) if isinstance(word, str) else None
        if marketplace is None:
            raise Unfit
        found[marketplace.code] = marketplace  # UK and GB are one
    return tuple(found.values())


def _label(value: object) -> str:
    text = plain_text(value)
    if len(text) > 255 or any(name not in LABEL_PLACEHOLDERS for name in _PLACEHOLDER.findall(text)):
        raise Unfit
    return text


def _matching(pattern: re.Pattern[str], longest: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) > longest or not pattern.fullmatch(value):
            raise Unfit
        return value

    return read


def duration(least: str, most: str, example: str) -> Kind:
    """Return a length of time from `least` to `most`, as timedelta."""
    lowest, highest = parse_duration(least), parse_duration(most)

    def read(value: object) -> timedelta:
        if not isinstance(value, str):
            raise Unfit
        try:
            length = parse_duration(value)
        except ValueError:
            raise Unfit from None
        if not lowest <= length <= highest:
            raise Unfit
        return length

    return Kind("duration", f'a duration such as "{example}" (from {least} to {most})', read)


def choice(*values: str) -> Kind:
    """Return one of a few words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in values:
            raise Unfit
        return value

    words = [f'"{value}"' for value in values]
    return Kind("choice", f"{', '.join(words[:-1])} or {words[-1]}", read)


def choices(*values: str) -> Kind:
    """Return a list of some of a few words, in the user's order, each at most once."""

    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or any(entry not in values for entry in value):
            raise Unfit
        return tuple(dict.fromkeys(value))

    return Kind("list", "a list of " + ", ".join(f'"{value}"' for value in values), read)


def _text_list(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Unfit
    return tuple(dict.fromkeys(plain_text(entry) for entry in value))


TEXT = Kind("text", "text in quotes", plain_text)
SECRET = Kind("secret", "text in quotes", _secret_text, secret=True)
NAME_OR_ID = Kind("name or id", "a name in quotes or an id", _name_or_id)
NAMES_OR_IDS = Kind("names or ids", "a name in quotes, an id, or a list of them", _names_or_ids)
PATH = Kind("path", "a path in quotes", _path)
PATHS = Kind("path", "a path in quotes or a list of paths", _paths)
LOG_TARGET = Kind("path", 'a path in quotes or "syslog"', _path_or_syslog)
BOOLEAN = Kind("boolean", "true or false", _boolean)
BOOLEAN_OR_AUTO = Kind("boolean or auto", 'true, false or "auto"', _boolean_or_auto)
SHARE = Kind("share", "a number above 0 and at most 1", _share)
RATE_OR_TAX = Kind("rate or tax", "a rate in percent such as 19, or the name or id of a tax in quotes", _rate_or_tax)
FEES = Kind("word or reference", '"product", "shipping" or a product\'s reference in quotes', _name_or_id)
PORT = Kind("port", "a port number from 1 to 65535", _port)
DATE = Kind("date", "a date such as 2026-11-23", _day)
MOMENT = Kind("time", "a time in ISO 8601 such as 2026-11-23T06:00:00Z", _moment)
TEXTS = Kind("list", 'a list of texts such as ["-FBA"]', _text_list)
PREFIX = Kind("text", "letters, digits and _ in quotes", _matching(_IDENTIFIER, 32))
MODULE_NAME = Kind("text", "letters, digits, _ and - in quotes", _matching(_MODULE_NAME, 64))
PHONE = Kind("text", "a phone number in quotes: digits, space and + . ( ) / -", _matching(_PHONE, 32))
LABEL = Kind("text", "text in quotes, with no other placeholders than {marketplace} and {country}", _label)
MARKETPLACE_LIST = Kind(
    "list",
    f"a list of country codes ({', '.join(entry.code for entry in MARKETPLACES)}) or marketplace ids",
    _marketplaces,
)


def is_loopback(host: str) -> bool:
    """Return whether the host of a URL can only be this machine: localhost, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _http_url(value: object) -> str:
    """Return an https URL, or an http URL of this machine. Raise Unfit for anything else."""
    if not isinstance(value, str) or _UNFIT_CHARACTERS.search(value):
        raise Unfit
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port  # raises ValueError when it is none
    except ValueError:
        raise Unfit from None
    plain = parts.scheme == "http" and is_loopback(host)
    if not host or not (parts.scheme == "https" or plain):
        raise Unfit
    return value


def _service_url(value: object) -> str:
    url = _http_url(value)
    parts = urlsplit(url)
    if parts.username is not None or parts.query or parts.fragment:
        raise Unfit
    return url.rstrip("/")


SERVICE_URL = Kind("URL", _EXPECTED, _service_url)
SECRET_URL = Kind("secret URL", _EXPECTED, _http_url, secret=True)


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Names in angle brackets (`products.map.<SKU>`) stand for a word of the user's.

    `default` and `example` are TOML; `without` says what happens when there is no default. `has_variable`: no
    secret, and still read from the environment.
    """

    name: str
    kind: Kind
    doc: str
    default: str = ""
    example: str = ""
    without: str = ""
    required: bool = False
    has_variable: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """Return the name's parts."""
        return tuple(self.name.split("."))

    @property
    def variable(self) -> str:
        """Return the environment variable that wins over the key, or ''."""
        if not self.kind.secret and not self.has_variable:
            return ""
        return "ORDERFERRY_" + self.name.replace(".", "_").upper()

    @property
    def file_key(self) -> str:
        """Return the key that names a file with the value, or ''."""
        return f"{self.name}_file" if self.kind.secret else ""
