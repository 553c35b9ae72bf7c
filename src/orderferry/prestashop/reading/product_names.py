"""A combination's name on an order line, as each version of PrestaShop writes it. Pure.

Source: order_detail.product_name of the measured rows (prestashop-order-writing, "order_detail").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from orderferry.prestashop.database.values import version_numbers


class NameStyle(NamedTuple):
    """`whole` takes the product's name and the attributes, `pair` one attribute."""

    since: tuple[int, ...]
    whole: str
    pair: str
    separator: str


# Newest first.
STYLES = (
    NameStyle((1, 7, 8), "{name} ({attributes})", "{group}: {value}", " - "),
    NameStyle((1, 7), "{name} - {attributes}", "{group} : {value}", "- "),
    NameStyle((0,), "{name} - {attributes}", "{group} : {value}", ", "),
)


def combination_name(name: str, attributes: Sequence[tuple[str, str]], version: str) -> str:
    """Given a product's name, its (group, value) attributes in order and the shop's version, return the line's name.

    An unknown version is taken for the newest.
    """
    if not attributes:
        return name
    numbers = version_numbers(version)
    style = next((style for style in STYLES if not numbers or numbers >= style.since), STYLES[-1])
    listed = style.separator.join(style.pair.format(group=group, value=value) for group, value in attributes)
    return style.whole.format(name=name, attributes=listed)
