"""`init`: a configuration from answers that are tried at once, by a script and by a person."""

from __future__ import annotations

import shlex
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import make_url

from orderferry.cli.main import cli
from orderferry.config.load import load_settings
from orderferry.prestashop.checking.setup_shop import NEW_STATES, SetupShop
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import environment
from support.mariadb import MariadbServer
from support.shop_database import ShopDatabase
from support.starting import Finished, started
from support.writing import Sold, amazon_order, importer, settings_for

PHP = """<?php return array('parameters' => array(
  'database_host' => '{host}', 'database_port' => '{port}', 'database_name' => '{database}',
  'database_user' => '{user}', 'database_password' => '{password}', 'database_prefix' => 'ps_'));
"""


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(generate(3, datetime.now(UTC) - timedelta(days=1), 1, 10, ("IT", "DE"))) as running:
        yield running


@pytest.fixture
def shop(shop_database_of: Any) -> ShopDatabase:
    skus = [item.sku for item in DEMO_CATALOG]
    database: ShopDatabase = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(skus, 1000)))
    return database


@pytest.fixture
def shop_folder(tmp_path: Path, shop: ShopDatabase) -> Path:
    """A shop's folder as it lies on its host."""
    url = make_url(shop.url)
    folder = tmp_path / "www"
    (folder / "app/config").mkdir(parents=True)
    parts = {"host": url.host, "port": url.port, "database": url.database, "user": url.username}
    (folder / "app/config/parameters.php").write_text(PHP.format(**parts, password=url.password))
    return folder


def simulated(server: SimulatorServer) -> list[str]:
    return ["--set", f"amazon.endpoint={server.endpoint}", "--set", f"amazon.token_url={server.token_url}"]


def secrets(folder: Path, server: SimulatorServer) -> list[str]:
    """The options that name files with the simulator's secrets."""
    words = []
    for name in ("client_secret", "refresh_token"):
        file = folder / name
        file.write_text(getattr(server.credentials, name) + "\n")
        words += [f"--{name.replace('_', '-')}-file", str(file)]
    return words


def run(folder: Path, *words: str, **environ: str) -> Finished:
    return started([sys.executable, "-m", "orderferry", *words], folder, environment(folder, **environ))


def test_a_script_gets_a_configuration_with_which_orders_are_imported(
    tmp_path: Path, server: SimulatorServer, shop: ShopDatabase, shop_folder: Path
) -> None:
    states = shop.count("order_state")
    words = ["init", "--non-interactive", "--shop", str(shop_folder), "--marketplaces", "it,de", *simulated(server)]
    words += ["--client-id", server.credentials.client_id, *secrets(tmp_path, server), "--create-states"]
    words += ["--invoices-by", "amazon", "--vcs", "--since", "3d", "--set", "taxes.DE=19"]
    done = run(tmp_path, *words)
    assert done.code == 0, done.err
    target = tmp_path / "config.toml"
    proposed = [line.strip() for line in done.out.splitlines() if line.startswith("    ")]
    program = shlex.join([sys.executable, "-m", "orderferry"])
    assert proposed[:2] == [f"{program} -c {target} check", f"{program} -c {target} import --dry-run"]
    assert proposed[2] == f"{program} -c {target} import", "it goes back to orders.since by itself"
    lines = run(tmp_path, "plan", "--orders-per-day", "300", "--json").json["crontab"]
    assert len(lines) == 4
    assert "\n" + "\n".join(lines) + "\n" in done.out, "the schedule of plan"
    assert "plan --orders-per-day N" in done.out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    text = target.read_text()
    for secret in (server.credentials.client_secret, server.credentials.refresh_token, make_url(shop.url).password):
        assert secret
        assert secret not in text
    given = tomllib.loads(text)
    assert given["prestashop"] == {"from": str(shop_folder)}
    assert given["invoices"] == {"mode": "never"}
    assert given["customers"] == {"email": "undeliverable"}
    assert given["marketplace"] == {"IT": {"vat_by_amazon": True}, "DE": {"vat_by_amazon": True}}
    assert shop.count("order_state") == states + len(NEW_STATES)

    imported = run(tmp_path, "import", "--json")
    assert imported.code == 0, imported.out + imported.err
    assert imported.json["orders"]["created"] > 3
    rows = shop.rows(
        "SELECT DISTINCT s.invoice, s.send_email, s.logable FROM {p}orders o"
        " JOIN {p}order_state s ON s.id_order_state = o.current_state"
    )
    assert rows == [{"invoice": 0, "send_email": 0, "logable": 1}]
    assert shop.rows("SELECT number FROM {p}order_invoice WHERE number <> 0") == []

    again = run(tmp_path, *words)
    assert again.code == 2
    assert f"There is a configuration {target} already" in again.err
    assert target.read_text() == text
    assert shop.count("order_state") == states + len(NEW_STATES)


def test_secrets_from_the_environment_stay_there(tmp_path: Path, server: SimulatorServer, shop: ShopDatabase) -> None:
    environ = {
        "ORDERFERRY_AMAZON_CLIENT_SECRET": server.credentials.client_secret,
        "ORDERFERRY_AMAZON_REFRESH_TOKEN": server.credentials.refresh_token,
        "ORDERFERRY_PRESTASHOP_URL": shop.url,
    }
    words = ["init", "--non-interactive", "--marketplaces", "IT", "--client-id", server.credentials.client_id]
    done = run(tmp_path, *words, *simulated(server), **environ)
    assert done.code == 0, done.err
    text = (tmp_path / "config.toml").read_text()
    assert not any(value in text for value in environ.values())
    since = tomllib.loads(text)["orders"]["since"]
    assert abs(since - datetime.now(UTC)) < timedelta(minutes=5), "what is older is in the shop already"
    assert load_settings(tmp_path / "config.toml", environ).prestashop.url.reveal()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        pytest.param([], 2, "amazon.client_id is missing", id="nothing-said-of-amazon"),
        pytest.param(["--marketplaces", "IT,XX"], 2, "amazon.marketplaces", id="no-marketplace"),
        pytest.param(["--set", "orders.sinc=1d"], 2, "Did you mean orders.since?", id="no-key"),
        pytest.param(["--set", "orders.give_up=1s"], 2, "orders.give_up", id="no-value"),
        pytest.param(["--set", "prestashop.table_prefix=qq_"], 5, "'ps_'", id="no-shop-of-that-prefix"),
        pytest.param(
            ["--set", "orders.state_paid=Nowhere", "ALL"], 5, "the shop has no such order state", id="no-state"
        ),
        pytest.param(["ALL", "WRONG"], 7, "refresh token", id="refused-credentials"),
    ],
)
def test_what_is_wrong_ends_a_script_before_anything_is_written(
    words: list[str], code: int, sentence: str, tmp_path: Path, server: SimulatorServer, shop: ShopDatabase
) -> None:
    environ = {"ORDERFERRY_PRESTASHOP_URL": shop.url}
    given = ["init", "--non-interactive", *(word for word in words if word not in ("ALL", "WRONG"))]
    if "ALL" in words:
        given += ["--marketplaces", "IT", "--client-id", server.credentials.client_id, *secrets(tmp_path, server)]
        given += simulated(server)
    if "WRONG" in words:
        (tmp_path / "refresh_token").write_text("Atzr|revoked")
    done = run(tmp_path, *given, **environ)
    assert done.code == code, done.err
    assert sentence in done.err
    assert not (tmp_path / "config.toml").exists()


def converse(folder: Path, server: SimulatorServer, answers: list[str], *words: str) -> Result:
    target = folder / "asked.toml"
    given = ["-c", str(target), "init", *simulated(server), *words]
    return CliRunner().invoke(cli, given, input="\n".join(answers) + "\n")


def test_a_person_is_asked_and_mistakes_are_asked_again(
    tmp_path: Path, server: SimulatorServer, shop: ShopDatabase, shop_folder: Path
) -> None:
    credentials = server.credentials
    answers = [str(tmp_path / "nowhere"), str(shop_folder)]  # no such folder; the shop's
    answers += ["eu", "IT, DE", credentials.client_id, credentials.client_secret, "Atzr|wrong"]  # refused by Amazon
    answers += [credentials.refresh_token, ""]
    answers += ["n", "Nowhere", "Payment accepted", "4", "", "n", "My carrier", "", "3"]  # states, carriers, group
    answers += ["other", "undeliverable"]
    answers += ["19", "", "2d"]  # Germany's tax, collected by Amazon, since
    done = converse(tmp_path, server, answers)
    assert done.exit_code == 0, done.output
    given = tomllib.loads((tmp_path / "asked.toml").read_text())
    assert given["prestashop"] == {"from": str(shop_folder)}
    assert given["amazon"]["marketplaces"] == ["IT", "DE"]
    assert given["amazon"]["refresh_token"] == credentials.refresh_token
    orders = given["orders"]
    assert (orders["state_paid"], orders["state_shipped"], "state_fba" in orders) == (2, 4, False)
    assert given["carriers"] == {"default": 2, "map": {}}
    assert given["customers"] == {"group": 3, "email": "undeliverable"}
    assert given["invoices"] == {"mode": "never"}
    assert given["taxes"] == {"DE": 19}
    told = " ".join(done.output.split())
    for words in ("does not accept the refresh token", "the shop has no such order state", "Payment accepted"):
        assert words in told
    for secret in (credentials.client_secret, credentials.refresh_token, "Atzr|wrong"):
        assert secret not in done.output, "secrets are not echoed"


def test_what_was_answered_is_offered_again_and_what_is_needed_is_asked_until_it_comes(
    tmp_path: Path, server: SimulatorServer, shop_folder: Path
) -> None:
    credentials = server.credentials
    answers = [str(shop_folder), "", "", "it de", "", "wrong", "", credentials.client_secret]
    answers += ["", credentials.refresh_token]
    answers += [credentials.client_id, credentials.client_secret, ""]
    answers += ["n", "", "", "", "n", "", "", "", "other", "undeliverable", "", "", "3d"]
    done = converse(tmp_path, server, answers)
    assert done.exit_code == 0, done.output
    assert done.output.count("It is needed") == 4, "marketplaces, identifier, secret, token"
    assert "Client identifier [wrong]" in done.output
    given = tomllib.loads((tmp_path / "asked.toml").read_text())
    assert given["amazon"]["marketplaces"] == ["IT", "DE"]
    since = given["orders"]["since"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"The first import goes back to {since} (orders.since)" in done.output, "older than the window"


def test_a_mistake_is_asked_again_alone(tmp_path: Path, server: SimulatorServer, shop: ShopDatabase) -> None:
    url = make_url(shop.url)
    answers = ["", "nowhere.invalid", str(url.port), "no_such_shop", str(url.username), str(url.password), "qq_"]
    answers += [str(url.host)]  # that server has no such database
    answers += [str(url.database)]  # which has no such prefix
    answers += ["ps_"]
    credentials = server.credentials
    answers += ["", "IT", credentials.client_id, credentials.client_secret, credentials.refresh_token]
    done = converse(tmp_path, server, [*answers, *["none"] * 13])
    assert done.exit_code == 0, done.output
    assert "PrestaShop 8.2.1 is there." in done.output
    told = done.output
    assert told.count("Name or address of the database server") == 2
    assert told.count("Name of the shop's database") == 2
    assert told.count("What the names of the shop's tables begin with") == 2
    assert told.count("Folder of the shop") == told.count("Its port") == told.count("Password of that user") == 1


def test_the_word_none_clears_an_answer_and_enter_takes_what_is_in_brackets(
    tmp_path: Path, server: SimulatorServer, shop: ShopDatabase, shop_folder: Path
) -> None:
    url, credentials = make_url(shop.url), server.credentials
    (tmp_path / "empty").mkdir()
    answers = [str(tmp_path / "empty"), "none"]  # offered again, and cleared
    answers += [str(url.host), str(url.port), str(url.database), str(url.username), str(url.password), ""]
    answers += ["", "IT", "none", credentials.client_id, credentials.client_secret, credentials.refresh_token, "none"]
    answers += ["none", "none", "none", "NONE", "none", "none", "none", "none"]  # states, carriers, group
    answers += ["what", "none", "none", "none", "none"]  # invoices, mails, taxes, since
    done = converse(tmp_path, server, answers)
    assert done.exit_code == 0, done.output
    assert done.output.count("Enter takes what is in [brackets]; the word none leaves an answer empty.") == 1
    assert f"[{tmp_path / 'empty'}]" in done.output
    given = tomllib.loads((tmp_path / "asked.toml").read_text())
    assert given["prestashop"]["host"] == url.host
    assert "from" not in given["prestashop"]
    assert not [key for key in given["orders"] if key.startswith("state_")]
    assert "since" not in given["orders"]
    assert given["invoices"] == {"mode": "never"}, "nobody, or another program"
    assert given["customers"] == {"email": "undeliverable"}
    prompts = [line for line in done.output.splitlines() if line.endswith((": ", ":")) and "[" in line]
    assert prompts
    assert "empty" not in "".join(prompts).replace(str(tmp_path), "")


@pytest.mark.sample(2)
@pytest.mark.parametrize(("by", "invoice"), [("", 1), ("shipped", 0), ("other", 0)])
def test_recommended_states_draw_an_invoice_if_the_shop_is_to_write_it_at_once(
    by: str, invoice: int, tmp_path: Path, server: SimulatorServer, shop: ShopDatabase, shop_folder: Path
) -> None:
    credentials = server.credentials
    answers = [str(shop_folder), "", "FR", credentials.client_id, credentials.client_secret, credentials.refresh_token]
    answers += ["", "", "n", "", "", "", by, "", "", "", "", ""]
    done = converse(tmp_path, server, answers)
    assert done.exit_code == 0, done.output
    assert "\\x" not in done.output, "a text of several lines is printed as such"
    lines = done.output.splitlines()
    asked = next(number for number, line in enumerate(lines) if line.startswith("Who writes the invoices"))
    assert any("Each sale needs one invoice" in line for line in lines[:asked])
    orders = tomllib.loads((tmp_path / "asked.toml").read_text())["orders"]
    for key in ("state_paid", "state_shipped", "state_fba"):
        query = "SELECT invoice, send_email FROM {p}order_state WHERE id_order_state = :id"
        (state,) = shop.rows(query, id=orders[key])
        assert state == {"invoice": invoice, "send_email": 0}


def test_a_wrong_password_in_the_shop_s_own_file_is_said_with_the_file(
    tmp_path: Path, server: SimulatorServer, shop_folder: Path
) -> None:
    file = shop_folder / "app/config/parameters.php"
    right = file.read_text()
    file.write_text(right.replace("'database_password' => '", "'database_password' => 'not-"))
    words = ["--non-interactive", "--shop", str(shop_folder), "--marketplaces", "IT", *simulated(server)]
    words += ["--client-id", server.credentials.client_id, *secrets(tmp_path, server)]
    done = run(tmp_path, "init", *words)
    assert done.code == 5
    assert f"{file} (prestashop.from) has this password" in done.err
    assert run(tmp_path, "init", *words, "--no-try").code == 0
    for command in ("check", "import"):
        told = run(tmp_path, command)
        assert f"{file} (prestashop.from)" in told.out + told.err, command


@pytest.mark.sample(1, always=("</dev/null",))
@pytest.mark.parametrize("redirection", ["<&-", "</dev/null"])
def test_nobody_to_ask_is_an_error_of_usage(tmp_path: Path, redirection: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m orderferry init {redirection}', sys.executable],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "--non-interactive" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_rules_that_book_sales_abroad_at_the_home_rate_are_told_of_with_the_better_tax(
    tmp_path: Path, server: SimulatorServer, shop_database_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = shop_database_of("8.2.1", seed=ShopSeed(italian_localisation=True))
    monkeypatch.setenv("ORDERFERRY_PRESTASHOP_URL", database.url)
    credentials = server.credentials
    answers = ["eu", "IT, DE, GB", credentials.client_id, credentials.client_secret, credentials.refresh_token, ""]
    answers += ["n", "", "", "", "n", "", "", "", "shop", "n", "undeliverable", "", "", ""]
    done = converse(tmp_path, server, answers)
    assert done.exit_code == 0, done.output
    assert "The shop's tax rules apply IVA IT 22%" in done.output
    assert tomllib.loads((tmp_path / "asked.toml").read_text())["taxes"] == {"DE": "IVA DE 19%"}


def test_a_database_elsewhere_and_an_end_of_input_in_the_middle(
    tmp_path: Path, server: SimulatorServer, shop: ShopDatabase
) -> None:
    url = make_url(shop.url)
    answers = ["", str(url.host), str(url.port), str(url.database), str(url.username), "wrong", "ps_"]
    answers += ["", str(url.password)]
    done = converse(tmp_path, server, answers)
    assert "PrestaShop 8.2.1 is there." in done.output
    assert f"User of the database [{url.username}]" in done.output
    assert done.output.count("Name of the shop's database") == 1, "what was right is not asked again"
    assert str(url.password) not in done.output
    assert not (tmp_path / "asked.toml").exists()


def test_states_that_may_not_be_created_cost_a_person_no_answer_and_a_script_its_file(
    tmp_path: Path,
    server: SimulatorServer,
    shop: ShopDatabase,
    mariadb_server: MariadbServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = make_url(shop.url)
    with mariadb_server.engine().begin() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE USER 'looker'@'%%' IDENTIFIED BY 'only-looks'")
        connection.exec_driver_sql(f"GRANT SELECT ON `{url.database}`.* TO 'looker'@'%%'")
    looker = url.set(username="looker", password="only-looks").render_as_string(hide_password=False)
    monkeypatch.setenv("ORDERFERRY_PRESTASHOP_URL", looker)
    credentials = server.credentials
    answers = ["eu", "IT", credentials.client_id, credentials.client_secret, credentials.refresh_token, ""]
    answers += ["", "", "n", "", "", "shop", "n", "undeliverable", "", ""]  # states and a carrier are recommended
    done = converse(tmp_path, server, answers)
    assert done.exit_code == 0, done.output
    assert "No state was created" in done.output
    assert "No carrier was created" in done.output
    assert "GRANT" in done.output
    given = tomllib.loads((tmp_path / "asked.toml").read_text())
    assert "state_paid" not in given["orders"]
    assert "fba" not in given["carriers"]
    words = ["init", "--non-interactive", "--marketplaces", "it", *simulated(server), "--create-states"]
    words += ["--client-id", credentials.client_id, *secrets(tmp_path, server)]
    assert run(tmp_path, *words, ORDERFERRY_PRESTASHOP_URL=looker).code == 5
    assert not (tmp_path / "config.toml").exists()
    with mariadb_server.engine().begin() as connection:
        connection.exec_driver_sql("DROP USER 'looker'@'%%'")


def test_orders_of_another_importer_are_told_of(
    tmp_path: Path, server: SimulatorServer, sqlite_shop: ShopDatabase
) -> None:
    writer = importer(sqlite_shop, tmp_path)
    writer.take(amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62")))
    writer.shop.close()
    sqlite_shop.execute("DROP TABLE {p}orderferry_order")
    environ = {"ORDERFERRY_PRESTASHOP_URL": sqlite_shop.url}
    words = ["init", "--non-interactive", "--marketplaces", "IT", "--client-id", server.credentials.client_id]
    done = run(tmp_path, *words, *secrets(tmp_path, server), *simulated(server), **environ)
    assert done.code == 0, done.err
    assert "The shop has 1 Amazon order of another importer" in done.out


def test_the_new_states_have_a_name_in_every_language_and_are_made_once(shop_database_of: Any, tmp_path: Path) -> None:
    for version in ("1.6.1.24", "9.1.4"):
        database: ShopDatabase = shop_database_of(version)
        setup = SetupShop(settings_for(database, tmp_path), sleep=lambda _seconds: None)
        made = setup.create_states()
        assert setup.create_states() == made
        facts = setup.facts()
        setup.close()
        assert set(made) == {"state_paid", "state_shipped", "state_fba"}
        languages = database.count("lang")
        for key, id_state in made.items():
            state = facts.states[id_state]
            assert (state.invoice, state.send_email, state.logable, state.paid) == (False, False, True, True)
            assert state.shipped == (key != "state_paid")
            named = database.rows(
                "SELECT name, template FROM {p}order_state_lang WHERE id_order_state = :id", id=id_state
            )
            assert len(named) == languages
            assert all(row["name"] and row["template"] == "" for row in named)


@pytest.mark.sample(2)
@pytest.mark.parametrize("version", ["1.6.1.24", "1.7.8.11", "9.1.4"])
def test_the_carrier_is_made_once_in_the_form_that_an_edit_keeps(
    version: str, shop_database_of: Any, tmp_path: Path
) -> None:
    database: ShopDatabase = shop_database_of(version)
    setup = SetupShop(settings_for(database, tmp_path), sleep=lambda _seconds: None)
    number, is_new = setup.create_carrier()
    assert is_new
    assert setup.create_carrier() == (number, False), "one that is there stays as it is"
    facts = setup.facts()
    setup.close()

    (carrier,) = database.rows("SELECT * FROM {p}carrier WHERE id_carrier = :id", id=number)
    expected = {"id_reference": number, "name": "Amazon", "active": 1, "deleted": 0, "is_free": 1, "is_module": 0}
    expected |= {"shipping_handling": 0, "shipping_external": 0, "need_range": 0, "position": 2, "max_weight": 0}
    assert {name: carrier[name] for name in expected} == expected
    (group,) = database.rows("SELECT id_group FROM {p}carrier_group WHERE id_carrier = :id", id=number)
    assert facts.groups[group["id_group"]] == "Amazon"
    (row,) = database.rows("SELECT * FROM {p}group WHERE id_group = :id", id=group["id_group"])
    assert (row["reduction"], row["price_display_method"], row["show_prices"]) == (0, 0, 1)
    shops, languages, zones = database.count("shop"), database.count("lang"), database.count("zone")
    of_it = {
        table: len(database.rows(f"SELECT 1 FROM {{p}}{table} WHERE id_carrier = :id", id=number))
        for table in ("carrier_lang", "carrier_shop", "carrier_zone")
    }
    assert of_it == {
        "carrier_lang": shops * languages,
        "carrier_shop": shops,
        "carrier_zone": zones,
    }
    assert database.rows("SELECT name FROM {p}group_lang WHERE id_group = :id", id=group["id_group"]) == (
        [{"name": "Amazon"}] * languages
    )
    assert facts.carrier_tax_groups[number, 1] == 1, "the tax rules group of the standard rate"


def test_a_group_of_customers_that_is_called_amazon_is_left_alone(shop_database_of: Any, tmp_path: Path) -> None:
    database: ShopDatabase = shop_database_of("8.2.1")
    database.execute("UPDATE {p}group_lang SET name = 'Amazon' WHERE id_group = 3")
    setup = SetupShop(settings_for(database, tmp_path), sleep=lambda _seconds: None)
    number, _ = setup.create_carrier()
    facts = setup.facts()
    setup.close()
    (carrier,) = [one for one in facts.carriers if one.id == number]
    assert [facts.groups[group] for group in carrier.groups] == ["Amazon (carrier)"]


def test_a_person_gets_the_carrier_for_fba_and_hears_which_one_regular_orders_get(
    tmp_path: Path, server: SimulatorServer, shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.execute("UPDATE {p}configuration SET value = '-1' WHERE name = 'PS_CARRIER_DEFAULT'")
    monkeypatch.setenv("ORDERFERRY_PRESTASHOP_URL", shop.url)
    credentials = server.credentials
    answers = ["eu", "IT", credentials.client_id, credentials.client_secret, credentials.refresh_token, ""]
    answers += ["", "", "", "", "", "shop", "n", "undeliverable", "", ""]
    done = converse(tmp_path, server, answers)
    assert done.exit_code == 0, done.output
    told = " ".join(done.output.split())
    assert "Regular orders get the carrier 'Bottega di prova' (id 1)." in told
    assert "by a guess, since PS_CARRIER_DEFAULT is -1: it says the best price" in told
    assert "looks like a pick-up point" in told
    assert "The carrier “Amazon” (id 3) is created." in told
    assert tomllib.loads((tmp_path / "asked.toml").read_text())["carriers"] == {"fba": 3, "map": {}}
    checked = run(tmp_path, "-c", str(tmp_path / "asked.toml"), "check", "--json", ORDERFERRY_PRESTASHOP_URL=shop.url)
    assert [one["name"] for one in checked.json["checks"] if one["name"] == "fba-carrier"] == []


def test_a_script_gets_the_carrier_for_all_orders_and_an_existing_one_is_not_touched(
    tmp_path: Path, server: SimulatorServer, shop: ShopDatabase
) -> None:
    shop.execute("UPDATE {p}carrier SET name = 'AMAZON', active = 0 WHERE id_carrier = 1")
    before = shop.counts()
    words = ["init", "--non-interactive", "--marketplaces", "it", *simulated(server), "--create-carrier", "all"]
    words += ["--client-id", server.credentials.client_id, *secrets(tmp_path, server)]
    done = run(tmp_path, *words, ORDERFERRY_PRESTASHOP_URL=shop.url)
    assert done.code == 0, done.err
    assert "is there already, and stays as it is" in done.out
    assert shop.counts() == before
    assert shop.value("SELECT active FROM {p}carrier WHERE id_carrier = 1") == 0
    given = tomllib.loads((tmp_path / "config.toml").read_text())
    assert given["carriers"]["fba"] == given["carriers"]["default"] == 1
