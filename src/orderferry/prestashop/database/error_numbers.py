"""Sort the errors of MySQL, MariaDB and SQLite by what they mean for us, with a sentence for each. Data."""

from __future__ import annotations

import socket
import ssl
from enum import Enum, auto

from orderferry.domain.server_texts import FileTrouble, file_trouble


class Trouble(Enum):
    """What an error of the database means."""

    TRANSIENT = auto()  # rolled back; may be repeated at once
    TOO_MANY_CONNECTIONS = auto()  # no connection left for us at the moment
    GONE = auto()  # the connection broke off
    CONNECT = auto()  # no connection could be made
    READ_ONLY = auto()
    NO_SPACE = auto()
    DUPLICATE = auto()
    RIGHTS = auto()
    MISSING = auto()
    DATA = auto()
    COLLATION = auto()  # texts of two collations can't be compared
    NOT_READY = auto()  # a node of a cluster that takes no part in it at the moment
    UNFIT = auto()  # a setting or a damage that doesn't pass by itself
    OTHER = auto()


_NUMBERS: dict[Trouble, tuple[int, ...]] = {
    # deadlock, lock wait, snapshot conflict (MariaDB 11.6.2+), table definition changed, interrupted statement
    Trouble.TRANSIENT: (1213, 1205, 1020, 1412, 1317, 1637, 1969, 3024),
    Trouble.TOO_MANY_CONNECTIONS: (1040, 1203, 1226, 1129),
    # gone away, lost, shutdown, killed, network errors, idle connection closed (MySQL 8)
    Trouble.GONE: (2006, 2013, 2014, 2027, 2055, 1053, 1927, 1158, 1159, 1160, 1161, 4031, 1152, 1153, 1184),
    Trouble.CONNECT: (2002, 2003, 2005, 2026, 2061, 1045, 1049, 1130, 1698, 1251),
    Trouble.READ_ONLY: (1290, 1792, 1836, 3100),
    Trouble.NO_SPACE: (1021, 1114, 1041, 1037, 1038, 3675, 20),
    Trouble.DUPLICATE: (1062, 1586),
    Trouble.RIGHTS: (1142, 1143, 1044, 1227, 1370),
    Trouble.MISSING: (1146, 1054, 1051, 1109),
    Trouble.DATA: (1366, 1406, 1264, 1292, 1048, 1364, 1265, 1411, 1118, 3819, 4025),
    Trouble.COLLATION: (1267, 1270, 1271),
    Trouble.NOT_READY: (1047,),
    Trouble.UNFIT: (1665, 1194, 1195, 1034, 1035, 1115, 1231, 1193),
}
_BY_NUMBER = {number: trouble for trouble, numbers in _NUMBERS.items() for number in numbers}

_BY_FILE = {FileTrouble.NO_SPACE: Trouble.NO_SPACE, FileTrouble.READ_ONLY: Trouble.READ_ONLY}

# sqlite3.Error.sqlite_errorname (its extended names begin with the plain ones)
_SQLITE: dict[str, Trouble] = {
    "SQLITE_BUSY": Trouble.TRANSIENT,
    "SQLITE_LOCKED": Trouble.TRANSIENT,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Trouble.DUPLICATE,
    "SQLITE_CONSTRAINT_UNIQUE": Trouble.DUPLICATE,
    "SQLITE_CONSTRAINT": Trouble.DATA,
    "SQLITE_MISMATCH": Trouble.DATA,
    "SQLITE_TOOBIG": Trouble.DATA,
    "SQLITE_FULL": Trouble.NO_SPACE,
    "SQLITE_READONLY": Trouble.READ_ONLY,
    "SQLITE_CANTOPEN": Trouble.CONNECT,
    "SQLITE_PERM": Trouble.CONNECT,
    "SQLITE_IOERR": Trouble.GONE,
    "SQLITE_NOTADB": Trouble.UNFIT,
    "SQLITE_CORRUPT": Trouble.UNFIT,
}

# (what happened, what to do) for all that needs no details of the error; "while …" follows the first.
SENTENCES: dict[Trouble, tuple[str, str]] = {
    Trouble.TRANSIENT: (
        "Another program held the same rows of the shop's database too long",
        "Nothing is lost: it is tried again. If it stays, look for a backup or an import that locks the shop's tables.",
    ),
    Trouble.TOO_MANY_CONNECTIONS: (
        "The shop's database has no connection left for this user",
        "Nothing is lost: the next run goes on. If it stays, ask the host for more connections for the user.",
    ),
    Trouble.GONE: (
        "The connection to the shop's database broke off",
        "Nothing is lost: the next run goes on. If it stays, raise prestashop.timeout or look at the server's log.",
    ),
    Trouble.READ_ONLY: (
        "The shop's database is read-only",
        "Name the primary server in [prestashop], or wait for the end of its maintenance.",
    ),
    Trouble.NO_SPACE: (
        "The shop's database has no space or memory left",
        "Make room on the database server; the next run goes on.",
    ),
    Trouble.COLLATION: (
        "The shop's database can't compare texts of different collations",
        "Run `orderferry check`, which names the columns; give them one collation (ALTER TABLE … CONVERT TO …).",
    ),
    Trouble.NOT_READY: (
        "This node of the database cluster takes no requests: it has lost the others, or is still joining them",
        "Nothing is lost: the next run goes on. If it stays, name another node in [prestashop], or ask the host to "
        "look at the cluster (wsrep_cluster_status).",
    ),
    Trouble.UNFIT: (
        "The shop's database can't be used as it is set up or damaged",
        "Run `orderferry check`, and look at the database server's log.",
    ),
    Trouble.OTHER: (
        "The shop's database reported an error",
        "The next run goes on; `orderferry check` looks at the database more closely.",
    ),
}


def error_number(original: BaseException) -> int:
    """Return the MySQL number of a driver's error; 0 for none (SQLite, or an error of the socket)."""
    first = original.args[0] if original.args else None
    return first if isinstance(first, int) else 0


def trouble_of(original: BaseException) -> Trouble:
    """Return what a driver's error means; OTHER for what is not known."""
    number = error_number(original)
    if number in _BY_NUMBER:
        return _BY_NUMBER[number]
    with_file = file_trouble(number, str(original))
    if with_file:
        return _BY_FILE[with_file]
    name = getattr(original, "sqlite_errorname", None)
    if isinstance(name, str):
        return _sqlite_trouble(name, str(original))
    if isinstance(original, (ssl.SSLError, socket.gaierror, ConnectionRefusedError, FileNotFoundError)):
        return Trouble.CONNECT
    return Trouble.GONE if isinstance(original, OSError) else Trouble.OTHER


def _sqlite_trouble(name: str, text: str) -> Trouble:
    parts = name.split("_")
    for length in range(len(parts), 1, -1):
        known = _SQLITE.get("_".join(parts[:length]))
        if known:
            return known
    missing = "no such table" in text or "no such column" in text or "has no column" in text
    return Trouble.MISSING if missing else Trouble.OTHER
