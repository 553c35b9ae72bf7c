"""Open conditions, and the small things remembered between runs. Each function works in its caller's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, select

from orderferry.domain.records import Condition
from orderferry.ledger.store import put
from orderferry.ledger.tables import conditions, memory


def find(connection: Connection) -> dict[str, Condition]:
    """Return the open conditions by their key, the oldest first."""
    wanted = select(conditions).order_by(conditions.c.first_seen, conditions.c.condition_key)
    return {
        row.condition_key: Condition(
            key=row.condition_key,
            text=row.text,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            last_printed=row.last_printed,
            count=row._mapping["count"],  # `row.count` is the tuple's method
            exit_code=row.exit_code,
        )
        for row in connection.execute(wanted)
    }


def keep(connection: Connection, condition: Condition) -> None:
    """Keep a condition as it stands now."""
    put(
        connection,
        conditions,
        {"condition_key": condition.key},
        {
            "text": condition.text,
            "first_seen": condition.first_seen,
            "last_seen": condition.last_seen,
            "last_printed": condition.last_printed,
            "count": condition.count,
            "exit_code": condition.exit_code,
        },
    )


def end(connection: Connection, key: str) -> None:
    """Forget a condition that has ended."""
    connection.execute(conditions.delete().where(conditions.c.condition_key == key))


def remember(connection: Connection, name: str, value: str) -> None:
    """Keep a value under a name."""
    put(connection, memory, {"name": name}, {"value": value})


def recall(connection: Connection, name: str) -> str | None:
    """Return the value kept under a name, or None."""
    return connection.execute(select(memory.c.value).where(memory.c.name == name)).scalar()
