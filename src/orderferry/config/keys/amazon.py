"""The keys of Amazon's side: [amazon] and [observation]."""

from __future__ import annotations

from orderferry.config import kinds
from orderferry.config import kinds as urls
from orderferry.config.keys.key import Key
from orderferry.config.kinds import choice, duration

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
        urls.SERVICE_URL,
        "Another address of the API: Amazon's sandbox, a proxy or a simulator.",
        example='"https://sandbox.sellingpartnerapi-eu.amazon.com"',
        without="the region's own",
    ),
    Key(
        "amazon.token_url",
        urls.SERVICE_URL,
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
