"""Find the shop's rows for words of the configuration and of Amazon: states, carriers, groups, taxes, … Pure.

A function's `key` is the configuration's key that holds the word: ShopUnfit names it when the shop has no such thing,
with those that it has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from math import prod

from orderferry.config.model import OrdersSettings, Settings
from orderferry.domain.orders import CANCELLED_STATUSES, SHIPPED_STATUSES, Channel, Order
from orderferry.domain.pricing.priced_order import RateChoice
from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Carrier, Country, OrderState, ShopFacts, ShopUnit, TaxRule

# Each kind of state: the key of [orders] that names it, and the shop's own setting where the key is empty.
STATE_SOURCES: dict[str, tuple[str, str]] = {
    "paid": ("state_paid", "PS_OS_PAYMENT"),
    "shipped": ("state_shipped", "PS_OS_SHIPPING"),
    "cancelled": ("state_cancelled", "PS_OS_CANCELED"),
    "fba": ("state_fba", "PS_OS_SHIPPING"),
    "prime": ("state_prime", ""),
    "business": ("state_business", ""),
    "cancel_requested": ("state_cancel_requested", ""),
}

RATE_TOLERANCE = Decimal("0.05")  # percentage points: 5.5 and 5.500, never 19 and 19.6
_ADDED_UP = 1  # tax_rule.behavior
_NO_CARRIER = {
    0: "it names none",
    -1: "it says the best price, which only a customer's cart can tell",
    -2: "it says the best grade, which only a customer's cart can tell",
}
_DEFAULT_GROUPS = ("PS_UNIDENTIFIED_GROUP", "PS_GUEST_GROUP", "PS_CUSTOMER_GROUP")
_NAME_OF_SHOP = "0"  # a carrier of this name is shown under the shop's name
_LISTED = 15


def state_kind(order: Order, settings: OrdersSettings) -> str:
    """Return which kind of state an order gets (a key of STATE_SOURCES).

    Prime and Business states are for orders still to be packed. A buyer's request to cancel comes before them, since
    somebody has to look at it before anything is sent. Kinds without a configured state are skipped.
    """
    if order.status in CANCELLED_STATUSES:
        return "cancelled"
    if order.status in SHIPPED_STATUSES:
        return "fba" if order.channel is Channel.FBA else "shipped"
    if settings.state_cancel_requested and any(item.cancel_requested_by for item in order.sold_items):
        return "cancel_requested"
    if settings.state_prime and "PRIME" in order.programs:
        return "prime"
    if settings.state_business and "AMAZON_BUSINESS" in order.programs:
        return "business"
    return "paid"


def resolve_state(
    facts: ShopFacts, word: str, default_setting: str, *, shop: ShopUnit | None = None, key: str
) -> OrderState:
    """Return the state of an id or a name, or for '' the one that the setting (PS_OS_PAYMENT, …) names."""
    choices = {state.id: state.names or (state.name,) for state in facts.states.values()}
    if word or not default_setting:
        return facts.states[choose(word, choices, key, "order state")]
    try:
        return facts.states[choose(facts.setting(default_setting, shop), choices, default_setting, "order state")]
    except ShopUnfit as unfit:
        raise ShopUnfit(unfit.message, hint=f"Name one as {key}. {unfit.hint}") from None


def resolve_carrier(facts: ShopFacts, word: str, *, shop: ShopUnit | None = None, key: str) -> Carrier | None:
    """Return the live carrier of an id or a name, or for '' the shop's default one (None if the shop has no carrier).

    For the id of a row that an edit has replaced, the live row of the same id_reference.
    """
    live = {carrier.id: carrier for carrier in facts.carriers}
    if not word:
        return default_carrier(facts, shop)[0]
    if word.strip().isdecimal():
        followed = _follow(facts, int(word))
        if followed is not None:
            return followed
    shop_name = facts.setting("PS_SHOP_NAME", shop)
    choices = {
        carrier.id: (shop_name, carrier.name) if carrier.name == _NAME_OF_SHOP else (carrier.name,)
        for carrier in facts.carriers
    }
    active = {id_: names for id_, names in choices.items() if live[id_].active}
    named = {name.casefold() for names in active.values() for name in names}
    return live[choose(word, active if word.strip().casefold() in named else choices, key, "carrier")]


def default_carrier(facts: ShopFacts, shop: ShopUnit | None) -> tuple[Carrier | None, str]:
    """Return the carrier that PS_CARRIER_DEFAULT names, and ''.

    If it names none: the first active carrier, which is a guess, and why the setting names none.
    """
    configured = as_int(facts.setting("PS_CARRIER_DEFAULT", shop))
    named = _follow(facts, configured)
    if named is not None:
        return named, ""
    why = _NO_CARRIER.get(configured, f"it names carrier {configured}, which the shop does not have")
    return next(iter(facts.carriers), None), f"PS_CARRIER_DEFAULT is {configured}: {why}"


def own_group(facts: ShopFacts, carrier: Carrier, shop: ShopUnit | None = None) -> int:
    """Return the customer group that a carrier is limited to; 0 for none.

    PrestaShop offers such a carrier only to customers who were put into that group. A carrier of several groups, or of
    one of the three for everybody, is not limited.
    """
    default = {as_int(facts.setting(name, shop)) for name in _DEFAULT_GROUPS}
    return min(carrier.groups) if len(carrier.groups) == 1 and not carrier.groups & default else 0


def _follow(facts: ShopFacts, id_carrier: int) -> Carrier | None:
    same = next((carrier for carrier in facts.carriers if carrier.id == id_carrier), None)
    reference = facts.carrier_references.get(id_carrier)
    return same or next((carrier for carrier in facts.carriers if carrier.id_reference == reference), None)


def resolve_group(facts: ShopFacts, word: str, *, shop: ShopUnit | None = None, key: str) -> int:
    """Return the id_group of an id or a name, or for '' that of guests (PS_GUEST_GROUP).

    A group that the shop's own setting names is taken even if its row is gone, as PrestaShop does it.
    """
    if not word:
        own = facts.setting("PS_GUEST_GROUP", shop) or facts.setting("PS_CUSTOMER_GROUP", shop)
        return as_int(own) or min(facts.groups, default=0)
    return choose(word, {id_: (name,) for id_, name in facts.groups.items()}, key, "customer group")


def resolve_shop(facts: ShopFacts, word: str, *, key: str) -> ShopUnit:
    """Return the shop of an id or a name, or for '' the default shop (PS_SHOP_DEFAULT)."""
    choices = {shop.id: (shop.name,) for shop in facts.shops.values()}
    if word:
        return facts.shops[choose(word, choices, key, "shop")]
    default = facts.shops.get(as_int(facts.setting("PS_SHOP_DEFAULT")))
    if default is not None:
        return default
    if not facts.shops:
        raise unknown_choice(word, choices, "PS_SHOP_DEFAULT", "shop")
    return facts.shops[min(facts.shops)]


def shop_of(facts: ShopFacts, settings: Settings, code: str) -> ShopUnit:
    """Return the shop that the orders of a marketplace go into."""
    return resolve_shop(facts, settings.marketplace(code).shop, key=f"marketplace.{code}.shop")


def resolve_language(facts: ShopFacts, shop: ShopUnit, word: str, *, key: str) -> int:
    """Return the id_lang of an id or an ISO code, or for '' the shop's default language.

    The marketplace's own language is not guessed: invoices and lists stay in one language unless configured.
    """
    if not word:
        return as_int(facts.setting("PS_LANG_DEFAULT", shop)) or min(facts.languages.values(), default=1)
    return choose(word, {id_: (iso,) for iso, id_ in facts.languages.items()}, key, "active language")


def resolve_tax(facts: ShopFacts, word: Decimal | str, country: Country | None = None, *, key: str) -> RateChoice:
    """Return rate and tax for a rate in percent, or for the id or name of a tax.

    For a rate, the nearest tax within RATE_TOLERANCE is taken: of several, preferably one that a rule of the country
    names. A rate without such a tax has an empty key, and so has 0 %, which needs none.
    """
    if isinstance(word, str):
        id_tax = choose(word, {id_: (facts.tax_names.get(id_, ""),) for id_ in facts.taxes}, key, "tax")
        return RateChoice(facts.taxes[id_tax], str(id_tax))
    ruled = facts.taxes_named_for(country.id) if country else frozenset()
    near = {id_: abs(rate - word) for id_, rate in facts.taxes.items() if word and abs(rate - word) <= RATE_TOLERANCE}
    id_tax = min(near, key=lambda id_: (near[id_], id_ not in ruled, id_), default=0)
    return RateChoice(word, str(id_tax) if id_tax else "")


def rule_rate(
    facts: ShopFacts,
    id_tax_rules_group: int,
    country: Country,
    id_state: int = 0,
    postcode: str = "",
    *,
    regional_only: bool = False,
) -> RateChoice | None:
    """Return the rate of a tax rules group at an address of delivery, by the shop's own rules; None without a rule.

    As PrestaShop's TaxRulesTaxManager finds it. Group 0 is PrestaShop's "no tax", and so is a rule without tax. Rules
    that add up their taxes give one rate here, with the shop's tax of that rate if there is one. `regional_only`: rules
    for the whole country do not count.
    """
    if not id_tax_rules_group:
        return RateChoice(Decimal(0))
    rules = [
        rule
        for rule in facts.tax_rules.get((id_tax_rules_group, country.id), ())
        if rule.covers(id_state, postcode) and (rule.regional or not regional_only)
    ]
    if not rules:
        return None
    if rules[0].behavior and len(rules) > 1:
        return resolve_tax(facts, _combined(facts, rules), country, key="tax rules")
    id_tax = rules[0].id_tax
    return RateChoice(facts.taxes[id_tax], str(id_tax)) if id_tax else RateChoice(Decimal(0))


def _combined(facts: ShopFacts, rules: Sequence[TaxRule]) -> Decimal:
    rates = [facts.taxes.get(rule.id_tax, Decimal(0)) for rule in rules]
    if rules[0].behavior == _ADDED_UP:
        return sum(rates, Decimal(0))
    return (prod((1 + rate / 100 for rate in rates), start=Decimal(1)) - 1) * 100


def choose(word: str, choices: Mapping[int, Collection[str]], key: str, what: str) -> int:
    """Return the id that a configured id or name means among `choices` (ids with their names).

    A name is compared as written first, then in any case. `what` is the word for the kind of thing. Raise ShopUnfit
    naming the key and the choices when the word means none of them, or more than one.
    """
    word = word.strip()
    if word.isdecimal() and int(word) in choices:
        return int(word)
    exact = [id_ for id_, names in choices.items() if word in names]
    folded = word.casefold()
    found = exact or [id_ for id_, names in choices.items() if folded in {name.casefold() for name in names}]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(map(str, sorted(found)))
        message = f"{key} = {word!r} is the name of more than one {what} of the shop."
        raise ShopUnfit(message, hint=f"Write one of their ids: {ids}.")
    raise unknown_choice(word, choices, key, what)


def unknown_choice(word: str, choices: Mapping[int, Collection[str]], key: str, what: str) -> ShopUnfit:
    """Return the error for a configured thing that the shop does not have; it lists those that the shop has."""
    listed = [f"{id_} {next(iter(names), '')}".strip() for id_, names in sorted(choices.items())]
    more = ", …" if len(listed) > _LISTED else ""
    there = ", ".join(listed[:_LISTED]) + more if listed else "none"
    return ShopUnfit(f"{key} = {word!r}: the shop has no such {what}.", hint=f"There are: {there}.")


def home_country(facts: ShopFacts, shop: ShopUnit | None = None) -> str:
    """Return the ISO code of the shop's own country (PS_COUNTRY_DEFAULT), from where it sends; '' if unknown."""
    own = as_int(facts.setting("PS_COUNTRY_DEFAULT", shop))
    return next((iso for iso, country in facts.countries.items() if country.id == own), "")
