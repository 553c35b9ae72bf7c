"""The errors of `compare` are conditions of its own: told when they last, ended by itself and by no import."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from orderferry.errors import AmazonRefused, AmazonUnavailable, ExitCode
from orderferry.run.announce import announce, announce_errors
from orderferry.run.report import Report
from support.ledgers import NOW, opened

DAY = timedelta(days=1)
AWAY = AmazonUnavailable("Amazon does not answer.", hint="Later.")


def test_what_heals_by_itself_is_told_on_the_second_day_and_what_does_not_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "ledger.sqlite") as ledger:
        assert announce_errors(ledger, "compare", [AWAY], NOW) == ()
        ((code, line),) = announce_errors(ledger, "compare", [AWAY], NOW + DAY)
        assert (code, line) == (ExitCode.AMAZON_UNAVAILABLE, "compare: Amazon does not answer. Later.")
        ((code, line),) = announce_errors(ledger, "compare", [], NOW + 2 * DAY)
        assert (code, line) == (ExitCode.DONE, "Over: compare: Amazon does not answer. Later.")
        assert announce_errors(ledger, "compare", [AmazonRefused("No role.")], NOW + 2 * DAY)


def test_an_import_that_runs_in_between_does_not_end_it(tmp_path: Path) -> None:
    with opened(tmp_path / "ledger.sqlite") as ledger:
        announce_errors(ledger, "compare", [AmazonRefused("No role.")], NOW)
        report = Report("import", NOW)
        announce(ledger, report, NOW)
        assert report.said == ()
        assert list(ledger.conditions()) == ["compare: amazon-refused"]
