"""Whose coverage it is: several sellers at one shop, new refresh tokens, lost ledgers, against real ledgers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.config.model import Secret
from orderferry.domain.orders import Channel
from orderferry.domain.problems import ProblemCode
from orderferry.domain.search import Basis
from orderferry.errors import AmazonUnavailable, ExitCode
from orderferry.ledger.ledger import open_ledger
from orderferry.run.recover import parse_coverage
from orderferry.run.report import Report
from orderferry.run.seller import WrongSeller
from support.engine_world import DE, IT, START, DictShop, World, make_order, settings_in

Install = Callable[..., World]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Installs at one and the same shop, as the seller of a refresh token."""
    shop = DictShop()
    with ExitStack() as stack:

        def make(name: str, token: str = "the first seller's", **amazon: object) -> World:
            settings = settings_in(tmp_path)
            changed = replace(settings.amazon, refresh_token=Secret(token), **amazon)  # type: ignore[arg-type]
            ledger = stack.enter_context(open_ledger(tmp_path / f"{name}.sqlite", account="a", shop="s", now=START))
            world = World(ledger, replace(settings, amazon=changed))
            world.shop = shop
            return world

        yield make


def with_token(world: World, token: str) -> World:
    world.settings = replace(world.settings, amazon=replace(world.settings.amazon, refresh_token=Secret(token)))
    return world


def as_left_by_the_version_before(world: World) -> str:
    """The copy as it was: one for the whole shop, nobody's."""
    [(name, text)] = world.shop.notes.items()
    world.shop.notes.clear()
    world.shop.notes["coverage"] = json.dumps(json.loads(text)["coverage"])
    return name


def read_from(report: Report) -> list[str]:
    return sorted({str(observed["from"]) for observed in report.as_json()["observed"]})


WHOLE_WINDOW = ["2026-11-17T12:07:00Z", "2026-11-19T12:07:00Z"]


@pytest.mark.parametrize("copy", ["of today", "of the version before"])
def test_a_second_seller_at_the_same_shop_inherits_nothing(install: Install, copy: str) -> None:
    first = install("first")
    first.amazon.put(*(make_order(number) for number in range(1, 4)))
    first.run()
    if copy == "of the version before":
        as_left_by_the_version_before(first)
    second = install("second", "the second seller's")
    second.amazon.put(*(make_order(number) for number in range(11, 14)))
    report = second.run()
    assert read_from(report) == WHOLE_WINDOW
    assert report.counts["created"] == 3
    assert report.problems == {}, "nothing was lost: this seller never had a ledger"
    assert len(second.shop.markers_by_id) == 6


def test_each_of_two_sellers_at_one_shop_gets_its_own_coverage_back(install: Install) -> None:
    first, second = install("first"), install("second", "the second seller's")
    first.amazon.put(make_order(1))
    second.amazon.put(make_order(11))
    first.run()
    second.now += timedelta(hours=3)
    second.run()
    again = install("again", "the second seller's")
    again.now = second.now + timedelta(minutes=10)
    again.amazon = second.amazon
    report = again.run()
    assert [problem.code for problem in report.problems.values()] == [ProblemCode.LEDGER_REBUILT]
    assert again.ledger.coverage(Basis.UPDATED)[IT.id, Channel.REGULAR][0].start == START - timedelta(
        days=1
    ) + timedelta(hours=3, minutes=-3)
    other = install("other")
    other.now = START + timedelta(hours=6)
    other.amazon.put(make_order(1), make_order(2, updated=START + timedelta(hours=1)))
    assert other.run().counts["created"] == 1, "not what the second one's later copy says"


def test_a_ledger_is_refused_to_another_seller_of_the_same_application(install: Install) -> None:
    world = install("first")
    world.amazon.put(*(make_order(number) for number in range(1, 4)))
    world.run()
    covered = world.ledger.coverage(Basis.UPDATED)
    world.amazon.orders.clear()
    world.amazon.put(make_order(11))
    world.pass_time(minutes=30)
    with pytest.raises(WrongSeller) as refused:
        with_token(world, "the second seller's").run()
    assert refused.value.exit_code is ExitCode.LEDGER_UNUSABLE
    assert "second" not in str(refused.value)
    assert world.ledger.coverage(Basis.UPDATED) == covered
    assert len(world.shop.writes) == 3
    assert world.ledger.last_runs()[0].exit_code == ExitCode.LEDGER_UNUSABLE
    assert world.amazon.searches == []


def test_a_new_token_of_the_same_seller_goes_on_where_the_old_one_was(install: Install) -> None:
    world = install("first")
    world.amazon.put(*(make_order(number) for number in range(1, 4)))
    world.run()
    world.pass_time(minutes=30)
    report = with_token(world, "renewed").run()
    assert report.calls == {"searchOrders": 1, "getOrder": 1}
    assert [search.span.length for search, _ in world.amazon.searches] == [timedelta(minutes=30)]
    world.pass_time(minutes=15)
    assert world.run().calls["getOrder"] == 0


def test_while_amazon_is_away_nobody_is_refused(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    world = install("first")
    world.amazon.put(make_order(1))
    world.run()

    def away(order_id: str) -> None:
        raise AmazonUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(world.amazon, "get", away)
        world.pass_time(minutes=30)
        assert with_token(world, "renewed").run().exit_code is ExitCode.AMAZON_UNAVAILABLE
    world.pass_time(minutes=30)
    assert world.run().exit_code is ExitCode.DONE
    assert [search.span.length for search, _ in world.amazon.searches] == [
        timedelta(hours=1, minutes=30)
    ]  # the hour, and the overlap


def test_a_ledger_without_orders_is_observed_anew_with_a_new_token(install: Install) -> None:
    world = install("first")
    world.run()
    world.pass_time(minutes=30)
    world.amazon.put(make_order(1))
    report = with_token(world, "somebody's").run()
    assert report.counts["created"] == 1


def test_a_ledger_of_the_version_before_keeps_its_coverage(install: Install) -> None:
    world = install("first")
    world.amazon.put(make_order(1))
    world.run()
    world.ledger.set_seller("")
    as_left_by_the_version_before(world)
    world.pass_time(minutes=15)
    report = world.run()
    assert report.exit_code is ExitCode.DONE
    assert report.problems == {}
    assert report.calls == {"searchOrders": 1, "getOrder": 0}
    assert [search.span.length for search, _ in world.amazon.searches] == [timedelta(minutes=15)]


@pytest.mark.parametrize("case", ["the same token", "a new token", "the copy of the version before", "no copy"])
def test_a_lost_ledger_is_known_again(install: Install, case: str) -> None:
    first = install("first")
    first.amazon.put(*(make_order(number) for number in range(1, 8)))
    first.run()
    if case == "the copy of the version before":
        as_left_by_the_version_before(first)
    if case == "no copy":
        first.shop.notes.clear()
    again = install("again", "renewed" if case == "a new token" else "the first seller's")
    again.now = START + timedelta(days=5)
    again.amazon.orders = {**first.amazon.orders, "new": make_order(8, updated=START + timedelta(days=2))}
    report = again.run()
    assert [problem.code for problem in report.problems.values()] == [ProblemCode.LEDGER_REBUILT]
    assert report.counts["created"] == (0 if case == "no copy" else 1)


def test_a_catch_up_that_comes_first_sees_whose_the_shop_is_too(install: Install) -> None:
    first = install("first")
    first.amazon.put(make_order(1))
    first.run()
    second = install("second", "the second seller's")
    second.amazon.put(make_order(11))
    assert second.run("doublecheck").problems == {}
    assert read_from(second.run()) == WHOLE_WINDOW


def test_two_configurations_of_one_seller_leave_both_their_marketplaces(install: Install) -> None:
    german, italian = install("german", marketplaces=(DE,)), install("italian", marketplaces=(IT,))
    german.run()
    italian.run()
    german.run()
    [text] = german.shop.notes.values()
    assert {marketplace for marketplace, _ in parse_coverage(text, START)} == {DE.id, IT.id}


def test_the_key_gives_no_secret_away_and_differs_by_application_and_seller(install: Install) -> None:
    world = install("first", "Atzr|the-secret")
    keys = {world.settings.amazon.seller, with_token(world, "Atzr|another").settings.amazon.seller}
    other = replace(world.settings.amazon, client_id="another", refresh_token=Secret("Atzr|the-secret"))
    keys.add(other.seller)
    assert len(keys) == 3
    assert all(len(key) == 24 and set(key) <= set("0123456789abcdef") for key in keys)
