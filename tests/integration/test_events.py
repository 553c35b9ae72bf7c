"""The feed of changes: an event for each thing that the rest of the shop may want to know, and not a statement more
where nobody asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pymysql
import pytest

from orderferry.config.model import OrdersSettings
from support.feed import events, flaws_of_feed, told
from support.shop_database import ShopDatabase
from support.writing import HOME, NOW, ORDER_ID, Importer, Sold, amazon_order, cancelled, importer, shipped

pytestmark = pytest.mark.sample(0, always=("mariadb",))

MUG = Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54")
SHIRT = Sold("TSHIRT-S-WHITE", 1, "20.00", "3.61")
ORDER = amazon_order(MUG, SHIRT)
UNINVOICED = OrdersSettings(state_paid="1")


@pytest.fixture(params=["sqlite", "mariadb"])
def shop(request: pytest.FixtureRequest) -> ShopDatabase:
    name = {"sqlite": "sqlite_shop", "mariadb": "shop_database"}[request.param]
    return request.getfixturevalue(name)


@pytest.fixture
def writing(shop: ShopDatabase, tmp_path: Path) -> Importer:
    return importer(shop, tmp_path, events_enabled=True)


def ids(shop: ShopDatabase, reference: str) -> tuple[int, int]:
    """The product and the combination that an order's line names."""
    row = shop.one(
        "SELECT product_id, product_attribute_id FROM {p}order_detail WHERE product_reference = :r", r=reference
    )
    return row["product_id"], row["product_attribute_id"]


def stock(product: int, attribute: int, delta: int) -> tuple[str, dict[str, Any]]:
    data = {"id_product": product, "id_product_attribute": attribute, "delta": delta, "quantity": None, "id_shop": 1}
    return "stock_changed", data


def test_a_new_order_tells_of_itself_and_of_its_stock(shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)

    order = shop.one("SELECT * FROM {p}orders")
    mug, shirt = ids(shop, "MUG-BLUE"), ids(shop, "TSHIRT-S-WHITE")
    invoice = shop.value("SELECT id_order_invoice FROM {p}order_invoice")
    state = {"id_order_state": order["current_state"], "id_order_invoice": invoice, "paid": True}
    moved = [stock(*mug, -2), stock(shirt[0], 0, -1), stock(*shirt, -1)]
    assert shirt[1] > 0
    assert told(shop) == [("order_created", state), *sorted(moved, key=lambda one: list(one[1].values())[:2])]
    found = events(shop)
    assert [event["id_event"] for event in found] == [1, 2, 3, 4]
    assert {(event["id_order"], event["id_shop"], event["amazon_order_id"]) for event in found} == {
        (order["id_order"], 1, ORDER_ID)
    }
    assert {str(event["created"]) for event in found} == {"2026-11-23 07:12:35"}
    assert flaws_of_feed(shop) == []


def test_a_shipment_tells_of_state_and_parcel(shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    before = shop.value("SELECT current_state FROM {p}orders")
    writing.take(shipped(ORDER), NOW + timedelta(days=1))

    parcel = shop.one("SELECT id_order_carrier, id_carrier FROM {p}order_carrier")
    history = shop.value("SELECT MAX(id_order_history) FROM {p}order_history")
    now = shop.value("SELECT current_state FROM {p}orders")
    assert now != before
    assert told(shop, after=4) == [
        ("tracking_set", {"id_order_carrier": parcel["id_order_carrier"], "id_carrier": parcel["id_carrier"]}),
        ("state_changed", {"old": before, "new": now, "id_order_history": history}),
    ]
    assert "1Z999" not in str(events(shop)), "a tracking number is looked up, not told"
    assert flaws_of_feed(shop) == []


def test_a_cancelled_order_gives_its_stock_back(shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    writing.take(cancelled(ORDER))

    mug = ids(shop, "MUG-BLUE")
    kinds = [kind for kind, _ in told(shop, after=4)]
    assert kinds == ["order_cancelled", "stock_changed", "stock_changed", "stock_changed"]
    assert stock(*mug, 2) in told(shop, after=4)
    assert flaws_of_feed(shop) == []


def test_changed_lines_tell_what_stock_moved_in_all(shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(shop, tmp_path, events_enabled=True, orders=UNINVOICED)
    writing.take(ORDER)
    assert events(shop)[0]["data"]["id_order_invoice"] == 0
    fewer = replace(amazon_order(replace(MUG, quantity=1), SHIRT), updated=ORDER.updated + timedelta(hours=1))
    moved = replace(fewer, delivery_address=replace(HOME, lines=("Corso Como 1",)))
    writing.take(moved)

    assert told(shop, after=4) == [
        ("order_changed", {"lines": True, "address": True}),
        stock(*ids(shop, "MUG-BLUE"), 1),
    ]


def test_an_order_that_is_brought_back_tells_of_itself_again(shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    shop.execute("DELETE FROM {p}orders")
    writing.take(ORDER)

    created = [event for event in events(shop) if event["kind"] == "order_created"]
    assert [event["id_event"] for event in created] == [1, 5]
    assert created[1]["id_order"] == shop.value("SELECT id_order FROM {p}orders")


def test_what_changes_nothing_tells_nothing(shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    writing.take(ORDER)
    writing.take(replace(ORDER, updated=ORDER.updated + timedelta(hours=1)))
    writing.take(shipped(ORDER))
    last = len(events(shop))
    later = replace(shipped(ORDER), updated=ORDER.updated + timedelta(days=2))
    writing.take(later)

    assert len(events(shop)) == last


def test_a_product_without_a_row_of_stock_tells_of_none(shop: ShopDatabase, writing: Importer) -> None:
    shop.execute("DELETE FROM {p}stock_available")
    writing.take(ORDER)

    assert [kind for kind, _ in told(shop)] == ["order_created"]


def test_an_event_that_can_t_be_written_takes_its_order_with_it(shop: ShopDatabase, writing: Importer) -> None:
    shop.execute("DELETE FROM {p}orderferry_state WHERE name = 'last_event'")
    plan = writing.plan(ORDER)
    applied = writing.shop.apply(plan, NOW)  # type: ignore[arg-type]

    assert getattr(applied, "code", "") == "write-failed", applied
    assert shop.count("orders") == shop.count("orderferry_order") == shop.count("orderferry_event") == 0


@contextmanager
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is sent to MariaDB while within: one text a round trip."""
    texts: list[str] = []
    query = pymysql.connections.Connection.query

    def noting(self: Any, sql: Any, *more: Any, **options: Any) -> Any:
        texts.append(sql.decode("utf-8", "replace") if isinstance(sql, bytes | bytearray) else str(sql))
        return query(self, sql, *more, **options)

    with monkeypatch.context() as patch:
        patch.setattr(pymysql.connections.Connection, "query", noting)
        yield texts


def run_of_two(shop: ShopDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> dict[str, list[str]]:
    """What a run sends at its start, for a new order and for its shipment. The shop has seen an order before, so that
    our tables are there and the statements are those of every day."""
    folder.mkdir()
    importer(shop, folder, **more).take(amazon_order(SHIRT, order_id="402-0000000-0000001"))
    with sent(monkeypatch) as start:
        writing = importer(shop, folder, **more)
    writing.verifies = False
    with sent(monkeypatch) as new:
        writing.take(ORDER)
    with sent(monkeypatch) as update:
        writing.take(shipped(ORDER))
    writing.shop.close()
    return {"start": start, "new": new, "update": update}


def test_off_costs_nothing_and_on_travels_with_the_order(
    shop_database_of: Callable[..., ShopDatabase], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = run_of_two(shop_database_of(), tmp_path / "off", monkeypatch)
    on = run_of_two(shop_database_of(), tmp_path / "on", monkeypatch, events_enabled=True)

    assert not [text for texts in off.values() for text in texts if "orderferry_event" in text or "last_event" in text]
    assert len(on["new"]) == len(off["new"]), "a new order's events take no round trip of their own"
    assert len(on["update"]) == len(off["update"]) + 1


def test_no_table_of_the_feed_is_made_unless_asked_for(shop: ShopDatabase, tmp_path: Path) -> None:
    importer(shop, tmp_path).take(ORDER)

    assert not [name for name in shop.tables() if "orderferry_event" in name]
