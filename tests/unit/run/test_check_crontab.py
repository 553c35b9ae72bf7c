"""Which lines of a crontab are ours, and what is said of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePosixPath

import pytest

from orderferry.cli.commands import COMMANDS
from orderferry.domain.check_result import Grade
from orderferry.run.crontab import check_crontab, orderferry_jobs

PROGRAM = "/opt/orderferry/.venv/bin/orderferry -c /etc/orderferry/config.toml"
CONFIGURATION = PurePosixPath("/etc/orderferry/config.toml")


def said(text: str | None, share: str = "1") -> list[tuple[Grade, str]]:
    return [(r.result, r.message) for r in check_crontab(text, COMMANDS, CONFIGURATION, Decimal(share))]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (f"7 * * * * {PROGRAM} import", "import"),
        (f"  7,37\t*  * * *\t{PROGRAM} recheck --wait 10m", "recheck"),
        ("@daily nice -n 10 /usr/bin/orderferry doublecheck", "doublecheck"),
        ("1 2 3 4 5 flock -n /run/x /usr/bin/orderferry -q import >> /var/log/x 2>&1", "import"),
        ("5 5 * * * /usr/bin/python3 -m orderferry -c /x.toml import", "import"),
    ],
)
def test_lines_that_start_a_command_are_found(line: str, command: str) -> None:
    (job,) = orderferry_jobs(line, COMMANDS)
    assert job.command == command


@pytest.mark.parametrize(
    "line",
    [
        f"# 7 * * * * {PROGRAM} import",
        "MAILTO=orderferry@example.com",
        "7 * * * * /usr/bin/backup /opt/orderferry",
        "7 * * * * /usr/bin/orderferry --version",
        "",
    ],
)
def test_other_lines_are_not(line: str) -> None:
    assert orderferry_jobs(line, COMMANDS) == []


def test_a_good_crontab_is_well() -> None:
    text = f"MAILTO=me@example.com\n7,22,37,52 * * * * {PROGRAM} import\n43 5 * * * {PROGRAM} recheck --wait 10m\n"
    assert said(text) == [(Grade.OK, "2 lines of this user's crontab start orderferry, at sensible times.")]


@pytest.mark.parametrize("text", [None, "", "7 * * * * /usr/bin/backup\n"])
def test_without_lines_of_ours_there_is_nothing_to_mend(text: str | None) -> None:
    assert [grade for grade, _ in said(text)] == [Grade.OK]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7 * * * * orderferry -c /etc/orderferry/config.toml import", "names orderferry without its folder"),
        ("7 * * * * /usr/bin/orderferry -c config.toml import", "names config.toml without"),
        ("7 * * * * /usr/bin/orderferry --config=config.toml import", "names config.toml without"),
        ("7 * * * * python3 -m orderferry import", "names python3 without"),
        (f"*/4 * * * * {PROGRAM} import", "360 times a day, at times 4 min apart"),
        (f"7 * * * * {PROGRAM} import\n9 * * * * {PROGRAM} import", "48 times a day, at times 2 min apart"),
        (f"13 2 * * * {PROGRAM} recheck", "starts recheck between 01:00 and 04:00"),
        (f"7 * * * * {PROGRAM} import --since $(date +%F)", "has a %"),
        (f'MAILTO=""\n7 * * * * {PROGRAM} import', "MAILTO is empty"),
    ],
)
def test_what_is_amiss_is_a_warning(text: str, words: str) -> None:
    (found,) = said(text)
    assert found[0] is Grade.WARNING
    assert words in found[1]


@pytest.mark.parametrize(
    "text",
    [
        f"7 1-4 * * * {PROGRAM} import",
        f"*/5 * * * * {PROGRAM} import",
        "7 * * * * cd /srv && ./orderferry -c config.toml import",
        f"7 * * * * {PROGRAM} import --since $(date +\\%F)",
        "*/2 * * * * /usr/bin/orderferry -c /etc/orderferry/another.toml import",
    ],
)
def test_what_is_meant_is_left_alone(text: str) -> None:
    assert [grade for grade, _ in said(text)] == [Grade.OK]


def test_a_small_share_of_the_quota_is_counted_with() -> None:
    ((grade, message),) = said(f"*/5 * * * * {PROGRAM} import", share="0.5")
    assert grade is Grade.WARNING
    assert "288 of 242" in message
