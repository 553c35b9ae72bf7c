"""Each kind of row as a whole record: every column that an accountant or a merchant sees, and no other column.

The expected values are those that PrestaShop itself writes (prestashop-order-writing: the rows of one paid order).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.config.model import MarketplaceSettings, OrdersSettings
from orderferry.domain.orders import Channel, Package, ProceedsType
from orderferry.domain.pricing.priced_order import Amount, PricedCharge, TaxShare
from orderferry.domain.pricing.tax_law import TaxScheme
from orderferry.prestashop.database.values import DraftValue, Ref
from orderferry.prestashop.facts import FeeKey, ShopUnit
from orderferry.prestashop.planning.order_lines import hidden_product
from orderferry.prestashop.planning.resolved_order import Account, Paperwork, Place, ResolvedLine, ResolvedOrder
from orderferry.prestashop.rows.drafts import Draft
from orderferry.prestashop.rows.invoice import invoice_payment_rows, invoice_rows, invoice_tax_rows
from orderferry.prestashop.rows.lines import line_rows, sale_row
from orderferry.prestashop.rows.message import message_rows
from orderferry.prestashop.rows.new_order import marker_extras, marker_of
from orderferry.prestashop.rows.order import carrier_row, cart_rows, history_row, order_row, payment_row
from orderferry.prestashop.rows.people import address_rows, customer_rows
from support.resolved_orders import (
    MUG,
    ORDER,
    PLACE,
    POSTAL,
    SHIPPED,
    amount,
    market,
    priced_line,
    priced_order,
    resolved,
)
from support.writing import PURCHASED

WRITTEN = "2026-11-23 08:12:35"
NO_MOMENT = "0000-00-00 00:00:00"
NO_TAX_YET = Decimal(0)
GIFT_BOX = replace(
    MUG,
    id_product=16,
    id_product_attribute=31,
    names={4: "Scatola (Colore: Rosso)"},
    reference="BOX-R",
    supplier_reference="SUP-R",
    ean13="4006381333931",
    upc="036000291452",
    isbn="9783161484100",
    mpn="MPN-R",
    weight=Decimal("1.250"),
    wholesale_price=Decimal("3.10"),
    purchase_supplier_price=Decimal("3.05"),
    id_tax_rules_group=8,
    stock_quantity=1,
    ecotax=Decimal("0.20"),
)
COD = FeeKey(ProceedsType.COD_FEE, 8)
BOXES = ResolvedLine(
    priced_line(
        3,
        unit=amount("10.000000", "12.200000"),
        total=amount("30.00", "36.60"),
        promotion=Decimal("3.66"),
        reduction=amount("1.000000", "1.220000"),
    ),
    (ORDER.items[0],),
    GIFT_BOX,
    tax_name="IVA IT 22%",
)
FREE_LINE = ResolvedLine(
    priced_line(1, unit=amount("5.000000", "5.000000"), total=amount("5.00", "5.00"), rate=Decimal(0), tax_key=""),
    (replace(ORDER.items[0], item_id="2", sku="GONE-1", title="A thing of the past"),),
)
FEE_LINE = ResolvedLine(
    priced_line(
        1,
        kind=ProceedsType.COD_FEE,
        item_ids=(),
        unit=amount("2.000000", "2.440000"),
        total=amount("2.00", "2.44"),
    ),
    product=hidden_product(COD, 80),
    tax_name="IVA IT 22%",
    fee=COD,
)
OFFICE = Place(
    replace(POSTAL, firstname="Anna", lastname="Verdi", company="Verdi S.r.l.", address1="Via Po 2", address2=""),
    replace(PLACE.country, id=11),
    184,
    vat_number="IT01234567890",
    dni="00000",
)


def everything(**more: Any) -> ResolvedOrder:
    """Return an order with one of each kind of row, in a shop in which no two ids are the same."""
    lines = (BOXES, FREE_LINE, FEE_LINE)
    order = replace(
        ORDER,
        items=(replace(ORDER.items[0], quantity=3, gift_message="Auguri"), *FREE_LINE.items),
        packages=(Package("1", carrier="BRT", tracking_number="1Z999", ship_time=PURCHASED),),
        programs=("PRIME",),
    )
    values: dict[str, Any] = {
        "order": order,
        "priced": priced_order(
            lines=tuple(line.priced for line in lines),
            shipping=PricedCharge(amount("7.00", "8.54"), Decimal(22), "1"),
            wrapping=PricedCharge(amount("2.00", "2.44"), Decimal(22), "1"),
            total=amount("46.00", "55.02"),
        ),
        "market": market(
            settings=MarketplaceSettings(orders=OrdersSettings(module_name="orderferry")),
            shop=ShopUnit(5, 3, "Shop", False, False, False),
            id_lang=4,
            language="it",
            carrier_groups={7: 12},
            round_mode=5,
            round_type=1,
            invoice_address="Shop - Via Roma 1 - 20121 Milano",
            seller="A1SELLER",
        ),
        "currency": replace(resolved().currency, id=9),
        "conversion_rate": Decimal("11.5"),
        "carrier_tax_rate": Decimal("22.000"),
        "ecotax_tax_rate": Decimal(22),
        "state": SHIPPED,
        "id_carrier": 7,
        "account": Account("order", "402@amazon.invalid", "Mario", "Rossi", "Verdi S.r.l.", 13),
        "invoice_place": OFFICE,
        "lines": lines,
        "paperwork": Paperwork(row=True, invoice=True, slip=True, wrapping_tax=1),
        "payment_label": "Amazon.it",
        "tax_scheme": TaxScheme.DOMESTIC,
        **more,
    }
    return resolved(values.pop("order"), **values)


def test_an_order() -> None:
    assert order_row(everything()) == Draft(
        "orders",
        {
            "reference": Ref("reference"),
            "id_shop_group": 3,
            "id_shop": 5,
            "id_carrier": 7,
            "id_lang": 4,
            "id_customer": Ref("customer"),
            "id_cart": Ref("cart"),
            "id_currency": 9,
            "id_address_delivery": Ref("address_delivery"),
            "id_address_invoice": Ref("address_invoice"),
            "current_state": 4,
            "secure_key": Ref("secure_key"),
            "payment": "Amazon.it",
            "conversion_rate": Decimal("11.5"),
            "module": "orderferry",
            "recyclable": 0,
            "gift": 1,
            "gift_message": "Auguri",
            "mobile_theme": 0,
            "total_discounts": 0,
            "total_discounts_tax_incl": 0,
            "total_discounts_tax_excl": 0,
            "total_paid": Decimal("55.02"),
            "total_paid_tax_incl": Decimal("55.02"),
            "total_paid_tax_excl": Decimal("46.00"),
            "total_paid_real": Decimal("55.02"),
            "total_products": Decimal("37.00"),
            "total_products_wt": Decimal("44.04"),
            "total_shipping": Decimal("8.54"),
            "total_shipping_tax_incl": Decimal("8.54"),
            "total_shipping_tax_excl": Decimal("7.00"),
            "total_wrapping": Decimal("2.44"),
            "total_wrapping_tax_incl": Decimal("2.44"),
            "total_wrapping_tax_excl": Decimal("2.00"),
            "carrier_tax_rate": 22,
            "round_mode": 5,
            "round_type": 1,
            "invoice_number": 0,
            "delivery_number": 0,
            "invoice_date": NO_MOMENT,
            "delivery_date": NO_MOMENT,
            "valid": 1,
            "shipping_number": "",
            "date_add": "2026-11-22 19:30:00",
            "date_upd": WRITTEN,
            "note": "Amazon 402-1234567-1234567 | Purchased: 2026-11-22 19:30 | Imported: 2026-11-23 08:12 | "
            "Service level: STANDARD | Ship by: 2026-11-23 19:30 to 2026-11-24 19:30 | "
            "Deliver by: 2026-11-27 19:30 | Programs: Prime",
        },
        name="order",
    )


def test_a_cart_and_its_products() -> None:
    addresses: dict[str, DraftValue] = {
        "id_address_delivery": Ref("address_delivery"),
        "id_address_invoice": Ref("address_invoice"),
    }
    cart, product, fee = cart_rows(everything())

    assert cart == Draft(
        "cart",
        {
            **addresses,
            "id_shop_group": 3,
            "id_shop": 5,
            "id_carrier": 7,
            "delivery_option": ('{"', Ref("address_delivery"), '":"', 7, ',"}'),
            "id_lang": 4,
            "id_currency": 9,
            "id_customer": Ref("customer"),
            "id_guest": 0,
            "secure_key": Ref("secure_key"),
            "recyclable": 0,
            "gift": 1,
            "gift_message": "Auguri",
            "mobile_theme": 0,
            "allow_seperated_package": 0,
            "date_add": WRITTEN,
            "date_upd": WRITTEN,
            "checkout_session_data": None,
        },
        name="cart",
    )
    record: dict[str, DraftValue] = {
        "id_cart": Ref("cart"),
        "id_product": 16,
        "id_address_delivery": Ref("address_delivery"),
        "id_shop": 5,
        "id_product_attribute": 31,
        "id_customization": 0,
        "quantity": 3,
        "date_add": WRITTEN,
    }
    assert product == Draft("cart_product", record)
    assert fee == Draft("cart_product", {**record, "id_product": 80, "id_product_attribute": 0, "quantity": 1})


def test_from_version_9_on_a_product_in_the_cart_has_no_address() -> None:
    unaddressed = everything(market=market(cart_lines_addressed=False))

    assert [row.values["id_address_delivery"] for row in cart_rows(unaddressed)[1:]] == [0, 0]


def test_two_lines_of_one_product_are_one_row_of_the_cart() -> None:
    _, *products = cart_rows(everything(lines=(BOXES, FREE_LINE, BOXES)))

    assert [row.values["quantity"] for row in products] == [6]


def test_lines_and_their_taxes() -> None:
    box, box_tax, free, fee, fee_tax = line_rows(everything())

    nothing: dict[str, DraftValue] = {
        "id_customization": 0,
        "id_warehouse": 0,
        "product_quantity_refunded": 0,
        "product_quantity_return": 0,
        "product_quantity_reinjected": 0,
        "reduction_percent": 0,
        "group_reduction": 0,
        "product_quantity_discount": 0,
        "tax_computation_method": 0,
        "discount_quantity_applied": 0,
        "download_hash": "",
        "download_nb": 0,
        "download_deadline": NO_MOMENT,
        "total_shipping_price_tax_incl": 0,
        "total_shipping_price_tax_excl": 0,
        "total_refunded_tax_excl": 0,
        "total_refunded_tax_incl": 0,
    }
    shared: dict[str, DraftValue] = {
        **nothing,
        "id_order": Ref("order"),
        "id_order_invoice": Ref("order_invoice"),
        "id_shop": 5,
    }
    codeless = dict.fromkeys(
        ("product_ean13", "product_isbn", "product_upc", "product_mpn", "product_supplier_reference"), ""
    )
    assert box == Draft(
        "order_detail",
        {
            **shared,
            "product_id": 16,
            "product_attribute_id": 31,
            "product_name": "Scatola (Colore: Rosso)",
            "product_quantity": 3,
            "product_quantity_in_stock": 1,
            "product_price": 10,
            "original_product_price": 11,
            "reduction_amount": Decimal("1.22"),
            "reduction_amount_tax_incl": Decimal("1.22"),
            "reduction_amount_tax_excl": 1,
            "product_reference": "BOX-R",
            "product_supplier_reference": "SUP-R",
            "product_ean13": "4006381333931",
            "product_upc": "036000291452",
            "product_isbn": "9783161484100",
            "product_mpn": "MPN-R",
            "product_weight": Decimal("1.250"),
            "id_tax_rules_group": 8,
            "purchase_supplier_price": Decimal("3.05"),
            "original_wholesale_price": Decimal("3.10"),
            "ecotax": Decimal("2.300"),  # 0.20 in the shop's currency
            "ecotax_tax_rate": 22,
            "tax_name": "IVA IT 22%",
            "tax_rate": 22,
            "total_price_tax_incl": Decimal("36.60"),
            "total_price_tax_excl": 30,
            "unit_price_tax_incl": Decimal("12.20"),
            "unit_price_tax_excl": 10,
        },
        name="order_detail_0",
        close=True,
    )
    assert box_tax == Draft(
        "order_detail_tax",
        {
            "id_order_detail": Ref("order_detail_0"),
            "id_tax": 1,
            "unit_amount": Decimal("2.20"),
            "total_amount": Decimal("6.60"),
        },
    )
    assert free == Draft(
        "order_detail",
        {
            **shared,
            **codeless,
            "product_id": 0,
            "product_attribute_id": 0,
            "product_name": "A thing of the past",
            "product_quantity": 1,
            "product_quantity_in_stock": 0,
            "product_price": 5,
            "original_product_price": 5,
            "reduction_amount": 0,
            "reduction_amount_tax_incl": 0,
            "reduction_amount_tax_excl": 0,
            "product_reference": "GONE-1",
            "product_weight": 0,
            "id_tax_rules_group": 0,
            "purchase_supplier_price": 0,
            "original_wholesale_price": 0,
            "ecotax": 0,
            "ecotax_tax_rate": 0,
            "tax_name": "",
            "tax_rate": 0,
            "total_price_tax_incl": 5,
            "total_price_tax_excl": 5,
            "unit_price_tax_incl": 5,
            "unit_price_tax_excl": 5,
        },
        name="order_detail_1",
        close=True,
    )
    assert fee == Draft(
        "order_detail",
        {
            **shared,
            **codeless,
            "product_id": 80,
            "product_attribute_id": 0,
            "product_name": "Contributo per il contrassegno",
            "product_quantity": 1,
            "product_quantity_in_stock": 1,
            "product_price": 2,
            "original_product_price": 2,
            "reduction_amount": 0,
            "reduction_amount_tax_incl": 0,
            "reduction_amount_tax_excl": 0,
            "product_reference": "orderferry-cod-fee",
            "product_weight": 0,
            "id_tax_rules_group": 8,
            "purchase_supplier_price": 0,
            "original_wholesale_price": 0,
            "ecotax": 0,
            "ecotax_tax_rate": 0,
            "tax_name": "IVA IT 22%",
            "tax_rate": 22,
            "total_price_tax_incl": Decimal("2.44"),
            "total_price_tax_excl": 2,
            "unit_price_tax_incl": Decimal("2.44"),
            "unit_price_tax_excl": 2,
        },
        name="order_detail_2",
        close=True,
    )
    assert fee_tax == Draft(
        "order_detail_tax",
        {
            "id_order_detail": Ref("order_detail_2"),
            "id_tax": 1,
            "unit_amount": Decimal("0.44"),
            "total_amount": Decimal("0.44"),
        },
    )


def test_a_placeholder_has_the_codes_of_nobody_and_the_name_and_sku_that_amazon_gives() -> None:
    stand_in = replace(BOXES, product=replace(GIFT_BOX, stands_in=True))
    row = line_rows(everything(lines=(stand_in,)))[0].values

    told = {
        "product_id": 16,
        "product_attribute_id": 31,
        "product_name": "Title of demo_11",
        "product_reference": "demo_11",
        "product_supplier_reference": "",
        "product_ean13": "",
        "product_upc": "",
        "product_isbn": "",
        "product_mpn": "",
        "ecotax": 0,
        "ecotax_tax_rate": 0,
        "product_weight": Decimal("1.250"),
        "id_tax_rules_group": 8,
        "original_wholesale_price": Decimal("3.10"),
    }
    assert {name: row[name] for name in told} == told


def test_a_product_without_a_suppliers_price_was_bought_at_its_wholesale_price() -> None:
    cheap = replace(BOXES, product=replace(GIFT_BOX, purchase_supplier_price=Decimal(0)))
    row = line_rows(everything(lines=(cheap,)))[0].values

    assert (row["purchase_supplier_price"], row["original_wholesale_price"]) == (Decimal("3.10"), Decimal("3.10"))


@pytest.mark.parametrize(
    ("way", "taxed", "untaxed"),
    [
        ("named", ("IVA IT 22%", 22), ("", 0)),
        ("empty", ("", 0), ("", 0)),
        ("deprecated", ("deprecated", 22), ("deprecated", 0)),
    ],
)
def test_the_tax_of_a_line_by_version(way: str, taxed: tuple[str, int], untaxed: tuple[str, int]) -> None:
    box, _, free, *_ = line_rows(everything(market=market(tax_columns=way)))

    assert (box.values["tax_name"], box.values["tax_rate"]) == taxed
    assert (free.values["tax_name"], free.values["tax_rate"]) == untaxed


def test_an_invoice_with_its_taxes_and_its_payment() -> None:
    made = everything()

    assert invoice_rows(made) == [
        Draft(
            "order_invoice",
            {
                "id_order": Ref("order"),
                "number": 0,
                "delivery_number": 0,
                "delivery_date": NO_MOMENT,
                "total_discount_tax_excl": 0,
                "total_discount_tax_incl": 0,
                "total_paid_tax_excl": Decimal("46.00"),
                "total_paid_tax_incl": Decimal("55.02"),
                "total_products": Decimal("37.00"),
                "total_products_wt": Decimal("44.04"),
                "total_shipping_tax_excl": Decimal("7.00"),
                "total_shipping_tax_incl": Decimal("8.54"),
                "total_wrapping_tax_excl": Decimal("2.00"),
                "total_wrapping_tax_incl": Decimal("2.44"),
                "shipping_tax_computation_method": 0,
                "shop_address": "Shop - Via Roma 1 - 20121 Milano",
                "invoice_address": "",
                "delivery_address": "",
                "note": "",
                "date_add": WRITTEN,
            },
            name="order_invoice",
        )
    ]
    assert invoice_tax_rows(made) == [
        _invoice_tax("shipping", 1, "1.54"),
        _invoice_tax("wrapping", 1, "0.44"),
    ]
    assert invoice_payment_rows(made) == [
        Draft(
            "order_invoice_payment",
            {
                "id_order_invoice": Ref("order_invoice"),
                "id_order_payment": Ref("order_payment"),
                "id_order": Ref("order"),
            },
        )
    ]


def _invoice_tax(kind: str, id_tax: int, tax: str) -> Draft:
    return Draft(
        "order_invoice_tax",
        {"id_order_invoice": Ref("order_invoice"), "type": kind, "id_tax": id_tax, "amount": Decimal(tax)},
    )


FREE = PricedCharge(amount("2.00", "2.00"), Decimal(0))
TAXED = PricedCharge(amount("7.00", "8.54"), Decimal(22), "1")
OF_TWO_RATES = PricedCharge(
    amount("7.00", "7.94"),
    Decimal(22),
    "1",
    shares=(
        TaxShare(Decimal(22), "1", amount("2.00", "2.44")),
        TaxShare(Decimal(10), "2", amount("5.00", "5.50")),
    ),
)


@pytest.mark.parametrize(
    ("shipping", "wrapping", "rows"),
    [
        (OF_TWO_RATES, TAXED, [("shipping", 1, "0.44"), ("shipping", 2, "0.50"), ("wrapping", 1, "1.54")]),
        (FREE, TAXED, [("shipping", 9, "0"), ("wrapping", 1, "1.54")]),
        (TAXED, FREE, [("shipping", 1, "1.54"), ("wrapping", 9, "0")]),
        # without wrapping PrestaShop has a row of the tax that it would have
        (TAXED, PricedCharge(Amount(), Decimal(0)), [("shipping", 1, "1.54"), ("wrapping", 6, "0")]),
    ],
    ids=["two rates", "free of tax", "wrapping free of tax", "no wrapping"],
)
def test_the_taxes_of_shipping_and_wrapping(
    shipping: PricedCharge, wrapping: PricedCharge, rows: list[tuple[str, int, str]]
) -> None:
    made = everything(
        priced=replace(everything().priced, shipping=shipping, wrapping=wrapping),
        zero_tax=9,
        paperwork=Paperwork(row=True, invoice=True, wrapping_tax=6),
    )

    assert invoice_tax_rows(made) == [_invoice_tax(*row) for row in rows]


def test_an_order_without_any_tax_has_no_row_of_a_tax() -> None:
    untaxed = replace(everything().priced, lines=(FREE_LINE.priced,), shipping=FREE, wrapping=FREE)
    made = everything(priced=untaxed, lines=(FREE_LINE,), zero_tax=9)

    assert invoice_tax_rows(made) == []
    assert [row.table for row in line_rows(made)] == ["order_detail"]


def test_a_payment() -> None:
    assert payment_row(everything()) == Draft(
        "order_payment",
        {
            "order_reference": Ref("reference"),
            "id_currency": 9,
            "amount": Decimal("55.02"),
            "payment_method": "Amazon.it",
            "conversion_rate": 1,
            "transaction_id": "402-1234567-1234567",
            "card_number": "",
            "card_brand": "",
            "card_expiration": "",
            "card_holder": "",
            "date_add": WRITTEN,
            "id_employee": None,
        },
        name="order_payment",
        close=True,
    )


def test_a_new_state_and_a_parcel() -> None:
    assert history_row(Ref("order"), 4, WRITTEN) == Draft(
        "order_history",
        {"id_employee": 0, "id_order": Ref("order"), "id_order_state": 4, "date_add": WRITTEN},
    )
    assert carrier_row(everything()) == Draft(
        "order_carrier",
        {
            "id_order": Ref("order"),
            "id_carrier": 7,
            "id_order_invoice": Ref("order_invoice"),
            "weight": Decimal("3.750"),
            "shipping_cost_tax_excl": Decimal("7.00"),
            "shipping_cost_tax_incl": Decimal("8.54"),
            "tracking_number": "1Z999",
            "date_add": WRITTEN,
        },
    )


def test_a_guest_in_the_groups_of_the_configuration_and_of_the_carrier() -> None:
    customer, *groups = customer_rows(everything())

    assert customer == Draft(
        "customer",
        {
            "id_shop_group": 3,
            "id_shop": 5,
            "id_gender": 0,
            "id_default_group": 13,
            "id_lang": 4,
            "id_risk": 0,
            "company": "Verdi S.r.l.",
            "siret": None,
            "ape": None,
            "firstname": "Mario",
            "lastname": "Rossi",
            "email": "402@amazon.invalid",
            "passwd": Ref("password"),
            "last_passwd_gen": "2026-11-23 02:12:35",  # six hours ago
            "birthday": "0000-00-00",
            "newsletter": 0,
            "ip_registration_newsletter": None,
            "newsletter_date_add": NO_MOMENT,
            "optin": 0,
            "website": None,
            "outstanding_allow_amount": 0,
            "show_public_prices": 0,
            "max_payment_days": 0,
            "secure_key": Ref("secure_key"),
            "note": None,
            "active": 1,
            "is_guest": 1,
            "deleted": 0,
            "date_add": WRITTEN,
            "date_upd": WRITTEN,
            "reset_password_token": None,
            "reset_password_validity": NO_MOMENT,
        },
        name="customer",
    )
    assert groups == [Draft("customer_group", {"id_customer": Ref("customer"), "id_group": one}) for one in (13, 12)]


def test_a_carrier_for_the_guests_own_group_adds_none() -> None:
    _, *groups = customer_rows(everything(market=market(carrier_groups={7: 13})))

    assert [group.values["id_group"] for group in groups] == [13]


def test_addresses() -> None:
    delivery, invoice = address_rows(everything())

    record: dict[str, DraftValue] = {
        "id_country": 10,
        "id_state": 183,
        "id_customer": Ref("customer"),
        "id_manufacturer": 0,
        "id_supplier": 0,
        "id_warehouse": 0,
        "alias": "Amazon",
        "company": "",
        "lastname": "Rossi",
        "firstname": "Mario",
        "address1": "Via Roma 1",
        "address2": "Scala B",
        "postcode": "20121",
        "city": "Milano",
        "other": "",
        "phone": "+390212345678",
        "phone_mobile": "",
        "vat_number": "",
        "dni": "",
        "date_add": WRITTEN,
        "date_upd": WRITTEN,
        "active": 1,
        "deleted": 0,
    }
    assert delivery == Draft("address", record, name="address_delivery")
    of_office: dict[str, DraftValue] = {
        "id_country": 11,
        "id_state": 184,
        "company": "Verdi S.r.l.",
        "lastname": "Verdi",
        "firstname": "Anna",
        "address1": "Via Po 2",
        "address2": "",
        "vat_number": "IT01234567890",
        "dni": "00000",
    }
    assert invoice == Draft("address", {**record, **of_office}, name="address_invoice")


def test_a_message_to_staff() -> None:
    thread, message = message_rows(everything())

    assert thread == Draft(
        "customer_thread",
        {
            "id_shop": 5,
            "id_lang": 4,
            "id_contact": 0,
            "id_customer": Ref("customer"),
            "id_order": Ref("order"),
            "id_product": 0,
            "status": "closed",
            "email": "402@amazon.invalid",
            "token": Ref("thread_token"),
            "date_add": WRITTEN,
            "date_upd": WRITTEN,
        },
        name="customer_thread",
        close=True,
    )
    assert message == Draft(
        "customer_message",
        {
            "id_customer_thread": Ref("customer_thread"),
            "id_employee": 1,
            "message": "Amazon order 402-1234567-1234567 (IT)\n"
            "Purchased: 2026-11-22 19:30\n"
            "Imported: 2026-11-23 08:12\n"
            "Service level: STANDARD\n"
            "Ship by: 2026-11-23 19:30 to 2026-11-24 19:30\n"
            "Deliver by: 2026-11-27 19:30\n"
            "Programs: Prime\n"
            "Gift message: Auguri\n"
            "Promozione: -3.66 EUR (demo_11)",
            "file_name": "",
            "ip_address": "",
            "user_agent": "",
            "date_add": WRITTEN,
            "date_upd": WRITTEN,
            "private": 1,
            "read": 1,
            "id_product": None,
        },
    )


def test_a_row_of_best_sellers() -> None:
    assert sale_row(16, 3, 2, "2026-11-23") == {
        "id_product": 16,
        "quantity": 3,
        "sale_nbr": 2,
        "date_upd": "2026-11-23",
    }


def test_what_the_marker_keeps() -> None:
    made = everything()
    marker = marker_of(made)

    assert (marker.order_id, marker.id_order, marker.marketplace_id) == ("402-1234567-1234567", 0, "APJ6JRA9NG5V4")
    assert (marker.channel, marker.last_state, marker.seller) == (Channel.REGULAR, 4, "A1SELLER")
    assert marker.amazon_updated == made.order.updated
    assert marker_extras(made) == {
        "ship_by": "2026-11-24 18:30:00.000",
        "deliver_by": "2026-11-27 18:30:00.000",
        "programs": "PRIME",
        "tax_scheme": "domestic",
        "line_items": '[{"product":[16,31],"items":[["00000000000001",2]]},'
        '{"product":[0,0],"items":[["2",2]]},'
        '{"product":[80,0],"items":[],"not_sold":1}]',
    }
