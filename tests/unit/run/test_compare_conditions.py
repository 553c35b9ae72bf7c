"""The errors of `compare` are conditions of its own: told when they last, ended by itself and by no import."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from orderferry.errors import (
    AlreadyRunning,
    AmazonRefused,
    AmazonUnavailable,
    ExitCode,
    MarketplaceRefused,
    OrderferryError,
)
from orderferry.run.conditions import announce, announce_comparison
from orderferry.run.report import Report
from support.ledgers import NOW, opened

DAY = timedelta(days=1)
AWAY = AmazonUnavailable("Amazon does not answer.", hint="Later.")


def test_what_heals_by_itself_is_told_on_the_second_day_and_what_does_not_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "ledger.sqlite") as ledger:
        assert announce_comparison(ledger, "compare", [AWAY], NOW) == ()
        ((code, line),) = announce_comparison(ledger, "compare", [AWAY], NOW + DAY)
        assert (code, line) == (ExitCode.AMAZON_UNAVAILABLE, "compare: Amazon does not answer. Later.")
        ((code, line),) = announce_comparison(ledger, "compare", [], NOW + 2 * DAY)
        assert (code, line) == (ExitCode.DONE, "Over: compare: Amazon does not answer. Later.")
        assert announce_comparison(ledger, "compare", [AmazonRefused("No role.")], NOW + 2 * DAY)
        # Whether the role is there now, a comparison that did not reach Amazon can't tell.
        assert announce_comparison(ledger, "compare", [AWAY], NOW + 2 * DAY) == ()
        ((_, line),) = announce_comparison(ledger, "compare", [], NOW + 2 * DAY)
        assert line == "Over: compare: No role."


def test_an_import_that_runs_in_between_does_not_end_it(tmp_path: Path) -> None:
    with opened(tmp_path / "ledger.sqlite") as ledger:
        announce_comparison(ledger, "compare", [AmazonRefused("No role.")], NOW)
        report = Report("import", NOW)
        announce(ledger, report, NOW)
        assert report.announced == ()
        assert list(ledger.conditions()) == ["compare: amazon-refused"]


def test_a_run_that_was_cut_short_ends_no_condition_that_it_did_not_come_to(tmp_path: Path) -> None:
    def said(*errors: OrderferryError) -> list[str]:
        report = Report("import", NOW, errors=list(errors))
        announce(ledger, report, NOW)
        return [line for _, line in report.announced]

    with opened(tmp_path / "ledger.sqlite") as ledger:
        assert said(AmazonRefused("No role.")) == ["import: No role."]
        assert said(AWAY) == []
        assert said(AlreadyRunning("Busy.")) == []
        assert said(
            MarketplaceRefused("Not DE.", marketplaces=("A1",)), MarketplaceRefused("Not FR.", marketplaces=("A2",))
        ) == [
            "import: Not DE.",
            "import: Not FR.",
            "Over: import: No role.",
        ]
        assert said(MarketplaceRefused("Not FR.", marketplaces=("A2",))) == ["Over: import: Not DE."]
