"""Check the database server, the rights, and the shop's tables: prefix, completeness, engines, version, our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from orderferry.config.database_url import AUTHORITY, read_by_sqlalchemy
from orderferry.config.kinds import is_loopback
from orderferry.config.model import PrestashopSettings
from orderferry.domain.check_result import CheckResult, Grade, failure, fine, warning
from orderferry.errors import ExitCode
from orderferry.prestashop.database.live_schema import read_triggers, refuse_unfit
from orderferry.prestashop.database.own_tables import MARKER_TABLE, creation_statements, missing_parts, own_table_names
from orderferry.prestashop.database.rights import Access, Grants, grants_to_run, is_optional, missing_rights
from orderferry.prestashop.database.tables import EVENT_TABLES, OWN_TABLES, REQUIRED_TABLES, WRITTEN_TABLES, ShopTables
from orderferry.prestashop.database.values import as_text
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.rows.new_order import generated_columns, refuse_unknown_columns, unfilled_columns
from orderferry.prestashop.sample_shop.schema import VERSIONS

# Variables are asked for by name: MySQL and MariaDB do not have the same ones.
_VARIABLES = (
    *("version", "sql_mode", "time_zone", "system_time_zone", "read_only"),
    *("transaction_isolation", "tx_isolation", "binlog_format", "log_bin", "auto_increment_increment"),
)
_STRICT = frozenset({"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"})
_SHOP = ExitCode.SHOP_UNAVAILABLE
_EVERY_RIGHT = Grants(["GRANT ALL PRIVILEGES ON *.* TO anybody"])


def check_tables(connection: sa.Connection, tables: ShopTables, access: Access) -> Iterator[CheckResult]:
    """Yield the prefix, the tables that orders need, and their engines. Raise ShopUnfit as a run would."""
    refuse_unfit(connection, tables, access)
    yield fine(
        "tables", f"All tables that orders need are there with the prefix {tables.prefix!r}, and know transactions."
    )


def check_columns(tables: ShopTables) -> Iterator[CheckResult]:
    """Yield columns of modules: those without a default, and those that the database computes.

    Raise ShopUnfit naming all that no order could fill.
    """
    name, prefix, live = "columns", tables.prefix, tables.live
    refuse_unknown_columns(live)
    neutral = [f"{prefix}{table}.{column.name}" for table, column in unfilled_columns(live)]
    if neutral:
        yield fine(
            name, f"Columns without a default that are not PrestaShop's get 0, '' or a zero date: {', '.join(neutral)}."
        )
    generated = [f"{prefix}{table}.{column.name}" for table, column in generated_columns(live)]
    if generated:
        yield warning(
            name,
            f"The database computes columns that orders have values for: {', '.join(generated)}. They are left out.",
            "Ask whoever made them so (a module's author) whether Amazon orders come out right.",
        )


def check_triggers(connection: sa.Connection, prefix: str) -> Iterator[CheckResult]:
    """Yield the triggers of other programs on the tables that an order is written into, and those without an author."""
    name = "triggers"
    triggers = read_triggers(connection, [prefix + table for table in WRITTEN_TABLES])
    if not triggers:
        return
    yield fine(name, f"Triggers of other programs run when an order is written: {', '.join(map(str, triggers))}.")
    accounts = _accounts(connection)
    gone = [one for one in triggers if one.definer and accounts is not None and one.definer not in accounts]
    if gone:
        listed = ", ".join(f"{one} by {one.definer}" for one in gone)
        yield failure(
            name,
            f"Triggers belong to a database user that is gone, so the database refuses every order: {listed}.",
            f"Make the user again, or the trigger anew with a user that exists (SHOW CREATE TRIGGER `{gone[0].name}`).",
            _SHOP,
        )


def _accounts(connection: sa.Connection) -> frozenset[str] | None:
    """Return the server's accounts as user@host; None where this user may not read them."""
    if connection.dialect.name == "sqlite":
        return None
    try:
        rows = connection.exec_driver_sql("SELECT user, host FROM mysql.user")
        return frozenset(f"{as_text(user)}@{as_text(host)}" for user, host in rows)
    except DatabaseError:
        return None


def check_collations(connection: sa.Connection, tables: ShopTables) -> Iterator[CheckResult]:
    """Try the joins of tables by text, without reading a row. Raise ShopUnfit (error 1267) as a run would."""
    pairs = [
        (("orders", "reference"), ("order_payment", "order_reference")),
        (("order_payment", "order_reference"), ("orders", "reference")),
    ]
    if tables.has(MARKER_TABLE):
        pairs.append((("order_payment", "transaction_id"), (MARKER_TABLE, "amazon_order_id")))
    for searched, given in pairs:
        join = tables[searched[0]].join(tables[given[0]], tables.same_text(searched, given))
        connection.execute(sa.select(sa.literal(1)).select_from(join).limit(0))
    columns = [f"{tables.prefix}{table}.{name}" for table, name in (pairs[0][0], pairs[0][1], ("customer", "email"))]
    found = {tables.live[t].columns[c].collation for t, c in (*pairs[0], ("customer", "email"))} - {""}
    if len(found) > 1:
        yield fine(
            "collations",
            f"Texts of the shop have several collations ({', '.join(sorted(found))} in {', '.join(columns)}); "
            "orderferry compares them under one.",
        )


def check_version(facts: ShopFacts) -> Iterator[CheckResult]:
    """Compare PrestaShop's version with those that orderferry is tested with. Columns are read live in any case."""
    name, version = "version", facts.version
    tested = {_branch(known): known for known in VERSIONS}
    branch = _branch(version)
    if not branch:
        yield warning(
            name,
            "The shop does not say which version of PrestaShop it is.",
            "Try `orderferry import --dry-run` on a copy of the shop first.",
        )
    elif branch in tested:
        yield fine(name, f"PrestaShop {version}; tested with {tested[branch]}, of the same branch.")
    else:
        branches = sorted(tested)
        inside = branches[0] < branch < branches[-1]
        where = "between tested versions" if inside else "outside the tested versions"
        yield warning(
            name,
            f"PrestaShop {version} is untested: it lies {where} ({VERSIONS[0]} to {VERSIONS[-1]}).",
            "Try orderferry on a copy of the shop first, and look at an imported order in its back office.",
        )


def check_rights(
    connection: sa.Connection, tables: ShopTables, access: Access, *, events: bool = False
) -> Iterator[CheckResult]:
    """Yield the rights that the database user lacks, with the statements that give them, and the state of our tables.

    `events`: also for the tables of the feed.
    """
    if connection.dialect.name == "sqlite":
        yield fine("rights", "SQLite has no users: whoever may write the file may write the tables.")
        yield _own_tables(connection, tables, access, _EVERY_RIGHT, events=events)
        return
    prefix = tables.prefix
    grants = Grants(map(as_text, connection.exec_driver_sql("SHOW GRANTS FOR CURRENT_USER()").scalars()))
    account = as_text(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar())
    # A table on which the user has no right at all is not listed.
    expected = REQUIRED_TABLES | OWN_TABLES | (EVENT_TABLES if events else set())
    missing = missing_rights(grants, access.database, prefix, tables.live.keys() | expected)
    if not missing:
        yield fine("rights", f"The database user {account} may do all that is needed.")
    else:
        listed = ", ".join(f"{prefix}{table} ({', '.join(rights)})" for table, rights in missing.items())
        hint = "Run as an administrator of the database:\n" + grants_to_run(missing, access.database, prefix, account)
        lacks = f"The database user {account} lacks rights: {listed}."
        if grants.through_roles:
            yield warning("rights", f"{lacks} Its roles may hold them, which can't be seen.", hint)
        elif all(is_optional(table, rights) for table, rights in missing.items()):
            yield warning("rights", f"{lacks} Without them fees and gift wrapping can't be lines of the order.", hint)
        else:
            yield failure("rights", lacks, hint, _SHOP)
    yield _own_tables(connection, tables, access, grants, events=events)


def _own_tables(
    connection: sa.Connection, tables: ShopTables, access: Access, grants: Grants, *, events: bool
) -> CheckResult:
    name, prefix, own = "own-tables", tables.prefix, own_table_names(events=events)
    statements = missing_parts(tables, connection.dialect, events=events)
    if not statements:
        return fine(name, f"orderferry's own tables are there: {', '.join(prefix + table for table in own)}.")
    needed = {table: "ALTER" if tables.has(table) else "CREATE" for table in own}
    lacking = [right for table, right in needed.items() if not grants.allows(right, access.database, prefix + table)]
    if not lacking:
        return fine(name, "orderferry's own tables are not complete yet; the first run creates them.")
    grade = Grade.WARNING if grants.through_roles else Grade.FAILURE
    return CheckResult(
        name,
        grade,
        "orderferry's own tables are not complete, and the database user may not create them.",
        creation_statements(prefix, statements, access, events=events),
        _SHOP if grade is Grade.FAILURE else ExitCode.NEEDS_A_PERSON,
    )


def _branch(version: str) -> tuple[int, ...]:
    """Return the part of a version whose tables are stable: 1.7.8 of 1.7.8.11, 8.2 of 8.2.1; () for no version."""
    parts = version.split(".")
    if len(parts) < 2 or not all(part.isdecimal() for part in parts[:3]):
        return ()
    numbers = tuple(map(int, parts))
    return numbers[:3] if numbers[0] == 1 else numbers[:2]


def check_server(connection: sa.Connection, settings: PrestashopSettings) -> Iterator[CheckResult]:
    """Yield which server answers, whether the connection is encrypted, and settings that concern imports."""
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
    """Return the server's settings as one sentence. None of them is a fault: our own session overrides them."""
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
    """Yield whether the connection is encrypted: Amazon's Data Protection Policy demands it for buyers' data."""
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
