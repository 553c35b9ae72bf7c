"""`status` on a terminal: what needs a person first, in the shop's time, in 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orderferry.cli.html_pages import status_page
from orderferry.cli.status import nagios_line, nagios_state, unknown_line
from orderferry.cli.status_prometheus import prometheus_text
from orderferry.cli.status_text import print_status
from orderferry.domain.ledger_entry import EntryState, FindingKind, RunRecord, StandingFinding
from orderferry.domain.orders import Channel
from orderferry.domain.spans import Span
from orderferry.errors import ExitCode
from orderferry.run.conditions import CurrentCondition
from orderferry.run.status import CommandStatus, Lag, Status
from support.compared import DE, IT, entry
from support.saved_output import body_of, saved

NOW = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight of the next day in Rome
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
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


def ran(command: str, ago: timedelta, exit_code: int) -> RunRecord:
    return RunRecord(1, command, NOW - ago, 1, NOW - ago, exit_code)


def everything() -> Status:
    """A shop in which there is one of everything that `status` can tell."""
    covered = (Span(NOW - 40 * DAY, GAP.start), Span(GAP.end, NOW - HOUR / 2))
    return Status(
        now=NOW,
        commands=(
            CommandStatus("import", ran("import", HOUR, 0), ran("import", HOUR, 0), late=False),
            CommandStatus("recheck", None, None, late=True),
            CommandStatus("doublecheck", ran("doublecheck", 2 * DAY, 4), ran("doublecheck", 3 * DAY, 0), late=True),
            CommandStatus("compare", ran("compare", HOUR, 7), None, late=True),
        ),
        coverage={CELL: covered, (IT, Channel.REGULAR): covered, (IT, Channel.FBA): ()},
        gaps=((CELL, GAP), ((IT, Channel.REGULAR), GAP)),
        open={"waiting": 1, "held": 2, "failed": 0, "given_up": 0},
        conditions=(
            CurrentCondition(
                "held unknown-sku X",
                "1 order held (unknown-sku): the shop has no article with the SKU X; asked for again after "
                "2026-07-01T22:45:00Z. Map it under `products.map`.",
                ExitCode.NEEDS_A_PERSON,
            ),
        ),
        oldest_waiting=entry(
            "302-3", EntryState.WAITING, purchased=NOW - 50 * HOUR, message="Amazon has not released it yet"
        ),
        quota={"searchOrders": Decimal("18.256"), "getOrder": Decimal(30)},
        lag=Lag(12, HOUR / 2, 3 * HOUR, 26 * HOUR),
        unconfirmed=(
            entry("302-4", amazon_status="PARTIALLY_SHIPPED", id_order=77, ship_by=NOW + 3 * HOUR),
            entry("302-5", amazon_status="UNSHIPPED", ship_by=NOW - 2 * HOUR),
        ),
        findings=(
            StandingFinding("302-6", FindingKind.MISSING, NOW - 6 * DAY, NOW - DAY, "no import saw it", "`do` so"),
            StandingFinding(
                "302-7", FindingKind.DIFFERENT, NOW - 5 * DAY, NOW, "it is behind", "look", "state", "shipped", "paid"
            ),
        ),
        amounts={"302-6": "49.90 EUR"},
        notes=("The shop did not answer at 2026-07-01T22:29:00Z.",),
        shop="La <Bottega>",
        zone=ZoneInfo("Europe/Rome"),
    )


def healthy(**changes: object) -> Status:
    """A shop about which there is nothing to say."""
    facts = {"conditions": (), "commands": (), "gaps": (), "oldest_waiting": None, "lag": None, "notes": ()}
    return status(**(facts | {"coverage": {}, "shop": "", "zone": UTC, "open": {"waiting": 0}} | changes))


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


def test_all_that_status_prints(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderferry.cli.status_text.__version__", "1.2.3")
    assert (
        printed(capsys, everything())
        == """\
La <Bottega>, 2026-07-02 00:30 (Europe/Rome)
Not all is well:
  ! recheck is late: it never ran. `orderferry check` looks at the crontab, `-v`
    says what it does.
  ! doublecheck is late: its last success was 3d ago. `orderferry check` looks
    at the crontab, `-v` says what it does.
  ! compare is late: it never succeeded. `orderferry check` looks at the
    crontab, `-v` says what it does.
  ! 1 order held (unknown-sku): the shop has no article with the SKU X; asked
    for again after 2026-07-02 00:45. Map it under `products.map`.
  ! 302-4 (order 77) is shipped in the shop and partially shipped at Amazon,
    where its last day to ship ends in 3h. Confirm its shipment in Seller
    Central, or see why the program that does so has not.
  ! 302-5 is shipped in the shop and unshipped at Amazon, where its last day to
    ship ended 2h ago. Confirm its shipment in Seller Central, or see why the
    program that does so has not.
Commands
  import       last success 1h ago; last exit code 0
  recheck      never ran  LATE
  doublecheck  last success 3d ago; last exit code 4  LATE
  compare      last success never; last exit code 7  LATE
Read until
  2026-07-02 00:00 (30m ago): DE, IT regular
  never: IT fba
1 gap that no run has read; the next imports read it:
  2026-07-01 19:30 to 2026-07-01 20:30: DE, IT regular
Open orders: 1 waiting, 2 held, 0 failed, 0 given up
  waiting longest: 302-3, placed 2d2h ago: Amazon has not released it yet
From purchase to shop, this week: median 30m, 95 % within 3h, longest 1d2h (12
  orders, Amazon's own wait for payment and shipping included)
Quota left (requests): searchOrders 18.3, getOrder 30.0
Note: The shop did not answer at 2026-07-02 00:29.
orderferry 1.2.3
"""
    )


def test_all_that_it_prints_of_a_healthy_shop(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderferry.cli.status_text.__version__", "1.2.3")
    command = CommandStatus("import", ran("import", HOUR, 0), ran("import", HOUR, 0), late=False)
    never = CommandStatus("recheck", None, None, late=False)
    waiting = entry("302-3", EntryState.WAITING, purchased=None, message="", amazon_status="PENDING")
    told = healthy(commands=(command, never), coverage={CELL: (Span(NOW - DAY, NOW),)}, oldest_waiting=waiting)
    assert (
        printed(capsys, told)
        == """\
config, 2026-07-01 22:30 (UTC)
All is well.
Commands
  import       last success 1h ago; last exit code 0
  recheck      never ran
Read without gaps until
  2026-07-01 22:30 (0s ago): DE regular
Open orders: 0 waiting
  waiting longest: 302-3: PENDING
Quota left (requests): searchOrders 18.0
orderferry 1.2.3
"""
    )


def test_an_order_whose_last_day_to_ship_is_unknown_or_now_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    late = [entry(order_id, amazon_status="UNSHIPPED", ship_by=due) for order_id, due in (("302-4", None), ("5", NOW))]
    text = " ".join(printed(capsys, healthy(unconfirmed=tuple(late))).split())
    assert text.count("its last day to ship ended 0s ago.") == 2


def test_colours_say_what_is_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    bold, red, green, plain = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[0m"
    ill, well = printed(capsys, everything()).splitlines(), printed(capsys, healthy()).splitlines()
    unread = printed(capsys, healthy(gaps=((CELL, GAP),))).splitlines()
    assert ill[0] == f"{bold}La <Bottega>, 2026-07-02 00:30 (Europe/Rome){plain}"
    assert ill[1] == f"{red}Not all is well:{plain}"
    assert f"{red}1 gap that no run has read; the next imports read it:{plain}" in ill
    assert well[1] == f"{green}All is well.{plain}"
    assert unread[1] == f"{red}Not all is well: there is time that no run has read yet, see below.{plain}"


def test_the_whole_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderferry.cli.html_pages.__version__", "1.2.3")
    page = status_page([("it", everything()), ("config", healthy())])
    assert page == saved("status.html", page)
    assert "<title>orderferry: La &lt;Bottega&gt;, config</title>" in page


def test_the_page_names_the_500_first_findings() -> None:
    some = [StandingFinding(f"302-{n}", FindingKind.SURPLUS, NOW, NOW, "why", "hint") for n in range(501)]
    all_of_them, one_less = (
        body_of(status_page([("it", healthy(findings=tuple(found)))])) for found in (some[:500], some)
    )
    assert "302-499<" in all_of_them
    assert "--json</code> lists all" not in all_of_them
    assert "302-499<" in one_less
    assert "302-500<" not in one_less
    assert '<p class="quiet">… and 1 more; `orderferry status --json` lists all.</p>' in one_less


def test_all_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderferry.cli.status_prometheus.__version__", "1.2.3")
    assert 'orderferry_healthy{shop="two"} 1.0\n' in prometheus_text([("two", healthy())])
    metrics = prometheus_text([("it", everything())])
    assert metrics == saved("status.prom", metrics)


def test_the_whole_line_for_nagios() -> None:
    assert nagios_line(everything()) == (
        "ORDERFERRY CRITICAL - 1 waiting; 2 held; late: recheck, doublecheck, compare; 2 gaps in the observation; "
        "2 shipped but not confirmed; 1 missing in the shop; 1 different | waiting=1 held=2 failed=0 given_up=0 "
        "found_missing=1 found_surplus=0 found_different=1 unconfirmed=2 observed_age=U lag_median=1800s "
        "lag_p95=10800s lag_worst=93600s"
    )
    seen = {CELL: (Span(NOW - DAY, NOW - HOUR),), (IT, Channel.REGULAR): (Span(NOW - DAY, NOW - 2 * HOUR),)}
    surplus = (StandingFinding("302-6", FindingKind.SURPLUS, NOW, NOW, "why", "hint"),)
    assert nagios_line(healthy(coverage=seen, findings=surplus, open={"given_up": 3})) == (
        "ORDERFERRY OK - 3 given up; 1 surplus in the shop | given_up=3 found_missing=0 found_surplus=1 "
        "found_different=0 unconfirmed=0 observed_age=7200s"
    )
    ahead = {CELL: (Span(NOW - DAY, NOW + HOUR),)}
    assert nagios_line(healthy(coverage=ahead)) == (
        "ORDERFERRY OK - all is well | waiting=0 found_missing=0 found_surplus=0 found_different=0 unconfirmed=0 "
        "observed_age=0s"
    )
    assert " observed_age=U" in nagios_line(healthy()), "nothing was observed"
    assert unknown_line("The ledger | is damaged.") == "ORDERFERRY UNKNOWN - The ledger / is damaged."


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"conditions": (HELD,)}, 1),
        ({"unconfirmed": (entry(),)}, 1),
        ({"gaps": ((CELL, GAP),)}, 2),
        ({"commands": (CommandStatus("import", None, None, late=True),)}, 2),
        ({"commands": (CommandStatus("import", None, None, late=False),)}, 0),
        ({"conditions": (CurrentCondition("found missing", "1 order is missing.", ExitCode.NEEDS_A_PERSON),)}, 2),
    ],
)
def test_nagios_gets_the_exit_code_of_the_worst(changes: dict[str, object], code: int) -> None:
    assert nagios_state(healthy(**changes)) == code
