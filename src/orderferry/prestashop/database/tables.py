"""Name PrestaShop's tables that orderferry uses, and define them for SQLAlchemy from the shop's live columns.

A table or column that the shop does not have can't be named. No column has a type and no table a primary key in these
definitions: values pass as the driver gives and takes them (see `values.py`), and an INSERT never gets a RETURNING
clause, so that MySQL, MariaDB and SQLite run the same path and new ids are read from `lastrowid`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from orderferry.prestashop.facts import Table

CHUNK = 500  # values in one IN list

T = TypeVar("T")


class ShopTables:
    """Hold the shop's tables: `tables["orders"]` is SQLAlchemy's `<prefix>orders`, `live` what was read of each.

    `quoted` has each column's name as it stands in a statement.
    """

    def __init__(self, prefix: str, live: Mapping[str, Table]) -> None:
        self.prefix = prefix
        self.live = live
        self.quoted = {name: quoted(name) for table in live.values() for name in table.columns}
        self._made: dict[str, sa.TableClause] = {}

    def __getitem__(self, name: str) -> sa.TableClause:
        """Return a table by its name without prefix. Raise KeyError when the shop has none."""
        if name not in self._made:
            self._made[name] = sa.table(self.prefix + name, *map(sa.column, self.live[name].columns))
        return self._made[name]

    def with_more(self, more: ShopTables) -> ShopTables:
        """Return these tables and more of the same shop."""
        return ShopTables(self.prefix, {**self.live, **more.live})

    def has(self, name: str, *columns: str) -> bool:
        """Return whether the shop has this table and all of these columns."""
        return name in self.live and all(column in self.live[name].columns for column in columns)

    def column(self, table: str, name: str, otherwise: str | int | None = None) -> sa.ColumnElement[Any]:
        """Return a column that some versions lack, or the constant `otherwise` under its name."""
        if self.has(table, name):
            return self[table].c[name]
        return sa.literal(otherwise).label(name) if otherwise is not None else sa.null().label(name)

    def same_text(self, searched: tuple[str, str], given: tuple[str, str]) -> sa.ColumnElement[bool]:
        """Return the condition that two text columns, each as (table, column), are equal under one collation.

        Servers refuse to compare columns of different collations (error 1267), and shops that were moved or that
        modules have altered have several. Where they differ, `given` is converted, so that an index of `searched` can
        still be used.
        """
        left, right = self.live[searched[0]].columns[searched[1]], self.live[given[0]].columns[given[1]]
        one, other = self[searched[0]].c[searched[1]], self[given[0]].c[given[1]]
        if left.collation == right.collation or not left.collation or not right.collation:
            return one == other
        converted = sa.cast(other, mysql.CHAR(max(left.length or 0, right.length or 0) or None, charset=left.charset))
        return one == converted.collate(left.collation)


def quoted(name: str) -> str:
    """Return an identifier as MySQL, MariaDB and SQLite read it, whatever is in it."""
    return f"`{name.replace('`', '``')}`"


def chunks(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """Yield the values in their order, in sequences that fit into one IN list."""
    rest = list(values)
    for start in range(0, len(rest), CHUNK):
        yield rest[start : start + CHUNK]


def rows_with(
    connection: sa.Connection, query: sa.Select[Any], column: sa.ColumnElement[Any], values: Collection[Any]
) -> Iterator[sa.RowMapping]:
    """Yield the rows of a query in which a column has one of the values."""
    for some in chunks(sorted(set(values))):
        yield from connection.execute(query.where(column.in_(some))).mappings()


# In every version; an order can't be written without them.
REQUIRED_TABLES = frozenset(
    """
    address attribute attribute_group attribute_group_lang attribute_lang carrier cart cart_product configuration
    country currency customer customer_group customer_message customer_thread employee group_lang lang order_carrier
    order_detail order_detail_tax order_history order_invoice order_invoice_payment order_invoice_tax order_payment
    order_state order_state_lang orders pack product product_attribute product_attribute_combination
    product_attribute_shop product_lang product_shop shop shop_group state stock_available tax tax_lang tax_rule
    """.split()  # noqa: SIM905 — a list of names reads better as text
)

# Missing in some version, or needed by some shops only.
OPTIONAL_TABLES = frozenset(
    """
    carrier_group carrier_shop carrier_tax_rules_group_shop country_lang currency_shop hook
    hook_module message module order_cart_rule order_slip order_slip_detail product_sale product_supplier
    stock_mvt stock_mvt_reason tax_rules_group
    """.split()  # noqa: SIM905 — a list of names reads better as text
)

OWN_TABLES = frozenset({"orderferry_order", "orderferry_state"})

# The feed of changes, where `events.enabled`.
EVENT_TABLES = frozenset({"orderferry_event", "orderferry_event_consumer", "orderferry_event_call"})

# Written in an order's transaction: all of them must know transactions.
WRITTEN_TABLES = (
    OWN_TABLES
    | EVENT_TABLES
    | frozenset(
        """
    address cart cart_product customer customer_group customer_message customer_thread
    order_carrier order_cart_rule order_detail order_detail_tax order_history order_invoice
    order_invoice_payment order_invoice_tax order_payment orders product_sale stock_available stock_mvt
    """.split()  # noqa: SIM905 — a list of names reads better as text
    )
)


def wanted_tables(*, events: bool) -> frozenset[str]:
    """Return all tables that orderferry reads or writes, those of the feed only where it is switched on."""
    return REQUIRED_TABLES | OPTIONAL_TABLES | OWN_TABLES | (EVENT_TABLES if events else frozenset())
