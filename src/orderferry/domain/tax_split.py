"""What part of a component is tax, and which tax of the shop that is.

Sources: issue "Orders as PrestaShop itself would write them" section 2 and sp-api-orders 4. Amazon's own TAX decides
where it gives an amount; a TAX of 0 says 0 % only for sellers in Amazon's VAT Calculation Service; without one, prices
inside the EU hold the shop's VAT, and outside there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderferry.domain.components import Component
from orderferry.domain.money import currency_decimals, quantise, smallest_unit
from orderferry.domain.orders import Item, Order, ProceedsType
from orderferry.domain.pricing import RATE_DECIMALS, RateChoice, Rates, Reading
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.proceeds import ZERO, CannotPrice

HUNDRED = Decimal(100)
NO_TAX = RateChoice(ZERO)

_FACILITATOR = "MARKETPLACE_FACILITATOR"
_IOSS = "IOSS"


@dataclass(frozen=True, slots=True)
class Part:
    """A component with its tax, unrounded. `paid`/`net`: after discount, with and without tax; `gross`: before
    discount, with tax. `rate` in percent, `tax_key` the id_tax or ''."""

    component: Component
    paid: Decimal
    net: Decimal
    gross: Decimal
    rate: Decimal
    tax_key: str


def is_collected_by_amazon(item: Item) -> bool:
    """Whether Amazon owes the tax on an item: a marketplace facilitator's sale, or one under Amazon's IOSS number."""
    return _FACILITATOR in item.tax_collection_models or _IOSS in item.reporting_schemes


def families_of(components: Iterable[Component]) -> dict[int | None, list[Component]]:
    """Given components, return those of each item (None: of the order)."""
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

    def split(self, component: Component) -> Part:
        """Given a component, return it with its tax. Raise CannotPrice (no-vat-rate) where no rate can be told."""
        if component.kind is ProceedsType.DELIVERY_TIP:
            return self._by_rate(component, NO_TAX)
        if component.tax:
            return self._by_amount(component, component.tax)
        choice = self._rate_without_amount(component)
        choice = self._booked(component, choice) if choice.rate else choice
        if choice.rate and not choice.key:
            raise CannotPrice(
                self._problem(
                    f"the shop has no tax of {choice.rate.normalize():f} %, the rate configured for "
                    f"{self._name(component)}; create it (International > Taxes)"
                )
            )
        return self._by_rate(component, choice)

    def _by_rate(self, component: Component, choice: RateChoice) -> Part:
        factor = 1 + choice.rate / HUNDRED
        paid = component.rest
        return Part(component, paid, paid / factor, component.amount, choice.rate, choice.key)

    def _by_amount(self, component: Component, tax: Decimal) -> Part:
        """Amazon's TAX is kept to the cent; the rate only says which tax it is, and what the discount took of it."""
        rest = component.rest
        on_top = self.reading is Reading.TAX_ON_TOP
        net = rest if on_top else rest - tax
        choice = self._explained(component, tax, net) or self._explained_together(component)
        if choice is None and self.rates.inside_eu and not on_top and component.discount and component.amount:
            before = self._explained(component, tax, component.amount - tax)
            if before is not None:  # Amazon told the tax before discount
                choice, net = before, rest - tax * rest / component.amount
        if choice is None:
            choice = self._unexplained(component, tax, net)
        choice = self._booked(component, choice)
        paid = net + tax if on_top else rest
        factor = 1 + max(choice.rate, ZERO) / HUNDRED if on_top else 1
        gross = component.amount * factor if component.discount else paid
        return Part(component, paid, net, gross, choice.rate, choice.key)

    def _rate_without_amount(self, component: Component) -> RateChoice:
        """The rate where Amazon tells no amount of tax, or tells 0."""
        own = self._own(component) or self._amazons_tax(component)
        if not self.rates.inside_eu:
            return own if own is not None and self.rates.by_configuration else NO_TAX
        if component.tax is not None and (self.rates.vat_by_amazon or self._told_zero(component)):
            return NO_TAX
        if own is not None:
            return own
        if self.rates.missing_is_zero or (not component.amount and not component.discount):
            return NO_TAX
        raise CannotPrice(
            self._problem(f"no VAT rate is known for {self._name(component)}, {component.amount} of the order")
        )

    def _explained(self, component: Component, tax: Decimal, net: Decimal) -> RateChoice | None:
        """The tax of the shop that Amazon's amount means: within a cent for each unit, as Amazon may round each.

        A rate that is right within one cent is preferred to one that is not, then the order's own rate to others,
        then the nearest.
        """
        cent = smallest_unit(currency_decimals(self.currency))
        units = 1 if component.item is None else max(1, self.order.items[component.item].quantity)
        own = self._own(component)
        found: list[tuple[bool, bool, Decimal, int, RateChoice]] = []
        candidates = self.rates.known if own is None else (own, *self.rates.known)
        for position, choice in enumerate(candidates):
            gap = abs(tax - net * choice.rate / HUNDRED)
            if choice.rate > 0 and choice.key and gap <= cent * units:
                found.append((gap > cent, choice != own, gap, position, choice))
        return min(found, key=lambda one: one[:4])[4] if found else None

    def _explained_together(self, component: Component) -> RateChoice | None:
        """The tax that the item with its shipping and fees means as a whole, inside the EU.

        Amazon may say which part the tax is on, and not which part the discount is on.
        """
        if not self.rates.inside_eu or component.item is None:
            return None
        family = self._family(component)
        tax = sum((one.tax for one in family if one.tax), ZERO)
        rest = sum((one.rest for one in family), ZERO)
        return self._explained(component, tax, rest if self.reading is Reading.TAX_ON_TOP else rest - tax)

    def _told_zero(self, component: Component) -> bool:
        """Whether Amazon taxes something else of the same item, so that its 0 on this part is meant."""
        return bool(component.rest) and any(one.tax for one in self._family(component))

    def _family(self, component: Component) -> list[Component]:
        return [one for one in self.families[component.item] if one.tax is not None]

    def _unexplained(self, component: Component, tax: Decimal, net: Decimal) -> RateChoice:
        """Amazon's amount stays as it is with its effective rate; inside the EU it has to be a tax of the shop."""
        if self.rates.inside_eu and self._amazons_tax(component) is None:
            raise CannotPrice(
                self._problem(f"no tax of the shop explains the tax of {tax} on {net} of {self._name(component)}")
            )
        effective = tax / net * HUNDRED if net else ZERO
        return RateChoice(quantise(min(max(effective, ZERO), HUNDRED * 10), RATE_DECIMALS))

    def _own(self, component: Component) -> RateChoice | None:
        """What shop and configuration say: of an item its own rate, of the rest the carrier's, else the main one."""
        if component.kind is ProceedsType.ITEM and component.item is not None:
            return self.rates.by_item.get(self.order.items[component.item].item_id)
        return self.rates.shipping or self.main

    def _booked(self, component: Component, choice: RateChoice) -> RateChoice:
        """Tax that Amazon owes goes under the tax that is configured for it; its amount stays."""
        taken = self._amazons_tax(component)
        return choice if taken is None else RateChoice(choice.rate, taken.key)

    def _amazons_tax(self, component: Component) -> RateChoice | None:
        """The tax under which this component's tax is booked because Amazon owes it, else None."""
        items = self.order.items if component.item is None else (self.order.items[component.item],)
        owed = any(is_collected_by_amazon(item) for item in items)
        return self.rates.collected_by_amazon if owed else None

    def _name(self, component: Component) -> str:
        if component.item is None:
            return f"the order's {component.kind}"
        return f"{component.kind} of orderItems[{component.item}]"

    def _problem(self, sentence: str) -> Problem:
        address = self.order.delivery_address
        country = address.country if address else ""
        where = f", delivery to {country}" if country else ""
        return Problem(
            ProblemCode.NO_VAT_RATE, f"{sentence} ({self.currency}){where}", self.order.order_id, subject=country
        )
