"""A shop that has been in business for years: no statement of a page or an order reads through a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest

from orderferry.domain.orders import Channel, Order, OrderStatus
from support.large_shop import Size, grow
from support.shop_database import ShopDatabase
from support.writing import Importer, Sold, amazon_order, cancelled, importer, shipped

MANY = Size(products=1_500, customers=2_000, orders=5_000)
FEW = 600  # rows that may be read one after the other: those of the last moments, and small tables
KEPT_ID = re.compile(r"@`orderferry_\w+`|LAST_INSERT_ID\(\)")
READS = re.compile(r"UPDATE |DELETE |SELECT .*\sFROM\s", re.DOTALL)
MUG = Sold("MUG-BLUE", 1, "14.52", "2.62")
PEN = Sold("PEN-BLACK", 3, "12.00", "2.16")


@contextmanager
def every_statement(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is sent to the server within, statement by statement."""
    sent: list[str] = []
    query = pymysql.Connection.query

    def noting(self: Any, sql: str | bytes, unbuffered: bool = False) -> Any:
        sent.extend((sql if isinstance(sql, str) else sql.decode()).split(";\n"))
        return query(self, sql, unbuffered)

    with monkeypatch.context() as patch:
        patch.setattr(pymysql.Connection, "query", noting)
        yield sent


def scans(shop: ShopDatabase, statements: list[str]) -> list[str]:
    """The statements by whose plan a table, or a whole index, is read from one end to the other."""
    found = []
    with shop.engine().connect() as connection:
        for statement in {KEPT_ID.sub("1000001", one) for one in statements}:
            if not READS.match(statement):
                continue
            for row in connection.exec_driver_sql("EXPLAIN " + statement.replace("%", "%%")).mappings():
                if row["type"] in {"ALL", "index"} and int(row["rows"] or 0) > FEW:
                    found.append(f"{row['table']} ({row['type']}, {row['rows']} rows): {statement[:300]}")
    return found


def rows_read(shop: ShopDatabase) -> int:
    """How many rows the server has read one after the other, of tables and of indexes, since it began."""
    counters = "'Handler_read_rnd_next', 'Handler_read_next', 'Handler_read_prev'"
    with shop.engine().connect() as connection:
        status = connection.exec_driver_sql(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({counters})").all()
    return sum(int(value) for _, value in status)


@pytest.fixture
def writing(shop_database: ShopDatabase, tmp_path: Path) -> Importer:
    """An importer on a shop that has grown, in which both sequences of numbers have been drawn from once: the first
    draw ever reads all rows."""
    importer(shop_database, tmp_path).take(amazon_order(MUG))
    grow(shop_database, MANY)
    writing = importer(shop_database, tmp_path)
    writing.verifies = False  # which reads more than an import does
    writing.take_all([amazon_order(PEN, order_id="402-0000002-0000001"), fba("402-0000002-0000002")])
    return writing


def fba(order_id: str) -> Order:
    sold = Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="4.00", shipping_tax="0.72", discount="2.00")
    return amazon_order(sold, order_id=order_id, channel=Channel.FBA, status=OrderStatus.SHIPPED)


def test_no_statement_of_an_order_reads_through_a_table(
    shop_database: ShopDatabase, writing: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    regular = [amazon_order(MUG, PEN, order_id=f"402-0000000-{n:07d}") for n in range(3)]

    with every_statement(monkeypatch) as sent:
        writing.take_all([*regular, fba("402-0000001-0000001")])
        writing.take(shipped(regular[0]))
        writing.take(cancelled(regular[1]))

    assert len(sent) > 150
    assert scans(shop_database, sent) == []


def test_an_order_reads_few_rows_in_a_large_shop(shop_database: ShopDatabase, writing: Importer) -> None:
    orders = [amazon_order(MUG, PEN, order_id=f"402-0000000-{n:07d}") for n in range(10)]

    before = rows_read(shop_database)
    writing.take_all(orders)

    assert (rows_read(shop_database) - before) / len(orders) < FEW
