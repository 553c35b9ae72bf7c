"""What `init` asks, in its order. Each step takes answers from the options, or asks, and tries them at once.

After the database, Amazon, states, carriers and the rest come the shop's modules that wait for hooks which SQL does not
fire, and the taxes of sales abroad that the shop lacks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from orderferry.cli.interview import Interview
from orderferry.domain.durations import counted, iso, parse_moment
from orderferry.domain.marketplaces import EU_COUNTRIES
from orderferry.errors import AmazonRefused, AmazonUnavailable, ConfigError, ShopError

if TYPE_CHECKING:
    from orderferry.prestashop.checking.modules import Listeners
    from orderferry.prestashop.facts import OrderState, ShopFacts


DATABASE_KEYS = tuple(
    f"prestashop.{name}" for name in ("from", "host", "socket", "port", "user", "password", "database", "table_prefix")
)
AMAZON_KEYS = tuple(
    f"amazon.{name}" for name in ("region", "marketplaces", "client_id", "client_secret", "refresh_token")
)
INVOICES = {
    "shop": "PrestaShop, as soon as the order enters a state that draws one: mostly at once",
    "shipped": "PrestaShop, when Amazon says that it is shipped: fewer credit slips, and the month of the supply",
    "amazon": "Amazon, in your name (VAT Calculation Service)",
    "other": "another program, or nobody",
}
NEW_CARRIER = {"none": (), "fba": ("carriers.fba",), "all": ("carriers.fba", "carriers.default")}
MAILS = {
    "undeliverable": "none: the guest account gets an address that no mail reaches",
    "amazon": "all that PrestaShop and its modules send, to the anonymous address that Amazon gives the buyer",
}


def ask_database(interview: Interview, look: Callable[[], ShopFacts] | None) -> ShopFacts | None:
    """Ask where the shop's database is until `look` (None: do not try) finds a shop there; return its facts."""
    interview.head("The shop")
    is_asked = not interview.draft.has_database
    while True:
        if is_asked:
            _ask_database_parts(interview)
        if look is None:
            return None
        try:
            return look()
        except (ShopError, ConfigError) as error:
            interview.again(error, *DATABASE_KEYS)


def _ask_database_parts(interview: Interview) -> None:
    interview.key(
        "prestashop.from",
        "Folder of the shop on this machine, such as /var/www/shop (none: the shop is elsewhere)",
        convert=lambda answer: str(Path(answer).expanduser().absolute()),
    )
    if interview.draft.has("prestashop.from"):
        return
    interview.key("prestashop.host", "Name or address of the database server", default="127.0.0.1")
    interview.key("prestashop.port", "Its port", default="3306", convert=_port)
    interview.key("prestashop.database", "Name of the shop's database", needed=True)
    interview.key("prestashop.user", "User of the database", needed=True)
    interview.key("prestashop.password", "Password of that user (not shown)", secret=True)
    interview.key("prestashop.table_prefix", "What the names of the shop's tables begin with", default="ps_")


def ask_amazon(interview: Interview, log_in: Callable[[], None] | None) -> None:
    """Ask for the account until `log_in` (None: do not try) succeeds, or Amazon can't be reached now."""
    interview.head("Amazon (docs/amazon-credentials.md says where Seller Central shows these)")
    while True:
        interview.key("amazon.region", "Region: eu (Europe), na (America) or fe (Far East)", default="eu")
        interview.key(
            "amazon.marketplaces",
            "Countries of the marketplaces that you sell on, such as IT, DE, FR",
            convert=_words,
            needed=True,
        )
        interview.key("amazon.client_id", "Client identifier", needed=True)
        interview.key("amazon.client_secret", "Client secret (not shown)", secret=True, needed=True)
        interview.key("amazon.refresh_token", "Refresh token (not shown)", secret=True, needed=True)
        try:
            interview.draft.settings()
            if log_in is not None:
                log_in()
                interview.say("  Amazon accepts the credentials.")
            break
        except (AmazonRefused, ConfigError) as error:
            interview.again(error, *AMAZON_KEYS)
        except AmazonUnavailable as error:
            if not interview.interactive:
                raise
            interview.say(f"  {error.message} The credentials are untried; `orderferry check` tries them.")
            break
    interview.key("amazon.client_secret_created", "Day on which the client secret was made (YYYY-MM-DD)")


def ask_states(interview: Interview, facts: ShopFacts, *, create: bool | None) -> bool:
    """Ask which order states Amazon's orders get; return whether new ones are to be created."""
    from orderferry.prestashop.checking.setup_shop import NEW_STATES
    from orderferry.prestashop.planning.resolve_mappings import STATE_SOURCES, resolve_state

    interview.head("Order states")
    names = ", ".join(f"“{state.names['en']}”" for state in NEW_STATES)
    if create is None:
        interview.explain(
            "Recommended: order states that only Amazon's orders have. They send no mail: the shop's own states write "
            "to an address that no mail reaches, and the mail server may refuse that with a red error."
        )
        interview.explain(f"They are called {names}.")
        create = interview.yes("Create these order states?", default=True)
    if create:
        return True
    interview.offer("States of the shop", [_state_row(state) for state in facts.states.values()])
    questions = {"paid": "new orders", "shipped": "shipped orders", "fba": "orders that Amazon ships (FBA)"}
    for kind, question in questions.items():
        key, setting = STATE_SOURCES[kind]
        usual = facts.setting(setting)
        interview.key(
            f"orders.{key}",
            f"State for {question}, by number or name (none: the shop's own{f', {usual}' if usual else ''})",
            convert=lambda answer, key=key: resolve_state(facts, answer, "", key=f"orders.{key}").id,  # type: ignore[misc]
        )
    return False


def ask_new_carrier(interview: Interview, facts: ShopFacts, *, create: str | None) -> tuple[str, ...]:
    """Ask whether the carrier "Amazon" is to be created; return the keys that are to name it."""
    from orderferry.prestashop.checking.carriers import find_amazon_carrier

    interview.head("Carriers and customers")
    if create is None and interview.interactive and not interview.draft.has("carriers.fba"):
        there = find_amazon_carrier(facts)
        interview.explain(
            "Recommended: a carrier “Amazon” that no customer is offered. An FBA order without a carrier gets some "
            "other one as soon as staff enters a tracking number."
        )
        question = f"Use the carrier “Amazon” (id {there})" if there else "Create the carrier “Amazon”"
        if interview.yes(f"{question} for orders that Amazon ships (FBA)?", default=True):
            create = "all" if interview.yes("For regular orders too?") else "fba"
    return NEW_CARRIER[create or "none"]


def ask_choices(
    interview: Interview, facts: ShopFacts, delays: Mapping[int, str], created: Collection[str] = ()
) -> None:
    """Ask for carriers and the customer group, by what the shop has, and say which carrier orders will get. `created`:
    keys of carriers that are to name a new one."""
    from orderferry.prestashop.checking.carriers import doubts, shown_name
    from orderferry.prestashop.planning.resolve_mappings import default_carrier, resolve_carrier, resolve_group

    own_name = facts.setting("PS_SHOP_NAME")
    rows = [f"{one.id:4}  {own_name if one.name == '0' else one.name}" for one in facts.carriers if one.active]
    interview.offer("Carriers", rows)
    usual, why = default_carrier(facts, None)

    def carrier(answer: str) -> int:
        found = resolve_carrier(facts, answer, key="this")
        assert found is not None  # noqa: S101 — only '' can give none
        return found.id

    if "carriers.default" not in created:
        shown = shown_name(usual, facts) if usual else "none"
        interview.key(
            "carriers.default", f"Carrier of your own parcels, by number or name (none: {shown})", convert=carrier
        )
        word = interview.draft.settings(whole=False).carriers.default
        chosen, why = (resolve_carrier(facts, word, key="carriers.default"), "") if word else (usual, why)
        if chosen is not None:
            interview.say(f"  Regular orders get the carrier {shown_name(chosen, facts)}.")
            for doubt in doubts(chosen, facts, None, why, delays):
                interview.say(f"  Mind: {doubt}. Another one is named as carriers.default.")
    if "carriers.fba" not in created:
        interview.key("carriers.fba", "Carrier of orders that Amazon ships, by number or name", convert=carrier)
    interview.offer("Customer groups", [f"{number:4}  {name}" for number, name in facts.groups.items()])
    interview.key(
        "customers.group",
        "Customer group of Amazon's buyers, by number or name (none: the shop's group of guests)",
        convert=lambda answer: resolve_group(facts, answer, key="this"),
    )


def ask_decisions(interview: Interview, *, invoices_by: str | None, vcs: bool | None, mails: str | None) -> None:
    """Ask what nobody should decide silently: who invoices, and mails; the VAT Calculation Service where it is
    known.
    """
    draft = interview.draft
    interview.head("Invoices and mails")
    if not draft.has("invoices.mode"):
        interview.explain(
            "Each sale needs one invoice, from one program. If you have joined Amazon's VAT Calculation Service, "
            "Amazon writes it; if your accounting program does, answer other. Otherwise PrestaShop can draw it: at "
            "once, or when the goods have left, so that what is cancelled before needs no credit slip."
        )
        asked = "Who writes the invoices for Amazon orders"
        by = invoices_by or interview.one_of(asked, INVOICES, "shop", none="other")
        draft.put("invoices.mode", {"shop": "state", "shipped": "shipped"}.get(by, "never"))
        invoices_by = by
    if vcs is None and invoices_by == "amazon":
        vcs = True  # who lets Amazon invoice is in its VAT Calculation Service
    for marketplace in draft.settings(whole=False).amazon.marketplaces if vcs is not None else ():
        draft.put(f"marketplace.{marketplace.code}.vat_by_amazon", vcs)  # else "auto": the orders will tell
    if not draft.has("customers.email"):
        asked = "Which mails of the shop may reach Amazon's buyers"
        draft.put("customers.email", mails or interview.one_of(asked, MAILS, "undeliverable", none="undeliverable"))


def ask_since(interview: Interview, now: datetime, foreign: int) -> None:
    """Ask from when on orders are imported: those before are in the shop already, or nobody wants them."""
    interview.head("Orders that are in the shop already")
    if foreign:
        interview.say(
            f"  The shop has {counted(foreign, 'Amazon order')} of another importer: never "
            "imported again. `orderferry adopt --dry-run` shows what can be taken over and followed."
        )
    interview.key(
        "orders.since",
        "Import orders that were placed from this moment on (a time, or how long ago, such as 2d)",
        default=iso(now.replace(microsecond=0)),
        convert=lambda answer: parse_moment(answer, now).replace(microsecond=0),
    )


def _port(answer: str) -> int:
    if not answer.isdecimal():
        raise ValueError("It must be a number, such as 3306.")
    return int(answer)


def _words(answer: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", answer.upper()) if word]


def _state_row(state: OrderState) -> str:
    flags = {"invoice": state.invoice, "mail": state.send_email, "shipped": state.shipped}
    told = ", ".join(name for name, is_set in flags.items() if is_set)
    return f"{state.id:4}  {state.name}{f'  ({told})' if told else ''}"


def ask_modules(interview: Interview, listeners: Callable[[], Listeners]) -> None:
    """Name the modules that hear nothing of imported orders, and ask whether the bridge is to tell them.

    A database user who may not see the modules is told so by `check`, not here.
    """
    from orderferry.prestashop.checking.modules import concerned, split_by_bridge

    try:
        found = concerned(listeners())
    except ShopError:
        return
    if not found:
        return
    interview.head("Modules that wait for orders")
    interview.say("  SQL fires none of PrestaShop's hooks. These modules do not hear of imported orders by themselves:")
    default, on_request, never = split_by_bridge(found)
    for modules, how in (
        (default, "the bridge tells it"),
        (on_request, "the bridge tells it if hooks_add names it"),
        (never, "nobody tells it"),
    ):
        for name, hooks in modules.items():
            interview.say(f"    {name} ({', '.join(hooks)}): {how}")
    if default and not interview.draft.has("events.enabled"):
        question = "Write the feed of changes, from which the bridge (docs/bridge.md) tells such modules?"
        if interview.yes(question):
            interview.draft.put("events.enabled", True)


def ask_taxes(interview: Interview, facts: ShopFacts) -> None:
    """Ask for the tax of deliveries to each marketplace's country where the shop's rules apply the home country's."""
    from orderferry.prestashop.planning.resolve_mappings import home_country

    home = home_country(facts)
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


def ask_new_taxes(
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
    named = [number for number in facts.tax_names if country in facts.tax_countries(number)]
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
