"""`prestashop.from`: the shop's own file, its odd quoting, and what PHP means by localhost."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from orderferry.config.database import find_database
from orderferry.config.php_parameters import ShopFileError, read_shop_file
from orderferry.config.read import read_document
from orderferry.config.validate import validate
from support.configuration import AMAZON, load, problems, write

PARAMETERS = """<?php return array (
  'parameters' =>
  array (
    'database_host' => {host},
    'database_port' => {port},
    'database_name' => 'shop',
    'database_user' => 'shop_user',
    'database_password' => {password},
    'database_prefix' => 'ps17_',
    'database_engine' => 'InnoDB',
    'mailer_transport' => 'smtp',
    'secret' => getenv('SECRET'),
  ),
);
"""
SETTINGS = """<?php
define('_DB_SERVER_', '{host}');
define('_DB_NAME_', 'shop');
define('_DB_USER_', 'shop_user');
define('_DB_PASSWD_', 'it\\'s \\\\ hard');
define('_DB_PREFIX_', 'old_');
define('_MYSQL_ENGINE_', 'InnoDB');
define('_PS_VERSION_', '1.6.1.24');
"""
FROM = AMAZON + "[prestashop]\nfrom = 'www'\n"


def shop(folder: Path, host: str = "'db.example'", port: str = "''", password: str = "'pw'") -> Path:
    """A shop's folder of 1.7 or newer below `folder`."""
    place = folder / "www" / "app" / "config"
    place.mkdir(parents=True, exist_ok=True)
    write(place, PARAMETERS.format(host=host, port=port, password=password), "parameters.php")
    return folder / "www"


def old_shop(folder: Path, host: str = "db.example") -> Path:
    """A shop's folder of 1.6 below `folder`."""
    place = folder / "www" / "config"
    place.mkdir(parents=True, exist_ok=True)
    write(place, SETTINGS.format(host=host), "settings.inc.php")
    return folder / "www"


def location(folder: Path, sockets: tuple[Path, ...] = (), more: str = "") -> str:
    """Where the database of a configuration with `from` is, on a machine with these sockets."""
    findings = validate(read_document(write(folder, FROM + more)), {})
    database = find_database(findings, sockets)
    assert database is not None, findings.problems
    return database.url.location


def test_a_shop_of_today_is_read_from_its_folder_or_its_file(tmp_path: Path) -> None:
    folder = shop(tmp_path, password=r"'p@ss\'w/rd%'")
    for where in ("www", "www/app/config/parameters.php"):
        prestashop = load(tmp_path, FROM.replace("'www'", f"'{where}'")).prestashop
        url = make_url(prestashop.url.reveal())
        assert (url.username, url.password, url.host, url.database) == ("shop_user", "p@ss'w/rd%", "db.example", "shop")
        assert prestashop.location == "db.example:3306/shop"
        assert (prestashop.table_prefix, prestashop.shop_folder) == ("ps17_", folder)


def test_a_shop_of_1_6_is_read_from_its_folder_or_its_file(tmp_path: Path) -> None:
    folder = old_shop(tmp_path)
    for where in ("www", "www/config/settings.inc.php"):
        prestashop = load(tmp_path, FROM.replace("'www'", f"'{where}'")).prestashop
        assert make_url(prestashop.url.reveal()).password == r"it's \ hard"
        assert (prestashop.table_prefix, prestashop.shop_folder) == ("old_", folder)


def test_an_upgraded_shop_is_read_from_the_newer_file(tmp_path: Path) -> None:
    old_shop(tmp_path, "old.example")
    shop(tmp_path, "'new.example'")
    assert location(tmp_path) == "new.example:3306/shop"


def test_a_file_elsewhere_is_read_and_has_no_shop_around_it(tmp_path: Path) -> None:
    write(tmp_path, SETTINGS.format(host="h"), "copy.php")
    prestashop = load(tmp_path, FROM.replace("'www'", "'copy.php'")).prestashop
    assert (prestashop.location, prestashop.shop_folder) == ("h:3306/shop", None)


def test_the_file_is_read_at_every_run(tmp_path: Path) -> None:
    shop(tmp_path, "'before.example'")
    assert load(tmp_path, FROM).prestashop.location == "before.example:3306/shop"
    shop(tmp_path, "'after.example'")
    assert load(tmp_path, FROM).prestashop.location == "after.example:3306/shop"


HOSTS = [
    # database_host, database_port, whether the machine has a socket; the location
    ("'db.example:3307'", "''", False, "db.example:3307/shop"),
    ("'db.example:3307'", "3308", False, "db.example:3308/shop"),
    ("'db.example'", "'3308'", False, "db.example:3308/shop"),
    ("'db.example'", "null", False, "db.example:3306/shop"),
    ("'127.0.0.1'", "''", True, "127.0.0.1:3306/shop"),
    ("'localhost'", "''", True, "{socket}/shop"),
    ("'localhost'", "''", False, "127.0.0.1:3306/shop"),
    ("'localhost:3307'", "''", False, "127.0.0.1:3307/shop"),
    ("'localhost:/run/other.sock'", "''", True, "/run/other.sock/shop"),
    ("':/run/other.sock'", "''", True, "/run/other.sock/shop"),
    ("'::1'", "''", True, "[::1]:3306/shop"),
    ("'[::1]:3307'", "''", True, "[::1]:3307/shop"),
    ("'[::1]'", "''", True, "[::1]:3306/shop"),
    ("'db.example'", "'no port'", False, "db.example:3306/shop"),
    ("'unix:/run/other.sock'", "3307", True, "/run/other.sock/shop"),
    ("'UNIX:///run/other.sock'", "''", True, "/run/other.sock/shop"),
    ("'X:123456'", "''", False, "[x:123456]:3306/shop"),
]


@pytest.mark.parametrize(("host", "port", "has_socket", "expected"), HOSTS, ids=range(len(HOSTS)))
def test_the_host_means_what_php_means(tmp_path: Path, host: str, port: str, has_socket: bool, expected: str) -> None:
    shop(tmp_path, host, port)
    socket = tmp_path / "mysqld.sock"
    if has_socket:
        socket.touch()
    sockets = (tmp_path / "gone" / "mysqld.sock", socket)
    assert location(tmp_path, sockets) == expected.format(socket=socket)


OVERRIDES = [
    ("host = 'other.example'", "other.example:3306/shop"),
    ("port = 3310", "127.0.0.1:3310/shop"),
    ("host = 'other.example'\nport = 3310", "other.example:3310/shop"),
    ("host = 'localhost:/run/own.sock'\nport = 3310", "/run/own.sock/shop"),
    ("socket = '/run/own.sock'", "/run/own.sock/shop"),
    ("database = 'copy'", "{socket}/copy"),
]


@pytest.mark.parametrize(("line", "expected"), OVERRIDES, ids=[line for line, _ in OVERRIDES])
def test_keys_beside_it_win_over_the_file(tmp_path: Path, line: str, expected: str) -> None:
    shop(tmp_path, "'localhost'", "3307")
    socket = tmp_path / "mysqld.sock"
    socket.touch()
    assert location(tmp_path, (socket,), line + "\n") == expected.format(socket=socket)


def test_a_user_of_its_own_and_another_prefix_win_over_the_file(tmp_path: Path) -> None:
    shop(tmp_path, password="getenv('DB_PASSWORD')")
    text = FROM + "user = 'orderferry'\ntable_prefix = 'other_'\n"
    prestashop = load(tmp_path, text, {"ORDERFERRY_PRESTASHOP_PASSWORD": "own"}).prestashop
    url = make_url(prestashop.url.reveal())
    assert (url.username, url.password, prestashop.table_prefix) == ("orderferry", "own", "other_")


BROKEN = [
    ("<?php return array('database_host' => 'h', 'database_name' => getenv('N'), 'x' => 'canary');",
     "{file} computes database_name, and orderferry runs no PHP: give the database by prestashop.url"),
    ("<?php return array('database_host' => 'h', 'database_password' => \"can$ary\");",
     "{file} computes database_password, and orderferry runs no PHP: give the database by prestashop.url"),
    ("<?php return array('database_host' => 'h');", "{file} gives no database_name"),
    ("<?php return array('database_host' => 'h', 'database_name' => 'd', 'database_prefix' => 'a`b');",
     "{file}: database_prefix is not made of letters, digits and _"),
    ("<?php return array();",
     "{file} says nothing of the shop's database (no database_host and no _DB_SERVER_)"),
    ("<?php 'canary", "{file} is no PHP that can be read: a string that begins in line 1 has no end"),
    (None, "{file} can't be read: No such file or directory"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "reason"), BROKEN, ids=range(len(BROKEN)))
def test_a_file_of_no_use_is_said_with_the_line_of_the_key(tmp_path: Path, source: str | None, reason: str) -> None:
    if source is not None:
        write(tmp_path, source, "own.php")
    expected = f"config.toml, line 7: prestashop.from is of no use: {reason.format(file='own.php')}"
    assert problems(tmp_path, FROM.replace("'www'", "'own.php'")) == [expected]


def test_a_folder_without_a_shop_is_said(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    with pytest.raises(ShopFileError, match=r"it has neither app/config/parameters\.php nor config/settings\.inc\.php"):
        read_shop_file(tmp_path / "www")


def test_a_file_in_latin_1_is_read(tmp_path: Path) -> None:
    folder = old_shop(tmp_path)
    file = folder / "config" / "settings.inc.php"
    file.write_bytes(SETTINGS.format(host="h").replace("hard", "härd").encode("latin-1"))
    assert read_shop_file(folder).password == r"it's \ härd"


def test_printing_what_the_file_says_shows_nothing(tmp_path: Path) -> None:
    assert "pw" not in repr(read_shop_file(shop(tmp_path)))


def test_a_socket_is_written_as_one_of_this_machine(tmp_path: Path) -> None:
    shop(tmp_path, "'localhost:/run/other.sock'", "3307")
    url = make_url(load(tmp_path, FROM).prestashop.url.reveal())
    assert (url.host, url.port, url.query) == ("localhost", None, {"unix_socket": "/run/other.sock"})
    url = make_url(load(tmp_path, FROM + "socket = '/run/own.sock'\n").prestashop.url.reveal())
    assert (url.host, url.port, url.query) == ("localhost", None, {"unix_socket": "/run/own.sock"})


def test_the_file_is_named_where_its_password_counts(tmp_path: Path) -> None:
    file = shop(tmp_path) / "app/config/parameters.php"
    assert load(tmp_path, FROM).prestashop.password_from == file
    assert load(tmp_path, FROM + "password = 'own'\n").prestashop.password_from is None
    assert load(tmp_path, FROM + "user = 'own'\n").prestashop.password_from == file


@pytest.mark.parametrize(
    ("line", "left_out"),
    [
        ("host = 'own'", ("host", "port")),
        ("port = 3307", ("port",)),
        ("socket = '/own.sock'", ("host", "port")),
        ("user = 'own'", ("user",)),
        ("password = 'own'", ("password",)),
        ("database = 'own'", ("name",)),
        ("table_prefix = 'own_'", ("prefix",)),
    ],
)
def test_what_the_configuration_gives_need_not_be_in_the_file(
    tmp_path: Path, line: str, left_out: tuple[str, ...]
) -> None:
    names = ("host", "port", "name", "user", "password", "prefix")
    for broken in names:
        values = dict.fromkeys(names, "'value'") | {"port": "3306", broken: "getenv('X')"}
        entries = ", ".join(f"'database_{name}' => {value}" for name, value in values.items())
        write(tmp_path, f"<?php return array({entries});", "own.php")
        found = problems(tmp_path, FROM.replace("'www'", "'own.php'") + line + "\n")
        assert (found == []) is (broken in left_out), broken


def test_a_percent_sign_is_doubled_in_the_newer_file_alone(tmp_path: Path) -> None:
    assert read_shop_file(shop(tmp_path, password="'100%%'")).password == "100%"
    (tmp_path / "www/app/config/parameters.php").unlink()
    folder = old_shop(tmp_path)
    file = folder / "config" / "settings.inc.php"
    file.write_text(file.read_text().replace("hard", "100%%"))
    assert read_shop_file(folder).password == r"it's \ 100%%"
