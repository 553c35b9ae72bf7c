"""Whose order it is, where it goes, and which papers it gets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orderferry.config.model import CustomersSettings, InvoicesSettings, MarketplaceSettings, OrdersSettings
from orderferry.domain.orders import Address, Buyer, Money, Order, OrderStatus, TaxRegistration
from orderferry.domain.problems import Problem
from orderferry.prestashop.facts import Country, OrderState
from orderferry.prestashop.planning.addresses import DNI_PLACEHOLDER, resolve_account, resolve_places
from orderferry.prestashop.planning.goods import backorder_state
from orderferry.prestashop.planning.resolved_order import paperwork_of
from support.resolved_orders import FACTS, ORDER, PAID, PLACE, POSTAL, SHIPPED, catalog, market
from support.writing import HOME, shipped

NO_ALIAS = replace(ORDER, buyer=Buyer(name="Anna Verdi"))
NOBODY = f"{ORDER.order_id}@amazon.invalid"


@pytest.mark.parametrize(
    ("customers", "order", "mode", "email", "id_customer"),
    [
        (CustomersSettings(mode="order"), ORDER, "order", NOBODY, None),
        (CustomersSettings(mode="order", email="amazon"), ORDER, "order", ORDER.buyer.email, None),
        (CustomersSettings(mode="alias", email="amazon"), ORDER, "alias", ORDER.buyer.email, None),
        (CustomersSettings(mode="alias"), NO_ALIAS, "order", NOBODY, None),
        (CustomersSettings(mode="order", email="amazon"), NO_ALIAS, "order", NOBODY, None),
        (CustomersSettings(mode="fixed", account="7"), ORDER, "fixed", NOBODY, 7),
    ],
    ids=["a guest each", "with the alias", "by alias", "no alias to go by", "no alias to write", "one account"],
)
def test_the_account(
    customers: CustomersSettings, order: Order, mode: str, email: str, id_customer: int | None
) -> None:
    here = market(settings=MarketplaceSettings(customers=customers))
    found = resolve_account(order, here, replace(catalog({}), customers={"7": 7}), POSTAL)
    assert (found.mode, found.email, found.id_customer) == (mode, email, id_customer)


def test_an_alias_without_its_address_still_tells_buyers_apart() -> None:
    here = market(settings=MarketplaceSettings(customers=CustomersSettings(mode="alias", email="none")))
    emails = [
        resolve_account(replace(ORDER, buyer=Buyer(email=alias)), here, catalog({}), POSTAL).email
        for alias in ("a@marketplace.amazon.it", "A@marketplace.amazon.it ", "b@marketplace.amazon.it")
    ]
    assert emails[0] == emails[1] != emails[2]
    assert all(email.endswith("@amazon.invalid") and len(email) == 35 for email in emails)


def test_a_business_buyer_is_in_the_group_of_business_buyers() -> None:
    here = market(id_business_group=5)
    business = replace(ORDER, programs=("AMAZON_BUSINESS",))
    groups = [resolve_account(order, here, catalog({}), POSTAL).id_group for order in (ORDER, business)]
    assert groups == [2, 5]


def test_a_nameless_buyer_has_the_name_of_the_recipient() -> None:
    found = resolve_account(replace(ORDER, buyer=Buyer()), market(), catalog({}), POSTAL)
    assert (found.firstname, found.lastname) == ("Mario", "Rossi")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(ORDER, delivery_address=None), "no-address"),
        (replace(ORDER, delivery_address=replace(HOME, lines=())), "no-address"),
        (replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED, delivery_address=None), "no-address"),
        (replace(ORDER, delivery_address=replace(HOME, country="FR")), "unknown-country"),
    ],
    ids=["no address", "no street", "partly shipped", "another country"],
)
def test_an_address_that_holds_the_order(order: Order, code: str) -> None:
    held = resolve_places(order, market())
    assert isinstance(held, Problem)
    assert held.code == code


def registered(kind: str, number: str, address: Address | None = None) -> Order:
    return replace(ORDER, tax_registrations=(TaxRegistration("BUYER", kind, number, address=address),))


@pytest.mark.parametrize(
    ("order", "vat_number", "dni"),
    [
        (ORDER, "", DNI_PLACEHOLDER),
        (registered("VAT", "IT123"), "IT123", DNI_PLACEHOLDER),
        (registered("CPF", "123.456.789-09"), "", "123.456.789-09"),
        (registered("CNPJ", "12.345.678.90-95"), "", "12.345.678.90-95"),
        (registered("CNPJ", "12.345.678/0001-95"), "", "12345678000195"),
    ],
    ids=["none", "a VAT number", "a person's number", "one that just fits", "one that is too long"],
)
def test_numbers_of_the_buyer(order: Order, vat_number: str, dni: str) -> None:
    places = resolve_places(order, market())
    assert not isinstance(places, Problem)
    assert (places[0].vat_number, places[0].dni) == (vat_number, dni)


def test_the_invoice_goes_to_the_registered_address_if_the_shop_has_its_country() -> None:
    office = replace(HOME, lines=("Via Torino 2",))
    own = resolve_places(registered("VAT", "IT123", office), market())
    abroad = resolve_places(registered("VAT", "FR123", replace(office, country="FR")), market())
    same = resolve_places(registered("VAT", "IT123", HOME), market())
    assert not isinstance(own, Problem)
    assert own[1] is not None
    assert own[1].postal.address1 == "Via Torino 2"
    for places in (abroad, same):
        assert not isinstance(places, Problem)
        assert places[1] is None


def test_a_placeholder_for_a_postcode_has_the_form_that_the_country_demands() -> None:
    dutch = Country(11, "NL", 1, False, False, True, zip_code_format="NNNN LL")
    here = market(replace(FACTS, countries={"NL": dutch}))
    places = resolve_places(replace(ORDER, delivery_address=replace(HOME, country="NL", postal_code="")), here)
    assert not isinstance(places, Problem)
    assert (places[0].postal.postcode, places[0].known_postcode) == ("0000 AA", "")


QUIET = OrderState(9, "Quiet", False, False, False, False, False, False)
FREE = replace(ORDER, grand_total=Money(ORDER.items[0].proceeds[0].amount.amount * 0, "EUR"))


@pytest.mark.parametrize(
    ("mode", "order", "state", "papers"),
    [
        ("state", ORDER, PAID, "row invoice"),
        ("state", shipped(ORDER), SHIPPED, "row invoice slip"),
        ("state", ORDER, QUIET, ""),
        ("state", ORDER, replace(PAID, invoice=False), ""),
        ("shipped", ORDER, PAID, "dated"),
        ("shipped", shipped(ORDER), SHIPPED, "row invoice slip"),
        ("never", ORDER, PAID, "dated"),
        ("never", shipped(ORDER), SHIPPED, "row slip dated"),
        ("never", ORDER, QUIET, ""),
        ("state", FREE, PAID, "dated"),
        ("state", replace(ORDER, replaces=("402-0000000-0000001",)), PAID, "dated"),
    ],
)
def test_papers(mode: str, order: Order, state: OrderState, papers: str) -> None:
    here = market(settings=MarketplaceSettings(invoices=InvoicesSettings(mode=mode)))
    found = paperwork_of(order, state, here, country=PLACE.country)
    assert [name for name in ("row", "invoice", "slip", "dated") if getattr(found, name)] == papers.split()


def test_a_shop_without_invoice_numbers_dates_its_sales() -> None:
    here = market(replace(FACTS, configuration={("PS_INVOICE", 0, 0): "0"}))
    found = paperwork_of(ORDER, PAID, here, country=None)
    assert (found.row, found.invoice, found.dated) == (True, False, True)


UNPAID = replace(PAID, id=1, paid=False)
PAID_BACK, UNPAID_BACK = (OrderState(number, "Backorder", True, True, True, False, False, True) for number in (11, 12))


@pytest.mark.parametrize(
    ("version", "settings", "kind", "state", "found"),
    [
        pytest.param("8.0.5", {}, "paid", PAID, PAID_BACK, id="up to 8.0 always"),
        pytest.param("8.1", {}, "paid", PAID, None, id="since then only if asked for"),
        pytest.param("8.1.0", {"PS_ENABLE_BACKORDER_STATUS": "1"}, "paid", PAID, PAID_BACK, id="asked for"),
        pytest.param("8.0.5", {}, "paid", UNPAID, UNPAID_BACK, id="not paid"),
        pytest.param("8.0.5", {}, "prime", PAID, None, id="a state of the configuration"),
        pytest.param("8.0.5", {}, "paid", PAID_BACK, None, id="it is there already"),
        pytest.param("8.0.5", {"PS_STOCK_MANAGEMENT": "0"}, "paid", PAID, None, id="no stock management"),
        pytest.param("", {}, "paid", PAID, None, id="an unknown version"),
    ],
)
def test_the_state_of_an_oversold_order(
    version: str, settings: dict[str, str], kind: str, state: OrderState, found: OrderState | None
) -> None:
    named: dict[str, Any] = {"PS_OS_OUTOFSTOCK_PAID": "11", "PS_OS_OUTOFSTOCK_UNPAID": "12", **settings}
    facts = replace(
        FACTS,
        version=version,
        configuration={(name, 0, 0): value for name, value in named.items()},
        states={one.id: one for one in (PAID, UNPAID, PAID_BACK, UNPAID_BACK)},
    )
    assert backorder_state(market(facts), kind, state) == found
    configured = MarketplaceSettings(orders=OrdersSettings(state_paid="2"))
    assert backorder_state(market(facts, settings=configured), kind, state) is None
