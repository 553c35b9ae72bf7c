"""Check an order's money from its rows: what it adds up to today, and what an edit in the back office would move. Pure.

The first half recomputes totals, payments and the tax table that the invoice would show. The identities are those of
the measured rows (tests/data/order_rows). Amounts are in the
order's currency.

The second half computes what an edit makes of the order. Measured on PrestaShop 8.0.5 to 9.1.4
(docs/editing-orders.md): a change of address keeps net unit prices, adding a product keeps those with tax; both take
the rate from the product's own tax rules group, drop lines without a product of the catalogue, and give all lines of
one product the price of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderferry.domain.check_result import Finding
from orderferry.domain.money import quantise
from orderferry.domain.pricing.priced_order import Amount
from orderferry.prestashop.database.statements import Row, Rows
from orderferry.prestashop.database.values import as_decimal, as_flag, as_int

CENT = Decimal("0.01")
_HUNDRED = Decimal(100)
_PER_ITEM, _PER_LINE = 1, 2  # orders.round_type; 3 is the total
# The ending of a column with and without tax, and the column of the products' total.
_WAYS = {"incl": "total_products_wt", "excl": "total_products"}
_THRICE = ("discounts", "paid", "shipping", "wrapping")  # amounts with tax, without, and once more with tax
# order_invoice repeats the order's totals; only the discount is spelt otherwise there
_REPEATED = (
    "total_products",
    "total_products_wt",
    *(f"total_{what}_tax_{way}" for what in ("paid", "shipping", "wrapping") for way in ("incl", "excl")),
)


def money_findings(
    rows: Rows, rates: Mapping[int, Decimal], *, collected_by_amazon: bool = False, unit: Decimal = CENT
) -> list[Finding]:
    """Return what does not add up in an order's rows.

    `rates`: the rate of each id_tax that exists; `unit`: the smallest of the order's currency (1 for yen). Where Amazon
    owes the tax, its amounts are Amazon's and its rate the configured one, so that no rate is compared.
    """
    order = rows["orders"][0]
    paid = _sum(rows.get("order_payment", ()), "amount")
    real = as_decimal(order["total_paid_real"])
    findings = [*_totals(order), *_lines(order, rows, unit), *_documents(order, rows)]
    findings += _differs("orders.total_paid_real", real, paid, "the sum of the payments")
    findings += _tax_rows(order, rows, rates, compare=not collected_by_amazon, unit=unit)
    return findings


def _totals(order: Row) -> Iterator[Finding]:
    for way, products in _WAYS.items():
        parts = as_decimal(order[products]) + _total(order, "shipping", way) + _total(order, "wrapping", way)
        expected = parts - _total(order, "discounts", way)
        yield from _differs(
            f"orders.total_paid_tax_{way}", _total(order, "paid", way), expected, "the sum of its parts"
        )
    for what in _THRICE:
        yield from _differs(
            f"orders.total_{what}", as_decimal(order[f"total_{what}"]), _total(order, what, "incl"), "the one with tax"
        )


def _lines(order: Row, rows: Rows, unit: Decimal) -> Iterator[Finding]:
    """Compare the lines with the order's totals, and their unit prices with their own totals.

    A net unit price follows the rate; Amazon may have rounded the tax of each piece.
    """
    lines = rows.get("order_detail", ())
    for way, products in _WAYS.items():
        total = _sum(lines, f"total_price_tax_{way}")
        yield from _differs(f"orders.{products}", as_decimal(order[products]), total, "the sum of the lines")
    for line in lines:
        quantity = as_int(line["product_quantity"])
        for way in _WAYS:
            of_units = as_decimal(line[f"unit_price_tax_{way}"]) * quantity
            gap = abs(of_units - as_decimal(line[f"total_price_tax_{way}"]))
            if gap >= (CENT if way == "incl" else unit * (quantity + 1)):
                yield Finding(
                    f"order_detail.unit_price_tax_{way}", f"{quantity} units are {gap:f} off the line's total"
                )


def _documents(order: Row, rows: Rows) -> Iterator[Finding]:
    for invoice in rows.get("order_invoice", ()):
        for column in _REPEATED:
            yield from _differs(
                f"order_invoice.{column}", as_decimal(invoice[column]), as_decimal(order[column]), "the order's"
            )
        for way in _WAYS:
            discount = as_decimal(invoice[f"total_discount_tax_{way}"])
            yield from _differs(
                f"order_invoice.total_discount_tax_{way}", discount, _total(order, "discounts", way), "the order's"
            )
    rules = [row for row in rows.get("order_cart_rule", ()) if not as_flag(row.get("deleted"))]
    discounts = _total(order, "discounts", "incl")
    yield from _differs("order_cart_rule.value", _sum(rules, "value"), discounts, "the order's discount")
    for parcel in rows.get("order_carrier", ())[:1]:
        for way in _WAYS:
            cost, shipping = as_decimal(parcel[f"shipping_cost_tax_{way}"]), _total(order, "shipping", way)
            yield from _differs(f"order_carrier.shipping_cost_tax_{way}", cost, shipping, "the order's shipping")


def _tax_rows(
    order: Row, rows: Rows, rates: Mapping[int, Decimal], *, compare: bool, unit: Decimal
) -> Iterator[Finding]:
    """Look for rows of tax that are missing or name no tax of today, and compare amounts where `compare`.

    The invoice takes a line's tax from order_detail_tax and its rate from the tax of today, and shows a sum for each
    rate.
    """
    lines = rows.get("order_detail", ())
    taxes: dict[int, list[Row]] = {as_int(line["id_order_detail"]): [] for line in lines}
    for row in rows.get("order_detail_tax", ()):
        taxes[as_int(row["id_order_detail"])].append(row)
    for line in lines:
        tax = as_decimal(line["total_price_tax_incl"]) - as_decimal(line["total_price_tax_excl"])
        if tax >= CENT and not taxes[as_int(line["id_order_detail"])]:
            yield Finding(
                "order_detail_tax",
                f"a line's tax of {tax:f} is missing in the invoice's tax table: the shop has no such tax "
                "(taxes.collected_by_amazon names one for tax that Amazon collects)",
            )
    for row in rows.get("order_detail_tax", ()):
        if as_int(row["id_tax"]) not in rates:
            yield Finding(
                "order_detail_tax.id_tax", f"there is no tax {as_int(row['id_tax'])}: the invoice leaves it out"
            )
    for row in rows.get("order_invoice_tax", ()):
        if as_int(row["id_tax"]) not in rates:
            yield Finding("order_invoice_tax.id_tax", f"there is no tax {as_int(row['id_tax'])} for the {row['type']}")
    if compare:
        yield from _tax_table(order, rows, taxes, rates, unit)


def _tax_table(
    order: Row, rows: Rows, taxes: Mapping[int, Sequence[Row]], rates: Mapping[int, Decimal], unit: Decimal
) -> Iterator[Finding]:
    """Compare the goods' amounts of each tax with those that the invoice computes."""
    goods = [line for line in rows.get("order_detail", ()) if as_decimal(line["total_price_tax_excl"])]
    borne = {tuple(as_int(tax["id_tax"]) for tax in taxes[as_int(line["id_order_detail"])]) for line in goods}
    # PrestaShop's own rows are off by a cent a piece (scenario h); a discount's share adds one.
    tolerance = unit * sum((as_int(line["product_quantity"]) + 1 for line in goods), 1)
    if _total(order, "discounts", "incl"):
        (only,) = borne if len(borne) == 1 else ((),)
        if len(only) == 1 and only[0] in rates:
            yield from _discounted(order, rows, rates[only[0]], tolerance)
        return
    for id_tax in sorted({id_ for some in borne for id_ in some} & rates.keys()):
        bearing = [
            (line, tax)
            for line in goods
            for tax in taxes[as_int(line["id_order_detail"])]
            if as_int(tax["id_tax"]) == id_tax
        ]
        amount = _sum([tax for _, tax in bearing], "total_amount")
        shown = _sum([line for line, _ in bearing], "total_price_tax_excl") * rates[id_tax] / _HUNDRED
        yield from _differs_from_invoice(amount, shown, rates[id_tax], tolerance)


def _discounted(order: Row, rows: Rows, rate: Decimal, tolerance: Decimal) -> Iterator[Finding]:
    """Compare the tax of an order with a discount whose goods all bear one tax.

    The invoice spreads the discount over the goods, except for what makes the shipping free; Amazon grants it on one of
    them, or on the shipping. Where all bear one rate the sums are equal; elsewhere Amazon's are the right ones.
    """
    is_free = any(as_flag(rule.get("free_shipping")) for rule in rows.get("order_cart_rule", ()))
    charges = ["wrapping"] if is_free else ["shipping", "wrapping"]
    taxes = {what: _total(order, what, "incl") - _total(order, what, "excl") for what in charges}
    if any(abs(taxes[what] - _total(order, what, "excl") * rate / _HUNDRED) > tolerance for what in charges):
        return
    discount = _total(order, "discounts", "excl") - (_total(order, "shipping", "excl") if is_free else 0)
    shown = (as_decimal(order["total_products"]) - discount) * rate / _HUNDRED + sum(taxes.values())
    amount = _total(order, "paid", "incl") - _total(order, "paid", "excl")
    yield from _differs_from_invoice(amount, shown, rate, tolerance)


def _differs_from_invoice(amount: Decimal, shown: Decimal, rate: Decimal, tolerance: Decimal) -> Iterator[Finding]:
    if abs(amount - shown) > tolerance:
        place = "order_detail_tax.total_amount"
        yield Finding(place, f"{amount:f}, but the invoice would show {shown:.2f} at {rate:f} %")


def _total(order: Row, what: str, way: str) -> Decimal:
    return as_decimal(order[f"total_{what}_tax_{way}"])


def _sum(rows: Sequence[Row], column: str) -> Decimal:
    return sum((as_decimal(row[column]) for row in rows), Decimal(0))


def _differs(place: str, value: Decimal, expected: Decimal, what: str) -> Iterator[Finding]:
    if value != expected:
        yield Finding(place, f"{value:f} is not {what}, {expected:f}")


Key = tuple[int, int]  # product_id, product_attribute_id


@dataclass(frozen=True, slots=True)
class EditedShop:
    """What PrestaShop reads of the shop when an order is edited.

    `rates`: for each product that exists, the rate in percent that its tax rules group has in the country of delivery.
    `carrier_rate`: the carrier's, None for an order without a carrier. `recalculates_shipping`:
    PS_ORDER_RECALCULATE_SHIPPING; `wrapping_price`: PS_GIFT_WRAPPING_PRICE, without tax. `kept_rules`: ids of the cart
    rules that are in the order's cart; `untaxed`: ids of the products whose group names no tax there, not even 0 %.
    """

    rates: Mapping[int, Decimal]
    carrier_rate: Decimal | None = None
    recalculates_shipping: bool = False
    wrapping_price: Decimal = Decimal(0)
    kept_rules: frozenset[int] = frozenset()
    untaxed: frozenset[int] = frozenset()
    decimals: int = 2


def edit_findings(rows: Rows, shop: EditedShop) -> list[Finding]:
    """Return what an edit would change in an order besides what is edited; nothing where the order stays as it is."""
    order = rows["orders"][0]
    lines = rows.get("order_detail", ())
    return [
        *_uneditable(lines, rows.get("cart_product", ())),
        *_dropped(lines, shop),
        *_repriced(lines),
        *_retaxed(rows, shop),
        *_untaxed(rows, shop),
        *_changed_charges(order, rows, shop),
        *_moved_totals(rows, shop),
    ]


def after_address_edit(rows: Rows, shop: EditedShop) -> Amount:
    """Return the order's total after a change of the delivery address."""
    return _total_after_edit(rows, shop, keeps_net=True)


def after_added_product(rows: Rows, shop: EditedShop) -> Amount:
    """Return the order's total after a product was added, without that product."""
    return _total_after_edit(rows, shop, keeps_net=False)


def _key(line: Row) -> Key:
    return as_int(line["product_id"]), as_int(line["product_attribute_id"])


def _uneditable(lines: Sequence[Row], cart: Sequence[Row]) -> Iterator[Finding]:
    held = {(as_int(row["id_product"]), as_int(row["id_product_attribute"])) for row in cart}
    missing = sorted({_key(line) for line in lines if as_int(line["product_id"])} - held)
    if missing:
        yield Finding("cart_product", f"the order can't be edited: its cart lacks product {missing[0][0]}")


def _dropped(lines: Sequence[Row], shop: EditedShop) -> Iterator[Finding]:
    for line in lines:
        if as_int(line["product_id"]) not in shop.rates:
            amount = as_decimal(line["total_price_tax_incl"])
            yield Finding(
                "order_detail.product_id", f"a line of {amount:.2f} without a product is left out of the total"
            )


def _repriced(lines: Sequence[Row]) -> Iterator[Finding]:
    prices: dict[Key, Decimal] = {}
    for line in lines:
        price = as_decimal(line["unit_price_tax_incl"])
        if as_int(line["product_id"]) and prices.setdefault(_key(line), price) != price:
            yield Finding("order_detail.unit_price_tax_incl", "two lines of one product both get the first one's price")


def _retaxed(rows: Rows, shop: EditedShop) -> Iterator[Finding]:
    for line, own, other in _own_and_ruled_rates(rows, shop):
        if own != other:
            name = as_int(line["product_id"])
            yield Finding(
                "order_detail_tax.id_tax",
                f"product {name} is taxed with {own:f} % here and {other:f} % by its own group",
            )


def _untaxed(rows: Rows, shop: EditedShop) -> Iterator[Finding]:
    """Find rows of 0 % that a change of address drops: the product's group has no rule for 0 %."""
    taxed = {row["id_order_detail"] for row in rows.get("order_detail_tax", ())}
    for line in rows.get("order_detail", ()):
        net, gross = (as_decimal(line[f"total_price_tax_{way}"]) for way in ("excl", "incl"))
        is_dropped = as_int(line["product_id"]) in shop.untaxed and line["id_order_detail"] in taxed
        if is_dropped and net and gross == net:
            yield Finding(
                "order_detail_tax",
                f"a change of address drops the row of 0 % on {net:.2f}: its net then stands under other rates in the "
                "invoice's table of taxes, the totals stay (a tax rules group with a rule of 0 % keeps it)",
            )


def _own_and_ruled_rates(rows: Rows, shop: EditedShop) -> Iterator[tuple[Row, Decimal, Decimal]]:
    """Yield each line of a product with its own rate, computed from its prices, and that of its tax rules group.

    The group's rate counts as the line's own where it gives the same amounts to a cent a piece.
    """
    for line in rows.get("order_detail", ()):
        other = shop.rates.get(as_int(line["product_id"]))
        if other is None:
            continue
        net, gross = (as_decimal(line[f"unit_price_tax_{way}"]) for way in ("excl", "incl"))
        own = quantise((gross / net - 1) * _HUNDRED, 3) if net else other
        close = abs(net * (1 + other / _HUNDRED) - gross) <= Decimal(1).scaleb(-shop.decimals)
        yield line, other if close else own.normalize(), other


def _changed_charges(order: Row, rows: Rows, shop: EditedShop) -> Iterator[Finding]:
    discounts = as_decimal(order["total_discounts_tax_incl"])
    rules = [row for row in rows.get("order_cart_rule", ()) if not as_flag(row.get("deleted"))]
    if discounts and any(as_int(row["id_cart_rule"]) not in shop.kept_rules for row in rules):
        yield Finding("order_cart_rule", f"the discount of {discounts:.2f} is dropped: its rule is not in the cart")
    shipping = as_decimal(order["total_shipping_tax_incl"])
    if shipping and shop.recalculates_shipping:
        yield Finding(
            "orders.total_shipping",
            f"the shipping of {shipping:.2f} becomes the carrier's own price (PS_ORDER_RECALCULATE_SHIPPING is 1)",
        )
    wrapping = as_decimal(order["total_wrapping_tax_incl"])
    if wrapping:
        yield Finding("orders.total_wrapping", f"the gift wrapping of {wrapping:.2f} becomes the shop's own price or 0")
    rate = as_decimal(order["carrier_tax_rate"])
    if shipping and shop.carrier_rate is not None and shop.carrier_rate != rate:
        yield Finding(
            "orders.carrier_tax_rate",
            f"the shipping's rate of {rate:f} % becomes the carrier's, {shop.carrier_rate:f} %",
        )
    refunded = shipping_refund(order, shop)
    if refunded != shipping:
        yield Finding(
            "order_slip.total_shipping_tax_incl",
            f"a standard refund pays {refunded:.2f} back for the shipping of {shipping:.2f}, at the carrier's own "
            "rate: a partial refund lets you enter the amount",
        )


def shipping_refund(order: Row, shop: EditedShop) -> Decimal:
    """Return what a standard refund pays back for an order's shipping.

    It is the net with the rate of the carrier's own tax rules group, whatever rate it was sold at; no tax without a
    carrier.
    """
    rate = shop.carrier_rate or Decimal(0)
    return quantise(as_decimal(order["total_shipping_tax_excl"]) * (1 + rate / _HUNDRED), shop.decimals)


def _moved_totals(rows: Rows, shop: EditedShop) -> Iterator[Finding]:
    """Compare the totals. Net totals of several lines may move by a cent in any form of rows: that is no finding."""
    order = rows["orders"][0]
    paid = _charge(order, "paid")
    cent = Decimal(1).scaleb(-shop.decimals)
    for what, found in (
        ("a change of the delivery address", after_address_edit(rows, shop)),
        ("adding a product", after_added_product(rows, shop)),
    ):
        if found.incl != paid.incl or abs(found.excl - paid.excl) > cent:
            yield Finding(
                "orders.total_paid",
                f"{what} makes {paid.incl:.2f} (net {paid.excl:.2f}) into {found.incl:.2f} (net {found.excl:.2f})",
            )


def _total_after_edit(rows: Rows, shop: EditedShop, *, keeps_net: bool) -> Amount:
    order = rows["orders"][0]
    mode, round_type = as_int(order["round_mode"]), as_int(order["round_type"]) or _PER_ITEM

    def rounded(value: Decimal) -> Decimal:
        return quantise(value, shop.decimals, mode)

    first: dict[Key, Amount] = {}
    total = Amount()
    for line in rows.get("order_detail", ()):
        rate = shop.rates.get(as_int(line["product_id"]))
        if rate is None:
            continue
        own = Amount(as_decimal(line["unit_price_tax_excl"]), as_decimal(line["unit_price_tax_incl"]))
        unit = first.setdefault(_key(line), own)
        factor = 1 + rate / _HUNDRED
        unit = Amount(unit.excl, unit.excl * factor) if keeps_net else Amount(unit.incl / factor, unit.incl)
        quantity = as_int(line["product_quantity"])
        if round_type == _PER_ITEM:
            total += Amount(rounded(unit.excl) * quantity, rounded(unit.incl) * quantity)
        elif round_type == _PER_LINE:
            total += Amount(unit.excl * quantity, rounded(unit.incl * quantity))
        else:
            total += Amount(unit.excl * quantity, unit.incl * quantity)
    shipping = _charge(order, "shipping") if not shop.recalculates_shipping else Amount()
    if as_decimal(order["total_wrapping_tax_incl"]) and any(as_flag(cart.get("gift")) for cart in rows.get("cart", ())):
        total += Amount(shop.wrapping_price, shop.wrapping_price)
    keeps = any(as_int(row["id_cart_rule"]) in shop.kept_rules for row in rows.get("order_cart_rule", ()))
    discounts = _charge(order, "discounts") if keeps else Amount()
    excl = rounded(total.excl + shipping.excl - discounts.excl)
    return Amount(excl, rounded(total.incl) + shipping.incl - discounts.incl)


def _charge(order: Row, what: str) -> Amount:
    return Amount(_total(order, what, "excl"), _total(order, what, "incl"))
