"""Progress: what is counted, when it is shown, and to whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orderferry.cli import progress
from orderferry.cli.progress import Counting, plain_lines, shown_progress
from orderferry.run.progress import SILENT

UNTIL = datetime(2026, 11, 23, 6, 5, 4, tzinfo=UTC)


def test_pages_orders_and_waits_are_counted() -> None:
    shown: list[tuple[str, int, int | None]] = []
    counting = Counting("import", lambda *what: shown.append(what))
    counting.page_read(2)
    counting.order_done()
    counting.waiting("getOrder", UNTIL)
    counting.order_done()
    counting.page_read(1)
    assert shown == [
        ("import: 1 page read", 0, 2),
        ("import: 1 page read", 1, 2),
        ("import: waiting for Amazon's quota of getOrder until 06:05:04 UTC", 1, 2),
        ("import: 1 page read", 2, 2),
        ("import: 2 pages read", 2, 3),
    ]


def test_plain_lines_are_one_a_page_not_one_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    counting = Counting("recheck", plain_lines())
    counting.page_read(100)
    for _ in range(100):
        counting.order_done()
    counting.page_read(3)
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        "recheck: 1 page read, 0 of 100 orders done",
        "recheck: 2 pages read, 100 of 103 orders done",
    ]
    assert captured.out == ""


@pytest.mark.parametrize(
    ("wanted", "terminal", "quiet", "verbose", "face"),
    [
        (None, True, False, False, "bar"),
        (None, True, False, True, ""),
        (None, True, True, False, ""),
        (None, False, False, False, ""),
        (True, True, False, True, "bar"),
        (True, False, False, False, "lines"),
        (True, False, True, False, ""),
        (False, True, False, False, ""),
    ],
)
def test_who_sees_what(
    wanted: bool | None,
    terminal: bool,
    quiet: bool,
    verbose: bool,
    face: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: terminal, raising=False)
    with shown_progress("import", wanted, quiet=quiet, verbose=verbose) as told:
        if face:
            assert isinstance(told, Counting)
            told.page_read(1)
        else:
            assert told is SILENT
    shown = capsys.readouterr().err
    assert ("import: 1 page read, 0 of 1 orders done\n" in shown) == (face == "lines")
    assert ("\x1b[" in shown) == (face == "bar")
