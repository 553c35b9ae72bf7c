"""One order with everything about it decided: what the row builders read, and nothing else.

Resolving an order needs the shop's facts and the page's catalog (`resolve_order.py`); making rows of it needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from orderferry.domain.clean_text import Field, clean_text
from orderferry.domain.orders import Item, Order, ProceedsType
from orderferry.domain.postal import PostalAddress
from orderferry.domain.pricing import PricedLine, PricedOrder
from orderferry.domain.tax_scheme import TaxScheme
from orderferry.prestashop.facts import Country, Currency, FeeKey, OrderState, Product, ShopUnit
from orderferry.prestashop.planning.goods import Goods, Movement
from orderferry.prestashop.planning.shop_time import shop_moment


@dataclass(frozen=True, slots=True)
class Place:
    """A postal address in the shop's own terms: its country and province rows, and the numbers forms ask for."""

    postal: PostalAddress
    country: Country
    id_state: int = 0
    vat_number: str = ""
    dni: str = ""

    @property
    def known_postcode(self) -> str:
        """The postcode as it stands in the shop's address; '' where that is only a placeholder."""
        return "" if "postcode" in self.postal.placeholders else self.postal.postcode


@dataclass(frozen=True, slots=True)
class Account:
    """Who buys, in the shop's terms.

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
    """One line: its money, Amazon's items (none for a fee) and the shop's product (None for a free line).

    `as_placeholder`: the product only stands in for an unknown SKU, so name and reference are Amazon's.
    """

    priced: PricedLine
    items: tuple[Item, ...] = ()
    product: Product | None = None
    as_placeholder: bool = False
    tax_name: str = ""
    fee: FeeKey | None = None  # which hidden product of ours it is booked on

    @property
    def is_unmade(self) -> bool:
        """Whether the line's hidden product has yet to be made."""
        return self.fee is not None and self.product is not None and not self.product.id_product

    @property
    def sells(self) -> Product | None:
        """The product that the line sells; None for a fee, a free line, and what only stands in for something."""
        return self.product if self.items and not self.as_placeholder else None

    @property
    def item(self) -> Item | None:
        """The item whose title and SKU stand for the line: of several items of one product, the first."""
        return self.items[0] if self.items else None


@dataclass(frozen=True, slots=True)
class Paperwork:
    """What the shop's settings say about numbers on paper.

    `row`: there is an order_invoice row; PrestaShop keeps both numbers in it, and a slip without invoice has invoice
    number 0. `invoice`: draw an invoice number now; `slip`: draw a delivery number (the state's `delivery` flag).
    `dated`: no number, but an invoice date all the same, so that statistics count the order.
    `wrapping_tax`: id_tax of PS_GIFT_WRAPPING_TAX_RULES_GROUP for this country, 0 when none is configured.
    """

    row: bool
    invoice: bool = False
    slip: bool = False
    dated: bool = False
    yearly: bool = False  # PS_INVOICE_RESET
    shop_address: str = ""
    wrapping_tax: int = 0


@dataclass(frozen=True, slots=True)
class ResolvedOrder:
    """Everything that the rows of one new order are made from. Money is in `currency`."""

    order: Order
    priced: PricedOrder
    marketplace: str  # country code
    shop: ShopUnit
    zone: ZoneInfo
    now: datetime
    id_lang: int
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
    round_mode: int
    round_type: int
    payment_label: str
    module_name: str
    placed: datetime  # orders.date_add, by orders.date
    goods: tuple[Goods, ...]
    movement: Movement | None  # None: this order moves no stock
    id_employee: int
    id_carrier_group: int = 0  # the customer group that the carrier is for; 0: it is for everybody's
    backorder: OrderState | None = None  # where the order moves on to when it is oversold; None: nowhere
    tax_columns: str = "named"  # how order_detail.tax_name is filled: named, empty, deprecated
    cart_lines_addressed: bool = True  # by the shop's version
    tax_scheme: TaxScheme = TaxScheme.UNKNOWN  # for the marker
    ecotax_tax_rate: Decimal = Decimal(0)  # in percent, by PS_ECOTAX_TAX_RULES_GROUP_ID
    language: str = "en"  # ISO 639-1, the order's
    zero_tax: int = 0  # id_tax of a tax of 0 %, for what is zero-rated beside taxed goods; 0: none is known
    may_make_taxes: bool = False  # whether one may be made
    fees_joined: bool = False  # fees are in the shipping since no product can be made for them
    password_age_minutes: int = 360  # PS_PASSWD_TIME_FRONT

    @property
    def written(self) -> str:
        """The moment of writing in the shop's time."""
        return shop_moment(self.now, self.zone)

    @property
    def zero_rated(self) -> frozenset[int | str]:
        """What bears no tax beside goods or charges that do: positions of lines, and "shipping" or "wrapping"."""
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
        """Whether a tax of 0 % is needed that has yet to be made."""
        return not self.zero_tax and self.may_make_taxes and bool(self.zero_rated)

    @property
    def is_complete(self) -> bool:
        """Whether everything that the rows refer to is in the shop."""
        return not self.wants_zero_tax and not any(line.is_unmade for line in self.lines)

    @property
    def gift_message(self) -> str:
        """The gift texts of all items, each once. PrestaShop checks the text whenever it saves the order."""
        texts = dict.fromkeys(item.gift_message for item in self.order.sold_items if item.gift_message)
        return clean_text("\n".join(texts), Field.MESSAGE)

    @property
    def is_gift(self) -> bool:
        """orders.gift: wrapped, or with a text."""
        return bool(
            self.priced.wrapping.amount.incl
            or any(line.kind is ProceedsType.GIFT_WRAP for line in self.priced.lines)
            or any(item.gift_message or item.gift_wrap_level for item in self.order.sold_items)
        )
