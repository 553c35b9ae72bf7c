"""`show`: everything known of one order, first as a merchant reads it. Times are the shop's, lines fit 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from orderferry.cli.context import CliContext, ShopAnswer, for_each_shop
from orderferry.cli.failures import error_lines
from orderferry.cli.parameters import ORDER_ID
from orderferry.cli.terminal import echo, echo_filled, in_zone, minute, style
from orderferry.domain.durations import counted
from orderferry.domain.ledger_entry import EntryState, HistoryEvent
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.orders import Channel, status_words

if TYPE_CHECKING:
    from orderferry.config.model import Settings
    from orderferry.domain.ledger_entry import Entry, HistoryLine
    from orderferry.run.order_inspection import OrderInspection

# What PrestaShop's rows have most of, and what tells a reader nothing.
EMPTY = frozenset({"", "0", "0.000000", "0.00", "0000-00-00", "0000-00-00 00:00:00", "None"})
CHANNEL_WORDS: Mapping[str, str] = {Channel.REGULAR: "shipped by the shop", Channel.FBA: "shipped by Amazon (FBA)"}
STATE_WORDS: Mapping[EntryState, str] = {
    EntryState.SEEN: "seen, not judged yet",
    EntryState.WAITING: "waiting at Amazon",
    EntryState.HELD: "held",
    EntryState.FAILED: "could not be written",
    EntryState.IGNORED: "ignored",
    EntryState.IMPORTED: "imported",
}
EVENT_WORDS: Mapping[HistoryEvent, str] = {
    HistoryEvent.SEEN: "seen at Amazon",
    HistoryEvent.CHANGED_AT_AMAZON: "changed at Amazon",
    HistoryEvent.SET_ASIDE: "set aside by a person",
    HistoryEvent.TAKEN_BACK: "a person took that back",
    HistoryEvent.MISSED: "found missing in the shop by a comparison",
}


@click.command("show")
@click.argument("order_id", type=ORDER_ID)
@click.option("--refresh", is_flag=True, help="Ask Amazon for the order, and say what the next run would do with it.")
@click.option(
    "--verify", is_flag=True, help="Recompute what back office, invoice, statistics and an edit make of its rows."
)
@click.option(
    "--rows", is_flag=True, help="Print its rows in the shop too, digests among them (--json has them anyway)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show_command(
    context: CliContext, /, order_id: str, *, refresh: bool, verify: bool, rows: bool, as_json: bool
) -> int:
    """Everything known of one order, on both sides: placed, total, state, what happened, what to do, and what the next
    run would do with it. With --rows its rows in the shop (personal columns masked)."""
    from orderferry.bootstrap import Installation
    from orderferry.inspection import inspect_order
    from orderferry.run.order_inspection import inspection_json

    def ask(settings: Settings) -> ShopAnswer:
        inspection = inspect_order(Installation(settings), order_id, refresh=refresh, verify=verify)
        return inspection.exit_code, inspection_json(inspection), lambda: _tell(inspection, rows=rows)

    return for_each_shop(context, "show", ask, as_json=as_json)


def _tell(inspection: OrderInspection, *, rows: bool) -> None:
    for error in inspection.errors:
        for line in error_lines(error):
            echo(line, err=True)
    if inspection.known:
        _print(inspection, rows=rows)
    else:
        _print_unknown(inspection)


def _print_unknown(inspection: OrderInspection) -> None:
    if inspection.asked:
        echo(f"Nobody knows an order {inspection.order_id}: neither the ledger nor the shop, nor Amazon.", err=True)
        echo("  Check the order id and the region of the configuration.", err=True)
        return
    asked = "Neither the ledger nor the shop knows" if inspection.shop else "The ledger does not know"
    echo(f"{asked} an order {inspection.order_id}. A dry run keeps nothing of what it sees.", err=True)
    echo(f"  `orderferry show {inspection.order_id} --refresh` asks Amazon.", err=True)


def _print(inspection: OrderInspection, *, rows: bool) -> None:
    amazon = _amazon(inspection)
    _print_head(inspection, amazon)
    _print_facts(inspection, amazon)
    if inspection.history:
        echo("What happened")
    for line in inspection.history:
        _print_line(line, inspection)
    _print_findings(inspection)
    echo("What to do")
    _say(inspection, inspection.outlook.hint or "Nothing.")
    echo(style(f"The next run: {inspection.outlook.action}", bold=True))
    _say(inspection, inspection.outlook.why)
    for change in inspection.outlook.changes:
        _say(inspection, f"would write: {change}")
    if not inspection.asked and not inspection.errors:
        echo("  (as last known; --refresh asks Amazon)")
    if rows:
        _print_rows(inspection)


def _amazon(inspection: OrderInspection) -> Mapping[str, Any]:
    """Return what Amazon says now, as JSON has it; empty where it was not asked, or does not know the order."""
    from orderferry.run.order_inspection import amazon_json

    return amazon_json(inspection.amazon) if inspection.amazon else {}


def _print_head(inspection: OrderInspection, amazon: Mapping[str, Any]) -> None:
    entry = inspection.entry
    code = marketplace_code(entry.marketplace_id) if entry and entry.marketplace_id else amazon.get("marketplace", "")
    channel = str(entry.channel or "") if entry else amazon.get("channel", "")
    text = ", ".join(word for word in (code, CHANNEL_WORDS.get(channel, channel)) if word)
    echo(style(f"Order {inspection.order_id}{f' ({text})' if text else ''}", bold=True))


def _print_facts(inspection: OrderInspection, amazon: Mapping[str, Any]) -> None:
    entry, zone = inspection.entry, inspection.zone
    placed = entry.purchased if entry and entry.purchased else None
    if placed is None and amazon.get("created"):
        placed = datetime.fromisoformat(amazon["created"])
    facts = {
        "placed": f"{minute(placed, zone)} ({zone})" if placed else "",
        "total": amazon.get("total") or (entry.total if entry else ""),
        "products": _products(inspection, amazon),
        "at Amazon": _at_amazon(inspection, amazon),
        "in the shop": _in_the_shop(inspection),
        "orderferry": _by_the_ledger(entry, inspection),
    }
    for name, fact in facts.items():
        if fact:
            echo_filled(fact, f"  {name:<12} ", " " * 15)
    for flaw in amazon.get("flaws", ()):
        _say(inspection, f"flaw of Amazon's answer: {flaw}")


def _products(inspection: OrderInspection, amazon: Mapping[str, Any]) -> str:
    if amazon.get("items"):
        return ", ".join(f"{item['quantity']} x {item['sku']}" for item in amazon["items"])
    lines = inspection.shop.rows.get("order_detail", ()) if inspection.shop else ()
    return ", ".join(
        f"{line['product_quantity']} x {line['product_reference'] or line['product_name']}" for line in lines
    )


def _at_amazon(inspection: OrderInspection, amazon: Mapping[str, Any]) -> str:
    entry, zone = inspection.entry, inspection.zone
    if amazon:
        if not amazon["readable"]:
            return "an answer that can't be read"
        return f"{status_words(amazon['status'])}, changed {in_zone(amazon['updated'], zone)}, as Amazon says now"
    if inspection.asked:
        return "does not know it for this account"
    if entry is None or not entry.amazon_status:
        return ""
    changed = f", changed {minute(entry.amazon_updated, zone)}" if entry.amazon_updated else ""
    due = f", ship by {minute(entry.ship_by, zone)}" if entry.ship_by else ""
    return f"{status_words(entry.amazon_status)}{changed}{due}"


def _in_the_shop(inspection: OrderInspection) -> str:
    shop = inspection.shop
    if shop is None:
        return "could not be asked"
    if shop.marker:
        state = f", {shop.state}" if shop.state else ""
        adopted = ", adopted from another importer" if shop.marker.adopted else ""
        return f"order {shop.marker.id_order}{state if shop.marker.order_stands else ', deleted since'}{adopted}"
    if shop.foreign:
        return f"order {shop.foreign}, put there by another program or a person"
    return "not there"


def _by_the_ledger(entry: Entry | None, inspection: OrderInspection) -> str:
    if entry is None:
        return "has never seen it"
    code = f" ({entry.code})" if entry.code else ""
    by_person = ", set aside by a person" if entry.ignored_by_person else ""
    given_up = "; given up, and still looked at daily" if entry.given_up else ""
    return f"{STATE_WORDS[entry.state]}{code} since {minute(entry.state_since, inspection.zone)}{by_person}{given_up}"


def _print_line(line: HistoryLine, inspection: OrderInspection) -> None:
    code = f" ({line.code})" if line.code else ""
    if line.event is HistoryEvent.JUDGED:
        what = f"{STATE_WORDS[line.state]}{code}"
    else:
        status = f": {status_words(line.amazon_status)}" if line.amazon_status else ""
        what = f"{EVENT_WORDS[line.event]}{status if line.run is not None else ''}"
    text = "; ".join(part for part in (line.detail, line.message) if part)
    text = in_zone(f"{what}: {text}" if text else what, inspection.zone)
    echo_filled(text, f"  {minute(line.at, inspection.zone)}  ", " " * 20)


def _print_findings(inspection: OrderInspection) -> None:
    if inspection.shop is None or inspection.shop.findings is None:
        return
    findings, moves = inspection.shop.findings, inspection.shop.moves
    echo(f"Verified: {counted(len(findings), 'finding') if findings else 'no findings'}")
    for finding in findings:
        _say(inspection, str(finding))
    echo(f"An edit in the back office would change {'more than what is edited:' if moves else 'nothing else'}")
    for finding in moves:
        _say(inspection, str(finding))


def _print_rows(inspection: OrderInspection) -> None:
    from orderferry.run.order_inspection import plain

    entry = inspection.entry
    if entry:
        echo("Ledger")
        look = minute(entry.last_look, inspection.zone) if entry.last_look else "never"
        _say(
            inspection,
            f"first seen {minute(entry.first_seen, inspection.zone)}, last {minute(entry.last_seen, inspection.zone)}; "
            f"asked for by itself {look}; {counted(entry.attempts, 'attempt')} in this state",
        )
    echo("Rows in the shop" if inspection.shop and inspection.shop.rows else "No rows in the shop")
    for table, rows in inspection.shop.rows.items() if inspection.shop else ():
        for row in rows:
            shown = ((key, str(plain(value))) for key, value in row.items())
            text = " ".join(f"{key}={' '.join(value.split())}" for key, value in shown if value not in EMPTY)
            echo_filled(f"{table}: {text}", "  ", " " * 6)


def _say(inspection: OrderInspection, text: str) -> None:
    echo_filled(in_zone(text, inspection.zone), "  ", "  ")
