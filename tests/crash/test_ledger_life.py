"""What becomes of the ledger's file: whatever makes it unusable ends each run with 6 and a sentence, and nothing is
written to the shop that would then be forgotten. Lost, put back or taken over, it loses and doubles no order.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from orderferry.errors import ExitCode
from support.children import Children, Ended
from support.crash_orders import T1, T2, T3, crash_installation
from support.crash_scenario import IMPORT, CrashScenario
from support.disks import fill, small_disk
from support.proofs import Proofs
from support.shop_database import ShopDatabase
from support.shop_snapshot import differences, flaws_of_orders, imported_in_ledger, shop_snapshot


def changed(statement: str) -> Callable[[Path], None]:
    """What somebody does to the ledger with a statement."""

    def change(ledger: Path) -> None:
        with closing(sqlite3.connect(ledger)) as connection:
            connection.execute(statement)
            connection.commit()

    return change


def in_its_place(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Something else where the ledger was."""

    def put(ledger: Path) -> None:
        ledger.unlink()
        make(ledger)

    return put


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "garbage": (lambda ledger: ledger.write_bytes(b"no ledger at all\n" * 400), "damaged"),
    "torn": (lambda ledger: ledger.write_bytes(ledger.read_bytes()[: ledger.stat().st_size // 2]), "damaged"),
    "newer": (changed("INSERT INTO migrations VALUES ('m999_tomorrow', '2030-01-01T00:00:00.000Z', '9')"), "newer"),
    "other shop": (changed("UPDATE ledger SET shop = 'elsewhere/shop'"), "belongs to the shop elsewhere/shop"),
    "other account": (changed("UPDATE ledger SET account = 'somebody'"), "another Amazon account"),
    "nobody's": (changed("DELETE FROM ledger"), "does not say whose it is"),
    "a folder": (in_its_place(Path.mkdir), "is a folder"),
    "a pipe": (in_its_place(os.mkfifo), "no ordinary file"),
}
COMMANDS = (IMPORT, ("recheck", "--json"), ("import", "--order", "302-5550000-0000007", "--json"))


def assert_refused(ended: Ended, words: str) -> None:
    assert ended.code == ExitCode.LEDGER_UNUSABLE, ended.told()
    assert ended.json["exit_code"] == ended.code
    assert words in ended.json["problems"][0]["message"], ended.told()
    assert ended.json["problems"][0]["hint"]
    assert not ended.err, ended.err


def told(ended: Ended) -> list[str]:
    """The codes of a run's problems."""
    return [problem["code"] for problem in ended.json["problems"]]


def remove(ledger: Path) -> None:
    """Move the ledger away, as the hints of a damaged one say."""
    for file in ledger.parent.glob(f"{ledger.name}*"):
        file.rmdir() if file.is_dir() else file.unlink()


@pytest.mark.sample(3)
@pytest.mark.parametrize("what", UNUSABLE)
def test_an_unusable_ledger_ends_every_run_with_6_and_nothing_written(
    paged_scenario: CrashScenario, proofs: Proofs, what: str
) -> None:
    spoil, words = UNUSABLE[what]
    ledger = paged_scenario.installation.installed.ledger
    paged_scenario.reset()
    asked = len(paged_scenario.installation.server.requests)
    spoil(ledger)
    for command in COMMANDS:
        assert_refused(paged_scenario.test_run(*command), words)
    assert paged_scenario.before.changed() == set()
    assert len(paged_scenario.installation.server.requests) == asked, "Amazon is not asked in vain"

    remove(ledger)
    rebuilt = paged_scenario.clean_run()
    assert rebuilt.code in {ExitCode.DONE, ExitCode.NEEDS_A_PERSON}, rebuilt.told()
    assert "ledger-rebuilt" in told(rebuilt)
    assert "ledger-rebuilt" in told(paged_scenario.clean_run("recheck", "--json"))  # until both have looked back
    last = paged_scenario.clean_run("doublecheck", "--json")
    assert "ledger-rebuilt" not in told(last), last.told()
    assert_shop_as_ever(paged_scenario)
    proofs.ran("ledgers that could not be used", len(COMMANDS))


def assert_shop_as_ever(scenario: CrashScenario) -> None:
    shop = scenario.installation.shop
    assert flaws_of_orders(shop) + differences(shop_snapshot(shop, scenario.tables), scenario.shop_after) == []
    markers = shop.rows("SELECT amazon_order_id, id_order FROM {p}orderferry_order")
    assert imported_in_ledger(scenario.installation.installed.ledger) == {
        row["amazon_order_id"]: row["id_order"] for row in markers
    }


def test_a_shop_that_was_moved_is_accepted_once(paged_scenario: CrashScenario, proofs: Proofs) -> None:
    paged_scenario.reset()
    spoil, words = UNUSABLE["other shop"]
    spoil(paged_scenario.installation.installed.ledger)
    assert_refused(paged_scenario.test_run(), words)
    accepted = paged_scenario.test_run("import", "--accept-shop", "--json")
    assert accepted.code == paged_scenario.healthy.code, accepted.told()
    assert accepted.json["orders"] == paged_scenario.healthy.json["orders"]
    paged_scenario.assert_recovered(paged_scenario.clean_run(), "after --accept-shop")
    proofs.ran("ledgers that could not be used", 1)


def test_an_older_copy_of_the_ledger_doubles_and_loses_nothing(paged_scenario: CrashScenario, proofs: Proofs) -> None:
    paged_scenario.reset()
    ledger = paged_scenario.installation.installed.ledger
    old = Path(shutil.copy(ledger, ledger.with_suffix(".older")))
    assert paged_scenario.test_run().code == paged_scenario.healthy.code
    remove(ledger)
    shutil.move(old, ledger)
    paged_scenario.assert_recovered(paged_scenario.clean_run(), "after an older copy")
    proofs.ran("older copies of the ledger", 1)


@pytest.mark.sample(1, always=("5",))
@pytest.mark.parametrize("committed", [1, 3, 5])
def test_a_disk_that_fills_up_under_the_ledger_in_the_middle_of_a_run(
    shop_database: ShopDatabase, tmp_path: Path, proofs: Proofs, committed: int
) -> None:
    """The order in hand is in the shop, with its marker; the run ends with 6, and the next one knows the order."""
    with (
        small_disk(tmp_path / "small", "700k") as folder,
        crash_installation(folder, shop_database) as made,
    ):
        children = Children(tmp_path)
        assert children.run(made.installed, T1, *IMPORT).code == ExitCode.DONE
        made.move_to(T2)
        child = children.start(made.installed, T2, *IMPORT, accident=("stop", "committed", committed))
        assert child.stopped()
        fill(folder)
        child.go_on()
        assert_refused(child.end(), "full")
        assert_refused(children.run(made.installed, T2, *IMPORT), "full")
        assert flaws_of_orders(shop_database) == []

        (folder / "filler").unlink()
        made.move_to(T3)
        ended = children.run(made.installed, T3, *IMPORT)
        assert ended.code == ExitCode.NEEDS_A_PERSON, ended.told()
        assert flaws_of_orders(shop_database) == []
        markers = shop_database.rows("SELECT amazon_order_id, id_order FROM {p}orderferry_order")
        assert len(markers) == 8
        assert imported_in_ledger(made.installed.ledger) == {row["amazon_order_id"]: row["id_order"] for row in markers}
    proofs.ran("full disks under the ledger", 1)
