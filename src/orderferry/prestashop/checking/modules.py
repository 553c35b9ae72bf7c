"""`check` on who in the shop does not hear of orders that SQL writes: modules on hooks, and caches.

Which events matter, and which modules miss nothing, is from hooks logged on running shops of 1.6 to 9.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
    """Modules that listen to events which SQL does not fire: name -> the hooks, by their present names.

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
        words = {current.lower(), registered.lower()}
        if words & (_EVENTS | _MODEL_EVENTS):
            found[as_text(name)].add(current)
    return {name: sorted(hooks) for name, hooks in sorted(found.items())}


@dataclass(frozen=True, slots=True)
class Coverage:
    """For modules (name -> hooks): what the bridge tells them by itself, what only on request, what never."""

    default: Listeners
    on_request: Listeners
    never: Listeners


def coverage(listeners: Listeners) -> Coverage:
    """Given modules and the hooks that they wait for, return who of them hears what through the bridge."""
    fired = {hook.lower(): "default" for hook in DEFAULT_HOOKS} | {hook.lower(): "ask" for hook in HOOKS_ON_REQUEST}

    def those(how: str) -> Listeners:
        """Of each module the hooks that it hears in this way; without a module that has none."""
        by_name = {n: [hook for hook in hooks if fired.get(hook.lower(), "") == how] for n, hooks in listeners.items()}
        return {name: hooks for name, hooks in by_name.items() if hooks}

    return Coverage(those("default"), those("ask"), those(""))


def concerned(listeners: Listeners) -> Listeners:
    """Given modules that wait for events, return those to which it matters that they hear nothing."""
    return {name: hooks for name, hooks in listeners.items() if not _is_harmless(name)}


def check_modules(listeners: Listeners, *, bridged: bool) -> Iterator[CheckResult]:
    """Yield what modules will not hear of. `bridged`: the bridge is at work."""
    missing = concerned(listeners)
    if not missing:
        harmless = f" ({', '.join(listeners)} miss nothing that matters)" if listeners else ""
        yield fine("modules", f"No module of the shop waits for events that SQL does not fire{harmless}.")
        return
    heard = coverage(missing)
    told = _listed(heard.default)
    if not bridged:
        rest = (
            "Other programs can look for new orders by themselves (by id_order or date_upd)."
            if not told
            else f"`orderferry bridge install FOLDER` lets modules hear (docs/bridge.md): {told}."
        )
        yield warning(
            "modules",
            "SQL fires none of PrestaShop's hooks, so these modules do not hear of imported orders: "
            f"{_listed(missing)}.",
            " ".join([rest, *_what_else(heard)]),
        )
    elif heard.on_request or heard.never:
        parts = "; ".join(filter(None, (_listed(heard.on_request), _listed(heard.never))))
        yield warning("modules", f"The bridge does not tell these modules: {parts}.", " ".join(_what_else(heard)))
    else:
        yield fine("modules", f"The bridge tells the modules that wait for events: {told}.")


def _what_else(heard: Coverage) -> Iterator[str]:
    if heard.on_request:
        yield f"Only if hooks_add in the bridge's settings names the hooks: {_listed(heard.on_request)}."
    if heard.never:
        yield f"Not even the bridge fires: {_listed(heard.never)}; ask the module's maker what else it can do."


def _listed(listeners: Listeners) -> str:
    return "; ".join(f"{name} ({', '.join(hooks)})" for name, hooks in listeners.items())


def check_feed(feed: Feed | None, now: datetime) -> Iterator[CheckResult]:
    """Yield whether somebody reads the feed of changes; None: its tables are not there yet."""
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
