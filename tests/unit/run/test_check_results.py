"""What `check` says of the configuration, the environment and the ledger's place: every sentence."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from orderferry.domain.check_result import CheckResult, Grade, failure, fine, warning
from orderferry.errors import ConfigError, ExitCode
from orderferry.run.check import (
    Probe,
    ask_all,
    check_configuration,
    check_environment,
    check_ledger_folder,
    check_ledger_place,
    configuration_failures,
)
from support.configuration import load


def test_a_configuration_that_nobody_else_can_read(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert list(check_configuration(settings)) == [
        fine("configuration", f"{tmp_path}/config.toml is in order: region eu, marketplaces IT, DE."),
        fine("file-mode", "Nobody else on this machine can read a secret in the configuration."),
    ]


def test_a_configuration_that_others_can_read(tmp_path: Path) -> None:
    settings = replace(load(tmp_path), exposed="Others can read it.")
    _, mode = check_configuration(settings)
    assert mode == failure(
        "file-mode",
        "Others can read it.",
        "chmod 600 for such a file, chmod go-w for such a folder; renew the secrets if others may have read them.",
    )


def test_the_mistakes_of_a_configuration_or_its_one_sentence() -> None:
    both = ConfigError("Two mistakes.", hint="Look.", problems=("line 1", "line 2"))
    assert configuration_failures(both) == [
        failure("configuration", "line 1", "Look.", ExitCode.USAGE),
        failure("configuration", "line 2", "Look.", ExitCode.USAGE),
    ]
    assert configuration_failures(ConfigError("No file.")) == [failure("configuration", "No file.", "", ExitCode.USAGE)]


STRAY = warning(
    "environment",
    "Variables of another Amazon program are set: LWA_APP_ID, SP_API_X. orderferry drops them.",
    "Unset them where orderferry is started, so that nobody takes them for its settings.",
)
NEARLY = warning(
    "environment",
    "ORDERFERRY_LEDGER_UR is set, and orderferry reads no such variable.",
    "It is called ORDERFERRY_LEDGER_URL.",
)
NOTHING_LIKE_IT = warning(
    "environment",
    "ORDERFERRY_X is set, and orderferry reads no such variable.",
    "docs/configuration.md lists the variables; unset this one.",
)


@pytest.mark.parametrize(
    ("stray", "unknown", "results"),
    [
        ([], [], [fine("environment", "No variable of the environment interferes.")]),
        (["LWA_APP_ID", "SP_API_X"], [], [STRAY]),
        ([], [("ORDERFERRY_LEDGER_UR", "ORDERFERRY_LEDGER_URL"), ("ORDERFERRY_X", "")], [NEARLY, NOTHING_LIKE_IT]),
    ],
)
def test_variables_that_interfere(stray: list[str], unknown: list[tuple[str, str]], results: list[CheckResult]) -> None:
    assert list(check_environment(stray, unknown)) == results


FULL = failure(
    "ledger",
    "The disk under the ledger /l is full: 4095 KiB are left.",
    "Free some space, or set ledger.path to another disk; a run without a ledger does not begin.",
    ExitCode.LEDGER_UNUSABLE,
)


@pytest.mark.parametrize(
    ("exists", "usable", "free", "result"),
    [
        (True, True, 4096 * 1024 - 1, FULL),
        (False, False, 4096 * 1024 - 1, FULL),
        (True, True, 4096 * 1024, fine("ledger", "The ledger /l is in order, and of this shop and account.")),
        (True, True, None, fine("ledger", "The ledger /l is in order, and of this shop and account.")),
        (
            True,
            False,
            None,
            fine("ledger", "The ledger /l is of an older version; the next import brings it up to date."),
        ),
        (False, False, None, fine("ledger", "There is no ledger /l yet; the first import creates it.")),
    ],
)
def test_the_ledgers_place(exists: bool, usable: bool, free: int | None, result: CheckResult) -> None:
    assert check_ledger_place("/l", exists=exists, is_usable=usable, free=free) == result


def test_a_folder_of_the_ledger_that_others_can_change(tmp_path: Path) -> None:
    assert list(check_ledger_folder(tmp_path, is_open=False)) == []
    assert list(check_ledger_folder(tmp_path, is_open=True)) == [
        warning(
            "ledger-folder",
            f"Other users of this machine can put another ledger into {tmp_path}.",
            f"chmod go-w {tmp_path}, or set ledger.path to a folder of this user's own.",
        )
    ]


def test_an_unexpected_error_is_told_by_its_class_and_logged_by_where_it_was(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> list[CheckResult]:
        raise ValueError("Mario Rossi")

    with caplog.at_level(logging.DEBUG):
        results = ask_all([Probe("odd", broken)])
    assert results == [
        CheckResult(
            "odd",
            Grade.FAILURE,
            "This could not be checked: an unexpected error inside orderferry (ValueError).",
            "Run it again with -vv and send what it prints to the issue tracker.",
            ExitCode.NEEDS_A_PERSON,
        )
    ]
    assert "the probe odd failed: ValueError" in caplog.text
    assert "Rossi" not in caplog.text
