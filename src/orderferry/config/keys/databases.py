"""The keys of [prestashop] and [ledger]: where the shop is, and the program's memory."""

from __future__ import annotations

from orderferry.config import kinds
from orderferry.config.database_url import SERVER_URL, SHOP_URL
from orderferry.config.keys.key import Key
from orderferry.config.kinds import duration

_URL = "prestashop.url"

PRESTASHOP = (
    Key(
        _URL,
        SHOP_URL,
        "The shop's database as an SQLAlchemy URL; `prestashop.from`, or host, user and so on, do instead. "
        "`sqlite:///file` is for the demo and for tests.",
        example='"mysql+pymysql://user:password@127.0.0.1:3306/prestashop"',
        required=True,
    ),
    Key(
        "prestashop.from",
        kinds.PATH,
        "Instead of the URL: the shop's folder, or its `parameters.php` or `settings.inc.php`, read at every run. "
        "Host, user, password and so on beside it win over what it says.",
        example='"/var/www/prestashop"',
        instead_of=_URL,
    ),
    Key(
        "prestashop.host",
        kinds.TEXT,
        "Instead of the URL: the database server.",
        example='"127.0.0.1"',
        without="`127.0.0.1`",
        instead_of=_URL,
    ),
    Key("prestashop.port", kinds.PORT, "Its port.", example="3306", without="`3306`", instead_of=_URL),
    Key(
        "prestashop.socket",
        kinds.PATH,
        "A local socket instead of host and port.",
        example='"/run/mysqld/mysqld.sock"',
        instead_of=_URL,
    ),
    Key("prestashop.user", kinds.TEXT, "The database user.", example='"orderferry"', instead_of=_URL),
    Key(
        "prestashop.password",
        kinds.SECRET,
        "The user's password, any characters; wins over one inside the URL.",
        example='"p@ss:w/rd%"',
        instead_of=_URL,
    ),
    Key("prestashop.database", kinds.TEXT, "The database's name.", example='"prestashop"', instead_of=_URL),
    Key(
        "prestashop.table_prefix",
        kinds.PREFIX,
        "What the names of the shop's tables begin with; `prestashop.from` brings the shop's own.",
        default='"ps_"',
    ),
    Key("prestashop.timeout", duration("1s", "10m", "30s"), "How long to wait for the database.", default='"30s"'),
    Key(
        "prestashop.ssl_ca",
        kinds.PATH,
        "The authority behind the database's certificate; with it the connection is encrypted and verified.",
        example='"ca.pem"',
    ),
    Key("prestashop.ssl_cert", kinds.PATH, "Our own certificate, if the database wants one.", example='"client.pem"'),
    Key("prestashop.ssl_key", kinds.PATH, "The key of our own certificate.", example='"client-key.pem"'),
)

LEDGER = (
    Key(
        "ledger.path",
        kinds.PATH,
        "The SQLite file that remembers every order seen.",
        example='"config.ledger.sqlite"',
        without="`NAME.ledger.sqlite` beside `NAME.toml`",
    ),
    Key(
        "ledger.url",
        SERVER_URL,
        "Instead of a file: a MySQL or MariaDB database, for containers and for several hosts that share one shop. "
        "On the shop's own server `prestashop.ssl_ca` holds for it too; elsewhere `?ssl_ca=ca.pem` after it does that.",
        example='"mysql+pymysql://user:password@127.0.0.1:3306/orderferry"',
        instead_of="ledger.path",
    ),
)
