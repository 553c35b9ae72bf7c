"""Keep runs, the conditions that are open between them, and small values that they leave for each other."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from orderferry.domain.ledger_entry import Condition, RunRecord
from orderferry.errors import ExitCode
from orderferry.ledger.schema import claims, conditions, memory, runs
from orderferry.ledger.store import Store, put, retry_after_conflict

KEEP = timedelta(days=400)
# Exit codes of runs that have done their work, whether or not orders need a person.
_SUCCESSES = (ExitCode.DONE, ExitCode.NEEDS_A_PERSON)
_CONDITION = tuple(field.name for field in fields(Condition) if field.name != "key")


class RunTables:
    """The methods of the ledger for runs, conditions and remembered values."""

    store: Store

    @retry_after_conflict
    def begin_run(self, command: str, now: datetime, dry_run: bool = False) -> int:
        """Note that a run begins; return its number. A dry run is not noted: its number is 0.

        Runs that began in the future, by a wrong clock, get the present time.
        """
        if dry_run or self.store.dry:
            return 0
        with self.store.writing() as connection:
            connection.execute(runs.update().where(runs.c.started > now).values(started=now))
            row = connection.execute(runs.insert().values(command=command, started=now, pid=os.getpid()))
            key = row.inserted_primary_key
            if key is None:
                raise RuntimeError("the database gave a new run no number")
            return int(key[0])

    @retry_after_conflict
    def finish_run(self, run: int, now: datetime, exit_code: int, report: Mapping[str, Any]) -> None:
        """Note how a run ended and what it reported (without personal data), and end its leases on orders.

        Number 0 is not noted. Very old runs are forgotten.
        """
        if not run:
            return
        ended = {"finished": now, "exit_code": int(exit_code), "report": dict(report)}
        with self.store.writing() as connection:
            connection.execute(runs.update().where(runs.c.id == run).values(**ended))
            connection.execute(claims.delete().where(claims.c.run == run))
            connection.execute(runs.delete().where(runs.c.started < now - KEEP))

    def last_runs(self, command: str | None = None, limit: int = 10) -> list[RunRecord]:
        """Return the last runs (of a command), the newest first."""
        wanted = select(runs).order_by(runs.c.id.desc()).limit(limit)
        if command is not None:
            wanted = wanted.where(runs.c.command == command)
        with self.store.reading() as connection:
            return [RunRecord(**row._mapping) for row in connection.execute(wanted)]

    def last_success(self, command: str) -> RunRecord | None:
        """Return the last run of a command that did its work (exit code 0, or 1: orders need a person), or None."""
        wanted = (
            select(runs)
            .where(runs.c.command == command, runs.c.exit_code.in_([int(code) for code in _SUCCESSES]))
            .order_by(runs.c.id.desc())
            .limit(1)
        )
        with self.store.reading() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else RunRecord(**row._mapping)

    def conditions(self) -> dict[str, Condition]:
        """Return the open conditions by key, the oldest first."""
        wanted = select(conditions.c.condition_key.label("key"), *(conditions.c[name] for name in _CONDITION))
        ordered = wanted.order_by(conditions.c.first_seen, conditions.c.condition_key)
        with self.store.reading() as connection:
            found = [Condition(**row) for row in connection.execute(ordered).mappings()]
        return {condition.key: condition for condition in found}

    @retry_after_conflict
    def record_conditions(self, current: Sequence[Condition], ended: Sequence[str] = ()) -> None:
        """Insert or update the current conditions, and forget those that have ended, by their keys."""
        with self.store.writing() as connection:
            for condition in current:
                values = {name: getattr(condition, name) for name in _CONDITION}
                put(connection, conditions, {"condition_key": condition.key}, values)
            if ended:
                connection.execute(conditions.delete().where(conditions.c.condition_key.in_(ended)))

    @retry_after_conflict
    def remember(self, key: str, value: str) -> None:
        """Keep a small value between runs, in place of the one before."""
        with self.store.writing() as connection:
            put(connection, memory, {"name": key}, {"value": value})

    def recall(self, key: str) -> str | None:
        """Return the value that was kept under a key, or None."""
        with self.store.reading() as connection:
            return connection.execute(select(memory.c.value).where(memory.c.name == key)).scalar()
