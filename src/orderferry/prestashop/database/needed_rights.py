"""Which rights each table of the shop needs. Data, and the GRANT statements for what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from orderferry.prestashop.database.grants import Grants
from orderferry.prestashop.database.rights import EVERYDAY_RIGHTS, grant
from orderferry.prestashop.database.table_names import WRITTEN_TABLES

_READ = ("SELECT",)
_ADD = ("SELECT", "INSERT")
_WRITE = (*_ADD, "UPDATE")
_EVERYDAY = tuple(EVERYDAY_RIGHTS.split(", "))
# Rows that nothing changes any more.
_ADDED_TO = frozenset({"cart_product", "customer_group", "order_history", "stock_mvt", "order_invoice_payment"})
# The feed: events are written once and pruned; who has read what is for other programs to write.
_FEED = {
    "orderferry_event": (*_ADD, "DELETE"),
    "orderferry_event_consumer": _READ,
    "orderferry_event_call": ("SELECT", "DELETE"),
}
# The lines of an order that changes before its invoice are written anew.
_DELETED_FROM = frozenset({"order_detail", "order_detail_tax", "order_invoice_tax", "order_cart_rule", "product_sale"})
_REPLACED = frozenset({"order_detail_tax", "order_invoice_tax"})  # of them, rows that are never changed in place
_LEFT_BEHIND = frozenset({"order_cart_rule"})  # of them, what only older versions have written
# Stock moves by rows that are there; a start value for invoice numbers is used up in the settings, as PrestaShop does
# (PS_INVOICE_START_NUMBER).
_UPDATED_ONLY = frozenset({"configuration"})
_MOVED = frozenset({"stock_available"})  # and a row for a hidden product of ours
# A hidden product for fees is made once, and a tax of 0 % where the shop has none.
_MADE_IN = frozenset({"product", "product_lang", "product_shop", "tax", "tax_lang"})
# With more tables than these, one statement for the database is what a person wants to run.
_FEW_TABLES = 6


def needed_rights(tables: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Given names of tables without prefix, return the rights that orderferry needs on each."""
    return {name: _needed(name) for name in sorted(tables)}


def _needed(name: str) -> tuple[str, ...]:
    if name in _FEED:
        return _FEED[name]
    if name in _DELETED_FROM:
        if name in _LEFT_BEHIND:
            return (*_READ, "UPDATE", "DELETE")
        return _EVERYDAY if name not in _REPLACED else (*_ADD, "DELETE")
    if name in _UPDATED_ONLY:
        return ("SELECT", "UPDATE")
    if name in _MOVED:
        return _WRITE
    if name in _ADDED_TO or name in _MADE_IN:
        return _ADD
    return _WRITE if name in WRITTEN_TABLES else _READ


def missing_rights(grants: Grants, database: str, prefix: str, tables: Collection[str]) -> Mapping[str, list[str]]:
    """Given what the user may do, return the rights that are missing, by table without prefix; empty if none is."""
    missing = {
        name: [right for right in rights if not grants.allows(right, database, prefix + name)]
        for name, rights in needed_rights(tables).items()
    }
    return {name: rights for name, rights in missing.items() if rights}


def is_optional(table: str, rights: Collection[str]) -> bool:
    """Whether orderferry can do without these rights: fees then join the shipping."""
    return set(rights) == {"INSERT"} and table in _MADE_IN | _MOVED


def grants_to_run(missing: Mapping[str, Collection[str]], database: str, prefix: str, account: str) -> str:
    """Given the missing rights and the user as the server names it (`user@host`), return the GRANT statements."""
    user, _, host = account.rpartition("@")
    if len(missing) > _FEW_TABLES:
        return grant(EVERYDAY_RIGHTS, database, "*", user, host)
    return "\n".join(grant(", ".join(rights), database, prefix + name, user, host) for name, rights in missing.items())
