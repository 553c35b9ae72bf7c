"""Looking up existing customers: only what the configuration names, never by a guess."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import sqlalchemy as sa

from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_int, as_text


def find_customers(connection: sa.Connection, tables: ShopTables, emails: Iterable[str]) -> Mapping[str, int]:
    """Given e-mail addresses in lower case, return the oldest account of each that has one (customer.email has a key
    and is not unique)."""
    customer = tables["customer"]
    found: dict[str, int] = {}
    for some in chunks(sorted(set(emails))):
        rows = connection.execute(
            sa.select(customer.c.email, customer.c.id_customer)
            .where(customer.c.email.in_(some), customer.c.deleted == 0)
            .order_by(customer.c.id_customer.desc())
        )
        found |= {as_text(email).strip().lower(): as_int(id_customer) for email, id_customer in rows}
    return found


def find_accounts(connection: sa.Connection, tables: ShopTables, words: Collection[str]) -> Mapping[str, int]:
    """Given values of customers.account (ids or e-mail addresses), return the account of each.

    Raise ShopUnfit when one names no account of the shop.
    """
    customer = tables["customer"]
    ids = sorted(int(word) for word in words if word.isdecimal())
    found: dict[str, int] = {}
    if ids:
        query = sa.select(customer.c.id_customer).where(customer.c.id_customer.in_(ids), customer.c.deleted == 0)
        found |= {str(as_int(id_)): as_int(id_) for id_ in connection.execute(query).scalars()}
    by_email = find_customers(connection, tables, [word.strip().lower() for word in words if not word.isdecimal()])
    accounts = {word: found.get(word) or by_email.get(word.strip().lower()) for word in words}
    missing = next((word for word, id_customer in accounts.items() if not id_customer), None)
    if missing is not None:
        named = f"{missing}" if missing.isdecimal() else "the configured e-mail address"
        raise ShopUnfit(
            f"customers.account: the shop has no customer {named}.",
            hint="Write the id or the e-mail address of an account of the shop, or choose another customers.mode.",
        )
    return {word: id_customer for word, id_customer in accounts.items() if id_customer}
