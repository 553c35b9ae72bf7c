"""`init` asks for taxes: where the shop's own rules would book sales abroad at the home country's rates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from orderferry.cli.interview import Interview
from orderferry.domain.marketplaces import EU_COUNTRIES

if TYPE_CHECKING:
    from orderferry.prestashop.facts import ShopFacts


def settle_taxes(interview: Interview, facts: ShopFacts) -> None:
    """Ask for the tax of deliveries to each marketplace's country where the shop's rules apply the home country's."""
    home = next(
        (iso_ for iso_, one in facts.countries.items() if str(one.id) == facts.setting("PS_COUNTRY_DEFAULT")), ""
    )
    abroad = [
        one.code
        for one in interview.draft.settings(whole=False).amazon.marketplaces
        if one.code in EU_COUNTRIES and one.code != home
    ]
    interview.head("Taxes (docs/taxes-and-invoices.md)")
    rows = [f"{number:4}  {facts.tax_names.get(number, '')}  {rate:f} %" for number, rate in facts.taxes.items()]
    interview.offer("Taxes of the shop", rows)
    for country in abroad:
        applied = _home_taxes_abroad(facts, home, country)
        if applied and not interview.draft.has(f"taxes.{country}"):
            interview.say(f"  The shop's tax rules apply {', '.join(applied)} to deliveries to {country}.")
        interview.key(
            f"taxes.{country}",
            f"Tax of deliveries to {country}: a rate such as 19, or a tax by name (none: the shop's tax rules)",
            default=_likely_tax(facts, country) if applied and interview.interactive else "",
            convert=lambda answer: _rate_or_tax(facts, answer),
        )
    interview.key(
        "taxes.collected_by_amazon",
        "Tax for sales where Amazon pays the tax itself, by name",
        convert=lambda answer: _tax_named(facts, answer),
    )


def settle_new_taxes(
    interview: Interview, missing: Callable[[], Mapping[str, Sequence[Decimal]]], home: str, *, create: bool | None
) -> Mapping[str, Sequence[Decimal]]:
    """Show the taxes that the shop lacks; return those that are to be created: of such a rate, orders that Amazon taxes
    are held. `create`: None asks, but not for rates of the home country alone, of which the products say whether the
    shop needs them."""
    if create is False:
        return {}
    rates = missing()
    if not rates or (create is None and not rates.keys() - {home}):
        return {}
    interview.say(shown_taxes(rates))
    if create or interview.yes("Create these taxes (without rules), so that no order is held for one?", default=True):
        return rates
    return {}


def shown_taxes(rates: Mapping[str, Sequence[Decimal]]) -> str:
    """Return the taxes that are to be created, a line for each country."""
    lines = [f"  {code}: {', '.join(f'{rate.normalize():f} %' for rate in some)}" for code, some in rates.items()]
    return "\n".join(["The shop has no tax of its own for these rates:", *lines])


def _home_taxes_abroad(facts: ShopFacts, home: str, country: str) -> list[str]:
    """Return the taxes of the home country that the shop's rules apply to another country too, by name."""
    own, other = facts.countries.get(home), facts.countries.get(country)
    if own is None or other is None:
        return []
    ruled = [(facts.ruled_tax(group, own.id), facts.ruled_tax(group, other.id)) for group, _ in facts.tax_rules]
    shared = {mine for mine, theirs in ruled if mine and mine == theirs}
    return [facts.tax_names.get(number, str(number)) for number in sorted(shared)]


def _likely_tax(facts: ShopFacts, country: str) -> str:
    """Return the tax whose name has the country's code as a word, the highest rate where several have it; or ''."""
    named = [number for number in facts.tax_names if country in facts.tax_countries[number]]
    best = max(named, key=lambda number: facts.taxes.get(number, Decimal(0)), default=0)
    return facts.tax_names.get(best, "")


def _rate_or_tax(facts: ShopFacts, answer: str) -> float | int | str:
    """Return a rate in percent as TOML's number, or a tax's name."""
    try:
        rate = Decimal(answer.removesuffix("%").strip())
    except InvalidOperation:
        return _tax_named(facts, answer)
    return int(rate) if rate == rate.to_integral_value() else float(rate)


def _tax_named(facts: ShopFacts, answer: str) -> str:
    from orderferry.prestashop.planning.resolve_mappings import choose

    names: Mapping[int, Collection[str]] = {number: (name,) for number, name in facts.tax_names.items()}
    number = choose(answer, names, "this", "tax")
    several = sum(1 for name in facts.tax_names.values() if name == facts.tax_names[number]) > 1
    return str(number) if several else facts.tax_names[number]
