"""The sentences of conditions, and which of them a run can end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.ledger_entry import (
    Condition,
    Entry,
    EntryState,
    FindingKind,
    OrderResult,
    OrderSnapshot,
    StandingFinding,
)
from orderferry.domain.orders import Channel
from orderferry.domain.problems import HINTS, Problem, ProblemCode
from orderferry.errors import (
    AmazonUnavailable,
    ExitCode,
    MarketplaceRefused,
    OrderferryError,
    ShopUnavailable,
    ShopUnfit,
)
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.run.conditions import (
    CurrentCondition,
    announce,
    announce_comparison,
    condition_changes,
    error_conditions,
    finding_conditions,
    named_orders,
    order_conditions,
    other_importer_condition,
    problem_conditions,
)
from orderferry.run.report import Report

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IDS = [f"402-000000{number}-0000000" for number in range(1, 8)]
A, B, C = IDS[:3]
HELD, FAILED, WAITING = EntryState.HELD, EntryState.FAILED, EntryState.WAITING


def entry(order_id: str, state: EntryState = HELD, code: str = "unknown-sku", subject: str = "X", **more: Any) -> Entry:
    facts = {"message": f"order {order_id}: SKU {subject} is unknown"} | more
    return Entry(order_id, state, "M", Channel.REGULAR, "", NOW, NOW, NOW, NOW, NOW, code, subject, **facts)


def needs_a_person(key: str, text: str) -> CurrentCondition:
    return CurrentCondition(key, text, ExitCode.NEEDS_A_PERSON)


SKU_HINT = HINTS[ProblemCode.UNKNOWN_SKU]


@pytest.mark.parametrize(
    ("entries", "condition"),
    [
        (
            [entry(A)],
            needs_a_person(
                "held unknown-sku X", f"1 order held (unknown-sku): order {A}: SKU X is unknown. {SKU_HINT}"
            ),
        ),
        (
            [entry(A, FAILED, "write-failed", "", message="The trigger says no.")],
            needs_a_person(
                "failed write-failed",
                "1 order failed (write-failed): The trigger says no. "
                + HINTS[ProblemCode.WRITE_FAILED].replace("{order_id}", A),
            ),
        ),
        (
            [entry(A, WAITING, "payment-pending", "", given_up=True, message="it waits")],
            needs_a_person(
                "waiting given-up",
                f"1 order given up (given-up): it waits. {HINTS[ProblemCode.GIVEN_UP].replace('{order_id}', A)}",
            ),
        ),
        (
            [entry(A, code="of-another-version", subject="", message="")],
            needs_a_person("held of-another-version", f"1 order held (of-another-version): {A}"),
        ),
        (
            [entry(B), entry(A)],
            needs_a_person(
                "held unknown-sku X",
                f"2 orders held (unknown-sku): {A}, {B}: all for the same cause: X. {SKU_HINT}",
            ),
        ),
        (
            [entry(B, WAITING, subject="", given_up=True, message="it waits"), entry(A, WAITING, given_up=True)],
            needs_a_person(
                "waiting given-up",
                f"2 orders given up (given-up): {A}, {B}: it waits. "
                + HINTS[ProblemCode.GIVEN_UP].replace("{order_id}", "ORDER_ID"),
            ),
        ),
        (
            [entry(A, subject="a\r\nb", message="SKU a\r\nb is unknown")],
            needs_a_person(
                "held unknown-sku a\r\nb", f"1 order held (unknown-sku): SKU a\\x0d\\x0ab is unknown. {SKU_HINT}"
            ),
        ),
    ],
    ids=["held", "failed", "given up", "unknown code", "one cause", "no subject", "line ends"],
)
def test_orders_that_need_a_person(entries: list[Entry], condition: CurrentCondition) -> None:
    assert order_conditions(entries) == [condition]


def test_orders_that_only_wait_need_nobody() -> None:
    assert order_conditions([entry(A, WAITING), entry(B, EntryState.SEEN), entry(C, EntryState.IGNORED)]) == []


TAX_HINT = HINTS[ProblemCode.NO_VAT_RATE]


def untaxed(order_id: str, amounts: str) -> Entry:
    message = f"order {order_id}: no tax of the shop explains the tax of {amounts}, delivery to DE"
    return entry(order_id, code="no-vat-rate", subject="DE 19 %", message=message)


@pytest.mark.parametrize(
    ("count", "others"),
    [
        (1, "1.00 on 2.00 EUR"),
        (4, "1.00 on 2.00 EUR; 1.00 on 3.00 EUR; 1.00 on 4.00 EUR; 1.00 on 5.00 EUR"),
        (5, "1.00 on 2.00 EUR; 1.00 on 3.00 EUR; 1.00 on 4.00 EUR; 1.00 on 5.00 EUR; 1 more"),
        (6, "1.00 on 2.00 EUR; 1.00 on 3.00 EUR; 1.00 on 4.00 EUR; 1.00 on 5.00 EUR; 2 more"),
    ],
)
def test_orders_that_lack_one_tax_show_the_amounts_of_some(count: int, others: str) -> None:
    entries = [untaxed(IDS[number], f"1.00 on {number + 1}.00 EUR") for number in range(count + 1)]
    (found,) = order_conditions(entries)
    assert found.text == (
        f"{count + 1} orders held (no-vat-rate): {named_orders(IDS[: count + 1])}: no tax of the shop explains the tax "
        f"of 1.00 on 1.00 EUR, delivery to DE (the others: {others}). {TAX_HINT}"
    )


def test_orders_that_lack_one_tax_with_the_same_amounts_are_told_once() -> None:
    (found,) = order_conditions([untaxed(A, "1.00 on 1.00 EUR"), untaxed(B, "1.00 on 1.00 EUR")])
    assert found.text.endswith(f": no tax of the shop explains the tax of 1.00 on 1.00 EUR, delivery to DE. {TAX_HINT}")


def test_five_orders_are_named() -> None:
    assert named_orders(IDS[:5]) == ", ".join(IDS[:5])
    assert named_orders(IDS[:6]) == f"{', '.join(IDS[:5])} and 1 more"
    assert named_orders([]) == ""


def finding(order_id: str, kind: FindingKind, reason: str = "a reason", hint: str = "Look.") -> StandingFinding:
    return StandingFinding(order_id, kind, NOW, NOW, reason, hint)


MISSING, SURPLUS, DIFFERENT = FindingKind.MISSING, FindingKind.SURPLUS, FindingKind.DIFFERENT
SEVERAL = "for several reasons. `orderferry status --json` lists them all; `orderferry compare` looks again."


@pytest.mark.parametrize(
    ("findings", "key", "text"),
    [
        ([finding(A, MISSING)], "found missing", f"1 order is missing in the shop ({A}): a reason. Look."),
        (
            [
                finding(A, MISSING, f"order {A} is gone", f"ignore {A}"),
                finding(B, MISSING, f"order {B} is gone", f"ignore {B}"),
            ],
            "found missing",
            f"2 orders are missing in the shop ({A}, {B}): is gone. ignore ORDER_ID",
        ),
        (
            [finding(A, SURPLUS)],
            "found surplus",
            f"1 order is in the shop and not at Amazon, or there twice ({A}): a reason. Look.",
        ),
        (
            [finding(A, SURPLUS, "one"), finding(B, SURPLUS, "two")],
            "found surplus",
            f"2 orders are in the shop and not at Amazon, or there twice ({A}, {B}): {SEVERAL}",
        ),
        (
            [finding(A, DIFFERENT, "one"), finding(A, DIFFERENT, "two"), finding(A, DIFFERENT, "one")],
            "found different",
            f"1 order differs from Amazon's ({A}): one; two. Look.",
        ),
        (
            [finding(A, DIFFERENT), finding(B, DIFFERENT)],
            "found different",
            f"2 orders differ from Amazon's ({A}, {B}): a reason. Look.",
        ),
        (
            [finding(A, DIFFERENT, "the text\nof another")],
            "found different",
            f"1 order differs from Amazon's ({A}): the text\\x0aof another. Look.",
        ),
    ],
)
def test_what_comparisons_found(findings: list[StandingFinding], key: str, text: str) -> None:
    assert finding_conditions(findings, []) == [needs_a_person(key, text)]


def test_what_is_missing_because_it_is_held_is_not_told_twice() -> None:
    findings = [finding(A, DIFFERENT), finding(A, MISSING), finding(B, MISSING)]
    assert [found.key for found in finding_conditions(findings, [A])] == ["found missing", "found different"]
    assert finding_conditions(findings, [A])[0].text.startswith(f"1 order is missing in the shop ({B})")


def test_errors_and_problems_without_an_order() -> None:
    refused = MarketplaceRefused("Refused.", marketplaces=("M1",), hint="Ask.")
    assert error_conditions("import", [refused, AmazonUnavailable("Amazon is away.")]) == [
        CurrentCondition("import: marketplace-refused M1", "import: Refused. Ask.", ExitCode.AMAZON_REFUSED),
        CurrentCondition(
            "import: amazon-unavailable", "import: Amazon is away.", ExitCode.AMAZON_UNAVAILABLE, heals=True
        ),
    ]
    clock = Problem(ProblemCode.CLOCK_OFF, "the clock is off")
    role = Problem(ProblemCode.MISSING_DATA, "no TAX.", subject="TAX")
    assert problem_conditions([clock, Problem(ProblemCode.UNKNOWN_SKU, "a", A), role]) == [
        CurrentCondition("clock-off", "the clock is off. Set the machine's clock (NTP).", ExitCode.DONE),
        CurrentCondition("missing-data TAX", f"no TAX. {role.hint}", ExitCode.DONE),
    ]


@pytest.mark.parametrize(
    ("ids", "middle"),
    [
        ([A], f"1 order of the last 24 hours was in the shop before orderferry could import it ({A})"),
        ([A, B], f"2 orders of the last 24 hours were in the shop before orderferry could import them ({A}, {B})"),
    ],
)
def test_another_importer_at_work(ids: list[str], middle: str) -> None:
    assert other_importer_condition([]) == []
    assert other_importer_condition(ids) == [
        CurrentCondition(
            "other-importer",
            f"another importer is at work: {middle}. Switch one of the two off. `orderferry adopt` takes the orders of "
            "the other importer over.",
            ExitCode.DONE,
            counts=True,
        )
    ]


def known(key: str = "k", text: str = "a", printed: datetime | None = NOW, **more: Any) -> Condition:
    return Condition(key, text, NOW, NOW, printed, 1, **({"exit_code": 1} | more))


def test_a_number_that_moves_is_no_news() -> None:
    moved = CurrentCondition("k", "b", ExitCode.DONE, counts=True)
    assert condition_changes([known()], [moved], NOW + HOUR)[0] == ()
    assert condition_changes([known()], [moved], NOW + DAY)[0] == ((ExitCode.DONE, "b"),)


def test_what_lasts_is_continued() -> None:
    found = CurrentCondition("k", "b", ExitCode.SHOP_UNAVAILABLE)
    lines, remember, ended = condition_changes([known(exit_code=7)], [found], NOW + HOUR)
    assert lines == ((ExitCode.SHOP_UNAVAILABLE, "b"),)
    assert remember == [Condition("k", "b", NOW, NOW + HOUR, NOW + HOUR, 2, 5)]
    assert ended == []


def test_what_is_over_is_said_if_it_was_said() -> None:
    before = [known("told"), known("untold", printed=None)]
    assert condition_changes(before, [], NOW) == (((ExitCode.DONE, "Over: a"),), [], ["told", "untold"])


def test_times_of_a_wrong_clock_do_not_silence_a_condition_for_ever() -> None:
    ahead = Condition("k", "a", NOW + 9 * DAY, NOW + 9 * DAY, NOW + 9 * DAY, 1, 1)
    found = needs_a_person("k", "a")
    lines, remember, _ = condition_changes([ahead], [found], NOW)
    assert lines == ()
    assert remember == [Condition("k", "a", NOW, NOW, NOW, 2, 1)]


@pytest.mark.parametrize(
    ("runs", "later", "said"),
    [(2, HOUR - timedelta(seconds=1), False), (2, HOUR, True), (3, timedelta(0), True)],
)
def test_what_may_heal_is_said_in_the_third_run_or_after_an_hour(runs: int, later: timedelta, said: bool) -> None:
    before = Condition("k", "a", NOW, NOW, None, runs - 1, 4)
    found = CurrentCondition("k", "a", ExitCode.AMAZON_UNAVAILABLE, heals=True)
    assert bool(condition_changes([before], [found], NOW + later)[0]) is said


@pytest.mark.parametrize(("later", "said"), [(DAY - timedelta(seconds=1), False), (DAY, True)])
def test_what_lasts_is_said_once_a_day(later: timedelta, said: bool) -> None:
    before = Condition("k", "a", NOW, NOW, NOW, 5, 4)
    for heals in (True, False):
        found = CurrentCondition("k", "a", ExitCode.AMAZON_UNAVAILABLE, heals=heals)
        assert bool(condition_changes([before], [found], NOW + later)[0]) is said


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.sqlite", account="a", shop="s", now=NOW) as opened:
        yield opened


def report(*errors: OrderferryError, command: str = "import") -> Report:
    return Report(command, NOW, errors=list(errors))


def said(ledger: Ledger, made: Report, now: datetime = NOW) -> list[str]:
    announce(ledger, made, now)
    return [text for _, text in made.announced]


UNFIT, AWAY = ShopUnfit("No rights."), ShopUnavailable("The shop is away.")
REFUSED, OTHER_REFUSED = (MarketplaceRefused("Refused.", marketplaces=(one,)) for one in ("M1", "M2"))


@pytest.mark.parametrize(
    ("condition", "made", "ends"),
    [
        (known("import: shop-unfit"), report(), True),
        (known("import: shop-unfit"), report(command="recheck"), False),
        (known("compare: shop-unfit"), report(), False),
        (known("import: shop-unfit"), report(AWAY), False),
        (known("import: marketplace-refused M1"), report(OTHER_REFUSED), True),
        (known("clock-off", exit_code=0), report(), True),
        (known("clock-off", exit_code=0), report(AWAY), False),
        (known("held unknown-sku X"), report(AWAY), True),
        (known("SKU: X", exit_code=0), report(command="recheck"), True),
    ],
)
def test_which_conditions_a_run_can_end(ledger: Ledger, condition: Condition, made: Report, ends: bool) -> None:
    ledger.record_conditions([condition])
    assert ("Over: a" in said(ledger, made)) is ends
    assert (condition.key not in ledger.conditions()) is ends


def test_an_error_that_lasts_is_one_condition(ledger: Ledger) -> None:
    assert said(ledger, report(UNFIT)) == ["import: No rights."]
    assert said(ledger, report(UNFIT), NOW + HOUR) == []
    assert said(ledger, report(), NOW + 2 * HOUR) == ["Over: import: No rights."]


def hold(ledger: Ledger, order_id: str, state: EntryState = HELD, code: str = "unknown-sku", **more: Any) -> None:
    run = ledger.begin_run("import", NOW)
    ledger.note_seen([OrderSnapshot(order_id)], run, NOW)
    ledger.record_results([OrderResult(order_id, state, code, message="the cause", **more)], run, NOW)


def test_a_run_tells_its_orders_its_findings_and_its_problems(ledger: Ledger) -> None:
    hold(ledger, A)
    hold(ledger, B, FAILED, "write-failed")
    hold(ledger, C, WAITING, "payment-pending", given_up=True)
    ledger.note_findings([finding(IDS[3], SURPLUS), finding(A, MISSING)], [])
    made = report()
    made.add_problem(Problem(ProblemCode.CLOCK_OFF, "the clock is off"))
    starts = ["1 order failed", "1 order held", "1 order given up", "1 order is in the shop", "the clock is off"]
    assert [line[: len(start)] for line, start in zip(said(ledger, made), starts, strict=True)] == starts


@pytest.mark.parametrize(("age", "told"), [(timedelta(hours=23), True), (timedelta(hours=25), False)])
def test_another_importer_is_told_while_its_orders_keep_coming(ledger: Ledger, age: timedelta, told: bool) -> None:
    run = ledger.begin_run("import", NOW - age)
    ledger.note_seen([OrderSnapshot(A)], run, NOW - age)
    ledger.record_results([OrderResult(A, EntryState.IGNORED, "other-importer")], run, NOW - age)
    assert said(ledger, report()) == [], "nothing was said of it, and this run met none"
    made = report()
    made.add_problem(Problem(ProblemCode.OTHER_IMPORTER, "another", A))
    assert [line[:30] for line in said(ledger, made)] == (["another importer is at work: 1"] if told else [])
    after = said(ledger, report(), NOW + HOUR)
    assert after == []


def compared(ledger: Ledger, *errors: OrderferryError, now: datetime = NOW) -> list[str]:
    return [text for _, text in announce_comparison(ledger, "compare", errors, now)]


def test_a_comparison_prints_its_findings_itself_and_remembers_them_as_printed(ledger: Ledger) -> None:
    ledger.note_findings([finding(A, MISSING)], [])
    hold(ledger, B)
    assert compared(ledger) == []
    condition = ledger.conditions()["found missing"]
    assert (condition.last_printed, condition.exit_code) == (NOW, 1)
    assert list(ledger.conditions()) == ["found missing"], "held orders are the imports' business"
    ledger.note_findings([], list(ledger.findings()))
    assert compared(ledger) == [f"Over: 1 order is missing in the shop ({A}): a reason. Look."]


def test_a_comparison_that_an_error_ended_ends_no_finding(ledger: Ledger) -> None:
    for key in ("found missing", "compare: shop-unfit", "import: shop-unfit", "compare: amazon-refused"):
        ledger.record_conditions([known(key)])
    assert compared(ledger, ShopUnfit("a")) == ["compare: a"]
    assert compared(ledger, AWAY) == []
    assert sorted(ledger.conditions()) == [
        "compare: amazon-refused",
        "compare: shop-unavailable",
        "compare: shop-unfit",
        "found missing",
        "import: shop-unfit",
    ]
    assert sorted(compared(ledger)) == ["Over: a", "Over: a", "Over: compare: a"]
    assert list(ledger.conditions()) == ["import: shop-unfit"]
