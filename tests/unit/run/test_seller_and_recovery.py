"""Whose ledger it is, and what is left in the shop for a ledger that is lost: the sentences and the limits."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.config.model import OrdersSettings, Secret
from orderferry.domain.durations import iso
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.errors import RequestRejected
from orderferry.ledger.ledger import open_ledger
from orderferry.run.observation import FirstImport, missing_since
from orderferry.run.seller import WrongSeller, ask_whether_ours
from support.engine_world import DE, IT, START, World, make_order

ID = "406-0000000-0000001"
COMPARED = "compared with the shop's markers"


def renewed(world: World, token: str = "another") -> World:
    world.settings = replace(world.settings, amazon=replace(world.settings.amazon, refresh_token=Secret(token)))
    return world


def test_each_order_is_asked_for_once_and_a_rejected_id_is_nobodys() -> None:
    asked: list[str] = []

    def fetch(order_id: str) -> object:
        asked.append(order_id)
        if order_id == "rejected":
            raise RequestRejected("no")
        return {"ours": 1}.get(order_id)

    is_ours = ask_whether_ours(fetch)
    assert [is_ours(one) for one in ("ours", "theirs", "rejected", "ours")] == [True, False, False, True]
    assert asked == ["ours", "theirs", "rejected"]


def test_the_ledger_of_another_seller_stops_the_run(world: World) -> None:
    world.amazon.put(*(make_order(number) for number in range(1, 8)))
    world.run()
    world.amazon.orders.clear()
    with pytest.raises(WrongSeller) as wrong:
        renewed(world).run()
    newest = world.ledger.newest_orders(1)[0]
    assert wrong.value.message == (
        f"The ledger belongs to another seller than amazon.refresh_token: Amazon does not show it order {newest}."
    )
    assert wrong.value.hint == (
        "Put back the token of that seller; or give this seller a ledger of its own (ledger.path), which begins at "
        "orders.since."
    )
    assert (wrong.value.code, wrong.value.exit_code) == ("another-seller", 6)
    assert world.amazon.calls["getOrder"] == 5, "five orders are asked for"
    (run,) = world.ledger.last_runs("import", 1)
    assert (run.exit_code, run.finished) == (6, START)


def test_a_new_token_of_the_same_seller_is_taken(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.amazon.put(make_order(1))
    world.run()
    with caplog.at_level(logging.WARNING):
        assert renewed(world).run().exit_code == 0
    assert caplog.messages == [
        "the refresh token is new, and the seller the same: Amazon shows it the orders of this ledger"
    ]
    assert world.ledger.seller() == world.settings.amazon.seller


def test_a_ledger_without_orders_observes_anew_for_a_new_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.run()
    with caplog.at_level(logging.WARNING):
        renewed(world).run()
    assert caplog.messages == [
        "the refresh token is new, and no order tells whose it is: what was observed is observed anew"
    ]


def test_what_an_import_leaves_in_the_shop(world: World) -> None:
    world.amazon.put(*(make_order(number) for number in range(1, 8)))
    world.run()
    ((name, text),) = world.shop.notes.items()
    assert name == f"coverage {world.settings.amazon.seller}"
    kept = json.loads(text)
    assert len(kept["orders"]) == 5
    assert [(cell[0], cell[1]) for cell in kept["coverage"]] == [
        (market, channel) for market in sorted((IT.id, DE.id)) for channel in ("fba", "regular")
    ]
    assert "owed" not in kept


@pytest.fixture
def lost(world: World, tmp_path: Path) -> Iterator[World]:
    """The same installation with a ledger that is new."""
    world.amazon.put(make_order(1), make_order(2))
    world.run()
    with open_ledger(tmp_path / "new.sqlite", account="a", shop="s", now=START) as ledger:
        world.ledger = ledger
        yield world


def test_a_lost_ledger_is_rebuilt_and_says_what_is_still_to_be_done(lost: World) -> None:
    report = lost.run()
    (problem,) = report.problems.values()
    assert problem.code == "ledger-rebuilt"
    assert problem.message == (
        "the ledger was lost and rebuilt from the shop; `orderferry recheck` and `orderferry doublecheck` must still "
        "look for what waited"
    )
    entry = lost.ledger.entry(ID)
    assert entry
    assert (str(entry.state), entry.id_order, entry.marketplace_id, entry.channel) == (
        "imported",
        1,
        IT.id,
        Channel.REGULAR,
    )
    assert entry.amazon_updated == START - timedelta(hours=4)
    assert lost.ledger.recall(COMPARED) == iso(START)
    assert lost.ledger.recall("still to be caught up by recheck after the ledger was lost") == iso(START)
    assert len(lost.shop.writes) == 2


def test_each_catch_up_looks_back_far_once(lost: World) -> None:
    lost.run()
    give_up = lost.settings.orders.give_up
    for command, usual in (("recheck", timedelta(days=7)), ("doublecheck", timedelta(days=30))):
        lost.run(command, dry_run=True)
        lost.run(command)
        assert lost.amazon.searches[0][0].span.length == max(give_up, usual)
        lost.run(command)
        assert lost.amazon.searches[0][0].span.length == usual
        other = "doublecheck" if command == "recheck" else ""
        waiting = [problem.message for problem in lost.run().problems.values()]
        assert [other in message for message in waiting] == ([True] if other else [])


def test_what_was_covered_is_covered_again(lost: World) -> None:
    lost.pass_time(hours=1)
    lost.run()
    cell = (IT.id, Channel.REGULAR)
    (span,) = lost.ledger.coverage(Basis.UPDATED)[cell]
    assert span.start < START - timedelta(hours=20)


def test_of_a_new_ledger_amazon_keeps_two_years(world: World) -> None:
    settings = replace(world.settings, orders=OrdersSettings(since=START - timedelta(days=900)))
    first_import = FirstImport(world.ledger, settings)
    first_import.begin(START)
    world.settings = replace(settings, orders=OrdersSettings())
    assert set(FirstImport(world.ledger, world.settings).starts.values()) == {START - timedelta(days=730)}


def test_what_is_missing_ends_with_the_coverage_or_now() -> None:
    hour = timedelta(hours=1)
    start = START - 9 * hour
    assert missing_since(start, (), START) == (Span(start, START),)
    assert missing_since(START, (), START) == ()
    covered = (Span(START - 5 * hour, START - 3 * hour),)
    assert missing_since(start, covered, START) == (Span(start, START - 5 * hour),)
    assert missing_since(START - 3 * hour, covered, START) == ()
