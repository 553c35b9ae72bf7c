"""The work of an update, prepared before its transaction: what changes, and everything that is needed for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orderferry.domain.marker import Marker
from orderferry.domain.orders import Order
from orderferry.prestashop.facts import OrderState
from orderferry.prestashop.planning.order_changes import Changes
from orderferry.prestashop.planning.resolved_order import Paperwork, Place, ResolvedOrder


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """What `apply_update` needs.

    `marker` and `current_state` as they were when it was planned: if they differ when the order is locked, somebody
    was faster, and it is planned again. `place`: the corrected address; `resolved`: the order's new lines and totals;
    `id_carrier`: the shop's carrier that Amazon's package names, 0 for none; `paperwork`: what the new state prints;
    `old_state`: the state before (None: unknown); `taxes`: id_tax to rate, to find the tax of the shipping.
    """

    order: Order
    marker: Marker
    changes: Changes
    id_shop: int
    current_state: int
    old_state: OrderState | None
    written: str
    day: str
    id_employee: int
    module_name: str
    paperwork: Paperwork | None
    taxes: Mapping[int, Decimal]
    shipping_reason: int
    place: Place | None = None
    resolved: ResolvedOrder | None = None
    id_carrier: int = 0
