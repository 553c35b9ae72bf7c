"""`init` on the shop's modules that wait for what SQL does not fire: who they are, whether the bridge tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from orderferry.cli.interview import Interview
from orderferry.errors import ShopError

if TYPE_CHECKING:
    from orderferry.prestashop.checking.modules import Coverage, Listeners


def settle_modules(interview: Interview, listeners: Callable[[], Listeners]) -> None:
    """Name the modules that hear nothing of imported orders, and ask whether the bridge is to tell them.

    A database user who may not see the modules is told so by `check`, not here.
    """
    from orderferry.prestashop.checking.modules import concerned, coverage

    try:
        found = concerned(listeners())
    except ShopError:
        return
    if not found:
        return
    interview.head("Modules that wait for orders")
    interview.say("  SQL fires none of PrestaShop's hooks. These modules do not hear of imported orders by themselves:")
    heard = coverage(found)
    for line in _lines(heard):
        interview.say(f"    {line}")
    if heard.default and not interview.draft.has("events.enabled"):
        question = "Write the feed of changes, from which the bridge (docs/bridge.md) tells such modules?"
        if interview.yes(question):
            interview.draft.put("events.enabled", True)


def _lines(heard: Coverage) -> Iterator[str]:
    told = ((heard.default, "the bridge tells it"), (heard.on_request, "the bridge tells it if hooks_add names it"))
    for modules, how in (*told, (heard.never, "nobody tells it")):
        for name, hooks in modules.items():
            yield f"{name} ({', '.join(hooks)}): {how}"
