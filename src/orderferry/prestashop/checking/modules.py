"""Check what in the shop does not hear of orders that SQL writes: modules on hooks, readers of the feed, caches.

Which events matter, and which modules miss nothing, is from hooks logged on running shops of 1.6 to 9.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa

from orderferry.bridge import DEFAULT_HOOKS, HOOKS_ON_REQUEST
from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.domain.feed import Feed
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_text
from orderferry.prestashop.facts import ShopFacts

Listeners = Mapping[str, list[str]]  # module -> the hooks that it is registered on
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


def read_listeners(connection: sa.Connection, tables: ShopTables) -> Listeners:
    """Return the modules that listen to events which SQL does not fire, each with the present names of the hooks.

    A module registered under a hook's old name is called by the new one (hook_alias); one that is switched off for
    a shop has no row in module_shop there. The bridge, on the command line, counts as a computer (enable_device & 1).
    """
    if not all(tables.has(name) for name in ("hook", "hook_module", "module")):
        return {}
    hook, link, module = tables["hook"], tables["hook_module"], tables["module"]
    source = link.join(hook, hook.c.id_hook == link.c.id_hook).join(module, module.c.id_module == link.c.id_module)
    present: dict[str, str] = {}
    if tables.has("hook_alias", "alias", "name"):
        alias = tables["hook_alias"]
        # Not by a join: the two tables may have different collations.
        rows = connection.execute(sa.select(alias.c.alias, alias.c.name))
        present = {as_text(old).lower(): as_text(new) for old, new in rows}
    query = sa.select(module.c.name, hook.c.name).select_from(source)
    if tables.has("module_shop", "id_module", "id_shop"):
        enabled = tables["module_shop"]
        on = sa.and_(enabled.c.id_module == link.c.id_module, enabled.c.id_shop == link.c.id_shop)
        if tables.has("module_shop", "enable_device"):
            on = sa.and_(on, enabled.c.enable_device.op("&")(1) != 0)
        query = query.where(sa.exists().where(on))
    elif tables.has("module", "active"):
        query = query.where(module.c.active == 1)
    if tables.has("hook", "active"):
        query = query.where(hook.c.active == 1)
    found: dict[str, set[str]] = defaultdict(set)
    for name, hook_name in connection.execute(query):
        registered = as_text(hook_name)
        current = present.get(registered.lower(), registered)
        if {current.lower(), registered.lower()} & (_EVENTS | _MODEL_EVENTS):
            found[as_text(name)].add(current)
    return {name: sorted(hooks) for name, hooks in sorted(found.items())}


def split_by_bridge(listeners: Listeners) -> tuple[Listeners, Listeners, Listeners]:
    """Split modules and their hooks by what the bridge fires: by default, only on request, never."""
    default, on_request = ({hook.lower() for hook in hooks} for hooks in (DEFAULT_HOOKS, HOOKS_ON_REQUEST))
    parts: tuple[dict[str, list[str]], ...] = ({}, {}, {})
    for name, hooks in listeners.items():
        for hook in hooks:
            part = 0 if hook.lower() in default else 1 if hook.lower() in on_request else 2
            parts[part].setdefault(name, []).append(hook)
    return parts[0], parts[1], parts[2]


def concerned(listeners: Listeners) -> Listeners:
    """Return the modules that do not work rightly where they hear of no event."""
    return {
        name: hooks
        for name, hooks in listeners.items()
        if name.lower() not in _HARMLESS and not name.lower().startswith(_HARMLESS_PREFIXES)
    }


def check_modules(listeners: Listeners, *, bridged: bool) -> Iterator[CheckResult]:
    """Yield the modules that do not hear of imported orders. `bridged`: the bridge reads the feed."""
    missing = concerned(listeners)
    if not missing:
        harmless = f" ({', '.join(listeners)} miss nothing that matters)" if listeners else ""
        yield fine("modules", f"No module of the shop waits for events that SQL does not fire{harmless}.")
        return
    default, on_request, never = split_by_bridge(missing)
    what_else = []
    if on_request:
        what_else.append(f"Only if hooks_add in the bridge's settings names the hooks: {_listed(on_request)}.")
    if never:
        what_else.append(f"Not even the bridge fires: {_listed(never)}; ask the module's maker what else it can do.")
    if not bridged:
        first = "Other programs can look for new orders by themselves (by id_order or date_upd)."
        if default:
            first = f"`orderferry bridge install FOLDER` lets modules hear (docs/bridge.md): {_listed(default)}."
        yield warning(
            "modules",
            "SQL fires none of PrestaShop's hooks, so these modules do not hear of imported orders: "
            f"{_listed(missing)}.",
            " ".join([first, *what_else]),
        )
    elif on_request or never:
        parts = "; ".join(filter(None, (_listed(on_request), _listed(never))))
        yield warning("modules", f"The bridge does not tell these modules: {parts}.", " ".join(what_else))
    else:
        yield fine("modules", f"The bridge tells the modules that wait for events: {_listed(default)}.")


def _listed(listeners: Listeners) -> str:
    return "; ".join(f"{name} ({', '.join(hooks)})" for name, hooks in listeners.items())


def check_feed(feed: Feed | None, now: datetime) -> Iterator[CheckResult]:
    """Yield whether a program reads the feed of changes. `feed` is None where its tables do not exist yet."""
    name = "events"
    if feed is None or not feed.last:
        yield fine(name, "The feed of changes has no event yet.")
        return
    complaints = feed.complaints(now)
    for complaint in complaints:
        yield warning(
            name,
            complaint,
            "`orderferry bridge status` says more. Is the reader's cron still running? A program that reads by itself "
            "tells how far it is in orderferry_event_consumer (docs/events.md).",
        )
    if not complaints:
        readers = ", ".join(f"{reader.name} ({reader.behind} behind)" for reader in feed.readers)
        yield fine(name, f"The feed of changes is at event {feed.last}, and is read by: {readers or 'nobody yet'}.")


def check_caches(facts: ShopFacts, object_cache: str | None) -> Iterator[CheckResult]:
    """Yield the caches between the shop's pages and its tables. `object_cache`: what `object_cache()` returns."""
    if object_cache:
        yield warning(
            "object-cache",
            f"The shop keeps an object cache ({object_cache}): it shows old stock until it forgets.",
            "Switch it off (Advanced Parameters > Performance), or empty it after imports.",
        )
        return
    smarty = facts.setting("PS_SMARTY_CACHE", None, "0") == "1"
    pages = "; Smarty's cache is on, so that parts of pages may show old stock for a while" if smarty else ""
    state = "is off" if object_cache is not None else "can't be seen from here (prestashop.from would show it)"
    yield fine("object-cache", f"The shop's object cache {state}{pages}.")
