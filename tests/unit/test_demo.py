"""The demo: its parts one by one, what it would complain of, and one day of it played in small."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry import demo
from orderferry.config.load import load_settings
from orderferry.demo import Loss, is_ready, missed_orders, play, prepare_folder, read_shop_orders
from orderferry.domain.orders import Channel
from orderferry.errors import UsageError
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import SimulatedOrder
from orderferry.simulator.world import World
from support.simulated import START, id_of, shipped, simulated_order, verified

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
DELAY = timedelta(minutes=3)  # searches of Amazon's lag behind


def test_the_pictures_in_the_readme_are_of_this_demo() -> None:
    """Who changes one of these draws them anew (scripts/pictures)."""
    assert (demo.DAYS, demo.ORDERS_A_DAY, demo.DAYS_TO_COME, demo.SEED) == (14, 24, 7, 20261123)
    assert (demo.INTERVAL, demo.FIXED_WINDOW) == (4 * HOUR, DAY)
    assert demo.CATCH_UPS == (("recheck", 5), ("doublecheck", 7))
    assert (6 * DAY + 14 * HOUR, 8 * DAY + 2 * HOUR) == demo.OUTAGE, "cron is down for a day and a half"


@pytest.mark.parametrize(
    ("since_start", "down"),
    [
        (6 * DAY + 14 * HOUR - SECOND, False),
        (6 * DAY + 14 * HOUR, True),
        (8 * DAY + 2 * HOUR - SECOND, True),
        (8 * DAY + 2 * HOUR, False),
    ],
)
def test_when_cron_is_down(since_start: timedelta, down: bool) -> None:
    assert demo._is_down(since_start) is down


REGULAR = simulated_order(1, verified(hours=1), shipped(hours=30))
FBA = simulated_order(2, verified(hours=1), shipped(hours=30), channel=Channel.FBA)


@pytest.mark.parametrize(
    ("order", "moment", "ready"),
    [
        (REGULAR, START - HOUR, False),
        (REGULAR, START + HOUR + DELAY - SECOND, False),
        (REGULAR, START + HOUR + DELAY, True),
        (FBA, START + HOUR + DELAY, False),
        (FBA, START + 30 * HOUR + DELAY, True),
    ],
)
def test_when_an_order_can_be_imported(order: SimulatedOrder, moment: datetime, ready: bool) -> None:
    assert is_ready(order, moment) is ready


def runs(*hours: float) -> list[datetime]:
    return [START + hour * HOUR for hour in hours]


@pytest.mark.parametrize(
    ("order", "ran", "planned", "loss"),
    [
        (REGULAR, runs(2, 24), runs(2, 24), None),
        (REGULAR, runs(24, 48), runs(24, 48), None),  # at the end of the window
        (REGULAR, runs(24.1, 48), runs(24.1, 48), Loss.HELD_BACK),
        (REGULAR, runs(48), runs(2, 24, 48), Loss.OUTAGE),
        (FBA, runs(2, 24, 48), runs(2, 24, 48), Loss.FBA_LATE),
        (FBA, runs(2), runs(2, 24), None),  # it is not ready yet
        (replace(REGULAR, placed=START + 48 * HOUR), runs(2), runs(2), None),
    ],
)
def test_what_a_fixed_window_loses(
    order: SimulatedOrder, ran: list[datetime], planned: list[datetime], loss: Loss | None
) -> None:
    assert missed_orders([order], ran, planned, DAY) == ({order.order_id: loss} if loss else {})


def test_an_order_that_nobody_can_import_yet_is_not_lost_and_hides_no_other() -> None:
    late = replace(FBA, order_id=id_of(9))
    caught = replace(REGULAR, order_id=id_of(8), placed=START + 20 * HOUR)
    missed = missed_orders([replace(FBA, order_id=id_of(7)), caught, REGULAR, late], runs(26), runs(2, 26), DAY)
    assert missed == {REGULAR.order_id: Loss.OUTAGE}


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (Loss.OUTAGE, "cron was down while it was in the window"),
        (Loss.HELD_BACK, "Amazon held it back for longer than the window"),
        (Loss.FBA_LATE, "FBA shipped it after the window"),
    ],
)
def test_a_loss_in_words(loss: Loss, words: str) -> None:
    assert str(loss) == words


def test_the_shop_is_read_by_sql_of_the_demos_own(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as shop:
        shop.executescript(
            """CREATE TABLE ps_orders (id_order, reference, total_paid);
            CREATE TABLE ps_order_payment (order_reference, transaction_id);
            INSERT INTO ps_orders VALUES (1, 'A', '12.340000'), (2, 'B', 7), (3, 'C', 8.5);
            INSERT INTO ps_order_payment VALUES ('A', 'one'), ('B', 'two'), ('C', 'two');"""
        )
    found = read_shop_orders(path)
    assert found == {"one": (1, Decimal("12.34")), "two": (2, Decimal("8.50"))}
    assert [str(total) for _, total in found.values()] == ["12.34", "8.50"]


def wrong(shop: dict[str, tuple[int, Decimal]], *, reported: tuple[str, ...] = ()) -> list[str]:
    world = World([REGULAR])
    moment = START + 40 * HOUR
    return list(demo._wrong(world, (REGULAR,), shop, moment, reported))


TOTAL = Decimal("20.00")
ID = REGULAR.order_id


def test_what_the_demo_would_complain_of() -> None:
    assert wrong({ID: (1, TOTAL)}) == []
    assert wrong({}) == [f"{ID} is missing"]
    assert wrong({ID: (2, TOTAL)}) == [f"{ID} is in the shop 2 times"]
    assert wrong({ID: (1, Decimal("19.99"))}) == [f"{ID}: Amazon says 20.00, the shop 19.99"]
    assert wrong({ID: (1, Decimal("19.99"))}, reported=(ID,)) == []


def test_one_order_that_is_missing_hides_no_other() -> None:
    world, second = World([REGULAR, FBA]), FBA.order_id
    shop = {second: (1, Decimal("1.00"))}
    assert list(demo._wrong(world, (REGULAR, FBA), shop, START + 40 * HOUR, ())) == [
        f"{ID} is missing",
        f"{second}: Amazon says 20.00, the shop 1.00",
    ]


def test_an_earlier_demo_is_removed_and_anything_else_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "demo"
    prepare_folder(folder)
    assert list(folder.iterdir()) == []
    for name in ("config.toml", "shop.sqlite", "shop.sqlite-wal", "world.json", "config.ledger.sqlite"):
        (folder / name).write_text("old")
    prepare_folder(folder)
    assert list(folder.iterdir()) == []
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(UsageError) as refused:
        prepare_folder(folder)
    assert refused.value.message == f"{folder} holds mine.txt, which no demo has put there."
    assert refused.value.hint == "Give an empty --folder."
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_a_day_in_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("DAYS", 1),
        ("DAYS_TO_COME", 0),
        ("ORDERS_A_DAY", 9),
        ("OUTAGE", (9 * HOUR, 13 * HOUR)),
    ):
        monkeypatch.setattr(demo, name, value)
    folder, midnight, progress = tmp_path / "demo", START.replace(hour=0), list[str]()
    now = midnight + DAY + 20 * SECOND
    result = play(folder, now, progress.append)
    assert (result.folder, result.start, result.end) == (folder, midnight, now)
    assert progress == [
        "day  1: 02 November 04:07",
        "day  1: 02 November 08:07",
        "day  1: cron is down",
        "day  1: 02 November 16:07",
        "day  1: 02 November 20:07",
    ]
    assert result.runs == 6, "both catch-ups ran once, before the import at eight"
    assert result.wrong == ()
    assert result.ready
    assert result.imported.keys() >= {order.order_id for order in result.ready}
    check_what_is_left(folder, midnight)


def check_what_is_left(folder: Path, since: datetime) -> None:
    assert sorted(path.name for path in folder.iterdir() if path.suffix in {".sqlite", ".toml", ".json"}) == [
        "config.ledger.sqlite",
        "config.toml",
        "shop.sqlite",
        "world.json",
    ]
    assert stat.S_IMODE((folder / "config.toml").stat().st_mode) == 0o600
    settings = load_settings(folder / "config.toml", {})
    assert [one.code for one in settings.amazon.marketplaces] == ["IT", "DE", "FR", "ES"]
    assert settings.orders.since == since
    with closing(sqlite3.connect(folder / "shop.sqlite")) as shop:
        assert shop.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        references = {reference for (reference,) in shop.execute("SELECT reference FROM ps_product")}
        assert references >= {item.sku for item in DEMO_CATALOG}
        assert {number for (number,) in shop.execute("SELECT quantity FROM ps_stock_available")} <= set(
            range(900, 1001)
        )


def test_a_port_that_is_in_use_is_replaced_by_another() -> None:
    clock = Clock.still(START)
    with SimulatorServer(World([]), clock=clock) as first, pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "DEFAULT_PORT", first.port)
        with demo._server(World([]), clock) as second:
            assert second.port != first.port
