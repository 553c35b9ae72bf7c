"""Where the shop's database is, however the configuration says it: a URL, its parts, or the shop's own PHP file."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orderferry.config.database_url import DatabaseUrl
from orderferry.config.php_parameters import ShopFileError, read_shop_file
from orderferry.config.validate import ENVIRONMENT, PARTS, Findings, FoundValue

if TYPE_CHECKING:
    from orderferry.config.php_parameters import ShopFile

DRIVER = "mysql+pymysql"
DEFAULT_HOST = "127.0.0.1"
# Where Debian and most others, Red Hat, and a server built from source have it.
DEFAULT_SOCKETS = (Path("/run/mysqld/mysqld.sock"), Path("/var/lib/mysql/mysql.sock"), Path("/tmp/mysql.sock"))  # noqa: S108
_SOCKET = re.compile(r"(?:unix:(?://(?=/))?|localhost:|:)?(?P<path>/[^:]*)", re.IGNORECASE)
_PORT = re.compile(r"[0-9]{1,5}")
# Which fields of the shop's file do not matter when the configuration has a key.
_UNNEEDED = {
    "host": ("host", "port"),
    "port": ("port",),
    "socket": ("host", "port"),
    "user": ("user",),
    "password": ("password",),
    "database": ("database",),
    "table_prefix": ("prefix",),
}


@dataclass(frozen=True, slots=True)
class Database:
    """The shop's database, and what the shop's own file adds: its prefix ('' if none), its folder, and which one it is
    (None where the configuration gives the password itself)."""

    url: DatabaseUrl
    table_prefix: str = ""
    shop_folder: Path | None = None
    password_from: Path | None = None


def find_database(findings: Findings, sockets: Sequence[Path] = DEFAULT_SOCKETS) -> Database | None:
    """Return the database, given validated keys. What is wrong is noted in `findings.problems`; then None may come.

    A password from the environment, from a file or from `prestashop.password` wins over one that stands in a URL or
    in the shop's file; only a URL from the environment keeps its own.
    """
    url = findings.value("prestashop.url")
    if isinstance(url, DatabaseUrl):
        return Database(_with_password(url, findings))
    origin = findings.origin("prestashop.from")
    if origin is not None:
        return _from_shop(origin, findings, sockets)
    if any(findings.given(part) for part in PARTS):
        return Database(_from_parts(DatabaseUrl(DRIVER, ""), findings))
    return None


def _with_password(url: DatabaseUrl, findings: Findings) -> DatabaseUrl:
    given, url_origin = findings.origin("prestashop.password"), findings.origin("prestashop.url")
    password = findings.value("prestashop.password")
    if given is None or not isinstance(password, str) or url.is_file:
        return url
    from_environment = url_origin is not None and url_origin.rank == ENVIRONMENT
    if from_environment and given.rank < ENVIRONMENT and url.password is not None:
        return url
    return replace(url, password=password)


def _from_parts(base: DatabaseUrl, findings: Findings) -> DatabaseUrl:
    """Return `base` with every part that the configuration gives."""
    changes: dict[str, object] = {
        field: value
        for field in ("host", "port", "user", "password", "database")
        if (value := findings.value(f"prestashop.{field}")) is not None
    }
    socket = findings.value("prestashop.socket") or socket_in(str(changes.get("host", "")))
    if socket:
        changes |= {"host": "localhost", "port": 0, "query": (("unix_socket", str(socket)),)}
    elif "port" in changes:
        changes["query"] = ()  # a server of its own, not the socket of the shop's file
    changed = replace(base, **changes)  # type: ignore[arg-type]
    return changed if changed.host else replace(changed, host=DEFAULT_HOST)


def _from_shop(origin: FoundValue, findings: Findings, sockets: Sequence[Path]) -> Database | None:
    path = findings.value("prestashop.from")
    if not isinstance(path, Path):
        return None
    given = {key for key in _UNNEEDED if findings.value(f"prestashop.{key}") is not None}
    try:
        shop = read_shop_file(path, {field for key in given for field in _UNNEEDED[key]})
    except ShopFileError as error:
        findings.add_problem_with(origin, f"is of no use: {error}")
        return None
    return Database(
        url=_from_parts(_server(shop, sockets), findings),
        table_prefix=shop.prefix,
        shop_folder=shop.folder,
        password_from=None if "password" in given else shop.file,
    )


def _server(shop: ShopFile, sockets: Sequence[Path]) -> DatabaseUrl:
    """Return the address as PHP understands it: there `localhost` is the socket, while PyMySQL would take TCP."""
    host, separator, rest = shop.host.rpartition(":")
    port, socket = shop.port, socket_in(shop.host)
    if socket:
        host = "localhost"
    elif separator and _PORT.fullmatch(rest) and (":" not in host or host.startswith("[")):
        port = port or rest
    else:
        host = shop.host
    host = host.strip("[]")
    if host.lower() == "localhost" and not socket:
        socket = next((str(place) for place in sockets if os.access(place, os.F_OK)), "")
    return DatabaseUrl(
        driver=DRIVER,
        database=shop.database,
        user=shop.user,
        password=shop.password,
        host=host,
        port=int(port) if _PORT.fullmatch(port) and not socket else 0,
        query=(("unix_socket", socket),) if socket else (),
    )


def socket_in(host: str) -> str:
    """Return the path of the socket in a host as panels and PHP write it (`unix:/path`, `localhost:/path`,
    `:/path`, `/path`); '' for a host's name."""
    match = _SOCKET.fullmatch(host.strip())
    return match["path"] if match else ""
