"""Database addresses: hard passwords, sockets, files, and what SQLAlchemy makes of them."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy
from hypothesis import assume, given
from hypothesis import strategies as st
from pymysql.err import OperationalError
from sqlalchemy import URL, make_url

from orderferry.config.database_url import (
    DatabaseUrl,
    open_connection,
    parse_database_url,
    placed,
    read_by_sqlalchemy,
    tls_arguments,
    tls_context,
    tls_files,
)
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
    ("mysql://h/d", "", None, "h:3306/d"),
    ("mysql://@h/d", "", None, "h:3306/d"),
    ("mariadb+pymysql://u@h:/d", "u", None, "h:3306/d"),
    ("mysql://u@h:1/d", "u", None, "h:1/d"),
    ("mysql://u@h:65535/d", "u", None, "h:65535/d"),
    ("mysql://u:34/x?a=b@h/d", "u", "34/x?a=b", "h:3306/d"),
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
    "mysql://u:p@h:65536/d",
    "mysql://u:p@h:99999/d",
    "mysql://u:p@h:003306/d",
    "mysql://u:p@h/d%40e",
    "mysql://u:p@h/d%2Fe",
    "mysql://u:p@h/d?a=b&c",
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


def test_a_file_of_sqlite_is_an_address_too() -> None:
    for text in ("sqlite:///shop.db?timeout=5", "sqlite+pysqlite:///shop.db?timeout=5"):
        address = parse_database_url(text)
        assert (address.is_file, address.location) == (True, "shop.db")
        assert address.text == "sqlite:///shop.db?timeout=5"


def test_an_address_is_written_as_sqlalchemy_wants_it() -> None:
    assert parse_database_url("mysql://u:p@[::1]:3307/d?charset=utf8&x=y z").text == (
        "mysql+pymysql://u:p@[::1]:3307/d?charset=utf8&x=y+z"
    )
    assert parse_database_url("mysql://:p@h/d").text == "mysql+pymysql://:p@h/d"
    assert parse_database_url("mysql://u@h/d").text == "mysql+pymysql://u@h/d"
    assert DatabaseUrl("mysql+pymysql", "a%b?c", host="h").text == "mysql+pymysql://h/a%25b%3Fc"


@pytest.mark.parametrize("decodes", [True, False], ids=["2.1", "2.0"])
def test_a_database_s_name_is_decoded_once_by_each_version_of_sqlalchemy(
    decodes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_url(text: str) -> URL:
        url = sqlalchemy.engine.make_url(text)
        written = re.sub(r"\?.*", "", text.rpartition("/")[2])
        return url.set(database=unquote(written) if decodes else written)

    monkeypatch.setattr(sqlalchemy, "make_url", make_url)
    assert read_by_sqlalchemy("mysql+pymysql://u@h/100%2541%3F").database == "100%41?"
    assert read_by_sqlalchemy("mysql+pymysql://u@h/d?a=b").query == {"a": "b"}


def test_files_for_tls_are_beside_the_configuration_and_other_words_stay() -> None:
    query = (("ssl_ca", "ca.pem"), ("ssl_cert", ""), ("charset", "utf8mb4"))
    assert placed(query, Path("/etc")) == (("ssl_ca", "/etc/ca.pem"), ("ssl_cert", ""), ("charset", "utf8mb4"))
    assert tls_files(dict(query)) == {"ssl_ca": Path("ca.pem")}
    assert tls_files({"ssl_key": ("a", "b"), "ssl_cert": "c", "ssl": "d"}) == {"ssl_cert": Path("c")}
    address = parse_database_url("mysql://u@h/d?ssl_key=key.pem").beside(Path("/etc"))
    assert (address.database, dict(address.query)) == ("d", {"ssl_key": "/etc/key.pem"})


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("mysql://u@db.example/d", {}),
        ("mysql:///d", {}),
        ("mysql://u@127.0.0.1/d", {"ssl_disabled": True}),
        ("mysql://u@localhost/d", {"ssl_disabled": True}),
        ("mysql://u@db.example/d?unix_socket=/s", {"ssl_disabled": True}),
    ],
)
def test_within_this_machine_no_tls_is_wanted(address: str, arguments: dict[str, object]) -> None:
    url = make_url(parse_database_url(address).text)
    assert tls_arguments(url, None) == arguments
    context = ssl.create_default_context()
    assert tls_arguments(url, context) == {"ssl": context}


class Server:
    """A server that answers each attempt to connect with the next of these errors, then lets in."""

    def __init__(self, *errors: int) -> None:
        self.errors = list(errors)
        self.attempts: list[dict[str, object]] = []

    def __call__(self, *given: object, **by_name: object) -> str:
        assert given == ("first",)
        self.attempts.append(by_name)
        if self.errors:
            raise OperationalError(self.errors.pop(0), "no")
        return "a connection"


def connect(server: Server, **by_name: object) -> str:
    return open_connection(server, ["first"], by_name)


def test_an_account_that_demands_tls_gets_it_within_this_machine_too() -> None:
    for code in (1045, 3159):
        server = Server(code)
        assert connect(server, ssl_disabled=True, user="u") == "a connection"
        assert server.attempts == [{"ssl_disabled": True, "user": "u"}, {"ssl_disabled": False, "user": "u"}]


@pytest.mark.parametrize(
    ("code", "words"), [(1045, {}), (3159, {"ssl_disabled": False}), (2003, {"ssl_disabled": True})]
)
def test_other_refusals_are_final(code: int, words: dict[str, object]) -> None:
    server = Server(code)
    with pytest.raises(OperationalError):
        connect(server, **words)
    assert len(server.attempts) == 1


def test_a_password_beyond_ascii_is_sent_as_utf_8_and_if_that_is_refused_as_latin_1() -> None:
    assert connect(plain := Server(), password="plain") == "a connection"
    assert connect(asked := Server(), password="pä\xff") == "a connection"
    assert connect(old := Server(1045), password="pä\xff") == "a connection"
    assert plain.attempts == [{"password": "plain"}]
    assert asked.attempts == [{"password": b"p\xc3\xa4\xc3\xbf"}]
    assert old.attempts == [{"password": b"p\xc3\xa4\xc3\xbf"}, {"password": b"p\xe4\xff"}]
    assert connect(Server(), password=None) == "a connection"


@pytest.mark.parametrize(("code", "password"), [(2003, "ä"), (1045, "ä\u0100"), (1045, "plain")])
def test_a_password_is_not_sent_again_where_that_can_t_help(code: int, password: str) -> None:
    server = Server(code)
    with pytest.raises(OperationalError):
        connect(server, password=password)
    assert len(server.attempts) == 1


def test_files_for_tls_are_loaded_and_no_pipe_is_waited_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    context: Any = SimpleNamespace(verify_flags=ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_TRUSTED_FIRST)
    context.load_cert_chain = lambda *files: loaded.append(files)

    def create_default_context(*, cafile: str) -> object:
        loaded.append(cafile)
        return context

    monkeypatch.setattr(ssl, "create_default_context", create_default_context)
    files = {name: tmp_path / name for name in ("ssl_ca", "ssl_cert", "ssl_key")}
    assert tls_context({"ssl_cert": files["ssl_cert"]}) is None
    for file in files.values():
        file.touch()
    made: Any = tls_context(files)
    assert made is context
    assert made.verify_flags == ssl.VERIFY_X509_TRUSTED_FIRST
    assert tls_context({"ssl_ca": files["ssl_ca"], "ssl_cert": files["ssl_cert"]}) is context
    assert tls_context({"ssl_ca": files["ssl_ca"], "ssl_key": files["ssl_key"]}) is context
    authority = str(files["ssl_ca"])
    pairs = [(files["ssl_cert"], files["ssl_key"]), (files["ssl_cert"], None)]
    assert loaded == [authority, pairs[0], authority, pairs[1], authority]
    files["ssl_key"].unlink()
    os.mkfifo(files["ssl_key"])
    with pytest.raises(OSError, match="named pipe"):
        tls_context(files)
