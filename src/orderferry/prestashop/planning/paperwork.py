"""Which papers an order gets: an invoice by `invoices.mode`, a delivery slip by the state's own flag. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orderferry.config.model import InvoicesSettings
from orderferry.domain.orders import Order
from orderferry.domain.tax_scheme import BUSINESS
from orderferry.prestashop.database.values import as_int
from orderferry.prestashop.facts import Country, OrderState, ShopFacts, ShopUnit
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.resolved_order import Paperwork, Place
from orderferry.prestashop.planning.states import SHIPPED_STATUSES

_SHOP_ADDRESS = ("PS_SHOP_NAME", "PS_SHOP_ADDR1", "PS_SHOP_ADDR2", "PS_SHOP_CODE", "PS_SHOP_CITY", "PS_SHOP_COUNTRY")


def invoice_mode(order: Order, settings: InvoicesSettings) -> str:
    """Return when the shop invoices this order: `state`, `shipped` or `never`, by its kind of buyer.

    An order without a price and a replacement of an earlier order (`associatedOrders`) are no sale: never.
    """
    free = order.grand_total is not None and not order.grand_total.amount
    if free or order.replaces:
        return "never"
    return settings.mode_for(business=BUSINESS in order.programs)


def paperwork_of(
    order: Order,
    state: OrderState,
    market: Market,
    facts: ShopFacts,
    *,
    country: Country | None,
    place: Place | None = None,
) -> Paperwork:
    """Given an order, the state that it enters and its country of delivery (with the place, where it is at hand),
    return what is printed.

    An order that is not invoiced here, or not yet, gets an invoice date all the same once it counts as a sale, because
    the dashboards count by that date. An invoice that is drawn later brings its own.
    """
    shop = market.shop
    mode = invoice_mode(order, market.settings.invoices)
    invoiced = {"state": state.invoice, "shipped": order.status in SHIPPED_STATUSES, "never": False}[mode]
    numbered = invoiced and facts.setting("PS_INVOICE", shop, "1") != "0"
    return Paperwork(
        row=invoiced or state.delivery,
        invoice=numbered,
        slip=state.delivery,
        dated=not numbered and (invoiced or (mode != "state" and state.logable)),
        yearly=facts.setting("PS_INVOICE_RESET", shop, "0") == "1",
        shop_address=invoice_address_text({name: facts.setting(name, shop) for name in _SHOP_ADDRESS}),
        wrapping_tax=_wrapping_tax(facts, market, country, place) if country else 0,
    )


def _wrapping_tax(facts: ShopFacts, market: Market, country: Country, place: Place | None) -> int:
    group = as_int(facts.setting("PS_GIFT_WRAPPING_TAX_RULES_GROUP", market.shop, "0"))
    at = (place.id_state, place.known_postcode) if place else (0, "")
    return facts.ruled_tax(group, country.id, *at) or 0


@dataclass(frozen=True, slots=True)
class NumbersToDraw:
    """What is to be numbered. `invoice` and `slip` say which numbers the order_invoice row is to get; `yearly` is
    PS_INVOICE_RESET, `moment` the shop's time of writing."""

    invoice: bool
    slip: bool
    shop: ShopUnit
    moment: str
    yearly: bool = False


def invoice_address_text(setting: dict[str, str]) -> str:
    """Given PS_SHOP_… settings, return the shop's address as PrestaShop freezes it into an invoice: one line, parts
    joined with ' - ', empty ones left out.
    """
    town = " ".join(part for part in (setting.get("PS_SHOP_CODE", ""), setting.get("PS_SHOP_CITY", "")) if part)
    parts = [setting.get("PS_SHOP_NAME", ""), setting.get("PS_SHOP_ADDR1", ""), setting.get("PS_SHOP_ADDR2", "")]
    return " - ".join(part for part in [*parts, town, setting.get("PS_SHOP_COUNTRY", "")] if part)
