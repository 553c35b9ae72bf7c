"""Each row of the decision table: order at Amazon × shop × ledger -> what happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from orderferry.domain.decide import Decision, Reason, Rules, is_given_up, newest_known, next_look, next_try
from orderferry.domain.decide import decide as decide_at
from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.marker import Action, Digests, Marker
from orderferry.domain.orders import (
    CANCELLED_STATUSES,
    NOT_OF_AMAZON_STATUSES,
    NOT_RELEASED_STATUSES,
    RELEASED_STATUSES,
    SHIPPED_STATUSES,
    TO_BE_SHIPPED_STATUSES,
    Channel,
    Flaw,
    Item,
    Order,
    OrderStatus,
    status_words,
)
from orderferry.domain.problems import Problem, ProblemCode

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def decide(seen: Order, **known: Any) -> Decision:
    return decide_at(seen, now=NOW, **known)


REGULAR, FBA = Channel.REGULAR, Channel.FBA
S = OrderStatus


def order(status: OrderStatus | None, channel: Channel | None = REGULAR, **more: object) -> Order:
    base = Order(
        "406-0000000-0000001", NOW - timedelta(days=2), NOW, "APJ6JRA9NG5V4", status, channel, (Item("1", 1, "SKU"),)
    )
    base = replace(base, raw_status=status or "")
    return replace(base, **more)  # type: ignore[arg-type]


def marker(**more: object) -> Marker:
    base = Marker("406-0000000-0000001", 7, "APJ6JRA9NG5V4", REGULAR, NOW - timedelta(hours=1), Digests(), 2)
    return replace(base, **more)  # type: ignore[arg-type]


def entry(state: EntryState, **more: object) -> Entry:
    base = Entry(
        "406-0000000-0000001", state, "APJ6JRA9NG5V4", REGULAR, "UNSHIPPED", NOW, NOW, NOW, NOW, NOW, id_order=7
    )
    return replace(base, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "channel", "action", "reason"),
    [
        (S.UNSHIPPED, REGULAR, Action.CREATE, None),
        (S.PARTIALLY_SHIPPED, REGULAR, Action.CREATE, None),
        (S.SHIPPED, REGULAR, Action.CREATE, None),
        (S.INVOICE_UNCONFIRMED, REGULAR, Action.CREATE, None),
        (S.PENDING, REGULAR, Action.WAIT, Reason.PAYMENT_PENDING),
        (S.PENDING_AVAILABILITY, REGULAR, Action.WAIT, Reason.PRE_ORDER),
        (S.CANCELLED, REGULAR, Action.IGNORE, Reason.CANCELLED),
        (S.UNFULFILLABLE, REGULAR, Action.IGNORE, Reason.NOT_AMAZON),
        (S.SHIPPED, FBA, Action.CREATE, None),
        (S.UNSHIPPED, FBA, Action.WAIT, Reason.FBA_NOT_SHIPPED),
        (S.PARTIALLY_SHIPPED, FBA, Action.WAIT, Reason.FBA_NOT_SHIPPED),
        (S.PENDING, FBA, Action.WAIT, Reason.PAYMENT_PENDING),
        (S.CANCELLED, FBA, Action.IGNORE, Reason.CANCELLED),
    ],
)
def test_a_new_order_by_status_and_channel(
    status: OrderStatus, channel: Channel, action: Action, reason: Reason | None
) -> None:
    decision = decide(order(status, channel), marker=None, foreign=None, entry=None, rules=Rules())
    assert (decision.action, decision.reason) == (action, reason)


@pytest.mark.parametrize(
    ("status", "channel", "action"),
    [
        (S.UNSHIPPED, FBA, Action.CREATE),
        (S.PARTIALLY_SHIPPED, FBA, Action.CREATE),
        (S.PENDING, FBA, Action.WAIT),
        (S.PENDING, REGULAR, Action.WAIT),
        (S.PENDING_AVAILABILITY, REGULAR, Action.WAIT),
    ],
)
def test_an_order_that_was_named_is_imported_whatever_its_status_but_never_pending(
    status: OrderStatus, channel: Channel, action: Action
) -> None:
    decision = decide(order(status, channel), marker=None, foreign=None, entry=None, rules=Rules(forced=True))
    assert decision.action is action


def test_orders_before_since_are_ignored_unless_named() -> None:
    rules = Rules(since=NOW)
    old = order(S.UNSHIPPED)
    assert decide(old, marker=None, foreign=None, entry=None, rules=rules).reason is Reason.BEFORE_SINCE
    named = replace(rules, forced=True)
    assert decide(old, marker=None, foreign=None, entry=None, rules=named).action is Action.CREATE


def test_an_order_of_another_importer_is_never_imported_not_even_when_named() -> None:
    for rules in (Rules(), Rules(forced=True), Rules(restore=True)):
        decision = decide(order(S.UNSHIPPED), marker=None, foreign=5, entry=None, rules=rules)
        assert decision.reason is Reason.OTHER_IMPORTER


def test_what_a_person_set_aside_stays_aside_unless_named() -> None:
    aside = entry(EntryState.IGNORED, ignored_by_person=True, id_order=None)
    assert decide(order(S.UNSHIPPED), marker=None, foreign=None, entry=aside, rules=Rules()).reason is Reason.SET_ASIDE
    named = decide(order(S.UNSHIPPED), marker=None, foreign=None, entry=aside, rules=Rules(forced=True))
    assert named.action is Action.CREATE


def test_an_imported_order_that_was_set_aside_never_becomes_a_new_one() -> None:
    aside = entry(EntryState.IMPORTED, ignored_by_person=True, code="deleted-in-shop")
    for known in (None, marker(order_stands=False)):
        decision = decide(order(S.SHIPPED), marker=known, foreign=None, entry=aside, rules=Rules())
        assert (decision.action, decision.reason) == (Action.UNCHANGED, Reason.SET_ASIDE)


def test_a_marked_order_is_updated_and_older_news_are_rejected() -> None:
    assert decide(order(S.SHIPPED), marker=marker(), foreign=None, entry=None, rules=Rules()).action is Action.UPDATE
    newer = marker(amazon_updated=NOW + timedelta(minutes=1))
    stale = decide(order(S.UNSHIPPED), marker=newer, foreign=None, entry=None, rules=Rules())
    assert (stale.action, stale.reason) == (Action.UNCHANGED, Reason.OLDER_NEWS)


OLDER = NOW + timedelta(minutes=10)  # a time of news that is newer than `order`'s


@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("state", list(EntryState))
def test_news_that_are_older_than_what_the_ledger_knows_decide_nothing(status: OrderStatus, state: EntryState) -> None:
    """An older page still says UNSHIPPED of an order that the ledger knows as cancelled, or as held."""
    known = entry(state, amazon_updated=OLDER, id_order=None)
    for rules in (Rules(), Rules(forced=True), Rules(restore=True)):
        for there in (None, marker(), marker(order_stands=False)):
            stale = decide(order(status), marker=there, foreign=None, entry=known, rules=rules)
            assert stale == Decision(Action.UNCHANGED, Reason.OLDER_NEWS)


def test_flawed_older_news_hold_nothing_either() -> None:
    flawed = order(None, raw_status="TELEPORTED")
    known = entry(EntryState.IMPORTED, amazon_updated=OLDER)
    assert decide(flawed, marker=marker(), foreign=None, entry=known, rules=Rules()).reason is Reason.OLDER_NEWS


def test_the_same_news_again_is_not_older() -> None:
    """Also where another operation of Amazon's rounds the time to the second."""
    for known in (NOW, NOW + timedelta(milliseconds=999)):
        seen = entry(EntryState.SEEN, amazon_updated=known, id_order=None)
        assert decide(order(S.UNSHIPPED), marker=None, foreign=None, entry=seen, rules=Rules()).action is Action.CREATE
    newer = entry(EntryState.SEEN, amazon_updated=NOW + timedelta(seconds=1), id_order=None)
    assert decide(order(S.UNSHIPPED), marker=None, foreign=None, entry=newer, rules=Rules()).action is Action.UNCHANGED


def test_the_newer_of_ledger_and_marker_counts() -> None:
    there, known = marker(amazon_updated=OLDER), entry(EntryState.IMPORTED, amazon_updated=NOW - timedelta(hours=1))
    assert decide(order(S.SHIPPED), marker=there, foreign=None, entry=known, rules=Rules()).reason is Reason.OLDER_NEWS
    there, known = marker(amazon_updated=NOW), entry(EntryState.IMPORTED, amazon_updated=NOW)
    assert decide(order(S.SHIPPED), marker=there, foreign=None, entry=known, rules=Rules()).action is Action.UPDATE


def test_an_order_that_the_ledger_has_not_judged_is_imported_where_the_shop_has_the_newest() -> None:
    unjudged = entry(EntryState.SEEN, amazon_updated=NOW, id_order=None)
    for known in (None, unjudged):
        stale = decide(order(S.SHIPPED), marker=marker(amazon_updated=OLDER), foreign=None, entry=known, rules=Rules())
        assert stale == Decision(Action.UNCHANGED, Reason.OLDER_NEWS, id_order=7)


YEAR = timedelta(days=365)


def test_a_stored_time_of_the_future_outranks_nothing() -> None:
    there = marker(amazon_updated=NOW + YEAR)
    known = entry(EntryState.IMPORTED, amazon_updated=NOW + YEAR)
    for one, other in ((there, None), (None, replace(known, id_order=None, state=EntryState.SEEN)), (there, known)):
        assert newest_known(one, other, NOW) is None
        action = decide(order(S.UNSHIPPED), marker=one, foreign=None, entry=other, rules=Rules()).action
        assert action is (Action.UPDATE if one else Action.CREATE)
    seen = entry(EntryState.IMPORTED, amazon_updated=NOW)
    assert newest_known(there, seen, NOW) == NOW
    assert newest_known(marker(amazon_updated=NOW + timedelta(minutes=30)), seen, NOW) == NOW + timedelta(minutes=30)


def test_an_order_whose_time_of_update_lies_in_the_future_is_obeyed_as_the_newest() -> None:
    """What Amazon shows now counts: nothing says that it is older."""
    flawed = order(S.CANCELLED, flaws=(Flaw("lastUpdatedTime", "is ahead of Amazon's own clock"),))
    assert not flawed.has_update_time
    there = marker(amazon_updated=OLDER)
    assert decide(flawed, marker=there, foreign=None, entry=None, rules=Rules()).action is Action.UPDATE


def test_an_order_deleted_in_the_shop_comes_back_only_when_named() -> None:
    gone = marker(order_stands=False)
    held = decide(order(S.SHIPPED), marker=gone, foreign=None, entry=entry(EntryState.IMPORTED), rules=Rules())
    assert held == Decision(
        Action.HOLD,
        problem=Problem(
            ProblemCode.DELETED_IN_SHOP,
            "order 406-0000000-0000001 was imported as 7 and has been deleted in the shop",
            "406-0000000-0000001",
            "7",
        ),
    )
    named = decide(order(S.SHIPPED), marker=gone, foreign=None, entry=None, rules=Rules(forced=True))
    assert named.action is Action.RECREATE


def test_an_imported_order_without_marker_is_reported_as_a_restored_shop() -> None:
    known = entry(EntryState.IMPORTED)
    held = decide(order(S.SHIPPED), marker=None, foreign=None, entry=known, rules=Rules())
    assert held == Decision(
        Action.HOLD,
        problem=Problem(
            ProblemCode.SHOP_RESTORED,
            "order 406-0000000-0000001 was imported as 7, but the shop knows nothing of it any more",
            "406-0000000-0000001",
            "7",
        ),
    )
    back = decide(order(S.SHIPPED), marker=None, foreign=None, entry=known, rules=Rules(restore=True))
    assert back.action is Action.CREATE


def test_unknown_status_and_grave_flaws_hold_the_order_and_name_the_field() -> None:
    unknown = order(None, raw_status="TELEPORTED", flaws=(Flaw("fulfillment.fulfillmentStatus", "unknown", True),))
    decision = decide(unknown, marker=None, foreign=None, entry=None, rules=Rules())
    assert decision.problem is not None
    assert (decision.problem.code, decision.problem.subject) == (ProblemCode.UNKNOWN_STATUS, "TELEPORTED")
    bad = order(S.UNSHIPPED, flaws=(Flaw("orderItems[0].quantityOrdered", "negative", grave=True),))
    decision = decide(bad, marker=None, foreign=None, entry=None, rules=Rules())
    path = "orderItems[0].quantityOrdered"
    told = f"order 406-0000000-0000001: the field {path} is unusable: negative"
    assert decision.problem == Problem(ProblemCode.BAD_FIELD, told, "406-0000000-0000001", path)
    small, another = Flaw("programs", "is no list"), Flaw("orderItems", "is missing", grave=True)
    bad = replace(bad, flaws=(small, *bad.flaws, another))
    decision = decide(bad, marker=None, foreign=None, entry=None, rules=Rules())
    assert decision.problem == Problem(ProblemCode.BAD_FIELD, f"{told} (and 1 more)", "406-0000000-0000001", path)


def test_a_harmless_flaw_holds_nothing_and_other_channels_are_ignored() -> None:
    odd = order(S.UNSHIPPED, flaws=(Flaw("programs[0]", "unknown value", value="NEW"),))
    assert decide(odd, marker=None, foreign=None, entry=None, rules=Rules()).action is Action.CREATE
    elsewhere = order(S.UNSHIPPED, sales_channel="NON_AMAZON")
    assert decide(elsewhere, marker=None, foreign=None, entry=None, rules=Rules()).reason is Reason.NOT_AMAZON


def test_looks_go_from_hourly_to_daily_and_tries_from_minutes_to_daily() -> None:
    first = NOW - timedelta(minutes=5)
    assert next_look(first, NOW) == NOW + timedelta(hours=1)
    assert next_look(NOW - timedelta(days=3), NOW) == NOW + timedelta(hours=6)
    assert next_look(NOW - timedelta(days=60), NOW) == NOW + timedelta(days=1)
    assert next_try(0, NOW) == NOW + timedelta(minutes=5)
    assert next_try(3, NOW) == NOW + timedelta(minutes=40)
    assert next_try(8, NOW) == NOW + timedelta(minutes=1280)
    assert next_try(9, NOW) == NOW + timedelta(days=1)
    assert next_try(10_000, NOW) == NOW + timedelta(days=1)


def test_given_up_counts_from_the_release_of_a_pre_order() -> None:
    limit = timedelta(days=30)
    assert is_given_up(NOW - timedelta(days=31), None, NOW, limit)
    assert not is_given_up(NOW - timedelta(days=30), None, NOW, limit)
    assert not is_given_up(NOW - timedelta(days=29), None, NOW, limit)
    assert not is_given_up(NOW - timedelta(days=90), NOW - timedelta(days=1), NOW, limit)
    assert not is_given_up(None, None, NOW, limit)


@pytest.mark.parametrize("known", [None, marker()], ids=["new", "in the shop"])
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("rules", [Rules(), Rules(forced=True)], ids=["of itself", "by hand"])
def test_an_order_with_an_unknown_status_is_held_and_its_status_is_never_taken_for_another_one(
    rules: Rules, channel: Channel, known: Marker | None
) -> None:
    unknown = order(None, channel, raw_status="RETURNED")
    decision = decide(unknown, marker=known, foreign=None, entry=None, rules=rules)
    assert decision.action is Action.HOLD
    assert decision.problem is not None
    assert (decision.problem.code, decision.problem.subject) == (ProblemCode.UNKNOWN_STATUS, "RETURNED")


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("status", list(OrderStatus))
def test_every_status_that_is_known_is_decided_for_both_channels(status: OrderStatus, channel: Channel) -> None:
    assert (
        decide(order(status, channel), marker=None, foreign=None, entry=None, rules=Rules()).action is not Action.HOLD
    )


def test_a_status_is_told_in_words() -> None:
    assert status_words(OrderStatus.PARTIALLY_SHIPPED) == "partially shipped"


def test_the_phase_of_a_status_says_all_that_it_means() -> None:
    assert {status.value: status.phase.name for status in OrderStatus} == {
        "PENDING_AVAILABILITY": "NOT_RELEASED",
        "PENDING": "NOT_RELEASED",
        "UNSHIPPED": "TO_BE_SHIPPED",
        "PARTIALLY_SHIPPED": "TO_BE_SHIPPED",
        "SHIPPED": "SHIPPED",
        "INVOICE_UNCONFIRMED": "SHIPPED",
        "CANCELLED": "CANCELLED",
        "UNFULFILLABLE": "NOT_OF_AMAZON",
    }
    meant = [NOT_RELEASED_STATUSES, RELEASED_STATUSES, CANCELLED_STATUSES, NOT_OF_AMAZON_STATUSES]
    assert sorted(chain(*meant)) == sorted(OrderStatus)
    assert RELEASED_STATUSES == TO_BE_SHIPPED_STATUSES | SHIPPED_STATUSES


def test_a_marketplace_may_have_a_since_of_its_own() -> None:
    rules = Rules(since=NOW, since_of={"APJ6JRA9NG5V4": NOW - timedelta(days=2)})
    placed = order(S.UNSHIPPED)  # two days ago: at that very moment
    assert decide(placed, marker=None, foreign=None, entry=None, rules=rules).action is Action.CREATE
    rules = Rules(since_of={"APJ6JRA9NG5V4": NOW})
    assert decide(placed, marker=None, foreign=None, entry=None, rules=rules).reason is Reason.BEFORE_SINCE
    elsewhere = replace(placed, marketplace_id="A1PA6795UKMFR9")
    assert decide(elsewhere, marker=None, foreign=None, entry=None, rules=rules).action is Action.CREATE


def test_an_order_that_is_held_with_a_number_in_the_shop_was_imported_too() -> None:
    held = entry(EntryState.HELD)
    lost = decide(order(S.SHIPPED), marker=None, foreign=None, entry=held, rules=Rules())
    assert lost.problem is not None
    assert lost.problem.code is ProblemCode.SHOP_RESTORED
    new = decide(order(S.SHIPPED), marker=None, foreign=None, entry=replace(held, id_order=None), rules=Rules())
    assert new.action is Action.CREATE
    by_hand = decide(order(S.SHIPPED), marker=None, foreign=None, entry=held, rules=Rules(forced=True))
    assert by_hand.action is Action.CREATE
    unnumbered = entry(EntryState.IMPORTED, id_order=None)
    lost = decide(order(S.SHIPPED), marker=None, foreign=None, entry=unnumbered, rules=Rules())
    assert lost.problem is not None
    assert (lost.problem.code, lost.problem.subject) == (ProblemCode.SHOP_RESTORED, "")


def test_older_news_say_that_an_order_is_imported_only_where_the_shop_has_the_newest() -> None:
    unjudged = entry(EntryState.SEEN, amazon_updated=OLDER + timedelta(minutes=1), id_order=None)
    there = marker(amazon_updated=OLDER)
    older = decide(order(S.SHIPPED), marker=there, foreign=None, entry=unjudged, rules=Rules())
    assert older == Decision(Action.UNCHANGED, Reason.OLDER_NEWS)
    deleted = decide(
        order(S.SHIPPED), marker=replace(there, order_stands=False), foreign=None, entry=None, rules=Rules()
    )
    assert deleted == Decision(Action.UNCHANGED, Reason.OLDER_NEWS)
    judged = entry(EntryState.IMPORTED, amazon_updated=NOW)
    assert decide(order(S.SHIPPED), marker=there, foreign=None, entry=judged, rules=Rules()) == older


def test_a_status_that_is_missing_is_told_as_a_field_that_is_unusable() -> None:
    path = "fulfillment.fulfillmentStatus"
    missing = order(None, flaws=(Flaw(path, "is missing", grave=True),))
    decision = decide(missing, marker=None, foreign=None, entry=None, rules=Rules())
    assert decision.problem is not None
    assert (decision.problem.code, decision.problem.subject) == (ProblemCode.BAD_FIELD, path)
