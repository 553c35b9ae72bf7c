"""`check` for people: a line for each thing, the mend below it, and how many there are; and all that is asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from orderferry.domain.check_result import CheckResult, failure, fine, warning
from orderferry.errors import ExitCode
from orderferry.run.check import Probe
from support.command_line import call
from support.configuration import MINIMAL, write

FINE = fine("configuration", "It is in order – fine.")
ODD = warning("crontab", "import is not in it.", "Paste:\n\n  * * * * * import")
BAD = failure("database", "It does not answer.", "Start it.", ExitCode.SHOP_UNAVAILABLE)


class Checks:
    """Answers with `results`, and notes what was to be asked."""

    results: list[CheckResult]
    asked: list[tuple[str, tuple[str, ...]]]

    def __call__(self, probes: Iterable[Probe]) -> list[CheckResult]:
        self.asked = [(probe.name, probe.needs) for probe in probes]
        return self.results


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    made = Checks()
    monkeypatch.setattr("orderferry.run.check.ask_all", made)
    monkeypatch.setattr("orderferry.cli.program.read_crontab", lambda: "")
    return made


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(write(tmp_path, MINIMAL))


def test_each_thing_is_a_line_with_its_mend(checks: Checks, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    checks.results = [FINE, ODD, BAD]
    troubles = (
        "! crontab: import is not in it.\n"
        "    Paste:\n"
        "    \n"
        "      * * * * * import\n"
        "✘ database: It does not answer.\n"
        "    Start it.\n"
    )
    assert call("-c", config, "check") == 5
    all_of_it = f"✔ configuration: It is in order – fine.\n{troubles}3 checks: 1 to mend, 1 to look at.\n"
    assert capsys.readouterr() == (all_of_it, "")
    assert call("-c", config, "-q", "check") == 5
    assert capsys.readouterr() == (troubles, "")
    checks.results = [ODD]
    assert call("-c", config, "check") == 1
    assert capsys.readouterr().out.endswith("\n1 check: 0 to mend, 1 to look at.\n")
    checks.results = [FINE, FINE]
    assert call("-c", config, "check") == 0
    assert capsys.readouterr().out.endswith("\nAll 2 checks are well. Next: `orderferry import --dry-run`.\n")


def test_the_signs_are_coloured(
    checks: Checks, config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    checks.results = [FINE, ODD, BAD]
    call("-c", config, "check")
    lines = [line for line in capsys.readouterr().out.splitlines() if "\x1b" in line]
    assert [line.partition(" ")[0] for line in lines] == [
        "\x1b[32m✔\x1b[0m",
        "\x1b[33m!\x1b[0m",
        "\x1b[31m✘\x1b[0m",
    ]


def test_json_and_a_configuration_that_can_t_be_used(
    checks: Checks, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checks.results = [FINE]
    other = str(write(tmp_path, MINIMAL + "[stock]\nfba = 1\nregular = 1\n", "other.toml"))
    assert call("-c", config, "-c", other, "check", "--json") == 2
    good, bad = json.loads(capsys.readouterr().out)["shops"]
    assert (good["config"], good["exit_code"], len(good["checks"])) == (config, 0, 1)
    assert (bad["config"], bad["exit_code"], len(bad["checks"])) == (other, 2, 2)


def test_all_that_is_asked_and_what_each_question_needs(checks: Checks, config: str) -> None:
    checks.results = []
    call("-c", config, "check")
    assert checks.asked == [
        ("configuration", ()),
        ("environment", ()),
        ("ledger", ()),
        ("client-secret-age", ()),
        ("token", ()),
        ("clock", ("token",)),
        ("marketplaces", ("token",)),
        ("datasets", ("token",)),
        ("database", ()),
        ("tables", ("database",)),
        ("collations", ("tables",)),
        ("rights", ("database",)),
        ("settings", ("tables",)),
        ("mappings", ("tables",)),
        ("customers.account", ("tables",)),
        ("products", ("tables",)),
        ("stock", ("tables",)),
        ("vat", ("tables",)),
        ("states", ("tables",)),
        ("carriers", ("tables",)),
        ("edits", ("tables",)),
        ("modules", ("tables",)),
        ("crontab", ()),
    ]
