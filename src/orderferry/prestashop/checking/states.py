"""Check what the states of Amazon orders cause in PrestaShop: mails, invoices, labels for FBA orders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from orderferry.config.model import Settings
from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.prestashop.facts import OrderState, ShopFacts
from orderferry.prestashop.planning.market import Market

# States in which regular orders wait to be packed: label and picking modules take such orders.
_TO_PACK = ("paid", "prime", "business", "cancel_requested")

_UNDER_OTHERS = (
    "Let Amazon orders have states of their own without mail (orders.state_…): `orderferry init --create-states` makes "
    "them."
)
_UNDER_CANCELLED = (
    "Cancelled orders need this state: PrestaShop frees reserved stock in no other. Switch its mail off (Shop "
    "Parameters > Order Settings > Statuses) if your other customers can do without it; else leave it as it is."
)


def check_mails(settings: Settings, facts: ShopFacts, markets: Mapping[str, Market]) -> Iterator[CheckResult]:
    """Yield the states that mail the customer when staff or a module sets them; SQL itself mails nobody."""
    mailing = [state for state in _concerned(facts, markets) if state.send_email]
    if not mailing:
        yield fine("states-mail", "No state that Amazon orders come into mails the customer.")
        return
    entered = {state.id for market in markets.values() for state in market.states.values()}
    cancelled = {market.states["cancelled"].id for market in markets.values()}
    own = [state for state in mailing if state.id in entered]
    reached = sorted(code for code in markets if settings.marketplace(code).customers.email == "amazon")
    if reached:
        yield warning(
            "states-mail",
            f"States that mail the customer: {_names(mailing)}. When the shop sets one of them, Amazon's buyers "
            f"({', '.join(reached)}) get mail from the shop.",
            "Let Amazon orders have states of their own without mail (orders.state_…), or set customers.email = "
            '"undeliverable": Amazon tells its buyers itself.',
        )
    elif own:
        yield warning(
            "states-mail",
            f"Amazon orders come into states that mail the customer: {_names(own)}. Their addresses end in .invalid "
            "and reach nobody: when staff sets such a state, the shop's mail server may refuse the mail, and the back "
            "office shows a red error although the state is changed.",
            _UNDER_CANCELLED if {state.id for state in own} <= cancelled else _UNDER_OTHERS,
        )
    else:
        yield fine(
            "states-mail",
            f"Amazon orders come into no state that mails. Others do when staff sets them ({_names(mailing)}): "
            "addresses of imported orders reach nobody, and the shop's mail server may refuse them with a red error.",
        )


def check_invoices(
    settings: Settings, facts: ShopFacts, markets: Mapping[str, Market], proofs: Collection[str]
) -> Iterator[CheckResult]:
    """Yield the states that make PrestaShop number an invoice; warn where it should not, or only later.

    `proofs`: the marketplaces where an order has shown that Amazon calculates the VAT.
    """
    invoicing = [state for state in _concerned(facts, markets) if state.invoice]
    if not invoicing:
        yield fine("states-invoice", "No state that Amazon orders come into makes PrestaShop issue an invoice.")
        return
    modes = {code: settings.marketplace(code).invoices for code in markets}
    never = sorted(code for code, own in modes.items() if "never" in (own.mode, own.business))
    shipped = sorted(code for code, own in modes.items() if "shipped" in (own.mode, own.business))
    by_amazon = sorted(code for code in markets if settings.amazon_calculates_vat(code, proofs))
    early = [state for state in invoicing if not (state.shipped or state.delivery)]
    own_states = (
        "Let Amazon orders have states of their own without invoice (orders.state_…), also for what is set later by "
        "hand or by a label module"
    )
    if never or by_amazon:
        configured = all(settings.marketplace(code).vat_by_amazon for code in by_amazon)
        why = f"Amazon invoices {', '.join(by_amazon)}"
        if not configured:
            why = f"Amazon calculates the VAT on {', '.join(by_amazon)} and may write the invoices there"
        if never:
            why = f'orders are "never" invoiced here ({", ".join(never)})'
        yield warning(
            "states-invoice",
            f"{why}, but these states make PrestaShop number an invoice: {_names(invoicing)}.",
            f"{own_states}: a second invoice for one sale is a fault.",
        )
    elif shipped and early:
        yield warning(
            "states-invoice",
            f"Invoices wait until Amazon has shipped ({', '.join(shipped)}), but PrestaShop numbers one as soon as "
            f"somebody sets one of these states: {_names(early)}.",
            f"{own_states}.",
        )
    else:
        yield fine("states-invoice", f"The shop invoices Amazon orders, in these states: {_names(invoicing)}.")


def check_fba(markets: Mapping[str, Market]) -> Iterator[CheckResult]:
    """Warn where FBA orders get the state of orders that are to be packed."""
    shared_states: dict[int, OrderState] = {}
    for market in markets.values():
        fba = market.states["fba"]
        if fba.id in {market.states[kind].id for kind in _TO_PACK if kind in market.states}:
            shared_states[fba.id] = fba
    if shared_states:
        yield warning(
            "fba-state",
            f"FBA orders come into a state in which regular orders wait to be packed: {_names(shared_states.values())}."
            " Label and picking modules would take them too.",
            "Name a state of its own as orders.state_fba.",
        )
    else:
        yield fine("fba-state", "FBA orders share no state with orders that are to be packed.")


def _concerned(facts: ShopFacts, markets: Mapping[str, Market]) -> list[OrderState]:
    """Return the states that imports set, and all that are flagged as shipped or delivered: the shop may set them."""
    mapped = {state.id for market in markets.values() for state in market.states.values()}
    return [state for id_, state in sorted(facts.states.items()) if id_ in mapped or state.shipped or state.delivery]


def _names(states: Iterable[OrderState]) -> str:
    return ", ".join(f"{state.name} ({state.id})" for state in states)
