"""All look-ups for a page of orders at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderferry.config.model import (
    AmazonSettings,
    CustomersSettings,
    LedgerSettings,
    MarketplaceSettings,
    PrestashopSettings,
    ProductsSettings,
    Secret,
    Settings,
)
from orderferry.domain.marker import Digests, Marker
from orderferry.domain.marketplaces import Region, find_marketplace
from orderferry.domain.orders import Channel, Item, Order, OrderStatus
from orderferry.errors import ShopUnfit
from orderferry.prestashop.facts import OrderInShop
from orderferry.prestashop.reading.catalog import CatalogReader
from orderferry.prestashop.reading.markers import marker_row
from orderferry.prestashop.reading.other_importers import ForeignOrders
from orderferry.prestashop.sample_shop import MULTISHOP
from support.reading import OpenShop, opened, statements
from support.shop_database import ShopDatabase

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MARKETPLACE_IDS = {code: found.id for code in ("IT", "DE") if (found := find_marketplace(code))}
SETTINGS = Settings(
    path=Path("shop.toml"),
    name="shop",
    amazon=AmazonSettings(Region.EU, (), "id", Secret("s"), Secret("r"), "", ""),
    prestashop=PrestashopSettings(Secret("sqlite://"), "x", timeout=timedelta(seconds=30)),
    ledger=LedgerSettings(Path("shop.ledger.sqlite")),
)


@pytest.fixture(params=["mariadb", "sqlite"])
def shop(request: pytest.FixtureRequest) -> ShopDatabase:
    found: ShopDatabase = request.getfixturevalue("shop_database" if request.param == "mariadb" else "sqlite_shop")
    return found


def order(number: int, *skus: str, marketplace: str = "IT") -> Order:
    items = tuple(Item(f"{number}-{position}", 1, sku=sku) for position, sku in enumerate(skus))
    return Order(
        f"302-{number:07}-{number:07}",
        NOW,
        NOW,
        MARKETPLACE_IDS[marketplace],
        OrderStatus.UNSHIPPED,
        Channel.REGULAR,
        items,
    )


def reader(open_: OpenShop, settings: Settings = SETTINGS) -> CatalogReader:
    foreign = ForeignOrders(lambda _key: None, lambda _key, _value: None)
    with open_.database.reading("reading payments") as connection:
        foreign.refresh(connection, open_.tables)
    return CatalogReader(open_.tables, open_.facts, settings, foreign)


def test_a_page_of_a_hundred_orders_costs_what_one_order_costs(shop: ShopDatabase) -> None:
    page = [order(number, "MUG-BLUE", "TSHIRT-S-WHITE", f"UNKNOWN-{number}") for number in range(1, 101)]
    with opened(shop) as open_:
        catalogs = reader(open_)
        with open_.database.reading("looking up a page") as connection:
            with statements(open_.database.engine) as for_first:  # also what is read once a run
                catalogs.prefetch(connection, page[:1])
            with statements(open_.database.engine) as for_one:
                catalogs.prefetch(connection, page[:1])
            with statements(open_.database.engine) as for_all:
                found = catalogs.prefetch(connection, page)
    assert len(for_all) == len(for_one) <= 12
    assert len(for_first) <= len(for_one) + 2
    assert set(found.products) == {(1, "MUG-BLUE"), (1, "TSHIRT-S-WHITE")}
    assert found.markers == {}
    assert found.foreign == {}


def test_a_marked_order_stands_and_is_not_foreign(shop: ShopDatabase) -> None:
    ours, theirs = order(1, "MUG-BLUE"), order(2, "MUG-BLUE")
    marker = Marker(ours.order_id, 1, ours.marketplace_id, Channel.REGULAR, NOW, Digests(), 2)
    with opened(shop) as open_:
        for number, one in ((1, ours), (2, theirs)):
            _put_order(shop, number, one.order_id)
        shop.insert("orderferry_order", marker_row(marker, order_reference="REF000001", module="x", now=NOW))
        catalogs = reader(open_)
        with open_.database.reading("looking up a page") as connection:
            found = catalogs.prefetch(connection, [ours, theirs])
    assert found.markers[ours.order_id].order_stands
    assert found.shop_orders == {1: OrderInShop(3, id_currency=1)}
    assert found.foreign == {theirs.order_id: 2}


def test_each_marketplace_s_products_come_from_its_shop(shop_database_of) -> None:  # type: ignore[no-untyped-def]
    shop = shop_database_of(seed=MULTISHOP)
    shop.execute("DELETE FROM {p}product_shop WHERE id_product = 1 AND id_shop = 1")
    settings = replace(SETTINGS, marketplaces={"DE": MarketplaceSettings(shop="Second shop")})
    with opened(shop) as open_:
        catalogs = reader(open_, settings)
        with open_.database.reading("looking up a page") as connection:
            found = catalogs.prefetch(connection, [order(1, "MUG-BLUE"), order(2, "MUG-BLUE", marketplace="DE")])
        assert set(found.products) == {(2, "MUG-BLUE")}
        unknown = replace(SETTINGS, marketplaces={"DE": MarketplaceSettings(shop="Fourth shop")})
        catalogs = reader(open_, unknown)
        with (
            open_.database.reading("looking up a page") as connection,
            pytest.raises(ShopUnfit, match=r"marketplace\.DE\.shop"),
        ):
            catalogs.prefetch(connection, [order(2, "MUG-BLUE", marketplace="DE")])


def test_the_placeholder_is_looked_up_for_every_shop(shop: ShopDatabase) -> None:
    products = ProductsSettings(unknown="placeholder", placeholder="LAST-ONE")
    with opened(shop) as open_:
        catalogs = reader(open_, replace(SETTINGS, products=products))
        with open_.database.reading("looking up a page") as connection:
            found = catalogs.prefetch(connection, [order(1, "UNKNOWN")])
    assert set(found.products) == {(1, "LAST-ONE")}


def test_the_fixed_account_is_read_once_a_run(shop: ShopDatabase) -> None:
    times = dict.fromkeys(("date_add", "date_upd"), "2026-01-01 00:00:00")
    row = {"id_customer": 9, "id_gender": 0, "firstname": "A", "lastname": "B", "email": "a@b.example", "passwd": "x"}
    shop.insert("customer", {**row, **times})
    settings = replace(SETTINGS, customers=CustomersSettings(mode="fixed", account="a@b.example"))
    with opened(shop) as open_:
        catalogs = reader(open_, settings)
        with open_.database.reading("looking up a page") as connection:
            first = catalogs.prefetch(connection, [order(1, "MUG-BLUE")])
            with statements(open_.database.engine) as sent:
                catalogs.prefetch(connection, [order(2, "MUG-BLUE")])
    assert first.customers["fixed"] == 9
    assert not [text for text in sent if "FROM ps_customer" in text]


def _put_order(shop: ShopDatabase, number: int, order_id: str) -> None:
    moments = dict.fromkeys(("invoice_date", "delivery_date", "date_add", "date_upd"), "2026-11-23 07:00:00")
    ids = (
        "id_carrier",
        "id_lang",
        "id_customer",
        "id_cart",
        "id_currency",
        "id_address_delivery",
        "id_address_invoice",
    )
    words = {"reference": f"REF{number:06}", "module": "x", "payment": "Amazon", "current_state": 3}
    shop.insert("orders", {"id_order": number, **words, **moments, **dict.fromkeys(ids, 1)})
    payment = {"order_reference": f"REF{number:06}", "id_currency": 1, "amount": "1.00", "payment_method": "Amazon"}
    shop.insert("order_payment", {**payment, "transaction_id": order_id, "date_add": "2026-11-23 07:00:00"})
