"""The runs that this ledger has seen. Each function works in its caller's transaction."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from orderferry.domain.records import RunRecord
from orderferry.errors import ExitCode
from orderferry.ledger.tables import claims, runs

KEEP = timedelta(days=400)
# A run that ended so has done its work; what a person has to do about orders is another matter.
_SUCCESSES = (ExitCode.DONE, ExitCode.NEEDS_A_PERSON)


def begin(connection: Connection, command: str, now: datetime) -> int:
    """Note that a run begins; return its number. Runs that began in the future (the clock was wrong) began now."""
    connection.execute(runs.update().where(runs.c.started > now).values(started=now))
    row = connection.execute(runs.insert().values(command=command, started=now, pid=os.getpid()))
    key = row.inserted_primary_key
    if key is None:
        raise RuntimeError("the database gave a new run no number")
    return int(key[0])


def finish(connection: Connection, run: int, now: datetime, exit_code: int, report: Mapping[str, Any]) -> None:
    """Note how a run ended, give up its claims, and forget runs that are very old."""
    connection.execute(
        runs.update().where(runs.c.id == run).values(finished=now, exit_code=int(exit_code), report=dict(report))
    )
    connection.execute(claims.delete().where(claims.c.run == run))
    connection.execute(runs.delete().where(runs.c.started < now - KEEP))


def last(connection: Connection, command: str | None, limit: int) -> list[RunRecord]:
    """Return the last runs (of a command), the newest first."""
    wanted = select(runs).order_by(runs.c.id.desc()).limit(limit)
    if command is not None:
        wanted = wanted.where(runs.c.command == command)
    return [RunRecord(**row._mapping) for row in connection.execute(wanted)]


def last_success(connection: Connection, command: str) -> RunRecord | None:
    """Return the last run of a command that did its work (exit code 0 or 1), or None."""
    wanted = (
        select(runs)
        .where(runs.c.command == command, runs.c.exit_code.in_([int(code) for code in _SUCCESSES]))
        .order_by(runs.c.id.desc())
        .limit(1)
    )
    row = connection.execute(wanted).first()
    return None if row is None else RunRecord(**row._mapping)
