"""PyMySQL's connection, without a detour that costs more than the connecting itself.

PyMySQL offers TLS to every server, since 1.2 also where none is configured; such a connection is encrypted if the
server can do it, and verifies nothing. All the same the driver would first read the machine's certificates, at each
connect.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pymysql.connections import Connection
from sqlalchemy import event

from orderferry.config.database_url import connect_with_password

if TYPE_CHECKING:
    _Connection = Connection[Any]  # generic for the type checker only
else:
    _Connection = Connection


class ShopConnection(_Connection):
    """A connection to the shop's server."""

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        """The driver's own method; should a later driver no longer ask it, the certificates are read again."""
        if sslp:
            context: ssl.SSLContext = super()._create_ssl_ctx(sslp)  # type: ignore[misc]
            return context
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def connect_with(engine: sa.Engine) -> None:
    """Let an engine for MySQL or MariaDB make its connections here."""

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: sa.Dialect, _record: object, given: list[Any], by_name: dict[str, Any]) -> ShopConnection:
        return connect_with_password(ShopConnection, given, by_name)
