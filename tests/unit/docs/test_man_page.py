"""docs/orderferry.1 is what the help texts say, roff takes it, and a wheel and an image bring it along."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest

from orderferry.cli import man_page
from orderferry.cli.commands import COMMANDS
from orderferry.cli.main import cli
from orderferry.cli.man_page import EXIT_STATUS, render_man_page
from orderferry.errors import ExitCode

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "orderferry.1").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
MACROS = {"TH", "SH", "SS", "PP", "TP", "B", "BR"}


def section(command: str) -> str:
    found = re.search(rf"^\.SS {command}\b.*\n((?:(?!\.S[SH] ).*\n)*)", PAGE, re.M)
    assert found, command
    return found[1]


def test_the_committed_page_is_made_of_the_help_texts() -> None:
    assert render_man_page() == PAGE, "write it anew: python -m orderferry.cli.man_page"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_is_on_it_and_is_explained(command: str) -> None:
    loaded = cli.get_command(click.Context(cli), command)
    assert loaded is not None
    told = section(command)
    for option in loaded.params:
        if isinstance(option, click.Option):
            escaped = re.escape(option.opts[0].replace("-", "\\-"))
            assert re.search(rf"^\.B .*{escaped}\b.*\n\S", told, re.M), option.opts[0]


def test_roff_meets_nothing_but_the_macros_that_are_meant_and_no_bare_escape() -> None:
    for line in PAGE.splitlines()[1:]:
        assert not line.startswith("'")
        assert not line.startswith(".") or line[1:].split()[0] in MACROS, line
        assert not re.search(r"\\(?![-e&]|f[BR])", line), line


def test_every_exit_code_is_on_it_in_the_words_of_the_page_on_operations() -> None:
    assert set(EXIT_STATUS) == set(ExitCode)
    for code, text in EXIT_STATUS.items():
        if code < ExitCode.HUNG_UP:
            assert f"| {int(code)} | {text} |" in OPERATIONS


def test_wheels_and_images_bring_it_along() -> None:
    target = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert target["wheel"]["shared-data"] == {"docs/orderferry.1": "share/man/man1/orderferry.1"}
    assert "docs/orderferry.1" in target["sdist"]["include"]
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "contrib/Containerfile").read_text("utf-8"), re.M)
    sources = {word for line in copied for word in line.split()}
    assert {"docs/orderferry.1", "src", "pyproject.toml", "README.md", "LICENSE"} <= sources
    assert all((ROOT / source).exists() for source in sources)


def test_text_is_taken_literally_by_roff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(man_page, "DESCRIPTION", (r"a \ b-c… `d -e`", ".dot", "'quote'"))
    lines = render_man_page().splitlines()
    start = lines.index(".SH DESCRIPTION")
    assert lines[start + 1 : start + 6] == [r"a \e b\-c... \fBd \-e\fR", ".PP", r"\&.dot", ".PP", r"\&'quote'"]


def test_the_page_is_written_into_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(man_page, "__file__", str(tmp_path / "src/orderferry/cli/man_page.py"))
    man_page.main()
    assert (tmp_path / "docs" / "orderferry.1").read_text("utf-8") == PAGE
