"""From files to Settings: defaults, merging, paths."""

from __future__ import annotations

import tomllib
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config import model
from orderferry.config.keys import KEYS
from orderferry.config.load import load_settings
from orderferry.domain.marketplaces import ENDPOINTS, TOKEN_URL, Region
from support.configuration import MINIMAL, load, problems, write

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
