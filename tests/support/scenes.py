"""The story of `crash_story` up to the run that is put to the test, and how it ends when nothing happens to that run.

scene.reset();  scene.test_run(accident=("kill", "shop", 7));  scene.assert_as_ever(scene.clean_run(), "…")
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
from support.crash_story import (
    FATES,
    T1,
    T2,
    T3,
    Stage,
    hide_product,
    keep_ledger,
    put_back_ledger,
    show_product,
    stage,
)
from support.feed import flaws_of_feed
from support.shop_database import ShopDatabase
from support.shop_picture import Rows, differences, flaws_of_orders, imported_in_ledger, ledger_picture, shop_picture

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
        return shop_picture(self._shop, (name.removeprefix(self._shop.prefix) for name in self._shop.tables()))

    def restore(self) -> None:
        shutil.copy(self._beside, self._file)

    def changed(self) -> set[str]:
        now = self._all()
        return {table for table in now if now[table] != self._rows.get(table)}


@dataclass
class Scene:
    """Where the run under test begins, and what the shop and the ledger must be after the run that follows it.

    `ledger`: None for a new installation. `events`, `document`: what the run under test did and said undisturbed.
    """

    stage: Stage
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
        self.stage.server.faults.clear()
        self.before.restore()
        put_back_ledger(self.stage.installed, self.ledger)
        self.stage.move_to(T2)

    def points(self, family: str) -> list[int]:
        """The numbers of a family's events."""
        return list(range(1, len(self.healthy.events_of(family)) + 1))

    def named(self, family: str, *texts: str) -> list[int]:
        """The numbers of the events with one of these texts."""
        return [number for number, text in enumerate(self.healthy.events_of(family), 1) if text in texts]

    def start(self, *words: str, now: datetime = T2, **more: Any) -> Child:
        """Start the run under test (or another command)."""
        return self.children.start(self.stage.installed, now, *(words or IMPORT), **{**self.options, **more})

    def test_run(self, *words: str, **more: Any) -> Ended:
        """The run under test, to its end."""
        return self.start(*words, **more).end()

    def clean_run(self, *words: str, now: datetime = T3) -> Ended:
        """The undisturbed run that comes after."""
        self.stage.server.faults.clear()
        self.stage.move_to(now)
        return self.start(*words, now=now).end()

    def remembered(self) -> dict[str, Any]:
        """The ledger's picture. A new installation's coverage begins a window before its first run that got through."""
        picture = ledger_picture(self.stage.installed.ledger)
        if self.ledger is None:
            picture["coverage"] = [span[:3] + span[4:] for span in picture["coverage"]]
        return picture

    def assert_as_ever(self, ended: Ended, where: str) -> None:
        """Given the clean run's end: it and everything after it is as it was without the accident."""
        shop, ledger = self.stage.shop, self.stage.installed.ledger
        assert ended.code == self.code, f"{where}: {ended.told()}"
        flaws = (
            flaws_of_orders(shop) + flaws_of_feed(shop) + differences(shop_picture(shop, self.tables), self.shop_after)
        )
        assert not flaws, "\n".join([where, *flaws[:12]])
        assert self.remembered() == self.ledger_after, where
        markers = shop.rows("SELECT amazon_order_id, id_order FROM {p}orderferry_order")
        assert imported_in_ledger(ledger) == {row["amazon_order_id"]: row["id_order"] for row in markers}, where
        assert self.before.changed() <= {*self.tables, *OWN_TABLES}, where


def kill_at_each(scene: Scene, family: str, points: Iterable[int]) -> None:
    """At each of these points of a family: kill the run, and see that the next one makes everything whole."""
    for point in points:
        scene.reset()
        killed = scene.test_run(accident=("kill", family, point))
        assert killed.signal == signal.SIGKILL, killed.told()
        scene.assert_as_ever(scene.clean_run(), f"killed at {family} statement {point}")


@contextmanager
def story_scene(
    folder: Path, shop: ShopDatabase, copy: Any, *, lines: Mapping[str, Any] | None = None, **options: Any
) -> Iterator[Scene]:
    """The story on a fresh shop. `copy(shop)` keeps how it stands; `lines` go into the configuration, `options` to
    every child (see kill_runner)."""
    with stage(folder, shop, **(lines or {})) as played, Children(folder) as children:
        hide_product(shop)
        first = children.run(played.installed, T1, *IMPORT, **options)
        assert first.code == 1, first.told()
        show_product(shop)
        ledger = folder / "before.sqlite"
        keep_ledger(played.installed, ledger)
        scene = rehearsed(played, children, copy(shop), ledger, options)
        assert {word: scene.healthy.json["orders"][word] for word in FATES} == FATES, scene.healthy.told()
        yield scene


@contextmanager
def first_run_scene(folder: Path, shop: ShopDatabase, copy: Any, world: World | None = None) -> Iterator[Scene]:
    """A new installation: no ledger, and none of our tables in the shop. `world`: other orders than the story's."""
    with stage(folder, shop, world=world) as played, Children(folder) as children:
        yield rehearsed(played, children, copy(shop), None, {})


def rehearsed(played: Stage, children: Children, before: Copy, ledger: Path | None, options: dict[str, Any]) -> Scene:
    """Run the story without an accident, and keep what came of it."""
    played.move_to(T2)
    healthy = children.run(played.installed, T2, *IMPORT, **options)
    played.move_to(T3)
    last = children.run(played.installed, T3, *IMPORT, **options)
    assert last.json["orders"]["created"] == last.json["orders"]["updated"] == 0, last.told()
    tables = sorted(before.changed())
    picture = shop_picture(played.shop, tables)
    scene = Scene(played, children, before, ledger, healthy, tables, picture, {}, last.code, options)
    scene.ledger_after = scene.remembered()
    return scene
