"""Whose a ledger is: one Amazon account's, and one shop's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from orderferry import __version__
from orderferry.errors import LedgerUnusable
from orderferry.ledger import tables
from orderferry.ledger.store import Store


@dataclass(frozen=True, slots=True)
class Owner:
    """Account and shop, as hashes or names without secrets."""

    account: str
    shop: str


def bind(connection: Connection, owner: Owner, now: datetime) -> None:
    """Write down whose a new ledger is, in the caller's transaction."""
    row = {"account": owner.account, "shop": owner.shop, "created": now, "program_version": __version__}
    connection.execute(tables.ledger.insert().values(only_row=1, **row))


def check_binding(store: Store, owner: Owner, *, accept_shop: bool, read_only: bool) -> None:
    """Raise LedgerUnusable if the ledger is of another account or shop; bind it to this shop if a person accepts it."""
    with store.reading() as connection:
        bound = connection.execute(select(tables.ledger.c.account, tables.ledger.c.shop)).first()
    if bound is None:
        raise LedgerUnusable(f"The ledger {store.name} does not say whose it is.", hint="Put back a copy of it.")
    if bound.account != owner.account:
        raise LedgerUnusable(
            f"The ledger {store.name} belongs to another Amazon account than the configuration names.",
            hint=f"Give each account a ledger of its own ({store.key}).",
        )
    if bound.shop == owner.shop:
        return
    if not accept_shop:
        raise LedgerUnusable(
            f"The ledger {store.name} belongs to the shop {bound.shop}, but the configuration names {owner.shop}.",
            hint=f"A copy of the shop needs a ledger of its own ({store.key}). If the shop was moved or renamed, run "
            "`orderferry import --accept-shop` once.",
        )
    if not read_only:
        with store.writing() as connection:
            connection.execute(tables.ledger.update().values(shop=owner.shop))


def seller_of(connection: Connection) -> str:
    """Return the key of the seller that the coverage was read for; '' as long as none is noted."""
    return connection.execute(select(tables.ledger.c.seller)).scalar() or ""


def set_seller(connection: Connection, seller: str) -> None:
    """Note whose coverage it is, in the caller's transaction."""
    connection.execute(tables.ledger.update().values(seller=seller))
