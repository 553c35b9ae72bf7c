"""How statements reach the database: each by itself, or many in one round trip.

A statement is posted and its reply read when somebody asks for it. What is posted to `Together` waits until then, so
that an order takes a few round trips instead of one a statement: that is what a database on another host feels, and
how long rows stay locked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from orderferry.prestashop.database.values import Bindable

Found = Mapping[Any, Any]
# Far below any max_allowed_packet: the least that a server is set up with is one megabyte.
_LONGEST = 256 * 1024


@dataclass(slots=True)
class Reply:
    """What the database said to one statement. Reading it sends the statement, if it still waits."""

    _fetch: Callable[[], None]
    _answered: bool = False
    _rows: Sequence[Found] = ()
    _matched: int = 0
    _new_id: int = 0

    @property
    def rows(self) -> Sequence[Found]:
        """The rows of a SELECT."""
        return self._read()._rows

    @property
    def matched(self) -> int:
        """How many rows an UPDATE or DELETE met."""
        return self._read()._matched

    @property
    def new_id(self) -> int:
        """The auto-increment id that an INSERT of one row was given; 0: the table has none."""
        return self._read()._new_id

    def answer(self, rows: Sequence[Found], matched: int, new_id: int) -> None:
        """The database has answered."""
        self._rows, self._matched, self._new_id, self._answered = rows, matched, new_id, True

    def _read(self) -> Reply:
        if not self._answered:
            self._fetch()
        return self


class Sender(Protocol):
    """A way to the database. Raise SQLAlchemy's or the driver's errors."""

    def post(self, sql: str, values: tuple[Bindable, ...]) -> Reply:
        """Take a statement in the driver's own form."""

    def flush(self) -> None:
        """Send what still waits."""


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Sends each statement as it comes."""

    connection: sa.Connection

    def post(self, sql: str, values: tuple[Bindable, ...]) -> Reply:
        """Send a statement now; its reply has its answer already."""
        result = self.connection.exec_driver_sql(sql, values)
        reply = Reply(self.flush)
        rows = result.mappings().all() if result.returns_rows else ()
        reply.answer(rows, result.rowcount, result.lastrowid or 0)
        return reply

    def flush(self) -> None:
        """Nothing ever waits."""


@dataclass(slots=True)
class Together:
    """Sends what waits in one text of several statements (PyMySQL with MULTI_STATEMENTS).

    The server ends at the first statement that fails, and its error is raised: none after it has been run.
    """

    connection: sa.Connection
    _texts: list[str] = field(default_factory=list)
    _replies: list[Reply] = field(default_factory=list)
    _length: int = 0
    _cursor: Any = None
    _literals: Mapping[Bindable, str] = field(default_factory=dict)

    def post(self, sql: str, values: tuple[Bindable, ...]) -> Reply:
        """Note a statement, its values written into the text as the driver does it. Sends only what gets too long."""
        if self._cursor is None:
            self._cursor = self.connection.connection.cursor()
            self._literals = _Literals(self._cursor.connection)
        # What the cursor does itself, but numbers need no second look, and many texts of an order are the same.
        literals = self._literals
        text = sql % tuple([value if type(value) is int else literals[value] for value in values])
        if self._length + len(text) > _LONGEST:
            self.flush()
        reply = Reply(self.flush)
        self._texts.append(text)
        self._replies.append(reply)
        self._length += len(text)
        return reply

    def flush(self) -> None:
        """Send what waits and read all answers."""
        texts, replies = self._texts, self._replies
        self._texts, self._replies, self._length = [], [], 0
        if not texts:
            return
        cursor, number = self._cursor, 0
        try:
            cursor.execute(";\n".join(texts))
            for number, reply in enumerate(replies):
                if number:
                    _go_on(cursor)
                reply.answer(_rows(cursor), cursor.rowcount, cursor.lastrowid or 0)
        except Exception as error:
            error.add_note(_beginning(texts[number]))
            raise


class _Literals(dict[Bindable, str]):
    """Values as the driver writes them into SQL, each made once."""

    def __init__(self, driver: Any) -> None:
        super().__init__()
        self._driver = driver

    def __missing__(self, value: Bindable) -> str:
        made: str = self._driver.escape(value)  # a third of what mogrify() takes for it
        self[value] = made
        return made


def _go_on(cursor: Any) -> None:
    if not cursor.nextset():
        raise RuntimeError("the database gave fewer answers than it was sent statements")


def _beginning(text: str) -> str:
    """Which statement it is: what it does and to which table, without any value; '' for one that writes nothing."""
    words = text.split(" ", 3)[:3]
    return " ".join(words) if words[0] in {"INSERT", "UPDATE", "DELETE"} else ""


def _rows(cursor: Any) -> Sequence[Found]:
    if not cursor.description:
        return ()
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
