"""A sample PrestaShop shop in an empty database, with the real tables of a version: for the demo and the tests."""

from orderferry.prestashop.sample_shop.build import DEFAULT_VERSION, create_shop
from orderferry.prestashop.sample_shop.schema import VERSIONS, create_statements, load_tables
from orderferry.prestashop.sample_shop.seed import (
    DEFAULT_PRODUCTS,
    DEFAULT_SKUS,
    MULTISHOP,
    CombinationSeed,
    ProductSeed,
    ShopGroupSeed,
    ShopSeed,
    ShopUnitSeed,
    plain_products,
)

__all__ = [
    "DEFAULT_PRODUCTS",
    "DEFAULT_SKUS",
    "DEFAULT_VERSION",
    "MULTISHOP",
    "VERSIONS",
    "CombinationSeed",
    "ProductSeed",
    "ShopGroupSeed",
    "ShopSeed",
    "ShopUnitSeed",
    "create_shop",
    "create_statements",
    "load_tables",
    "plain_products",
]
