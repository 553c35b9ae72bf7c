"""Split each component into price and tax, and find the shop's tax that it is.

Sources: Amazon's SP-API documentation (proceeds), docs/taxes-and-invoices.md. Amazon's own TAX decides where it gives
an amount; a TAX of 0 means 0 % only for sellers in Amazon's VAT Calculation Service; without one, prices inside the EU
(and of a shop outside of it at home) hold the shop's VAT, and elsewhere there is none. Of the taxes of the shop that
explain an amount, the delivery country's own come first.

Where the shop lacks the tax of an order, `refusal` names everything that is missing, and what to create.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from orderferry.domain.money import currency_decimals, quantise, smallest_unit
from orderferry.domain.orders import Item, Order, ProceedsType
from orderferry.domain.pricing.components import Component
from orderferry.domain.pricing.priced_order import FOREIGN, RATE_DECIMALS, RateChoice, Rates, Reading
from orderferry.domain.pricing.proceeds import ZERO, CannotPrice
from orderferry.domain.problems import Problem, ProblemCode

HUNDRED = Decimal(100)
NO_TAX = RateChoice(ZERO)

_FACILITATOR = "MARKETPLACE_FACILITATOR"
_IOSS = "IOSS"
_UOSS = "UOSS"


@dataclass(frozen=True, slots=True)
class Part:
    """A component with its tax, unrounded. `paid`/`net`: after discount, with and without tax; `gross`: before
    discount, with tax. `rate` in percent, `tax_key` the id_tax or ''. `beside`: tax that Amazon adds and that is in
    none of these; `owed_by_amazon`: Amazon, not the seller, pays the tax.
    """

    component: Component
    paid: Decimal
    net: Decimal
    gross: Decimal
    rate: Decimal
    tax_key: str
    beside: Decimal = ZERO
    owed_by_amazon: bool = False


def is_collected_by_amazon(item: Item, *, seller_in_eu: bool = True) -> bool:
    """Return whether Amazon owes the tax on an item: a marketplace facilitator's sale, or one under Amazon's IOSS
    number.

    UOSS is Amazon's for a seller from outside the EU, whose sales inside of it Amazon is deemed to make; a seller from
    inside declares it himself (OSS).
    """
    if _FACILITATOR in item.tax_collection_models or _IOSS in item.reporting_schemes or item.ioss_number:
        return True
    return _UOSS in item.reporting_schemes and not seller_in_eu


def has_tax_of_seller(order: Order, *, seller_in_eu: bool) -> bool:
    """Return whether Amazon gives tax above 0 that the seller owes: then it calculates his VAT.

    Tax that Amazon owes itself proves nothing.
    """
    owed = [is_collected_by_amazon(item, seller_in_eu=seller_in_eu) for item in order.items]
    own = [row for item, by_amazon in zip(order.items, owed, strict=True) if not by_amazon for row in item.proceeds]
    rows = own if any(owed) else [*own, *order.proceeds]
    return any(row.type is ProceedsType.TAX and row.amount.amount > 0 for row in rows)


def families_of(components: Iterable[Component]) -> dict[int | None, list[Component]]:
    """Return the components of each item (None: of the order)."""
    families: dict[int | None, list[Component]] = {}
    for component in components:
        families.setdefault(component.item, []).append(component)
    return families


@dataclass(frozen=True, slots=True)
class TaxSplitter:
    """Splits the components of one order. `families`: the components of each item; `main`: the rate of the largest
    line, for what has none of its own."""

    order: Order
    currency: str
    reading: Reading
    rates: Rates
    families: Mapping[int | None, Sequence[Component]]
    main: RateChoice | None = None

    def split_all(self, components: Sequence[Component]) -> list[Part]:
        """Return all components of the order with their taxes: what is sold first, since shipping and charges
        without a rate of their own get the rate of the largest of these.

        Raise CannotPrice (no-vat-rate) with everything that is missing at once.
        """
        missing: list[TaxUnknown] = []
        parts = self._split_each((one for one in components if self._is_sold(one)), missing)
        largest = max(parts, key=lambda part: abs(part.gross), default=None)
        splitter = self
        if largest is not None and (largest.gross or largest.rate):
            splitter = replace(self, main=RateChoice(largest.rate, largest.tax_key))
        parts += splitter._split_each((one for one in components if not self._is_sold(one)), missing)
        if missing:
            raise refusal(self.order, self.rates, missing)
        return parts

    def _is_sold(self, component: Component) -> bool:
        """Return whether this is the price of something sold: not a charge, nor what a cancelled item leaves."""
        item = component.item
        return component.kind is ProceedsType.ITEM and (item is None or self.order.items[item].quantity > 0)

    def _split_each(self, components: Iterable[Component], missing: list[TaxUnknown]) -> list[Part]:
        parts: list[Part] = []
        for component in components:
            try:
                parts.append(self.split(component))
            except TaxUnknown as unknown:
                missing.append(unknown)
        return parts

    def split(self, component: Component) -> Part:
        """Return a component with its tax. Raise TaxUnknown where no rate can be found."""
        if component.kind is ProceedsType.DELIVERY_TIP:
            return self._by_rate(component, NO_TAX)
        if component.tax:
            return self._by_amount(component, component.tax)
        choice = self._rate_without_amount(component)
        choice = self._booked(component, choice) if choice.rate else choice
        if choice.rate and not choice.key:
            raise TaxUnknown(self._name(component), choice.rate, is_configured=True)
        return self._by_rate(component, choice)

    def _by_rate(self, component: Component, choice: RateChoice) -> Part:
        factor = 1 + choice.rate / HUNDRED
        paid = component.rest
        owed = self._is_owed_by_amazon(component)
        return Part(component, paid, paid / factor, component.amount, choice.rate, choice.key, owed_by_amazon=owed)

    def _by_amount(self, component: Component, tax: Decimal) -> Part:
        """Split by Amazon's TAX, kept to the cent; the rate only says which tax it is, and the discount's part."""
        rest = component.rest
        if self._is_beside(component, tax):
            return replace(self._by_rate(component, NO_TAX), beside=tax)
        on_top = self.reading is Reading.TAX_ON_TOP
        net = rest if on_top else rest - tax
        choice = self._explained(component, tax, net) or self._explained_together(component)
        if choice is None and self.rates.prices_hold_tax and not on_top and component.discount and component.amount:
            before = self._explained(component, tax, component.amount - tax)
            if before is not None:  # Amazon gave the tax before discount
                choice, net = before, rest - tax * rest / component.amount
        if choice is None:
            choice = self._unexplained(component, tax, net)
        choice = self._booked(component, choice, tax, net)
        paid = net + tax if on_top else rest
        factor = 1 + max(choice.rate, ZERO) / HUNDRED if on_top else 1
        gross = component.amount * factor if component.discount else paid
        owed = self._is_owed_by_amazon(component)
        return Part(component, paid, net, gross, choice.rate, choice.key, owed_by_amazon=owed)

    def _is_beside(self, component: Component, tax: Decimal) -> bool:
        """Return whether tax that Amazon collects is no part of what it says the buyer pays.

        The totals add up without it. On marketplaces that add tax to their prices it can't be inside of them then;
        elsewhere its rate decides: 20.00 of 100.00 is the United Kingdom's 20 % beside 100.00, and no rate within them.
        """
        is_amazons = self.reading is Reading.TAX_INSIDE and self._is_owed_by_amazon(component)
        return is_amazons and (self.rates.prices_without_tax or self._fits_beside_alone(component, tax))

    def _fits_beside_alone(self, component: Component, tax: Decimal) -> bool:
        """Return whether a rate explains the tax beside the amount, and none explains it within."""
        named = [choice.rate for choice in (*self.rates.collected_by_amazon, *self.rates.by_item.values()) if choice]
        ruled = [] if self.rates.prices_hold_tax else [choice.rate for choice in self.rates.known]
        rates = [rate for rate in (*self.rates.legal, *named, *ruled) if rate > 0]
        rest, units = component.rest, self._units(component)
        within = any(self._gap(rate, tax, rest - tax, units) is not None for rate in rates)
        return not within and any(self._gap(rate, tax, rest, units) is not None for rate in rates)

    def _rate_without_amount(self, component: Component) -> RateChoice:
        """Return the rate where Amazon gives no amount of tax, or 0."""
        rates = self.rates
        own = self._own(component) or self._usual_tax_of_amazon(component)
        if not rates.prices_hold_tax:
            return own if own is not None and rates.by_configuration else NO_TAX
        if rates.vat_by_amazon and (rates.reverse_charge or component.tax is not None):
            return NO_TAX
        # Amazon taxes something else of the same item, so its 0 on this part is meant
        if component.tax is not None and component.rest and any(one.tax for one in self._family(component)):
            return NO_TAX
        if own is not None:
            return own
        if rates.missing_is_zero or not component.rest:
            return NO_TAX
        raise TaxUnknown(f"{self._name(component)}, {component.amount} {self.currency}")

    def _explained(self, component: Component, tax: Decimal, net: Decimal) -> RateChoice | None:
        """Return the tax of the shop that Amazon's amount means: within a cent for each unit, as Amazon may round
        each.

        A rate that is right within one cent, or exactly so when each unit is rounded, is preferred to one that is not;
        then the delivery country's own taxes to others, then the order's own rate, then the nearest.
        """
        own, units = self._own(component), self._units(component)
        found: list[tuple[bool, int, bool, Decimal, int, RateChoice]] = []
        candidates = self.rates.known if own is None else (own, *self.rates.known)
        for position, choice in enumerate(candidates):
            if choice.rate <= 0 or not choice.key:
                continue
            gap = self._gap(choice.rate, tax, net, units)
            if gap is not None:
                rank = self.rates.ranks.get(choice.key, 0)
                found.append((gap > self._cent, rank, choice != own, gap, position, choice))
        best = min(found, key=lambda one: one[:5], default=None)
        if best is None or (best[1] >= FOREIGN and self._is_law(tax, net, component, loosely=best[0])):
            return None
        return best[5]

    def _is_law(self, tax: Decimal, net: Decimal, component: Component, *, loosely: bool) -> bool:
        """Return whether a legal rate of the place explains the amount as well: then the shop lacks that tax, and
        the one of another country that it has would be wrong. `loosely`: one that is more than a cent off counts, too.
        """
        gaps = (self._gap(rate, tax, net, self._units(component)) for rate in self.rates.legal)
        return any(gap is not None and (loosely or gap <= self._cent) for gap in gaps)

    def _gap(self, rate: Decimal, tax: Decimal, net: Decimal, units: int) -> Decimal | None:
        """Return how far a rate is from explaining an amount of tax; None where it does not explain it.

        At most a cent where Amazon may have rounded the tax of each unit.
        """
        cent = self._cent
        on_top = self.reading is Reading.TAX_ON_TOP
        # within a gross price, tax that was rounded moves the net, too
        expected = net * rate / HUNDRED if on_top else (net + tax) * rate / (HUNDRED + rate)
        gap = abs(tax - expected)
        if gap > cent * units:
            return None
        each = quantise((net + tax) / units * rate / (HUNDRED + rate), currency_decimals(self.currency))
        return min(gap, cent) if each * units == tax else gap

    @property
    def _cent(self) -> Decimal:
        return smallest_unit(currency_decimals(self.currency))

    def _units(self, component: Component) -> int:
        return 1 if component.item is None else max(1, self.order.items[component.item].quantity)

    def _explained_together(self, component: Component) -> RateChoice | None:
        """Return the tax that the item with its shipping and fees means as a whole, where prices hold tax.

        Amazon may say which part the tax is on, and not which part the discount is on.
        """
        if not self.rates.prices_hold_tax or component.item is None:
            return None
        family = self._family(component)
        tax = sum((one.tax for one in family if one.tax), ZERO)
        rest = sum((one.rest for one in family), ZERO)
        return self._explained(component, tax, rest if self.reading is Reading.TAX_ON_TOP else rest - tax)

    def _family(self, component: Component) -> list[Component]:
        return [one for one in self.families[component.item] if one.tax is not None]

    def _unexplained(self, component: Component, tax: Decimal, net: Decimal) -> RateChoice:
        """Keep Amazon's amount as it is, with its effective rate; but where prices hold tax, the shop must have it."""
        if self.rates.prices_hold_tax and not self._taxes_of_amazon(component):
            own = self._own(component)
            fitting = {
                rate: gap
                for rate in (*((own.rate,) if own and not own.key else ()), *self.rates.legal)
                if rate > 0 and (gap := self._gap(rate, tax, net, self._units(component))) is not None
            }
            raise TaxUnknown(
                f"{tax} on {net} {self.currency}",
                min(fitting, key=lambda rate: fitting[rate], default=None),
                self._explaining(component, tax, net),
                is_owed_by_amazon=self._is_owed_by_amazon(component),
            )
        return RateChoice(quantise(min(_effective(tax, net), HUNDRED * 10), RATE_DECIMALS))

    def _explaining(self, component: Component, tax: Decimal, net: Decimal) -> Decimal:
        """Return the rate with the fewest decimals that explains an amount of tax, for a person to create."""
        effective = _effective(tax, net)
        rates = [quantise(effective, decimals) for decimals in range(RATE_DECIMALS + 1)]
        units = self._units(component)
        return next((rate for rate in rates if rate and self._gap(rate, tax, net, units) is not None), rates[-1])

    def _own(self, component: Component) -> RateChoice | None:
        """Return what shop and configuration say: of an item its own rate, of the rest the carrier's, else the main
        one.

        What is still charged for an item that was cancelled has the order's main rate.
        """
        if component.kind is ProceedsType.ITEM and component.item is not None:
            item = self.order.items[component.item]
            own = self.rates.by_item.get(item.item_id)
            return own if own is not None or item.quantity else self.main or self.rates.shipping
        return self.rates.shipping or self.main

    def _booked(
        self, component: Component, choice: RateChoice, tax: Decimal | None = None, net: Decimal = ZERO
    ) -> RateChoice:
        """Return the tax of `taxes.collected_by_amazon` that fits best if Amazon owes this tax, else `choice`."""
        taxes = self._taxes_of_amazon(component)
        if not taxes:
            return choice
        if tax is None:
            return RateChoice(choice.rate, min(taxes, key=lambda one: abs(one.rate - choice.rate)).key)
        taken = min(taxes, key=lambda one: abs(tax - net * one.rate / HUNDRED))
        fits = taken.rate > 0 and self._gap(taken.rate, tax, net, self._units(component)) is not None
        return taken if fits else RateChoice(choice.rate, taken.key)

    def _is_owed_by_amazon(self, component: Component) -> bool:
        items = self.order.items if component.item is None else (self.order.items[component.item],)
        return any(is_collected_by_amazon(item, seller_in_eu=self.rates.seller_in_eu) for item in items)

    def _taxes_of_amazon(self, component: Component) -> tuple[RateChoice, ...]:
        """Return the taxes under which this component's tax may be booked because Amazon owes it; () for none."""
        return self.rates.collected_by_amazon if self._is_owed_by_amazon(component) else ()

    def _usual_tax_of_amazon(self, component: Component) -> RateChoice | None:
        """Return the standard rate's tax of those for what Amazon owes, which stands in for an unknown own rate."""
        taxes = self._taxes_of_amazon(component)
        standard = self.rates.legal[0] if self.rates.legal else ZERO
        return min(taxes, key=lambda one: abs(one.rate - standard)) if taxes else None

    def _name(self, component: Component) -> str:
        if component.item is None:
            return f"the order's {component.kind}"
        return f"{component.kind} of orderItems[{component.item}]"


def _effective(tax: Decimal, net: Decimal) -> Decimal:
    return max(tax / net * HUNDRED, ZERO) if net else ZERO


_SUBJECT = re.compile(r"([A-Z]{2}(?:-[A-Z0-9]{1,3})?)(?: |$)")
_RATE = re.compile(r"([\d.]+) %")


@dataclass(eq=False)
class TaxUnknown(Exception):
    """No rate is known for one part of an order. `what` names it, with the amounts.

    `rate` in percent: that of the tax which the shop lacks (None: no rate is known at all, or Amazon's amount is none
    of the country's). `effective`: the rate that explains Amazon's amounts, 0 where it gives none. `is_configured`:
    `rate` is the configuration's or the shop's own.
    """

    what: str
    rate: Decimal | None = None
    effective: Decimal = ZERO
    is_configured: bool = False
    is_owed_by_amazon: bool = False


def refusal(order: Order, rates: Rates, missing: Sequence[TaxUnknown]) -> CannotPrice:
    """Return the error with one problem that names all that is missing for an order, and its remedy."""
    country = rates.country or (order.delivery_address.country if order.delivery_address else "")
    configured = [one for one in missing if one.is_configured]
    unexplained = [one for one in missing if one.effective]
    unknown = [one for one in missing if not one.is_configured and not one.effective]
    sentences = [
        _lacking(configured, country) if configured else "",
        _unexplained(unexplained, rates, country) if unexplained else "",
        _unknown(unknown, rates, country) if unknown else "",
    ]
    message = "; ".join(filter(None, sentences))
    needed = _percents(one.rate for one in missing)
    subject = " ".join(filter(None, (country, ", ".join(needed))))
    return CannotPrice(Problem(ProblemCode.NO_VAT_RATE, message, order.order_id, subject))


def read_subject(subject: str) -> tuple[str, frozenset[Decimal]]:
    """Return the place of delivery (DE, PT-20; '' for none) and the rates of the taxes that an order needs, from the
    subject of a problem that `refusal` made."""
    place = _SUBJECT.match(subject)
    return place[1] if place else "", frozenset(map(Decimal, _RATE.findall(subject)))


def _lacking(missing: Sequence[TaxUnknown], country: str) -> str:
    needed = _percents(one.rate for one in missing)
    parts = ", ".join(one.what for one in missing)
    return (
        f"the shop has no tax of {_and(needed)}, the rate configured for {parts}{_delivery(country)}: "
        f"create {_taxes_of(needed)} (International > Taxes)"
    )


def _unexplained(missing: Sequence[TaxUnknown], rates: Rates, country: str) -> str:
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


def _unknown(missing: Sequence[TaxUnknown], rates: Rates, country: str) -> str:
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
    """Return rates in words, each once, as a tax of PrestaShop's can have them."""
    rounded = [f"{round(rate, RATE_DECIMALS).normalize():f} %" for rate in rates if rate]
    return list(dict.fromkeys(rounded))


def _taxes_of(percents: Sequence[str]) -> str:
    return f"{'a tax' if len(percents) == 1 else 'taxes'} of {_and(percents)}"


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
