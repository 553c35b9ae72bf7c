"""Amazon orders as complete as Amazon gives them, and a `PrestashopShop` on a test's database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from orderferry.config.model import AmazonSettings, LedgerSettings, PrestashopSettings, Secret, Settings
from orderferry.domain.check_result import Finding
from orderferry.domain.marker import Action, Applied, Plan
from orderferry.domain.marketplaces import Region, find_marketplace
from orderferry.domain.orders import (
    Address,
    Buyer,
    Channel,
    Item,
    Money,
    Order,
    OrderStatus,
    Package,
    Proceeds,
    ProceedsType,
    TimeSpan,
)
from orderferry.domain.problems import Problem
from orderferry.prestashop.checking.verify_order import moved_by_edits, verify_order
from orderferry.prestashop.shop import PrestashopShop
from support.shop_database import ShopDatabase

ORDER_ID = "402-1234567-1234567"
PURCHASED = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 7, 12, 35, tzinfo=UTC)
ITALY = "APJ6JRA9NG5V4"
HOME = Address(
    name="Mario Rossi",
    lines=("Via Roma 1", "Scala B"),
    city="Milano",
    region="MI",
    postal_code="20121",
    country="IT",
    phone="+390212345678",
)


@dataclass(frozen=True)
class Sold:
    """One item of an order: gross amounts as Amazon's EU marketplaces give them, tax inside. `discount` positive."""

    sku: str
    quantity: int
    gross: str
    tax: str = ""
    shipping: str = ""
    shipping_tax: str = ""
    wrap: str = ""
    wrap_tax: str = ""
    discount: str = ""
    gift_message: str = ""


def amazon_order(*sold: Sold, order_id: str = ORDER_ID, currency: str = "EUR", **more: Any) -> Order:
    """A regular Italian order, paid and to be shipped, whose money adds up."""
    items = tuple(_item(number, one, currency) for number, one in enumerate(sold, 1))
    total = sum((item.proceeds_total.amount for item in items if item.proceeds_total), Decimal(0))
    values: dict[str, Any] = {
        "order_id": order_id,
        "created": PURCHASED,
        "updated": PURCHASED + timedelta(hours=1),
        "marketplace_id": ITALY,
        "status": OrderStatus.UNSHIPPED,
        "channel": Channel.REGULAR,
        "items": items,
        "marketplace_name": "Amazon.it",
        "service_level": "STANDARD",
        "ship_by": TimeSpan(PURCHASED + timedelta(days=1), PURCHASED + timedelta(days=2)),
        "deliver_by": TimeSpan(None, PURCHASED + timedelta(days=5)),
        "buyer": Buyer(name="Mario Rossi", email="x1y2z3@marketplace.amazon.it"),
        "delivery_address": HOME,
        "grand_total": Money(total, currency),
    }
    return Order(**{**values, **more})


def _item(number: int, sold: Sold, currency: str) -> Item:
    rows = [("ITEM", sold.gross), ("SHIPPING", sold.shipping), ("GIFT_WRAP", sold.wrap)]
    proceeds = [Proceeds(ProceedsType(kind), Money(Decimal(amount), currency)) for kind, amount in rows if amount]
    total = sum((row.amount.amount for row in proceeds), Decimal(0))
    if sold.discount:
        proceeds.append(Proceeds(ProceedsType.DISCOUNT, Money(Decimal(sold.discount), currency)))
        total -= Decimal(sold.discount)
    taxes = [("ITEM", sold.tax), ("SHIPPING", sold.shipping_tax), ("GIFT_WRAP", sold.wrap_tax)]
    details = tuple((ProceedsType(kind), Money(Decimal(amount), currency)) for kind, amount in taxes if amount)
    if details:
        amount = sum((money.amount for _, money in details), Decimal(0))
        proceeds.append(Proceeds(ProceedsType.TAX, Money(amount, currency), details))
    return Item(
        item_id=f"{number:014d}",
        quantity=sold.quantity,
        sku=sold.sku,
        asin=f"B0{number:08d}",
        title=f"Title of {sold.sku}",
        proceeds_total=Money(total, currency),
        proceeds=tuple(proceeds),
        gift_message=sold.gift_message,
    )


def shipped(order: Order, *, number: str = "1Z999", carrier: str = "", after: timedelta = timedelta(days=1)) -> Order:
    """The same order, shipped later in one parcel."""
    package = Package("1", carrier=carrier, tracking_number=number, ship_time=order.updated + after)
    return replace(order, status=OrderStatus.SHIPPED, packages=(package,), updated=order.updated + after)


def cancelled(order: Order, after: timedelta = timedelta(hours=2)) -> Order:
    """The same order, cancelled later."""
    return replace(order, status=OrderStatus.CANCELLED, updated=order.updated + after)


def settings_for(database: ShopDatabase, folder: Path, **more: Any) -> Settings:
    """A configuration for a test's shop; `more` replaces tables of it."""
    marketplaces = tuple(filter(None, (find_marketplace(code) for code in ("IT", "DE", "SE"))))
    return Settings(
        path=folder / "config.toml",
        name="config",
        amazon=AmazonSettings(Region.EU, marketplaces, "id", Secret("s"), Secret("r"), "https://a", "https://b"),
        prestashop=PrestashopSettings(Secret(database.url), "test", database.prefix),
        ledger=LedgerSettings(folder / "ledger.sqlite"),
        **more,
    )


@dataclass
class Importer:
    """A shop as the engine drives it: look, plan, apply. What was written is read back and verified, unless the test
    has broken the shop itself (`verifies`)."""

    shop: PrestashopShop
    slept: list[float] = field(default_factory=list)
    verifies: bool = True

    def plan(self, order: Order, now: datetime = NOW) -> Plan | Problem:
        """What an import would do with the order: create it, or update it where its marker is."""
        view = self.shop.prefetch([order])
        marker = view.markers.get(order.order_id)
        action = Action.CREATE if marker is None else Action.UPDATE if marker.order_stands else Action.RECREATE
        return self.shop.plan(order, action, view, now)

    def take(self, order: Order, now: datetime = NOW) -> Applied:
        """Import the order; it must neither be held nor fail. Whoever is overtaken plans again, as a run does."""
        applied: Applied | Problem | None = None
        while applied is None:
            plan = self.plan(order, now)
            assert isinstance(plan, Plan), plan
            applied = self.shop.apply(plan, now)
        assert isinstance(applied, Applied), applied
        if self.verifies:
            self._verify(order.order_id)
        return applied

    def _verify(self, order_id: str) -> None:
        """The rows of an order of ours must stand every test; what another importer wrote is its own."""
        marker = self.shop.markers([order_id])[order_id]
        findings = [] if marker.adopted or marker.forgotten else list(map(str, self.verify(order_id)))
        assert not findings, findings

    def verify(self, order_id: str) -> tuple[Finding, ...]:
        """What `show --verify` finds."""
        with self.shop.reading("verifying an order's rows") as (statements, facts):
            return verify_order(statements, facts, order_id)

    def moved_by_edits(self, order_id: str) -> tuple[Finding, ...]:
        """What an edit in the back office would change besides."""
        with self.shop.reading("recomputing an order as an edit does") as (statements, facts):
            return moved_by_edits(statements, facts, order_id)

    def take_all(self, orders: Sequence[Order]) -> list[Applied]:
        """Import several orders, each after its own look."""
        return [self.take(order) for order in orders]


def importer(database: ShopDatabase, folder: Path, **more: Any) -> Importer:
    """An importer on a test's shop, prepared for writing, with a memory of its own."""
    memory: dict[str, str] = {}
    slept: list[float] = []
    shop = PrestashopShop(
        settings_for(database, folder, **more),
        recall=memory.get,
        remember=memory.__setitem__,
        clock=lambda: NOW,
        sleep=slept.append,
    )
    shop.prepare(write=True)
    return Importer(shop, slept)
