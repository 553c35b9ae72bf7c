"""Ids that the session keeps for us (MySQL, MariaDB): statements that travel together name a new row's id this way.

The id is the one that the server gave (LAST_INSERT_ID()), by any auto_increment_increment; nothing is assumed of it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

_OURS = "orderferry_"


class SessionVariable(sa.ColumnElement[Any]):
    """The id that is kept under a name."""

    inherit_cache = False

    def __init__(self, name: str) -> None:
        self.name = _OURS + name


class KeepNewId(sa.Executable, sa.ClauseElement):
    """Keeps the id of the row that the statement before has inserted."""

    inherit_cache = False

    def __init__(self, name: str) -> None:
        self.variable = SessionVariable(name)


@compiles(SessionVariable, "mysql")
def _variable(element: SessionVariable, compiler: Any, **_options: Any) -> str:
    return "@" + str(compiler.preparer.quote_identifier(element.name))


@compiles(KeepNewId, "mysql")
def _keep(element: KeepNewId, compiler: Any, **_options: Any) -> str:
    return f"SET {compiler.process(element.variable)} = LAST_INSERT_ID()"
