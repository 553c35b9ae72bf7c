"""Database errors by number and name, and the GRANT statements made of their texts."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pymysql
import pytest
import sqlalchemy as sa

from orderferry.errors import ShopError, ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.database_errors import (
    ConnectionLost,
    DuplicateKey,
    RightsMissing,
    RowRefused,
    TransientTrouble,
    translate,
)
from orderferry.prestashop.database.rights import Access, grant, grant_hint

ACCESS = Access("127.0.0.1:3306/shop", "ferry", "shop")
CANARY = "Mario Rossi"


def translated(number: int, text: str = "", access: Access = ACCESS) -> ShopError:
    original = pymysql.err.OperationalError(number, text)
    wrapped = sa.exc.OperationalError(f"INSERT … {CANARY}", {"name": CANARY}, original)
    error = translate(wrapped, "writing the order", access)
    assert CANARY not in error.message + error.hint
    assert error.hint
    return error


@pytest.mark.parametrize("number", [1213, 1205, 1020])
def test_what_is_worth_another_try(number: int) -> None:
    assert type(translated(number)) is TransientTrouble


@pytest.mark.parametrize("number", [2006, 2013, 1053, 1927, 4031])
def test_a_lost_connection_leaves_a_commit_unknown(number: int) -> None:
    assert type(translated(number)) is ConnectionLost


def test_a_server_that_shuts_down_is_told_from_a_wrong_column() -> None:
    shutdown, column = translated(1053, "Server shutdown in progress"), translated(1054, "Unknown column 'x'")
    assert "broke off" in shutdown.message
    assert "the next run goes on" in shutdown.hint
    assert isinstance(column, ShopUnfit)
    assert "broke off" not in column.message


@pytest.mark.parametrize("number", [1040, 1203, 1226, 1290, 1021, 1114, 9999])
def test_what_heals_by_itself(number: int) -> None:
    error = translated(number)
    assert type(error) is ShopUnavailable
    assert f"error {number}" in error.message


@pytest.mark.parametrize(
    ("number", "text", "told"),
    [
        (1005, 'Can\'t create table `shop`.`ps_orderferry_order` (errno: 28 "No space left on device")', "no space"),
        (1021, "Disk full (/tmp/#sql); waiting for someone to free some space... (errno: 28)", "no space"),
        (1114, "The table 'ps_orders' is full", "no space"),
        (3675, "Create table/tablespace 'x' failed, as disk is full.", "no space"),
        (1005, 'Can\'t create table `shop`.`x` (errno: 30 "Read-only file system")', "read-only"),
        (1005, 'Can\'t create table `shop`.`x` (errno: 150 "Foreign key constraint is incorrectly formed")', "error"),
    ],
)
def test_a_full_disk_is_called_by_its_name_wherever_it_shows(number: int, text: str, told: str) -> None:
    error = translated(number, text)
    assert type(error) is ShopUnavailable
    assert told in error.message
    assert f"error {number}" in error.message


@pytest.mark.parametrize("number", [1665, 1146, 1054, 1049, 1045, 1130])
def test_what_a_person_must_mend(number: int) -> None:
    assert isinstance(translated(number, f"Access denied for user '{ACCESS.user}'"), ShopUnfit)


def test_a_refused_password_that_the_shop_s_own_file_gave_names_that_file() -> None:
    error = translated(1045, "Access denied", replace(ACCESS, shop_file="/var/www/shop/app/config/parameters.php"))
    assert "/var/www/shop/app/config/parameters.php (prestashop.from)" in error.hint
    assert "prestashop.url" not in error.hint, "the password does not stand there"
    assert "prestashop.from" not in translated(1045, "Access denied").hint


def test_a_duplicate_says_no_value() -> None:
    assert type(translated(1062, f"Duplicate entry '{CANARY}' for key 'PRIMARY'")) is DuplicateKey


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (f"Incorrect string value: '{CANARY}' for column `shop`.`ps_address`.`firstname` at row 1", "firstname"),
        ("Data too long for column 'city' at row 1", "city"),
        ("Column 'id_order' cannot be null", "id_order"),
        ("something else", ""),
    ],
)
def test_a_refused_value_names_its_column_only(text: str, column: str) -> None:
    error = translated(1366, text)
    assert isinstance(error, RowRefused)
    assert error.column == column


def test_a_connection_that_sqlalchemy_gave_up_is_lost() -> None:
    original = pymysql.err.InterfaceError(0, "")
    wrapped = sa.exc.InterfaceError("SELECT 1", {}, original, connection_invalidated=True)
    assert type(translate(wrapped, "reading", ACCESS)) is ConnectionLost


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        (
            "SELECT command denied to user 'ferry'@'10.0.0.7' for table `shop`.`ps_orders`",
            "GRANT SELECT ON `shop`.`ps_orders` TO 'ferry'@'10.0.0.7';",
        ),
        (
            "INSERT, UPDATE command denied to user 'ferry'@'localhost' for table 'ps_orders'",
            "GRANT INSERT, UPDATE ON `shop`.`ps_orders` TO 'ferry'@'localhost';",
        ),
        (
            "Access denied for user 'ferry'@'%' to database 'shop'",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO 'ferry'@'%';",
        ),
        ("", "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO 'ferry'@'%';"),
    ],
)
def test_the_grant_to_run(text: str, statement: str) -> None:
    error = translated(1142, text)
    assert isinstance(error, RightsMissing)
    assert error.hint.endswith(statement)
    assert grant_hint(text, ACCESS) == error.hint


def test_a_database_that_is_closed_may_be_one_that_is_not_there() -> None:
    """Error 1044 is the same for both: a server does not tell strangers which databases it has."""
    hint = grant_hint("(1044, \"Access denied for user 'ferry'@'%' to database 'shopp'\")", ACCESS)
    assert hint.startswith("Is 'shopp' the database's name")
    assert "GRANT" in hint


def test_names_in_a_grant_are_quoted() -> None:
    assert grant("SELECT", "a`b", "t", "o'x") == "GRANT SELECT ON `a``b`.`t` TO 'o''x'@'%';"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("INSERT INTO t VALUES (1, 'x')", DuplicateKey),
        ("INSERT INTO t VALUES (2, NULL)", RowRefused),
        ("INSERT INTO t (id, word) VALUES (3, 'y'), (4, 'y')", DuplicateKey),
        ("SELECT * FROM none", ShopUnfit),
        ("SELECT none FROM t", ShopUnfit),
        ("SELEC", ShopUnavailable),
    ],
)
def test_sqlite_s_errors_mean_the_same(statement: str, kind: type[ShopError]) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE)")
    connection.execute("INSERT INTO t VALUES (1, 'x')")
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute(statement)
    connection.close()
    wrapped = sa.exc.OperationalError(statement, {}, caught.value)
    assert type(translate(wrapped, "writing", ACCESS)) is kind


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Incorrect string value: 'Column 'Mario'' for column 'lastname' at row 1", "lastname"),
        ("Incorrect string value: 'column `Mario`' for column `shop`.`ps_address`.`lastname` at row 1", "lastname"),
        ("Data too long for column 'Mario Rossi' at row 1", ""),
    ],
)
def test_a_value_that_looks_like_the_name_of_a_column_is_not_told(text: str, column: str) -> None:
    error = translate(pymysql.err.DataError(1366, text), "writing", Access("here"))
    assert isinstance(error, RowRefused)
    assert error.column == column
    assert "Mario" not in error.message + error.hint
