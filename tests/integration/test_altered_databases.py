"""Shops whose databases others have altered: collations, sql_mode, columns without a default, ids without a number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymysql
import pytest
import sqlalchemy as sa

from orderferry.config.load import load_settings
from orderferry.config.model import Secret
from orderferry.domain.marker import Outcome
from orderferry.domain.problems import Problem
from orderferry.errors import ShopUnavailable
from orderferry.ledger.failures import LedgerConflict, LedgerUnavailable, server_failure
from orderferry.ledger.ledger import open_ledger
from orderferry.ledger.server import server_engine
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.prestashop.database.database_errors import translate
from orderferry.prestashop.database.rights import Access
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.world import World
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.simulated import READY_REPORTS, simulated_order, verified
from support.writing import NOW, Sold, amazon_order, importer

ORDER = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"))


@pytest.fixture
def shop(shop_database_of: Any) -> ShopDatabase:
    found: ShopDatabase = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(["SKU-1"], 1000)))
    return found


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    placed = datetime.now(UTC) - timedelta(hours=5)
    orders = [simulated_order(number, verified(minutes=30), placed=placed) for number in (1, 2)]
    with SimulatorServer(World(orders), report_rules=READY_REPORTS) as server:
        yield server


@pytest.fixture
def installed(tmp_path: Path, server: SimulatorServer, shop: ShopDatabase) -> Installed:
    return install(tmp_path, server, shop.url, marketplaces=("DE",))


def checks(installed: Installed, name: str) -> list[dict[str, str]]:
    return [check for check in installed.run("check", "--json").json["checks"] if check["name"] == name]


COLLATIONS = {
    "two of one charset": ("utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_general_ci"),
    "the other way round": ("utf8mb4_unicode_ci", "utf8mb4_general_ci", "utf8mb4_unicode_ci"),
    "binary": ("utf8mb4_bin", "utf8mb4_unicode_ci", "utf8mb4_general_ci"),
    "latin1": ("latin1_swedish_ci", "utf8mb4_unicode_ci", "utf8mb4_general_ci"),
    "two of latin1": ("latin1_swedish_ci", "latin1_german1_ci", "latin1_general_ci"),
    "three bytes": ("utf8mb3_general_ci", "utf8mb4_unicode_ci", "utf8mb3_unicode_ci"),
}


@pytest.mark.sample(2)
@pytest.mark.parametrize("kind", COLLATIONS)
def test_every_command_works_on_tables_of_different_collations(
    shop: ShopDatabase, installed: Installed, kind: str
) -> None:
    for table, collation in zip(("orders", "order_payment", "hook"), COLLATIONS[kind], strict=True):
        charset = collation.partition("_")[0]
        shop.execute(f"ALTER TABLE {{p}}{table} CONVERT TO CHARACTER SET {charset} COLLATE {collation}")
    checked = installed.run("check", "--json")
    assert not [check for check in checked.json["checks"] if check["result"] == "failure"], checked.out
    done = installed.run("import", "--json")
    assert (done.code, done.json["orders"]["created"]) == (0, 2), done.out + done.err
    again = installed.run("import", "--json", "--order", "302-0000000-0000001")
    assert (again.code, again.json["orders"]["unchanged"]) == (0, 1), again.out
    shop.execute("DELETE FROM {p}orderferry_order WHERE amazon_order_id = '302-0000000-0000002'")
    adopted = installed.run("adopt", "--json")
    assert adopted.code in {0, 1}, adopted.out + adopted.err
    assert "302-0000000-0000002" in adopted.out
    compared = installed.run("compare", "--json", "--since", "3d", "--until", "0d")
    assert compared.code in {0, 1}, compared.out + compared.err
    assert compared.json["shop"]["orders"] >= 1
    shown = installed.run("show", "302-0000000-0000001")
    assert shown.code == 0, shown.out + shown.err


def test_a_sku_that_the_shop_s_charset_does_not_have_is_unknown(shop_database: ShopDatabase, tmp_path: Path) -> None:
    for table in ("product", "product_attribute", "customer"):
        shop_database.execute(f"ALTER TABLE {{p}}{table} CONVERT TO CHARACTER SET latin1 COLLATE latin1_swedish_ci")
    writing = importer(shop_database, tmp_path)
    problem = writing.plan(amazon_order(Sold("カップ-1", 1, "14.52", "2.62")))
    assert isinstance(problem, Problem)
    assert problem.code == "unknown-sku"
    assert writing.take(ORDER).outcome is Outcome.CREATED


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("mode", "of_ledger"),
    [
        pytest.param("ANSI_QUOTES", False, id="quotes"),
        pytest.param("ORACLE", True, id="Oracle, the ledger too"),
        pytest.param("NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT", False, id="backslashes"),
    ],
)
def test_the_server_s_sql_mode_does_not_matter(
    shop: ShopDatabase, installed: Installed, mariadb_server: Any, mode: str, of_ledger: bool
) -> None:
    if of_ledger:
        installed.more = f"[ledger]\nurl = {json.dumps(shop.url)}"
        installed.write()
    with mariadb_server.variables(sql_mode=mode):
        done = installed.run("import", "--json")
        assert (done.code, done.json["orders"]["created"]) == (0, 2), done.out + done.err
        checked = installed.run("check", "--json")
        assert not [check for check in checked.json["checks"] if check["result"] == "failure"], checked.out


def test_columns_of_modules_without_a_default_get_what_prestashop_gives_them(
    shop_database: ShopDatabase, tmp_path: Path
) -> None:
    added = {
        "erp_number": ("INT NOT NULL", 0),
        "erp_code": ("VARCHAR(20) NOT NULL", ""),
        "erp_rate": ("DECIMAL(10,2) NOT NULL", 0),
        "erp_text": ("TEXT NOT NULL", ""),
        "erp_kind": ("ENUM('it''s','that') NOT NULL", "it's"),
        "erp_set": ("SET('a','b') NOT NULL", ""),
        "erp_blob": ("BLOB NOT NULL", b""),
    }
    for table in ("orders", "order_detail", "customer", "address", "cart", "orderferry_order"):
        if table == "orderferry_order":
            importer(shop_database, tmp_path)  # makes it
        for name, (kind, _) in added.items():
            shop_database.execute(f"ALTER TABLE {{p}}{table} ADD COLUMN {name} {kind}")
        shop_database.execute(f"ALTER TABLE {{p}}{table} ADD COLUMN erp_day DATE NOT NULL")
        shop_database.execute(f"ALTER TABLE {{p}}{table} ADD COLUMN erp_time DATETIME NOT NULL")
    importer(shop_database, tmp_path).take(ORDER)
    for table in ("orders", "order_detail", "customer", "address", "cart", "orderferry_order"):
        names = ", ".join(added)
        row = shop_database.rows(f"SELECT {names}, erp_day + 0 AS day FROM {{p}}{table} ORDER BY 1 DESC LIMIT 1")[0]
        assert [row[name] for name in added] == [value for _, value in added.values()]
        assert row["day"] == 0


def test_columns_that_have_no_plain_value_are_all_named_at_once(shop: ShopDatabase, installed: Installed) -> None:
    shop.execute("ALTER TABLE {p}orders ADD COLUMN place POINT NOT NULL")
    shop.execute("ALTER TABLE {p}order_detail ADD COLUMN spot POINT NOT NULL")
    shop.execute("ALTER TABLE {p}cart ADD COLUMN erp INT NOT NULL")
    (told,) = checks(installed, "tables")[-1:]
    assert told["result"] == "failure"
    assert "orders.place" in told["message"]
    assert "order_detail.spot" in told["message"]
    assert "cart.erp" not in told["message"]
    stopped = installed.run("import", "--json")
    assert stopped.code == 5
    assert "order_detail.spot" in stopped.out


def test_a_table_that_lost_its_auto_increment_is_told_as_that(shop: ShopDatabase, installed: Installed) -> None:
    shop.execute("ALTER TABLE {p}orders MODIFY id_order INT UNSIGNED NOT NULL")
    (told,) = checks(installed, "tables")[-1:]
    assert told["result"] == "failure"
    assert "AUTO_INCREMENT of orders.id_order" in told["message"]
    assert "SET DEFAULT" not in told["hint"]
    assert "MODIFY `id_order` int(10) unsigned NOT NULL AUTO_INCREMENT" in told["hint"]
    assert installed.run("import", "--json").code == 5
    shop.execute("ALTER TABLE {p}orders MODIFY id_order INT UNSIGNED NOT NULL AUTO_INCREMENT")
    assert installed.run("import", "--json").code == 0


def test_columns_that_the_database_computes_are_left_to_it(shop: ShopDatabase, installed: Installed) -> None:
    shop.execute("ALTER TABLE {p}orders DROP COLUMN gift")
    shop.execute("ALTER TABLE {p}orders ADD COLUMN gift TINYINT AS (IF(total_wrapping > 0, 1, 0)) STORED")
    (told,) = checks(installed, "columns")
    assert told["result"] == "warning"
    assert "ps_orders.gift" in told["message"]
    done = installed.run("import", "--json")
    assert (done.code, done.json["orders"]["created"]) == (0, 2), done.out + done.err


def test_triggers_are_named_and_those_whose_author_is_gone(
    shop: ShopDatabase, installed: Installed, mariadb_server: Any, tmp_path: Path
) -> None:
    with mariadb_server.engine().begin() as connection:
        connection.exec_driver_sql(f"USE {sa.make_url(shop.url).database}")
        for definer, name in (("'left'@'the.company'", "erp_export"), ("'root'@'localhost'", "erp_import")):
            connection.exec_driver_sql(
                f"CREATE DEFINER={definer} TRIGGER {name} BEFORE INSERT ON ps_orders FOR EACH ROW SET NEW.gift = 0"
            )
        connection.exec_driver_sql("GRANT SELECT ON mysql.* TO 'shop'@'127.0.0.1'")
    try:
        named, gone = checks(installed, "triggers")
    finally:
        with mariadb_server.engine().begin() as connection:
            connection.exec_driver_sql("REVOKE SELECT ON mysql.* FROM 'shop'@'127.0.0.1'")
    assert named["result"] == "ok"
    assert "erp_import (BEFORE INSERT on ps_orders)" in named["message"]
    assert gone["result"] == "failure"
    assert "left@the.company" in gone["message"]
    assert "erp_import" not in gone["message"]


PASSWORD = "пароль-ü€ @:/?#%41+&='\"\\$x{y}%%"
LATIN = "pässwörd%"


def php(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def written(source: str, password: str, url: sa.URL, folder: Path) -> tuple[str, dict[str, str]]:
    """[prestashop] and the environment in which the password comes from that source."""
    where = f'host = "127.0.0.1"\nport = {url.port}\nuser = "strange"\ndatabase = "{url.database}"'
    quoted = json.dumps(password, ensure_ascii=False)
    if source == "key":
        return f"{where}\npassword = {quoted}", {}
    if source == "environment":
        return where, {"ORDERFERRY_PRESTASHOP_PASSWORD": password}
    if source == "file":
        (folder / "secret").write_text(password + "\n", "utf-8")
        (folder / "secret").chmod(0o600)
        return f'{where}\npassword_file = "{folder / "secret"}"', {}
    if source == "url":
        encoded = quote(password, safe="")
        return f'url = "mysql://strange:{encoded}@127.0.0.1:{url.port}/{url.database}"', {}
    if source == "shop's file":
        parameters = {"host": "127.0.0.1", "port": str(url.port), "user": "strange", "name": str(url.database)}
        parameters |= {"password": password.replace("%", "%%"), "prefix": "ps_"}
        entries = "".join(f"'database_{name}' => {php(value)}, " for name, value in parameters.items())
        (folder / "parameters.php").write_text(f"<?php return ['parameters' => [{entries}]];", "utf-8")
        return f'from = "{folder / "parameters.php"}"', {}
    raise AssertionError(source)


@pytest.mark.parametrize("source", ["key", "environment", "file", "url", "shop's file"])
@pytest.mark.parametrize("sent", ["utf-8", "latin-1"])
def test_a_password_may_have_any_letter_from_every_source(
    shop_database: ShopDatabase, mariadb_server: Any, tmp_path: Path, source: str, sent: str
) -> None:
    """`sent`: the charset of the client in which the account's password was set."""
    password = PASSWORD if sent == "utf-8" else LATIN
    url = sa.make_url(shop_database.url)
    with mariadb_server.engine().begin() as connection:
        set_in = password.encode(sent).hex()
        # what PASSWORD() of a client with that charset makes
        hashed = connection.exec_driver_sql(
            f"SELECT CONCAT('*', UPPER(SHA1(UNHEX(SHA1(UNHEX('{set_in}'))))))"
        ).scalar_one()
        connection.exec_driver_sql(f"CREATE OR REPLACE USER 'strange'@'127.0.0.1' IDENTIFIED BY PASSWORD '{hashed}'")
        connection.exec_driver_sql(f"GRANT SELECT ON {url.database}.* TO 'strange'@'127.0.0.1'")
    section, environ = written(source, password, url, tmp_path)
    configuration = tmp_path / "config.toml"
    configuration.write_text(
        '[amazon]\nmarketplaces = ["DE"]\nclient_id = "a"\nclient_secret = "b"\nrefresh_token = "c"\n'
        f"[prestashop]\n{section}\n",
        "utf-8",
    )
    configuration.chmod(0o600)
    settings = load_settings(configuration, environ)
    database = Database(settings.prestashop)
    with database.reading("trying a password") as connection:
        assert connection.exec_driver_sql("SELECT CURRENT_USER()").scalar_one() == "strange@127.0.0.1"
    database.close()


def test_the_ledger_s_server_takes_any_password_too(mariadb_server: Any, shop_database: ShopDatabase) -> None:
    url = sa.make_url(shop_database.url)
    with mariadb_server.engine().begin() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE USER 'strange'@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
        connection.exec_driver_sql(f"GRANT ALL ON {url.database}.* TO 'strange'@'127.0.0.1'")
    strange = url.set(username="strange", password=PASSWORD).render_as_string(hide_password=False)
    engine = server_engine(Secret(strange))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT CURRENT_USER()").scalar_one() == "strange@127.0.0.1"
    engine.dispose()


@pytest.mark.parametrize("form", ["unix:{}", "unix://{}", "localhost:{}", ":{}", "{}"])
def test_a_host_may_name_a_socket(tmp_path: Path, form: str) -> None:
    path = "/run/mysqld/other.sock"
    configuration = tmp_path / "config.toml"
    amazon = '[amazon]\nmarketplaces = ["DE"]\nclient_id = "a"\nclient_secret = "b"\nrefresh_token = "c"\n'
    configuration.write_text(f'{amazon}[prestashop]\nhost = "{form.format(path)}"\nuser = "u"\ndatabase = "d"\n')
    configuration.chmod(0o600)
    by_key = load_settings(configuration, {}).prestashop
    (tmp_path / "parameters.php").write_text(
        f"<?php return ['parameters' => ['database_host' => '{form.format(path)}', 'database_port' => '',"
        " 'database_name' => 'd', 'database_user' => 'u', 'database_password' => 'p', 'database_prefix' => 'ps_']];"
    )
    configuration.write_text(f'{amazon}[prestashop]\nfrom = "{tmp_path / "parameters.php"}"\n')
    by_file = load_settings(configuration, {}).prestashop
    for settings in (by_key, by_file):
        assert settings.location == f"{path}/d"
        url = sa.make_url(settings.url.reveal())
        assert (url.host, url.query["unix_socket"]) == ("localhost", path)


def test_a_ledger_whose_commit_is_a_deadlock_tries_again(
    shop_database: ShopDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a Galera cluster refuses it: at COMMIT, rolled back as a whole."""
    ledger = open_ledger(Secret(shop_database.url), account="account", shop="shop", now=NOW)
    dialect, left = ledger.store.engine.dialect, [1, 2, 3]
    commit = dialect.do_commit

    def refused(connection: Any) -> None:
        if left:
            left.pop()
            connection.rollback()
            raise pymysql.err.OperationalError(1213, "Deadlock found when trying to get lock")
        commit(connection)

    monkeypatch.setattr(dialect, "do_commit", refused)
    ledger.remember("key", "value")
    assert ledger.recall("key") == "value"
    left.extend(range(9))
    with pytest.raises(LedgerConflict):
        ledger.remember("key", "other")
    left.clear()
    assert ledger.recall("key") == "value"
    ledger.close()


def test_a_node_out_of_its_cluster_is_told_in_words() -> None:
    error = translate(pymysql.err.OperationalError(1047, "WSREP has not yet prepared node"), "reading", Access("here"))
    assert isinstance(error, ShopUnavailable)
    assert "cluster" in error.message
    assert "1047" in error.message
    of_ledger = server_failure(pymysql.err.OperationalError(1047, "WSREP"), "here")
    assert isinstance(of_ledger, LedgerUnavailable)
    assert "cluster" in of_ledger.message
