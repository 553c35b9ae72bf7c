"""Where log lines go, and what each says of the run and the order that it is about."""

from __future__ import annotations

import json
import logging
import socket
import stat
from contextvars import Context
from pathlib import Path

import pytest

from orderferry.cli import logs
from orderferry.config.model import LoggingSettings
from orderferry.errors import ConfigError
from orderferry.run.progress import log_order, log_run

ORDER = "302-0000000-0000001"
log = logging.getLogger("orderferry.test")


def some_lines() -> None:
    """Lines as a run logs them: before it, of it, of an order in hand."""
    log.info("starting")
    log_run("it", "import", 42)
    log.info("the run begins")
    with log_order(ORDER):
        log.info("order %s: created", ORDER)
        log.info("HTTP 200")
    log.info("the run ends")


def written(settings: LoggingSettings) -> None:
    logs.set_up_logging(logging.CRITICAL, settings)
    Context().run(some_lines)


def test_each_line_of_a_run_names_it_and_the_order(tmp_path: Path) -> None:
    file = tmp_path / "log"
    written(LoggingSettings(str(file), "info", "json"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line.get("shop"), line.get("command"), line.get("run"), line.get("order_id")) for line in lines] == [
        (None, None, None, None),
        ("it", "import", 42, None),
        ("it", "import", 42, ORDER),
        ("it", "import", 42, ORDER),
        ("it", "import", 42, None),
    ]
    assert all(line["time"].endswith("Z") for line in lines)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_lines_of_text_do_so_in_brackets(tmp_path: Path) -> None:
    file = tmp_path / "log"
    written(LoggingSettings(str(file), "info", "text"))
    lines = [line.partition(" ")[2] for line in file.read_text().splitlines()]
    assert lines == [
        "INFO orderferry.test: starting",
        "INFO orderferry.test [it import 42]: the run begins",
        f"INFO orderferry.test [it import 42]: order {ORDER}: created",
        f"INFO orderferry.test [it import 42 {ORDER}]: HTTP 200",
        "INFO orderferry.test [it import 42]: the run ends",
    ]


def test_a_full_file_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_FILE", 200)
    written(LoggingSettings(str(tmp_path / "log"), "info", "text"))
    assert len(list(tmp_path.iterdir())) > 1


def test_syslog_gets_the_programs_name_and_no_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "SYSLOG", "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("s")
        listener.settimeout(10)
        written(LoggingSettings("syslog", "info", "text"))
        heard = [listener.recv(4096).decode() for _ in range(5)]
    assert all("orderferry[" in line for line in heard)
    assert "]: INFO orderferry.test [it import 42]: the run begins" in heard[1]


def test_a_place_that_cant_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"logging\.file: .*none/log can't be written"):
        logs.set_up_logging(logging.INFO, LoggingSettings(str(tmp_path / "none/log"), "info", "text"))
