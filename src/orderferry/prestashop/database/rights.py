"""Find the rights that the database user lacks, and write the GRANT statements that give them. Pure.

What the user may do is read from SHOW GRANTS; what each table needs is data, below.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from orderferry.prestashop.database.tables import WRITTEN_TABLES

# On tables of the shop; CREATE and ALTER only for our own tables.
EVERYDAY_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"

_COMMAND = re.compile(r"^'?\(?(?:\d+, )?[\"']?([A-Z ,]+?) command denied to user")
_CLOSED = re.compile(r"Access denied for user .+ to database '([^']+)'")
_ACCOUNT = re.compile(r"user '([^']*)'@'([^']*)'")
_TABLE = re.compile(r"for table (?:`([^`]+)`\.`([^`]+)`|'([^']+)')")
_COLUMN_TABLE = re.compile(r"in table '([^']+)'")


@dataclass(frozen=True, slots=True)
class Access:
    """What messages say about the shop's database: where it is (`host:port/database` or a file), user and database."""

    location: str
    user: str = ""
    database: str = ""
    shop_file: str = ""  # the shop's own file, where prestashop.from gives the password


def grant_hint(text: str, access: Access) -> str:
    """Return a sentence with the GRANT statement to run after a server's `text` about a missing right.

    What the text does not name is filled with what orderferry needs: everyday rights on the whole database.
    """
    command = _COMMAND.search(text)
    account = _ACCOUNT.search(text)
    user, host = account.groups() if account else (access.user, "%")
    database, table = _object(text, access)
    rights = command[1].strip() if command and table != "*" else EVERYDAY_RIGHTS
    to_run = f"Run as an administrator of the database: {grant(rights, database, table, user, host)}"
    # Servers give one answer for a database that is closed to a user and for one that does not exist.
    closed = _CLOSED.search(text)
    if closed is None:
        return to_run
    return f"Is {closed[1]!r} the database's name (prestashop.database, or the end of prestashop.url)? If so: {to_run}"


def grant(rights: str, database: str, table: str, user: str, host: str = "%") -> str:
    """Return the GRANT statement that gives `user` these rights; `table` may be `*`."""
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
class Grant:
    """One line of SHOW GRANTS. `database` is a LIKE pattern where `table` is '*'; `gives` is False for a REVOKE."""

    rights: frozenset[str]
    database: str
    table: str
    gives: bool

    def is_on(self, database: str, table: str) -> bool:
        """Return whether the line is about this table."""
        if self.database == "*":
            return True
        if self.table == "*":
            return re.fullmatch(_pattern(self.database), database) is not None
        return self.database == database and self.table == table


class Grants:
    """What a database user may do. `through_roles`: the user has roles, whose rights SHOW GRANTS may leave out."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Parse the lines of SHOW GRANTS of MySQL or MariaDB; rights on single columns and routines do not count."""
        self.through_roles = False
        self._grants: list[Grant] = []
        for line in lines:
            match = _STATEMENT.match(line)
            if match is None:
                self.through_roles = self.through_roles or bool(_ROLE.match(line))
                continue
            database, table = _split(match["object"])
            self._grants.append(Grant(_rights(match["rights"]), database, table, match["verb"] == "GRANT"))

    def allows(self, right: str, database: str, table: str) -> bool:
        """Return whether the user may do this (`SELECT`, `INSERT`, …) with all columns of this table."""
        fitting = [one for one in self._grants if one.is_on(database, table) and one.rights & {right, _EVERYTHING}]
        # MySQL's partial revokes take from what is granted on everything.
        revoked = any(not one.gives for one in fitting)
        return any(one.gives and (one.database != "*" or not revoked) for one in fitting)


def _rights(text: str) -> frozenset[str]:
    """Return the rights that a line lists, without those that are limited to columns."""
    marked = _COLUMNS.sub("\0", text.upper())
    rights = {right.strip() for right in marked.split(",")}
    return frozenset(_EVERYTHING if right == "ALL" else right for right in rights if "\0" not in right)


def _split(target: str) -> tuple[str, str]:
    parts = re.findall(r"\*|`((?:[^`]|``)*)`", target)
    names = [part.replace("``", "`") for part in parts]
    return names[0] or "*", names[1] or "*"


def _pattern(like: str) -> str:
    """Return a LIKE pattern as a regular expression; \\_ and \\% stand for themselves."""
    parts = re.findall(r"\\[_%\\]|.", like, re.S)
    wild = {"_": ".", "%": ".*"}
    return "".join(wild.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts)


_READ = ("SELECT",)
_ADD = ("SELECT", "INSERT")
_WRITE = (*_ADD, "UPDATE")
_EVERYDAY = tuple(EVERYDAY_RIGHTS.split(", "))
# A hidden product for fees is made once, with its stock, and a tax of 0 % where the shop has none.
_MADE_ONCE = frozenset({"product", "product_lang", "product_shop", "tax", "tax_lang"})
# Tables with other rights than _WRITE (all that orders are written into) and _READ (all others).
_RIGHTS: Mapping[str, tuple[str, ...]] = {
    # nothing changes these rows any more
    **dict.fromkeys(("cart_product", "customer_group", "order_history", "stock_mvt", "order_invoice_payment"), _ADD),
    **dict.fromkeys(_MADE_ONCE, _ADD),
    # the lines of an order that changes before its invoice are written anew
    **dict.fromkeys(("order_detail", "product_sale"), _EVERYDAY),
    **dict.fromkeys(("order_detail_tax", "order_invoice_tax"), (*_ADD, "DELETE")),
    "order_cart_rule": (*_READ, "UPDATE", "DELETE"),  # only older versions of orderferry have added rows
    # a start value for invoice numbers is used up there, as PrestaShop does (PS_INVOICE_START_NUMBER)
    "configuration": (*_READ, "UPDATE"),
    # the feed: events are written once and pruned; who has read what is for other programs to write
    "orderferry_event": (*_ADD, "DELETE"),
    "orderferry_event_consumer": _READ,
    "orderferry_event_call": (*_READ, "DELETE"),
}
# With more tables than these, one statement for the database is what a person wants to run.
_FEW_TABLES = 6


def needed_rights(tables: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the rights that orderferry needs on each table, by its name without prefix."""
    return {name: _RIGHTS.get(name, _WRITE if name in WRITTEN_TABLES else _READ) for name in sorted(tables)}


def missing_rights(grants: Grants, database: str, prefix: str, tables: Collection[str]) -> Mapping[str, list[str]]:
    """Return the rights that the database user lacks, by table without prefix."""
    missing = {
        name: [right for right in rights if not grants.allows(right, database, prefix + name)]
        for name, rights in needed_rights(tables).items()
    }
    return {name: rights for name, rights in missing.items() if rights}


def is_optional(table: str, rights: Collection[str]) -> bool:
    """Return whether orderferry works without these rights: fees are then added to the shipping."""
    return set(rights) == {"INSERT"} and table in _MADE_ONCE | {"stock_available"}


def grants_to_run(missing: Mapping[str, Collection[str]], database: str, prefix: str, account: str) -> str:
    """Return the GRANT statements that give the missing rights to `account`, as the server names it (`user@host`)."""
    user, _, host = account.rpartition("@")
    if len(missing) > _FEW_TABLES:
        return grant(EVERYDAY_RIGHTS, database, "*", user, host)
    return "\n".join(grant(", ".join(rights), database, prefix + name, user, host) for name, rights in missing.items())
