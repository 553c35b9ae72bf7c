"""What all tests share: Hypothesis profiles, a neutral environment, no network, and a shop's database."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from orderferry.prestashop.sample_shop import DEFAULT_VERSION, ShopSeed
from support.children import RUNNER
from support.mariadb import FAST, MariadbServer, running_server
from support.proofs import choose_cases, proofs, pytest_terminal_summary  # noqa: F401 — a fixture and a hook
from support.shop_database import ShopDatabase
from support.shop_databases import ShopDatabases
from support.sqlite_shop import sqlite_shop_in
from support.starting import STARTERS, started_anew  # noqa: F401 — a fixture

# `deterministic` for those who want the same examples every time; `ci`, and --whole, look longer than a person waits.
settings.register_profile("dev", max_examples=40, deadline=None)
settings.register_profile("ci", max_examples=300, deadline=None, print_blob=True)
settings.register_profile("deterministic", max_examples=60, deadline=None, derandomize=True, database=None)

# Variables that would change what is tested: the program's own, its libraries', proxies.
FOREIGN_PREFIXES = ("ORDERFERRY_", "SP_API_", "LWA_", "AWS_", "XDG_")
FOREIGN_NAMES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NO_COLOR", "FORCE_COLOR", "COLUMNS"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run every proof whole instead of its seeded sample")


def pytest_configure(config: pytest.Config) -> None:
    for name in list(os.environ):
        if name.upper().startswith(FOREIGN_PREFIXES) or name.upper() in FOREIGN_NAMES:
            del os.environ[name]
    os.environ.update(TZ="UTC", LC_ALL="C.UTF-8", LANG="C.UTF-8")
    time.tzset()
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if config.getoption("--whole") else "dev"))
    STARTERS.anew = config.getoption("--whole")


def pytest_sessionfinish() -> None:
    STARTERS.close()
    RUNNER.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs the server; leave out what is marked `whole`, or `sample` and not chosen, unless asked for."""
    for item in items:
        if "mariadb_server" in getattr(item, "fixturenames", ()):
            item.add_marker("mariadb")
    whole = config.getoption("--whole")
    left_out = set(choose_cases(items, whole))
    if not whole:
        left_out.update(item for item in items if item.get_closest_marker("whole"))
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """Let the garbage collector leave out what lives as long as the tests: it took a tenth of their time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> bool:
    """Whether the whole of a proof was asked for (--whole)."""
    return bool(request.config.getoption("--whole"))


@pytest.fixture(autouse=True)
def _logging_not_set_up() -> Iterator[None]:
    """Begin and end with a program's logger as it is before a command sets it up, whatever wider fixtures ran."""
    logger = logging.getLogger("orderferry")

    def reset() -> None:
        for handler in logger.handlers:
            handler.close()
        logger.handlers, logger.propagate, logger.disabled = [], True, False
        logger.setLevel(logging.NOTSET)

    reset()
    yield
    reset()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine, and every look-up of a name."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(family: int, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if family != socket.AF_UNIX and not is_loopback(host):
            raise AssertionError(f"a test tried to reach {host}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(self.family, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not is_loopback(name):
            raise socket.gaierror(socket.EAI_NONAME, f"a test tried to look up {name}")
        return getaddrinfo(host, *arguments, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return host in {"localhost", "::1"} or host.startswith("127.")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """One private server for the session (for each worker, under xdist). Fails where no server is installed."""
    with running_server(FAST) as server:
        yield server


@pytest.fixture
def mariadb_with() -> Iterator[Callable[..., MariadbServer]]:
    """Makes servers of the test's own: `mariadb_with(**DURABLE, wait_timeout="2")`."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running_server(options))


@pytest.fixture(scope="session")
def shop_databases(mariadb_server: MariadbServer) -> ShopDatabases:
    """The session's templates of shops."""
    return ShopDatabases(mariadb_server)


@pytest.fixture
def shop_database_of(shop_databases: ShopDatabases) -> Iterator[Callable[..., ShopDatabase]]:
    """Makes fresh shops: `shop_database_of("1.6.1.24", prefix="ps_", seed=None)`; any number in a test."""
    made: list[ShopDatabase] = []

    def create(version: str = DEFAULT_VERSION, *, prefix: str = "ps_", seed: ShopSeed | None = None) -> ShopDatabase:
        made.append(shop_databases.create(version, prefix=prefix, seed=seed))
        return made[-1]

    yield create
    for shop in made:
        shop_databases.give_back(shop)


@pytest.fixture
def shop_database(shop_database_of: Callable[..., ShopDatabase]) -> ShopDatabase:
    """A fresh shop of 8.2.1 on MariaDB, with the default seed."""
    return shop_database_of()


@pytest.fixture
def sqlite_shop(tmp_path: Path) -> ShopDatabase:
    """A fresh shop of 8.2.1 in an SQLite file, with the default seed."""
    return sqlite_shop_in(tmp_path)
