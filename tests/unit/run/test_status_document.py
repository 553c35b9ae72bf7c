"""What `status` reads from the ledger, what makes it unhealthy, and its whole document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from orderferry import __version__
from orderferry.domain.compared_orders import ShopOrder, ShopOrders
from orderferry.domain.ledger_entry import (
    Condition,
    Entry,
    EntryState,
    FindingKind,
    OrderResult,
    OrderSnapshot,
    RunRecord,
    StandingFinding,
)
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.errors import ExitCode
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.ledger.quota import QuotaBook
from orderferry.prestashop.auditing import ShopAudit
from orderferry.run.conditions import CurrentCondition
from orderferry.run.status import (
    CommandStatus,
    Lag,
    Status,
    find_unconfirmed,
    gaps_between,
    lag_of,
    read_status,
    rhythm,
)
from support.configuration import load

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IT, DE = (next(m.id for m in MARKETPLACES if m.code == code) for code in ("IT", "DE"))
A, B = (f"402-000000{number}-0000000" for number in range(1, 3))
REGULAR, FBA = Channel.REGULAR, Channel.FBA
ENTRY = Entry(A, EntryState.WAITING, IT, REGULAR, "PENDING", NOW - DAY, NOW, NOW - HOUR, NOW, NOW, "payment-pending")
MISSING = StandingFinding(A, FindingKind.MISSING, NOW - DAY, NOW, "no import has seen it", "It is due.")
DIFFERENT = StandingFinding(
    B, FindingKind.DIFFERENT, NOW - DAY, NOW, "the totals differ", "Look.", "amount", "1 EUR", "2 EUR"
)
HEALTHY = Status(NOW, (), {}, (), {}, (), None, {})


def span(first: float, last: float) -> Span:
    """A span of the last hours before now."""
    return Span(NOW - first * HOUR, NOW - last * HOUR)


def late(command: str) -> CommandStatus:
    return CommandStatus(command, None, None, late=True)


CONDITION = CurrentCondition("clock-off", "The clock is off.", ExitCode.NEEDS_A_PERSON)


@pytest.mark.parametrize(
    ("changes", "healthy"),
    [
        ({}, True),
        ({"commands": (late("import"),)}, False),
        ({"commands": (replace(late("import"), late=False),)}, True),
        ({"conditions": (CONDITION,)}, False),
        ({"gaps": (((IT, REGULAR), span(2, 1)),)}, False),
        ({"unconfirmed": (ENTRY,)}, False),
        ({"open": {"waiting": 4}, "notes": ("a note",), "oldest_waiting": ENTRY}, True),
    ],
)
def test_what_is_healthy(changes: dict[str, Any], healthy: bool) -> None:
    status = replace(HEALTHY, **changes)
    assert (status.healthy, status.exit_code) == (healthy, 0 if healthy else 1)
    document = status.as_json()
    assert (document["healthy"], document["exit_code"]) == (healthy, 0 if healthy else 1)


def test_the_document_of_a_ledger_that_knows_nothing() -> None:
    assert HEALTHY.as_json() == {
        "healthy": True,
        "commands": {},
        "coverage": [],
        "gaps": [],
        "open": {"waiting": 0, "held": 0, "failed": 0, "given_up": 0},
        "conditions": [],
        "findings": {"missing": [], "surplus": [], "different": []},
        "oldest_waiting": None,
        "unconfirmed": [],
        "lag": None,
        "quota": {},
        "notes": [],
        "version": __version__,
        "exit_code": 0,
    }


def test_the_whole_document() -> None:
    broken = RunRecord(2, "import", NOW.replace(microsecond=5), 1, exit_code=4)
    good = RunRecord(1, "import", NOW - HOUR, 1, exit_code=0)
    waiting = replace(ENTRY, purchased=None, ship_by=None)
    status = Status(
        NOW,
        (CommandStatus("import", broken, good, late=False), late("recheck")),
        {(IT, REGULAR): (span(9, 1),), (DE, FBA): (), (DE, REGULAR): (span(8, 7), span(6, 1))},
        (((DE, REGULAR), span(7, 6)),),
        {"waiting": 1},
        (CONDITION,),
        waiting,
        {"searchOrders": Decimal("19.996"), "getOrder": Decimal(3)},
        Lag(2, timedelta(minutes=1.5), HOUR, DAY),
        (replace(ENTRY, id_order=7, message="the cause", ship_by=NOW),),
        (MISSING, DIFFERENT),
        {},
        ("a note",),
    )
    document = status.as_json()
    assert document["commands"] == {
        "import": {
            "last_run": "2026-11-23T06:00:00Z",
            "last_exit_code": 4,
            "last_success": "2026-11-23T05:00:00Z",
            "late": False,
        },
        "recheck": {"last_run": None, "last_exit_code": None, "last_success": None, "late": True},
    }
    assert document["coverage"] == [
        {"marketplace": "DE", "channel": "fba", "spans": []},
        {
            "marketplace": "DE",
            "channel": "regular",
            "spans": [
                {"from": "2026-11-22T22:00:00Z", "until": "2026-11-22T23:00:00Z"},
                {"from": "2026-11-23T00:00:00Z", "until": "2026-11-23T05:00:00Z"},
            ],
        },
        {
            "marketplace": "IT",
            "channel": "regular",
            "spans": [{"from": "2026-11-22T21:00:00Z", "until": "2026-11-23T05:00:00Z"}],
        },
    ]
    assert document["gaps"] == [
        {
            "marketplace": "DE",
            "channel": "regular",
            "from": "2026-11-22T23:00:00Z",
            "until": "2026-11-23T00:00:00Z",
        }
    ]
    assert document["open"] == {"waiting": 1, "held": 0, "failed": 0, "given_up": 0}
    assert document["conditions"] == ["The clock is off."]
    times = {"placed": "2026-11-22T06:00:00Z", "found": "2026-11-23T06:00:00Z"}
    assert document["findings"] == {
        "missing": [{"order_id": A, "reason": "no import has seen it", "hint": "It is due.", **times}],
        "surplus": [],
        "different": [
            {
                "order_id": B,
                "field": "amount",
                "amazon": "1 EUR",
                "shop": "2 EUR",
                "reason": "the totals differ",
                "hint": "Look.",
                **times,
            }
        ],
    }
    assert document["oldest_waiting"] == {
        "order_id": A,
        "id_order": None,
        "purchased": None,
        "first_seen": "2026-11-23T05:00:00Z",
        "ship_by": None,
        "reason": "payment-pending",
    }
    assert document["unconfirmed"] == [
        {
            "order_id": A,
            "id_order": 7,
            "purchased": "2026-11-22T06:00:00Z",
            "first_seen": "2026-11-23T05:00:00Z",
            "ship_by": "2026-11-23T06:00:00Z",
            "reason": "the cause",
        }
    ]
    assert document["lag"] == {"orders": 2, "median_seconds": 90, "p95_seconds": 3600, "worst_seconds": 86400}
    assert document["quota"] == {"searchOrders": "20.00", "getOrder": "3.00"}
    assert document["notes"] == ["a note"]


def test_missing_orders_are_told_apart_from_other_findings() -> None:
    assert not replace(HEALTHY, conditions=(CONDITION,)).lacks_orders
    found = CurrentCondition("found different", "a", ExitCode.NEEDS_A_PERSON)
    assert not replace(HEALTHY, conditions=(found,)).lacks_orders
    assert replace(HEALTHY, conditions=(found, replace(found, key="found missing"))).lacks_orders


def test_an_order_with_two_differences_counts_once() -> None:
    findings = (MISSING, DIFFERENT, replace(DIFFERENT, field="tax"))
    assert replace(HEALTHY, findings=findings).found_counts == {
        FindingKind.MISSING: 1,
        FindingKind.SURPLUS: 0,
        FindingKind.DIFFERENT: 1,
    }


@pytest.mark.parametrize(
    ("spans", "owed", "gaps"),
    [
        ((), None, ()),
        ((), NOW - 3 * HOUR, (span(3, 0),)),
        ((span(9, 1),), None, ()),
        ((span(9, 8), span(5, 1)), None, (span(8, 5),)),
        ((span(9, 1),), NOW - 12 * HOUR, (span(12, 9),)),
        ((span(9, 1),), NOW - 5 * HOUR, ()),
    ],
)
def test_gaps(spans: tuple[Span, ...], owed: datetime | None, gaps: tuple[Span, ...]) -> None:
    assert tuple(gaps_between(spans, owed, NOW)) == gaps


@pytest.mark.parametrize(
    ("hours", "by_hand", "usual"),
    [
        ([0], False, None),
        ([0, 1], False, None),
        ([0, 1, 2], False, 1),
        ([0, 4, 9], True, 4.5),  # 4 and 5 are within a quarter of 4.5
        ([0, 4, 8, 9.9], True, 4),  # two of three are alike
        ([0, 4, 5, 9, 10], True, None),  # 2.5, and none is near it
        ([0, 4, 8, 9, 10], True, None),
        ([0, 4, 9, 10, 14], True, 4),
    ],
)
def test_the_usual_interval(hours: list[float], by_hand: bool, usual: float | None) -> None:
    starts = [NOW + hour * HOUR for hour in hours]
    assert rhythm(starts, by_hand_too=by_hand) == (None if usual is None else usual * HOUR)


@pytest.mark.parametrize(
    ("minutes", "lag"),
    [
        ([], None),
        ([-5], Lag(1, timedelta(0), timedelta(0), timedelta(0))),
        ([3, 1], Lag(2, timedelta(minutes=2), timedelta(minutes=3), timedelta(minutes=3))),
        (
            list(range(1, 21)),
            Lag(20, timedelta(minutes=10.5), timedelta(minutes=19), timedelta(minutes=20)),
        ),
        (
            list(range(1, 22)),
            Lag(21, timedelta(minutes=11), timedelta(minutes=20), timedelta(minutes=21)),
        ),
    ],
)
def test_lags(minutes: list[int], lag: Lag | None) -> None:
    assert lag_of(timedelta(minutes=each) for each in minutes) == lag


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.sqlite", account="a", shop="s", now=NOW) as opened:
        yield opened


def status_of(ledger: Ledger, folder: Path, now: datetime = NOW) -> Status:
    return read_status(ledger, QuotaBook(ledger, "a", Decimal(1), lambda: now), load(folder), now)


def ran(ledger: Ledger, command: str, *hours_ago: float, exit_code: int = 0) -> None:
    for hours in hours_ago:
        started = NOW - hours * HOUR
        ledger.finish_run(ledger.begin_run(command, started), started, exit_code, {})


def command(status: Status, name: str) -> CommandStatus:
    return next(each for each in status.commands if each.command == name)


def test_a_new_ledger(ledger: Ledger, tmp_path: Path) -> None:
    status = status_of(ledger, tmp_path)
    assert [(each.command, each.late) for each in status.commands] == [
        ("import", False),
        ("recheck", False),
        ("doublecheck", False),
        ("compare", False),
    ]
    assert [cell for cell, _ in status.cells] == [(DE, FBA), (DE, REGULAR), (IT, FBA), (IT, REGULAR)]
    assert status.notes == ("`orderferry import` has never run here.",)
    assert (status.healthy, status.lag, status.oldest_waiting, status.gaps) == (True, None, None, ())
    assert dict(status.quota) == {"searchOrders": Decimal(20), "getOrder": Decimal(30)}


def test_a_ledger_that_has_been_at_work(ledger: Ledger, tmp_path: Path) -> None:
    ran(ledger, "import", 3, 2, 1)
    run = ledger.begin_run("import", NOW)
    purchased = NOW - 5 * HOUR
    ledger.note_seen([OrderSnapshot(A, IT, REGULAR, "PENDING", purchased, total="12.34 EUR")], run, NOW - HOUR)
    ledger.note_seen([OrderSnapshot(B, IT, REGULAR, "PENDING", purchased)], run, NOW)
    ledger.record_results([OrderResult(one, EntryState.WAITING, "payment-pending") for one in (A, B)], run, NOW)
    ledger.cover([(IT, REGULAR)], Basis.UPDATED, span(9, 5), NOW)
    ledger.cover([(IT, REGULAR)], Basis.UPDATED, span(4, 1), NOW)
    ledger.note_findings([MISSING, DIFFERENT], [])
    for key, exit_code, printed in (("clock-off", 0, NOW), ("import: x", 5, NOW), ("import: y", 5, None)):
        ledger.record_conditions([Condition(key, f"{key}!", NOW, NOW, printed, 1, exit_code)])
    status = status_of(ledger, tmp_path)
    assert status.gaps == (((IT, REGULAR), span(5, 4)),)
    assert status.open["waiting"] == 2
    assert status.oldest_waiting
    assert status.oldest_waiting.order_id == A
    assert status.findings == tuple(ledger.findings())
    assert status.amounts == {A: "12.34 EUR"}
    assert [found.key for found in status.conditions] == ["found missing", "found different", "import: x"]
    assert status.notes == ("clock-off!",)


def test_a_shop_that_was_never_compared_owes_no_catch_up(ledger: Ledger, tmp_path: Path) -> None:
    assert not command(status_of(ledger, tmp_path, NOW + 90 * DAY), "recheck").late


@pytest.mark.parametrize(("hours", "is_late"), [(30, False), (30.1, True)])
def test_a_catch_up_that_never_ran_is_late_after_a_day_and_six_hours(
    ledger: Ledger, tmp_path: Path, hours: float, is_late: bool
) -> None:
    ledger.remember("compared with the shop's markers", (NOW - hours * HOUR).isoformat())
    status = status_of(ledger, tmp_path)
    assert [(each.command, each.late) for each in status.commands] == [
        ("import", False),
        ("recheck", is_late),
        ("doublecheck", is_late),
        ("compare", False),
    ]


@pytest.mark.parametrize(
    ("hours", "is_late"),
    [
        ([1.5, 1.25, 1.0], False),  # three intervals are less than the hour that it may always be silent
        ([1.51, 1.26, 1.01], True),
        ([5, 4, 3], False),  # three intervals
        ([5.1, 4.1, 3.1], True),
        ([78, 54, 30], False),  # one interval and six hours
        ([78.1, 54.1, 30.1], True),
        ([40], False),
        ([2, 1, -1], True),  # in the future: no clock is to be trusted
    ],
)
def test_a_command_is_late_by_its_own_rhythm(ledger: Ledger, tmp_path: Path, hours: list[float], is_late: bool) -> None:
    ran(ledger, "import", *hours)
    assert command(status_of(ledger, tmp_path), "import").late is is_late


def test_a_command_that_never_did_its_work_is_late(ledger: Ledger, tmp_path: Path) -> None:
    ran(ledger, "import", 1, exit_code=5)
    found = command(status_of(ledger, tmp_path), "import")
    assert (found.late, found.last_success) == (True, None)
    assert found.last_run
    assert found.last_run.exit_code == 5


def test_a_comparison_by_hand_now_and_then_is_never_late(ledger: Ledger, tmp_path: Path) -> None:
    ran(ledger, "compare", 99, 98.9, 90, 89)
    assert not command(status_of(ledger, tmp_path), "compare").late
    ran(ledger, "recheck", 99, 98.9, 90, 89)
    assert command(status_of(ledger, tmp_path), "recheck").late


def test_only_this_weeks_imports_have_a_lag(ledger: Ledger, tmp_path: Path) -> None:
    run = ledger.begin_run("import", NOW)
    for order_id, days in ((A, 8), (B, 6)):
        when = NOW - days * DAY
        snapshot = OrderSnapshot(order_id, IT, REGULAR, "UNSHIPPED", when - HOUR, when - HOUR)
        ledger.note_seen([snapshot], run, when)
        ledger.record_results([OrderResult(order_id, EntryState.IMPORTED, id_order=1, detail="created")], run, when)
    lag = status_of(ledger, tmp_path).lag
    assert lag
    assert lag.orders == 1


class Shop:
    """A shop that has shipped A and not B."""

    def __init__(self) -> None:
        self.asked: list[tuple[datetime, list[str]]] = []

    def sold(self, since: datetime, order_ids: Sequence[str]) -> ShopOrders:
        self.asked.append((since, list(order_ids)))
        facts: Mapping[str, Any] = {
            "placed": NOW - DAY,
            "state": "",
            "cancelled": False,
            "total": Decimal(1),
            "net": Decimal(1),
            "currency": "EUR",
            "quantity": 1,
        }
        return ShopOrders(
            {one: (ShopOrder(one, (1,), shipped=one == A, **facts),) for one in order_ids if one in (A, B)}
        )


def test_what_the_shop_has_shipped_and_amazon_waits_for_is_unconfirmed(ledger: Ledger) -> None:
    shop = Shop()
    assert find_unconfirmed(ledger, cast("ShopAudit", shop), NOW) == ()
    assert shop.asked == [], "nothing is due"
    run = ledger.begin_run("import", NOW)
    for order_id, hours in ((A, 24), (B, 20), (f"{A[:-1]}7", 25)):
        snapshot = OrderSnapshot(order_id, IT, REGULAR, "UNSHIPPED", NOW - DAY, NOW - DAY, ship_by=NOW + hours * HOUR)
        ledger.note_seen([snapshot], run, NOW)
        ledger.record_results([OrderResult(order_id, EntryState.IMPORTED, id_order=1)], run, NOW)
    found = find_unconfirmed(ledger, cast("ShopAudit", shop), NOW)
    assert shop.asked == [(NOW, [B, A])]
    assert [entry.order_id for entry in found] == [A]
