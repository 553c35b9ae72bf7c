"""A resolved order: everything that its rows are made from, with the shop's own ids and rates. Pure.

Also which papers an order gets (an invoice by `invoices.mode`, a delivery slip by the state's own flag), and the
tracking number among Amazon's packages. `resolve_order.py` makes resolved orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from orderferry.config.model import InvoicesSettings
from orderferry.domain.orders import SHIPPED_STATUSES, Item, Order, Package, ProceedsType
from orderferry.domain.postal_address import PostalAddress
from orderferry.domain.pricing.priced_order import PricedLine, PricedOrder
from orderferry.domain.pricing.tax_law import BUSINESS, TaxScheme
from orderferry.domain.text import Field, clean_text
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Country, Currency, FeeKey, OrderState, Product
from orderferry.prestashop.planning.goods import Goods, Movement
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.shop_texts import shop_moment

_NEVER_SENT = datetime.max.replace(tzinfo=UTC)  # sorts parcels without a time of shipping to the end
_CANCELLED = "CANCELLED"  # SP-API packages[].packageStatus.status


@dataclass(frozen=True, slots=True)
class ResolvedOrder:
    """An order with the shop's products, addresses, taxes, state and account. Money is in `currency`."""

    order: Order
    priced: PricedOrder
    market: Market
    now: datetime
    currency: Currency
    conversion_rate: Decimal
    carrier_tax_rate: Decimal
    state: OrderState
    id_carrier: int
    account: Account
    delivery: Place
    invoice_place: Place | None  # None: the same as the delivery address
    lines: tuple[ResolvedLine, ...]
    paperwork: Paperwork
    payment_label: str
    placed: datetime  # orders.date_add, by orders.date
    goods: tuple[Goods, ...]
    movement: Movement | None  # None: this order moves no stock
    backorder: OrderState | None = None  # the state that the order moves on into if it is oversold; None: it stays
    tax_scheme: TaxScheme = TaxScheme.UNKNOWN  # for the marker
    ecotax_tax_rate: Decimal = Decimal(0)  # in percent, by PS_ECOTAX_TAX_RULES_GROUP_ID
    zero_tax: int = 0  # id_tax of a tax of 0 %, for what has 0 % beside taxed goods; 0: none is known
    may_make_taxes: bool = False  # whether the database user may make one
    fees_joined: bool = False  # fees are in the shipping, because no product can be made for them

    @property
    def written(self) -> str:
        """Return the moment of writing in the shop's time."""
        return shop_moment(self.now, self.market.zone)

    @property
    def id_carrier_group(self) -> int:
        """Return the customer group that the carrier is limited to; 0 for none."""
        return self.market.carrier_groups.get(self.id_carrier, 0)

    @property
    def sold(self) -> tuple[Goods, ...]:
        """Return what the lines sell, for the counts of best-sellers."""
        return tuple(
            Goods(line.sells.id_product, line.sells.id_product_attribute, line.priced.quantity)
            for line in self.lines
            if line.sells is not None
        )

    @property
    def zero_rated(self) -> frozenset[int | str]:
        """Return what has 0 % while something else is taxed: positions of lines, and "shipping" or "wrapping"."""
        priced = self.priced
        charges = {"shipping": priced.shipping, "wrapping": priced.wrapping}
        taxed = [(one.tax_key, one.rate) for one in priced.lines] + [
            (one.tax_key, one.rate) for one in charges.values()
        ]
        if not any(tax_key and rate for tax_key, rate in taxed):
            return frozenset()
        lines = [n for n, line in enumerate(priced.lines) if not line.tax_key and not line.rate]
        plain = [name for name, one in charges.items() if one.amount.incl and not one.tax_key and not one.rate]
        return frozenset((*lines, *plain))

    @property
    def wants_zero_tax(self) -> bool:
        """Return whether a tax of 0 % is needed that has yet to be made."""
        return not self.zero_tax and self.may_make_taxes and bool(self.zero_rated)

    @property
    def is_complete(self) -> bool:
        """Return whether the shop has everything that the rows refer to."""
        return not self.wants_zero_tax and not any(line.is_unmade for line in self.lines)

    @property
    def gift_message(self) -> str:
        """Return the gift messages of all items, each once, as PrestaShop's check of the text allows them."""
        texts = dict.fromkeys(item.gift_message for item in self.order.sold_items if item.gift_message)
        return clean_text("\n".join(texts), Field.MESSAGE)

    @property
    def is_gift(self) -> bool:
        """Return whether the order is a gift (orders.gift): wrapped, or with a message."""
        return bool(
            self.priced.wrapping.amount.incl
            or any(line.kind is ProceedsType.GIFT_WRAP for line in self.priced.lines)
            or any(item.gift_message or item.gift_wrap_level for item in self.order.sold_items)
        )


@dataclass(frozen=True, slots=True)
class Tracking:
    """The tracking numbers of an order's parcels.

    `number` and `carrier` are those of the first parcel ('' when Amazon has none); `others` the other parcels' numbers.
    """

    number: str = ""
    carrier: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A postal address with the shop's country and province, and the numbers that PrestaShop's forms ask for."""

    postal: PostalAddress
    country: Country
    id_state: int = 0
    vat_number: str = ""
    dni: str = ""

    @property
    def known_postcode(self) -> str:
        """Return the postcode of the address; '' if it is only a placeholder."""
        return "" if "postcode" in self.postal.placeholders else self.postal.postcode


@dataclass(frozen=True, slots=True)
class Account:
    """The shop's account for the buyer.

    `mode` is customers.mode; with `fixed`, `id_customer` names the account; with `alias`, an account with this
    e-mail is looked up while writing and made when there is none.
    """

    mode: str
    email: str
    firstname: str
    lastname: str
    company: str
    id_group: int
    id_customer: int | None = None


@dataclass(frozen=True, slots=True)
class ResolvedLine:
    """One line: its money, Amazon's items (none for a fee) and the shop's product (None for a free line)."""

    priced: PricedLine
    items: tuple[Item, ...] = ()
    product: Product | None = None
    tax_name: str = ""
    fee: FeeKey | None = None  # the hidden product of ours that the line is booked on

    @property
    def is_unmade(self) -> bool:
        """Return whether the line's hidden product has yet to be made."""
        return self.fee is not None and self.product is not None and not self.product.id_product

    @property
    def sells(self) -> Product | None:
        """Return the product that the line sells; None for a fee, a free line, and a product that only stands in."""
        return self.product if self.items and self.product and not self.product.stands_in else None

    @property
    def item(self) -> Item | None:
        """Return the item whose title and SKU the line takes: of several items of one product, the first."""
        return self.items[0] if self.items else None


@dataclass(frozen=True, slots=True)
class Paperwork:
    """Which papers an order gets.

    `row`: there is an order_invoice row; PrestaShop keeps both numbers in it, and a slip without invoice has invoice
    number 0. `invoice`: draw an invoice number now. `slip`: draw a delivery number now (the state's `delivery` flag).
    `dated`: no number, but an invoice date, so that statistics count the order. `wrapping_tax`: id_tax of
    PS_GIFT_WRAPPING_TAX_RULES_GROUP for this country, 0 when none is configured.
    """

    row: bool
    invoice: bool = False
    slip: bool = False
    dated: bool = False
    wrapping_tax: int = 0


def invoice_mode(order: Order, settings: InvoicesSettings) -> str:
    """Return when the shop invoices this order: `state`, `shipped` or `never`, by its kind of buyer.

    An order without a price and a replacement of an earlier order (`associatedOrders`) are no sale: never.
    """
    free = order.grand_total is not None and not order.grand_total.amount
    if free or order.replaces:
        return "never"
    return settings.mode_for(business=BUSINESS in order.programs)


def paperwork_of(
    order: Order, state: OrderState, market: Market, *, country: Country | None, place: Place | None = None
) -> Paperwork:
    """Return which papers an order gets in the state that it enters.

    `country`: where it is delivered; `place`: the same more exactly, if it is known. An order that is not invoiced
    here, or not yet, gets an invoice date all the same once it counts as a sale, because the dashboards count by that
    date. An invoice that is drawn later brings its own date.
    """
    mode = invoice_mode(order, market.settings.invoices)
    invoiced = {"state": state.invoice, "shipped": order.status in SHIPPED_STATUSES, "never": False}[mode]
    numbered = invoiced and market.facts.setting("PS_INVOICE", market.shop) != "0"
    return Paperwork(
        row=invoiced or state.delivery,
        invoice=numbered,
        slip=state.delivery,
        dated=not numbered and (invoiced or (mode != "state" and state.logable)),
        wrapping_tax=_wrapping_tax(market, country, place) if country else 0,
    )


def _wrapping_tax(market: Market, country: Country, place: Place | None) -> int:
    group = as_int(market.facts.setting("PS_GIFT_WRAPPING_TAX_RULES_GROUP", market.shop))
    at = (place.id_state, place.known_postcode) if place else (0, "")
    return market.facts.ruled_tax(group, country.id, *at) or 0


def tracking_of(packages: Iterable[Package]) -> Tracking:
    """Return the tracking numbers of an order's packages, without cancelled ones.

    order_carrier holds one number, and PrestaShop's page shows one: that of the parcel that was sent first.
    """
    parcels = sorted(
        (package for package in packages if _number(package) and package.status != _CANCELLED),
        key=lambda package: (package.ship_time or _NEVER_SENT, package.reference),
    )
    numbers = list(dict.fromkeys(map(_number, parcels)))
    if not numbers:
        return Tracking()
    return Tracking(numbers[0], parcels[0].carrier, tuple(numbers[1:]))


def _number(package: Package) -> str:
    """Return a package's tracking number in the form that PrestaShop accepts."""
    return clean_text(package.tracking_number, Field.TRACKING)
