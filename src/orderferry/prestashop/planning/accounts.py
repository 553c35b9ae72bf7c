"""The customer of an order, by customers.mode and customers.email. Pure."""

from __future__ import annotations

import hashlib
import re

from orderferry.domain.clean_text import Field, clean_text
from orderferry.domain.names import split_name
from orderferry.domain.orders import Order
from orderferry.domain.postal import PostalAddress
from orderferry.prestashop.facts import Catalog
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolved_order import Account

# RFC 2606: no mail ever reaches this domain, and no domain of this name can be bought.
UNDELIVERABLE_DOMAIN = "amazon.invalid"
# What Amazon's aliases look like, and short enough for customer.email and customer_thread.email in every version.
_ADDRESS = re.compile(r"(?=.{3,128}$)[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def account_of(order: Order, market: Market, catalog: Catalog, postal: PostalAddress) -> Account:
    """Given an order and its delivery address, return whose order it is in the shop.

    No account is shared by a guess: without an alias of Amazon's, the mode `alias` gives each order its own guest.
    """
    settings = market.settings.customers
    mode = "order" if settings.mode == "alias" and not order.buyer.email else settings.mode
    business = "AMAZON_BUSINESS" in order.programs
    firstname, lastname = _names(order, postal)
    return Account(
        mode=mode,
        email=account_email(order, mode, settings.email),
        firstname=firstname,
        lastname=lastname,
        company=clean_text(order.buyer.company, Field.COMPANY),
        id_group=market.id_business_group if business else market.id_group,
        id_customer=catalog.customers.get(settings.account) if mode == "fixed" else None,
    )


def account_email(order: Order, mode: str, email: str) -> str:
    """Given the modes, return the account's address: Amazon's alias only if configured and given, else one that no
    mail reaches and that tells orders (mode order) or aliases (mode alias) apart."""
    alias = order.buyer.email.strip().lower()
    if not _ADDRESS.fullmatch(alias):
        alias = ""  # nothing that mail or PrestaShop's isEmail would take
    if email == "amazon" and alias:
        return alias
    if mode == "alias" and alias:
        return f"{hashlib.sha256(alias.encode()).hexdigest()[:20]}@{UNDELIVERABLE_DOMAIN}"
    return f"{order.order_id.lower()}@{UNDELIVERABLE_DOMAIN}"


def _names(order: Order, postal: PostalAddress) -> tuple[str, str]:
    """The buyer's names where Amazon gives them, else the recipient's."""
    buyer = split_name(order.buyer.name)
    return (postal.firstname, postal.lastname) if buyer.placeholder else (buyer.firstname, buyer.lastname)
