"""`check` on the database server: what it is, and which of its settings concern us. We set our own session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from orderferry.config.database_url import read_by_sqlalchemy
from orderferry.config.model import PrestashopSettings
from orderferry.config.tls import AUTHORITY
from orderferry.config.urls import is_loopback
from orderferry.domain.check_result import CheckResult, failure, fine, warning
from orderferry.errors import ExitCode
from orderferry.prestashop.database.values import as_text

# Variables are asked for by name: MySQL and MariaDB do not all have the same.
_VARIABLES = (
    *("version", "version_comment", "sql_mode", "time_zone", "system_time_zone", "read_only", "super_read_only"),
    *("transaction_isolation", "tx_isolation", "binlog_format", "log_bin", "auto_increment_increment"),
)
_STRICT = frozenset({"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"})


def check_server(connection: sa.Connection, settings: PrestashopSettings) -> Iterator[CheckResult]:
    """Given a connection, say which server answers and what of it matters."""
    if connection.dialect.name == "sqlite":
        yield fine("database", f"The shop's database is the SQLite file {settings.location}.")
        return
    found = _variables(connection)
    kind = "MariaDB" if "mariadb" in found["version"].lower() else "MySQL"
    yield fine("database", f"{kind} {found['version']} answers at {settings.location}.")
    yield from _encryption(settings)
    if found.get("read_only", "OFF") != "OFF":
        yield failure(
            "server",
            "The database server is read-only: no order could be written.",
            "Let prestashop.url name the primary server, not a replica.",
            ExitCode.SHOP_UNAVAILABLE,
        )
    yield fine("server", _facts(found))


def _variables(connection: sa.Connection) -> Mapping[str, str]:
    statement = sa.text("SHOW GLOBAL VARIABLES WHERE Variable_name IN :names").bindparams(
        sa.bindparam("names", expanding=True)
    )
    rows = connection.execute(statement, {"names": list(_VARIABLES)})
    return {as_text(name).lower(): as_text(value) for name, value in rows}


def _facts(found: Mapping[str, str]) -> str:
    """One sentence; nothing in it is wrong, since our own session overrides it."""
    strict = "strict" if _STRICT & set(found.get("sql_mode", "").split(",")) else "not strict"
    zone = found.get("time_zone", "")
    zone = f"{zone} ({found.get('system_time_zone', '')})" if zone == "SYSTEM" else zone
    isolation = found.get("transaction_isolation") or found.get("tx_isolation", "")
    parts = [f"The server is {strict}, its time zone {zone}, its isolation {isolation}"]
    if found.get("log_bin") == "ON":
        parts.append(f"binary log {found.get('binlog_format', '')}")
    if found.get("auto_increment_increment", "1") != "1":
        parts.append(f"ids in steps of {found['auto_increment_increment']}")
    return ", ".join(parts) + "; orderferry sets mode, zone and isolation for its own session."


def _encryption(settings: PrestashopSettings) -> Iterator[CheckResult]:
    """Amazon's Data Protection Policy wants buyers' data encrypted on the way."""
    url = read_by_sqlalchemy(settings.url.reveal())
    host = url.host or ""
    if not host or is_loopback(host):
        return
    if settings.ssl_ca is not None or AUTHORITY in url.query:
        yield fine("tls", "The connection to the database is encrypted, and the server's certificate verified.")
        return
    yield warning(
        "tls",
        "The database is on another host, and nothing vouches for it or for the encryption on the way.",
        "Set prestashop.ssl_ca to the authority of its certificate, or reach it through an SSH tunnel.",
    )
