"""An engine with a real ledger, and with an Amazon and a shop made of dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from orderferry.config.model import (
    AmazonSettings,
    LedgerSettings,
    ObservationSettings,
    OrdersSettings,
    PrestashopSettings,
    Secret,
    Settings,
)
from orderferry.domain.marker import Action, Applied, Digests, Marker, Outcome, Plan
from orderferry.domain.marketplaces import MARKETPLACES, Marketplace, Region
from orderferry.domain.orders import Channel, Item, Order, OrderStatus, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.search import Basis, Page, Search
from orderferry.errors import (
    MarketplaceRefused,
    RequestRejected,
    ShopUnavailable,
)
from orderferry.ledger.ledger import Ledger
from orderferry.prestashop.facts import Catalog
from orderferry.run.engine import Engine
from orderferry.run.report import Report
from orderferry.run.stop import StopSwitch
from orderferry.run.sweeps import SWEEPS, RunOptions

if TYPE_CHECKING:
    from orderferry.amazon.source import AmazonSource
    from orderferry.prestashop.shop import PrestashopShop

START = datetime(2026, 11, 20, 12, 10, tzinfo=UTC)
IT, DE = (m for m in MARKETPLACES if m.code in ("IT", "DE"))
S = OrderStatus


def make_order(
    number: int, status: OrderStatus | None = S.UNSHIPPED, channel: Channel = Channel.REGULAR, **more: object
) -> Order:
    base = Order(
        f"406-0000000-{number:07}",
        START - timedelta(hours=5),
        START - timedelta(hours=4),
        IT.id,
        status,
        channel,
        (Item("1", 1, "SKU"),),
    )
    return replace(base, **more)  # type: ignore[arg-type]


@dataclass
class Amazon:
    """A source that pages through its orders, two a page."""

    clock: Callable[[], datetime]
    orders: dict[str, Order | UnreadableOrder] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=lambda: {"searchOrders": 0, "getOrder": 0})
    searches: list[tuple[Search, str | None]] = field(default_factory=list)
    faults: dict[int, Exception] = field(default_factory=dict)  # by number of the searchOrders call
    refused: set[str] = field(default_factory=set)
    seconds_a_call: float = 0
    clock_offset: timedelta | None = timedelta(0)
    rejected: set[str] = field(default_factory=set)
    withheld: dict[str, str] = field(default_factory=dict)
    spent: timedelta = timedelta(0)

    def put(self, *orders: Order | UnreadableOrder) -> None:
        for number, order in enumerate(orders):
            self.orders[order.order_id or f"nameless {number}"] = order

    def now(self) -> datetime:
        return self.clock() + self.spent

    def search(self, search: Search, token: str | None = None) -> Page:
        self.calls["searchOrders"] += 1
        self.searches.append((search, token))
        self.spent += timedelta(seconds=self.seconds_a_call)
        if fault := self.faults.pop(self.calls["searchOrders"], None):
            raise fault
        if refused := self.refused & set(search.marketplaces):
            raise MarketplaceRefused(
                "no", marketplaces=tuple(sorted(search.marketplaces if len(search.marketplaces) > 1 else refused))
            )
        found = [order for order in self.orders.values() if self._matches(order, search)]
        first = int(token or 0)
        following = str(first + 2) if len(found) > first + 2 else None
        return Page(tuple(found[first : first + 2]), following, search.span.end)

    def _matches(self, order: Order | UnreadableOrder, search: Search) -> bool:
        if isinstance(order, UnreadableOrder):
            return True
        moment = order.updated if search.basis is Basis.UPDATED else order.created
        return (
            order.marketplace_id in search.marketplaces
            and search.span.holds(moment)
            and (search.channel is None or order.channel is search.channel)
            and (not search.statuses or order.status in search.statuses)
        )

    def get(self, order_id: str) -> Order | UnreadableOrder | None:
        self.calls["getOrder"] += 1
        if order_id in self.rejected:
            raise RequestRejected("Amazon rejects the request getOrder with HTTP 400: “no”.", amazon_message="no")
        return self.orders.get(order_id)

    def close(self) -> None:
        pass


class KeepsNotes:
    """A shop in memory: what runs leave in it, and no connection that could be closed."""

    notes: dict[str, str]
    zone = UTC

    def keep(self, name: str, value: str) -> None:
        self.notes[name] = value

    def kept(self, name: str) -> str:
        return self.notes.get(name, "")

    def kept_under(self, stem: str) -> Mapping[str, str]:
        return {name: text for name, text in self.notes.items() if name.startswith(stem)}

    def release(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class DictShop(KeepsNotes):
    """A shop that knows one SKU."""

    skus: set[str] = field(default_factory=lambda: {"SKU"})
    markers_by_id: dict[str, Marker] = field(default_factory=dict)
    foreign_by_id: dict[str, int] = field(default_factory=dict)
    writes: list[tuple[str, Action]] = field(default_factory=list)
    broken_orders: set[str] = field(default_factory=set)
    away: bool = False
    dies_at: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    shared_numbers: list[Problem] = field(default_factory=list)
    telling: dict[str, tuple[Problem, ...]] = field(default_factory=dict)  # what is left for a person after writing

    def prepare(self, *, write: bool) -> None:
        if self.away:
            raise ShopUnavailable("the database is away")

    def prefetch(self, orders: Sequence[Order]) -> Catalog:
        ids = [order.order_id for order in orders]
        return Catalog(markers=self.markers(ids), foreign=self.foreign(ids))

    def markers(self, order_ids: Iterable[str]) -> Mapping[str, Marker]:
        return {i: self.markers_by_id[i] for i in order_ids if i in self.markers_by_id}

    def foreign(self, order_ids: Iterable[str]) -> Mapping[str, int]:
        return {i: self.foreign_by_id[i] for i in order_ids if i in self.foreign_by_id}

    def plan(self, order: Order, action: Action, view: Catalog, now: datetime) -> Plan | Problem:
        for item in order.items:
            if item.sku not in self.skus:
                return Problem(ProblemCode.UNKNOWN_SKU, f"no product {item.sku}", order.order_id, item.sku)
        marker = self.markers_by_id.get(order.order_id)
        changed = marker is None or marker.digests.state != str(order.status)
        return Plan(order.order_id, action, ("rows",) if changed else (), order)

    def apply(self, plan: Plan, now: datetime) -> Applied | Problem:
        if plan.order_id == self.dies_at:
            raise ShopUnavailable("the database went away")
        if plan.order_id in self.broken_orders:
            return Problem(ProblemCode.WRITE_FAILED, "can't be written", plan.order_id)
        order: Order = plan.work
        notes = self.telling.get(plan.order_id, ())
        if not plan.changes:
            return Applied(Outcome.UNCHANGED, 1, notes=notes)
        assert plan.action is not Action.CREATE or order.order_id not in self.markers_by_id, "doubled"
        self.writes.append((plan.order_id, plan.action))
        self.markers_by_id[order.order_id] = Marker(
            order.order_id,
            len(self.writes),
            order.marketplace_id,
            order.channel,
            order.updated,
            Digests(state=str(order.status)),
            2,
        )
        outcome = Outcome.UPDATED if plan.action is Action.UPDATE else Outcome.CREATED
        return Applied(outcome, len(self.writes), plan.changes, notes)

    def shared_invoice_numbers(self) -> Sequence[Problem]:
        return self.shared_numbers

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        return [p.code is ProblemCode.UNKNOWN_SKU and p.subject in self.skus for p in problems]

    def marker_pages(self) -> Iterator[list[Marker]]:
        yield list(self.markers_by_id.values())


@dataclass
class World:
    """One installation over time."""

    ledger: Ledger
    settings: Settings
    now: datetime = START
    amazon: Amazon = field(init=False)
    shop: DictShop = field(default_factory=DictShop)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.amazon = Amazon(lambda: self.now)

    def pass_time(self, **time: float) -> None:
        self.now += timedelta(**time)

    def run(self, command: str = "import", **options: Any) -> Report:
        self.amazon.calls = {"searchOrders": 0, "getOrder": 0}
        self.amazon.spent = timedelta(0)
        self.amazon.searches.clear()
        return Engine(
            SWEEPS[command],
            self.settings,
            RunOptions(**options),
            cast("AmazonSource", self.amazon),
            cast("PrestashopShop", self.shop),
            self.ledger,
            StopSwitch(lambda: self.now),
            lambda: self.now,
            self.slept.append,
        ).run()


def settings_in(
    folder: Path, *, marketplaces: tuple[Marketplace, ...] = (IT, DE), ledger: Path | None = None
) -> Settings:
    """The configuration of an installation without a database and with nobody at Amazon's address."""
    nobody = "http://127.0.0.1:1"
    return Settings(
        folder / "shop.toml",
        "shop",
        AmazonSettings(Region.EU, marketplaces, "id", Secret("s"), Secret("r"), nobody, nobody),
        PrestashopSettings(Secret("sqlite://"), "memory"),
        LedgerSettings(ledger or folder / "shop.ledger.sqlite"),
        ObservationSettings(),
        OrdersSettings(),
    )
