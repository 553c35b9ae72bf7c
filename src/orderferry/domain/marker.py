"""The marker: our own row in the shop for an imported order, written in the order's own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orderferry.domain.orders import Channel

DIGEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class Digests:
    """Short hashes of what was written, a group each: an update touches only the groups that changed at Amazon.

    They are made from Amazon's data with `DIGEST_VERSION`; digests of another version are never compared.
    """

    state: str = ""
    lines: str = ""
    address: str = ""
    tracking: str = ""
    totals: str = ""
    version: int = DIGEST_VERSION


@dataclass(frozen=True, slots=True)
class Marker:
    """One row of `<prefix>orderferry_order`. The truth about what is in the shop.

    `last_state` is the id_order_state that we wrote last; `last_told` a short hash of what staff was told of a report
    that stands, so that it is told once; `order_stands` says whether the order's row still is there
    and still ours. `adopted` orders came from another importer: only their state and tracking are followed.
    `forgotten`: the buyer's data were blanked, by us or by the shop's own means, and must not come back. `seller`: the
    key of the seller whom Amazon showed the order, where it is written; it is not read back.
    """

    order_id: str
    id_order: int
    marketplace_id: str
    channel: Channel | None
    amazon_updated: datetime
    digests: Digests
    last_state: int
    last_told: str = ""
    order_stands: bool = True
    adopted: bool = False
    forgotten: bool = False
    seller: str = ""
