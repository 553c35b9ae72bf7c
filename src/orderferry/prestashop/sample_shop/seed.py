"""Describe a sample shop: shops and groups, languages, and products, which the simulator's orders are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class CombinationSeed:
    """One combination. `attributes` as people write them: `Size: S, Color: White`."""

    reference: str
    attributes: str
    quantity: int = 100
    ean13: str = ""
    upc: str = ""
    mpn: str = ""
    supplier_reference: str = ""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the attributes as (group, value)."""
        halves = [pair.partition(":") for pair in self.attributes.split(",")]
        return tuple((group.strip(), value.strip()) for group, _, value in halves)


@dataclass(frozen=True, slots=True)
class ProductSeed:
    """One product. `price` in EUR without tax, `weight` in kg, `tax_group` an id_tax_rules_group (0: none).

    `pack`: reference and quantity of the products inside. `names`: language code to a name that differs from `name`.
    With combinations, `quantity` does not count: the product's stock is their sum.
    """

    reference: str
    name: str
    price: Decimal
    tax_group: int = 1
    weight: Decimal = Decimal("0.300")
    quantity: int = 100
    combinations: tuple[CombinationSeed, ...] = ()
    ean13: str = ""
    upc: str = ""
    isbn: str = ""
    mpn: str = ""
    supplier_reference: str = ""
    pack: tuple[tuple[str, int], ...] = ()
    pack_stock_type: int = 3
    active: bool = True
    virtual: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def total_quantity(self) -> int:
        """Return the saleable quantity of the product's total row."""
        return sum(combination.quantity for combination in self.combinations) if self.combinations else self.quantity

    @property
    def kind(self) -> str:
        """Return product.product_type, as PrestaShop has it from 1.7.8."""
        if self.combinations:
            return "combinations"
        if self.pack:
            return "pack"
        return "virtual" if self.virtual else "standard"


STANDARD, REDUCED, SUPER_REDUCED = 1, 2, 3  # tax rules groups


def _combinations(stem: str, sizes: str, colors: str, quantity: int) -> tuple[CombinationSeed, ...]:
    return tuple(
        CombinationSeed(f"{stem}-{size}-{color.upper()}", f"Size: {size}, Color: {color}", quantity)
        for size in sizes.split()
        for color in colors.split()
    )


DEFAULT_PRODUCTS: tuple[ProductSeed, ...] = (
    ProductSeed(
        "MUG-BLUE",
        "Blue mug",
        Decimal("9.75"),
        weight=Decimal("0.350"),
        quantity=400,
        ean13="4006381333931",
        supplier_reference="CER-0011",
        names={"it": "Tazza blu"},
    ),
    ProductSeed(
        "MUG-RED", "Red mug", Decimal("9.75"), weight=Decimal("0.350"), quantity=350, names={"it": "Tazza rossa"}
    ),
    ProductSeed(
        "TSHIRT",
        "Organic cotton T-shirt",
        Decimal("16.39"),
        weight=Decimal("0.180"),
        combinations=_combinations("TSHIRT", "S M L", "White Black", 120),
        names={"it": "Maglietta di cotone biologico"},
    ),
    ProductSeed(
        "HOODIE",
        "Hooded sweatshirt",
        Decimal("40.98"),
        weight=Decimal("0.600"),
        combinations=_combinations("HOODIE", "M L", "Grey", 60),
    ),
    ProductSeed("CUSHION-GREEN", "Green cushion 40 × 40", Decimal("18.03"), weight=Decimal("0.500"), quantity=90),
    ProductSeed("POSTER-A2", "Poster 'Le montagne' A2", Decimal("23.77"), weight=Decimal("0.150"), quantity=150),
    ProductSeed(
        "NOTEBOOK-A5",
        "Notebook A5, dotted",
        Decimal("10.57"),
        weight=Decimal("0.250"),
        quantity=500,
        upc="036000291452",
    ),
    ProductSeed(
        "PEN-BLACK", "Rollerball pen, black", Decimal("3.20"), weight=Decimal("0.020"), quantity=1000, mpn="RB-05-BK"
    ),
    ProductSeed("LAMP-DESK", "Desk lamp", Decimal("48.36"), weight=Decimal("1.400"), quantity=45),
    ProductSeed("BOTTLE-750", "Steel bottle 750 ml", Decimal("19.59"), weight=Decimal("0.330"), quantity=220),
    ProductSeed("BACKPACK-20L", "Backpack 20 l", Decimal("57.30"), weight=Decimal("0.900"), quantity=70),
    ProductSeed("APRON-LINEN", "Linen apron", Decimal("28.61"), weight=Decimal("0.280"), quantity=80),
    ProductSeed("CANDLE-FIG", "Scented candle, fig", Decimal("15.49"), weight=Decimal("0.420"), quantity=160),
    ProductSeed("BOARD-OLIVE", "Olive wood board", Decimal("32.70"), weight=Decimal("1.100"), quantity=55),
    ProductSeed("COFFEE-1KG", "Coffee beans 1 kg", Decimal("22.64"), REDUCED, Decimal("1.050"), 300),
    ProductSeed("HONEY-500", "Chestnut honey 500 g", Decimal("8.09"), REDUCED, Decimal("0.750"), 240),
    ProductSeed("OLIVE-OIL-1L", "Extra virgin olive oil 1 l", Decimal("14.33"), SUPER_REDUCED, Decimal("1.300"), 180),
    ProductSeed(
        "BOOK-RECIPES", "Book of recipes", Decimal("19.13"), SUPER_REDUCED, Decimal("0.800"), 130, isbn="9788804668236"
    ),
    ProductSeed("LAST-ONE", "Vase, last piece", Decimal("34.43"), weight=Decimal("1.250"), quantity=1),
    ProductSeed(
        "SET-BREAKFAST",
        "Breakfast set: two mugs and coffee",
        Decimal("36.80"),
        weight=Decimal("1.750"),
        quantity=40,
        pack=(("MUG-BLUE", 2), ("COFFEE-1KG", 1)),
    ),
)

# What a marketplace sells: the combinations instead of their products.
DEFAULT_SKUS: tuple[str, ...] = tuple(
    reference
    for product in DEFAULT_PRODUCTS
    for reference in ([combination.reference for combination in product.combinations] or [product.reference])
)


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
    localisation pack does; else each country has its own standard rate. `configuration`
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
        """Return the ids of the shops."""
        return range(1, len(self.shops) + 1)

    @property
    def lang_ids(self) -> range:
        """Return the ids of the languages."""
        return range(1, len(self.languages) + 1)

    @property
    def created_text(self) -> str:
        """Return `created` as PrestaShop writes it: in the shop's local time."""
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
    """Return a plain 10.00 EUR product for each reference (for tests and benchmarks)."""
    return tuple(
        ProductSeed(reference, f"Product {reference}", Decimal("10.00"), quantity=quantity) for reference in references
    )
