"""`status --prometheus FILE`: the state of things for node_exporter's textfile collector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from orderferry import __version__
from orderferry.domain.marketplaces import marketplace_code
from orderferry.domain.spans import last_end
from orderferry.run.status import Status

Sample = tuple[Mapping[str, str], str]


def prometheus_text(shops: Sequence[tuple[str, Status]]) -> str:
    """Return the metrics in Prometheus's text format, given the names of configurations and how their shops stand."""
    lines: list[str] = []
    # A metric is introduced once; then come its samples of all shops.
    for metrics in zip(*(_metrics(status) for _, status in shops), strict=True):
        name, help_text, _ = metrics[0]
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
        for (shop, _), (_, _, samples) in zip(shops, metrics, strict=True):
            lines += [f"{name}{{{_labels({'shop': shop, **labels})}}} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _metrics(status: Status) -> Iterator[tuple[str, str, Iterable[Sample]]]:
    yield "orderferry_healthy", "1 if nothing needs a person.", [({}, str(int(status.healthy)))]
    yield (
        "orderferry_orders_open",
        "Orders that are not in the shop yet, by state.",
        [({"state": state}, str(number)) for state, number in status.open.items()],
    )
    yield (
        "orderferry_last_success_timestamp_seconds",
        "When the command did its work last.",
        [
            ({"command": command.command}, f"{command.last_success.started.timestamp():.0f}")
            for command in status.commands
            if command.last_success
        ],
    )
    yield (
        "orderferry_command_late",
        "1 if the command is late against its own rhythm.",
        [({"command": command.command}, str(int(command.late))) for command in status.commands],
    )
    yield (
        "orderferry_observed_until_timestamp_seconds",
        "Up to when Amazon's updates were observed.",
        [
            ({"marketplace": marketplace_code(marketplace), "channel": channel}, f"{end.timestamp():.0f}")
            for (marketplace, channel), spans in status.cells
            if (end := last_end(spans))
        ],
    )
    yield "orderferry_gaps", "Spans of time that no run has observed.", [({}, str(len(status.gaps)))]
    yield (
        "orderferry_shipments_unconfirmed",
        "Orders shipped in the shop and unshipped at Amazon, to be shipped within a day.",
        [({}, str(len(status.unconfirmed)))],
    )
    yield (
        "orderferry_compare_findings",
        "Orders that a comparison found missing, surplus or different, and that nothing has settled since.",
        [({"kind": kind}, str(number)) for kind, number in status.found_counts.items()],
    )
    yield (
        "orderferry_import_lag_seconds",
        "From purchase to shop, of the orders imported in the last seven days.",
        _lags(status),
    )
    yield "orderferry_info", "The version of orderferry.", [({"version": __version__}, "1")]
    yield (
        "orderferry_quota_tokens",
        "Requests that Amazon's quota allows now.",
        [({"operation": operation}, f"{left:.2f}") for operation, left in status.quota.items()],
    )


def _lags(status: Status) -> list[Sample]:
    if status.lag is None:
        return []
    quantiles = (("0.5", status.lag.median), ("0.95", status.lag.p95), ("1", status.lag.worst))
    return [({"quantile": quantile}, f"{lag.total_seconds():.0f}") for quantile, lag in quantiles]


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
