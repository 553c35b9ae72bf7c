"""What the buyer paid is what is written, to the cent, whatever Amazon's rows look like; and nothing raises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

from orderferry.domain.money import allocate, quantise
from orderferry.domain.orders import Item, Order, Proceeds, ProceedsType
from orderferry.domain.pricing.price_order import price_order
from orderferry.domain.pricing.priced_order import PricedOrder, RateChoice, Rates, Reading, Rounding
from orderferry.domain.problems import Problem, ProblemCode
from support.amazon_money import check_identities, item, money, order, row

RATES = [RateChoice(Decimal(rate), key) for rate, key in (("22", "1"), ("10", "2"), ("19", "3"), ("5.5", "4"))]
PLACES = {"EUR": 2, "SEK": 2, "JPY": 0}
BOTH = st.booleans()
PAID_KINDS = ("ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER")


def amounts(decimals: int, largest: int = 5000) -> st.SearchStrategy[Decimal]:
    return st.integers(0, largest).map(lambda units: Decimal(units).scaleb(-decimals))


@st.composite
def made_items(draw: st.DrawFn, *, currency: str, item_id: str, on_top: bool, taxed: bool, choice: RateChoice) -> Item:
    """One item as Amazon would give it in a reading: every component with its discount and, if taxed, its tax."""
    decimals = PLACES[currency]
    unit = Decimal(1).scaleb(-decimals)
    kinds = ["ITEM", *draw(st.lists(st.sampled_from(PAID_KINDS[1:]), unique=True))]
    sign = draw(st.sampled_from([1, -1]))
    rows: list[Proceeds] = []
    reductions: dict[str, Decimal] = {}
    taxes: dict[str, Decimal] = {}
    total = Decimal(0)
    for kind in kinds:
        amount = draw(amounts(decimals))
        reduction = min(draw(amounts(decimals)), amount) if draw(st.booleans()) else Decimal(0)
        rest = amount - reduction
        factor = choice.rate / 100
        tax = (rest * factor if on_top else rest - rest / (1 + factor)).quantize(unit) if taxed else Decimal(0)
        rows.append(row(kind, amount, currency))
        reductions[kind], taxes[kind] = reduction, tax
        total += rest + (tax if on_top else 0)
    discount, tax_sum = sum(reductions.values()), sum(taxes.values())
    if discount:
        details = {kind: sign * value for kind, value in reductions.items() if value}
        rows.append(row("DISCOUNT", sign * Decimal(discount), currency, **(details if draw(st.booleans()) else {})))
    if taxed:
        rows.append(row("TAX", Decimal(tax_sum), currency, **taxes))
    stated = total if draw(st.booleans()) else None
    return item(stated, *rows, item_id=item_id, quantity=draw(st.integers(1, 40)), currency=currency)


def item_total(one: Item, on_top: bool) -> Decimal:
    """The sum that the rows were made for."""
    sums = {kind: Decimal(0) for kind in (None, *ProceedsType)}
    for part in one.proceeds:
        sums[part.type] += part.amount.amount
    tax, discount = sums.pop(ProceedsType.TAX), sums.pop(ProceedsType.DISCOUNT)
    return sum(sums.values(), Decimal(0)) - abs(discount) + (tax if on_top else 0)


@st.composite
def made_orders(
    draw: st.DrawFn, *, with_tax: st.SearchStrategy[bool] = BOTH, inside_eu: st.SearchStrategy[bool] = BOTH
) -> tuple[Order, Rates, bool]:
    """An order whose amounts add up in one reading, the rates for it, and whether its tax comes on top."""
    currency = draw(st.sampled_from(sorted(PLACES)))
    on_top, taxed = draw(st.booleans()), draw(with_tax)
    choices = draw(st.lists(st.sampled_from(RATES), min_size=1, max_size=4))
    items = tuple(
        draw(made_items(currency=currency, item_id=str(n), on_top=on_top, taxed=taxed, choice=choice))
        for n, choice in enumerate(choices, 1)
    )
    grand = sum((item_total(one, on_top) for one in items), Decimal(0))
    rows: tuple[Proceeds, ...] = ()
    if draw(st.booleans()):
        tip = draw(amounts(PLACES[currency], 900))
        rows, grand = (row("DELIVERY_TIP", tip, currency),), grand + tip
    rates = Rates(
        by_item={str(n): choice for n, choice in enumerate(choices, 1)},
        shipping=draw(st.sampled_from([None, *RATES])),
        known=tuple(RATES),
        prices_hold_tax=draw(inside_eu),
        vat_by_amazon=draw(st.booleans()),
        collected_by_amazon=draw(st.sampled_from([(), (RateChoice(Decimal(0), "77"),)])),
    )
    return order(*items, grand=grand, currency=currency, proceeds=rows), rates, on_top


roundings = st.builds(Rounding, decimals=st.sampled_from([0, 2, 3]), mode=st.integers(0, 5))


@given(made_orders(), roundings)
def test_every_identity_holds(made: tuple[Order, Rates, bool], rounding: Rounding) -> None:
    one, rates, on_top = made
    result = price_order(one, rates, rounding)
    assume(not (isinstance(result, Problem) and result.code is ProblemCode.NO_VAT_RATE))
    assert isinstance(result, PricedOrder), result
    check_identities(one, result, rounding)
    event(result.reading)
    if result.reading is not Reading.NO_TAX:
        assert (result.reading is Reading.TAX_ON_TOP) is on_top


@given(made_orders(with_tax=st.just(True), inside_eu=st.just(False)))
def test_amazons_tax_is_kept_to_the_cent(made: tuple[Order, Rates, bool]) -> None:
    one, rates, _ = made
    result = price_order(one, rates, Rounding(decimals=PLACES[one.grand_total.currency if one.grand_total else "EUR"]))
    assert isinstance(result, PricedOrder)
    told = [part.amount.amount for bought in one.items for part in bought.proceeds if part.type is ProceedsType.TAX]
    assert result.total.tax == sum(told)


@given(made_orders())
def test_the_sign_of_discounts_changes_nothing(made: tuple[Order, Rates, bool]) -> None:
    one, rates, _ = made

    def turned(part: Proceeds) -> Proceeds:
        if part.type is not ProceedsType.DISCOUNT:
            return part
        currency = part.amount.currency
        details = tuple((kind, money(-value.amount, currency)) for kind, value in part.details)
        return Proceeds(part.type, money(-part.amount.amount, currency), details)

    items = tuple(
        item(
            bought.proceeds_total.amount if bought.proceeds_total else None,
            *map(turned, bought.proceeds),
            item_id=bought.item_id,
            quantity=bought.quantity,
            currency=bought.proceeds[0].amount.currency,
        )
        for bought in one.items
    )
    other = order(
        *items,
        grand=one.grand_total.amount if one.grand_total else None,
        currency=one.grand_total.currency if one.grand_total else "EUR",
        proceeds=one.proceeds,
    )
    assert price_order(other, rates, Rounding()) == price_order(one, rates, Rounding())


hostile_amounts = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(min_value=-50, max_value=50, places=2),
    st.sampled_from([Decimal("1E-400"), Decimal("-0"), Decimal("999999999999.999999"), Decimal("1E+12")]),
)


@st.composite
def hostile_rows(draw: st.DrawFn) -> Proceeds:
    kind = draw(st.sampled_from([*ProceedsType.__members__, "NEW"]))
    details = draw(st.dictionaries(st.sampled_from(list(ProceedsType.__members__)), hostile_amounts, max_size=3))
    return row(kind, draw(hostile_amounts), draw(st.sampled_from(["EUR", "EUR", "EUR", "JPY"])), **details)


@st.composite
def hostile_items(draw: st.DrawFn) -> Item:
    more: dict[str, Any] = {"cancelled_by": draw(st.sampled_from(["", "BUYER"]))}
    if draw(st.booleans()):
        more["unit_price"] = money(draw(hostile_amounts))
    return item(
        draw(st.none() | hostile_amounts),
        *draw(st.lists(hostile_rows(), max_size=5)),
        quantity=draw(st.integers(-1, 5)),
        item_id=draw(st.sampled_from(["1", "2"])),
        **more,
    )


@given(
    st.lists(hostile_items(), max_size=4),
    st.none() | hostile_amounts,
    st.lists(hostile_rows(), max_size=3),
    st.booleans(),
    roundings,
)
def test_nothing_that_amazon_could_send_raises(
    items: list[Item], grand: Decimal | None, rows: list[Proceeds], inside_eu: bool, rounding: Rounding
) -> None:
    one = order(*items, grand=grand, proceeds=tuple(rows))
    rates = Rates({"1": RATES[0], "2": None}, None, tuple(RATES), inside_eu)
    result = price_order(one, rates, rounding)
    event(type(result).__name__ if isinstance(result, PricedOrder) else result.code)
    if isinstance(result, PricedOrder):
        charges = result.shipping.amount + result.wrapping.amount
        assert sum((line.total for line in result.lines), charges) == result.total


@st.composite
def free_orders(draw: st.DrawFn) -> tuple[Order, Rates]:
    """Any rows at all with totals that are the sums of their rows in some reading: taken or refused, never wrong."""
    on_top = draw(st.booleans())
    items = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        kinds = draw(st.lists(st.sampled_from(list(ProceedsType.__members__)), min_size=1, max_size=6))
        rows = [row(kind, draw(st.decimals(-20, 100, places=2))) for kind in kinds]
        made = item(None, *rows, item_id=str(number), quantity=draw(st.integers(0, 9)))
        items.append(item(item_total(made, on_top), *rows, item_id=str(number), quantity=made.quantity))
    grand = sum((one.proceeds_total.amount for one in items if one.proceeds_total), Decimal(0))
    rates = Rates({str(n): RATES[0] for n in range(1, 4)}, RATES[1], tuple(RATES), prices_hold_tax=False)
    return order(*items, grand=grand), rates


@given(free_orders(), roundings)
def test_any_rows_outside_the_eu_are_priced_to_the_cent(made: tuple[Order, Rates], rounding: Rounding) -> None:
    one, rates = made
    result = price_order(one, rates, rounding)
    assert isinstance(result, PricedOrder), result
    check_identities(one, result, rounding)


@given(
    st.decimals(-1000, 1000, places=3),
    st.lists(st.decimals(-10, 1000, places=2), min_size=1, max_size=9),
    st.integers(0, 3),
)
def test_shares_lose_nothing_and_stay_near_their_proportion(
    total: Decimal, weights: list[Decimal], decimals: int
) -> None:
    shares = allocate(total, weights, decimals)
    assert sum(shares) == total
    positive = [max(weight, Decimal(0)) for weight in weights]
    whole = sum(positive)
    if whole:
        for share, weight in zip(shares, positive, strict=True):
            assert abs(share - total * weight / whole) <= 2 * Decimal(1).scaleb(-decimals)


@given(st.decimals(-1000, 1000, places=6), st.integers(0, 4), st.integers(0, 5))
def test_rounding_is_within_a_unit_and_monotone(value: Decimal, decimals: int, mode: int) -> None:
    unit = Decimal(1).scaleb(-decimals)
    near = quantise(value, decimals, mode)
    assert abs(near - value) < unit
    assert quantise(value + unit / 7, decimals, mode) >= near
    assert quantise(near, decimals, mode) == near
