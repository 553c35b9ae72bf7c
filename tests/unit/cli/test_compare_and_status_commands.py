"""`compare` and `status` as commands: what their options ask for, and which files and exit codes come of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import Settings
from orderferry.domain.orders import Channel
from orderferry.domain.spans import Span
from orderferry.errors import AmazonUnavailable, LedgerUnusable
from orderferry.run.compare.compare import CompareOptions
from orderferry.run.compare.result import Comparison, OneSided
from orderferry.run.compare.rules import MonthBasis
from orderferry.run.progress import SILENT
from orderferry.run.status import CommandStatus, Status
from support.command_line import call
from support.compared import DE, NOW, SPAN
from support.configuration import MINIMAL, write

FOUND = Comparison(NOW, SPAN, missing=(OneSided("302-1", "no import has seen it", "do"),))


class Compares:
    """Compares nothing: notes what it was asked, and returns `result`."""

    result: Comparison | Exception = FOUND
    options: CompareOptions
    silent: bool

    def __call__(self, installation: Any, options: CompareOptions) -> Comparison:
        self.options, self.silent = options, installation.progress is SILENT
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def compares(monkeypatch: pytest.MonkeyPatch) -> Compares:
    made = Compares()
    monkeypatch.setattr("orderferry.upkeep.run_compare", made)
    return made


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(write(tmp_path, MINIMAL))


DAY_ONE, DAY_TWO = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], CompareOptions(None, None, None, False, False, MonthBasis.PURCHASE)),
        (
            ["--since", "2026-10-01", "--until", "2026-10-02", "--source", "search"],
            CompareOptions(DAY_ONE, DAY_TWO, None, True, False, MonthBasis.PURCHASE),
        ),
        (
            ["--month", "2026-10", "--by", "invoice", "--html", "page.html"],
            CompareOptions(None, None, (2026, 10), False, True, MonthBasis.INVOICE),
        ),
        (["--by", "shipped"], CompareOptions(None, None, None, False, False, MonthBasis.SHIPPED)),
    ],
)
def test_what_is_compared(
    words: list[str], options: CompareOptions, compares: Compares, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(config).parent)
    assert call("-c", config, "compare", *words) == 1
    assert compares.options == options


def test_a_comparison_is_printed_and_written(
    compares: Compares, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, table = tmp_path / "page.html", tmp_path / "table.csv"
    assert call("-c", config, "compare", "--html", str(page), "--csv", str(table)) == 1
    out, err = capsys.readouterr()
    assert out.startswith("compare: orders placed ")
    assert err == ""
    assert page.read_text().startswith("<!doctype html>")
    assert table.read_text().startswith("amazon_order_id,")
    compares.result = Comparison(NOW, errors=[AmazonUnavailable("Amazon is away.")])
    page.write_text("an earlier one")
    assert call("-c", config, "compare", "--html", str(page), "--csv", str(table)) == 4
    assert page.read_text() == "an earlier one"


def test_a_comparison_as_json(compares: Compares, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("-c", config, "compare", "--json") == 1
    out, err = capsys.readouterr()
    assert ([one["order_id"] for one in json.loads(out)["missing"]], err) == (["302-1"], "")
    assert compares.silent
    call("-c", config, "compare", "--json", "--progress")
    assert not compares.silent
    capsys.readouterr()
    call("-c", config, "compare", "--progress")
    assert not compares.silent
    call("-c", config, "compare")
    assert compares.silent, "no terminal"


def test_what_stops_a_comparison_is_told_under_cron_too(
    compares: Compares, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    compares.result = LedgerUnusable("It is damaged.")
    assert call("-c", config, "compare") == 6
    assert capsys.readouterr() == ("", "orderferry: It is damaged.\n")


def test_comparisons_of_several_shops(
    compares: Compares, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["-c", config, "-c", str(write(tmp_path, MINIMAL, "two.toml"))]
    assert call(*both, "compare") == 1
    names = [line for line in capsys.readouterr().out.splitlines() if line.endswith(".toml:")]
    assert names == [f"{config}:", f"{tmp_path / 'two.toml'}:"]
    for option in ("--csv", "--html"):
        assert call(*both, "compare", option, str(tmp_path / "file")) == 2
        told = "orderferry: --csv and --html are for one configuration: give one -c FILE."
        assert capsys.readouterr().err.splitlines()[-1] == told
    assert call(*both, "compare", "--json") == 1
    assert len(json.loads(capsys.readouterr().out)["shops"]) == 2


def status(*, late: bool = False) -> Status:
    gaps = (((DE, Channel.REGULAR), Span(SPAN.start, SPAN.end)),) if late else ()
    return Status(NOW, (CommandStatus("import", None, None, late=False),), {}, gaps, {"waiting": 2}, (), None, {})


@pytest.fixture
def shops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Status | Exception]:
    """How the shops stand, by the names of their configurations, which are written."""
    stand: dict[str, Status | Exception] = {"it": status(), "de": status(late=True), "fr": LedgerUnusable("a|b")}
    for name in stand:
        write(tmp_path, MINIMAL, f"{name}.toml")

    def shop_status(installation: Any) -> Status:
        settings: Settings = installation.settings
        found = stand[settings.name]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("orderferry.inspection.shop_status", shop_status)
    return stand


def options(folder: Path, *names: str) -> list[str]:
    return [word for name in names for word in ("-c", str(folder / f"{name}.toml"))]


def test_the_state_of_one_shop_and_of_several(
    shops: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*options(tmp_path, "it"), "status") == 0
    assert capsys.readouterr().out.startswith("it, 2026-11-23 06:00 (UTC)\nAll is well.\n")
    assert call(*options(tmp_path, "it", "fr", "de"), "status") == 6
    out, err = capsys.readouterr()
    assert [line for line in out.splitlines() if line.endswith(".toml:")] == [
        f"{tmp_path / name}.toml:" for name in ("it", "fr", "de")
    ]
    assert err == "orderferry: a|b\n"
    assert call(*options(tmp_path, "de"), "status", "--json") == 1
    assert json.loads(capsys.readouterr().out)["healthy"] is False


def test_the_line_for_nagios_of_one_shop_and_of_several(
    shops: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*options(tmp_path, "it"), "status", "--nagios") == 0
    assert capsys.readouterr().out.startswith("ORDERFERRY OK - 2 waiting | waiting=2 ")
    assert call(*options(tmp_path, "it", "fr", "de"), "status", "--nagios") == 2
    assert capsys.readouterr().out == (
        "ORDERFERRY CRITICAL - 2 waiting; 1 gap in the observation (it OK, fr UNKNOWN, de CRITICAL)\n"
    )
    assert call(*options(tmp_path, "it", "fr"), "status", "--nagios") == 3
    assert capsys.readouterr().out == "ORDERFERRY UNKNOWN - a/b (it OK, fr UNKNOWN)\n"


def test_the_files_have_the_shops_that_answered(
    shops: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, metrics = tmp_path / "page.html", tmp_path / "shop.prom"
    words = ["status", "--html", str(page), "--prometheus", str(metrics)]
    assert call(*options(tmp_path, "it", "fr", "de"), *words) == 6
    assert "<title>orderferry: it, de</title>" in page.read_text()
    assert 'orderferry_healthy{shop="it"} 1.0\n' in metrics.read_text()
    assert 'orderferry_healthy{shop="de"} 0.0\n' in metrics.read_text()
    assert (page.stat().st_mode & 0o777, metrics.stat().st_mode & 0o777) == (0o600, 0o644)
