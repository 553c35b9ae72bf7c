"""The three import commands: what their options mean, what is printed of the end, one shop or several."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderferry.cli.import_commands import print_summary, start_delay, summary_line
from orderferry.config.model import Settings
from orderferry.domain.marker import Outcome
from orderferry.domain.orders import Channel
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.errors import AmazonUnavailable, ExitCode
from orderferry.run.progress import Progress
from orderferry.run.report import PlannedOrder, Report
from orderferry.run.sweeps import RunOptions
from orderferry.run.workers import Died
from support.command_line import call
from support.compared import DE, IT
from support.configuration import MINIMAL, write

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE, TWO = "302-0000000-0000001", "302-0000000-0000002"


class Runs:
    """An installation that runs nothing: it notes how it was called, and returns `report`."""

    def __init__(self) -> None:
        self.report = Report("import", NOW, finished=NOW)
        self.error: Exception | None = None
        self.calls: list[tuple[str, RunOptions, timedelta, bool]] = []
        self.idled: list[timedelta] = []
        self.progress: list[Progress] = []

    def __call__(self, settings: Settings, *, progress: Progress) -> Runs:
        self.progress.append(progress)
        return self

    def idle(self, delay: timedelta) -> None:
        self.idled.append(delay)

    def run(self, command: str, options: RunOptions, *, wait: timedelta, announcing: bool) -> Report:
        self.calls.append((command, options, wait, announcing))
        if self.error is not None:
            raise self.error
        return self.report


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs()
    monkeypatch.setattr("orderferry.bootstrap.Installation", made)
    return made


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(write(tmp_path, MINIMAL))


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["import"], RunOptions()),
        (["recheck", "--window", "3d"], RunOptions(window=timedelta(days=3))),
        (
            ["doublecheck", "--since", "2026-11-01", "--until", "2026-11-02T06:00:00Z"],
            RunOptions(since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 11, 2, 6, tzinfo=UTC)),
        ),
        (["import", "--order", TWO, "--order", ONE, "--order", TWO], RunOptions(orders=(TWO, ONE))),
        (["import", "--marketplace", "IT", "--marketplace", "de"], RunOptions(marketplaces=(IT, DE))),
        (["import", "--channel", "fba"], RunOptions(channels=(Channel.FBA,))),
        (["import", "--channel", "regular"], RunOptions(channels=(Channel.REGULAR,))),
        (["import", "--channel", "all"], RunOptions(channels=())),
        (["import", "--restore", "--accept-shop"], RunOptions(restore=True, accept_shop=True)),
        (["recheck", "--dry-run", "--max-time", "5m"], RunOptions(dry_run=True, max_time=timedelta(minutes=5))),
    ],
)
def test_what_the_options_ask_for(words: list[str], options: RunOptions, runs: Runs, config: str) -> None:
    assert call("-c", config, *words) == 0
    assert runs.calls == [(words[0], options, timedelta(0), True)]
    assert runs.idled == [timedelta(0)]


def test_waiting_and_a_spread_start(runs: Runs, config: str) -> None:
    assert call("-c", config, "import", "--wait", "2m", "--splay", "10m", "--json") == 0
    ((_, _, wait, announcing),) = runs.calls
    assert (wait, announcing) == (timedelta(minutes=2), False), "an object says all by itself"
    assert runs.idled == [start_delay(Path(config), timedelta(minutes=10))]
    assert timedelta(0) < runs.idled[0] < timedelta(minutes=10)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--since", "2026-11-02", "--until", "2026-11-02"], "--until must be later than --since."),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "--until must be later than --since."),
        (["--since", "2090-01-01"], "--since must not be in the future."),
        (["--since", "2d", "--window", "1d"], "--window and --since both name the beginning: give one of them."),
    ],
)
def test_spans_that_contradict_themselves(
    words: list[str], told: str, runs: Runs, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("-c", config, "import", *words) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"orderferry: {told}"
    assert runs.calls == []


def test_a_marketplace_that_is_not_configured(runs: Runs, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("-c", config, "import", "--marketplace", "US", "--marketplace", "IT", "--marketplace", "FR") == 2
    assert capsys.readouterr().err == (
        f"orderferry: --marketplace US, FR: amazon.marketplaces of {config} has only IT, DE.\n"
        "  Name one of these, or add it to amazon.marketplaces.\n"
    )
    assert runs.calls == []


def test_exit_codes_that_a_scheduler_takes_for_good(runs: Runs, config: str) -> None:
    runs.report.errors.append(AmazonUnavailable("Amazon does not answer."))
    assert call("-c", config, "import") == 4
    assert call("-c", config, "import", "--ok-exit", "3") == 4
    assert call("-c", config, "import", "--ok-exit", "3,4") == 0


def test_who_gets_the_summary_and_who_the_news(
    runs: Runs, config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.report.announced = (
        (ExitCode.DONE, "Over: the disk is no longer full."),
        (ExitCode.NEEDS_A_PERSON, "1 order held.\n  Map it."),
        (ExitCode.SHOP_UNAVAILABLE, "The shop is away."),
    )
    summary = "import: 0 orders seen.\n"
    call("-c", config, "import")
    assert capsys.readouterr() == (
        "",
        "Over: the disk is no longer full.\n1 order held.\n  Map it.\nThe shop is away.\n",
    )
    call("-c", config, "-q", "import")
    assert capsys.readouterr() == ("", "The shop is away.\n")
    call("-c", config, "import", "--json")
    out, err = capsys.readouterr()
    assert (json.loads(out)["command"], err) == ("import", "")
    monkeypatch.setenv("ORDERFERRY_BY_HAND", "1")
    call("-c", config, "import")
    assert capsys.readouterr() == (summary, "")
    call("-c", config, "-q", "import")
    assert capsys.readouterr() == ("", "The shop is away.\n")
    call("-c", config, "import", "--json")
    assert capsys.readouterr().out.startswith("{")
    monkeypatch.delenv("ORDERFERRY_BY_HAND")
    runs.report.announced = ()
    runs.report.dry_run = True
    call("-c", config, "import", "--dry-run")
    assert capsys.readouterr() == ("import: 0 orders seen (dry run: nothing was written).\n", "")
    call("-c", config, "-q", "import", "--dry-run")
    assert capsys.readouterr() == ("", "")


def test_what_nobody_foresaw_is_told_and_is_a_report(
    runs: Runs, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.error = KeyError("a buyer's name")
    assert call("-c", config, "import", "--dry-run", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["command"], document["dry_run"], document["problems"][0]["code"]) == ("import", True, "internal")
    assert document["finished"] is not None
    assert call("-c", config, "import") == 1
    assert capsys.readouterr().err == (
        "An unexpected error inside orderferry: KeyError.\n"
        "  Run it again with -vv and send what it prints to the issue tracker.\n"
    ).replace("An unexpected", "orderferry: An unexpected")


def planned(order_id: str, outcome: Outcome, why: str, **facts: Any) -> PlannedOrder:
    return PlannedOrder(order_id, outcome, why, **facts)


def told_at_a_terminal(report: Report, capsys: pytest.CaptureFixture[str]) -> str:
    print_summary(report)
    out, err = capsys.readouterr()
    return out + err


def test_the_whole_summary(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("import", NOW, open={"waiting": 3, "held": 1}, calls={"searchOrders": 2, "getOrder": 0, "a": 1})
    for number, outcome in enumerate((Outcome.CREATED, Outcome.CREATED, Outcome.HELD)):
        report.note(f"302-{number}", outcome)
    report.add_problem(Problem(ProblemCode.UNKNOWN_SKU, "order 302-2: the SKU X is unknown", "302-2", "X"))
    report.notices["The shop was moved."] = None
    report.behind = {
        (DE, Channel.REGULAR): (NOW, NOW - 48 * HOUR),
        (DE, Channel.FBA): (NOW, NOW - 48 * HOUR),
        (IT, Channel.FBA): (NOW, NOW - 48 * HOUR),
        (IT, Channel.REGULAR): (None, NOW - 48 * HOUR),
    }
    report.errors.append(AmazonUnavailable("Amazon does not answer.", hint="The next run goes on."))
    assert told_at_a_terminal(report, capsys) == (
        "import: 3 orders seen: 2 created, 1 held.\n"
        "  The shop was moved.\n"
        "  ! order 302-2: the SKU X is unknown\n"
        f"    {report.problems['302-2', 'unknown-sku', 'X'].hint}\n"
        "  First import (DE, IT fba): read back to 2026-11-23T06:00:00Z so far; the next runs go on, back to "
        "2026-11-21T06:00:00Z.\n"
        "  First import (IT regular): nothing read yet; the next runs go on, back to 2026-11-21T06:00:00Z.\n"
        "  3 waiting at Amazon; they are imported as soon as Amazon releases them.\n"
        "  Calls to Amazon: 1 a, 2 searchOrders.\n"
        "orderferry: Amazon does not answer.\n"
        "  The next run goes on.\n"
    )
    assert summary_line(report) == (
        "import: 3 orders seen: 2 created, 1 held. Problems: 1 (`orderferry status` lists them). "
        "First import (DE, IT fba): read back to 2026-11-23T06:00:00Z so far; the next runs go on, back to "
        "2026-11-21T06:00:00Z. First import (IT regular): nothing read yet; the next runs go on, back to "
        "2026-11-21T06:00:00Z. orderferry: Amazon does not answer. The next run goes on."
    )


def test_the_summary_of_a_run_that_saw_one_order_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("recheck", NOW)
    report.note(ONE, Outcome.UNCHANGED)
    assert told_at_a_terminal(report, capsys) == "recheck: 1 order seen: 1 unchanged.\n"
    assert summary_line(report) == "recheck: 1 order seen: 1 unchanged."


def test_the_whole_of_a_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("import", NOW, dry_run=True, zone=ZoneInfo("Europe/Rome"))
    facts: dict[str, Any] = {"marketplace": "DE", "channel": "regular", "total": "1234.50 EUR"}
    plans = [
        planned("302-1", Outcome.CREATED, "a new order", placed=NOW, products=((2, "A"), (1, "B C")), **facts),
        planned("302-2", Outcome.UPDATED, "state 4", placed=NOW + HOUR, **{**facts, "channel": "fba"}),
        planned("302-3", Outcome.UNCHANGED, "nothing", placed=NOW + 2 * HOUR),
        planned("302-4", Outcome.WAITING, "pending", placed=NOW + 3 * HOUR),
        planned("302-5", Outcome.HELD, "no SKU", placed=NOW + 4 * HOUR),
        planned("302-6", Outcome.FAILED, "no address", placed=NOW + 5 * HOUR),
        planned("302-7", Outcome.IGNORED, "too old", placed=NOW + 6 * HOUR),
        planned("302-8", Outcome.IGNORED, "cancelled", placed=NOW + 7 * HOUR),
        planned("302-9", Outcome.IGNORED, "cancelled"),
    ]
    report.planned = {plan.order_id: plan for plan in plans}
    assert told_at_a_terminal(report, capsys) == (
        "import: 0 orders seen (dry run: nothing was written).\n"
        "  placed (Europe/Rome), marketplace and who ships, total, products, what would be done:\n"
        "  302-1  2026-11-23 07:00  DE regular   1234.50 EUR  2 x A, 1 x B C  would be created: a new order\n"
        "  302-2  2026-11-23 08:00  DE FBA       1234.50 EUR  no products  would be updated: state 4\n"
        "  302-3  2026-11-23 09:00  -               no total  no products  stays as it is: nothing\n"
        "  302-4  2026-11-23 10:00  -               no total  no products  waits: pending\n"
        "  302-5  2026-11-23 11:00  -               no total  no products  would be held: no SKU\n"
        "  302-6  2026-11-23 12:00  -               no total  no products  would fail: no address\n"
        "  302-7  2026-11-23 13:00  -               no total  no products  ignored: too old\n"
        "  302-8  2026-11-23 14:00  -               no total  no products  ignored: cancelled\n"
        "  302-9  -                 -               no total  no products  ignored: cancelled\n"
        "  2 ignored: cancelled\n"
        "  1 ignored: too old\n"
    )


def test_a_run_that_wrote_something_has_no_list_of_plans(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("import", NOW, planned={ONE: planned(ONE, Outcome.CREATED, "new")})
    assert ONE not in told_at_a_terminal(report, capsys)


Job = Callable[[], Any]


class Workers:
    """Runs the jobs in this process; in the place of some there is what became of their processes."""

    ends: Sequence[Died | None] = ()
    made: list[tuple[int, float]]
    delays: Sequence[float]

    def __class_getitem__(cls, _: object) -> type[Workers]:
        return cls

    def __init__(self, at_once: int, longest: float) -> None:
        Workers.made.append((at_once, longest))

    def run(self, jobs: Sequence[Job], delays: Sequence[float]) -> Iterator[Any]:
        Workers.delays = delays
        for job, end in zip(jobs, self.ends or [None] * len(jobs), strict=True):
            yield job() if end is None else end


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> type[Workers]:
    monkeypatch.setattr("orderferry.run.workers.Workers", Workers)
    monkeypatch.setattr("orderferry.run.workers.cores_for_workers", lambda: 3)
    Workers.ends, Workers.made = (), []
    return Workers


@pytest.fixture
def shops(tmp_path: Path) -> list[str]:
    """The options that name three configurations, two of which are called alike."""
    for name in ("a", "b", "b/c"):
        (tmp_path / name).mkdir(exist_ok=True)
    files = [write(tmp_path / "a", MINIMAL, "it.toml"), write(tmp_path, MINIMAL, "de.toml")]
    files.append(write(tmp_path / "b", MINIMAL, "it.toml"))
    return [word for file in files for word in ("-c", str(file))]


def test_several_shops_are_told_in_the_order_of_their_files(
    runs: Runs, workers: type[Workers], shops: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    runs.report.announced = ((ExitCode.NEEDS_A_PERSON, "1 order held.\nMap it."), (ExitCode.LEDGER_UNUSABLE, "Broken."))
    assert call(*shops, "import", "--wait", "1m", "--max-time", "1h", "--splay", "10m") == 0
    a, de, b = shops[1], shops[3], shops[5]
    lines = [f"{name}: {line}" for name in (a, "de", b) for line in ("1 order held.\nMap it.", "Broken.")]
    assert capsys.readouterr() == ("", "\n".join(lines) + "\n")
    assert workers.made == [(3, 3600 + 60 + 60)], "a process that hangs is ended a minute after its time"
    assert workers.delays == [start_delay(Path(file), timedelta(minutes=10)).total_seconds() for file in (a, de, b)]
    assert runs.idled == [timedelta(0)] * 3, "the workers have waited"
    call(*shops, "-q", "import")
    assert capsys.readouterr().err == f"{a}: Broken.\nde: Broken.\n{b}: Broken.\n"


def test_a_person_gets_a_line_for_each_of_several_shops(
    runs: Runs, workers: type[Workers], shops: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    runs.report.dry_run = True
    call(*shops[2:], "import", "--dry-run")
    line = "import: 0 orders seen (dry run: nothing was written)."
    assert capsys.readouterr() == (f"de: {line}\nit: {line}\n", "")
    call(*shops[2:], "-q", "import", "--dry-run")
    assert capsys.readouterr() == ("", "")


def test_several_shops_are_one_object(
    runs: Runs, workers: type[Workers], shops: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    runs.report.errors.append(AmazonUnavailable("Amazon does not answer."))
    assert call(*shops, "import", "--json") == 4
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert [shop["config"] for shop in document["shops"]] == shops[1::2]
    assert {shop["exit_code"] for shop in document["shops"]} == {4}
    assert (document["exit_code"], err) == (4, "")


CUT = "Nothing is lost: the next run goes on. If it repeats, "
MEMORY = f"{CUT}see whether this host runs out of memory (dmesg)."
HANGING = f"{CUT}look at this host's disks and network."


@pytest.mark.parametrize(
    ("died", "code", "told"),
    [
        (
            Died(hung=True),
            1,
            f"The run of FILE did not end at its --max-time and was killed.\n  {HANGING}",
        ),
        (
            Died(signal=9),
            1,
            f"The process that ran FILE was ended by SIGKILL.\n  {MEMORY}",
        ),
        (
            Died(exit_code=70),
            1,
            f"The process that ran FILE was ended with exit code 70.\n  {MEMORY}",
        ),
        (
            Died(signal=9, asked=15),
            1,
            f"The process that ran FILE was ended by SIGKILL.\n  {MEMORY}",
        ),
        (Died(signal=15, asked=15), 143, ""),
        (Died(asked=2, started=False), 130, ""),
    ],
)
def test_a_process_that_died(
    died: Died,
    code: int,
    told: str,
    runs: Runs,
    workers: type[Workers],
    shops: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    workers.ends = (died, None)
    assert call(*shops[2:], "import", "--dry-run", "--json") == code
    document = json.loads(capsys.readouterr().out)["shops"][0]
    assert (document["exit_code"], document["dry_run"]) == (code, True)
    assert document["finished"] is not None
    assert call(*shops[2:], "import") == code
    lines = told.replace("FILE", shops[3]).splitlines()
    expected = [f"de: orderferry: {lines[0]}", f"de: {lines[1]}"] if lines else []
    assert capsys.readouterr().err.splitlines() == expected


def test_a_file_starts_always_at_the_same_time_somewhere_within_the_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = [start_delay(Path(f"/etc/orderferry/{number}.toml"), HOUR) for number in range(5)]
    assert [str(start).partition(".")[0] for start in starts] == ["0:39:25", "0:01:39", "0:46:59", "0:14:30", "0:29:33"]
    monkeypatch.chdir("/etc")
    assert start_delay(Path("orderferry/0.toml"), HOUR) == starts[0]
    assert start_delay(Path("/etc/orderferry/0.toml"), timedelta(0)) == timedelta(0)
