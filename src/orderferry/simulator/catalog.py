"""What the simulated shop sells: a small catalogue, prices in the marketplaces' currencies, and rates of VAT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import cycle

from orderferry.simulator.money import rounded


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """One product: its SKU at Amazon, title, and gross price in euro."""

    sku: str
    title: str
    price: Decimal


DEMO_CATALOG: tuple[CatalogItem, ...] = tuple(
    CatalogItem(sku, title, Decimal(price))
    for sku, title, price in (
        ("FERRY-MUG-BLUE", "Enamel mug “Ferry”, 350 ml, blue", "14.90"),
        ("FERRY-MUG-WHITE", "Enamel mug “Ferry”, 350 ml, white", "14.90"),
        ("FERRY-TOTE", "Canvas tote bag with zip", "19.50"),
        ("FERRY-ROPE-10", "Hemp rope, 10 m", "8.95"),
        ("FERRY-LANTERN", "Storm lantern, galvanised", "34.00"),
        ("FERRY-BLANKET", "Wool blanket 130 × 200 cm", "89.00"),
        ("FERRY-KNIFE", "Folding knife, olive wood", "27.99"),
        ("FERRY-CAP-M", "Sailor's cap, size M", "22.00"),
        ("FERRY-CAP-L", "Sailor's cap, size L", "22.00"),
        ("FERRY-CHART", "Nautical chart as a poster, 70 × 100 cm", "24.90"),
        ("FERRY-COMPASS", "Pocket compass, brass", "41.50"),
        ("FERRY-SOAP-3", "Olive soap, 3 pieces", "11.70"),
    )
)


def own_catalog(skus: Sequence[str]) -> tuple[CatalogItem, ...]:
    """Return a catalogue of a staging shop's SKUs, with invented titles and prices."""
    return tuple(
        CatalogItem(sku, f"Article {sku}", like.price) for sku, like in zip(skus, cycle(DEMO_CATALOG), strict=False)
    )


# How many units of a currency a euro's worth is priced at here; no exchange rates, only plausible prices.
_PRICE_LEVELS = {
    "EUR": Decimal(1), "GBP": Decimal("0.90"), "PLN": Decimal("4.50"), "SEK": Decimal("11.5"), "TRY": Decimal(48),
    "USD": Decimal("1.10"), "CAD": Decimal("1.50"), "MXN": Decimal(20), "BRL": Decimal(6), "JPY": Decimal(170),
    "AUD": Decimal("1.7"), "SGD": Decimal("1.5"), "AED": Decimal(4), "SAR": Decimal(4), "EGP": Decimal(55),
    "INR": Decimal(95), "ZAR": Decimal(20),
}  # fmt: skip


@cache
def local_price(euro: Decimal, currency: str) -> Decimal:
    """Return a price in euro in another currency, in that currency's decimals."""
    return rounded(euro * _PRICE_LEVELS[currency], currency)


# The standard rates of VAT in percent (the United States and Canada: an example).
STANDARD_RATES: dict[str, Decimal] = {
    country: Decimal(rate)
    for country, rate in (
        ("IT", "22"), ("DE", "19"), ("FR", "20"), ("ES", "21"), ("NL", "21"), ("BE", "21"), ("IE", "23"), ("PL", "23"),
        ("SE", "25"), ("GB", "20"), ("AT", "20"), ("PT", "23"), ("LU", "17"), ("TR", "20"), ("AE", "5"), ("SA", "15"),
        ("EG", "14"), ("IN", "18"), ("ZA", "15"), ("US", "8.25"), ("CA", "13"), ("MX", "16"), ("BR", "17"),
        ("JP", "10"), ("AU", "10"), ("SG", "9"),
    )
}  # fmt: skip
