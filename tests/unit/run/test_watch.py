"""When a run is pinged as good or failed, and when the webhook hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from orderferry.domain.ledger_entry import Condition
from orderferry.domain.marker import Outcome
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.errors import (
    AlreadyRunning,
    AmazonRefused,
    AmazonUnavailable,
    ExitCode,
    LedgerUnusable,
    OrderferryError,
)
from orderferry.notify import Alerts
from orderferry.run.report import Report
from orderferry.run.sweeps import RunOptions
from orderferry.run.watch import Watch

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
ORDER = "402-1234567-1234567"


@dataclass
class Heard:
    """An alarm that keeps what it is told."""

    pings: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    documents: list[Mapping[str, Any]] = field(default_factory=list)

    def started(self, command: str) -> None:
        self.pings.append(f"start {command}")

    def succeeded(self, command: str, text: str) -> None:
        self.pings.append(f"success {command}")
        self.texts.append(text)

    def failed(self, command: str, text: str) -> None:
        self.pings.append(f"fail {command}")
        self.texts.append(text)

    def post_news(self, document: Mapping[str, Any]) -> None:
        self.documents.append(document)


def watch_of(heard: Heard, options: RunOptions, tail: str = "") -> Watch:
    return Watch(cast("Alerts", heard), "import", "shop", options, tail)


def report(*errors: OrderferryError, held: bool = False) -> Report:
    made = Report("import", NOW, finished=NOW, errors=list(errors))
    if held:
        made.note(ORDER, Outcome.HELD)
        made.add_problem(Problem(ProblemCode.UNKNOWN_SKU, f"order {ORDER}: SKU X is unknown", ORDER, "X"))
        made.open = {"held": 1}
    return made


def condition(code: str, *, said: bool = True) -> Condition:
    return Condition(f"import: {code}", "text", NOW, NOW, NOW if said else None, 3, 4)


def follow(made: Report, *conditions: Condition, ran: bool = True, noted: bool = True, **options: Any) -> Heard:
    heard = Heard()
    watch = watch_of(heard, RunOptions(**options), "the log's end")
    if ran:
        watch.started()
    if noted:
        watch.note(conditions)
    watch.ended(made)
    return heard


def test_a_good_run_is_a_start_and_a_success() -> None:
    heard = follow(report())
    assert heard.pings == ["start import", "success import"]
    assert heard.texts == ["orderferry import: exit code 0; orders: none"]
    assert heard.documents == []


def test_held_orders_are_no_failure_of_the_run_but_in_its_text() -> None:
    heard = follow(report(held=True))
    assert heard.pings[-1] == "success import"
    assert f"order {ORDER}: SKU X is unknown" in heard.texts[0]


@pytest.mark.parametrize(
    ("conditions", "ping"),
    [
        pytest.param([], "success import", id="it-may-heal"),
        pytest.param([condition("amazon-unavailable", said=False)], "success import", id="not-said-yet"),
        pytest.param([condition("amazon-unavailable")], "fail import", id="it-lasts"),
        pytest.param([condition("shop-unavailable")], "success import", id="another-condition-stands"),
    ],
)
def test_what_may_heal_by_itself_is_a_failure_when_it_has_become_a_condition(
    conditions: list[Condition], ping: str
) -> None:
    heard = follow(report(AmazonUnavailable("Amazon can't be reached", hint="Wait.")), *conditions)
    assert heard.pings == ["start import", ping]


def test_a_failure_brings_the_end_of_the_log_and_a_success_does_not() -> None:
    refused = AmazonRefused("Amazon does not accept the refresh token", hint="Authorise again.")
    heard = follow(report(refused), condition("amazon-refused"))
    assert heard.pings[-1] == "fail import"
    assert heard.texts[0].splitlines()[1:] == [
        "Amazon does not accept the refresh token Authorise again.",
        "",
        "the log's end",
    ]


def test_a_run_whose_conditions_were_not_kept_fails_at_once() -> None:
    assert follow(report(AmazonUnavailable("away")), noted=False).pings[-1] == "fail import"


def test_a_run_that_found_another_one_at_work_pings_only_when_that_lasts() -> None:
    busy = report(AlreadyRunning("another run has the lock"))
    assert follow(busy, ran=False).pings == []
    assert follow(busy, condition("already-running"), ran=False).pings == ["fail import"]


@pytest.mark.parametrize("options", [{"dry_run": True}, {"orders": (ORDER,)}, {"restore": True}])
def test_what_a_person_runs_by_hand_is_not_pinged(options: dict[str, Any]) -> None:
    assert follow(report(), **options).pings == []


def test_the_webhook_gets_what_is_news_and_the_whole_run() -> None:
    made = report(held=True)
    made.announced = ((ExitCode.NEEDS_A_PERSON, "1 order held (unknown-sku): …"),)
    (document,) = follow(made).documents
    assert document["news"] == ["1 order held (unknown-sku): …"]
    assert document["text"] == "orderferry import (shop):\n1 order held (unknown-sku): …"
    assert (document["config"], document["exit_code"]) == ("shop", 1)
    assert [problem["code"] for problem in document["problems"]] == ["unknown-sku"]
    assert follow(made, dry_run=True).documents == []


def test_a_ledger_that_can_not_be_used_is_told_by_every_run() -> None:
    heard = Heard()
    watch_of(heard, RunOptions()).broke(LedgerUnusable("The disk is full.", hint="Make room."))
    assert heard.pings == ["fail import"]
    assert heard.documents[0]["news"] == ["The disk is full. Make room."]
    assert heard.documents[0]["exit_code"] == 6
