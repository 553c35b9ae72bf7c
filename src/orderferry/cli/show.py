"""`show`: everything known of one order."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import click

from orderferry.cli.context import CliContext
from orderferry.cli.each_shop import ShopAnswer, for_each_shop
from orderferry.cli.failures import error_lines
from orderferry.cli.parameters import AmazonOrderId
from orderferry.cli.terminal import echo, printable, style
from orderferry.domain.durations import format_duration, iso
from orderferry.domain.marketplaces import marketplace_code

if TYPE_CHECKING:
    from orderferry.config.model import Settings
    from orderferry.domain.entry import Entry
    from orderferry.domain.orders import Order, UnreadableOrder
    from orderferry.run.story import Story

WIDTH = 110
# What PrestaShop's rows have most of, and what tells a reader nothing.
EMPTY = frozenset({"", "0", "0.000000", "0.00", "0000-00-00", "0000-00-00 00:00:00", "None"})


@click.command("show")
@click.argument("order_id", type=AmazonOrderId())
@click.option("--refresh", is_flag=True, help="Ask Amazon for the order, and say what the next run would do with it.")
@click.option(
    "--verify", is_flag=True, help="Recompute what back office, invoice, statistics and an edit make of its rows."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show_command(context: CliContext, /, order_id: str, refresh: bool, verify: bool, as_json: bool) -> int:
    """Everything known of one order, on both sides: when it was seen, what was decided and why, its rows in the shop
    (personal columns masked), and what the next run would do with it."""
    from orderferry.bootstrap import Installation
    from orderferry.inspection import read_story
    from orderferry.run.story_json import story_json

    def ask(settings: Settings) -> ShopAnswer:
        """Read the order's story from one shop and its ledger."""
        story = read_story(Installation(settings), order_id.strip(), refresh=refresh, verify=verify)
        return ShopAnswer(story.exit_code, story_json(story), lambda: _tell(story))

    return for_each_shop(context, "show", ask, as_json=as_json)


def _tell(story: Story) -> None:
    for error in story.errors:
        for line in error_lines(error):
            echo(line, err=True)
    if story.known:
        _print(story)
    else:
        _print_unknown(story)


def _print_unknown(story: Story) -> None:
    if story.asked:
        echo(f"Nobody knows an order {story.order_id}: neither the ledger nor the shop, nor Amazon.", err=True)
        echo("  Check the order id and the region of the configuration.", err=True)
        return
    asked = "Neither the ledger nor the shop knows" if story.shop else "The ledger does not know"
    echo(f"{asked} an order {story.order_id}.", err=True)
    echo(f"  `orderferry show {story.order_id} --refresh` asks Amazon.", err=True)


def _print(story: Story) -> None:
    echo(style(f"Order {story.order_id}", bold=True))
    if story.entry:
        _print_entry(story.entry)
    else:
        echo("Ledger: never seen")
    _print_history(story)
    _print_shop(story)
    if story.amazon:
        _print_amazon(story.amazon)
    elif story.asked:
        echo("Amazon now: does not know it for this account")
    echo(style(f"The next run: {story.outlook.action}", bold=True))
    _print_wrapped(story.outlook.why)
    for change in story.outlook.changes:
        echo(f"  would write: {change}")
    if story.outlook.hint:
        _print_wrapped(story.outlook.hint)
    if not story.asked and not story.errors:
        echo("  (as last known; --refresh asks Amazon)")


def _print_entry(entry: Entry) -> None:
    code = f" ({entry.code})" if entry.code else ""
    echo(f"Ledger: {entry.state}{code} since {iso(entry.state_since)}")
    if entry.message:
        _print_wrapped(entry.message)
    facts = [
        marketplace_code(entry.marketplace_id),
        str(entry.channel or ""),
        entry.amazon_status,
        entry.total,
        f"placed {iso(entry.purchased)}" if entry.purchased else "",
        f"changed at Amazon {iso(entry.amazon_updated)}" if entry.amazon_updated else "",
        f"ship by {iso(entry.ship_by)}" if entry.ship_by else "",
    ]
    _print_wrapped(", ".join(fact for fact in facts if fact))
    lived = format_duration(entry.last_seen - entry.first_seen)
    _print_wrapped(
        f"first seen {iso(entry.first_seen)}, last {iso(entry.last_seen)} ({lived} later), "
        f"asked for by itself {iso(entry.last_look) if entry.last_look else 'never'}, {entry.attempts} attempts in "
        "this state" + ("; given up, and still looked at daily" if entry.given_up else "")
    )
    if entry.ignored_by_person:
        echo("  set aside by a person")


def _print_history(story: Story) -> None:
    if story.history:
        echo("History")
    for line in story.history:
        who = f"run {line.run}" if line.run is not None else "a person"
        code = f" ({line.code})" if line.code else ""
        told = "; ".join(part for part in (line.detail, line.message) if part)
        head = f"{iso(line.at)}  {who:9} {line.event:17} {line.amazon_status or '-'} -> {line.state}{code}"
        echo(f"  {head}")
        if told:
            _print_filled(told, " " * 6, " " * 6)


def _print_shop(story: Story) -> None:
    shop = story.shop
    if shop is None:
        echo("Shop: could not be asked")
        return
    if shop.marker:
        state = "" if shop.marker.order_stands else ", deleted since"
        adopted = ", adopted from another importer" if shop.marker.adopted else ""
        echo(f"Shop: order {shop.marker.id_order}{state}{adopted}")
    elif shop.foreign:
        echo(f"Shop: order {shop.foreign}, put there by another program or a person")
    else:
        echo("Shop: not there")
    for table, rows in shop.rows.items():
        for row in rows:
            _print_row(table, row)
    if shop.findings is not None:
        echo(f"Verified: {len(shop.findings) or 'no'} finding{'' if len(shop.findings) == 1 else 's'}")
        for finding in shop.findings:
            _print_wrapped(str(finding))
        echo(f"An edit in the back office would change {'more than what is edited:' if shop.moves else 'nothing else'}")
        for finding in shop.moves:
            _print_wrapped(str(finding))


def _print_row(table: str, row: Any) -> None:
    from orderferry.run.story_json import plain

    shown = ((key, str(plain(value))) for key, value in row.items())
    text = " ".join(f"{key}={' '.join(value.split())}" for key, value in shown if value not in EMPTY)
    _print_filled(f"{table}: {text}", "  ", " " * 6)


def _print_amazon(order: Order | UnreadableOrder) -> None:
    from orderferry.run.story_json import amazon_json

    told = amazon_json(order)
    if not told["readable"]:
        echo("Amazon now: an answer that can't be read")
    else:
        echo(f"Amazon now: {told['status']}, {told['channel']}, {told['marketplace']}, {told['total'] or 'no total'}")
        items = ", ".join(f"{item['quantity']} x {item['sku']}" for item in told["items"])
        _print_wrapped(f"changed {told['updated']}; {items}")
    for flaw in told["flaws"]:
        _print_wrapped(f"flaw: {flaw}")


def _print_wrapped(text: str) -> None:
    _print_filled(text, "  ", "  ")


def _print_filled(text: str, first: str, later: str) -> None:
    text = printable(" ".join(text.split()))  # before it is broken into lines: an escape is longer than its character
    for line in textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False):
        echo(line)
