"""What `orderferry simulator` does: serve a world from a file, or an invented one, until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orderferry.simulator.catalog import DEMO_CATALOG, own_catalog
from orderferry.simulator.clock import Clock
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from orderferry.simulator.world import World

DEFAULT_PORT = 8765
_MOVED = timedelta(seconds=2)
_INVENTED_BEFORE, _INVENTED_DAYS, _INVENTED_A_DAY = timedelta(days=7), 37, 40


def open_world(path: Path | None, now: datetime, skus: Sequence[str] = ()) -> World:
    """Given the path of a world or of the user's own orders, return it; without one, a small shop that has been open
    for a week and stays so for a month, and sells `skus`, or articles of its own.

    Raise UsageError for a file that can't be read.
    """
    if path is not None:
        return World.load(path, now)
    sold = own_catalog(skus) if skus else DEMO_CATALOG
    start = now - _INVENTED_BEFORE
    return generate(seed=1, start=start, days=_INVENTED_DAYS, orders_per_day=_INVENTED_A_DAY, skus=sold)


def serve_forever(
    world_path: Path | None = None,
    *,
    port: int = DEFAULT_PORT,
    host: str = "127.0.0.1",
    skus: Sequence[str] = (),
    on_start: Callable[[SimulatorServer], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve a world until `stop` is set or the process is interrupted (KeyboardInterrupt goes on to the caller).

    The clock runs, ahead of real time by as much as when the world was saved; if it is moved meanwhile, the world is
    saved again, so that its time never runs backwards. `on_start` is called when the server answers, to print its
    addresses. Raise UsageError for a bad file or a port that is taken.
    """
    now = datetime.now(UTC)
    world = open_world(world_path, now, skus)
    clock = Clock(now + world.clock_offset)
    try:
        with SimulatorServer(world, clock=clock, host=host, port=port) as server:
            if on_start is not None:
                on_start(server)
            (stop or threading.Event()).wait()
    finally:
        _keep_time(world, clock)


def _keep_time(world: World, clock: Clock) -> None:
    """Save a world from a file of ours whose clock was moved."""
    offset = clock.offset
    if world.saved_in is not None and abs(offset - world.clock_offset) > _MOVED:
        world.clock_offset = offset
        world.save(world.saved_in)
