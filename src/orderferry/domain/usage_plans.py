"""Amazon's usage plans: the token buckets of each operation (requests a second, burst), as documented by SP-API."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """A token bucket: `rate` tokens come back a second, `burst` is its size."""

    operation: str
    rate: Decimal
    burst: int


USAGE_PLANS: dict[str, UsagePlan] = {
    plan.operation: plan
    for plan in (
        UsagePlan("searchOrders", Decimal("0.0056"), 20),
        UsagePlan("getOrder", Decimal("0.5"), 30),
        UsagePlan("createReport", Decimal("0.0167"), 15),
        UsagePlan("getReport", Decimal("2"), 15),
        UsagePlan("getReports", Decimal("0.0222"), 10),
        UsagePlan("getReportDocument", Decimal("0.0167"), 15),
    )
}

SECONDS_A_DAY = 86_400


def daily_quota(operation: str, share: Decimal = Decimal(1), rate: Decimal | None = None) -> int:
    """Given an operation, the share of it that may be used, and Amazon's own rate where known (requests a second),
    return how many requests come back in a day, rounded."""
    return int(((rate or USAGE_PLANS[operation].rate) * SECONDS_A_DAY * share).to_integral_value())
