"""How `adopt`, `forget` and `compare` are put together: locks, alerts, and what is left out without a ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry import upkeep
from orderferry.bootstrap import Installation
from orderferry.errors import AlreadyRunning
from orderferry.ledger.quota import QuotaBook
from orderferry.run.adopt import AdoptOptions
from orderferry.run.compare.compare import CompareOptions
from orderferry.run.compare.result import Comparison
from orderferry.run.progress import Progress
from orderferry.run.stop import RightClock, StopSwitch
from orderferry.run.watch import Watch
from orderferry.upkeep import run_adopt, run_compare, run_forget
from support.configuration import load

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(load(tmp_path), lambda: NOW, lambda _seconds: None, Progress())


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the alerts are told."""
    told: list[Any] = []
    monkeypatch.setattr(Watch, "started", lambda watch: told.append(("started", watch.options.dry_run)))
    monkeypatch.setattr(Watch, "note", lambda _, conditions: told.append(("noted", len(list(conditions)))))
    monkeypatch.setattr(Watch, "ended", lambda _, report: told.append(("ended", int(report.exit_code))))
    return told


class Compared:
    """A comparison that finds nothing; it keeps what it was made of."""

    made: list[Any]

    def __init__(self, *parts: Any) -> None:
        Compared.made = list(parts)

    def run(self) -> Comparison:
        return Comparison(NOW)


@pytest.fixture(autouse=True)
def _comparer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "Comparer", Compared)


def test_a_comparison_without_a_ledger_is_an_audit_that_nobody_is_alerted_of(
    installation: Installation, heard: list[Any]
) -> None:
    assert run_compare(installation, CompareOptions()).exit_code == 0
    assert heard == []
    settings, options, _source, _shop, ledger, book, _stop, *_, progress = Compared.made
    assert (settings, options, ledger, book) == (installation.settings, CompareOptions(), None, None)
    assert progress is installation.progress
    assert not installation.settings.ledger.path.exists()


@pytest.mark.parametrize(("options", "by_hand"), [({}, False), ({"since": NOW}, True)])
def test_a_comparison_with_a_ledger_is_watched_and_one_by_hand_like_a_dry_run(
    installation: Installation, heard: list[Any], options: dict[str, Any], by_hand: bool
) -> None:
    installation.ledger().close()
    run_compare(installation, CompareOptions(**options))
    assert heard == [("started", by_hand), ("noted", 0), ("ended", 0)]
    book = Compared.made[5]
    assert type(book) is QuotaBook
    assert book._reserve == {"searchOrders": 6}, "it leaves tokens to the import"


def test_a_second_comparison_says_that_another_one_is_at_work(installation: Installation, heard: list[Any]) -> None:
    installation.ledger().close()
    with installation.alone("compare", StopSwitch(lambda: NOW)):
        result = run_compare(installation, CompareOptions())
    assert (result.exit_code, result.now) == (3, NOW)
    assert heard == [("noted", 0), ("ended", 3)]


def test_adopting_uses_the_ledger_as_asked_for(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []

    def adopted(_shop: Any, ledger: Any, options: AdoptOptions, now: datetime) -> str:
        ledger.remember("a", str(options.dry_run))
        kept.append(now)
        return "report"

    monkeypatch.setattr(upkeep, "adopt", adopted)
    assert run_adopt(installation, AdoptOptions()) == "report"  # type: ignore[comparison-overlap]
    run_adopt(installation, AdoptOptions(dry_run=True))
    assert kept == [NOW, NOW]
    with installation.ledger(read_only=True) as ledger:
        assert ledger.recall("a") == "False"


def test_forgetting_asks_for_the_time_and_keeps_others_out(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, calls = RightClock(lambda: NOW), list[Any]()

    def forgotten(_shop: Any, ledger: Any, older_than: timedelta, **rest: Any) -> str:
        with pytest.raises(AlreadyRunning), installation.alone("forget", StopSwitch(lambda: NOW)):
            pytest.fail("another one is at work")
        rest["check"]()
        ledger.remember("a", str(rest["dry_run"]))
        calls.append((older_than, rest["dry_run"], rest["now"]))
        return "report"

    monkeypatch.setattr(upkeep, "confirmed_clock", lambda *_: clock)
    monkeypatch.setattr(upkeep, "forget", forgotten)
    assert run_forget(installation, MONTH, dry_run=False) == "report"  # type: ignore[comparison-overlap]
    run_forget(installation, MONTH, dry_run=True)
    assert calls == [(MONTH, False, clock), (MONTH, True, clock)]
    with installation.ledger(read_only=True) as ledger:
        assert ledger.recall("a") == "False"
