"""An update in one transaction: marker and order locked, what changed written, the marker moved on.

What a person changed since we wrote last stays as it is, and staff is told what Amazon has instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from orderferry.domain.feed import FeedEventKind
from orderferry.domain.marker import Marker
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.values import Value, as_flag, as_int, as_moment, as_text, moment_text
from orderferry.prestashop.facts import ShopUnit
from orderferry.prestashop.feed.outbox import OrderRef
from orderferry.prestashop.planning.digest import lines_digest
from orderferry.prestashop.planning.order_changes import ADDRESS, ADDRESS_MOVED, LINES, LINES_FOLLOW, MESSAGE, TRACKING
from orderferry.prestashop.planning.order_update import OrderUpdate
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
from orderferry.prestashop.reading.markers import marker_row
from orderferry.prestashop.rows.detail import detail_rows
from orderferry.prestashop.rows.new_order import line_items
from orderferry.prestashop.writing.apply_address import move_address, postal_text
from orderferry.prestashop.writing.apply_lines import rewrite_lines
from orderferry.prestashop.writing.apply_state import enter_state
from orderferry.prestashop.writing.apply_tracking import write_tracking
from orderferry.prestashop.writing.last_written import has_our_address, has_our_lines
from orderferry.prestashop.writing.late_papers import print_papers
from orderferry.prestashop.writing.shop_writer import ShopWriter
from orderferry.prestashop.writing.staff_message import tell_staff
from orderferry.prestashop.writing.standing_order import StandingOrder, lock_marker, lock_order


@dataclass(frozen=True, slots=True)
class Updated:
    """What came of an update. `done`: rows of the order changed, `changes` says which; `overtaken`: another process
    or a person was faster, so that nothing was written; `last_event`: the number of the last event that the feed has of
    it, 0 for none.
    """

    id_order: int
    done: bool = False
    overtaken: bool = False
    changes: tuple[str, ...] = ()
    last_event: int = 0


@dataclass(slots=True)
class _Work:
    """What has been done so far: `done` in the words of Changes.summary, `told` for staff, `kept` for the marker."""

    done: list[str]
    told: list[str]
    kept: dict[str, Value] = field(default_factory=dict)

    def leave(self, change: str, said: str, instead: str) -> None:
        """Not this change: a person was there."""
        self.done.remove(change)
        self.told = [line for line in self.told if line != said]
        self.told.append(instead)


def apply_update(writer: ShopWriter, update: OrderUpdate, shop: ShopUnit, now: datetime) -> Updated:
    """Given a prepared update, write it; the caller commits."""
    order_id = update.order.order_id
    marker = lock_marker(writer, order_id)
    standing = lock_order(writer, marker, order_id) if marker is not None else None
    if standing is None or not _as_planned(update, standing):
        return Updated(update.marker.id_order, overtaken=True)
    work = _write(writer, update, standing, shop)
    _move_marker(writer, update, standing, now, work.kept)
    with writer.together():
        writer.outbox.write(writer, OrderRef(order_id, standing.id_order, as_int(standing.order["id_shop"])), now)
    done = tuple(work.done)
    return Updated(standing.id_order, done=bool(done), changes=done, last_event=writer.outbox.last)


def _as_planned(update: OrderUpdate, standing: StandingOrder) -> bool:
    marker = standing.marker
    return (
        standing.digests == update.marker.digests
        and as_moment(marker["amazon_updated"]) == update.marker.amazon_updated
        and as_int(marker["last_state"]) == update.marker.last_state
        and as_text(marker["last_told"]) == update.marker.last_told
        and as_flag(marker["adopted"]) == update.marker.adopted
        and as_int(standing.order["current_state"]) == update.current_state
        and not (update.changes.lines and as_int(standing.order["invoice_number"]))
        and (update.marker.forgotten or marker.get("forgotten") is None)
    )


def _write(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, shop: ShopUnit) -> _Work:
    changes = update.changes
    work = _Work([word for word in changes.summary if word != MESSAGE], list(changes.told))
    if update.place is not None:
        _address(writer, update, standing, work)
    if update.resolved is not None:
        standing = _lines(writer, update, standing, update.resolved, work)
    if {ADDRESS, LINES} & set(work.done):
        writer.outbox.note(FeedEventKind.ORDER_CHANGED, lines=LINES in work.done, address=ADDRESS in work.done)
    if changes.tracking is not None:
        written, told = write_tracking(writer, update, standing, changes.tracking)
        work.told += told
        if written:
            work.kept["last_tracking"] = changes.tracking.number
        else:
            work.done.remove(TRACKING)
    if changes.state is not None:
        enter_state(writer, update, standing, changes.state, shop)
    elif changes.invoice and update.paperwork is not None:
        print_papers(writer, standing, update.paperwork, shop=shop, written=update.written, taxes=update.taxes)
    if work.told:
        text = "\n".join([f"Amazon order {update.order.order_id}", *work.told])
        tell_staff(writer, standing, text, id_employee=update.id_employee, written=update.written)
        work.done += [] if {ADDRESS, LINES} & set(work.done) else [MESSAGE]
    if work.done:
        writer.update("orders", {"date_upd": update.written}, standing.key)
    return work


def _address(writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, work: _Work) -> None:
    if update.place is None:
        return
    if has_our_address(writer, standing):
        work.kept["last_address"] = move_address(writer, update.place, standing, update.written)
    else:
        said = f"edited in the shop, so it stays. At Amazon: {postal_text(update.place)}"
        work.leave(ADDRESS, ADDRESS_MOVED, f"Amazon has changed the delivery address; the order's was {said}")


def _lines(
    writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, resolved: ResolvedOrder, work: _Work
) -> StandingOrder:
    """Rewrite the lines; return the order as it stands then."""
    if not has_our_lines(writer, standing):
        total = f"{resolved.priced.total.incl} {resolved.priced.currency}"
        said = f"the order's lines were edited in the shop, so they stay. Amazon's total is {total}."
        work.leave(LINES, LINES_FOLLOW, f"Amazon has changed quantities or amounts; {said}")
        return standing
    rewrite_lines(writer, update, standing, resolved)
    work.kept["line_items"] = line_items(resolved)
    work.kept["last_lines"] = lines_digest(draft.values for draft in detail_rows(resolved))
    marker = lock_marker(writer, update.order.order_id)
    return (marker and lock_order(writer, marker, update.order.order_id)) or standing


def _move_marker(
    writer: ShopWriter, update: OrderUpdate, standing: StandingOrder, now: datetime, kept: dict[str, Value]
) -> None:
    row = marker_row(
        moved_marker(update),
        order_reference=as_text(standing.marker["order_reference"]),
        module=as_text(standing.marker["module"]),
        now=now,
        new=False,
    )
    promised = update.order.deliver_by.latest
    values = {**row, **kept, **({"deliver_by": moment_text(promised)} if promised else {})}
    writer.update(MARKER_TABLE, values, {"amazon_order_id": update.order.order_id})


def moved_marker(update: OrderUpdate) -> Marker:
    """Given an update, return the marker as it stands when the update is written."""
    state = update.changes.state
    return replace(
        update.marker,
        marketplace_id=update.marker.marketplace_id or update.order.marketplace_id,  # '' since it was adopted
        channel=update.marker.channel or update.order.channel,
        amazon_updated=update.order.updated,
        digests=update.changes.digests,
        last_state=state.id if state else update.marker.last_state,
        last_told=update.changes.last_told,
    )
