"""`bridge install` and `bridge status` as a webmaster meets them; `check` and `status` on a feed that nobody reads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.bridge import SCRIPT, SETTINGS
from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from orderferry.simulator.catalog import DEMO_CATALOG
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.feed import flaws_of_feed
from support.installation import Installed, install
from support.shop_database import ShopDatabase
from support.sqlite_shop import sqlite_shop_in
from support.starting import Finished

EVENTS = "[events]\nenabled = true"
PHP = "<?php return array('parameters' => array('database_name' => '{name}', 'database_prefix' => 'ps_',\n" + (
    "  'database_host' => 'localhost', 'database_user' => 'x', 'database_password' => 'y'));\n"
)


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    world = generate(11, datetime.now(UTC) - timedelta(days=1), 1, 10, ("IT",))
    with SimulatorServer(world, usage_plans=False) as running:
        yield running


@pytest.fixture
def shop(shop_database_of: Callable[..., ShopDatabase]) -> ShopDatabase:
    skus = [item.sku for item in DEMO_CATALOG]
    return shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(skus, 1000)))


@pytest.fixture
def installed(tmp_path: Path, server: SimulatorServer, shop: ShopDatabase) -> Installed:
    return install(tmp_path, server, shop.url, marketplaces=("IT",), more=EVENTS)


def prestashop_in(folder: Path, database: str) -> Path:
    """A folder that looks like the PrestaShop whose database has this name."""
    (folder / "config").mkdir(parents=True)
    (folder / "config/config.inc.php").write_text("<?php\n")
    (folder / "app/config").mkdir(parents=True)
    (folder / "app/config/parameters.php").write_text(PHP.replace("{name}", database))
    return folder


def bridge_has(shop: ShopDatabase, position: int, **more: Any) -> None:
    """The bridge was there, and has taken the events up to a number."""
    row = {"consumer": "bridge", "id_event": position, "taken": datetime.now(UTC).replace(tzinfo=None), "note": ""}
    shop.execute("DELETE FROM {p}orderferry_event_consumer")
    shop.insert("orderferry_event_consumer", {**row, **more})


def call(event: int, state: str, module: str = "erp_link", **more: Any) -> dict[str, Any]:
    row = {"id_event": event, "hook": "actionValidateOrder", "sequence": 0, "module": module, "state": state}
    now = datetime.now(UTC).replace(tzinfo=None)
    return {**row, "attempts": 1, "message": "", "started": now, "ended": now, "next_try": None, **more}


# --- install


def test_the_script_is_put_with_settings_that_name_this_shop(
    installed: Installed, shop: ShopDatabase, tmp_path: Path
) -> None:
    www = prestashop_in(tmp_path / "www", str(sa.make_url(shop.url).database))
    done = installed.run("bridge", "install", str(tmp_path / "bridge"), "--shop", str(www))

    assert done.code == 0, done
    script, settings = tmp_path / "bridge" / SCRIPT, tmp_path / "bridge" / SETTINGS
    shop_id = shop.value("SELECT value FROM {p}orderferry_state WHERE name = 'shop_id'")
    assert f'shop_id = "{shop_id}"' in settings.read_text()
    assert f'shop_folder = "{www}"' in settings.read_text()
    assert done.out.rstrip().endswith(f"*/5 * * * *  php -d sendmail_path=/bin/true {script}")
    assert f"crontab -u {(www / 'config').owner()} -e" in done.out
    assert "!" not in done.out, "nothing is left to say"
    for path in (script, settings):
        assert path.stat().st_mode & 0o777 == 0o644
        assert path.owner() == (www / "config").owner()
    secrets = (installed.credentials.client_secret, installed.credentials.refresh_token, sa.make_url(shop.url).password)
    assert not [secret for secret in secrets if secret and secret in settings.read_text() + done.out]


def test_a_second_time_the_script_is_renewed_and_the_settings_are_kept(installed: Installed, tmp_path: Path) -> None:
    folder = tmp_path / "bridge"
    first = installed.run("bridge", "install", str(folder))
    assert "write its folder into shop_folder" in first.out
    settings = (folder / SETTINGS).read_text().replace('modules_skip = ""', 'modules_skip = "letters"')
    (folder / SETTINGS).write_text(settings)
    whole = (folder / SCRIPT).read_text()
    (folder / SCRIPT).write_text(whole[:5000])
    again = installed.run("bridge", "install", str(folder))

    assert again.code == 0, again
    assert "Kept as they are" in again.out
    assert (folder / SETTINGS).read_text() == settings
    assert (folder / SCRIPT).read_text() == whole


def test_files_of_others_are_never_touched(installed: Installed, tmp_path: Path) -> None:
    for name in (SCRIPT, SETTINGS):
        folder = tmp_path / f"of {name}"
        folder.mkdir()
        (folder / name).write_text("somebody's")
        done = installed.run("bridge", "install", str(folder))

        assert done.code == 2
        assert "left as it is" in done.err
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "somebody's")]


def test_another_shop_s_bridge_is_not_taken_over(installed: Installed, tmp_path: Path) -> None:
    folder = tmp_path / "bridge"
    installed.run("bridge", "install", str(folder))
    other = (folder / SETTINGS).read_text().replace('shop_id = "', 'shop_id = "0')
    (folder / SETTINGS).write_text(other)
    done = installed.run("bridge", "install", str(folder))

    assert done.code == 2
    assert "another shop" in done.err
    assert (folder / SETTINGS).read_text() == other


def test_a_folder_that_is_no_shop_and_one_of_another_shop_are_refused(
    installed: Installed, shop: ShopDatabase, tmp_path: Path
) -> None:
    bridge = str(tmp_path / "bridge")
    none = installed.run("bridge", "install", bridge, "--shop", str(tmp_path))
    other = installed.run("bridge", "install", bridge, "--shop", str(prestashop_in(tmp_path / "www", "another_shop")))

    assert (none.code, other.code) == (2, 2)
    assert "is no PrestaShop" in none.err
    assert "its database is 'another_shop'" in other.err
    assert not (tmp_path / "bridge").exists()
    assert "orderferry_state" not in str(shop.tables())


def test_a_folder_within_the_shop_is_said_to_be_served(
    installed: Installed, shop: ShopDatabase, tmp_path: Path
) -> None:
    www = prestashop_in(tmp_path / "www", str(sa.make_url(shop.url).database))
    done = installed.run("bridge", "install", str(www / "bridge"))

    assert done.code == 0, done
    assert "the web server serves" in done.out
    assert f'shop_folder = "{www}"' in (www / "bridge" / SETTINGS).read_text()


def test_without_events_the_bridge_is_put_and_the_key_is_named(installed: Installed, tmp_path: Path) -> None:
    installed.more = ""
    installed.write()
    done = installed.run("bridge", "install", str(tmp_path / "bridge"))

    assert done.code == 0, done
    assert "events.enabled = true" in done.out
    assert (tmp_path / "bridge" / SCRIPT).is_file()


@pytest.mark.parametrize("words", [(), ("nothing",), ("install",), ("status", "there")])
def test_a_mistyped_call_is_a_usage_error(installed: Installed, words: tuple[str, ...]) -> None:
    done = installed.run("bridge", *words)

    assert done.code == 2
    assert "orderferry" in done.err
    assert "Traceback" not in done.err


def test_a_folder_that_can_t_be_written_is_a_sentence(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("bridge", "install", str(tmp_path / "not" / "there"))

    assert done.code == 2
    assert f"can't be put into {tmp_path / 'not' / 'there'}: No such file or directory." in done.err


# --- status


def test_before_the_first_run_and_before_the_bridge(installed: Installed) -> None:
    before = installed.run("bridge", "status", "--json")
    assert (before.code, before.json["exit_code"]) == (1, 1)
    assert [problem["code"] for problem in before.json["problems"]] == ["no-feed"]

    assert installed.run("import").code in {0, 1}
    after = installed.run("bridge", "status", "--json")
    assert [problem["code"] for problem in after.json["problems"]] == ["bridge-never-ran"]
    assert after.json["events"]["last"] > 10
    assert after.json["consumers"] == []


def test_off_is_said(installed: Installed) -> None:
    installed.more = ""
    installed.write()
    done = installed.run("bridge", "status")

    assert done.code == 1
    assert "events.enabled is false" in done.out


def test_a_bridge_at_work_is_well(installed: Installed, shop: ShopDatabase) -> None:
    installed.run("import")
    last = shop.value("SELECT MAX(id_event) FROM {p}orderferry_event")
    bridge_has(shop, last - 2)
    shop.insert("orderferry_event_call", call(1, "done"), call(2, "done"), call(3, "skipped"))
    shop.insert("orderferry_event_call", call(4, "running", ended=None))
    done = installed.run("bridge", "status", "--json")

    assert done.code == 0, done
    (consumer,) = done.json["consumers"]
    assert (consumer["consumer"], consumer["taken_up_to"], consumer["behind"]) == ("bridge", last - 2, 2)
    assert consumer["late"] is False
    (calls,) = done.json["calls"]
    assert (calls["module"], calls["hook"]) == ("erp_link", "actionValidateOrder")
    assert (calls["done"], calls["skipped"], calls["failed"], calls["unknown"]) == (2, 1, 0, 0)
    assert done.json["healthy"] is True
    words = installed.run("bridge", "status")
    assert f"has taken all up to {last - 2}: 2 behind" in words.out
    assert "2 done, 1 skipped" in words.out


def test_calls_that_failed_and_calls_that_nobody_knows_of(installed: Installed, shop: ShopDatabase) -> None:
    installed.run("import")
    bridge_has(shop, shop.value("SELECT MAX(id_event) FROM {p}orderferry_event"))
    soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=5)
    shop.insert(
        "orderferry_event_call",
        call(7, "failed", message="TypeError: null given", next_try=soon),
        call(3, "failed", message="TypeError: null given"),
        call(5, "running", "labels", message="unknown: the bridge ended during this call"),
        call(6, "running", "feeds", started="2026-01-01 00:00:00"),
    )
    done = installed.run("bridge", "status", "--json")

    assert done.code == 1
    by_module = {calls["module"]: calls for calls in done.json["calls"]}
    assert (by_module["erp_link"]["failed"], by_module["erp_link"]["given_up"]) == (2, 1)
    assert by_module["erp_link"]["first_event"] == 3
    assert by_module["labels"]["unknown"] == by_module["feeds"]["unknown"] == 1
    codes = [problem["code"] for problem in done.json["problems"]]
    assert codes == ["calls-failed", "calls-unknown", "calls-unknown"]
    assert "TypeError: null given" in done.json["problems"][0]["message"]
    assert all(problem["hint"] for problem in done.json["problems"])


def test_several_configurations_one_of_which_is_broken(installed: Installed, tmp_path: Path) -> None:
    installed.run("import")
    broken = tmp_path / "broken.toml"
    broken.touch(mode=0o600)
    broken.write_text(installed.configuration.read_text().replace("/shop_", "/no_shop_"))
    done = installed.run_words(installed.command("-c", str(broken), "bridge", "status", "--json"))

    assert done.code == done.json["exit_code"] == 5
    assert [shop["exit_code"] for shop in done.json["shops"]] == [1, 5]


# --- bad input


@contextmanager
def locked(shop: ShopDatabase, table: str) -> Iterator[None]:
    """Within, somebody else keeps a table locked, as a back-up does."""
    with shop.engine().connect() as connection:
        connection.exec_driver_sql(f"LOCK TABLES {shop.prefix}{table} WRITE")
        yield
        connection.exec_driver_sql("UNLOCK TABLES")


def test_a_locked_database_is_a_sentence(installed: Installed, shop: ShopDatabase, tmp_path: Path) -> None:
    installed.run("import")
    installed.prestashop = 'timeout = "2s"'
    installed.write()
    with locked(shop, "orderferry_event_consumer"):
        status = installed.run("bridge", "status", "--json")
    with locked(shop, "orderferry_state"):
        put = installed.run("bridge", "install", str(tmp_path / "bridge"))

    assert (status.code, put.code) == (5, 5)
    assert status.json["problems"][0]["message"]
    assert "Traceback" not in status.err + put.err
    assert not (tmp_path / "bridge").exists()


def test_a_missing_table_of_the_feed_is_made_again(installed: Installed, shop: ShopDatabase) -> None:
    installed.run("import")
    shop.execute("DROP TABLE {p}orderferry_event_call")
    done = installed.run("bridge", "status", "--json")

    assert (done.code, [problem["code"] for problem in done.json["problems"]]) == (1, ["no-feed"])
    assert installed.run("import").code in {0, 1}
    assert shop.count("orderferry_event_call") == 0


def test_a_ledger_of_another_shop_is_refused(
    installed: Installed, shop_database_of: Callable[..., ShopDatabase], tmp_path: Path
) -> None:
    installed.run("import")
    installed.shop_url = shop_database_of("8.2.1").url
    installed.write()
    for words in (("status", "--json"), ("install", str(tmp_path / "bridge"))):
        done = installed.run("bridge", *words)
        assert done.code == 6, done
        assert "shop" in done.err
    assert not (tmp_path / "bridge").exists()


# --- check and status


def checks(done: Finished, name: str) -> list[dict[str, str]]:
    return [check for check in json.loads(done.out)["checks"] if check["name"] == name]


def test_check_and_status_warn_when_events_pile_up(installed: Installed, shop: ShopDatabase) -> None:
    installed.run("import")
    bridge_has(shop, 3)
    (fresh,) = checks(installed.run("check", "--json"), "events")
    assert fresh["result"] == "ok", fresh
    assert not [text for text in installed.run("status", "--json").json["conditions"] if "'bridge'" in text]

    shop.execute("UPDATE {p}orderferry_event SET created = created - INTERVAL 2 DAY")
    (late,) = checks(installed.run("check", "--json"), "events")
    assert late["result"] == "warning"
    assert "wait for 'bridge'" in late["message"]
    status = installed.run("status", "--json")
    assert status.code == 1
    assert [text for text in status.json["conditions"] if "wait for 'bridge'" in text]


def listen(shop: ShopDatabase, module: str, hook: str) -> None:
    """Put a module into the shop that is hooked on a hook."""
    number = shop.value("SELECT COALESCE(MAX(id_module), 0) + 1 FROM {p}module")
    shop.insert("module", {"id_module": number, "name": module, "active": 1, "version": "1.0"})
    shop.insert("module_shop", {"id_module": number, "id_shop": 1, "enable_device": 7})
    found = shop.rows("SELECT id_hook FROM {p}hook WHERE name = :hook", hook=hook)
    id_hook = found[0]["id_hook"] if found else shop.value("SELECT MAX(id_hook) + 1 FROM {p}hook")
    if not found:
        shop.insert("hook", {"id_hook": id_hook, "name": hook, "title": hook})
    shop.insert("hook_module", {"id_module": number, "id_shop": 1, "id_hook": id_hook, "position": 1})


def test_check_says_which_modules_the_bridge_tells(installed: Installed, shop: ShopDatabase) -> None:
    listen(shop, "odoo_link", "actionValidateOrder")
    listen(shop, "payer", "actionPaymentConfirmation")
    listen(shop, "numbers", "actionSetInvoice")
    (without,) = checks(installed.run("check", "--json"), "modules")
    assert without["result"] == "warning"
    assert "odoo_link (actionValidateOrder)" in without["message"]
    assert (
        "bridge install FOLDER` lets modules hear (docs/bridge.md): odoo_link (actionValidateOrder)."
        in (without["hint"])
    )

    installed.run("import")
    bridge_has(shop, 1)
    (with_it,) = checks(installed.run("check", "--json"), "modules")
    assert with_it["result"] == "warning"
    assert "odoo_link" not in with_it["message"]
    assert "hooks_add in the bridge's settings names the hooks: payer (actionPaymentConfirmation)." in with_it["hint"]
    assert "Not even the bridge fires: numbers (actionSetInvoice)" in with_it["hint"]

    shop.execute("DELETE FROM {p}module WHERE name <> 'odoo_link'")
    (well,) = checks(installed.run("check", "--json"), "modules")
    assert (well["result"], well["message"]) == (
        "ok",
        "The bridge tells the modules that wait for events: odoo_link (actionValidateOrder).",
    )


@pytest.mark.parametrize(
    "switched_off",
    [
        "UPDATE {p}module_shop SET enable_device = 4",
        "UPDATE {p}hook SET active = 0 WHERE name = 'actionValidateOrder'",
        "DELETE FROM {p}module_shop",
    ],
)
def test_a_module_that_is_switched_off_misses_nothing(
    installed: Installed, shop: ShopDatabase, switched_off: str
) -> None:
    listen(shop, "odoo_link", "actionValidateOrder")
    shop.execute(switched_off)
    (check,) = checks(installed.run("check", "--json"), "modules")

    assert check["result"] == "ok", check


def test_init_names_the_modules_and_asks(
    tmp_path: Path, server: SimulatorServer, shop: ShopDatabase, installed: Installed
) -> None:
    listen(shop, "odoo_link", "actionValidateOrder")
    target = tmp_path / "made.toml"
    secrets = {"ORDERFERRY_AMAZON_CLIENT_SECRET": server.credentials.client_secret}
    secrets["ORDERFERRY_AMAZON_REFRESH_TOKEN"] = server.credentials.refresh_token
    secrets["ORDERFERRY_PRESTASHOP_PASSWORD"] = str(sa.make_url(shop.url).password)
    url = sa.make_url(shop.url)
    words = [*installed.command()[:3], "-c", str(target), "init", "--non-interactive", "--no-create-states"]
    words += ["--marketplaces", "IT", "--client-id", server.credentials.client_id, "--since", "1d"]
    keys = {"amazon.endpoint": server.endpoint, "amazon.token_url": server.token_url, "prestashop.host": url.host}
    keys |= {"prestashop.port": url.port, "prestashop.user": url.username, "prestashop.database": url.database}
    words += [word for key, value in keys.items() for word in ("--set", f"{key}={value}")]
    installed.environ = {**os.environ, **secrets}
    done = installed.run_words(words)

    assert done.code == 0, done
    assert "odoo_link (actionValidateOrder): the bridge tells it" in done.out
    assert "\n[events]\nenabled" not in target.read_text(), "a script is asked nothing"


def test_the_embedded_shop_has_a_feed_too(tmp_path: Path, server: SimulatorServer) -> None:
    skus = [item.sku for item in DEMO_CATALOG]
    shop = sqlite_shop_in(tmp_path, ShopSeed(products=plain_products(skus, 1000)))
    installed = install(tmp_path, server, shop.url, marketplaces=("IT",), more=EVENTS)
    dry = installed.run("import", "--dry-run", "--json")
    assert dry.json["orders"]["created"] > 0, dry
    assert not [table for table in shop.tables() if "orderferry" in table]
    done = installed.run("import", "--json")

    assert done.json["orders"]["created"] == shop.count("orders") > 0, done
    assert flaws_of_feed(shop) == []
    status = installed.run("bridge", "status", "--json")
    assert [problem["code"] for problem in status.json["problems"]] == ["bridge-never-ran"]
    assert checks(installed.run("check", "--json"), "events")[0]["result"] == "ok"
