"""`show`: everything known of one order, from the ledger, the shop and, if asked for, Amazon. Writes nothing.

What can't be reached is an error in the inspection; the rest is shown all the same. The JSON has no personal data,
times in UTC and amounts as texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from orderferry.domain.check_result import Finding
from orderferry.domain.decide import Rules
from orderferry.domain.durations import iso
from orderferry.domain.ledger_entry import Entry, HistoryLine
from orderferry.domain.marker import Action, Marker, Plan
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.problems import Problem
from orderferry.errors import AmazonError, ExitCode, OrderferryError, ShopError, worst
from orderferry.prestashop.checking.verify_order import moved_by_edits, rows_of_order, verify_order
from orderferry.prestashop.facts import Catalog
from orderferry.run.outlook import Outlook, held_problem, known_outlook, planned_outlook
from orderferry.run.report import error_json

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger
    from orderferry.prestashop.shop import PrestashopShop

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class ShopInspection:
    """What the shop knows of the order. `foreign`: the id_order under which another importer has it, 0 for none.
    `state`: its current state's name. `findings`: what its rows were found to lack; None when nobody asked. `moves`:
    what an edit would change besides."""

    marker: Marker | None = None
    foreign: int = 0
    rows: Rows = field(default_factory=dict)
    state: str = ""
    findings: tuple[Finding, ...] | None = None
    moves: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderInspection:
    """Everything known of one order. `shop` None: it could not be asked. `asked`: Amazon has answered; `amazon` None
    then means that it knows no such order. `zone`: the shop's time zone, UTC where it could not be asked."""

    order_id: str
    now: datetime
    entry: Entry | None
    history: tuple[HistoryLine, ...]
    shop: ShopInspection | None
    asked: bool
    amazon: Order | UnreadableOrder | None
    outlook: Outlook
    errors: tuple[OrderferryError, ...] = ()
    zone: tzinfo = UTC

    @property
    def known(self) -> bool:
        """Return whether anybody knows the order."""
        in_shop = self.shop is not None and bool(self.shop.marker or self.shop.foreign)
        return bool(self.entry or in_shop or self.amazon)

    @property
    def exit_code(self) -> ExitCode:
        """Return what could not be reached, else 1 for an order that nobody knows or whose rows are not in order."""
        codes = [error.exit_code for error in self.errors]
        if not self.known or (self.shop and self.shop.findings):
            codes.append(ExitCode.NEEDS_A_PERSON)
        return worst(codes)


Get = Callable[[str], Order | UnreadableOrder | None]


def inspect(
    order_id: str,
    ledger: Ledger | None,
    shop: PrestashopShop,
    rules: Rules,
    get: Get | None,
    *,
    now: datetime,
    verify: bool = False,
) -> OrderInspection:
    """Return everything known of an order. `ledger` None: there is none yet. `rules`: an import's. `get` asks Amazon
    for it, once; None: Amazon is not asked. `verify`: read the shop's rows as back office, invoice and statistics do.

    Raise LedgerUnusable, and UsageError for credentials that can't be used.
    """
    errors: list[OrderferryError] = []
    entry = ledger.entry(order_id) if ledger else None
    history = tuple(ledger.history(order_id)) if ledger else ()
    side, amazon = None, None
    zone: tzinfo = UTC
    try:
        side = _shop_side(shop, order_id, verify=verify)
        zone = shop.zone
    except ShopError as error:
        errors.append(error)
    try:
        amazon = get(order_id) if get else None
        asked = get is not None
    except AmazonError as error:
        errors.append(error)
        asked = False
    try:
        outlook = _outlook(entry, side, amazon, shop, rules, now=now)
    except ShopError as error:
        errors.append(error)
        outlook = known_outlook(entry, None, 0, now, shop_answers=False, cause_gone=False)
    return OrderInspection(order_id, now, entry, history, side, asked, amazon, outlook, tuple(errors), zone)


def _shop_side(shop: PrestashopShop, order_id: str, *, verify: bool) -> ShopInspection:
    """Return what the shop knows of the order. Raise ShopError when it can't be asked."""
    shop.prepare(write=False)
    marker = shop.markers([order_id]).get(order_id)
    foreign = 0 if marker else shop.foreign([order_id]).get(order_id, 0)
    findings: tuple[Finding, ...] | None = None
    moves: tuple[Finding, ...] = ()
    with shop.reading("reading an order's rows") as (statements, facts):
        if verify and marker:
            findings = verify_order(statements, facts, order_id)
            moves = moved_by_edits(statements, facts, order_id)
        rows = rows_of_order(statements, order_id)
    state = "".join(shop.state_name(int(row["current_state"])) for row in rows.get("orders", ()))
    return ShopInspection(marker, foreign, rows, state, findings, moves)


def _outlook(
    entry: Entry | None,
    side: ShopInspection | None,
    amazon: Order | UnreadableOrder | None,
    shop: PrestashopShop,
    rules: Rules,
    *,
    now: datetime,
) -> Outlook:
    if side is None:
        return known_outlook(entry, None, 0, now, shop_answers=False, cause_gone=False)
    if isinstance(amazon, Order):

        def plan(order: Order, action: Action, catalog: Catalog) -> Plan | Problem:
            return shop.plan(order, action, catalog, now)

        return planned_outlook(amazon, entry, shop.prefetch([amazon]), rules, plan, now=now)
    problem = held_problem(entry)
    gone = problem is not None and shop.cause_gone([problem])[0]
    return known_outlook(entry, side.marker, side.foreign, now, shop_answers=True, cause_gone=gone)


def inspection_json(inspection: OrderInspection) -> dict[str, Any]:
    """Return the one object that `show --json` prints."""
    outlook = inspection.outlook
    return {
        "order_id": inspection.order_id,
        "known": inspection.known,
        "ledger": _entry(inspection.entry) if inspection.entry else None,
        "history": [_line(line) for line in inspection.history],
        "shop": _shop(inspection.shop) if inspection.shop else None,
        "amazon": amazon_json(inspection.amazon) if inspection.amazon else None,
        "amazon_asked": inspection.asked,
        "next": {
            "action": outlook.action,
            "why": outlook.why,
            "changes": list(outlook.changes),
            "hint": outlook.hint,
        },
        "problems": [problem for error in inspection.errors for problem in error_json(error)],
        "exit_code": int(inspection.exit_code),
    }


def amazon_json(order: Order | UnreadableOrder) -> dict[str, Any]:
    """Return an order as Amazon shows it now, without any data of its buyer."""
    flaws = [f"{flaw.path}: {flaw.problem}" for flaw in order.flaws]
    if isinstance(order, UnreadableOrder):
        return {"readable": False, "flaws": flaws}
    total = order.grand_total
    return {
        "readable": True,
        "status": str(order.status or order.raw_status),
        "channel": str(order.channel or order.raw_channel),
        "marketplace": marketplace_code(order.marketplace_id),
        "created": iso(order.created),
        "updated": iso(order.updated),
        "ship_by": iso(order.ship_by.latest) if order.ship_by.latest else None,
        "total": f"{total.amount} {total.currency}" if total else None,
        "items": [{"sku": item.sku, "quantity": item.quantity} for item in order.items],
        "packages": len(order.packages),
        "flaws": flaws,
    }


def plain(value: object) -> Any:
    """Return a value of a row as JSON has it."""
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return iso(value) if value.tzinfo else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _shop(side: ShopInspection) -> dict[str, Any]:
    return {
        "marker": _marker(side.marker) if side.marker else None,
        "other_importer": side.foreign or None,
        "rows": {
            table: [{str(key): plain(value) for key, value in row.items()} for row in rows]
            for table, rows in side.rows.items()
        },
        "findings": None
        if side.findings is None
        else [{"place": finding.place, "message": finding.message} for finding in side.findings],
        "moved_by_edits": None
        if side.findings is None
        else [{"place": finding.place, "message": finding.message} for finding in side.moves],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    named = {field.name: plain(getattr(entry, field.name)) for field in fields(entry) if field.name != "order_id"}
    return {**named, "marketplace": marketplace_code(entry.marketplace_id)}


def _line(line: HistoryLine) -> dict[str, Any]:
    return {field.name: plain(getattr(line, field.name)) for field in fields(line) if field.name != "order_id"}


def _marker(marker: Marker) -> dict[str, Any]:
    return {
        "id_order": marker.id_order,
        "order_stands": marker.order_stands,
        "adopted": marker.adopted,
        "amazon_updated": iso(marker.amazon_updated),
        "last_state": marker.last_state,
    }
