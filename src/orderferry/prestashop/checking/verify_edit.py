"""What an edit in the back office makes of an order: PrestaShop computes it anew from lines, products and cart. Pure.

Measured on PrestaShop 8.0.5 to 9.1.4 (prestashop-order-edits). A change of address keeps net unit prices, adding a
product keeps those with tax; both take the rate from the product's own tax rules group, drop lines without a product
of the catalogue, and give all lines of one product the price of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderferry.domain.finding import Finding
from orderferry.domain.money import quantise
from orderferry.domain.pricing import Amount
from orderferry.prestashop.database.values import as_decimal, as_flag, as_int

Row = Mapping[Any, Any]
Rows = Mapping[str, Sequence[Row]]
Key = tuple[int, int]  # product_id, product_attribute_id

_HUNDRED = Decimal(100)
_PER_ITEM, _PER_LINE = 1, 2  # orders.round_type; 3 is the total
_WAYS = ("incl", "excl")


@dataclass(frozen=True, slots=True)
class EditedShop:
    """What an edit reads beside the order's own rows.

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
    """Given an order's rows by table and what an edit reads, return what would move, in words; nothing where the
    order stays as it is."""
    order = rows["orders"][0]
    lines = rows.get("order_detail", ())
    return [
        *_uneditable(lines, rows.get("cart_product", ())),
        *_dropped(lines, shop),
        *_repriced(lines),
        *_retaxed(rows, shop),
        *_untaxed(rows, shop),
        *_of_order(order, rows, shop),
        *_moved(rows, shop),
    ]


def after_address_edit(rows: Rows, shop: EditedShop) -> Amount:
    """What a change of the delivery address makes of the order's total."""
    return _total(rows, shop, keeps_net=True)


def after_added_product(rows: Rows, shop: EditedShop) -> Amount:
    """What adding a product makes of the order's total, without that product."""
    return _total(rows, shop, keeps_net=False)


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
    for line, own, other in _rates(rows, shop):
        if own != other:
            name = as_int(line["product_id"])
            yield Finding(
                "order_detail_tax.id_tax",
                f"product {name} is taxed with {own:f} % here and {other:f} % by its own group",
            )


def _untaxed(rows: Rows, shop: EditedShop) -> Iterator[Finding]:
    """A row of 0 % is written anew with a change of address, unless the product's group has no rule for 0 %."""
    taxed = {row["id_order_detail"] for row in rows.get("order_detail_tax", ())}
    for line in rows.get("order_detail", ()):
        net = as_decimal(line["total_price_tax_excl"])
        if as_int(line["product_id"]) in shop.untaxed and line["id_order_detail"] in taxed and net:
            yield Finding(
                "order_detail_tax",
                f"a change of address drops the row of 0 % on {net:.2f}: its net then stands under other rates in the "
                "invoice's table of taxes, the totals stay (a tax rules group with a rule of 0 % keeps it)",
            )


def _rates(rows: Rows, shop: EditedShop) -> Iterator[tuple[Row, Decimal, Decimal]]:
    """Each line of a product with its own rate, which its totals tell, and the one of the product's tax rules group.

    A rate that explains the amounts to a cent a piece counts as its own.
    """
    for line in rows.get("order_detail", ()):
        other = shop.rates.get(as_int(line["product_id"]))
        if other is None:
            continue
        net, gross = (as_decimal(line[f"unit_price_tax_{way}"]) for way in ("excl", "incl"))
        own = quantise((gross / net - 1) * _HUNDRED, 3) if net else other
        close = abs(net * (1 + other / _HUNDRED) - gross) <= Decimal(1).scaleb(-shop.decimals)
        yield line, other if close else own.normalize(), other


def _of_order(order: Row, rows: Rows, shop: EditedShop) -> Iterator[Finding]:
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
    """What a standard refund pays back for an order's shipping: its net with the rate of the carrier's own tax rules
    group, whatever rate it was sold at; without a carrier none."""
    rate = shop.carrier_rate or Decimal(0)
    return quantise(as_decimal(order["total_shipping_tax_excl"]) * (1 + rate / _HUNDRED), shop.decimals)


def _moved(rows: Rows, shop: EditedShop) -> Iterator[Finding]:
    """The totals themselves. Net totals of several lines may move by a cent in any form of rows: that is not told."""
    order = rows["orders"][0]
    paid = Amount(as_decimal(order["total_paid_tax_excl"]), as_decimal(order["total_paid_tax_incl"]))
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


def _total(rows: Rows, shop: EditedShop, *, keeps_net: bool) -> Amount:
    order = rows["orders"][0]
    mode, round_type = as_int(order["round_mode"]), as_int(order["round_type"]) or _PER_ITEM

    def rounded(value: Decimal) -> Decimal:
        """To the currency's decimals, by the order's own mode."""
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
    if as_decimal(order["total_wrapping_tax_incl"]) and as_flag(_gift(rows)):
        total += Amount(shop.wrapping_price, shop.wrapping_price)
    discounts = _kept_discounts(order, rows, shop)
    excl = rounded(total.excl + shipping.excl - discounts.excl)
    return Amount(excl, rounded(total.incl) + shipping.incl - discounts.incl)


def _kept_discounts(order: Row, rows: Rows, shop: EditedShop) -> Amount:
    rules = [row for row in rows.get("order_cart_rule", ()) if as_int(row["id_cart_rule"]) in shop.kept_rules]
    return _charge(order, "discounts") if rules else Amount()


def _charge(order: Row, what: str) -> Amount:
    return Amount(*(as_decimal(order[f"total_{what}_tax_{way}"]) for way in ("excl", "incl")))


def _gift(rows: Rows) -> object:
    return next((row.get("gift") for row in rows.get("cart", ())), 0)
