"""Drafts as the live columns take them, so that little is left to do between a transaction's statements. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orderferry.prestashop.database.fit import Cut, Fitted, fit_noted, fit_value, missing_values
from orderferry.prestashop.facts import Table
from orderferry.prestashop.rows.drafts import Draft, DraftValue, Joined, Ref, Value, settled

_NOT_KNOWN_YET = 0


@dataclass(frozen=True, slots=True)
class FittedDraft:
    """A draft's row in the `columns` that the shop has. `values` stand in their order; those that are known only while
    the order is written are in `open`, by position. `name` and `close` as in `Draft`."""

    table: Table
    columns: tuple[str, ...]
    values: tuple[Fitted, ...]
    open: tuple[tuple[int, DraftValue], ...]
    name: str = ""
    close: bool = False

    def row(self, known: Mapping[str, Value]) -> list[Fitted]:
        """Given what the symbols stand for by now, return all values.

        Raise KeyError for a symbol that is not known yet: the rows are in the wrong order, which is a fault of ours.
        """
        row = list(self.values)
        for position, value in self.open:
            row[position] = fit_value(self.table.columns[self.columns[position]], settled(value, known))
        return row


def fit_drafts(
    drafts: Iterable[Draft], tables: Mapping[str, Table], cuts: list[Cut] | None = None
) -> list[FittedDraft]:
    """Given drafts and the live tables, return those whose table the shop has, fitted; texts that lost something are
    appended to `cuts`.

    Tables that the shop does not have are passed over (order_cart_rule and the like are no condition of an order).
    Raise ShopUnfit naming table.column when there is nothing for a column that must have a value.
    """
    return [_fitted(draft, tables[draft.table], cuts) for draft in drafts if draft.table in tables]


def _fitted(draft: Draft, table: Table, cuts: list[Cut] | None) -> FittedDraft:
    columns: list[str] = []
    values: list[Fitted] = []
    open_: list[tuple[int, DraftValue]] = []
    for name, value in draft.values.items():
        column = table.columns.get(name)
        if column is None or column.generated:
            continue
        if type(value) is int:  # not isinstance: an order has hundreds of values, and most are plain numbers and texts
            values.append(value)
        elif type(value) is not str and isinstance(value, (Ref, Joined)):
            open_.append((len(columns), value))
            values.append(_NOT_KNOWN_YET)
        else:
            values.append(fit_noted(table, column, value, cuts))
        columns.append(name)
    if None in values or not table.demanded.issubset(columns):
        filled = missing_values(table, dict(zip(columns, values, strict=True)))
        values = [filled.pop(name, value) for name, value in zip(columns, values, strict=True)]
        columns, values = [*columns, *filled], [*values, *filled.values()]
    return FittedDraft(table, tuple(columns), tuple(values), tuple(open_), draft.name, draft.close)
