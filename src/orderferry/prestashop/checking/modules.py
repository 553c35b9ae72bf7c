"""`check` on who in the shop does not hear of orders that SQL writes: modules on hooks, and caches.

Which events matter, and which modules miss nothing, is from hooks logged on running shops of 1.6 to 9.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_text
from orderferry.prestashop.facts import ShopFacts

MODULE_TABLES = frozenset({"hook", "hook_module", "hook_alias", "module", "module_shop"})

_EVENTS = frozenset(
    """
    actionvalidateorder actionvalidateorderafter actionpaymentconfirmation actionorderstatusupdate
    actionorderstatuspostupdate actionorderhistoryaddafter actionsetinvoice actionpaymentccadd actionupdatequantity
    actionadminorderstrackingnumberupdate
    """.split()  # noqa: SIM905 — a list of names reads better as text
)
_MODELS = (
    *("", "order", "orderdetail", "orderhistory", "orderinvoice", "orderpayment", "ordercarrier"),
    *("customer", "address", "cart", "stockavailable"),
)
_MODEL_EVENTS = frozenset(f"actionobject{model}{verb}after" for model in _MODELS for verb in ("add", "update"))
# They count, chart, cross-sell or mail the merchant: nothing of an order depends on them.
_HARMLESS_PREFIXES = ("dash", "stats")
_HARMLESS = frozenset(
    """
    ps_crossselling ps_bestsellers ps_emailalerts ps_googleanalytics blockbestsellers crossselling mailalerts
    ganalytics productscategory blocklayered gamification cronjobs sekeywords pagesnotfound
    """.split()  # noqa: SIM905
)


def read_listeners(connection: sa.Connection, tables: ShopTables) -> Mapping[str, list[str]]:
    """Modules that listen to events which SQL does not fire: name -> the hooks, by their present names.

    A module registered under a hook's old name is called by the new one (hook_alias); one that is switched off for
    a shop has no row in module_shop there.
    """
    if not all(tables.has(name) for name in ("hook", "hook_module", "module")):
        return {}
    hook, link, module = tables["hook"], tables["hook_module"], tables["module"]
    source = link.join(hook, hook.c.id_hook == link.c.id_hook).join(module, module.c.id_module == link.c.id_module)
    present: sa.ColumnElement[str] = hook.c.name
    if tables.has("hook_alias", "alias", "name"):
        alias = tables["hook_alias"]
        source = source.outerjoin(alias, sa.func.lower(alias.c.alias) == sa.func.lower(hook.c.name))
        present = sa.func.coalesce(alias.c.name, hook.c.name)
    query = sa.select(module.c.name, present.label("hook"), hook.c.name.label("registered")).select_from(source)
    if tables.has("module_shop", "id_module", "id_shop"):
        enabled = tables["module_shop"]
        on = sa.and_(enabled.c.id_module == link.c.id_module, enabled.c.id_shop == link.c.id_shop)
        query = query.where(sa.exists().where(on))
    elif tables.has("module", "active"):
        query = query.where(module.c.active == 1)
    found: dict[str, set[str]] = defaultdict(set)
    for name, current, registered in connection.execute(query):
        words = {as_text(current).lower(), as_text(registered).lower()}
        if words & (_EVENTS | _MODEL_EVENTS):
            found[as_text(name)].add(as_text(current))
    return {name: sorted(hooks) for name, hooks in sorted(found.items())}


def check_modules(listeners: Mapping[str, list[str]]) -> Iterator[CheckResult]:
    """What modules will not hear of."""
    missing = {name: hooks for name, hooks in listeners.items() if not _is_harmless(name)}
    if not missing:
        harmless = f" ({', '.join(listeners)} miss nothing that matters)" if listeners else ""
        yield fine("modules", f"No module of the shop waits for events that SQL does not fire{harmless}.")
        return
    listed = "; ".join(f"{name} ({', '.join(hooks)})" for name, hooks in missing.items())
    yield warning(
        "modules",
        f"SQL fires none of PrestaShop's hooks, so these modules do not hear of imported orders: {listed}.",
        "Ask each module's maker whether it can look for new orders by itself (by id_order or date_upd); stock and "
        "invoicing modules matter most.",
    )


def _is_harmless(name: str) -> bool:
    return name.lower() in _HARMLESS or name.lower().startswith(_HARMLESS_PREFIXES)


def check_caches(facts: ShopFacts, object_cache: str | None) -> Iterator[CheckResult]:
    """Caches between the shop's pages and its tables. `object_cache` as config.object_cache gives it."""
    if object_cache:
        yield warning(
            "object-cache",
            f"The shop keeps an object cache ({object_cache}): it shows old stock until it forgets.",
            "Switch it off (Advanced Parameters > Performance), or empty it after imports.",
        )
        return
    smarty = facts.setting("PS_SMARTY_CACHE", None, "0") == "1"
    pages = "; Smarty's cache is on, so that parts of pages may show old stock for a while" if smarty else ""
    told = "is off" if object_cache is not None else "can't be seen from here (prestashop.from would show it)"
    yield fine("object-cache", f"The shop's object cache {told}{pages}.")
