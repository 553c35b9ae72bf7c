"""What the ledger records of an order, and what the report says of it, for each way in which one can end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderferry.domain.decide import Decision, Reason, Rules
from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult
from orderferry.domain.marker import Action, Applied, Outcome
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import Channel, Flaw, Order, OrderStatus, TimeSpan, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.run.order_results import OrderResults
from orderferry.run.report import Report

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IT = next(m.id for m in MARKETPLACES if m.code == "IT")
ID = "402-0000001-0000000"
S = EntryState
ORDER = Order(ID, NOW - DAY, NOW - HOUR, IT, OrderStatus.UNSHIPPED, Channel.REGULAR, ())
SKU = Problem(ProblemCode.UNKNOWN_SKU, f"order {ID}: no product X", ID, "X")
INVOICED = Problem(ProblemCode.CHANGED_AFTER_INVOICE, f"order {ID}: changed", ID)
SHIPPED = Problem(ProblemCode.CANCELLED_AFTER_SHIPPING, f"order {ID}: cancelled", ID)
INFORMS = Problem(ProblemCode.FUTURE_TIME, "a time", ID)


def results() -> OrderResults:
    return OrderResults(Report("import", NOW), lambda: NOW, lambda marketplace: {IT: 30 * DAY}[marketplace])


def entry(state: EntryState = S.HELD, **more: Any) -> Entry:
    base = Entry(ID, state, IT, Channel.REGULAR, "", NOW - 20 * DAY, NOW - DAY, NOW - DAY, NOW, NOW)
    return replace(base, **more)


def told(made: OrderResults) -> tuple[str, list[str]]:
    return str(made.report.outcomes.get(ID, "")), [problem.message for problem in made.report.problems.values()]


def test_a_written_order_is_imported() -> None:
    made = results()
    applied = Applied(Outcome.CREATED, 7, ("created order 7", "2 lines"), (INFORMS,))
    assert made.written(ORDER, None, applied) == OrderResult(
        ID, S.IMPORTED, id_order=7, detail="created order 7; 2 lines"
    )
    assert told(made) == ("", [])


def test_a_written_order_that_leaves_something_to_a_person_is_held() -> None:
    made = results()
    applied = Applied(Outcome.UPDATED, 7, ("state 5",), (INFORMS, INVOICED, SHIPPED))
    assert made.written(ORDER, entry(first_seen=NOW - 3 * DAY), applied) == OrderResult(
        ID,
        S.HELD,
        "changed-after-invoice",
        "",
        INVOICED.message,
        NOW + 6 * HOUR,
        id_order=7,
        detail="state 5",
    )
    assert told(made) == ("held", [INVOICED.message, SHIPPED.message])


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (entry(code="changed-after-invoice", ignored_by_person=True), S.IMPORTED),
        (entry(code="changed-after-invoice"), S.HELD),
        (entry(code="cancelled-after-shipping", ignored_by_person=True), S.HELD),
        (None, S.HELD),
    ],
)
def test_what_a_person_has_set_aside_does_not_hold_the_order_again(found: Entry | None, state: EntryState) -> None:
    assert results().written(ORDER, found, Applied(Outcome.UPDATED, 7, (), (INVOICED,))).state is state


def test_an_order_that_can_not_be_planned_is_held_and_looked_at_again() -> None:
    made = results()
    assert made.held_back(SKU, ORDER, None) == OrderResult(
        ID, S.HELD, "unknown-sku", "X", SKU.message, NOW + HOUR, id_order=None, detail=""
    )
    assert told(made) == ("held", [SKU.message])


UNTIL = TimeSpan(None, NOW + 9 * DAY)


@pytest.mark.parametrize(
    ("changes", "names_a_day"),
    [
        ({}, True),
        ({"channel": Channel.FBA}, False),
        ({"status": OrderStatus.CANCELLED}, False),
        ({"deliver_by": TimeSpan()}, False),
    ],
)
def test_a_held_regular_order_names_the_day_when_the_phone_goes(changes: dict[str, Any], names_a_day: bool) -> None:
    held = results().held_back(SKU, replace(ORDER, **({"deliver_by": UNTIL} | changes)), None)
    day = "; Amazon withdraws the buyer's phone after 2026-12-02"
    assert held.message == SKU.message + (day if names_a_day else "")


@pytest.mark.parametrize(
    ("found", "minutes"), [(None, 5), (entry(S.FAILED, attempts=0), 5), (entry(S.FAILED, attempts=3), 40)]
)
def test_a_refused_order_is_tried_again_less_and_less_often(found: Entry | None, minutes: int) -> None:
    made = results()
    refused = Problem(ProblemCode.WRITE_FAILED, "no", ID, "city")
    again = NOW + timedelta(minutes=minutes)
    assert made.failed(refused, found) == OrderResult(ID, S.FAILED, "write-failed", "city", "no", again)
    assert told(made) == ("failed", ["no"])


def test_what_is_held_and_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        results().held(SKU, None)
        results().failed(SKU, None)
        results().keeps_changing(ORDER)
    assert [(record.levelname, record.getMessage()[:24]) for record in caplog.records] == [
        ("INFO", "held (unknown-sku): orde"),
        ("WARNING", "failed (unknown-sku): or"),
        ("WARNING", "failed (keeps-changing):"),
    ]


def test_an_order_that_others_keep_changing_is_due_at_once() -> None:
    made = results()
    text = f"order {ID} was changed in the shop each time just before Amazon's news could be written"
    assert made.keeps_changing(ORDER) == OrderResult(ID, S.FAILED, "keeps-changing", "", text, NOW)
    assert told(made) == ("failed", [text])


@pytest.mark.parametrize(
    ("flaws", "message", "subject"),
    [
        (
            (Flaw("createdTime", "is missing"), Flaw("b", "c")),
            "the field createdTime is unusable: is missing",
            "createdTime",
        ),
        ((), "the field order is unusable: unusable", "order"),
    ],
)
def test_an_order_with_an_unusable_field_is_held(flaws: tuple[Flaw, ...], message: str, subject: str) -> None:
    made = results()
    found = {ID: entry(first_seen=NOW - 3 * DAY)}
    text = f"order {ID}: {message}"
    assert made.unreadable(UnreadableOrder(ID, flaws), found) == OrderResult(
        ID, S.HELD, "bad-field", subject, text, NOW + 6 * HOUR
    )
    assert told(made) == ("held", [text])


def decided(
    made: OrderResults,
    decision: Decision,
    found: Entry | None = None,
    *,
    order: Order = ORDER,
    forced: bool = False,
    by_id: bool = False,
) -> OrderResult | None:
    return made.not_written(order, found, decision, Rules(forced=forced), by_id=by_id)


def test_a_decision_with_a_problem_holds_the_order() -> None:
    made = results()
    held = decided(made, Decision(Action.HOLD, problem=SKU), order=replace(ORDER, deliver_by=UNTIL))
    assert held
    assert (held.state, held.message) == (S.HELD, f"{SKU.message}; Amazon withdraws the buyer's phone after 2026-12-02")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [(None, "unchanged"), (Reason.SET_ASIDE, "ignored"), (Reason.OLDER_NEWS, "unchanged")],
)
def test_an_order_of_the_shop_without_news(reason: Reason | None, outcome: str) -> None:
    made = results()
    result = decided(made, Decision(Action.UNCHANGED, reason, id_order=7))
    assert result == OrderResult(ID, S.IMPORTED, id_order=7)
    assert told(made) == (outcome, [])


OLDER = Decision(Action.UNCHANGED, Reason.OLDER_NEWS)


@pytest.mark.parametrize(
    ("found", "outcome", "problems"),
    [
        (None, "unchanged", []),
        (entry(S.IMPORTED), "unchanged", []),
        (entry(S.SEEN), "waiting", []),
        (entry(S.WAITING), "waiting", []),
        (entry(S.WAITING, given_up=True, message="waits"), "waiting", ["waits"]),
        (entry(S.HELD, message="held"), "held", ["held"]),
        (entry(S.FAILED, message="failed"), "failed", ["failed"]),
        (entry(S.IGNORED), "ignored", []),
    ],
    ids=lambda value: f"{value.state}" if isinstance(value, Entry) else "",
)
def test_older_news_leave_an_order_as_it_is(found: Entry | None, outcome: str, problems: list[str]) -> None:
    made = results()
    assert decided(made, OLDER, found) is None
    assert told(made) == (outcome, problems)


@pytest.mark.parametrize(
    ("found", "again"),
    [
        (entry(S.WAITING, code="payment-pending", message="m", subject="s", given_up=True), NOW + 2 * HOUR),
        (entry(S.HELD), NOW + 2 * HOUR),
        (entry(S.IMPORTED), None),
        (entry(S.IGNORED), None),
    ],
    ids=lambda value: f"{value.state}" if isinstance(value, Entry) else "",
)
def test_older_news_of_one_order_count_as_a_look_at_it(found: Entry, again: datetime | None) -> None:
    assert decided(results(), OLDER, found, by_id=True) == OrderResult(
        ID, found.state, found.code, found.subject, found.message, again, given_up=found.given_up
    )
    assert decided(results(), OLDER, None, by_id=True) is None


def test_older_news_of_an_order_that_a_person_asks_for_are_told() -> None:
    made = results()
    decided(made, OLDER, forced=True)
    assert told(made) == ("unchanged", [f"order {ID}: Amazon's answer is older than what is known already"])
    assert {problem.code for problem in made.report.problems.values()} == {ProblemCode.NOT_READY}


PENDING = Decision(Action.WAIT, Reason.PAYMENT_PENDING)
PENDING_TEXT = "Amazon has not released it yet (payment or verification pending)"


def waits(again: datetime, *, given_up: bool) -> OrderResult:
    return OrderResult(ID, S.WAITING, "payment-pending", message=PENDING_TEXT, next_look=again, given_up=given_up)


def test_a_waiting_order() -> None:
    made = results()
    assert decided(made, PENDING) == waits(NOW + HOUR, given_up=False)
    assert told(made) == ("waiting", [])
    assert decided(results(), PENDING, entry(first_seen=NOW - 3 * DAY)) == waits(NOW + 6 * HOUR, given_up=False)


def test_a_waiting_order_that_a_person_asks_for_is_a_problem() -> None:
    made = results()
    decided(made, PENDING, forced=True)
    assert told(made) == ("waiting", [f"order {ID} can't be imported yet: {PENDING_TEXT}"])
    assert {problem.code for problem in made.report.problems.values()} == {ProblemCode.NOT_READY}


@pytest.mark.parametrize(
    ("age", "status", "released", "given_up"),
    [
        (30 * DAY, OrderStatus.PENDING, None, False),
        (30 * DAY + HOUR, OrderStatus.PENDING, None, True),
        (90 * DAY, OrderStatus.PENDING_AVAILABILITY, NOW - 30 * DAY, False),
        (90 * DAY, OrderStatus.PENDING_AVAILABILITY, NOW - 31 * DAY, True),
        (90 * DAY, OrderStatus.PENDING, NOW - 30 * DAY, True),
    ],
)
def test_a_waiting_order_is_given_up_after_a_while(
    age: timedelta, status: OrderStatus, released: datetime | None, given_up: bool
) -> None:
    made = results()
    order = replace(ORDER, created=NOW - age, status=status, ship_by=TimeSpan(released))
    assert decided(made, PENDING, order=order, forced=True) == waits(NOW + HOUR, given_up=given_up)
    if given_up:
        assert told(made) == ("waiting", [f"order {ID} has waited for more than 30d: {PENDING_TEXT}"])
        assert {problem.code for problem in made.report.problems.values()} == {ProblemCode.GIVEN_UP}


def test_an_order_that_is_none_of_ours() -> None:
    made = results()
    cancelled = Decision(Action.IGNORE, Reason.CANCELLED)
    text = "cancelled at Amazon before it was imported"
    assert decided(made, cancelled) == OrderResult(ID, S.IGNORED, "cancelled", message=text)
    assert told(made) == ("ignored", [])
    decided(made, cancelled, forced=True)
    assert told(made) == ("ignored", [f"order {ID} is not imported: {text}"])
    assert {problem.code for problem in made.report.problems.values()} == {ProblemCode.NOT_IMPORTABLE}


@pytest.mark.parametrize(
    ("found", "forced", "is_told"),
    [
        (None, False, True),
        (entry(S.IGNORED, code="other-importer"), False, False),
        (entry(S.IGNORED, code="other-importer"), True, True),
        (entry(S.IGNORED, code="cancelled"), False, True),
    ],
)
def test_an_order_of_another_importer_is_told_once(found: Entry | None, forced: bool, is_told: bool) -> None:
    made = results()
    result = decided(made, Decision(Action.IGNORE, Reason.OTHER_IMPORTER), found, forced=forced)
    text = f"order {ID} is in the shop already, put there by another program or a person"
    assert told(made) == ("ignored", [text] if is_told else [])
    assert {str(problem.code) for problem in made.report.problems.values()} == (
        {"other-importer"} if is_told else set()
    )
    assert result
    assert (result.state, result.code) == (S.IGNORED, "other-importer")


@pytest.mark.parametrize(
    ("found", "given_up"),
    [
        (entry(S.WAITING, purchased=NOW - 30 * DAY), False),
        (entry(S.WAITING, purchased=NOW - 31 * DAY), True),
        (entry(S.HELD, purchased=NOW - 31 * DAY), False),
        (entry(S.HELD, given_up=True), True),
        (entry(S.WAITING, purchased=NOW - 90 * DAY, code="pre-order", ship_by=NOW - DAY), False),
        (entry(S.WAITING, purchased=NOW - 90 * DAY, code="payment-pending", ship_by=NOW - DAY), True),
    ],
)
def test_an_open_order_that_amazon_no_longer_gives_is_asked_for_again(found: Entry, given_up: bool) -> None:
    found = replace(found, subject="s", message="m")
    assert results().unanswered(found) == OrderResult(
        ID, found.state, found.code, "s", "m", NOW + 2 * HOUR, given_up=given_up, by_id=True
    )
