"""Opening a ledger on a server: its tables are made when missing and changed when old, by one host at a time."""

from __future__ import annotations

from datetime import datetime

from orderferry.config.model import Secret
from orderferry.ledger import tables
from orderferry.ledger.binding import Owner, bind, check_binding
from orderferry.ledger.failures import LedgerMissing, translated
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.migrations import applied_on_server, create_tables, migrate, missing_migrations
from orderferry.ledger.server import PREFIX, ServerStore, server_store

_MIGRATIONS = PREFIX + tables.migrations.name


def open_server_ledger(
    url: Secret, owner: Owner, now: datetime, *, accept_shop: bool, read_only: bool, dry_run: bool
) -> Ledger:
    """Open the ledger at `ledger.url`; arguments and errors as `open_ledger`, and LedgerUnavailable (heals by itself)
    when the server is away."""
    store = server_store(url, read_only=read_only, dry=dry_run)
    try:
        is_new = False
        if not _is_current(store, read_only=read_only):
            is_new = _bring_up_to_date(store, owner, now)
        check_binding(store, owner, accept_shop=accept_shop, read_only=read_only)
    except BaseException:
        store.engine.dispose()
        raise
    return Ledger(store, is_new=is_new)


def is_on_server(url: Secret) -> bool:
    """Whether the tables are there, of whatever version. Raise LedgerUnusable."""
    store = server_store(url, read_only=True, dry=True)
    try:
        with store.reading() as connection:
            return applied_on_server(connection, _MIGRATIONS) is not None
    finally:
        store.close()


def _is_current(store: ServerStore, *, read_only: bool) -> bool:
    with store.reading() as connection:
        applied = applied_on_server(connection, _MIGRATIONS)
    current = applied is not None and not missing_migrations(applied)
    if read_only and not current:
        raise LedgerMissing(
            f"There is no ledger {store.name} yet, or one of an older version.",
            hint="The next `orderferry import` sets it up.",
        )
    return current


def _bring_up_to_date(store: ServerStore, owner: Owner, now: datetime) -> bool:
    """Give the database today's tables, unless another host has done so meanwhile; return whether it had none.

    Tables that an interrupted first run left are taken: only the last step, a transaction, makes them a ledger.
    """
    with store.setting_up() as connection:
        applied = applied_on_server(connection, _MIGRATIONS)
        if applied is None:
            create_tables(connection, now)
            bind(connection, owner, now)
            return True
        for migration in missing_migrations(applied):
            with translated(store.name):
                migrate(connection, [migration], now)
                connection.commit()
    return False
