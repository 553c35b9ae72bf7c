"""A run's report: what it counts, what decides the exit code, and its whole document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderferry.domain.marker import Outcome
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable, ConfigError, ExitCode
from orderferry.run.report import PlannedOrder, Report, withheld_problems

NOW = datetime(2026, 11, 23, 6, 0, 0, 250_000, tzinfo=UTC)
IT, DE = (next(m.id for m in MARKETPLACES if m.code == code) for code in ("IT", "DE"))
A, B, C = (f"402-000000{number}-0000000" for number in range(1, 4))
UNKNOWN = Problem(ProblemCode.UNKNOWN_SKU, f"order {B}: SKU X is unknown", B, "X")
NOTHING_OPEN = {"waiting": 0, "held": 0, "failed": 0, "given_up": 0}


def report() -> Report:
    return Report("import", NOW)


def hours(first: int, last: int) -> Span:
    day = NOW.replace(hour=0, microsecond=0)
    return Span(day + timedelta(hours=first), day + timedelta(hours=last))


def test_an_empty_run() -> None:
    assert report().as_json() == {
        "command": "import",
        "run": None,
        "started": "2026-11-23T06:00:00Z",
        "finished": None,
        "dry_run": False,
        "observed": [],
        "calls": {"searchOrders": 0, "getOrder": 0},
        "orders": {
            "seen": 0,
            "created": 0,
            "updated": 0,
            "unchanged": 0,
            "waiting": 0,
            "held": 0,
            "failed": 0,
            "ignored": 0,
        },
        "open": NOTHING_OPEN,
        "problems": [],
        "exit_code": 0,
    }
    assert report().summary() == ["orderferry import: exit code 0; orders: none"]


def test_a_full_run() -> None:
    made = report()
    made.run, made.finished = 42, NOW + timedelta(seconds=3)
    made.calls, made.open = {"searchOrders": 2}, {"held": 1}
    made.note(A, Outcome.CREATED, ("rows",))
    made.note(B, Outcome.HELD)
    made.add_problem(UNKNOWN)
    made.add_problem(Problem(ProblemCode.CLOCK_OFF, "the clock is off"))
    made.errors.append(AmazonUnavailable("Amazon is away.", hint="Wait."))
    made.add_observed(Basis.UPDATED, [(IT, Channel.REGULAR), (DE, Channel.REGULAR), (IT, Channel.FBA)], hours(2, 4))
    made.add_observed(Basis.UPDATED, [(IT, Channel.REGULAR), (DE, Channel.REGULAR)], hours(0, 1))
    made.add_observed(Basis.UPDATED, [(IT, Channel.FBA)], hours(4, 5))
    made.announced = ((ExitCode.NEEDS_A_PERSON, "1 order held"),)
    document = made.as_json()
    assert (document["run"], document["finished"]) == (42, "2026-11-23T06:00:03Z")
    assert document["calls"] == {"searchOrders": 2, "getOrder": 0}
    assert document["open"] == {**NOTHING_OPEN, "held": 1}
    assert (document["orders"]["seen"], document["orders"]["created"], document["orders"]["held"]) == (2, 1, 1)
    regular = {"channel": "regular", "marketplaces": ["DE", "IT"], "basis": "updated"}
    assert document["observed"] == [
        {**regular, "from": "2026-11-23T00:00:00Z", "until": "2026-11-23T01:00:00Z"},
        {**regular, "from": "2026-11-23T02:00:00Z", "until": "2026-11-23T04:00:00Z"},
        {
            "channel": "fba",
            "marketplaces": ["IT"],
            "basis": "updated",
            "from": "2026-11-23T02:00:00Z",
            "until": "2026-11-23T05:00:00Z",
        },
    ]
    assert document["problems"] == [
        {
            "order_id": "",
            "code": "clock-off",
            "message": "the clock is off",
            "hint": "Set the machine's clock (NTP).",
        },
        {"order_id": B, "code": "unknown-sku", "message": UNKNOWN.message, "hint": UNKNOWN.hint},
        {"order_id": "", "code": "amazon-unavailable", "message": "Amazon is away.", "hint": "Wait."},
    ]
    assert document["exit_code"] == 4
    assert made.news == ("1 order held",)
    assert made.summary() == [
        "orderferry import: exit code 4; orders: 2 seen, 1 created, 1 held",
        "Amazon is away. Wait.",
        UNKNOWN.message,
        "the clock is off",
    ]


def test_each_mistake_of_a_configuration_is_a_problem_of_its_own() -> None:
    made = report()
    made.errors.append(ConfigError("Two mistakes.", hint="Look.", problems=("line 1", "line 2")))
    made.errors.append(ConfigError("No file.", hint="Write one."))
    assert [(each["message"], each["hint"]) for each in made.as_json()["problems"]] == [
        ("line 1", "Look."),
        ("line 2", "Look."),
        ("No file.", "Write one."),
    ]


@pytest.mark.parametrize(
    ("first", "second", "counted"),
    [
        (Outcome.CREATED, Outcome.UNCHANGED, Outcome.CREATED),
        (Outcome.CREATED, Outcome.UPDATED, Outcome.CREATED),
        (Outcome.UPDATED, Outcome.CREATED, Outcome.CREATED),
        (Outcome.UPDATED, Outcome.HELD, Outcome.UPDATED),
        (Outcome.HELD, Outcome.UPDATED, Outcome.UPDATED),
        (Outcome.HELD, Outcome.FAILED, Outcome.FAILED),
        (Outcome.WAITING, Outcome.IGNORED, Outcome.IGNORED),
    ],
)
def test_an_order_seen_twice_counts_once_by_what_was_done_to_it(
    first: Outcome, second: Outcome, counted: Outcome
) -> None:
    made = report()
    made.note(A, first, ("before",))
    made.note(A, second)
    assert made.outcomes == {A: counted}
    assert made.changes == {A: ("before",)}


def test_orders_without_an_id_are_counted_by_where_they_are() -> None:
    made = report()
    made.note_nameless(3, Problem(ProblemCode.UNREADABLE_ORDER, "three", "unreadable-1"))
    made.note_nameless(1, Problem(ProblemCode.UNREADABLE_ORDER, "one", "unreadable-2"))
    assert made.outcomes == dict.fromkeys(
        ["unreadable-1", "unreadable-1 (2)", "unreadable-1 (3)", "unreadable-2"], Outcome.FAILED
    )
    assert [problem.message for problem in made.problems.values()] == ["three", "one"]


def test_a_problem_counts_once_and_goes_with_its_order() -> None:
    made = report()
    for problem in (
        UNKNOWN,
        UNKNOWN,
        Problem(ProblemCode.UNKNOWN_SKU, "another", B, "Y"),
        Problem(UNKNOWN.code, "c", C),
    ):
        made.add_problem(problem)
    assert len(made.problems) == 3
    made.clear_problems(B)
    assert [problem.order_id for problem in made.problems.values()] == [C]


INFORMING = {
    "not-ready",
    "not-importable",
    "other-importer",
    "clock-off",
    "future-time",
    "missing-data",
    "ledger-rebuilt",
    "implausible-answer",
    "exposed-configuration",
}


@pytest.mark.parametrize("code", ProblemCode)
def test_what_only_informs_does_not_change_the_exit_code(code: ProblemCode) -> None:
    made = report()
    made.add_problem(Problem(code, "a"))
    assert made.exit_code == (0 if code in INFORMING else 1)


@pytest.mark.parametrize(
    ("open_", "exit_code"), [({"waiting": 1}, 0), ({"held": 1}, 1), ({"failed": 1}, 1), ({"given_up": 1}, 1)]
)
def test_orders_that_are_open_from_before_need_a_person(open_: dict[str, int], exit_code: int) -> None:
    made = report()
    made.open = open_
    assert made.exit_code == exit_code


def test_a_dry_run_tells_the_orders_as_they_were_placed_and_those_without_a_date_last() -> None:
    made = Report("import", NOW, dry_run=True)
    later = PlannedOrder(A, Outcome.CREATED, "rows", NOW, "IT", "regular", "12.34 EUR", ((2, "MUG"),))
    for planned in (
        later,
        PlannedOrder(B, Outcome.HELD, "no SKU"),
        PlannedOrder(C, Outcome.CREATED, "", hours(0, 1).start),
    ):
        made.planned[planned.order_id] = planned
    document = made.as_json()
    assert document["dry_run"] is True
    assert document["planned"] == [
        {
            "order_id": C,
            "placed": "2026-11-23T00:00:00Z",
            "marketplace": "",
            "channel": "",
            "total": None,
            "products": [],
            "outcome": "created",
            "why": "",
        },
        {
            "order_id": A,
            "placed": "2026-11-23T06:00:00.250Z",
            "marketplace": "IT",
            "channel": "regular",
            "total": "12.34 EUR",
            "products": [{"sku": "MUG", "quantity": 2}],
            "outcome": "created",
            "why": "rows",
        },
        {
            "order_id": B,
            "placed": None,
            "marketplace": "",
            "channel": "",
            "total": None,
            "products": [],
            "outcome": "held",
            "why": "no SKU",
        },
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BUYER", "buyers' names and e-mail aliases"),
        ("RECIPIENT", "delivery addresses"),
        ("PROMOTION", "promotions"),
        ("CANCELLATION", "buyers' wishes to cancel"),
        ("TAX", "VAT numbers and tax schemes"),
        ("PAYMENT", "how buyers paid"),
        ("PACKAGES", "tracking numbers"),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
def test_data_that_amazon_withholds_is_named_in_plain_words(name: str, words: str) -> None:
    (problem,) = withheld_problems({name: ""})
    assert problem == Problem(
        ProblemCode.MISSING_DATA,
        f"Amazon does not let this account ask for {name} ({words}); orders are read without it",
        subject=name,
    )


def test_data_that_amazon_withholds_comes_with_its_words_in_order() -> None:
    first, second = withheld_problems({"TAX": "no role", "BUYER": ""})
    assert (first.subject, second.subject) == ("BUYER", "TAX")
    assert "(VAT numbers and tax schemes): “no role”; orders are read without it" in second.message
