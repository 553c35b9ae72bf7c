"""SIGKILL at the n-th statement, for every n of a run that creates, updates, cancels, holds and frees orders.

After each, one clean run: the shop is as if nothing had happened, and the ledger agrees. The default suite takes a
seeded sample and every COMMIT; `--whole` takes all.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.children import Children, Ended
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
from support.proofs import Proofs
from support.shop_databases import Snapshot
from support.shop_picture import (
    differences,
    flaws_of_orders,
    imported_in_ledger,
    ledger_picture,
    shop_picture,
)

PARTS = 2  # so that two workers share the points
SAMPLES = {"shop": 6, "ledger": 8}


@dataclass
class Scene:
    """Everything up to the run that is killed, and what the shop and the ledger must be in the end."""

    stage: Stage
    children: Children
    before: Snapshot
    ledger: Path | None
    events: tuple[tuple[str, str], ...]
    tables: list[str]
    shop_after: dict[str, Any]
    ledger_after: dict[str, Any]
    code: int

    def reset(self) -> None:
        """Back to where the run that is killed begins."""
        self.before.restore()
        put_back_ledger(self.stage.installed, self.ledger)
        self.stage.move_to(T2)

    def points(self, family: str) -> list[int]:
        """The numbers of a family's events."""
        return list(range(1, sum(1 for name, _ in self.events if name == family) + 1))

    def commits(self, family: str) -> list[int]:
        """The points at which the fate of a transaction is decided: COMMIT sent, and answered."""
        mine = [text for name, text in self.events if name == family]
        return [n for n, text in enumerate(mine, 1) if text in {"COMMIT sent", "COMMIT answered"}]

    def clean_run(self) -> Ended:
        """The run that comes after."""
        self.stage.move_to(T3)
        return self.children.run(self.stage.installed, T3, "import", "--json")

    def assert_as_ever(self, ended: Ended, where: str) -> None:
        """The clean run and everything after it is as it was without the accident."""
        shop, ledger = self.stage.shop, self.stage.installed.ledger
        assert ended.code == self.code, f"{where}: {ended.told()}"
        flaws = flaws_of_orders(shop) + differences(shop_picture(shop, self.tables), self.shop_after)
        assert not flaws, "\n".join([where, *flaws])
        assert self.remembered() == self.ledger_after, where
        markers = shop.rows("SELECT amazon_order_id, id_order FROM {p}orderferry_order")
        assert imported_in_ledger(ledger) == {row["amazon_order_id"]: row["id_order"] for row in markers}, where
        assert self.before.changed() <= {*self.tables, *self.own}, where

    def remembered(self) -> dict[str, Any]:
        """The ledger's picture. A new installation's coverage begins a window before its first run that got through."""
        picture = ledger_picture(self.stage.installed.ledger)
        if self.ledger is None:
            picture["coverage"] = [span[:3] + span[4:] for span in picture["coverage"]]
        return picture

    @property
    def own(self) -> set[str]:
        return {"orderferry_state", "orderferry_order"}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, shop_databases: Any) -> Iterator[Scene]:
    """The story up to T2, and how it goes on without an accident."""
    folder = tmp_path_factory.mktemp("kills")
    shop = shop_databases.create()
    with stage(folder, shop) as played, Children(folder) as children:
        hide_product(shop)
        assert children.run(played.installed, T1, "import", "--json").code == 1
        show_product(shop)
        copy = folder / "before.sqlite"
        keep_ledger(played.installed, copy)
        yield rehearse(played, children, shop_databases.snapshot(shop), copy)
    shop_databases.give_back(shop)


@pytest.fixture(scope="module")
def first_scene(tmp_path_factory: pytest.TempPathFactory, shop_databases: Any) -> Iterator[Scene]:
    """A new installation: no ledger, and none of our tables in the shop."""
    folder = tmp_path_factory.mktemp("first-kills")
    shop = shop_databases.create()
    with stage(folder, shop) as played, Children(folder) as children:
        yield rehearse(played, children, shop_databases.snapshot(shop), None)
    shop_databases.give_back(shop)


def rehearse(played: Stage, children: Children, before: Snapshot, ledger: Path | None) -> Scene:
    """Run the story without an accident, and keep what came of it."""
    played.move_to(T2)
    healthy = children.run(played.installed, T2, "import", "--json")
    document = healthy.json
    if ledger is not None:
        assert {word: document["orders"][word] for word in FATES} == {
            "created": 5, "updated": 3, "waiting": 2, "held": 1, "ignored": 1
        }, healthy.told()  # fmt: skip
    played.move_to(T3)
    last = children.run(played.installed, T3, "import", "--json")
    assert last.json["orders"]["created"] == last.json["orders"]["updated"] == 0, last.told()
    tables = sorted(before.changed())
    picture = shop_picture(played.shop, tables)
    scene = Scene(played, children, before, ledger, healthy.events, tables, picture, {}, last.code)
    scene.ledger_after = scene.remembered()
    return scene


def kill_at_each(scene: Scene, family: str, points: list[int]) -> None:
    """The proof for these points."""
    for point in points:
        scene.reset()
        accident = ("kill", family, point)
        killed = scene.children.run(scene.stage.installed, T2, "import", "--json", accident=accident)
        assert killed.signal == signal.SIGKILL, killed.told()
        scene.assert_as_ever(scene.clean_run(), f"killed at {family} statement {point}")


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("family", ["shop", "ledger"])
def test_a_run_that_is_killed_at_any_statement_is_made_whole_by_the_next(
    scene: Scene, proofs: Proofs, family: str, part: int
) -> None:
    points, commits = scene.points(family)[part::PARTS], scene.commits(family)
    chosen = proofs.choose(points, SAMPLES[family] // PARTS, always=[n for n in points if n in commits])
    kill_at_each(scene, family, chosen)
    proofs.ran(f"kill points at {family} statements", len(chosen), of=len(points))


@pytest.mark.parametrize("family", ["shop", "ledger"])
def test_a_first_run_that_is_killed_at_any_statement_is_made_whole_by_the_next(
    first_scene: Scene, proofs: Proofs, family: str
) -> None:
    points = first_scene.points(family)
    chosen = proofs.choose(points, 4)
    kill_at_each(first_scene, family, chosen)
    proofs.ran(f"kill points at {family} statements of a first run", len(chosen), of=len(points))
