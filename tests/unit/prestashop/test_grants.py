"""SHOW GRANTS of MySQL and MariaDB, as rights on a table."""

from __future__ import annotations

import pytest

from orderferry.prestashop.database.rights import Grants, grants_to_run, missing_rights, needed_rights

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
