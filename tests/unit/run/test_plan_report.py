"""`plan` as one document: for a shop that fits into Amazon's quota, and for one that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.domain.quota_plan import MeasuredVolume, Volume
from orderferry.errors import UsageError
from orderferry.run.plan import PlanReport, make_plan, volume_of
from support.configuration import load

PROGRAM = "/opt/orderferry -c /etc/orderferry/config.toml"
DAILY = [
    f"30 5 * * *  {PROGRAM} recheck --wait 10m",
    f"47 6 * * *  {PROGRAM} doublecheck --wait 10m",
    f"5 7 * * *  {PROGRAM} compare",
]


def planned(folder: Path, orders: int, rate: str | None = None, **observation: timedelta) -> PlanReport:
    settings = load(folder)
    settings = replace(
        settings,
        path=Path("/etc/orderferry/config.toml"),
        observation=replace(settings.observation, **observation),
    )
    volume = Volume(Decimal(orders))
    return make_plan(settings, volume, "a source", rate=Decimal(rate) if rate else None, program=["/opt/orderferry"])


def schedule(every: int, runs: int, calls: int, get_orders: int) -> dict[str, object]:
    return {
        "every_minutes": every,
        "import": {"runs": runs, "pages": 30, "rereadings": 24},
        "daily": {"recheck": 21, "doublecheck": 9, "compare": 0},
        "searchOrders": calls,
        "getOrder": get_orders,
        "safe": True,
    }


def test_a_shop_that_fits(tmp_path: Path) -> None:
    report = planned(tmp_path, 300)
    assert report.as_json() == {
        "orders_per_day": "300",
        "changes_per_order": "4",
        "source": "a source",
        "quota": {"searchOrders": 484, "getOrder": 43200, "share": "1.0"},
        "schedules": [
            schedule(5, 288, 372, 6000),
            schedule(10, 144, 228, 6000),
            schedule(15, 96, 180, 6000),
            schedule(20, 72, 156, 6000),
            schedule(30, 48, 132, 4800),
            schedule(60, 24, 108, 2400),
        ],
        "fastest_minutes": 5,
        "recommended_minutes": 15,
        "orders_per_day_limit": 1571,
        "crontab": [f"9,24,39,54 * * * *  {PROGRAM} import", *DAILY],
        "ask_amazon": None,
        "exit_code": 0,
    }
    assert (report.schedule.every, report.exit_code, report.request) == (15, 0, "")


def test_a_shop_that_does_not_fit_is_given_the_slowest_schedule_and_a_request_to_send(tmp_path: Path) -> None:
    report = planned(tmp_path, 3000)
    document = report.as_json()
    assert [document[key] for key in ("fastest_minutes", "recommended_minutes", "exit_code")] == [None, None, 1]
    assert {each["safe"] for each in document["schedules"]} == {False}
    assert document["crontab"] == [f"46 * * * *  {PROGRAM} import", *DAILY]
    assert (report.schedule.every, report.exit_code) == (60, 1)
    assert document["ask_amazon"] == {
        "rate": "0.0093",
        "text": "We ask for a higher rate limit of searchOrders (Orders API 2026-01-01) for our private application "
        "[application id] and the seller account [merchant token], region eu. The application brings the account's own "
        "orders into the seller's own shop: about 3000 orders a day, each changing about 4 times. It lists changes by "
        "lastUpdatedAfter every 15 minutes, 100 orders a page, each span once but for an hourly overlap, all "
        "marketplaces in one request, and keeps to its token bucket. That needs up to 720 requests a day; 0.0056 "
        "requests a second give 484. We ask for 0.0093 requests a second.",
    }


def test_amazons_own_rate_counts(tmp_path: Path) -> None:
    assert "; 0.0060 requests a second give 518. " in planned(tmp_path, 3000, "0.0060").request
    assert planned(tmp_path, 3000, "0.02").request == ""


def test_each_window_costs_what_it_reads(tmp_path: Path) -> None:
    report = planned(
        tmp_path, 300, overlap=timedelta(0), recheck_window=timedelta(days=1), doublecheck_window=timedelta(days=2)
    )
    usual = report.as_json()["schedules"][2]
    assert usual["import"]["pages"] == 24
    assert usual["daily"] == {"recheck": 3, "doublecheck": 6, "compare": 0}


def measured(**changes: object) -> MeasuredVolume:
    base = MeasuredVolume(timedelta(days=14), 560, 140, 500, 1500, 28)
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_number_that_a_person_gives_wins() -> None:
    assert volume_of(measured(), Decimal(300)) == (Volume(Decimal(300)), "as given; 4 changes an order assumed")


def test_the_ledgers_own_count() -> None:
    volume, source = volume_of(measured(), None)
    assert (volume.orders, volume.changes_per_order) == (Decimal("40.0"), Decimal("3.0"))
    assert source == "the last 14d in the ledger; changes an order measured"
    assert volume_of(measured(grown=0), None)[1] == "the last 14d in the ledger; changes an order assumed"


@pytest.mark.parametrize("found", [None, measured(time=timedelta(hours=23))])
def test_too_little_is_known(found: MeasuredVolume | None) -> None:
    with pytest.raises(UsageError) as unknown:
        volume_of(found, None)
    assert unknown.value.message == "The ledger knows less than a day of this shop's orders."
    assert unknown.value.hint == "Give the number: orderferry plan --orders-per-day N."
