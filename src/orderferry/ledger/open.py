"""Opening the ledger: created when missing, brought up to date when old, refused when it is not ours to use."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from orderferry.config.model import LedgerPlace, Secret
from orderferry.ledger.binding import Owner, bind, check_binding
from orderferry.ledger.failures import LedgerMissing, translated
from orderferry.ledger.filesystem import alone_in, create_private, make_private, refuse_unfit_place
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.migrations import (
    applied_migrations,
    create_tables,
    keep_copy,
    migrate,
    missing_migrations,
)
from orderferry.ledger.open_server import is_on_server, open_server_ledger
from orderferry.ledger.store import Store, sqlite_store, use_wal

# Transactions take milliseconds: whoever holds the ledger longer than this is no run of ours.
BUSY_TIMEOUT = timedelta(seconds=30)


def open_ledger(
    place: LedgerPlace,
    *,
    account: str,
    shop: str,
    now: datetime,
    accept_shop: bool = False,
    read_only: bool = False,
    dry_run: bool = False,
    busy_timeout: timedelta = BUSY_TIMEOUT,
) -> Ledger:
    """Open the ledger at `place` (ledger.path, or ledger.url as a Secret), creating it if it is missing; the caller
    closes it. A file is created with mode 0600.

    `account` and `shop` say whose it is (hashes or names without secrets); another one's is refused, but
    `accept_shop` binds it to `shop` from now on. `read_only` neither creates nor changes anything; with `dry_run`
    only the quota is written. Raise LedgerUnusable (LedgerMissing: there is none and it is only to be read).
    """
    owner = Owner(account, shop)
    if isinstance(place, Secret):
        return open_server_ledger(place, owner, now, accept_shop=accept_shop, read_only=read_only, dry_run=dry_run)
    return _open_file(
        place, owner, now, accept_shop=accept_shop, read_only=read_only, dry_run=dry_run, busy_timeout=busy_timeout
    )


def ledger_exists(place: LedgerPlace) -> bool:
    """Whether there is a ledger at `place`, of whatever version or owner. Raise LedgerUnusable."""
    if isinstance(place, Secret):
        return is_on_server(place)
    return place.exists()


def _open_file(
    path: Path,
    owner: Owner,
    now: datetime,
    *,
    accept_shop: bool,
    read_only: bool,
    dry_run: bool,
    busy_timeout: timedelta,
) -> Ledger:
    with translated(str(path)):
        refuse_unfit_place(path, read_only=read_only)
        if not read_only:
            create_private(path)
            make_private(path)
        elif not path.exists():
            raise LedgerMissing(f"There is no ledger {path} yet.", hint="The first `orderferry import` creates it.")
        store = sqlite_store(path, read_only=read_only, dry=dry_run, busy_timeout=busy_timeout)
        try:
            is_new = False
            if not _is_current(store, read_only=read_only):
                with alone_in(path.parent, busy_timeout):
                    is_new = _bring_up_to_date(store, path, owner, now)
            elif not read_only:
                use_wal(store)  # a ledger that was rebuilt from a dump has lost this
            check_binding(store, owner, accept_shop=accept_shop, read_only=read_only)
        except BaseException:
            store.engine.dispose()
            raise
        return Ledger(store, is_new=is_new)


def _is_current(store: Store, *, read_only: bool) -> bool:
    """Whether the file has today's tables.

    Raise LedgerUnusable if it is newer, or another program's, or if it is only to be read and has not.
    """
    with store.reading() as connection:
        applied = applied_migrations(connection)
    current = applied is not None and not missing_migrations(applied)
    if read_only and not current:
        raise LedgerMissing(
            f"The ledger {store.name} is empty or of an older version.",
            hint="The next `orderferry import` brings it up to date.",
        )
    return current


def _bring_up_to_date(store: Store, path: Path, owner: Owner, now: datetime) -> bool:
    """Give the file today's tables, unless another run has done so meanwhile; return whether it had none."""
    with store.reading() as connection:
        applied = applied_migrations(connection)
    missing = () if applied is None else missing_migrations(applied)
    if missing:
        keep_copy(path, missing)
    use_wal(store)
    with store.writing(even_dry=True) as connection:
        if applied is None:
            create_tables(connection, now)
            bind(connection, owner, now)
        else:
            migrate(connection, missing, now)
    return applied is None
