"""Why an order is missing or different, in words: what the ledger knows of it, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orderferry.domain.decide import REASON_TEXTS, Reason
from orderferry.domain.durations import format_duration
from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.problems import HINTS, ProblemCode

SUSPECTED = "suspected, Amazon was not asked again"
_DUE = "It is due for the next import; `orderferry import --order {order_id}` imports it now."
_AUDIT = "Ask whatever imports orders into this shop for it; `orderferry import --order {order_id}` would import it."
SURPLUS_HINT = "See in the shop where the order came from; `orderferry ignore {order_id} --reason …` ends this report."
DOUBLED_HINT = "Cancel the copies in the shop, all but one; `orderferry ignore {order_id} --reason …` ends this report."
_ENDS = "`orderferry ignore {order_id} --reason …` ends this report."
DIFFERENT_HINTS: Mapping[str, str] = {
    "state": "`orderferry show {order_id} --refresh` tells which side is behind; set the state in the shop, or settle "
    f"the order in Seller Central; {_ENDS}",
}
OTHERWISE_DIFFERENT_HINT = (
    "Compare `orderferry show {order_id} --refresh` with the order in the shop; correct it there, by a credit slip if "
    f"it is invoiced; {_ENDS}"
)


def why_missing(entry: Entry | None, deleted: int | None, now: datetime, *, has_ledger: bool) -> tuple[str, str]:
    """Given what the ledger and the markers know of an order that the shop lacks, return the reason and the hint.

    `deleted`: the number of the order that the marker speaks of and that is gone.
    """
    if deleted is not None:
        since = f" since {entry.state_since:%Y-%m-%d}" if entry and entry.state is EntryState.HELD else ""
        return f"deleted in the shop{since} (it was order {deleted})", HINTS[ProblemCode.DELETED_IN_SHOP]
    if entry is None:
        return ("no import has seen it", _DUE) if has_ledger else ("not in the shop", _AUDIT)
    words = {
        EntryState.HELD: f"held since {entry.state_since:%Y-%m-%d}: {said(entry)}",
        EntryState.FAILED: f"could not be written since {entry.state_since:%Y-%m-%d}: {said(entry)}",
        EntryState.WAITING: f"waiting for {format_duration(now - entry.first_seen)}: {said(entry)}",
        EntryState.SEEN: f"known for {format_duration(now - entry.first_seen)}, and no import has judged it",
        EntryState.IMPORTED: f"imported as order {entry.id_order}, which the shop no longer has",
        EntryState.IGNORED: f"ignored since {entry.state_since:%Y-%m-%d}: {said(entry)}",
    }
    return words[entry.state], _hint(entry)


def why_different(entry: Entry | None, otherwise: str) -> str:
    """Given the ledger's entry, return its reason for a difference; `otherwise` when it knows none."""
    if entry is not None and entry.code in set(ProblemCode) and entry.message:
        return said(entry)
    return otherwise


def fill(hint: str, order_id: str) -> str:
    """Given a hint, return it for this order."""
    return hint.replace("{order_id}", order_id)


def _hint(entry: Entry) -> str:
    if entry.state is EntryState.IMPORTED:
        return HINTS[ProblemCode.SHOP_RESTORED]
    if entry.state in (EntryState.HELD, EntryState.FAILED) and entry.code in set(ProblemCode):
        return HINTS[ProblemCode(entry.code)]
    return _DUE


def said(entry: Entry) -> str:
    """The ledger's own sentence on an order, without the order's id, which stands beside it."""
    if entry.message:
        return entry.message.removeprefix(f"order {entry.order_id}: ").removeprefix(f"order {entry.order_id} ")
    if entry.code in set(Reason):
        return REASON_TEXTS[Reason(entry.code)]
    return entry.amazon_status.lower().replace("_", " ") or "no reason was noted"
