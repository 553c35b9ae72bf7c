"""How far a new ledger's first import goes back, and what it owes until all of it is read, against a real ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.cli.import_commands import behind_lines
from orderferry.config.model import MarketplaceSettings, OrdersSettings, Secret
from orderferry.domain.marketplaces import Marketplace
from orderferry.domain.orders import Channel
from orderferry.domain.problems import ProblemCode
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span, Spans, subtract
from orderferry.errors import ExitCode, QuotaExhausted
from orderferry.ledger.ledger import open_ledger
from orderferry.run.report import Report
from orderferry.run.status import Status, read_status
from support.engine_world import DE, IT, START, DictShop, World, make_order, settings_in

Install = Callable[..., World]
DAY = timedelta(days=1)
END = START - timedelta(minutes=3)


class FullBucket:
    def left(self, operation: str, now: datetime) -> Decimal:
        return Decimal(20)


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Installs at one and the same shop, with an orders.since of so many days ago."""
    shop = DictShop()
    with ExitStack() as stack:

        def make(name: str = "shop", since: float | None = 20, token: str = "r") -> World:
            settings = settings_in(tmp_path)
            orders = OrdersSettings(since=START - since * DAY if since is not None else None)
            amazon = replace(settings.amazon, refresh_token=Secret(token))
            ledger = stack.enter_context(open_ledger(tmp_path / f"{name}.sqlite", account="a", shop="s", now=START))
            world = World(ledger, replace(settings, amazon=amazon, orders=orders))
            world.shop = shop
            return world

        yield make


def orders_of_days(world: World, days: int) -> None:
    """An order a day, placed and last updated so many days ago."""
    for day in range(days):
        moment = START - day * DAY - timedelta(hours=1)
        world.amazon.put(make_order(day, created=moment, updated=moment))


def exhausted() -> QuotaExhausted:
    return QuotaExhausted("spent", operation="searchOrders", retry_at=START + DAY)


def status(world: World) -> Status:
    return read_status(world.ledger, FullBucket(), world.settings, world.now)  # type: ignore[arg-type]


def coverage(world: World) -> Mapping[tuple[str, Channel], Spans]:
    return world.ledger.coverage(Basis.UPDATED)


def spans_read(world: World) -> list[Span]:
    return [search.span for search, token in world.amazon.searches if token is None]


@pytest.mark.parametrize("days", [2, 20, 400])
def test_the_first_import_reads_all_since_orders_since_and_the_second_nothing_twice(
    install: Install, days: int
) -> None:
    world = install(since=days)
    orders_of_days(world, days)
    report = world.run()
    assert report.counts["created"] == days
    assert set(coverage(world).values()) == {(Span(START - days * DAY, END),)}
    assert len(coverage(world)) == 4
    assert (status(world).gaps, report.behind, report.exit_code) == ((), {}, ExitCode.DONE)
    world.pass_time(minutes=15)
    assert world.run().counts["seen"] == 0
    assert spans_read(world) == [Span(END, END + timedelta(minutes=15))]


def test_what_is_older_than_the_window_is_read_after_it_the_newest_week_first(install: Install) -> None:
    world = install()
    world.run()
    begins = [span.start for span in spans_read(world)]
    assert begins == [END - 3 * DAY, END - 10 * DAY, END - 17 * DAY, START - 20 * DAY]


def test_without_orders_since_the_window_is_read_as_ever(install: Install) -> None:
    world = install(since=None)
    world.run()
    assert min(span.start for span in spans_read(world)) == END - 3 * DAY
    assert status(world).gaps == ()


def test_each_marketplace_goes_back_to_its_own_beginning(install: Install) -> None:
    world = install()
    german = MarketplaceSettings(orders=OrdersSettings(since=START - 5 * DAY))
    world.settings = replace(world.settings, marketplaces={"DE": german})
    world.run()
    begins = {cell: spans[0].start for cell, spans in coverage(world).items()}
    assert {begins[DE.id, channel] for channel in Channel} == {START - 5 * DAY}
    assert {begins[IT.id, channel] for channel in Channel} == {START - 20 * DAY}


def test_what_the_quota_does_not_carry_is_a_gap_that_the_next_runs_close(install: Install) -> None:
    world = install()
    orders_of_days(world, 20)
    created, runs, gaps = 0, 0, []
    while runs < 20:
        world.amazon.faults = {4: exhausted()}
        report = world.run()
        runs, created = runs + 1, created + report.counts["created"]
        if report.exit_code is ExitCode.DONE:
            break
        assert report.exit_code is ExitCode.AMAZON_UNAVAILABLE
        assert behind_lines(report)
        found = status(world)
        assert not found.healthy
        gaps.append(min(gap.start for _, gap in found.gaps))
        world.pass_time(minutes=15)
    assert runs > 2
    assert created == 20
    assert set(gaps) == {START - 20 * DAY}
    assert status(world).gaps == ()
    assert len(set(coverage(world).values())) == 1


def test_new_orders_never_wait_for_the_old_ones(install: Install) -> None:
    world = install()
    orders_of_days(world, 20)
    world.amazon.faults = {6: exhausted()}
    assert world.run().exit_code is ExitCode.AMAZON_UNAVAILABLE
    assert any(listing.search.span.end < END - 2 * DAY for listing in world.ledger.listing("import"))
    world.pass_time(minutes=15)
    world.amazon.put(make_order(99, created=START, updated=START + timedelta(minutes=5)))
    world.amazon.faults = {2: exhausted()}
    report = world.run()
    assert report.counts["created"] == 1
    assert "406-0000000-0000099" in world.shop.markers_by_id


def test_where_nothing_was_read_all_of_it_is_a_gap(install: Install) -> None:
    world = install()
    world.amazon.faults = {1: exhausted()}
    report = world.run()
    assert {gap for _, gap in status(world).gaps} == {Span(START - 20 * DAY, START)}
    assert len(status(world).as_json()["gaps"]) == 4
    assert behind_lines(report) == [
        "First import (DE, IT): nothing read yet; the next runs go on, back to 2026-10-31T12:10:00Z."
    ]


def test_a_terminal_hears_how_far_it_is(install: Install) -> None:
    world = install()
    world.amazon.faults = {4: exhausted()}
    assert behind_lines(world.run()) == [
        "First import (DE, IT): read back to 2026-11-03T12:07:00Z so far; the next runs go on, back to "
        "2026-10-31T12:10:00Z."
    ]


def test_a_channel_that_no_import_was_asked_for_is_no_gap(install: Install) -> None:
    world = install()
    world.run(channels=(Channel.REGULAR,))
    assert status(world).gaps == ()
    world.amazon.faults = {2: exhausted()}
    world.run()
    assert {channel for (_, channel), _ in status(world).gaps} == {Channel.FBA}
    world.run()
    assert status(world).gaps == ()
    assert {spans[0].start for spans in coverage(world).values()} == {START - 20 * DAY}


def test_a_span_by_hand_before_the_first_import_takes_nothing_from_it(install: Install) -> None:
    world = install()
    orders_of_days(world, 20)
    world.run(since=START - 12 * DAY, until=START - 10 * DAY)
    assert {gap.start for _, gap in status(world).gaps} == {START - 20 * DAY}
    report = world.run()
    assert report.counts["created"] == 18
    assert set(coverage(world).values()) == {(Span(START - 20 * DAY, END),)}
    again = Span(START - 12 * DAY, START - 10 * DAY - world.settings.observation.overlap)
    assert subtract([again], spans_read(world)) == (again,)


def test_a_dry_run_shows_it_all_and_leaves_it_all_to_do(install: Install) -> None:
    world = install()
    orders_of_days(world, 20)
    with world.ledger.dry():
        dry = world.run(dry_run=True)
    assert dry.counts["created"] == 20
    assert dry.behind == {}
    assert coverage(world) == {}
    assert world.run().counts["created"] == 20


def test_a_catch_up_before_the_first_import_takes_nothing_from_it(install: Install) -> None:
    world = install()
    world.run("recheck")
    assert status(world).gaps == ()
    world.run()
    assert min(span.start for span in spans_read(world)) == START - 20 * DAY


def test_a_ledger_that_began_before_does_not_go_back(install: Install) -> None:
    world = install(since=None)
    world.run()
    world.settings = replace(world.settings, orders=OrdersSettings(since=START - 300 * DAY))
    world.pass_time(hours=1)
    world.run()
    assert min(span.start for span in spans_read(world)) > END - DAY
    assert status(world).gaps == ()


def test_a_later_orders_since_ends_what_is_owed_before_it(install: Install) -> None:
    world = install()
    world.amazon.faults = {3: exhausted()}
    world.run()
    assert status(world).gaps
    world.settings = replace(world.settings, orders=OrdersSettings(since=START - 2 * DAY))
    assert status(world).gaps == ()


def test_a_ledger_that_is_lost_halfway_still_owes_the_rest(install: Install) -> None:
    world = install()
    orders_of_days(world, 20)
    world.amazon.faults = {6: exhausted()}
    first = world.run()
    again = install("again")
    again.amazon = world.amazon
    report = again.run()
    assert [problem.code for problem in report.problems.values()] == [ProblemCode.LEDGER_REBUILT]
    assert first.counts["created"] + report.counts["created"] == 20
    assert {spans[0].start for spans in coverage(again).values()} == {START - 20 * DAY}
    [text] = again.shop.notes.values()
    assert "owed" not in json.loads(text)


def test_a_second_seller_of_the_shop_goes_back_as_well_and_nothing_was_lost(install: Install) -> None:
    first = install("first")
    orders_of_days(first, 20)
    first.run()
    second = install("second", token="the second region's")
    second.amazon.put(make_order(91, updated=START - 19 * DAY, created=START - 19 * DAY))
    report = second.run()
    assert report.problems == {}
    assert report.counts["created"] == 1
    assert {spans[0].start for spans in coverage(second).values()} == {START - 20 * DAY}


def test_a_second_configuration_of_the_same_seller_is_new_for_its_own_marketplaces(install: Install) -> None:
    def only(world: World, marketplace: Marketplace) -> World:
        amazon = replace(world.settings.amazon, marketplaces=(marketplace,))
        world.settings = replace(world.settings, amazon=amazon)
        return world

    first = only(install("first"), IT)
    orders_of_days(first, 20)
    first.run()
    second = only(install("second"), DE)
    second.amazon = first.amazon
    report: Report = second.run()
    assert report.problems == {}, "nothing was lost"
    assert {cell[0]: spans[0].start for cell, spans in coverage(second).items()} == {DE.id: START - 20 * DAY}
    lost = only(install("lost"), IT)
    lost.amazon = first.amazon
    assert [problem.code for problem in lost.run().problems.values()] == [ProblemCode.LEDGER_REBUILT]


def test_a_seller_that_is_new_to_a_ledger_without_orders_goes_back(install: Install) -> None:
    world = install(since=2)
    world.run()
    amazon = replace(world.settings.amazon, refresh_token=Secret("another"))
    world.settings = replace(world.settings, amazon=amazon, orders=OrdersSettings(since=START - 20 * DAY))
    world.pass_time(minutes=30)
    world.run()
    assert min(span.start for span in spans_read(world)) == START - 20 * DAY


def test_a_catch_up_that_never_ran_is_late_after_its_day(install: Install) -> None:
    world = install(since=1)
    world.run()
    late = {command.command: command.late for command in status(world).commands}
    assert not any(late.values())
    world.pass_time(hours=31)
    world.run()
    late = {command.command: command.late for command in status(world).commands}
    assert (late["recheck"], late["doublecheck"], late["compare"]) == (True, True, False)
    assert not status(world).healthy
    for command in ("recheck", "doublecheck"):
        world.run(command)
    assert status(world).healthy
