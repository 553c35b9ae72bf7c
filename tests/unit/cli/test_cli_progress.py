"""Progress: what is counted, when it is shown, and to whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orderferry.cli import progress
from orderferry.cli.progress import Counting, PlainLines, shown_progress
from orderferry.run.progress import SILENT

UNTIL = datetime(2026, 11, 23, 6, 5, 4, tzinfo=UTC)


class Seen:
    """A face that keeps what it shows."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, int, int]] = []

    def show(self, text: str, done: int, total: int) -> None:
        self.shown.append((text, done, total))


def test_pages_orders_and_waits_are_counted() -> None:
    face = Seen()
    counting = Counting("import", face)
    counting.page_read(2)
    counting.order_done()
    counting.waiting("getOrder", UNTIL)
    counting.order_done()
    counting.page_read(1)
    assert face.shown == [
        ("import: 1 page read", 0, 2),
        ("import: 1 page read", 1, 2),
        ("import: waiting for Amazon's quota of getOrder until 06:05:04 UTC", 1, 2),
        ("import: 1 page read", 2, 2),
        ("import: 2 pages read", 2, 3),
    ]


def test_plain_lines_are_one_a_page_not_one_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    counting = Counting("recheck", PlainLines())
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
        (None, True, False, False, "Bar"),
        (None, True, False, True, ""),
        (None, True, True, False, ""),
        (None, False, False, False, ""),
        (True, True, False, True, "Bar"),
        (True, False, False, False, "PlainLines"),
        (True, False, True, False, ""),
        (False, True, False, False, ""),
    ],
)
def test_who_sees_what(
    wanted: bool | None, terminal: bool, quiet: bool, verbose: bool, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: terminal, raising=False)
    with shown_progress("import", wanted, quiet=quiet, verbose=verbose) as told:
        if face:
            assert isinstance(told, Counting)
            assert type(told._face).__name__ == face
            told.page_read(1)
        else:
            assert told is SILENT
