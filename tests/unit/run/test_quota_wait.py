"""Waiting for Amazon's quota: a little, without holding a database's connection meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderferry.errors import QuotaExhausted
from orderferry.run.stop import LONGEST_WAIT, MOST_WAITS_A_CALL, QuotaWait, StopSwitch

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
