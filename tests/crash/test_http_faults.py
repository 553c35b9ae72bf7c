"""Every fault of HTTP at every call of a run, the login included (sp-api-orders 7.3), once and for good.

After each: the contract's exit code, one JSON object and no traceback, no coverage of what was not read, and after
the next healthy run everything is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from orderferry.errors import ExitCode
from orderferry.simulator.faults import FaultKind
from support.crash_orders import T2, T3
from support.crash_scenario import CrashScenario
from support.proofs import Proofs
from support.shop_snapshot import ledger_snapshot

K = FaultKind
SAMPLE = 3
REPORT_KINDS = {K.REPORT_FATAL, K.REPORT_CANCELLED}
# Only later pages can repeat one; what is stale is no fault that anybody could see.
LATER_PAGES = {K.REPEATED_PAGE, K.REPEATED_TOKEN}
PLAIN = [kind for kind in FaultKind if kind not in REPORT_KINDS | LATER_PAGES | {K.STALE}]
# A person must act.
REFUSALS = {K.FORBIDDEN, K.FORBIDDEN_BARE, K.UNAUTHENTICATED}
# Worth a second try within the run.
PASSING = {
    K.INTERNAL_FAILURE,
    K.UNAVAILABLE,
    K.UNAVAILABLE_HTML,
    K.BAD_GATEWAY,
    K.GATEWAY_TIMEOUT,
    K.HTML_PAGE,
    K.EMPTY,
    K.JSON_LIST,
    K.NO_ORDERS_KEY,
    K.CUT_OFF_JSON,
    K.CUT_OFF_BODY,
    K.NOT_UTF8,
    K.CLOSE,
    K.HANG,
}
CALLS = {
    "import": [("token", 1), *(("searchOrders", nth) for nth in (1, 2, 3)), ("getOrder", 1), ("getOrder", 2)],
    "recheck": [("token", 1), ("searchOrders", 1)],
    "doublecheck": [("token", 1), ("searchOrders", 1), ("searchOrders", 2)],
}


@dataclass(frozen=True)
class Case:
    """The n-th request of an operation meets a fault: once, or from there on."""

    command: str
    operation: str
    nth: int
    kind: FaultKind
    for_good: bool

    def exit_code(self, healthy: int) -> int:
        """The contract's exit code; `healthy` is the run's own."""
        if self.operation == "getOrder" and self.kind is K.QUOTA_EXCEEDED:
            return healthy  # looks have time: those that are left are due in the next run
        if self.operation == "getOrder" and self.kind is K.EXPIRED_TOKEN:
            return int(ExitCode.NEEDS_A_PERSON)  # a 400: this one order failed, the others go on
        if self.operation == "searchOrders" and self.kind is K.EXPIRED_TOKEN and self.nth > 1 and not self.for_good:
            return healthy  # the listing begins anew in the same run
        if self.kind in REFUSALS or (self.operation, self.kind) == ("token", K.EXPIRED_TOKEN):
            return int(ExitCode.AMAZON_REFUSED)
        if self.kind in PASSING and not self.for_good:
            return healthy
        return healthy if self.kind is K.STALE else int(ExitCode.AMAZON_UNAVAILABLE)


def cases() -> Iterator[Case]:
    """All of them."""
    for command, calls in CALLS.items():
        for operation, nth in calls:
            for for_good in (False, True):
                for kind in PLAIN:
                    yield Case(command, operation, nth, kind, for_good)
            if operation == "searchOrders":
                yield Case(command, operation, nth, K.STALE, for_good=False)
                for kind in sorted(LATER_PAGES) if 1 < nth < 3 else ():
                    yield Case(command, operation, nth, kind, for_good=True)


def test_no_fault_of_http_loses_an_order_or_claims_what_was_not_read(
    paged_scenario: CrashScenario, proofs: Proofs
) -> None:
    chosen = proofs.choose(list(cases()), SAMPLE)
    healthy = {}
    for command, calls in CALLS.items():
        paged_scenario.reset()
        ended = paged_scenario.test_run(command, "--json")
        asked = {**ended.json["calls"], "token": 1}
        assert {name: max(n for o, n in calls if o == name) for name, _ in calls}.items() <= asked.items(), ended.told()
        healthy[command] = ended.code
    for case in chosen:
        run_case(paged_scenario, case, healthy[case.command])
    proofs.ran("HTTP faults", len(chosen), of=len(list(cases())))


def run_case(scenario: CrashScenario, case: Case, healthy: int) -> None:
    """The proof for one case."""
    scenario.reset()
    before = ledger_snapshot(scenario.installation.installed.ledger)["coverage"]
    server = scenario.installation.server
    times = None if case.for_good else 1
    seconds = timedelta(minutes=10).total_seconds()
    server.faults.add(case.operation, case.nth, case.kind, times=times, seconds=seconds)

    ended = scenario.test_run(case.command, "--json")

    assert server.faults.met > 0, case
    assert ended.code == case.exit_code(healthy), f"{case}: {ended.told()}"
    assert ended.json["exit_code"] == ended.code
    assert not ended.err, f"{case}: {ended.err}"
    after = ledger_snapshot(scenario.installation.installed.ledger)
    if after["coverage"] != before and case.kind is not K.STALE:
        known = {row[0]: row[4] for row in after["orders"]}
        shown = {str(order.order_id): server.world.find(str(order.order_id), T2) for order in server.world}
        assert {i: found[0].status for i, found in shown.items() if found}.items() == known.items(), case
    clean = scenario.clean_run()
    if case.command != "import":
        # Catch-ups leave some of the quota to the import: after a 429 they have to wait longer.
        again = scenario.clean_run(case.command, "--json", now=T3 + timedelta(hours=2))
        assert again.code == healthy, f"{case}: {again.told()}"
    scenario.assert_recovered(clean, str(case))
