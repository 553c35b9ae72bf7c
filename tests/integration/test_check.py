"""`check` on a real shop and a simulated Amazon: well, and broken in ways that the command has to survive.

Each line on the shop itself is compared in tests/unit/prestashop/test_check_*.py.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.bootstrap import Installation
from orderferry.config.load import load_settings
from orderferry.domain.marketplaces import find_marketplace
from orderferry.inspection import ledger_if_there
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.faults import FaultKind
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.order_json import Role
from orderferry.simulator.world import World
from support.checked_installation import CheckedInstallation, lively_world, minimal_user
from support.mariadb import MariadbServer, free_port
from support.shop_database import ShopDatabase

IS_ROOT = os.geteuid() == 0
DEMO_SKUS = [item.sku for item in DEMO_CATALOG]
GERMANY, FRANCE = (find_marketplace(code) for code in ("DE", "FR"))


@pytest.fixture
def checked(
    tmp_path: Path, shop_database: ShopDatabase, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CheckedInstallation]:
    """A healthy installation."""
    with SimulatorServer(lively_world()) as server:
        yield CheckedInstallation(tmp_path, server, shop_database, monkeypatch)


def test_a_healthy_installation_is_well_and_nothing_is_changed(checked: CheckedInstallation) -> None:
    before = checked.shop.counts()
    code, checks = checked.check()
    assert [check for check in checks if check["result"] != "ok"] == []
    assert code == 0
    assert all(check.keys() == {"name", "result", "message", "hint"} for check in checks)
    assert checked.shop.counts() == before  # no table was made, no row written
    assert [path.name for path in checked.folder.iterdir()] == ["config.toml"]
    assert checked.server.requests.count("searchOrders") == 1
    assert checked.server.requests.count("getOrder") == 0


def test_the_call_is_booked_where_there_is_a_ledger(checked: CheckedInstallation) -> None:
    assert checked.run("import", "--json")[0] in (0, 1)
    searches = checked.server.requests.count("searchOrders")
    checked.check()
    assert checked.server.requests.count("searchOrders") == searches + 1
    installation = Installation(load_settings(checked.installed.configuration, {}))
    with ledger_if_there(installation) as ledger:
        assert ledger is not None
        booked = installation.quota(ledger).calls(datetime.now(UTC).date() - timedelta(days=1))
    assert sum(day["searchOrders"] for day in booked.values()) == searches + 1


@dataclass(frozen=True)
class Broken:
    """One thing broken: `name` and `grade` of the line that says so, words of its message and of its hint."""

    name: str
    grade: str
    exit_code: int
    breaks: Callable[[CheckedInstallation], Any]
    says: str = ""
    mends: str = ""


def _sql(statement: str) -> Callable[[CheckedInstallation], Any]:
    return lambda p: p.shop.execute(statement)


def _configured(more: str = "", **fields: Any) -> Callable[[CheckedInstallation], Any]:
    return lambda p: p.configure(more, **fields)


def _created(days_ago: int) -> str:
    return f"client_secret_created = {date.today() - timedelta(days=days_ago)}"


def _roles(*roles: Role) -> Callable[[CheckedInstallation], Any]:
    return lambda p: setattr(p.server.world, "roles", frozenset(roles))


def _nobody_listens(p: CheckedInstallation) -> None:
    port = free_port()
    p.configure(endpoint=f"http://127.0.0.1:{port}", token_url=f"http://127.0.0.1:{port}/auth/o2/token")


def _wrong_password(p: CheckedInstallation) -> None:
    p.configure(shop_url=p.shop.url.replace("%401", "nonsense").replace("p%40ss", "wrong"))


BROKEN = {
    "open configuration": Broken(
        "file-mode", "failure", 1, lambda p: p.installed.configuration.chmod(0o644), "client_secret", "chmod 600"
    ),
    "open folder": Broken(
        "file-mode",
        "failure",
        6 if IS_ROOT else 1,
        lambda p: p.installed.folder.chmod(0o777),
        "configuration of their own",
        "chmod go-w",
    ),
    "open folder of the ledger": Broken(  # root writes into no such folder at all
        "ledger" if IS_ROOT else "ledger-folder",
        "failure" if IS_ROOT else "warning",
        6 if IS_ROOT else 1,
        lambda p: p.installed.folder.chmod(0o777),
        "root would write there" if IS_ROOT else "another ledger",
        "only root can change" if IS_ROOT else "chmod go-w",
    ),
    "unknown key": Broken(
        "configuration", "failure", 2, _configured("[observation]\nwindw = '1d'"), "observation.window"
    ),
    "stray variable": Broken(
        "environment", "warning", 1, lambda p: p.monkeypatch.setenv("SP_API_REFRESH_TOKEN", "x"), "SP_API_REFRESH_TOKEN"
    ),
    "misspelled variable": Broken(
        "environment",
        "warning",
        1,
        lambda p: p.monkeypatch.setenv("ORDERFERRY_AMAZON_CLIENT_SECRT", "x"),
        "ORDERFERRY_AMAZON_CLIENT_SECRT",
        "ORDERFERRY_AMAZON_CLIENT_SECRET",
    ),
    "no folder for the ledger": Broken("ledger", "failure", 6, _configured('[ledger]\npath = "none/x"'), "folder"),
    "damaged ledger": Broken(
        "ledger", "failure", 6, lambda p: p.installed.ledger.write_bytes(b"<html>" * 400), "damaged"
    ),
    "secret ends soon": Broken(
        "client-secret-age", "warning", 1, lambda p: p.configure(amazon=_created(170)), "10 days", "LWA credentials"
    ),
    "secret has ended": Broken(
        "client-secret-age", "failure", 1, lambda p: p.configure(amazon=_created(200)), "200 days old"
    ),
    "credentials refused": Broken(
        "token",
        "failure",
        7,
        lambda p: p.installed.configuration.write_text(
            p.installed.configuration.read_text().replace(p.server.credentials.refresh_token, "Atzr|another")
        ),
        "refresh token",
        "Authorise",
    ),
    "Amazon away": Broken("token", "failure", 4, _nobody_listens, "can't be reached"),
    "clock off": Broken("clock", "warning", 1, lambda p: p.server.clock.advance(timedelta(minutes=10)), "behind"),
    "a marketplace refused": Broken(
        "marketplaces",
        "failure",
        7,
        lambda p: p.server.world.refused_marketplaces.add(GERMANY.id),
        "DE",
        "amazon.marketplaces",
    ),
    "quota spent": Broken(
        "marketplaces",
        "warning",
        4,
        lambda p: p.server.faults.add("searchOrders", 1, FaultKind.QUOTA_EXCEEDED, times=None),
        "429",
    ),
    "shipping role missing": Broken(
        "dataset-address", "failure", 1, _roles(Role.TAX), "RECIPIENT", "Direct-to-Consumer Shipping"
    ),
    "tax role missing": Broken("dataset-fba-buyer", "warning", 1, _roles(Role.SHIPPING), "FBA", "Tax Invoicing"),
    "wrong password": Broken("database", "failure", 5, _wrong_password, "'shop'"),
    "wrong prefix": Broken("tables", "failure", 5, _configured(prefix="shop_"), "'shop_'", "'ps_'"),
    "a table missing": Broken(
        "tables", "failure", 5, _sql("DROP TABLE {p}order_carrier"), "ps_order_carrier", "upgrade"
    ),
    "a table without transactions": Broken(
        "tables", "failure", 5, _sql("ALTER TABLE {p}orders ENGINE=MyISAM"), "ps_orders (MyISAM)", "ENGINE=InnoDB"
    ),
    "state by a name that is none": Broken(
        "orders.state_paid", "failure", 5, _configured('[orders]\nstate_paid = "Paid by hope"'), "Paid by hope", "There"
    ),
    "shop that is none": Broken(
        "marketplace.DE.shop", "failure", 5, _configured('[marketplace.DE]\nshop = "Laden"'), "Laden"
    ),
    "account that is none": Broken(
        "customers.account", "failure", 5, _configured('[customers]\nmode = "fixed"\naccount = "98765"'), "98765"
    ),
    "crontab with a relative path": Broken(
        "crontab",
        "warning",
        1,
        lambda p: p.crontab("7 * * * * orderferry -c /etc/orderferry/config.toml import"),
        "orderferry without its folder",
        "absolute",
    ),
    "crontab that starts too often": Broken(
        "crontab",
        "warning",
        1,
        lambda p: p.crontab("*/2 * * * * /usr/bin/orderferry -c /etc/orderferry/config.toml import"),
        "720 of 484",
        "15 minutes",
    ),
}


@pytest.mark.sample(8)
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_each_thing_broken_is_one_line_with_the_mend(broken: Broken, checked: CheckedInstallation) -> None:
    broken.breaks(checked)
    code, checks = checked.check()
    said = [check for check in checks if check["name"] == broken.name and check["result"] == broken.grade]
    assert said, [check for check in checks if check["result"] != "ok"]
    assert any(broken.says in check["message"] and broken.mends in check["hint"] for check in said), said
    assert all(check["hint"] for check in said)
    assert code == broken.exit_code, [check for check in checks if check["result"] != "ok"]
    for secret in (checked.server.credentials.client_secret, checked.server.credentials.refresh_token, "p@ss"):
        assert secret not in str(checks)


def test_one_bad_thing_hides_no_other_and_the_worst_exit_code_counts(checked: CheckedInstallation) -> None:
    checked.configure('[ledger]\npath = "none/x"', prefix="shop_")
    checked.server.world.refused_marketplaces.add(FRANCE.id)
    code, checks = checked.check()
    failures = {check["name"] for check in checks if check["result"] == "failure"}
    assert failures == {"ledger", "tables", "marketplaces"}
    assert code == 6


def test_a_shop_whose_amazon_orders_are_all_regular_needs_no_carrier_for_fba(
    tmp_path: Path, shop_database_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(DEMO_SKUS, 1000)))
    with SimulatorServer(lively_world()) as server:
        checked = CheckedInstallation(tmp_path, server, shop, monkeypatch)
        checked.configure(include="")
        assert checked.check()[0] == 1
        assert checked.run("import", "--channel", "regular", "--json")[0] == 0
        assert shop.count("orders") > 0
        # the orders show that Amazon calculates the VAT, so that it may write the invoices as well
        assert [one["name"] for one in checked.check()[1] if one["result"] != "ok"] == ["states-invoice"]


def test_the_italian_localisation_is_named(
    tmp_path: Path, shop_database_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_database_of("8.2.1", seed=ShopSeed(italian_localisation=True))
    with SimulatorServer(World()) as server:
        checked = CheckedInstallation(tmp_path, server, shop, monkeypatch)
        code, checks = checked.check()
        warned = [check["message"] for check in checks if check["result"] == "warning"]
        assert code == 1
        assert len(warned) == 3
        assert all("the tax of IT (" in message and "22 %" in message for message in warned)
        checked.configure("[taxes]\nDE = 19\nFR = 20\nES = 21")
        assert checked.check()[0] == 0


def test_a_user_with_the_needed_rights_alone_passes_and_imports(
    tmp_path: Path, mariadb_server: MariadbServer, shop_database_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(DEMO_SKUS, 1000)))
    with SimulatorServer(lively_world()) as server:
        checked = CheckedInstallation(tmp_path, server, shop, monkeypatch)
        url = minimal_user(mariadb_server, shop, "minimal")
        checked.configure(shop_url=url.render_as_string(hide_password=False))
        code, checks = checked.check()
        assert code == 0, [check for check in checks if check["result"] != "ok"]
        code, out = checked.run("import", "--json")
        assert code == 0, out
        assert shop.count("orders") > 10


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("right", "table"),
    [("DELETE", "order_detail"), ("INSERT", "orders"), ("UPDATE", "stock_available"), ("SELECT", "tax_rule")],
)
def test_a_missing_right_is_named_with_its_grant(
    right: str, table: str, checked: CheckedInstallation, mariadb_server: MariadbServer
) -> None:
    url = minimal_user(mariadb_server, checked.shop, "lacking", (right, table))
    checked.configure(shop_url=url.render_as_string(hide_password=False))
    code, checks = checked.check()
    assert code == 5
    said = next(check for check in checks if check["name"] == "rights")
    assert said["result"] == "failure"
    assert f"ps_{table} ({right})" in said["message"]
    grant = said["hint"].splitlines()[-1]
    with mariadb_server.engine().connect() as connection:
        connection.exec_driver_sql(grant)  # the statement is what mends it
    code, checks = checked.check()
    assert code == 0, [check for check in checks if check["result"] != "ok"]


def test_a_user_that_may_not_create_our_tables_gets_the_statements(
    checked: CheckedInstallation, mariadb_server: MariadbServer
) -> None:
    without = [("CREATE", "orderferry_order"), ("CREATE", "orderferry_state")]
    url = minimal_user(mariadb_server, checked.shop, "uncreative", *without)
    checked.configure(shop_url=url.render_as_string(hide_password=False))
    code, checks = checked.check()
    said = next(check for check in checks if check["name"] == "own-tables")
    assert (code, said["result"]) == (5, "failure")
    assert "CREATE TABLE IF NOT EXISTS ps_orderferry_order" in said["hint"]


def test_what_kind_of_server_answers_is_told(checked: CheckedInstallation, mariadb_server: MariadbServer) -> None:
    def told() -> str:
        checks = checked.check()[1]
        return next(str(check["message"]) for check in checks if check["name"] == "server")

    usual = "The server is strict, its time zone SYSTEM (UTC), its isolation REPEATABLE-READ; orderferry sets mode"
    assert told().startswith(usual)
    with mariadb_server.variables(sql_mode="", auto_increment_increment=2):
        assert told().startswith("The server is not strict, ")
        assert ", ids in steps of 2; orderferry sets mode" in told()


def test_a_read_only_server_can_take_no_order(checked: CheckedInstallation, mariadb_server: MariadbServer) -> None:
    with mariadb_server.variables(read_only=1):
        code, checks = checked.check()
    assert code == 5
    assert any(check["name"] == "server" and check["result"] == "failure" for check in checks)


def test_the_embedded_shop_can_be_checked_too(
    tmp_path: Path, sqlite_shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimulatorServer(World()) as server:
        code, checks = CheckedInstallation(tmp_path, server, sqlite_shop, monkeypatch).check()
    assert code == 0, [check for check in checks if check["result"] != "ok"]


def test_people_get_a_line_a_check_and_the_mend_below(checked: CheckedInstallation) -> None:
    checked.configure('[customers]\ngroup = "Nobody"')
    code, out = checked.run("check")
    lines = out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("✘ customers.group: "))
    assert lines[at + 1].startswith("    There are: ")
    assert sum(line.startswith("✔ ") for line in lines) > 15
    assert lines[-1] == f"{sum(line[0] in '✔!✘' for line in lines)} checks: 1 to mend, 0 to look at."
    assert code == 5


def test_several_configurations_are_each_checked(checked: CheckedInstallation) -> None:
    second = checked.folder / "second.toml"
    second.write_text("[amazon]\n", encoding="utf-8")
    code, out = checked.run("-c", str(second), "check", "--json")
    document = json.loads(out)
    assert [shop["exit_code"] for shop in document["shops"]] == [0, 2]
    assert code == document["exit_code"] == 2
