"""The statements that are sent, word by word, and what their answers mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables, chunks, quoted
from orderferry.prestashop.database.values import NEWEST, Kept, Ref
from orderferry.prestashop.facts import Column, Table
from support.small_shop import records, small_shop


def table(name: str, columns: str, *computed: str) -> Table:
    return Table(
        name,
        "InnoDB",
        {
            one: Column(one, "int", True, True, scale=3 if one == "total" else None, generated=one in computed)
            for one in (*columns.split(), *computed)
        },
    )


TABLES = ShopTables(
    "ps_",
    {
        "orders": table("orders", "id_order reference valid total", "computed"),
        "stock": table("stock", "id quantity physical"),
        "product_sale": table("product_sale", "id_product quantity sale_nbr date_upd"),
    },
)


class Server:
    """A MySQL server that answers what it is told to answer, in order, and keeps the texts that it gets."""

    def __init__(self, *answers: Sequence[tuple[Any, ...]] | int | Exception) -> None:
        self.texts: list[str] = []
        self._answers = list(answers)
        self._now: Any = 0

    def execute(self, text: str) -> None:
        self.texts.append(text)
        self._left = text.count(";\n")
        self._next()

    def _next(self) -> None:
        self._now = self._answers.pop(0) if self._answers else 0
        if isinstance(self._now, Exception):
            raise self._now

    def nextset(self) -> bool:
        if not self._left:
            return False
        self._left -= 1
        self._next()
        return True

    @property
    def description(self) -> Any:
        return None if isinstance(self._now, int) else [("id",), ("name",)][: len(self._now[0]) if self._now else 1]

    def fetchall(self) -> Any:
        return self._now

    @property
    def rowcount(self) -> int:
        return self._now if isinstance(self._now, int) else len(self._now)

    @property
    def lastrowid(self) -> int | None:
        return self._now if isinstance(self._now, int) and self._now else None

    def writer(self, tables: ShopTables = TABLES, **info: bool) -> Statements:
        """Return what sends statements to this server."""
        connection: Any = SimpleNamespace(
            in_transaction=lambda: True,
            info=info,
            dialect=SimpleNamespace(name="mysql", loaded_dbapi=pymysql),
            connection=SimpleNamespace(cursor=lambda: self),
        )
        return Statements(connection, tables)


def test_a_row_is_inserted_with_the_columns_that_the_shop_has() -> None:
    server = Server(41)
    row = {"id_order": 7, "reference": "O'X\\", "gone": 1, "computed": 1, "total": Decimal("12.5"), "valid": None}

    assert server.writer().insert("orders", row) == 41
    assert server.texts == [
        "INSERT INTO `ps_orders` (`id_order`, `reference`, `total`, `valid`) VALUES (7, 'O\\'X\\\\', 12.500, NULL)"
    ]


def test_a_value_stands_in_a_statement_as_it_is() -> None:
    writer = Server().writer()
    moment: Any = datetime(2026, 11, 23, 8, 12)
    for value, text in (
        (7, "7"),
        (True, "1"),
        (Decimal("1E+2"), "100"),
        (None, "NULL"),
        (moment, "'2026-11-23 08:12:00'"),
    ):
        assert writer.value(value) == text
    inexact: Any = 0.1
    with pytest.raises(TypeError, match="a float can't be written"):
        writer.value(inexact)


def test_rows_are_inserted_together() -> None:
    server = Server()
    server.writer().insert_all(
        "stock", [{"id": 1, "quantity": 2}, {"id": 3, "quantity": datetime(2026, 11, 23, 8, 12)}]
    )
    server.writer().insert_all("stock", [])

    assert server.texts == ["INSERT INTO `ps_stock` (`id`, `quantity`) VALUES (1, 2), (3, '2026-11-23 08:12:00')"]


def test_what_exists_is_counted_up() -> None:
    server = Server()
    rows = [{"id_product": 6, "quantity": 2, "sale_nbr": 1, "date_upd": "2026-11-23", "gone": 1}]
    server.writer().post_counts("product_sale", rows, key="id_product", counted=("quantity", "sale_nbr"))
    server.writer().post_counts("product_sale", [], key="id_product", counted=())

    assert server.texts == [
        "INSERT INTO `ps_product_sale` (`id_product`, `quantity`, `sale_nbr`, `date_upd`) "
        "VALUES (6, 2, 1, '2026-11-23') ON DUPLICATE KEY UPDATE "
        "`quantity` = `ps_product_sale`.`quantity` + VALUES(`quantity`), "
        "`sale_nbr` = `ps_product_sale`.`sale_nbr` + VALUES(`sale_nbr`), `date_upd` = VALUES(`date_upd`)"
    ]


def test_rows_are_changed_and_deleted() -> None:
    server = Server(3, 1, 2, 5)
    writer = server.writer()

    assert writer.update("orders", {"valid": 1, "gone": 2, "computed": 3}, {"id_order": 7, "reference": "A"}) == 3
    assert writer.update("orders", {"gone": 2}, {"id_order": 7}) == 0
    added = writer.post_add("stock", {"quantity": -2, "gone": 1, "physical": 3}, {"id": 7})
    assert added is not None
    assert added.matched == 1
    assert writer.post_add("stock", {"gone": 1}, {"id": 7}) is None
    assert writer.delete("stock", {"id": 7}) == 2
    assert writer.delete("stock", {}) == 5
    assert server.texts == [
        "UPDATE `ps_orders` SET `valid` = 1 WHERE `id_order` = 7 AND `reference` = 'A'",
        "UPDATE `ps_stock` SET `quantity` = `quantity` + -2, `physical` = `physical` + 3 WHERE `id` = 7",
        "DELETE FROM `ps_stock` WHERE `id` = 7",
        "DELETE FROM `ps_stock`",
    ]


def test_rows_are_read_and_locked() -> None:
    server = Server([(7, "x"), (8, "y")], [(9,)], [])
    writer = server.writer()

    assert writer.rows("orders", ("id_order", "gone", "reference"), {"valid": 1}) == [
        {"id": 7, "name": "x"},
        {"id": 8, "name": "y"},
    ]
    assert writer.rows("orders", ("id_order",), {}, lock=True, order="id_order") == [{"id": 9}]
    assert writer.rows("orders", ("id_order",), {"valid": None}) == []
    assert server.texts == [
        "SELECT `id_order`, `reference` FROM `ps_orders` WHERE `valid` = 1",
        "SELECT `id_order` FROM `ps_orders` ORDER BY `id_order` FOR UPDATE",
        "SELECT `id_order` FROM `ps_orders` WHERE `valid` = NULL",
    ]


def test_the_largest_number_of_the_rows_that_fulfil_all_conditions() -> None:
    server = Server()
    writer = server.writer()
    for conditions, lock in (((), False), ((("valid", ">=", 1), ("reference", "!=", "A")), True)):
        with pytest.raises(IndexError):  # this server has no rows to answer with
            writer.largest("orders", "id_order", *conditions, lock=lock)

    assert server.texts == [
        "SELECT MAX(`id_order`) AS largest FROM `ps_orders`",
        "SELECT MAX(`id_order`) AS largest FROM `ps_orders` WHERE `valid` >= 1 AND `reference` != 'A' "
        "LOCK IN SHARE MODE",
    ]


def test_statements_that_belong_together_go_in_one_text() -> None:
    server = Server(41, 0, 42, 43, [(5,)])
    writer = server.writer()
    with writer.together():
        writer.insert_known("orders", {"reference": "A"}, "order")
        writer.insert_known("stock", {"quantity": Ref("order")}, "newest", close=True)
        writer.insert("stock", {"id": Ref("newest"), "quantity": ("n", Ref("order"), "!")})
        assert (writer.known["order"], writer.known["newest"]) == (Kept("order"), NEWEST)
        assert writer.rows("stock", ("id",), {}) == [{"id": 5}]
        assert writer.kept_ids(Kept("order"), 7, "8") == (41, 7, 8)
    assert server.texts == [
        "INSERT INTO `ps_orders` (`reference`) VALUES ('A');\n"
        "SET @orderferry_order = LAST_INSERT_ID();\n"
        "INSERT INTO `ps_stock` (`quantity`) VALUES (@orderferry_order);\n"
        "INSERT INTO `ps_stock` (`id`, `quantity`) VALUES (LAST_INSERT_ID(), CONCAT('n', @orderferry_order, '!'))",
        "SELECT `id` FROM `ps_stock`",
    ]


def test_an_id_is_known_at_once_where_a_statement_goes_alone() -> None:
    server = Server(41)
    writer = server.writer()
    writer.insert_known("orders", {"reference": "A"}, "order")

    assert (writer.known, len(server.texts)) == ({"order": 41}, 1)


def test_what_still_waits_at_the_end_is_sent_and_after_an_error_nothing_is() -> None:
    server = Server()
    writer = server.writer()
    with writer.together():
        writer.post_update("orders", {"valid": 1}, {"id_order": 7})
        assert server.texts == []
    assert len(server.texts) == 1
    with suppress(ZeroDivisionError), writer.together():
        writer.post_update("orders", {"valid": 2}, {"id_order": 7})
        raise ZeroDivisionError
    assert writer.update("orders", {"valid": 3}, {}) == 0
    assert server.texts[1:] == ["UPDATE `ps_orders` SET `valid` = 3"]


@pytest.mark.parametrize(("length", "sent"), [(256 * 1024, 0), (256 * 1024 + 1, 1)])
def test_a_long_text_does_not_wait_for_more(length: int, sent: int) -> None:
    server = Server()
    writer = server.writer()
    with writer.together():
        writer.send("x" * 1024)
        writer.send("x" * (length - 1024))
        assert len(server.texts) == sent
        writer.send("y")
        assert len(server.texts) == 1


@pytest.mark.parametrize(
    ("failing", "beginning"),
    [(0, "INSERT INTO `ps_orders`"), (1, "UPDATE `ps_orders` SET"), (2, ""), (3, "DELETE FROM `ps_stock`")],
)
def test_an_error_has_the_beginning_of_its_statement_and_no_value(failing: int, beginning: str) -> None:
    error = pymysql.err.OperationalError(1213, "x")
    server = Server(*[0] * failing, error)
    writer = server.writer()

    def write() -> None:
        with writer.together():
            writer.insert_all("orders", [{"reference": "Mario"}])
            writer.post_update("orders", {"reference": "Mario"}, {})
            writer.post_rows("orders", ("id_order",), {"reference": "Mario"})
            writer.delete("stock", {"id": "Mario"})

    with pytest.raises(sa.exc.DBAPIError) as caught:
        write()
    assert caught.value.statement == beginning
    assert caught.value.orig is error
    assert "Mario" not in str(caught.value)


def test_a_server_with_fewer_answers_than_statements_is_not_believed() -> None:
    server = Server()
    server.nextset = lambda: False  # type: ignore[method-assign]
    writer = server.writer()
    with writer.together():
        writer.send("SELECT 1")
        writer.send("SELECT 2")
        with pytest.raises(RuntimeError, match="fewer answers"):
            writer.flush()


def test_what_a_select_sees_depends_on_the_connection() -> None:
    assert Server().writer().reads_committed
    assert not Server().writer(reads_committed=False).reads_committed
    assert Server().writer().share_lock == " LOCK IN SHARE MODE"


@contextmanager
def embedded() -> Iterator[Statements]:
    rows = {
        "orders": records("id_order reference valid", (7, "A", 1), (8, "B", 0)),
        "product_sale": records("id_product quantity sale_nbr date_upd", (6, 1, 1, "x")),
    }
    with small_shop(**rows) as (connection, tables):
        connection.exec_driver_sql("CREATE UNIQUE INDEX one ON ps_product_sale (id_product)")
        yield Statements(connection, tables)


def test_an_embedded_shop_takes_the_same_statements_one_by_one() -> None:
    with embedded() as writer, writer.together():
        writer.insert_known("orders", {"id_order": 9, "reference": "O'X", "valid": Decimal("1.5")}, "order")
        assert writer.known == {"order": 3}  # the number of the row: this table has no key
        assert writer.update("orders", {"valid": 5}, {"reference": "O'X"}) == 1
        assert writer.rows("orders", ("id_order", "valid"), {"reference": "O'X"}, lock=True) == [
            {"id_order": 9, "valid": 5}
        ]
        assert writer.delete("orders", {"reference": "B"}) == 1
        assert writer.largest("orders", "id_order", ("id_order", "!=", 9), lock=True) == 7
        assert writer.largest("orders", "id_order", ("id_order", ">", 99)) == 0
        assert (writer.share_lock, writer.reads_committed) == ("", True)
        counted = [{"id_product": 6, "quantity": 2, "sale_nbr": 1, "date_upd": "y"}]
        writer.post_counts("product_sale", counted, key="id_product", counted=("quantity", "sale_nbr"))
        assert writer.rows("product_sale", ("id_product", "quantity", "sale_nbr", "date_upd"), {}) == [
            {"id_product": 6, "quantity": 3, "sale_nbr": 2, "date_upd": "y"}
        ]


def test_a_transaction_begins_with_the_first_statement() -> None:
    with small_shop(orders="id_order") as (connection, tables):
        connection.rollback()
        assert not connection.in_transaction()
        Statements(connection, tables)
        assert connection.in_transaction()


def test_tables_and_columns_that_the_shop_has() -> None:
    with small_shop(orders="id_order reference", cart="id_cart") as (connection, tables):
        writer = Statements(connection, tables)
        assert (writer.has("orders"), writer.has("orders", "id_order", "reference")) == (True, True)
        assert (writer.has("orders", "id_order", "gone"), writer.has("gone")) == (False, False)
        assert writer.table("orders") == "`ps_orders`"
        found = sa.select(
            tables.column("orders", "reference"), tables.column("orders", "gone"), tables.column("orders", "gone", "x")
        )
        assert str(found.compile(compile_kwargs={"literal_binds": True})) == (
            "SELECT ps_orders.reference, NULL AS gone, 'x' AS gone \nFROM ps_orders"
        )
    assert quoted("a`b") == "`a``b`"


@pytest.mark.parametrize(("count", "lengths"), [(0, []), (500, [500]), (501, [500, 1])])
def test_at_most_500_values_go_into_one_list(count: int, lengths: list[int]) -> None:
    assert [len(some) for some in chunks(range(count))] == lengths


@pytest.mark.parametrize(
    ("left", "right", "condition"),
    [
        (("", 5), ("", 9), "ps_a.x = ps_b.y"),
        (("utf8mb4_bin", 5), ("utf8mb4_bin", 9), "ps_a.x = ps_b.y"),
        (("utf8mb4_bin", 5), ("", 9), "ps_a.x = ps_b.y"),
        (("", 5), ("utf8mb4_bin", 9), "ps_a.x = ps_b.y"),
        (
            ("utf8mb4_bin", 5),
            ("utf8_general_ci", 9),
            "ps_a.x = (CAST(ps_b.y AS CHAR(9) CHARACTER SET utf8mb4) COLLATE utf8mb4_bin)",
        ),
        (
            ("utf8mb4_bin", 12),
            ("utf8_general_ci", None),
            "ps_a.x = (CAST(ps_b.y AS CHAR(12) CHARACTER SET utf8mb4) COLLATE utf8mb4_bin)",
        ),
    ],
)
def test_texts_are_compared_under_one_collation(
    left: tuple[str, int | None], right: tuple[str, int | None], condition: str
) -> None:
    tables = ShopTables(
        "ps_",
        {
            name: Table(
                name,
                "InnoDB",
                {key: Column(key, "varchar", True, True, length=length, charset="utf8mb4", collation=collation)},
            )
            for name, key, (collation, length) in (("a", "x", left), ("b", "y", right))
        },
    )
    assert str(tables.same_text(("a", "x"), ("b", "y")).compile(dialect=mysql.dialect())) == condition
