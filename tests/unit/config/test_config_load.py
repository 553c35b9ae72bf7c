"""From files to Settings: defaults, merging, paths."""

from __future__ import annotations

import hmac
import tomllib
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from orderferry.config import model
from orderferry.config.keys import KEYS
from orderferry.config.load import load_settings
from orderferry.domain.marketplaces import ENDPOINTS, TOKEN_URL, Region
from support.configuration import AMAZON, MINIMAL, load, problems, write

TABLES: dict[str, Any] = {
    "amazon": model.AmazonSettings,
    "observation": model.ObservationSettings,
    "prestashop": model.PrestashopSettings,
    "orders": model.OrdersSettings,
    "products": model.ProductsSettings,
    "carriers": model.CarriersSettings,
    "customers": model.CustomersSettings,
    "taxes": model.TaxesSettings,
    "stock": model.StockSettings,
    "invoices": model.InvoicesSettings,
    "logging": model.LoggingSettings,
    "alerts": model.AlertsSettings,
    "ledger": model.LedgerSettings,
}


@pytest.mark.parametrize("key", [key for key in KEYS if key.default], ids=lambda key: key.name)
def test_the_documented_default_is_the_one_that_applies(key: Any, tmp_path: Path) -> None:
    settings = load(tmp_path)
    if key.name == "products.fees.<FEE>":
        assert settings.products.fee("COD_FEE") == "product"
        return
    table, field = key.path[0], key.path[-1]
    flat = {"events": "events_enabled"}
    if table == "marketplace":
        applies = getattr(settings.marketplace("IT"), field)
    else:
        applies = getattr(settings, flat[table]) if table in flat else getattr(getattr(settings, table), field)
    documented = key.kind.read(tomllib.loads(f"k = {key.default}", parse_float=Decimal)["k"])
    assert applies == documented


def test_every_field_of_the_settings_has_its_key_and_every_key_its_field() -> None:
    for table, settings in TABLES.items():
        derived = {"location", "shop_folder", "password_from", "by_country"}
        in_model = {field.name for field in fields(settings)} - derived
        in_keys = {key.path[1] for key in KEYS if key.path[0] == table and not key.path[1].startswith("<")}
        only_in_keys = {"prestashop": {"from", "host", "port", "socket", "user", "password", "database"}}
        assert in_keys - only_in_keys.get(table, set()) == in_model


def test_the_least_configuration(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.path == tmp_path / "config.toml"
    assert settings.name == "config"
    assert [marketplace.code for marketplace in settings.amazon.marketplaces] == ["IT", "DE"]
    assert settings.amazon.region is Region.EU
    assert (settings.amazon.endpoint, settings.amazon.token_url) == (ENDPOINTS[Region.EU], TOKEN_URL)
    assert settings.amazon.client_secret.reveal() == "the-client-secret"
    assert settings.prestashop.url.reveal() == "mysql+pymysql://shop:the-password@db.example:3307/shop"
    assert settings.prestashop.location == "db.example:3307/shop"
    assert settings.ledger.path == tmp_path / "config.ledger.sqlite"
    assert settings.exposed == ""
    assert settings.marketplaces == {}


def test_every_kind_of_value_arrives(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        orders = { since = 2026-11-23, give_up = "1w", state_paid = 2, payment_label = "{marketplace}" }
        products = { match = ["ean13", "reference"], suffixes = ["-FBA"], map = { "A 1" = "B1", A2 = 7 } }
        taxes = { de = 19.0, UK = "GB 20", IT = "22", missing = "zero" }
        carriers.map = { "second-day" = "DHL", EXPEDITED = 3 }
        invoices.mode = "never"
        events.enabled = true
        logging = { file = "syslog", format = "json" }
        alerts.webhook_url = "http://127.0.0.1:9/hook"
        observation = { window = "1d12h", fba_extension = "0s" }
        amazon = { region = "fe", marketplaces = ["jp", "A39IBJ37TRP1C6"], client_id = "i", client_secret = "s", \
refresh_token = "r", client_secret_created = 2026-06-01, quota_share = 0.5, timeout = "5s", \
endpoint = "http://127.0.0.1:8080/" }
        prestashop = { url = "mysql://u:p@h/d", table_prefix = "", timeout = "2m" }
        """,
    )
    assert settings.orders.since == datetime(2026, 11, 23, tzinfo=UTC)
    assert settings.orders.give_up == timedelta(days=7)
    assert (settings.orders.state_paid, settings.orders.payment_label) == ("2", "{marketplace}")
    assert settings.products.match == ("ean13", "reference")
    assert settings.products.map == {"A 1": "B1", "A2": "7"}
    assert settings.taxes.by_country == {"DE": Decimal("19.0"), "GB": "GB 20", "IT": "22"}
    assert settings.taxes.missing == "zero"
    assert settings.carriers.map == {"SECOND_DAY": "DHL", "EXPEDITED": "3"}
    assert (settings.invoices.mode, settings.events_enabled) == ("never", True)
    assert (settings.logging.file, settings.logging.format) == ("syslog", "json")
    assert settings.alerts.webhook_url.reveal() == "http://127.0.0.1:9/hook"
    assert settings.observation.window == timedelta(hours=36)
    assert settings.observation.fba_extension == timedelta(0)
    assert [marketplace.code for marketplace in settings.amazon.marketplaces] == ["JP", "AU"]
    assert settings.amazon.region is Region.FE
    assert settings.amazon.client_secret_created == date(2026, 6, 1)
    assert (settings.amazon.quota_share, settings.amazon.timeout) == (Decimal("0.5"), timedelta(seconds=5))
    assert (settings.amazon.endpoint, settings.amazon.token_url) == ("http://127.0.0.1:8080", TOKEN_URL)
    assert (settings.prestashop.table_prefix, settings.prestashop.timeout) == ("", timedelta(minutes=2))


def test_a_marketplace_has_the_shop_wide_settings_under_its_own(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        MINIMAL
        + """
        [orders]
        state_paid = "Paid"
        payment_label = "Amazon"
        [carriers]
        default = "GLS"
        map = { STANDARD = "GLS", EXPEDITED = "GLS express" }
        [customers]
        mode = "fixed"
        account = "a@example.com"
        [taxes]
        DE = 19
        missing = "zero"
        [marketplace.UK]
        shop = 2
        lang = "en"
        vat_by_amazon = true
        orders.payment_label = "Amazon UK"
        carriers.map.EXPEDITED = "Royal Mail"
        customers.mode = "order"
        taxes = { GB = "20" }
        """,
    )
    british, german = settings.marketplace("GB"), settings.marketplace("DE")
    assert (british.shop, british.lang, british.vat_by_amazon) == ("2", "en", True)
    assert (british.orders.state_paid, british.orders.payment_label) == ("Paid", "Amazon UK")
    assert (british.carriers.default, british.carriers.map) == ("GLS", {"STANDARD": "GLS", "EXPEDITED": "Royal Mail"})
    assert (british.customers.mode, british.customers.account) == ("order", "a@example.com")
    assert british.taxes == model.TaxesSettings(by_country={"DE": Decimal(19), "GB": "20"}, missing="zero")
    assert german == model.MarketplaceSettings(
        orders=settings.orders, carriers=settings.carriers, customers=settings.customers, taxes=settings.taxes
    )
    assert (settings.orders.payment_label, settings.taxes.by_country) == ("Amazon", {"DE": Decimal(19)})


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "shops"
    folder.mkdir()
    write(folder, "-----", "ca.pem")
    text = MINIMAL + "ssl_ca = 'ca.pem'\n[ledger]\npath = '../var/it.sqlite'\n[logging]\nfile = 'it.log'\n"
    write(folder, text, "it.toml")
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path("shops/it.toml"), {})
    monkeypatch.chdir("/")
    assert settings.path == folder / "it.toml"
    assert settings.prestashop.ssl_ca == folder / "ca.pem"
    assert settings.ledger.path == folder / ".." / "var" / "it.sqlite"
    assert settings.logging.file == str(folder / "it.log")


@pytest.mark.parametrize(
    ("file", "name", "ledger"),
    [
        ("it.toml", "it", "it.ledger.sqlite"),
        ("it.v2.toml", "it.v2", "it.v2.ledger.sqlite"),
        ("it.conf", "it.conf", "it.conf.ledger.sqlite"),
    ],
)
def test_the_ledger_is_named_like_the_configuration(tmp_path: Path, file: str, name: str, ledger: str) -> None:
    settings = load_settings(write(tmp_path, MINIMAL, file), {})
    assert (settings.name, settings.ledger.path) == (name, tmp_path / ledger)


def test_a_ledger_for_many_hosts(tmp_path: Path) -> None:
    settings = load(tmp_path, MINIMAL + "[ledger]\nurl = 'mariadb://u:p@ss@h/ledger'\n")
    assert settings.ledger.url.reveal() == "mysql+pymysql://u:p%40ss@h/ledger"


TLS = MINIMAL + "ssl_ca = 'ca.pem'\nssl_key = 'key.pem'\n"


@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("mysql://u@db.example:3307/ledger", {"ssl_ca": "FOLDER/ca.pem", "ssl_key": "FOLDER/key.pem"}),
        (
            "mysql://u@DB.example:3307/ledger?charset=utf8mb4",
            {"charset": "utf8mb4", "ssl_ca": "FOLDER/ca.pem", "ssl_key": "FOLDER/key.pem"},
        ),
        ("mysql://u@db.example/ledger", {}),
        ("mysql://u@other.example:3307/ledger", {}),
        ("mysql://u@db.example:3307/ledger?ssl_cert=own.pem", {"ssl_cert": "FOLDER/own.pem"}),
    ],
)
def test_a_ledger_on_the_shop_s_server_has_its_tls(tmp_path: Path, url: str, query: dict[str, str]) -> None:
    for name in ("ca.pem", "key.pem"):
        write(tmp_path, "-----", name)
    ledger = load(tmp_path, f"{TLS}[ledger]\nurl = '{url}'\n").ledger
    expected = {name: value.replace("FOLDER", str(tmp_path)) for name, value in query.items()}
    assert dict(make_url(ledger.url.reveal()).query) == expected
    assert ledger.place is ledger.url


def test_the_shop_s_own_prefix_holds_unless_another_is_given(tmp_path: Path) -> None:
    text = "<?php return array('database_host' => 'h', 'database_name' => 'd', 'database_prefix' => '{}');"
    settings = AMAZON + "[prestashop]\nfrom = 'own.php'\nuser = 'u'\npassword = 'p'\n"
    for own, more, prefix in (("x_", "", "x_"), ("x_", "table_prefix = ''", ""), ("", "", "ps_")):
        write(tmp_path, text.format(own), "own.php")
        assert load(tmp_path, settings + more).prestashop.table_prefix == prefix


def test_a_seller_is_named_by_a_digest_that_says_nothing(tmp_path: Path) -> None:
    seller = load(tmp_path).amazon.seller
    message = "the-client-id\neu\nhttps://sellingpartnerapi-eu.amazon.com"
    assert seller == hmac.digest(message.encode(), b"the-refresh-token", "sha256").hex()[:24]


@pytest.mark.parametrize(
    ("configured", "shown", "calculates"),
    [
        ("'auto'", {"DE"}, True),
        ("'auto'", {"IT"}, False),
        ("true", set(), True),
        ("false", {"DE"}, False),
    ],
)
def test_whether_amazon_calculates_the_vat(tmp_path: Path, configured: str, shown: set[str], calculates: bool) -> None:
    settings = load(tmp_path, f"{MINIMAL}[marketplace.DE]\nvat_by_amazon = {configured}\n")
    assert settings.amazon_calculates_vat("DE", shown) is calculates
    assert settings.amazon_calculates_vat("IT", {"IT"}) is True, "as it shows, where nothing is configured"


def test_which_papers_a_business_buyer_s_order_gets(tmp_path: Path) -> None:
    invoices = load(tmp_path, MINIMAL + "[invoices]\nmode = 'state'\nbusiness = 'never'\n").invoices
    assert (invoices.mode_for(business=True), invoices.mode_for(business=False)) == ("never", "state")
    assert load(tmp_path, MINIMAL + "[invoices]\nmode = 'shipped'\n").invoices.mode_for(business=True) == "shipped"


def test_products_of_the_shop_that_fees_are_booked_on(tmp_path: Path) -> None:
    text = "[products.fees]\ndefault = 'product'\ncod_fee = 'COD'\nother = 'shipping'\ngift_wrap = 'WRAP'\n"
    assert load(tmp_path, MINIMAL + text).products.fee_references == {"COD", "WRAP"}


def test_a_secret_shows_itself_on_request_alone() -> None:
    secret, none = model.Secret("canary"), model.Secret()
    assert (repr(secret), str(secret), f"{secret}", bool(secret)) == ("***", "***", "***", True)
    assert (repr(none), str(none), bool(none)) == ("''", "''", False)
    assert (secret.reveal(), none.reveal()) == ("canary", "")


def test_all_parts_of_the_settings_are_frozen(tmp_path: Path) -> None:
    settings = load(tmp_path)
    for field in fields(settings):
        value = getattr(settings, field.name)
        assert not is_dataclass(value) or value.__dataclass_params__.frozen  # type: ignore[attr-defined]


FEES = {
    "one word for all": ('[products]\nfees = "shipping"', {"cod_fee": "shipping", "gift_wrap": "shipping"}),
    "a table": (
        '[products.fees]\ndefault = "shipping"\ngift_wrap = "product"\ncod_fee = "B-COD"',
        {"cod_fee": "B-COD", "gift_wrap": "product", "other": "shipping"},
    ),
    "a table with nothing in it": ("[products.fees]", {"cod_fee": "product"}),
    "inline": ('[products]\nfees = {other = "shipping"}', {"cod_fee": "product", "other": "shipping"}),
}


@pytest.mark.parametrize(("text", "expected"), FEES.values(), ids=FEES)
def test_fees_are_one_word_or_a_table(tmp_path: Path, text: str, expected: dict[str, str]) -> None:
    settings = load(tmp_path, f"{MINIMAL}\n{text}\n")
    assert {kind: settings.products.fee(kind) for kind in expected} == expected


def test_an_unknown_fee_is_named(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, f'{MINIMAL}\n[products.fees]\ncod = "shipping"\n')
    assert "products.fees.cod is no key of orderferry (cod is not a fee (default, cod_fee" in told
