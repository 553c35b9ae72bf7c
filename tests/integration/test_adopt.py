"""`adopt` on a shop that another importer has filled: found, marked once, followed and never rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.ledger_entry import EntryState
from orderferry.domain.marker import Outcome
from orderferry.domain.marketplaces import Region
from orderferry.domain.orders import OrderStatus
from orderferry.errors import UsageError
from orderferry.ledger.ledger import open_ledger
from orderferry.prestashop.adopting import OrderAdopter
from orderferry.run.adopt import AdoptOptions, AdoptReport, adopt
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.writing import NOW, ORDER_ID, Sold, amazon_order, cancelled, importer, settings_for, shipped

pytestmark = pytest.mark.sample(0, always=("mariadb",))

LATER = NOW + timedelta(hours=3)
ORDER = amazon_order(
    Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54"),
    Sold("TSHIRT-S-WHITE", 1, "20.00", "3.61"),
)
OTHER_ID = "402-7654321-7654321"


def as_other_module(database: ShopDatabase) -> None:
    """What orderferry has written becomes another module's: our tables are gone."""
    database.execute("UPDATE {p}orders SET module = 'othermodule', payment = 'Marketplace'")
    for table in ("orderferry_order", "orderferry_state"):
        database.execute(f"DROP TABLE {{p}}{table}")


@pytest.fixture(params=["mariadb", "sqlite"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> ShopDatabase:
    """A shop with one Amazon order, put there by another module."""
    name = "shop_database" if request.param == "mariadb" else "sqlite_shop"
    database: ShopDatabase = request.getfixturevalue(name)
    writer = importer(database, tmp_path)
    writer.take(ORDER)
    writer.shop.close()
    as_other_module(database)
    return database


def run_adopt(database: ShopDatabase, folder: Path, now: datetime = NOW, **options: Any) -> AdoptReport:
    settings = settings_for(database, folder)
    path = folder / "adopt.sqlite"
    dry = options.get("dry_run", False)
    with open_ledger(path, account="a", shop="s", now=now, accept_shop=False, read_only=False, dry_run=dry) as ledger:
        return adopt(OrderAdopter(settings, sleep=lambda _s: None), ledger, AdoptOptions(**options), now)


def ledger_state(folder: Path, order_id: str) -> tuple[EntryState, int | None] | None:
    with open_ledger(folder / "adopt.sqlite", account="a", shop="s", now=NOW, read_only=True) as ledger:
        entry = ledger.entry(order_id)
        return (entry.state, entry.id_order) if entry else None


def content(database: ShopDatabase) -> dict[str, list[Mapping[str, Any]]]:
    """All rows of the shop's own tables."""
    return {
        name: database.rows(f"SELECT * FROM {name}") for name in sorted(database.tables()) if "orderferry" not in name
    }


def test_a_dry_run_shows_what_is_there_and_writes_nothing(shop: ShopDatabase, tmp_path: Path) -> None:
    report = run_adopt(shop, tmp_path, dry_run=True)
    assert [(claim.order_id, claim.id_order, claim.source) for claim in report.adopted] == [(ORDER_ID, 1, "payment")]
    assert not any("orderferry" in name for name in shop.tables())


def test_what_is_found_is_marked_once_and_nothing_else_is_touched(shop: ShopDatabase, tmp_path: Path) -> None:
    before = content(shop)
    report = run_adopt(shop, tmp_path)
    assert report.as_json() == {
        "command": "adopt",
        "dry_run": False,
        "found": 1,
        "adopted": [{"order_id": ORDER_ID, "id_order": 1, "source": "payment"}],
        "already_marked": 0,
        "doubtful": [],
        "exit_code": 0,
    }
    assert content(shop) == before
    marker = shop.one("SELECT * FROM {p}orderferry_order")
    assert (marker["amazon_order_id"], marker["id_order"], marker["adopted"]) == (ORDER_ID, 1, 1)
    assert ledger_state(tmp_path, ORDER_ID) == (EntryState.IMPORTED, 1)
    again = run_adopt(shop, tmp_path)
    assert (again.adopted, again.adoption.marked) == ((), (ORDER_ID,))
    assert shop.count("orderferry_order") == 1


def test_an_adopted_order_is_followed_in_state_and_tracking_and_never_rewritten(
    shop: ShopDatabase, tmp_path: Path
) -> None:
    shop.execute("UPDATE {p}orders SET invoice_number = 0, current_state = 2")
    shop.execute("DELETE FROM {p}order_invoice")
    run_adopt(shop, tmp_path)
    writer = importer(shop, tmp_path)
    before = content(shop)
    assert writer.take(ORDER, LATER).outcome is Outcome.UNCHANGED
    assert content(shop) == before, "Amazon's first news say nothing that the shop lacks"

    item = replace(ORDER.items[0], quantity=1)
    news = replace(shipped(ORDER, number="1Z42"), items=(item,), delivery_address=None)
    applied = writer.take(news, LATER + timedelta(hours=1))
    assert applied.changes == ("state 4", "tracking")
    after = content(shop)
    changed = {name for name in before if before[name] != after[name]}
    assert {name.removeprefix(shop.prefix) for name in changed} == {"orders", "order_history", "order_carrier"}
    moved = {key for key, value in after["ps_orders"][0].items() if before["ps_orders"][0][key] != value}
    assert moved <= {"current_state", "valid", "date_upd", "shipping_number"}
    assert {"current_state", "date_upd"} <= moved
    assert after["ps_order_carrier"][0]["tracking_number"] == "1Z42"
    marker = shop.one("SELECT * FROM {p}orderferry_order")
    assert marker["marketplace_id"] == ORDER.marketplace_id
    writer.shop.close()


def test_the_number_of_a_parcel_that_amazon_knew_before_the_adoption_is_taken_over(
    shop: ShopDatabase, tmp_path: Path
) -> None:
    run_adopt(shop, tmp_path)
    writer = importer(shop, tmp_path)
    assert writer.take(shipped(ORDER, number="1Z42"), LATER).changes == ("state 4", "tracking")
    assert shop.value("SELECT tracking_number FROM {p}order_carrier") == "1Z42"
    writer.shop.close()


def test_an_adopted_order_is_not_moved_back_to_paid_and_its_stock_is_not_ours(
    shop: ShopDatabase, tmp_path: Path
) -> None:
    shop.execute("UPDATE {p}orders SET current_state = 3")
    run_adopt(shop, tmp_path)
    writer = importer(shop, tmp_path)
    assert writer.take(ORDER, LATER).outcome is Outcome.UNCHANGED
    stock = shop.rows("SELECT * FROM {p}stock_available")
    assert writer.take(cancelled(ORDER), LATER).changes == ("state 6",)
    assert shop.rows("SELECT * FROM {p}stock_available") == stock
    writer.shop.close()


def test_an_order_that_was_never_adopted_is_not_imported_again_but_adopted_ones_are_no_strangers(
    shop: ShopDatabase, tmp_path: Path
) -> None:
    writer = importer(shop, tmp_path)
    assert dict(writer.shop.foreign([ORDER_ID])) == {ORDER_ID: 1}
    run_adopt(shop, tmp_path)
    assert writer.shop.foreign([ORDER_ID]) == {}
    writer.shop.close()


def second_order(database: ShopDatabase, *, reference: str = "SECONDREF") -> None:
    """A copy of the order's row, with a reference of its own."""
    row = dict(database.one("SELECT * FROM {p}orders"))
    database.insert("orders", {**row, "id_order": 2, "reference": reference, "delivery_date": "2026-11-23 00:00:00"})


def test_an_id_on_two_orders_is_reported_and_not_marked(shop: ShopDatabase, tmp_path: Path) -> None:
    second_order(shop)
    payment = dict(shop.one("SELECT * FROM {p}order_payment"))
    shop.insert("order_payment", {**payment, "id_order_payment": 99, "order_reference": "SECONDREF"})
    report = run_adopt(shop, tmp_path)
    assert report.adopted == ()
    assert [(one.order_id, one.id_orders) for one in report.adoption.doubtful] == [(ORDER_ID, (1, 2))]
    assert int(report.exit_code) == 1
    assert shop.count("orderferry_order") == 0
    decided = run_adopt(shop, tmp_path, payments=False, by_hand={ORDER_ID: 2})
    assert [claim.id_order for claim in decided.adopted] == [2]


def test_the_column_of_another_modules_table_is_read_with_or_without_the_prefix(
    shop: ShopDatabase, tmp_path: Path
) -> None:
    shop.execute("UPDATE {p}order_payment SET transaction_id = ''")
    shop.execute("CREATE TABLE {p}marketplace_orders (mp_order VARCHAR(32), id_order INTEGER)")
    shop.insert("marketplace_orders", {"mp_order": ORDER_ID, "id_order": 1}, {"mp_order": "EBAY-1", "id_order": 7})
    assert run_adopt(shop, tmp_path, dry_run=True).adopted == ()
    for word in ("marketplace_orders.mp_order", "ps_marketplace_orders.mp_order"):
        report = run_adopt(shop, tmp_path, columns=(word,), dry_run=True)
        assert [claim.source for claim in report.adopted] == ["marketplace_orders.mp_order"]


@pytest.mark.parametrize("word", ["nothing.there", "orders.nothing", "product.reference", "orders", "a.b.c"])
def test_a_column_that_is_not_there_or_names_no_order_is_refused(
    word: str, sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=word.split(".", maxsplit=1)[0]):
        run_adopt(sqlite_shop, tmp_path, columns=(word,))


def test_messages_are_looked_through_when_asked_for(shop: ShopDatabase, tmp_path: Path) -> None:
    shop.execute("UPDATE {p}order_payment SET transaction_id = 'paid'")
    shop.execute("UPDATE {p}customer_message SET message = :text", text=f"Marketplace order no. {ORDER_ID}.")
    assert run_adopt(shop, tmp_path, dry_run=True).adopted == ()
    report = run_adopt(shop, tmp_path, messages=True)
    assert [(claim.order_id, claim.source) for claim in report.adopted] == [(ORDER_ID, "message")]


def test_orders_named_by_hand_must_exist(shop: ShopDatabase, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no orders 77, 78"):
        run_adopt(shop, tmp_path, payments=False, by_hand={OTHER_ID: 77, ORDER_ID: 78})
    report = run_adopt(shop, tmp_path, payments=False, by_hand={OTHER_ID: 1})
    assert [(claim.order_id, claim.id_order, claim.source) for claim in report.adopted] == [(OTHER_ID, 1, "by hand")]


@pytest.fixture
def switched(tmp_path: Path, shop_database_of: Any) -> Iterator[tuple[Installed, ShopDatabase]]:
    """A shop whose orders of the last days another importer has put there."""
    from orderferry.prestashop.sample_shop import ShopSeed, plain_products
    from orderferry.simulator.catalog import DEMO_CATALOG

    skus = [item.sku for item in DEMO_CATALOG]
    database = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(skus, 1000)))
    world = generate(7, datetime.now(UTC) - timedelta(days=2), 2, 10, ("IT",))
    with SimulatorServer(world) as server:
        installed = install(
            tmp_path, server, database.url, region=Region.EU, marketplaces=("IT",), more='[observation]\nwindow = "3d"'
        )
        assert installed.run("import").code == 0
        as_other_module(database)
        installed.ledger.unlink()
        yield installed, database


def test_switching_over_doubles_nothing(switched: tuple[Installed, ShopDatabase]) -> None:
    installed, database = switched
    before = database.count("orders")
    assert before > 5
    shown = installed.run("adopt", "--dry-run")
    assert shown.code == 0, shown.err
    assert f"{before} would be taken over" in shown.out
    done = installed.run("adopt", "--json")
    assert (done.code, len(done.json["adopted"])) == (0, before)
    imported = installed.run("import", "--json")
    assert imported.code == 0, imported.out
    assert imported.json["orders"]["created"] == 0
    assert imported.json["orders"]["ignored"] == 0
    assert database.count("orders") == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["402=1"], "is no AMAZON-ID=ID_ORDER"),
        ([f"{ORDER_ID}=x"], "is no AMAZON-ID=ID_ORDER"),
        ([f"{ORDER_ID}=1", f"{ORDER_ID}=2"], "named twice"),
    ],
)
def test_orders_named_in_another_way_are_a_usage_error(
    words: list[str], sentence: str, tmp_path: Path, sqlite_shop: ShopDatabase
) -> None:
    with SimulatorServer(generate(1, datetime.now(UTC), 1, 1, ("IT",))) as server:
        done = install(tmp_path, server, sqlite_shop.url).run("adopt", *words)
    assert done.code == 2
    assert sentence in done.err


def test_a_status_that_is_no_state_of_the_shop_changes_nothing(shop: ShopDatabase, tmp_path: Path) -> None:
    run_adopt(shop, tmp_path)
    writer = importer(shop, tmp_path)
    before = shop.one("SELECT * FROM {p}orders")
    partly = replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED, updated=ORDER.updated + timedelta(hours=1))
    writer.take(partly, LATER)
    assert shop.one("SELECT * FROM {p}orders") == before
    writer.shop.close()
