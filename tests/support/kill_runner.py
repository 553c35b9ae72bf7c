"""Runs orderferry's command line in forked children, with accidents on order: a program for tests, not a module.

It imports everything once and then takes one request a line (JSON) on stdin; each answer is one line on stdout:

    {"do": "start", "words": ["-c", "config.toml", "import"], "now": "2026-11-23T06:00:00+00:00", "accident": {…}, …}
                           -> {"pid": 123}
    {"do": "wait", "pid": 123}
                           -> {"stopped": false, "code": 0, "signal": 0}   (stopped: it waits at its accident)

A child counts what it does: each statement to the shop's database, each COMMIT that was sent and that was answered
(these by themselves, too), and each statement to the ledger. At the n-th of a family its accident happens. Production
code knows nothing of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.constants import COMMAND
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from orderferry import bootstrap
from orderferry.amazon import parameters
from orderferry.cli import main
from support.preloaded import preload

SHOP, COMMITTED, LEDGER = "shop", "committed", "ledger"
WORDS_OF_EVENT = 60
REAL_CONNECT = sqlite3.connect


@dataclass
class Accident:
    """`kind` happens at the `at`-th event of `family` (from 1); 0: never.

    kill: SIGKILL. stop: SIGSTOP, until the test says SIGCONT. lose: the connection breaks off (at an answered COMMIT:
    its answer is lost). SIGTERM and its kin: the signal.
    """

    kind: str = ""
    family: str = SHOP
    at: int = 0


@dataclass
class Counting:
    """What a child has done so far."""

    accident: Accident
    events: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, family: str, text: str) -> None:
        """Count an event; let the accident happen."""
        self.events.append((family, text[:WORDS_OF_EVENT]))
        self.counts[family] += 1
        if (family, self.counts[family]) == (self.accident.family, self.accident.at):
            self._happen()

    def _happen(self) -> None:
        kind = self.accident.kind
        if kind == "lose":
            raise Lost
        number = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}.get(kind) or signal.Signals[kind]
        os.kill(os.getpid(), number)


class Lost(Exception):
    """The connection breaks off here."""


def count_shop(counting: Counting) -> None:
    """Count the statements that PyMySQL sends. A COMMIT is three events: before it, sent, and answered."""
    real_query, real_rollback = Connection.query, Connection.rollback

    def note(self: Connection[Any], text: str) -> None:
        try:
            counting.note(SHOP, text)
        except Lost:
            self._force_close()
            raise pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query") from None

    def query(self: Connection[Any], sql: str | bytes, unbuffered: bool = False) -> int:
        note(self, sql if isinstance(sql, str) else sql.decode("utf-8", "replace"))  # bytes, or a bytearray
        return real_query(self, sql, unbuffered)

    def commit(self: Connection[Any]) -> None:
        note(self, "COMMIT")
        self._execute_command(COMMAND.COM_QUERY, "COMMIT")
        note(self, "COMMIT sent")
        self._read_ok_packet()
        note(self, "COMMIT answered")
        counting.note(COMMITTED, "COMMIT answered")

    def rollback(self: Connection[Any]) -> None:
        note(self, "ROLLBACK")
        real_rollback(self)

    Connection.query, Connection.commit, Connection.rollback = query, commit, rollback  # type: ignore[method-assign]


def count_ledger(counting: Counting, ledger: str) -> None:
    """Count the statements on the ledger's file, just before SQLite begins each."""

    def connect(database: Any, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = REAL_CONNECT(database, *arguments, **options)
        if str(database).removeprefix("file://").startswith(ledger):
            connection.set_trace_callback(partial(counting.note, LEDGER))
        return connection

    sqlite3.connect = connect  # type: ignore[assignment]


def without_returning() -> None:
    """Let SQLAlchemy believe that the server can't INSERT … RETURNING (MySQL and old MariaDB can't)."""
    real = MySQLDialect_pymysql.initialize

    def initialize(self: Any, connection: Any) -> None:
        real(self, connection)
        self.insert_returning = False

    MySQLDialect_pymysql.initialize = initialize  # type: ignore[method-assign]


def clock(request: dict[str, Any]) -> tuple[Callable[[], datetime], Callable[[float], None]]:
    """The child's now and sleep: virtual (a sleep takes no time and moves the clock), or running with real time."""
    start, begun = datetime.fromisoformat(request["now"]).astimezone(UTC), time.monotonic()
    slept = [0.0]
    if request.get("real_time"):
        return lambda: start + timedelta(seconds=time.monotonic() - begun), time.sleep

    def sleep(seconds: float) -> None:
        slept[0] += seconds

    return lambda: start + timedelta(seconds=slept[0]), sleep


def run(request: dict[str, Any]) -> int:
    """Be the program, as the request says; return its exit code."""
    counting = Counting(Accident(**request.get("accident", {})))
    now, sleep = clock(request)
    count_shop(counting)
    count_ledger(counting, request["ledger"])
    bootstrap.utc_now = now
    bootstrap.Installation = partial(bootstrap.Installation, now=now, sleep=sleep)  # type: ignore[assignment,misc]
    if request.get("page_size"):
        parameters.PAGE_SIZE = request["page_size"]
    if request.get("returning") is False:
        without_returning()
    sys.argv = ["orderferry", *request["words"]]
    try:
        main.main()
    except SystemExit as end:
        code = int(end.code or 0)
    Path(request["events"]).write_text(json.dumps(counting.events), encoding="utf-8")
    return code


def start(request: dict[str, Any]) -> int:
    """Fork a child for the request; return its process id."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.chdir(request["folder"])
        os.environ["HOME"] = request["folder"]
        for descriptor, name in ((1, request["out"]), (2, request["err"])):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = run(request)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def wait(pid: int) -> dict[str, Any]:
    """Wait until a child has ended or stopped itself."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"stopped": True}
    code = os.waitstatus_to_exitcode(status)
    return {"stopped": False, "code": max(code, 0), "signal": max(-code, 0)}


def serve() -> None:
    """Take requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"pid": start(request)} if request["do"] == "start" else wait(request["pid"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    preload()
    serve()
