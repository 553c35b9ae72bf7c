"""Open a ledger: create it when missing, bring it up to date when old, refuse one of another account or shop.

    with open_ledger(place, account=…, shop=…, now=now) as ledger:
        ledger.note_seen(…)

The methods of a ledger are in one module a topic: `orders`, `coverage`, `runs`. `quota` uses its store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, select

from orderferry import __version__
from orderferry.config.model import LedgerPlace, Secret
from orderferry.errors import LedgerUnusable
from orderferry.ledger import schema
from orderferry.ledger.coverage import CoverageTables
from orderferry.ledger.failures import LedgerMissing, translated
from orderferry.ledger.filesystem import alone_in, create_private, make_private, refuse_unfit_place
from orderferry.ledger.migrations import (
    applied_migrations,
    applied_on_server,
    create_tables,
    keep_copy,
    migrate,
    missing_migrations,
)
from orderferry.ledger.orders import OrderTables
from orderferry.ledger.runs import RunTables
from orderferry.ledger.server import PREFIX, ServerStore, server_store
from orderferry.ledger.store import Store, sqlite_store, use_wal

# Our own transactions take milliseconds: only another program keeps the ledger locked for longer than this.
BUSY_TIMEOUT = timedelta(seconds=30)
_SERVER_MIGRATIONS = PREFIX + schema.migrations.name


class Ledger(OrderTables, CoverageTables, RunTables):
    """An open ledger, made by `open_ledger`. `is_new`: it was created just now.

    Each method is one short transaction of its own. All raise LedgerUnusable when the ledger can't be read or written,
    and leave nothing half-written. Times are aware UTC.
    """

    def __init__(self, store: Store, *, is_new: bool) -> None:
        self.store = store
        self.is_new = is_new

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, or the connection. May be called twice."""
        self.store.close()

    def release(self) -> None:
        """Close a server's connection while it is not needed; the next call opens another."""
        self.store.release()

    @contextmanager
    def dry(self) -> Iterator[None]:
        """Within, roll back all that is written, except the quota that is spent; methods return the same as ever."""
        before, self.store.dry = self.store.dry, True
        try:
            yield
        finally:
            self.store.dry = before


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
    """Open the ledger at `place` (ledger.path, or ledger.url as a Secret), creating it if it is missing.

    The caller closes it. A file is created with mode 0600. `account` and `shop` say whose it is (hashes or names
    without secrets); another one's is refused, but `accept_shop` binds it to `shop` from now on. `read_only` neither
    creates nor changes anything; with `dry_run` only the quota is written. Raise LedgerUnusable (LedgerMissing: there
    is none and it is only to be read; LedgerUnavailable, which heals by itself: the server is away).
    """
    if isinstance(place, Secret):
        server = server_store(place, read_only=read_only, dry=dry_run)
        with _closed_on_error(server):
            is_new = not _is_current(server, read_only=read_only) and _update_server(server, account, shop, now)
            _check_owner(server, account, shop, accept_shop=accept_shop, read_only=read_only)
        return Ledger(server, is_new=is_new)
    with translated(str(place)):
        refuse_unfit_place(place, read_only=read_only)
        if not read_only:
            create_private(place)
            make_private(place)
        elif not place.exists():
            raise LedgerMissing(f"There is no ledger {place} yet.", hint="The first `orderferry import` creates it.")
        store = sqlite_store(place, read_only=read_only, dry=dry_run, busy_timeout=busy_timeout)
        with _closed_on_error(store):
            is_new = False
            if not _is_current(store, read_only=read_only):
                with alone_in(place.parent, busy_timeout):
                    is_new = _update_file(store, place, account, shop, now)
            elif not read_only:
                use_wal(store)  # a ledger that was rebuilt from a dump has lost this
            _check_owner(store, account, shop, accept_shop=accept_shop, read_only=read_only)
        return Ledger(store, is_new=is_new)


def ledger_exists(place: LedgerPlace) -> bool:
    """Return whether there is a ledger at `place`, of any version or owner. Raise LedgerUnusable."""
    if not isinstance(place, Secret):
        return place.exists()
    store = server_store(place, read_only=True, dry=True)
    try:
        return _applied(store) is not None
    finally:
        store.close()


@contextmanager
def _closed_on_error(store: Store) -> Iterator[None]:
    try:
        yield
    except BaseException:
        store.engine.dispose()
        raise


def _applied(store: Store) -> frozenset[str] | None:
    """Return the changes that a ledger has gone through; None for an empty one. Raise LedgerUnusable."""
    with store.reading() as connection:
        if isinstance(store, ServerStore):
            return applied_on_server(connection, _SERVER_MIGRATIONS)
        return applied_migrations(connection)


def _is_current(store: Store, *, read_only: bool) -> bool:
    """Return whether the ledger has today's tables.

    Raise LedgerUnusable if it is newer, or another program's, or if it is only to be read and has not.
    """
    applied = _applied(store)
    current = applied is not None and not missing_migrations(applied)
    if read_only and not current:
        if isinstance(store, ServerStore):
            message, hint = f"There is no ledger {store.name} yet, or one of an older version.", "sets it up."
        else:
            message, hint = f"The ledger {store.name} is empty or of an older version.", "brings it up to date."
        raise LedgerMissing(message, hint=f"The next `orderferry import` {hint}")
    return current


def _update_file(store: Store, path: Path, account: str, shop: str, now: datetime) -> bool:
    """Give the file today's tables, unless another run has done so meanwhile; return whether it had none."""
    applied = _applied(store)
    missing = () if applied is None else missing_migrations(applied)
    if missing:
        keep_copy(path, missing)
    use_wal(store)
    with store.writing(even_dry=True) as connection:
        if applied is None:
            create_tables(connection, now)
            _set_owner(connection, account, shop, now)
        else:
            migrate(connection, missing, now)
    return applied is None


def _update_server(store: ServerStore, account: str, shop: str, now: datetime) -> bool:
    """Give the database today's tables, unless another host has done so meanwhile; return whether it had none.

    Tables that an interrupted first run left are used: only the last step, a transaction, makes them a ledger.
    """
    with store.setting_up() as connection:
        applied = applied_on_server(connection, _SERVER_MIGRATIONS)
        if applied is None:
            create_tables(connection, now)
            _set_owner(connection, account, shop, now)
            return True
        for migration in missing_migrations(applied):
            with translated(store.name):
                migrate(connection, [migration], now)
                connection.commit()
    return False


def _set_owner(connection: Connection, account: str, shop: str, now: datetime) -> None:
    row = {"account": account, "shop": shop, "created": now, "program_version": __version__}
    connection.execute(schema.ledger.insert().values(only_row=1, **row))


def _check_owner(store: Store, account: str, shop: str, *, accept_shop: bool, read_only: bool) -> None:
    """Raise LedgerUnusable if the ledger is of another account or shop; bind it to this shop if a person accepts it."""
    with store.reading() as connection:
        bound = connection.execute(select(schema.ledger.c.account, schema.ledger.c.shop)).first()
    if bound is None:
        raise LedgerUnusable(f"The ledger {store.name} does not say whose it is.", hint="Put back a copy of it.")
    if bound.account != account:
        raise LedgerUnusable(
            f"The ledger {store.name} belongs to another Amazon account than the configuration names.",
            hint="If it is the same seller, with a new application (amazon.client_id) or another amazon.endpoint: "
            f"{store.set_aside} The next import makes a new one from the shop's orders. Two sellers, or "
            f"two regions, need a ledger each ({store.key}).",
        )
    if bound.shop == shop:
        return
    if not accept_shop:
        raise LedgerUnusable(
            f"The ledger {store.name} belongs to the shop {bound.shop}, but the configuration names {shop}.",
            hint=f"A copy of the shop needs a ledger of its own ({store.key}). If the shop was moved or renamed, run "
            "`orderferry import --accept-shop` once.",
        )
    if not read_only:
        with store.writing() as connection:
            connection.execute(schema.ledger.update().values(shop=shop))
