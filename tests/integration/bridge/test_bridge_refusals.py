"""What keeps the bridge from working is one sentence with what to do, and an exit code; nothing is fired then."""

from __future__ import annotations

import os
import shutil

import pytest

from support.bridge import NOBODY, SHOP_ID, BridgeShop, php

HOOK = "actionValidateOrder"


@pytest.fixture
def shop(bridge_shop: BridgeShop) -> BridgeShop:
    bridge_shop.listen("erp", HOOK)
    bridge_shop.created(bridge_shop.order())
    return bridge_shop


def refused(shop: BridgeShop, code: int, *words: str, **options: object) -> str:
    """Run it, and hold it to the exit code, the words, and that nobody heard anything; return what it said."""
    ended = shop.run(**options)  # type: ignore[arg-type]
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    for word in words:
        assert word in ended.stderr
    assert "Stack trace" not in ended.stderr
    assert shop.log == []
    assert shop.position == 0
    return ended.stderr


def test_root_and_other_users(shop: BridgeShop) -> None:
    if os.geteuid() != 0:
        # Only root can become somebody else; the owner at least is let in.
        assert shop.run().returncode == 0
        return
    refused(shop, 2, "This is root", "HTTP 500", "crontab -u nobody", user=0)
    refused(shop, 2, "belongs to nobody", "runs as 12345", "crontab -u nobody", user=12345)
    os.chown(shop.folder / "config", 0, 0)
    refused(shop, 2, "This is root", user=0)
    refused(shop, 2, "belongs to root")


@pytest.mark.parametrize("lost", ["config/config.inc.php", "app/config/parameters.php"])
def test_a_folder_that_is_no_prestashop(shop: BridgeShop, lost: str) -> None:
    (shop.folder / lost).unlink()
    refused(shop, 2, f"{shop.folder} is no PrestaShop")


def test_a_folder_that_is_not_there(shop: BridgeShop) -> None:
    shop.configure(shop_folder="/nowhere")
    refused(shop, 2, "There is no folder /nowhere")


def test_another_shop(shop: BridgeShop) -> None:
    shop.sql("UPDATE {p}orderferry_state SET value = 'fedcba' WHERE name = 'shop_id'")
    refused(shop, 2, "not the one that this bridge was installed for", "orderferry bridge install")
    shop.sql("DELETE FROM {p}orderferry_state")
    refused(shop, 2, "is not in its database")


@pytest.mark.parametrize("table", ["event", "event_consumer", "event_call", "state"])
def test_a_missing_table(shop: BridgeShop, table: str) -> None:
    shop.sql(f"RENAME TABLE {{p}}orderferry_{table} TO {{p}}elsewhere")
    ended = shop.run()
    assert ended.returncode == 5
    assert f"missing in the shop's database: ps_orderferry_{table}." in ended.stderr
    assert "events.enabled = true" in ended.stderr


def test_a_locked_database(shop: BridgeShop) -> None:
    with shop.database.engine().connect() as other:
        other.exec_driver_sql("LOCK TABLES ps_orders WRITE")
        refused(shop, 5, "A table of the shop is locked")
    assert shop.run().returncode == 0


def test_a_database_that_is_away_or_refuses(shop: BridgeShop) -> None:
    file = shop.folder / "app/config/parameters.php"
    text = file.read_text()
    port = text.partition("'database_port' => '")[2].partition("'")[0]
    file.write_text(text.replace(port, "1"))
    refused(shop, 5, "can't be reached", "Nothing is lost")
    file.write_text(text.replace("p@ss", "pass"))
    refused(shop, 5, "refuses the shop's own user")
    file.write_text(text.replace("'database_name' => 'shop_", "'database_name' => 'none_"))
    refused(shop, 5, "name a database that is not there")


def test_a_php_without_the_extension(shop: BridgeShop) -> None:
    refused(shop, 2, "lacks the extension pdo_mysql", php_options=["-n"])


# What PrestaShop does while it boots under a PHP that does not fit, and what the bridge says.
DEATHS = {
    "trigger_error('Composer detected issues in your platform', E_USER_ERROR);": "Composer detected issues",
    "call_user_func('mb_gone', 1); mb_gone(1);": "mb_gone",
    "ini_gone('x', 1);": "This PHP lacks ini_gone()",
    "throw new Exception('no kernel');": "Exception: no kernel",
    "exit(255);": "it called exit()",
    "echo '<p>Link to database cannot be established</p>'; die();": "and said: Link to database cannot be established",
    "require 'nowhere.php';": "nowhere.php",
}


@pytest.mark.sample(5)
@pytest.mark.parametrize("code", DEATHS)
@pytest.mark.parametrize("options", [(), ("--once",)], ids=["all", "once"])
def test_a_php_that_dies_while_booting(shop: BridgeShop, code: str, options: tuple[str, ...]) -> None:
    (shop.folder / "config/defines_custom.inc.php").write_text(f"<?php {code}\n")
    ended = shop.run(*options)
    assert ended.returncode == 2
    assert "PrestaShop does not start under PHP " in ended.stderr
    assert DEATHS[code] in ended.stderr
    assert "Use the PHP version of the shop's web pages" in ended.stderr
    assert (shop.log, shop.calls(), shop.position) == ([], [], 0)


def test_a_kernel_that_does_not_start(shop: BridgeShop) -> None:
    (shop.folder / "app/AppKernel.php").write_text(
        "<?php class AppKernel { function __construct() { nothing_there(); } }"
    )
    refused(shop, 2, "does not start", "This PHP lacks nothing_there()")


def test_mails_that_cant_be_switched_off(shop: BridgeShop) -> None:
    core = shop.folder / "classes/core.php"
    core.write_text(core.read_text().replace("self::$values[$group][$shop][$key] = $value;", ""))
    refused(shop, 2, "mails can't be switched off")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"hooks_add": "actionCustomerAccountAdd"},
            "names the hook actioncustomeraccountadd, which the bridge does not",
        ),
        ({"orders_per_process": "1000"}, "orders_per_process must be a number from 1 to 100"),
        ({"id_shop": "two"}, "id_shop must be a number"),
        ({"shop_folder": ""}, "shop_folder is missing"),
        ({"shop_id": "@SHOP_ID@"}, "shop_id is missing"),
    ],
)
def test_settings_that_are_wrong(shop: BridgeShop, settings: dict[str, str], said: str) -> None:
    shop.configure(**settings)
    refused(shop, 2, said)


def test_settings_that_are_no_settings(shop: BridgeShop) -> None:
    file = shop.tools / "orderferry-bridge.ini"
    text = file.read_text()
    file.write_text(text + "\nhook_add = x\n")
    refused(shop, 2, "there is no key hook_add")
    file.write_text(text + "\nmodules_skip[] = x\n")
    refused(shop, 2, "modules_skip is one text")
    file.write_text(text + '\n[broken\n"')
    refused(shop, 2, "is no valid file of settings")
    file.unlink()
    refused(shop, 2, "can't be read")


@pytest.mark.parametrize(
    "words",
    [
        ["--hoks"],
        ["--replay"],
        ["--replay", "soon"],
        ["--module", "erp"],
        ["--replay", "all", "--done-too"],
        ["--from-now", "--replay", "all"],
    ],
)
def test_a_command_line_that_is_wrong(shop: BridgeShop, words: list[str]) -> None:
    ended = shop.run(*words)
    assert ended.returncode == 2
    assert ended.stderr.startswith("orderferry-bridge: ")
    assert shop.log == []


def test_settings_elsewhere_and_prestashop_does_not_see_the_command_line(shop: BridgeShop) -> None:
    elsewhere = shop.folder / "my=bridge.ini"
    shutil.move(shop.tools / "orderferry-bridge.ini", elsewhere)
    assert shop.run("--config", str(elsewhere)).returncode == 0
    assert len(shop.log) == 1


def test_help_and_version_need_nothing(shop: BridgeShop) -> None:
    (shop.tools / "orderferry-bridge.ini").unlink()
    assert "--replay WHICH" in shop.run("--help").stdout
    assert shop.run("--version").stdout.startswith("orderferry-bridge ")


def test_check_boots_and_says_who_listens(shop: BridgeShop) -> None:
    checked = shop.run("--check")
    assert checked.returncode == 0
    assert "PrestaShop 8.2.1 starts under PHP " in checked.stdout
    assert "actionValidateOrder: erp" in checked.stdout
    assert "actionUpdateQuantity: no module listens" in checked.stdout
    assert (shop.log, shop.position) == ([], 0)


def test_where_no_process_can_be_started_one_does_it(shop: BridgeShop) -> None:
    assert shop.run(php_options=["-d", "disable_functions=proc_open,exec,posix_geteuid,pcntl_signal"]).returncode == 0
    assert len(shop.log) == 1


def test_options_of_php_reach_the_process_that_works(shop: BridgeShop) -> None:
    shop.listen("labels", HOOK)
    (shop.folder / "config/defines_custom.inc.php").write_text("<?php if (ini_get('precision') !== '9') { exit(9); }\n")
    assert shop.run(php_options=["-d", "precision=9"]).returncode == 0


def test_the_owner_and_the_id_are_as_the_tests_think(shop: BridgeShop) -> None:
    assert shop.run().returncode == 0
    assert {line["user"] for line in shop.log} == {NOBODY if os.geteuid() == 0 else os.geteuid()}
    assert {line["umask"] for line in shop.log} == {2}
    assert SHOP_ID in (shop.tools / "orderferry-bridge.ini").read_text()
    assert php()
