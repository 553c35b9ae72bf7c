"""A product to be seeded, with its combinations or the items of its pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


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
        """The attributes as (group, value)."""
        halves = [pair.split(":", 1) for pair in self.attributes.split(",")]
        return tuple((group.strip(), value.strip()) for group, value in halves)


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
        """The saleable quantity of the product's total row."""
        return sum(combination.quantity for combination in self.combinations) if self.combinations else self.quantity

    @property
    def kind(self) -> str:
        """product.product_type, as PrestaShop has it from 1.7.8."""
        if self.combinations:
            return "combinations"
        if self.pack:
            return "pack"
        return "virtual" if self.virtual else "standard"
