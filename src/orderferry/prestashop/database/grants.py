"""What a database user may do, read from SHOW GRANTS. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_STATEMENT = re.compile(
    r"^(?P<verb>GRANT|REVOKE) (?P<rights>.+?) ON (?:TABLE )?(?P<object>(?:\*|`(?:[^`]|``)*`)\.(?:\*|`(?:[^`]|``)*`))"
    r" (?:TO|FROM) ",
    re.S,
)
_ROLE = re.compile(r"^GRANT (?!.* ON )", re.S)
_COLUMNS = re.compile(r"\([^)]*\)")
_EVERYTHING = "ALL PRIVILEGES"


@dataclass(frozen=True, slots=True)
class _Granted:
    rights: frozenset[str]
    database: str  # a LIKE pattern where table is '*'
    table: str
    gives: bool


@dataclass(frozen=True, slots=True)
class Grants:
    """`through_roles`: the user has roles, whose rights SHOW GRANTS may keep to itself."""

    granted: tuple[_Granted, ...] = field(default=())
    through_roles: bool = False

    def allows(self, right: str, database: str, table: str) -> bool:
        """Whether the user may do this (`SELECT`, `INSERT`, …) with all columns of this table."""
        fitting = [
            one
            for one in self.granted
            if _fits(one, database, table) and (right in one.rights or _EVERYTHING in one.rights)
        ]
        # MySQL's partial revokes take from what is granted on everything.
        taken = any(not one.gives for one in fitting)
        return any(one.gives and (one.database != "*" or not taken) for one in fitting)


def parse_grants(lines: Iterable[str]) -> Grants:
    """Given the lines of SHOW GRANTS of MySQL or MariaDB, return the rights. Rights on single columns do not count,
    nor do those on routines."""
    granted: list[_Granted] = []
    through_roles = False
    for line in lines:
        match = _STATEMENT.match(line)
        if match is None:
            through_roles = through_roles or bool(_ROLE.match(line))
            continue
        database, table = _split(match["object"])
        granted.append(_Granted(_rights(match["rights"]), database, table, match["verb"] == "GRANT"))
    return Grants(tuple(granted), through_roles)


def _rights(text: str) -> frozenset[str]:
    """The rights of a list, without those that are limited to columns."""
    marked = _COLUMNS.sub("\0", text.upper())
    words = {word.strip() for word in marked.split(",")}
    return frozenset(_EVERYTHING if word == "ALL" else word for word in words if "\0" not in word)


def _split(target: str) -> tuple[str, str]:
    parts = re.findall(r"\*|`((?:[^`]|``)*)`", target)
    names = [part.replace("``", "`") for part in parts]
    return names[0] or "*", names[1] or "*"


def _fits(granted: _Granted, database: str, table: str) -> bool:
    if granted.database == "*":
        return True
    if granted.table == "*":
        return re.fullmatch(_pattern(granted.database), database) is not None
    return granted.database == database and granted.table == table


def _pattern(like: str) -> str:
    """A LIKE pattern, in which \\_ and \\% stand for themselves, as a regular expression."""
    parts = re.findall(r"\\[_%\\]|.", like, re.S)
    wild = {"_": ".", "%": ".*"}
    return "".join(wild.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts)
