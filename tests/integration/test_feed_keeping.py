"""The care for the feed: its numbers after a restored back-up, its age, and what the ledger knows of its readers."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orderferry.domain.feed import BRIDGE, Feed
from orderferry.errors import LedgerUnusable
from orderferry.prestashop.feed.readers import BridgeShop
from orderferry.prestashop.shop import PrestashopShop
from support.feed import events, flaws_of_feed
from support.shop_database import ShopDatabase
from support.writing import NOW, Importer, Sold, amazon_order, settings_for

pytestmark = pytest.mark.sample(0, always=("mariadb",))

MUG = Sold("MUG-BLUE", 1, "14.52", "2.62", shipping="8.54", shipping_tax="1.54")
# The numbers that a killed run may have given without the ledger's knowing.
AHEAD = 1000


@pytest.fixture(params=["sqlite", "mariadb"])
def shop(request: pytest.FixtureRequest) -> ShopDatabase:
    name = {"sqlite": "sqlite_shop", "mariadb": "shop_database"}[request.param]
    return request.getfixturevalue(name)


@dataclass
class Installation:
    """Runs on one shop that share a ledger's memory."""

    shop: ShopDatabase
    folder: Path
    memory: dict[str, str] = field(default_factory=dict)

    def opened(self, now: datetime = NOW) -> PrestashopShop:
        """The shop as a run has it, ready to be written."""
        shop = PrestashopShop(
            settings_for(self.shop, self.folder, events_enabled=True),
            recall=self.memory.get,
            remember=self.memory.__setitem__,
            clock=lambda: now,
            sleep=lambda _seconds: None,
        )
        shop.prepare(write=True)
        return shop

    def run(self, *numbers: int, now: datetime = NOW, killed: bool = False) -> None:
        """A run that writes an order for each number; a killed one does not reach its end."""
        written = self.opened(now)
        Importer(written).take_all([amazon_order(MUG, order_id=f"402-0000000-{number:07d}") for number in numbers])
        if not killed:
            written.close()

    def restore(self, kept: int) -> None:
        """Put back the shop as it was when it had `kept` events."""
        gone = "SELECT id_order FROM {p}orderferry_event WHERE id_event > :kept AND kind = 'order_created'"
        orders = [row["id_order"] for row in self.shop.rows(gone, kept=kept)]
        for order in orders:
            self.shop.execute("DELETE FROM {p}orders WHERE id_order = :order", order=order)
            self.shop.execute("DELETE FROM {p}orderferry_order WHERE id_order = :order", order=order)
        self.shop.execute("DELETE FROM {p}orderferry_event WHERE id_event > :kept", kept=kept)
        self.shop.execute("UPDATE {p}orderferry_state SET value = :kept WHERE name = 'last_event'", kept=str(kept))

    def feed(self) -> Feed | None:
        """How the feed stands, as `check` and `status` read it."""
        settings = settings_for(self.shop, self.folder)
        with closing(BridgeShop(settings, recall=self.memory.get, sleep=lambda _seconds: None)) as shop:
            return shop.feed()

    def reader(self, name: str, position: int) -> None:
        self.shop.insert("orderferry_event_consumer", {"consumer": name, "id_event": position, "taken": "2026-11-23"})


@pytest.fixture
def installation(shop: ShopDatabase, tmp_path: Path) -> Installation:
    return Installation(shop, tmp_path)


def test_numbers_go_on_from_run_to_run(installation: Installation) -> None:
    installation.run(1, 2)
    installation.run()
    installation.run(3)

    assert [event["id_event"] for event in events(installation.shop)] == [1, 2, 3, 4, 5, 6]
    assert flaws_of_feed(installation.shop) == []
    assert installation.memory["feed-numbers"] == "6 6"


def test_after_a_restored_back_up_no_number_is_given_twice(installation: Installation) -> None:
    installation.run(1, 2, 3)
    installation.restore(2)
    installation.run()
    installation.run(2, 3)

    restored, *again = events(installation.shop, after=2)
    assert (restored["id_event"], restored["kind"], restored["id_order"]) == (7, "feed_restored", 0)
    assert restored["data"] == {"from": 2, "to": 6}
    assert [event["id_event"] for event in again] == [8, 9, 10, 11]
    assert [event["kind"] for event in again] == ["order_created", "stock_changed"] * 2


def test_numbers_that_a_killed_run_may_have_given_are_not_given_again(installation: Installation) -> None:
    installation.run(1, 2)
    installation.run(3, killed=True)
    assert installation.memory["feed-numbers"] == f"6 {6 + AHEAD}"
    installation.restore(2)
    installation.run(2)

    restored, created, _ = events(installation.shop, after=2)
    assert restored["data"] == {"from": 2, "to": 6 + AHEAD}
    assert [restored["id_event"], created["id_event"]] == [7 + AHEAD, 8 + AHEAD]


def test_a_killed_run_alone_leaves_no_gap(installation: Installation) -> None:
    installation.run(1, killed=True)
    installation.run(2)

    assert flaws_of_feed(installation.shop) == []


def test_a_restored_table_of_ours_alone_is_no_restored_shop(installation: Installation) -> None:
    """The counter lost, the events there: nothing was given that is not there to be seen."""
    installation.run(1)
    installation.shop.execute("DELETE FROM {p}orderferry_state")
    installation.run(2)

    assert [event["kind"] for event in events(installation.shop)] == ["order_created", "stock_changed"] * 2
    assert flaws_of_feed(installation.shop) == []


def test_the_shop_keeps_the_name_by_which_its_bridge_knows_it(installation: Installation) -> None:
    installation.run()
    name = "SELECT value FROM {p}orderferry_state WHERE name = 'shop_id'"
    before = installation.shop.value(name)
    installation.shop.execute("DELETE FROM {p}orderferry_state")
    installation.run()

    assert len(before) == 32
    assert installation.shop.value(name) == before


def test_what_everybody_has_read_is_deleted_when_it_is_old(installation: Installation) -> None:
    installation.run(1, 2, 3)
    call = {"hook": "actionValidateOrder", "sequence": 0, "module": "m", "state": "done", "attempts": 1}
    installation.shop.insert("orderferry_event_call", *({**call, "id_event": number} for number in (1, 6)))
    installation.reader(BRIDGE, 6)
    installation.reader("erp", 4)
    installation.run(now=NOW + timedelta(days=89))
    assert len(events(installation.shop)) == 6
    installation.run(4, now=NOW + timedelta(days=91))

    assert [event["id_event"] for event in events(installation.shop)] == [5, 6, 7, 8]
    assert [row["id_event"] for row in installation.shop.rows("SELECT id_event FROM {p}orderferry_event_call")] == [6]


def test_a_feed_whose_events_were_all_deleted_still_knows_its_last_number(installation: Installation) -> None:
    installation.run(1)
    installation.run(now=NOW + timedelta(days=91))
    assert events(installation.shop) == []
    feed = installation.feed()
    assert feed is not None
    assert (feed.last, feed.oldest) == (2, None)
    installation.run(2, now=NOW + timedelta(days=91))

    assert [event["id_event"] for event in events(installation.shop)] == [3, 4]


def test_without_a_reader_age_alone_counts(installation: Installation) -> None:
    installation.run(1)
    installation.run(2, now=NOW + timedelta(days=91))

    assert [event["id_event"] for event in events(installation.shop)] == [3, 4]


def test_readers_that_are_late_are_named(installation: Installation) -> None:
    def complaints(after: timedelta) -> list[str]:
        feed = installation.feed()
        assert feed is not None
        assert feed.last == 4
        return feed.complaints(NOW + after)

    installation.run(1, 2)
    (nobody,) = complaints(timedelta(days=2))
    assert "No program has ever said" in nobody
    installation.reader("erp", 1)
    installation.reader(BRIDGE, 4)

    assert complaints(timedelta(hours=23)) == []
    (erp,) = complaints(timedelta(hours=25))
    assert erp.startswith("3 events of the feed wait for 'erp', the oldest for 1d1h")


def test_a_ledger_that_breaks_at_the_end_is_forgiven(installation: Installation) -> None:
    """It goes on to think that more numbers may have been given, which does no harm."""

    class Broken(dict[str, str]):
        broken = False

        def __setitem__(self, key: str, value: str) -> None:
            if self.broken:
                raise LedgerUnusable("The disk is full.")
            super().__setitem__(key, value)

    installation.memory = Broken()
    installation.run(1, killed=True)
    written = installation.opened()
    Importer(written).take(amazon_order(MUG))
    installation.memory.broken = True
    written.close()

    assert installation.memory["feed-numbers"] == f"4 {4 + AHEAD}"
