"""SQL texts that are compiled once a run for each shape of statement; the driver binds the values each time.

SQLAlchemy writes the texts, so that identifiers are quoted and the dialects differ where they must. To find a text
again it would look at every value of every row, which costs many times what binding them does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.database.kept_ids import Kept, KeptText
from orderferry.prestashop.database.session_variables import SessionVariable
from orderferry.prestashop.database.values import Bindable

Mark = Hashable  # None: a value that is bound; the name of a Kept; a tuple of marks: parts of a text


@dataclass(frozen=True, slots=True)
class StatementText:
    """A text and, for each of its placeholders, which of the statement's values goes there."""

    sql: str
    order: tuple[int, ...]
    is_mixed: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_mixed", self.order != tuple(range(len(self.order))))

    def bound(self, values: Sequence[Bindable]) -> tuple[Bindable, ...]:
        """Given the values as they were marked, return them as the text takes them."""
        return tuple([values[number] for number in self.order]) if self.is_mixed else tuple(values)


@dataclass(frozen=True, slots=True)
class StatementTexts:
    """The texts of one run, by dialect and shape."""

    _made: dict[tuple[Hashable, ...], StatementText] = field(default_factory=dict)

    def find(
        self, dialect: sa.Dialect, shape: tuple[Hashable, ...], build: Callable[[], sa.Executable]
    ) -> StatementText:
        """Return the text of a shape, compiled from what `build` gives when it is needed for the first time."""
        key = (dialect.name, *shape)
        text = self._made.get(key)
        if text is None:
            compiled: Any = build().compile(dialect=dialect)  # type: ignore[attr-defined]
            text = StatementText(compiled.string, tuple(int(name[1:]) for name in compiled.positiontup or ()))
            self._made[key] = text
        return text


def mark(value: object, values: list[Any]) -> Mark:
    """Given a value of a statement, return its mark, and append what is bound for it to `values`."""
    if isinstance(value, Kept):
        return value.name
    if isinstance(value, KeptText):
        return tuple([mark(part, values) for part in value.parts])
    values.append(value)
    return None


def marks_of(values: Iterable[object], bound: list[Any]) -> tuple[Mark, ...]:
    """`mark` for all values of a row: most are bound as they are."""
    marks: list[Mark] = []
    for value in values:
        kind = type(value)
        if kind is str or kind is int:
            bound.append(value)
            marks.append(None)
        else:
            marks.append(mark(value, bound))
    return tuple(marks)


def expressions(marks: Iterable[Mark], numbers: Iterator[int] | None = None) -> Iterator[Any]:
    """Given marks, yield what stands for them in a statement: a numbered parameter, a variable, or joined parts."""
    numbers = count() if numbers is None else numbers
    for one in marks:
        if isinstance(one, str):
            yield SessionVariable(one)
        elif isinstance(one, tuple):
            yield sa.func.concat(*expressions(one, numbers))
        else:
            yield sa.bindparam(f"v{next(numbers)}")
