"""The ledger's rows of orders: seen, judged, due, set aside. Each function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    and_,
    bindparam,
    func,
    not_,
    or_,
    select,
    type_coerce,
)

from orderferry.domain.entry import Entry, EntryState, Sighting, Verdict
from orderferry.domain.entry_life import (
    LONGEST_PAUSE,
    first_entry,
    found_missing,
    history_of,
    judged,
    seen_again,
    set_aside,
    taken_back,
)
from orderferry.domain.records import HistoryEvent, HistoryLine
from orderferry.ledger.store import chunks
from orderferry.ledger.tables import claims, order_history, orders

_ID = orders.c.amazon_order_id
_FIELDS = tuple(field.name for field in fields(Entry) if field.name != "order_id")
ENTRIES = select(_ID.label("order_id"), *(orders.c[name] for name in _FIELDS))
_LINE_FIELDS = tuple(field.name for field in fields(HistoryLine) if field.name != "order_id")
_LATELY = 100  # lines of the history: reading all orders is not for every run
_LONGEST_CLAIM = timedelta(hours=1)
_OPEN = (EntryState.WAITING, EntryState.HELD, EntryState.FAILED)

Change = tuple[Entry | None, Entry, str]  # before, after, what was written


def find(connection: Connection, order_ids: Iterable[str]) -> dict[str, Entry]:
    """Return the entries of those orders that the ledger knows."""
    found: dict[str, Entry] = {}
    for part in chunks(dict.fromkeys(order_ids)):
        for row in connection.execute(ENTRIES.where(_ID.in_(part))):
            found[row.order_id] = entry_of(row)
    return found


def note_seen(connection: Connection, sightings: Sequence[Sighting], run: int, now: datetime) -> dict[str, Entry]:
    """Note all orders of an answer as seen; return their entries as they stand then."""
    before = find(connection, (sighting.order_id for sighting in sightings))
    after = dict(before)
    for sighting in sightings:
        known = after.get(sighting.order_id)
        after[sighting.order_id] = seen_again(known, sighting, now) if known else first_entry(sighting, now)
    seen = {sighting.order_id: after[sighting.order_id] for sighting in sightings}
    new = [(None, entry, "") for order_id, entry in seen.items() if order_id not in before]
    known_ones = [(before[order_id], entry, "") for order_id, entry in seen.items() if order_id in before]
    _write(connection, new, HistoryEvent.SEEN, run, now)
    _write(connection, known_ones, HistoryEvent.CHANGED_AT_AMAZON, run, now)
    return find(connection, seen)


def settle(connection: Connection, verdicts: Sequence[Verdict], run: int, now: datetime) -> None:
    """Set what became of orders, and give up the claims on them. An order that was never seen gets its row here."""
    unseen = {verdict.order_id: Sighting(verdict.order_id) for verdict in verdicts}
    known = find(connection, unseen)
    missing = [sighting for order_id, sighting in unseen.items() if order_id not in known]
    if missing:
        known |= note_seen(connection, missing, run, now)
    for rounds in _one_each(verdicts):
        changes: list[Change] = []
        for verdict in rounds:
            entry = judged(known[verdict.order_id], verdict, now)
            changes.append((known[verdict.order_id], entry, verdict.detail))
            known[verdict.order_id] = entry
        _write(connection, changes, HistoryEvent.JUDGED, run, now)
    for part in chunks(unseen):
        connection.execute(claims.delete().where(claims.c.amazon_order_id.in_(part)))


def make_due(connection: Connection, sightings: Sequence[Sighting], now: datetime) -> None:
    """Let orders that were found missing be due at once; those that were never seen get their rows here."""
    known = find(connection, (sighting.order_id for sighting in sightings))
    changes: list[Change] = []
    for sighting in {each.order_id: each for each in sightings}.values():
        before = known.get(sighting.order_id)
        after = found_missing(before or first_entry(sighting, now), now)
        changes.append((before, after, "" if before == after else "missing in the shop"))
    _write(connection, changes, HistoryEvent.MISSED, None, now)


def history(connection: Connection, order_id: str) -> list[HistoryLine]:
    """Return everything that was seen and decided about an order, the oldest first."""
    columns = [order_history.c.amazon_order_id.label("order_id"), *(order_history.c[name] for name in _LINE_FIELDS)]
    lines = select(*columns).where(order_history.c.amazon_order_id == order_id).order_by(order_history.c.id)
    return [HistoryLine(**row._mapping) for row in connection.execute(lines)]


def entries(connection: Connection, states: Iterable[EntryState], limit: int | None) -> list[Entry]:
    """Return the orders in these states, those that stand there longest first."""
    wanted = ENTRIES.where(orders.c.state.in_(tuple(states))).order_by(orders.c.state_since, _ID)
    return _read(connection, wanted if limit is None else wanted.limit(limit))


def newest(connection: Connection, limit: int) -> list[str]:
    """Return the ids of the newest orders of those that Amazon has shown to runs of this ledger."""
    lately = select(order_history.c.amazon_order_id).order_by(order_history.c.id.desc()).limit(_LATELY)
    ids = tuple(dict.fromkeys(connection.execute(lately).scalars()))
    seen = select(_ID).where(orders.c.purchased.is_not(None)).order_by(orders.c.purchased.desc(), _ID).limit(limit)
    found = connection.execute(seen.where(_ID.in_(ids))).scalars().all()
    return list(found or connection.execute(seen).scalars())


def ignored_since(connection: Connection, code: str, since: datetime) -> list[str]:
    """Return the ids of the orders that were ignored for this reason from `since` on, the first ones first."""
    wanted = (
        select(_ID)
        .where(orders.c.state == EntryState.IGNORED, orders.c.code == code, orders.c.state_since >= since)
        .order_by(orders.c.state_since, _ID)
    )
    return list(connection.execute(wanted).scalars())


def purchases(connection: Connection, since: datetime) -> dict[tuple[str, date], int]:
    """Return how many orders were placed from `since` on, by marketplace id and day (UTC). Reads all orders once."""
    day = func.substr(type_coerce(orders.c.purchased, String), 1, 10)
    counted = (
        select(orders.c.marketplace_id, day, func.count())
        .where(orders.c.purchased >= since)
        .group_by(orders.c.marketplace_id, day)
    )
    return {(marketplace, date.fromisoformat(text)): count for marketplace, text, count in connection.execute(counted)}


def given_up(connection: Connection) -> list[Entry]:
    """Return the waiting orders that have waited longer than orders.give_up."""
    wanted = ENTRIES.where(orders.c.state == EntryState.WAITING, orders.c.given_up)
    return _read(connection, wanted.order_by(orders.c.state_since, _ID))


def due(connection: Connection, now: datetime, states: Iterable[EntryState], limit: int) -> list[Entry]:
    """Return the orders in these states whose next look has come and that no run has in hand.

    The one that Amazon was asked about longest ago comes first (never asked: when it was first seen).
    """
    in_hand = select(claims.c.amazon_order_id).where(claims.c.amazon_order_id == _ID, *_holds(now))
    wanted = (
        ENTRIES.where(
            orders.c.state.in_(tuple(states)),
            or_(orders.c.next_look <= now, orders.c.next_look > now + LONGEST_PAUSE),
            not_(in_hand.exists()),
        )
        .order_by(func.coalesce(orders.c.last_look, orders.c.first_seen), _ID)
        .limit(limit)
    )
    return _read(connection, wanted)


def claim(
    connection: Connection, order_ids: Sequence[str], run: int, now: datetime, for_: timedelta
) -> tuple[str, ...]:
    """Take orders in hand for `run` until `now + for_`; return those that no other run has, in the order given."""
    connection.execute(claims.delete().where(not_(and_(*_holds(now)))))
    taken: set[str] = set()
    wanted = tuple(dict.fromkeys(order_ids))
    for part in chunks(wanted):
        rows = connection.execute(
            select(claims.c.amazon_order_id, claims.c.run).where(claims.c.amazon_order_id.in_(part)).with_for_update()
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


def _holds(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What makes a claim a good one. One of a clock that was far ahead of ours is none."""
    return claims.c.until > now, claims.c.until <= now + _LONGEST_CLAIM


def open_counts(connection: Connection) -> dict[str, int]:
    """Return how many orders are open. A waiting order that is given up counts as given up, not as waiting."""
    counted = connection.execute(
        select(orders.c.state, orders.c.given_up, func.count())
        .where(orders.c.state.in_(_OPEN))
        .group_by(orders.c.state, orders.c.given_up)
    )
    totals = {**{str(state): 0 for state in _OPEN}, "given_up": 0}
    for state, given_up, count in counted:
        totals["given_up" if given_up and state is EntryState.WAITING else str(state)] += count
    return totals


def ignore(connection: Connection, order_id: str, reason: str, now: datetime) -> Entry:
    """Set an order aside for a person, one that was never seen too; return its entry."""
    before = find(connection, [order_id]).get(order_id)
    after = set_aside(before or first_entry(Sighting(order_id), now), reason, now)
    _write(connection, [(before, after, reason)], HistoryEvent.SET_ASIDE, None, now)
    return after


def unignore(connection: Connection, order_id: str, now: datetime) -> Entry | None:
    """Take a person's `ignore` back: the order is due at once. Return its entry, None if there is none."""
    before = find(connection, [order_id]).get(order_id)
    if before is None:
        return None
    after = taken_back(before, now)
    _write(connection, [(before, after, "")], HistoryEvent.TAKEN_BACK, None, now)
    return after


def _write(
    connection: Connection, changes: Sequence[Change], event: HistoryEvent, run: int | None, now: datetime
) -> None:
    """Write entries that changed (each order once) and the history of what changed about them."""
    new = [_row(after) for before, after, _ in changes if before is None]
    changed = [_row(after) for before, after, _ in changes if before is not None and before != after]
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


def _one_each(verdicts: Sequence[Verdict]) -> Iterable[Sequence[Verdict]]:
    """Yield the verdicts in rounds that hold each order once, in their order: an order may be judged twice."""
    rounds: list[dict[str, Verdict]] = []
    for verdict in verdicts:
        free = next((each for each in rounds if verdict.order_id not in each), None)
        if free is None:
            rounds.append(free := {})
        free[verdict.order_id] = verdict
    return [tuple(each.values()) for each in rounds]


def _row(entry: Entry) -> dict[str, Any]:
    return {"amazon_order_id": entry.order_id, **{name: getattr(entry, name) for name in _FIELDS}}


def entry_of(row: Row[Any]) -> Entry:
    """Given a row of ENTRIES, return it as an entry."""
    return Entry(**row._mapping)


def _read(connection: Connection, wanted: Select[Any]) -> list[Entry]:
    return [entry_of(row) for row in connection.execute(wanted)]
