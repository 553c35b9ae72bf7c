"""KEY inside CREATE TABLE (MySQL, MariaDB): one statement a table instead of one an index, and no right of its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class InlineKey(sa.schema.ColumnCollectionConstraint):
    """A plain index inside CREATE TABLE, as MySQL has it: one statement a table instead of one an index."""


@compiles(InlineKey, "mysql")
def _compile_inline_key(key: InlineKey, compiler: Any, **_options: Any) -> str:
    quote = compiler.preparer.quote
    return f"KEY {quote(key.name)} ({', '.join(quote(column.name) for column in key.columns)})"
