"""PyMySQL and nothing else, as a program that is not orderferry would use it."""

from __future__ import annotations

from typing import Any

import pymysql
import sqlalchemy as sa


def bare_connection(url: str, *, port: int | None = None, **options: Any) -> pymysql.Connection[Any]:
    """Given a shop's SQLAlchemy URL, return a connection of the driver's own; `port`: another than the URL's.

    `options` go to `pymysql.connect`.
    """
    address = sa.make_url(url)
    return pymysql.connect(
        host=address.host,
        port=port or address.port or 3306,
        user=address.username,
        password=address.password or "",
        database=address.database,
        charset="utf8mb4",
        **options,
    )
