"""`status --prometheus FILE`: the state of things for node_exporter's textfile collector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from orderferry import __version__
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.spans import last_end
from orderferry.run.status import Status

# Each metric's help text, and its labels after the shop's.
_METRICS = {
    "healthy": ("1 if nothing needs a person.", ()),
    "orders_open": ("Orders that are not in the shop yet, by state.", ("state",)),
    "last_success_timestamp_seconds": ("When the command did its work last.", ("command",)),
    "command_late": ("1 if the command is late against its own rhythm.", ("command",)),
    "observed_until_timestamp_seconds": ("Up to when Amazon's updates were observed.", ("marketplace", "channel")),
    "gaps": ("Spans of time that no run has observed.", ()),
    "shipments_unconfirmed": (
        "Orders shipped in the shop and unshipped at Amazon, to be shipped within a day.",
        (),
    ),
    "compare_findings": (
        "Orders that a comparison found missing, surplus or different, and that are still open.",
        ("kind",),
    ),
    "import_lag_seconds": (
        "From purchase to shop, of the orders imported in the last seven days.",
        ("quantile",),
    ),
    "info": ("The version of orderferry.", ("version",)),
    "quota_tokens": ("Requests that Amazon's quota allows now.", ("operation",)),
}


def prometheus_text(shops: Sequence[tuple[str, Status]]) -> str:
    """Return the metrics in Prometheus's text format, given the names of configurations and how their shops stand."""
    registry = CollectorRegistry()
    gauges = {
        name: Gauge(f"orderferry_{name}", help_text, ("shop", *labels), registry=registry)
        for name, (help_text, labels) in _METRICS.items()
    }
    for shop, status in shops:
        _set(gauges, shop, status)
    return generate_latest(registry).decode()


def _set(gauges: Mapping[str, Gauge], shop: str, status: Status) -> None:
    def put(name: str, value: float, *labels: str) -> None:
        gauges[name].labels(shop, *labels).set(value)

    put("healthy", status.healthy)
    for state, number in status.open.items():
        put("orders_open", number, state)
    for command in status.commands:
        if command.last_success:
            put("last_success_timestamp_seconds", round(command.last_success.started.timestamp()), command.command)
        put("command_late", command.late, command.command)
    for (marketplace, channel), spans in status.cells:
        if end := last_end(spans):
            put("observed_until_timestamp_seconds", round(end.timestamp()), marketplace_code(marketplace), channel)
    put("gaps", len(status.gaps))
    put("shipments_unconfirmed", len(status.unconfirmed))
    for kind, found in status.found_counts.items():
        put("compare_findings", found, kind)
    if status.lag is not None:
        for quantile, lag in (("0.5", status.lag.median), ("0.95", status.lag.p95), ("1", status.lag.worst)):
            put("import_lag_seconds", round(lag.total_seconds()), quantile)
    put("info", 1, __version__)
    for operation, left in status.quota.items():
        put("quota_tokens", round(float(left), 2), operation)
