"""A comparison as CSV: a row an order, for accountants and spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from decimal import Decimal

from orderferry.domain.compared_orders import ShopOrder
from orderferry.domain.durations import iso
from orderferry.domain.marketplaces import marketplace_code
from orderferry.run.compare.result import ComparedOrder, Comparison
from orderferry.run.compare.totals import amount_text

COLUMNS = (
    "amazon_order_id",
    "id_order",
    "found",
    "purchased",
    "shop_date",
    "marketplace",
    "channel",
    "country",
    "amazon_status",
    "shop_state",
    "amazon_gross",
    "amazon_tax",
    "gross",
    "net",
    "tax",
    "tax_owed_by",
    "tax_scheme",
    "currency",
    "invoice_number",
    "invoice_date",
    "shipped",
    "conversion_rate",
    "home_currency",
    "home_gross",
    "home_net",
    "home_tax",
    "credited_gross",
    "credited_tax",
    "tax_by_rate",
)
_NEGATIVE = re.compile(r"-[0-9.]+")


def as_csv(result: Comparison) -> str:
    """Return the table, given a comparison: `gross`, `net` and `tax` are the shop's. Times are UTC, amounts have a
    decimal point. No buyer's data.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(value) for value in _row(order)] for order in result.orders)
    return text.getvalue()


def _row(order: ComparedOrder) -> tuple[object, ...]:
    amazon, shop = order.amazon, order.shop
    marketplace = (amazon.marketplace_id if amazon else "") or (shop.marketplace_id if shop else "")
    return (
        order.order_id,
        " ".join(map(str, shop.ids)) if shop else "",
        order.found,
        _moment(amazon.purchased if amazon else None),
        _moment(shop.placed if shop else None),
        marketplace_code(marketplace) if marketplace else "",
        (amazon.channel if amazon else None) or (shop.channel if shop else None) or "",
        (shop.country if shop else "") or (amazon.country if amazon else ""),
        (amazon.status or amazon.raw_status) if amazon else "",
        shop.state if shop else "",
        _amount(amazon.gross if amazon else None),
        _amount(amazon.tax if amazon and amazon.gross is not None else None),
        _amount(shop.total if shop else None),
        _amount(shop.net if shop else None),
        _amount(shop.tax if shop else None),
        shop.tax_owed_by if shop else "",
        shop.tax_scheme if shop else "",
        (shop.currency if shop else "") or (amazon.currency if amazon else ""),
        (shop.invoice_number or "") if shop else "",
        _moment(shop.invoiced if shop else None),
        _moment((amazon.shipped if amazon else None) or (shop.left if shop else None)),
        *(_at_home(shop) if shop else [""] * 7),
        " ".join(f"{share.rate or 0:f}:{amount_text(share.tax)}" for share in shop.shares) if shop else "",
    )


def _at_home(shop: ShopOrder) -> tuple[object, ...]:
    credited_tax = sum((slip.gross - slip.net for slip in shop.slips), Decimal(0))
    return (
        f"{shop.conversion_rate.normalize():f}",
        shop.home_currency,
        _amount(shop.at_home(shop.total)),
        _amount(shop.at_home(shop.net)),
        _amount(shop.at_home(shop.tax)),
        _amount(shop.credited),
        _amount(credited_tax),
    )


def _moment(moment: datetime | None) -> str:
    return iso(moment) if moment else ""


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else amount_text(amount)


def _harmless(value: object) -> str:
    """Return a text that a spreadsheet would run as a formula gets an apostrophe; amounts may begin with a minus."""
    text = str(value)
    runs = text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and not _NEGATIVE.fullmatch(text))
    return f"'{text}" if runs else text
