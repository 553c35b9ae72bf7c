"""Rights that the database user lacks, as the GRANT statement to run.

What a database user may do, read from SHOW GRANTS. Pure.

Which rights each table of the shop needs. Data, and the GRANT statements for what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from orderferry.prestashop.database.tables import WRITTEN_TABLES

# On tables of the shop; CREATE and ALTER only for our own two.
EVERYDAY_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"

_COMMAND = re.compile(r"^'?\(?(?:\d+, )?[\"']?([A-Z ,]+?) command denied to user")
_CLOSED = re.compile(r"Access denied for user .+ to database '([^']+)'")
_ACCOUNT = re.compile(r"user '([^']*)'@'([^']*)'")
_TABLE = re.compile(r"for table (?:`([^`]+)`\.`([^`]+)`|'([^']+)')")
_COLUMN_TABLE = re.compile(r"in table '([^']+)'")


@dataclass(frozen=True, slots=True)
class Access:
    """How the shop's database is reached, for messages: `host:port/database` or a file, the user, the database."""

    location: str
    user: str = ""
    database: str = ""
    shop_file: str = ""  # the shop's own file, where prestashop.from gives the password


def grant_hint(text: str, access: Access) -> str:
    """Return the sentence with the GRANT statement to run, given a driver's text about a missing right.

    What the text does not say is filled with what orderferry needs anyway: everyday rights on the whole database.
    """
    command = _COMMAND.search(text)
    account = _ACCOUNT.search(text)
    user, host = account.groups() if account else (access.user, "%")
    database, table = _object(text, access)
    rights = command[1].strip() if command and table != "*" else EVERYDAY_RIGHTS
    told = f"Run as an administrator of the database: {grant(rights, database, table, user, host)}"
    # Servers answer alike whether a whole database is closed to a user or is not there at all.
    closed = _CLOSED.search(text)
    return (
        f"Is {closed[1]!r} the database's name (prestashop.database, or the end of prestashop.url)? If so: {told}"
        if (closed)
        else told
    )


def grant(rights: str, database: str, table: str, user: str, host: str = "%") -> str:
    """Return the GRANT statement, given rights and what they are for (`table` may be `*`)."""
    target = f"{_name(database)}.{table if table == '*' else _name(table)}"
    return f"GRANT {rights} ON {target} TO {_text(user)}@{_text(host)};"


def _object(text: str, access: Access) -> tuple[str, str]:
    match = _TABLE.search(text)
    if match:
        return match[1] or access.database, match[2] or match[3]
    column = _COLUMN_TABLE.search(text)
    return access.database, column[1] if column else "*"


def _name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


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
        """Return whether the user may do this (`SELECT`, `INSERT`, …) with all columns of this table."""
        fitting = [
            one
            for one in self.granted
            if _fits(one, database, table) and (right in one.rights or _EVERYTHING in one.rights)
        ]
        # MySQL's partial revokes take from what is granted on everything.
        taken = any(not one.gives for one in fitting)
        return any(one.gives and (one.database != "*" or not taken) for one in fitting)


def parse_grants(lines: Iterable[str]) -> Grants:
    """Return the rights, given the lines of SHOW GRANTS of MySQL or MariaDB. Rights on single columns do not count,
    nor do those on routines.
    """
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
    """Return the rights of a list, without those that are limited to columns."""
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
    """Return a LIKE pattern, in which \\_ and \\% stand for themselves, as a regular expression."""
    parts = re.findall(r"\\[_%\\]|.", like, re.S)
    wild = {"_": ".", "%": ".*"}
    return "".join(wild.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts)


_READ = ("SELECT",)
_ADD = ("SELECT", "INSERT")
_WRITE = (*_ADD, "UPDATE")
_EVERYDAY = tuple(EVERYDAY_RIGHTS.split(", "))
# Rows that nothing changes any more.
_ADDED_TO = frozenset({"cart_product", "customer_group", "order_history", "stock_mvt", "order_invoice_payment"})
# The feed: events are written once and pruned; who has read what is for other programs to write.
_FEED = {
    "orderferry_event": (*_ADD, "DELETE"),
    "orderferry_event_consumer": _READ,
    "orderferry_event_call": ("SELECT", "DELETE"),
}
# The lines of an order that changes before its invoice are written anew.
_DELETED_FROM = frozenset({"order_detail", "order_detail_tax", "order_invoice_tax", "order_cart_rule", "product_sale"})
_REPLACED = frozenset({"order_detail_tax", "order_invoice_tax"})  # of them, rows that are never changed in place
_LEFT_BEHIND = frozenset({"order_cart_rule"})  # of them, what only older versions have written
# Stock moves by rows that are there; a start value for invoice numbers is used up in the settings, as PrestaShop does
# (PS_INVOICE_START_NUMBER).
_UPDATED_ONLY = frozenset({"configuration"})
_MOVED = frozenset({"stock_available"})  # and a row for a hidden product of ours
# A hidden product for fees is made once, and a tax of 0 % where the shop has none.
_MADE_IN = frozenset({"product", "product_lang", "product_shop", "tax", "tax_lang"})
# With more tables than these, one statement for the database is what a person wants to run.
_FEW_TABLES = 6


def needed_rights(tables: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Given names of tables without prefix, return the rights that orderferry needs on each."""
    return {name: _needed(name) for name in sorted(tables)}


def _needed(name: str) -> tuple[str, ...]:
    if name in _FEED:
        return _FEED[name]
    if name in _DELETED_FROM:
        if name in _LEFT_BEHIND:
            return (*_READ, "UPDATE", "DELETE")
        return _EVERYDAY if name not in _REPLACED else (*_ADD, "DELETE")
    if name in _UPDATED_ONLY:
        return ("SELECT", "UPDATE")
    if name in _MOVED:
        return _WRITE
    if name in _ADDED_TO or name in _MADE_IN:
        return _ADD
    return _WRITE if name in WRITTEN_TABLES else _READ


def missing_rights(grants: Grants, database: str, prefix: str, tables: Collection[str]) -> Mapping[str, list[str]]:
    """Return the rights that are missing, by table without prefix, given what the user may do; empty if none is."""
    missing = {
        name: [right for right in rights if not grants.allows(right, database, prefix + name)]
        for name, rights in needed_rights(tables).items()
    }
    return {name: rights for name, rights in missing.items() if rights}


def is_optional(table: str, rights: Collection[str]) -> bool:
    """Return whether orderferry can do without these rights: fees then join the shipping."""
    return set(rights) == {"INSERT"} and table in _MADE_IN | _MOVED


def grants_to_run(missing: Mapping[str, Collection[str]], database: str, prefix: str, account: str) -> str:
    """Return the GRANT statements, given the missing rights and the user as the server names it (`user@host`)."""
    user, _, host = account.rpartition("@")
    if len(missing) > _FEW_TABLES:
        return grant(EVERYDAY_RIGHTS, database, "*", user, host)
    return "\n".join(grant(", ".join(rights), database, prefix + name, user, host) for name, rights in missing.items())
