"""What a server that holds the ledger answers, by its error numbers: MySQL's and MariaDB's documentation name them."""

from __future__ import annotations

import ssl

import pymysql
import pytest
from sqlalchemy.exc import DBAPIError

from orderferry.errors import LedgerUnusable
from orderferry.ledger.failures import LedgerConflict, LedgerUnavailable, server_failure, unusable

GOES_ON = "Nothing is lost: the next run goes on. If it stays, look after the server, or correct ledger.url."
AWAY = "The server of the ledger db/shop can't be reached, or broke off."
LOCKED = "The ledger db/shop stays locked by another program."
FULL = "The disk under the ledger db/shop is full."
FREE_SPACE = "Free some space; the next run goes on where this one stopped."
READ_ONLY = "The ledger db/shop can't be written: it is read-only."
PRIMARY = "Name the primary server in ledger.url."


GONE = (
    1053, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 2002, 2003, 2005, 2006, 2013, 2014, 2027, 2055, 4031,
)  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "kind", "sentence", "hint"),
    [
        pytest.param(
            GONE,
            LedgerUnavailable,
            AWAY,
            GOES_ON,
            id="away",
        ),
        pytest.param((1205, 1412, 1969, 3024), LedgerUnavailable, LOCKED, GOES_ON, id="busy"),
        pytest.param((1020, 1213), LedgerConflict, LOCKED, GOES_ON, id="deadlock"),
        pytest.param(
            (1047,),
            LedgerUnavailable,
            "The cluster node that holds the ledger db/shop takes no requests: it has lost the others, or is joining "
            "them.",
            "Nothing is lost: the next run goes on. If it stays, look at the cluster (wsrep_cluster_status).",
            id="cluster",
        ),
        pytest.param(
            (1040, 1129, 1203, 1226),
            LedgerUnavailable,
            "The server of the ledger db/shop has no connection left.",
            GOES_ON,
            id="crowded",
        ),
        pytest.param((20, 1021, 1037, 1038, 1041, 1114, 3675), LedgerUnusable, FULL, FREE_SPACE, id="full"),
        pytest.param((1290, 1792, 1836, 3100), LedgerUnusable, READ_ONLY, PRIMARY, id="read-only"),
        pytest.param(
            (1044, 1142, 1143, 1227, 1370),
            LedgerUnusable,
            "The user in ledger.url may not do what the ledger db/shop needs.",
            "Give ledger.url a user with SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and INDEX on its database.",
            id="rights",
        ),
        pytest.param(
            (1045, 1130, 1251, 1698, 2061),
            LedgerUnusable,
            "The server refuses the user of the ledger db/shop, or its password.",
            "Correct user, password or database in ledger.url.",
            id="password",
        ),
        pytest.param(
            (2026,),
            LedgerUnusable,
            "The certificate of the server of the ledger db/shop can't be trusted, or no TLS connection came about.",
            "ssl_ca must be the authority that signed it, and the host in ledger.url the name in it.",
            id="TLS",
        ),
        pytest.param(
            (1049,),
            LedgerUnusable,
            "The database of the ledger db/shop does not exist.",
            "Create it, or correct ledger.url.",
            id="database",
        ),
        pytest.param(
            (1034, 1035, 1054, 1146, 1932),
            LedgerUnusable,
            "The ledger db/shop lacks a table or a column.",
            "Put back a copy of the tables, or drop all of them: a missing ledger is rebuilt from the shop.",
            id="table",
        ),
        pytest.param(
            (1071, 1709),
            LedgerUnusable,
            "The server of the ledger db/shop is too old: it takes no keys as long as the ledger's.",
            "Name a server of MySQL 5.7, MariaDB 10.2 or newer in ledger.url, or set innodb_large_prefix=ON, "
            "innodb_file_format=Barracuda and innodb_file_per_table=ON on this one.",
            id="short keys",
        ),
        pytest.param(
            (1048, 1264, 1265, 1364, 1366, 1406),
            LedgerUnusable,
            "The ledger db/shop does not take a value.",
            "Report it with what `-vv` prints.",
            id="value",
        ),
    ],
)
def test_each_error_of_a_server_is_a_sentence_with_what_to_do(
    numbers: tuple[int, ...], kind: type[LedgerUnusable], sentence: str, hint: str
) -> None:
    for number in numbers:
        failure = server_failure(pymysql.err.OperationalError(number, "in the server's words"), "db/shop")
        assert (number, type(failure), failure.message, failure.hint) == (number, kind, sentence, hint)
        assert failure.heals is issubclass(kind, LedgerUnavailable)


@pytest.mark.parametrize(
    ("error", "sentence", "hint"),
    [
        (pymysql.err.OperationalError(1005, 'Can\'t create table `a`.`b` (errno: 135 "No room")'), FULL, FREE_SPACE),
        (pymysql.err.OperationalError(1030, "Got error 165 - 'Table is read only'"), READ_ONLY, PRIMARY),
    ],
)
def test_an_error_about_a_file_is_told_by_the_number_in_its_text(error: Exception, sentence: str, hint: str) -> None:
    failure = server_failure(error, "db/shop")
    assert (type(failure), failure.message, failure.hint) == (LedgerUnusable, sentence, hint)


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (pymysql.err.OperationalError(1305, "FUNCTION a.b does not exist"), " (error 1305)"),
        (pymysql.err.InterfaceError("no number"), ""),
        (pymysql.err.InterfaceError(), ""),
    ],
)
def test_another_error_is_told_by_its_number_alone(error: Exception, detail: str) -> None:
    failure = server_failure(error, "db/shop")
    assert (type(failure), failure.message) == (
        LedgerUnusable,
        f"The server of the ledger db/shop reported an error{detail}.",
    )
    assert failure.hint == "Look for that number in the server's log; is it the server that ledger.url should name?"


def test_a_connection_that_fails_for_its_certificate_is_not_one_to_a_server_that_is_away() -> None:
    error = pymysql.err.OperationalError(2003, "Can't connect")
    error.original_exception = ssl.SSLCertVerificationError("self-signed")  # type: ignore[attr-defined]
    failure = server_failure(error, "db/shop")
    assert not failure.heals
    assert failure.message.startswith("The certificate of the server of the ledger db/shop can't be trusted")


def test_an_error_that_sqlalchemy_wraps_is_told_as_the_drivers_own() -> None:
    error = DBAPIError("SELECT 'canary'", {}, pymysql.err.OperationalError(1213, "Deadlock found"))
    failure = unusable(error, "db/shop")
    assert (type(failure), failure.message) == (LedgerConflict, LOCKED)


def test_conflict_and_absence_are_the_same_condition_for_a_watcher() -> None:
    assert (LedgerUnavailable.code, LedgerConflict.code) == ("ledger-unavailable", "ledger-unavailable")
