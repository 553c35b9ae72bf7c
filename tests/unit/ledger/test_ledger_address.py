"""ledger.url: where it says that the ledger is, and what is wrong with it. No server is needed for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderferry.config.model import Secret
from orderferry.ledger.server import _refuse_plain, location_of, server_engine
from support.ledgers import refusal


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("mysql://user:p@db.example:3307/shop", "db.example:3307/shop"),
        ("mysql+pymysql://user:p@db.example/shop", "db.example:3306/shop"),
        ("mariadb://user:p@db.example/shop?charset=utf8", "db.example:3306/shop"),
        ("mysql://user:p@localhost/shop?unix_socket=/run/mysqld.sock", "/run/mysqld.sock/shop"),
    ],
)
def test_its_place_is_named_without_the_password(url: str, place: str) -> None:
    assert location_of(Secret(url)) == place


@pytest.mark.parametrize(
    "url", ["postgresql://user:secret@db.example/shop", "mysql://user:secret@db.example", "mysql:/secret", "", "secret"]
)
def test_what_is_no_address_is_told_with_an_example(url: str) -> None:
    error = refusal(lambda: location_of(Secret(url)))
    assert (error.message, error.hint) == (
        "ledger.url is no address of a MySQL or MariaDB database.",
        "Write mysql+pymysql://user:password@host:3306/database.",
    )


def test_a_certificate_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("no certificate")
    for name in ("missing.pem", "text.pem"):
        error = refusal(lambda name=name: server_engine(Secret(f"mysql://u:p@db/shop?ssl_ca={tmp_path / name}")))  # type: ignore[misc]
        assert (error.message, error.hint) == (
            "The files that ssl_ca, ssl_cert or ssl_key name for the ledger's server can't be read, or hold no "
            "certificate in PEM form.",
            "Check the paths in ledger.url (without one: prestashop.ssl_ca), and that this user may read them.",
        )


class Status:
    """A cursor of a server with this cipher."""

    def __init__(self, row: tuple[str, str] | None) -> None:
        self._row = row

    def execute(self, statement: str) -> None:
        assert statement == "SHOW SESSION STATUS LIKE 'Ssl_cipher'"

    def fetchone(self) -> tuple[str, str] | None:
        return self._row


def test_a_connection_without_a_cipher_is_refused() -> None:
    for row in (None, ("Ssl_cipher", "")):
        error = refusal(lambda row=row: _refuse_plain(Status(row), "db/shop"))  # type: ignore[misc]
        assert (error.message, error.hint) == (
            "The connection to the server of the ledger db/shop is not encrypted although ssl_ca is set.",
            "Turn TLS on at the database server, or take ssl_ca out for a local database.",
        )
    _refuse_plain(Status(("Ssl_cipher", "TLS_AES_256_GCM_SHA384")), "db/shop")
