"""What comparisons found, until it is settled. Each function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, and_, select

from orderferry.domain.entry import EntryState, Verdict
from orderferry.domain.records import FindingKind, StandingFinding
from orderferry.ledger.store import chunks, put
from orderferry.ledger.tables import findings, orders

_ID = findings.c.amazon_order_id
_FIELDS = ("kind", "field", "placed", "found", "reason", "hint", "amazon", "shop")
# What an import writes, by the first word of its note, and the differences that this settles; "" stands for all.
_SETTLED_BY = (
    ("state ", ("state",)),
    ("lines ", ("amount", "currency", "quantity", "tax")),
    ("order ", ("",)),
    ("created ", ("",)),
)


def find(connection: Connection) -> list[StandingFinding]:
    """Return what stands, by kind, then the oldest orders first; but not about orders that a person has set aside."""
    aside = orders.c.ignored_by_person.is_(True)
    wanted = (
        select(_ID.label("order_id"), *(findings.c[name] for name in _FIELDS))
        .select_from(findings.outerjoin(orders, and_(orders.c.amazon_order_id == _ID, aside)))
        .where(orders.c.amazon_order_id.is_(None))
        .order_by(findings.c.kind, findings.c.placed, _ID, findings.c.field)
    )
    return [StandingFinding(**row._mapping) for row in connection.execute(wanted)]


def note(connection: Connection, found: Sequence[StandingFinding], over: Iterable[StandingFinding]) -> None:
    """Keep what a comparison found, and forget what is over. What stood before keeps the time when it was found."""
    since = {finding.key: finding.found for finding in find(connection)}
    for finding in over:
        kind, field = findings.c.kind == finding.kind, findings.c.field == finding.field
        connection.execute(findings.delete().where(_ID.in_([finding.order_id]), kind, field))
    for finding in found:
        row = {name: value for name, value in asdict(finding).items() if name not in ("order_id", "kind", "field")}
        key = {"amazon_order_id": finding.order_id, "kind": finding.kind, "field": finding.field}
        put(connection, findings, key, {**row, "found": since.get(finding.key, finding.found)})


def brought(connection: Connection, verdicts: Sequence[Verdict]) -> None:
    """Given what became of orders, forget what an import has settled: an order that was missing is in the shop, or the
    shop has been given what it lacked of Amazon's news."""
    imported = [verdict for verdict in verdicts if verdict.state is EntryState.IMPORTED]
    for some in chunks(verdict.order_id for verdict in imported):
        connection.execute(findings.delete().where(_ID.in_(some), findings.c.kind == FindingKind.MISSING))
    for verdict in imported:
        fields = _settled_fields(verdict.detail)
        if fields:
            its_own = findings.delete().where(_ID.in_([verdict.order_id]), findings.c.kind == FindingKind.DIFFERENT)
            settled = its_own if "" in fields else its_own.where(findings.c.field.in_(sorted(fields)))
            connection.execute(settled)


def _settled_fields(detail: str) -> frozenset[str]:
    """Given what was written for an order (`state 4; tracking`), return the fields that may agree now."""
    parts = detail.split("; ")
    return frozenset(
        field for word, fields in _SETTLED_BY for field in fields if any(part.startswith(word) for part in parts)
    )
