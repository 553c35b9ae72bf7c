"""Turn an Amazon order into a resolved order: currency, addresses, products, taxes, money, account, state. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from orderferry.config.model import ProductsSettings
from orderferry.domain.orders import Channel, Order, ProceedsType
from orderferry.domain.pricing.price_order import price_order
from orderferry.domain.pricing.priced_order import PricedLine, PricedOrder, Rates, Rounding, join_lines
from orderferry.domain.pricing.proceeds import order_currency
from orderferry.domain.pricing.tax_law import tax_scheme
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.text import Field, clean_text
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Catalog, Country, Currency, FeeKey, OrderState, Product, ShopFacts
from orderferry.prestashop.planning.addresses import resolve_account, resolve_places
from orderferry.prestashop.planning.goods import Goods, Movement, backorder_state, goods_of
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.order_lines import (
    PRODUCT,
    SHIPPING,
    fee_group,
    fee_product,
    kinds_in_shipping,
    match_items,
)
from orderferry.prestashop.planning.resolve_mappings import state_kind
from orderferry.prestashop.planning.resolved_order import Place, ResolvedLine, ResolvedOrder, paperwork_of
from orderferry.prestashop.planning.tax_rates import rates_for, standard_group


def resolve_order(order: Order, market: Market, catalog: Catalog, now: datetime) -> ResolvedOrder | Problem:
    """Find the shop's products, addresses, taxes, state and account for an order, or the problem that holds it.

    Problems: unmapped-currency, no-address, unknown-country, unknown-sku, ambiguous-sku, and those of `price_order`.
    """
    facts, orders = market.facts, market.settings.orders
    currency = _currency(order, facts)
    if isinstance(currency, Problem):
        return currency
    places = resolve_places(order, market)
    if isinstance(places, Problem):
        return places
    delivery, invoice_place = places
    products = match_items(order, market, catalog)
    if isinstance(products, Problem):
        return products
    rates = rates_for(order, market, delivery, products, vat_by_amazon=market.code in catalog.vat_by_amazon)
    in_shipping = kinds_in_shipping(market.products, catalog.own)
    priced = price_order(order, rates, market.rounding(currency), in_shipping)
    if isinstance(priced, Problem):
        return priced
    priced = replace(priced, lines=_joined(order, priced, products, market.rounding(currency)))
    lines = _lines(order, priced, products, market, catalog, place=delivery)
    if isinstance(lines, Problem):
        return lines
    kind = state_kind(order, orders)
    state = market.states[kind]
    movement = _movement(order, state, market)
    return ResolvedOrder(
        order=order,
        priced=priced,
        market=market,
        now=now,
        currency=currency,
        # never 0: statistics divide by it
        conversion_rate=currency.shop_rates.get(market.shop.id) or currency.rate or Decimal(1),
        carrier_tax_rate=_carrier_tax_rate(priced, rates),
        zero_tax=_zero_tax(facts, delivery.country) or catalog.own.zero_tax,
        may_make_taxes=catalog.own.may_make_taxes,
        fees_joined=_are_fees_joined(order, in_shipping, market.products),
        tax_scheme=tax_scheme(order, priced, home=market.home, country=delivery.country.iso),
        state=state,
        id_carrier=market.carrier(order),
        account=resolve_account(order, market, catalog, delivery.postal),
        delivery=delivery,
        invoice_place=invoice_place,
        lines=lines,
        paperwork=paperwork_of(order, state, market, country=delivery.country, place=delivery),
        payment_label=_payment_label(order, market),
        placed=order.created if orders.date == "purchase" else now,
        goods=_goods(lines, as_int(facts.setting("PS_PACK_STOCK_TYPE", market.shop))),
        movement=movement,
        backorder=backorder_state(market, kind, state) if movement else None,
        ecotax_tax_rate=_ecotax_tax_rate(market, delivery),
    )


def _payment_label(order: Order, market: Market) -> str:
    """Return orders.payment: the configured label with the marketplace's name and country filled in."""
    label = market.settings.orders.payment_label
    name = order.marketplace_name or market.code
    return clean_text(label.replace("{marketplace}", name).replace("{country}", market.code), Field.GENERIC)


def _currency(order: Order, facts: ShopFacts) -> Currency | Problem:
    iso = order_currency(order)
    found = facts.currencies.get(iso.upper())  # also one that customers do not see
    if found is not None:
        return found
    what = f"is in {iso}, a currency that the shop does not have" if iso else "names no currency"
    return Problem(ProblemCode.UNMAPPED_CURRENCY, f"order {order.order_id} {what}", order.order_id, iso)


def _carrier_tax_rate(priced: PricedOrder, rates: Rates) -> Decimal:
    """Return the rate on shipping; without shipping the carrier's rate, as PrestaShop writes it."""
    if priced.shipping.amount.incl or rates.shipping is None:
        return priced.shipping.effective_rate
    return rates.shipping.rate


def _joined(
    order: Order, priced: PricedOrder, products: Mapping[str, Product | None], rounding: Rounding
) -> tuple[PricedLine, ...]:
    """Return the lines, those of one product at one rate joined into one.

    Free lines and products that stand in for others stay apart: those who pack have to know what each one is.
    """
    skus = {item.item_id: item.sku for item in order.items}
    groups: dict[Hashable, list[PricedLine]] = {}
    for number, line in enumerate(priced.lines):
        product = products.get(line.item_ids[0]) if line.item_ids else None
        key: Hashable = number
        if product is not None:
            stood_in_for = skus[line.item_ids[0]] if product.stands_in else ""
            key = (product.id_product, product.id_product_attribute, stood_in_for, line.rate, line.tax_key)
        groups.setdefault(key, []).append(line)
    return tuple(join_lines(lines, rounding) for lines in groups.values())


def _ecotax_tax_rate(market: Market, place: Place) -> Decimal:
    """Return the rate on ecotax at the place of delivery, as Tax::getProductEcotaxRate finds it."""
    facts = market.facts
    group = as_int(facts.setting("PS_ECOTAX_TAX_RULES_GROUP_ID", market.shop))
    id_tax = facts.ruled_tax(group, place.country.id, place.id_state, place.known_postcode)
    return facts.taxes.get(id_tax or 0, Decimal(0))


def _lines(
    order: Order,
    priced: PricedOrder,
    products: Mapping[str, Product | None],
    market: Market,
    catalog: Catalog,
    *,
    place: Place,
) -> tuple[ResolvedLine, ...] | Problem:
    items = {item.item_id: item for item in order.items}
    lines = []
    for line in priced.lines:
        fee: FeeKey | None = None
        product = products.get(line.item_ids[0]) if line.item_ids else None
        word = "" if line.item_ids else market.products.fee(line.kind)
        if word == PRODUCT:
            preferred = (*_own_groups(line.kind, market), standard_group(market.facts))
            fee = FeeKey(line.kind, fee_group(market.facts, place, line.tax_key, preferred))
            product = fee_product(catalog.own, fee)
        elif word:
            named = catalog.products.get((market.shop.id, word), ())
            if len(named) != 1:
                return _unknown_fee_product(order, line.kind, word, len(named))
            product = named[0]
        lines.append(
            ResolvedLine(
                priced=line,
                items=tuple(items[item_id] for item_id in line.item_ids),
                product=product,
                tax_name=market.facts.tax_names.get(int(line.tax_key), "") if line.tax_key else "",
                fee=fee,
            )
        )
    return tuple(lines)


def _own_groups(kind: ProceedsType, market: Market) -> tuple[int, ...]:
    """Return the tax rules group that the shop has for a kind of fee; only gift wrapping has a setting."""
    if kind is not ProceedsType.GIFT_WRAP:
        return ()
    return (as_int(market.facts.setting("PS_GIFT_WRAPPING_TAX_RULES_GROUP", market.shop)),)


def _unknown_fee_product(order: Order, kind: ProceedsType, word: str, found: int) -> Problem:
    answer = f"{found} products answer" if found else "no product of the shop answers"
    message = f"order {order.order_id}: {answer} to {word!r}, which products.fees names for {kind.lower()}"
    code = ProblemCode.AMBIGUOUS_SKU if found else ProblemCode.UNKNOWN_SKU
    return Problem(code, message, order.order_id, word)


def _zero_tax(facts: ShopFacts, country: Country) -> int:
    """Return the shop's tax of 0 %, preferably one that a rule of the country names; 0 for none."""
    zero = [id_tax for id_tax, rate in facts.taxes.items() if not rate]
    ruled = facts.taxes_named_for(country.id) if zero else frozenset()
    return min(zero, key=lambda id_tax: (id_tax not in ruled, id_tax), default=0)


def _goods(lines: tuple[ResolvedLine, ...], shop_pack_type: int) -> tuple[Goods, ...]:
    """Return what leaves the stock: nothing for placeholders and fees."""
    return tuple(
        goods
        for line in lines
        if line.sells is not None
        for goods in goods_of(line.sells, line.priced.quantity, shop_pack_type)
    )


def _are_fees_joined(order: Order, in_shipping: Collection[ProceedsType], settings: ProductsSettings) -> bool:
    """Return whether the shipping includes a fee only because no product can be made for it."""
    paid = {row.type for rows in (order.proceeds, *(item.proceeds for item in order.items)) for row in rows}
    return any(settings.fee(kind) != SHIPPING and kind in paid for kind in in_shipping)


def _movement(order: Order, state: OrderState, market: Market) -> Movement | None:
    """Return how a new order moves its goods; None for a cancelled one, and where [stock] says that it moves none."""
    setting = market.stock.fba if order.channel is Channel.FBA else market.stock.regular
    if setting != "move" or state is market.states["cancelled"]:
        return None
    return Movement.SELL_SHIPPED if state.shipped else Movement.SELL
