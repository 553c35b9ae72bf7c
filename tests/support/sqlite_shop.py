"""Seeded shops in SQLite files: each version with its seed is made once, and then copied."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from orderferry.prestashop.sample_shop import DEFAULT_VERSION, ShopSeed, create_shop
from support.shop_database import ShopDatabase


def sqlite_shop_in(folder: Path, seed: ShopSeed | None = None, version: str = DEFAULT_VERSION) -> ShopDatabase:
    """A fresh shop in the file `shop.sqlite` of that folder."""
    path = folder / "shop.sqlite"
    key = (version, repr(seed))  # a seed may hold mappings, so it is no key by itself
    if key not in _PRISTINE:
        _PRISTINE[key] = _made(version, seed)
    path.write_bytes(_PRISTINE[key])
    return ShopDatabase(f"sqlite:///{path}", "ps_", version)


_PRISTINE: dict[tuple[str, str], bytes] = {}


def _made(version: str, seed: ShopSeed | None) -> bytes:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)  # in memory: no disk is waited for
    create_shop(engine, version, seed=seed)
    with engine.connect() as connection:
        database = connection.connection.driver_connection
        assert isinstance(database, sqlite3.Connection)
        content = database.serialize()
    engine.dispose()
    return content
