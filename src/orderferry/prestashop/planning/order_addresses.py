"""The addresses of an order in the shop's terms: delivery, and invoice where the buyer registered another. Pure."""

from __future__ import annotations

from dataclasses import replace

from orderferry.domain.clean_text import Field, clean_text
from orderferry.domain.orders import Address, Channel, Order, OrderStatus, TaxRegistration
from orderferry.domain.postal_text import postal_address
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.prestashop.facts import Country, ShopFacts
from orderferry.prestashop.planning.countries import resolve_country, resolve_province
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolved_order import Place

DNI_LENGTH = 16  # address.dni, in every version
DNI_PLACEHOLDER = "00000"  # passes PrestaShop's forms where a country demands a number and Amazon gives none
_TO_BE_SHIPPED = frozenset({OrderStatus.UNSHIPPED, OrderStatus.PARTIALLY_SHIPPED})
_PERSONAL_NUMBERS = frozenset({"CPF", "CNPJ"})  # taxRegistrations that stand in address.dni, not in vat_number


def places_of(order: Order, market: Market, facts: ShopFacts) -> tuple[Place, Place | None] | Problem:
    """Given an order, return its delivery place and its invoice place (None: the same).

    A regular order that is still to be sent and has no street is held (no-address): nobody could send it. Everything
    else gets placeholders in the marketplace's country. A country that the shop lacks holds the order too.
    """
    address = order.delivery_address
    unknown_street = address is None or not address.lines
    if order.channel is Channel.REGULAR and order.status in _TO_BE_SHIPPED and unknown_street:
        return Problem(
            ProblemCode.NO_ADDRESS, f"order {order.order_id} has no delivery address to send it to", order.order_id
        )
    delivery = _place(order, address, market, facts)
    registration = _buyer_registration(order)
    if isinstance(delivery, Problem) or registration is None or registration.address is None:
        return delivery if isinstance(delivery, Problem) else (delivery, None)
    invoiced = _place(order, _registered(registration, registration.address), market, facts)
    # An invoice address in a country that the shop does not know is no reason to hold a parcel.
    if isinstance(invoiced, Problem) or invoiced.postal == delivery.postal:
        return delivery, None
    return delivery, invoiced


def _place(order: Order, address: Address | None, market: Market, facts: ShopFacts) -> Place | Problem:
    postal = postal_address(
        address,
        fallback_name=order.buyer.name,
        marketplace_country=market.code,
        phone_fallback=market.settings.customers.phone_fallback,
    )
    given = address or Address()
    country = resolve_country(facts, postal.country, given.postal_code, given.region)
    if country is None:
        return Problem(
            ProblemCode.UNKNOWN_COUNTRY,
            f"order {order.order_id} goes to {postal.country}, a country that the shop does not have",
            order.order_id,
            postal.country,
        )
    if country.iso != postal.country:
        postal = replace(postal, kept=(*postal.kept, f"Country: {postal.country}"))
    if "postcode" in postal.placeholders:
        postal = replace(postal, postcode=_zeros(country) or postal.postcode)
    province = resolve_province(facts, country, postal.region, postal.postcode, postal.city)
    registration = _buyer_registration(order)
    number = registration.number if registration else ""
    personal = bool(registration and registration.kind in _PERSONAL_NUMBERS)
    return Place(
        postal=postal,
        country=country,
        id_state=province.id if province else 0,
        vat_number="" if personal else clean_text(number, Field.COMPANY),
        dni=_dni(country, number if personal else ""),
    )


def _zeros(country: Country) -> str:
    """A postcode that is none, in the form that PrestaShop demands of the country's when it saves: 0000 AA."""
    signs = {"N": "0", "L": "A", "C": country.iso}
    return "".join(signs.get(sign, sign) for sign in country.zip_code_format)


def _dni(country: Country, number: str) -> str:
    fitting = clean_text(number, Field.DNI)
    if len(fitting) > DNI_LENGTH:
        fitting = "".join(letter for letter in fitting if letter.isalnum())[:DNI_LENGTH]
    return fitting or (DNI_PLACEHOLDER if country.need_identification_number else "")


def _buyer_registration(order: Order) -> TaxRegistration | None:
    own = [registration for registration in order.tax_registrations if registration.entity == "BUYER"]
    return next((registration for registration in own if registration.number), own[0] if own else None)


def _registered(registration: TaxRegistration, address: Address) -> Address:
    """The registered address under the legal name, which stands beside it. A name that is the company's is nobody's:
    the buyer's stands in its place."""
    company = address.company or registration.legal_name
    return Address(
        name="" if address.name == company else address.name,
        company=company,
        lines=address.lines,
        city=address.city,
        district=address.district,
        municipality=address.municipality,
        region=address.region,
        postal_code=address.postal_code,
        country=address.country,
        phone=address.phone,
        kind=address.kind,
    )
