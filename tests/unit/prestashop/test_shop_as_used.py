"""The shop as the engine uses it: plans that can't be made, markers in pages, notes that it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.marker import Action, Applied, Outcome, Plan
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop import shop as shop_module
from orderferry.prestashop.facts import Catalog
from orderferry.prestashop.shop import PrestashopShop, plan_order
from support.resolved_orders import ORDER, market
from support.shop_database import ShopDatabase
from support.writing import NOW, ORDER_ID, Importer, Sold, amazon_order, importer, settings_for

MUG = Sold("MUG-BLUE", 1, "14.52", "2.62")


@pytest.fixture
def writing(sqlite_shop: ShopDatabase, tmp_path: Path) -> Iterator[Importer]:
    writing = importer(sqlite_shop, tmp_path)
    yield writing
    writing.shop.close()
    sqlite_shop.close()


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyError, ValueError, TypeError])
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_an_order_that_can_t_be_rendered_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], action: Action
) -> None:
    def fails(*_arguments: object) -> None:
        raise error("Mario Rossi")

    for name in ("_plan_new", "_plan_update"):
        monkeypatch.setattr(shop_module, name, fails)

    assert plan_order(ORDER, action, market(), Catalog(), NOW) == Problem(
        ProblemCode.WRITE_FAILED, f"order {ORDER_ID} can't be rendered for the shop ({error.__name__})", ORDER_ID
    )


def test_an_update_of_an_order_without_marker() -> None:
    assert plan_order(ORDER, Action.UPDATE, market(), Catalog(), NOW) == Problem(
        ProblemCode.WRITE_FAILED, f"order {ORDER_ID} has no marker any more", ORDER_ID
    )


def test_what_is_told_of_a_new_order(writing: Importer) -> None:
    plan = writing.plan(amazon_order(MUG))
    assert isinstance(plan, Plan)
    assert plan.changes == ("order of 1 line, 14.52 EUR", "state 2 (Pagamento accettato)", "invoice", "stock")
    assert (plan.order_id, plan.action, plan.id_order) == (ORDER_ID, Action.CREATE, 0)


def test_a_plan_without_work_writes_nothing(writing: Importer) -> None:
    note = Problem(ProblemCode.UNKNOWN_STATUS, "x", ORDER_ID)
    plan = Plan(ORDER_ID, Action.UPDATE, (), None, (note,), 7)

    assert writing.shop.apply(plan, NOW) == Applied(Outcome.UNCHANGED, 7, (), (note,))


def test_markers_come_in_pages(writing: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"402-0000000-000000{number}" for number in range(1, 5)]
    writing.take_all([amazon_order(MUG, order_id=order_id) for order_id in ids])

    def pages(size: int) -> list[list[str]]:
        monkeypatch.setattr(shop_module, "_MARKER_PAGE", size)
        return [[marker.order_id for marker in page] for page in writing.shop.marker_pages()]

    assert pages(500) == [ids]
    assert pages(3) == [ids[:3], ids[3:]]
    assert pages(2) == [ids[:2], ids[2:]]
    assert list(writing.shop.markers([ids[0], "402-9999999-9999999"])) == ids[:1]


def test_notes_that_the_shop_keeps(writing: Importer, sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing.shop.keep("fee:1", "a")
    writing.shop.keep("fee:2", "b")
    writing.shop.keep("fee:1", "c")
    writing.shop.keep("other", "d")
    assert (writing.shop.kept("fee:1"), writing.shop.kept("none")) == ("c", "")
    assert writing.shop.kept_under("fee:") == {"fee:1": "c", "fee:2": "b"}
    sqlite_shop.execute("DROP TABLE {p}orderferry_state")
    reading = opened(sqlite_shop, tmp_path)
    assert (reading.kept("fee:1"), reading.kept_under("fee:")) == ("", {})
    assert not any("orderferry_state" in name for name in sqlite_shop.tables())
    reading.close()


def opened(database: ShopDatabase, folder: Path, memory: dict[str, str] | None = None, **more: Any) -> PrestashopShop:
    """The shop of a command that reads."""
    kept = {} if memory is None else memory
    return PrestashopShop(
        settings_for(database, folder, **more),
        recall=kept.get,
        remember=kept.__setitem__,
        clock=lambda: NOW,
        sleep=lambda _seconds: None,
    )


def test_a_shop_is_opened_for_reading_when_it_is_asked(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    shop = opened(sqlite_shop, tmp_path)

    assert str(shop.zone) == "Europe/Rome"
    assert (shop.state_name(4), shop.state_name(77)) == ("Spedito", "")
    assert shop.foreign([ORDER_ID]) == {}
    with shop.reading("asking") as (statements, facts):
        assert statements.rows("orders", ("id_order",), {}) == []
        assert facts.version == "8.2.1"
    shop.release()
    assert not any("orderferry" in name for name in sqlite_shop.tables())
    shop.close()


def test_changed_taxes_are_noticed_once_a_run_has_written(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """A held order that lacks a rate is tried again then."""
    memory: dict[str, str] = {}

    def changed(*, write: bool) -> bool:
        shop = opened(sqlite_shop, tmp_path, memory)
        shop.prepare(write=write)
        found = shop._ready().taxes_changed
        shop.close()
        return found

    assert not changed(write=False)
    assert memory == {}
    assert not changed(write=True)  # the first run
    assert not changed(write=True)
    sqlite_shop.execute("UPDATE {p}tax SET rate = 21 WHERE id_tax = 1")
    assert changed(write=False)
    assert changed(write=True)
    assert not changed(write=True)


def test_the_first_order_with_tax_shows_that_amazon_calculates_it(writing: Importer) -> None:
    order = amazon_order(MUG)
    first = writing.shop.prefetch([order])

    assert first.vat_by_amazon == {"IT"}
    assert len(first.notices) == 1
    assert writing.shop.kept("vat-by-amazon") == f"IT={ORDER_ID}"
    again = writing.shop.prefetch([replace(order, order_id="402-0000000-0000009")])
    assert (again.vat_by_amazon, again.notices) == ({"IT"}, ())
    assert writing.shop.prefetch([]).vat_by_amazon == frozenset()


def test_a_command_that_reads_keeps_no_proof(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    importer(sqlite_shop, tmp_path).shop.close()  # our tables are there
    shop = opened(sqlite_shop, tmp_path)

    assert shop.prefetch([amazon_order(MUG)]).vat_by_amazon == {"IT"}
    assert shop.kept("vat-by-amazon") == ""
    shop.close()


def test_invoice_numbers_begin_again_with_the_year_only_where_the_shop_says_so(
    writing: Importer, sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    """Two invoices of one number in two years are no fault there."""
    writing.take_all([amazon_order(MUG, order_id=f"402-0000000-000000{number}") for number in (1, 2)])
    assert writing.shop.shared_invoice_numbers() == ()
    sqlite_shop.execute("UPDATE {p}order_invoice SET number = 1, date_add = '2025-01-01' WHERE id_order_invoice = 1")
    sqlite_shop.execute("UPDATE {p}order_invoice SET number = 1 WHERE id_order_invoice = 2")
    both = importer(sqlite_shop, tmp_path)
    both.shop._remember("invoice-numbers", '{"checked": 0}')
    assert [problem.subject for problem in both.shop.shared_invoice_numbers()] == ["1", "1"]
    both.shop.close()
    sqlite_shop.execute("DELETE FROM {p}configuration WHERE name = 'PS_INVOICE_RESET'")
    sqlite_shop.execute(
        "INSERT INTO {p}configuration (name, value, date_add, date_upd) VALUES ('PS_INVOICE_RESET', '1', '', '')"
    )
    yearly = importer(sqlite_shop, tmp_path)
    yearly.shop._remember("invoice-numbers", '{"checked": 0}')
    assert yearly.shop.shared_invoice_numbers() == ()
    yearly.shop.close()
