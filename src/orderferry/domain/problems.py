"""The closed list of problem codes: what they mean and what a webmaster does about them.

Scripts test the codes; people read the hints. `{…}` in a hint is filled with the problem's subject. `cause_of` gives
what several orders with one problem have in common. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ProblemCode(StrEnum):
    """Why an order is held, failed or reported."""

    UNKNOWN_SKU = "unknown-sku"
    AMBIGUOUS_SKU = "ambiguous-sku"
    ADVANCED_STOCK = "advanced-stock"
    UNMAPPED_CURRENCY = "unmapped-currency"
    UNRECONCILED_TOTAL = "unreconciled-total"
    NO_VAT_RATE = "no-vat-rate"
    UNKNOWN_STATUS = "unknown-status"
    BAD_FIELD = "bad-field"
    NO_ADDRESS = "no-address"
    UNKNOWN_COUNTRY = "unknown-country"
    DELETED_IN_SHOP = "deleted-in-shop"
    SHOP_RESTORED = "shop-restored"
    CANCELLED_AFTER_SHIPPING = "cancelled-after-shipping"
    CHANGED_AFTER_INVOICE = "changed-after-invoice"
    GIVEN_UP = "given-up"
    DUPLICATE_INVOICE_NUMBER = "duplicate-invoice-number"
    OTHER_IMPORTER = "other-importer"
    NOT_READY = "not-ready"
    NOT_IMPORTABLE = "not-importable"
    NOT_FOUND = "not-found"
    REQUEST_REJECTED = "request-rejected"
    WRITE_FAILED = "write-failed"
    KEEPS_CHANGING = "keeps-changing"
    FUTURE_TIME = "future-time"
    UNREADABLE_ORDER = "unreadable-order"
    CLOCK_OFF = "clock-off"
    MISSING_DATA = "missing-data"
    LEDGER_REBUILT = "ledger-rebuilt"
    IMPLAUSIBLE = "implausible-answer"
    EXPOSED_CONFIGURATION = "exposed-configuration"


HINTS: Mapping[str, str] = {
    ProblemCode.UNKNOWN_SKU: "Give a product this reference in the shop, or map the SKU under [products.map]; "
    "the order is imported by the next run after that.",
    ProblemCode.AMBIGUOUS_SKU: "Make the reference unique in the shop, or map the SKU under [products.map].",
    ProblemCode.ADVANCED_STOCK: "Let the product's quantities be set by hand in the shop (its tab Quantities), not by "
    "warehouses, or map the SKU to another product under [products.map].",
    ProblemCode.UNMAPPED_CURRENCY: "Add the currency to the shop (International > Localization > Currencies).",
    ProblemCode.UNRECONCILED_TOTAL: "Compare the order in Seller Central with the figures here; Amazon's amounts do "
    "not add up in any reading we know. `orderferry show` prints them.",
    ProblemCode.NO_VAT_RATE: "`orderferry check` lists every tax that is missing, `orderferry init --create-taxes` "
    "makes them, and the next run imports what was held.",
    ProblemCode.UNKNOWN_STATUS: "Amazon uses a status that this version does not know: update orderferry.",
    ProblemCode.BAD_FIELD: "Look at the order in Seller Central; if it is in order there, report the field's name to "
    "orderferry's issue tracker.",
    ProblemCode.NO_ADDRESS: "Grant the role Direct-to-Consumer Shipping to the application in Seller Central and "
    "authorise it again.",
    ProblemCode.UNKNOWN_COUNTRY: "Add the country to the shop (International > Locations > Countries).",
    ProblemCode.DELETED_IN_SHOP: "`orderferry import --order {order_id}` brings it back; `orderferry ignore "
    "{order_id} --reason …` ends this report.",
    ProblemCode.SHOP_RESTORED: "If the shop was restored from a back-up, `orderferry import --restore` brings its "
    "orders back; `orderferry ignore {order_id} --reason …` ends this report.",
    ProblemCode.CANCELLED_AFTER_SHIPPING: "The shop says it is shipped: stop the parcel or wait for its return, and "
    "set the state by hand; `orderferry ignore {order_id} --reason …` ends this report.",
    ProblemCode.CHANGED_AFTER_INVOICE: "Issue a credit slip in the shop for what was cancelled; `orderferry ignore "
    "{order_id} --reason …` ends this report.",
    ProblemCode.GIVEN_UP: "Look at the order in Seller Central; it is still looked at daily; `orderferry ignore "
    "{order_id} --reason …` ends this report.",
    ProblemCode.DUPLICATE_INVOICE_NUMBER: "Two invoices bear the same number: correct one of them in the shop with "
    "your accountant.",
    ProblemCode.OTHER_IMPORTER: "`orderferry adopt` takes the orders of the other importer over.",
    ProblemCode.NOT_READY: "Amazon has not released the order yet; it is imported as soon as it is.",
    ProblemCode.NOT_IMPORTABLE: "Nothing has to be done; `orderferry show {order_id}` tells all that is known of it.",
    ProblemCode.NOT_FOUND: "Check the order id and the region of the configuration.",
    ProblemCode.REQUEST_REJECTED: "It is asked for again later. Update orderferry; if it stays, report Amazon's "
    "sentence to its issue tracker.",
    ProblemCode.WRITE_FAILED: "Show the sentence to whoever added the trigger, key or column (often a module's "
    "author). The order is tried again by itself; `orderferry ignore {order_id} --reason …` sets it aside.",
    ProblemCode.KEEPS_CHANGING: "The next run tries it again. If this stays, find out what keeps changing the order in "
    "the shop: a module, or another importer.",
    ProblemCode.FUTURE_TIME: "Nothing has to be done: that time counts for nothing, and the next answer is obeyed.",
    ProblemCode.UNREADABLE_ORDER: "It is read again by itself. If it stays, look in Seller Central for an order of "
    "that time that the shop lacks; `orderferry import --order ID` tries it alone, and `orderferry ignore {order_id} "
    "--reason …` ends this report.",
    ProblemCode.CLOCK_OFF: "Set the machine's clock (NTP).",
    ProblemCode.LEDGER_REBUILT: "The daily jobs do it by themselves; by hand: `orderferry recheck` and `orderferry "
    "doublecheck`.",
    ProblemCode.EXPOSED_CONFIGURATION: "Run `chmod 600` on the file, and renew the secret if others may have read it.",
    ProblemCode.IMPLAUSIBLE: "Look into Seller Central whether orders came in; `orderferry check` tests the access.",
    ProblemCode.MISSING_DATA: "Grant the missing role to the application in Seller Central and authorise it again.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a person should know. `order_id` is '' for what concerns no single order. No personal data.

    `subject` is the thing that must change (a SKU, a currency, a country, a path), for grouping and for re-testing
    the cause against the shop.
    """

    code: ProblemCode
    message: str
    order_id: str = ""
    subject: str = ""

    @property
    def hint(self) -> str:
        """Return what to do now."""
        return HINTS[self.code].replace("{order_id}", self.order_id)


_DEADLINE = "; Amazon withdraws the buyer's phone after "
_AMOUNTS = re.compile(r"explains the tax of ([^:,]+)")
_WITH_DEADLINE = re.compile(rf"{re.escape(_DEADLINE)}(\d{{4}}-\d\d-\d\d)")


def with_deadline(message: str, day: date) -> str:
    """Return the sentence on a held order with the day after which Amazon withdraws the phone."""
    return f"{message}{_DEADLINE}{day:%Y-%m-%d}"


def cause_of(message: str, order_id: str = "") -> str:
    """Return the cause alone, which other orders may share, given the sentence on an order."""
    cause = _WITH_DEADLINE.sub("", message)
    return cause.removeprefix(f"order {order_id}: ").removeprefix(f"order {order_id} ") if order_id else cause


def taxed_amounts(cause: str) -> str:
    """Return the amounts in a cause about tax ("the tax of 19.00 on 100.00 EUR, …"); '' for another cause."""
    found = _AMOUNTS.search(cause)
    return found[1] if found else ""


def first_deadline(messages: Iterable[str]) -> str:
    """Return the earliest of the deadlines in sentences on orders, as a part of a sentence; '' for none."""
    days = sorted(found[1] for message in messages if (found := _WITH_DEADLINE.search(message)))
    return f"; Amazon withdraws the first buyer's phone after {days[0]}" if days else ""
