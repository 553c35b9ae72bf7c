"""`python -m benchmarks [NAME…]`: runs the benchmarks, prints their tables, and keeps them in RESULTS.md."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

from benchmarks import (
    ROOT,
    checkout,
    fleet,
    large_shop,
    ledger_size,
    machine,
    memory,
    orders_per_second,
    quota,
    results,
    start,
    statements,
)
from benchmarks.figures import Figure
from benchmarks.shops import Shops
from support.large_shop import SMALL
from support.mariadb import FAST, running_server
from support.shop_databases import ShopDatabases

Benchmark = Callable[[Shops, int], list[Figure]]

BENCHMARKS: dict[str, Benchmark] = {
    "start": start.figures,
    "ledger": ledger_size.figures,
    "statements": statements.figures,
    "orders": orders_per_second.figures,
    "checkout": checkout.figures,
    "large": large_shop.figures,
    "memory": memory.figures,
    "fleet": fleet.figures,
    "quota": quota.figures,
    **{f"quota-{volume}": partial(quota.story, volume=volume, days=days) for volume, days in quota.STORIES.items()},
}
# A look in a few minutes: the same figures on less.
QUICK: dict[str, Benchmark] = {
    **BENCHMARKS,
    "ledger": partial(ledger_size.figures, orders=100_000),
    "checkout": partial(checkout.figures, orders=1_000),
    "large": partial(large_shop.figures, size=SMALL),
    "memory": partial(memory.figures, many=5_000),
    **{f"quota-{volume}": partial(quota.story, volume=volume, days=1) for volume in quota.STORIES},
}
RESULTS = ROOT / "benchmarks" / "RESULTS.md"


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--rounds", type=int, default=7, help="how often each side is measured (default: 7)")
    parser.add_argument("--quick", action="store_true", help="less of everything; keeps nothing")
    given = parser.parse_args()
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    names = given.names or list(BENCHMARKS)
    chosen = QUICK if given.quick else BENCHMARKS
    # A large shop's pages must fit, or the disk would be what is measured.
    with running_server({**FAST, "innodb_buffer_pool_size": "1G", "innodb_log_file_size": "256M"}) as server:
        shops = Shops(server, ShopDatabases(server))
        for name in names:
            head, began = machine.facts(server, given.rounds), time.monotonic()
            text = results.section(head, chosen[name](shops, given.rounds))
            print(f"## {name} ({time.monotonic() - began:.0f} s)\n\n{text}\n", flush=True)
            if not given.quick:
                results.keep(RESULTS, list(BENCHMARKS), {name: text})


if __name__ == "__main__":
    main()
