"""Every error number by its official name, and every sentence that is told of an error, whole."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace

import pymysql
import pytest
import sqlalchemy as sa
from pymysql.constants import CR, ER

from orderferry.errors import ShopError, ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.database_errors import (
    ConnectionLost,
    DuplicateKey,
    RightsMissing,
    RowRefused,
    TransientTrouble,
    translate,
    translated,
)
from orderferry.prestashop.database.error_numbers import Trouble, error_number, trouble_of
from orderferry.prestashop.database.rights import Access

ACCESS = Access("127.0.0.1:3306/shop", "ferry", "shop")
# Those that PyMySQL does not name: from the lists of MySQL and MariaDB.
EE_DISK_FULL = 20
DUP_ENTRY_WITH_KEY_NAME = 1586
TOO_MANY_CONCURRENT_TRXS = 1637
BINLOG_STMT_MODE_AND_ROW_ENGINE = 1665
SIGNAL_EXCEPTION = 1644
ACCESS_DENIED_NO_PASSWORD_ERROR = 1698
CANT_EXECUTE_IN_READ_ONLY_TRANSACTION = 1792
READ_ONLY_MODE = 1836
CONNECTION_KILLED = 1927
RUN_HOOK_ERROR = 3100
DISK_FULL_NOWAIT = 3675
CHECK_CONSTRAINT_VIOLATED = 3819
CLIENT_INTERACTION_TIMEOUT = 4031


@pytest.mark.parametrize(
    ("trouble", "numbers"),
    [
        (
            Trouble.TRANSIENT,
            (
                *(ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT, ER.CHECKREAD, ER.TABLE_DEF_CHANGED, ER.QUERY_INTERRUPTED),
                *(TOO_MANY_CONCURRENT_TRXS, ER.STATEMENT_TIMEOUT, ER.QUERY_TIMEOUT),
            ),
        ),
        (
            Trouble.TOO_MANY_CONNECTIONS,
            (ER.CON_COUNT_ERROR, ER.TOO_MANY_USER_CONNECTIONS, ER.USER_LIMIT_REACHED, ER.HOST_IS_BLOCKED),
        ),
        (
            Trouble.GONE,
            (
                *(CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_COMMANDS_OUT_OF_SYNC, CR.CR_MALFORMED_PACKET),
                *(CR.CR_SERVER_LOST_EXTENDED, ER.SERVER_SHUTDOWN, CONNECTION_KILLED, ER.NET_READ_ERROR),
                *(ER.NET_READ_INTERRUPTED, ER.NET_ERROR_ON_WRITE, ER.NET_WRITE_INTERRUPTED, ER.NET_PACKET_TOO_LARGE),
                *(CLIENT_INTERACTION_TIMEOUT, ER.ABORTING_CONNECTION, ER.NEW_ABORTING_CONNECTION),
            ),
        ),
        (
            Trouble.CONNECT,
            (
                *(CR.CR_CONNECTION_ERROR, CR.CR_CONN_HOST_ERROR, CR.CR_UNKNOWN_HOST, CR.CR_SSL_CONNECTION_ERROR),
                *(CR.CR_AUTH_PLUGIN_ERR, ER.ACCESS_DENIED_ERROR, ER.BAD_DB_ERROR, ER.HOST_NOT_PRIVILEGED),
                *(ACCESS_DENIED_NO_PASSWORD_ERROR, ER.NOT_SUPPORTED_AUTH_MODE),
            ),
        ),
        (
            Trouble.READ_ONLY,
            (
                *(ER.OPTION_PREVENTS_STATEMENT, CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, READ_ONLY_MODE),
                RUN_HOOK_ERROR,  # of group replication, on a node that only reads
            ),
        ),
        (
            Trouble.NO_SPACE,
            (
                *(ER.DISK_FULL, ER.RECORD_FILE_FULL, ER.OUT_OF_RESOURCES, ER.OUTOFMEMORY, ER.OUT_OF_SORTMEMORY),
                *(DISK_FULL_NOWAIT, EE_DISK_FULL),
            ),
        ),
        (Trouble.DUPLICATE, (ER.DUP_ENTRY, DUP_ENTRY_WITH_KEY_NAME)),
        (
            Trouble.RIGHTS,
            (
                *(ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR),
                *(ER.SPECIFIC_ACCESS_DENIED_ERROR, ER.PROCACCESS_DENIED_ERROR),
            ),
        ),
        (Trouble.MISSING, (ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR, ER.BAD_TABLE_ERROR, ER.UNKNOWN_TABLE)),
        (
            Trouble.DATA,
            (
                *(ER.TRUNCATED_WRONG_VALUE_FOR_FIELD, ER.DATA_TOO_LONG, ER.WARN_DATA_OUT_OF_RANGE, ER.BAD_NULL_ERROR),
                *(ER.TRUNCATED_WRONG_VALUE, ER.NO_DEFAULT_FOR_FIELD, ER.WARN_DATA_TRUNCATED, ER.WRONG_VALUE_FOR_TYPE),
                *(ER.TOO_BIG_ROWSIZE, CHECK_CONSTRAINT_VIOLATED, ER.CONSTRAINT_FAILED),
            ),
        ),
        (
            Trouble.COLLATION,
            (ER.CANT_AGGREGATE_2COLLATIONS, ER.CANT_AGGREGATE_3COLLATIONS, ER.CANT_AGGREGATE_NCOLLATIONS),
        ),
        (Trouble.NOT_READY, (ER.UNKNOWN_COM_ERROR,)),
        (
            Trouble.UNFIT,
            (
                *(BINLOG_STMT_MODE_AND_ROW_ENGINE, ER.CRASHED_ON_USAGE, ER.CRASHED_ON_REPAIR, ER.NOT_KEYFILE),
                *(ER.OLD_KEYFILE, ER.UNKNOWN_CHARACTER_SET, ER.WRONG_VALUE_FOR_VAR, ER.UNKNOWN_SYSTEM_VARIABLE),
            ),
        ),
        (Trouble.OTHER, (ER.PARSE_ERROR, 9999)),
    ],
)
def test_what_a_number_means(trouble: Trouble, numbers: tuple[int, ...]) -> None:
    assert {number: trouble_of(pymysql.err.OperationalError(number, "")) for number in numbers} == dict.fromkeys(
        numbers, trouble
    )


class Failure(Exception):
    """An error of sqlite3 with this name."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(text)
        self.sqlite_errorname = name


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (Failure("SQLITE_BUSY"), Trouble.TRANSIENT),
        (Failure("SQLITE_BUSY_SNAPSHOT"), Trouble.TRANSIENT),
        (Failure("SQLITE_LOCKED"), Trouble.TRANSIENT),
        (Failure("SQLITE_CONSTRAINT_PRIMARYKEY"), Trouble.DUPLICATE),
        (Failure("SQLITE_CONSTRAINT_UNIQUE"), Trouble.DUPLICATE),
        (Failure("SQLITE_CONSTRAINT_NOTNULL"), Trouble.DATA),
        (Failure("SQLITE_CONSTRAINT"), Trouble.DATA),
        (Failure("SQLITE_MISMATCH"), Trouble.DATA),
        (Failure("SQLITE_TOOBIG"), Trouble.DATA),
        (Failure("SQLITE_FULL"), Trouble.NO_SPACE),
        (Failure("SQLITE_READONLY"), Trouble.READ_ONLY),
        (Failure("SQLITE_CANTOPEN"), Trouble.CONNECT),
        (Failure("SQLITE_PERM"), Trouble.CONNECT),
        (Failure("SQLITE_IOERR_READ"), Trouble.GONE),
        (Failure("SQLITE_NOTADB"), Trouble.UNFIT),
        (Failure("SQLITE_CORRUPT"), Trouble.UNFIT),
        (Failure("SQLITE_ERROR", "no such table: ps_orders"), Trouble.MISSING),
        (Failure("SQLITE_ERROR", "no such column: x"), Trouble.MISSING),
        (Failure("SQLITE_ERROR", "table ps_orders has no column named x"), Trouble.MISSING),
        (Failure("SQLITE_ERROR", "near SELEC: syntax error"), Trouble.OTHER),
        (ssl.SSLError(), Trouble.CONNECT),
        (socket.gaierror(), Trouble.CONNECT),
        (ConnectionRefusedError(), Trouble.CONNECT),
        (FileNotFoundError(), Trouble.CONNECT),
        (BrokenPipeError(), Trouble.GONE),
        (ValueError("x"), Trouble.OTHER),
        (ValueError(), Trouble.OTHER),
        (pymysql.err.OperationalError(1005, "Can't create table (errno: 28)"), Trouble.NO_SPACE),
        (pymysql.err.OperationalError(1005, "Can't create table (errno: 30)"), Trouble.READ_ONLY),
    ],
    ids=repr,
)
def test_what_an_error_without_such_a_number_means(error: Exception, trouble: Trouble) -> None:
    assert trouble_of(error) is trouble


def test_an_error_without_a_number_has_the_number_0() -> None:
    assert [error_number(error) for error in (ValueError(), ValueError("1062"), pymysql.err.Error(1062, "x"))] == [
        0,
        0,
        1062,
    ]


def told(number: int, text: str = "", *, rows: bool = False, statement: str = "", access: Access = ACCESS) -> ShopError:
    wrapped = sa.exc.OperationalError(statement, {}, pymysql.err.OperationalError(number, text))
    return translate(wrapped, "writing the order", access, rows=rows)


AGAIN = "Nothing is lost: the next run goes on. If it stays, "


@pytest.mark.parametrize(
    ("number", "kind", "message", "hint"),
    [
        (
            ER.LOCK_DEADLOCK,
            TransientTrouble,
            "Another program held the same rows of the shop's database too long while writing the order (error 1213).",
            "Nothing is lost: it is tried again. If it stays, look for a backup or an import that locks the shop's "
            "tables.",
        ),
        (
            ER.CON_COUNT_ERROR,
            ShopUnavailable,
            "The shop's database has no connection left for this user while writing the order (error 1040).",
            f"{AGAIN}ask the host for more connections for the user.",
        ),
        (
            CR.CR_SERVER_LOST,
            ConnectionLost,
            "The connection to the shop's database broke off while writing the order (error 2013).",
            f"{AGAIN}raise prestashop.timeout or look at the server's log.",
        ),
        (
            READ_ONLY_MODE,
            ShopUnavailable,
            "The shop's database is read-only while writing the order (error 1836).",
            "Name the primary server in [prestashop], or wait for the end of its maintenance.",
        ),
        (
            ER.DISK_FULL,
            ShopUnavailable,
            "The shop's database has no space or memory left while writing the order (error 1021).",
            "Make room on the database server; the next run goes on.",
        ),
        (
            ER.CANT_AGGREGATE_2COLLATIONS,
            ShopUnavailable,
            "The shop's database can't compare texts of different collations while writing the order (error 1267).",
            "Run `orderferry check`, which names the columns; give them one collation (ALTER TABLE … CONVERT TO …).",
        ),
        (
            ER.UNKNOWN_COM_ERROR,
            ShopUnavailable,
            "This node of the database cluster takes no requests: it has lost the others, or is still joining them "
            "while writing the order (error 1047).",
            f"{AGAIN}name another node in [prestashop], or ask the host to look at the cluster (wsrep_cluster_status).",
        ),
        (
            ER.CRASHED_ON_USAGE,
            ShopUnfit,
            "The shop's database can't be used as it is set up or damaged while writing the order (error 1194).",
            "Run `orderferry check`, and look at the database server's log.",
        ),
        (
            9999,
            ShopUnavailable,
            "The shop's database reported an error while writing the order (error 9999).",
            "The next run goes on; `orderferry check` looks at the database more closely.",
        ),
        (
            ER.NO_SUCH_TABLE,
            ShopUnfit,
            "The shop's database has no such table or column, needed while writing the order (error 1146).",
            "Check prestashop.table_prefix and the database's name; finish a PrestaShop upgrade that broke off.",
        ),
        (
            ER.DUP_ENTRY,
            DuplicateKey,
            "The shop's database refuses a value, whose key is there already, while writing the order (error 1062).",
            "The order is left out and tried again; compare the shop's tables with those of its version.",
        ),
        (
            ER.ACCESS_DENIED_ERROR,
            ShopUnfit,
            "The shop's database at 127.0.0.1:3306/shop refuses the user 'ferry' or its password (error 1045).",
            "Check prestashop.user and prestashop.password (a password with @ : / % must be percent-encoded in "
            "prestashop.url), and that the user may connect from this host.",
        ),
        (
            ER.BAD_DB_ERROR,
            ShopUnfit,
            "The database server at 127.0.0.1:3306/shop has no database 'shop'.",
            "Check prestashop.database; the shop's own parameters.php names it.",
        ),
        (
            ER.HOST_NOT_PRIVILEGED,
            ShopUnfit,
            "The database server at 127.0.0.1:3306/shop takes no connections from this host.",
            "Add this host's address to the addresses that the hosting panel allows for remote MySQL.",
        ),
        (
            CR.CR_AUTH_PLUGIN_ERR,
            ShopUnfit,
            "The database server at 127.0.0.1:3306/shop asks for a way of logging in that can't be used here.",
            "Configure TLS (prestashop.ssl_ca), or give the user mysql_native_password or caching_sha2_password.",
        ),
        (
            ER.NOT_SUPPORTED_AUTH_MODE,
            ShopUnfit,
            "The database server at 127.0.0.1:3306/shop asks for a way of logging in that can't be used here.",
            "Configure TLS (prestashop.ssl_ca), or give the user mysql_native_password or caching_sha2_password.",
        ),
        (
            CR.CR_SSL_CONNECTION_ERROR,
            ShopUnfit,
            "No TLS connection to the database server at 127.0.0.1:3306/shop could be made.",
            "prestashop.ssl_ca demands TLS: turn it on at the server, or take ssl_ca out for a local database.",
        ),
        (
            CR.CR_CONN_HOST_ERROR,
            ShopUnavailable,
            "The shop's database at 127.0.0.1:3306/shop can't be reached.",
            "Check [prestashop] in the configuration, and the network; the next run tries again.",
        ),
    ],
)
def test_what_is_told_of_an_error(number: int, kind: type[ShopError], message: str, hint: str) -> None:
    error = told(number)

    assert (type(error), error.message, error.hint) == (kind, message, hint)


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_message = "self-signed certificate"
    return error


SERVER = "prestashop.host", "prestashop.port"


@pytest.mark.parametrize(
    ("cause", "kind", "message", "hint", "keys"),
    [
        (
            socket.gaierror(),
            ShopUnavailable,
            "The shop's database at 127.0.0.1:3306/shop is unknown: its name can't be resolved.",
            "Check prestashop.host.",
            ("prestashop.host",),
        ),
        (
            ConnectionRefusedError(),
            ShopUnavailable,
            "The shop's database at 127.0.0.1:3306/shop refuses connections.",
            "Check prestashop.host and prestashop.port, and that the database server runs.",
            SERVER,
        ),
        (
            TimeoutError(),
            ShopUnavailable,
            "The shop's database at 127.0.0.1:3306/shop did not answer in time.",
            "Check prestashop.host and the firewall, or raise prestashop.timeout.",
            SERVER,
        ),
        (
            FileNotFoundError(),
            ShopUnavailable,
            "The shop's database at 127.0.0.1:3306/shop can't be reached: there is no such socket.",
            "Check prestashop.socket, and that the database server runs.",
            SERVER,
        ),
        (
            PermissionError(),
            ShopUnavailable,
            "The shop's database at 127.0.0.1:3306/shop can't be reached: the socket may not be opened by this user.",
            "Run orderferry as a user that may open prestashop.socket.",
            SERVER,
        ),
        (
            certificate_error(),
            ShopUnfit,
            "The certificate of the database server at 127.0.0.1:3306/shop can't be trusted: self-signed certificate",
            "prestashop.ssl_ca must be the authority that signed it, and prestashop.host the name in it.",
            (),
        ),
        (
            ssl.SSLError(),
            ShopUnfit,
            "No TLS connection to the database server at 127.0.0.1:3306/shop could be made.",
            "prestashop.ssl_ca demands TLS: turn it on at the server, or take ssl_ca out for a local database.",
            (),
        ),
    ],
    ids=repr,
)
def test_what_is_told_of_a_connection_that_could_not_be_made(
    cause: Exception, kind: type[ShopError], message: str, hint: str, keys: tuple[str, ...]
) -> None:
    original = pymysql.err.OperationalError(2003, "Can't connect")
    original.original_exception = cause
    error = translate(original, "connecting", ACCESS)

    assert (type(error), error.message, error.hint, error.keys) == (kind, message, hint, keys)


@pytest.mark.parametrize(
    ("number", "keys"),
    [
        (ER.ACCESS_DENIED_ERROR, ("prestashop.user", "prestashop.password")),
        (ACCESS_DENIED_NO_PASSWORD_ERROR, ("prestashop.user", "prestashop.password")),
        (ER.BAD_DB_ERROR, ("prestashop.database",)),
        (ER.HOST_NOT_PRIVILEGED, ("prestashop.host", "prestashop.port")),
        (ER.TABLEACCESS_DENIED_ERROR, ("prestashop.database", "prestashop.user", "prestashop.password")),
    ],
)
def test_the_keys_that_an_error_is_about(number: int, keys: tuple[str, ...]) -> None:
    assert told(number).keys == keys


def test_what_the_shops_own_file_has_given_is_told() -> None:
    from_file = replace(ACCESS, shop_file="/shop/parameters.php")

    assert told(ER.BAD_DB_ERROR, access=from_file).hint == (
        "Check prestashop.database; the shop's own parameters.php names it. What the configuration does not give "
        "itself is read from /shop/parameters.php (prestashop.from)."
    )
    assert told(ER.ACCESS_DENIED_ERROR, access=from_file).hint == (
        "/shop/parameters.php (prestashop.from) has this password: does the shop itself still work? If it does, the "
        "user may not connect from this host; give orderferry a user of its own (docs/database-rights.md)."
    )


@pytest.mark.parametrize(
    ("number", "text", "named"),
    [
        (ER.NO_SUCH_TABLE, "Table 'shop.ps_orders' doesn't exist", "shop.ps_orders"),
        (ER.BAD_FIELD_ERROR, "Unknown column 'o.valid' in 'field list'", "valid"),
        (0, "no such table: ps_orders", "ps_orders"),
        (0, "no such column: valid", "valid"),
        (0, "table ps_orders has no column named valid", "valid"),
    ],
)
def test_a_table_or_a_column_that_is_missing_is_named(number: int, text: str, named: str) -> None:
    error = told(number, text) if number else translate(Failure("SQLITE_ERROR", text), "writing the order", ACCESS)

    where = f" (error {number})" if number else ""
    assert error.message == f"The shop's database has no {named}, needed while writing the order{where}."


@pytest.mark.parametrize(
    ("statement", "text", "refused", "fields"),
    [
        (
            "INSERT INTO `ps_address` VALUES",
            "Data too long for column 'city' at row 1",
            "the value for the column city",
            ("city", "ps_address", "INSERT"),
        ),
        ("UPDATE `ps_orders` SET", "something", "a row of ps_orders", ("", "ps_orders", "UPDATE")),
        ("DELETE FROM ps_orders WHERE", "something", "a row of ps_orders", ("", "ps_orders", "DELETE")),
        ("SELECT 1", "something", "a value", ("", "", "")),
    ],
)
def test_a_row_that_is_refused(statement: str, text: str, refused: str, fields: tuple[str, str, str]) -> None:
    error = told(ER.DATA_TOO_LONG, text, statement=statement)

    assert isinstance(error, RowRefused)
    assert error.message == f"The shop's database refuses {refused} while writing the order (error 1406)."
    assert (error.column, error.table, error.action) == fields
    assert (error.number, error.server_text, error.code) == (1406, text, "row-refused")


INSERT = "INSERT INTO `ps_orders` (`id_order`) VALUES"


@pytest.mark.parametrize(
    ("number", "text", "kind"),
    [
        (SIGNAL_EXCEPTION, "Not on Sundays", RowRefused),
        (ER.CANT_AGGREGATE_2COLLATIONS, "Illegal mix of collations", RowRefused),
        (CHECK_CONSTRAINT_VIOLATED, "Check constraint 'x' is violated.", RowRefused),
        (ER.DUP_ENTRY, "Duplicate entry '1' for key 'PRIMARY'", DuplicateKey),
        (2999, "of the client", ShopUnavailable),
        (2000, "of the client", ShopUnavailable),
        (1999, "of the server", RowRefused),
        (1000, "of the server", RowRefused),
        (3000, "of the server", RowRefused),
        (999, "of no one", ShopUnavailable),
        (ER.LOCK_DEADLOCK, "Deadlock", TransientTrouble),
        (ER.DISK_FULL, "Disk full", ShopUnavailable),
        # of our own statement, and of what a trigger does
        (
            ER.TABLEACCESS_DENIED_ERROR,
            "INSERT command denied to user 'f'@'h' for table `shop`.`ps_orders`",
            RightsMissing,
        ),
        (ER.TABLEACCESS_DENIED_ERROR, "INSERT command denied to user 'f'@'h' for table `shop`.`ps_log`", RowRefused),
        (ER.TABLEACCESS_DENIED_ERROR, "INSERT command denied to user 'f'@'h' for table 'ps_log'", RowRefused),
        (ER.NO_SUCH_TABLE, "Table 'shop.ps_orders' doesn't exist", ShopUnfit),
        (ER.NO_SUCH_TABLE, "Table 'shop.ps_log' doesn't exist", RowRefused),
        (ER.BAD_FIELD_ERROR, "Unknown column 'x' in 'NEW'", RowRefused),
        (ER.BAD_TABLE_ERROR, "Unknown table 'ps_orders'", RowRefused),
        (ER.UNKNOWN_TABLE, "Unknown table 'ps_orders' in field list", RowRefused),
        (ER.PROCACCESS_DENIED_ERROR, "execute command denied to user 'f'@'h' for routine 'shop.x'", RowRefused),
        (ER.SPECIFIC_ACCESS_DENIED_ERROR, "Access denied; you need SUPER", RowRefused),
        (ER.DBACCESS_DENIED_ERROR, "Access denied for user 'f'@'h' to database 'shop'", RightsMissing),
    ],
)
def test_an_error_while_an_orders_rows_are_written_may_be_about_this_order_alone(
    number: int, text: str, kind: type[ShopError]
) -> None:
    assert type(told(number, text, rows=True, statement=INSERT)) is kind


def test_an_error_of_an_embedded_shop_while_rows_are_written_is_about_them() -> None:
    wrapped = sa.exc.OperationalError(INSERT, {}, Failure("SQLITE_ERROR", "Not on Sundays"))

    assert type(translate(wrapped, "writing", ACCESS, rows=True)) is RowRefused
    assert type(translate(wrapped, "writing", ACCESS)) is ShopUnavailable


def test_a_connection_that_broke_off_while_rows_were_written_is_about_none() -> None:
    original = pymysql.err.OperationalError(ER.DUP_ENTRY, "")
    wrapped = sa.exc.OperationalError(INSERT, {}, original, connection_invalidated=True)
    other = sa.exc.OperationalError(INSERT, {}, pymysql.err.OperationalError(9999, ""), connection_invalidated=True)

    assert type(translate(wrapped, "writing", ACCESS, rows=True)) is DuplicateKey
    assert type(translate(other, "writing", ACCESS, rows=True)) is ConnectionLost


def test_only_errors_of_the_database_are_translated_and_none_is_chained() -> None:
    with pytest.raises(TransientTrouble) as caught, translated("writing", ACCESS):
        raise sa.exc.OperationalError("x", {}, pymysql.err.OperationalError(1213, "Mario"))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    with pytest.raises(KeyError), translated("writing", ACCESS):
        raise KeyError("x")
    with pytest.raises(RowRefused), translated("writing", ACCESS, rows=True):
        raise sa.exc.OperationalError(INSERT, {}, pymysql.err.OperationalError(SIGNAL_EXCEPTION, "x"))
