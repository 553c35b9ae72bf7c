"""Makes `tests/data/order_rows/<version>.json` of the rows that were measured on running shops.

    python tests/support/condense_rows.py FOLDER_OF_MEASURED_ROWS

The measured files have one scenario each with all versions; ours have one version each with the scenarios that the
tests compare, a table's columns named once and a row on a line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "data" / "order_rows"
VERSIONS = ("1.6.1.24", "1.7.6.9", "1.7.7.8", "1.7.8.11", "8.0.5", "8.1.7", "8.2.1", "9.1.4")
SCENARIOS = {
    "a": "a-one-line-qty2-vat22",
    "b": "b-two-lines-voucher-giftwrap",
    "c1": "c1-order-paid",
    "c2": "c2-paid-to-shipped",
    "d1": "d1-order-paid",
    "d2": "d2-paid-to-canceled",
    "e1": "e1-combination-qty3-paid",
    "e3": "e3-to-shipped",
    "g": "g-second-currency",
    "h": "h-two-tax-rates",
    "k": "k-oversold-backorder",
    "customer": "0-customer-and-address",
    "guest": "0-guest-customer-and-address",
    "cart": "0-cart",
}
NOT_OF_ORDERS = {"configuration", "ganalytics_data"}  # a flag of PrestaShop's own and a module's row
Diff = Mapping[str, Mapping[str, list[dict[str, Any]]]]


def condense(measured: Mapping[str, Diff]) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Given the diffs of one version, return the columns of each table and the scenarios with their rows as lists."""
    columns: dict[str, list[str]] = {}
    scenarios: dict[str, Any] = {}
    for name, diff in measured.items():
        kept: dict[str, Any] = {}
        for table, changes in diff.items():
            if table in NOT_OF_ORDERS:
                continue
            inserted = changes.get("inserted", [])
            for row in inserted:
                columns.setdefault(table, list(row))
            kept[table] = {
                "inserted": [[row[column] for column in columns[table]] for row in inserted],
                "updated": [row for row in changes.get("updated", []) if _tells(table, row)],
            }
        scenarios[name] = kept
    return columns, scenarios


def _tells(table: str, row: Mapping[str, Any]) -> bool:
    """Whether an update is the order's: 1.7.6 filled in physical quantities of the whole catalogue on its first."""
    return table != "stock_available" or bool({"quantity", "reserved_quantity"} & row["changed"].keys())


def lines_of(version: str, columns: Mapping[str, list[str]], scenarios: Mapping[str, Any]) -> Iterator[str]:
    """The file, a row on a line."""
    yield f'{{"version": {json.dumps(version)},'
    yield '"columns": {'
    yield ",\n".join(f"{json.dumps(table)}: {json.dumps(names)}" for table, names in columns.items())
    yield "},"
    yield '"scenarios": {'
    yield ",\n".join(f"{json.dumps(name)}: {{\n{_tables(tables)}\n}}" for name, tables in scenarios.items())
    yield "}}"


def _tables(tables: Mapping[str, Any]) -> str:
    parts = []
    for table, changes in tables.items():
        rows = {kind: ",\n".join(json.dumps(row, ensure_ascii=False) for row in changes[kind]) for kind in changes}
        parts.append(f'{json.dumps(table)}: {{"inserted": [{rows["inserted"]}], "updated": [{rows["updated"]}]}}')
    return ",\n".join(parts)


def main(folder: Path) -> None:
    """Write the file of each version."""
    measured = {
        name: json.loads((folder / f"{stem}.json").read_text("utf-8"))["versions"] for name, stem in SCENARIOS.items()
    }
    for version in VERSIONS:
        diffs = {name: of_all[version]["diff"] for name, of_all in measured.items() if version in of_all}
        text = "\n".join(lines_of(version, *condense(diffs)))
        json.loads(text)
        (TARGET / f"{version}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
