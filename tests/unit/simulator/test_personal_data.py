"""Personal data and datasets: what Amazon tells of a buyer, to whom, when, and only if it is asked for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.domain.marketplaces import MARKETPLACES
from orderferry.domain.orders import Channel
from orderferry.simulator.order_json import ALL_ROLES, Role
from orderferry.simulator.orders import Business, Event, EventKind, Line, SimulatedOrder
from orderferry.simulator.orders_api import DATASETS, only_datasets
from orderferry.simulator.people import person_of
from orderferry.simulator.world import World
from support.simulated import id_of, seconds, shipped, simulated_order, verified

PEOPLE = Path(__file__).parents[2] / "data" / "simulator" / "people.tsv"
RELEASED = (verified(minutes=10), shipped(days=1))


def seen(order: SimulatedOrder, *, roles: Any = ALL_ROLES, **after: float) -> dict[str, Any]:
    found = World([order], roles=roles).find(order.order_id, order.placed + timedelta(**after))
    assert found is not None
    return found[1]


def test_a_regular_order_has_buyer_and_address_once_it_is_released() -> None:
    order = simulated_order(1, *RELEASED)
    assert "buyer" not in seen(order)
    assert "recipient" not in seen(order)
    released = seen(order, hours=1)
    assert released["buyer"]["buyerEmail"].endswith("@marketplace.amazon.de")
    assert {"name", "addressLine1", "city", "postalCode", "countryCode", "phone"} <= set(
        released["recipient"]["deliveryAddress"]
    )


def test_a_cancelled_order_has_neither() -> None:
    order = simulated_order(1, verified(minutes=10), Event(EventKind.CANCELLED, seconds(hours=1)))
    assert not {"buyer", "recipient"} & set(seen(order, hours=2))


def test_an_fba_order_has_no_e_mail_street_name_or_telephone() -> None:
    order = seen(simulated_order(1, *RELEASED, channel=Channel.FBA), days=2)
    assert set(order["buyer"]) == {"buyerName"}
    assert not {"name", "phone", "addressLine1"} & set(order["recipient"]["deliveryAddress"])
    assert {"city", "postalCode", "countryCode"} <= set(order["recipient"]["deliveryAddress"])


def test_the_telephone_goes_when_the_delivery_date_of_a_shipped_order_is_past() -> None:
    order = simulated_order(1, *RELEASED)
    assert "phone" in seen(order, days=5)["recipient"]["deliveryAddress"]
    assert "phone" not in seen(order, days=7)["recipient"]["deliveryAddress"]
    unshipped = simulated_order(1, verified(minutes=10))
    assert "phone" in seen(unshipped, days=30)["recipient"]["deliveryAddress"]


@pytest.mark.parametrize(
    ("roles", "channel", "buyer", "address"),
    [
        (ALL_ROLES, Channel.REGULAR, {"buyerName", "buyerEmail"}, True),
        ({Role.SHIPPING}, Channel.REGULAR, {"buyerName", "buyerEmail"}, True),
        ({Role.TAX}, Channel.REGULAR, {"buyerName"}, False),
        ((), Channel.REGULAR, None, False),
        ({Role.SHIPPING}, Channel.FBA, None, False),
        ({Role.TAX}, Channel.FBA, {"buyerName"}, False),
    ],
)
def test_a_missing_role_leaves_fields_out(roles: Any, channel: Channel, buyer: set[str] | None, address: bool) -> None:
    order = seen(simulated_order(1, *RELEASED, channel=channel), roles=roles, hours=2)
    assert (set(order["buyer"]) if "buyer" in order else None) == buyer
    assert ("addressLine1" in order["recipient"]["deliveryAddress"]) == address
    assert "countryCode" in order["recipient"]["deliveryAddress"]


def test_a_business_order_names_company_order_number_and_vat_number() -> None:
    business = Business("Müller & Söhne GmbH", "PO-77", "DE123456789")
    order = seen(simulated_order(1, *RELEASED, business=business, programs=("AMAZON_BUSINESS",)), hours=2)
    assert order["buyer"]["buyerCompanyName"] == "Müller & Söhne GmbH"
    assert order["buyer"]["buyerPurchaseOrderNumber"] == "PO-77"
    assert order["recipient"]["deliveryAddress"]["companyName"] == "Müller & Söhne GmbH"
    assert order["tax"]["taxRegistrations"][0]["taxRegistrationNumber"] == "DE123456789"
    assert order["orderItems"][0]["product"]["price"]["priceDesignation"] == "BUSINESS_PRICE"


def test_a_company_of_the_address_is_not_replaced_by_that_of_the_account() -> None:
    order = simulated_order(1, *RELEASED, business=Business("Account"), address=(("companyName", "Branch"),))
    address = seen(order, hours=2)["recipient"]["deliveryAddress"]
    assert (address["companyName"], address["addressType"]) == ("Branch", "RESIDENTIAL")


def test_a_gift_message_is_there_once_the_order_is_released() -> None:
    order = simulated_order(1, *RELEASED, lines=[Line("A", 1, Decimal(9), gift_message="♥", gift_wrap_level="GOLD")])
    assert "packing" not in seen(order)["orderItems"][0]["fulfillment"]
    gift = seen(order, hours=1)["orderItems"][0]["fulfillment"]["packing"]["giftOption"]
    assert gift == {"giftMessage": "♥", "giftWrapLevel": "GOLD"}


def test_the_same_order_id_always_has_the_same_buyer() -> None:
    assert person_of("302-0000000-0000001", "DE") == person_of("302-0000000-0000001", "DE")
    assert len({person_of(f"302-0000000-{number:07d}", "DE").name for number in range(200)}) > 3


@pytest.mark.parametrize("country", sorted({marketplace.code for marketplace in MARKETPLACES} | {"AT", "PT", "LU"}))
def test_there_are_buyers_in_every_country(country: str) -> None:
    for number in range(20):
        address = person_of(f"302-0000000-{number:07d}", country).address
        assert address["countryCode"] == country
        assert address["name"]
        assert "{" not in "".join(address.values())


def test_the_buyers_are_always_the_same_ones() -> None:
    """Saved worlds, and what somebody remembers of a demo, name them."""
    parts = ("name", "addressLine1", "city", "stateOrRegion", "postalCode", "phone")
    for line in PEOPLE.read_text("utf-8").splitlines():
        country, number, alias, *known = line.split("\t")
        expected = {part: text for part, text in zip(parts, known, strict=True) if text}
        person = person_of(id_of(int(number)), country)
        assert (person.alias, person.name) == (alias, expected["name"])
        assert person.address == expected | {"countryCode": country, "addressType": "RESIDENTIAL"}


ORDER_PARTS = ("buyer", "recipient", "proceeds", "fulfillment", "packages", "tax", "payment", "fulfillmentOrders")
ITEM_PARTS = ("proceeds", "expense", "promotion", "cancellation", "fulfillment", "tax")
FULL = {
    "orderId": "1",
    **dict.fromkeys(ORDER_PARTS, "x"),
    "orderItems": [{"orderItemId": "2", "product": {}, **dict.fromkeys(ITEM_PARTS, "x")}],
}


def test_nothing_of_a_dataset_is_given_unless_it_is_asked_for() -> None:
    assert only_datasets(FULL, frozenset()) == {"orderId": "1", "orderItems": [{"orderItemId": "2", "product": {}}]}


@pytest.mark.parametrize(
    ("dataset", "of_order", "of_item"),
    [
        ("BUYER", {"buyer"}, set()),
        ("RECIPIENT", {"recipient"}, set()),
        ("PROCEEDS", {"proceeds"}, {"proceeds"}),
        ("EXPENSE", set(), {"expense"}),
        ("PROMOTION", set(), {"promotion"}),
        ("CANCELLATION", set(), {"cancellation"}),
        ("FULFILLMENT", {"fulfillment"}, {"fulfillment"}),
        ("PACKAGES", {"packages"}, set()),
        ("TAX", {"tax"}, {"tax"}),
        ("PAYMENT", {"payment"}, set()),
        ("FULFILLMENT_ORDERS", {"fulfillmentOrders"}, set()),
    ],
)
def test_each_dataset_gives_its_own_part(dataset: str, of_order: set[str], of_item: set[str]) -> None:
    given = only_datasets(FULL, {dataset})
    assert set(given) - {"orderId", "orderItems"} == of_order
    assert set(given["orderItems"][0]) - {"orderItemId", "product"} == of_item


def test_all_datasets_together_give_everything() -> None:
    assert only_datasets(FULL, DATASETS) == FULL


@pytest.mark.parametrize("items", [None, "none", [None, 7, "x"], {}])
def test_orders_of_another_shape_pass_as_they_are(items: Any) -> None:
    assert only_datasets({"orderItems": items}, frozenset())["orderItems"] == items
