"""What goes wrong in real installations: the contract's exit code, a sentence that says what to do, nothing lost."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.access import SimulatorCredentials
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.sqlite_shop import sqlite_shop_in

SKUS = [item.sku for item in DEMO_CATALOG]
EUROPE = ("IT", "DE", "FR", "ES")


@pytest.fixture
def shop(tmp_path: Path) -> ShopDatabase:
    """An embedded shop that sells what the simulated buyers order."""
    return sqlite_shop_in(tmp_path, ShopSeed(products=plain_products(SKUS, 500)))


@pytest.fixture
def installed(tmp_path: Path, shop: ShopDatabase) -> Iterator[Installed]:
    """An installation in which every order of a small shop goes through."""
    world = generate(3, datetime.now(UTC) - timedelta(days=1), 1, 12, EUROPE)
    with SimulatorServer(world) as server:
        yield install(tmp_path, server, shop.url)


def first_problem(installed: Installed, *words: str) -> tuple[int, dict[str, str]]:
    finished = installed.run("import", "--json", *words)
    assert "Traceback" not in finished.err
    return finished.code, finished.json["problems"][0]


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("credentials", "told"),
    [
        (SimulatorCredentials(client_secret="wrong-secret"), "180 days"),
        (SimulatorCredentials(refresh_token="Atzr|revoked"), "refresh_token"),
        (SimulatorCredentials(client_id="amzn1.application-oa2-client.nobody"), "client id"),
    ],
)
def test_refused_credentials_are_7_and_said_at_once_without_the_secret(
    installed: Installed, credentials: SimulatorCredentials, told: str
) -> None:
    wrong = replace(installed, credentials=credentials).write()
    finished = wrong.run("import")
    assert finished.code == 7
    assert told in finished.err
    assert credentials.client_secret not in finished.err
    assert credentials.refresh_token not in finished.err
    again = wrong.run("import")
    assert (again.code, again.err) == (7, ""), "it was said already"


def test_a_configuration_that_others_can_read_is_a_condition_until_it_is_mended(installed: Installed) -> None:
    installed.configuration.chmod(0o644)
    first = installed.run("import")
    assert first.code == 0
    assert "chmod 600" in first.err
    assert str(installed.configuration) in first.err
    assert installed.run("import").err == "", "said once a day"
    installed.configuration.chmod(0o600)
    assert installed.run("import").err.startswith("Over: ")


def test_no_network_is_4_and_silent_until_the_third_run_in_a_row(installed: Installed) -> None:
    away = replace(installed, endpoint="http://127.0.0.1:9", token_url="http://127.0.0.1:9/token").write()
    assert [(f.code, bool(f.err)) for f in (away.run("import") for _ in range(3))] == [
        (4, False),
        (4, False),
        (4, True),
    ]


def test_no_database_is_5_and_amazon_is_not_asked(installed: Installed) -> None:
    away = replace(installed, shop_url="mysql+pymysql://shop:very-secret@127.0.0.1:9/shop").write()
    code, problem = first_problem(away)
    assert (code, problem["code"]) == (5, "shop-unavailable")
    assert "127.0.0.1:9" in problem["message"]
    assert "very-secret" not in str(problem)
    assert problem["hint"]


def test_a_prefix_that_matches_no_shop_is_5_and_said_at_once(installed: Installed) -> None:
    finished = replace(installed, prefix="xx_").write().run("import")
    assert finished.code == 5
    assert "'xx_'" in finished.err
    assert "ps_" in finished.err


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_wrong_configuration_is_2_with_every_mistake_its_line_and_the_nearest_key(
    installed: Installed, json: tuple[str, ...]
) -> None:
    wrong = replace(installed, more='[observation]\nwindw = "1d"\noverlap = 3').write()
    finished = wrong.run("import", *json)
    assert finished.code == 2
    told = " ".join(p["message"] for p in finished.json["problems"]) if json else finished.err
    line = wrong.configuration.read_text().splitlines().index('windw = "1d"') + 1
    assert f"line {line}: observation.windw" in told
    assert "observation.window?" in told
    assert f"line {line + 1}: observation.overlap" in told
    assert not wrong.ledger.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("import", "--windo", "2d"),
        ("import", "--window", "2x"),
        ("import", "--window", "1d", "--since", "2d"),
        ("import", "--since", "1d", "--until", "2d"),
        ("import", "--marketplace", "XX"),
        ("recheck", "--channel", "fba"),
        ("frobnicate",),
        ("-v", "-q", "import"),
    ],
)
def test_usage_errors_are_2(installed: Installed, words: tuple[str, ...]) -> None:
    finished = installed.run(*words)
    assert finished.code == 2
    assert finished.err
    assert "Traceback" not in finished.err
    as_json = installed.run(*words, "--json")
    assert as_json.json["exit_code"] == 2


def test_a_missing_configuration_is_2_and_says_where_it_was_looked_for(installed: Installed) -> None:
    finished = replace(installed, name="nowhere").run("import")
    assert finished.code == 2
    assert "nowhere.toml" in finished.err
    assert "config.example.toml" in finished.err


def test_one_shops_trouble_does_not_keep_the_others_from_their_run(installed: Installed) -> None:
    away = replace(installed, name="away", shop_url="mysql+pymysql://u:p@127.0.0.1:9/shop").write()
    wrong = replace(installed, name="wrong", more="[foo]\nbar = 1").write()
    finished = installed.run("-c", str(away.configuration), "-c", str(wrong.configuration), "import", "--json")
    document = finished.json
    assert finished.code == document["exit_code"] == 2
    assert [shop["exit_code"] for shop in document["shops"]] == [0, 5, 2]
    assert document["shops"][0]["orders"]["created"] > 0


def test_a_folder_of_configurations_runs_each(installed: Installed) -> None:
    folder = installed.folder / "shops"
    folder.mkdir()
    for name in ("one", "two"):
        replace(installed, folder=folder, name=name, shop_url=installed.shop_url).write()
    finished = replace(installed, folder=installed.folder, name="shops").run("import", "--json")
    assert finished.code == 2, "no such file"
    words = [w if not w.endswith("config.toml") else str(folder) for w in installed.command("import", "--json")]
    done = replace(installed, environ={}).run_words(words)
    assert [Path(shop["config"]).name for shop in done.json["shops"]] == ["one.toml", "two.toml"]


def test_a_missing_right_is_5_and_prints_the_statements_to_run(
    tmp_path: Path, shop_database_of: Any, mariadb_server: Any
) -> None:
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(SKUS, 50)))
    database = shop.url.rsplit("/", 1)[1]
    with mariadb_server.engine().begin() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE USER 'few'@'%%' IDENTIFIED BY 'few'")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{database}`.* TO 'few'@'%%'")
    with SimulatorServer(generate(3, datetime.now(UTC) - timedelta(days=1), 1, 12, EUROPE)) as server:
        installed = install(tmp_path, server, f"mysql+pymysql://few:few@127.0.0.1:{mariadb_server.port}/{database}")
        finished = installed.run("import")
        assert finished.code == 5
        assert "CREATE TABLE" in finished.err
        assert shop.count("orders") == 0
        statements = finished.err[finished.err.index("CREATE TABLE") :]
        for statement in statements.split(";"):
            if statement.strip().startswith("CREATE"):
                shop.execute(statement.strip())
        assert installed.run("import").code == 0
        assert shop.count("orders") > 0


def test_a_missing_table_is_5(tmp_path: Path, shop_database_of: Any) -> None:
    shop = shop_database_of("8.2.1")
    shop.execute("DROP TABLE {p}order_detail_tax")
    with SimulatorServer(generate(3, datetime.now(UTC) - timedelta(days=1), 1, 5, EUROPE)) as server:
        finished = install(tmp_path, server, shop.url).run("import")
    assert finished.code == 5
    assert "order_detail_tax" in finished.err


def test_the_second_run_of_a_command_is_3_while_the_first_holds_the_lock(installed: Installed) -> None:
    installed.run("import")
    lock = installed.folder / f"{installed.ledger.name}.import.lock"
    with lock.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finished = installed.run("import", "--json")
        assert finished.code == finished.json["exit_code"] == 3
        assert installed.run("recheck").code == 0, "different commands run side by side"
        assert installed.run("import", "--ok-exit", "3").code == 0
    assert installed.run("import").code == 0


def test_another_shops_ledger_is_6_until_the_move_is_accepted(installed: Installed, tmp_path: Path) -> None:
    installed.run("import")
    moved = tmp_path / "moved.sqlite"
    moved.write_bytes(Path(installed.shop_url.removeprefix("sqlite:///")).read_bytes())
    other = replace(installed, shop_url=f"sqlite:///{moved}").write()
    finished = other.run("import")
    assert finished.code == 6
    assert "--accept-shop" in finished.err
    assert other.run("import", "--accept-shop").code == 0
    assert other.run("import").code == 0


def test_a_damaged_ledger_is_6_and_nothing_is_written_to_the_shop(installed: Installed, shop: ShopDatabase) -> None:
    installed.ledger.write_bytes(b"this is no database" * 1000)
    finished = installed.run("import")
    assert finished.code == 6
    assert str(installed.ledger) in finished.err
    assert shop.count("orders") == 0
