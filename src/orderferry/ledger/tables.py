"""The ledger's tables, named for a person with the sqlite3 shell. Portable: the same in MySQL and MariaDB (ledger.url),
where each name begins with `orderferry_ledger_` (server.py).

Times are UTC text (`2026-11-23T06:00:00.000Z`). No column holds a buyer's name, address, phone or e-mail.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table
from sqlalchemy.schema import SchemaItem

from orderferry.domain.entry import EntryState
from orderferry.domain.orders import Channel
from orderferry.domain.records import FindingKind, HistoryEvent
from orderferry.domain.search import Basis
from orderferry.ledger.columns import Exact, Json, Moment, Word, given_word, long_text, own_word

metadata = MetaData()

# Rows that two hosts write need transactions; texts are compared byte by byte, as in SQLite.
ON_SERVERS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}


def _table(name: str, *parts: SchemaItem, **options: Any) -> Table:
    return Table(name, metadata, *parts, **ON_SERVERS, **options)


# One row: whose ledger this is.
ledger = _table(
    "ledger",
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("account", own_word(255), nullable=False),
    Column("shop", given_word(255), nullable=False),
    Column("created", Moment, nullable=False),
    Column("program_version", own_word(40), nullable=False),
    Column("seller", own_word(64)),  # by whose refresh token the coverage was read; NULL: by an older version
)

# The changes of these tables that this file has gone through.
migrations = _table(
    "migrations",
    Column("name", own_word(80), primary_key=True),
    Column("applied", Moment, nullable=False),
    Column("program_version", own_word(40), nullable=False),
)

# Every Amazon order ever seen, as it stands (domain.entry.Entry has the same fields).
orders = _table(
    "orders",
    Column("amazon_order_id", given_word(64), primary_key=True),
    Column("state", Word(EntryState), nullable=False),
    Column("code", given_word(64), nullable=False),
    Column("subject", long_text(), nullable=False),
    Column("message", long_text(), nullable=False),
    Column("marketplace_id", given_word(32), nullable=False),
    Column("channel", Word(Channel)),
    Column("amazon_status", given_word(64), nullable=False),
    Column("purchased", Moment),
    Column("amazon_updated", Moment),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("state_since", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_look", Moment),
    Column("next_look", Moment),
    Column("id_order", BigInteger),
    Column("ignored_by_person", Boolean, nullable=False),
    Column("given_up", Boolean, nullable=False),
    Column("total", given_word(40), nullable=False),
    Column("ship_by", Moment),
    # Open and due orders are found here, never by reading all orders.
    Index("orders_by_state", "state", "next_look"),
)

# What was seen and decided about each order, when, by which run.
order_history = _table(
    "order_history",
    Column("id", Integer, primary_key=True),
    Column("amazon_order_id", given_word(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("run", Integer),
    Column("event", Word(HistoryEvent), nullable=False),
    Column("state", Word(EntryState), nullable=False),
    Column("code", given_word(64), nullable=False),
    Column("amazon_status", given_word(64), nullable=False),
    Column("amazon_updated", Moment),
    Column("message", long_text(), nullable=False),
    Column("detail", long_text(), nullable=False),
    Index("order_history_by_order", "amazon_order_id", "id"),
)

# Orders that a run has in hand just now, so that a run beside it leaves them alone.
claims = _table(
    "claims",
    Column("amazon_order_id", given_word(64), primary_key=True),
    Column("run", Integer, nullable=False),
    Column("until", Moment, nullable=False),
)

# The spans of Amazon's time that were read to their last page.
coverage = _table(
    "coverage",
    Column("marketplace_id", given_word(32), primary_key=True),
    Column("channel", Word(Channel), primary_key=True),
    Column("basis", Word(Basis), primary_key=True),
    Column("covered_from", Moment, primary_key=True),
    Column("covered_until", Moment, nullable=False),
)

# When the overlap before the end of the coverage was read again last, and up to where.
rereading = _table(
    "rereading",
    Column("marketplace_id", given_word(32), primary_key=True),
    Column("channel", Word(Channel), primary_key=True),
    Column("read_again", Moment, nullable=False),
    Column("read_until", Moment, nullable=False),
)

# Listings that a run left in the middle: the next one goes on with the token.
listings = _table(
    "listings",
    Column("command", own_word(32), primary_key=True),
    Column("search_digest", own_word(64), primary_key=True),
    Column("search", Json, nullable=False),
    Column("started", Moment, nullable=False),
    Column("token", long_text()),
    Column("observed_until", Moment),
    Column("pages", Integer, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("unreadable", Integer, nullable=False, server_default="0"),
)

# Every run of a command. No exit code: it is still running, or was killed.
runs = _table(
    "runs",
    Column("id", Integer, primary_key=True),
    Column("command", own_word(32), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("exit_code", Integer),
    Column("report", Json),
    Index("runs_by_command", "command", "id"),
    Index("runs_by_start", "started"),
    sqlite_autoincrement=True,  # a run's number is never given twice: logs and mails name it
)

# Amazon's token buckets: what was left when. `rate` is what Amazon said last (NULL: the documented one).
quota = _table(
    "quota",
    Column("account", own_word(255), primary_key=True),
    Column("operation", own_word(40), primary_key=True),
    Column("tokens", Exact, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("rate", Exact),
)

# How often each operation was called on each day (UTC), and how often Amazon answered 429.
calls_per_day = _table(
    "calls_per_day",
    Column("account", own_word(255), primary_key=True),
    Column("operation", own_word(40), primary_key=True),
    Column("day", own_word(10), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
)

# What needs a person and has not ended yet.
conditions = _table(
    "conditions",
    Column("condition_key", given_word(190, 700), primary_key=True),
    Column("text", long_text(), nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("last_printed", Moment),
    Column("count", Integer, nullable=False),
    Column("exit_code", Integer),
)

# What comparisons found about orders and nothing has settled since (domain.records.StandingFinding).
findings = _table(
    "findings",
    Column("amazon_order_id", given_word(64), primary_key=True),
    Column("kind", Word(FindingKind), primary_key=True),
    Column("field", own_word(24), primary_key=True),
    Column("placed", Moment, nullable=False),
    Column("found", Moment, nullable=False),
    Column("reason", long_text(), nullable=False),
    Column("hint", long_text(), nullable=False),
    Column("amazon", long_text(), nullable=False),
    Column("shop", long_text(), nullable=False),
)

# Small things to remember between runs.
memory = _table(
    "memory",
    Column("name", given_word(190, 700), primary_key=True),
    Column("value", long_text(), nullable=False),
)
