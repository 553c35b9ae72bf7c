"""What `init` asks, in its order. Each step takes answers from the options, or asks, and tries them at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orderferry.cli.interview import Interview
from orderferry.domain.durations import iso, parse_moment
from orderferry.errors import AmazonRefused, AmazonUnavailable, ConfigError, ShopError

if TYPE_CHECKING:
    from orderferry.prestashop.facts import OrderState, ShopFacts

DATABASE_KEYS = tuple(
    f"prestashop.{name}" for name in ("from", "host", "socket", "port", "user", "password", "database", "table_prefix")
)
AMAZON_KEYS = tuple(
    f"amazon.{name}" for name in ("region", "marketplaces", "client_id", "client_secret", "refresh_token")
)
INVOICES = {
    "shop": "PrestaShop, as the order state says",
    "amazon": "Amazon, in the seller's name (VAT Calculation Service)",
    "other": "another program, or nobody",
}
MAILS = {
    "undeliverable": "none: the guest gets an address that no mail reaches",
    "amazon": "whatever PrestaShop and its modules send, to the anonymised address of Amazon's",
}


def settle_database(interview: Interview, look: Callable[[], ShopFacts] | None) -> ShopFacts | None:
    """Ask where the shop's database is until `look` (None: do not try) finds a shop there; return its facts."""
    interview.head("The shop")
    while True:
        if not interview.draft.has_database:
            _ask_for_database(interview)
        if look is None:
            return None
        try:
            return look()
        except (ShopError, ConfigError) as error:
            interview.again(error, *DATABASE_KEYS)


def _ask_for_database(interview: Interview) -> None:
    interview.key(
        "prestashop.from",
        "Folder of the shop on this machine, or its parameters.php or settings.inc.php (empty: elsewhere)",
        convert=lambda answer: str(Path(answer).expanduser().absolute()),
    )
    if interview.draft.has("prestashop.from"):
        return
    interview.key("prestashop.host", "Database server", default="127.0.0.1")
    interview.key("prestashop.port", "Port", default="3306", convert=int)
    interview.key("prestashop.database", "Name of the database", needed=True)
    interview.key("prestashop.user", "User", needed=True)
    interview.key("prestashop.password", "Password (not shown)", secret=True)
    interview.key("prestashop.table_prefix", "Prefix of the tables", default="ps_")


def settle_amazon(interview: Interview, log_in: Callable[[], None] | None) -> None:
    """Ask for the account until `log_in` (None: do not try) succeeds, or Amazon can't be reached now."""
    interview.head("Amazon (docs/amazon-credentials.md says where Seller Central shows these)")
    while True:
        interview.key("amazon.region", "Region: eu, na or fe", default="eu")
        interview.key("amazon.marketplaces", "Marketplaces, such as IT, DE, FR", convert=_words, needed=True)
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
    interview.key("amazon.client_secret_created", "When was the client secret made (YYYY-MM-DD; empty: unknown)")


def settle_states(interview: Interview, facts: ShopFacts, *, create: bool | None) -> bool:
    """Ask which order states Amazon's orders get; return whether new ones are to be created."""
    from orderferry.prestashop.checking.setup_shop import NEW_STATES
    from orderferry.prestashop.planning.resolve import resolve_state
    from orderferry.prestashop.planning.states import STATE_SOURCES

    interview.head("Order states")
    names = ", ".join(f"“{state.names['en']}”" for state in NEW_STATES)
    if create is None:
        create = interview.yes(f"Create states for Amazon, without mail and without invoice ({names})?")
    if create:
        return True
    interview.offer("States of the shop", [_state_row(state) for state in facts.states.values()])
    questions = {"paid": "New orders", "shipped": "Shipped orders", "fba": "Orders that Amazon ships (FBA)"}
    for kind, question in questions.items():
        key, setting = STATE_SOURCES[kind]
        usual = facts.setting(setting)
        interview.key(
            f"orders.{key}",
            f"{question}: state by number or name (empty: the shop's own{f', {usual}' if usual else ''})",
            convert=lambda answer, key=key: resolve_state(facts, answer, "", key=f"orders.{key}").id,  # type: ignore[misc]
        )
    return False


def settle_choices(interview: Interview, facts: ShopFacts) -> None:
    """Ask for carriers and the customer group, by what the shop has."""
    from orderferry.prestashop.planning.resolve import resolve_carrier, resolve_group

    interview.head("Carriers and customers")
    own_name = facts.setting("PS_SHOP_NAME")
    rows = [f"{one.id:4}  {own_name if one.name == '0' else one.name}" for one in facts.carriers if one.active]
    interview.offer("Carriers", rows)

    def carrier(answer: str) -> int:
        """The id of the carrier that an answer names. Raise ShopUnfit where the shop has no such carrier."""
        found = resolve_carrier(facts, answer, key="this")
        assert found is not None  # noqa: S101 — only '' can give none
        return found.id

    interview.key("carriers.default", "Carrier by number or name (empty: the shop's default)", convert=carrier)
    interview.key("carriers.fba", "Carrier of orders that Amazon ships (empty: none)", convert=carrier)
    interview.offer("Customer groups", [f"{number:4}  {name}" for number, name in facts.groups.items()])
    interview.key(
        "customers.group",
        "Group by number or name (empty: the shop's group of guests)",
        convert=lambda answer: resolve_group(facts, answer, key="this"),
    )


def settle_decisions(interview: Interview, *, invoices_by: str | None, vcs: bool | None, mails: str | None) -> None:
    """What nobody should decide silently: who invoices, VCS, mails."""
    draft = interview.draft
    interview.head("Invoices and mails")
    if not draft.has("invoices.mode"):
        by = invoices_by or interview.one_of("Who writes the invoices for Amazon orders?", INVOICES, "shop")
        draft.put("invoices.mode", "state" if by == "shop" else "never")
        invoices_by = by
    if vcs is None:
        vcs = interview.yes(
            "Is the seller in Amazon's VAT Calculation Service, so that a tax of 0 from Amazon is 0 %?",
            default=invoices_by == "amazon",
        )
    for marketplace in draft.settings(whole=False).amazon.marketplaces if vcs else ():
        draft.put(f"marketplace.{marketplace.code}.vat_by_amazon", True)
    if not draft.has("customers.email"):
        draft.put("customers.email", mails or interview.one_of("Which mails may reach buyers?", MAILS, "undeliverable"))


def settle_since(interview: Interview, now: datetime, foreign: int) -> None:
    """Ask from when on orders are imported: those before are in the shop already, or nobody wants them."""
    interview.head("Orders that are in the shop already")
    if foreign:
        interview.say(
            f"  The shop has {foreign} Amazon {'order' if foreign == 1 else 'orders'} of another importer: never "
            "imported again. `orderferry adopt --dry-run` shows what can be taken over and followed."
        )
    interview.key(
        "orders.since",
        "Import orders placed from then on (a time, or a duration ago such as 2d)",
        default=iso(now.replace(microsecond=0)),
        convert=lambda answer: parse_moment(answer, now).replace(microsecond=0),
    )


def _words(answer: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", answer.upper()) if word]


def _state_row(state: OrderState) -> str:
    flags = {"invoice": state.invoice, "mail": state.send_email, "shipped": state.shipped}
    told = ", ".join(name for name, is_set in flags.items() if is_set)
    return f"{state.id:4}  {state.name}{f'  ({told})' if told else ''}"
