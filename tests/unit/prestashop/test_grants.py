"""SHOW GRANTS of MySQL and MariaDB, as rights on a table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orderferry.prestashop.database.rights import (
    Access,
    Grants,
    grant,
    grant_hint,
    grants_to_run,
    is_optional,
    missing_rights,
    needed_rights,
)
from orderferry.prestashop.database.tables import OPTIONAL_TABLES, REQUIRED_TABLES, WRITTEN_TABLES, wanted_tables

USAGE = "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'"


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION", True),
        ("GRANT ALL ON `shop`.* TO 'u'@'%'", True),
        ("GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO `u`@`localhost`", True),
        ("GRANT SELECT, INSERT ON `shop`.`ps_orders` TO `u`@`%`", True),
        ("GRANT Select, Insert ON TABLE `shop`.`ps_orders` TO `u`@`%`", True),
        ("GRANT INSERT ON `sh%`.* TO `u`@`%`", True),
        ("GRANT INSERT ON `s_op`.* TO `u`@`%`", True),
        ("GRANT INSERT ON `s\\_op`.* TO `u`@`%`", False),
        ("GRANT INSERT ON `shop2`.* TO `u`@`%`", False),
        ("GRANT INSERT ON `shop`.`ps_order_detail` TO `u`@`%`", False),
        ("GRANT SELECT ON `shop`.* TO `u`@`%`", False),
        ("GRANT SELECT, INSERT (`id_order`, `reference`), UPDATE ON `shop`.`ps_orders` TO `u`@`%`", False),
        ("GRANT EXECUTE ON PROCEDURE `shop`.`ps_orders` TO `u`@`%`", False),
        (USAGE, False),
    ],
)
def test_one_line(line: str, allowed: bool) -> None:
    assert Grants([USAGE, line]).allows("INSERT", "shop", "ps_orders") is allowed


def test_names_with_special_characters() -> None:
    grants = Grants(["GRANT INSERT ON `my\\_shop``s`.* TO `u`@`%`"])
    assert grants.allows("INSERT", "my_shop`s", "ps_orders")
    assert not grants.allows("INSERT", "myXshop`s", "ps_orders")


def test_a_partial_revoke_takes_from_everything() -> None:
    lines = ["GRANT SELECT, INSERT ON *.* TO `u`@`%`", "REVOKE INSERT ON `shop`.* FROM `u`@`%`"]
    grants = Grants(lines)
    assert grants.allows("SELECT", "shop", "ps_orders")
    assert not grants.allows("INSERT", "shop", "ps_orders")
    assert grants.allows("INSERT", "other", "ps_orders")


@pytest.mark.parametrize("line", ["GRANT `shopkeeper`@`%` TO `u`@`%`", "GRANT `shopkeeper` TO `u`@`localhost`"])
def test_roles_are_noticed(line: str) -> None:
    assert Grants([USAGE, line]).through_roles
    assert not Grants([USAGE]).through_roles


def test_tables_that_are_only_read_need_no_more_than_that() -> None:
    rights = needed_rights(["product_attribute", "orders", "order_detail", "orderferry_order", "configuration"])
    assert rights == {
        "configuration": ("SELECT", "UPDATE"),
        "order_detail": ("SELECT", "INSERT", "UPDATE", "DELETE"),
        "orderferry_order": ("SELECT", "INSERT", "UPDATE"),
        "orders": ("SELECT", "INSERT", "UPDATE"),
        "product_attribute": ("SELECT",),
    }


def test_the_statements_grant_what_is_missing() -> None:
    grants = Grants(["GRANT SELECT ON `shop`.* TO `u`@`%`"])
    missing = missing_rights(grants, "shop", "ps_", ["orders", "product_attribute", "order_detail"])
    assert missing == {"order_detail": ["INSERT", "UPDATE", "DELETE"], "orders": ["INSERT", "UPDATE"]}
    statements = grants_to_run(missing, "shop", "ps_", "u@10.0.0.%").splitlines()
    assert statements == [
        "GRANT INSERT, UPDATE, DELETE ON `shop`.`ps_order_detail` TO 'u'@'10.0.0.%';",
        "GRANT INSERT, UPDATE ON `shop`.`ps_orders` TO 'u'@'10.0.0.%';",
    ]


def test_many_missing_rights_are_one_statement() -> None:
    missing = {f"t{n}": ["SELECT"] for n in range(10)}
    assert grants_to_run(missing, "shop", "ps_", "u@%") == (
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO 'u'@'%';"
    )


def rights_in_the_documentation() -> dict[str, tuple[str, ...]]:
    """Return the rights that docs/database-rights.md grants on each table of the shop: the first time it names it."""
    page = (Path(__file__).parents[3] / "docs" / "database-rights.md").read_text(encoding="utf-8")
    lines = re.findall(r"^GRANT ([A-Z, ]+) ON `shop`\.`ps_(\w+)` TO", page, re.MULTILINE)
    return {
        table: tuple(rights.split(", ")) for rights, table in reversed(lines) if not table.startswith("orderferry_")
    }


def test_the_rights_on_each_table_are_those_of_the_documentation() -> None:
    documented = rights_in_the_documentation()

    assert needed_rights(REQUIRED_TABLES | OPTIONAL_TABLES).items() <= documented.items()
    assert len(documented) > 50


def test_the_rights_on_our_own_tables() -> None:
    assert needed_rights(wanted_tables(events=True) - REQUIRED_TABLES - OPTIONAL_TABLES) == {
        "orderferry_event": ("SELECT", "INSERT", "DELETE"),
        "orderferry_event_call": ("SELECT", "DELETE"),
        "orderferry_event_consumer": ("SELECT",),
        "orderferry_order": ("SELECT", "INSERT", "UPDATE"),
        "orderferry_state": ("SELECT", "INSERT", "UPDATE"),
    }
    assert not {table for table in wanted_tables(events=False) if table.startswith("orderferry_event")}


def test_the_tables_that_must_know_transactions() -> None:
    written = {table for table, rights in needed_rights(wanted_tables(events=True)).items() if len(rights) > 1}
    made_once = {"product", "product_lang", "product_shop", "tax", "tax_lang"}

    # what was read is not written in the order's transaction, or was made before it
    assert written - WRITTEN_TABLES == made_once | {"configuration"}
    assert WRITTEN_TABLES - written == {"orderferry_event_consumer"}


@pytest.mark.parametrize(
    ("table", "rights", "optional"),
    [
        ("product", ["INSERT"], True),
        ("product_lang", ["INSERT"], True),
        ("product_shop", ["INSERT"], True),
        ("tax", ["INSERT"], True),
        ("tax_lang", ["INSERT"], True),
        ("stock_available", ["INSERT"], True),
        ("stock_available", ["INSERT", "UPDATE"], False),
        ("product", ["SELECT", "INSERT"], False),
        ("orders", ["INSERT"], False),
    ],
)
def test_rights_without_which_fees_are_in_the_shipping(table: str, rights: list[str], *, optional: bool) -> None:
    assert is_optional(table, rights) is optional


def test_up_to_six_tables_have_a_statement_each() -> None:
    lacking = {f"t{number}": ["SELECT", "INSERT"] for number in range(1, 7)}

    assert grants_to_run(lacking, "shop", "ps_", "u@h").splitlines() == [
        f"GRANT SELECT, INSERT ON `shop`.`ps_t{number}` TO 'u'@'h';" for number in range(1, 7)
    ]
    assert grants_to_run({**lacking, "t7": ["SELECT"]}, "shop", "ps_", "u@h") == (
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO 'u'@'h';"
    )


@pytest.mark.parametrize(
    ("lines", "allowed"),
    [
        (["GRANT INSERT ON `shop`.`other` TO `u`@`%`", "GRANT INSERT ON `shop`.`ps_orders` TO `u`@`%`"], True),
        (["GRANT INSERT ON `other`.`ps_orders` TO `u`@`%`"], False),
        (["GRANT INSERT ON *.* TO `u`@`%`", "REVOKE INSERT ON `shop`.* FROM `u`@`%`"], False),
        # a right on the database itself stays
        (["GRANT INSERT ON `shop`.* TO `u`@`%`", "REVOKE INSERT ON `shop`.* FROM `u`@`%`"], True),
        (["REVOKE INSERT ON `shop`.* FROM `u`@`%`"], False),
        (["GRANT INSERT ON `sh_p`.`ps_orders` TO `u`@`%`"], False),  # a pattern only where the table is *
        (["GRANT INSERT ON `sh\\%`.* TO `u`@`%`"], False),
        (["GRANT INSERT ON `SHOP`.* TO `u`@`%`"], False),
        (["GRANT INSERT ON `sho`.* TO `u`@`%`"], False),
        (["something else"], False),
    ],
)
def test_what_several_lines_allow(lines: list[str], *, allowed: bool) -> None:
    assert Grants(lines).allows("INSERT", "shop", "ps_orders") is allowed


def test_what_a_servers_words_leave_out_is_filled_with_what_is_needed() -> None:
    access = Access("here", "ferry", "shop")
    everything = "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`"

    told = "SELECT, UPDATE command denied to user 'a'@'b' for column 'x' in table 'ps_orders'"
    assert grant_hint(told, access).endswith("GRANT SELECT, UPDATE ON `shop`.`ps_orders` TO 'a'@'b';")
    assert grant_hint("SELECT command denied to user ''@'b'", access).endswith(f"{everything}.* TO ''@'b';")
    assert grant_hint("", access) == f"Run as an administrator of the database: {everything}.* TO 'ferry'@'%';"
    closed = "Access denied for user 'a'@'b' to database 'shopp'"
    assert grant_hint(closed, access) == (
        "Is 'shopp' the database's name (prestashop.database, or the end of prestashop.url)? If so: "
        f"Run as an administrator of the database: {everything}.* TO 'a'@'b';"
    )
    assert grant_hint("CREATE command denied to user 'a'@'b' for table `other`.`t`", access).endswith(
        "GRANT CREATE ON `other`.`t` TO 'a'@'b';"
    )
    assert grant("SELECT", "a", "*", "back\\slash'quote", "h") == "GRANT SELECT ON `a`.* TO 'back\\\\slash''quote'@'h';"
