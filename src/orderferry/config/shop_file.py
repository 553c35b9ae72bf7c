"""The shop's own database settings: `app/config/parameters.php` (1.7 and newer) or `config/settings.inc.php` (1.6)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from orderferry.config.php import Computed, Literal, PhpError, read_array_entries, read_defines
from orderferry.safe_files import read_ordinary

_LARGEST = 1_000_000
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
    """Given the shop's folder or one of its two files, return what it says of the database.

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
        names, said = _NAMES_NEW, entries
    elif _NAMES_OLD["host"] in defines:
        names, said = _NAMES_OLD, defines
    else:
        raise ShopFileError(f"{file} says nothing of the shop's database (no database_host and no _DB_SERVER_)")
    values = {field: "" if field in unneeded else said.get(name, "") for field, name in names.items()}
    if names is _NAMES_NEW:  # PrestaShop reads a doubled % there as one
        values = {field: v if isinstance(v, Computed) else v.replace("%%", "%") for field, v in values.items()}
    for field, value in values.items():
        if value is Computed.COMPUTED:
            raise ShopFileError(
                f"{file} computes {names[field]}, and orderferry runs no PHP: give the database by prestashop.url"
            )
    if not values["database"] and "database" not in unneeded:
        raise ShopFileError(f"{file} gives no {names['database']}")
    if not _PREFIX.fullmatch(values["prefix"]):
        raise ShopFileError(f"{file}: {names['prefix']} is not made of letters, digits and _")
    return ShopFile(**{field: str(value) for field, value in values.items()}, folder=_shop_folder(file), file=file)


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
        data = read_ordinary(file, _LARGEST)
    except OSError as error:
        raise ShopFileError(f"{file} can't be read: {error.strerror}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")  # shops of old


def _shop_folder(file: Path) -> Path | None:
    """The shop's folder, if the file stands where PrestaShop keeps it."""
    for place in _PLACES:
        depth = len(place.parts)
        if file.parts[-depth:] == place.parts:
            return file.parents[depth - 1]
    return None
