"""Where Amazon calculates the seller's VAT (`marketplace.<CODE>.vat_by_amazon = "auto"`): learnt from its orders.

What was learnt is kept in the shop beside the markers, so that it outlives a ledger and serves every importer of the
shop: a TAX of 0 means 0 % only there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderferry.config.model import Settings
from orderferry.domain.marketplaces import PRICES_WITHOUT_TAX, marketplace_code
from orderferry.domain.orders import Order
from orderferry.domain.tax_scheme import is_seller_in_eu
from orderferry.domain.tax_split import tells_own_tax
from orderferry.prestashop.facts import ShopFacts
from orderferry.prestashop.planning.resolve_mappings import resolve_shop
from orderferry.prestashop.planning.tax_rates import home_country

STATE_NAME = "vat-by-amazon"  # of `<prefix>orderferry_state`: "DE=028-1234567-1234567 IT=…"


def parse_proofs(kept: str) -> dict[str, str]:
    """Given what is kept in the shop, return the order that proved it, by country code of the marketplace."""
    pairs = (word.partition("=") for word in kept.split())
    return {code: order_id for code, equals, order_id in pairs if equals}


def proofs_text(proofs: Mapping[str, str]) -> str:
    """The text that is kept in the shop."""
    return " ".join(f"{code}={order_id}" for code, order_id in sorted(proofs.items()))


def new_proofs(
    orders: Sequence[Order], known: Mapping[str, str], settings: Settings, facts: ShopFacts
) -> Mapping[str, str]:
    """Given the orders of a page and what is known, return for each marketplace on "auto" that is not known yet the
    first of its orders in which Amazon tells tax that the seller owes."""
    found: dict[str, str] = {}
    for order in orders:
        code = marketplace_code(order.marketplace_id)
        own = settings.marketplace(code)
        if code in known or code in found or code in PRICES_WITHOUT_TAX or own.vat_by_amazon is not None:
            continue
        home = home_country(facts, resolve_shop(facts, own.shop, key=f"marketplace.{code}.shop"))
        if tells_own_tax(order, seller_in_eu=is_seller_in_eu(home)):
            found[code] = order.order_id
    return found


def notices_of(proofs: Mapping[str, str]) -> tuple[str, ...]:
    """Given new proofs, return what to say of them, once."""
    return tuple(
        f"Amazon calculates the VAT on the marketplace {code}, as order {order_id} shows: from now on a tax of 0 there "
        f"is 0 %. Nothing has to be done; if it is wrong, set marketplace.{code}.vat_by_amazon = false."
        for code, order_id in sorted(proofs.items())
    )
