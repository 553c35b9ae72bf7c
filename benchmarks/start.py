"""The start: `--help`, and an import that finds nothing new beside the mere import of the libraries it needs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from benchmarks.figures import Figure, Spread, at_most, compared
from benchmarks.processes import environment, python, run
from benchmarks.shops import SEED, Shops
from orderferry.prestashop.sample_shop import create_shop
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install

# What any program needs that talks to both sides with the libraries that an idle import loads, and nothing else.
FLOOR = """
import sys
import click, dateutil.parser, eu_vat_rates_data, httpx, pycountry
import sqlalchemy.dialects.mysql, sqlalchemy.dialects.sqlite
import sp_api.api.orders.orders_2026_01_01
url, endpoint, token_url, client_id, client_secret, refresh_token = sys.argv[1:]
sqlalchemy.create_engine(url).connect()
form = {"grant_type": "refresh_token", "client_id": client_id, "client_secret": client_secret}
httpx.Client(trust_env=False).post(token_url, data=form | {"refresh_token": refresh_token}).raise_for_status()
"""


def figures(shops: Shops, rounds: int) -> list[Figure]:
    """The figures of the start."""
    with TemporaryDirectory(prefix="orderferry-") as folder:
        bare = environment(Path(folder))
        help_cost = [run(python("-m", "orderferry", "--help"), environ=bare).cpu for _ in range(rounds)]
        python_cost = [run(python("-c", "import click"), environ=bare).cpu for _ in range(rounds)]
    found = [compared("CPU of `orderferry --help`, beside `import click`", help_cost, python_cost)]
    with shops.fresh() as shop:
        found.append(_idle(shop.url, "MariaDB", rounds))
    with TemporaryDirectory(prefix="orderferry-") as folder:
        url = f"sqlite:///{folder}/shop.sqlite"
        create_shop(sa.create_engine(url), seed=SEED)
        found.append(_idle(url, "the embedded SQLite shop", rounds))
    return found


def idle_cost(installed: Installed) -> float:
    """The CPU of an import that finds nothing new, its one call to Amazon included."""
    refill_quota(installed.ledger)
    cost = run(installed.command("import"), environ=installed.environment(), folder=installed.folder)
    if cost.code:
        raise RuntimeError(f"the idle import ended with {cost.code}")
    return cost.cpu


def refill_quota(ledger: Path) -> None:
    """Put the tokens back that the rounds before have spent: a benchmark starts more often than cron."""
    if ledger.exists():
        with closing(sqlite3.connect(ledger)) as connection, connection:
            connection.execute("DELETE FROM quota")


def small_world() -> SimulatorServer:
    """An Amazon with a few dozen orders of the last days."""
    start = datetime.now(UTC) - timedelta(days=3)
    return SimulatorServer(generate(5, start, 3, 25, ("IT", "DE", "FR", "ES")), usage_plans=False)


def _idle(url: str, name: str, rounds: int) -> Figure:
    with small_world() as amazon, TemporaryDirectory(prefix="orderferry-") as folder:
        installed = install(Path(folder), amazon, url)
        for _ in range(2):
            installed.run("import")
        who = installed.credentials
        words = (url, amazon.endpoint, amazon.token_url, who.client_id, who.client_secret, who.refresh_token)
        ours, floor = [], []
        for _ in range(rounds):
            ours.append(idle_cost(installed))
            floor.append(run(python("-c", FLOOR, *words), environ=installed.environment()).cpu)
    what = f"CPU of an import with nothing new ({name}), beside importing the libraries and connecting to both sides"
    return compared(what, ours, floor, at_most(1.6))


def peak(values: list[float]) -> str:
    """Memory of several rounds."""
    return Spread(tuple(values)).text("{:.0f} MB")
