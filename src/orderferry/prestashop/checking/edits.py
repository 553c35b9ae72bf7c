"""Check the shop's settings under which an edit of an order in the back office loses Amazon's amounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.domain.pricing.tax_law import legal_rates
from orderferry.domain.territories import EU_MEMBERS
from orderferry.errors import ShopUnfit
from orderferry.prestashop.facts import Country, ShopFacts
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolve_mappings import resolve_tax

_ON, _PER_UNIT = "1", 1
Taxed = tuple[str, Market, Country]  # a marketplace whose shop works with taxes, and its country


def check_edits(
    settings: Settings, facts: ShopFacts, markets: Mapping[str, Market], groups: Mapping[int, str]
) -> Iterator[CheckResult]:
    """Yield what an edit in the back office changes on its own: shipping, rounding, and rates that are not the shop's.

    `groups`: the tax rules groups of the shop's products, with their names.
    """
    key = "PS_ORDER_RECALCULATE_SHIPPING"
    recalculating = ", ".join(sorted(code for code, one in markets.items() if facts.setting(key, one.shop) == _ON))
    if recalculating:
        yield warning(
            "edit-shipping",
            f"PS_ORDER_RECALCULATE_SHIPPING is on: when staff edits an order of Amazon's ({recalculating}), PrestaShop "
            "replaces the shipping that the buyer paid by the carrier's own price.",
            "Switch off “Recalculate shipping costs after editing the order” (Shop Parameters > Order Settings).",
        )
    per_unit = ", ".join(sorted(code for code, market in markets.items() if market.round_type == _PER_UNIT))
    if per_unit:
        yield warning(
            "edit-rounding",
            f"PS_ROUND_TYPE is 1 (round each item) in the shop of {per_unit}: an edit rounds the price of one unit to "
            "the cent, so that a line of several units can move by some cents (99.99 for 7 becomes 100.03).",
            "Round each line instead (Shop Parameters > General > Round type), if the accountant agrees.",
        )
    taxed = [
        (code, market, facts.countries[code])
        for code, market in markets.items()
        if code in facts.countries and facts.setting("PS_TAX", market.shop, _ON) == _ON
    ]
    refunds = list(_refunded_rates(settings, facts, taxed))
    if refunds:
        yield fine(
            "edit-refund",
            f"A standard refund pays shipping back at the rate of the carrier's own tax rules, whatever rate it was "
            f"sold at: {'; '.join(refunds)}. Correct those rules, or enter the amount by a partial refund.",
        )
    rates = list(_other_rates(settings, facts, taxed, groups))
    if rates:
        yield fine(
            "edit-rates",
            f"An edit books an order anew by the shop's own tax rules, whatever Amazon or the configuration said: "
            f"{'; '.join(rates)}. Correct the rules where such orders are to be edited.",
        )
    elif not recalculating and not per_unit:
        yield fine("edits", "No setting of the shop makes an edit change what Amazon's buyers paid.")


def _other_rates(
    settings: Settings, facts: ShopFacts, taxed: Sequence[Taxed], groups: Mapping[int, str]
) -> Iterator[str]:
    """Yield the countries for which the shop has no rule, or other rates than the configuration."""
    for code, _, country in taxed:
        ruled = _ruled(facts, country, groups)
        named = settings.marketplace(code).taxes.by_country.get(code)
        if not ruled:
            yield f"{code}: no rule, so 0 % after an edit"
        elif named is not None and (rate := _rate(facts, named, country, code)) is not None and rate not in ruled:
            shown = " or ".join(f"{one.normalize():f} %" for one in sorted(ruled))
            yield f"{code}: {rate.normalize():f} % as configured, {shown} after an edit"


def _refunded_rates(settings: Settings, facts: ShopFacts, taxed: Sequence[Taxed]) -> Iterator[str]:
    """Yield the countries whose configured rate, else their standard rate by law, is not that of their carriers."""
    for code, market, country in taxed:
        named = settings.marketplace(code).taxes.by_country.get(code)
        law = next(iter(legal_rates(code)), None) if code in EU_MEMBERS else None
        sold = law if named is None else _rate(facts, named, country, code)
        others = {
            _carrier_rate(facts, market, id_carrier, country)
            for id_carrier in (*market.carriers.values(), market.id_carrier_fba)
            if id_carrier
        } - {sold}
        if sold is not None and others:
            shown = " or ".join(f"{one.normalize():f} %" for one in sorted(others))
            yield f"{code}: {shown}, sold at {sold.normalize():f} %"


def _carrier_rate(facts: ShopFacts, market: Market, id_carrier: int, country: Country) -> Decimal:
    group = facts.carrier_tax_groups.get((id_carrier, market.shop.id), 0)
    return facts.taxes.get(facts.ruled_tax(group, country.id) or 0, Decimal(0))


def _ruled(facts: ShopFacts, country: Country, groups: Mapping[int, str]) -> set[Decimal]:
    rules = (rule for group in groups for rule in facts.tax_rules.get((group, country.id), ()))
    return {facts.taxes.get(rule.id_tax, Decimal(0)) for rule in rules}


def _rate(facts: ShopFacts, named: Decimal | str, country: Country, code: str) -> Decimal | None:
    try:
        return resolve_tax(facts, named, country, key=f"taxes.{code}").rate
    except ShopUnfit:
        return None  # `check_mappings` reports it
