"""The session of a MySQL or MariaDB connection: what the server's defaults would otherwise decide for us.

Measured reasons: shops with NO_ZERO_DATE can't take PrestaShop's zero dates; a backup's global read lock is ended only
by `lock_wait_timeout` (default: a day); under READ COMMITTED a checkout's INSERT does not wait for our transaction, but
a server that logs statements (binlog_format=STATEMENT) refuses every write at that level (error 1665).
"""

from __future__ import annotations

from typing import Any

from orderferry.errors import ShopUnfit

# Strict, so that nothing is cut or altered silently; zero dates allowed, since PrestaShop's own rows have them.
SQL_MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
LONGEST_LOCK_WAIT = 20  # seconds
_READ_COMMITTED = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
_REPEATABLE_READ = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
IDLE_SECONDS = 600  # shared hosts cut idle connections after a minute or less


def prepare_session(connection: Any, timeout: int, *, demand_tls: bool) -> bool:
    """Given a new PyMySQL connection and its read time-out in seconds, set the session; return whether it is at READ
    COMMITTED.

    Locks are waited for less long than answers, so that the server's own error arrives. Raise ShopUnfit when TLS is
    demanded and the connection has none; driver errors pass through.
    """
    lock_wait = max(1, min(LONGEST_LOCK_WAIT, timeout * 2 // 3))
    with connection.cursor() as cursor:
        if demand_tls and not _value(cursor, "SHOW SESSION STATUS LIKE 'Ssl_cipher'"):
            raise ShopUnfit(
                "The connection to the shop's database is not encrypted although prestashop.ssl_ca is set.",
                hint="Turn TLS on at the database server, or take ssl_ca out for a local database.",
            )
        cursor.execute(
            "SET SESSION sql_mode = %s, time_zone = '+00:00', innodb_lock_wait_timeout = %s, lock_wait_timeout = %s,"
            " wait_timeout = %s",
            (SQL_MODE, lock_wait, lock_wait, IDLE_SECONDS),
        )
        reads_committed = not _logs_statements(cursor)
        cursor.execute(_READ_COMMITTED if reads_committed else _REPEATABLE_READ)
    return reads_committed


def _logs_statements(cursor: Any) -> bool:
    """Whether the server's binary log makes READ COMMITTED impossible.

    What is written is right at either level: numbers are read with locking reads, markers by their primary key.
    """
    logged = _value(cursor, "SHOW VARIABLES LIKE 'log_bin'").upper() == "ON"
    return logged and _value(cursor, "SHOW VARIABLES LIKE 'binlog_format'").upper() == "STATEMENT"


def _value(cursor: Any, statement: str) -> str:
    """The second column of the first row: '' when there is none."""
    cursor.execute(statement)
    row = cursor.fetchone()
    return str(row[1]) if row else ""
