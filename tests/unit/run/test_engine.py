"""The engine against a real ledger, with an Amazon and a shop made of dictionaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.config.model import (
    MarketplaceSettings,
    OrdersSettings,
)
from orderferry.domain.durations import iso
from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.marker import Action
from orderferry.domain.orders import Channel, Flaw, Item, OrderStatus, TimeSpan, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis, Page, Search
from orderferry.errors import (
    AmazonUnavailable,
    ExitCode,
    OrderferryError,
    PaginationExpired,
    QuotaExhausted,
)
from orderferry.ledger.ledger import open_ledger
from orderferry.run.report import Report
from support.engine_world import DE, IT, START, Amazon, S, World, make_order


def counts(report: Report) -> dict[str, int]:
    return {word: number for word, number in report.counts.items() if number}


def test_every_ready_order_is_created_once_and_a_second_run_costs_one_call(world: World) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 6)), make_order(6, S.SHIPPED, Channel.FBA))
    first = world.run()
    assert counts(first) == {"seen": 6, "created": 6}
    assert first.exit_code is ExitCode.DONE
    world.pass_time(minutes=5)
    second = world.run()
    assert second.calls == {"searchOrders": 1, "getOrder": 0}
    assert counts(second) == {}
    assert len(world.shop.writes) == 6


def test_a_marketplace_may_have_a_beginning_and_a_patience_of_its_own(world: World) -> None:
    german = MarketplaceSettings(
        orders=OrdersSettings(since=START - timedelta(minutes=30), give_up=timedelta(minutes=20))
    )
    world.settings = replace(world.settings, marketplaces={"DE": german})
    hour, minutes = START - timedelta(hours=1), START - timedelta(minutes=25)
    world.amazon.put(
        make_order(1, created=hour, updated=hour),
        make_order(2, created=hour, updated=minutes, marketplace_id=DE.id),
        make_order(3, S.PENDING, created=minutes, updated=minutes, marketplace_id=DE.id),
        make_order(4, S.PENDING, created=minutes, updated=minutes),
    )
    report = world.run()
    assert counts(report) == {"seen": 4, "created": 1, "ignored": 1, "waiting": 2}
    assert [problem.order_id for problem in report.problems.values()] == ["406-0000000-0000003"]
    # What lies before the beginning is not even asked for.
    starts = {o["channel"]: o["from"] for o in report.as_json()["observed"] if "DE" in o["marketplaces"]}
    assert set(starts.values()) == {iso(START - timedelta(minutes=30))}


def test_observed_has_an_entry_a_channel_although_searches_are_shared(world: World) -> None:
    report = world.run()
    observed = report.as_json()["observed"]
    assert [(o["channel"], o["marketplaces"], o["basis"]) for o in observed] == [
        ("regular", ["DE", "IT"], "updated"),
        ("fba", ["DE", "IT"], "updated"),
    ]
    assert report.calls["searchOrders"] == 2  # the FBA extension, and the window for both
    assert observed[1]["from"] == "2026-11-17T12:07:00Z"
    assert observed[0]["from"] == "2026-11-19T12:07:00Z"
    assert {o["until"] for o in observed} == {"2026-11-20T12:07:00Z"}


def test_waiting_orders_are_looked_at_by_get_order_and_imported_when_amazon_releases_them(world: World) -> None:
    pending = make_order(1, S.PENDING)
    world.amazon.put(pending)
    assert counts(world.run()) == {"seen": 1, "waiting": 1}
    # Released, but the search never shows it (it was listed late for ever): the safety net finds it.
    world.amazon.orders[pending.order_id] = replace(pending, status=S.UNSHIPPED)
    world.pass_time(minutes=30)
    assert world.run().calls["getOrder"] == 0
    world.pass_time(minutes=31)
    report = world.run()
    assert report.calls["getOrder"] == 1
    assert counts(report) == {"seen": 1, "created": 1}


def test_a_held_regular_order_names_the_day_after_which_amazon_withdraws_the_phone(world: World) -> None:
    until = TimeSpan(None, datetime(2026, 12, 4, 22, tzinfo=UTC))
    regular = make_order(1, items=(Item("1", 1, "NEW"),), deliver_by=until)
    fba = make_order(2, S.SHIPPED, Channel.FBA, items=(Item("1", 1, "NEW"),), deliver_by=until)
    world.amazon.put(regular, fba)
    told = {p["order_id"]: p["message"] for p in world.run().as_json()["problems"]}
    assert "after 2026-12-04" in told[regular.order_id]
    assert "2026-12-04" not in told[fba.order_id]


def test_orders_that_another_run_has_in_hand_are_left_to_it(world: World) -> None:
    pending = make_order(1, S.PENDING)
    world.amazon.put(pending)
    world.run()
    world.pass_time(hours=2)
    other = world.ledger.begin_run("recheck", world.now)
    assert world.ledger.lease_orders([pending.order_id], other, world.now, timedelta(minutes=15)) == (pending.order_id,)
    assert world.run().calls["getOrder"] == 0
    world.pass_time(minutes=16)
    assert world.run().calls["getOrder"] == 1


def test_an_order_that_the_shop_lost_in_a_restore_stays_reported_until_a_person_brings_it_back(world: World) -> None:
    world.amazon.put(make_order(1))
    world.run()
    world.shop.markers_by_id.clear()
    world.amazon.put(make_order(1, S.SHIPPED, updated=START))
    for _ in range(3):
        world.pass_time(hours=2)
        report = world.run()
        assert [problem.code for problem in report.problems.values()] == [ProblemCode.SHOP_RESTORED]
        assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert len(world.shop.writes) == 1
    assert counts(world.run(restore=True)) == {"seen": 1, "created": 1}


def test_a_shared_invoice_number_holds_its_order_until_it_is_corrected_or_set_aside(world: World) -> None:
    order = make_order(1)
    world.amazon.put(order, make_order(2))
    collision = Problem(ProblemCode.DUPLICATE_INVOICE_NUMBER, "number 7 is given twice", order.order_id, "7")
    world.shop.shared_numbers.append(collision)
    for expected in ({"seen": 2, "created": 2}, {}):
        report = world.run()
        assert counts(report) == expected
        assert [problem.code for problem in report.problems.values()] == [collision.code]
        assert report.exit_code is ExitCode.NEEDS_A_PERSON
        world.pass_time(hours=2)
    entry = world.ledger.ignore(order.order_id, "settled with the accountant", world.now)
    assert (entry.state, world.run().exit_code) == (EntryState.IMPORTED, ExitCode.DONE)
    world.ledger.unignore(order.order_id, world.now)
    world.pass_time(hours=2)
    assert world.run().exit_code is ExitCode.NEEDS_A_PERSON
    world.shop.shared_numbers.clear()
    world.pass_time(hours=2)
    assert world.run().exit_code is ExitCode.DONE
    settled = world.ledger.entry(order.order_id)
    assert settled is not None
    assert (settled.state, settled.code, settled.id_order) == (EntryState.IMPORTED, "", 1)


def test_held_orders_are_tried_again_as_soon_as_their_cause_is_gone(world: World) -> None:
    world.amazon.put(make_order(1, items=(Item("1", 1, "NEW"),)))
    report = world.run()
    assert counts(report) == {"seen": 1, "held": 1}
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert report.as_json()["problems"][0]["code"] == "unknown-sku"
    world.pass_time(minutes=5)
    still = world.run()
    assert (still.calls["getOrder"], still.exit_code) == (0, ExitCode.NEEDS_A_PERSON)
    assert still.as_json()["problems"] == report.as_json()["problems"], "what is open is why the exit code is 1"
    assert still.counts["held"] == 0
    world.shop.skus.add("NEW")
    world.pass_time(minutes=5)
    healed = world.run()
    assert counts(healed) == {"seen": 1, "created": 1}
    assert healed.exit_code is ExitCode.DONE
    assert healed.as_json()["problems"] == []


def test_a_failing_order_stops_no_other_and_is_tried_again(world: World) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 4)))
    world.shop.broken_orders.add("406-0000000-0000002")
    report = world.run()
    assert counts(report) == {"seen": 3, "created": 2, "failed": 1}
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    world.shop.broken_orders.clear()
    world.pass_time(minutes=11)
    assert counts(world.run()) == {"seen": 1, "created": 1}


def test_coverage_is_claimed_only_after_the_last_page_and_the_listing_goes_on_where_it_stopped(world: World) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 8)))
    world.amazon.faults[3] = QuotaExhausted("none left", operation="searchOrders", retry_at=None)
    report = world.run()
    assert report.exit_code is ExitCode.AMAZON_UNAVAILABLE
    assert counts(report) == {"seen": 2, "created": 2}
    assert not any(span.end > START for spans in world.ledger.coverage(Basis.UPDATED).values() for span in spans)
    assert all(o["channel"] == "fba" for o in report.as_json()["observed"])
    world.pass_time(minutes=10)
    rest = world.run()
    assert [token for _, token in world.amazon.searches][:3] == ["2", "4", "6"]
    assert counts(rest)["created"] == 5
    assert len(world.shop.writes) == 7
    assert rest.exit_code is ExitCode.DONE


def test_an_expired_pagination_token_restarts_the_span(world: World) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 6)))
    world.amazon.faults[3] = AmazonUnavailable("cut off")
    assert world.run().exit_code is ExitCode.AMAZON_UNAVAILABLE
    world.pass_time(minutes=10)
    world.amazon.faults[1] = PaginationExpired("too old")
    report = world.run()
    assert [token for _, token in world.amazon.searches][:4] == ["2", None, "2", "4"]
    assert report.exit_code is ExitCode.DONE
    assert len(world.shop.writes) == 5


def test_a_token_that_expires_within_a_run_restarts_the_span_once(world: World) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 4)))
    world.amazon.faults[3] = PaginationExpired("too old")
    report = world.run()
    assert [token for _, token in world.amazon.searches] == [None, None, "2", None, "2"]
    assert counts(report) == {"seen": 3, "created": 3}
    assert report.exit_code is ExitCode.DONE
    world.pass_time(minutes=70)
    world.amazon.put(*(make_order(n, updated=world.now - timedelta(minutes=10)) for n in range(4, 8)))
    world.amazon.calls["searchOrders"] = 0
    world.amazon.faults |= {2: PaginationExpired("too old"), 4: PaginationExpired("too old")}
    assert world.run().exit_code is ExitCode.AMAZON_UNAVAILABLE
    world.pass_time(minutes=5)
    assert world.run().exit_code is ExitCode.DONE
    assert len(world.shop.writes) == 7


def test_a_listing_that_took_longer_than_the_overlap_is_read_twice_before_it_counts(world: World) -> None:
    world.run()
    world.pass_time(minutes=20)
    world.amazon.put(*(make_order(n, updated=world.now - timedelta(minutes=10)) for n in range(1, 4)))
    world.amazon.seconds_a_call = 16 * 60
    report = world.run()
    assert [token for _, token in world.amazon.searches] == [None, "2", None, "2"]
    assert counts(report) == {"seen": 3, "created": 3}


def test_a_refused_joint_listing_is_tried_once_for_each_marketplace_and_the_others_go_on(world: World) -> None:
    world.amazon.put(make_order(1), make_order(2, marketplace_id=DE.id))
    world.amazon.refused = {DE.id}
    report = world.run()
    assert counts(report) == {"seen": 1, "created": 1}
    assert report.exit_code is ExitCode.AMAZON_REFUSED
    covered = world.ledger.coverage(Basis.UPDATED)
    assert {cell for cell, spans in covered.items() if spans} == {(IT.id, Channel.REGULAR), (IT.id, Channel.FBA)}
    # Two spans are to be read; the second is asked for without the one that was refused for the first.
    asked = [search.marketplaces for search, _ in world.amazon.searches]
    assert asked == [(DE.id, IT.id), (DE.id,), (IT.id,), (IT.id,)]
    assert [error.subject for error in report.errors] == [DE.id]


def test_a_marketplace_that_was_refused_costs_the_next_runs_one_request_until_it_is_listed_again(world: World) -> None:
    world.amazon.refused = {DE.id}
    world.run()
    world.pass_time(minutes=5)
    world.amazon.searches.clear()
    world.run()
    assert [search.marketplaces for search, _ in world.amazon.searches] == [(IT.id,), (DE.id,)]
    world.amazon.put(make_order(2, marketplace_id=DE.id))
    world.amazon.refused = set()
    world.pass_time(minutes=5)
    assert counts(world.run()) == {"seen": 1, "created": 1}
    world.pass_time(minutes=5)
    world.amazon.searches.clear()
    assert world.run().exit_code is ExitCode.DONE
    assert [search.marketplaces for search, _ in world.amazon.searches] == [(DE.id, IT.id)]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AmazonUnavailable("x"), ExitCode.AMAZON_UNAVAILABLE),
        (QuotaExhausted("x", operation="searchOrders"), ExitCode.AMAZON_UNAVAILABLE),
    ],
)
def test_amazon_away_ends_in_4_with_nothing_covered(world: World, error: OrderferryError, code: ExitCode) -> None:
    world.amazon.faults[1] = error
    report = world.run()
    assert report.exit_code is code
    assert not any(world.ledger.coverage(Basis.UPDATED).values())


def test_without_the_shop_amazon_is_not_asked(world: World) -> None:
    world.shop.away = True
    report = world.run()
    assert report.exit_code is ExitCode.SHOP_UNAVAILABLE
    assert report.calls == {"searchOrders": 0, "getOrder": 0}


def test_a_shop_that_goes_away_keeps_what_is_done_and_covers_nothing(world: World) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 4)))
    world.shop.dies_at = "406-0000000-0000002"
    assert world.run().exit_code is ExitCode.SHOP_UNAVAILABLE
    imported = world.ledger.entries([EntryState.IMPORTED])
    assert [entry.order_id for entry in imported] == ["406-0000000-0000001"]
    world.shop.dies_at = ""
    world.pass_time(minutes=10)
    assert world.run().exit_code is ExitCode.DONE
    assert len(world.shop.writes) == 3


def test_unreadable_orders_with_an_id_are_held_with_the_field(world: World) -> None:
    world.amazon.put(UnreadableOrder("406-1111111-1111111", (Flaw("createdTime", "no time", True),)))
    report = world.run()
    assert counts(report) == {"seen": 1, "held": 1}
    assert "createdTime" in report.as_json()["problems"][0]["message"]


def test_named_orders_are_asked_for_one_by_one_and_nothing_is_covered(world: World) -> None:
    fba = make_order(1, S.UNSHIPPED, Channel.FBA)
    pending = make_order(2, S.PENDING)
    world.amazon.put(fba, pending)
    report = world.run(orders=(fba.order_id, pending.order_id, "406-9999999-9999999"))
    assert counts(report) == {"seen": 3, "created": 1, "waiting": 1, "failed": 1}
    assert report.calls == {"searchOrders": 0, "getOrder": 3}
    assert {p["code"] for p in report.as_json()["problems"]} == {"not-ready", "not-found"}
    assert not any(world.ledger.coverage(Basis.UPDATED).values())


def test_a_named_order_that_is_not_imported_says_why(world: World) -> None:
    cancelled = make_order(1, S.CANCELLED)
    elsewhere = make_order(2)
    world.amazon.put(cancelled, elsewhere)
    world.shop.foreign_by_id = {elsewhere.order_id: 7}
    for _ in range(2):
        report = world.run(orders=(cancelled.order_id, elsewhere.order_id))
        assert counts(report) == {"seen": 2, "ignored": 2}
        assert {p["code"] for p in report.as_json()["problems"]} == {"not-importable", "other-importer"}
        assert report.exit_code is ExitCode.DONE


def test_a_request_that_amazon_rejects_concerns_that_order_only(world: World) -> None:
    good, odd = make_order(1), make_order(2)
    world.amazon.put(good, odd)
    world.amazon.rejected = {odd.order_id}
    report = world.run(orders=(odd.order_id, good.order_id))
    assert counts(report) == {"seen": 2, "created": 1, "failed": 1}
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    (problem,) = report.as_json()["problems"]
    assert problem["code"] == "request-rejected"
    assert problem["message"] == f"order {odd.order_id}: Amazon rejects the request getOrder with HTTP 400: “no”."


@pytest.mark.parametrize("way", ["unknown", "rejected"])
def test_an_order_that_amazon_does_not_give_stays_as_it_was(world: World, way: str) -> None:
    given_up = make_order(1, S.PENDING, created=START - timedelta(days=31))
    nearly = make_order(2, S.PENDING, created=START - timedelta(days=29))
    held = replace(make_order(3), items=(Item("1", 1, "OTHER"),))
    world.amazon.put(given_up, nearly, held)
    world.run()
    assert world.ledger.open_counts() == {"waiting": 1, "held": 1, "failed": 0, "given_up": 1}
    if way == "unknown":
        world.amazon.orders.clear()
    else:
        world.amazon.rejected = set(world.amazon.orders)
        world.amazon.orders = {}
    world.pass_time(days=2)
    code = "not-found" if way == "unknown" else "request-rejected"
    report = world.run()
    told = [problem for problem in report.as_json()["problems"] if problem["code"] == code]
    assert len(told) == 3
    # The second one has waited for 31 days by now.
    assert world.ledger.open_counts() == {"waiting": 0, "held": 1, "failed": 0, "given_up": 2}
    entry = world.ledger.entry(held.order_id)
    assert entry is not None
    assert (entry.code, entry.subject, entry.last_look) == ("unknown-sku", "OTHER", world.now)


def test_a_named_order_that_is_imported_and_that_amazon_no_longer_knows_stays_imported(world: World) -> None:
    world.amazon.put(order := make_order(1))
    world.run()
    world.amazon.orders.clear()
    world.run(orders=(order.order_id,))
    entry = world.ledger.entry(order.order_id)
    assert entry is not None
    assert (entry.state, entry.next_look) == (EntryState.IMPORTED, None)


def test_data_that_the_account_may_not_ask_for_is_told_like_a_missing_role(world: World) -> None:
    world.amazon.put(make_order(1))
    world.amazon.withheld = {"PAYMENT": "Invalid includedData value: PAYMENT"}
    report = world.run()
    assert report.exit_code is ExitCode.DONE
    (problem,) = report.as_json()["problems"]
    assert problem["code"] == "missing-data"
    assert "PAYMENT (how buyers paid): “Invalid includedData value: PAYMENT”" in problem["message"]


def test_a_dry_run_writes_nothing_and_says_what_it_would(world: World) -> None:
    world.amazon.put(make_order(1), make_order(2, S.PENDING))
    with world.ledger.dry():
        report = world.run(dry_run=True)
    assert counts(report) == {"seen": 2, "created": 1, "waiting": 1}
    assert report.changes == {"406-0000000-0000001": ("rows",)}
    assert world.shop.writes == []
    assert world.ledger.entry("406-0000000-0000001") is None
    assert not any(world.ledger.coverage(Basis.UPDATED).values())


@pytest.mark.parametrize(
    ("command", "status", "channel", "created"),
    [
        ("recheck", S.SHIPPED, Channel.FBA, True),
        ("recheck", S.SHIPPED, Channel.REGULAR, False),
        ("doublecheck", S.UNSHIPPED, Channel.REGULAR, True),
        ("doublecheck", S.PARTIALLY_SHIPPED, Channel.REGULAR, True),
        ("doublecheck", S.SHIPPED, Channel.REGULAR, False),
        ("doublecheck", S.UNSHIPPED, Channel.FBA, False),
    ],
)
def test_catch_ups_are_filtered_on_our_side_too(
    world: World, command: str, status: OrderStatus, channel: Channel, created: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Amazon, "_matches", lambda self, order, search: True)  # a server that ignores its filters
    world.amazon.put(make_order(1, status, channel))
    report = world.run(command)
    assert bool(world.shop.writes) == created
    assert report.counts["seen"] == int(created)


def test_catch_ups_search_by_creation_over_their_own_windows(world: World) -> None:
    for command, days in (("recheck", 7), ("doublecheck", 30)):
        world.run(command)
        [(search, _)] = world.amazon.searches
        assert search.basis is Basis.CREATED
        assert search.span.length == timedelta(days=days)


def test_another_importers_order_is_ignored_and_said_once(world: World) -> None:
    order = make_order(1)
    world.amazon.put(order)
    world.shop.foreign_by_id[order.order_id] = 99
    report = world.run()
    assert counts(report) == {"seen": 1, "ignored": 1}
    assert [p.code for p in report.problems.values()] == [ProblemCode.OTHER_IMPORTER]
    assert report.exit_code is ExitCode.DONE
    world.amazon.orders[order.order_id] = replace(order, updated=world.now)
    world.pass_time(minutes=10)
    again = world.run()
    assert again.counts["ignored"] == 1
    assert again.problems == {}


def test_restore_brings_back_what_an_older_backup_of_the_shop_lost(world: World) -> None:
    world.amazon.put(make_order(1), make_order(2))
    world.run()
    del world.shop.markers_by_id["406-0000000-0000002"]
    world.pass_time(minutes=10)
    report = world.run(restore=True)
    assert counts(report) == {"seen": 1, "created": 1}
    assert set(world.shop.markers_by_id) == {"406-0000000-0000001", "406-0000000-0000002"}


def test_a_clock_that_is_off_is_said(world: World) -> None:
    world.amazon.clock_offset = timedelta(minutes=5)
    report = world.run()
    assert [p.code for p in report.problems.values()] == [ProblemCode.CLOCK_OFF]
    assert "300 seconds behind" in report.as_json()["problems"][0]["message"]


def test_given_up_orders_are_shouted_about_and_still_looked_at(world: World) -> None:
    old = make_order(1, S.PENDING, created=START - timedelta(days=31))
    world.amazon.put(old)
    report = world.run()
    assert report.open["given_up"] == 1
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert [p.code for p in report.problems.values()] == [ProblemCode.GIVEN_UP]
    world.amazon.orders[old.order_id] = replace(old, status=S.UNSHIPPED)
    world.pass_time(days=1)
    assert counts(world.run()) == {"seen": 1, "created": 1}


def lose_ledger(world: World, tmp_path: Path) -> None:
    world.ledger = open_ledger(tmp_path / "another.sqlite", account="a", shop="s", now=world.now)


def test_a_lost_ledger_is_rebuilt_from_the_shop_and_the_catch_ups_look_back_once(world: World, tmp_path: Path) -> None:
    held = make_order(1, items=(Item("1", 1, "NEW"),), created=START - timedelta(days=25))
    fba = make_order(2, S.SHIPPED, Channel.FBA, created=START - timedelta(days=25))
    world.amazon.put(held, fba, *(make_order(n) for n in range(3, 6)))
    world.run()
    covered = world.ledger.coverage(Basis.UPDATED)
    world.pass_time(days=4)
    lose_ledger(world, tmp_path)
    report = world.run()
    assert report.counts["created"] == 0
    assert len(world.shop.writes) == 4
    assert [p.code for p in report.problems.values()] == [ProblemCode.LEDGER_REBUILT]
    for cell, spans in covered.items():
        assert world.ledger.coverage(Basis.UPDATED)[cell][0].start == spans[0].start
    world.shop.skus.add("NEW")
    caught_up = world.run("doublecheck")
    assert counts(caught_up)["created"] == 1
    assert [p.code for p in caught_up.problems.values()] == [ProblemCode.LEDGER_REBUILT]
    last = world.run("recheck")
    [(search, _)] = world.amazon.searches
    assert search.span.length == timedelta(days=30)
    assert last.problems == {}
    world.pass_time(days=1)
    world.run("recheck")
    [(search, _)] = world.amazon.searches
    assert search.span.length == timedelta(days=7)
    world.ledger.close()


def test_an_unreadable_copy_of_the_coverage_means_the_whole_window(world: World, tmp_path: Path) -> None:
    world.amazon.put(make_order(1))
    world.run()
    world.shop.notes = dict.fromkeys(world.shop.notes, "[[1, 2")
    lose_ledger(world, tmp_path)
    report = world.run()
    assert {o["from"] for o in report.as_json()["observed"]} == {"2026-11-19T12:07:00Z", "2026-11-17T12:07:00Z"}
    assert len(world.shop.writes) == 1
    world.ledger.close()


def test_a_catch_up_that_stopped_for_quota_goes_on_instead_of_starting_again(world: World) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 6)))
    world.amazon.faults[2] = QuotaExhausted("none left", operation="searchOrders")
    assert world.run("doublecheck").exit_code is ExitCode.AMAZON_UNAVAILABLE
    world.pass_time(hours=1)
    assert world.run("doublecheck").exit_code is ExitCode.DONE
    assert [token for _, token in world.amazon.searches] == ["2", "4"]
    assert len(world.shop.writes) == 5


def test_an_update_that_leaves_notes_is_held_with_all_of_them_and_its_rows_stay(world: World) -> None:
    order = make_order(1)
    world.amazon.put(order)
    world.run()
    first = Problem(ProblemCode.CANCELLED_AFTER_SHIPPING, "cancelled too late", order.order_id, "Shipped")
    second = Problem(ProblemCode.CHANGED_AFTER_INVOICE, "changed too late", order.order_id, "7")
    world.shop.telling[order.order_id] = (first, second)
    world.pass_time(hours=1)
    world.amazon.put(replace(order, status=S.SHIPPED, updated=world.now - timedelta(minutes=10)))
    report = world.run()
    assert (counts(report), report.open["held"]) == ({"seen": 1, "updated": 1}, 1)
    assert {problem.code for problem in report.problems.values()} == {first.code, second.code}
    assert report.exit_code is ExitCode.NEEDS_A_PERSON
    assert world.shop.writes[-1] == (order.order_id, Action.UPDATE), "what could be written is written"
    entry = world.ledger.entry(order.order_id)
    assert entry is not None
    assert (entry.state, entry.code, entry.id_order) == (EntryState.HELD, first.code, 2)


def test_a_note_that_was_set_aside_holds_no_more_and_another_one_does(world: World) -> None:
    order = make_order(1)
    world.amazon.put(order)
    world.run()
    first = Problem(ProblemCode.CANCELLED_AFTER_SHIPPING, "cancelled too late", order.order_id, "Shipped")
    second = Problem(ProblemCode.CHANGED_AFTER_INVOICE, "changed too late", order.order_id, "7")
    world.shop.telling[order.order_id] = (first,)
    world.pass_time(hours=1)
    world.amazon.put(replace(order, status=S.PARTIALLY_SHIPPED, updated=world.now - timedelta(minutes=10)))
    assert world.run().open["held"] == 1
    world.ledger.ignore(order.order_id, "the parcel was stopped", world.now)
    world.pass_time(hours=1)
    world.amazon.put(replace(order, status=S.SHIPPED, updated=world.now - timedelta(minutes=10)))
    report = world.run()
    assert (counts(report), report.open["held"]) == ({"seen": 1, "updated": 1}, 0)
    assert (report.exit_code, list(report.problems)) == (ExitCode.DONE, [])
    world.shop.telling[order.order_id] = (first, second)
    world.pass_time(hours=1)
    world.amazon.put(replace(order, status=S.UNSHIPPED, updated=world.now - timedelta(minutes=10)))
    report = world.run()
    assert (report.open["held"], report.exit_code) == (1, ExitCode.NEEDS_A_PERSON)
    assert [problem.code for problem in report.problems.values()] == [second.code]


def test_a_known_order_that_amazon_no_longer_finds_gets_its_next_look(world: World) -> None:
    order = make_order(1, S.PENDING)
    world.amazon.put(order)
    world.run()
    del world.amazon.orders[order.order_id]
    world.pass_time(hours=3)
    report = world.run()
    assert report.calls["getOrder"] == 1
    assert [problem.code for problem in report.problems.values()] == [ProblemCode.NOT_FOUND]
    entry = world.ledger.entry(order.order_id)
    assert entry is not None
    assert (entry.state, entry.last_look) == (EntryState.WAITING, world.now)
    assert entry.next_look is not None
    assert entry.next_look > world.now + timedelta(minutes=10)
    world.pass_time(minutes=5)
    assert world.run().calls["getOrder"] == 0, "not by every run"
    world.now = entry.next_look
    world.amazon.put(replace(order, status=S.UNSHIPPED))
    assert counts(world.run()) == {"seen": 1, "created": 1}


def test_named_orders_and_due_ones_count_as_looked_at_and_listed_ones_do_not(world: World) -> None:
    waiting, named = make_order(1, S.PENDING), make_order(2)
    world.amazon.put(waiting, named)

    def looks() -> list[datetime | None]:
        """When each order was asked for by itself."""
        entries = [world.ledger.entry(order.order_id) for order in (waiting, named)]
        return [entry.last_look if entry else None for entry in entries]

    world.run()
    assert looks() == [None, None]
    world.pass_time(hours=3)
    world.run()
    due = world.now
    assert looks() == [due, None]
    world.pass_time(minutes=5)
    world.run(orders=(named.order_id,))
    assert looks() == [due, world.now]


@pytest.mark.parametrize(
    ("options", "later"),
    [
        ({"dry_run": True}, 5),
        ({"dry_run": True}, 0),
        ({"window": timedelta(hours=6)}, 5),
        ({"since": START - timedelta(hours=6)}, 5),
        ({"window": timedelta(days=1)}, 0),
    ],
    ids=["dry", "dry-of-the-same-span", "window", "since", "window-of-the-same-span"],
)
def test_a_dry_run_and_a_span_by_hand_leave_a_stored_listing_alone(
    world: World, options: dict[str, object], later: int
) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 6)))
    world.amazon.faults[3] = AmazonUnavailable("cut off")
    assert world.run().exit_code is ExitCode.AMAZON_UNAVAILABLE
    stored = world.ledger.listing("import")
    assert [(listing.token, listing.pages) for listing in stored] == [("2", 1)]
    world.pass_time(minutes=later)
    assert world.run(**options).exit_code is ExitCode.DONE
    assert next(token for _, token in world.amazon.searches) is None, "it reads its own span from the first page"
    assert world.ledger.listing("import") == stored
    world.pass_time(minutes=5)
    assert world.run().exit_code is ExitCode.DONE
    assert next(token for _, token in world.amazon.searches) == "2"
    assert world.ledger.listing("import") == []


def test_a_listing_whose_token_is_too_old_is_begun_anew(world: World) -> None:
    world.amazon.put(*(make_order(n, S.SHIPPED, Channel.FBA) for n in range(1, 6)))
    world.amazon.faults[3] = AmazonUnavailable("cut off")
    world.run()
    world.pass_time(hours=25)
    assert world.run().exit_code is ExitCode.DONE
    assert next(token for _, token in world.amazon.searches) is None
    assert world.ledger.listing("import") == []
    assert len(world.shop.writes) == 5


def test_a_refusal_while_a_listing_goes_on_is_about_one_marketplace(world: World) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 6)), make_order(6, marketplace_id=DE.id))
    world.amazon.faults[3] = AmazonUnavailable("cut off")
    world.run()
    world.amazon.refused = {DE.id}
    world.pass_time(minutes=10)
    report = world.run()
    asked = [(search.marketplaces, token) for search, token in world.amazon.searches]
    assert asked[:3] == [((DE.id, IT.id), "2"), ((DE.id,), None), ((IT.id,), None)]
    assert report.exit_code is ExitCode.AMAZON_REFUSED
    assert [error.subject for error in report.errors] == [DE.id]
    assert len(world.shop.writes) == 5, "all of the marketplace that is listed"
    assert world.ledger.listing("import") == []
    covered = world.ledger.coverage(Basis.UPDATED)
    assert {marketplace for (marketplace, _), spans in covered.items() for span in spans if span.end > START} == {IT.id}


def test_a_listing_that_goes_round_in_circles_ends_with_what_was_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.amazon.put(*(make_order(n) for n in range(1, 8)))
    listed = Amazon.search

    def going_round(self: Amazon, search: Search, token: str | None = None) -> Page:
        """The third page names the second one as the next."""
        page = listed(self, search, token)
        return replace(page, next_token="2") if token == "4" else page

    monkeypatch.setattr(Amazon, "search", going_round)
    report = world.run()
    assert report.exit_code is ExitCode.AMAZON_UNAVAILABLE
    assert len(world.shop.writes) == 6
    assert not any(span.end > START for spans in world.ledger.coverage(Basis.UPDATED).values() for span in spans)
    assert world.ledger.listing("import") == [], "its token would lead into the loop again"
    monkeypatch.setattr(Amazon, "search", listed)
    world.pass_time(minutes=5)
    assert world.run().exit_code is ExitCode.DONE
    assert next(token for _, token in world.amazon.searches) is None
    assert len(world.shop.writes) == 7
