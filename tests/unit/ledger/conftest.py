"""Places for a ledger: an ordinary file, a server's database, a small disk, a folder of another user."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderferry.config.model import LedgerPlace, Secret
from support.disks import small_disk
from support.ledgers import ledger_database
from support.mariadb import MariadbServer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.ledger.sqlite"


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.mariadb)])
def place(request: pytest.FixtureRequest) -> Iterator[LedgerPlace]:
    """Both kinds of ledgers, one after the other: a test that takes this holds for either."""
    if request.param == "file":
        yield request.getfixturevalue("path")
        return
    with ledger_database(request.getfixturevalue("mariadb_server")) as url:
        yield url


@pytest.fixture
def url(mariadb_server: MariadbServer) -> Iterator[Secret]:
    """A ledger's place on a server."""
    with ledger_database(mariadb_server) as url:
        yield url


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 512 KiB; skipped where this user can't mount one."""
    with small_disk(tmp_path / "small", "512k") as folder:
        yield folder


@pytest.fixture
def readable_folder() -> Iterator[Path]:
    """A folder that everybody may read and only root write, for tests that become a user who is not root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become a user without rights")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
