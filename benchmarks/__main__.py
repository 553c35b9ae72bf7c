"""`python -m benchmarks [NAME…]`: runs the benchmarks, prints their table, and writes RESULTS.md when all were run."""

from __future__ import annotations

import argparse
import sys
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
    start,
    statements,
)
from benchmarks.figures import Figure, markdown
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
}
# A look in a few minutes: the same figures on less.
QUICK: dict[str, Benchmark] = {
    **BENCHMARKS,
    "ledger": partial(ledger_size.figures, orders=100_000),
    "checkout": partial(checkout.figures, orders=1_000),
    "large": partial(large_shop.figures, size=SMALL),
    "memory": partial(memory.figures, many=5_000),
    "quota": partial(quota.figures, stories=((500, 1), (100, 1))),
}
RESULTS = ROOT / "benchmarks" / "RESULTS.md"


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--rounds", type=int, default=7, help="how often each side is measured (default: 7)")
    parser.add_argument("--quick", action="store_true", help="less of everything; writes no RESULTS.md")
    given = parser.parse_args()
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    names = given.names or list(BENCHMARKS)
    chosen = QUICK if given.quick else BENCHMARKS
    # A large shop's pages must fit, or the disk would be what is measured.
    with running_server({**FAST, "innodb_buffer_pool_size": "1G", "innodb_log_file_size": "256M"}) as server:
        shops, found, head = Shops(server, ShopDatabases(server)), list[Figure](), machine.facts(server)
        for name in names:
            began = time.monotonic()
            found += chosen[name](shops, given.rounds)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(markdown(found))
    if not given.names and not given.quick:
        RESULTS.write_text(_page(head, found, given.rounds), encoding="utf-8")


def _page(head: list[str], found: list[Figure], rounds: int) -> str:
    parts = [
        "# What orderferry costs",
        "Written by `python -m benchmarks`. Both sides of a row were measured in the same run, in turns; where there "
        f"are several values they are the median (least … most) of {rounds} rounds, and ratios are taken round by "
        "round. `NOTES.md` says what the limits are made of.",
        "\n".join(head),
        markdown(found),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
