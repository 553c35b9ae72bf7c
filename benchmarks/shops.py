"""Fresh shops on the private server, and an importer's shop side and ledger on one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from benchmarks.amazon_orders import pages
from orderferry.config.model import AmazonSettings, LedgerSettings, PrestashopSettings, Secret, Settings
from orderferry.domain.decide import Rules
from orderferry.domain.marketplaces import Region, find_marketplace
from orderferry.domain.orders import Order
from orderferry.ledger.ledger import open_ledger
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.prestashop.shop import PrestashopShop
from orderferry.run.process import Processor
from orderferry.run.report import Report
from orderferry.run.stop import StopSwitch
from orderferry.simulator.catalog import DEMO_CATALOG
from support.mariadb import MariadbServer
from support.shop_database import ShopDatabase
from support.shop_databases import ShopDatabases

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SEED = ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1_000_000))
VERSION = "8.2.1"


@dataclass
class Shops:
    """Makes shops with what the simulated buyers order."""

    server: MariadbServer
    databases: ShopDatabases

    @contextmanager
    def fresh(self, seed: ShopSeed = SEED) -> Iterator[ShopDatabase]:
        """A pristine shop of 8.2.1."""
        shop = self.databases.create(VERSION, seed=seed)
        try:
            yield shop
        finally:
            self.databases.give_back(shop)


def now() -> datetime:
    """A clock that stands still: what is measured does not depend on the day."""
    return NOW


@contextmanager
def importer(database: ShopDatabase, port: int | None = None) -> Iterator[Processor]:
    """The way from decoded orders to their results, with the shop's look-ups, writing and a ledger of its own.

    `port` replaces the server's own: that of a proxy in between.
    """
    with TemporaryDirectory(prefix="orderferry-") as folder:
        settings = _settings(database, Path(folder), port)
        ledger = open_ledger(settings.ledger.path, account="benchmark", shop="benchmark", now=NOW)
        shop = PrestashopShop(
            settings, recall=ledger.recall, remember=ledger.remember, clock=now, sleep=lambda _seconds: None
        )
        try:
            shop.prepare(write=True)
            run = ledger.begin_run("import", NOW)
            yield Processor(
                shop, ledger, Report("import", NOW), StopSwitch(now), now, lambda _: timedelta(days=30), run
            )
        finally:
            shop.close()
            ledger.close()


def take(processor: Processor, orders: list[Order]) -> None:
    """Import orders page by page. Raise RuntimeError when more than one in a hundred is not created."""
    for page in pages(orders):
        processor.process(page, Rules())
    created = processor.report.counts["created"]
    if created < len(orders) * 0.99:
        told = sorted({problem.message for problem in processor.report.problems.values()})
        raise RuntimeError(f"{created} of {len(orders)} orders were created; {told[:3]}")


def _settings(database: ShopDatabase, folder: Path, port: int | None) -> Settings:
    marketplaces = tuple(filter(None, map(find_marketplace, ("IT", "DE", "FR", "ES"))))
    url = sa.make_url(database.url)
    url = url.set(port=port) if port else url
    return Settings(
        path=folder / "config.toml",
        name="config",
        amazon=AmazonSettings(Region.EU, marketplaces, "id", Secret("s"), Secret("r"), "https://a", "https://b"),
        prestashop=PrestashopSettings(Secret(url.render_as_string(hide_password=False)), "benchmark", "ps_"),
        ledger=LedgerSettings(folder / "ledger.sqlite"),
    )
