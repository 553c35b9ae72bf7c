"""The goods of the seeded shop: what the demo sells and the simulator's orders ask for."""

from __future__ import annotations

from decimal import Decimal

from orderferry.prestashop.embedded.product_seed import CombinationSeed, ProductSeed

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
