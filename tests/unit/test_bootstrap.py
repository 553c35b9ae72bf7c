"""What an installation builds: names of accounts and shops that never change, quota, locks, and what is watched."""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry import bootstrap
from orderferry.bootstrap import Installation, account_identity, shop_identity
from orderferry.config.model import Secret, Settings
from orderferry.domain.marketplaces import Region
from orderferry.errors import AlreadyRunning, LedgerUnusable, OrderferryError, QuotaExhausted
from orderferry.run.report import Report
from orderferry.run.stop import Stopped, StopSwitch
from orderferry.run.sweeps import RunOptions
from orderferry.run.watch import Watch
from support.configuration import load

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(tmp_path)


@pytest.fixture
def installation(settings: Settings) -> Installation:
    return Installation(settings, lambda: NOW, lambda _seconds: None)


def test_an_account_keeps_its_name_in_all_versions(settings: Settings) -> None:
    """Another name would make every ledger another account's."""
    assert account_identity(settings) == "87429d2a4d88055c"
    amazon = settings.amazon
    for other in (
        replace(amazon, client_id="another"),
        replace(amazon, region=Region.NA),
        replace(amazon, endpoint="https://another.example"),
    ):
        assert account_identity(replace(settings, amazon=other)) != account_identity(settings)
    renewed = replace(settings, amazon=replace(amazon, refresh_token=Secret("another")))
    assert account_identity(renewed) == account_identity(settings)


def test_a_shop_is_named_without_its_password(settings: Settings) -> None:
    assert shop_identity(settings) == "db.example:3307/shop ps_"


def test_the_clock_is_aware_of_utc() -> None:
    assert bootstrap.utc_now().tzinfo is UTC
    assert abs(bootstrap.utc_now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(("reserve", "spent"), [({}, 20), ({"reserve": 6}, 14)])
def test_a_catch_up_leaves_tokens_to_the_import(
    installation: Installation, reserve: dict[str, int], spent: int
) -> None:
    with installation.ledger() as ledger:
        book = installation.quota(ledger, **reserve)
        for _ in range(spent):
            book.spend("searchOrders")
        with pytest.raises(QuotaExhausted):
            book.spend("searchOrders")
        installation.quota(ledger, 30).spend("getOrder")  # no reserve holds for these


def test_the_share_of_the_quota_is_kept_to(settings: Settings) -> None:
    half = replace(settings, amazon=replace(settings.amazon, quota_share=Decimal("0.5")))
    installation = Installation(half, lambda: NOW)
    with installation.ledger() as ledger:
        assert installation.quota(ledger).left("searchOrders", NOW) == 10


def test_a_ledger_is_new_read_only_or_dry(installation: Installation) -> None:
    with pytest.raises(LedgerUnusable):
        installation.ledger(read_only=True)
    with installation.ledger() as ledger:
        ledger.remember("a", "b")
    with installation.ledger(dry_run=True) as ledger:
        ledger.remember("a", "c")
    with installation.ledger(read_only=True) as ledger:
        assert ledger.recall("a") == "b"


def test_the_ledger_of_another_shop_is_taken_only_if_that_is_asked_for(installation: Installation) -> None:
    installation.ledger().close()
    moved = replace(installation.settings.prestashop, location="elsewhere/shop")
    elsewhere = replace(installation, settings=replace(installation.settings, prestashop=moved))
    with pytest.raises(LedgerUnusable):
        elsewhere.ledger()
    elsewhere.ledger(accept_shop=True).close()
    elsewhere.ledger().close()


def test_two_runs_of_a_command_are_not_at_work_at_once(installation: Installation) -> None:
    with installation.alone("import", StopSwitch(lambda: NOW)):
        with pytest.raises(AlreadyRunning), installation.alone("import", StopSwitch(lambda: NOW)):
            pytest.fail("both are at work")
        with installation.alone("recheck", StopSwitch(lambda: NOW)):
            pass
    with installation.alone("import", StopSwitch(lambda: NOW)):
        pass


def test_a_wait_before_a_run_is_as_long_as_asked_for_and_a_signal_ends_it(settings: Settings) -> None:
    slept: list[float] = []
    installation = Installation(settings, lambda: NOW, slept.append)
    installation.idle(timedelta(0))
    installation.idle(timedelta(minutes=2))
    assert slept == [120]

    def interrupted(_seconds: float) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Stopped):
        Installation(settings, lambda: NOW, interrupted).idle(timedelta(seconds=1))


class Broke:
    """A watch that keeps what broke."""

    heard: list[str]

    def __init__(self, *_: Any) -> None:
        Broke.heard = []

    def broke(self, error: OrderferryError) -> None:
        Broke.heard.append(error.message)


@pytest.mark.parametrize(
    ("error", "heard"),
    [
        (LedgerUnusable("The disk is full."), "The disk is full."),
        (ValueError("Mario Rossi"), "An unexpected error inside orderferry: ValueError."),
    ],
)
def test_what_breaks_a_run_is_reported(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, error: Exception, heard: str
) -> None:
    monkeypatch.setattr(bootstrap, "Watch", Broke)
    with pytest.raises(type(error)), installation.watched("import", RunOptions()):
        raise error
    assert Broke.heard == [heard]


class Engine:
    """An engine that reports an order's error, or a run that found one."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def run(self) -> Report:
        return self._report


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(Watch, "started", lambda _: heard.append("started"))
    monkeypatch.setattr(Watch, "note", lambda _, conditions: heard.append(f"noted {len(list(conditions))}"))
    monkeypatch.setattr(Watch, "ended", lambda _, report: heard.append(f"ended {int(report.exit_code)}"))
    return heard


FAILED = OrderferryError("It failed.", hint="Look.")


@pytest.mark.parametrize(
    ("options", "announcing", "heard", "announced"),
    [
        ({}, {}, ["started", "noted 1", "ended 1"], ("import: It failed. Look.",)),
        ({}, {"announcing": False}, ["started", "ended 1"], ()),
        ({"dry_run": True}, {}, ["started", "ended 1"], ()),
    ],
)
def test_a_run_is_announced_unless_it_is_dry(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    watched: list[str],
    options: dict[str, Any],
    announcing: dict[str, Any],
    heard: list[str],
    announced: tuple[str, ...],
) -> None:
    made = Report("import", NOW, errors=[FAILED])
    monkeypatch.setattr(Installation, "_engine", lambda *_: Engine(made))
    report = installation.run("import", RunOptions(**options), **announcing)
    assert report is made
    assert (watched, report.news) == (heard, announced)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_that_finds_another_one_at_work_is_recorded(
    installation: Installation, watched: list[str], caplog: pytest.LogCaptureFixture, dry_run: bool
) -> None:
    for number in range(3):
        with installation.alone("import", StopSwitch(lambda: NOW)), caplog.at_level(logging.INFO):
            report = installation.run("import", RunOptions(dry_run=dry_run))
        assert any(message.startswith("exit code 3: ") for message in caplog.messages)
        caplog.clear()
        assert (report.exit_code, report.started, report.finished, report.dry_run) == (3, NOW, NOW, dry_run)
        assert len(report.news) == (1 if number == 2 and not dry_run else 0), "it lasts with the third run"
    assert watched == (["ended 3"] * 3 if dry_run else ["noted 1", "ended 3"] * 3)
    with installation.ledger() as ledger:
        runs = ledger.last_runs("import", 9)
    assert [run.exit_code for run in runs] == ([] if dry_run else [3, 3, 3])
    if not dry_run:
        assert runs[0].report
        assert (runs[0].report["exit_code"], runs[0].finished) == (3, NOW)
