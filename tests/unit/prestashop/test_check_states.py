"""What `check` says of the states that Amazon orders come into: mails, invoices, FBA among orders to be packed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orderferry.domain.check_result import CheckResult, fine, warning
from orderferry.prestashop.checking.states import check_fba, check_invoices, check_mails
from orderferry.prestashop.facts import OrderState
from orderferry.prestashop.planning.market import Market
from support.configuration import MINIMAL, load
from support.resolved_orders import FACTS, market

STATES_HINT = (
    "Let Amazon orders have states of their own without mail (orders.state_…): `orderferry init --create-states` makes "
    "them."
)
CANCELLED_HINT = (
    "Cancelled orders need this state: PrestaShop frees reserved stock in no other. Switch its mail off (Shop "
    "Parameters > Order Settings > Statuses) if your other customers can do without it; else leave it as it is."
)
OWN_STATES = (
    "Let Amazon orders have states of their own without invoice (orders.state_…), also for what is set later by hand "
    "or by a label module"
)


def shop_with(**flags: str) -> Market:
    """The Italian market of a shop with six states that do nothing, but for these flags: `sent="mail shipped"`."""
    states = {
        name: OrderState(
            number,
            name.title(),
            logable=False,
            invoice="invoice" in flags.get(name, ""),
            paid=False,
            shipped="shipped" in flags.get(name, ""),
            delivery="delivery" in flags.get(name, ""),
            send_email="mail" in flags.get(name, ""),
        )
        for number, name in enumerate(("other", "paid", "packed", "sent", "amazon", "cancelled"), 1)
    }
    kinds = {"paid": "paid", "shipped": "sent", "fba": "amazon", "cancelled": "cancelled"}
    return market(
        replace(FACTS, states={state.id: state for state in reversed(states.values())}),
        states={kind: states[name] for kind, name in kinds.items()},
    )


@pytest.mark.parametrize(
    ("flags", "configured", "expected"),
    [
        pytest.param(
            {"other": "mail", "packed": "mail"},
            "",
            fine("states-mail", "No state that Amazon orders come into mails the customer."),
            id="only states that no Amazon order comes into",
        ),
        pytest.param(
            {"paid": "mail", "packed": "delivery mail"},
            "[customers]\nemail = 'amazon'",
            warning(
                "states-mail",
                "States that mail the customer: Paid (2), Packed (3). When the shop sets one of them, Amazon's buyers "
                "(IT) get mail from the shop.",
                "Let Amazon orders have states of their own without mail (orders.state_…), or set customers.email = "
                '"undeliverable": Amazon tells its buyers itself.',
            ),
            id="buyers can be reached",
        ),
        pytest.param(
            {"cancelled": "mail"},
            "",
            warning(
                "states-mail",
                "Amazon orders come into states that mail the customer: Cancelled (6). Their addresses end in .invalid "
                "and reach nobody: when staff sets such a state, the shop's mail server may refuse the mail, and the "
                "back office shows a red error although the state is changed.",
                CANCELLED_HINT,
            ),
            id="cancelled orders alone",
        ),
        pytest.param(
            {"cancelled": "mail", "sent": "mail", "packed": "mail shipped"},
            "",
            warning(
                "states-mail",
                "Amazon orders come into states that mail the customer: Sent (4), Cancelled (6). Their addresses end "
                "in .invalid and reach nobody: when staff sets such a state, the shop's mail server may refuse the "
                "mail, and the back office shows a red error although the state is changed.",
                STATES_HINT,
            ),
            id="shipped and cancelled orders",
        ),
        pytest.param(
            {"packed": "mail shipped"},
            "",
            fine(
                "states-mail",
                "Amazon orders come into no state that mails. Others do when staff sets them (Packed (3)): addresses "
                "of imported orders reach nobody, and the shop's mail server may refuse them with a red error.",
            ),
            id="a state that staff may set",
        ),
    ],
)
def test_states_that_mail_the_customer(
    tmp_path: Path, flags: dict[str, str], configured: str, expected: CheckResult
) -> None:
    italy = shop_with(**flags)

    assert list(check_mails(load(tmp_path, MINIMAL + configured), italy.facts, {"IT": italy})) == [expected]


@pytest.mark.parametrize(
    ("flags", "configured", "proofs", "expected"),
    [
        pytest.param(
            {"other": "invoice"},
            "[invoices]\nmode = 'never'",
            (),
            fine("states-invoice", "No state that Amazon orders come into makes PrestaShop issue an invoice."),
            id="no state",
        ),
        pytest.param(
            {"paid": "invoice", "packed": "invoice delivery"},
            "",
            (),
            fine("states-invoice", "The shop invoices Amazon orders, in these states: Paid (2), Packed (3)."),
            id="as usual",
        ),
        pytest.param(
            {"paid": "invoice"},
            "[invoices]\nmode = 'never'\n[marketplace.IT]\nvat_by_amazon = true",
            (),
            warning(
                "states-invoice",
                'orders are "never" invoiced here (IT), but these states make PrestaShop number an invoice: Paid (2).',
                f"{OWN_STATES}: a second invoice for one sale is a fault.",
            ),
            id="never",
        ),
        pytest.param(
            {"paid": "invoice"},
            "[invoices]\nbusiness = 'never'",
            (),
            warning(
                "states-invoice",
                'orders are "never" invoiced here (IT), but these states make PrestaShop number an invoice: Paid (2).',
                f"{OWN_STATES}: a second invoice for one sale is a fault.",
            ),
            id="never for business buyers",
        ),
        pytest.param(
            {"paid": "invoice"},
            "[marketplace.IT]\nvat_by_amazon = true",
            (),
            warning(
                "states-invoice",
                "Amazon invoices IT, but these states make PrestaShop number an invoice: Paid (2).",
                f"{OWN_STATES}: a second invoice for one sale is a fault.",
            ),
            id="Amazon invoices",
        ),
        pytest.param(
            {"paid": "invoice"},
            "",
            ("IT",),
            warning(
                "states-invoice",
                "Amazon calculates the VAT on IT and may write the invoices there, but these states make PrestaShop "
                "number an invoice: Paid (2).",
                f"{OWN_STATES}: a second invoice for one sale is a fault.",
            ),
            id="an order has shown that Amazon calculates",
        ),
        pytest.param(
            {"paid": "invoice", "packed": "invoice delivery", "sent": "invoice shipped"},
            "[invoices]\nbusiness = 'shipped'",
            (),
            warning(
                "states-invoice",
                "Invoices wait until Amazon has shipped (IT), but PrestaShop numbers one as soon as somebody sets one "
                "of these states: Paid (2).",
                f"{OWN_STATES}.",
            ),
            id="before Amazon has shipped",
        ),
        pytest.param(
            {"packed": "invoice delivery", "sent": "invoice shipped"},
            "[invoices]\nmode = 'shipped'",
            (),
            fine("states-invoice", "The shop invoices Amazon orders, in these states: Packed (3), Sent (4)."),
            id="only when Amazon has shipped",
        ),
    ],
)
def test_states_that_make_an_invoice(
    tmp_path: Path, flags: dict[str, str], configured: str, proofs: tuple[str, ...], expected: CheckResult
) -> None:
    italy = shop_with(**flags)
    settings = load(tmp_path, MINIMAL + configured)

    assert list(check_invoices(settings, italy.facts, {"IT": italy}, proofs)) == [expected]


@pytest.mark.parametrize("kind", ["paid", "prime", "business", "cancel_requested"])
def test_fba_orders_must_not_wait_to_be_packed(kind: str) -> None:
    italy = shop_with()
    shared = replace(italy, states={**italy.states, kind: italy.states["fba"]})

    assert list(check_fba({"IT": shared, "DE": italy})) == [
        warning(
            "fba-state",
            "FBA orders come into a state in which regular orders wait to be packed: Amazon (5). Label and picking "
            "modules would take them too.",
            "Name a state of its own as orders.state_fba.",
        )
    ]


def test_fba_orders_may_share_the_state_of_shipped_orders() -> None:
    italy = shop_with()
    shared = replace(italy, states={**italy.states, "fba": italy.states["shipped"]})

    assert list(check_fba({"IT": shared})) == [
        fine("fba-state", "FBA orders share no state with orders that are to be packed.")
    ]
