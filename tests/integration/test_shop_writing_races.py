"""Two writers, broken connections, odd ids: one order for one Amazon order, and a number for one invoice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.domain.marker import Applied, Outcome, Plan
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.errors import ShopUnavailable
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.prestashop.database.database_errors import ConnectionLost, DuplicateKey, RowRefused, TransientTrouble
from support.mariadb import FAST, MariadbServer
from support.shop_database import ShopDatabase
from support.shop_databases import ShopDatabases
from support.writing import NOW, Sold, amazon_order, cancelled, importer, shipped

ORDER = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), Sold("PEN-BLACK", 3, "12.00", "2.16"))


def planned(result: Plan | Problem) -> Plan:
    assert isinstance(result, Plan), result
    return result


def assert_one_order(database: ShopDatabase) -> None:
    for table in (
        "orderferry_order",
        "orders",
        "order_invoice",
        "order_payment",
        "customer",
        "cart",
        "customer_thread",
    ):
        assert database.count(table) == 1, table
    marker = database.one("SELECT * FROM {p}orderferry_order")
    assert marker["id_order"] == database.value("SELECT id_order FROM {p}orders")


@pytest.mark.parametrize("shop", ["shop_database", "sqlite_shop"])
def test_the_second_writer_of_an_order_writes_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, shop: str
) -> None:
    database: ShopDatabase = request.getfixturevalue(shop)
    first, second = importer(database, tmp_path), importer(database, tmp_path)
    plans = planned(first.plan(ORDER)), planned(second.plan(ORDER))

    made = first.shop.apply(plans[0], NOW)
    late = second.shop.apply(plans[1], NOW)

    assert isinstance(made, Applied)
    assert made.outcome is Outcome.CREATED
    assert late is None
    assert second.take(ORDER).outcome is Outcome.UNCHANGED
    assert_one_order(database)
    assert second.slept == []


def test_the_second_writer_of_an_update_writes_nothing(shop_database: ShopDatabase, tmp_path: Path) -> None:
    first, second = importer(shop_database, tmp_path), importer(shop_database, tmp_path)
    first.take(ORDER)
    plans = planned(first.plan(shipped(ORDER))), planned(second.plan(shipped(ORDER)))

    results = [first.shop.apply(plans[0], NOW), second.shop.apply(plans[1], NOW)]

    assert [result and getattr(result, "outcome", None) for result in results] == [Outcome.UPDATED, None]
    assert second.take(shipped(ORDER)).outcome is Outcome.UNCHANGED
    assert shop_database.count("order_history") == 2
    assert shop_database.count("stock_mvt") == 2


def delete_order(database: ShopDatabase) -> None:
    """A person deletes the order, with all its rows but the marker."""
    for table in ("orders", "order_invoice", "order_payment", "customer", "cart", "customer_thread"):
        database.execute(f"DELETE FROM {{p}}{table}")


@pytest.mark.parametrize("shop", ["shop_database", "sqlite_shop"])
def test_an_order_that_two_bring_back_at_once_comes_back_once(
    request: pytest.FixtureRequest, tmp_path: Path, shop: str
) -> None:
    """Its marker stood all along: it refuses nobody by its key."""
    database: ShopDatabase = request.getfixturevalue(shop)
    first, second = importer(database, tmp_path), importer(database, tmp_path)
    first.take(ORDER)
    delete_order(database)
    plans = planned(first.plan(ORDER)), planned(second.plan(ORDER))

    made, late = first.shop.apply(plans[0], NOW), second.shop.apply(plans[1], NOW)

    assert isinstance(made, Applied)
    assert made.outcome is Outcome.CREATED
    assert late is None
    assert second.take(ORDER).outcome is Outcome.UNCHANGED
    assert_one_order(database)


def test_an_order_whose_marker_was_lost_meanwhile_comes_back_with_a_marker(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    writing = importer(sqlite_shop, tmp_path)
    writing.take(ORDER)
    delete_order(sqlite_shop)
    plan = planned(writing.plan(ORDER))
    sqlite_shop.execute("DELETE FROM {p}orderferry_order")

    applied = writing.shop.apply(plan, NOW)

    assert isinstance(applied, Applied)
    assert applied.outcome is Outcome.CREATED
    assert_one_order(sqlite_shop)


def test_importers_side_by_side_share_neither_orders_nor_numbers(shop_database: ShopDatabase, tmp_path: Path) -> None:
    side_by_side(shop_database, tmp_path)


def test_nor_where_the_server_lets_nobody_read_what_was_committed_meanwhile(
    mariadb_with: Callable[..., MariadbServer], tmp_path: Path
) -> None:
    """A server that logs statements: every transaction is at REPEATABLE READ, and numbers are read with locks."""
    server = mariadb_with(**FAST, log_bin="binlog", binlog_format="STATEMENT", server_id="1")
    side_by_side(ShopDatabases(server).create(), tmp_path)


def side_by_side(shop_database: ShopDatabase, tmp_path: Path) -> None:
    """Two importers take the same orders, one from either end."""
    orders = [amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), order_id=f"402-0000000-{n:07d}") for n in range(20)]
    importers = [importer(shop_database, tmp_path) for _ in range(2)]

    def run(number: int) -> list[Outcome]:
        mine = orders if number == 0 else list(reversed(orders))
        return [applied.outcome for applied in importers[number].take_all(mine)]

    with ThreadPoolExecutor(2) as pool:
        outcomes = Counter(outcome for one in pool.map(run, range(2)) for outcome in one)

    assert outcomes == {Outcome.CREATED: 20, Outcome.UNCHANGED: 20}
    assert shop_database.count("orders") == shop_database.count("orderferry_order") == 20
    numbers = [row["number"] for row in shop_database.rows("SELECT number FROM {p}order_invoice")]
    assert sorted(numbers) == list(range(1, 21))
    assert shop_database.value("SELECT COUNT(DISTINCT reference) FROM {p}orders") == 20
    assert shop_database.value("SELECT quantity FROM {p}stock_available WHERE id_product = 1") == 380


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, *troubles: tuple[str, Exception]) -> Iterator[None]:
    """The next transactions end in these errors: `before` their commit, or `after` it (its answer never came)."""
    left = list(troubles)
    real = Database.writing

    @contextmanager
    def writing(self: Database, doing: str, **more: bool) -> Iterator[sa.Connection]:
        when, error = left.pop(0) if left else ("", None)
        with real(self, doing, **more) as connection:
            yield connection
            if when == "before" and error is not None:
                raise error
        if when == "after" and error is not None:
            raise error

    with monkeypatch.context() as patch:
        patch.setattr(Database, "writing", writing)
        yield


LOST = ConnectionLost("The connection broke off")
DEADLOCK = TransientTrouble("Another program held the same rows")


@pytest.mark.parametrize(
    "troubles",
    [
        [("after", LOST)],
        [("before", LOST)],
        [("before", DEADLOCK), ("before", DEADLOCK), ("before", DEADLOCK)],
        [("before", DEADLOCK), ("after", LOST)],
    ],
    ids=["commit unanswered", "lost before commit", "three deadlocks", "deadlock, then commit unanswered"],
)
def test_trouble_ends_in_exactly_one_order(
    sqlite_shop: ShopDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, troubles: list[Any]
) -> None:
    writing = importer(sqlite_shop, tmp_path)
    with failing(monkeypatch, *troubles):
        applied = writing.take(ORDER)

    assert applied.outcome is Outcome.CREATED
    assert_one_order(sqlite_shop)
    assert len(writing.slept) == len(troubles)

    delete_order(sqlite_shop)
    with failing(monkeypatch, *troubles):
        again = writing.take(ORDER)

    assert again.outcome is Outcome.CREATED, "the same holds for an order that is brought back"
    assert again.id_order == sqlite_shop.value("SELECT id_order FROM {p}orders")
    assert_one_order(sqlite_shop)


def test_an_update_whose_commit_is_unanswered_is_applied_once(
    sqlite_shop: ShopDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = importer(sqlite_shop, tmp_path)
    writing.take(ORDER)
    with failing(monkeypatch, ("after", LOST)):
        applied = writing.take(cancelled(ORDER))

    assert applied.outcome is Outcome.UPDATED
    assert sqlite_shop.count("order_history") == 2
    assert sqlite_shop.value("SELECT quantity FROM {p}stock_available WHERE id_product = 1") == 400


@pytest.mark.parametrize("trouble", [DuplicateKey("There already"), DEADLOCK], ids=["key", "deadlock"])
def test_of_two_that_keep_their_first_note_in_the_shop_both_succeed(
    sqlite_shop: ShopDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    writing = importer(sqlite_shop, tmp_path)
    with failing(monkeypatch, ("before", trouble)):
        writing.shop.keep("coverage", "[]")

    assert writing.shop.kept("coverage") == "[]"
    assert writing.slept == [0.1]


def test_attempts_are_bounded(sqlite_shop: ShopDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = importer(sqlite_shop, tmp_path)
    plan = planned(writing.plan(ORDER))
    with failing(monkeypatch, *[("before", DEADLOCK)] * 9), pytest.raises(ShopUnavailable):
        writing.shop.apply(plan, NOW)

    assert writing.slept == [0.1, 0.5, 2.0]
    assert sqlite_shop.count("orders") == sqlite_shop.count("orderferry_order") == 0


def test_a_refused_value_is_this_orders_problem_alone(
    sqlite_shop: ShopDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = importer(sqlite_shop, tmp_path)
    plan = planned(writing.plan(ORDER))
    with failing(monkeypatch, ("before", RowRefused("The database refuses a value", column="city"))):
        result = writing.shop.apply(plan, NOW)

    assert isinstance(result, Problem)
    assert (result.code, result.subject, result.order_id) == (ProblemCode.WRITE_FAILED, "city", ORDER.order_id)
    assert writing.take(ORDER).outcome is Outcome.CREATED


def test_ids_are_read_back_with_an_increment_of_three(
    mariadb_with: Callable[..., MariadbServer], tmp_path: Path
) -> None:
    server = mariadb_with(**FAST, auto_increment_increment="3")
    databases = ShopDatabases(server)
    database = databases.create()
    writing = importer(database, tmp_path)
    sold = [Sold(sku, 1, "12.20", "2.20") for sku in ("MUG-BLUE", "MUG-RED", "PEN-BLACK")]
    writing.take(amazon_order(*sold))
    rows = database.rows(
        "SELECT d.id_order_detail, d.product_reference, t.id_tax FROM {p}order_detail d"
        " JOIN {p}order_detail_tax t ON t.id_order_detail = d.id_order_detail ORDER BY 1"
    )

    assert [row["product_reference"] for row in rows] == ["MUG-BLUE", "MUG-RED", "PEN-BLACK"]
    assert [row["id_order_detail"] for row in rows] == [1, 4, 7]


def test_numbers_follow_the_shops_own(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """PrestaShop drew numbers between ours, and a person set the next one by hand."""
    writing = importer(sqlite_shop, tmp_path)
    number = "SELECT MAX(invoice_number) FROM {p}orders"
    writing.take(ORDER)
    assert sqlite_shop.value(number) == 1
    sqlite_shop.execute(
        "INSERT INTO {p}order_invoice (id_order, number, delivery_number, date_add,"
        " shipping_tax_computation_method) VALUES (999, 40, 7, '2026-11-23 09:00:00', 0)"
    )
    writing.take(amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), order_id="402-0000000-0000001"))
    assert sqlite_shop.value(number) == 41
    sqlite_shop.execute("DELETE FROM {p}configuration WHERE name = 'PS_INVOICE_START_NUMBER'")
    sqlite_shop.insert(
        "configuration",
        {"name": "PS_INVOICE_START_NUMBER", "value": "100", "date_add": "2026-01-01", "date_upd": "2026-01-01"},
    )
    writing.take(amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), order_id="402-0000000-0000002"))
    assert sqlite_shop.value(number) == 100
    assert sqlite_shop.value("SELECT value FROM {p}configuration WHERE name = 'PS_INVOICE_START_NUMBER'") == ""
    writing.take(shipped(amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), order_id="402-0000000-0000003")))
    assert sqlite_shop.value(number) == 101
    assert sqlite_shop.value("SELECT MAX(delivery_number) FROM {p}orders") == 8


def test_numbers_begin_again_with_the_year_where_the_shop_says_so(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    sqlite_shop.execute("DELETE FROM {p}configuration WHERE name = 'PS_INVOICE_RESET'")
    sqlite_shop.insert(
        "configuration", {"name": "PS_INVOICE_RESET", "value": "1", "date_add": "2026-01-01", "date_upd": "2026-01-01"}
    )
    writing = importer(sqlite_shop, tmp_path)
    drawn = []
    for position, now in enumerate((NOW, NOW, NOW + timedelta(days=60), NOW + timedelta(days=61))):
        order = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), order_id=f"402-0000000-{position:07d}")
        id_order = writing.take(order, now).id_order
        drawn.append(sqlite_shop.value("SELECT invoice_number FROM {p}orders WHERE id_order = :id", id=id_order))

    assert drawn == [1, 2, 1, 2]


def test_the_number_of_an_invoice_that_was_deleted_is_given_to_no_other(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    writing = importer(sqlite_shop, tmp_path)
    for number in (1, 2):
        writing.take(amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), order_id=f"402-0000000-000000{number}"))
    sqlite_shop.execute("DELETE FROM {p}order_invoice WHERE number = 2")
    sqlite_shop.execute("UPDATE {p}orders SET invoice_number = 0 WHERE invoice_number = 2")
    writing.take(amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), order_id="402-0000000-0000003"))

    assert sqlite_shop.value("SELECT MAX(number) FROM {p}order_invoice") == 3
    assert sqlite_shop.value("SELECT MAX(invoice_number) FROM {p}orders") == 3
