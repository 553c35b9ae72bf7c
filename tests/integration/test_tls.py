"""Every connection that leaves is to a server that proves who it is: a right certificate, for the host that was meant.

Each door is tried with a certificate of a trusted authority, of another authority, and of the trusted one for another
host. The shop's database by the keys of [prestashop] is in test_shop_reading_errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa

from orderferry.amazon.response_errors import TransientError
from orderferry.amazon.transport import Transport, open_document_transport
from orderferry.config.load import load_settings
from orderferry.config.model import Secret
from orderferry.errors import AmazonUnavailable, LedgerUnusable, ShopUnfit
from orderferry.ledger.server import server_engine, server_store
from orderferry.notify import deliver
from orderferry.prestashop.database.database import ShopDatabase
from support.certificates import Authority
from support.mailbox import mailbox
from support.mariadb import MariadbServer
from support.reading import settings_for

SECONDS = timedelta(seconds=20)
REASONS = ("another authority", "another host")


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Trusted by this machine, as far as the program asks it."""
    folder = tmp_path / "trusted"
    folder.mkdir()
    made = Authority(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
    return made


@pytest.fixture(params=REASONS)
def wrong(request: pytest.FixtureRequest, authority: Authority, tmp_path: Path) -> tuple[Path, Path]:
    """A certificate and its key that a server at 127.0.0.1 must not be believed."""
    if request.param == "another host":
        return authority.certificate("amazon.example")
    folder = tmp_path / "others"
    folder.mkdir()
    return Authority(folder).certificate("127.0.0.1")


def post(transport: Transport, url: str) -> int:
    try:
        return transport.request("POST", url, data={"refresh_token": "x"}).status
    finally:
        transport.close()


@pytest.mark.parametrize(
    "opened",
    [
        pytest.param(lambda: Transport(SECONDS, local=False), id="Amazon and its login"),
        pytest.param(lambda: open_document_transport("https://amazon.example", SECONDS), id="the document of a report"),
        pytest.param(lambda: Transport(SECONDS, local=True), id="a simulator or a proxy on this machine"),
    ],
)
def test_nothing_is_sent_to_a_false_amazon(
    opened: Callable[[], Transport], authority: Authority, wrong: tuple[Path, Path]
) -> None:
    with mailbox(certificate=wrong) as box:
        with pytest.raises(AmazonUnavailable, match="certificate") as refused:
            post(opened(), box.url)
        assert not isinstance(refused.value, TransientError), "no retry mends it"
        assert box.received == []
    with mailbox(certificate=authority.certificate("127.0.0.1")) as box:
        assert post(opened(), box.url) == 200


def test_no_alert_is_sent_to_a_false_service(
    authority: Authority,
    wrong: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Loopback addresses look at none of the machine's variables; what is tried here is what other hosts get.
    monkeypatch.setattr("orderferry.notify.is_loopback", lambda host: False)
    with mailbox(certificate=wrong) as box:
        assert not deliver("alerts.webhook_url", f"{box.url}/key", b"{}", "application/json", SECONDS)
        assert box.received == []
    assert "certificate is not trusted" in caplog.text
    with mailbox(certificate=authority.certificate("127.0.0.1")) as box:
        assert deliver("alerts.webhook_url", f"{box.url}/key", b"{}", "application/json", SECONDS)


@pytest.fixture
def servers(
    mariadb_with: Callable[..., MariadbServer], authority: Authority
) -> Iterator[Callable[[tuple[Path, Path]], MariadbServer]]:
    """Makes a database server with a certificate."""

    def made(pair: tuple[Path, Path]) -> MariadbServer:
        return mariadb_with(ssl_ca=str(authority.ca), ssl_cert=str(pair[0]), ssl_key=str(pair[1]))

    return made


def address(server: MariadbServer, authority: Path) -> str:
    url = server.url("information_schema").update_query_dict({"ssl_ca": str(authority)})
    return url.render_as_string(hide_password=False)


def cipher_of_ledger(url: str) -> str:
    engine = server_engine(Secret(url), read_only=True)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Ssl_cipher'").one()[1]
    engine.dispose()
    return str(found)


def cipher_of_shop(url: str) -> str:
    database = ShopDatabase(replace(settings_for("sqlite:///x"), url=Secret(url)), sleep=lambda _seconds: None)
    with database.reading("reading") as connection:
        found = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Ssl_cipher'").one()[1]
    database.close()
    return str(found)


def test_a_database_is_believed_if_its_certificate_is_good(
    servers: Callable[..., MariadbServer], authority: Authority, tmp_path: Path
) -> None:
    server = servers(authority.certificate("127.0.0.1"))
    url = address(server, authority.ca)
    assert cipher_of_ledger(url)
    assert cipher_of_shop(url)
    text = address(server, tmp_path / "none.pem")
    with pytest.raises(LedgerUnusable, match="can't be read"):
        cipher_of_ledger(text)
    with pytest.raises(ShopUnfit, match="can't be read"):
        cipher_of_shop(text)


def test_a_false_database_gets_neither_ledger_nor_orders(
    servers: Callable[..., MariadbServer], authority: Authority, wrong: tuple[Path, Path]
) -> None:
    url = address(servers(wrong), authority.ca)
    store = server_store(Secret(url), read_only=True, dry=True)
    with pytest.raises(LedgerUnusable, match="can't be trusted") as refused, store.reading():
        pass
    store.close()
    assert not refused.value.heals, "a person has to look"
    with pytest.raises(ShopUnfit, match="can't be trusted"):
        cipher_of_shop(url)


def test_a_database_without_tls_is_refused_where_it_is_demanded(
    mariadb_server: MariadbServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = address(mariadb_server, authority.ca)
    with pytest.raises((sa.exc.OperationalError, LedgerUnusable)):  # the driver's error, or ours where it goes on
        cipher_of_ledger(url)
    with pytest.raises(ShopUnfit):
        cipher_of_shop(url)
    # As versions of the driver do that go on without (1.1.1).
    plain = {"ssl": None, "ssl_disabled": True}
    create = sa.create_engine
    monkeypatch.setattr(
        "orderferry.ledger.server.create_engine",
        lambda url, *, connect_args, **more: create(url, connect_args=connect_args | plain, **more),
    )
    with pytest.raises(LedgerUnusable, match="not encrypted"):
        cipher_of_ledger(url)


@pytest.mark.skipif(pymysql.VERSION < (1, 2), reason="PyMySQL offers TLS by itself since 1.2")
def test_within_this_machine_tls_is_for_accounts_that_demand_it(
    servers: Callable[..., MariadbServer], authority: Authority
) -> None:
    server = servers(authority.certificate("127.0.0.1"))
    url = server.url("information_schema")
    with server.engine().connect() as connection:
        connection.exec_driver_sql("CREATE USER 'safe'@'127.0.0.1' IDENTIFIED BY 'pä' REQUIRE SSL")
    demanding = url.set(username="safe", password="pä")
    for cipher_of in (cipher_of_ledger, cipher_of_shop):
        assert cipher_of(url.render_as_string(hide_password=False)) == ""
        assert cipher_of(demanding.render_as_string(hide_password=False))


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        ("mysql://u:p@db.example/ledger", "?ssl_ca={folder}/ca.pem"),
        ("mysql://u:p@DB.example:3306/ledger", "?ssl_ca={folder}/ca.pem"),
        ("mysql://u:p@db.example/ledger?ssl_ca=own.pem", "?ssl_ca={folder}/own.pem"),
        ("mysql://u:p@db.example:3307/ledger", ""),
        ("mysql://u:p@other.example/ledger", ""),
    ],
)
def test_a_ledger_on_the_shops_server_is_as_safe_as_the_shop(tmp_path: Path, ledger: str, expected: str) -> None:
    for name in ("ca.pem", "own.pem"):
        (tmp_path / name).write_text("-----")
    path = tmp_path / "config.toml"
    path.write_text(
        '[amazon]\nmarketplaces = ["IT"]\nclient_id = "i"\nclient_secret = "s"\nrefresh_token = "r"\n'
        f'[prestashop]\nurl = "mysql://u:p@db.example/shop"\nssl_ca = "ca.pem"\n[ledger]\nurl = "{ledger}"\n'
    )
    settings = load_settings(path, {})
    _, mark, query = settings.ledger.url.reveal().partition("?")
    assert (mark + query).replace("%2F", "/") == expected.format(folder=tmp_path)
