"""SIGKILL at the n-th statement, for every n of a run that creates, updates, cancels, holds and frees orders.

After each, one clean run: the shop is as if nothing had happened, and the ledger agrees. The default suite takes a
seeded sample and every COMMIT; `--whole` takes all.
"""

from __future__ import annotations

import pytest

from support.proofs import Proofs
from support.scenes import Scene, kill_at_each

PARTS = 2  # so that two workers share the points
SAMPLES = {"shop": 6, "ledger": 8}
FIRST_RUN_SAMPLE = 4


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("family", SAMPLES)
def test_a_run_that_is_killed_at_any_statement_is_made_whole_by_the_next(
    scene: Scene, proofs: Proofs, family: str, part: int
) -> None:
    points = scene.points(family)[part::PARTS]
    fateful = set(scene.named(family, "COMMIT sent", "COMMIT answered"))
    chosen = proofs.choose(points, SAMPLES[family] // PARTS, always=[n for n in points if n in fateful])
    kill_at_each(scene, family, chosen)
    proofs.ran(f"kill points at {family} statements", len(chosen), of=len(points))


@pytest.mark.parametrize("family", SAMPLES)
def test_a_first_run_that_is_killed_at_any_statement_is_made_whole_by_the_next(
    first_scene: Scene, proofs: Proofs, family: str
) -> None:
    points = first_scene.points(family)
    chosen = proofs.choose(points, FIRST_RUN_SAMPLE)
    kill_at_each(first_scene, family, chosen)
    proofs.ran(f"kill points at {family} statements of a first run", len(chosen), of=len(points))
