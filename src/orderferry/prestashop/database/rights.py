"""Rights that the database user lacks, as the GRANT statement to run."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    """Given a driver's text about a missing right, return the sentence with the GRANT statement to run.

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
    """Given rights and what they are for (`table` may be `*`), return the GRANT statement."""
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
