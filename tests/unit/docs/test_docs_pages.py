"""The pages of docs/ and the files of contrib/ speak of commands, options, keys, codes and files that there are."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import orderferry
from orderferry.cli.commands import COMMANDS
from orderferry.cli.main import LazyCommands, cli
from orderferry.config.keys import KEYS
from orderferry.config.lookup import is_table, match
from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.pricing.tax_law import TaxScheme
from orderferry.domain.problems import ProblemCode
from orderferry.errors import ExitCode, OrderferryError
from orderferry.prestashop.database.own_tables import EVENT_TABLE_NAMES, MARKER_TABLE, STATE_TABLE

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
CONTRIB = sorted(path for path in (ROOT / "contrib").rglob("*") if path.is_file() and path.suffix != ".php")
TABLES = {key.path[0] for key in KEYS}
CALL = re.compile(r"(?<![\w@/.-])(?:\S*/)?orderferry((?: -c \S+| -vv?| -q)*) ([a-z]+)\b([^`\n|]*)")
CODE = re.compile(r"`([^`\n]+)`|^(?: {4}|\t)(?=\S)(.*)$", re.M)


def code_of(text: str) -> Iterator[str]:
    """Everything of a page that is set as code."""
    for inline, block in CODE.findall(text):
        yield inline or block


def calls() -> list[tuple[str, str, str]]:
    """Every call of the program on any page: where, the command, the rest of its line."""
    found = []
    for path in [*PAGES, ROOT / "README.md", ROOT / "crontab.example", *CONTRIB]:
        text = path.read_text(encoding="utf-8")
        pieces = code_of(text) if path.suffix == ".md" else text.splitlines()
        for piece in pieces:
            if re.match(r"(useradd|install|cp|podman|kubectl|#)", piece.strip()):
                continue
            found += [(str(path.relative_to(ROOT)), command, rest) for _, command, rest in CALL.findall(piece)]
    return found


def options_of(command: str) -> set[str]:
    group = cli
    assert isinstance(group, LazyCommands)
    loaded = group.get_command(click.Context(group), command)
    assert loaded is not None
    return {option for parameter in loaded.params for option in (*parameter.opts, *parameter.secondary_opts)}


def test_there_are_calls_to_look_at() -> None:
    assert len({command for _, command, _ in calls()}) > 8


@pytest.mark.parametrize(("page", "command", "rest"), calls(), ids=lambda value: str(value).strip()[:40])
def test_every_command_and_option_that_is_named_exists(page: str, command: str, rest: str) -> None:
    assert command in COMMANDS, page
    options = set(re.findall(r"(?<=\s)--[a-z-]+", rest))
    assert options <= options_of(command) | {"--help"}, page


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.name != "configuration.md"], ids=lambda page: str(page.relative_to(ROOT))
)
def test_every_key_that_is_named_exists(page: Path) -> None:
    for piece in code_of(page.read_text(encoding="utf-8")):
        for word in re.findall(r"(?<![\w./-])([a-z]+(?:\.[A-Za-z_<>]+)+)", piece):
            path = tuple(re.sub(r"^<(.*)>$", r"\1", part) for part in word.split("."))
            path = tuple(
                {"COUNTRY": "DE", "CODE": "DE", "SKU": "A", "SERVICE_LEVEL": "EXPEDITED"}.get(p, p) for p in path
            )
            if path[0] in TABLES and word not in ("orders.module", "orders.payment", "orders.total_paid"):
                assert match(path) or is_table(path), f"{page.name}: {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere_and_the_index_or_a_neighbour_leads_here(page: Path) -> None:
    assert broken_links(page) == []
    index = ROOT / "docs/README.md"
    leading = [ROOT / "README.md"] if page == index else [index, page.parent / "README.md"]
    assert any(page.resolve() in {target for _, target, _ in links(one)} for one in leading)


def links(page: Path) -> list[tuple[str, Path, str]]:
    """Every link of a page to a file of ours: as it is written, the file, the heading."""
    found = re.findall(r"\]\(((?![a-z]+:)([^)#]*)(?:#([^)]*))?)\)", page.read_text(encoding="utf-8"))
    return [(whole, (page.parent / path).resolve() if path else page.resolve(), part) for whole, path, part in found]


def broken_links(page: Path) -> list[str]:
    """The links of a page that lead to no file, or to no heading of it."""
    return [
        whole
        for whole, target, part in links(page)
        if not target.exists() or (part and part not in headings(target.read_text(encoding="utf-8")))
    ]


def headings(text: str) -> set[str]:
    """The names by which a page's headings are linked to, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_links_of_the_pages_beside_the_code_lead_somewhere(name: str) -> None:
    assert broken_links(ROOT / name) == []


def test_a_link_to_a_file_or_heading_that_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One, two\n[a](page.md#one-two) [b](#three) [c](other.md) [d](https://example.com/#x)\n")
    assert broken_links(page) == ["#three", "other.md"]


def troubleshooting_rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading or sentence, by their first cell."""
    text = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    part = text[text.index(heading) :]
    rows = re.search(r"\| --- .*\n((?:\|.*\n)+)", part)
    assert rows
    cells = [[cell.strip() for cell in row.strip("|\n").split(" | ")] for row in rows[1].splitlines()]
    assert all(all(row) for row in cells), "no cell is empty"
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_code_of_a_problem_has_its_row() -> None:
    assert set(troubleshooting_rows("## Codes of problems")) == set(ProblemCode)


def errors() -> dict[str, type[OrderferryError]]:
    """Every kind of error that can reach a user, by its code."""
    for module in pkgutil.walk_packages(orderferry.__path__, "orderferry."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, kinds = dict[str, type[OrderferryError]](), [OrderferryError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__.startswith("orderferry."):
            found.setdefault(kind.code, kind)
    return found


def test_every_code_of_an_error_has_its_row_with_its_exit_code() -> None:
    told = troubleshooting_rows("What ends a run")
    known = errors()
    known.pop("error")  # the base of them all
    assert set(told) - {"system"} == set(known)
    for code, kind in known.items():
        if code != "stopped":  # by the signal
            assert told[code][-1] == str(int(kind.exit_code)), code


def test_every_exit_code_has_its_row() -> None:
    assert set(troubleshooting_rows("## Exit codes")) == {str(int(code)) for code in ExitCode}


def test_uninstalling_names_every_table_of_ours() -> None:
    text = (ROOT / "docs/uninstall.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bps_(orderferry_\w+)", text)) == {MARKER_TABLE, STATE_TABLE, *EVENT_TABLE_NAMES}


def test_every_marketplace_is_listed() -> None:
    text = (ROOT / "docs/marketplaces.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]{2}) \| [^|]+ \| (\S+) \| `(\w+)` \| ([A-Z]{3}) \|$", text, re.M)
    assert rows == [(one.code, one.domain, str(one.region), one.currency) for one in MARKETPLACES]
    assert f"| {len(MARKETPLACES)} of Amazon's |" in (ROOT / "docs/comparison.md").read_text(encoding="utf-8")
    regions = re.findall(
        r"^\| `(\w+)` \| ([A-Z, ]+) \|$", (ROOT / "docs/amazon-credentials.md").read_text("utf-8"), re.M
    )
    listed = [(region, code) for region, codes in regions for code in codes.split(", ")]
    assert sorted(listed) == sorted((str(one.region), one.code) for one in MARKETPLACES)


def test_the_comparison_gives_a_source_or_says_that_none_is_known() -> None:
    text = (ROOT / "docs/comparison.md").read_text(encoding="utf-8")
    table = re.search(r"\| --- \|.*\n((?:\|.*\n)+)", text)
    assert table
    sources = set(re.findall(r"^(\d+)\. \[.*\]\(https?://", text, re.M))
    assert sources
    used = set(re.findall(r"\[(\d+)\]", table[1]))
    assert used == sources
    for row in table[1].splitlines():
        for cell in row.strip("|").split(" | ")[2:]:
            assert "not known" in cell or re.search(r"\[\d+\]", cell), f"{row[:40]}: {cell}"


@pytest.mark.parametrize(("english", "other"), [("italy", "it/italia"), ("france", "fr/france")])
def test_a_page_in_two_languages_has_the_same_commands_and_keys(english: str, other: str) -> None:
    pages = [(ROOT / f"docs/{name}.md").read_text(encoding="utf-8") for name in (english, other)]
    first, second = ([re.sub(r"\w+\.csv|<\w+>", "", piece) for piece in code_of(page)] for page in pages)
    assert first == second


def test_the_quick_starts_have_the_same_commands() -> None:
    italian, french = ((ROOT / f"docs/{name}/README.md").read_text(encoding="utf-8") for name in ("it", "fr"))
    assert list(code_of(italian)) == list(code_of(french))


def test_every_tax_scheme_is_explained() -> None:
    text = (ROOT / "docs/taxes-and-invoices.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.M)) == set(TaxScheme)


UNITS = ROOT / "contrib/systemd"


def test_there_is_a_timer_for_each_scheduled_command() -> None:
    timers = {path.stem.removeprefix("orderferry-"): path.read_text("utf-8") for path in UNITS.glob("*.timer")}
    assert set(timers) == {"import", "recheck", "doublecheck", "compare"}
    for command, text in timers.items():
        assert f"Unit=orderferry@{command}.service" in text
        assert ("Persistent=true" in text) == (command != "import")


def test_the_service_treats_what_heals_by_itself_as_no_failure() -> None:
    text = (UNITS / "orderferry@.service").read_text("utf-8")
    listed = re.search(r"^SuccessExitStatus=(.*)$", text, re.M)
    assert listed
    assert set(map(int, listed[1].split())) == {
        ExitCode.NEEDS_A_PERSON,
        ExitCode.ALREADY_RUNNING,
        ExitCode.AMAZON_UNAVAILABLE,
        ExitCode.SHOP_UNAVAILABLE,
    }


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        text = path.read_text("utf-8").replace("/opt/orderferry/.venv/bin/orderferry", "/bin/true")
        (tmp_path / path.name).write_text(text, "utf-8")
    units = [f"./{path.name}" for path in sorted(tmp_path.glob("*.timer"))]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "./orderferry@import.service", *units],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_kubernetes_never_repeats_a_job_by_itself() -> None:
    jobs = (ROOT / "contrib/kubernetes/cronjobs.yaml").read_text("utf-8").split("---\n")
    commands = [re.search(r'args: \["([a-z]+)"', job) for job in jobs]
    assert [found[1] for found in commands if found] == ["import", "recheck", "doublecheck", "compare"]
    for job in jobs:
        for line in ("concurrencyPolicy: Forbid", "backoffLimit: 0", "restartPolicy: Never"):
            assert line in job


def test_schedules_are_those_of_the_crontab() -> None:
    crontab = (ROOT / "crontab.example").read_text("utf-8")
    schedules = re.findall(r'schedule: "(.*)"', (ROOT / "contrib/kubernetes/cronjobs.yaml").read_text("utf-8"))
    assert len(schedules) == 4
    for schedule in schedules:
        assert re.search(rf"^{re.escape(schedule)} ", crontab, re.M), schedule
    lines = re.findall(r"^(?: {4})(\S+ \S+ \* \* \* .*)$", (ROOT / "docs/cron.md").read_text("utf-8"), re.M)
    assert len(lines) == 4
    for line in lines:
        assert line in crontab
