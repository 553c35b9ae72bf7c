"""What `verify` says of each damage done to a sound order: whole sentences, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderferry.prestashop.checking.taxes import places_delivered_to
from orderferry.prestashop.checking.verify_order import bare_rows, moved_by_edits, rows_of_order, verify_order
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.reading.shop_facts import read_shop_facts
from support.reading import OpenShop, opened
from support.sqlite_shop import sqlite_shop_in
from support.writing import ORDER_ID, Sold, amazon_order, importer

# Each damage with all that it leads to.
DAMAGES: dict[str, list[str]] = {
    "UPDATE {p}orders SET total_paid_tax_excl = total_paid_tax_excl - 0.01": [
        "orders.total_paid_tax_excl: 30.79 is not the sum of its parts, 30.8",
        "order_invoice.total_paid_tax_excl: 30.8 is not the order's, 30.79",
    ],
    "UPDATE {p}orders SET total_paid = 1": [
        "orders.total_paid: 1 is not the one with tax, 37.58",
    ],
    "UPDATE {p}orders SET total_paid_real = 0": [
        "orders.total_paid_real: 0 is not the sum of the payments, 37.58",
    ],
    "UPDATE {p}order_payment SET amount = amount + 1": [
        "orders.total_paid_real: 37.58 is not the sum of the payments, 38.58",
    ],
    "UPDATE {p}order_detail SET total_price_tax_incl = 29": [
        "orders.total_products_wt: 29.04 is not the sum of the lines, 29",
        "order_detail.unit_price_tax_incl: 2 units are 0.04 off the line's total",
    ],
    "UPDATE {p}order_detail SET unit_price_tax_incl = 29.04": [
        "order_detail.unit_price_tax_incl: 2 units are 29.04 off the line's total",
    ],
    "UPDATE {p}order_invoice SET total_shipping_tax_incl = 0": [
        "order_invoice.total_shipping_tax_incl: 0 is not the order's, 8.54",
    ],
    "UPDATE {p}order_invoice SET total_discount_tax_excl = 5": [
        "order_invoice.total_discount_tax_excl: 5 is not the order's, 0",
    ],
    "UPDATE {p}order_carrier SET shipping_cost_tax_excl = 0": [
        "order_carrier.shipping_cost_tax_excl: 0 is not the order's shipping, 7",
    ],
    "DELETE FROM {p}order_detail_tax": [
        (
            "order_detail_tax: a line's tax of 5.24 is missing in the invoice's tax table: the shop has no such tax "
            "(taxes.collected_by_amazon names one for tax that Amazon collects)"
        ),
    ],
    "UPDATE {p}order_detail_tax SET id_tax = 999": [
        "order_detail_tax.id_tax: there is no tax 999: the invoice leaves it out",
    ],
    "UPDATE {p}order_detail_tax SET total_amount = 4": [
        "order_detail_tax.total_amount: 4, but the invoice would show 5.24 at 22 %",
    ],
    "UPDATE {p}tax SET rate = 19 WHERE id_tax = 1": [
        "order_detail_tax.total_amount: 5.24, but the invoice would show 4.52 at 19 %",
    ],
    "UPDATE {p}order_invoice_tax SET id_tax = 999": [
        "order_invoice_tax.id_tax: there is no tax 999 for the shipping",
        "order_invoice_tax.id_tax: there is no tax 999 for the wrapping",
    ],
    "DELETE FROM {p}customer": [
        "customer: the customer's page is missing and the order page has blanks",
    ],
    "DELETE FROM {p}address": [
        "address: the order is missing in the list, and opening it fails",
        "orders.id_address_delivery: there is no address 1",
        "orders.id_address_invoice: there is no address 1",
    ],
    "DELETE FROM {p}cart": [
        "cart: the cart's page and re-ordering fail",
    ],
    "DELETE FROM {p}order_history": [
        "order_history: the history of states is empty",
    ],
    "DELETE FROM {p}order_carrier": [
        "order_carrier: weight, cost and tracking are missing",
    ],
    "DELETE FROM {p}country_lang WHERE id_country = 10 AND id_lang = 2": [
        "address.id_country: country 10 has no name: the order is missing in the list",
        "address.id_country: country 10 has no name: the order is missing in the list",
    ],
    "DELETE FROM {p}currency": [
        "orders.id_currency: there is no currency 1",
    ],
    "DELETE FROM {p}lang": [
        "orders.id_lang: there is no lang 1",
    ],
    "DELETE FROM {p}carrier": [
        "orders.id_carrier: there is no carrier 2",
    ],
    "DELETE FROM {p}product WHERE id_product = 1": [
        "order_detail.product_id: product 1 is gone: its image and stock are missing",
    ],
    "UPDATE {p}orders SET id_shop = 9": [
        "orders.id_shop: there is no shop 9",
    ],
    "UPDATE {p}orders SET current_state = 99": [
        "orders.current_state: there is no order state 99",
    ],
    "UPDATE {p}orders SET current_state = 4": [
        "order_history: the newest state is 2, not 4",
    ],
    "UPDATE {p}orders SET valid = 0": [
        "orders.valid: 0 is not the flag of state 2",
    ],
    "UPDATE {p}orders SET invoice_date = '0000-00-00 00:00:00'": [
        "orders.invoice_date: a sale without this date counts in no dashboard",
    ],
    "UPDATE {p}orders SET conversion_rate = 0": [
        "orders.conversion_rate: statistics divide by it",
    ],
    "UPDATE {p}orders SET invoice_number = 7": [
        "orders.invoice_number: 7 is not order_invoice's",
    ],
    "UPDATE {p}order_invoice SET delivery_number = 7": [
        "orders.delivery_number: 0 is not order_invoice's",
    ],
    "DELETE FROM {p}order_invoice_payment": [
        "order_invoice_payment: without it the page shows the invoice as unpaid",
    ],
    "UPDATE {p}cart SET secure_key = 'x'": [
        "cart.secure_key: differs from the order's: the buyer's pages refuse to open",
    ],
    "UPDATE {p}customer SET secure_key = 'x'": [
        "customer.secure_key: differs from the order's: the buyer's pages refuse to open",
    ],
    "UPDATE {p}cart SET delivery_option = '[]'": [
        "cart.delivery_option: is no JSON object: the cart's page fails",
    ],
    "UPDATE {p}cart SET delivery_option = 'x'": [
        "cart.delivery_option: is no JSON object: the cart's page fails",
    ],
    "UPDATE {p}customer_thread SET status = 'open'": [
        "customer_thread.status: an open thread counts as an unread ticket",
    ],
    "UPDATE {p}customer_message SET id_employee = 9": [
        "customer_message.id_employee: a private message of nobody is taken for the customer's",
    ],
    "UPDATE {p}orders SET reference = NULL": [
        "orders.total_paid_real: 37.58 is not the sum of the payments, 0",
        "order_payment: the order is shown as unpaid",
        "orders.reference: NULL makes the order page fail",
    ],
    "UPDATE {p}order_detail SET product_supplier_reference = NULL": [
        "order_detail.product_supplier_reference: NULL makes the order page fail",
    ],
    "UPDATE {p}order_detail SET product_attribute_id = NULL": [
        "order_detail.product_attribute_id: NULL makes the order page fail",
    ],
    "UPDATE {p}order_payment SET card_holder = NULL": [
        "order_payment.card_holder: NULL makes the order page fail",
    ],
    "UPDATE {p}address SET company = NULL": [
        "address.company: NULL makes the order page fail",
    ],
    "UPDATE {p}address SET phone_mobile = NULL": [
        "address.phone_mobile: NULL makes the order page fail",
    ],
    "INSERT INTO {p}order_cart_rule (id_order, id_cart_rule, name, value) VALUES (1, 1, 'x', 3)": [
        "order_cart_rule.value: 3 is not the order's discount, 0",
    ],
    "UPDATE {p}orders SET id_carrier=0": [],
    "UPDATE {p}orders SET id_address_invoice=99": [
        "orders.id_address_invoice: there is no address 99",
    ],
    "DELETE FROM {p}order_payment": [
        "orders.total_paid_real: 37.58 is not the sum of the payments, 0",
        "order_payment: the order is shown as unpaid",
    ],
    "DELETE FROM {p}order_detail": [
        "orders.total_products_wt: 29.04 is not the sum of the lines, 0",
        "orders.total_products: 23.8 is not the sum of the lines, 0",
        "order_detail: the order has no lines",
    ],
    "DELETE FROM {p}order_invoice": [
        "orders.invoice_number: 1 is not order_invoice's",
    ],
    "UPDATE {p}orders SET total_products=1": [
        "orders.total_paid_tax_excl: 30.8 is not the sum of its parts, 8",
        "orders.total_products: 1 is not the sum of the lines, 23.8",
        "order_invoice.total_products: 23.8 is not the order's, 1",
    ],
    "UPDATE {p}orders SET total_discounts=1": [
        "orders.total_discounts: 1 is not the one with tax, 0",
    ],
    "UPDATE {p}orders SET total_wrapping=1, total_shipping=1": [
        "orders.total_shipping: 1 is not the one with tax, 8.54",
        "orders.total_wrapping: 1 is not the one with tax, 0",
    ],
    "UPDATE {p}orders SET invoice_date=''": [
        "orders.invoice_date: a sale without this date counts in no dashboard",
    ],
    "UPDATE {p}orders SET invoice_date='',valid=0": [
        "orders.valid: 0 is not the flag of state 2",
    ],
    "UPDATE {p}order_detail SET product_reference=NULL,product_mpn=NULL": [
        "order_detail.product_reference: NULL makes the order page fail",
        "order_detail.product_mpn: NULL makes the order page fail",
    ],
    "UPDATE {p}order_payment SET transaction_id=NULL,card_number=NULL,card_brand=NULL,card_expiration=NULL": [
        "order_payment.transaction_id: NULL makes the order page fail",
        "order_payment.card_number: NULL makes the order page fail",
        "order_payment.card_brand: NULL makes the order page fail",
        "order_payment.card_expiration: NULL makes the order page fail",
    ],
    "UPDATE {p}address SET address2=NULL,postcode=NULL,phone=NULL": [
        "address.address2: NULL makes the order page fail",
        "address.postcode: NULL makes the order page fail",
        "address.phone: NULL makes the order page fail",
    ],
    "UPDATE {p}customer_message SET id_employee=9, private=0": [],
    "UPDATE {p}order_detail SET unit_price_tax_excl=unit_price_tax_excl+0.01": [],
    "UPDATE {p}order_detail SET unit_price_tax_incl=unit_price_tax_incl+0.005": [
        "order_detail.unit_price_tax_incl: 2 units are 0.010 off the line's total",
    ],
    "UPDATE {p}order_detail SET unit_price_tax_incl=unit_price_tax_incl+0.004": [],
    (
        "UPDATE {p}order_invoice SET "
        "total_products=1,total_products_wt=2,total_paid_tax_incl=3,total_paid_tax_excl=4,total_shipping_tax_excl=5,"
        "total_wrapping_tax_incl=6,total_wrapping_tax_excl=7,total_discount_tax_incl=8"
    ): [
        "order_invoice.total_products: 1 is not the order's, 23.8",
        "order_invoice.total_products_wt: 2 is not the order's, 29.04",
        "order_invoice.total_paid_tax_incl: 3 is not the order's, 37.58",
        "order_invoice.total_paid_tax_excl: 4 is not the order's, 30.8",
        "order_invoice.total_shipping_tax_excl: 5 is not the order's, 7",
        "order_invoice.total_wrapping_tax_incl: 6 is not the order's, 0",
        "order_invoice.total_wrapping_tax_excl: 7 is not the order's, 0",
        "order_invoice.total_discount_tax_incl: 8 is not the order's, 0",
    ],
    "UPDATE {p}order_detail_tax SET total_amount=total_amount+0.04": [
        "order_detail_tax.total_amount: 5.28, but the invoice would show 5.24 at 22 %",
    ],
    "UPDATE {p}order_detail_tax SET total_amount=total_amount+0.05": [
        "order_detail_tax.total_amount: 5.29, but the invoice would show 5.24 at 22 %",
    ],
    "UPDATE {p}orders SET conversion_rate=-1": [
        "orders.conversion_rate: statistics divide by it",
    ],
    "UPDATE {p}orders SET delivery_number=3": [
        "orders.delivery_number: 3 is not order_invoice's",
    ],
    "INSERT INTO {p}order_history (id_order,id_order_state,id_employee,date_add) VALUES (1,5,0,'2020-01-01')": [
        "order_history: the newest state is 5, not 2",
    ],
    "INSERT INTO {p}order_cart_rule (id_order, id_cart_rule, name, value, deleted) VALUES (1, 1, 'x', 3, 1)": [],
    "UPDATE {p}cart SET delivery_option='{}'": [],
}


# Each change of order or shop with all that an edit would then move.
EDITS: dict[str, list[str]] = {
    "DELETE FROM {p}cart_product": [
        "cart_product: the order can't be edited: its cart lacks product 1",
    ],
    "DELETE FROM {p}product WHERE id_product=1": [
        "order_detail.product_id: a line of 29.04 without a product is left out of the total",
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 8.54 (net 7.00)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 8.54 (net 7.00)",
    ],
    "UPDATE {p}order_detail SET product_id=0": [
        "order_detail.product_id: a line of 29.04 without a product is left out of the total",
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 8.54 (net 7.00)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 8.54 (net 7.00)",
    ],
    "UPDATE {p}product_shop SET id_tax_rules_group=2": [
        "order_detail_tax.id_tax: product 1 is taxed with 22 % here and 10 % by its own group",
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 34.72 (net 30.80)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 37.58 (net 33.40)",
    ],
    "UPDATE {p}product SET id_tax_rules_group=2": [],
    "DELETE FROM {p}product_shop": [],
    "DELETE FROM {p}product_shop; UPDATE {p}product SET id_tax_rules_group=2": [
        "order_detail_tax.id_tax: product 1 is taxed with 22 % here and 10 % by its own group",
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 34.72 (net 30.80)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 37.58 (net 33.40)",
    ],
    "UPDATE {p}product_shop SET id_tax_rules_group=0": [
        "order_detail_tax.id_tax: product 1 is taxed with 22 % here and 0 % by its own group",
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 32.34 (net 30.80)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 37.58 (net 36.04)",
    ],
    (
        "UPDATE {p}product_shop SET id_tax_rules_group=0; UPDATE {p}order_detail SET "
        "unit_price_tax_excl=unit_price_tax_incl,total_price_tax_excl=total_price_tax_incl"
    ): [
        (
            "order_detail_tax: a change of address drops the row of 0 % on 29.04: its net then stands under other "
            "rates in the invoice's table of taxes, the totals stay (a tax rules group with a rule of 0 % keeps it)"
        ),
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 37.58 (net 36.04)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 37.58 (net 36.04)",
    ],
    "INSERT INTO {p}configuration (name,value,date_add,date_upd) VALUES ('PS_ORDER_RECALCULATE_SHIPPING','1','','')": [
        (
            "orders.total_shipping: the shipping of 8.54 becomes the carrier's own price "
            "(PS_ORDER_RECALCULATE_SHIPPING is 1)"
        ),
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 29.04 (net 23.80)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 29.04 (net 23.80)",
    ],
    (
        "INSERT INTO {p}configuration (name,value,date_add,date_upd) VALUES ('PS_GIFT_WRAPPING_PRICE','2.5','',''); "
        "UPDATE {p}cart SET gift=1; UPDATE {p}orders SET "
        "total_wrapping_tax_incl=4,total_wrapping_tax_excl=3,total_paid_tax_incl=41.58,total_paid_tax_excl=33.80"
    ): [
        "orders.total_wrapping: the gift wrapping of 4.00 becomes the shop's own price or 0",
        "orders.total_paid: a change of the delivery address makes 41.58 (net 33.80) into 40.08 (net 33.30)",
        "orders.total_paid: adding a product makes 41.58 (net 33.80) into 40.08 (net 33.30)",
    ],
    "UPDATE {p}orders SET id_carrier=0": [
        (
            "order_slip.total_shipping_tax_incl: a standard refund pays 7.00 back for the shipping of 8.54, at the "
            "carrier's own rate: a partial refund lets you enter the amount"
        ),
    ],
    "UPDATE {p}orders SET id_carrier=1": [
        "orders.carrier_tax_rate: the shipping's rate of 22 % becomes the carrier's, 0 %",
        (
            "order_slip.total_shipping_tax_incl: a standard refund pays 7.00 back for the shipping of 8.54, at the "
            "carrier's own rate: a partial refund lets you enter the amount"
        ),
    ],
    "UPDATE {p}orders SET id_carrier=1, carrier_tax_rate=0, total_shipping_tax_excl=8.54,total_paid_tax_excl=32.34": [],
    "UPDATE {p}orders SET carrier_tax_rate=10": [
        "orders.carrier_tax_rate: the shipping's rate of 10 % becomes the carrier's, 22 %",
    ],
    "UPDATE {p}order_detail SET unit_price_tax_excl=16.31": [
        "order_detail_tax.id_tax: product 1 is taxed with -10.975 % here and 22 % by its own group",
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 48.34 (net 39.62)",
    ],
    "UPDATE {p}order_detail SET unit_price_tax_incl=16.31": [
        "order_detail_tax.id_tax: product 1 is taxed with 37.04 % here and 22 % by its own group",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 41.16 (net 33.74)",
    ],
    "UPDATE {p}address SET id_country=(SELECT id_country FROM {p}country WHERE iso_code='DE')": [
        "order_detail_tax.id_tax: product 1 is taxed with 22 % here and 19 % by its own group",
        "orders.carrier_tax_rate: the shipping's rate of 22 % becomes the carrier's, 19 %",
        (
            "order_slip.total_shipping_tax_incl: a standard refund pays 8.33 back for the shipping of 8.54, at the "
            "carrier's own rate: a partial refund lets you enter the amount"
        ),
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 36.87 (net 30.80)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 37.58 (net 31.40)",
    ],
    "UPDATE {p}address SET id_country=(SELECT id_country FROM {p}country WHERE iso_code='US')": [
        "order_detail_tax.id_tax: product 1 is taxed with 22 % here and 0 % by its own group",
        "orders.carrier_tax_rate: the shipping's rate of 22 % becomes the carrier's, 0 %",
        (
            "order_slip.total_shipping_tax_incl: a standard refund pays 7.00 back for the shipping of 8.54, at the "
            "carrier's own rate: a partial refund lets you enter the amount"
        ),
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 32.34 (net 30.80)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 37.58 (net 36.04)",
    ],
    "UPDATE {p}orders SET id_address_delivery=99": [
        "order_detail_tax.id_tax: product 1 is taxed with 22 % here and 0 % by its own group",
        "orders.carrier_tax_rate: the shipping's rate of 22 % becomes the carrier's, 0 %",
        (
            "order_slip.total_shipping_tax_incl: a standard refund pays 7.00 back for the shipping of 8.54, at the "
            "carrier's own rate: a partial refund lets you enter the amount"
        ),
        "orders.total_paid: a change of the delivery address makes 37.58 (net 30.80) into 32.34 (net 30.80)",
        "orders.total_paid: adding a product makes 37.58 (net 30.80) into 37.58 (net 36.04)",
    ],
    (
        "INSERT INTO {p}order_cart_rule (id_order, id_cart_rule, name, value) VALUES (1, 1, 'x', 3); UPDATE "
        "{p}orders SET "
        "total_discounts_tax_incl=3,total_discounts_tax_excl=2.46,total_paid_tax_incl=34.58,total_paid_tax_excl=28.34"
    ): [
        "order_cart_rule: the discount of 3.00 is dropped: its rule is not in the cart",
        "orders.total_paid: a change of the delivery address makes 34.58 (net 28.34) into 37.58 (net 30.80)",
        "orders.total_paid: adding a product makes 34.58 (net 28.34) into 37.58 (net 30.80)",
    ],
    (
        "INSERT INTO {p}order_cart_rule (id_order, id_cart_rule, name, value,deleted) VALUES (1, 1, 'x', 3,1); "
        "UPDATE {p}orders SET "
        "total_discounts_tax_incl=3,total_discounts_tax_excl=2.46,total_paid_tax_incl=34.58,total_paid_tax_excl=28.34"
    ): [
        "orders.total_paid: a change of the delivery address makes 34.58 (net 28.34) into 37.58 (net 30.80)",
        "orders.total_paid: adding a product makes 34.58 (net 28.34) into 37.58 (net 30.80)",
    ],
    "DELETE FROM {p}orders": [],
    "DELETE FROM {p}orderferry_order": [],
}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShop]:
    """A shop with one imported order, invoiced."""
    folder = tmp_path_factory.mktemp("verified")
    shop = sqlite_shop_in(folder)
    with_order = importer(shop, folder)
    with_order.take(amazon_order(Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54")))
    with_order.shop.close()
    with opened(shop) as found:
        yield found
    shop.close()


@pytest.fixture
def statements(imported: OpenShop) -> Iterator[Statements]:
    """The statements of a test, which are taken back at its end."""
    with imported.database.reading("verifying") as connection:
        yield Statements(connection, imported.tables)


def test_a_sound_order_has_no_findings(imported: OpenShop, statements: Statements) -> None:
    assert verify_order(statements, imported.facts, ORDER_ID) == ()
    assert moved_by_edits(statements, imported.facts, ORDER_ID) == ()


@pytest.mark.parametrize(("damage", "expected"), DAMAGES.items(), ids=DAMAGES.keys())
def test_each_damage_is_told(imported: OpenShop, statements: Statements, damage: str, expected: list[str]) -> None:
    statements.connection.exec_driver_sql(damage.replace("{p}", "ps_"))

    assert list(map(str, verify_order(statements, imported.facts, ORDER_ID))) == expected


@pytest.mark.parametrize(("change", "expected"), EDITS.items(), ids=EDITS.keys())
def test_what_an_edit_would_move(imported: OpenShop, statements: Statements, change: str, expected: list[str]) -> None:
    for statement in change.split("; "):
        statements.connection.exec_driver_sql(statement.replace("{p}", "ps_"))
    facts = read_shop_facts(statements.connection, imported.tables)

    assert list(map(str, moved_by_edits(statements, facts, ORDER_ID))) == expected


def test_the_places_that_orders_went_to(statements: Statements) -> None:
    assert places_delivered_to(statements.connection, statements.tables) == {"IT"}
    statements.update("address", {"postcode": "9000-001", "id_country": 15}, {"id_address": 1})
    assert places_delivered_to(statements.connection, statements.tables) == {"PT-30"}


def test_an_order_that_is_not_there(imported: OpenShop, statements: Statements) -> None:
    (unknown,) = verify_order(statements, imported.facts, "402-0000000-0000000")
    assert str(unknown) == "orderferry_order: this order was never imported"
    assert rows_of_order(statements, "402-0000000-0000000") == {}
    statements.delete("orders", {"id_order": 1})
    (gone,) = verify_order(statements, imported.facts, ORDER_ID)
    assert str(gone) == "orders: the order's row is gone"
    assert rows_of_order(statements, ORDER_ID).keys() == {"orderferry_order"}


def test_the_rows_that_show_prints_are_complete_and_masked(statements: Statements) -> None:
    shown = rows_of_order(statements, ORDER_ID)

    assert {table: len(rows) for table, rows in shown.items()} == {
        "orderferry_order": 1,
        "orders": 1,
        "order_detail": 1,
        "order_history": 1,
        "order_carrier": 1,
        "order_invoice": 1,
        "customer_thread": 1,
        "customer": 1,
        "address": 1,
        "cart": 1,
        "cart_product": 1,
        "order_payment": 1,
        "order_detail_tax": 1,
        "order_invoice_tax": 2,
        "order_invoice_payment": 1,
        "customer_message": 1,
    }
    for table, hidden in MASKED.items():
        (row,) = shown[table]
        assert {column for column, value in row.items() if value == "***"} == set(hidden.split()), table


MASKED = {
    "orders": "note secure_key",
    "customer_thread": "email token",
    "customer": "birthday email firstname lastname passwd secure_key",
    "address": "address1 address2 dni firstname lastname phone postcode",
    "cart": "secure_key",
    "customer_message": "message",
    "order_payment": "",
    "orderferry_order": "",
}


# All other texts of a buyer's rows are masked, whoever has filled them.
SHOWN_TEXTS = {
    "customer": "",
    "address": "alias city",
    "cart": "delivery_option",
    "customer_thread": "status",
    "customer_message": "",
    "order_invoice": "shop_address",
}


def test_no_other_text_of_a_buyer_is_shown(statements: Statements) -> None:
    for table in SHOWN_TEXTS:
        texts = [column.name for column in statements.tables.live[table].texts]
        statements.update(table, dict.fromkeys(texts, "Zoe"), {})
    shown = rows_of_order(statements, ORDER_ID)

    for table, visible in SHOWN_TEXTS.items():
        assert {column for row in shown[table] for column, text in row.items() if text == "Zoe"} == set(visible.split())


def test_a_second_address_and_a_rule_of_the_order_are_shown_too(statements: Statements) -> None:
    statements.insert("address", {"id_address": 9, "id_country": 10, "alias": "x", "firstname": "A", "lastname": "B"})
    statements.update("orders", {"id_address_invoice": 9}, {"id_order": 1})
    statements.insert("order_cart_rule", {"id_order": 1, "id_cart_rule": 1, "name": "x", "value": 0})
    rows = bare_rows(statements, ORDER_ID)

    assert [row["id_address"] for row in rows["address"]] == [1, 9]
    assert [row["name"] for row in rows["order_cart_rule"]] == ["x"]
