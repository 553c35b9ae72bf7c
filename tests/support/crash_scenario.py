"""The orders of `crash_orders` up to the run under test, and how all ends when nothing happens to that run.

scenario.reset();  scenario.test_run(accident=("kill", "shop", 7));  scenario.assert_recovered(scenario.clean_run(), "")
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from orderferry.simulator.world import World
from support.children import Child, Children, Ended
from support.crash_orders import (
    FATES,
    T1,
    T2,
    T3,
    CrashInstallation,
    crash_installation,
    hide_product,
    keep_ledger,
    put_back_ledger,
    show_product,
)
from support.feed import flaws_of_feed
from support.shop_database import ShopDatabase
from support.shop_snapshot import Rows, differences, flaws_of_orders, imported_in_ledger, ledger_snapshot, shop_snapshot

OWN_TABLES = frozenset(
    {"orderferry_state", "orderferry_order"}
    | {"orderferry_event", "orderferry_event_consumer", "orderferry_event_call"}
)
IMPORT = ("import", "--json")


class Copy(Protocol):
    """A copy of a shop as it once stood."""

    def restore(self) -> None:
        """Put the shop right."""

    def changed(self) -> set[str]:
        """The tables, named without prefix, whose rows are others than they were, and those that are new."""


class FileCopy:
    """A copy of an embedded shop."""

    def __init__(self, shop: ShopDatabase, beside: Path) -> None:
        self._shop = shop
        self._beside = Path(shutil.copy(self._file, beside))
        self._rows = self._all()

    @property
    def _file(self) -> Path:
        return Path(self._shop.url.removeprefix("sqlite:///"))

    def _all(self) -> dict[str, Rows]:
        return shop_snapshot(self._shop, (name.removeprefix(self._shop.prefix) for name in self._shop.tables()))

    def restore(self) -> None:
        shutil.copy(self._beside, self._file)

    def changed(self) -> set[str]:
        now = self._all()
        return {table for table in now if now[table] != self._rows.get(table)}


@dataclass
class CrashScenario:
    """Where the run under test begins, and what the shop and the ledger must be after the run that follows it.

    `ledger`: None for a new installation. `events`, `document`: what the run under test did and said undisturbed.
    """

    installation: CrashInstallation
    children: Children
    before: Copy
    ledger: Path | None
    healthy: Ended
    tables: list[str]
    shop_after: dict[str, Rows]
    ledger_after: dict[str, Any]
    code: int
    options: dict[str, Any]

    def reset(self) -> None:
        """Back to where the run under test begins."""
        self.installation.server.faults.clear()
        self.before.restore()
        put_back_ledger(self.installation.installed, self.ledger)
        self.installation.move_to(T2)

    def points(self, family: str) -> list[int]:
        """The numbers of a family's events."""
        return list(range(1, len(self.healthy.events_of(family)) + 1))

    def named(self, family: str, *texts: str) -> list[int]:
        """The numbers of the events with one of these texts."""
        return [number for number, text in enumerate(self.healthy.events_of(family), 1) if text in texts]

    def start(self, *words: str, now: datetime = T2, **more: Any) -> Child:
        """Start the run under test (or another command)."""
        return self.children.start(self.installation.installed, now, *(words or IMPORT), **{**self.options, **more})

    def test_run(self, *words: str, **more: Any) -> Ended:
        """The run under test, to its end."""
        return self.start(*words, **more).end()

    def clean_run(self, *words: str, now: datetime = T3) -> Ended:
        """The undisturbed run that comes after."""
        self.installation.server.faults.clear()
        self.installation.move_to(now)
        return self.start(*words, now=now).end()

    def remembered(self) -> dict[str, Any]:
        """The ledger's picture. A new installation's coverage begins a window before its first run that got through."""
        picture = ledger_snapshot(self.installation.installed.ledger)
        if self.ledger is None:
            picture["coverage"] = [span[:3] + span[4:] for span in picture["coverage"]]
        return picture

    def assert_recovered(self, ended: Ended, where: str) -> None:
        """Given the clean run's end: it and everything after it is as it was without the accident."""
        shop, ledger = self.installation.shop, self.installation.installed.ledger
        assert ended.code == self.code, f"{where}: {ended.told()}"
        flaws = (
            flaws_of_orders(shop) + flaws_of_feed(shop) + differences(shop_snapshot(shop, self.tables), self.shop_after)
        )
        assert not flaws, "\n".join([where, *flaws[:12]])
        assert self.remembered() == self.ledger_after, where
        markers = shop.rows("SELECT amazon_order_id, id_order FROM {p}orderferry_order")
        assert imported_in_ledger(ledger) == {row["amazon_order_id"]: row["id_order"] for row in markers}, where
        assert self.before.changed() <= {*self.tables, *OWN_TABLES}, where


def kill_at_each(scenario: CrashScenario, family: str, points: Iterable[int]) -> None:
    """At each of these points of a family: kill the run, and see that the next one makes everything whole."""
    for point in points:
        scenario.reset()
        killed = scenario.test_run(accident=("kill", family, point))
        assert killed.signal == signal.SIGKILL, killed.told()
        scenario.assert_recovered(scenario.clean_run(), f"killed at {family} statement {point}")


@contextmanager
def changes_scenario(
    folder: Path, shop: ShopDatabase, copy: Any, *, lines: Mapping[str, Any] | None = None, **options: Any
) -> Iterator[CrashScenario]:
    """The changing orders on a fresh shop. `copy(shop)` keeps how it stands; `lines` go into the configuration,
    `options` to every child (see kill_runner)."""
    with crash_installation(folder, shop, **(lines or {})) as made:
        children = Children(folder)
        hide_product(shop)
        first = children.run(made.installed, T1, *IMPORT, **options)
        assert first.code == 1, first.told()
        show_product(shop)
        ledger = folder / "before.sqlite"
        keep_ledger(made.installed, ledger)
        scenario = recorded(made, children, copy(shop), ledger, options)
        assert {word: scenario.healthy.json["orders"][word] for word in FATES} == FATES, scenario.healthy.told()
        yield scenario


@contextmanager
def first_run_scenario(
    folder: Path, shop: ShopDatabase, copy: Any, world: World | None = None
) -> Iterator[CrashScenario]:
    """A new installation: no ledger, and none of our tables in the shop. `world`: other orders than these."""
    with crash_installation(folder, shop, world=world) as made:
        yield recorded(made, Children(folder), copy(shop), None, {})


def recorded(
    made: CrashInstallation, children: Children, before: Copy, ledger: Path | None, options: dict[str, Any]
) -> CrashScenario:
    """Run it without an accident, and keep what came of it."""
    made.move_to(T2)
    healthy = children.run(made.installed, T2, *IMPORT, **options)
    made.move_to(T3)
    last = children.run(made.installed, T3, *IMPORT, **options)
    assert last.json["orders"]["created"] == last.json["orders"]["updated"] == 0, last.told()
    tables = sorted(before.changed())
    picture = shop_snapshot(made.shop, tables)
    scenario = CrashScenario(made, children, before, ledger, healthy, tables, picture, {}, last.code, options)
    scenario.ledger_after = scenario.remembered()
    return scenario
