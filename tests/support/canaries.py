"""Canaries: words that stand in every secret and every personal field, and a search for them in every byte written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.payload_model import full_order

# Letters only, so that no cleaning changes them; digits where the field takes nothing else.
SECRETS = {
    "client secret": "Qvxclientsecret",
    "refresh token": "Qvxrefreshtoken",
    "database password": "Qvxdatabasepass",
    "ledger password": "Qvxledgerpass",
    "ping URL": "Qvxpingkey",
    "webhook URL": "Qvxwebhookkey",
}
PERSONAL = {
    "buyer name": "Qvxbuyername",
    "buyer e-mail": "qvxbuyermail",
    "buyer company": "Qvxbuyercompany",
    "purchase order number": "Qvxponumber",
    "recipient name": "Qvxrecipient",
    "recipient company": "Qvxreccompany",
    "line 1": "Qvxlineone",
    "line 2": "Qvxlinetwo",
    "line 3": "Qvxlinethree",
    "postcode": "91743",
    "phone": "3934918273645",
    "street name": "Qvxstreetname",
    "drop-off location": "Qvxdropoff",
    "instruction": "Qvxinstruction",
    "gift message": "Qvxgiftmessage",
    "customised URL": "Qvxcustomized",
    "legal name": "Qvxlegalname",
    "VAT number": "Qvxvatnumber",
    "registered line": "Qvxregistered",
    "cancel reason": "Qvxcancelreason",
    "in a broken field": "Qvxbroken",
}
ALL = {**SECRETS, **PERSONAL}


def personal_order(order_id: str, *, age: timedelta = timedelta(hours=2), **more: str) -> dict[str, Any]:
    """An order with a canary in every personal field. `more`: channel and status."""
    order = full_order(order_id, **more)
    moment = datetime.now(UTC) - age
    order["createdTime"] = f"{moment - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    order["lastUpdatedTime"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    order["buyer"] = {
        "buyerName": f"{PERSONAL['buyer name']} Verdi",
        "buyerEmail": f"{PERSONAL['buyer e-mail']}@marketplace.amazon.it",
        "buyerCompanyName": PERSONAL["buyer company"],
        "buyerPurchaseOrderNumber": PERSONAL["purchase order number"],
    }
    order["recipient"]["deliveryAddress"] = _address(PERSONAL["line 1"])
    order["recipient"]["deliveryPreference"] |= {
        "dropOffLocation": PERSONAL["drop-off location"],
        "addressInstruction": PERSONAL["instruction"],
    }
    registration = order["tax"]["taxRegistrations"][0]
    registration |= {
        "legalName": PERSONAL["legal name"],
        "taxRegistrationNumber": PERSONAL["VAT number"],
        "taxRegistrationAddress": {**_address(PERSONAL["registered line"]), "companyName": None},
    }
    for item in order["orderItems"]:
        item["fulfillment"]["packing"]["giftOption"]["giftMessage"] = PERSONAL["gift message"]
        item["product"]["customization"]["customizedUrl"] = f"https://example.com/{PERSONAL['customised URL']}"
        item["cancellation"]["cancellationRequest"]["cancelReason"] = PERSONAL["cancel reason"]
    return order


def _address(line: str) -> dict[str, Any]:
    return {
        "name": f"{PERSONAL['recipient name']} Rossi",
        "companyName": PERSONAL["recipient company"],
        "addressLine1": line,
        "addressLine2": PERSONAL["line 2"],
        "addressLine3": PERSONAL["line 3"],
        "city": "Milano",
        "stateOrRegion": "MI",
        "postalCode": PERSONAL["postcode"],
        "countryCode": "IT",
        "phone": f"+{PERSONAL['phone']}",
        "addressType": "RESIDENTIAL",
        "extendedFields": {"streetName": PERSONAL["street name"]},
    }


def broken_orders() -> list[dict[str, Any]]:
    """Orders that can't be taken, a canary where the fault is: what is quoted of a fault would tell it."""
    text = f"{PERSONAL['in a broken field']} Rossi"
    faults: list[tuple[tuple[str | int, ...], Any]] = [
        (("fulfillment", "fulfillmentStatus"), text),
        (("fulfillment", "fulfilledBy"), text),
        (("salesChannel", "channelName"), text),
        (("salesChannel", "marketplaceId"), text),
        (("lastUpdatedTime",), text),
        (("orderItems", 0, "quantityOrdered"), text),
        (("orderItems", 0, "orderItemId"), [text]),
        (("orderItems", 0, "proceeds", "breakdowns", 0, "type"), text),
        (("orderItems", 0, "proceeds", "breakdowns", 0, "subtotal", "amount"), text),
        (("orderItems", 0, "proceeds", "breakdowns", 0, "subtotal", "currencyCode"), text),
        (("proceeds", "grandTotal"), text),
        (("orderItems",), {text: text}),
        (("recipient", "deliveryAddress", "countryCode"), text),
        (("recipient", "deliveryAddress"), [text]),
    ]
    orders = []
    for number, (path, value) in enumerate(faults):
        order = personal_order(f"404-1111111-{number:07}")
        place: Any = order
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        orders.append(order)
    return orders


@dataclass
class Watch:
    """Searches outputs for canaries. `searched` counts outputs by kind; `found` says what stood where.

    `own`: the outputs that may hold a word (a request to the address that is itself the secret).
    """

    canaries: Mapping[str, str] = field(default_factory=lambda: dict(ALL))
    searched: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    def look(self, kind: str, where: str, data: bytes | str, own: Iterable[str] = ()) -> None:
        """Search one output."""
        content = (data.encode() if isinstance(data, str) else data).lower()
        self.searched[kind] += 1
        for name, word in self.canaries.items():
            if name not in own and word.lower().encode() in content:
                self.found.append(f"{name} in {where}")

    def look_into(self, folder: Path, but: Iterable[Path] = ()) -> None:
        """Search every file below a folder, but for those that the user wrote secrets into."""
        left_out = set(but)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path not in left_out:
                self.look("file", str(path.relative_to(folder)), path.read_bytes())

    @property
    def summary(self) -> str:
        """Canaries times outputs, in words."""
        total = sum(self.searched.values())
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.searched.items()))
        return f"{len(self.canaries)} canaries in {total} outputs ({kinds}): {len(self.found)} found"
