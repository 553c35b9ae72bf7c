"""What was read from the shop, as frozen values: once a run (`ShopFacts`), and once a page of orders (`Catalog`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orderferry.domain.marker import Marker
from orderferry.domain.orders import ProceedsType
from orderferry.domain.territories import countries_in_name

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Column:
    """One live column (information_schema.columns). `length` in characters; `integer` types have length None."""

    name: str
    data_type: str  # varchar, int, decimal, text, datetime, …
    nullable: bool
    has_default: bool
    auto_increment: bool = False
    length: int | None = None
    scale: int | None = None
    charset: str = ""  # utf8mb3/utf8: no character above U+FFFF
    indexed: bool = False  # the first column of some key: looking a value up does not scan the table
    primary: bool = False  # of the primary key
    collation: str = ""  # '' for what is no text
    generated: bool = False  # computed by the database: nothing can be written into it
    neutral: str | int | None = None  # what PrestaShop's own sql_mode '' makes of a missing value; None: nothing plain
    definition: str = ""  # the type as the database spells it: int(10) unsigned

    @property
    def lost_auto_increment(self) -> bool:
        """Return whether it looks like an id that an import of the database has taken the AUTO_INCREMENT from."""
        return self.primary and self.neutral == 0 and not self.nullable and not self.has_default


@dataclass(frozen=True, slots=True)
class Table:
    """One live table, by its name without prefix."""

    name: str
    engine: str
    columns: Mapping[str, Column]
    demanded: frozenset[str] = field(init=False, compare=False)  # columns that every new row must have a value for
    writable: Mapping[str, Column] = field(init=False, compare=False)  # all but those that the database computes
    texts: tuple[Column, ...] = field(init=False, compare=False)  # columns with a charset

    def __post_init__(self) -> None:
        writable = {name: column for name, column in self.columns.items() if not column.generated}
        object.__setattr__(self, "writable", writable)
        demanded = (c.name for c in writable.values() if not c.nullable and not c.has_default)
        object.__setattr__(self, "demanded", frozenset(demanded))
        object.__setattr__(self, "texts", tuple(column for column in self.columns.values() if column.charset))


@dataclass(frozen=True, slots=True)
class OrderState:
    """A row of `order_state`, with its `name` in the shop's default language and its `names` in all languages."""

    id: int
    name: str
    logable: bool
    invoice: bool
    paid: bool
    shipped: bool
    delivery: bool
    send_email: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier row that is not deleted. `groups`: the customer groups that may use it.

    Editing a carrier makes a new row with the same id_reference and marks the old one as deleted.
    """

    id: int
    id_reference: int
    name: str
    active: bool
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Currency:
    """A row of `currency`.

    `decimals` is what amounts are rounded to: the smaller one of the currency's own (ISO 4217) and the shop's
    precision. `rate` is conversion_rate; `shop_rates` (currency_shop, by id_shop) take precedence in a multishop.
    """

    id: int
    iso: str
    rate: Decimal
    decimals: int
    active: bool
    shop_rates: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Country:
    """A row of `country`.

    `zip_code_format`: N stands for a digit, L for a letter, C for the ISO code; '' for any postcode.
    """

    id: int
    iso: str
    id_zone: int
    contains_states: bool
    need_identification_number: bool
    active: bool
    zip_code_format: str = ""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A row of `tax_rule` of an active group, with a tax in force or `id_tax` 0 for "no tax".

    `id_state` 0: the whole country. Postcodes '' and 0: all of them; `zipcode_to` 0 with another `zipcode_from`: only
    that postcode.

    `behavior`: 0 this tax only, 1 added to those of the less specific rules, 2 on top of them.
    """

    id_tax: int
    id_state: int = 0
    zipcode_from: str = "0"
    zipcode_to: str = "0"
    behavior: int = 0

    @property
    def regional(self) -> bool:
        """Return whether the rule is for a part of the country."""
        return bool(self.id_state) or not (_is_zero(self.zipcode_from) and _is_zero(self.zipcode_to))

    def covers(self, id_state: int, postcode: str) -> bool:
        """Return whether the rule holds for an address ('' for an unknown postcode).

        The texts are compared as PrestaShop's TaxRulesTaxManager does it.
        """
        if self.id_state not in {0, id_state}:
            return False
        start, end, own = (text.strip().upper() for text in (self.zipcode_from, self.zipcode_to, postcode or "0"))
        if _is_zero(end):
            return _is_zero(start) or start == own
        return start <= own <= end


def _is_zero(postcode: str) -> bool:
    return not postcode.strip(" 0")


@dataclass(frozen=True, slots=True)
class Province:
    """A row of `state`: a province or a state of a country."""

    id: int
    id_country: int
    iso: str
    name: str


@dataclass(frozen=True, slots=True)
class ShopUnit:
    """One shop of a multishop (the only one of an ordinary shop), with what its group shares."""

    id: int
    id_group: int
    name: str
    share_stock: bool
    share_customer: bool
    share_order: bool

    @property
    def stock_key(self) -> dict[str, int]:
        """Return the columns of `stock_available` that say whose stock it is: the shop's or its group's (id_shop 0)."""
        if self.share_stock:
            return {"id_shop": 0, "id_shop_group": self.id_group}
        return {"id_shop": self.id, "id_shop_group": 0}


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """Everything about the shop that does not change within a run. Read in a bounded number of statements."""

    version: str = ""  # PS_VERSION_DB or _PS_VERSION_, '' when it can't be read
    tables: Mapping[str, Table] = field(default_factory=dict)
    # (name, id_shop_group or 0, id_shop or 0) -> value
    configuration: Mapping[tuple[str, int, int], str] = field(default_factory=dict)
    states: Mapping[int, OrderState] = field(default_factory=dict)
    carriers: tuple[Carrier, ...] = ()
    # any id_carrier, also of deleted rows -> id_reference
    carrier_references: Mapping[int, int] = field(default_factory=dict)
    currencies: Mapping[str, Currency] = field(default_factory=dict)  # by ISO code
    countries: Mapping[str, Country] = field(default_factory=dict)  # by ISO code
    provinces: tuple[Province, ...] = ()
    shops: Mapping[int, ShopUnit] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)  # ISO code (lower case) -> id_lang, active ones
    taxes: Mapping[int, Decimal] = field(default_factory=dict)  # id_tax -> rate in percent, active and not deleted
    tax_names: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    time_zone: str = "UTC"  # PS_TIMEZONE
    # (id_tax_rules_group, id_country) -> rules, the most specific first
    tax_rules: Mapping[tuple[int, int], tuple[TaxRule, ...]] = field(default_factory=dict)
    # (id_carrier, id_shop) -> id_tax_rules_group
    carrier_tax_groups: Mapping[tuple[int, int], int] = field(default_factory=dict)
    employee: int = 0  # the lowest active employee id, for private messages

    def tax_countries(self, id_tax: int) -> frozenset[str]:
        """Return the codes of the countries that a tax's name names."""
        return countries_in_name(self.tax_names.get(id_tax, ""))

    def setting(self, name: str, shop: ShopUnit | None = None, default: str = "") -> str:
        """Return a setting of PrestaShop's for a shop: the shop's own value, else its group's, else the global one."""
        keys = ((name, 0, shop.id), (name, shop.id_group, shop.id), (name, shop.id_group, 0)) if shop else ()
        for key in keys:
            if key in self.configuration:
                return self.configuration[key]
        return self.configuration.get((name, 0, 0), default)

    def ruled_tax(self, id_tax_rules_group: int, id_country: int, id_state: int = 0, postcode: str = "") -> int | None:
        """Return the id_tax of the rule that PrestaShop would apply to an address: 0 for no tax, None without a rule.

        Without state and postcode: what holds for the country as a whole.
        """
        rules = self.tax_rules.get((id_tax_rules_group, id_country), ())
        return next((rule.id_tax for rule in rules if rule.covers(id_state, postcode)), None)

    def taxes_named_for(self, id_country: int) -> frozenset[int]:
        """Return the id_tax of every rule for the country and its regions."""
        rules = (rule for (_, country), found in self.tax_rules.items() if country == id_country for rule in found)
        return frozenset(rule.id_tax for rule in rules if rule.id_tax)


@dataclass(frozen=True, slots=True)
class Product:
    """A product or a combination (`id_product_attribute` > 0) that a SKU means, with what order_detail needs.

    `stock_quantity` is the saleable quantity read for order_detail.product_quantity_in_stock. A pack has `pack_items`
    (id_product, id_product_attribute, quantity) and is decreased as PS_PACK_STOCK_TYPE says. `stands_in`: the SKU has
    no product, and this one (products.placeholder) takes its place, so that name and codes are Amazon's. `name` is in
    the shop's default language, `names` by id_lang.
    """

    id_product: int
    id_product_attribute: int
    name: str
    reference: str
    supplier_reference: str
    ean13: str
    upc: str
    isbn: str
    mpn: str
    weight: Decimal
    wholesale_price: Decimal
    id_tax_rules_group: int
    stock_quantity: int
    active: bool = True
    depends_on_stock: bool = False
    pack_items: tuple[tuple[int, int, int], ...] = ()
    pack_stock_type: int = 3
    stands_in: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    purchase_supplier_price: Decimal = Decimal(0)  # product_supplier.product_supplier_price_te
    ecotax: Decimal = Decimal(0)  # without tax, in the shop's currency; a part of the price

    def name_in(self, id_lang: int) -> str:
        """Return the name in this language, else in the shop's default one."""
        return self.names.get(id_lang) or self.name


FEE_REFERENCE = "orderferry-"  # the beginning of our hidden products' references, by which `compare` recognises fees
FEE_STATES = "fee_product:"  # the beginning of the names under which their ids are kept: FEE_STATES + kind + group
ZERO_TAX_STATE = "zero_tax"


@dataclass(frozen=True, slots=True)
class FeeKey:
    """What a hidden product of ours is for: a kind of fee, and the tax rules group with the fee's rate (0: none)."""

    kind: ProceedsType
    id_tax_rules_group: int

    @property
    def reference(self) -> str:
        """Return the product's reference."""
        return f"{FEE_REFERENCE}{self.kind.lower().replace('_', '-')}"

    @property
    def state_name(self) -> str:
        """Return the name under which its id is kept in our own table."""
        return f"{FEE_STATES}{self.kind.lower()}:{self.id_tax_rules_group}"


@dataclass(frozen=True, slots=True)
class OwnThings:
    """Our hidden products and our tax that are in the shop, and whether the database user may make missing ones."""

    products: Mapping[FeeKey, int] = field(default_factory=dict)
    zero_tax: int = 0
    may_make_products: bool = False
    may_make_taxes: bool = False

    def has_product_for(self, kind: ProceedsType) -> bool:
        """Return whether a fee of this kind can be a line of its own."""
        return self.may_make_products or any(key.kind is kind for key in self.products)


@dataclass(frozen=True, slots=True)
class OrderInShop:
    """An imported order as its row in `orders` has it now. Amounts are in the order's currency.

    `state`: current_state; `invoice_number`: 0 without invoice; `total`: total_paid_tax_incl; `tax`: the tax in it;
    `credited` and `credited_net`: the sums of its credit slips with and without tax (`order_slip`); `id_currency`: 0 if
    it is not known.
    """

    state: int
    invoice_number: int = 0
    total: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    credited_net: Decimal = Decimal(0)
    id_currency: int = 0

    def agrees_with(self, total: Decimal, tax: Decimal) -> bool:
        """Return whether the invoice, less its credit slips, has the total and tax that Amazon has now.

        Where only the tax is wrong, any credit slip counts, since a person has dealt with it. A total that has grown
        needs another invoice, so only a credit slip for all of the first one counts. All is credited when it is so with
        or without tax: PrestaShop adds the tax of shipping at the carrier's own rate.
        """
        left = self.total - self.credited
        if self.credited:
            due = total if total <= self.total + CENT else 0
            all_net = self.total - self.tax - self.credited_net <= CENT
            return left <= due + CENT or (not due and all_net)
        return abs(left - total) <= CENT and abs(self.tax - tax) <= CENT


@dataclass(frozen=True, slots=True)
class Catalog:
    """What was prefetched for one page of orders.

    `products`: (id_shop, SKU as Amazon wrote it) -> the matches; none: unknown, several: ambiguous (the first field of
    products.match that finds any decides). `customers`: e-mail or 'fixed' -> id_customer, for the modes that reuse an
    account. `shop_orders`: by id_order, the orders with a marker that are still there. `references`: order id -> a free
    reference, for the orders that are not. `own`: what fees are booked on. `vat_by_amazon`: the marketplaces, by
    country code, where Amazon calculates the seller's VAT. `notices`: what is worth telling of the page, once, though
    nothing has to be done.
    """

    products: Mapping[tuple[int, str], tuple[Product, ...]] = field(default_factory=dict)
    markers: Mapping[str, Marker] = field(default_factory=dict)
    foreign: Mapping[str, int] = field(default_factory=dict)
    customers: Mapping[str, int] = field(default_factory=dict)
    shop_orders: Mapping[int, OrderInShop] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    own: OwnThings = field(default_factory=OwnThings)
    vat_by_amazon: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()
