"""A day without orders where every day had some is said; a quiet shop, a new one and an outage are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.domain.ledger_entry import OrderSnapshot
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.ledger.ledger import Ledger, open_ledger
from orderferry.run.doubtful_answers import DAYS, implausible, yesterdays_gaps

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
BEFORE = [DAY - timedelta(days=number) for number in range(1, DAYS)]
IT, DE = "APJ6JRA9NG5V4", "A1PA6795UKMFR9"
BUSY = {(market, day): 3 for market in (IT, DE) for day in BEFORE}


@pytest.mark.parametrize(
    ("purchases", "told"),
    [
        ({**BUSY, (IT, DAY): 1, (DE, DAY): 2}, []),
        (BUSY, [str(DAY)]),
        ({**BUSY, (IT, DAY): 1}, [f"{DAY} DE"]),
        ({**BUSY, (IT, DAY): 1, (DE, BEFORE[4]): 0}, []),
        ({(IT, day): 1 for day in BEFORE[1:]}, []),
        ({**{(IT, day): 1 for day in BEFORE[::2]}, **{(DE, day): 1 for day in BEFORE[1::2]}}, [str(DAY)]),
        ({}, []),
    ],
    ids=["sells", "nothing-anywhere", "one-silent", "one-often-silent", "new-shop", "together-daily", "empty"],
)
def test_what_is_not_believable_about_a_day(purchases: dict[tuple[str, date], int], told: list[str]) -> None:
    assert [problem.subject for problem in implausible(purchases, DAY)] == told


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "l.sqlite", account="a", shop="s", now=NOW) as ledger:
        snapshots = [
            OrderSnapshot(
                f"406-0000000-{number:07}",
                IT,
                Channel.REGULAR,
                "SHIPPED",
                datetime(d.year, d.month, d.day, 9, tzinfo=UTC),
            )
            for number, d in enumerate(BEFORE)
        ]
        ledger.note_seen(snapshots, 1, NOW)
        yield ledger


def test_yesterday_is_worked_out_once_a_day_and_only_if_it_was_observed(ledger: Ledger) -> None:
    now = NOW
    assert yesterdays_gaps(ledger, now) == [], "nothing was observed yet: the reason is known"
    cells = [(IT, Channel.REGULAR), (IT, Channel.FBA)]
    ledger.cover(cells, Basis.UPDATED, Span(NOW - timedelta(days=20), NOW), NOW)
    [problem] = yesterdays_gaps(ledger, now)
    assert "2026-11-20" in problem.message
    late = OrderSnapshot("406-1111111-1111111", IT, Channel.REGULAR, "PENDING", NOW - timedelta(hours=8))
    ledger.note_seen([late], 2, NOW)
    assert yesterdays_gaps(ledger, now) == [problem], "worked out once a day"
    now += timedelta(days=1)
    ledger.cover(cells, Basis.UPDATED, Span(NOW, now), now)
    assert [p.subject for p in yesterdays_gaps(ledger, now)] == ["2026-11-21"], "a new day is worked out anew"
