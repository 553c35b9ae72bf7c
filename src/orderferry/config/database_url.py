"""Addresses of databases: read leniently as people write them, written strictly as SQLAlchemy reads them; and their
TLS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode

from orderferry.config.kinds import UNPRINTABLE, Kind, Unfit, is_loopback
from orderferry.safe_files import refuse_special

if TYPE_CHECKING:
    import ssl

    from sqlalchemy import URL


_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
}
_SERVER = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:/\[\]@\s]*))(?::(?P<port>\d{0,5}))?")
_QUERY = re.compile(r"[A-Za-z]\w*=[^&]*(?:&[A-Za-z]\w*=[^&]*)*")
DEFAULT_PORT = 3306
_ACCESS_DENIED = 1045
_ONLY_SECURE_TRANSPORT = 3159
C = TypeVar("C")

_EXPECTED = 'a database address in quotes such as "mysql+pymysql://user:password@127.0.0.1:3306/database"'
# As they are called in [prestashop], and after the ? of an address.
AUTHORITY = "ssl_ca"
TLS_KEYS = (AUTHORITY, "ssl_cert", "ssl_key")


@dataclass(frozen=True, slots=True, repr=False)
class DatabaseUrl:
    """An address in its parts, nothing percent-encoded. `password` None: none was given.

    `driver` is mysql+pymysql or sqlite (then `database` is the file). `query` may hold `unix_socket`.
    """

    driver: str
    database: str
    user: str = ""
    password: str | None = None
    host: str = ""
    port: int = 0
    query: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"DatabaseUrl({self.location})"

    @property
    def is_file(self) -> bool:
        """Return whether it is an SQLite file."""
        return self.driver == "sqlite"

    @property
    def location(self) -> str:
        """Return the database without credentials: `127.0.0.1:3306/shop`, `/run/mysqld/mysqld.sock/shop`, or a file."""
        return self.database if self.is_file else f"{self.server}/{self.database}"

    @property
    def server(self) -> str:
        """Return the server alone: `127.0.0.1:3306` or `/run/mysqld/mysqld.sock`."""
        host = {"": "127.0.0.1", "localhost": "127.0.0.1"}.get(self.host.lower(), self.host.lower())
        name = f"[{host}]" if ":" in host else host
        return dict(self.query).get("unix_socket") or f"{name}:{self.port or DEFAULT_PORT}"

    @property
    def text(self) -> str:
        """Return the complete SQLAlchemy URL, password included."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        if self.is_file:
            return f"{self.driver}:///{quote_database(self.database)}{query}"
        user = quote(self.user, safe="")
        password = "" if self.password is None else ":" + quote(self.password, safe="")
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        credentials = f"{user}{password}@" if user or password else ""
        return f"{self.driver}://{credentials}{host}{port}/{quote_database(self.database)}{query}"

    def beside(self, folder: Path) -> DatabaseUrl:
        """Return the same address; the paths of an SQLite file and of files for TLS are relative to `folder`."""
        own = replace(self, query=placed(self.query, folder))
        return replace(own, database=str(folder / self.database)) if self.is_file else own


def read_by_sqlalchemy(text: str) -> URL:
    """Return the text of `DatabaseUrl.text` as SQLAlchemy's URL, with the database's name decoded.

    SQLAlchemy decodes that name from 2.1 on. Raise as make_url.
    """
    from sqlalchemy import make_url  # noqa: PLC0415 — a configuration is read without it

    url = make_url(text)
    decodes = make_url("sqlite:///%25").database == "%"
    return url if decodes else url.set(database=unquote(url.database or ""))


def tls_arguments(url: URL, context: ssl.SSLContext | None) -> dict[str, object]:
    """Return PyMySQL's arguments for TLS: verified with a `context`, and none within this machine, for which PyMySQL
    would read all certificates of the system at each connection. Elsewhere it uses TLS if the server has it.
    """
    if context is not None:
        return {"ssl": context}
    return {"ssl_disabled": True} if url.query.get("unix_socket") or is_loopback(url.host or "") else {}


def open_connection(connect: Callable[..., C], given: Sequence[object], by_name: Mapping[str, object]) -> C:
    """Connect to a server of MySQL or MariaDB; with TLS also within this machine where the user's account demands it.

    Raise as `connect`.
    """
    from pymysql.err import OperationalError  # noqa: PLC0415 — a configuration is read without it

    try:
        return _connect_with_password(connect, given, by_name)
    except OperationalError as error:
        if not by_name.get("ssl_disabled") or error.args[0] not in {_ACCESS_DENIED, _ONLY_SECURE_TRANSPORT}:
            raise
    return _connect_with_password(connect, given, {**by_name, "ssl_disabled": False})


def _connect_with_password(connect: Callable[..., C], given: Sequence[object], by_name: Mapping[str, object]) -> C:
    """Connect to a server of MySQL or MariaDB with the password as the bytes that were meant: UTF-8, and where the
    server refuses that, the Latin-1 of old clients.

    PyMySQL itself would take Latin-1 alone, and fail on every other letter. Raise as `connect`.
    """
    from pymysql.err import OperationalError  # noqa: PLC0415 — as above

    password = by_name.get("password")
    if not isinstance(password, str) or password.isascii():
        return connect(*given, **by_name)
    try:
        return connect(*given, **{**by_name, "password": password.encode("utf-8")})
    except OperationalError as error:
        if error.args[0] != _ACCESS_DENIED or any(ord(letter) > 0xFF for letter in password):
            raise
    return connect(*given, **{**by_name, "password": password.encode("latin-1")})


def quote_database(name: str) -> str:
    """Return a database's name for a URL. Only what must be is encoded."""
    return name.replace("%", "%25").replace("?", "%3F")


def parse_database_url(text: str) -> DatabaseUrl:
    """Return the parts of an address such as `mysql://user:p@ss/word@host:3306/shop`. Raise Unfit if it is none.

    `mysql:` and `mariadb:` mean PyMySQL. A password may hold any character, percent-encoded or not; a `%` that is
    followed by two hexadecimal digits is taken for encoded.
    """
    scheme, separator, rest = text.strip().partition("://")
    driver = _DRIVERS.get(scheme.lower())
    if driver is None or not separator or UNPRINTABLE.search(text):
        raise Unfit
    if driver == "sqlite":
        return _sqlite(rest)
    # The credentials end at the last @ before the query, else at the last of all: a raw ? may stand in the password.
    for cut in sorted({rest.partition("?")[0].rfind("@"), rest.rfind("@")} - {-1}) or [0]:
        address = _mysql(driver, rest[:cut], rest[cut:].removeprefix("@"))
        if address is not None:
            return address
    raise Unfit


def _mysql(driver: str, credentials: str, rest: str) -> DatabaseUrl | None:
    path, _, query = rest.partition("?")
    server, _, database = path.partition("/")
    parts = _SERVER.fullmatch(server)
    database = unquote(database)
    if parts is None or not database or "@" in database or "/" in database:
        return None
    if query and not _QUERY.fullmatch(query):
        return None
    port = int(parts["port"] or 0)
    if parts["port"] and not 0 < port < 65536:
        return None
    user, has_password, password = credentials.partition(":")
    return DatabaseUrl(
        driver=driver,
        database=database,
        user=unquote(user),
        password=unquote(password) if has_password else None,
        host=parts["six"] or parts["host"] or "",
        port=port,
        query=tuple(parse_qsl(query)),
    )


def _sqlite(rest: str) -> DatabaseUrl:
    path, _, query = rest.partition("?")
    file = unquote(path[1:])
    if not path.startswith("/") or not file or file.startswith(":memory:"):
        raise Unfit
    return DatabaseUrl(driver="sqlite", database=file, query=tuple(parse_qsl(query)))


def _shop_url(value: object) -> DatabaseUrl:
    if not isinstance(value, str):
        raise Unfit
    return parse_database_url(value)


def _server_url(value: object) -> DatabaseUrl:
    address = _shop_url(value)
    if address.is_file:
        raise Unfit
    return address


SHOP_URL = Kind("database URL", _EXPECTED, _shop_url, secret=True)
SERVER_URL = Kind("database URL", _EXPECTED, _server_url, secret=True)


def tls_files(query: Mapping[str, object]) -> dict[str, Path]:
    """Return the files for TLS that the query of an address names, by their keys."""
    return {name: Path(value) for name in TLS_KEYS if isinstance(value := query.get(name), str) and value}


def placed(query: Iterable[tuple[str, str]], folder: Path) -> tuple[tuple[str, str], ...]:
    """Return the query of an address with the paths of its TLS files relative to `folder`."""
    return tuple((name, str(folder / value) if name in TLS_KEYS and value else value) for name, value in query)


def tls_context(files: Mapping[str, Path]) -> ssl.SSLContext | None:
    """Return a context that verifies the server's certificate and the host's name, given files by their keys; None
    when no authority is named. Raise OSError or ValueError for files that can't be read or hold no PEM.
    """
    if AUTHORITY not in files:
        return None
    for path in files.values():
        refuse_special(path)  # OpenSSL would wait at a named pipe
    import ssl  # noqa: PLC0415 — slow, and not needed by those that only read the configuration

    context = ssl.create_default_context(cafile=str(files[AUTHORITY]))
    # Certificates that MySQL and MariaDB make for themselves lack extensions which Python 3.13 demands.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if "ssl_cert" in files:
        context.load_cert_chain(files["ssl_cert"], files.get("ssl_key"))
    return context
