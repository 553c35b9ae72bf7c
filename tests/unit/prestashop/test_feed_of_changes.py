"""The feed of changes: its numbers, its readers, what becomes of the bridge's calls, and what is deleted when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.feed import Calls, Feed, Reader
from orderferry.errors import LedgerUnusable
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.own_tables import ensure_tables
from orderferry.prestashop.database.statements import Reply
from orderferry.prestashop.database.tables import wanted_tables
from orderferry.prestashop.feed import keeper as keeping
from orderferry.prestashop.feed.keeper import FeedKeeper
from orderferry.prestashop.feed.outbox import FeedEventKind, Outbox, event_row, post_events
from orderferry.prestashop.feed.readers import BridgeShop, read_calls
from orderferry.prestashop.writing.shop_writer import ShopWriter
from support.feed import events
from support.reading import settings_for as prestashop_settings
from support.shop_database import ShopDatabase
from support.sqlite_shop import sqlite_shop_in
from support.writing import settings_for

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Feeding:
    """A shop with the feed's tables, and runs on it that share a ledger's memory."""

    shop: ShopDatabase
    folder: Path
    memory: dict[str, str] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database = Database(prestashop_settings(self.shop.url))
        with self.database.reading("reading") as connection:
            wanted = wanted_tables(events=True)
            tables = read_tables(connection, "ps_", wanted)
            self.tables = ensure_tables(connection, tables, self.database.access, events=True)

    def keeper(self, now: datetime = NOW) -> FeedKeeper:
        keeper = FeedKeeper(
            self.database, self.tables, self.memory.get, self.memory.__setitem__, sleep=self.slept.append
        )
        keeper.open(now)
        return keeper

    def post(self, number: int = 1, moment: datetime = NOW) -> int:
        """Write events; return the last one's number."""
        row = event_row(FeedEventKind.ORDER_CREATED, {"paid": True}, moment, order_id="1-2", id_order=3, id_shop=4)
        with self.database.writing("writing") as connection:
            return int(post_events(ShopWriter(connection, self.tables), [row] * number).rows[0]["value"])

    def state(self) -> dict[str, str]:
        return {row["name"]: row["value"] for row in self.shop.rows("SELECT name, value FROM {p}orderferry_state")}

    def reader(self, name: str, position: int, **more: Any) -> None:
        self.shop.insert("orderferry_event_consumer", {"consumer": name, "id_event": position, **more})

    def call(self, number: int, state: str, **more: Any) -> None:
        key = {"id_event": number, "hook": "actionValidateOrder", "sequence": 0, "module": "erp", "state": state}
        self.shop.insert("orderferry_event_call", {**key, "attempts": 1, **more})

    def bridge(self) -> BridgeShop:
        return BridgeShop(
            settings_for(self.shop, self.folder, events_enabled=True), recall=self.memory.get, sleep=self.slept.append
        )


@pytest.fixture
def feeding(tmp_path: Path) -> Iterator[Feeding]:
    feeding = Feeding(sqlite_shop_in(tmp_path), tmp_path)
    yield feeding
    feeding.database.close()
    feeding.shop.close()


def test_a_new_feed_has_a_counter_and_a_name(feeding: Feeding) -> None:
    feeding.keeper()

    assert feeding.state()["last_event"] == "0"
    name = feeding.state()["shop_id"]
    assert len(name) == 32
    assert feeding.memory == {"shop_id": name, "feed-pruned": "2026-11-29"}
    assert events(feeding.shop) == []


def test_an_event_in_full(feeding: Feeding) -> None:
    feeding.keeper()
    assert feeding.post(2) == 2
    assert feeding.post() == 3

    assert events(feeding.shop) == [
        {
            "id_event": number,
            "kind": "order_created",
            "id_order": 3,
            "id_shop": 4,
            "amazon_order_id": "1-2",
            "data": {"paid": True},
            "created": "2026-11-29 12:00:00",
        }
        for number in (1, 2, 3)
    ]
    assert feeding.state()["last_event"] == "3"


def test_the_words_that_other_programs_test_for() -> None:
    assert [str(kind) for kind in FeedEventKind] == [
        *("order_created", "order_changed", "state_changed", "order_cancelled", "tracking_set", "stock_changed"),
        "feed_restored",
    ]


def test_the_ledger_reserves_numbers_before_they_are_given(feeding: Feeding) -> None:
    keeper = feeding.keeper()
    keeper.close()  # nothing was written
    assert "feed-numbers" not in feeding.memory
    keeper.before_writing()
    assert feeding.memory["feed-numbers"] == "0 1000"
    feeding.memory["feed-numbers"] = "5 7"  # another run
    keeper.before_writing()
    assert feeding.memory["feed-numbers"] == "5 7"  # once is enough
    keeper.written(0)
    assert feeding.memory["feed-numbers"] == "5 7"
    keeper.written(6)
    assert feeding.memory["feed-numbers"] == "6 1006"
    keeper.written(4)
    keeper.close()
    assert feeding.memory["feed-numbers"] == "6 6"
    feeding.memory["feed-numbers"] = "9 1009"
    keeper.close()  # a second time changes nothing
    assert feeding.memory["feed-numbers"] == "9 1009"
    keeper.before_writing()
    assert feeding.memory["feed-numbers"] == "9 1006"
    keeper.close()
    assert feeding.memory["feed-numbers"] == "9 9"


def test_a_ledger_that_can_t_be_written_at_the_end_does_no_harm(feeding: Feeding) -> None:
    keeper = feeding.keeper()
    keeper.before_writing()

    def broken(_name: str, _value: str) -> None:
        raise LedgerUnusable("full")

    keeper.remember = broken
    keeper.close()
    assert feeding.memory["feed-numbers"] == "0 1000"


def test_a_shop_that_was_restored_gives_no_number_twice(feeding: Feeding) -> None:
    feeding.keeper()
    feeding.post(2)
    feeding.memory["feed-numbers"] = "5 9"
    feeding.keeper()

    (restored,) = events(feeding.shop, after=2)
    assert restored == {
        "id_event": 10,
        "kind": "feed_restored",
        "id_order": 0,
        "id_shop": 0,
        "amazon_order_id": "",
        "data": {"from": 2, "to": 9},
        "created": "2026-11-29 12:00:00",
    }
    assert feeding.memory["feed-numbers"] == "10 10"
    assert feeding.post() == 11


@pytest.mark.parametrize("numbers", ["2 9", "x", "", "1 2 3"])
def test_numbers_that_are_reserved_alone_were_not_given(feeding: Feeding, numbers: str) -> None:
    feeding.keeper()
    feeding.post(2)
    if numbers != "x":
        feeding.memory["feed-numbers"] = numbers
    feeding.keeper()

    assert len(events(feeding.shop)) == 2
    assert feeding.memory["feed-numbers"] == "2 2"


def test_a_counter_that_is_behind_its_events_is_set_right(feeding: Feeding) -> None:
    feeding.keeper()
    feeding.post(3)
    feeding.shop.execute("UPDATE {p}orderferry_state SET value = '1' WHERE name = 'last_event'")
    feeding.keeper()
    assert feeding.post() == 4
    feeding.shop.execute("DELETE FROM {p}orderferry_state WHERE name = 'last_event'")
    feeding.keeper()
    assert feeding.post() == 5


def test_the_shop_keeps_its_name(feeding: Feeding) -> None:
    feeding.keeper()
    first = feeding.state()["shop_id"]
    feeding.shop.execute("DELETE FROM {p}orderferry_state")
    feeding.keeper()
    assert feeding.state()["shop_id"] == first
    feeding.shop.execute("UPDATE {p}orderferry_state SET value = 'other' WHERE name = 'shop_id'")
    feeding.keeper()  # the shop's own name wins over the ledger's
    assert feeding.memory["shop_id"] == "other"


def test_old_events_are_deleted_once_all_readers_have_them(feeding: Feeding) -> None:
    feeding.keeper()
    feeding.post(4, NOW - timedelta(days=91))
    feeding.post(2, NOW)
    for number in (2, 3, 6):
        feeding.call(number, "done")
    feeding.reader("bridge", 6)
    feeding.reader("erp", 2)
    feeding.keeper()
    assert len(events(feeding.shop)) == 6  # once a day
    feeding.memory["feed-pruned"] = "2026-11-28"
    feeding.keeper()

    assert [event["id_event"] for event in events(feeding.shop)] == [3, 4, 5, 6]
    assert [row["id_event"] for row in feeding.shop.rows("SELECT id_event FROM {p}orderferry_event_call")] == [3, 6]
    assert feeding.memory["feed-pruned"] == "2026-11-29"


@pytest.mark.parametrize(("age", "left"), [(timedelta(days=90), 1), (timedelta(days=90, seconds=1), 0)])
def test_events_are_kept_for_ninety_days(feeding: Feeding, age: timedelta, left: int) -> None:
    feeding.keeper()
    feeding.post(1, NOW - age)
    feeding.memory.pop("feed-pruned")
    feeding.keeper()

    assert len(events(feeding.shop)) == left


def test_many_events_are_deleted_in_parts(feeding: Feeding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_PRUNED_AT_ONCE", 2)
    feeding.keeper()
    feeding.post(5, NOW - timedelta(days=91))
    feeding.post(1)
    feeding.memory.pop("feed-pruned")
    feeding.keeper()

    assert [event["id_event"] for event in events(feeding.shop)] == [6]


def feed(feeding: Feeding) -> Feed | None:
    with closing(feeding.bridge()) as bridge:
        return bridge.feed()


def test_how_the_feed_stands(feeding: Feeding) -> None:
    feeding.keeper()
    assert feed(feeding) == Feed(0, None, ())
    feeding.post(2, NOW)
    feeding.post(2, NOW + MINUTE)
    feeding.reader("bridge", 4, taken="2026-11-29 12:05:00", note="12 calls")
    feeding.reader("erp", 1)
    feeding.reader("old", 0)
    assert feed(feeding) == Feed(
        4,
        NOW,
        (
            Reader("bridge", 4, 0, None, NOW + 5 * MINUTE, "12 calls"),
            Reader("erp", 1, 3, NOW, None),
            Reader("old", 0, 4, NOW, None),
        ),
    )
    feeding.shop.execute("DELETE FROM {p}orderferry_event")
    assert feed(feeding) == Feed(
        4,
        None,
        (
            Reader("bridge", 4, 0, None, NOW + 5 * MINUTE, "12 calls"),
            Reader("erp", 1, 0, None, None),
            Reader("old", 0, 0, None, None),
        ),
    )


@pytest.mark.parametrize(
    "missing", ["orderferry_state", "orderferry_event", "orderferry_event_consumer", "orderferry_event_call"]
)
def test_a_shop_without_one_of_the_tables_has_no_feed(feeding: Feeding, missing: str) -> None:
    feeding.shop.execute(f"DROP TABLE {{p}}{missing}")
    assert feed(feeding) is None


def calls(feeding: Feeding, now: datetime = NOW) -> tuple[Calls, ...]:
    with feeding.database.reading("reading") as connection:
        found = read_calls(connection, feeding.tables, now)
    with closing(feeding.bridge()) as bridge:
        assert bridge.calls(now) == found
    return found


def test_what_became_of_the_bridge_s_calls(feeding: Feeding) -> None:
    feeding.call(1, "done")
    feeding.call(2, "done")
    feeding.call(3, "skipped")
    feeding.call(7, "failed", message="No such class.", next_try="2026-11-29 13:00:00")
    feeding.call(6, "failed", message="Aborted.")
    feeding.call(9, "new")
    feeding.call(5, "done", module="crm")
    assert calls(feeding) == (
        Calls("crm", "actionValidateOrder", done=1),
        Calls(
            "erp",
            "actionValidateOrder",
            done=2,
            skipped=1,
            failed=2,
            given_up=1,
            first=6,
            message="No such class.",
        ),
    )


@pytest.mark.parametrize(
    ("started", "message", "unknown"),
    [
        (NOW - timedelta(minutes=60), "", False),
        (NOW - timedelta(minutes=61), "", True),
        (NOW + timedelta(minutes=61), "", True),  # the server's clock is wrong
        (NOW, "left over", True),
    ],
)
def test_a_call_that_runs_for_long_has_ended_unknown(
    feeding: Feeding, started: datetime, message: str, unknown: bool
) -> None:
    feeding.call(4, "running", started=f"{started:%Y-%m-%d %H:%M:%S}", message=message)
    feeding.call(8, "failed", message="later", next_try="2026-11-29 13:00:00")

    both = Calls("erp", "actionValidateOrder", failed=1, unknown=1, first=4, message=message or "later")
    alone = Calls("erp", "actionValidateOrder", failed=1, first=8, message="later")
    assert calls(feeding) == (both if unknown else alone,)


def test_a_shop_gets_the_name_that_the_ledger_knows(feeding: Feeding) -> None:
    feeding.memory["shop_id"] = "known"
    with closing(feeding.bridge()) as bridge:
        assert bridge.shop_id() == "known"
        feeding.memory.clear()
        assert bridge.shop_id() == "known"
        feeding.shop.execute("DELETE FROM {p}orderferry_state")
        new = bridge.shop_id()
        assert len(new) == 32
        assert feeding.state() == {"shop_id": new}


def test_asking_for_the_name_makes_our_tables(feeding: Feeding) -> None:
    feeding.shop.execute("DROP TABLE {p}orderferry_state")
    feeding.shop.execute("DROP TABLE {p}orderferry_event")
    with closing(feeding.bridge()) as bridge:
        name = bridge.shop_id()
    assert feeding.state() == {"shop_id": name}
    assert "ps_orderferry_event" in feeding.shop.tables()


def moved(rows: int = 1) -> Reply:
    reply = Reply(lambda: None)
    reply.answer((), rows, 0)
    return reply


def test_the_events_of_one_transaction(feeding: Feeding) -> None:
    feeding.keeper()
    outbox = Outbox(open=True)
    assert outbox.last == 0
    outbox.note_stock((2, 0, 1), -1, moved())
    outbox.note_stock((1, 5, 1), -2, moved())
    outbox.note_stock((1, 0, 1), -2, moved())
    outbox.note_stock((1, 0, 1), 3, moved())
    outbox.note_stock((3, 0, 1), -1, moved(0))  # no such row
    outbox.note_stock((4, 0, 1), 0, moved())
    outbox.note_stock((5, 0, 1), -1, None)
    outbox.note_stock((6, 0, 1), -1, moved())
    outbox.note_stock((6, 0, 1), 1, moved())
    outbox.note(FeedEventKind.ORDER_CHANGED, lines=True, address=False)
    with feeding.database.writing("writing") as connection:
        outbox.write(ShopWriter(connection, feeding.tables), "1-2", 3, 4, NOW)
        assert outbox.last == 4

    def stock(product: int, attribute: int, delta: int) -> dict[str, object]:
        return {
            "id_product": product,
            "id_product_attribute": attribute,
            "delta": delta,
            "quantity": None,
            "id_shop": 1,
        }

    found = events(feeding.shop)
    assert [event["data"] for event in found] == [
        {"lines": True, "address": False},
        stock(1, 0, 1),
        stock(1, 5, -2),
        stock(2, 0, -1),
    ]
    assert [event["kind"] for event in found] == ["order_changed", *["stock_changed"] * 3]
    assert {(event["id_order"], event["id_shop"], event["amazon_order_id"]) for event in found} == {(3, 4, "1-2")}
    assert '": ' not in feeding.shop.value("SELECT data FROM {p}orderferry_event WHERE id_event = 1")


def test_a_shop_without_a_feed_keeps_nothing(feeding: Feeding) -> None:
    outbox = Outbox(open=False)
    outbox.note(FeedEventKind.ORDER_CHANGED, lines=True)
    outbox.note_stock((1, 0, 1), -1, moved())
    with feeding.database.writing("writing") as connection:
        outbox.write(ShopWriter(connection, feeding.tables), "1-2", 3, 4, NOW)
    assert (outbox.last, events(feeding.shop)) == (0, [])


def test_an_event_of_the_feed_itself_names_no_order() -> None:
    kind, id_order, id_shop, order_id, data, created = event_row(FeedEventKind.FEED_RESTORED, {"from": 1}, NOW)
    assert (kind, id_order, id_shop, order_id) == ("feed_restored", 0, 0, "")
    assert (json.loads(data), created) == ({"from": 1}, "2026-11-29 12:00:00")
