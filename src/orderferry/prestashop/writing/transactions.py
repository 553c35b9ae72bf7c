"""Run the transaction of a plan, and return what was done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from orderferry.domain.marker import Applied, Marker, Outcome, Plan
from orderferry.domain.orders import Order
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.errors import ShopError
from orderferry.prestashop.database.database import ShopDatabase, retry_order
from orderferry.prestashop.database.database_errors import RowRefused, mask_server_text
from orderferry.prestashop.database.live_schema import Trigger, read_triggers
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import moment_text
from orderferry.prestashop.feed.keeper import FeedKeeper
from orderferry.prestashop.planning.order_changes import OrderUpdate
from orderferry.prestashop.reading.markers import read_markers
from orderferry.prestashop.rows.new_order import NewOrder, render
from orderferry.prestashop.writing.apply_changes import apply_update, moved_marker
from orderferry.prestashop.writing.make_own import make_missing
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.write_order import write_order

log = logging.getLogger(__name__)


class Transactions:
    """Writes plans. Raises ShopUnavailable when the database can't be reached any more."""

    def __init__(
        self,
        database: ShopDatabase,
        tables: ShopTables,
        sleep: Callable[[float], None],
        keeper: FeedKeeper | None = None,
    ) -> None:
        self._database = database
        self._tables = tables
        self._sleep = sleep
        self._keeper = keeper
        self._known_triggers: dict[str, list[Trigger]] = {}

    def apply(self, plan: Plan, now: datetime) -> Applied | Problem | None:
        """Write a plan and return what was done; None if marker or order have changed since it was made.

        If the database refuses one of the order's values: a problem of this order.
        """
        if self._keeper is not None:
            self._keeper.before_writing()
        work = plan.work
        try:
            return self._create(plan, work, now) if isinstance(work, NewOrder) else self._update(plan, work, now)
        except RowRefused as refusal:
            return self._refused(refusal, work.resolved.order if isinstance(work, NewOrder) else work.order)

    def _refused(self, refusal: RowRefused, order: Order) -> Problem:
        """Return the database's error without the buyer's data, with the triggers that may have caused it."""
        triggers = self._triggers(refusal)
        columns = {name for table in self._tables.live.values() for name in table.columns}
        tables = {self._tables.prefix + name for name in self._tables.live}
        names = columns | tables | {trigger.name for trigger in triggers} | {self._database.access.database}
        server_text = mask_server_text(refusal.server_text, refusal.number, order, names)
        sentences = [refusal.message.removesuffix(".")]
        sentences += [f"The server says: {server_text.rstrip('.')}"] if server_text else []
        sentences += [f"Triggers on {refusal.table}: {', '.join(map(str, triggers))}"] if triggers else []
        subject = refusal.column or f"{refusal.table or 'database'} (error {refusal.number})"
        message = f"order {order.order_id}: {'. '.join(sentences)}"
        return Problem(ProblemCode.WRITE_FAILED, message, order.order_id, subject)

    def _triggers(self, refusal: RowRefused) -> list[Trigger]:
        if not refusal.table:
            return []
        if refusal.table not in self._known_triggers:
            try:
                with self._database.reading("looking for triggers") as connection:
                    self._known_triggers[refusal.table] = read_triggers(connection, [refusal.table])
            except ShopError:
                return []  # the error can be reported without them
        return [one for one in self._known_triggers[refusal.table] if one.event in {"", refusal.action}]

    def _create(self, plan: Plan, work: NewOrder, now: datetime) -> Applied | None:
        def write() -> tuple[Applied | None, int]:
            with self._database.writing(f"writing order {plan.order_id}", rows=True) as connection:
                writer = ShopWriter(connection, self._tables)
                complete = work
                if not work.resolved.is_complete:
                    resolved = make_missing(writer, work.resolved)
                    complete = render(resolved, work.reference, recreates=work.recreates)
                return write_order(writer, complete, now), writer.outbox.last

        def find_written() -> tuple[Applied | None, int] | None:
            marker = self._marker(plan.order_id)
            if marker is None or (work.recreates and not marker.order_stands):
                return None  # the marker of an order that was deleted has been there all along
            as_planned = _has_same_data(marker, work.marker)
            return Applied(Outcome.UNCHANGED, marker.id_order) if as_planned else None, 0

        (applied, last_event), may_be_ours = retry_order(write, find_written, self._sleep)
        self._tell_keeper(last_event)
        # UNCHANGED: written as planned by another process, or by an attempt whose answer was lost
        if applied is None or (applied.outcome is Outcome.UNCHANGED and not may_be_ours):
            log.info("order %s: another process was faster", plan.order_id)
            return None
        changes = (f"order {applied.id_order}", *plan.changes, *applied.changes)
        return Applied(Outcome.CREATED, applied.id_order, changes, plan.notes)

    def _update(self, plan: Plan, work: OrderUpdate, now: datetime) -> Applied | None:
        def write() -> tuple[Applied | None, int]:
            with self._database.writing(f"updating order {plan.order_id}", rows=True) as connection:
                writer = ShopWriter(connection, self._tables)
                update = work
                if work.resolved is not None and not work.resolved.is_complete:
                    update = replace(work, resolved=make_missing(writer, work.resolved))
                applied = apply_update(writer, update, now)
                return applied, writer.outbox.last

        (applied, last_event), may_be_ours = retry_order(write, lambda: None, self._sleep)
        self._tell_keeper(last_event)
        if applied is not None:
            return replace(applied, notes=plan.notes)
        if not (may_be_ours and self._is_written(work)):
            log.info("order %s: it has changed since it was looked at", plan.order_id)
            return None
        # an attempt whose answer was lost has done what was planned
        outcome = Outcome.UPDATED if plan.changes else Outcome.UNCHANGED
        return Applied(outcome, work.marker.id_order, plan.changes, plan.notes)

    def _tell_keeper(self, last_event: int) -> None:
        if self._keeper is not None:
            self._keeper.written(last_event)

    def _marker(self, order_id: str) -> Marker | None:
        with self._database.reading("looking up an imported order") as connection:
            return read_markers(connection, self._tables, [order_id]).get(order_id)

    def _is_written(self, work: OrderUpdate) -> bool:
        """Return whether the marker in the shop is as this update would have written it."""
        marker = self._marker(work.order.order_id)
        return marker is not None and _has_same_data(marker, moved_marker(work))


def _has_same_data(found: Marker, planned: Marker) -> bool:
    """Return whether a marker in the shop was written from the same data of Amazon's as the planned one."""
    same_time = moment_text(found.amazon_updated) == moment_text(planned.amazon_updated)
    return same_time and found.digests == planned.digests
