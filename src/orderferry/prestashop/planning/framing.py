"""From an Amazon order to its frame: currency, addresses, products, taxes, money, account, state. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from orderferry.config.model import Settings
from orderferry.domain.clean_text import Field, clean_text
from orderferry.domain.orders import Order
from orderferry.domain.price_order import price_order
from orderferry.domain.pricing import PricedLine, PricedOrder, Rates, Rounding, join_lines
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.proceeds import order_currency
from orderferry.domain.tax_scheme import tax_scheme
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Catalog, Currency, ShopFacts
from orderferry.prestashop.planning.accounts import account_of
from orderferry.prestashop.planning.backorder import backorder_state
from orderferry.prestashop.planning.frame import Frame, FrameLine, Place
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.match_lines import Match, match_items
from orderferry.prestashop.planning.order_places import places_of
from orderferry.prestashop.planning.paperwork import paperwork_of
from orderferry.prestashop.planning.resolve import resolve_currency
from orderferry.prestashop.planning.states import state_kind
from orderferry.prestashop.planning.tax_rates import home_country, rates_for
from orderferry.prestashop.rows.cart import are_lines_addressed
from orderferry.prestashop.rows.detail import tax_columns
from orderferry.prestashop.writing.stock import Goods, Movement, goods_of


@dataclass(frozen=True, slots=True)
class Bench:
    """What framing works with: the configuration, the shop's facts, and the page's catalog."""

    settings: Settings
    facts: ShopFacts
    catalog: Catalog


def frame_order(order: Order, market: Market, bench: Bench, now: datetime) -> Frame | Problem:
    """Given an order and where it belongs, return its frame, or the problem that holds it: unmapped-currency,
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
    rates = rates_for(order, market, bench.facts, delivery, products)
    rounding = market.rounding(currency)
    priced = price_order(order, rates, rounding)
    if isinstance(priced, Problem):
        return priced
    priced = replace(priced, lines=_joined(order, priced, matches, rounding))
    kind = state_kind(order, market.settings.orders)
    state = market.states[kind]
    lines = _lines(order, priced, matches, bench.facts)
    kind_of_stock = bench.settings.stock.fba if order.channel == "fba" else bench.settings.stock.regular
    moves = kind_of_stock == "move" and state is not market.states["cancelled"]
    pack_type = as_int(bench.facts.setting("PS_PACK_STOCK_TYPE", market.shop, "0"))
    orders = market.settings.orders
    return Frame(
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
    """The rate on shipping; an order without shipping has the carrier's all the same, as PrestaShop writes it."""
    if priced.shipping.amount.incl or rates.shipping is None:
        return priced.shipping.rate
    return rates.shipping.rate


def _joined(
    order: Order, priced: PricedOrder, matches: Mapping[str, Match], rounding: Rounding
) -> tuple[PricedLine, ...]:
    """The lines with those of one product at one rate made one. What is no product of the shop, or only stands in for
    another one, stays apart: who packs has to know what it is."""
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
    """The rate on ecotax at the place of delivery, as Tax::getProductEcotaxRate finds it."""
    group = as_int(facts.setting("PS_ECOTAX_TAX_RULES_GROUP_ID", market.shop, "0"))
    id_tax = facts.ruled_tax(group, place.country.id, place.id_state, place.known_postcode)
    return facts.taxes.get(id_tax or 0, Decimal(0))


def _lines(order: Order, priced: PricedOrder, matches: Mapping[str, Match], facts: ShopFacts) -> tuple[FrameLine, ...]:
    items = {item.item_id: item for item in order.items}
    nothing = Match(None)
    lines = []
    for line in priced.lines:
        match = matches.get(line.item_ids[0], nothing) if line.item_ids else nothing
        lines.append(
            FrameLine(
                priced=line,
                items=tuple(items[item_id] for item_id in line.item_ids),
                product=match.product,
                as_placeholder=match.as_placeholder,
                tax_name=facts.tax_names.get(int(line.tax_key), "") if line.tax_key else "",
            )
        )
    return tuple(lines)


def _goods(lines: tuple[FrameLine, ...], shop_pack_type: int) -> tuple[Goods, ...]:
    """What leaves the stock. A placeholder's stock is nobody's."""
    return tuple(
        goods
        for line in lines
        if line.product is not None and not line.as_placeholder
        for goods in goods_of(line.product, line.priced.quantity, shop_pack_type)
    )
