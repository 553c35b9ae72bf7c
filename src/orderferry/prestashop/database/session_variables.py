"""Ids that the session keeps for us (MySQL, MariaDB): statements that travel together name a new row's id this way.

The id is the one that the server gave (LAST_INSERT_ID()), by any auto_increment_increment; nothing is assumed of it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

_OURS = "orderferry_"


class SessionVariable(sa.ColumnElement[Any]):
    """The id that is kept under a name; the newest one for ''."""

    inherit_cache = False

    def __init__(self, name: str) -> None:
        self.name = _OURS + name if name else ""


class KeepId(sa.Executable, sa.ClauseElement):
    """Keeps an id: the one that `found` selects, or that of the row that the statement before has inserted."""

    inherit_cache = False

    def __init__(self, name: str, found: sa.ScalarSelect[Any] | None = None) -> None:
        self.variable = SessionVariable(name)
        self.found = found


@compiles(SessionVariable, "mysql")
def _variable(element: SessionVariable, compiler: Any, **_options: Any) -> str:
    return "@" + str(compiler.preparer.quote_identifier(element.name)) if element.name else "LAST_INSERT_ID()"


@compiles(KeepId, "mysql")
def _keep(element: KeepId, compiler: Any, **options: Any) -> str:
    found = "LAST_INSERT_ID()" if element.found is None else compiler.process(element.found, **options)
    return f"SET {compiler.process(element.variable)} = {found}"
