"""Database addresses: hard passwords, sockets, files, and what SQLAlchemy makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orderferry.config.database_url import DatabaseUrl, parse_database_url, read_by_sqlalchemy
from orderferry.config.kinds import Unfit
from support.configuration import AMAZON, load

ADDRESSES = [
    # text; user, password, location
    ("mysql+pymysql://u:p@h:3307/d", "u", "p", "h:3307/d"),
    ("mysql://u:p@h/d", "u", "p", "h:3306/d"),
    ("mariadb://u:p@h/d", "u", "p", "h:3306/d"),
    ("MySQL+PyMySQL://u@LocalHost/d", "u", None, "127.0.0.1:3306/d"),
    ("mysql://u:@h/d", "u", "", "h:3306/d"),
    ("mysql:///d", "", None, "127.0.0.1:3306/d"),
    ("mysql://u:p@[::1]:3307/d", "u", "p", "[::1]:3307/d"),
    ("mysql://u:p@ss@h/d", "u", "p@ss", "h:3306/d"),
    ("mysql://u:p:ss@h/d", "u", "p:ss", "h:3306/d"),
    ("mysql://u:p/ss@h/d", "u", "p/ss", "h:3306/d"),
    ("mysql://u:12/34@h/d", "u", "12/34", "h:3306/d"),
    ("mysql://u:p?ss@h/d", "u", "p?ss", "h:3306/d"),
    ("mysql://u:p#ss@h/d", "u", "p#ss", "h:3306/d"),
    ("mysql://u:100%pure@h/d", "u", "100%pure", "h:3306/d"),
    ("mysql://u:@:/%@h/d", "u", "@:/%", "h:3306/d"),
    ("mysql://u:p@a/b?c@h/d", "u", "p@a/b?c", "h:3306/d"),
    ("mysql://u:%40%3A%2F%25@h/d", "u", "@:/%", "h:3306/d"),
    ("mysql://u%40shop:p@h/d", "u@shop", "p", "h:3306/d"),
    ("mysql://u:p@localhost/d?unix_socket=/run/my.sock", "u", "p", "/run/my.sock/d"),
    ("mysql://u:p@/d?unix_socket=/a@b.sock&charset=utf8mb4", "u", "p", "/a@b.sock/d"),
]
NO_ADDRESSES = [
    "",
    "shop",
    "mysql:u@h/d",
    "mysql://",
    "mysql://h",
    "mysql://u:p@h/",
    "mysql://u:p@h:0/d",
    "mysql://u:p@h:99999/d",
    "mysql://u:p@h:port/d",
    "mysql://u:p@h/d?nonsense",
    "mysql://u:p@[::1/d",
    "mysql+mysqldb://u:p@h/d",
    "postgresql://u:p@h/d",
    "mysql://u:p@h/d\n",
    "mysql://u:\x00@h/d",
    "mysql://u:\udcff@h/d",
    "sqlite://",
    "sqlite:///",
    "sqlite:///:memory:",
    "sqlite://file",
]


@pytest.mark.parametrize(("text", "user", "password", "location"), ADDRESSES, ids=[case[0] for case in ADDRESSES])
def test_an_address_is_read_as_it_was_meant(text: str, user: str, password: str | None, location: str) -> None:
    address = parse_database_url(text)
    assert (address.user, address.password, address.location) == (user, password, location)
    read = read_by_sqlalchemy(address.text)
    assert (read.drivername, read.username or "", read.password) == ("mysql+pymysql", user, password)
    assert read.database == "d"


@pytest.mark.parametrize("text", NO_ADDRESSES, ids=range(len(NO_ADDRESSES)))
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Unfit):
        parse_database_url(text)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)


@given(user=TEXT, password=TEXT, database=TEXT)
def test_sqlalchemy_reads_back_what_we_write(user: str, password: str, database: str) -> None:
    written = DatabaseUrl("mysql+pymysql", database, user, password, "::1", 3307, (("unix_socket", f"/{user}"),)).text
    read = read_by_sqlalchemy(written)
    assert (read.username, read.password, read.host, read.port) == (user, password, "::1", 3307)
    assert (read.database, read.query["unix_socket"]) == (database, f"/{user}")


@given(password=TEXT)
def test_a_raw_password_needs_no_encoding(password: str) -> None:
    """Of raw passwords only those that look percent-encoded, or like another address, mean something else."""
    assume("%" not in password and "@" not in password.split("/")[0].split("?")[0])
    assume(not ("/" in password or "?" in password) or "@" not in password)
    assert parse_database_url(f"mysql://u:{password}@h/d").password == password


def test_printing_an_address_shows_no_password() -> None:
    assert repr(parse_database_url("mysql://u:canary@h/d")) == "DatabaseUrl(h:3306/d)"


@pytest.mark.parametrize(
    ("file", "path"),
    [("shop.db", "{}/shop.db"), ("/abs/shop.db", "/abs/shop.db"), ("a b/ü%25%3F.db?timeout=5", "{}/a b/ü%?.db")],
)
def test_an_sqlite_file_is_relative_to_the_configuration(tmp_path: Path, file: str, path: str) -> None:
    prestashop = load(tmp_path, f"{AMAZON}[prestashop]\nurl = 'sqlite:///{file}'\npassword = 'unused'\n").prestashop
    assert prestashop.location == path.format(tmp_path)
    assert read_by_sqlalchemy(prestashop.url.reveal()).database == path.format(tmp_path)
    assert ("timeout" in read_by_sqlalchemy(prestashop.url.reveal()).query) is ("timeout" in file)


def test_the_parts_make_an_address(tmp_path: Path) -> None:
    text = AMAZON + "[prestashop]\nuser = 'u@x'\npassword = 'p@:/% ?#'\ndatabase = 'shop'\n"
    prestashop = load(tmp_path, text).prestashop
    url = read_by_sqlalchemy(prestashop.url.reveal())
    assert (url.username, url.password, url.host, url.port) == ("u@x", "p@:/% ?#", "127.0.0.1", None)
    assert prestashop.location == "127.0.0.1:3306/shop"
    prestashop = load(tmp_path, text + "host = 'db.example'\nport = 3307\n").prestashop
    assert prestashop.location == "db.example:3307/shop"
    assert read_by_sqlalchemy(prestashop.url.reveal()).port == 3307
    prestashop = load(tmp_path, text + "socket = '/run/my sql.sock'\n").prestashop
    url = read_by_sqlalchemy(prestashop.url.reveal())
    assert (url.host, url.query["unix_socket"]) == ("localhost", "/run/my sql.sock")
    assert prestashop.location == "/run/my sql.sock/shop"
