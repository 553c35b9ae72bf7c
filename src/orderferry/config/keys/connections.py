"""The keys of where things are: [amazon], [prestashop] and [ledger]; and how far back is read: [observation]."""

from __future__ import annotations

from orderferry.config import kinds
from orderferry.config.database_url import SERVER_URL, SHOP_URL
from orderferry.config.kinds import Key, choice, duration

AMAZON = (
    Key("amazon.region", choice("eu", "na", "fe"), "The region of the seller account.", default='"eu"'),
    Key(
        "amazon.marketplaces",
        kinds.MARKETPLACE_LIST,
        "The marketplaces to import from, all of that region; UK and GB are one.",
        example='["IT", "DE", "FR", "ES"]',
        required=True,
    ),
    Key(
        "amazon.client_id",
        kinds.TEXT,
        "Login-with-Amazon credentials of the application, from Seller Central.",
        example='"amzn1.application-oa2-client.0123456789abcdef"',
        required=True,
        has_variable=True,
    ),
    Key(
        "amazon.client_secret",
        kinds.SECRET,
        "The client secret that belongs to the client id.",
        example='"amzn1.oa2-cs.v1.your-client-secret"',
        required=True,
    ),
    Key(
        "amazon.refresh_token",
        kinds.SECRET,
        "What Seller Central shows once when the application is authorised.",
        example='"Atzr|your-refresh-token"',
        required=True,
    ),
    Key(
        "amazon.client_secret_created",
        kinds.DATE,
        "When the client secret was made; Amazon wants a new one every 180 days, and orderferry reminds of it.",
        example="2026-11-23",
        without="no reminder",
    ),
    Key(
        "amazon.endpoint",
        kinds.SERVICE_URL,
        "Another address of the API: Amazon's sandbox, a proxy or a simulator.",
        example='"https://sandbox.sellingpartnerapi-eu.amazon.com"',
        without="the region's own",
    ),
    Key(
        "amazon.token_url",
        kinds.SERVICE_URL,
        "Another address of Login with Amazon.",
        example='"https://api.amazon.com/auth/o2/token"',
        without="Amazon's own",
    ),
    Key("amazon.timeout", duration("1s", "10m", "30s"), "How long one request may take.", default='"30s"'),
    Key(
        "amazon.quota_share",
        kinds.SHARE,
        "The share of the account's quota that this installation may use; less than 1 where others use it too.",
        default="1.0",
    ),
)

OBSERVATION = (
    Key(
        "observation.window",
        duration("10m", "365d", "36h"),
        "How far back every `import` guarantees to have looked.",
        default='"1d"',
    ),
    Key(
        "observation.fba_extension",
        duration("0s", "365d", "2d"),
        "How much further back for orders that Amazon fulfils.",
        default='"2d"',
    ),
    Key(
        "observation.overlap",
        duration("1m", "1d", "30m"),
        "Observed again before the end of the coverage, against late listing and clock skew; less than the window.",
        default='"30m"',
    ),
    Key(
        "observation.recheck_window",
        duration("1h", "730d", "7d"),
        "How far back `recheck` looks, by date of creation (Amazon keeps two years).",
        default='"7d"',
    ),
    Key(
        "observation.doublecheck_window",
        duration("1h", "730d", "30d"),
        "How far back `doublecheck` looks; Amazon may hold an order under verification for 21 days.",
        default='"30d"',
    ),
)


PRESTASHOP = (
    Key(
        "prestashop.url",
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
    ),
    Key(
        "prestashop.host",
        kinds.TEXT,
        "Instead of the URL: the database server.",
        example='"127.0.0.1"',
        without="`127.0.0.1`",
    ),
    Key("prestashop.port", kinds.PORT, "Its port.", example="3306", without="`3306`"),
    Key(
        "prestashop.socket",
        kinds.PATH,
        "A local socket instead of host and port.",
        example='"/run/mysqld/mysqld.sock"',
    ),
    Key("prestashop.user", kinds.TEXT, "The database user.", example='"orderferry"'),
    Key(
        "prestashop.password",
        kinds.SECRET,
        "The user's password, any characters; wins over one inside the URL.",
        example='"p@ss:w/rd%"',
    ),
    Key("prestashop.database", kinds.TEXT, "The database's name.", example='"prestashop"'),
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
    ),
)
