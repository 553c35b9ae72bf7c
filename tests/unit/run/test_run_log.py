"""What `-v` shows of a run: why orders are held or fail, what is read again, what is waited for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.domain.orders import Flaw, Item, OrderStatus, UnreadableOrder
from orderferry.errors import AmazonUnavailable, PaginationExpired, QuotaExhausted
from orderferry.ledger.ledger import open_ledger
from orderferry.run.progress import log_context, log_order, log_run
from support.engine_world import DE, IT, START, World, make_order

S = OrderStatus
ID = "406-0000000-0000001"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO):
        yield caplog


BEGIN, END = "the run begins", "the run ends with exit code"


def lines(log: pytest.LogCaptureFixture, world: World, command: str = "import", **options: object) -> list[str]:
    log.clear()
    world.run(command, **options)
    return log.messages


def test_a_quiet_run(world: World, log: pytest.LogCaptureFixture) -> None:
    assert lines(log, world) == [BEGIN, f"{END} 0: no order seen"]


def test_a_dry_run_says_so(world: World, log: pytest.LogCaptureFixture) -> None:
    world.amazon.put(make_order(1))
    assert lines(log, world, dry_run=True) == [f"{BEGIN} (dry)", f"{END} 0: 1 seen, 1 created"]


def test_a_new_ledger_with_a_beginning(world: World, log: pytest.LogCaptureFixture) -> None:
    orders = replace(world.settings.orders, since=START - timedelta(days=40))
    world.settings = replace(world.settings, orders=orders)
    assert lines(log, world)[1] == "a new ledger: the first import goes back to 2026-10-11T12:10:00Z"


def test_what_is_written_held_and_refused(world: World, log: pytest.LogCaptureFixture) -> None:
    world.amazon.put(
        make_order(1),
        make_order(2, items=(Item("1", 1, "NEW"),)),
        make_order(3),
        UnreadableOrder("406-0000000-0000004", (Flaw("createdTime", "missing"),)),
    )
    world.shop.broken_orders.add("406-0000000-0000003")
    assert list(dict.fromkeys(lines(log, world)))[1:] == [
        "held (bad-field): order 406-0000000-0000004: the field createdTime is unusable: missing",
        f"order {ID}: created (rows)",
        "held (unknown-sku): no product NEW",
        "refused (write-failed): can't be written",
        "failed (write-failed): can't be written",
        f"{END} 1: 4 seen, 1 created, 2 held, 1 failed",
    ]
    assert [record.levelname for record in log.records if "refused" in record.msg or "failed (" in record.msg] == [
        "WARNING",
        "WARNING",
    ]


def test_a_request_that_amazon_rejects(world: World, log: pytest.LogCaptureFixture) -> None:
    world.amazon.rejected.add(ID)
    assert f"order {ID}: Amazon rejects the request getOrder with HTTP 400: “no”." in lines(log, world, orders=(ID,))


def test_why_a_run_ended(world: World, log: pytest.LogCaptureFixture) -> None:
    world.amazon.faults[1] = AmazonUnavailable("Amazon is away.", hint="Wait.")
    assert lines(log, world)[-2:] == ["exit code 4: Amazon is away. Wait.", f"{END} 4: no order seen"]


def test_quota_that_is_spent_for_single_orders(world: World, log: pytest.LogCaptureFixture) -> None:
    world.amazon.put(make_order(1, S.PENDING))
    world.run()
    world.pass_time(hours=2)

    def spent(order_id: str) -> None:
        raise QuotaExhausted(f"none left for {order_id}", operation="getOrder")

    world.amazon.get = spent  # type: ignore[method-assign]
    assert "the quota of getOrder is spent for now: the rest is due in the next run" in lines(log, world)


def test_a_listing_that_goes_on_and_one_that_begins_anew(world: World, log: pytest.LogCaptureFixture) -> None:
    world.amazon.put(*(make_order(number) for number in range(1, 6)))
    world.amazon.faults[3] = AmazonUnavailable("away")
    world.run()
    world.amazon.faults[1] = PaginationExpired("expired")
    found = lines(log, world)
    assert "going on with page 2 of a listing that an earlier run left" in found
    assert "Amazon no longer takes the pagination token: the span is read from its first page" in found


def test_a_listing_that_took_long(world: World, log: pytest.LogCaptureFixture) -> None:
    world.amazon.seconds_a_call = 1801
    assert "the listing took longer than the overlap: it is read a second time before it counts" in lines(log, world)
    world.pass_time(hours=9)
    world.amazon.seconds_a_call = 1800
    assert not [line for line in lines(log, world) if "a second time" in line]


def test_a_joint_listing_that_is_refused(world: World, log: pytest.LogCaptureFixture) -> None:
    world.amazon.refused.add(DE.id)
    found = lines(log, world)
    assert found.count("the joint listing was refused; each marketplace is tried alone") == 1
    assert IT.id not in "".join(found)


def test_a_ledger_that_was_lost(world: World, log: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    world.amazon.put(make_order(1), make_order(2))
    world.run()
    with open_ledger(tmp_path / "new.sqlite", account="a", shop="s", now=START) as ledger:
        world.ledger = ledger
        assert "the ledger was lost: 2 imported orders are taken over from the shop's markers" in lines(log, world)


def test_log_lines_know_what_they_are_about() -> None:
    log_run("shop", "import", 3)
    with log_order(ID):
        assert log_context() == {"shop": "shop", "command": "import", "run": 3, "order_id": ID}
    assert log_context() == {"shop": "shop", "command": "import", "run": 3}
