"""Where log lines go, and what each says of the run and the order that it is about."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import socket
import stat
from contextvars import Context
from datetime import UTC, datetime
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


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def line_of(formatter: logging.Formatter, message: str = "hello", **about: object) -> str:
    """What a formatter makes of a record of the 23rd of November, 06:00 and 1.2345 seconds."""
    record = logging.LogRecord("orderferry.test", logging.WARNING, "", 1, message, (), None)
    record.created = datetime(2026, 11, 23, 6, 0, 1, 234_500, UTC).timestamp()
    return formatter.format(record)


def test_a_line_of_text_and_one_of_json() -> None:
    def lines() -> None:
        assert line_of(logs.TextLines(), "a\x1bb") == "2026-11-23T06:00:01.234Z WARNING orderferry.test: a\\x1bb"
        assert line_of(logs.TextLines(with_time=False)) == "WARNING orderferry.test: hello"
        assert json.loads(line_of(logs.JsonLines(), "é\x1b")) == {
            "time": "2026-11-23T06:00:01.234Z",
            "level": "warning",
            "logger": "orderferry.test",
            "message": "é\\x1b",
        }
        assert "é" in line_of(logs.JsonLines(), "é"), "readable"
        log_run("it", "import", 0)
        assert line_of(logs.TextLines(with_time=False)) == "WARNING orderferry.test [it import dry run]: hello"
        assert json.loads(line_of(logs.JsonLines()))["run"] is None

    Context().run(lines)


def test_six_files_are_kept_the_newest_without_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_FILE", 20)
    handler = logs.LogFile(tmp_path / "log")
    handler.setFormatter(logging.Formatter("%(message)s"))
    for number in range(16):
        handler.emit(logging.makeLogRecord({"msg": f"line {number:04}"}))  # ten bytes with its end
    handler.close()
    files = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert files == {
        "log": "line 0014\nline 0015\n",
        "log.1": "line 0012\nline 0013\n",
        "log.2": "line 0010\nline 0011\n",
        "log.3": "line 0008\nline 0009\n",
        "log.4": "line 0006\nline 0007\n",
        "log.5": "line 0004\nline 0005\n",
    }
    assert logs.KEPT_FILES == 5


def test_a_file_may_have_five_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    handler = logs.LogFile(path)
    handler.setFormatter(logging.Formatter("%(message)s"))
    os.truncate(path, 4_999_990)
    handler.emit(logging.makeLogRecord({"msg": "line 0000"}))
    assert path.stat().st_size == 5_000_000
    assert [each.name for each in tmp_path.iterdir()] == ["log"]
    handler.emit(logging.makeLogRecord({"msg": ""}))
    handler.close()
    assert (path.read_text(), (tmp_path / "log.1").stat().st_size) == ("\n", 5_000_000)


def test_a_file_that_another_process_puts_aside_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_FILE", 20)
    path = tmp_path / "log"
    one, other = logs.LogFile(path), logs.LogFile(path)
    for handler in (one, other):
        handler.setFormatter(logging.Formatter("%(message)s"))
    one.emit(logging.makeLogRecord({"msg": "x" * 19}))
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        other.emit(logging.makeLogRecord({"msg": "not lost"}))
    assert path.read_text() == "x" * 19 + "\nnot lost\n"
    one.emit(logging.makeLogRecord({"msg": "anew"}))
    other.emit(logging.makeLogRecord({"msg": "there too"}))
    for handler in (one, other):
        handler.close()
    assert path.read_text() == "anew\nthere too\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log", "log.1"]


def test_a_line_that_can_t_be_written_is_lost_and_the_next_one_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    handler = logs.LogFile(folder / "log")
    handler.setFormatter(logging.Formatter("%(message)s"))
    open_files = open_descriptors()
    shutil.rmtree(folder)
    handler.emit(logging.makeLogRecord({"msg": "lost"}))
    assert open_descriptors() == open_files - 1
    folder.mkdir()
    handler.emit(logging.makeLogRecord({"msg": "caf\udce9"}))
    assert (folder / "log").read_text() == "caf\\udce9\n"
    handler.close()
    assert open_descriptors() == open_files - 1


def test_handlers_are_set_anew_and_the_old_ones_closed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger("orderferry")
    settings = LoggingSettings(str(tmp_path / "log"), "error", "json")
    logs.set_up_logging(logging.INFO, settings)
    open_files = open_descriptors()
    logs.set_up_logging(logging.INFO, settings)
    assert open_descriptors() == open_files
    assert [type(handler) for handler in root.handlers] == [logging.StreamHandler, logs.LogFile]
    assert (root.propagate, root.level) == (False, logging.DEBUG)
    Context().run(lambda: (log.info("for people"), log.debug("for nobody"), log.error("for both")))
    assert [line.partition(" ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "INFO orderferry.test: for people",
        "ERROR orderferry.test: for both",
    ]
    assert [json.loads(line)["message"] for line in (tmp_path / "log").read_text().splitlines()] == ["for both"]
    logs.set_up_logging(logging.INFO, LoggingSettings(""))
    assert len(root.handlers) == 1


def test_a_link_in_the_place_of_the_log_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/dev/null")
    with pytest.raises(ConfigError, match="can't be written: ") as caught:
        logs.set_up_logging(logging.INFO, LoggingSettings(str(tmp_path / "log")))
    assert caught.value.hint
