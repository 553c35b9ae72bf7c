"""Waiting for Amazon's quota: a little, without holding a database's connection meanwhile."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from orderferry.errors import QuotaExhausted
from orderferry.run.progress import Progress
from orderferry.run.stop import LONGEST_WAIT, MOST_WAITS_A_CALL, QuotaWait, RightClock, StopSwitch

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


class Diary:
    """What happened, in its order; it stands for a shop, a ledger, and Amazon."""

    def __init__(self, *waits: timedelta) -> None:
        self.happened: list[str] = []
        self.waits = list(waits)

    def release(self) -> None:
        self.happened.append("released")

    def sleep(self, seconds: float) -> None:
        self.happened.append(f"slept {seconds:g}")

    def ask(self) -> str:
        if self.waits:
            raise QuotaExhausted("none left", operation="getOrder", retry_at=NOW + self.waits.pop(0))
        return "answer"


def asked(diary: Diary) -> str:
    quota_wait = QuotaWait(diary, StopSwitch(lambda: NOW), lambda: NOW, diary.sleep, ledger=diary)
    return quota_wait.call(diary.ask)


def test_shop_and_ledger_give_their_connections_back_before_a_wait() -> None:
    diary = Diary(timedelta(seconds=2), timedelta(seconds=3))
    assert asked(diary) == "answer"
    assert diary.happened == ["released", "released", "slept 2", "released", "released", "slept 3"]


def test_without_a_wait_nothing_is_given_back() -> None:
    diary = Diary()
    assert asked(diary) == "answer"
    assert diary.happened == []


@pytest.mark.parametrize(
    "waits",
    [[LONGEST_WAIT + timedelta(seconds=1)], [timedelta(seconds=1)] * (MOST_WAITS_A_CALL + 1)],
    ids=["too long", "too often"],
)
def test_there_is_an_end_to_patience(waits: list[timedelta]) -> None:
    with pytest.raises(QuotaExhausted):
        asked(Diary(*waits))


class Watched(Progress):
    """Keeps what a terminal would show."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, datetime]] = []

    def waiting(self, operation: str, until: datetime) -> None:
        self.shown.append((operation, until))


def test_a_wait_is_shown_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    diary, progress = Diary(LONGEST_WAIT), Watched()
    quota_wait = QuotaWait(diary, StopSwitch(lambda: NOW), lambda: NOW, diary.sleep, progress)
    with caplog.at_level(logging.INFO):
        assert quota_wait.call(diary.ask) == "answer"
    assert diary.happened == ["released", "slept 10"]
    assert progress.shown == [("getOrder", NOW + LONGEST_WAIT)]
    assert caplog.messages == ["waiting 10.0 s for Amazon's quota of getOrder"]


def test_three_waits_for_one_call_are_the_most() -> None:
    assert asked(Diary(*[timedelta(seconds=1)] * 3)) == "answer"


def test_a_token_that_is_back_already_is_waited_for_a_moment() -> None:
    diary = Diary(timedelta(seconds=-5))
    asked(diary)
    assert diary.happened[-1] == "slept 0.05"


def test_quota_that_comes_back_nobody_knows_when_is_not_waited_for() -> None:
    def ask() -> str:
        raise QuotaExhausted("none left", operation="getOrder")

    quota_wait = QuotaWait(Diary(), StopSwitch(lambda: NOW), lambda: NOW, lambda _: None)
    with pytest.raises(QuotaExhausted):
        quota_wait.call(ask)


@pytest.mark.parametrize(
    ("offset", "off"),
    [
        (None, timedelta(0)),
        (timedelta(minutes=2), timedelta(0)),
        (timedelta(minutes=-2), timedelta(0)),
        (timedelta(seconds=121), timedelta(seconds=121)),
        (timedelta(seconds=-121), timedelta(seconds=-121)),
    ],
)
def test_a_clock_follows_amazons_if_they_differ_by_more_than_two_minutes(
    offset: timedelta | None, off: timedelta
) -> None:
    clock = RightClock(lambda: NOW)
    clock.set_right(offset)
    assert clock() == NOW + off
