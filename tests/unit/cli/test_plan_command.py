"""`plan` for people: the whole text, for a shop that fits the quota and for such as do not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.cli import plan
from orderferry.config.model import Settings
from orderferry.domain.quota_plan import MeasuredVolume
from orderferry.run.plan import PlanReport, make_plan
from support.command_line import call
from support.configuration import MINIMAL, write
from support.saved_output import saved


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A configuration, and plans as if it and the program stood where they stand on a server."""

    def plan_there(settings: Settings, *facts: Any, **more: Any) -> PlanReport:
        return make_plan(replace(settings, path=Path("/etc/orderferry/config.toml")), *facts, **more)

    monkeypatch.setattr(plan, "make_plan", plan_there)
    monkeypatch.setattr(plan, "running_program", lambda: ["/usr/local/bin/orderferry"])
    return str(write(tmp_path, MINIMAL))


@pytest.mark.parametrize(
    ("orders", "code", "fits"), [(300, 0, "all"), (1600, 0, "seldom"), (4000, 1, "none")], ids=["300", "1600", "4000"]
)
def test_the_whole_text(orders: int, code: int, fits: str, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("-c", config, "plan", "--orders-per-day", str(orders)) == code
    text, err = capsys.readouterr()
    assert text == saved(f"plan-{orders}.txt", text)
    assert err == ""
    told = {
        "all": "Import every 15 minutes fits up to",
        "seldom": "does not fit the quota any more.",
        "none": "No schedule",
    }
    assert [key for key, words in told.items() if words in text] == [fits]


def test_a_share_of_the_quota_that_allows_nothing(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, MINIMAL.replace("[amazon]", "[amazon]\nquota_share = 0.001"))
    assert call("-c", config, "plan", "--orders-per-day", "1000000") == 1
    out = capsys.readouterr().out
    assert "(amazon.quota_share = 0.001)" in out
    assert out.count(" -  not safe\n") == 6, "a share of nothing"


def test_a_recommendation_that_is_also_the_fastest_needs_no_reason(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call("-c", config, "plan", "--orders-per-day", "1500")
    out = capsys.readouterr().out
    assert "  <- recommended, the fastest that is safe\n" in out
    assert "Start import every" not in out


def test_the_volume_is_the_ledgers_unless_it_is_given(
    config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = MeasuredVolume(timedelta(days=14), orders=98, fba=0, grown=1000, changes=2000, get_orders=0)
    monkeypatch.setattr("orderferry.inspection.measured_volume", lambda _: (measured, Decimal("0.01")))
    call("-c", config, "plan")
    out = capsys.readouterr().out
    assert out.startswith(
        "7.0 orders a day, each changing 2.0 times (the last 14d in the ledger; changes an order measured).\n"
    )
    assert "Amazon gives 864 searchOrders" in out, "at its own rate"
    call("-c", config, "plan", "--orders-per-day", "0", "--json")
    assert json.loads(capsys.readouterr().out)["orders_per_day"] == "0"


@pytest.mark.parametrize("number", ["-1", "1000001", "many"])
def test_numbers_that_are_none(number: str, config: str) -> None:
    assert call("-c", config, "plan", "--orders-per-day", number) == 2


def test_the_largest_number(config: str) -> None:
    assert call("-c", config, "plan", "--orders-per-day", "1000000") == 1
