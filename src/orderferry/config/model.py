"""The configuration as frozen dataclasses: one for each table of the TOML file, with the defaults of `keys/`.

Durations are timedelta, dates aware UTC, rates Decimal percent. Secrets are `Secret`: printing one gives `***`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from orderferry.config.keys import OVERRIDABLE, default_of
from orderferry.domain.marketplaces import Marketplace, Region


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that is never printed. `reveal()` is the only way to it."""

    _value: str = ""

    def reveal(self) -> str:
        """Return the secret itself, for the call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "***" if self._value else "''"

    __str__ = __repr__


LedgerPlace = Path | Secret

_DEFAULT_FEE: str = default_of("products.fees.<FEE>")


@dataclass(frozen=True, slots=True)
class AmazonSettings:
    """[amazon]. `endpoint` and `token_url` are the region's own unless configured."""

    region: Region
    marketplaces: tuple[Marketplace, ...]
    client_id: str
    client_secret: Secret
    refresh_token: Secret
    endpoint: str
    token_url: str
    client_secret_created: date | None = None
    timeout: timedelta = default_of("amazon.timeout")
    quota_share: Decimal = default_of("amazon.quota_share")

    @property
    def seller(self) -> str:
        """Return what names seller and application: a digest that gives no secret away."""
        application = "\n".join((self.client_id, self.region, self.endpoint))
        return hmac.new(application.encode(), self.refresh_token.reveal().encode(), hashlib.sha256).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class ObservationSettings:
    """[observation]."""

    window: timedelta = default_of("observation.window")
    fba_extension: timedelta = default_of("observation.fba_extension")
    overlap: timedelta = default_of("observation.overlap")
    recheck_window: timedelta = default_of("observation.recheck_window")
    doublecheck_window: timedelta = default_of("observation.doublecheck_window")


@dataclass(frozen=True, slots=True)
class PrestashopSettings:
    """[prestashop]. `url` is a complete SQLAlchemy URL (password included, hence a Secret), however it was given:
    as `url`, as host/port/socket/user/password/database, or through `from`.

    `location` names the database without credentials (`127.0.0.1:3306/shop`), for messages and for the ledger.
    """

    url: Secret
    location: str
    table_prefix: str = default_of("prestashop.table_prefix")
    timeout: timedelta = default_of("prestashop.timeout")
    ssl_ca: Path | None = None
    ssl_cert: Path | None = None
    ssl_key: Path | None = None
    shop_folder: Path | None = None  # where `from` pointed
    password_from: Path | None = None  # the shop's own file, where the password is read from it


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """[ledger]: a file, or a database that several hosts share."""

    path: Path
    url: Secret = field(default_factory=Secret)

    @property
    def place(self) -> LedgerPlace:
        """Return where the ledger is: the database's URL if there is one, else the file."""
        return self.url or self.path


@dataclass(frozen=True, slots=True)
class OrdersSettings:
    """[orders]. States by id or name ('' = the shop's own)."""

    since: datetime | None = None
    date: str = default_of("orders.date")  # or "purchase"
    give_up: timedelta = default_of("orders.give_up")
    state_paid: str = ""
    state_shipped: str = ""
    state_cancelled: str = ""
    state_fba: str = ""
    state_prime: str = ""
    state_business: str = ""
    state_cancel_requested: str = ""
    payment_label: str = default_of("orders.payment_label")
    module_name: str = default_of("orders.module_name")


@dataclass(frozen=True, slots=True)
class ProductsSettings:
    """[products]."""

    match: tuple[str, ...] = default_of("products.match")
    unknown: str = default_of("products.unknown")  # hold, placeholder, line
    placeholder: str = ""
    suffixes: tuple[str, ...] = ()
    map: Mapping[str, str] = field(default_factory=dict)
    fees: Mapping[str, str] = field(default_factory=dict)  # kind, or "default" -> product, shipping, or a reference

    def fee(self, kind: str) -> str:
        """Return where a kind of fee, as Amazon calls it, is booked."""
        return self.fees.get(kind.lower()) or self.fees.get("default", _DEFAULT_FEE)

    @property
    def fee_references(self) -> frozenset[str]:
        """Return the products of the shop that fees are booked on."""
        return frozenset(self.fees.values()) - {"product", "shipping"}


@dataclass(frozen=True, slots=True)
class CarriersSettings:
    """[carriers]. By name or id; '' = the shop's default carrier (`fba`: none)."""

    default: str = ""
    fba: str = ""
    map: Mapping[str, str] = field(default_factory=dict)  # service level (upper case) -> carrier


@dataclass(frozen=True, slots=True)
class CustomersSettings:
    """[customers]."""

    mode: str = default_of("customers.mode")  # order, alias, fixed
    account: str = ""  # mode fixed: id or e-mail of the shop's customer
    email: str = default_of("customers.email")  # or "amazon"
    group: str = ""
    business_group: str = ""
    phone_fallback: str = ""


@dataclass(frozen=True, slots=True)
class TaxesSettings:
    """[taxes]. `by_country`: ISO country or region (PT-20) -> a rate in percent (Decimal), or the name or
    id of a tax of the shop."""

    by_country: Mapping[str, Decimal | str] = field(default_factory=dict)
    missing: str = default_of("taxes.missing")  # hold, zero
    collected_by_amazon: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoicesSettings:
    """[invoices]: when the shop invoices an order."""

    mode: str = default_of("invoices.mode")  # state, shipped, never
    business: str = ""  # the same for business buyers; "": as mode

    def mode_for(self, *, business: bool) -> str:
        """Return the mode that holds for an order of a business buyer, or of any other."""
        return (business and self.business) or self.mode


@dataclass(frozen=True, slots=True)
class StockSettings:
    """[stock]: `move` or `none`."""

    regular: str = default_of("stock.regular")
    fba: str = default_of("stock.fba")


@dataclass(frozen=True, slots=True)
class MarketplaceSettings:
    """[marketplace.<CODE>], with the shop-wide tables already merged under its own overrides."""

    shop: str = ""  # id or name
    lang: str = ""  # id or ISO code
    vat_by_amazon: bool | None = default_of(
        "marketplace.<CODE>.vat_by_amazon"
    )  # None: auto, on as soon as Amazon has told tax there
    orders: OrdersSettings = field(default_factory=OrdersSettings)
    carriers: CarriersSettings = field(default_factory=CarriersSettings)
    customers: CustomersSettings = field(default_factory=CustomersSettings)
    taxes: TaxesSettings = field(default_factory=TaxesSettings)
    invoices: InvoicesSettings = field(default_factory=InvoicesSettings)


@dataclass(frozen=True, slots=True)
class AlertsSettings:
    """[alerts]. URLs are secrets: they hold keys."""

    ping_url: Secret = field(default_factory=Secret)
    webhook_url: Secret = field(default_factory=Secret)


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """[logging]."""

    file: str = ""  # a path, or "syslog"
    level: str = default_of("logging.level")
    format: str = default_of("logging.format")


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration of one shop."""

    path: Path
    name: str  # the file's name without .toml
    amazon: AmazonSettings
    prestashop: PrestashopSettings
    ledger: LedgerSettings
    observation: ObservationSettings = field(default_factory=ObservationSettings)
    orders: OrdersSettings = field(default_factory=OrdersSettings)
    products: ProductsSettings = field(default_factory=ProductsSettings)
    carriers: CarriersSettings = field(default_factory=CarriersSettings)
    customers: CustomersSettings = field(default_factory=CustomersSettings)
    taxes: TaxesSettings = field(default_factory=TaxesSettings)
    invoices: InvoicesSettings = field(default_factory=InvoicesSettings)
    stock: StockSettings = field(default_factory=StockSettings)
    marketplaces: Mapping[str, MarketplaceSettings] = field(default_factory=dict)  # by country code
    events_enabled: bool = default_of("events.enabled")
    alerts: AlertsSettings = field(default_factory=AlertsSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    exposed: str = ""  # a sentence when others can read this file and it holds a secret; else ''

    def marketplace(self, code: str) -> MarketplaceSettings:
        """Return the settings for one marketplace by country code: its own, else the shop-wide ones."""
        shop_wide = {name: getattr(self, name) for name in OVERRIDABLE}
        return self.marketplaces.get(code) or MarketplaceSettings(**shop_wide)

    def amazon_calculates_vat(self, code: str, shown: Collection[str]) -> bool:
        """Return whether Amazon calculates the VAT of a marketplace: as configured, else where an order has `shown`
        it.
        """
        configured = self.marketplace(code).vat_by_amazon
        return code in shown if configured is None else configured
