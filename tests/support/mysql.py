"""MySQL servers for the tests, where they are to be had: those that `scripts/mysql-servers` has fetched into .mysql/.

Their defaults stay: MySQL 9 forbids zero dates and has collations that MariaDB has not; MySQL 5.6 is not strict, knows
latin1 first, and has neither SKIP LOCKED nor roles.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import sqlalchemy as sa

from support.mariadb import PASSWORD, USER, MariadbServer, running_server

PLACE = Path(__file__).parents[2] / ".mysql"
NOT_THERE = "no MySQL server: scripts/mysql-servers fetches them"

# As quick as the MariaDB of the tests; those options that a version does not know are passed over.
QUICK: Mapping[str, str | None] = {
    "innodb_flush_log_at_trx_commit": "2",
    "innodb_flush_method": "nosync",
    "innodb_doublewrite": "OFF",
    "innodb_buffer_pool_size": "128M",
    "loose_innodb_redo_log_capacity": "64M",
    "innodb_file_per_table": "OFF",
    "innodb_stats_persistent": "OFF",
    "loose_information_schema_stats_expiry": "0",
    "loose_mysqlx": "OFF",
    "skip_log_bin": None,
    "performance_schema": "OFF",
    "secure_file_priv": "",
}


def fetched() -> list[str]:
    """The names of the MySQL servers that are there ("5.6", "9")."""
    return sorted(program.parent.name for program in PLACE.glob("*/mysqld"))


@dataclass
class MysqlServer(MariadbServer):
    """A running MySQL. `name`: which of those that were fetched."""

    name: str = ""

    @cached_property
    def version(self) -> tuple[int, ...]:
        """(9, 7, 4)."""
        told = subprocess.run([*self.command(), "--no-defaults", "--version"], check=True, capture_output=True).stdout
        found = re.search(rb"Ver (\d+)\.(\d+)\.(\d+)", told)
        assert found is not None, told
        return tuple(map(int, found.groups()))

    def command(self) -> list[str]:
        return [str(PLACE / self.name / "mysqld")]

    def install(self) -> None:
        shutil.copytree(PLACE / self.name / "data", self.folder / "data")

    def defaults(self) -> Mapping[str, str | None]:
        return {"max_connections": "50"}

    def _create_user(self, connection: sa.Connection) -> None:
        account = f"'{USER}'@'127.0.0.1'"
        if self.version < (5, 7):
            connection.exec_driver_sql(f"GRANT ALL PRIVILEGES ON *.* TO {account} IDENTIFIED BY %s", (PASSWORD,))
        else:
            super()._create_user(connection)


def running_mysql(name: str) -> AbstractContextManager[MariadbServer]:
    """A new server of that name, gone at the end."""
    return running_server(QUICK, partial(MysqlServer, name=name))
