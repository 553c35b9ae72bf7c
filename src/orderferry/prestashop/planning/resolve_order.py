"""From an Amazon order to its resolved: currency, addresses, products, taxes, money, account, state. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from orderferry.config.model import Settings
from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.pricing.price_order import price_order
from orderferry.domain.pricing.priced_order import PricedLine, PricedOrder, Rates, Rounding, join_lines
from orderferry.domain.pricing.proceeds import order_currency
from orderferry.domain.pricing.tax_law import tax_scheme
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.text import Field, clean_text
from orderferry.prestashop.database.values import as_int, version_numbers
from orderferry.prestashop.facts import Catalog, Country, Currency, FeeKey, ShopFacts
from orderferry.prestashop.planning.addresses import account_of, places_of
from orderferry.prestashop.planning.goods import Goods, Movement, backorder_state, goods_of
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.order_lines import (
    PRODUCT,
    SHIPPING,
    ProductMatch,
    fee_group,
    fee_product,
    kinds_in_shipping,
    match_items,
)
from orderferry.prestashop.planning.resolve_mappings import resolve_currency, state_kind
from orderferry.prestashop.planning.resolved_order import Place, ResolvedLine, ResolvedOrder, paperwork_of
from orderferry.prestashop.planning.tax_rates import home_country, rates_for, standard_group

UNADDRESSED_SINCE = (9,)  # from 9 on cart_product.id_address_delivery is 0 (measured: 0-cart on 9.1.4)
# order_detail.tax_name and tax_rate by the way of the shop's version (measured on each; unused by invoices).
TAX_COLUMNS_BY_VERSION: tuple[tuple[tuple[int, ...], str], ...] = (
    ((1, 6), "empty"),
    ((1, 7, 8), "named"),
    ((9,), "deprecated"),
)


@dataclass(frozen=True, slots=True)
class ResolveContext:
    """What resolving an order needs: the configuration, the shop's facts, and the page's catalog. `taxed_by_amazon`:
    the marketplaces, by country code, where Amazon has told tax that the seller owes.
    """

    settings: Settings
    facts: ShopFacts
    catalog: Catalog
    taxed_by_amazon: Collection[str] = ()


def resolve_order(order: Order, market: Market, bench: ResolveContext, now: datetime) -> ResolvedOrder | Problem:
    """Given an order and where it belongs, return its resolved, or the problem that holds it: unmapped-currency,
    no-address, unknown-country, unknown-sku, ambiguous-sku, or what pricing finds.
    """
    currency = _currency(order, bench.facts)
    if isinstance(currency, Problem):
        return currency
    places = places_of(order, market, bench.facts)
    if isinstance(places, Problem):
        return places
    delivery, invoice_place = places
    matches = match_items(order, market.shop, bench.facts, bench.catalog, bench.settings.products)
    if isinstance(matches, Problem):
        return matches
    products = {item_id: match.product for item_id, match in matches.items()}
    vat_by_amazon = bench.settings.amazon_calculates_vat(market.code, bench.taxed_by_amazon)
    rates = rates_for(order, market, bench.facts, delivery, products, vat_by_amazon=vat_by_amazon)
    rounding = market.rounding(currency)
    own, products_settings = bench.catalog.own, bench.settings.products
    in_shipping = kinds_in_shipping(products_settings, own)
    priced = price_order(order, rates, rounding, in_shipping)
    if isinstance(priced, Problem):
        return priced
    priced = replace(priced, lines=_joined(order, priced, matches, rounding))
    paid = {row.type for rows in (order.proceeds, *(item.proceeds for item in order.items)) for row in rows}
    kind = state_kind(order, market.settings.orders)
    state = market.states[kind]
    lines = _lines(order, priced, matches, bench, market=market, place=delivery)
    if isinstance(lines, Problem):
        return lines
    kind_of_stock = bench.settings.stock.fba if order.channel == "fba" else bench.settings.stock.regular
    moves = kind_of_stock == "move" and state is not market.states["cancelled"]
    pack_type = as_int(bench.facts.setting("PS_PACK_STOCK_TYPE", market.shop, "0"))
    orders = market.settings.orders
    return ResolvedOrder(
        order=order,
        priced=priced,
        marketplace=market.code,
        shop=market.shop,
        zone=market.zone,
        now=now,
        id_lang=market.id_lang,
        currency=currency,
        # never 0: statistics divide by it
        conversion_rate=currency.shop_rates.get(market.shop.id) or currency.rate or Decimal(1),
        carrier_tax_rate=_carrier_tax_rate(priced, rates),
        language=_language(market, bench.facts),
        zero_tax=_zero_tax(bench.facts, delivery.country) or own.zero_tax,
        may_make_taxes=own.may_make_taxes,
        fees_joined=any(products_settings.fee(kind) != SHIPPING and kind in paid for kind in in_shipping),
        tax_scheme=tax_scheme(order, priced, home=home_country(bench.facts, market.shop), country=delivery.country.iso),
        state=state,
        id_carrier=market.carrier(order),
        account=account_of(order, market, bench.catalog, delivery.postal),
        delivery=delivery,
        invoice_place=invoice_place,
        lines=lines,
        paperwork=paperwork_of(order, state, market, bench.facts, country=delivery.country, place=delivery),
        round_mode=market.round_mode,
        round_type=market.round_type,
        payment_label=payment_label(order, market),
        module_name=orders.module_name,
        placed=order.created if orders.date == "purchase" else now,
        goods=_goods(lines, pack_type),
        movement=(Movement.SELL_SHIPPED if state.shipped else Movement.SELL) if moves else None,
        id_employee=bench.facts.employee,
        id_carrier_group=market.carrier_groups.get(market.carrier(order), 0),
        backorder=backorder_state(bench.facts, market.shop, orders, kind, state) if moves else None,
        tax_columns=tax_columns(bench.facts.version),
        cart_lines_addressed=are_lines_addressed(bench.facts.version),
        ecotax_tax_rate=_ecotax_tax_rate(bench.facts, market, delivery),
        password_age_minutes=as_int(bench.facts.setting("PS_PASSWD_TIME_FRONT", market.shop, "360")),
    )


def payment_label(order: Order, market: Market) -> str:
    """orders.payment: the configured label with the marketplace's name and its country filled in."""
    label = market.settings.orders.payment_label
    name = order.marketplace_name or market.code
    return clean_text(label.replace("{marketplace}", name).replace("{country}", market.code), Field.GENERIC)


def _currency(order: Order, facts: ShopFacts) -> Currency | Problem:
    iso = order_currency(order)
    found = resolve_currency(facts, iso)
    if found is not None:
        return found
    return Problem(
        ProblemCode.UNMAPPED_CURRENCY,
        f"order {order.order_id} is in {iso}, a currency that the shop does not have"
        if iso
        else f"order {order.order_id} names no currency",
        order.order_id,
        iso,
    )


def _carrier_tax_rate(priced: PricedOrder, rates: Rates) -> Decimal:
    """Return the rate on shipping; an order without shipping has the carrier's all the same, as PrestaShop writes
    it.
    """
    if priced.shipping.amount.incl or rates.shipping is None:
        return priced.shipping.effective_rate
    return rates.shipping.rate


def _joined(
    order: Order, priced: PricedOrder, matches: Mapping[str, ProductMatch], rounding: Rounding
) -> tuple[PricedLine, ...]:
    """Return the lines with those of one product at one rate made one. What is no product of the shop, or only
    stands in for another one, stays apart: who packs has to know what it is.
    """
    skus = {item.item_id: item.sku for item in order.items}
    groups: dict[Hashable, list[PricedLine]] = {}
    for number, line in enumerate(priced.lines):
        match = matches.get(line.item_ids[0]) if line.item_ids else None
        key: Hashable = number
        if match is not None and match.product is not None:
            stood_in = skus[line.item_ids[0]] if match.as_placeholder else ""
            product = match.product
            key = (product.id_product, product.id_product_attribute, stood_in, line.rate, line.tax_key)
        groups.setdefault(key, []).append(line)
    return tuple(join_lines(lines, rounding) for lines in groups.values())


def _ecotax_tax_rate(facts: ShopFacts, market: Market, place: Place) -> Decimal:
    """Return the rate on ecotax at the place of delivery, as Tax::getProductEcotaxRate finds it."""
    group = as_int(facts.setting("PS_ECOTAX_TAX_RULES_GROUP_ID", market.shop, "0"))
    id_tax = facts.ruled_tax(group, place.country.id, place.id_state, place.known_postcode)
    return facts.taxes.get(id_tax or 0, Decimal(0))


def _lines(
    order: Order,
    priced: PricedOrder,
    matches: Mapping[str, ProductMatch],
    bench: ResolveContext,
    *,
    market: Market,
    place: Place,
) -> tuple[ResolvedLine, ...] | Problem:
    items = {item.item_id: item for item in order.items}
    lines = []
    for line in priced.lines:
        fee: FeeKey | None = None
        match = matches.get(line.item_ids[0], ProductMatch(None)) if line.item_ids else ProductMatch(None)
        word = "" if line.item_ids else bench.settings.products.fee(line.kind)
        if word == PRODUCT:
            preferred = (*_own_groups(line.kind, market, bench.facts), standard_group(bench.facts))
            fee = FeeKey(line.kind, fee_group(bench.facts, place, line.tax_key, preferred))
            match = ProductMatch(fee_product(bench.catalog.own, fee))
        elif word:
            named = bench.catalog.products.get((market.shop.id, word), ())
            if len(named) != 1:
                return _unknown_fee_product(order, line.kind, word, len(named))
            match = ProductMatch(named[0])
        lines.append(
            ResolvedLine(
                priced=line,
                items=tuple(items[item_id] for item_id in line.item_ids),
                product=match.product,
                as_placeholder=match.as_placeholder,
                tax_name=bench.facts.tax_names.get(int(line.tax_key), "") if line.tax_key else "",
                fee=fee,
            )
        )
    return tuple(lines)


def _own_groups(kind: ProceedsType, market: Market, facts: ShopFacts) -> tuple[int, ...]:
    """Return the tax rules group that the shop itself has for a kind of fee: gift wrapping has a setting."""
    if kind is not ProceedsType.GIFT_WRAP:
        return ()
    return (as_int(facts.setting("PS_GIFT_WRAPPING_TAX_RULES_GROUP", market.shop, "0")),)


def _unknown_fee_product(order: Order, kind: ProceedsType, word: str, found: int) -> Problem:
    answer = f"{found} products answer" if found else "no product of the shop answers"
    return Problem(
        ProblemCode.AMBIGUOUS_SKU if found else ProblemCode.UNKNOWN_SKU,
        f"order {order.order_id}: {answer} to {word!r}, which products.fees names for {kind.lower()}",
        order.order_id,
        word,
    )


def _zero_tax(facts: ShopFacts, country: Country) -> int:
    """Return a tax of 0 % of the shop's own, preferably one that a rule of the country names; 0 for none."""
    zero = [id_tax for id_tax, rate in facts.taxes.items() if not rate]
    ruled = facts.taxes_named_for(country.id) if zero else frozenset()
    return min(zero, key=lambda id_tax: (id_tax not in ruled, id_tax), default=0)


def _language(market: Market, facts: ShopFacts) -> str:
    """Return the ISO code of the order's language; '' for one that is not active any more."""
    return next((iso for iso, id_lang in facts.languages.items() if id_lang == market.id_lang), "")


def _goods(lines: tuple[ResolvedLine, ...], shop_pack_type: int) -> tuple[Goods, ...]:
    """Return what leaves the stock: nothing for placeholders and fees."""
    return tuple(
        goods
        for line in lines
        if line.sells is not None
        for goods in goods_of(line.sells, line.priced.quantity, shop_pack_type)
    )


def are_lines_addressed(version: str) -> bool:
    """Return whether that version writes the address of delivery into cart_product, given PS_VERSION ('8.2.1')."""
    return version_numbers(version) < UNADDRESSED_SINCE


def tax_columns(version: str) -> str:
    """Return how that version fills tax_name and tax_rate, given PS_VERSION ('8.2.1'); an unknown version as 8.x."""
    numbers = version_numbers(version)
    fitting = [way for since, way in TAX_COLUMNS_BY_VERSION if numbers[: len(since)] >= since] if numbers else []
    return fitting[-1] if fitting else "named"
