"""What a seeded shop is told to hold: shops and groups, languages, products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from orderferry.prestashop.embedded.default_products import DEFAULT_PRODUCTS
from orderferry.prestashop.embedded.product_seed import ProductSeed


@dataclass(frozen=True, slots=True)
class ShopGroupSeed:
    """One row of shop_group. `share_stock`: one stock row for the group (id_shop 0) instead of one a shop."""

    name: str = "Default"
    share_stock: bool = False
    share_customer: bool = False
    share_order: bool = False


@dataclass(frozen=True, slots=True)
class ShopUnitSeed:
    """One row of shop. `group`: its group by position, from 1."""

    name: str = "Bottega di prova"
    group: int = 1
    domain: str = "shop.example"


@dataclass(frozen=True, slots=True)
class ShopSeed:
    """A shop to be built. Ids follow the order of every tuple, from 1.

    `italian_localisation`: the standard tax rules group maps every EU country to the Italian 22 %, as the Italian
    localisation pack does (shops-in-the-field); else each country has its own standard rate. `configuration`
    overrides or adds global values; None drops one. `created` is the date_add of every row.
    """

    products: tuple[ProductSeed, ...] = DEFAULT_PRODUCTS
    languages: tuple[str, ...] = ("it", "en")
    groups: tuple[ShopGroupSeed, ...] = (ShopGroupSeed(),)
    shops: tuple[ShopUnitSeed, ...] = (ShopUnitSeed(),)
    italian_localisation: bool = False
    time_zone: str = "Europe/Rome"
    created: datetime = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)
    configuration: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def shop_ids(self) -> range:
        """The ids of the shops."""
        return range(1, len(self.shops) + 1)

    @property
    def lang_ids(self) -> range:
        """The ids of the languages."""
        return range(1, len(self.languages) + 1)

    @property
    def created_text(self) -> str:
        """`created` as PrestaShop writes it: the shop's local time."""
        return f"{self.created.astimezone(ZoneInfo(self.time_zone)):%Y-%m-%d %H:%M:%S}"


# Two groups and three shops: the second group has two shops that share stock, customers and orders.
MULTISHOP = ShopSeed(
    groups=(ShopGroupSeed(), ShopGroupSeed("Shared", share_stock=True, share_customer=True, share_order=True)),
    shops=(
        ShopUnitSeed(),
        ShopUnitSeed("Second shop", 2, "second.example"),
        ShopUnitSeed("Third shop", 2, "third.example"),
    ),
)


def plain_products(references: Iterable[str], quantity: int = 100) -> tuple[ProductSeed, ...]:
    """Given references, return a plain 10.00 EUR product for each (for tests and benchmarks)."""
    return tuple(
        ProductSeed(reference, f"Product {reference}", Decimal("10.00"), quantity=quantity) for reference in references
    )
