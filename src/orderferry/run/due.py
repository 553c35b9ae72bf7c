"""Orders that searches alone would not finish: waiting, held, failed, or left undecided by a killed run.

Orders whose invoice number another invoice bears too are checked here as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orderferry.domain.decide import Rules
from orderferry.domain.ledger_entry import Entry, EntryState, OrderResult, problem_of
from orderferry.domain.marker import Outcome
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.domain.unreadable_spans import is_mark
from orderferry.errors import QuotaExhausted, RequestRejected
from orderferry.run.process import Processor
from orderferry.run.progress import log_order
from orderferry.run.report import Report
from orderferry.run.sweeps import RunOptions

if TYPE_CHECKING:
    from orderferry.ledger.ledger import Ledger
    from orderferry.prestashop.shop import PrestashopShop

log = logging.getLogger(__name__)

MOST_GET_ORDERS = 100  # getOrder calls a run spends on the safety net
LEASED_FOR = timedelta(minutes=15)  # how long another run leaves orders alone that this one has in hand
Fetch = Callable[[str], Order | UnreadableOrder | None]  # getOrder; None: Amazon knows no such order
_OPEN = frozenset({EntryState.SEEN, EntryState.WAITING, EntryState.HELD, EntryState.FAILED})
PAGE = 20  # orders that are fetched and recorded together


def process_due(fetch: Fetch, processor: Processor, options: RunOptions, rules: Rules) -> None:
    """Process the orders that are due: first those whose cause is gone, then those that were checked longest ago.

    Orders that this run's searches have shown are left out. If the quota runs out, the rest is due in the next run.
    """
    wanted = [entry for entry in _due(processor) if _concerns(entry, options)]
    ids = [entry.order_id for entry in wanted if entry.order_id not in processor.report.outcomes]
    leased = processor.ledger.lease_orders(ids[:MOST_GET_ORDERS], processor.run, processor.now(), LEASED_FOR)
    try:
        fetch_and_process(fetch, processor, leased, rules)
    except QuotaExhausted as exhausted:
        log.info("the quota of %s is spent for now: the rest is due in the next run", exhausted.operation)


def restore_lost(fetch: Fetch, processor: Processor) -> None:
    """Bring back every order whose rows and marker the shop has lost together (`--restore`)."""
    ledger = processor.ledger

    def was_imported(order_id: str) -> bool:
        entry = ledger.entry(order_id)
        return entry is not None and entry.id_order is not None

    imported = [entry.order_id for entry in ledger.entries([EntryState.IMPORTED, EntryState.HELD])]
    for chunk in _chunks(imported, 500):
        markers = processor.shop.markers(chunk)
        lost = [order_id for order_id in chunk if order_id not in markers and was_imported(order_id)]
        fetch_and_process(fetch, processor, lost, Rules(restore=True))


def fetch_and_process(fetch: Fetch, processor: Processor, order_ids: Sequence[str], rules: Rules) -> None:
    """Fetch single orders from Amazon and process them. Raise QuotaExhausted."""
    for chunk in _chunks(order_ids, PAGE):
        fetched: list[Order | UnreadableOrder] = []
        try:
            for order_id in chunk:
                order = _ask(fetch, order_id)
                if isinstance(order, Problem):
                    _keep_unanswered(processor, order)
                else:
                    fetched.append(order)
        finally:
            if fetched:
                processor.progress.page_read(len(fetched))
            processor.process(fetched, rules, by_id=True)


def _due(processor: Processor) -> list[Entry]:
    due: dict[str, Entry] = {}
    held = list(processor.ledger.entries([EntryState.HELD]))
    causes = [problem_of(entry) for entry in held]
    for entry, gone in zip(held, processor.shop.cause_gone(causes) if causes else (), strict=True):
        if gone:
            due[entry.order_id] = entry
    states = [EntryState.FAILED, EntryState.SEEN, EntryState.WAITING, EntryState.HELD]
    for entry in processor.ledger.due(processor.now(), states, MOST_GET_ORDERS):
        if not is_mark(entry.order_id):
            due.setdefault(entry.order_id, entry)
    return list(due.values())


def _ask(fetch: Fetch, order_id: str) -> Order | UnreadableOrder | Problem:
    """Return the order, or why Amazon does not give it. A rejected request does not end the others."""
    try:
        with log_order(order_id):
            order = fetch(order_id)
    except RequestRejected as error:
        log.warning("order %s: %s", order_id, error)
        return Problem(ProblemCode.REQUEST_REJECTED, f"order {order_id}: {error.message}", order_id)
    if order is None:
        return Problem(ProblemCode.NOT_FOUND, f"Amazon does not know an order {order_id} for this account", order_id)
    return order


def _keep_unanswered(processor: Processor, problem: Problem) -> None:
    """Keep an order that Amazon does not give as it is; it is asked for again later."""
    entry = processor.ledger.entry(problem.order_id)
    if entry is not None and entry.state in _OPEN:
        processor.record([processor.results.unanswered(entry)])
    processor.report.note(problem.order_id, Outcome.FAILED)
    processor.report.add_problem(problem)


def _concerns(entry: Entry, options: RunOptions) -> bool:
    marketplace_fits = not options.marketplaces or entry.marketplace_id in options.marketplaces
    channel_fits = not options.channels or entry.channel in options.channels
    return marketplace_fits and channel_fits


def _chunks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = list(items)
    while rest:
        yield rest[:size]
        rest = rest[size:]


def check_invoice_numbers(shop: PrestashopShop, ledger: Ledger, report: Report, run: int, now: datetime) -> None:
    """Hold the orders whose invoice number another invoice bears too, and release those that are corrected.

    An order that a person set aside is left out. None of them has a next look: there is nothing to ask Amazon.
    """

    def is_set_aside(problem: Problem) -> bool:
        entry = ledger.entry(problem.order_id)
        return entry is not None and entry.ignored_by_person and entry.code == problem.code

    shared = {problem.order_id: problem for problem in shop.shared_invoice_numbers()}
    held = {
        entry.order_id
        for entry in ledger.entries([EntryState.HELD])
        if entry.code == ProblemCode.DUPLICATE_INVOICE_NUMBER
    }
    reported = [problem for problem in shared.values() if not is_set_aside(problem)]
    for problem in reported:
        report.add_problem(problem)
    results = [
        OrderResult(problem.order_id, EntryState.HELD, problem.code, problem.subject, problem.message)
        for problem in reported
        if problem.order_id not in held
    ]
    results += [OrderResult(order_id, EntryState.IMPORTED) for order_id in sorted(held - shared.keys())]
    if results:
        ledger.record_results(results, run, now)
