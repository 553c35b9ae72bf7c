"""What to tell a person whose shop lacks the tax of an order: everything that is missing, and what to create."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderferry.domain.orders import Order
from orderferry.domain.pricing import RATE_DECIMALS, Rates
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.proceeds import CannotPrice

_SUBJECT = re.compile(r"([A-Z]{2}(?:-[A-Z0-9]{1,3})?)(?: |$)")
_RATE = re.compile(r"([\d.]+) %")


@dataclass(frozen=True, slots=True)
class MissingTax:
    """One part of an order whose tax can't be told. `what` names it, with the amounts.

    `rate` in percent: that of the tax which the shop lacks (None: no rate is known at all, or Amazon's amount is none
    of the country's). `effective`: the rate that explains Amazon's amounts, 0 where it tells none. `is_configured`:
    `rate` is the configuration's or the shop's own.
    """

    what: str
    rate: Decimal | None = None
    effective: Decimal = Decimal(0)
    is_configured: bool = False
    is_owed_by_amazon: bool = False


class TaxUnknown(Exception):
    """No rate can be told for one part of an order."""

    def __init__(self, missing: MissingTax) -> None:
        super().__init__(missing.what)
        self.missing = missing


def refusal(order: Order, rates: Rates, missing: Sequence[MissingTax]) -> CannotPrice:
    """Given what is missing for an order, return the error with one problem that names all of it and its remedy."""
    country = rates.country or (order.delivery_address.country if order.delivery_address else "")
    configured = [one for one in missing if one.is_configured]
    unexplained = [one for one in missing if one.effective]
    unknown = [one for one in missing if not one.is_configured and not one.effective]
    sentences = [
        _lacking(configured, country) if configured else "",
        _unexplained(unexplained, rates, country) if unexplained else "",
        _unknown(unknown, rates, country) if unknown else "",
    ]
    needed = _percents(one.rate for one in missing)
    return CannotPrice(
        Problem(
            ProblemCode.NO_VAT_RATE,
            "; ".join(filter(None, sentences)),
            order.order_id,
            subject=" ".join(filter(None, (country, ", ".join(needed)))),
        )
    )


def read_subject(subject: str) -> tuple[str, frozenset[Decimal]]:
    """Given the subject of a problem that `refusal` made, return the place of delivery (DE, PT-20; '' where it tells
    none) and the rates of the taxes that the order needs."""
    place = _SUBJECT.match(subject)
    return place[1] if place else "", frozenset(map(Decimal, _RATE.findall(subject)))


def _lacking(missing: Sequence[MissingTax], country: str) -> str:
    needed = _percents(one.rate for one in missing)
    parts = ", ".join(one.what for one in missing)
    return (
        f"the shop has no tax of {_and(needed)}, the rate configured for {parts}{_delivery(country)}: "
        f"create {_taxes_of(needed)} (International > Taxes)"
    )


def _unexplained(missing: Sequence[MissingTax], rates: Rates, country: str) -> str:
    amounts = _and([one.what for one in missing])
    text = f"no tax of the shop explains the tax of {amounts}{_delivery(country)}: "
    legal = _percents(one.rate for one in missing if one.rate)
    strange = _percents(one.effective for one in missing if not one.rate)
    remedies = []
    if any(one.is_owed_by_amazon for one in missing):
        remedies.append("Amazon owes this tax itself: name a tax of the shop for it as taxes.collected_by_amazon")
    if legal:
        remedies.append(f"create {_taxes_of(legal)} (International > Taxes)")
    if strange:
        known = f", none of the rates of {country} ({_and(_percents(rates.legal))})" if rates.legal else ""
        remedies.append(
            f"it comes to {_and(strange)}{known}: if that is right, create such a tax (International > Taxes)"
        )
    return text + ", or ".join(remedies)


def _unknown(missing: Sequence[MissingTax], rates: Rates, country: str) -> str:
    parts = ", ".join(one.what for one in missing)
    text = f"no VAT rate is known for {parts}{_delivery(country)}: "
    place = "the region's postcodes" if "-" in country else "the country"
    rule = f"add a rule for {place} to the product's tax rules group (International > Taxes > Tax Rules)"
    if not country or not rates.legal:
        return text + rule
    standard = rates.legal[0]
    shop_has_it = any(choice.rate == standard for choice in rates.known)
    tax = "" if shop_has_it else f" (for which the shop needs a tax of {standard.normalize():f} %)"
    return f"{text}{rule}, or configure taxes.{country} = {standard.normalize():f}{tax}"


def _delivery(country: str) -> str:
    return f", delivery to {country}" if country else ""


def _percents(rates: Iterable[Decimal | None]) -> list[str]:
    """Rates in words, each once, as a tax of PrestaShop's can have them."""
    rounded = [f"{round(rate, RATE_DECIMALS).normalize():f} %" for rate in rates if rate]
    return list(dict.fromkeys(rounded))


def _taxes_of(percents: Sequence[str]) -> str:
    return f"{'a tax' if len(percents) == 1 else 'taxes'} of {_and(percents)}"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
