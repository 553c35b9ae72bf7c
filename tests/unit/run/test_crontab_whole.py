"""What is wrong in a crontab, in full sentences; which lines are ours; and the lines to paste of one shop."""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePosixPath

import pytest

from orderferry.cli.commands import COMMANDS
from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.run.crontab import CrontabJob, check_crontab, crontab_lines, orderferry_jobs, parse_times

PROGRAM = "/opt/orderferry -c /etc/orderferry/config.toml"
CONFIGURATION = PurePosixPath("/etc/orderferry/config.toml")


def checked(text: str | None, share: str = "1.0") -> list[CheckResult]:
    return list(check_crontab(text, COMMANDS, CONFIGURATION, Decimal(share)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "There is no crontab command here: whatever starts orderferry was not looked at."),
        ("", "No line of this user's crontab starts orderferry yet; `orderferry plan` prints them."),
        (f"7 4 * * * {PROGRAM} import", "1 line of this user's crontab starts orderferry, at sensible times."),
        (
            f"7 1-3 * * * {PROGRAM} import\n7 0 * * * {PROGRAM} recheck",
            "2 lines of this user's crontab start orderferry, at sensible times.",
        ),
    ],
)
def test_what_is_in_order(text: str | None, message: str) -> None:
    assert checked(text) == [fine("crontab", message)]


RELATIVE = "Write absolute paths, as `orderferry plan` prints them."


def relative(line: int, names: str) -> CheckResult:
    where = "and cron starts in the home folder with a short PATH."
    return warning("crontab", f"Line {line} of the crontab names {names} without its folder, {where}", RELATIVE)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("orderferry import", "orderferry"),
        ("/opt/orderferry -c c.toml import", "c.toml"),
        ("/opt/orderferry -cc.toml import", "c.toml"),
        ("/opt/orderferry --config c.toml import", "c.toml"),
        ("/opt/orderferry --config=c.toml import", "c.toml"),
        ("/opt/orderferry -c a.toml -c /b.toml -c c.toml import", "a.toml, c.toml"),
        ("python3 -m orderferry import", "python3"),
        ("env orderferry import", "orderferry"),
        ("nice -n 10 orderferry import", "orderferry"),
        ("./orderferry import 'and an open quote", "./orderferry"),
    ],
)
def test_paths_that_cron_does_not_find(line: str, names: str) -> None:
    assert checked(f"# mine\n7 4 * * * {line}") == [relative(2, names)]


@pytest.mark.parametrize(
    "line",
    [
        "~/bin/orderferry -c $HOME/c.toml import",
        "cd /srv && ./orderferry -c c.toml import",
        "/opt/orderferry -c /c.toml import",
    ],
)
def test_paths_that_cron_finds(line: str) -> None:
    assert [str(result.result) for result in checked(f"7 4 * * * {line}")] == ["ok"]


def test_a_folder_that_is_changed_afterwards_is_of_no_use() -> None:
    assert checked("7 4 * * * orderferry import && cd /srv") == [relative(1, "orderferry")]


def test_a_bare_percent_sign() -> None:
    assert checked(f"7 4 * * * {PROGRAM} import --since $(date +%F)") == [
        warning(
            "crontab",
            "Line 1 of the crontab has a %, which cron reads as the end of the command.",
            "Write \\% instead.",
        )
    ]


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_a_daily_line_in_the_night(hour: int) -> None:
    assert checked(f"13 {hour} * * * {PROGRAM} recheck") == [
        warning(
            "crontab",
            "Line 1 of the crontab starts recheck between 01:00 and 04:00, hours that happen twice or never when the "
            "clocks change and that meet the back-ups.",
            "Choose another hour, for example 5.",
        )
    ]


def too_often(starts: int, apart: int, quota: int = 484, share: str = "1.0") -> CheckResult:
    return warning(
        "crontab",
        f"The crontab starts import {starts} times a day, at times {apart} min apart; each costs one searchOrders at "
        f"least, and Amazon gives {quota} a day at amazon.quota_share = {share}: {starts} of {quota} are gone before "
        "any order is read.",
        "Start import every 15 minutes; `orderferry plan` says what is safe for this shop.",
    )


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (f"*/4 * * * * {PROGRAM} import", too_often(360, 4)),
        ("*/4 * * * * /opt/orderferry import", too_often(360, 4)),
        (f"7 5 * * * {PROGRAM} import\n8 5 * * * /opt/orderferry -c /other/config.toml import", too_often(2, 1)),
        (f"1 0 * * * {PROGRAM} import\n58 23 * * * {PROGRAM} import", too_often(2, 3)),
    ],
)
def test_imports_that_are_too_close(text: str, result: CheckResult) -> None:
    assert checked(text) == [result]


def test_imports_that_take_more_than_the_quota() -> None:
    assert checked(f"*/5 * * * * {PROGRAM} import", "0.59") == [too_often(288, 5, 285, "0.59")]
    assert [str(result.result) for result in checked(f"*/5 * * * * {PROGRAM} import", "0.60")] == ["ok"]


@pytest.mark.parametrize(
    "text",
    [
        "*/2 * * * * /opt/orderferry -c /etc/orderferry/another.toml import",
        f"*/2 * * * * {PROGRAM} status",
        f"@reboot {PROGRAM} import",
    ],
)
def test_lines_that_start_no_import_of_this_configuration_are_not_counted(text: str) -> None:
    assert [str(result.result) for result in checked(text)] == ["ok"]


EMPTY = warning(
    "crontab",
    "The crontab's MAILTO is empty: nobody hears of what orderferry says.",
    "Write MAILTO=your@address above its lines.",
)


@pytest.mark.parametrize("value", ["", "''", '""', "  "])
def test_a_crontab_that_mails_nobody(value: str) -> None:
    line = f"7 4 * * * {PROGRAM} import"
    assert checked(f"MAILTO=me@example.com\nMAILTO={value}\n{line}") == [EMPTY]
    assert checked(f"MAILTO={value}\nMAILTO=me@example.com\nPATH=\n{line}")[0].result == "ok"


def test_what_a_line_of_ours_starts() -> None:
    text = "\n".join(
        (
            "MAILTO=me@example.com",
            "  5 4,6 * * *  cd /srv && nice python3 -m orderferry -q --config=c.toml recheck --wait 10m",
            "@Daily /opt/orderferry import",
            "@reboot /opt/orderferry import",
            "7 * * * *",
            "7 * * * * /opt/orderferry",
            "7 * * * * -m orderferry import",
        )
    )
    assert orderferry_jobs(text, COMMANDS) == [
        CrontabJob(
            2,
            frozenset({4 * 60 + 5, 6 * 60 + 5}),
            "cd /srv && nice python3 -m orderferry -q --config=c.toml recheck --wait 10m",
            "python3",
            "recheck",
            ("c.toml",),
            changes_folder=True,
        ),
        CrontabJob(3, frozenset({0}), "/opt/orderferry import", "/opt/orderferry", "import", (), changes_folder=False),
        CrontabJob(4, None, "/opt/orderferry import", "/opt/orderferry", "import", (), changes_folder=False),
        CrontabJob(
            7,
            frozenset({60 * hour + 7 for hour in range(24)}),
            "-m orderferry import",
            "orderferry",
            "import",
            (),
            changes_folder=False,
        ),
    ]


MIDNIGHT, HOURLY = [0], [60 * hour for hour in range(24)]


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("@hourly", HOURLY),
        ("@daily", MIDNIGHT),
        ("@midnight", MIDNIGHT),
        ("@weekly", MIDNIGHT),
        ("@monthly", MIDNIGHT),
        ("@yearly", MIDNIGHT),
        ("@annually", MIDNIGHT),
        (" @HOURLY ", HOURLY),
        ("59 23 * * *", [1439]),
        ("0 0 * * *", MIDNIGHT),
        ("10-12 1 * * *", [70, 71, 72]),
        ("10-16/3 1 * * *", [70, 73, 76]),
        ("50/4 1 * * *", [110, 114, 118]),
        ("*/30 0 * * *", [0, 30]),
        ("7 */12 * * *", [7, 727]),
        ("7-7 1 * * *", [67]),
        ("1,3 1,2 * * *", [61, 63, 121, 123]),
    ],
)
def test_when_a_line_starts(text: str, starts: list[int]) -> None:
    found = parse_times(text)
    assert found is not None
    assert sorted(found) == starts


@pytest.mark.parametrize(
    "text", ["60 * * * *", "0 24 * * *", "8-7 * * * *", "-1 * * * *", "5-60 * * * *", "*/0 * * * *", "1 2 3 4 5 6"]
)
def test_what_cron_does_not_take(text: str) -> None:
    assert parse_times(text) is None


@pytest.mark.parametrize(
    ("every", "minutes"),
    [
        (5, "1-59/5"),
        (10, "8,18,28,38,48,58"),
        (15, "9,24,39,54"),
        (20, "15,35,55"),
        (30, "15,45"),
        (60, "46"),
    ],
)
def test_a_shop_that_has_pasted_its_lines_is_given_the_same_ones_again(every: int, minutes: str) -> None:
    assert crontab_lines(
        ["/opt/orderferry"], CONFIGURATION, every, ["recheck", "doublecheck", "compare", "status"]
    ) == [
        f"{minutes} * * * *  {PROGRAM} import",
        f"30 5 * * *  {PROGRAM} recheck --wait 10m",
        f"47 6 * * *  {PROGRAM} doublecheck --wait 10m",
        f"5 7 * * *  {PROGRAM} compare",
    ]
