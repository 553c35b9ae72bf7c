"""Count how much a shop sells on Amazon: what `plan` reckons a schedule from."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from orderferry.domain.orders import Channel
from orderferry.domain.quota_plan import MeasuredVolume
from orderferry.domain.search import Basis
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.schema import calls_per_day, coverage, order_history, orders

LOOK_BACK = timedelta(days=14)
GROWN = timedelta(days=7)


def measure_volume(ledger: Ledger, account: str, now: datetime) -> MeasuredVolume | None:
    """Count the orders placed in the last 14 days, or since observation began if that is later.

    Return None when nothing was observed yet. Raise LedgerUnusable.
    """
    with ledger.store.reading() as connection:
        began = connection.execute(
            select(func.min(coverage.c.covered_from)).where(coverage.c.basis == Basis.UPDATED)
        ).scalar()
        if began is None:
            return None
        since = max(began, now - LOOK_BACK)
        placed = orders.c.purchased >= since
        total = select(func.count()).select_from(orders).where(placed)
        grown, changes = _count_changes(connection, since, now - GROWN)
        return MeasuredVolume(
            time=now - since,
            orders=connection.execute(total).scalar_one(),
            fba=connection.execute(total.where(orders.c.channel == Channel.FBA)).scalar_one(),
            grown=grown,
            changes=changes,
            get_orders=_count_get_orders(connection, account, since),
        )


def _count_changes(connection: Connection, since: datetime, until: datetime) -> tuple[int, int]:
    """Return how many orders were placed between the two, and how many different update times of theirs were seen."""
    times = (
        select(order_history.c.amazon_order_id, order_history.c.amazon_updated)
        .join(orders, orders.c.amazon_order_id == order_history.c.amazon_order_id)
        .where(orders.c.purchased >= since, orders.c.purchased <= until)
        .distinct()
        .subquery()
    )
    row = connection.execute(
        select(func.count(times.c.amazon_order_id.distinct()), func.count()).select_from(times)
    ).one()
    return int(row[0]), int(row[1])


def _count_get_orders(connection: Connection, account: str, since: datetime) -> int:
    calls = select(func.coalesce(func.sum(calls_per_day.c.calls), 0)).where(
        calls_per_day.c.account == account,
        calls_per_day.c.operation == "getOrder",
        calls_per_day.c.day >= since.date().isoformat(),
    )
    return int(connection.execute(calls).scalar_one())
