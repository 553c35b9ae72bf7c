"""A corrected address of an order that exists."""

from __future__ import annotations

from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.values import Value, as_int
from orderferry.prestashop.planning.resolved_order import Place
from orderferry.prestashop.rows.address import address_row
from orderferry.prestashop.rows.drafts import settle
from orderferry.prestashop.writing.standing_order import StandingOrder


def move_address(writer: Statements, place: Place, standing: StandingOrder, written: str) -> int:
    """Given the new place and the time in shop time, write a new row and return its id; the invoice address moves
    along only if it was the same one."""
    order = standing.order
    draft = address_row(place, as_int(order["id_customer"]), written, "")
    id_address = writer.insert(draft.table, settle(draft.values, {}))
    moved: dict[str, Value] = {"id_address_delivery": id_address}
    if as_int(order["id_address_invoice"]) == as_int(order["id_address_delivery"]):
        moved["id_address_invoice"] = id_address
    writer.update("orders", moved, standing.key)
    return id_address


def postal_text(place: Place) -> str:
    """Given a place, return it in one line for staff."""
    postal = place.postal
    name = f"{postal.firstname} {postal.lastname}".strip()
    town = f"{postal.postcode} {postal.city}".strip()
    parts = (name, postal.company, postal.address1, postal.address2, town, postal.region, place.country.iso)
    return ", ".join(part for part in parts if part)
