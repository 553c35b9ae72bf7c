"""The shop's own PHP files: database settings and object cache, without running PHP.

`app/config/parameters.php` (1.7 and newer) or `config/settings.inc.php` (1.6). Only what is written out counts: a
string in single or double quotes, a number, or null. What is computed (`getenv(…)`, concatenation, a variable inside
double quotes) is None here. An object cache that is on would not see stock that SQL writes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orderferry.safe_files import read_ordinary

_PREFIX = re.compile(r"[A-Za-z0-9_]*")
# In a shop's folder, the newer file first: a shop that was upgraded from 1.6 may have both.
_PLACES = (Path("app/config/parameters.php"), Path("config/settings.inc.php"))
_NAMES_OLD = {
    "host": "_DB_SERVER_",
    "user": "_DB_USER_",
    "password": "_DB_PASSWD_",
    "database": "_DB_NAME_",
    "prefix": "_DB_PREFIX_",
}
_NAMES_NEW = {
    "host": "database_host",
    "port": "database_port",
    "user": "database_user",
    "password": "database_password",
    "database": "database_name",
    "prefix": "database_prefix",
}

_TOKEN = re.compile(
    r"""
      (?P<skip> \s+ | \#(?!\[)[^\n]* | //[^\n]* | /\*.*?\*/ | <\?php\b | <\?= | \?> )
    | (?P<single> '(?:[^'\\]|\\.)*' )
    | (?P<double> "(?:[^"\\]|\\.)*" )
    | (?P<number> -?\d+(?:\.\d+)? )
    | (?P<word> [^\x00-@\[-^`{-\x7f][\w\\]* )  # a letter of ASCII, _ or anything beyond ASCII
    | (?P<arrow> => )
    | (?P<mark> [^'"] )
    """,
    re.VERBOSE | re.DOTALL,
)
_SINGLE_ESCAPE = re.compile(r"\\([\\'])")
_DOUBLE_ESCAPE = re.compile(r"\\(u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|[nrtvef\\$\"])")
_LETTER = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b", "f": "\f", "\\": "\\", "$": "$", '"': '"'}
_VARIABLE = re.compile(r"(?<!\\)(?:\\\\)*(?:\$[A-Za-z_{]|\{\$)")
# 1.7 and newer: 'ps_cache_enable' => true, 'ps_caching' => 'CacheMemcache'; 1.6: define('_PS_CACHE_ENABLED_', '1').
_ENABLED = re.compile(
    r"""['"](?:ps_cache_enable['"]\s*=>|_PS_CACHE_ENABLED_['"]\s*,)\s*['"]?(true|1|false|0)\b""", re.I
)
_SYSTEM = re.compile(r"""['"](?:ps_caching['"]\s*=>|_PS_CACHING_SYSTEM_['"]\s*,)\s*['"](\w+)['"]""")


class ShopFileError(ValueError):
    """The shop's file can't be read; the text says why, without its values."""


@dataclass(frozen=True, slots=True, repr=False)
class ShopFile:
    """What the shop's file says. `host` may be `host:port` or `localhost:/path/of/socket`; `port` '' if not given."""

    host: str
    user: str
    password: str
    database: str
    prefix: str
    port: str = ""
    folder: Path | None = None
    file: Path | None = None


def read_shop_file(path: Path, unneeded: Collection[str] = ()) -> ShopFile:
    """Return what the shop's own file says of the database; `path` is the shop's folder or the file.

    `unneeded`: fields (`user`, `password`, …) that the configuration gives itself; they come back
    as ''. Raise ShopFileError if the file can't be read or computes a value that is needed.
    """
    file = _settings_file(path)
    source = _source(file)
    try:
        defines = read_defines(source)
        entries: Mapping[str, Literal] = read_array_entries(source)
    except PhpError as error:
        raise ShopFileError(f"{file} is no PHP that can be read: {error}") from None
    if _NAMES_NEW["host"] in entries:
        names, given = _NAMES_NEW, entries
    elif _NAMES_OLD["host"] in defines:
        names, given = _NAMES_OLD, defines
    else:
        raise ShopFileError(f"{file} says nothing of the shop's database (no database_host and no _DB_SERVER_)")
    values: dict[str, str] = {}
    for field, name in names.items():
        value = "" if field in unneeded else given.get(name, "")
        if value is None:
            raise ShopFileError(
                f"{file} computes {name}, and orderferry runs no PHP: give the database by prestashop.url"
            )
        values[field] = value.replace("%%", "%") if names is _NAMES_NEW else value  # PrestaShop reads %% there as one %
    if not values["database"] and "database" not in unneeded:
        raise ShopFileError(f"{file} gives no {names['database']}")
    if not _PREFIX.fullmatch(values["prefix"]):
        raise ShopFileError(f"{file}: {names['prefix']} is not made of letters, digits and _")
    return ShopFile(**values, folder=_shop_folder(file), file=file)


def _settings_file(path: Path) -> Path:
    try:
        if not path.is_dir():
            return path
        found = next((path / place for place in _PLACES if (path / place).is_file()), None)
    except OSError as error:
        raise ShopFileError(f"{path} can't be read: {error.strerror}") from None
    if found is None:
        raise ShopFileError(f"{path} is no shop's folder: it has neither {_PLACES[0]} nor {_PLACES[1]}")
    return found


def _source(file: Path) -> str:
    try:
        data = read_ordinary(file)
    except OSError as error:
        raise ShopFileError(f"{file} can't be read: {error.strerror}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")  # shops of old


def _shop_folder(file: Path) -> Path | None:
    """Return the shop's folder, if the file stands where PrestaShop keeps it."""
    for place in _PLACES:
        depth = len(place.parts)
        if file.parts[-depth:] == place.parts:
            return file.parents[depth - 1]
    return None


class PhpError(ValueError):
    """The text is no PHP that can be read."""


Literal = str | None  # None: PHP would compute it


_Token = tuple[str, str]  # its kind (a group of _TOKEN), its text


def _tokens(source: str) -> Iterator[_Token]:
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            line = source.count("\n", 0, position) + 1
            raise PhpError(f"a string that begins in line {line} has no end")
        position = match.end()
        if match.lastgroup and match.lastgroup != "skip":
            yield match.lastgroup, match.group()


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if escape.startswith("u{"):
        code = int(escape[2:-1], 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else match[0]
    if escape[0] == "x":
        return chr(int(escape[1:], 16))
    if escape[0].isdigit():
        return chr(int(escape, 8) & 0xFF)
    return _LETTER[escape]


def _literal(token: _Token) -> Literal:
    kind, text = token
    if kind == "single":
        return _SINGLE_ESCAPE.sub(r"\1", text[1:-1])
    if kind == "double":
        return None if _VARIABLE.search(text) else _DOUBLE_ESCAPE.sub(_unescape, text[1:-1])
    if kind == "number":
        return text
    if kind == "word" and text.lower() == "null":
        return ""
    return None


def read_array_entries(source: str) -> dict[str, Literal]:
    """Return every `'key' => literal` in PHP text, of nested arrays too; the last of a key wins.

    Arrays are left out. Raise PhpError if a string has no end.
    """
    tokens = [*_tokens(source), ("", "")]
    entries: dict[str, Literal] = {}
    for key, arrow, value, after in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if key[0] not in ("single", "double") or arrow[0] != "arrow" or value[1] in ("array", "["):
            continue
        entries[str(_literal(key))] = _literal(value) if after[1] in (",", ")", "]") else None
    return entries


def read_defines(source: str) -> dict[str, Literal]:
    """Return every constant that `define('NAME', literal)` sets in PHP text; as in PHP the first one wins.

    Raise PhpError if a string has no end.
    """
    tokens = list(_tokens(source))
    constants: dict[str, Literal] = {}
    for index, (_, word) in enumerate(tokens[:-4]):
        opening, name, comma, value = tokens[index + 1 : index + 5]
        if word.lower() != "define" or (opening[1], comma[1]) != ("(", ","):
            continue
        after = tokens[index + 5][1] if index + 5 < len(tokens) else ""
        constants.setdefault(str(_literal(name)), _literal(value) if after in (",", ")") else None)
    return constants


def object_cache(shop_folder: Path | None) -> str | None:
    """Return the name of the object cache that the shop in a folder uses; '' for none, None when its file can't
    tell.
    """
    for place in _PLACES if shop_folder else ():
        try:
            file: Path = shop_folder / place  # type: ignore[operator]  # not None within the loop
            text = read_ordinary(file).decode("utf-8", "replace")
        except OSError:
            continue
        enabled = _ENABLED.search(text)
        if enabled:
            system = _SYSTEM.search(text)
            return (system[1] if system else "of its own") if enabled[1].lower() in {"true", "1"} else ""
    return None
