"""What a terminal is told of a run while it goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orderferry.domain.orders import Channel
from orderferry.errors import QuotaExhausted
from orderferry.run.progress import Progress
from support.engine_world import START, World, make_order


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whatever is told to the progress of a run."""
    heard: list[Any] = []
    monkeypatch.setattr(Progress, "page_read", lambda _, orders: heard.append(orders))
    monkeypatch.setattr(Progress, "order_done", lambda _: heard.append("done"))
    monkeypatch.setattr(Progress, "waiting", lambda _, operation, until: heard.append((operation, until)))
    return heard


def test_pages_and_orders(world: World, shown: list[Any]) -> None:
    world.amazon.put(*(make_order(number) for number in range(1, 4)))
    world.run()
    assert [each for each in shown if each != 0] == [2, "done", "done", 1, "done"]


def test_of_a_page_only_what_the_command_is_about(world: World, shown: list[Any]) -> None:
    world.amazon.put(make_order(1), make_order(2, channel=Channel.FBA))
    world.amazon._matches = lambda *_: True  # type: ignore[method-assign]
    world.run("doublecheck")
    assert shown == [1, "done"]


def test_single_orders(world: World, shown: list[Any]) -> None:
    world.amazon.put(make_order(1), make_order(2))
    world.run(orders=("406-0000000-0000001", "406-0000000-0000002"))
    assert shown == [2, "done", "done"]


def test_an_order_that_amazon_does_not_give_is_no_page(world: World, shown: list[Any]) -> None:
    world.run(orders=("406-0000000-0000001",))
    assert shown == []


def test_a_wait_for_quota(world: World, shown: list[Any]) -> None:
    world.amazon.put(make_order(1))
    back = START + timedelta(seconds=3)
    get, waits = world.amazon.get, [QuotaExhausted("none left", operation="getOrder", retry_at=back)]

    def spent(order_id: str) -> Any:
        if waits:
            raise waits.pop()
        return get(order_id)

    world.amazon.get = spent  # type: ignore[method-assign]
    world.run(orders=("406-0000000-0000001",))
    assert shown == [("getOrder", back), 1, "done"]
    assert world.slept == [3]
