"""Single values of an answer: a JSON object that is read field by field, and never raises.

What is absent (no key, or null) gives the empty value and no flaw, unless the field is required. What is there but
can't be taken as it is gives the empty value and a flaw that names Amazon's path, never the value itself, which may be
personal. `grave` marks the fields without which no order can be imported.

The tables are Amazon's enumerations: the words that its model of 2026-01-01 lists. A word outside these
tables is kept as Amazon wrote it and named in the order's flaws. Fields whose words Amazon does not list completely
(payment methods, conditions) have no table and take any text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from orderferry.domain.orders import Channel, Flaw, Money, OrderStatus, ProceedsType, TimeSpan

_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:[.,](\d{1,12}))?(Z|z|[+-]\d{2}:?\d{2})?", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,15}(?:\.\d{1,10})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
# Before Amazon existed, or so far ahead that later news of the order would look older than it.
_EARLIEST, _LATEST = datetime(1995, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MOST_UNITS = 1_000_000
# What stands in an answer for bytes that are no text, and for a value that is nested too deeply: two halves of
# characters that never follow each other.
NOT_UTF8, TOO_DEEP = "\ud800\ud800", "\ud800\udbff"
_DAMAGES = {NOT_UTF8: "is not UTF-8", TOO_DEEP: "is nested too deeply"}

# (our field, Amazon's path, the known words or None for free text)
TextFields = tuple[tuple[str, str, Collection[str] | None], ...]
CHANNELS: dict[str, Channel] = {
    "merchant": Channel.REGULAR,
    "mfn": Channel.REGULAR,
    "amazon": Channel.FBA,
    "afn": Channel.FBA,
}
PROCEEDS_TYPES: dict[str, ProceedsType] = {type_.value: type_ for type_ in ProceedsType}
SALES_CHANNELS = frozenset({"AMAZON", "NON_AMAZON"})
ORDER_PROGRAMS = frozenset(
    """
    AMAZON_BAZAAR AMAZON_BUSINESS AMAZON_EASY_SHIP AMAZON_HAUL DELIVERY_BY_AMAZON FBM_SHIP_PLUS INVOICE_BY_AMAZON
    IN_STORE_PICK_UP PREMIUM PREORDER PRIME
    """.split()  # noqa: SIM905 — a list of words reads better as text
)
ITEM_PROGRAMS = frozenset({"TRANSPARENCY", "SUBSCRIBE_AND_SAVE"})
SERVICE_LEVELS = frozenset(
    "EXPEDITED FREE_ECONOMY NEXT_DAY PRIORITY SAME_DAY SECOND_DAY SCHEDULED STANDARD".split()  # noqa: SIM905 — as above
)
ADDRESS_KINDS = frozenset({"RESIDENTIAL", "COMMERCIAL", "PICKUP_POINT"})
REPLACEMENT_KINDS = frozenset({"REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"})
PROCEEDS_STATES = frozenset({"PENDING", "FINALIZED"})
PACKAGE_STATES = frozenset({"PENDING", "IN_TRANSIT", "SHIPPED", "DELIVERED", "CANCELLED", "UNDELIVERABLE"})
TAX_ENTITIES = frozenset({"BUYER", "MERCHANT", "MARKETPLACE"})
TAX_REGISTRATION_KINDS = frozenset({"BUSINESS", "VAT", "CST", "CPF", "CNPJ"})
REPORTING_SCHEMES = frozenset({"UOSS", "IOSS"})
TAX_COLLECTION_MODELS = frozenset({"MARKETPLACE_FACILITATOR"})
PRICE_DESIGNATIONS = frozenset({"BUSINESS_PRICE"})
WEEKDAYS = frozenset({"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"})
EXCEPTION_KINDS = frozenset({"CLOSED", "OPEN"})
SUBSTITUTIONS = frozenset({"CUSTOMER_PREFERENCE", "AMAZON_RECOMMENDED", "DO_NOT_SUBSTITUTE"})
CANCEL_REQUESTERS = frozenset({"BUYER"})
CANCELLERS = frozenset({"BUYER", "MERCHANT", "AMAZON"})
# Constraints are words (`MANDATORY`); booleans and booleans written as text have been seen in their place.
YES_WORDS = frozenset({"mandatory", "required", "true"})
NO_WORDS = frozenset({"", "false", "optional", "none"})
# includedData set -> where it shows: the key of the order, the key of its items.
DATASETS: dict[str, tuple[str, str]] = {
    "BUYER": ("buyer", ""),
    "RECIPIENT": ("recipient", ""),
    "PROCEEDS": ("proceeds", "proceeds"),
    "EXPENSE": ("", "expense"),
    "PROMOTION": ("", "promotion"),
    "CANCELLATION": ("", "cancellation"),
    "FULFILLMENT": ("fulfillment", "fulfillment"),
    "PACKAGES": ("packages", ""),
    "TAX": ("tax", "tax"),
    "PAYMENT": ("payment", ""),
    "FULFILLMENT_ORDERS": ("fulfillmentOrders", ""),
}
# What an importer needs of them: EXPENSE is the seller's cost, FULFILLMENT_ORDERS is of Easy Ship only.
INCLUDED_DATA = tuple(
    "BUYER RECIPIENT PROCEEDS PROMOTION CANCELLATION FULFILLMENT TAX PAYMENT PACKAGES".split()  # noqa: SIM905 — as above
)


def parse_amazon_time(text: object) -> datetime | None:
    """Return an aware UTC time, given ISO 8601 with or without fraction and offset (UTC then); None for all else.

    Years outside 1995 to 2099 are none: a time that far away is a placeholder or an error.
    """
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return None
    seconds, fraction, offset = match.groups()
    micro = (fraction or "")[:6].ljust(6, "0")
    zone = "+00:00" if offset in {None, "Z", "z"} else offset
    try:
        moment = datetime.fromisoformat(f"{seconds.upper()}.{micro}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _EARLIEST <= moment < _LATEST else None


def parse_amount(value: object) -> Decimal | None:
    """Return a decimal in plain notation (text, or an exact JSON number); None for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    text = value if isinstance(value, str) else str(value)
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def clean_text(value: str) -> str:
    """Return text of an answer without lone surrogates, which no file and no database can take."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)


def find_damage(value: object, path: str = "") -> Flaw | None:
    """Return a flaw for the first text in a JSON value that stands for what could not be read; None for none."""
    if isinstance(value, str):
        if value.isascii():
            return None
        return next((Flaw(path, told, grave=True) for sign, told in _DAMAGES.items() if sign in value), None)
    parts: Iterable[tuple[str, object]] = ()
    if isinstance(value, Mapping):
        if any(not key.isascii() and find_damage(key) for key in value):
            return Flaw(path, "has a name that is not UTF-8", grave=True)
        parts = ((f"{path}.{key}".lstrip("."), one) for key, one in value.items())
    elif isinstance(value, list):
        parts = ((f"{path}[{index}]", one) for index, one in enumerate(value))
    return next((found for where, one in parts if (found := find_damage(one, where))), None)


def clean_word(value: str) -> str:
    """Return one of Amazon's words if it is short and plain enough to be shown and logged; else ''."""
    return value if _WORD.fullmatch(value) else ""


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON object of an answer: its fields, Amazon's path to it, and the list in which flaws are collected.

    `field` of the methods is a path below the node: `product.price.unitPrice`.
    """

    fields: Mapping[str, Any]
    path: str
    flaws: list[Flaw]

    def where(self, field: str) -> str:
        """Return Amazon's full path of a field."""
        return f"{self.path}.{field}" if self.path else field

    def flaw(self, field: str, problem: str, *, grave: bool = False, value: str = "") -> None:
        """Name a field that can't be taken as it is. `value` only for a word of an enumeration."""
        self.flaws.append(Flaw(self.where(field), problem, grave, clean_word(value)))

    def value(self, field: str, *, grave: bool = False) -> Any:
        """Return the raw value, or None; a flaw where something on the way is no object."""
        value: Any = self.fields
        walked: list[str] = []
        for key in field.split("."):
            if not isinstance(value, Mapping):
                self.flaw(".".join(walked), "is no object", grave=grave)
                return None
            walked.append(key)
            value = value.get(key)
            if value is None:
                return None
        return value

    def text(self, field: str, *, grave: bool = False, required: bool = False) -> str:
        """Free text; '' where there is none."""
        value = self.value(field, grave=grave)
        if isinstance(value, str):
            if required and not value.strip():
                self.flaw(field, "is empty", grave=grave)
            return clean_text(value)
        if value is not None:
            self.flaw(field, "is no text", grave=grave)
        elif required:
            self.flaw(field, "is missing", grave=grave)
        return ""

    def word(self, field: str, known: Collection[str], *, grave: bool = False, required: bool = False) -> str:
        """Return a word of an enumeration; one that is not `known` is kept as Amazon wrote it, with a flaw."""
        word = self.text(field, grave=grave, required=required)
        if word and word not in known:
            self.flaw(field, "is a word that orderferry does not know", grave=grave, value=word)
            return clean_word(word)
        return word

    def words(self, field: str, known: Collection[str]) -> tuple[str, ...]:
        """Return a list of words of an enumeration, as `word`."""
        found = self.texts(field)
        for index, word in enumerate(found):
            if word not in known:
                self.flaw(f"{field}[{index}]", "is a word that orderferry does not know", value=word)
        return tuple(filter(None, map(clean_word, found)))

    def texts(self, field: str) -> tuple[str, ...]:
        """Return a list of text, without its empty entries."""
        found: list[str] = []
        for index, value in self._entries(field, grave=False):
            if not isinstance(value, str):
                self.flaw(f"{field}[{index}]", "is no text")
            elif value.strip():
                found.append(clean_text(value))
        return tuple(found)

    def count(self, field: str, *, grave: bool = False, required: bool = False) -> int | None:
        """Return a number of units: whole, 0 to a million."""
        value = self.value(field, grave=grave)
        if value is None:
            if required:
                self.flaw(field, "is missing", grave=grave)
            return None
        number = isinstance(value, int | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite()
        if not number or not 0 <= value <= MOST_UNITS or value != int(value):
            self.flaw(field, f"is no whole number from 0 to {MOST_UNITS}", grave=grave)
            return None
        return int(value)

    def decimal(self, field: str) -> Decimal | None:
        """Return a measure: a decimal, as a number or as text."""
        value = self.value(field)
        amount = parse_amount(value)
        if value is not None and amount is None:
            self.flaw(field, "is no decimal number")
        return amount

    def money(self, field: str, *, grave: bool = True, required: bool = False) -> Money | None:
        """Return an amount with its currency (SP-API `Money`)."""
        value = self.value(field, grave=grave)
        if value is None:
            if required:
                self.flaw(field, "is missing", grave=grave)
            return None
        if not isinstance(value, Mapping):
            self.flaw(field, "is no amount of money", grave=grave)
            return None
        amount, currency = parse_amount(value.get("amount")), value.get("currencyCode")
        if amount is None:
            self.flaw(f"{field}.amount", "is no decimal number", grave=grave)
        elif not isinstance(value.get("amount"), str):
            self.flaw(f"{field}.amount", "is a number where Amazon's model has text")
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            self.flaw(f"{field}.currencyCode", "is no ISO 4217 currency", grave=grave)
            return None
        return None if amount is None else Money(amount, currency)

    def moment(self, field: str, *, grave: bool = False, required: bool = False) -> datetime | None:
        """Return a time, aware UTC."""
        value = self.value(field, grave=grave)
        moment = parse_amazon_time(value)
        if value is not None and moment is None:
            self.flaw(field, "is no time between 1995 and 2099", grave=grave)
        elif value is None and required:
            self.flaw(field, "is missing", grave=grave)
        return moment

    def window(self, field: str) -> TimeSpan:
        """SP-API `DateTimeRange`: earliestDateTime, latestDateTime."""
        return TimeSpan(self.moment(f"{field}.earliestDateTime"), self.moment(f"{field}.latestDateTime"))

    def clock_time(self, field: str) -> time | None:
        """SP-API `HourMinute`: an hour of the day; None where there is none, or none that a clock shows."""
        if self.node(field) is None:
            return None
        hour, minute = self.count(f"{field}.hour", required=True), self.count(f"{field}.minute") or 0
        try:
            return None if hour is None else time(hour, minute)
        except ValueError:
            self.flaw(field, "is no time of the day")
            return None

    def yes(self, field: str) -> bool:
        """Return a constraint or a boolean, also one that is written as text; False where there is none."""
        value = self.value(field)
        if value is None or isinstance(value, bool):
            return bool(value)
        word = value.strip().casefold() if isinstance(value, str) else "?"
        if word not in YES_WORDS and word not in NO_WORDS:
            self.flaw(field, "is neither true nor false", value=value if isinstance(value, str) else "")
        return word in YES_WORDS

    def node(self, field: str) -> Node | None:
        """Return the object below; None where there is none."""
        value = self.value(field)
        if isinstance(value, Mapping):
            return Node(value, self.where(field), self.flaws)
        if value is not None:
            self.flaw(field, "is no object")
        return None

    def nodes(self, field: str, *, grave: bool = False) -> tuple[Node, ...]:
        """Return the objects of the list below; entries that are no objects are named and left out."""
        found: list[Node] = []
        for index, value in self._entries(field, grave=grave):
            if isinstance(value, Mapping):
                found.append(Node(value, self.where(f"{field}[{index}]"), self.flaws))
            else:
                self.flaw(f"{field}[{index}]", "is no object", grave=grave)
        return tuple(found)

    def _entries(self, field: str, *, grave: bool) -> Iterator[tuple[int, Any]]:
        value = self.value(field, grave=grave)
        if isinstance(value, list):
            yield from enumerate(value)
        elif value is not None:
            self.flaw(field, "is no list", grave=grave)


def read_texts(node: Node, fields: TextFields) -> dict[str, Any]:
    """Return the values of a table of text fields by our names for them, as a dataclass takes them."""
    return {ours: node.text(theirs) if known is None else node.word(theirs, known) for ours, theirs, known in fields}


def distinct(flaws: Iterable[Flaw]) -> tuple[Flaw, ...]:
    """Return each path and problem once, grave if it was grave anywhere."""
    merged: dict[tuple[str, str], Flaw] = {}
    for flaw in flaws:
        known = merged.get((flaw.path, flaw.problem))
        if known is None or (flaw.grave and not known.grave):
            merged[flaw.path, flaw.problem] = flaw
    return tuple(merged.values())


def squeeze(word: str) -> str:
    """Return what the spellings of a word have in common: `PartiallyShipped`, `PARTIALLY_SHIPPED`."""
    return word.strip().replace("_", "").casefold()


# The older API writes CamelCase and `Canceled`; migration tools and third-party sources pass those spellings on.
STATUSES: dict[str, OrderStatus] = {squeeze(status.value): status for status in OrderStatus} | {
    "canceled": OrderStatus.CANCELLED
}
