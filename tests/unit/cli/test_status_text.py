"""`status` on a terminal: what needs a person first, in the shop's time, in 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orderferry.cli.html_pages import status_page
from orderferry.cli.status_prometheus import prometheus_text
from orderferry.cli.status_text import print_status
from orderferry.domain.ledger_entry import EntryState, RunRecord
from orderferry.domain.orders import Channel
from orderferry.domain.spans import Span
from orderferry.errors import ExitCode
from orderferry.run.conditions import CurrentCondition
from orderferry.run.status import CommandStatus, Lag, Status
from support.compared import DE, entry

NOW = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight of the next day in Rome
HOUR = timedelta(hours=1)
CELL = (DE, Channel.REGULAR)
GAP = Span(NOW - 5 * HOUR, NOW - 4 * HOUR)
HELD = CurrentCondition(
    "held unknown-sku X",
    "1 order held (unknown-sku): the shop has no article with the SKU X; it is asked for again after "
    "2026-07-01T22:45:00Z. Give a product this reference, or map it under [products.map].",
    ExitCode.NEEDS_A_PERSON,
)


def status(**changes: object) -> Status:
    run = RunRecord(1, "import", NOW - HOUR, 1, NOW - HOUR, 0)
    facts: dict[str, object] = {
        "now": NOW,
        "commands": (
            CommandStatus("import", run, run, late=False),
            CommandStatus("recheck", None, None, late=True),
        ),
        "coverage": {CELL: (Span(NOW - 9 * HOUR, GAP.start), Span(GAP.end, NOW))},
        "gaps": ((CELL, GAP),),
        "open": {"waiting": 1, "held": 1},
        "conditions": (HELD,),
        "oldest_waiting": entry(state=EntryState.WAITING, message="Amazon has not released it yet " * 4),
        "quota": {"searchOrders": Decimal(18)},
        "lag": Lag(1, HOUR, HOUR, HOUR),
        "notes": ("something that could not be asked " * 4,),
        "shop": "La Bottega",
        "zone": ZoneInfo("Europe/Rome"),
    }
    return Status(**(facts | changes))  # type: ignore[arg-type]


def printed(capsys: pytest.CaptureFixture[str], told: Status) -> str:
    print_status(told, "config")
    return capsys.readouterr().out


def test_what_needs_a_person_comes_first_then_commands_gaps_waiting_quota(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, status())
    places = [
        text.index(words)
        for words in (
            "La Bottega",
            "Not all is well:",
            "! recheck is late: it never ran.",
            "! 1 order held (unknown-sku)",
            "Commands",
            "1 gap that no run has read",
            "waiting longest",
            "Quota left",
        )
    ]
    assert places == sorted(places)


def test_times_are_the_shop_s_and_lines_fit_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, status())
    assert text.startswith("La Bottega, 2026-07-02 00:30 (Europe/Rome)\n")
    assert "2026-07-02 00:45" in text, "in the sentences too"
    assert "2026-07-01 19:30 to 2026-07-01 20:30: DE regular" in text
    assert "2026-07-01T" not in text
    assert max(map(len, text.splitlines())) <= 80
    gap = status().as_json()["gaps"][0]
    assert (gap["from"], gap["until"]) == ("2026-07-01T17:30:00Z", "2026-07-01T18:30:00Z"), "UTC for programs"


def test_a_gap_alone_is_named_as_what_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, status(conditions=(), commands=()))
    assert "Not all is well: there is time that no run has read yet" in text
    assert "All is well." in printed(capsys, status(conditions=(), commands=(), gaps=()))


def test_a_shop_that_can_t_be_asked_is_called_by_its_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, status(shop="", zone=UTC))
    assert text.startswith("config, 2026-07-01 22:30 (UTC)\n")


def test_the_page_names_the_shop_and_has_its_time() -> None:
    text = status_page([("config", status())])
    assert "<title>orderferry: La Bottega</title>" in text
    assert "as of 2026-07-02 00:30 (Europe/Rome)" in text
    assert "recheck is late" in text
    assert "UTC" not in text


def test_metrics_of_several_shops_stand_together_and_any_name_is_a_label() -> None:
    names = ['a"b\\c\nd', "two"]
    families = list(text_string_to_metric_families(prometheus_text([(name, status()) for name in names])))
    assert len({family.name for family in families}) == len(families) == 11
    healthy, held = families[0], families[1].samples
    assert (healthy.name, healthy.type) == ("orderferry_healthy", "gauge")
    assert [sample.labels["shop"] for sample in healthy.samples] == names
    assert [sample.value for sample in held if sample.labels == {"shop": names[0], "state": "held"}] == [1]
