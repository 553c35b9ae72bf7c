"""Keep orders in the ledger: seen, decided about, due again, set aside by a person, and findings of comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, bindparam, func, not_, or_, select, type_coerce

from orderferry.domain.ledger_entry import (
    ADOPTED,
    LONGEST_PAUSE,
    Entry,
    EntryState,
    FindingKind,
    HistoryEvent,
    HistoryLine,
    OrderResult,
    OrderSnapshot,
    StandingFinding,
    first_entry,
    found_missing,
    history_of,
    seen_again,
    set_aside,
    taken_back,
    with_result,
)
from orderferry.domain.orders import TO_BE_SHIPPED_STATUSES, Channel
from orderferry.ledger.schema import claims, findings, order_history, orders
from orderferry.ledger.store import Store, chunks, put, retry_after_conflict

_ID = orders.c.amazon_order_id
_FIELDS = tuple(field.name for field in fields(Entry) if field.name != "order_id")
_ENTRIES = select(_ID.label("order_id"), *(orders.c[name] for name in _FIELDS))
_LINE_FIELDS = tuple(field.name for field in fields(HistoryLine) if field.name != "order_id")
_FINDING_FIELDS = ("kind", "field", "placed", "found", "reason", "hint", "amazon", "shop")
_LATELY = 100  # lines of the history that are read before all orders are
_LONGEST_LEASE = timedelta(hours=1)
_OPEN = (EntryState.WAITING, EntryState.HELD, EntryState.FAILED)
# How the note of what an import wrote begins, and the fields whose difference this removes; "" stands for all.
_REMOVED_BY = (
    ("state ", ("state",)),
    ("lines ", ("amount", "currency", "quantity", "tax")),
    ("order ", ("",)),
    ("created ", ("",)),
)

Change = tuple[Entry | None, Entry, str]  # before, after, what was written


class OrderTables:
    """The methods of the ledger for orders and for what comparisons found about them."""

    store: Store

    @retry_after_conflict
    def note_seen(self, snapshots: Sequence[OrderSnapshot], run: int, now: datetime) -> dict[str, Entry]:
        """Note all orders of an answer as seen, before anything is decided; return their entries by order id.

        Older news never replace newer ones. An order about which nothing is decided within 15 minutes becomes due.
        """
        with self.store.writing() as connection:
            return _note_seen(connection, snapshots, run, now)

    @retry_after_conflict
    def record_results(self, results: Sequence[OrderResult], run: int, now: datetime) -> None:
        """Record the results of orders, and end the leases on them. An order that was never seen gets its row here.

        Findings of comparisons that an import has removed are forgotten.
        """
        with self.store.writing() as connection:
            unseen = {result.order_id: OrderSnapshot(result.order_id) for result in results}
            known = _find(connection, unseen)
            missing = [snapshot for order_id, snapshot in unseen.items() if order_id not in known]
            if missing:
                known |= _note_seen(connection, missing, run, now)
            for part in _one_each(results):
                changes: list[Change] = []
                for result in part:
                    entry = with_result(known[result.order_id], result, now)
                    changes.append((known[result.order_id], entry, result.detail))
                    known[result.order_id] = entry
                _write(connection, changes, HistoryEvent.JUDGED, run, now)
            for order_ids in chunks(unseen):
                connection.execute(claims.delete().where(claims.c.amazon_order_id.in_(order_ids)))
            _forget_removed_findings(connection, results)

    def entry(self, order_id: str) -> Entry | None:
        """Return the order's entry, or None if it was never seen."""
        return self.known([order_id]).get(order_id)

    def known(self, order_ids: Iterable[str]) -> dict[str, Entry]:
        """Return the entries of those orders that were ever seen, by order id."""
        with self.store.reading() as connection:
            return _find(connection, order_ids)

    def history(self, order_id: str) -> list[HistoryLine]:
        """Return all that was seen and decided about an order, the oldest first."""
        columns = [order_history.c.amazon_order_id.label("order_id"), *(order_history.c[name] for name in _LINE_FIELDS)]
        lines = select(*columns).where(order_history.c.amazon_order_id == order_id).order_by(order_history.c.id)
        with self.store.reading() as connection:
            return [HistoryLine(**row._mapping) for row in connection.execute(lines)]

    def entries(self, states: Iterable[EntryState], limit: int | None = None) -> list[Entry]:
        """Return the orders in these states, those that have been in their state longest first."""
        wanted = _ENTRIES.where(orders.c.state.in_(tuple(states))).order_by(orders.c.state_since, _ID)
        return self._read_entries(wanted if limit is None else wanted.limit(limit))

    def newest_orders(self, limit: int) -> list[str]:
        """Return the ids of the newest orders that Amazon has shown to runs of this ledger."""
        lately = select(order_history.c.amazon_order_id).order_by(order_history.c.id.desc()).limit(_LATELY)
        seen = select(_ID).where(orders.c.purchased.is_not(None)).order_by(orders.c.purchased.desc(), _ID).limit(limit)
        with self.store.reading() as connection:
            ids = tuple(dict.fromkeys(connection.execute(lately).scalars()))
            found = connection.execute(seen.where(_ID.in_(ids))).scalars().all()
            return list(found or connection.execute(seen).scalars())

    def ignored_since(self, code: str, since: datetime) -> list[str]:
        """Return the ids of the orders that were ignored for this reason from `since` on, the first ones first."""
        wanted = (
            select(_ID)
            .where(orders.c.state == EntryState.IGNORED, orders.c.code == code, orders.c.state_since >= since)
            .order_by(orders.c.state_since, _ID)
        )
        with self.store.reading() as connection:
            return list(connection.execute(wanted).scalars())

    def purchases(self, since: datetime) -> dict[tuple[str, date], int]:
        """Return how many orders were placed from `since` on, by marketplace id and day (UTC).

        This reads all orders: call it once a day.
        """
        day = func.substr(type_coerce(orders.c.purchased, String), 1, 10)
        counted = (
            select(orders.c.marketplace_id, day, func.count())
            .where(orders.c.purchased >= since)
            .group_by(orders.c.marketplace_id, day)
        )
        with self.store.reading() as connection:
            rows = connection.execute(counted)
            return {(marketplace, date.fromisoformat(text)): count for marketplace, text, count in rows}

    def import_lags(self, since: datetime) -> list[timedelta]:
        """Return the time from purchase to import of each order that was written into the shop from `since` on.

        Orders that were adopted, or found in the shop when a lost ledger was rebuilt, are left out.
        """
        of_order = order_history.c.amazon_order_id == _ID
        first = (
            select(func.min(order_history.c.id).label("id"), func.min(orders.c.purchased).label("purchased"))
            .join(orders, of_order)
            .where(
                orders.c.state == EntryState.IMPORTED,
                orders.c.state_since >= since,
                orders.c.purchased.is_not(None),
                order_history.c.state == EntryState.IMPORTED,
            )
            .group_by(order_history.c.amazon_order_id)
            .subquery()
        )
        wanted = (
            select(order_history.c.at, first.c.purchased)
            .join(first, order_history.c.id == first.c.id)
            .where(
                order_history.c.at >= since,
                order_history.c.detail != "",
                order_history.c.detail.not_like(f"{ADOPTED}%"),
            )
        )
        with self.store.reading() as connection:
            return [at - purchased for at, purchased in connection.execute(wanted)]

    def unshipped(self, ship_by: datetime) -> list[Entry]:
        """Return the imported regular orders that Amazon called unshipped when they were last seen and that have to be
        shipped by then, the most urgent first."""
        wanted = _ENTRIES.where(
            orders.c.state == EntryState.IMPORTED,
            orders.c.channel == Channel.REGULAR,
            orders.c.amazon_status.in_([str(status) for status in TO_BE_SHIPPED_STATUSES]),
            orders.c.ship_by <= ship_by,
        )
        return self._read_entries(wanted.order_by(orders.c.ship_by, _ID))

    def given_up(self) -> list[Entry]:
        """Return the waiting orders that have waited longer than orders.give_up."""
        wanted = _ENTRIES.where(orders.c.state == EntryState.WAITING, orders.c.given_up)
        return self._read_entries(wanted.order_by(orders.c.state_since, _ID))

    def open_counts(self) -> dict[str, int]:
        """Return how many orders are `waiting`, `held`, `failed`, `given_up`; each order counts once.

        A waiting order that is given up counts as given up, not as waiting.
        """
        counted = (
            select(orders.c.state, orders.c.given_up, func.count())
            .where(orders.c.state.in_(_OPEN))
            .group_by(orders.c.state, orders.c.given_up)
        )
        totals = {**{str(state): 0 for state in _OPEN}, "given_up": 0}
        with self.store.reading() as connection:
            for state, given_up, count in connection.execute(counted):
                totals["given_up" if given_up and state is EntryState.WAITING else str(state)] += count
        return totals

    # Which orders a run checks again

    def due(self, now: datetime, states: Iterable[EntryState], limit: int) -> list[Entry]:
        """Return the orders in these states whose next check is due and that no run has leased.

        The one that Amazon was asked about longest ago comes first (never asked: when it was first seen).
        """
        leased = select(claims.c.amazon_order_id).where(claims.c.amazon_order_id == _ID, *_is_valid_lease(now))
        wanted = (
            _ENTRIES.where(
                orders.c.state.in_(tuple(states)),
                or_(orders.c.next_look <= now, orders.c.next_look > now + LONGEST_PAUSE),
                not_(leased.exists()),
            )
            .order_by(func.coalesce(orders.c.last_look, orders.c.first_seen), _ID)
            .limit(limit)
        )
        return self._read_entries(wanted)

    @retry_after_conflict
    def lease_orders(self, order_ids: Sequence[str], run: int, now: datetime, for_: timedelta) -> tuple[str, ...]:
        """Lease orders to `run` until `now + for_`, their result or the run's end; return those that no other run has,
        in the order given."""
        taken: set[str] = set()
        wanted = tuple(dict.fromkeys(order_ids))
        with self.store.writing() as connection:
            connection.execute(claims.delete().where(not_(and_(*_is_valid_lease(now)))))
            for part in chunks(wanted):
                rows = connection.execute(
                    select(claims.c.amazon_order_id, claims.c.run)
                    .where(claims.c.amazon_order_id.in_(part))
                    .with_for_update()
                ).all()
                taken |= {row.amazon_order_id for row in rows if row.run != run}
                free = [order_id for order_id in part if order_id not in taken]
                if free:
                    connection.execute(claims.delete().where(claims.c.amazon_order_id.in_(free)))
                    connection.execute(
                        claims.insert(),
                        [{"amazon_order_id": order_id, "run": run, "until": now + for_} for order_id in free],
                    )
        return tuple(order_id for order_id in wanted if order_id not in taken)

    @retry_after_conflict
    def make_due(self, snapshots: Sequence[OrderSnapshot], now: datetime) -> None:
        """Let the next import check orders that a comparison found missing in the shop, whatever was decided before.

        What a person set aside, and what was imported, stays as it is. Orders that were never seen get their rows here.
        """
        with self.store.writing() as connection:
            known = _find(connection, (snapshot.order_id for snapshot in snapshots))
            changes: list[Change] = []
            for snapshot in {each.order_id: each for each in snapshots}.values():
                before = known.get(snapshot.order_id)
                after = found_missing(before or first_entry(snapshot, now), now)
                changes.append((before, after, "" if before == after else "missing in the shop"))
            _write(connection, changes, HistoryEvent.MISSED, None, now)

    # Orders that a person set aside

    @retry_after_conflict
    def ignore(self, order_id: str, reason: str, now: datetime) -> Entry:
        """Set an order (or the reported difference of an imported one) aside for a person; return its entry.

        The order may be one that was never seen.
        """
        with self.store.writing() as connection:
            before = _find(connection, [order_id]).get(order_id)
            after = set_aside(before or first_entry(OrderSnapshot(order_id), now), reason, now)
            _write(connection, [(before, after, reason)], HistoryEvent.SET_ASIDE, None, now)
            return after

    @retry_after_conflict
    def unignore(self, order_id: str, now: datetime) -> Entry | None:
        """Undo `ignore`; return the entry, which is due at once, or None if the order is unknown."""
        with self.store.writing() as connection:
            before = _find(connection, [order_id]).get(order_id)
            if before is None:
                return None
            after = taken_back(before, now)
            _write(connection, [(before, after, "")], HistoryEvent.TAKEN_BACK, None, now)
            return after

    # What comparisons found

    def findings(self) -> list[StandingFinding]:
        """Return what comparisons found and nothing has removed since, by kind, then the oldest orders first.

        Findings about orders that a person has set aside are left out.
        """
        with self.store.reading() as connection:
            return _find_findings(connection)

    def note_findings(self, found: Sequence[StandingFinding], over: Iterable[StandingFinding]) -> None:
        """Keep what a comparison found, and forget the findings in `over`. A known finding keeps its first time."""
        with self.store.writing() as connection:
            since = {finding.key: finding.found for finding in _find_findings(connection)}
            for finding in over:
                connection.execute(
                    findings.delete().where(
                        findings.c.amazon_order_id == finding.order_id,
                        findings.c.kind == finding.kind,
                        findings.c.field == finding.field,
                    )
                )
            for finding in found:
                key = {"amazon_order_id": finding.order_id, "kind": finding.kind, "field": finding.field}
                row = {name: value for name, value in asdict(finding).items() if name not in (*key, "order_id")}
                put(connection, findings, key, {**row, "found": since.get(finding.key, finding.found)})

    def _read_entries(self, wanted: Select[Any]) -> list[Entry]:
        with self.store.reading() as connection:
            return [Entry(**row._mapping) for row in connection.execute(wanted)]


def _find(connection: Connection, order_ids: Iterable[str]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for part in chunks(dict.fromkeys(order_ids)):
        for row in connection.execute(_ENTRIES.where(_ID.in_(part))):
            found[row.order_id] = Entry(**row._mapping)
    return found


def _note_seen(connection: Connection, snapshots: Sequence[OrderSnapshot], run: int, now: datetime) -> dict[str, Entry]:
    before = _find(connection, (snapshot.order_id for snapshot in snapshots))
    after = dict(before)
    for snapshot in snapshots:
        known = after.get(snapshot.order_id)
        after[snapshot.order_id] = seen_again(known, snapshot, now) if known else first_entry(snapshot, now)
    seen = {snapshot.order_id: after[snapshot.order_id] for snapshot in snapshots}
    new = [(None, entry, "") for order_id, entry in seen.items() if order_id not in before]
    known_ones = [(before[order_id], entry, "") for order_id, entry in seen.items() if order_id in before]
    _write(connection, new, HistoryEvent.SEEN, run, now)
    _write(connection, known_ones, HistoryEvent.CHANGED_AT_AMAZON, run, now)
    return _find(connection, seen)


def _is_valid_lease(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a lease is valid. One by a clock that was far ahead of ours is not."""
    return claims.c.until > now, claims.c.until <= now + _LONGEST_LEASE


def _write(
    connection: Connection, changes: Sequence[Change], event: HistoryEvent, run: int | None, now: datetime
) -> None:
    """Write entries that changed (each order once) and the history of what changed about them."""
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for before, after, _ in changes:
        if before is None:
            new.append(_row(after))
        elif before != after:
            changed.append(_row(after))
    lines = [
        line
        for before, after, detail in changes
        if (line := history_of(before, after, event, at=now, run=run, detail=detail)) is not None
    ]
    if new:
        connection.execute(orders.insert(), new)
    if changed:
        update = orders.update().where(bindparam("of_order") == _ID)
        connection.execute(
            update.values({name: bindparam(name) for name in _FIELDS}),
            [{"of_order": row.pop("amazon_order_id"), **row} for row in changed],
        )
    if lines:
        connection.execute(
            order_history.insert(),
            [
                {"amazon_order_id": line.order_id, **{name: getattr(line, name) for name in _LINE_FIELDS}}
                for line in lines
            ],
        )


def _row(entry: Entry) -> dict[str, Any]:
    return {"amazon_order_id": entry.order_id, **{name: getattr(entry, name) for name in _FIELDS}}


def _one_each(results: Sequence[OrderResult]) -> Iterable[Sequence[OrderResult]]:
    """Return the results in lists that hold each order once, in their order: an order may have two results."""
    lists: list[dict[str, OrderResult]] = []
    for result in results:
        free = next((each for each in lists if result.order_id not in each), None)
        if free is None:
            lists.append(free := {})
        free[result.order_id] = result
    return [tuple(each.values()) for each in lists]


def _find_findings(connection: Connection) -> list[StandingFinding]:
    of_order, aside = orders.c.amazon_order_id == findings.c.amazon_order_id, orders.c.ignored_by_person.is_(True)
    wanted = (
        select(findings.c.amazon_order_id.label("order_id"), *(findings.c[name] for name in _FINDING_FIELDS))
        .select_from(findings.outerjoin(orders, and_(of_order, aside)))
        .where(orders.c.amazon_order_id.is_(None))
        .order_by(findings.c.kind, findings.c.placed, findings.c.amazon_order_id, findings.c.field)
    )
    return [StandingFinding(**row._mapping) for row in connection.execute(wanted)]


def _forget_removed_findings(connection: Connection, results: Sequence[OrderResult]) -> None:
    """Forget findings that an import has removed: it has written a missing order, or Amazon's changes."""
    imported = [result for result in results if result.state is EntryState.IMPORTED]
    found: set[str] = set()
    for some in chunks(result.order_id for result in imported):
        of_some = findings.c.amazon_order_id.in_(some)
        found.update(connection.execute(select(findings.c.amazon_order_id).where(of_some)).scalars())
        connection.execute(findings.delete().where(of_some, findings.c.kind == FindingKind.MISSING))
    for result in imported:
        names = _removed_fields(result.detail) if result.order_id in found else ()
        if names:
            its_own = findings.delete().where(
                findings.c.amazon_order_id == result.order_id, findings.c.kind == FindingKind.DIFFERENT
            )
            connection.execute(its_own if "" in names else its_own.where(findings.c.field.in_(sorted(names))))


def _removed_fields(detail: str) -> frozenset[str]:
    """Return the fields that may agree now, from the note of what was written for an order (`state 4; tracking`)."""
    parts = detail.split("; ")
    return frozenset(
        field for start, names in _REMOVED_BY for field in names if any(part.startswith(start) for part in parts)
    )
