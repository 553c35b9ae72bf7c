"""Every combination of promotions, fees, rates, quantities and roundings: the sums at import, the invoice's table of
taxes as PrestaShop computes it, and what an edit of the order makes of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import product as every
from typing import Any

from orderferry.domain.orders import Item, Order, Proceeds, ProceedsType
from orderferry.domain.pricing.price_order import price_order
from orderferry.domain.pricing.priced_order import Amount, PricedLine, PricedOrder, RateChoice, Rounding
from orderferry.prestashop.checking.verify_money import (
    EditedShop,
    after_added_product,
    after_address_edit,
    edit_findings,
)
from orderferry.prestashop.database.values import Ref
from orderferry.prestashop.facts import FeeKey
from orderferry.prestashop.planning.order_lines import hidden_product
from orderferry.prestashop.planning.resolved_order import ResolvedLine
from orderferry.prestashop.rows.new_order import order_rows
from support.amazon_money import IT_10, IT_22, eu_rates, item, money, order, row
from support.proofs import Proofs
from support.resolved_orders import MUG, market, resolved

NO_TAX = RateChoice(Decimal(0))
ZERO_TAX = 99
PROMOTIONS = {"none": "0", "a third": "0.3333", "one euro": "1.00", "all of it": "100%"}
FEES: tuple[tuple[str, ...], ...] = ((), ("COD_FEE",), ("COD_FEE", "OTHER", "GIFT_WRAP"), ("SHIPPING", "COD_FEE"))
RATES = {"one rate": (IT_22, IT_22), "two rates": (IT_22, IT_10), "one untaxed": (IT_22, NO_TAX)}
QUANTITIES = (1, 3, 7)
PRICES = ("12.34", "19.90", "99.99", "0.07")
MODES = (2, 4)
PER_ITEM, PER_LINE, AT_THE_END = 1, 2, 3
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Case:
    promotion: str
    fees: tuple[str, ...]
    rates: str
    quantity: int
    price: str
    mode: int
    round_type: int


SAMPLE = 500


def cases() -> Iterator[Case]:
    for values in every(PROMOTIONS, FEES, RATES, QUANTITIES, PRICES, MODES, (PER_ITEM, PER_LINE, AT_THE_END)):
        yield Case(*values)


def bought(case: Case) -> Order:
    """Two items, the first with the promotion and the fees."""
    gross = (Decimal(case.price) * case.quantity).quantize(CENT)
    word = PROMOTIONS[case.promotion]
    off = gross if word == "100%" else min(gross, Decimal(word)).quantize(CENT, ROUND_HALF_UP)
    rows: list[Proceeds] = [row("ITEM", gross)]
    rows += [row(kind, "3.33") for kind in case.fees]
    rows += [row("DISCOUNT", off, ITEM=off)] if off else []
    total = gross - off + Decimal("3.33") * len(case.fees)
    first = item(total, *rows, quantity=case.quantity)
    second = item("55.55", row("ITEM", "55.55"), item_id="2")
    return order(first, second, grand=total + Decimal("55.55"))


def rows_of(case: Case) -> tuple[PricedOrder, dict[str, list[dict[str, Any]]], EditedShop]:
    """The rows that are written for a case, and a shop whose rules say the same as the order's taxes."""
    one = bought(case)
    first, second = RATES[case.rates]
    rates = eu_rates(by_item={"1": first, "2": second})
    priced = price_order(one, rates, Rounding(2, case.mode))
    assert isinstance(priced, PricedOrder), priced
    items = {bought_item.item_id: bought_item for bought_item in one.items}
    lines = tuple(_line(line, number, items) for number, line in enumerate(priced.lines, 1))
    made = resolved(
        one,
        priced=priced,
        lines=lines,
        market=market(round_mode=case.mode, round_type=case.round_type),
        zero_tax=ZERO_TAX,
        carrier_tax_rate=priced.shipping.effective_rate or Decimal(22),
    )
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for draft in order_rows(made):
        values = {key: value.name if isinstance(value, Ref) else value for key, value in draft.values.items()}
        rows[draft.table].append({**values, "id_order_detail": values.get("id_order_detail", draft.name)})
    shop = EditedShop(
        {line.product.id_product: line.priced.rate for line in lines if line.product},
        carrier_rate=made.carrier_tax_rate,
    )
    return priced, rows, shop


def _line(line: PricedLine, number: int, items: Mapping[str, Item]) -> ResolvedLine:
    if not line.item_ids:
        key = FeeKey(line.kind, 1)
        return ResolvedLine(line, (), hidden_product(key, 100 + number), fee=key)
    return ResolvedLine(line, tuple(items[one] for one in line.item_ids), replace(MUG, id_product=number))


def table_of_taxes(rows: Mapping[str, list[dict[str, Any]]], rates: Mapping[int, Decimal]) -> dict[int, Amount]:
    """What the invoice shows for the products: net and tax by id_tax, as Order::getProductTaxesDetails computes it.

    Each line's net is its unit price times its quantity, its tax comes from the rate of today; what then lacks to the
    order's own totals is spread over the lines, a cent each, from the first.
    """
    (head,) = rows["orders"]
    taxes: dict[str, int] = {tax["id_order_detail"]: tax["id_tax"] for tax in rows["order_detail_tax"]}
    shown: list[list[Any]] = []
    for line in rows["order_detail"]:
        id_tax = taxes.get(line["id_order_detail"])
        if id_tax is None:
            continue
        net, quantity = line["unit_price_tax_excl"], line["product_quantity"]
        tax = net * rates[id_tax] / 100
        if head["round_type"] == PER_ITEM:
            shown.append([id_tax, _cents(net) * quantity, _cents(tax) * quantity])
        else:
            shown.append([id_tax, _cents(net * quantity), _cents(tax * quantity)])
    for place, expected in ((1, head["total_products"]), (2, head["total_products_wt"] - head["total_products"])):
        _spread(shown, place, expected)
    found: dict[int, Amount] = defaultdict(Amount)
    for id_tax, net, tax in shown:
        found[id_tax] += Amount(net, net + tax)
    return dict(found)


def _spread(shown: list[list[Any]], place: int, expected: Decimal) -> None:
    gap = expected - sum((line[place] for line in shown), Decimal(0))
    steps = int(abs(gap) / CENT)
    for number in range(steps):
        shown[number % len(shown)][place] += CENT.copy_sign(gap)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def test_sums_at_import_and_the_invoices_table_of_taxes(proofs: Proofs) -> None:
    chosen = proofs.choose(list(cases()), SAMPLE)
    rates = {1: Decimal(22), 2: Decimal(10), ZERO_TAX: Decimal(0)}
    for case in chosen:
        priced, rows, _ = rows_of(case)
        (head,) = rows["orders"]
        assert sum(line["total_price_tax_incl"] for line in rows["order_detail"]) == head["total_products_wt"], case
        assert sum(line["total_price_tax_excl"] for line in rows["order_detail"]) == head["total_products"], case
        assert head["total_products_wt"] + head["total_shipping"] == head["total_paid"], case
        assert head["total_discounts"] == head["total_wrapping"] == 0, case
        held = {(one["id_product"], one["id_product_attribute"]) for one in rows["cart_product"]}
        assert held == {(one["product_id"], one["product_attribute_id"]) for one in rows["order_detail"]}, case
        expected: dict[int, Amount] = defaultdict(Amount)
        for line in priced.lines:
            expected[int(line.tax_key or ZERO_TAX)] += line.total
        table = table_of_taxes(rows, rates)
        assert table.keys() == expected.keys(), case
        # what is rounded to the piece (type 1) is off by what a piece is rounded
        pieces = sum(line.quantity for line in priced.lines) if case.round_type == PER_ITEM else len(priced.lines)
        for id_tax, amount in expected.items():
            assert abs(table[id_tax].excl - amount.excl) <= CENT * pieces, case
            assert abs(table[id_tax].tax - amount.tax) <= CENT * pieces, case
    proofs.ran("combinations of promotion, fees, rates and rounding", len(chosen), of=len(list(cases())))


def test_an_edit_moves_nothing_but_a_net_cent(proofs: Proofs) -> None:
    for case in proofs.choose(list(cases()), SAMPLE):
        if case.round_type == PER_ITEM and case.promotion != "none":
            continue  # a price per piece that is no whole cent can't survive rounding per piece
        priced, rows, shop = rows_of(case)
        if case.round_type == PER_ITEM:
            assert after_added_product(rows, shop).incl == priced.total.incl, case
            continue
        for after in (after_address_edit(rows, shop), after_added_product(rows, shop)):
            assert after.incl == priced.total.incl, case
            assert abs(after.excl - priced.total.excl) <= CENT * (len(priced.lines) - 1 or 1), case
        told = {finding.place for finding in edit_findings(rows, shop)}
        assert told <= {"orders.total_paid"}, (case, told)


def test_a_promotion_on_shipping_makes_it_cheaper() -> None:
    rows = (row("ITEM", "24.40"), row("SHIPPING", "6.10"), row("DISCOUNT", "-2.44", SHIPPING="-2.44"))
    one = order(item("28.06", *rows), grand="28.06")
    priced = price_order(one, eu_rates(), Rounding())

    assert isinstance(priced, PricedOrder)
    assert priced.shipping.amount == Amount(Decimal("3.00"), Decimal("3.66"))
    assert priced.lines[0].promotion == 0
    assert priced.total.incl == money("28.06").amount
    assert priced.lines[0].kind is ProceedsType.ITEM
