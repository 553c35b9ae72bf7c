"""The folder that the demo leaves: configuration, shop, ledger and the simulator's world."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from orderferry.domain.durations import iso
from orderferry.errors import UsageError
from orderferry.prestashop.sample_shop import ShopSeed, create_shop, plain_products
from orderferry.safe_files import UnsafePlace, create_file, refuse_unsafe_folder
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer

CONFIGURATION = """\
# Written by `orderferry demo`: a simulated Amazon and a PrestaShop database in a file.
[amazon]
region = "eu"
marketplaces = ["IT", "DE", "FR", "ES"]
client_id = "{client_id}"
client_secret = "{client_secret}"
refresh_token = "{refresh_token}"
endpoint = "{endpoint}"
token_url = "{token_url}"

[prestashop]
url = "sqlite:///shop.sqlite"

[orders]
since = "{since}"
"""
OURS = ("config.toml", "shop.sqlite", "world.json", "config.ledger.sqlite")


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where the demo's files are."""

    path: Path

    @property
    def configuration(self) -> Path:
        """The configuration of the demo shop (TOML)."""
        return self.path / "config.toml"

    @property
    def shop(self) -> Path:
        """The SQLite file that stands for the database of PrestaShop."""
        return self.path / "shop.sqlite"

    @property
    def world(self) -> Path:
        """The file of the simulated orders (JSON)."""
        return self.path / "world.json"


def prepare_folder(path: Path) -> DemoFolder:
    """Given where the demo shall live, return an empty folder there.

    What an earlier demo left is removed; anything else stops with a UsageError.
    """
    try:
        refuse_unsafe_folder(next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists()))
    except UnsafePlace as error:
        raise UsageError(f"No demo in {path}: {error.strerror}.", hint=error.hint) from None
    path.mkdir(parents=True, exist_ok=True)
    for entry in sorted(path.iterdir()):
        if not entry.name.startswith(OURS):
            raise UsageError(f"{path} holds {entry.name}, which no demo has put there.", hint="Give an empty --folder.")
        entry.unlink()
    return DemoFolder(path)


def write_configuration(folder: DemoFolder, server: SimulatorServer, since: datetime) -> None:
    """Write the configuration for this simulator, readable by the user alone."""
    text = CONFIGURATION.format(
        client_id=server.credentials.client_id,
        client_secret=server.credentials.client_secret,
        refresh_token=server.credentials.refresh_token,
        endpoint=server.endpoint,
        token_url=server.token_url,
        since=iso(since),
    )
    with os.fdopen(create_file(folder.configuration), "w", encoding="utf-8") as file:
        file.write(text)


def create_demo_shop(folder: DemoFolder) -> None:
    """Create the embedded shop, with a product for each SKU that the simulated buyers order."""
    os.close(create_file(folder.shop))  # SQLite would follow a link
    engine = sa.create_engine(f"sqlite:///{folder.shop}")
    try:
        create_shop(engine, seed=ShopSeed(products=plain_products([item.sku for item in DEMO_CATALOG], 1000)))
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # kept in the file: one wait for the disk a commit
    finally:
        engine.dispose()
