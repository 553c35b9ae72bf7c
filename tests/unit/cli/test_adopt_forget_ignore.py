"""`adopt`, `forget` and `ignore`: what their options ask for, and what is printed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.adoption import Adoption, Doubt, Doubtful, ForeignOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.run.adopt import AdoptOptions, AdoptReport
from orderferry.run.forget import ForgetReport
from support.command_line import call
from support.configuration import MINIMAL, write

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ONE, TWO = "302-0000000-0000001", "302-0000000-0000002"


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(write(tmp_path, MINIMAL))


class Adopts:
    """Takes over nothing: notes the options and returns `report`."""

    options: AdoptOptions
    report = AdoptReport(Adoption((), (), ()), (), dry_run=False)

    def __call__(self, _: object, options: AdoptOptions) -> AdoptReport:
        self.options = options
        return self.report


@pytest.fixture
def adopts(monkeypatch: pytest.MonkeyPatch) -> Adopts:
    made = Adopts()
    monkeypatch.setattr("orderferry.upkeep.run_adopt", made)
    return made


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], AdoptOptions()),
        (["--messages"], AdoptOptions(messages=True)),
        (["--column", "a.b", "--column", "c.d", "--dry-run"], AdoptOptions(columns=("a.b", "c.d"), dry_run=True)),
        ([f"{ONE}=815", f"{TWO}=4"], AdoptOptions(payments=False, by_hand={ONE: 815, TWO: 4})),
        ([f"{ONE}=815", f"{ONE}=815"], AdoptOptions(payments=False, by_hand={ONE: 815})),
        ([f"{ONE}=815", "--messages"], AdoptOptions(messages=True, by_hand={ONE: 815})),
        ([f"{ONE}=815", "--column", "a.b"], AdoptOptions(columns=("a.b",), by_hand={ONE: 815})),
    ],
)
def test_where_adopt_looks(words: list[str], options: AdoptOptions, adopts: Adopts, config: str) -> None:
    assert call("-c", config, "adopt", *words) == 0
    assert adopts.options == options


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["302=815"], "302=815 is no AMAZON-ID=ID_ORDER, such as 402-1234567-1234567=815."),
        ([f"{ONE}=0"], f"{ONE}=0 is no AMAZON-ID=ID_ORDER, such as 402-1234567-1234567=815."),
        ([f"{ONE}=1", f"{ONE}=2"], f"{ONE} is named twice, with different orders of the shop."),
    ],
)
def test_orders_named_wrongly(
    words: list[str], told: str, adopts: Adopts, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("-c", config, "adopt", *words) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"orderferry: {told}"


def test_orders_are_named_for_one_shop(
    adopts: Adopts, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["-c", config, "-c", str(write(tmp_path, MINIMAL, "two.toml"))]
    assert call(*both, "adopt") == 0
    assert call(*both, "adopt", f"{ONE}=1") == 2
    told = "orderferry: An order of the shop is named for one shop: give one -c FILE."
    assert capsys.readouterr().err.splitlines()[-1] == told


def adoption(number: int, *, dry_run: bool) -> AdoptReport:
    """So many orders that were, or would be, taken over; three in doubt."""
    orders = tuple(ForeignOrder(f"302-{place}", 100 + place, "REF", "payment") for place in range(number))
    doubtful = (
        Doubtful("303-1", (7, 9), Doubt.SEVERAL_ORDERS),
        Doubtful("303-2", (8,), Doubt.SEVERAL_IDS),
        Doubtful("303-3", (), Doubt.NO_ORDER),
    )
    return AdoptReport(Adoption(orders, ("304-1", "304-2"), doubtful), orders, dry_run)


DOUBTS = """\
  ! 303-1 stands on several orders of the shop (7, 9)
    It was imported more than once: cancel the copies, then name the right one: `orderferry adopt 303-1=ID_ORDER`.
  ! 303-2 shares its order of the shop with another Amazon order id (8)
    Look at the order in the shop, and name the right id: `orderferry adopt 303-2=ID_ORDER`.
  ! 303-3 stands in the shop without an order
    The order was deleted in the shop; `orderferry ignore 303-3 --reason …` sets it aside for good.
"""


def test_what_adopt_prints(adopts: Adopts, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    adopts.report = adoption(11, dry_run=False)
    head = f"{adopts.report.adoption.found} Amazon order ids found: "
    row = "  302-{}  order {}  (payment)\n".format
    rows = [row(place, 100 + place) for place in range(11)]
    assert call("-c", config, "adopt") == 1
    told = f"{head}11 taken over, 2 marked already, 3 in doubt.\n"
    assert capsys.readouterr() == (told + DOUBTS, "")
    call("-c", config, "-v", "adopt")
    assert capsys.readouterr().out == told + "".join(rows) + DOUBTS
    adopts.report = adoption(11, dry_run=True)
    told = f"{head}11 would be taken over, 2 marked already, 3 in doubt.\n"
    call("-c", config, "adopt", "--dry-run")
    more = "  … and 1 more: `orderferry -v adopt --dry-run` shows them.\n"
    assert capsys.readouterr().out == told + "".join(rows[:10]) + more + DOUBTS
    call("-c", config, "-v", "adopt", "--dry-run")
    assert capsys.readouterr().out == told + "".join(rows) + DOUBTS
    adopts.report = adoption(10, dry_run=True)
    call("-c", config, "adopt", "--dry-run")
    assert "more:" not in capsys.readouterr().out
    call("-c", config, "adopt", "--json")
    assert json.loads(capsys.readouterr().out)["command"] == "adopt"


def test_doubts_are_yellow(
    adopts: Adopts, config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    adopts.report = adoption(0, dry_run=False)
    call("-c", config, "adopt")
    assert "\x1b[33m  ! 303-3 stands in the shop without an order\x1b[0m\n" in capsys.readouterr().out


class Forgets:
    """Forgets nobody: notes what it was asked, and returns `report`."""

    asked: tuple[timedelta, bool]
    report: ForgetReport

    def __call__(self, _: object, older_than: timedelta, *, dry_run: bool) -> ForgetReport:
        self.asked = older_than, dry_run
        self.report.dry_run = dry_run
        return self.report


@pytest.fixture
def forgets(monkeypatch: pytest.MonkeyPatch) -> Forgets:
    made = Forgets()
    made.report = ForgetReport(timedelta(days=30), False, NOW, forgotten=1, not_due=2, under_way=3)
    monkeypatch.setattr("orderferry.upkeep.run_forget", made)
    return made


def test_what_forget_prints(
    forgets: Forgets, config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(*words: str, **how: Any) -> tuple[str, str]:
        call("-c", config, *(["-q"] if how.get("quiet") else []), "forget", "--older-than", "30d", *words)
        return capsys.readouterr()

    assert forget() == ("", ""), "under cron"
    assert forgets.asked == (timedelta(days=30), False)
    would = "1 buyer would be forgotten; delivered later: 2 orders, under way: 3.\n"
    assert forget("--dry-run") == (would, "")
    assert forgets.asked == (timedelta(days=30), True)
    assert forget("--dry-run", quiet=True) == ("", "")
    assert json.loads(forget("--json")[0])["orders"]["forgotten"] == 1
    monkeypatch.setenv("ORDERFERRY_BY_HAND", "1")
    forgets.report.forgotten, forgets.report.on_invoices, forgets.report.not_due = 12, 5, 1
    kept = "12 buyers forgotten (5 keep name and address on their invoice); delivered later: 1 order, under way: 3.\n"
    assert forget() == (kept, "")
    assert forget(quiet=True) == ("", "")
    forgets.report.problems.append(Problem(ProblemCode.BAD_FIELD, "order 302-1: the row is locked", "302-1"))
    hint = forgets.report.problems[0].hint
    assert forget(quiet=True) == ("", f"orderferry: order 302-1: the row is locked\n  {hint}\n")


def test_forget_needs_an_age(forgets: Forgets, config: str) -> None:
    assert call("-c", config, "forget") == 2


def test_an_order_is_set_aside_and_taken_back(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("-c", config, "ignore", ONE, "--reason", " a gift ") == 0
    assert capsys.readouterr() == (
        f"{ONE} is set aside: a gift\n"
        "  The ledger has never seen this order. Is the id right? `--undo` takes it back.\n",
        "",
    )
    assert call("-c", config, "ignore", ONE, "--reason", "a gift") == 0
    assert capsys.readouterr() == (f"{ONE} is set aside: a gift\n", "")
    assert call("-c", config, "ignore", ONE, "--undo") == 0
    assert capsys.readouterr() == (f"{ONE} is no longer set aside; the next import looks at it again.\n", "")
    assert call("-c", config, "ignore", TWO, "--undo") == 2
    assert capsys.readouterr() == ("", f"orderferry: The ledger knows no order {TWO}.\n")
    for words in ([], ["--reason", ""], ["--reason", "  "]):
        assert call("-c", config, "ignore", ONE, *words) == 2
        told = "orderferry: Give a reason: --reason TEXT (it is kept in the ledger's history)."
        assert capsys.readouterr().err.splitlines()[-1] == told
