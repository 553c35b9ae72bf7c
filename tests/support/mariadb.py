"""A private MariaDB server for the tests: its own folder, a socket and a loopback port, gone with the test session."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

# What MySQL has by default: the importer must choose its own mode to get along with PrestaShop's zero dates.
MYSQL_DEFAULT_SQL_MODE = (
    "STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY,"
    "NO_ENGINE_SUBSTITUTION"
)
NOT_FOUND = "The tests need a MariaDB server: apt-get install mariadb-server (mariadbd and mariadb-install-db)."
STARTING_SECONDS = 60.0

# The shop's own user: all rights on every database, and a password that a careless URL would trip over.
USER = "shop"
PASSWORD = "p@ss:w/rd%1"

# Every COMMIT still reaches the operating system: it survives the kill of any process, only a power cut is not covered.
FAST = {
    "innodb_flush_log_at_trx_commit": "2",
    "innodb_flush_method": "nosync",
    "innodb_doublewrite": "OFF",
    "innodb_buffer_pool_size": "128M",
    "innodb_log_file_size": "64M",
    "innodb_file_per_table": "OFF",
    "innodb_stats_persistent": "OFF",
    "sync_frm": "OFF",
    "skip_log_bin": None,
    "performance_schema": "OFF",
}
DURABLE: Mapping[str, str | None] = {"innodb_flush_log_at_trx_commit": "1"}


@dataclass
class MariadbServer:
    """A running server. `options` are those beyond the common ones; `port` 0 until it runs."""

    folder: Path
    options: Mapping[str, str | None] = field(default_factory=lambda: FAST)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    _engines: dict[str, sa.Engine] = field(default_factory=dict)

    @property
    def socket(self) -> Path:
        return self.folder / "s"

    def command(self) -> list[str]:
        """The server program. Raise RuntimeError where none is installed."""
        return [find("mariadbd", "mysqld")]

    def defaults(self) -> Mapping[str, str | None]:
        """Options that are the same for all servers of this kind."""
        return {
            "character_set_server": "utf8mb4",
            "collation_server": "utf8mb4_general_ci",
            "sql_mode": MYSQL_DEFAULT_SQL_MODE,
            "max_connections": "50",
        }

    def install(self) -> None:
        """Make the data folder. Raise RuntimeError where no server is installed."""
        installer = find("mariadb-install-db", "mysql_install_db")
        subprocess.run(
            [
                installer,
                "--no-defaults",
                f"--datadir={self.folder / 'data'}",
                f"--user={getpass.getuser()}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ],
            check=True,
            capture_output=True,
            # As for the server itself (see `start`): the common folder is cleared by whoever starts beside it.
            env={**os.environ, "TMPDIR": str(self.folder)},
        )

    def start(self) -> None:
        """Start the server and wait until it answers. Raise RuntimeError with the end of its log when it does not."""
        self.port = self.port or free_port()
        log = self.folder / "log"
        common: Mapping[str, str | None] = {
            "datadir": str(self.folder / "data"),
            # Not the common one: a server that starts beside this one clears its tables away there.
            "tmpdir": str(self.folder),
            "socket": str(self.socket),
            "pid_file": str(self.folder / "pid"),
            "port": str(self.port),
            "bind_address": "127.0.0.1",
            "user": getpass.getuser(),
            "skip_name_resolve": None,
            **self.defaults(),
        }
        arguments = [
            f"--{name}" + ("" if value is None else f"={value}") for name, value in {**common, **self.options}.items()
        ]
        with log.open("ab") as output:
            # Python ignores SIGXFSZ, and so must a server that is told how large its files may grow.
            self.process = subprocess.Popen(
                [*self.command(), "--no-defaults", *arguments],
                stdout=output,
                stderr=output,
                restore_signals=False,
            )
        self._wait(log)
        with self.engine().connect() as connection:
            self._create_user(connection)

    def stop(self, *, kill: bool = False) -> None:
        """Stop the server, or `kill` it as a crash would."""
        if self.process is not None:
            self.process.kill() if kill else self.process.terminate()
            self.process.wait(STARTING_SECONDS)
            self.process = None

    def url(self, database: str = "", user: str = USER, password: str = PASSWORD) -> sa.URL:
        """The TCP URL of a database on this server, for the shop's user unless another is named."""
        return sa.URL.create("mysql+pymysql", user, password, "127.0.0.1", self.port, database or None)

    def engine(self, database: str = "") -> sa.Engine:
        """The engine for the server's root, without a pool, so that no connection outlives a test."""
        if database not in self._engines:
            self._engines[database] = unpooled(self.url(database, "root", ""))
        return self._engines[database]

    @contextmanager
    def variables(self, **values: str | int) -> Iterator[None]:
        """Global variables (`auto_increment_increment=3`) for the connections opened within, set back afterwards."""
        with self.engine().connect() as connection:
            before = {name: connection.exec_driver_sql(f"SELECT @@GLOBAL.{name}").scalar_one() for name in values}
            self._set(connection, values)
            try:
                yield
            finally:
                self._set(connection, before)

    @staticmethod
    def _set(connection: sa.Connection, values: Mapping[str, str | int]) -> None:
        for name, value in values.items():
            connection.exec_driver_sql(f"SET GLOBAL {name} = %s", (value,))

    def _create_user(self, connection: sa.Connection) -> None:
        account = f"'{USER}'@'127.0.0.1'"
        connection.exec_driver_sql(f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY %s", (PASSWORD,))
        connection.exec_driver_sql(f"GRANT ALL PRIVILEGES ON *.* TO {account}")

    def _wait(self, log: Path) -> None:
        deadline = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with self.engine().connect():
                    return
            except sa.exc.OperationalError:
                time.sleep(0.05)  # another process is starting: there is nothing to wait on but its answer
        self.stop(kill=True)
        raise RuntimeError("The database server did not start:\n" + log.read_text("utf-8", "replace")[-3000:])


def unpooled(url: sa.URL | str) -> sa.Engine:
    """An engine of the tests' own, without a pool, and without TLS: for that PyMySQL would read all certificates of the
    machine for each connection, which takes ten times as long as to connect."""
    plain = {"ssl_disabled": True} if sa.make_url(url).drivername == "mysql+pymysql" else {}
    return sa.create_engine(url, poolclass=sa.NullPool, connect_args=plain)


@contextmanager
def running_server(
    options: Mapping[str, str | None], make: Callable[..., MariadbServer] = MariadbServer
) -> Iterator[MariadbServer]:
    """A new server with these options, in a folder that is removed afterwards; `make`: of which kind.

    The folder's path is short (pytest's may not be): a socket's may not be longer than a hundred bytes.
    """
    with tempfile.TemporaryDirectory(prefix="orderferry-") as folder:
        server = make(Path(folder), options)
        server.install()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def find(*names: str) -> str:
    """The path of the first of these programs that is there. Raise RuntimeError for none."""
    places = ":".join(["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"])
    for name in names:
        found = shutil.which(name) or shutil.which(name, path=places)
        if found:
            return found
    raise RuntimeError(NOT_FOUND)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
