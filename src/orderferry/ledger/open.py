"""Opening the ledger: created when missing, brought up to date when old, refused when it is not ours to use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from orderferry import __version__
from orderferry.errors import LedgerUnusable
from orderferry.ledger import tables
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
from orderferry.ledger.store import Store, sqlite_store, use_wal

# Transactions take milliseconds: whoever holds the ledger longer than this is no run of ours.
BUSY_TIMEOUT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Owner:
    account: str
    shop: str


def open_ledger(
    path: Path,
    *,
    account: str,
    shop: str,
    now: datetime,
    accept_shop: bool = False,
    read_only: bool = False,
    dry_run: bool = False,
    busy_timeout: timedelta = BUSY_TIMEOUT,
) -> Ledger:
    """Open the ledger at `path`, creating it (mode 0600) if it is missing; the caller closes it.

    `account` and `shop` say whose it is (hashes or names without secrets); another one's is refused, but
    `accept_shop` binds it to `shop` from now on. `read_only` neither creates nor changes anything; with `dry_run`
    only the quota is written. Raise LedgerUnusable (LedgerMissing: there is none and it is only to be read).
    """
    with translated(str(path)):
        refuse_unfit_place(path, read_only=read_only)
        if not read_only:
            create_private(path)
            make_private(path)
        elif not path.exists():
            raise LedgerMissing(f"There is no ledger {path} yet.", hint="The first `orderferry import` creates it.")
        owner = _Owner(account, shop)
        store = sqlite_store(path, read_only=read_only, dry=dry_run, busy_timeout=busy_timeout)
        try:
            is_new = False
            if not _is_current(store, read_only=read_only):
                with alone_in(path.parent, busy_timeout):
                    is_new = _bring_up_to_date(store, path, owner, now)
            elif not read_only:
                use_wal(store)  # a ledger that was rebuilt from a dump has lost this
            _check_binding(store, owner, accept_shop=accept_shop, read_only=read_only)
        except BaseException:
            store.engine.dispose()
            raise
        return Ledger(store, path=path, is_new=is_new)


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


def _bring_up_to_date(store: Store, path: Path, owner: _Owner, now: datetime) -> bool:
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
            row = {"account": owner.account, "shop": owner.shop, "created": now, "program_version": __version__}
            connection.execute(tables.ledger.insert().values(only_row=1, **row))
        else:
            migrate(connection, missing, now)
    return applied is None


def _check_binding(store: Store, owner: _Owner, *, accept_shop: bool, read_only: bool) -> None:
    """Raise LedgerUnusable if the ledger is of another account or shop; bind it to this shop if a person accepts it."""
    with store.reading() as connection:
        bound = connection.execute(select(tables.ledger.c.account, tables.ledger.c.shop)).first()
    if bound is None:
        raise LedgerUnusable(f"The ledger {store.name} does not say whose it is.", hint="Put back a copy of the file.")
    if bound.account != owner.account:
        raise LedgerUnusable(
            f"The ledger {store.name} belongs to another Amazon account than the configuration names.",
            hint="Give each account a ledger of its own (ledger.path).",
        )
    if bound.shop == owner.shop:
        return
    if not accept_shop:
        raise LedgerUnusable(
            f"The ledger {store.name} belongs to the shop {bound.shop}, but the configuration names {owner.shop}.",
            hint="A copy of the shop needs a ledger of its own (ledger.path). If the shop was moved or renamed, run "
            "`orderferry import --accept-shop` once.",
        )
    if not read_only:
        with store.writing() as connection:
            connection.execute(tables.ledger.update().values(shop=owner.shop))
