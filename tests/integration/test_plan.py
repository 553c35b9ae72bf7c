"""`plan` from a ledger's own count and from a number given, in words and as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orderferry.bootstrap import Installation, account_identity
from orderferry.cli.main import cli
from orderferry.config.load import load_settings
from orderferry.domain.ledger_entry import OrderSnapshot
from orderferry.domain.orders import Channel
from orderferry.domain.search import Basis
from orderferry.domain.spans import Span
from orderferry.errors import UsageError
from orderferry.ledger.quota import QuotaBook
from orderferry.run.crontab import parse_times
from support.configuration import MINIMAL, write

IT = "APJ6JRA9NG5V4"
NOW = datetime.now(UTC).replace(microsecond=0)


def run(configuration: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        cli, ["-c", str(configuration), "plan", *words], standalone_mode=False, catch_exceptions=False
    )
    return int(result.return_value), result.stdout


def planned(configuration: Path, *words: str) -> dict[str, Any]:
    code, out = run(configuration, "--json", *words)
    document: dict[str, Any] = json.loads(out)
    assert document["exit_code"] == code
    return document


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return write(tmp_path, MINIMAL)


def fill(configuration: Path, days: int, orders_a_day: int, changes: int) -> None:
    """Let the ledger have observed so many days; every fourth order is FBA, every order changed so often."""
    now = datetime.now(UTC).replace(microsecond=0)  # what is observed ends when `plan` looks at it
    settings = load_settings(configuration, {})
    with Installation(settings).ledger() as ledger:
        cells = [(IT, channel) for channel in Channel]
        ledger.cover(cells, Basis.UPDATED, Span(now - timedelta(days=days), now), now)
        run_number = ledger.begin_run("import", now)
        for change in range(changes):
            snapshots = [
                OrderSnapshot(
                    f"402-{day:07d}-{number:07d}",
                    IT,
                    Channel.FBA if number % 4 == 0 else Channel.REGULAR,
                    "UNSHIPPED",
                    purchased := now - timedelta(days=day, hours=12),
                    purchased + timedelta(hours=change),
                )
                for day in range(days)
                for number in range(orders_a_day)
            ]
            ledger.note_seen(snapshots, run_number, now)
        book = QuotaBook(ledger, account_identity(settings), Decimal(1), lambda: now)
        for _ in range(20):
            book.spend("getOrder")


def test_the_ledgers_own_count_of_a_fortnight(configuration: Path) -> None:
    fill(configuration, days=20, orders_a_day=40, changes=3)
    document = planned(configuration)
    assert document["orders_per_day"] == "40.0"  # 14 days of 40, whatever was before
    assert document["changes_per_order"] == "3.0"
    assert "last 14d" in document["source"]
    usual = next(one for one in document["schedules"] if one["every_minutes"] == 15)
    # 40 x 3 changes, seen 2.5 times: 300 = 3 pages; 7 days of 10 FBA orders and 3 of 30 regular ones: a page each.
    assert usual["import"] == {"runs": 96, "pages": 3, "rereadings": 24}
    assert (usual["daily"]["recheck"], usual["daily"]["doublecheck"]) == (1, 1)
    assert usual["searchOrders"] == 125
    assert usual["getOrder"] == 1  # 20 calls in 14 days
    assert document["exit_code"] == 0
    assert document["ask_amazon"] is None


def test_a_young_ledger_counts_only_what_it_observed(configuration: Path) -> None:
    fill(configuration, days=2, orders_a_day=40, changes=2)
    document = planned(configuration)
    assert document["orders_per_day"] == "40.0"
    assert document["changes_per_order"] == "4.0"  # assumed: no order is a week old
    assert "assumed" in document["source"]


@pytest.mark.parametrize("orders_a_day", [0, 40])
def test_too_little_is_a_usage_error_that_says_what_to_give(configuration: Path, orders_a_day: int) -> None:
    if orders_a_day:
        fill(configuration, days=0, orders_a_day=orders_a_day, changes=1)
    with pytest.raises(UsageError) as caught:
        run(configuration)
    assert "--orders-per-day" in caught.value.hint


def test_a_number_given_needs_no_ledger_and_makes_none(configuration: Path) -> None:
    document = planned(configuration, "--orders-per-day", "300")
    assert document["orders_per_day"] == "300"
    assert document["fastest_minutes"] == 5  # 288 + 30 + 24 + 21 + 9 = 372
    assert document["recommended_minutes"] == 15
    times = parse_times(document["crontab"][0].split("  ")[0])
    assert times is not None
    assert len(times) == 96, "the lines have the recommended schedule"
    assert [path.name for path in configuration.parent.iterdir()] == ["config.toml"]
    assert all(f"-c {configuration} " in line for line in document["crontab"])
    assert all(line.split("  ")[1].startswith("/") for line in document["crontab"])


def test_a_rate_that_amazon_has_raised_is_reckoned_with(configuration: Path) -> None:
    settings = load_settings(configuration, {})
    with Installation(settings).ledger() as ledger:
        QuotaBook(ledger, account_identity(settings), Decimal(1), lambda: NOW).learn("searchOrders", Decimal("0.05"))
    document = planned(configuration, "--orders-per-day", "5000")
    assert document["quota"]["searchOrders"] == 4320
    assert document["fastest_minutes"] == 5


def test_a_volume_beyond_the_quota_is_a_persons_business(configuration: Path) -> None:
    document = planned(configuration, "--orders-per-day", "20000")
    assert document["exit_code"] == 1
    assert document["fastest_minutes"] is None
    assert Decimal(document["ask_amazon"]["rate"]) > Decimal("0.0056")
    for words in ("searchOrders", "20000 orders a day", "region eu", document["ask_amazon"]["rate"]):
        assert words in document["ask_amazon"]["text"]
    code, out = run(configuration, "--orders-per-day", "20000")
    assert code == 1
    assert "No schedule fits" in out
    assert "Developer Support" in out


def test_people_get_the_table_and_the_lines(configuration: Path) -> None:
    code, out = run(configuration, "--orders-per-day", "1000")
    assert code == 0
    assert "10 min                  368           76 %  <- the fastest that is safe" in out
    assert "5 min                  512          106 %  not safe" in out
    assert "15 min                  320           66 %  <- recommended" in out
    assert "Start import every 15 minutes." in out
    assert out.rstrip().splitlines()[-2].count("orderferry")
    assert "MAILTO" in out
