"""`plan`: from a shop's own volume to a schedule that Amazon's quota carries, in words, lines and JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from orderferry.config.model import Settings
from orderferry.domain.durations import format_duration
from orderferry.domain.quota import USAGE_PLANS
from orderferry.domain.quota_plan import (
    CHANGES_PER_ORDER,
    USUAL,
    MeasuredVolume,
    QuotaPlan,
    Schedule,
    Volume,
    Windows,
    plan_quota,
)
from orderferry.errors import ExitCode, UsageError
from orderferry.run.crontab import DAILY_HOURS, crontab_lines


@dataclass(frozen=True, slots=True)
class PlanReport:
    """The result of `plan`. `source`: where the volume is from; `crontab`: the lines to paste."""

    plan: QuotaPlan
    share: Decimal
    source: str
    crontab: tuple[str, ...]
    request: str

    @property
    def schedule(self) -> Schedule:
        """Return the schedule that the lines have: the recommended one, else the slowest, which costs least."""
        return self.plan.recommended or self.plan.schedules[-1]

    @property
    def exit_code(self) -> ExitCode:
        """Return 1 when no schedule fits the quota: a person must ask Amazon for more."""
        return ExitCode.DONE if self.plan.fastest else ExitCode.NEEDS_A_PERSON

    def as_json(self) -> dict[str, Any]:
        """Return everything as one JSON object."""
        plan = self.plan
        return {
            "orders_per_day": str(plan.volume.orders),
            "changes_per_order": str(plan.volume.changes_per_order),
            "source": self.source,
            "quota": {"searchOrders": plan.quota, "getOrder": plan.get_quota, "share": str(self.share)},
            "schedules": [_schedule_json(schedule) for schedule in plan.schedules],
            "fastest_minutes": plan.fastest.every if plan.fastest else None,
            "recommended_minutes": plan.recommended.every if plan.recommended else None,
            "orders_per_day_limit": plan.limit,
            "crontab": list(self.crontab),
            "ask_amazon": {"rate": str(plan.rate_to_ask), "text": self.request} if plan.rate_to_ask else None,
            "exit_code": int(self.exit_code),
        }


def volume_of(measured: MeasuredVolume | None, given: Decimal | None) -> tuple[Volume, str]:
    """Return the volume and where it is from: the number that a person gave, else what the ledger has counted.

    Raise UsageError when neither says enough.
    """
    if given is not None:
        return Volume(given), f"as given; {CHANGES_PER_ORDER} changes an order assumed"
    if measured is None or not measured.is_enough:
        raise UsageError(
            "The ledger knows less than a day of this shop's orders.",
            hint="Give the number: orderferry plan --orders-per-day N.",
        )
    changes = "measured" if measured.changes_are_measured else "assumed"
    return measured.volume(), f"the last {format_duration(measured.time)} in the ledger; changes an order {changes}"


def make_plan(
    settings: Settings,
    volume: Volume,
    source: str,
    *,
    rate: Decimal | None,
    program: Sequence[str],
) -> PlanReport:
    """Return the plan for a volume. `rate`: Amazon's own rate of searchOrders where it named one; `program`: the
    words that start the running program."""
    observation, share = settings.observation, settings.amazon.quota_share
    windows = Windows(observation.overlap, observation.recheck_window, observation.doublecheck_window)
    plan = plan_quota(volume, windows, DAILY_HOURS, share, rate)
    every = (plan.recommended or plan.schedules[-1]).every
    lines = crontab_lines(program, PurePath(settings.path), every, DAILY_HOURS)
    return PlanReport(
        plan, share, source, tuple(lines), _request(plan, rate, settings.amazon.region) if plan.rate_to_ask else ""
    )


def _request(plan: QuotaPlan, rate: Decimal | None, region: str) -> str:
    """Return the text to send to Amazon. What only the seller knows stands in brackets."""
    usual = next(schedule for schedule in plan.schedules if schedule.every == USUAL)
    now = rate or USAGE_PLANS["searchOrders"].rate
    return (
        "We ask for a higher rate limit of searchOrders (Orders API 2026-01-01) for our private application "
        f"[application id] and the seller account [merchant token], region {region}. The application brings the "
        f"account's own orders into the seller's own shop: about {plan.volume.orders:f} orders a day, each changing "
        f"about {plan.volume.changes_per_order:f} times. It lists changes by lastUpdatedAfter every {USUAL} minutes, "
        "100 orders a page, each span once but for an hourly overlap, all marketplaces in one request, and keeps to "
        f"its token bucket. That needs up to {usual.calls} requests a day; {now:f} requests a second give "
        f"{plan.quota}. We ask for {plan.rate_to_ask} requests a second."
    )


def _schedule_json(schedule: Schedule) -> dict[str, Any]:
    return {
        "every_minutes": schedule.every,
        "import": {"runs": schedule.runs, "pages": schedule.pages, "rereadings": schedule.rereadings},
        "daily": dict(schedule.daily),
        "searchOrders": schedule.calls,
        "getOrder": schedule.get_orders,
        "safe": schedule.safe,
    }
