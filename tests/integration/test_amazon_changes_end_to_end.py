"""News of Amazon's that come in the wrong order, from the future, or of items that were cancelled: as cron meets them.

The command as a subprocess, the simulated Amazon over HTTP, a real database; each run reads two days anew by hand, so
that it sees whatever Amazon shows at that moment.
"""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import Event, EventKind, Line, RawOrder
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.simulated import seconds, simulated_order, verified
from support.simulated import shipped as shipped_event
from support.starting import Finished

PLACED = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=8)
LINES = (Line("SKU-1", 3, Decimal("11.90")), Line("SKU-2", 1, Decimal("23.80")))
ORDER = simulated_order(
    1,
    verified(minutes=30),
    Event(EventKind.CANCELLED, seconds(hours=2), by="BUYER"),
    Event(EventKind.STATUS_SET, seconds(hours=3), status="UNSHIPPED"),
    shipped_event(hours=4),
    lines=LINES,
    placed=PLACED,
)
UNINVOICED = '[orders]\nstate_paid = "1"'  # awaiting cheque
YEAR = timedelta(days=365)
CREDIT = 1  # the exit code while an invoiced order is cancelled: a credit slip is needed


def shown(hours: float, *, updated: datetime | None = None) -> dict[str, Any]:
    """The order's JSON as it was so long after it was placed; `updated`: Amazon tells this time of update."""
    found = World([ORDER]).find(ORDER.order_id, PLACED + timedelta(hours=hours))
    assert found is not None
    document = copy.deepcopy(found[1])
    if updated is not None:
        document["lastUpdatedTime"] = f"{updated:%Y-%m-%dT%H:%M:%SZ}"
    return document


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "EUR"}


def with_item_cancelled(document: dict[str, Any], *, charge: str = "0.00") -> dict[str, Any]:
    """The first item is cancelled: its quantity stays as it was ordered, and `charge` in its proceeds and the total."""
    item = document["orderItems"][0]
    item["fulfillment"] |= {"quantityFulfilled": 0, "quantityUnfulfilled": 0}
    item["cancellation"] = {"cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "Changed mind"}}
    rows = [{"type": "ITEM", "subtotal": euros(charge)}]
    item["proceeds"] = {"proceedsTotal": euros(charge), "breakdowns": rows}
    total = str(Decimal("23.80") + Decimal(charge))
    document["proceeds"] = {"grandTotal": euros(total), "breakdowns": [{"type": "ITEM", "subtotal": euros(total)}]}
    return document


@dataclass
class ChangedOrder:
    """One installation, and an Amazon that shows the order as it is told to."""

    shop: ShopDatabase
    server: SimulatorServer
    installed: Installed

    def see(self, document: dict[str, Any], *words: str, listed: datetime | None = None) -> Finished:
        """Amazon shows this, and an import of the last two days runs."""
        raw = RawOrder(document, shown_as_updated=listed)
        world = self.server.world
        (world.replace if len(world) else world.add)(raw)
        return self.installed.run("import", "--since", "2d", *words)

    def counted(self, document: dict[str, Any], code: int = 0, **more: Any) -> dict[str, int]:
        """What such a run counts; it ends with `code`."""
        finished = self.see(document, "--json", **more)
        assert finished.code == code, finished.out + finished.err
        return {word: number for word, number in finished.json["orders"].items() if number and word != "seen"}

    def state(self) -> int:
        return int(self.shop.value("SELECT current_state FROM {p}orders"))

    def stock(self, sku: str) -> tuple[int, int, int]:
        row = self.shop.one(
            "SELECT s.* FROM {p}stock_available s JOIN {p}product p ON p.id_product = s.id_product"
            " WHERE p.reference = :sku AND s.id_product_attribute = 0",
            sku=sku,
        )
        return row["quantity"], row["physical_quantity"], row["reserved_quantity"]

    def lines(self) -> list[tuple[str, int]]:
        rows = self.shop.rows(
            "SELECT product_reference, product_name, product_quantity FROM {p}order_detail ORDER BY 1"
        )
        return [(row["product_reference"], row["product_quantity"]) for row in rows]

    def entry(self) -> dict[str, Any]:
        """The order's row in the ledger."""
        with closing(sqlite3.connect(self.installed.ledger)) as connection, connection:
            connection.row_factory = sqlite3.Row
            return dict(connection.execute("SELECT * FROM orders").fetchone())


@pytest.fixture
def changed_order_of(tmp_path: Path, shop_database_of: Any) -> Iterator[Any]:
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(["SKU-1", "SKU-2"], 100)))
    with SimulatorServer(World(), usage_plans=False) as server:
        yield lambda **more: ChangedOrder(
            shop, server, install(tmp_path, server, shop.url, marketplaces=("DE",), **more)
        )


@pytest.fixture
def changed_order(changed_order_of: Any) -> ChangedOrder:
    one: ChangedOrder = changed_order_of()
    return one


def test_an_older_page_creates_no_order_that_the_ledger_knows_as_cancelled(changed_order: ChangedOrder) -> None:
    assert changed_order.counted(shown(2.5)) == {"ignored": 1}
    assert changed_order.counted(shown(1)) == {"ignored": 1}
    named = changed_order.installed.run("import", "--order", ORDER.order_id, "--json")
    assert named.code == 0, named.out
    assert [one["code"] for one in named.json["problems"]] == ["not-ready"]
    assert changed_order.installed.run("doublecheck").code == 0
    assert changed_order.shop.count("orders") == 0
    assert (changed_order.entry()["state"], changed_order.entry()["amazon_status"]) == ("ignored", "CANCELLED")


def test_a_held_order_stays_held_when_an_older_page_shows_it_and_nothing_is_over(changed_order: ChangedOrder) -> None:
    assert changed_order.counted(shown(1)) == {"created": 1}
    changed_order.shop.execute("UPDATE {p}orders SET current_state = 4")  # staff has sent the parcel
    held = changed_order.see(shown(2.5))
    assert held.code == 1
    assert "cancelled-after-shipping" in held.out + held.err
    before = changed_order.entry()

    stale = changed_order.see(shown(1))
    assert (stale.code, stale.out, stale.err) == (1, "", "")
    assert {name: value for name, value in changed_order.entry().items() if name != "last_seen"} == {
        name: value for name, value in before.items() if name != "last_seen"
    }
    assert changed_order.counted(shown(1), code=1) == {"held": 1}


def test_a_time_of_update_a_year_ahead_is_flagged_and_the_later_cancellation_is_obeyed(
    changed_order: ChangedOrder,
) -> None:
    ahead = shown(1, updated=PLACED + YEAR)
    first = changed_order.see(ahead, "--json", listed=PLACED + timedelta(minutes=30))
    assert first.code == 0, first.out
    assert first.json["orders"]["created"] == 1
    assert [one["code"] for one in first.json["problems"] if one["order_id"]] == ["future-time"]
    for kept in (
        changed_order.shop.value("SELECT amazon_updated FROM {p}orderferry_order"),
        changed_order.entry()["amazon_updated"] or "",
    ):
        assert str(kept)[:10] <= f"{datetime.now(UTC):%Y-%m-%d}"

    assert changed_order.counted(shown(2.5), code=CREDIT) == {"updated": 1}
    assert changed_order.state() == 6


def test_a_cancellation_that_itself_comes_from_the_future_is_obeyed(changed_order: ChangedOrder) -> None:
    assert changed_order.counted(shown(1)) == {"created": 1}
    ahead = shown(2.5, updated=PLACED + YEAR)
    assert changed_order.counted(ahead, code=CREDIT, listed=PLACED + timedelta(hours=2)) == {"updated": 1}
    assert changed_order.state() == 6
    assert changed_order.counted(shown(3.5)) == {"updated": 1}, "and Amazon's next news too"
    assert changed_order.state() == 2


def test_an_order_that_amazon_reopens_takes_its_stock_again_and_reports_nothing(changed_order: ChangedOrder) -> None:
    assert changed_order.counted(shown(1)) == {"created": 1}
    assert changed_order.stock("SKU-1") == (97, 100, 3)
    gone = shown(2.5)
    for item in gone["orderItems"]:  # Amazon takes the amounts away with the goods
        item["quantityOrdered"] = 0
        item["proceeds"] = {"proceedsTotal": euros("0.00")}
    gone["proceeds"] = {"grandTotal": euros("0.00")}
    assert changed_order.counted(gone, code=CREDIT) == {"updated": 1}
    assert (changed_order.state(), changed_order.stock("SKU-1")) == (6, (100, 100, 0))
    assert changed_order.counted(shown(3.5)) == {"updated": 1}
    assert (changed_order.state(), changed_order.stock("SKU-1")) == (2, (97, 100, 3))
    assert changed_order.counted(shown(5)) == {"updated": 1}
    assert (changed_order.state(), changed_order.stock("SKU-1")) == (4, (97, 97, 0))
    assert changed_order.lines() == [("SKU-1", 3), ("SKU-2", 1)]
    assert changed_order.counted(shown(5)) == {"unchanged": 1}
    assert changed_order.entry()["state"] == "imported"


def test_an_order_that_comes_back_as_shipped_leaves_the_stock_at_once(changed_order: ChangedOrder) -> None:
    for hours, code in ((1, 0), (2.5, CREDIT), (5, 0)):
        changed_order.counted(shown(hours), code=code)
    assert (changed_order.state(), changed_order.stock("SKU-1")) == (4, (97, 97, 0))


def test_an_item_that_is_cancelled_with_its_quantity_kept_is_not_sold(changed_order: ChangedOrder) -> None:
    assert changed_order.counted(with_item_cancelled(shown(1))) == {"created": 1}
    assert changed_order.lines() == [("SKU-2", 1)]
    assert changed_order.shop.value("SELECT total_paid FROM {p}orders") == Decimal("23.80")
    assert (changed_order.stock("SKU-1"), changed_order.stock("SKU-2")) == ((100, 100, 0), (99, 100, 1))


def test_an_item_that_is_cancelled_later_leaves_the_order_and_gives_its_stock_back(changed_order_of: Any) -> None:
    changed_order = changed_order_of(more=UNINVOICED)
    assert changed_order.counted(shown(1)) == {"created": 1}
    changed = with_item_cancelled(shown(1, updated=PLACED + timedelta(hours=1)))
    assert changed_order.counted(changed) == {"updated": 1}
    assert changed_order.lines() == [("SKU-2", 1)]
    assert changed_order.shop.value("SELECT total_paid FROM {p}orders") == Decimal("23.80")
    assert (changed_order.stock("SKU-1"), changed_order.stock("SKU-2")) == ((100, 100, 0), (99, 100, 1))
    assert changed_order.counted(changed) == {"unchanged": 1}


def test_what_is_still_charged_for_a_cancelled_item_bears_the_orders_own_rate(changed_order: ChangedOrder) -> None:
    assert changed_order.counted(with_item_cancelled(shown(1), charge="5.95")) == {"created": 1}
    order = changed_order.shop.one("SELECT * FROM {p}orders")
    assert order["total_paid"] == Decimal("29.75")
    assert order["total_paid_tax_excl"] == Decimal("25.00")  # 19 % on all of it
    assert [quantity for _, quantity in changed_order.lines()] == [1, 1]
    assert changed_order.stock("SKU-1") == (100, 100, 0)
