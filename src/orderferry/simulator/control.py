"""The simulator's own endpoints, for people and scripts on the same machine: its state, and moving its clock.

GET  /simulator/state
POST /simulator/clock  {"now": "2026-11-23T06:00:00Z"}  or  {"advance": "2d"}
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Any

from orderferry.domain.durations import iso, parse_duration, parse_moment
from orderferry.simulator.answers import Refusal, Request, SimulatedResponse, error_answer, invalid_input, json_answer
from orderferry.simulator.clock import Clock
from orderferry.simulator.request_log import RequestLog
from orderferry.simulator.world import World


def only_loopback(request: Request) -> None:
    """Raise Refusal (403) for a request from another machine."""
    if not ipaddress.ip_address(request.peer.partition("%")[0]).is_loopback:
        raise Refusal(error_answer(403, "Forbidden", "The simulator is controlled from its own machine only."))


def state(world: World, clock: Clock, requests: RequestLog) -> SimulatedResponse:
    """The time, how many orders there are, and what was asked so far."""
    body = {
        "now": iso(clock.now()),
        "running": clock.running,
        "orders": len(world),
        "requests": requests.counts,
        "refused_marketplaces": sorted(world.refused_marketplaces),
    }
    return json_answer(body)


def move_clock(clock: Clock, request: Request) -> SimulatedResponse:
    """Set or advance the clock and answer the new time. Raise Refusal (400) for anything else."""
    try:
        wish = json.loads(request.body)
        _move(clock, wish)
    except (ValueError, OverflowError) as error:
        raise invalid_input(f"The clock takes {{'now': TIME}} or {{'advance': DURATION}}: {error}") from error
    return json_answer({"now": iso(clock.now()), "running": clock.running})


def _move(clock: Clock, wish: Any) -> None:
    if not isinstance(wish, Mapping) or len(wish) != 1:
        raise ValueError("exactly one of the two is needed")
    ((key, value),) = wish.items()
    if key == "now":
        clock.move_to(parse_moment(str(value), clock.now()))
    elif key == "advance":
        clock.advance(parse_duration(str(value)))
    else:
        raise ValueError(f"nothing is known of {key!r}")
