"""When, with what and on what the figures were taken: no name of a host, no path."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

from orderferry import __version__
from support.mariadb import MariadbServer

LIBRARIES = ("SQLAlchemy", "PyMySQL", "httpx", "python-amazon-sp-api", "click")


def facts(server: MariadbServer, rounds: int) -> list[str]:
    """Lines for the head of a section."""
    with server.engine().connect() as connection:
        database = connection.exec_driver_sql("SELECT VERSION()").scalar_one()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = os.getloadavg()[1]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, orderferry {__version__}, {rounds} rounds",
        f"- {platform.system()} on {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB of memory; "
        f"{busy:.1f} processes at work or waiting on average over the five minutes before",
        f"- Python {platform.python_version()}, {libraries}",
        f"- MariaDB {database}, with the tests' settings (each COMMIT reaches the operating system)",
    ]
