"""One order with every field of Amazon's model (Orders API 2026-01-01), and what kind of value each field holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

MERCHANT, AMAZON = "MERCHANT", "AMAZON"


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "EUR"}


def address() -> dict[str, Any]:
    return {
        "name": "Mario Rossi",
        "companyName": "Rossi S.r.l.",
        "addressLine1": "Via Roma 1",
        "addressLine2": "Scala B",
        "addressLine3": "c/o Bianchi",
        "city": "Milano",
        "districtOrCounty": "Centro",
        "stateOrRegion": "MI",
        "municipality": "Milano",
        "postalCode": "20121",
        "countryCode": "IT",
        "phone": "+39 02 1234567 ext. 12",
        "addressType": "RESIDENTIAL",
        "extendedFields": {
            "streetName": "Via Roma",
            "streetNumber": "1",
            "complement": "Scala B",
            "neighborhood": "Centro",
        },
    }


def window() -> dict[str, str]:
    return {"earliestDateTime": "2026-11-23T07:00:00Z", "latestDateTime": "2026-11-25T22:59:59.000Z"}


def hours() -> dict[str, Any]:
    return {"startTime": {"hour": 9, "minute": 0}, "endTime": {"hour": 17, "minute": 30}}


def item(number: int, sku: str, quantity: int) -> dict[str, Any]:
    """Gross amounts with the tax inside, as Amazon's European marketplaces give them."""
    return {
        "orderItemId": f"{number:014}",
        "quantityOrdered": quantity,
        "measurement": {"unit": "KILOGRAMS", "value": 0.5},
        "programs": ["TRANSPARENCY", "SUBSCRIBE_AND_SAVE"],
        "associatedOrderItems": [{"orderItemId": "1", "associationType": "VALUE_ADD_SERVICE"}],
        "product": {
            "asin": "B000000001",
            "title": "A blue mug",
            "sellerSku": sku,
            "condition": {"conditionType": "New", "conditionSubtype": "New", "conditionNote": "in its box"},
            "price": {"unitPrice": money("12.20"), "priceDesignation": "BUSINESS_PRICE"},
            "serialNumbers": ["S-1"],
            "customization": {"customizedUrl": "https://example.com/custom.zip"},
        },
        "proceeds": {
            "proceedsTotal": money("28.06"),
            "breakdowns": [
                {"type": "ITEM", "subtotal": money("24.40")},
                {"type": "SHIPPING", "subtotal": money("3.66")},
                {"type": "GIFT_WRAP", "subtotal": money("1.22")},
                {
                    "type": "DISCOUNT",
                    "subtotal": money("1.22"),
                    "detailedBreakdowns": [{"subtype": "ITEM", "value": money("1.22")}],
                },
                {
                    "type": "TAX",
                    "subtotal": money("5.06"),
                    "detailedBreakdowns": [
                        {"subtype": "ITEM", "value": money("4.40")},
                        {"subtype": "SHIPPING", "value": money("0.66")},
                        {"subtype": "GIFT_WRAP", "value": money("0.22")},
                        {"subtype": "DISCOUNT", "value": money("0.22")},
                    ],
                },
            ],
        },
        "expense": {"pointsCost": {"pointsGranted": {"pointsNumber": 0, "pointsMonetaryValue": money("0.00")}}},
        "promotion": {"breakdowns": [{"promotionId": "PROMO-1"}]},
        "cancellation": {
            "cancellationRequest": {"requester": "BUYER", "cancelReason": "no longer needed"},
            "cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "no longer needed"},
        },
        "fulfillment": {
            "quantityFulfilled": 0,
            "quantityUnfulfilled": quantity,
            "picking": {
                "substitutionPreference": {
                    "substitutionType": "CUSTOMER_PREFERENCE",
                    "substitutionOptions": [
                        {
                            "asin": "B000000002",
                            "quantityOrdered": 1,
                            "sellerSku": "MUG-RED",
                            "title": "A red mug",
                            "measurement": {"unit": "COUNT", "value": 1},
                        }
                    ],
                }
            },
            "packing": {
                "giftOption": {"giftMessage": "Happy birthday", "giftWrapLevel": "Classic"},
                "serialNumberRequirement": {"requirementType": "REQUIRED"},
            },
            "shipping": {
                "scheduledDeliveryWindow": window(),
                "shippingConstraints": {
                    "palletDelivery": "MANDATORY",
                    "cashOnDelivery": "MANDATORY",
                    "signatureConfirmation": "MANDATORY",
                    "recipientIdentityVerification": "MANDATORY",
                    "recipientAgeVerification": "MANDATORY",
                },
                "internationalShipping": {"iossNumber": "IM0000000001"},
            },
        },
        "tax": {
            "taxCalculationBreakdowns": [{"reportingScheme": "UOSS"}],
            "taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services"}],
        },
    }


def full_order(order_id: str, *, channel: str = MERCHANT, status: str = "UNSHIPPED") -> dict[str, Any]:
    """Every field that Amazon's model has, with values that make sense and add up."""
    return {
        "orderId": order_id,
        "orderAliases": [{"aliasId": "S-77", "aliasType": "SELLER_ORDER_ID"}],
        "createdTime": "2026-11-22T18:30:00.000Z",
        "lastUpdatedTime": "2026-11-22T19:30:00Z",
        "programs": ["PRIME", "AMAZON_BUSINESS"],
        "associatedOrders": [{"orderId": "402-0000000-0000001", "associationType": "REPLACEMENT_ORIGINAL_ID"}],
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "APJ6JRA9NG5V4", "marketplaceName": "Amazon.it"},
        "buyer": {
            "buyerName": "Anna Verdi",
            "buyerEmail": "x1y2z3@marketplace.amazon.it",
            "buyerCompanyName": "Verdi S.p.A.",
            "buyerPurchaseOrderNumber": "PO-1",
        },
        "recipient": {
            "deliveryAddress": address(),
            "deliveryPreference": {
                "dropOffLocation": "FRONT_DOOR",
                "addressInstruction": "ring twice",
                "deliveryTime": {
                    "businessHours": [{"dayOfWeek": "MON", "timeWindows": [hours()]}],
                    "exceptionDates": [
                        {"exceptionDate": "2026-12-08", "exceptionDateType": "OPEN", "timeWindows": [hours()]}
                    ],
                },
                "deliveryCapabilities": ["HAS_ACCESS_POINT"],
            },
        },
        "proceeds": {
            "grandTotal": money("58.12"),
            "breakdowns": [
                {"type": "ITEM", "subtotal": money("48.80")},
                {"type": "DELIVERY_TIP", "subtotal": money("2.00"), "status": "FINALIZED"},
            ],
        },
        "fulfillment": {
            "fulfillmentStatus": status,
            "fulfilledBy": channel,
            "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": window(),
            "deliverByWindow": window(),
            "labelPrintingWindow": window(),
        },
        "packages": [
            {
                "packageReferenceId": "1",
                "createdTime": "2026-11-23T07:00:00Z",
                "packageStatus": {"status": "SHIPPED", "detailedStatus": "PICKED_UP"},
                "carrier": "BRT",
                "shipTime": "2026-11-23T08:00:00Z",
                "shippingService": "Express",
                "trackingNumber": "1Z999",
                "shipFromAddress": address(),
                "packageItems": [{"orderItemId": f"{1:014}", "quantity": 1, "transparencyCodes": ["T-1"]}],
            }
        ],
        "tax": {
            "taxRegistrations": [
                {
                    "entityType": "BUYER",
                    "legalName": "Verdi S.p.A.",
                    "taxRegistrationType": "VAT",
                    "taxRegistrationNumber": "IT00743110157",
                    "taxRegistrationAddress": address(),
                    "taxRegistrationAttributes": [{"name": "TAX_OFFICE", "value": "Milano"}],
                }
            ],
            "taxInvoicing": {"buyerInvoicePreference": "INDIVIDUAL", "invoiceStatus": "PENDING"},
        },
        "payment": {"paymentExecutions": [{"paymentMethod": "CreditCard", "paymentAmount": money("58.12")}]},
        "fulfillmentOrders": [{"fulfillmentOrderId": "F-1"}],
        "orderItems": [item(1, "MUG-BLUE", 2), item(2, "MUG-BLUE", 2)],
    }


def paths(value: Any, way: Path = ()) -> Iterator[Path]:
    """Every place in an order, lists and objects included; of like entries of a list the first one only."""
    if way:
        yield way
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*way, key))
    elif isinstance(value, list) and value:
        yield from paths(value[0], (*way, 0))
        if way[-1] in {"breakdowns", "detailedBreakdowns"}:
            for position in range(1, len(value)):
                yield from paths(value[position], (*way, position))


_TIMES = {"createdTime", "lastUpdatedTime", "earliestDateTime", "latestDateTime", "shipTime"}
_COUNTS = {"quantityOrdered", "quantityFulfilled", "quantityUnfulfilled", "quantity", "pointsNumber"}
_WORDS = {
    "aliasType", "associationType", "channelName", "fulfillmentStatus", "fulfilledBy", "fulfillmentServiceLevel",
    "type", "subtype", "status", "entityType", "taxRegistrationType", "addressType", "priceDesignation", "requester",
    "cancelledBy", "reportingScheme", "model", "marketplaceId",
}  # fmt: skip


def kind_of(path: Path, value: Any) -> str:
    """What a field holds: object, list, time, count, amount, currency, word or text."""
    name = path[-1] if isinstance(path[-1], str) else ""
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "list"
    if name in _TIMES:
        return "time"
    if name in _COUNTS:
        return "count"
    if name in {"amount", "value"} and not isinstance(value, dict):
        return "amount"
    if name == "currencyCode":
        return "currency"
    return "word" if name in _WORDS or "programs" in path[-2:] else "text"
